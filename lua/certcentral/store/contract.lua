--- What a store's methods take, and what is a store: see store.lua.

local options_of = require "certcentral.options"

local contract = { VALUE_MAX = 65536 } -- bytes

local METHODS = { "lock", "keep", "unlock", "get", "set" }

--- Raises unless an argument has the type.
local function check(value, kind, what, who)
  if type(value) ~= kind then
    options_of.raise("bad %s to '%s' (%s expected, got %s)", what, who, kind,
                     type(value))
  end
end

contract.check = check

--- Raises unless these are arguments of `lock` or `keep`.
function contract.check_lock(name, seconds, who)
  check(name, "string", "name", who)
  if type(seconds) ~= "number" or not (seconds > 0 and seconds < 1e9) then
    options_of.raise("bad seconds to '%s' (positive number of seconds "
      .. "expected, got %s)", who, type(seconds) == "number" and
      tostring(seconds) or type(seconds))
  end
end

--- Raises unless these are arguments of `set`.
function contract.check_set(key, value, expected)
  check(key, "string", "key", "set")
  if value ~= nil then
    check(value, "string", "value", "set")
  end
  if value and #value > contract.VALUE_MAX then
    options_of.raise("bad value to 'set' (at most %d bytes expected, got %d)",
                     contract.VALUE_MAX, #value)
  end
  if expected ~= nil and expected ~= false then
    check(expected, "string", "expected value", "set")
  end
end

--- Raises unless this is a key for `get`.
function contract.check_key(key)
  check(key, "string", "key", "get")
end

local function member(value, name)
  return value[name]
end

--- Whether a value is a contract. Never raises.
function contract.is_store(value)
  if type(value) ~= "table" and type(value) ~= "userdata" then
    return false
  end
  for _, name in ipairs(METHODS) do
    local ok, method = pcall(member, value, name)
    if not ok or type(method) ~= "function" then
      return false
    end
  end
  return true
end

return contract
