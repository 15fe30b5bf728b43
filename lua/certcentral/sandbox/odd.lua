-- The odd shapes that documented answers also come in. Each can be switched
-- on (see sandbox:set_shapes):
--   string_ids          ids are written as strings (not -1 and 0, which are
--                       no ids)
--   empty_as_list       empty objects are written as []
--   nothing_as_object   an answer whose list is empty is {}
--   done_with_body      200 and {} in place of 204 without a body
--   validations_key     true: the answer of check-dcv calls its list as the
--                       request does, dns_names_validations
--   reversed_chains     chains come root first

local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")

local odd = {}

-- Name -> true; all of them are off at the start.
odd.SHAPES = { string_ids = true, empty_as_list = true,
  nothing_as_object = true, done_with_body = true, validations_key = true,
  reversed_chains = true }

local function is_id(name)
  return type(name) == "string" and (name == "id" or name:find("_id$"))
end

local function reversed(list)
  local result = json.array()
  for index = #list, 1, -1 do
    result[#result + 1] = list[index]
  end
  return result
end

local CHAINS = { certificate_chain = true, intermediates = true }

local reshape

local function reshape_member(shapes, name, value)
  if shapes.string_ids and is_id(name) and type(value) == "number"
    and value > 0 then
    return ("%d"):format(value)
  elseif shapes.reversed_chains and CHAINS[name] then
    return reversed(value)
  elseif type(value) == "table" then
    return reshape(shapes, value)
  end
  return value
end

function reshape(shapes, value)
  if getmetatable(value) and not json.is_array(value) then
    return value -- a number that is kept as it was written
  elseif shapes.empty_as_list and next(value) == nil then
    return json.array()
  end
  local copy = setmetatable({}, getmetatable(value))
  for name, item in pairs(value) do
    copy[name] = reshape_member(shapes, name, item)
  end
  return copy
end

-- True for {x = []}, with a page or without.
local function is_nothing(value)
  local lists = 0
  for name, item in pairs(value) do
    if json.is_array(item) and #item == 0 then
      lists = lists + 1
    elseif name ~= "page" then
      return false
    end
  end
  return lists == 1
end

-- The answer in the shapes that are on.
function odd.apply(shapes, response)
  local value = response.value
  if next(shapes) == nil or response.status >= 300 then
    return response
  elseif response.status == 204 then
    return shapes.done_with_body and odd.apply(shapes,
      http.answer(200, {})) or response
  elseif not value then
    return response
  end
  if shapes.nothing_as_object and is_nothing(value) then
    value = {}
  end
  if shapes.validations_key and value.dns_name_validations then
    value.dns_names_validations = value.dns_name_validations
    value.dns_name_validations = nil
  end
  response.body = json.encode(reshape(shapes, value))
  return response
end

return odd
