-- Dates in UTC, and the three ways in which the API writes them.

local dates = {}

local DAY = 86400
local MONTHS = { JAN = 1, FEB = 2, MAR = 3, APR = 4, MAY = 5, JUN = 6,
  JUL = 7, AUG = 8, SEP = 9, OCT = 10, NOV = 11, DEC = 12 }

-- Days from 1970-01-01 to a date of the Gregorian calendar. Years are
-- counted from March, so that the leap day is the last of its year.
local function days(year, month, day)
  if month <= 2 then
    year, month = year - 1, month + 12
  end
  local era = math.floor(year / 4) - math.floor(year / 100)
    + math.floor(year / 400)
  return 365 * year + era + math.floor((153 * (month - 3) + 2) / 5)
    + day - 719469
end

-- Epoch seconds at which the day begins; nil for 31 FEB and the like.
local function epoch(year, month, day)
  if month < 1 or month > 12 or day < 1 or year < 1970 or year > 9999 then
    return nil
  end
  local seconds = days(year, month, day) * DAY
  local back = os.date("!*t", seconds)
  if back.month ~= month or back.day ~= day then
    return nil
  end
  return seconds
end

-- "09 JUN 2026" as epoch seconds of the day's beginning, or nil.
function dates.parse_named(text)
  local day, name, year = text:match("^(%d%d) (%u%u%u) (%d%d%d%d)$")
  local month = name and MONTHS[name]
  return month and epoch(tonumber(year), month, tonumber(day))
end

-- "2026-06-09" as epoch seconds of the day's beginning, or nil.
function dates.parse_plain(text)
  local year, month, day = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)$")
  return year and epoch(tonumber(year), tonumber(month), tonumber(day))
end

-- The same moment `years` later; 29 FEB becomes 1 MAR where it has to.
function dates.add_years(seconds, years)
  seconds = math.floor(seconds)
  local now = os.date("!*t", seconds)
  return days(now.year + years, now.month, now.day) * DAY + seconds % DAY
end

-- yyyy-MM-dd
function dates.plain(seconds)
  return os.date("!%Y-%m-%d", math.floor(seconds))
end

-- ISO 8601 with the offset that the API shows
function dates.iso(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%S+00:00", math.floor(seconds))
end

dates.DAY = DAY

return dates
