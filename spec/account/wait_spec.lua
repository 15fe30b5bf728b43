-- Waiting for an order, under a clock that waiting moves on.

local api = require "support.api"
local core = require "certcentral.core"
local clocks = require "certcentral.sandbox.clock"

local LINE = "GET /order/certificate/7"

local function status(name, more)
  return { 200, ('{"id":7,"status":"%s"%s}'):format(name, more or "") }
end

-- A client whose looks get these answers, and what was seen of it: the times
-- of the looks and the statuses that were told.
local function watched(answers, more)
  local seen = { times = {}, told = {}, events = {} }
  local options = { on_event = function(event)
    if event.event == "status" then
      seen.events[#seen.events + 1] = { event.status, event.known }
    end
  end }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  local client
  client = api.client({ [LINE] = function(_, n)
    seen.times[n] = client.world.clock() - seen.start
    local answer = answers[math.min(n, #answers)]
    if answer == "lost" then
      return nil, { sent = "maybe", message = "lost" }
    end
    return answer
  end }, options)
  seen.start = client.world.clock()
  return client, seen, function(state)
    seen.told[#seen.told + 1] = state
  end
end

describe("wait", function()
  it("returns the order once it is issued", function()
    local client, seen, on_status = watched { status "needs_approval",
      status "pending", status "pending", status "processing",
      status("issued", ',"certificate":{"id":"12"}') }
    local order, err = client:wait(7, { on_status = on_status })
    assert.is_nil(err)
    assert.are.same({ id = 7, status = "issued", certificate = { id = 12 } },
                    order)
    assert.are.same({ "needs_approval", "pending", "processing", "issued" },
                    seen.told)
    assert.are.same({ 0, 5, 12.5, 23.75, 40.625 }, seen.times)
  end)

  it("looks at growing intervals, up to five minutes", function()
    local client, seen = watched { status "pending" }
    client:wait(7, { timeout = 7200 })
    local times = seen.times
    for i = 3, #times - 1 do
      local gap, before = times[i] - times[i - 1], times[i - 1] - times[i - 2]
      assert.is_true(gap > before or gap == 300)
      assert.is_true(gap <= 300)
    end
    assert.is_true(#times < 40)
    assert.are.equal(7200, times[#times])
  end)

  it("gives up when the time is over", function()
    local client, seen = watched { status "pending" }
    local order, err = client:wait(7, { timeout = 12 })
    assert.is_nil(order)
    assert.are.equal("unavailable", err.kind)
    assert.is_true(err.retryable)
    assert.are.equal("pending", err.order_status)
    assert.is_nil(err.outcome)
    assert.are.equal("order 7 is pending still, after 12 seconds",
                     err.message)
    assert.are.same({ 0, 5, 12 }, seen.times)
  end)

  -- The status and more of the order; what the message says after "order 7
  -- is". Waiting longer is no help where a person has to do something.
  local PENDING = ',"requests":[{"id":11,"status":"approved"},{"id":"12",'
                  .. '"status":"pending"},5,{"id":"x","status":"pending"}]'
  local needed = {
    { "needs_approval", nil, "needs_approval still, after 12 seconds: a "
      .. "person has to approve it" },
    { "NEEDS_APPROVAL", PENDING, "needs_approval still, after 12 seconds: a "
      .. "person has to approve it, by client:approve(12) or in CertCentral" },
    { "needs_approval", ',"requests":[' .. ('{"id":9,"status":"pending"},')
      :rep(500) .. '5]', "needs_approval still, after 12 seconds: a person "
      .. "has to approve it, by client:approve(9), client:approve(9), "
      .. "client:approve(9) or in CertCentral" },
    { "needs_approval", ',"requests":5', "needs_approval still, after 12 "
      .. "seconds: a person has to approve it" },
    { "needs_csr", PENDING, "needs_csr still, after 12 seconds: it has to "
      .. "be given a CSR" },
  }
  for i, case in ipairs(needed) do
    it(("says what a person has to do, in %s (%d)"):format(case[1], i),
       function()
      local client, seen, on_status = watched { status(case[1], case[2]) }
      local order, err = client:wait(7, { timeout = 12,
        on_status = function(state)
          on_status(state)
          seen.at = client.world.clock() - seen.start
        end })
      assert.is_nil(order)
      assert.are.equal("refused", err.kind)
      assert.is_false(err.retryable)
      assert.is_nil(err.outcome)
      assert.are.equal(case[1]:lower(), err.order_status)
      assert.are.equal(7, err.order_id)
      assert.are.equal("order 7 is " .. case[3], err.message)
      assert.are.same({ case[1]:lower() }, seen.told)
      assert.are.equal(0, seen.at)
      assert.are.same({ 0, 5, 12 }, seen.times)
    end)
  end

  it("waits on where an approval may come", function()
    local client = watched { status "needs_approval", status "pending",
      status("issued") }
    assert.are.equal("issued", assert(client:wait(7)).status)
  end)

  it("tells of a status that would be harmful to print", function()
    local client, seen, on_status = watched {
      status("a\\u001b[31m" .. ("b"):rep(200)) }
    local _, err = client:wait(7, { timeout = 0, on_status = on_status })
    assert.are.equal(err.order_status, seen.told[1])
    assert.is_nil(err.message:find("%c"))
    assert.is_true(#err.message < 120)
    assert.are.equal(1, seen.told[1]:find("a\\x1B[31mb", 1, true))
  end)

  describe("with progress", function()
    local function lines_of(answers, options)
      local client = watched(answers, { retry = { attempts = 1 } })
      local lines = {}
      options = options or {}
      options.progress = function(line, last)
        lines[#lines + 1] = line .. (last and "." or "")
      end
      client:wait(7, options)
      return lines
    end

    -- answers, options, the lines; the last one ends with a full stop
    local cases = {
      { "until it is issued", { status "needs_approval", status "pending",
        status "issued" }, nil, {
        "order 7 is needs_approval: a person has to approve it; 0 s of 60 min "
          .. "over, next look in 5 s",
        "order 7 is pending; 5 s of 60 min over, next look in 8 s",
        "order 7 is issued." } },
      { "until the time is over", { status "pending" }, { timeout = 7 }, {
        "order 7 is pending; 0 s of 7 s over, next look in 5 s",
        "order 7 is pending; 5 s of 7 s over, next look in 2 s",
        "order 7 is pending." } },
      { "until it is rejected", { status "pending", status "rejected" }, nil, {
        "order 7 is pending; 0 s of 60 min over, next look in 5 s",
        "order 7 is rejected." } },
      { "while it cannot be read", { { 503, "" }, status "issued" }, nil, {
        "order 7 is not read yet; 0 s of 60 min over, next look in 5 s",
        "order 7 is issued." } },
      { "not where there is nothing to wait for", { status "issued" }, nil,
        {} },
    }
    for _, case in ipairs(cases) do
      it("tells how it is " .. case[1], function()
        assert.are.same(case[4], lines_of(case[2], case[3]))
      end)
    end

    it("goes on where the line cannot be written", function()
      local client = watched { status "pending", status "issued" }
      assert(client:wait(7, { progress = function() error("broken") end }))
    end)

    -- What a wait writes to standard error, which is a terminal or not.
    local function standard_error(terminal, option)
      local client = watched { status "pending", status "issued" }
      local real_stderr, real_is_terminal = io.stderr, core.is_terminal
      local written, asked = {}, {}
      io.stderr = { write = function(_, ...) -- luacheck: ignore
        written[#written + 1] = table.concat({ ... })
      end }
      core.is_terminal = function(fd)
        asked[#asked + 1] = fd
        return terminal
      end
      local ok, order = pcall(client.wait, client, 7, { progress = option })
      io.stderr, core.is_terminal = -- luacheck: ignore
        real_stderr, real_is_terminal
      assert.is_true(ok, order)
      assert.are.same(option ~= false and { 2 } or {}, asked)
      return table.concat(written)
    end

    it("writes a line to a terminal unless it is told not to", function()
      local LINE_7 = "\rorder 7 is pending; 0 s of 60 min over, next look in "
                     .. "5 s\27[K\rorder 7 is issued\27[K\n"
      for _, option in ipairs { "none", true } do
        option = option ~= "none" and option or nil
        assert.are.equal(LINE_7, standard_error(true, option))
        assert.are.equal("", standard_error(false, option))
      end
      assert.are.equal("", standard_error(true, false))
    end)
  end)

  it("looks once with a timeout of 0", function()
    local client, seen = watched { status "pending" }
    assert.is_nil((client:wait(7, { timeout = 0 })))
    assert.are.same({ 0 }, seen.times)
  end)

  it("waits an hour unless it is told otherwise", function()
    local client, seen = watched { status "pending" }
    assert.is_nil((client:wait(7)))
    assert.are.equal(3600, seen.times[#seen.times])
  end)

  for _, over in ipairs { "rejected", "canceled", "revoked", "expired",
                          "CANCELED" } do
    it("ends with an error that says so: " .. over, function()
      local client, seen = watched { status "pending", status(over) }
      local order, err = client:wait(7)
      assert.is_nil(order)
      assert.are.equal("refused", err.kind)
      assert.is_false(err.retryable)
      assert.are.equal(over:lower(), err.order_status)
      assert.are.equal("order 7 is " .. over:lower(), err.message)
      assert.are.equal(2, #seen.times)
    end)
  end

  it("tells of unknown states, and waits on", function()
    local client, seen, on_status = watched { status "in_orbit",
      { 200, '{"id":7}' }, status "issued" }
    assert(client:wait(7, { on_status = on_status }))
    assert.are.same({ "in_orbit", "without a status", "issued" }, seen.told)
    assert.are.same({ { "in_orbit", false }, { "without a status", false },
                      { "issued", true } }, seen.events)
  end)

  it("takes the older API's word for it", function()
    local client, seen = watched { status "approved",
      { 200, (api.text "order-info-response-200-issued-old-docs")
             :gsub('"id": 123456789,', '"id": 7,') } }
    assert.are.equal("approved", assert(client:wait(7)).status)
    assert.are.equal(2, #seen.times)
  end)

  it("outlasts a service that is away", function()
    local client, seen = watched({ status "pending", { 503, "" }, "lost",
      { 429, "{}", { ["retry-after"] = "100" } }, status "issued" },
      { retry = { attempts = 1 } })
    assert(client:wait(7))
    assert.are.equal(5, #seen.times)
    assert.is_true(seen.times[5] - seen.times[4] >= 100)
  end)

  for name, answer in pairs { denied = { 403, "{}" }, refused = { 404, "{}" },
                              protocol = { 200, "<p>" } } do
    it("ends with what waiting does not help: " .. name, function()
      local client, seen = watched { status "pending", answer }
      local order, err = client:wait(7)
      assert.is_nil(order)
      assert.are.equal(name, err.kind)
      assert.are.equal(2, #seen.times)
    end)
  end

  it("returns the last error where the time is over", function()
    local client = watched({ status "pending", { 503, "" } },
                           { retry = { attempts = 1 } })
    local order, err = client:wait(7, { timeout = 20 })
    assert.is_nil(order)
    assert.are.equal("unavailable", err.kind)
    assert.are.equal(503, err.status)
  end)

  it("stays within the rate budget", function()
    local taken = 0
    local client = watched({ status "pending" }, { budget = {
      take = function() taken = taken + 1 return 0 end,
      done = function() end } })
    client:wait(7, { timeout = 20 })
    assert.are.equal(4, taken)
  end)

  it("waits by the client's world, which may yield", function()
    local clock = clocks.new(1000)
    local calls = 0
    local client = assert(require("certcentral").new {
      api_key = "k", rate = false, transport = {
        clock = clock, time = clock,
        sleep = function(seconds)
          coroutine.yield(seconds)
          clock:advance(seconds)
        end,
        perform = function()
          calls = calls + 1
          return { status = 200, headers = {}, body =
            status(calls < 3 and "pending" or "issued")[2] }
        end } })
    local thread = coroutine.create(function()
      return client:wait(7)
    end)
    local yields = {}
    local ok, value = coroutine.resume(thread)
    while coroutine.status(thread) ~= "dead" do
      yields[#yields + 1] = value
      ok, value = coroutine.resume(thread)
    end
    assert.is_true(ok)
    assert.are.equal("issued", value.status)
    assert.are.same({ 5, 7.5 }, yields)
  end)

  it("passes on what on_status raises", function()
    local client = watched { status "pending" }
    local ok, message = pcall(client.wait, client, 7, {
      on_status = function() error("stop", 0) end })
    assert.is_false(ok)
    assert.are.equal("stop", message)
  end)

  it("waits for 30 days at the most", function()
    local client = watched { status "issued" }
    assert(client:wait(7, { timeout = 2592000 }))
    local ok, message = pcall(client.wait, client, 7, { timeout = 2592001 })
    assert.is_false(ok)
    assert.truthy(message:find("'timeout' to 'wait' (non-negative number of "
      .. "seconds to 2592000 expected, got 2592001)", 1, true), message)
  end)

  for _, case in ipairs { { { timeout = -1 }, "timeout" },
      { { timeout = 0 / 0 }, "timeout" }, { { timeout = "1" }, "timeout" },
      { { on_status = 5 }, "on_status" }, { { progress = 5 }, "progress" },
      { { time = 5 }, "time" } } do
    it("raises for misuse: " .. case[2], function()
      local client, seen = watched { status "pending" }
      local ok, message = pcall(client.wait, client, 7, case[1])
      assert.is_false(ok)
      assert.truthy(message:find("'" .. case[2] .. "'", 1, true))
      assert.are.same({}, seen.times)
    end)
  end
end)
