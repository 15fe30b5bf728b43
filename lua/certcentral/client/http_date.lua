--- The dates of HTTP headers (RFC 9110, section 5.6.7) and of the API's
-- answers (RFC 3339). What does not exist is no date: no 32nd, no 29 Feb 2027,
-- no 25 o'clock.

local core = require "certcentral.core"

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6,
                 Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

local DAYS = {} -- the names of the days, short and long
for name in ("Mon Tues Wednes Thurs Fri Satur Sun"):gmatch("%a+") do
  DAYS[name:sub(1, 3)], DAYS[name .. "day"] = true, true
end

local YEAR_MAX, LATER = 9999, 50 -- years

local http_date = {}

--- Epoch seconds of a date in UTC, or, with `offset` (seconds), of one that is
-- so far ahead of UTC. Each part is a number, or digits.
-- @return seconds; or nil where there is no such date
function http_date.epoch(year, month, day, hour, minute, second, offset)
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  if year < 1 or year > YEAR_MAX or month < 1 or month > 12 or day < 1 or
     day > core.days_in(year, month) or hour > 23 or minute > 59 or second > 60
  then
    return nil
  end
  local time = core.day(year, month, day) * 86400 + hour * 3600 + minute * 60
               + second - (offset or 0)
  if second == 60 and time % 86400 ~= 0 then
    return nil -- a leap second is the last one of a day in UTC
  end
  return time
end

-- The year of two digits: the last one in which the date is not more than 50
-- years after `now`. Days are counted from the month's first, as 50 years
-- before there may be no such day.
local function full_year(two, now, month, day, ...)
  local first = now - (day - 1) * 86400
  local year = 1900 + two
  local time = http_date.epoch(year + 100 - LATER, month, 1, ...)
  while time and time <= first do
    year = year + 100
    time = http_date.epoch(year + 100 - LATER, month, 1, ...)
  end
  return year
end

--- Reads "Tue, 24 Nov 2026 02:27:21 GMT", or the two obsolete forms. Which day
-- of the week it says is not compared.
-- @param now epoch seconds, by which years of two digits are understood
--   (default: the system's clock)
-- @return epoch seconds; or nil
function http_date.parse(text, now)
  local name, day, month, year, hour, minute, second = text:match(
    "^(%a+), (%d%d?)[ -](%a%a%a)[ -](%d+) (%d%d):(%d%d):(%d%d) GMT$")
  if not name then
    name, month, day, hour, minute, second, year =
      text:match("^(%a+) (%a%a%a) +(%d%d?) (%d%d):(%d%d):(%d%d) (%d%d%d%d)$")
  end
  month = MONTHS[month]
  if not month or not DAYS[name] or #year ~= 4 and #year ~= 2 then
    return nil
  elseif #year == 2 then
    year = full_year(tonumber(year), now or os.time(), month, tonumber(day),
                     hour, minute, second)
  end
  return http_date.epoch(year, month, day, hour, minute, second)
end

-- Seconds ahead of UTC of "+01:30"; nil where there is no such zone.
local function offset_of(zone)
  if zone == "" or zone == "Z" then
    return 0
  end
  local sign, hour, minute = zone:match("^([+-])(%d%d):?(%d%d)$")
  if not sign or tonumber(hour) > 23 or tonumber(minute) > 59 then
    return nil
  end
  return (sign == "-" and -60 or 60) * (tonumber(hour) * 60
                                        + tonumber(minute))
end

--- Reads "2026-11-24T02:27:21+00:00", as the API writes its times.
-- @return epoch seconds; or nil
function http_date.parse_iso(text)
  local year, month, day, hour, minute, second, rest = text:match(
    "^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)(.*)$")
  local offset = year and offset_of(rest:gsub("^%.%d+", ""))
  return offset and http_date.epoch(year, month, day, hour, minute, second,
                                    offset)
end

return http_date
