-- What a client tells of its work, and what the functions of others (events,
-- rate budgets, waiting) may do without harm to an order.

local certcentral = require "certcentral"
local budgets = require "certcentral.budget"
local orders = require "support.orders"
local service = require "support.service"
local support = require "support.client"

local PLACED = service.PLACED

local function client_of(box, more)
  local options = { api_key = support.KEY, transport = box.world }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return assert(certcentral.new(options))
end

local function place(script, more, change)
  local box = service.new(script)
  if change then
    change(box)
  end
  local order = orders.minimal()
  order.alternative_order_id = "a-1"
  local result, info = client_of(box, more):place_order(order,
                                                        orders.options())
  return result, info, box
end

local function events_of(script, more)
  local list = {}
  local options = { on_event = function(event) list[#list + 1] = event end }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  place(script, options)
  return list
end

local ORDER = "/order/certificate/ssl_securesite_flex"

describe("on_event", function()
  it("is told of all that is sent and waited for", function()
    assert.are.same({
      { event = "attempt", method = "POST", path = ORDER, attempt = 1,
        status = 429, kind = "throttled", seconds = 0, elapsed = 0,
        alternative_order_id = "a-1", message = "too many requests: HTTP "
        .. "status 429: no explanation" },
      { event = "wait", reason = "retry", seconds = 3.75, elapsed = 0,
        alternative_order_id = "a-1" },
      { event = "attempt", method = "POST", path = ORDER, attempt = 2,
        kind = "unknown", seconds = 0, elapsed = 3.75,
        alternative_order_id = "a-1", message = "the order may or "
        .. "may not have been placed: the answer was lost" },
      { event = "lookup", method = "GET", path = "/order/alternate/a-1",
        status = 404, seconds = 0, elapsed = 3.75,
        alternative_order_id = "a-1" },
      { event = "wait", reason = "lookup", seconds = 1, elapsed = 3.75,
        alternative_order_id = "a-1" },
      { event = "lookup", method = "GET", path = "/order/alternate/a-1",
        status = 200, seconds = 0, elapsed = 4.75,
        alternative_order_id = "a-1" },
      { event = "get", method = "GET", path = "/order/certificate/7",
        status = 200, seconds = 0, elapsed = 4.75,
        alternative_order_id = "a-1" },
      { event = "outcome", outcome = "placed", order_id = 7, attempts = 2,
        recovered = true, elapsed = 4.75, alternative_order_id = "a-1" },
    }, events_of { post = { 429, "lost" }, details = { [7] = {} },
                   lookup = { 404, { { order_id = 7 } } } })
  end)

  it("is told of what went wrong", function()
    local list = events_of { post = { 400 } }
    assert.are.same({ event = "outcome", outcome = "not_placed",
      kind = "refused", attempts = 1, elapsed = 0,
      alternative_order_id = "a-1", message = "the order was refused: HTTP "
      .. "status 400: no explanation" }, list[#list])
  end)

  it("is told of waiting for the rate budget", function()
    local list = events_of({ post = { 429, PLACED } },
      { rate = { { requests = 1, seconds = 5 } } })
    assert.are.equal("rate", list[3].reason)
    assert.is_true(list[3].seconds > 1.25 and list[3].seconds < 1.3)
  end)

  it("is told nothing of an order that is not sent", function()
    local list = {}
    local client = client_of(service.new {}, {
      on_event = function(event) list[#list + 1] = event end })
    client:place_order({}, orders.options())
    assert.are.same({}, list)
  end)

  it("is told no secret", function()
    local list = events_of { post = { { status = 400, headers = {},
      body = '{"errors":[{"code":"x","message":"' .. support.KEY
             .. ' 4111111111111111"}]}' } } }
    support.assert_no_secret(list)
    support.assert_no_secret(list, "4111111111111111")
    assert.is_truthy(list[1].message:find("[hidden]", 1, true))
  end)

  it("may raise, and the order is placed all the same", function()
    for _, what in ipairs { "oops " .. support.KEY, {} } do
      local result, info = place({ post = { PLACED } }, {
        on_event = function() error(what, 0) end })
      assert.are.equal(542772, result.id)
      assert.are.equal(type(what) == "table" and "a table"
                       or "oops [hidden]", info.event_error)
    end
  end)

  it("may raise, and the error says so", function()
    local _, err = place({ post = { 400 } }, {
      on_event = function() error("oops", 0) end })
    assert.are.equal("oops", err.event_error)
  end)
end)

describe("a rate budget of others", function()
  local cases = {
    { "that raises", function() error("no connection", 0) end,
      "the rate budget failed: no connection" },
    { "that raises a table", function() error({}, 0) end,
      "the rate budget failed: a table" },
    { "that returns nothing", function() end,
      "the rate budget failed: take() must return seconds, 0 or more, "
      .. "got nil" },
    { "that returns a number below 0", function() return -1 end,
      "the rate budget failed: take() must return seconds, 0 or more, "
      .. "got -1" },
    { "that returns no number", function() return 0 / 0 end,
      "the rate budget failed: take() must return seconds, 0 or more, got "
      .. tostring(0 / 0) },
  }
  for _, case in ipairs(cases) do
    it("stops the order before it is sent: " .. case[1], function()
      local result, err, box = place({ post = { PLACED } },
        { budget = { take = case[2], done = function() end } })
      assert.is_nil(result)
      assert.are.equal("config", err.kind)
      assert.are.equal("not_placed", err.outcome)
      assert.are.equal(case[3], err.message)
      assert.are.equal(0, #box.requests)
    end)
  end

  it("gets its grant back for each request", function()
    local taken, done = 0, {}
    place({ post = { "lost" }, lookup = { { { order_id = 7 } } },
            details = { [7] = {} } }, { budget = {
        take = function()
          taken = taken + 1
          return 0, "grant " .. taken
        end,
        done = function(_, grant)
          done[#done + 1] = grant
        end,
      } })
    assert.are.same({ "grant 1", "grant 2", "grant 3" }, done)
  end)

  it("may raise when a request has ended", function()
    assert.is_truthy(place({ post = { PLACED } }, { budget = {
      take = function() return 0 end,
      done = function() error("no connection") end } }))
  end)

  it("may be shared by clients", function()
    local box = service.new { post = { PLACED } }
    local shared = budgets.new { windows = { { requests = 2, seconds = 10 } },
                                 clock = box.clock }
    for _ = 1, 2 do
      local client = client_of(box, { budget = shared })
      for _ = 1, 2 do
        assert(client:place_order(orders.minimal(), orders.options()))
      end
    end
    assert.are.same({ 0, 0 }, { box.requests[1].at, box.requests[2].at })
    assert.is_true(box.requests[3].at >= 10 and box.requests[3].at < 11)
    assert.are.equal(box.requests[3].at, box.requests[4].at)
  end)
end)

describe("the rate", function()
  it("that has no room before the deadline leaves the order unsent",
     function()
    local box = service.new { post = { PLACED } }
    local client = client_of(box, { deadline = 30,
      rate = { { requests = 1, seconds = 60 } } })
    assert(client:place_order(orders.minimal(), orders.options()))
    local result, err = client:place_order(orders.minimal(),
                                           orders.options())
    assert.is_nil(result)
    assert.are.equal("throttled", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.is_true(err.retryable)
    assert.are.equal("the order was not sent: the rate limit leaves no room "
                     .. "before the deadline", err.message)
    assert.are.equal(1, #box.requests)
  end)

  it("may be off", function()
    local box = service.new { post = { PLACED } }
    local client = client_of(box, { rate = false })
    for _ = 1, 250 do
      assert(client:place_order(orders.minimal(), orders.options()))
    end
    assert.are.equal(0, box.requests[250].at)
  end)

  it("is CertCentral's as a rule", function()
    local box = service.new { post = { PLACED } }
    local client = client_of(box)
    for _ = 1, 101 do
      assert(client:place_order(orders.minimal(), orders.options()))
    end
    assert.are.equal(0, box.requests[100].at)
    assert.is_true(box.requests[101].at >= 5)
  end)
end)

describe("what ends a wait", function()
  local function interrupt(box)
    box.world.sleep = function() error("interrupted!", 0) end
  end

  it("raises, and names the order that may have been placed", function()
    local ok, message = pcall(place, { post = { "lost" }, lookup = { 404 } },
                              nil, interrupt)
    assert.is_false(ok)
    assert.are.equal("interrupted! (the order 'a-1' may have been placed)",
                     message)
  end)

  it("raises, and names the order that was not sent", function()
    local ok, message = pcall(place, { post = { PLACED } }, { budget = {
      take = function() return 1 end, done = function() end } }, interrupt)
    assert.is_false(ok)
    assert.are.equal("interrupted! (the order 'a-1' was not sent)", message)
  end)

  it("raises what is no text as it is", function()
    local what = {}
    local ok, message = pcall(place, { post = { "lost" }, lookup = { 404 } },
      nil, function(box)
        box.world.sleep = function() error(what, 0) end
      end)
    assert.is_false(ok)
    assert.are.equal(what, message)
  end)
end)
