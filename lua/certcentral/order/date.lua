--- Dates as orders have them: "09 JUN 2027" (dd MMM YYYY), in UTC.

local MONTHS = { "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG",
                 "SEP", "OCT", "NOV", "DEC" }
local NUMBER = {}
for number, name in ipairs(MONTHS) do
  NUMBER[name] = number
end

local YEAR_1 = -62135596800 -- seconds since 1970
local YEAR_10000 = 253402300800

local floor = math.floor

local function raise(...)
  return require("certcentral.options").raise(...)
end

-- The days of a month, leap years by the Gregorian calendar.
local function days_in(year, month)
  if month == 2 then
    local leap = year % 4 == 0 and year % 100 ~= 0 or year % 400 == 0
    return leap and 29 or 28
  end
  return (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
end

-- What is wrong with a date of whole numbers, or nil.
local function problem(year, month, day)
  if year < 1 or year > 9999 then
    return ("a year from 1 to 9999 expected, got %.14g"):format(year)
  elseif month < 1 or month > 12 then
    return ("a month from 1 to 12 expected, got %.14g"):format(month)
  elseif day < 1 or day > days_in(year, month) then
    return ("a day from 1 to %d expected, got %.14g"):format(
      days_in(year, month), day)
  end
end

local function write(year, month, day)
  return ("%02d %s %04d"):format(day, MONTHS[month], year)
end

-- Days since 1970 are counted from a 1 March, so that the leap day is a
-- year's last.
local function from_seconds(seconds)
  if not (seconds >= YEAR_1 and seconds < YEAR_10000) then
    raise("bad argument #1 to 'date' (seconds since 1970 of a year from 1 to "
          .. "9999 expected, got %.14g)", seconds)
  end
  local days = floor(seconds / 86400) + 719468 -- since 0000-03-01
  local era = floor(days / 146097)
  days = days - era * 146097
  local year = floor((days - floor(days / 1460) + floor(days / 36524)
                      - floor(days / 146096)) / 365)
  days = days - (365 * year + floor(year / 4) - floor(year / 100))
  local month = floor((5 * days + 2) / 153)
  local day = days - floor((153 * month + 2) / 5) + 1
  month = month < 10 and month + 3 or month - 9
  return write(year + era * 400 + (month <= 2 and 1 or 0), month, day)
end

local function member(when, name, place)
  local value = when[name]
  if value == nil then
    value = when[place]
  end
  if type(value) ~= "number" or value ~= floor(value) then
    raise("bad argument #1 to 'date' (a whole number as '%s' expected, got "
          .. "%s)", name, type(value) == "number" and tostring(value)
          or type(value))
  end
  return value
end

local function from_table(when)
  local year = member(when, "year", 1)
  local month, day = member(when, "month", 2), member(when, "day", 3)
  local why = problem(year, month, day)
  if why then
    raise("bad argument #1 to 'date' (%s)", why)
  end
  return write(year, month, day)
end

local function refuse(why, text)
  local shown = require("certcentral.core").printable(text, 40)
  return nil, require("certcentral.error").new("invalid",
    ("a date like '09 JUN 2027' (dd MMM YYYY) expected, got '%s'%s"):format(
      shown, why and ": " .. why or ""))
end

local function from_text(text)
  local day, month, year = text:match("^(%d%d) (%u%u%u) (%d%d%d%d)$")
  if not NUMBER[month] then
    return refuse(nil, text)
  end
  year, month, day = tonumber(year), NUMBER[month], tonumber(day)
  local why = problem(year, month, day)
  if why then
    return refuse(why, text)
  end
  return { year = year, month = month, day = day }
end

--- Writes a date as orders have it, or reads one.
-- What cannot be written raises: a date that is nil would leave its field out
-- of an order.
-- @param when seconds since 1970 (the day in UTC); a table with year, month
--   and day, by name (as os.date "*t" gives it) or in this order; or a text
-- @return the text; of a text a table {year, month, day}, or nil, err where
--   it is no date
return function(when)
  local kind = type(when)
  if kind == "number" then
    return from_seconds(when)
  elseif kind == "table" then
    return from_table(when)
  elseif kind == "string" then
    return from_text(when)
  end
  return raise("bad argument #1 to 'date' (a number, a table or a string "
               .. "expected, got %s)", when == nil and "no value" or kind)
end
