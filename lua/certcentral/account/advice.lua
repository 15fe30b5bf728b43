--- Whether it is time to reissue an order's certificate, or to renew the
-- order.

local arguments = require "certcentral.account.arguments"
local core = require "certcentral.core"
local date = require "certcentral.order.date"
local errors = require "certcentral.error"
local rules = require "certcentral.rules"
local run = require "certcentral.account.run"
local schedule = require "certcentral.order.schedule"
local status = require "certcentral.client.status"
local term = require "certcentral.account.term"
local wait = require "certcentral.account.wait"

local advice_of = {}

local DAY = term.DAY

advice_of.DAYS, advice_of.LEAST = term.RENEW_AHEAD, schedule.LEAST

local function days_in_words(days)
  return ("%d day%s"):format(days, days == 1 and "" or "s")
end

local function ends_in(what, days)
  if days < 0 then
    return ("the %s ended %s ago"):format(what, days_in_words(-days))
  elseif days == 0 then
    return ("the %s ends today"):format(what)
  end
  return ("the %s ends in %s"):format(what, days_in_words(days))
end

-- What the order is at, where that decides: action, reason.
local function by_state(order)
  local state = core.lower(tostring(order.status))
  if order.is_renewed == true or order.is_renewed == 1 then
    return "wait", "the order has been renewed already"
  elseif state == "reissue_pending" then
    return "wait", "a reissue is in progress"
  elseif state ~= "expired" and not status.is_issued(order) then
    return "wait", "the order is " .. core.printable(state, 40)
  end
end

-- What is to be done next, and when: "renew" or "reissue", seconds since 1970.
-- `renew_ahead` days before the order ends it is renewed; before that its
-- certificates are replaced by the schedule.
local function next_due(order, advice, now, options)
  local ahead = options.days or term.RENEW_AHEAD
  local renew_at = now + (advice.order_days_left - ahead) * DAY
  if status.of(order) == "expired" then
    return "renew", now
  end
  local least = (options.least or schedule.LEAST) * DAY
  local ends = now + advice.days_left * DAY
  -- the renewal brings the next certificate, and in time
  if advice.plan == "single" or renew_at <= now or ends - least >= renew_at then
    return "renew", math.max(renew_at, now)
  end
  return "reissue", term.reissue_at(order, now, options.least,
                                    options.is_kept and
                                    math.max(ahead - least / DAY, 0))
end

local REASONS = {
  renew = function(advice)
    return ends_in("certificate", advice.days_left) .. ", and "
           .. ends_in("order", advice.order_days_left)
  end,
  reissue = function(advice)
    return ("%s, and the order has %s left, in which a new certificate is "
      .. "part of the plan"):format(ends_in("certificate", advice.days_left),
      days_in_words(advice.order_days_left))
  end,
}

local WORDS = { renew = "the renewal", reissue = "the next reissue" }

local function by_days(order, advice, now, options)
  local action, at = next_due(order, advice, now, options)
  advice.at = at
  if at <= now then
    advice.action, advice.reason = action, REASONS[action](advice)
  else
    advice.action = "wait"
    advice.reason = ("%s; %s is due in %s, on %s"):format(
      ends_in("certificate", advice.days_left), WORDS[action],
      days_in_words(math.ceil((at - now) / DAY)), date(at))
  end
end

-- What CertCentral is set to do by itself.
local function by_itself(order, advice)
  local flag = advice.action == "renew" and order.auto_renew or
               advice.action == "reissue" and order.auto_reissue
  if flag == 1 or flag == true then
    advice.auto = true
    advice.reason = advice.reason .. "; the order is set to do so by itself"
  end
end

local function advise(order, now, options)
  local left = term.days_left(order, now)
  local order_left = term.order_days_left(order, now)
  local advice = { order_id = order.id, days_left = left,
                   order_days_left = order_left }
  if left then
    advice.plan = order_left > left + 1 and "multi-year" or "single"
  end
  advice.action, advice.reason = by_state(order)
  if not advice.action and not left then
    return nil, errors.new("protocol", ("order %d came without the expiry "
      .. "date of its certificate"):format(order.id))
  elseif not advice.action then
    by_days(order, advice, now, options)
    by_itself(order, advice)
  end
  return advice
end

advice_of.advise = advise

local OPTIONS = { days = rules.integer(1, 1095),
                  least = rules.integer(0, 1095) }

--- Tells whether to renew an order, to reissue its certificate or to wait.
-- @param options days: how long before the order's end to renew it (default
--   30); least: the days that a certificate must have left when the next one
--   is issued (default 10)
-- @return {action = "renew", "reissue" or "wait", reason, at: when something
--   is due (seconds since 1970; not where it waits for the service),
--   days_left, order_days_left, plan = "single" or "multi-year", auto: true
--   where the order is set to do so by itself, order_id}; or nil, err,
--   "refused" where the order is over and only a new one helps
function advice_of.renewal_advice(self, id, options)
  id = arguments.id(id, "order", "renewal_advice")
  options = arguments.options(options, OPTIONS, "renewal_advice")
  local order, err = run.within(arguments.call(self), "order", id)
  if not order then
    return nil, err
  elseif status.is_over(order) and status.of(order) ~= "expired" then
    return nil, wait.not_issued("refused", order, ": place a new order")
  end
  return advise(order, self.world.time(), options)
end

return advice_of
