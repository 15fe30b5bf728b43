--- A store for the clients of one process: see store.lua.

local calls = require "certcentral.calls"
local contract = require "certcentral.store.contract"
local core = require "certcentral.core"
local options_of = require "certcentral.options"

local memory = {}
local meta = { __index = memory, __name = "certcentral.store",
  __tostring = function() return "certcentral.store (memory)" end }

function memory:lock(name, seconds)
  contract.check_lock(name, seconds, "lock")
  local now, held = self.clock(), self.locks[name]
  if held and now < held.ends then
    return false, "this process", held.ends - now
  end
  local token = {}
  self.locks[name] = { token = token, ends = now + seconds }
  return token
end

function memory:keep(name, token, seconds)
  contract.check_lock(name, seconds, "keep")
  local held = self.locks[name]
  if not held or held.token ~= token then
    return false
  end
  held.ends = self.clock() + seconds
  return true
end

function memory:unlock(name, token)
  contract.check(name, "string", "name", "unlock")
  local held = self.locks[name]
  if not held or held.token ~= token then
    return false
  end
  self.locks[name] = nil
  return true
end

function memory:get(key)
  contract.check_key(key)
  return self.values[key]
end

function memory:set(key, value, expected)
  contract.check_set(key, value, expected)
  if expected ~= nil and self.values[key] ~= (expected or nil) then
    return false
  end
  self.values[key] = value
  return true
end

calls.methods(meta, "store", memory)

return function(options)
  options = options or {}
  options_of.check(options, { clock = "function" }, "store.memory")
  return setmetatable({ locks = {}, values = {},
                        clock = options.clock or core.clock }, meta)
end
