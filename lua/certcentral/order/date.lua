--- Dates as orders have them: "09 JUN 2027" (dd MMM YYYY), in UTC.

local core = require "certcentral.core"

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

-- What is wrong with a date of whole numbers, or nil.
local function problem(year, month, day)
  if year < 1 or year > 9999 then
    return ("a year from 1 to 9999 expected, got %.14g"):format(year)
  elseif month < 1 or month > 12 then
    return ("a month from 1 to 12 expected, got %.14g"):format(month)
  elseif day < 1 or day > core.days_in(year, month) then
    return ("a day from 1 to %d expected, got %.14g"):format(
      core.days_in(year, month), day)
  end
end

local function write(year, month, day)
  return ("%02d %s %04d"):format(day, MONTHS[month], year)
end

local function from_seconds(seconds)
  if not (seconds >= YEAR_1 and seconds < YEAR_10000) then
    raise("bad argument #1 to 'date' (seconds since 1970 of a year from 1 to "
          .. "9999 expected, got %.14g)", seconds)
  end
  return write(core.date(floor(seconds / 86400)))
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
  local shown = core.printable(text, 40)
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
