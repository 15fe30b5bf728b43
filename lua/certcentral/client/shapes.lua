--- The API writes the same thing in more than one way. This makes one of
-- them: ids as integers, a domain's name at `name`, the list of validated
-- names at `dns_name_validations`. `[]` in place of an empty object needs no
-- word: both are an empty table.

local errors = require "certcentral.error"
local rules = require "certcentral.rules"

local shapes = {}

-- Members that are ids where they are digits, and lists of such.
local IDS, ID_LISTS = {}, {}
for name in ([[id order_id certificate_id organization_id domain_id
  container_id request_id user_id account_id renewed_order_id receipt_id
  metadata_id role_id]]):gmatch("%S+") do
  IDS[name] = true
end
for name in ([[allowed_container_ids limited_container_ids allowed_lifetimes
  allowed_order_lifetimes allowed_validity_years
  allowed_order_validity_years]]):gmatch("%S+") do
  ID_LISTS[name] = true
end

-- Objects whose `id` is a text, whatever it looks like.
local TEXTS = { ca_cert = true, allowed_ca_certs = true,
                allowed_hash_types = true }

local function convert_list(list)
  for i, value in pairs(list) do
    list[i] = rules.id(value) or value
  end
end

local function tidy(value, inside)
  for name, item in pairs(value) do
    if IDS[name] then
      if not (name == "id" and TEXTS[inside]) then
        value[name] = rules.id(item) or item
      end
    elseif type(item) == "table" then
      if ID_LISTS[name] then
        convert_list(item)
      else
        tidy(item, type(name) == "number" and inside or name)
      end
    end
  end
end

-- The one of two spellings that is there; both where `other` stays in use.
local function settle(object, name, other)
  object[name] = object[name] == nil and object[other] or object[name]
end

--- An answer in the one shape; it is changed in place.
function shapes.tidy(answer)
  tidy(answer)
  if type(answer.domains) == "table" then
    for _, domain in ipairs(answer.domains) do
      if type(domain) == "table" then
        settle(domain, "name", "dns_name")
      end
    end
  end
  settle(answer, "dns_name_validations", "dns_names_validations")
  answer.dns_names_validations = nil
  return answer
end

--- The list at a member of an answer: of objects, or empty as with `{}` for
-- no results. nil where anything else is there, a list with a null in it
-- included: what cannot be read whole is not read in part.
function shapes.list(answer, member)
  local list = answer[member]
  if list == nil then
    return {}
  elseif type(list) ~= "table" then
    return nil
  end
  local count = 0
  for place, item in pairs(list) do
    count = count + 1
    if type(place) ~= "number" or type(item) ~= "table" then
      return nil
    end
  end
  return count == #list and list or nil
end

--- Whether an answer is about what was asked for: caches, proxies and mixed-up
-- connections give answers about other things.
-- @param answer in the one shape
-- @param id the id that was asked for
-- @param what it is the id of, in words
-- @param member where the answer has it, "id" by default
-- @return answer; or nil, err
function shapes.about(answer, id, what, member)
  if answer[member or "id"] ~= id then
    return nil, errors.new("protocol", ("the response is not %s %s")
      :format(what, type(id) == "number" and ("%d"):format(id) or id))
  end
  return answer
end

return shapes
