-- certcentral.date: dd MMM YYYY, written and read.

local certcentral = require "certcentral"
local core = require "certcentral.core"
local orders = require "support.orders"

local date = certcentral.date

-- text = { year, month, day, seconds since 1970 at 00:00 UTC }
local days = {
  ["01 JAN 1970"] = { 1970, 1, 1, 0 },
  ["31 DEC 1969"] = { 1969, 12, 31, -86400 },
  ["09 JUN 2027"] = { 2027, 6, 9, 1812499200 },
  ["29 FEB 2028"] = { 2028, 2, 29, 1835395200 },
  ["01 MAR 2028"] = { 2028, 3, 1, 1835481600 },
  ["28 FEB 2100"] = { 2100, 2, 28, 4107456000 },
  ["01 MAR 2100"] = { 2100, 3, 1, 4107542400 },
  ["29 FEB 2000"] = { 2000, 2, 29, 951782400 },
  ["01 JAN 0001"] = { 1, 1, 1, -62135596800 },
  ["31 DEC 9999"] = { 9999, 12, 31, 253402214400 },
}
for month, name in ipairs { "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
    "AUG", "SEP", "OCT", "NOV", "DEC" } do
  days[("15 %s 2026"):format(name)] = { 2026, month, 15,
    orders.at(("2026-%02d-15"):format(month), 0) }
end

describe("date", function()
  for text, day in pairs(days) do
    it("writes and reads " .. text, function()
      assert.are.equal(text, date(day[4]))
      assert.are.equal(text, date(day[4] + 86399))
      assert.are.equal(text, date(day[4] + 86399.75))
      assert.are.equal(text, date { day[1], day[2], day[3] })
      assert.are.equal(text, date { year = day[1], month = day[2],
                                    day = day[3] })
      assert.are.same({ year = day[1], month = day[2], day = day[3] },
                      date(text))
      assert.are.equal(text, date(date(text)))
    end)
  end

  it("writes the days of 400 years as os.date has them", function()
    for seconds = -86400 * 25567, 86400 * 120000, 86400 * 17 do
      local there = os.date("!*t", seconds)
      assert.are.equal(date { there.year, there.month, there.day },
                       date(seconds))
    end
  end)

  it("takes what os.date gives", function()
    assert.are.equal("13 SEP 2020", date(os.date("!*t", 1600000000)))
  end)

  it("gives whole numbers", function()
    assert.are.equal("2027 6 9", ("%s %s %s"):format(
      date("09 JUN 2027").year, date("09 JUN 2027").month,
      date("09 JUN 2027").day))
    assert.are.equal("09 JUN 2027", date { 2027.0, 6.0, 9.0 })
  end)

  it("writes what validation takes", function()
    local order = orders.with { ["order_validity.years"] = orders.absent,
      ["order_validity.custom_expiration_date"] =
        date(orders.NOW + 300 * 86400) }
    assert.is_true(certcentral.validate(order, orders.options()))
  end)

  local LIKE = "a date like '09 JUN 2027' (dd MMM YYYY) expected, got '%s'%s"
  -- text = what is wrong, where the form is right
  for text, why in pairs {
      [""] = "", ["9 JUN 2027"] = "", ["09 Jun 2027"] = "",
      ["09 JUNE 2027"] = "", ["09 JUN 27"] = "", ["09 JUN 2027 "] = "",
      [" 09 JUN 2027"] = "", ["2027-06-09"] = "", ["09 ABC 2027"] = "",
      ["09-JUN-2027"] = "",
      ["31 JUN 2027"] = ": a day from 1 to 30 expected, got 31",
      ["29 FEB 2027"] = ": a day from 1 to 28 expected, got 29",
      ["29 FEB 2100"] = ": a day from 1 to 28 expected, got 29",
      ["00 JUN 2027"] = ": a day from 1 to 30 expected, got 0",
      ["01 JAN 0000"] = ": a year from 1 to 9999 expected, got 0" } do
    it(("reads no '%s'"):format(text), function()
      local result, err = date(text)
      assert.is_nil(result)
      assert.are.equal("invalid", err.kind)
      assert.are.equal(LIKE:format(text, why), tostring(err))
    end)
  end

  it("shows no control characters", function()
    local _, err = date("\27[31m")
    assert.is_nil(tostring(err):find("%c"))
    _, err = date(("x"):rep(10000))
    assert.is_true(#tostring(err) < 200)
  end)

  local nan, inf = 0 / 0, 1 / 0
  -- { value, what the message has in it }
  for _, case in ipairs {
      { true, "a number, a table or a string expected, got boolean" },
      { print, "expected, got function" },
      { nan, "seconds since 1970 of a year from 1 to 9999 expected" },
      { inf, "seconds since 1970" }, { -inf, "seconds since 1970" },
      { 253402300800, "seconds since 1970" },
      { -62135596801, "seconds since 1970" },
      { {}, "a whole number as 'year' expected, got nil" },
      { { 2027, 6 }, "a whole number as 'day' expected, got nil" },
      { { 2027, 6.5, 9 }, "a whole number as 'month' expected, got 6.5" },
      { { 2027, "6", 9 }, "a whole number as 'month' expected, got string" },
      { { 2027, nan, 9 }, "a whole number as 'month' expected" },
      { { inf, 6, 9 }, "a year from 1 to 9999 expected, got inf" },
      { { 0, 6, 9 }, "a year from 1 to 9999 expected, got 0" },
      { { 10000, 6, 9 }, "a year from 1 to 9999 expected, got 10000" },
      { { 2027, 13, 9 }, "a month from 1 to 12 expected, got 13" },
      { { 2027, 0, 9 }, "a month from 1 to 12 expected, got 0" },
      { { 2027, 2, 29 }, "a day from 1 to 28 expected, got 29" },
      { { year = 2027, month = 4, day = 31 },
        "a day from 1 to 30 expected, got 31" } } do
    it("raises: " .. case[2], function()
      local ok, message = pcall(function() date(case[1]) end)
      assert.is_false(ok)
      assert.is_truthy(message:find("bad argument #1 to 'date' (", 1, true))
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.is_truthy(message:find("date_spec.lua", 1, true))
    end)
  end

  it("raises for nothing", function()
    assert.has_error(function() date() end)
  end)
end)

describe("the core's calendar", function()
  for text, day in pairs(days) do
    it("has " .. text, function()
      local number = core.day(day[1], day[2], day[3])
      assert.are.equal(day[4], number * 86400)
      assert.are.same({ day[1], day[2], day[3] }, { core.date(number) })
    end)
  end

  it("has the days of each month", function()
    for month, count in ipairs { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
                                 31 } do
      assert.are.equal(count, core.days_in(2027, month))
    end
    for year, count in pairs { [2028] = 29, [2000] = 29, [2100] = 28 } do
      assert.are.equal(count, core.days_in(year, 2))
    end
  end)

  for name, call in pairs {
      ["a month that there is not"] = function() core.days_in(2027, 13) end,
      ["a fraction"] = function() core.day(2027, 1, 1.5) end,
      ["a text"] = function() core.date "20604" end,
      ["no number"] = function() core.date(0 / 0) end,
      ["far days"] = function() core.date(2 ^ 53) end,
      ["far years"] = function() core.day(2 ^ 53, 1, 1) end } do
    it("raises for " .. name, function()
      assert.has_error(call)
    end)
  end
end)
