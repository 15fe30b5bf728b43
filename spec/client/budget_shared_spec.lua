-- The rate budget of all workers of an nginx, in a twin of nginx whose clock
-- the spec moves.

local budgets = require "certcentral.budget"
local rate = require "support.rate"

local USUAL, SHORT = rate.USUAL, rate.SHORT
local simulate, steadily, randomly = rate.simulate, rate.steadily,
                                     rate.randomly
local take_all, bad_windows = rate.take_all, rate.bad_windows

-- A twin of an lua_shared_dict, with what a budget uses. `now` gives the
-- time that the worker knows; `between` is called before each operation.
local function new_dict(now, capacity)
  local dict = { entries = {}, operations = 0, between = function() end }
  local function entry_of(key)
    dict.between()
    dict.operations = dict.operations + 1
    assert.is_string(key)
    local entry = dict.entries[key]
    return entry and entry.expires >= now() and entry or nil
  end
  local function store(key, value, seconds)
    assert.is_number(value)
    assert.is_true(seconds > 0) -- 0 is for ever
    dict.entries[key] = { value = value, expires = now() + seconds }
    return true
  end
  function dict.get(_, key)
    local entry = entry_of(key)
    return entry and entry.value
  end
  function dict.set(_, key, value, seconds)
    entry_of(key)
    return store(key, value, seconds)
  end
  function dict.safe_add(_, key, value, seconds)
    if entry_of(key) then
      return false, "exists"
    elseif dict.full then
      return nil, "no memory"
    end
    return store(key, value, seconds)
  end
  function dict.delete(_, key)
    entry_of(key)
    dict.entries[key] = nil
  end
  function dict.capacity() return capacity end
  return dict
end

