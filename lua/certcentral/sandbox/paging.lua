-- Lists as the API gives them: filtered, sorted, page by page.

local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")

local paging = {}

local MAX_PAGE = 1000

local function number_of(call, name, default, most)
  local text = call.query[name]
  if not text then
    return default
  end
  local value = text:find("^%d+$") and tonumber(text)
  return value and math.min(value, most or value)
end

-- The part of a list that `offset` and `limit` of a query choose, and the
-- object that says so; nil and an answer when they are no numbers.
function paging.page(call, list)
  local offset = number_of(call, "offset", 0)
  local limit = number_of(call, "limit", MAX_PAGE, MAX_PAGE)
  if not offset or not limit then
    return nil, http.invalid(offset and "limit" or "offset")
  end
  local part = json.array()
  for index = offset + 1, math.min(offset + limit, #list) do
    part[#part + 1] = list[index]
  end
  return part, nil, { total = #list, limit = limit, offset = offset }
end

-- Filters ------------------------------------------------------------------

-- "%" stands for any text.
local function pattern_of(text)
  return "^" .. text:lower():gsub("[^%w]", function(char)
    return char == "%" and ".*" or "%" .. char
  end) .. "$"
end

-- Texts and numbers alike; dates as the API writes them sort as texts.
local function compare(one, other)
  local first, second = tonumber(one), tonumber(other)
  if first and second then
    return first < second and -1 or first > second and 1 or 0
  end
  one, other = tostring(one), tostring(other)
  return one < other and -1 or one > other and 1 or 0
end

-- A day compares with the day of a moment.
local function cut(value, bound)
  return #bound == 10 and bound:find("^%d+%-%d+%-%d+$")
    and tostring(value):sub(1, 10) or value
end

local function fits(value, wanted)
  local low, high = wanted:match("^(.-)%.%.%.(.*)$")
  local sign, bound = wanted:match("^([<>])(.*)$")
  if value == nil then
    return false
  elseif low then
    return compare(cut(value, low), low) >= 0
      and compare(cut(value, high), high) <= 0
  elseif sign then
    return compare(cut(value, bound), bound) == (sign == "<" and -1 or 1)
  elseif wanted:find("%", 1, true) then
    return tostring(value):lower():find(pattern_of(wanted)) ~= nil
  end
  return compare(tostring(cut(value, wanted)):lower(), wanted:lower()) == 0
end

local function fits_any(value, wanted)
  for _, text in ipairs(wanted) do
    if type(value) == "table" then
      for _, item in ipairs(value) do
        if fits(item, text) then
          return true
        end
      end
    elseif fits(value, text) then
      return true
    end
  end
  return false
end

-- filters[name] and filters[name][n] of a query as name -> list.
local function filters_of(call)
  local filters = {}
  for name, value in pairs(call.query) do
    local property = name:match("^filters%[([%w_]+)%]")
    if property then
      value = property == "search" and "%" .. value .. "%" or value
      filters[property] = filters[property] or {}
      table.insert(filters[property], value)
    end
  end
  return filters
end

-- The items of a list that fit the query's filters. `properties`: name ->
-- function(item) that gives a value, or a list of them. Nil and an answer for
-- a property that is not there.
function paging.filter(call, list, properties)
  local filters, kept = filters_of(call), {}
  for name in pairs(filters) do
    if not properties[name] then
      return nil, http.invalid("filters[" .. name .. "]")
    end
  end
  for _, item in ipairs(list) do
    local is_wanted = true
    for name, wanted in pairs(filters) do
      is_wanted = is_wanted and fits_any(properties[name](item), wanted)
    end
    kept[#kept + 1] = is_wanted and item or nil
  end
  return kept
end

-- Sorting ------------------------------------------------------------------

local function sort_keys(text, properties)
  local keys = {}
  for part in text:gmatch("[^,]+") do
    local sign, name = part:match("^(%-?)([%w_]+)$")
    if not name or not properties[name] then
      return nil
    end
    keys[#keys + 1] = { get = properties[name], down = sign == "-" }
  end
  return keys
end

-- Items that are alike keep their order.
local function sorter(keys, places)
  return function(one, other)
    for _, key in ipairs(keys) do
      local first, second = key.get(one), key.get(other)
      local result = compare(first == nil and "" or first,
        second == nil and "" or second)
      if result ~= 0 then
        return (result < 0) == not key.down
      end
    end
    return places[one] < places[other]
  end
end

-- A list in the order of the query's `sort`; nil and an answer for a property
-- that is not there.
function paging.sort(call, list, properties)
  local text = call.query.sort
  if not text or text == "" then
    return list
  end
  local keys = sort_keys(text, properties)
  if not keys then
    return nil, http.invalid("sort")
  end
  local sorted, places = {}, {}
  for index, item in ipairs(list) do
    sorted[index], places[item] = item, index
  end
  table.sort(sorted, sorter(keys, places))
  return sorted
end

-- All three: the items that the query asks for and the page's object; nil
-- and an answer. `sorts`: properties to sort by, as for filters.
function paging.select(call, list, properties, sorts)
  local kept, problem = paging.filter(call, list, properties)
  if kept then
    kept, problem = paging.sort(call, kept, sorts)
  end
  if not kept then
    return nil, problem
  end
  return paging.page(call, kept)
end

return paging
