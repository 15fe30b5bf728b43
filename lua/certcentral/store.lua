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

local calls = require "certcentral.calls"
local contract = require "certcentral.store.contract"

local store = { is_store = contract.is_store }

--- A store for the clients of one process: for tests.
-- @param options nil or { clock = function -> seconds that never go back }
function store.memory(options)
  return require("certcentral.store.memory")(options)
end

--- A store in a directory, for all processes of one machine: see
-- store/file.lua.
-- @param dir the directory; nil: $CERTCENTRAL_STATE, else
--   $XDG_STATE_HOME/certcentral, else ~/.local/state/certcentral, for root
--   /var/lib/certcentral. It is made when it is first needed. A directory on
--   a network file system is no place for it: locks may not hold there.
-- @return the store; or nil, message where no directory is known
function store.file(dir)
  return require("certcentral.store.file")(dir)
end

--- A store in a lua_shared_dict, for all workers of an nginx: see
-- store/dict.lua.
-- @param name the dict's
function store.dict(name)
  return require("certcentral.store.dict")(name)
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

calls.functions(store, "store", { "memory", "file", "dict" })

return store
