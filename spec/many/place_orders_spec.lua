-- place_orders: many orders in one call.

local certcentral = require "certcentral"
local clocks = require "certcentral.sandbox.clock"
local core = require "certcentral.core"
local sandbox = require "certcentral.sandbox"
local support = require "support.sandbox"

-- A client of a sandbox in process, where waiting takes no time.
local function start(more, box_options)
  local clock = clocks.new()
  local options = { clock = clock }
  for name, value in pairs(box_options or {}) do
    options[name] = value
  end
  local box = sandbox.new(options)
  local client_options = {
    api_key = box.api_key, base_url = box.base_url,
    transport = { perform = box.transport, clock = clock, time = clock,
                  sleep = clock.sleep },
  }
  for name, value in pairs(more or {}) do
    client_options[name] = value
  end
  return assert(certcentral.new(client_options)), box, clock
end

local function order(name)
  return support.order { alternative_order_id = name }
end

local function list(count)
  local all = {}
  for i = 1, count do
    all[i] = order("order-" .. i)
  end
  return all
end

-- A function that gives one of a list after the other; how many it gave.
local function iterator(all)
  local given = { count = 0 }
  return function()
    if all[given.count + 1] then
      given.count = given.count + 1
      return all[given.count]
    end
  end, given
end

local function kinds(outcomes)
  local all = {}
  for i, outcome in ipairs(outcomes) do
    all[i] = outcome.ok and "placed" or outcome.err.kind
  end
  return all
end

local function raises(message, f, ...)
  local ok, got = pcall(f, ...)
  assert.is_false(ok)
  assert.is_truthy(tostring(got):find(message, 1, true), tostring(got))
end

