--- A call: what it sends and waits for within one deadline, and when a
-- request is sent again. It knows no socket: `world` sends, waits and has
-- the time (see object.lua), and may yield while it does. What follows for an
-- order is in placing.lua.

local errors = require "certcentral.error"
local http_date = require "certcentral.client.http_date"
local response = require "certcentral.client.response"

local policy = {}

local THROTTLED_BASE = 5 -- seconds: the shorter of CertCentral's windows

local Call = {}
Call.__index = Call

--- Begins a call: all that is sent and waited for within one deadline.
-- @param client the client
-- @param name the order's alternative_order_id, or nil
-- @param what what it does, in words, where that is not to place an order
function policy.call(client, name, what)
  local now = client.world.clock()
  return setmetatable({
    client = client, world = client.world, name = name, what = what,
    started = now, ends = now + client.deadline,
    attempts = 0, lookups = 0, known = {}, warnings = {},
  }, Call)
end

function Call:left()
  return self.ends - self.world.clock()
end

--- Ends the call: from now on it sends nothing and waits for nothing, and
-- returns what is known of the order.
-- @param why in words, for the error
function Call:cancel(why)
  self.cancelled, self.ends = why, -math.huge
end

-- ---- events --------------------------------------------------------------

-- Tells on_event. What that function raises must not cost an order: it is
-- kept for `info` and the error.
function Call:emit(event)
  local on_event = self.client.on_event
  if not on_event then
    return
  end
  event.alternative_order_id = self.name
  event.elapsed = self.world.clock() - self.started
  local ok, message = errors.try(on_event, event)
  if not ok and not self.event_error then
    self.event_error = self.client.mask(errors.told(message))
  end
end

-- ---- waiting -------------------------------------------------------------

-- No more can be sent within this call.
function Call:not_sent(message, throttled)
  self.exhausted = true
  return nil, { sent = "no", throttled = throttled, message = message }
end

function Call:wait(seconds, reason)
  if seconds > 0 then
    self:emit { event = "wait", reason = reason, seconds = seconds }
    self.world.sleep(seconds, reason)
  end
end

--- Waits a little for something that another has, at most until the deadline.
-- @return false, at once, where that has passed
function Call:pause(seconds, reason)
  local left = self:left()
  if left <= 0 then
    return false
  end
  self:wait(math.min(seconds, left), reason)
  return true
end

-- How long to wait after the n-th failure: exponential with full jitter; as
-- long as the server says where it says so.
function Call:backoff(n, err)
  local retry, random = self.client.retry, self.world.random
  if err.retry_after then
    return err.retry_after
  elseif err.kind == "throttled" then
    local most = math.min(retry.cap, THROTTLED_BASE * 2 ^ (n - 1))
    return most * (1 + random()) / 2
  end
  return math.min(retry.cap, retry.base * 2 ^ (n - 1)) * random()
end

-- Waits before another attempt; false where the deadline comes first.
function Call:may_retry(n, err)
  if not err.retryable or self.exhausted or
     n >= self.client.retry.attempts then
    return false
  end
  local seconds = self:backoff(n, err)
  if seconds >= self:left() then
    return false
  end
  self:wait(seconds, "retry")
  return true
end

-- Asks the rate budget, which may be the caller's own and do anything:
-- seconds to wait, 0 and its grant; or nil, in words what went wrong.
local function ask_budget(budget)
  local ok, seconds, grant = errors.try(budget.take, budget)
  if not ok then
    return nil, errors.told(seconds)
  elseif type(seconds) ~= "number" or seconds < 0 or seconds ~= seconds then
    return nil, "take() must return seconds, 0 or more, got "
                .. (type(seconds) == "number" and tostring(seconds)
                    or type(seconds))
  end
  return seconds, grant
end

-- Many orders wait longer for the budget than one may take: in a queue an
-- order's deadline does not come nearer until it is sent for the first time.
function Call:is_patient()
  return self.client.patient and self.attempts == 0 and self.lookups == 0
end

function Call:wait_for_budget(seconds)
  local patient, began = self:is_patient(), self.world.clock()
  self:wait(seconds, "rate")
  if patient then
    self.ends = self.ends + self.world.clock() - began
  end
end

