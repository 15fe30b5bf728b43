--- Members that every order of a client gets: option `defaults`.

local core = require "certcentral.core"

local defaults = {}

-- A default for these would make one order of many.
local NEVER = { alternative_order_id = true }

local form -- path -> row, made when first needed

local function rows()
  if not form then
    form = {}
    for _, row in ipairs(core.fields()) do
      form[row.path] = row
    end
  end
  return form
end

local function is_list(value)
  return rawget(value, 1) ~= nil
end

local function is_integer(value)
  return type(value) == "number" and value % 1 == 0
end

-- Whether a value has the type that its row wants.
local function fits(row, value)
  if row.type == "object" then
    return type(value) == "table" and not is_list(value)
  elseif row.type == "array" then
    return type(value) == "table" and (next(value) == nil or is_list(value))
  elseif row.type == "integer" then
    return is_integer(value) or row.choices and type(value) == "boolean"
  end
  return type(value) == row.type
end

local look

-- What was expected where a member is wrong; nil where all are right.
local function look_at(path, value)
  local row = rows()[path]
  if not row or NEVER[path] then
    return ("table of an order's members, not '%s',")
           :format(core.printable(path, 80))
  elseif value == core.null then
    return nil
  elseif not fits(row, value) then
    return ("table whose '%s' is an %s,"):format(path, row.type)
           :gsub("an ([bs])", "a %1")
  elseif row.type == "object" then
    return look(path .. ".", value)
  end
end

function look(prefix, object)
  for name, value in next, object do
    local expected = look_at(prefix .. tostring(name), value)
    if expected then
      return expected
    end
  end
end

--- A rule of options: what is wrong with defaults, or nil. What stands in
-- lists is for the check of an order to judge.
function defaults.problem(value)
  if type(value) ~= "table" then
    return "table of an order's members"
  end
  return (look("", value))
end

--- A copy with tables of its own all the way down.
function defaults.copy(value)
  if type(value) ~= "table" then
    return value
  end
  local copy = {}
  for name, item in next, value do
    copy[name] = defaults.copy(item)
  end
  return copy
end

-- Tables with such a metatable are no plain ones: the check refuses them, and
-- must see them as they are.
local function is_plain(value)
  local meta = debug.getmetatable(value)
  return type(meta) ~= "table" or rawget(meta, "__index") == nil and
         rawget(meta, "__pairs") == nil
end

--- An order with defaults for what it does not have. Its own members win, a
-- null too; nested tables are merged, lists replaced whole.
-- @param base the defaults, or false
-- @param own the order; neither is changed
function defaults.merge(base, own)
  if not base or not is_plain(own) then
    return own
  end
  local merged = {}
  for name, value in next, base do
    merged[name] = value
  end
  for name, value in next, own do
    local below = merged[name]
    if type(below) == "table" and type(value) == "table" and
       not is_list(below) and not is_list(value) then
      value = defaults.merge(below, value)
    end
    merged[name] = value
  end
  return merged
end

return defaults
