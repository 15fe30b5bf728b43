-- Rate budgets, under clocks of the spec's own: nothing sleeps here.

local budgets = require "certcentral.budget"
local rate = require "support.rate"

local USUAL, SHORT = rate.USUAL, rate.SHORT
local simulate, steadily, randomly = rate.simulate, rate.steadily,
                                     rate.randomly
local take_all, bad_windows = rate.take_all, rate.bad_windows

-- One budget for all clients, whose clock is fast or slow.
local function one_budget(windows, speed)
  local budget
  return function(_, events)
    budget = budget or budgets.new {
      windows = windows,
      clock = function() return 7 + events.now * (speed or 1) end }
    return budget
  end
end

-- ---- simulations ---------------------------------------------------------

local simulations = {
  { name = "at once", windows = USUAL, clients = 40,
    latency = steadily(0, 0), part = 0.98 },
  { name = "in 50 ms", windows = USUAL, clients = 100,
    latency = steadily(0.025, 0.025), part = 0.98 },
  { name = "in 50 ms, all of them on the way", windows = USUAL,
    clients = 120, latency = steadily(0.05, 0), part = 0.98 },
  { name = "in 50 ms, all of them on the way back", windows = USUAL,
    clients = 120, latency = steadily(0, 0.05), part = 0.98 },
  { name = "in up to 50 ms", windows = USUAL, clients = 150,
    line = true, latency = randomly(0.05), part = 0.98 },
  { name = "in up to 3 s", windows = USUAL, clients = 250,
    line = true, latency = randomly(3), part = 0.9 },
  { name = "in up to 3 s, by few clients", windows = USUAL, clients = 7,
    line = true, latency = randomly(3), part = 0 },
  { name = "under a short window, in 50 ms", windows = SHORT,
    clients = 100, latency = steadily(0.025, 0.025), part = 0.98 },
  { name = "under a short window, in up to 3 s", windows = SHORT,
    clients = 250, line = true, latency = randomly(3), part = 0.7 },
  { name = "in longer than the window", windows = SHORT, clients = 150,
    latency = steadily(7, 0), part = 0.4 },
  { name = "by a clock that is fast", windows = USUAL, clients = 100,
    latency = steadily(0, 0), speed = 1.0004, part = 0.98 },
  { name = "by a clock that is slow", windows = USUAL, clients = 100,
    latency = steadily(0, 0), speed = 0.9996, part = 0.98 },
}

describe("a rate budget", function()
  for _, case in ipairs(simulations) do
    it("never has a request refused that is answered " .. case.name,
       function()
      local result = simulate {
        requests = 5000, clients = case.clients, windows = case.windows,
        latency = case.latency, line = case.line,
        budget = one_budget(case.windows, case.speed) }
      assert.equal(0, result.refused)
      assert.equal(5000, result.arrived)
      assert.is_true(result.part >= case.part and result.part <= 1,
                     "part of the ideal: " .. result.part)
    end)
  end

  it("does not keep those busy who ask", function()
    local result = simulate {
      requests = 1000, clients = 1, windows = SHORT,
      latency = steadily(0, 0.001), budget = one_budget(SHORT) }
    assert.is_true(result.takes <= 2 * 1000 + 10)
  end)

  it("of each of two clients is not enough", function()
    local own = {}
    local result = simulate {
      requests = 5000, clients = 100, windows = USUAL,
      latency = steadily(0, 0), budget = function(i, events)
        own[i % 2] = own[i % 2] or one_budget(USUAL)(i, events)
        return own[i % 2]
      end }
    assert.is_true(result.refused > 0)
  end)

  it("has CertCentral's limits where it is told no others", function()
    local budget
    local result = simulate {
      requests = 5000, clients = 100, windows = USUAL,
      latency = steadily(0, 0.01), budget = function(_, events)
        budget = budget or budgets.new {
          clock = function() return events.now end }
        return budget
      end }
    assert.equal(0, result.refused)
    assert.is_true(result.part >= 0.98)
  end)
end)