-- A twin of nginx: workers that know the time of their last look at it.
local function new_nginx(clock)
  local nginx = { known = {}, worker = 1, logged = {} }
  local ngx = { ERR = 4 }
  function ngx.update_time()
    nginx.known[nginx.worker] = math.floor(clock() * 1000) / 1000
  end
  function ngx.now()
    if not nginx.known[nginx.worker] then
      ngx.update_time()
    end
    return nginx.known[nginx.worker]
  end
  function ngx.log(level, ...)
    assert.equal(ngx.ERR, level)
    nginx.logged[#nginx.logged + 1] = table.concat({ ... })
  end
  ngx.shared = { rate = new_dict(ngx.now, 2 ^ 20),
                 small = new_dict(ngx.now, 2 ^ 15) }
  nginx.ngx, nginx.dict = ngx, ngx.shared.rate
  function nginx.shared(...)
    local before = _G.ngx
    _G.ngx = ngx
    local ok, result = pcall(budgets.shared, ...)
    _G.ngx = before
    return ok and result or error(result, 0)
  end
  return nginx
end

-- The budget of one worker, which may have looked at the time long ago.
local function of_worker(nginx, worker, inner)
  local budget = {}
  for _, name in ipairs { "take", "done" } do
    budget[name] = function(_, ...)
      nginx.worker = worker
      return inner[name](inner, ...)
    end
  end
  return budget
end

-- Four workers, each with a budget of its own over one dict. `forgetful`:
-- they do not say which request is done.
local function workers(options, forgetful)
  local nginx, own = nil, {}
  return function(i, events)
    nginx = nginx or new_nginx(function() return events.now end)
    local worker = i % 4
    own[worker] = own[worker] or
      of_worker(nginx, worker, nginx.shared("rate", options))
    if forgetful then
      local take, done = own[worker].take, own[worker].done
      own[worker].take = function(self) return (take(self)) end
      own[worker].done = function(self) return done(self) end
    end
    return own[worker]
  end
end

local shared_simulations = {
  { name = "at once", windows = USUAL, clients = 40,
    latency = steadily(0, 0), part = 0.98 },
  { name = "in 50 ms", windows = USUAL, clients = 100,
    latency = steadily(0.025, 0.025), part = 0.98 },
  { name = "in up to 50 ms", windows = USUAL, clients = 100, line = true,
    latency = randomly(0.05), part = 0.98 },
  { name = "in up to 3 s", windows = USUAL, clients = 150, line = true,
    latency = randomly(3), part = 0.9 },
  { name = "in up to 3 s, one not told from the other", windows = USUAL,
    clients = 150, line = true, latency = randomly(3), part = 0.9,
    forgetful = true },
  { name = "under a short window, in up to 50 ms", windows = SHORT,
    clients = 100, line = true, latency = randomly(0.05), part = 0.95 },
}

describe("the shared budget", function()
  for _, case in ipairs(shared_simulations) do
    it("never has a request refused that is answered " .. case.name,
       function()
      local result = simulate {
        requests = 2000, clients = case.clients, windows = case.windows,
        latency = case.latency, line = case.line,
        budget = workers({ windows = case.windows }, case.forgetful) }
      assert.equal(0, result.refused)
      assert.equal(2000, result.arrived)
      assert.is_true(result.part >= case.part and result.part <= 1,
                     "part of the ideal: " .. result.part)
    end)
  end
end)

describe("the shared budget", function()
  local nginx, time

  before_each(function()
    time = { now = 1e9 }
    nginx = new_nginx(function() return time.now end)
  end)

  local function pass(seconds)
    time.now = time.now + seconds
  end

  it("is a budget, with CertCentral's limits", function()
    local budget = nginx.shared("rate")
    assert.is_true(budgets.is_budget(budget))
    local count = 0
    for _ = 1, 20 do
      local taken = take_all(budget)
      count = count + taken
      for _ = 1, taken do
        budget:done()
      end
      pass(5.05)
    end
    assert.equal(1000, count)
  end)

  it("never has more holders than slots, whoever is faster", function()
    local random = rate.new_random(7)
    nginx.dict.between = function()
      if coroutine.running() then
        coroutine.yield()
      end
    end
    local running, granted = {}, 0
    for i = 1, 8 do
      local budget = of_worker(nginx, i, nginx.shared("rate"))
      running[i] = coroutine.create(function()
        for _ = 1, 30 do
          local seconds = budget:take() -- others run meanwhile
          granted = granted + (seconds == 0 and 1 or 0)
        end
      end)
    end
    while #running > 0 do
      local i = 1 + math.floor(random() * #running)
      assert(coroutine.resume(running[i]))
      if coroutine.status(running[i]) == "dead" then
        table.remove(running, i)
      end
    end
    assert.equal(100, granted)
  end)

  it("gives back the slots of a request that may not be sent", function()
    local windows = { { requests = 5, seconds = 5 },
                      { requests = 2, seconds = 1 } }
    local budget = nginx.shared("rate", { windows = windows })
    for _ = 1, 2 do
      assert.equal(2, take_all(budget))
      budget:done()
      budget:done()
      pass(1.05)
    end
    assert.equal(1, take_all(budget))
  end)

  it("does not hold the slots of dead workers for ever", function()
    assert.equal(100, take_all(nginx.shared("rate")))
    local budget = nginx.shared("rate")
    local waited = 0
    repeat
      local seconds = budget:take()
      assert.is_true(seconds <= 5.1)
      pass(seconds)
      waited = waited + seconds
      assert.is_true(waited < 127)
    until seconds == 0
    assert.is_true(waited >= 125)
    assert.equal(99, take_all(budget))
  end)

  it("holds them as long as a request may take", function()
    local options = { windows = SHORT, longest_request = 10 }
    assert.equal(100, take_all(nginx.shared("rate", options)))
    local budget = nginx.shared("rate", options)
    pass(14.9)
    assert.is_true(budget:take() > 0)
    pass(0.3)
    assert.equal(100, take_all(budget))
  end)

  it("leaves slots alone that another got after a lost request", function()
    local options = { windows = { { requests = 1, seconds = 5 } },
                      longest_request = 10 }
    local slow, other = nginx.shared("rate", options),
                        nginx.shared("rate", options)
    local _, lost = slow:take()
    pass(15.1)
    assert.equal(0, (other:take()))
    slow:done(lost)
    pass(5.1)
    assert.is_true(other:take() > 0)
  end)

  it("tells its requests from each other", function()
    local options = { windows = { { requests = 2, seconds = 5 } },
                      longest_request = 10 }
    local budget = nginx.shared("rate", options)
    local _, _ = budget:take() -- never done
    pass(9)
    local _, grant = budget:take()
    budget:done(grant)
    budget:done(grant)
    budget:done({})
    assert.equal(0, take_all(budget))
    pass(5.1) -- that of `grant` is free
    assert.equal(1, take_all(budget))
    pass(1.1) -- that of the lost one, too
    assert.equal(1, take_all(budget))
  end)

  it("forgets requests that were lost", function()
    local options = { windows = { { requests = 2, seconds = 5 } },
                      longest_request = 10 }
    local budget = nginx.shared("rate", options)
    for _ = 1, 50 do
      assert.equal(2, take_all(budget))
      pass(15.1)
    end
    assert.is_true(#budget.under_way <= 2)
  end)

  it("ignores 'done' where nothing is under way", function()
    local budget = nginx.shared("rate", { windows = SHORT })
    budget:done()
    budget:done({})
    assert.equal(100, take_all(budget))
    for _ = 1, 250 do
      budget:done()
    end
    pass(5.1)
    assert.equal(100, take_all(budget))
  end)

  it("looks at the time when a request ends", function()
    local budget = nginx.shared("rate", { windows = SHORT })
    assert.equal(100, take_all(budget))
    pass(4) -- which the worker does not know
    for _ = 1, 100 do
      budget:done()
    end
    pass(4)
    assert.is_true(budget:take() > 0)
    pass(1.1)
    assert.equal(100, take_all(budget))
  end)

  for _, back in ipairs { 3600, 2, 0.5 } do
    it("outlives a clock that is set back by " .. back .. " s", function()
      local budget = nginx.shared("rate", { windows = SHORT })
      assert.equal(100, take_all(budget))
      for i = 1, 100 do
        if i % 2 == 0 then
          budget:done()
        end
      end
      pass(-back)
      local waited = 0
      repeat
        local seconds = budget:take()
        pass(seconds)
        waited = waited + seconds
      until seconds == 0
      assert.is_true(waited >= 5 and waited < 6)
      assert.equal(49, take_all(budget))
      for _ = 1, 100 do -- also those that left before
        budget:done()
      end
      pass(5.1)
      assert.equal(100, take_all(budget))
    end)
  end

  it("frees the slots of dead workers when the clock was set back",
     function()
    assert.equal(100, take_all(nginx.shared("rate", { windows = SHORT })))
    pass(-3600)
    local budget = nginx.shared("rate", { windows = SHORT })
    assert.is_true(budget:take() > 0)
    pass(126)
    assert.equal(100, take_all(budget))
  end)

  it("keeps waiters off the dict while nothing can be free", function()
    local budget = nginx.shared("rate")
    take_all(budget)
    local before = nginx.dict.operations
    for _ = 1, 1000 do
      assert.is_true(budget:take() > 0)
    end
    assert.equal(before, nginx.dict.operations)
  end)

  it("has limits of its own for each prefix", function()
    for _, prefix in ipairs { "one:", "two:" } do
      local budget = nginx.shared("rate", { windows = SHORT,
                                            prefix = prefix })
      assert.equal(100, take_all(budget))
    end
    for key in pairs(nginx.dict.entries) do
      assert.matches("^%a%a%a:certcentral:1:%d+$", key)
    end
  end)

  it("says that others have filled the dict", function()
    local budget = nginx.shared("rate", { windows = SHORT })
    nginx.dict.full = true
    local seconds = budget:take()
    assert.is_true(seconds > 0 and seconds <= 1)
    assert.same({ "certcentral: rate budget: no memory in "
                  .. "lua_shared_dict rate" }, nginx.logged)
    nginx.dict.full = false
    pass(seconds)
    assert.equal(100, take_all(budget))
  end)

  local bad = {
    ["no name"] = { { nil }, "name of a shared dict expected, got nil" },
    ["a dict for a name"] = { { {} }, "dict expected, got table" },
    ["an unknown dict"] = { { "budget" },
      "no shared dict 'budget': write 'lua_shared_dict budget 1m;' in the "
      .. "http block of nginx.conf" },
    ["a small dict"] = { { "small" },
      "'small' is too small: write 'lua_shared_dict small 1m;'" },
    ["windows for a big dict"] = {
      { "rate", { windows = { { requests = 10000, seconds = 1 } } } },
      "write 'lua_shared_dict rate 3m;'" },
    ["an unknown option"] = { { "rate", { window = 1 } },
                              "unknown option 'window'" },
    ["options in words"] = { { "rate", "windows" }, "table expected" },
    ["a prefix that is no string"] = { { "rate", { prefix = 1 } },
                                       "bad option 'prefix'" },
    ["a clock"] = { { "rate", { clock = os.time } },
                    "unknown option 'clock'" },
  }
  for name, value in pairs(bad_windows) do
    bad["windows: " .. name] = { { "rate", { windows = value } },
                                 "bad option 'windows'" }
  end
  for _, value in ipairs { 0, -1, 1 / 0, 0 / 0, "5", false } do
    bad["a longest request of " .. tostring(value)] = {
      { "rate", { longest_request = value } },
      "bad option 'longest_request'" }
  end
  for name, case in pairs(bad) do
    it("is not made from " .. name, function()
      local ok, message = pcall(nginx.shared, case[1][1], case[1][2])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2], 1, true), message)
    end)
  end

  it("is not made without nginx", function()
    local ok, message = pcall(budgets.shared, "rate")
    assert.is_false(ok)
    assert.matches("is for nginx with its Lua module", message)
  end)
end)
