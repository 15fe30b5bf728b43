--- The store in a lua_shared_dict: for all workers of one nginx. Locks end
-- with their seconds where a worker died. It ends with nginx.

local core = require "certcentral.core"
local options_of = require "certcentral.options"
local contract = require "certcentral.store.contract"

local LOCK, VALUE = "lock:", "value:"
local SET_SECONDS, TRIES, PAUSE = 1, 200, 0.005 -- of `set`

local dict = {}
local meta = { __index = dict, __name = "certcentral.store",
  __tostring = function(self)
    return ("certcentral.store (lua_shared_dict %s)"):format(self.name)
  end }

local function token_of(self)
  return ("worker process %d:%s"):format(self.ngx.worker.pid(),
                                         core.random_id(20))
end

-- Adds a key that must not push others out: true, false or nil, message.
local function add(self, key, value, seconds)
  local ok, why = self.dict:safe_add(key, value, seconds)
  if ok then
    return true
  elseif why == "exists" then
    return false
  end
  return nil, ("lua_shared_dict %s: %s"):format(self.name, tostring(why))
end

function dict:lock(name, seconds)
  contract.check_lock(name, seconds, "lock")
  local token, key = token_of(self), LOCK .. name
  local added, message = add(self, key, token, seconds)
  if added then
    return token
  elseif added == nil then
    return nil, message
  end
  local holder = tostring(self.dict:get(key) or "another worker")
  return false, holder:match("^[^:]*"), self.dict:ttl(key) or 0
end

function dict:keep(name, token, seconds)
  contract.check_lock(name, seconds, "keep")
  if self.dict:get(LOCK .. name) ~= token then
    return false
  end
  return self.dict:expire(LOCK .. name, seconds) == true
end

function dict:unlock(name, token)
  if token == nil or self.dict:get(LOCK .. name) ~= token then
    return false
  end
  self.dict:delete(LOCK .. name)
  return true
end

function dict:get(key)
  contract.check_key(key)
  return self.dict:get(VALUE .. key)
end

local function write(self, key, value, expected)
  local present = self.dict:get(VALUE .. key)
  if expected ~= nil and present ~= (expected or nil) then
    return false
  elseif value == nil then
    self.dict:delete(VALUE .. key)
    return true
  end
  local ok, why = self.dict:safe_set(VALUE .. key, value)
  if ok then
    return true
  end
  return nil, ("lua_shared_dict %s: %s"):format(self.name, tostring(why))
end

-- The dict compares nothing by itself: a lock that is held for a moment does.
function dict:set(key, value, expected)
  contract.check_set(key, value, expected)
  local lock = "set:" .. key
  for _ = 1, TRIES do
    local added, message = add(self, lock, true, SET_SECONDS)
    if added then
      local done, why = write(self, key, value, expected)
      self.dict:delete(lock)
      return done, why
    elseif added == nil then
      return nil, message
    end
    core.sleep(PAUSE)
  end
  return nil, ("lua_shared_dict %s is in use for too long"):format(self.name)
end

require("certcentral.calls").methods(meta, "store", dict)

return function(name)
  if type(name) ~= "string" then
    options_of.raise("bad argument #1 to 'store.dict' (name of a shared dict "
                     .. "expected, got %s)", type(name))
  end
  local ok, ngx = pcall(function() return _G.ngx end)
  local dicts = ok and type(ngx) == "table" and ngx.shared
  if not dicts then
    options_of.raise("'store.dict' is for nginx with its Lua module: there is "
                     .. "no ngx.shared here")
  elseif not dicts[name] then
    options_of.raise("no shared dict '%s': write 'lua_shared_dict %s 1m;' in "
                     .. "the http block of nginx.conf", name, name)
  end
  return setmetatable({ ngx = ngx, dict = dicts[name], name = name }, meta)
end