-- ---- one budget, by hand -------------------------------------------------

local function at_hand(windows)
  local time = { now = 50 }
  local budget = budgets.new { windows = windows,
                               clock = function() return time.now end }
  return budget, time
end

describe("a rate budget", function()
  it("holds the slot of what is under way", function()
    local budget, time = at_hand(SHORT)
    assert.equal(100, take_all(budget))
    time.now = time.now + 1e5
    local seconds = budget:take()
    assert.is_true(seconds >= 5 and seconds < 5.1)
    budget:done()
    time.now = time.now + 4.9
    assert.is_true(budget:take() > 0.1)
    time.now = time.now + 0.2
    assert.equal(0, budget:take())
    assert.is_true(budget:take() > 0)
  end)

  it("says when the oldest slot is free", function()
    local budget, time = at_hand { { requests = 2, seconds = 10 } }
    for _ = 1, 2 do
      budget:take()
      budget:done()
      time.now = time.now + 4
    end
    local seconds = budget:take()
    assert.is_true(seconds > 2 and seconds < 2.1)
    time.now = time.now + seconds + 1e-9
    assert.equal(0, budget:take())
    seconds = budget:take()
    assert.is_true(seconds > 3.9 and seconds < 4.1)
  end)

  it("says how long the window waits that waits longest", function()
    for _, order in ipairs { { 1, 2 }, { 2, 1 } } do
      local windows = { { requests = 1, seconds = 1 },
                        { requests = 1, seconds = 100 } }
      local budget = at_hand { windows[order[1]], windows[order[2]] }
      budget:take()
      budget:done()
      assert.is_true(budget:take() >= 100)
    end
  end)

  it("never asks for a wait that no clock can see", function()
    local budget, time = at_hand { { requests = 1, seconds = 5 } }
    time.now = 2 ^ 40
    budget:take()
    budget:done()
    for _ = 1, 100 do
      local seconds = budget:take()
      if seconds == 0 then
        return
      end
      assert.is_true(seconds >= 0.001)
      time.now = time.now + seconds * 0.999
    end
    error("never free")
  end)

  it("ignores 'done' where nothing is under way", function()
    local budget, time = at_hand(SHORT)
    for _ = 1, 250 do
      budget:done()
    end
    assert.equal(100, take_all(budget))
    for _ = 1, 250 do
      budget:done()
    end
    time.now = time.now + 6
    assert.equal(100, take_all(budget))
  end)

  it("outlives a clock that is set back", function()
    local budget, time = at_hand(SHORT)
    for _ = 1, 3 do
      assert.equal(100, take_all(budget))
      time.now = time.now - 3600
      for _ = 1, 100 do
        budget:done()
      end
      time.now = time.now - 3600
      local seconds = budget:take()
      assert.is_true(seconds >= 5 and seconds < 5.1)
      time.now = time.now + 4.9
      assert.is_true(budget:take() > 0)
      time.now = time.now + 0.2
    end
  end)

  it("takes no more memory with time", function()
    if jit then -- what LuaJIT compiles takes memory, too, whenever it does
      jit.off()
      finally(jit.on)
    end
    local budget, time = at_hand { { requests = 10, seconds = 1 },
                                   { requests = 40, seconds = 2 } }
    local function use(times)
      for _ = 1, times do
        if budget:take() == 0 then
          budget:done()
        end
        time.now = time.now + 0.01
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage("count")
    end
    use(2000)
    local before = use(1)
    assert.is_true(use(20000) - before < 1) -- KiB
  end)

  it("keeps its limits where the list that it got is changed", function()
    local windows = { { requests = 3, seconds = 5 } }
    local budget = at_hand(windows)
    windows[1].requests, windows[2] = 50, { requests = 1, seconds = 1 }
    assert.equal(3, take_all(budget))
  end)

  it("has a clock of its own", function()
    local budget = budgets.new()
    assert.equal(100, take_all(budget))
    budget:done()
    local seconds = budget:take()
    assert.is_true(seconds > 0 and seconds < 5.1)
  end)

  for _, bad in ipairs { "soon", 0 / 0, 1 / 0, false } do
    it("raises where the clock gives " .. tostring(bad), function()
      local budget = budgets.new { clock = function() return bad end }
      assert.has_error(function() budget:take() end)
      local ok, message = pcall(budget.take, budget)
      assert.is_false(ok)
      assert.matches("clock of a budget must return seconds", message)
    end)
  end
end)

