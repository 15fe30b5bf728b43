--- Placing an order at most once: what follows from each answer, and the
-- search for an order whose answer was lost.

local candidates = require "certcentral.client.candidates"
local errors = require "certcentral.error"
local response = require "certcentral.client.response"

local placing = {}

-- What follows from each kind of error of a POST. "unclear": the order may
-- have been placed, so it is looked up and not sent again.
local AFTER = {
  unavailable = "again", throttled = "again", unknown = "unclear",
  denied = "final", refused = "final", config = "final",
}

-- ---- an unclear order ------------------------------------------------------

local function may_help(err)
  return err.kind == "unavailable" or err.kind == "throttled" or
         err.kind == "protocol"
end

-- Looks once: the order and its response; or nil, err (nil where the service
-- gave an answer), and the orders that can be it or not.
local function look(call, ours)
  local list, answer = candidates.named(call, call.ask_once)
  if not list then
    return nil, answer
  end
  local result, unsure = candidates.pick(call, list, answer, ours)
  return result, result and answer or nil, unsure
end

-- Why an order was not found, in words, and whether there is certainly none.
local function not_found(call, clear, err, unsure)
  if call.cancelled then
    return call.cancelled, false
  elseif unsure and #unsure > 0 then
    return ("it may or may not be one of the orders that have its "
      .. "alternative_order_id '%s': %s"):format(call.name,
      candidates.ids(unsure)), false
  elseif err and not (call.exhausted and clear > 0) then
    return ("it could not be looked up: %s"):format(err.message), false
  end
  return ("it was not found in %d look-ups by alternative_order_id '%s'")
    :format(clear, call.name), not err
end

--- Looks an unclear order up at growing intervals, for `recover_for` seconds.
-- @param ours as for candidates.pick
-- @return result, its response; or nil, and in words why not, and whether
--   the service said that there is none
function placing.recover(call, ours)
  local span = call.client.recover_for
  local ends = math.min(call.world.clock() + span, call.ends)
  local interval, clear = span / 60, 0
  while true do
    local result, answer, unsure = look(call, ours)
    if result then
      return result, answer
    end
    clear = clear + (answer and 0 or 1)
    local left = math.min(ends - call.world.clock(), call:left())
    if answer and not may_help(answer) or left <= 0 or call.exhausted then
      return nil, not_found(call, clear, answer, unsure)
    end
    local seconds = math.max(interval, answer and answer.retry_after or 0)
    call:wait(math.min(seconds, left), "lookup")
    interval = math.min(interval * 2, span / 4)
  end
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
    message = "the order may or may not have been placed: an attempt was "
              .. "unclear, then " .. message
  end
  return errors.new("unknown", message .. "; " .. why, members)
end

require "certcentral.interpreted"(unclear_error)

-- ---- placing ---------------------------------------------------------------

-- One POST: result, answer; or nil, err.
local function attempt(call, order)
  if call.claim and not call.claim:keep() then
    call.exhausted = true
    return nil, errors.new("unavailable", "the order was not sent: its claim "
                           .. "was lost")
  end
  return call:exchange("attempt", "POST", order.path, order.body,
                       response.order, response.order_failure)
end

-- What follows from a failed attempt: "again", or a result, or nil, err.
local function after(call, order, err, unclear)
  local step = AFTER[err.kind]
  if step == "again" and call:may_retry(call.attempts, err) then
    return "again"
  elseif not order.once or not unclear and step ~= "unclear" then
    return nil, err
  end
  local result, why, absent = placing.recover(call, order.ours)
  if result then
    call.recovered = true
    return result, why
  elseif absent and call.client.unique_ids and step == "unclear" and
         call.attempts < call.client.retry.attempts and call:left() > 0 then
    return "again"
  end
  return nil, unclear_error(err, why)
end

--- Places an order at most once.
-- @param order {path, body, once, ours: as for candidates.pick}
-- @return result, the response; or nil, err
function placing.place(call, order)
  local unclear = false
  while true do
    local result, answer = attempt(call, order)
    if result then
      return result, answer
    end
    local err = answer
    unclear = unclear or err.kind == "unknown"
    result, answer = after(call, order, err, unclear)
    if result ~= "again" then
      return result, answer
    end
  end
end

return placing
