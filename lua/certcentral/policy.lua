--- The policy: when a request is sent again, when an order is looked up, and
-- when nobody can know. It knows no socket: `world` sends, waits and tells
-- the time (see client.lua), and may yield while it does.

local errors = require "certcentral.error"
local http_date = require "certcentral.http_date"
local response = require "certcentral.response"

local policy = {}

-- What follows from each kind of error of a POST. "unclear": the order may
-- have been placed, so it is looked up and not sent again.
local AFTER = {
  unavailable = "again", throttled = "again", unknown = "unclear",
  denied = "final", refused = "final", config = "final",
}

-- Orders in these states are over: their name may be used again.
local OVER = { canceled = true, cancelled = true, rejected = true,
               revoked = true, expired = true }

local THROTTLED_BASE = 5 -- seconds: the shorter of CertCentral's windows
local DAY = 86400
local DETAILS_MAX = 10 -- orders of one name that are looked at

local Call = {}
Call.__index = Call

--- Begins a call: all that is sent and waited for within one deadline.
-- @param client the client
-- @param name the order's alternative_order_id, or nil
function policy.call(client, name)
  local now = client.world.clock()
  return setmetatable({
    client = client, world = client.world, name = name,
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
  local ok, message = pcall(on_event, event)
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
  local ok, seconds, grant = pcall(budget.take, budget)
  if not ok then
    return nil, errors.told(seconds)
  elseif type(seconds) ~= "number" or seconds < 0 or seconds ~= seconds then
    return nil, "take() must return seconds from 0, got "
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

-- Waits until the rate budget has room: a function to call when the request
-- has ended; or nil, failure.
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
      return function()
        if client.budget then
          pcall(budget.done, budget, grant) -- no matter of the order
        end
      end
    elseif seconds == math.huge or
           seconds >= self:left() and not self:is_patient() then
      return self:not_sent("the rate budget has no room before the deadline",
                           true)
    end
    self:wait_for_budget(seconds)
  end
  return self:not_sent(self.cancelled)
end

-- ---- one exchange --------------------------------------------------------

-- One exchange: a response; or nil, failure.
function Call:send(event, method, path, body)
  local done, failure = self:take_budget()
  if not done then
    return nil, failure
  end
  local left = self:left()
  local answer
  if left > 0 then
    self.attempts = self.attempts + (event == "attempt" and 1 or 0)
    answer, failure = self.client:_exchange(method, path, body, left,
                                            self.accept)
  else
    answer, failure = self:not_sent(self.cancelled or "the deadline is over")
  end
  done()
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

-- ---- orders by their name ------------------------------------------------

local function escaped(name)
  if name:find("^%.+$") then
    return (name:gsub("%.", "%%2E"))
  end
  return (name:gsub("[^%w%-_.~]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

-- The list of an answer to a look-up: {order_id, certificate_id, status}
-- each; nil where it is no such answer.
local function read_list(value)
  if type(value.orders) ~= "table" then
    return nil
  end
  local list = {}
  for _, entry in ipairs(value.orders) do
    local id = type(entry) == "table" and response.id(entry.order_id)
    if not id then
      return nil
    end
    list[#list + 1] = { id = id, status = entry.status,
                        certificate_id = response.id(entry.certificate_id) }
  end
  return list
end

-- The orders of this call's name, `ask` being ask or ask_once.
-- @return list, the response; or nil, err
function Call:named_orders(ask)
  self.lookups = self.lookups + 1
  local value, answer = ask(self, "/order/alternate/" .. escaped(self.name),
                            "lookup")
  if not value then
    if answer.status == 404 then
      return {}
    end
    return nil, answer
  end
  local list = read_list(value)
  if not list then
    return nil, errors.new("protocol",
      "the answer to the look-up has no list of orders", { retryable = true })
  end
  return list, answer
end

local function squeezed(pem)
  return type(pem) == "string" and pem:gsub("%-%-%-%-%-[^-]*%-%-%-%-%-", "")
                                      :gsub("%s", "")
end

-- True where an order of this name is plainly another one: other contents, or
-- from an earlier day. `ours` is {common_name, csr}; `since` the time that
-- ours was sent at, or nil.
local function is_other(details, ours, since)
  local certificate = details.certificate
  local created = type(details.date_created) == "string"
                  and http_date.parse_iso(details.date_created)
  if created and since and created < since - DAY then
    return true
  elseif type(certificate) ~= "table" then
    return false
  end
  local name, csr = certificate.common_name, squeezed(certificate.csr)
  return type(name) == "string" and
         name:lower() ~= ours.common_name:lower() or
         ours.csr and csr and csr ~= "" and csr ~= squeezed(ours.csr) or false
end

-- By the server's clock, which `answer` tells: when this call began, or what
-- `time` of our clock was; nil where the answer tells none.
function Call:server_time(answer, time)
  local date = answer.headers and answer.headers.date
  date = type(date) == "string" and http_date.parse(date)
  local ago = time and self.world.time() - time
              or self.world.clock() - self.started
  return date and date - ago
end

-- An order as a result, completed as far as that can be had.
local function result_of(entry, details)
  local result = details or {}
  local certificate = result.certificate
  result.id, result.status = entry.id, result.status or entry.status
  result.certificate_id = result.certificate_id or
    type(certificate) == "table" and response.id(certificate.id) or
    entry.certificate_id
  return result
end

function Call:details(id)
  return (self:ask(("/order/certificate/%d"):format(id), "get"))
end

local function ids_of(list)
  local ids = {}
  for i, entry in ipairs(list) do
    ids[i] = ("%d"):format(entry.id)
  end
  return table.concat(ids, ", ")
end

-- The first of the found orders that can be this call's, as a result; nil
-- where all are others.
function Call:pick(list, answer, ours)
  if #list == 0 then
    return nil
  end
  local since, fit, first = self:server_time(answer, ours.time), {}, nil
  for i, entry in ipairs(list) do
    if not self.known[entry.id] and i <= DETAILS_MAX then
      local details = self:details(entry.id)
      if not (details and is_other(details, ours, since)) then
        fit[#fit + 1] = entry
        first = first or result_of(entry, details)
      end
    end
  end
  if #fit > 1 then
    self:warn_of_many(fit)
  end
  return first
end

function Call:warn_of_many(list)
  self.warnings[#self.warnings + 1] = {
    path = "alternative_order_id", code = "duplicate",
    message = ("'alternative_order_id' must name one order, got %d: %s")
      :format(#list, ids_of(list)),
  }
end

--- Looks once for an order that was sent before this call.
-- @param ours {common_name, time}
-- @return result; or nil, err; or nil where there is none
function Call:find(ours)
  local list, answer = self:named_orders(self.ask)
  if not list then
    return nil, answer
  end
  return self:pick(list, answer, ours)
end

-- ---- an unclear order ----------------------------------------------------

local function may_help(err)
  return err.kind == "unavailable" or err.kind == "throttled" or
         err.kind == "protocol"
end

-- Looks an unclear order up at growing intervals.
-- @return result, its response; or nil, and in words why not, and whether
--   the service said that there is none
function Call:recover(ours)
  local span = self.client.recover_for
  local ends = math.min(self.world.clock() + span, self.ends)
  local interval, answered = span / 60, 0
  local why
  while true do
    local list, answer = self:named_orders(self.ask_once)
    local result = list and self:pick(list, answer, ours)
    if result then
      return result, answer
    end
    answered, why = answered + (list and 1 or 0), not list and answer or nil
    local left = math.min(ends - self.world.clock(), self:left())
    if why and not may_help(why) or left <= 0 or self.exhausted then
      break
    end
    local seconds = math.max(interval, why and why.retry_after or 0)
    self:wait(math.min(seconds, left), "lookup")
    interval = math.min(interval * 2, span / 4)
  end
  if self.cancelled then
    return nil, self.cancelled, false
  elseif why and not (self.exhausted and answered > 0) then
    return nil, ("it could not be looked up: %s"):format(why.message), false
  end
  return nil, ("it was not found in %d look-ups by alternative_order_id '%s'")
    :format(answered, self.name), true
end

local function unclear_error(err, why)
  local members = {}
  for name, value in pairs(err) do
    members[name] = value
  end
  members.kind, members.message = nil, nil
  members.outcome, members.retryable = nil, nil
  local message = err.message
  if err.kind ~= "unknown" then
    message = "nobody can tell whether the order was placed: an attempt was "
              .. "unclear, then " .. message
  end
  return errors.new("unknown", message .. "; " .. why, members)
end

require "certcentral.interpreted"(unclear_error)

-- ---- placing -------------------------------------------------------------

-- One POST: result, answer; or nil, err.
function Call:attempt(order)
  return self:exchange("attempt", "POST", order.path, order.body,
                       response.order, response.order_failure)
end

-- What follows from a failed attempt: "again", or a result, or nil, err.
function Call:after(order, err, unclear)
  local step = AFTER[err.kind]
  if step == "again" and self:may_retry(self.attempts, err) then
    return "again"
  elseif not order.once or not unclear and step ~= "unclear" then
    return nil, err
  end
  local result, why, absent = self:recover(order.ours)
  if result then
    self.recovered = true
    return result, why
  elseif absent and self.client.unique_ids and step == "unclear" and
         self.attempts < self.client.retry.attempts and self:left() > 0 then
    return "again"
  end
  return nil, unclear_error(err, why)
end

--- Places an order at most once.
-- @param order {path, body, once, ours = {common_name, csr}}
-- @return result, the response; or nil, err
function Call:place(order)
  local unclear = false
  while true do
    local result, answer = self:attempt(order)
    if result then
      return result, answer
    end
    local err = answer
    unclear = unclear or err.kind == "unknown"
    result, answer = self:after(order, err, unclear)
    if result ~= "again" then
      return result, answer
    end
  end
end

-- ---- ensuring ------------------------------------------------------------

--- The live order of this call's name; the others are remembered as no work
-- of this call.
-- @return result, response; or nil, err; or nil where there is none
function Call:existing()
  local list, answer = self:named_orders(self.ask)
  if not list then
    return nil, answer
  end
  local live = {}
  for _, entry in ipairs(list) do
    if OVER[tostring(entry.status):lower()] then
      self.known[entry.id] = true
    else
      live[#live + 1] = entry
    end
  end
  if #live == 0 then
    return nil
  elseif #live > 1 then
    self:warn_of_many(live)
  end
  return result_of(live[1], self:details(live[1].id)), answer
end

return policy
