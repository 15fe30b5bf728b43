-- How long an order and its first certificate are valid.

local dates = require("certcentral.sandbox.dates")

local validity = {}

local DAY = dates.DAY

-- Longest certificate that is issued from a moment on, in days: what is
-- ordered beyond it is cut, not refused.
local LONGEST = {
  { 0, 199 },
  { 1805068800, 99 }, -- 2027-03-15
  { 1868227200, 46 }, -- 2029-03-15
}

local function longest(now)
  local days
  for _, row in ipairs(LONGEST) do
    days = now >= row[1] and row[2] or days
  end
  return days
end

local function last_second(day)
  return day and day + DAY - 1
end

-- End of {years, days, custom_expiration_date} counted from `now`: the date
-- beats the days, the days beat the years. Nil when it holds none of them.
local function till(object, now)
  if object.custom_expiration_date then
    return last_second(dates.parse_named(object.custom_expiration_date))
  elseif object.days then
    return now + object.days * DAY
  elseif object.years then
    return dates.add_years(now, object.years)
  end
end

-- End of an order (a body without nulls), in epoch seconds, or nil.
function validity.order_till(body, now)
  if body.order_validity then
    return till(body.order_validity, now)
  elseif body.custom_expiration_date then
    return last_second(dates.parse_plain(body.custom_expiration_date))
  end
  return till({ days = body.validity_days, years = body.validity_years },
    now)
end

-- End of the certificate as it was ordered; that of the order without
-- cert_validity.
function validity.ordered_till(body, now)
  local object = body.certificate.cert_validity
  return object and till(object, now) or validity.order_till(body, now)
end

-- End of a certificate that is issued `now` below an order that ends at
-- `order_till`.
function validity.certificate_till(certificate, order_till, now)
  local object = certificate.cert_validity
  return math.min(object and till(object, now) or order_till, order_till,
    now + longest(now) * DAY)
end

-- True when the ordered certificate outlives its order, by days in UTC.
function validity.outlives(body, now)
  local order = validity.order_till(body, now)
  local certificate = validity.ordered_till(body, now)
  return order ~= nil and certificate ~= nil
    and math.floor(certificate / DAY) > math.floor(order / DAY)
end

return validity