describe("place_orders", function()
  for _, validate_first in ipairs { true, false } do
    for _, what in ipairs { "a list", "an iterator" } do
      it(("places %s%s, in its order"):format(what,
        validate_first and "" or ", validated in turn"), function()
        local client, box = start()
        local orders = list(25)
        local outcomes = client:place_orders(
          what == "a list" and orders or iterator(orders),
          { validate_first = validate_first })
        assert.are.equal(25, #outcomes)
        for i, outcome in ipairs(outcomes) do
          assert.is_true(outcome.ok)
          assert.are.equal("order-" .. i,
                           outcome.info.alternative_order_id)
          assert.is_truthy(outcome.result.id)
        end
        assert.are.equal(25, #box:orders())
      end)
    end
  end

  it("is content with none", function()
    local client = start()
    assert.are.same({}, client:place_orders({}))
    assert.are.same({}, client:place_orders(function() end))
  end)

  it("checks all orders before it sends the first", function()
    local client, box = start()
    local orders = list(3)
    local sent
    local give, given = iterator(orders)
    local outcomes = client:place_orders(function()
      sent = #box:requests()
      return give()
    end, { validate_first = true })
    assert.are.equal(0, sent)
    assert.are.equal(3, given.count)
    assert.are.same({ "placed", "placed", "placed" }, kinds(outcomes))
  end)

  it("asks for an order when its turn comes", function()
    local client, box = start()
    local most, give, given = 0, iterator(list(20))
    local placed, failed = client:place_orders(function()
      most = math.max(most, given.count - #box:orders())
      return give()
    end, { concurrency = 3, on_outcome = function() end })
    assert.is_true(most <= 3)
    assert.are.same({ 20, 0 }, { placed, failed })
  end)

  it("checks a list before it sends the first", function()
    local client, box = start()
    local orders = list(3)
    orders[3] = {}
    local outcomes = client:place_orders(orders, { stop_on_error = true })
    assert.are.same({ "unavailable", "unavailable", "invalid" },
                    kinds(outcomes))
    assert.are.equal(0, #box:requests())
  end)

  it("holds no order of a function that is done", function()
    local held = setmetatable({}, { __mode = "k" })
    local client, most, count = start(), 0, 0
    local give = iterator(list(200))
    client:place_orders(function()
      count = count + 1
      if count % 50 == 0 then
        collectgarbage()
        collectgarbage()
        local now = 0
        for _ in pairs(held) do
          now = now + 1
        end
        most = math.max(most, now)
      end
      local given, own = give(), nil -- list() has that one
      if given then
        own = {}
        for name, value in pairs(given) do
          own[name] = value
        end
        held[own] = true
      end
      return own
    end, { concurrency = 4, on_outcome = function() end })
    assert.is_true(most <= 8, most)
  end)

  it("goes on after a bad order", function()
    local client, box = start()
    local orders = list(6)
    orders[2], orders[5] = {}, "no table"
    box:fault { kind = "status", status = 400, method = "POST" }
    for _, validate_first in ipairs { true, false } do
      local outcomes = client:place_orders(orders,
        { validate_first = validate_first, concurrency = 1 })
      local first = validate_first and "refused" or "placed"
      assert.are.same({ first, "invalid", "placed", "placed", "invalid",
                        "placed" }, kinds(outcomes))
      assert.is_truthy(outcomes[5].err.message:find(
        "an order must be a table, got string", 1, true))
    end
  end)

  it("refuses the second order of a name", function()
    local client, box = start()
    local outcomes = client:place_orders({ order("a"), order("b"),
      order("a") }, { concurrency = 1 })
    assert.are.same({ "placed", "placed", "invalid" }, kinds(outcomes))
    assert.are.equal("conflict", outcomes[3].err.problems[1].code)
    assert.are.equal(2, #box:orders())
  end)

  describe("with stop_on_error", function()
    it("sends nothing where an order has problems", function()
      local client, box = start()
      local orders = list(4)
      orders[3] = {}
      local outcomes = client:place_orders(orders, { stop_on_error = true })
      assert.are.same({ "unavailable", "unavailable", "invalid",
                        "unavailable" }, kinds(outcomes))
      assert.are.equal("not_placed", outcomes[1].err.outcome)
      assert.are.equal(0, #box:requests())
    end)

    it("begins no more after an error, and abandons none", function()
      local server = support.start()
      local client = assert(certcentral.new { api_key = server.api_key,
        base_url = server.base_url, ca_file = server.ca_file })
      -- the first to come is refused while the others are held: until the
      -- request that says so
      support.fault(server, { kind = "status", status = 400 })
      support.fault(server, { kind = "hold", requests = 4, times = 2,
                              method = "POST" })
      local count, outcomes = { placed = 0, refused = 0, unavailable = 0 }, {}
      client:place_orders(list(20), { stop_on_error = true, concurrency = 3,
        on_outcome = function(outcome, index)
          outcomes[index] = outcome
          if not outcome.ok and outcome.err.kind == "refused" then
            support.request(server, "GET", "/user/me")
          end
        end })
      for _, kind in ipairs(kinds(outcomes)) do
        count[kind] = count[kind] + 1
      end
      local stored = #support.orders(server)
      client:close()
      server.stop()
      assert.are.same({ placed = 2, refused = 1, unavailable = 17 }, count)
      assert.are.equal(2, stored)
    end)
  end)

  describe("with on_outcome", function()
    it("tells each, and returns how many there are", function()
      local client = start()
      local orders, told = list(10), {}
      orders[4] = {}
      local placed, failed = client:place_orders(orders, {
        on_outcome = function(outcome, index, one)
          assert.are.equal(orders[index], one)
          told[index] = outcome.ok
        end })
      assert.are.same({ 9, 1 }, { placed, failed })
      for i = 1, 10 do
        assert.are.equal(i ~= 4, told[i])
      end
    end)

    it("raises what it raises when none is under way", function()
      local client, box = start()
      box:fault { kind = "status", status = 429, times = 2, method = "POST" }
      raises("boom", client.place_orders, client, list(30), {
        concurrency = 5, on_outcome = function() error("boom", 0) end })
      local stored = {}
      for _, one in ipairs(box:orders()) do
        stored[one.alternative_order_id] = true
      end
      -- the two that had to wait are not abandoned
      assert.is_true(stored["order-1"] and stored["order-2"])
      assert.is_nil(stored["order-11"])
    end)
  end)

  it("raises what its iterator raises when none is under way", function()
    local client, box = start()
    local give, given = iterator(list(9))
    raises("no more", client.place_orders, client, function()
      return given.count < 5 and give() or error("no more", 0)
    end, { validate_first = false, concurrency = 4 })
    assert.are.equal(5, #box:orders())
    raises("no more", client.place_orders, client, function()
      error("no more", 0)
    end)
  end)

  it("retries and waits as place_order does", function()
    local client, box, clock = start(nil, { rate_limits = true })
    local began = clock()
    box:fault { kind = "status", status = 429, times = 2, method = "POST" }
    box:fault { kind = "lose" }
    local outcomes = client:place_orders(list(150), { concurrency = 20 })
    local recovered = 0
    for _, outcome in ipairs(outcomes) do
      assert.is_true(outcome.ok)
      recovered = recovered + (outcome.info.recovered and 1 or 0)
    end
    assert.are.equal(1, recovered)
    assert.is_true(clock() - began >= 5)
    assert.are.equal(150, #box:orders())
  end)

  describe("with progress", function()
    local function lines_of(options, orders, more)
      local client, _, clock = start(more)
      local lines, ended = {}, false
      options.progress = function(line, last)
        lines[#lines + 1] = line
        ended = last or ended
      end
      local perform = client.custom
      client.custom = function(request)
        clock:advance(1)
        return perform(request)
      end
      client:place_orders(orders, options)
      assert.is_true(ended)
      return lines
    end

    it("tells what is done, and how long it takes", function()
      local lines = lines_of({ concurrency = 1 }, list(4))
      assert.are.same({ "0 of 4 orders done",
        "1 of 4 orders done, about 3 s left",
        "2 of 4 orders done, about 2 s left",
        "3 of 4 orders done, about 1 s left", "4 of 4 orders done" }, lines)
    end)

    it("tells what has failed", function()
      local orders = list(3)
      orders[1] = {}
      local lines = lines_of({ concurrency = 1 }, orders)
      assert.are.equal("3 of 3 orders done, 1 failed", lines[#lines])
    end)

    it("tells what waits for the rate budget", function()
      local lines = lines_of({ concurrency = 4 }, list(6),
        { rate = { { requests = 2, seconds = 100 } } })
      local found
      for _, line in ipairs(lines) do
        found = found or line:find("^2 of 6 orders done, 4 wait for the "
                                   .. "rate budget, about %d+ %a+ left$")
      end
      assert.is_truthy(found)
      assert.are.equal("6 of 6 orders done", lines[#lines])
    end)

    it("does not know how many an iterator has", function()
      local lines = lines_of({ validate_first = false, concurrency = 1 },
                             (iterator(list(2))))
      assert.are.same({ "0 orders done", "1 orders done",
                        "2 orders done" }, lines)
    end)

    it("goes on where the line cannot be written", function()
      local client = start()
      local outcomes = client:place_orders(list(3), {
        progress = function() error("broken") end })
      assert.are.same({ "placed", "placed", "placed" }, kinds(outcomes))
    end)

    -- What `body` writes to standard error, which is a terminal or not.
    local function standard_error(terminal, body)
      local real_stderr, real_is_terminal = io.stderr, core.is_terminal
      local written = {}
      io.stderr = { write = function(_, ...) -- luacheck: ignore
        written[#written + 1] = table.concat({ ... })
      end }
      core.is_terminal = function() return terminal end
      local ok, message = pcall(body)
      io.stderr, core.is_terminal = -- luacheck: ignore
        real_stderr, real_is_terminal
      assert(ok, message)
      return table.concat(written)
    end

    it("= true writes to a terminal alone", function()
      local client = start()
      local function place()
        client:place_orders(list(2), { progress = true })
      end
      assert.are.equal("", standard_error(false, place))
      local text = standard_error(true, place)
      assert.is_truthy(text:find("^\r0 of 2 orders done\27%[K"), text)
      assert.is_truthy(text:find("\r2 of 2 orders done\27%[K\n$"), text)
    end)

    it("knows a terminal", function()
      assert.is_false(core.is_terminal(-1))
    end)
  end)

  describe("raises on misuse:", function()
    local client = start()
    local cases = {
      { "(list or function expected, got no value)" },
      { "(list or function expected, got string)", "order" },
      { "(list without holes expected, got one with 'x')",
        { order("a"), x = 1 } },
      { "(list without holes expected", { [1] = order("a"),
                                          [3] = order("b") } },
      { "unknown option 'concurency' to 'place_orders'", {},
        { concurency = 1 } },
      { "bad option 'concurrency' to 'place_orders'", {},
        { concurrency = 0 } },
      { "bad option 'validate_first' to 'place_orders' (boolean", {},
        { validate_first = 1 } },
      { "bad option 'stop_on_error' to 'place_orders' (boolean", {},
        { stop_on_error = "yes" } },
      { "bad option 'on_outcome' to 'place_orders' (function", {},
        { on_outcome = 1 } },
      { "bad option 'progress' to 'place_orders' (boolean or function", {},
        { progress = 1 } },
      { "bad option 'product' to 'place_orders'", {}, { product = 1 } },
    }
    for i, case in ipairs(cases) do
      it(("%s (%d)"):format(case[1], i), function()
        raises(case[1], client.place_orders, client, case[2], case[3])
      end)
    end

    it("a closed client", function()
      local gone = start()
      gone:close()
      raises("this client is closed", gone.place_orders, gone, {})
    end)
  end)
end)
