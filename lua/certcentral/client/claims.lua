--- Claims on names: whoever has one looks, places and says so; the others
-- wait, and find what was placed. The store of the client holds them.
--
-- Beside the lock a claim keeps a note of its name in the store: what its last
-- holder did. It is for the next one where that was killed, and where the
-- look-up of the service is late. A transport of the caller's own may lead
-- anywhere, whatever the base URL: there the usual store's notes are for those
-- only who have waited for the claim.

local core = require "certcentral.core"
local errors = require "certcentral.error"
local pcall = require "certcentral.pcall"
local stores = require "certcentral.store"

local claims = {}

local FIRST, GROWTH, CAP = 0.02, 1.5, 0.5 -- seconds between two tries
local SPARE = 60 -- seconds beyond a call's deadline: for what it still writes

local Claim = {}
Claim.__index = Claim

local function no_store(call, message)
  return nil, errors.new("config", ("%s cannot be claimed: %s; set "
    .. "CERTCENTRAL_STATE to a directory this user can write to, or give "
    .. "option 'store' (false: no claims)"):format(
    call.what or "the order's name",
    core.printable(call.client.mask(message), 300)))
end

-- The client's store; nil for none; or false, err.
local function store_of(call)
  local client = call.client
  if client.store == false then
    return nil
  elseif not client.store then
    local usual, message = stores.usual()
    if not usual then
      return false, select(2, no_store(call, message))
    end
    client.store = usual
  end
  return client.store
end

local function unavailable(call, holder)
  return nil, errors.new("unavailable", ("%s was not sent: %s has claimed "
    .. "%s and may be placing it"):format(call.what or "the order",
    core.printable(errors.told(holder), 100),
    call.what and "it" or "'" .. core.printable(call.name, 64) .. "'"),
    { outcome = "unknown" })
end

-- Takes one lock, waited for until the deadline: its token, and whether it was
-- another's before; or nil, err.
local function take_one(call, store, name)
  local pause, waited = FIRST, false
  while true do
    local ok, token, holder = errors.try(store.lock, store, name,
                                         call.client.deadline + SPARE)
    if not ok then
      return no_store(call, errors.told(token))
    elseif token then
      return token, waited
    elseif token == nil then
      return no_store(call, errors.told(holder))
    elseif not call:pause(pause, "claim") then
      return unavailable(call, holder)
    end
    pause, waited = math.min(pause * GROWTH, CAP), true
  end
end

-- Takes the locks of the names, one after the other: true; or nil, err.
local function take_all(self, call, prefix, names)
  for i, name in ipairs(names) do
    local held = { name = prefix .. name, token = false }
    self.held[i] = held -- before the lock: nothing is to fail behind it
    local token, waited = take_one(call, self.store, held.name)
    if not token then
      return nil, waited
    end
    held.token = token
    self.trusted = self.trusted or waited
  end
  return true
end

--- Claims names for a call.
-- @param names list of names, the same order for all who claim them
-- @return the claim; false where the client has no store; or nil, err
function claims.take(call, names)
  local store, err = store_of(call)
  if store == false then
    return nil, err
  elseif not store then
    return false
  end
  local client = call.client
  local self = setmetatable({ store = store, held = {}, time = call.world.time,
    seconds = client.deadline + SPARE,
    trusted = client.own_store or not client.custom }, Claim)
  local ok, taken, why = pcall(take_all, self, call, ("%s %s "):format(
    client.base_url, client:_account()), names)
  if not (ok and taken) then
    self:release()
  end
  if not ok then
    collectgarbage() -- when memory runs out a lock may be nobody's
    error(taken, 0)
  elseif not taken then
    return nil, why
  end
  return self
end

--- Holds the claim for longer; false where it is lost.
function Claim:keep()
  for _, held in ipairs(self.held) do
    local ok, kept = errors.try(self.store.keep, self.store, held.name,
                                held.token, self.seconds)
    if not ok or not kept then
      return false
    end
  end
  return true
end

--- Gives the claim up. Where that fails, it ends with its seconds.
function Claim:release()
  for i = #self.held, 1, -1 do
    local held = self.held[i]
    self.held[i] = nil
    if held.token then
      pcall(self.store.unlock, self.store, held.name, held.token)
    end
  end
end

--- Notes what becomes of the name: "sent", "placed" with an order's id, or nil
-- for nothing. Where it cannot be noted the lock alone has to do.
function Claim:note(what, id)
  local value = what and ("%s %d %s"):format(what, math.floor(self.time()),
                                            id and ("%d"):format(id) or "-")
  if value or self.noted then
    self.noted = value
    errors.try(self.store.set, self.store, self.held[#self.held].name, value)
  end
end

--- Notes what an order that was sent has come to.
function Claim:note_end(result, err)
  if result then
    self:note("placed", result.id)
  elseif err.outcome ~= "unknown" or not self.trusted then
    self:note(nil)
  end
end

--- What the last holder noted: {what = "sent" where it was killed or what it
-- sent is unknown, else "placed", time, id}; or nil.
function Claim:noted_before()
  local ok, value = errors.try(self.store.get, self.store,
                               self.held[#self.held].name)
  self.noted = ok and value
  local what, time, id = tostring(value):match("^(%a+) (%d+) (%S+)$")
  if not ok or not what or what == "placed" and not self.trusted then
    return nil
  end
  return { what = what, time = tonumber(time),
           id = tonumber(id) }
end

return claims
