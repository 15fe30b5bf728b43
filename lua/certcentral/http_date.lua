--- The dates of HTTP headers (RFC 9110, section 5.6.7).

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6,
                 Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

-- Days from 1970-01-01; a year begins in March, so that the leap day is last.
local function days(year, month, day)
  if month <= 2 then
    year, month = year - 1, month + 12
  end
  return 365 * year + math.floor(year / 4) - math.floor(year / 100)
         + math.floor(year / 400) + math.floor((153 * (month - 3) + 2) / 5)
         + day - 719469
end

local http_date = {}

--- Epoch seconds of a date in UTC.
function http_date.epoch(year, month, day, hour, minute, second)
  return days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
end

--- Reads "Tue, 24 Nov 2026 02:27:21 GMT", or the two obsolete forms.
-- @return epoch seconds; or nil
function http_date.parse(text)
  local day, month, year, hour, minute, second =
    text:match("^%a+, (%d%d?)[ -](%a%a%a)[ -](%d+) (%d+):(%d+):(%d+) GMT$")
  if not day then
    month, day, hour, minute, second, year =
      text:match("^%a+ (%a%a%a) +(%d+) (%d+):(%d+):(%d+) (%d%d%d%d)$")
  end
  month = MONTHS[month]
  if not month then
    return nil
  end
  year = tonumber(year)
  if year < 100 then
    year = year + (year < 70 and 2000 or 1900)
  end
  return http_date.epoch(year, month, tonumber(day), tonumber(hour),
                         tonumber(minute), tonumber(second))
end

--- Reads "2026-11-24T02:27:21+00:00", as the API writes its times.
-- @return epoch seconds; or nil
function http_date.parse_iso(text)
  local year, month, day, hour, minute, second, zone = text:match(
    "^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)%.?%d*(.*)$")
  if not year then
    return nil
  end
  local sign, zone_hour, zone_minute = zone:match("^([+-])(%d%d):?(%d%d)$")
  local offset = 0
  if sign then
    offset = (tonumber(zone_hour) * 60 + tonumber(zone_minute)) * 60
    offset = sign == "-" and -offset or offset
  elseif zone ~= "Z" and zone ~= "" then
    return nil
  end
  return http_date.epoch(tonumber(year), tonumber(month), tonumber(day),
    tonumber(hour), tonumber(minute), tonumber(second)) - offset
end

return http_date