-- Waits until the rate budget has room: true, the budget or nil, its grant; or
-- nil, failure.
function Call:take_budget()
  local client = self.client
  while not self.cancelled do
    local budget, seconds, grant = client.budget, 0, nil
    if budget then
      seconds, grant = ask_budget(budget)
    end
    if not seconds then
      return nil, { sent = "no", config = true,
                    message = "the rate budget failed: " .. grant }
    elseif seconds == 0 then
      return true, budget, grant
    elseif seconds == math.huge or
           seconds >= self:left() and not self:is_patient() then
      return self:not_sent("the rate limit leaves no room before the deadline",
                           true)
    end
    self:wait_for_budget(seconds)
  end
  return self:not_sent(self.cancelled)
end

-- ---- one exchange --------------------------------------------------------

-- One exchange: a response; or nil, failure.
function Call:send(event, method, path, body)
  local may, budget, grant = self:take_budget()
  if not may then
    return nil, budget
  end
  local client, left = self.client, self:left()
  local answer, failure
  if left > 0 then
    self.attempts = self.attempts + (event == "attempt" and 1 or 0)
    answer, failure = client:_exchange(method, path, body, left, self.accept,
                                       event == "attempt")
  else
    answer, failure = self:not_sent(self.cancelled or
                                    "the deadline has passed")
  end
  if budget and client.budget then
    errors.try(budget.done, budget, grant) -- no matter of the order
  end
  return answer, failure
end

-- In how many seconds the server wants to be asked again (RFC 9110, 10.2.3);
-- nil where it says nothing, or nothing that is a number or a date.
local function retry_after(answer, time)
  local headers = answer.headers or {}
  local text = type(headers["retry-after"]) == "string" and
               headers["retry-after"]:match("^%s*(.-)%s*$") or ""
  if text:find("^%d+$") then
    return tonumber(text)
  end
  local now = time()
  local date = http_date.parse(text, now)
  local sent = http_date.parse(tostring(headers.date), now) or now
  return date and math.max(0, date - sent)
end

-- Sends, reads what came and tells of it: value, answer; or nil, err.
function Call:exchange(event, method, path, body, read, read_failure)
  local began = self.world.clock()
  local answer, failure = self:send(event, method, path, body)
  local value, err
  if answer then
    value, err = read(answer, self.client.mask)
    if err then
      err.retry_after = retry_after(answer, self.world.time)
    end
  else
    err = read_failure(failure, self.client.mask)
  end
  if self.client.on_event then
    self:emit { event = event, method = method, path = path,
                status = answer and answer.status, kind = err and err.kind,
                message = err and err.message,
                seconds = self.world.clock() - began,
                attempt = event == "attempt" and self.attempts or nil }
  end
  if err then
    return nil, err, answer
  end
  return value, answer
end

-- ---- questions -----------------------------------------------------------

-- Repeats `once` while that may help: value, answer; or nil, err.
function Call:repeated(once)
  local n = 0
  while true do
    n = n + 1
    local value, answer = once()
    if value then
      return value, answer
    end
    local err = answer
    if not self:may_retry(n, err) then
      err.attempts = n
      return nil, err
    end
  end
end

local USUAL = {} -- a GET of JSON: see Call:ask

-- A question, once.
function Call:ask_once(path, event, how)
  how = how or USUAL
  self.accept = how.accept
  return self:exchange(event or "get", how.method or "GET", path, how.body,
                       how.read or response.read, response.read_failure)
end

--- A question, repeated while that may help.
-- @param how nil for a GET of JSON; else a table of what differs: `method`
--   and `body`, `read` (as response.read) and `accept` (the header)
-- @return the decoded answer, the response; or nil, err
function Call:ask(path, event, how)
  return self:repeated(function()
    return self:ask_once(path, event, how)
  end)
end

-- ---- changes -------------------------------------------------------------

--- A request that changes something, but for an order. It is repeated where
-- it certainly did nothing: nothing reached the server, or status 429. Where
-- nobody can know, the error is of the kind "unknown".
-- @param tell {what, look}: what it does, and the call that tells whether it
--   was done, as in {"the cancellation of order 12", "client:order(12)"}
-- @return the decoded answer (empty where there is none), the response; or
--   nil, err
function Call:change(method, path, body, event, tell)
  local function read(answer, mask)
    return response.change(answer, mask, tell)
  end
  local function read_failure(failure, mask)
    return response.change_failure(failure, mask, tell)
  end
  self.accept = nil
  return self:repeated(function()
    return self:exchange(event or "change", method, path, body, read,
                         read_failure)
  end)
end

return policy