-- ---- what may be given ---------------------------------------------------

describe("the option 'rate'", function()
  for name, value in pairs(bad_windows) do
    it("may not be " .. name, function()
      assert.matches("^false or a list of {requests = , seconds = }",
                     budgets.rate_problem(value))
      local ok, message = pcall(budgets.from_rate, value)
      assert.is_false(ok)
      assert.matches("bad 'rate'", message)
    end)
  end

  for name, value in pairs { none = { nil, 100 }, ["true"] = { true, 100 },
      ["a list"] = { { { requests = 7, seconds = 0.5 } }, 7 },
      ["two windows"] = { { { requests = 9, seconds = 1 },
                            { requests = 8, seconds = 60 } }, 8 } } do
    it("may be " .. name, function()
      assert.is_nil(budgets.rate_problem(value[1]))
      local budget = budgets.from_rate(value[1], function() return 1 end)
      assert.equal(value[2], take_all(budget))
    end)
  end

  it("may be false, for no limits", function()
    assert.is_nil(budgets.rate_problem(false))
    local budget = budgets.from_rate(false)
    for _ = 1, 5000 do
      assert.equal(0, budget:take())
    end
    budget:done()
  end)
end)

describe("budget.new", function()
  local bad = {
    ["no table"] = { 5, "table expected" },
    ["an unknown option"] = { { window = SHORT }, "unknown option 'window'" },
    ["windows false"] = { { windows = false }, "bad option 'windows'" },
    ["a clock's reading"] = { { clock = 5 }, "bad option 'clock'" },
    ["a table as clock"] = { { clock = {} }, "bad option 'clock'" },
  }
  for name, value in pairs(bad_windows) do
    bad["windows: " .. name] = { { windows = value },
                                 "bad option 'windows'" }
  end
  for name, case in pairs(bad) do
    it("does not take " .. name, function()
      local ok, message = pcall(budgets.new, case[1])
      assert.is_false(ok)
      assert.matches(case[2], message)
      assert.not_matches("false or", message)
    end)
  end

  it("takes a clock that can be called", function()
    local clock = setmetatable({}, { __call = function() return 5 end })
    assert.equal(0, budgets.new({ clock = clock }):take())
  end)
end)

describe("budget.is_budget", function()
  local function f() end
  local cases = {
    { "its own", true, budgets.new() },
    { "a table", true, { take = f, done = f } },
    { "inherited functions", true,
      setmetatable({}, { __index = { take = f, done = f } }) },
    { "a table without 'done'", false, { take = f } },
    { "a table without 'take'", false, { done = f } },
    { "a field that is no function", false, { take = f, done = 5 } },
    { "an index that raises", false,
      setmetatable({ take = f }, { __index = rate.raising }) },
    { "an index that is no table", false,
      setmetatable({}, { __index = 5 }) },
    { "a userdata without them", false, io.stdout },
    { "a string", false, "take" }, { "nothing", false, nil },
    { "a function", false, f }, { "a number", false, 5 },
  }
  for _, case in ipairs(cases) do
    it("knows " .. case[1], function()
      assert.equal(case[2], budgets.is_budget(case[3]))
    end)
  end

  it("knows a userdata with them", function()
    local meta = debug.getmetatable(io.stdout)
    local index = meta.__index
    finally(function() meta.__index = index end)
    meta.__index = { take = f, done = f }
    assert.is_true(budgets.is_budget(io.stdout))
  end)
end)
