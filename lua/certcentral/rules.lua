--- Rules of options and arguments: functions that return what was expected, in
-- words, where a value is not that. And what other values are.

local rules = {}

--- A float of this size and more may have lost digits.
rules.EXACT = 2 ^ 53

local CONT = "[\128-\191]"
local UTF8 = { -- RFC 3629, section 4
  "[\194-\223]" .. CONT, "\224[\160-\191]" .. CONT,
  "[\225-\236\238\239]" .. CONT .. CONT, "\237[\128-\159]" .. CONT,
  "\240[\144-\191]" .. CONT .. CONT, "[\241-\243]" .. CONT .. CONT .. CONT,
  "\244[\128-\143]" .. CONT .. CONT,
}


--- Whether a value can be called.
function rules.is_callable(value)
  local meta = type(value) == "table" and debug.getmetatable(value)
  return type(value) == "function" or
         type(meta) == "table" and type(rawget(meta, "__call")) == "function"
end

--- An id as an integer: ids are numbers as a rule and strings at times.
-- @return the integer; or nil where it is none, or may have lost digits
function rules.id(id)
  if type(id) == "string" and id:find("^%d+$") and #id < 16 then
    id = tonumber(id)
  end
  if type(id) == "number" and id > 0 and id < rules.EXACT and id % 1 == 0 then
    return id
  end
end

--- A rule: seconds, also none.
function rules.seconds_or_none(value)
  if type(value) ~= "number" or not (value >= 0 and value < 1e6) then
    return "non-negative number of seconds"
  end
end

--- Whether a string is UTF-8.
function rules.is_utf8(text)
  for _, pattern in ipairs(UTF8) do
    text = text:gsub(pattern, ".")
  end
  return not text:find("[\128-\255]")
end

--- What is wrong with a text that may have line breaks: a rule of options.
function rules.text(value)
  if type(value) ~= "string" then
    return "string"
  elseif not rules.is_utf8(value) or
         value:find("[%z\1-\8\11\12\14-\31\127]") then
    return "UTF-8 text without control characters"
  end
end

--- What is wrong with the name of a thing that becomes a part of a path.
function rules.name_id(value)
  if type(value) ~= "string" or not value:find("^[%l%d_]+$") then
    return "a name of a-z, 0-9 and _"
  end
end

--- A rule of options: one of the strings of a list.
function rules.choice(list)
  local known = {}
  for _, name in ipairs(list) do
    known[name] = true
  end
  local expected = "one of " .. table.concat(list, ", ")
  return function(value)
    if type(value) ~= "string" or not known[value] then
      return expected
    end
  end
end

--- A rule of options: an integer from `least` to `most`.
function rules.integer(least, most)
  local expected = ("integer from %d to %d"):format(least, most)
  return function(value)
    if type(value) ~= "number" or value % 1 ~= 0 or value < least or
       value > most then
      return expected
    end
  end
end

--- A rule of options: an id, or false where it is one.
function rules.is_id(value)
  return not rules.id(value) and "id, an integer from 1 and below 2^53"
         or nil
end

--- What is wrong with a list of host names; an empty one is none.
function rules.names(value)
  if type(value) ~= "table" or #value == 0 then
    return "list of host names"
  end
  local count = 0
  for _ in pairs(value) do
    count = count + 1
  end
  for _, name in ipairs(value) do
    if type(name) ~= "string" or not name:find("^[%w%*%.:-]+$") then
      return "list of host names"
    end
  end
  return count ~= #value and "list without holes" or nil
end

return rules
