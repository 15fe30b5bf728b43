--- Placing an order at most once: what follows from each answer, and the
-- search for an order whose answer was lost. What differs where it is no order
-- that is sent is its `kind`; reissues.lua has another one:
--   what                 what is sent, in words
--   unclear              that nobody knows whether it was done, in words
--   read, read_failure   as for Call:exchange
--   look(call, ours)     looks once: the result and its response; or nil, err
--                        (nil where the service gave an answer), and those
--                        that can be it or not
--   among(call), by(call)  in words: what those are, and how it was looked for
--   resent               whether it may be sent again where an account refuses
--                        a second one of its name (option unique_ids)

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

local ORDER = {
  what = "the order", resent = true,
  unclear = "the order may or may not have been placed",
  read = response.order, read_failure = response.order_failure,
}

function ORDER.look(call, ours)
  local list, answer = candidates.named(call, call.ask_once)
  if not list then
    return nil, answer
  end
  local result, unsure = candidates.pick(call, list, answer, ours)
  return result, result and answer or nil, unsure
end

function ORDER.among(call)
  return ("the orders that have its alternative_order_id '%s'")
         :format(call.name)
end

function ORDER.by(call)
  return ("by alternative_order_id '%s'"):format(call.name)
end

-- Why an order was not found, in words, and whether there is certainly none.
local function not_found(call, kind, clear, err, unsure)
  if call.cancelled then
    return call.cancelled, false
  elseif unsure and #unsure > 0 then
    return ("it may or may not be one of %s: %s"):format(kind.among(call),
      candidates.ids(unsure)), false
  elseif err and not (call.exhausted and clear > 0) then
    return ("it could not be looked up: %s"):format(err.message), false
  end
  return ("it was not found in %d look-ups %s"):format(clear, kind.by(call)),
         not err
end

--- Looks an unclear order up at growing intervals, for `recover_for` seconds.
-- @param ours as for candidates.pick, or what the kind looks for
-- @param kind nil for an order
-- @return result, its response; or nil, and in words why not, and whether
--   the service said that there is none
function placing.recover(call, ours, kind)
  kind = kind or ORDER
  local span = call.client.recover_for
  local ends = math.min(call.world.clock() + span, call.ends)
  local interval, clear = span / 60, 0
  while true do
    local result, answer, unsure = kind.look(call, ours)
    if result then
      return result, answer
    end
    clear = clear + (answer and 0 or 1)
    local left = math.min(ends - call.world.clock(), call:left())
    if answer and not may_help(answer) or left <= 0 or call.exhausted then
      return nil, not_found(call, kind, clear, answer, unsure)
    end
    local seconds = math.max(interval, answer and answer.retry_after or 0)
    call:wait(math.min(seconds, left), "lookup")
    interval = math.min(interval * 2, span / 4)
  end
end

local function unclear_error(kind, err, why)
  local members = {}
  for name, value in pairs(err) do
    members[name] = value
  end
  members.kind, members.message = nil, nil
  members.outcome, members.retryable = nil, nil
  local message = err.message
  if err.kind ~= "unknown" then
    message = ("%s: an attempt was unclear, then %s"):format(kind.unclear,
                                                             message)
  end
  return errors.new("unknown", message .. "; " .. why, members)
end

require "certcentral.interpreted"(unclear_error)

-- ---- placing ---------------------------------------------------------------

-- One POST: result, answer; or nil, err.
local function attempt(call, order, kind)
  if call.claim and not call.claim:keep() then
    call.exhausted = true
    return nil, errors.new("unavailable", kind.what .. " was not sent: its "
                           .. "claim was lost")
  end
  return call:exchange("attempt", "POST", order.path, order.body, kind.read,
                       kind.read_failure)
end

-- What follows from a failed attempt: "again", or a result, or nil, err.
local function after(call, order, kind, err, unclear)
  local step = AFTER[err.kind]
  if step == "again" and call:may_retry(call.attempts, err) then
    return "again"
  elseif not order.once or not unclear and step ~= "unclear" then
    return nil, err
  end
  local result, why, absent = placing.recover(call, order.ours, kind)
  if result then
    call.recovered = true
    return result, why
  elseif absent and kind.resent and call.client.unique_ids and
         step == "unclear" and call:left() > 0 and
         call.attempts < call.client.retry.attempts then
    return "again"
  end
  return nil, unclear_error(kind, err, why)
end

--- Places an order at most once.
-- @param order {path, body, once, ours, kind: as for placing.recover}
-- @return result, the response; or nil, err
function placing.place(call, order)
  local unclear, kind = false, order.kind or ORDER
  while true do
    local result, answer = attempt(call, order, kind)
    if result then
      return result, answer
    end
    local err = answer
    unclear = unclear or err.kind == "unknown"
    result, answer = after(call, order, kind, err, unclear)
    if result ~= "again" then
      return result, answer
    end
  end
end

return placing
