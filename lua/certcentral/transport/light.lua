-- Many requests at once in an nginx worker, for queues: each in a light
-- thread of nginx's. It has the methods of curl.multi that a queue uses.
--
--   local multi = require "certcentral.transport.light"(perform)
--
-- nginx ends light threads with the request or timer that they began in, so
-- a queue belongs to one of these.

local ngx = _G.ngx -- luacheck: ignore

local core = require "certcentral.core"

local SHORTEST = 0.001 -- seconds: nginx's timers have no shorter wait
local GRACE = 5 -- seconds: an exchange ends so soon after its time

local Multi = {}
Multi.__index = Multi

--- Takes a request; the next step sends it.
-- @return its id
function Multi:add(request)
  self.last = self.last + 1
  self.waiting[#self.waiting + 1] = self.last
  self.transfers[self.last] = {
    request = request, ends = core.clock() + request.timeout + GRACE }
  return self.last
end

local function finish(self, id, response, failure)
  if self.transfers[id] then
    self.transfers[id] = nil
    self.ended[#self.ended + 1] = { id = id, response = response,
                                    failure = failure }
  end
end

local function run(self, id, request)
  local ok, response, failure = pcall(self.perform, request)
  if not ok then
    response, failure = nil, { sent = "maybe", message = tostring(response) }
  end
  finish(self, id, response, failure)
  self.bell:post(1)
end

local function send_waiting(self)
  local waiting = self.waiting
  self.waiting = {}
  for _, id in ipairs(waiting) do
    local transfer = self.transfers[id]
    if transfer then -- else it was cancelled
      transfer.sent = true
      transfer.thread = ngx.thread.spawn(run, self, id, transfer.request)
    end
  end
end

-- Those whose light thread ended with a request of nginx's.
local function forget_lost(self)
  local now = core.clock()
  for id, transfer in pairs(self.transfers) do
    if now > transfer.ends then
      finish(self, id, nil, { sent = "maybe",
        message = "nginx ended the request or timer of this exchange" })
    end
  end
end

--- Sends, and waits up to so many seconds until one has ended; SHORTEST in
-- any case, or the light threads would never have their turn.
-- @param list a table that gets the results, or nil for a new one
-- @return list of {id, response} and {id, failure}
function Multi:step(seconds, list)
  list = list or {}
  send_waiting(self)
  if #self.ended == 0 then
    self.bell:wait(math.max(seconds, SHORTEST))
  end
  forget_lost(self)
  for _, result in ipairs(self.ended) do
    list[#list + 1] = result
  end
  self.ended = {}
  return list
end

--- Gives a request up: whether it was sent, "no" or "maybe".
function Multi:cancel(id)
  local transfer = self.transfers[id]
  if transfer then
    self.transfers[id] = nil
    if transfer.thread then
      pcall(ngx.thread.kill, transfer.thread)
    end
    return transfer.sent and "maybe" or "no"
  end
end

--- Nothing that a loop outside of nginx could wait for.
function Multi.fds()
  return {}
end

function Multi.next_timeout()
  return 0
end

function Multi:close()
  for id in pairs(self.transfers) do
    self:cancel(id)
  end
end

require "certcentral.interpreted"(Multi.close, Multi.cancel)

return function(perform)
  return setmetatable({
    perform = perform, last = 0, waiting = {}, transfers = {}, ended = {},
    bell = require("ngx.semaphore").new(0),
  }, Multi)
end
