--- What the methods of a client do with their arguments. What is wrong
-- raises, at the caller's line and before anything is sent.

local core = require "certcentral.core"
local options_of = require "certcentral.options"
local policy = require "certcentral.client.policy"
local rules = require "certcentral.rules"

local arguments = {}

local SHOWN = 60 -- bytes of a wrong argument in a message
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
  local id = rules.id(value)
  if not id then
    options_of.raise("bad %s id to '%s' (integer from 1 and below 2^53 "
                     .. "expected, got %s)", what, who,
                     arguments.shown(value))
  end
  return id
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
