--- How long an order and its certificate still last.

local http_date = require "certcentral.client.http_date"
local schedule = require "certcentral.order.schedule"

local term = {}

local DAY = schedule.DAY

term.DAY = DAY

-- Days before the end of an order from which on it is renewed.
term.RENEW_AHEAD = 30

--- The first second of a day, or a moment: seconds since 1970, or nil.
function term.time_of(text)
  if type(text) ~= "string" then
    return nil
  end
  local year, month, day = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  if year then
    return http_date.epoch(year, month, day, 0, 0, 0)
  end
  return http_date.parse_iso(text)
end

--- Whole days from now to the end of a day; below 0 where that is over.
function term.days_until(text, now)
  local time = term.time_of(text)
  return time and math.floor((time + DAY - 1 - now) / DAY)
end

-- The certificate of an order, or an empty table.
local function certificate_of(order)
  return type(order.certificate) == "table" and order.certificate or {}
end

--- Days that the certificate of an order has left, or nil.
function term.days_left(order, now)
  local certificate = certificate_of(order)
  return term.days_until(certificate.valid_till, now) or
         certificate.days_remaining
end

--- Days that the order has left, or nil.
function term.order_days_left(order, now)
  return term.days_until(order.order_valid_till, now) or
         term.days_left(order, now)
end

-- For how many days certificates of the order are issued: as the present one,
-- unless that was cut at the order's end.
local function certificate_days(order)
  local certificate = certificate_of(order)
  local from = term.time_of(certificate.valid_from)
  local till = term.time_of(certificate.valid_till)
  local days = from and till and math.floor((till - from) / DAY + 0.5)
  return days and days >= 1 and days or 1095
end

-- The certificates that follow the present one in so many days.
local function rest(order, now, least, plan_days)
  return schedule.rest({ certificate_days = certificate_days(order),
    plan_days = math.min(plan_days, schedule.PLAN_DAYS_MAX), now = now,
    least = least }, math.max(term.days_left(order, now), 0), 0)
end

--- When the next certificate of an order is to be issued, which lasts longer
-- than its present one; not before now. A day more than the order has is
-- covered, as nobody knows at which hour either ends; where that takes a
-- certificate more, the order is; and where that does, what is needed.
-- @param spare days at its end that need not be covered, as the order is sure
--   to be renewed before; or nil
-- @return seconds since 1970
function term.reissue_at(order, now, least, spare)
  local days, fewest = term.order_days_left(order, now), nil
  for _, covered in ipairs { days + 1, days, days - (spare or 0) } do
    local list = rest(order, now, least, math.max(covered, 1))
    if list[1] and not (fewest and #fewest <= #list) then
      fewest = list
    end
  end
  return fewest[1].at
end

return term
