--- Stores: short locks and small values for processes that share them, so
-- that one of them places an order and the others wait for it.
--
-- A store is any value with these methods:
--
--   store:lock(name, seconds)  -> a token: the lock is held until `unlock`,
--                                 at most so many seconds unless kept
--                              -> false, holder, seconds_left: another has it
--                              -> nil, message: it cannot be known
--   store:keep(name, token, seconds) -> true; false where it is lost; nil,
--                                 message
--   store:unlock(name, token)  -> true, or false where it was lost
--   store:get(key)             -> the value; nil where there is none; or nil,
--                                 message
--   store:set(key, value [, expected]) -> true; false where the present value
--                                 is not `expected` (false: it must be
--                                 absent); or nil, message. A value of nil
--                                 takes the key away.
--
-- Names, keys and values are strings, a value of 65536 bytes at most. No
-- method waits.

local options_of = require "certcentral.options"

local store = {}

store.VALUE_MAX = 65536 -- bytes

local METHODS = { "lock", "keep", "unlock", "get", "set" }

-- ---- misuse ----------------------------------------------------------------

local function check(value, kind, what, who)
  if type(value) ~= kind then
    options_of.raise("bad %s to '%s' (%s expected, got %s)", what, who, kind,
                     type(value))
  end
end

--- Raises unless these are arguments of `lock` or `keep`.
function store.check_lock(name, seconds, who)
  check(name, "string", "name", who)
  if type(seconds) ~= "number" or not (seconds > 0 and seconds < 1e9) then
    options_of.raise("bad seconds to '%s' (number of seconds above 0 "
      .. "expected, got %s)", who, type(seconds) == "number" and
      tostring(seconds) or type(seconds))
  end
end

--- Raises unless these are arguments of `set`.
function store.check_set(key, value, expected)
  check(key, "string", "key", "set")
  if value ~= nil then
    check(value, "string", "value", "set")
  end
  if value and #value > store.VALUE_MAX then
    options_of.raise("bad value to 'set' (at most %d bytes expected, got %d)",
                     store.VALUE_MAX, #value)
  end
  if expected ~= nil and expected ~= false then
    check(expected, "string", "expected value", "set")
  end
end

--- Raises unless this is a key for `get`.
function store.check_key(key)
  check(key, "string", "key", "get")
end

local function member(value, name)
  return value[name]
end

--- Whether a value is a store. Never raises.
function store.is_store(value)
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

-- ---- one process -----------------------------------------------------------

local memory = {}
local memory_meta = { __index = memory, __name = "certcentral.store",
  __tostring = function() return "certcentral.store (memory)" end }

function memory:lock(name, seconds)
  store.check_lock(name, seconds, "lock")
  local now, held = self.clock(), self.locks[name]
  if held and now < held.ends then
    return false, "this process", held.ends - now
  end
  local token = {}
  self.locks[name] = { token = token, ends = now + seconds }
  return token
end

function memory:keep(name, token, seconds)
  store.check_lock(name, seconds, "keep")
  local held = self.locks[name]
  if not held or held.token ~= token then
    return false
  end
  held.ends = self.clock() + seconds
  return true
end

function memory:unlock(name, token)
  check(name, "string", "name", "unlock")
  local held = self.locks[name]
  if not held or held.token ~= token then
    return false
  end
  self.locks[name] = nil
  return true
end

function memory:get(key)
  store.check_key(key)
  return self.values[key]
end

function memory:set(key, value, expected)
  store.check_set(key, value, expected)
  if expected ~= nil and self.values[key] ~= (expected or nil) then
    return false
  end
  self.values[key] = value
  return true
end

--- A store for the clients of one process: for tests.
-- @param options nil or { clock = function -> seconds that never go back }
function store.memory(options)
  options = options or {}
  options_of.check(options, { clock = "function" }, "store.memory")
  return setmetatable({ locks = {}, values = {},
    clock = options.clock or require("certcentral.core").clock }, memory_meta)
end

-- ---- the others ------------------------------------------------------------

--- A store in a directory, for all processes of one machine: see
-- store_file.lua.
-- @param dir the directory; nil: $CERTCENTRAL_STATE, else
--   $XDG_STATE_HOME/certcentral, else ~/.local/state/certcentral, for root
--   /var/lib/certcentral. It is made when it is first needed. A directory on
--   a network file system is no place for it: locks may not hold there.
-- @return the store; or nil, message where no directory is known
function store.file(dir)
  return require("certcentral.store_file")(dir)
end

--- A store in a lua_shared_dict, for all workers of an nginx: see
-- store_dict.lua.
-- @param name the dict's
function store.dict(name)
  return require("certcentral.store_dict")(name)
end

local DICT = "certcentral"

--- The store of a client that was given none: the shared dict `certcentral`
-- of an nginx that declares it, else the directory.
-- @return the store; or nil, message
function store.usual()
  local ok, ngx = pcall(function() return _G.ngx end)
  local dicts = ok and type(ngx) == "table" and ngx.shared
  if dicts and dicts[DICT] then
    return store.dict(DICT)
  end
  return store.file()
end

local calls = require "certcentral.calls"
calls.methods(memory_meta, "store", memory)
calls.functions(store, "store", { "memory", "file", "dict" })

return store
