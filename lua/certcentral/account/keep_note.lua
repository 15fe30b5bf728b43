--- What keep did last for an order, in the client's store: "time action state
-- order certificate", with the state "sent" or "done", the order that has come
-- after it, and the certificate that was there. It is written before anything
-- is sent, so that nothing is bought or reissued twice within a while,
-- whatever the service answers.

local core = require "certcentral.core"
local errors = require "certcentral.error"

local keep_note = {}

local Note = {}
Note.__index = Note

local function no_store(message)
  return nil, errors.new("config", "keep has to remember what it did: "
    .. message .. "; give option 'store', or set CERTCENTRAL_STATE to a "
    .. "directory this user can write to")
end

local function failed(ok, value, message)
  return no_store(core.printable(errors.told(not ok and value or message),
                                 200))
end

--- The note of what a call has claimed.
-- @return {time, action, state, order, certificate}, without those where there
--   is none; or nil, err
function keep_note.read(call)
  local claim = call.claim
  if not claim then
    return no_store "option 'store' is false"
  end
  local self = setmetatable({ store = claim.store,
                              key = claim.held[1].name .. " last" }, Note)
  local ok, value, message = errors.try(self.store.get, self.store, self.key)
  if not ok or value == nil and message ~= nil then
    return failed(ok, value, message)
  end
  local time, action, state, order, certificate =
    tostring(value):match("^(%d+) (%l+) (%l+) (%d+) (%d+)$")
  self.value, self.action, self.state = value, action, state
  self.time, self.order = tonumber(time), tonumber(order)
  self.certificate = tonumber(certificate)
  return self
end

--- Writes it: true; or nil, err.
function Note:write(time, action, state, order, certificate)
  local ok, done, message = errors.try(self.store.set, self.store, self.key,
    ("%d %s %s %d %d"):format(math.floor(time), action, state, order,
                              certificate))
  if not ok or not done then
    return failed(ok, done, message)
  end
  return true
end

--- Takes back what was written.
function Note:restore()
  errors.try(self.store.set, self.store, self.key, self.value)
end

return keep_note
