-- When the certificates of a plan are issued.

local certcentral = require "certcentral"
local generator = require "support.random"
local schedule = require "certcentral.order.schedule"

local DAY = 86400
local NOW = 1780315200 -- 2026-06-01, noon
local IN_2027, IN_2029 = 1811548800, 1874620800 -- 2027-05-29, 2029-05-28
local RUNS = 200
local SEED = 20261201

local function days_of(given)
  local list = {}
  for i, one in ipairs(certcentral.schedule(given)) do
    list[i] = ("%d+%d"):format((one.at - given.now) / DAY, one.days)
  end
  return table.concat(list, " ")
end

describe("a schedule", function()
  -- certificate_days, plan_days, least, now; on which day how many days
  local cases = {
    { 199, 365, nil, NOW, "0+199 166+199" },
    { 397, 365, nil, NOW, "0+199 166+199" }, -- no longer than allowed
    { 199, 199, nil, NOW, "0+199" },
    { 199, 200, nil, NOW, "0+199 1+199" },
    { 199, 388, nil, NOW, "0+199 189+199" },
    { 199, 389, nil, NOW, "0+199 95+199 190+199" },
    { 90, 365, 30, NOW, "0+90 55+90 110+90 165+90 220+90 275+90" },
    { 99, 365, nil, IN_2027, "0+99 89+99 178+99 267+98" },
    { 46, 365, nil, IN_2029, "0+46 36+46 72+46 108+46 144+46 180+46 216+46 "
      .. "252+46 288+46 324+41" },
    -- three years: before a date that shortens them the last long one
    { 199, 1095, nil, NOW, "0+199 188+199 286+199 474+99 562+99 650+99 738+99 "
      .. "826+99 914+99 1002+93" },
    -- no days in hand where a certificate lasts a day
    { 1, 3, nil, NOW, "0+1 1+1 2+1" },
    { 199, 1, nil, NOW, "0+1" },
  }
  for i, case in ipairs(cases) do
    it(("covers a plan: %d"):format(i), function()
      assert.are.equal(case[5], days_of { certificate_days = case[1],
        plan_days = case[2], least = case[3], now = case[4] })
    end)
  end

  it("begins now", function()
    local before = os.time()
    local list = certcentral.schedule { certificate_days = 90,
                                        plan_days = 90 }
    assert.are.equal(1, #list)
    assert.is_true(list[1].at >= before and list[1].at <= os.time())
  end)

  -- The fewest certificates by trying all days, or more than `most`.
  local function fewest(given, margin, most)
    local function longest(day)
      return math.min(given.certificate_days,
                      schedule.longest(given.now + day * DAY))
    end
    local on, seen, count = { 0 }, { [0] = true }, 1
    while count <= most do
      local after = {}
      for _, day in ipairs(on) do
        if day + longest(day) >= given.plan_days then
          return count
        end
        for later = day + 1, math.max(day + longest(day) - margin, day + 1) do
          if later < given.plan_days and not seen[later] then
            seen[later], after[#after + 1] = true, later
          end
        end
      end
      on, count = after, count + 1
    end
    return count
  end

  it("is the best there is, by trying all: seed " .. SEED, function()
    local chance = generator.new(SEED)
    local function random(least, most)
      return least - 1 + chance(most - least + 1)
    end
    for _ = 1, RUNS do
      local given = { certificate_days = random(10, 397),
        plan_days = random(1, 1100), least = random(1, 30),
        now = NOW + random(-200, 1500) * DAY }
      local what = ("%d %d %d %d"):format(given.certificate_days,
        given.plan_days, given.least, given.now)
      local list, in_hand = certcentral.schedule(given), math.huge
      for i = 2, #list do
        local before, passed = list[i - 1],
                               (list[i].at - list[i - 1].at) / DAY
        assert.is_true(passed >= 1, what)
        in_hand = math.min(in_hand, math.min(given.certificate_days,
          schedule.longest(before.at)) - passed)
      end
      local last = list[#list]
      assert.are.equal(given.plan_days,
                       (last.at - given.now) / DAY + last.days, what)
      assert.are.equal(fewest(given, given.least, #list), #list, what)
      if #list > 1 and given.least < given.certificate_days then
        assert.is_true(in_hand >= math.min(given.least,
                                           schedule.longest(last.at) - 1), what)
        -- with another day in hand one more would be needed
        assert.is_true(in_hand + 1 >= given.certificate_days or
                       fewest(given, in_hand + 1, #list) > #list, what)
      end
    end
  end)

  local bad = {
    { {}, "missing option 'certificate_days'" },
    { { certificate_days = 90 }, "missing option 'plan_days'" },
    { { certificate_days = 0, plan_days = 1 }, "integer from 1 to 1095" },
    { { certificate_days = 1.5, plan_days = 1 }, "integer from 1 to 1095" },
    { { certificate_days = 1, plan_days = 1101 }, "integer from 1 to 1100" },
    { { certificate_days = 1, plan_days = 9, least = -1 }, "from 0 to 1095" },
    { { certificate_days = 1, plan_days = 9, now = 0 / 0 },
      "seconds since 1970" },
    { { certificate_days = 1, plan_days = 9, now = "x" },
      "seconds since 1970" },
    { { certificate_days = 1, plan_day = 9 }, "did you mean 'plan_days'" },
    { 5, "table expected" },
  }
  for i, case in ipairs(bad) do
    it("raises for what is wrong: " .. i, function()
      local ok, message = pcall(certcentral.schedule, case[1])
      assert.is_false(ok)
      assert.is_truthy(message:find("schedule_spec.lua:", 1, true), message)
      assert.is_truthy(message:find(case[2], 1, true), message)
    end)
  end
end)
