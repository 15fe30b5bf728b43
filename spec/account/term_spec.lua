-- How many days an order and its certificate have left.

local schedule = require "certcentral.order.schedule"
local term = require "certcentral.account.term"

local DAY = schedule.DAY
local MIDNIGHT = 1781049600 -- 2026-06-10, when it begins

describe("the days until the end of a day", function()
  local cases = { -- seconds after 2026-06-10 00:00:00, days left
    { -DAY, 1 }, { -1, 1 }, { 0, 0 }, { 1, 0 }, { DAY - 1, 0 }, { DAY, -1 },
    { 2 * DAY - 1, -1 }, { 2 * DAY, -2 }, { -100 * DAY, 100 },
  }
  for _, case in ipairs(cases) do
    it(("are %d at second %d of it"):format(case[2], case[1]), function()
      assert.are.equal(case[2],
                       term.days_until("2026-06-10", MIDNIGHT + case[1]))
    end)
  end

  local none = { "2026-02-30", "2026-06-1", "26-06-10", "x", "", 5, {} }
  for i, value in ipairs(none) do
    it("are unknown where it is no date: " .. i, function()
      assert.is_nil(term.days_until(value, MIDNIGHT))
    end)
  end

  it("can be told by a moment", function()
    assert.are.equal(MIDNIGHT + 3661, term.time_of("2026-06-10T01:01:01Z"))
    assert.are.equal(MIDNIGHT, term.time_of("2026-06-10"))
  end)
end)

describe("an order's days", function()
  local function left(order)
    return { term.days_left(order, MIDNIGHT) or "unknown",
             term.order_days_left(order, MIDNIGHT) or "unknown" }
  end

  it("are told by its dates, then by its certificate's", function()
    assert.are.same({ 1, 10 }, left {
      order_valid_till = "2026-06-20",
      certificate = { valid_till = "2026-06-11", days_remaining = 5 } })
    assert.are.same({ 1, 1 }, left {
      certificate = { valid_till = "2026-06-11", days_remaining = 5 } })
    assert.are.same({ 5, 5 }, left { certificate = { days_remaining = 5 } })
    assert.are.same({ "unknown", 10 }, left {
      order_valid_till = "2026-06-20" })
    assert.are.same({ "unknown", "unknown" }, left { certificate = "none" })
  end)
end)

describe("the next reissue", function()
  -- days of the present certificate, days that it has left, that the order
  -- has left; in how many days
  local cases = {
    { 90, 50, 325, 29 }, { 90, 0, 325, 0 }, { 90, -1, 325, 0 },
    { 199, 199, 365, 167 }, { 1095, 10, 400, 0 }, { 199, 33, 199, 1 },
  }
  for i, case in ipairs(cases) do
    it("is due by the length of the present certificate: " .. i, function()
      local function day(days)
        return os.date("!%Y-%m-%d", MIDNIGHT + days * DAY)
      end
      assert.are.equal(MIDNIGHT + case[4] * DAY, term.reissue_at({
        order_valid_till = day(case[3]),
        certificate = { valid_from = day(case[2] - case[1]),
                        valid_till = day(case[2]) } }, MIDNIGHT))
    end)
  end
end)
