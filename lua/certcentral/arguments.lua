--- What the methods of a client do with their arguments. What is wrong
-- raises, at the caller's line and before anything is sent.

local core = require "certcentral.core"
local options_of = require "certcentral.options"
local policy = require "certcentral.policy"
local response = require "certcentral.response"

local arguments = {}

local SHOWN = 60 -- bytes of a wrong argument in a message
local CONT = "[\128-\191]"
local UTF8 = { -- RFC 3629, section 4
  "[\194-\223]" .. CONT, "\224[\160-\191]" .. CONT,
  "[\225-\236\238\239]" .. CONT .. CONT, "\237[\128-\159]" .. CONT,
  "\240[\144-\191]" .. CONT .. CONT, "[\241-\243]" .. CONT .. CONT .. CONT,
  "\244[\128-\143]" .. CONT .. CONT,
}

--- A value as it stands in a message.
function arguments.shown(value)
  if type(value) == "string" then
    return "'" .. core.printable(value, SHOWN) .. "'"
  elseif type(value) == "number" then
    return tostring(value)
  end
  return value == nil and "no value" or "a " .. type(value)
end

--- An id of the API as an integer: also those that it writes as strings.
-- @param what what it is an id of, for the message
-- @param who the function's name, for the message
function arguments.id(value, what, who)
  local id = response.id(value)
  if not id then
    options_of.raise("bad %s id to '%s' (integer from 1 and below 2^53 "
                     .. "expected, got %s)", what, who,
                     arguments.shown(value))
  end
  return id
end

--- Whether a string is UTF-8.
function arguments.is_utf8(text)
  for _, pattern in ipairs(UTF8) do
    text = text:gsub(pattern, ".")
  end
  return not text:find("[\128-\255]")
end

--- What is wrong with a text that may have line breaks: a rule of options.
function arguments.text(value)
  if type(value) ~= "string" then
    return "string"
  elseif not arguments.is_utf8(value) or
         value:find("[%z\1-\8\11\12\14-\31\127]") then
    return "UTF-8 text without control characters"
  end
end

--- What is wrong with the name of a thing that becomes a part of a path.
function arguments.name_id(value)
  if type(value) ~= "string" or not value:find("^[%l%d_]+$") then
    return "a name of a-z, 0-9 and _"
  end
end

--- A rule of options: one of the strings of a list.
function arguments.choice(list)
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
function arguments.integer(least, most)
  local expected = ("integer from %d to %d"):format(least, most)
  return function(value)
    if type(value) ~= "number" or value % 1 ~= 0 or value < least or
       value > most then
      return expected
    end
  end
end

--- A rule of options: an id, or false where it is one.
function arguments.is_id(value)
  return not response.id(value) and "id, an integer from 1 and below 2^53"
         or nil
end

--- What is wrong with a list of host names; an empty one is none.
function arguments.names(value)
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

--- Raises unless the rule finds the argument good.
function arguments.check(value, rule, what, who)
  local expected = rule(value)
  if expected then
    options_of.raise("bad %s to '%s' (%s expected, got %s)", what, who,
                     expected, arguments.shown(value))
  end
  return value
end

--- Raises unless argument `i` is a table.
function arguments.table(value, i, who)
  if type(value) ~= "table" then
    options_of.raise("bad argument #%d to '%s' (table expected, got %s)", i,
                     who, arguments.shown(value))
  end
end

--- Options as a table of known ones, or an empty one.
function arguments.options(given, known, who)
  given = given == nil and {} or given
  options_of.check(given, known, who)
  return given
end

--- Begins a call of a client that is still open.
function arguments.call(client)
  if client.closed then
    options_of.raise("this client is closed")
  end
  return policy.call(client)
end

return arguments
