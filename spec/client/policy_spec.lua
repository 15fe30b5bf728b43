-- The policy: when it waits and how long, what it takes for its own order,
-- what it tells. Each service here follows a script.

local certcentral = require "certcentral"
local orders = require "support.orders"
local service = require "support.service"
local support = require "support.client"

local PLACED = service.PLACED
local OURS = { certificate = { common_name = "example.com" } }
local DATE = "Mon, 24 Nov 2025 16:00:00 GMT" -- the clock of support/service

local function client_of(box, more)
  local options = { api_key = support.KEY, transport = box.world }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return assert(certcentral.new(options))
end

local function play(script, more, change)
  local box = service.new(script)
  local order = orders.minimal()
  if change then
    change(order)
  end
  local result, info = client_of(box, more):place_order(order,
                                                        orders.options())
  return result, info, box
end

-- When the requests were sent: "POST 0, POST 0.25, ..."
local function times(box)
  local list = {}
  for i, request in ipairs(box.requests) do
    local kind = request.path:find("/alternate/") and "lookup"
                 or request.method
    list[i] = ("%s %.10g"):format(kind, request.at)
  end
  return table.concat(list, ", ")
end

local function throttled(headers, status)
  headers.date = headers.date or DATE
  return { status = status or 429, headers = headers, body = "" }
end

describe("the wait before another attempt", function()
  local cases = {
    { "doubles, and is a random part of that", "POST 0, POST 0.25, POST 0.75, "
      .. "POST 1.75", { post = { "refused" } } },
    { "may be nothing", "POST 0, POST 0, POST 0, POST 0",
      { post = { "refused" }, random = 0 } },
    { "has a cap", "POST 0, POST 0.5, POST 1, POST 1.5",
      { post = { "refused" } }, { retry = { base = 8, cap = 1 } } },
    { "is as often as retry.attempts says", "POST 0, POST 0.25",
      { post = { "refused" } }, { retry = { attempts = 2 } } },
    { "is none where attempts is 1", "POST 0", { post = { "refused" } },
      { retry = { attempts = 1 } } },
    { "ends with the deadline", "POST 0, POST 0.25",
      { post = { "refused" } }, { deadline = 0.7 } },
    { "is longer after 429", "POST 0, POST 3.75, POST 11.25",
      { post = { 429, 429, PLACED } } },
    { "is what Retry-After says in seconds", "POST 0, POST 7",
      { post = { throttled { ["retry-after"] = "7" }, PLACED } } },
    { "is what Retry-After says as a date", "POST 0, POST 9",
      { post = { throttled {
        ["retry-after"] = "Mon, 24 Nov 2025 16:00:09 GMT" }, PLACED } } },
    { "is by the clock of the server", "POST 0, POST 4",
      { post = { throttled { date = "Mon, 24 Nov 2025 16:00:05 GMT",
        ["retry-after"] = "Mon, 24 Nov 2025 16:00:09 GMT" }, PLACED } } },
    { "is none where the date is over", "POST 0, POST 0",
      { post = { throttled {
        ["retry-after"] = "Mon, 24 Nov 2025 15:00:00 GMT" }, PLACED } } },
    { "is the usual one where Retry-After is no time", "POST 0, POST 3.75",
      { post = { throttled { ["retry-after"] = "soon" }, PLACED } } },
    { "is by our clock where the server's date does not exist",
      "POST 0, POST 9", { post = { throttled {
        date = "Mon, 32 Nov 2025 16:00:05 GMT",
        ["retry-after"] = "Mon, 24 Nov 2025 16:00:09 GMT" }, PLACED } } },
    { "knows a date with spaces around it", "POST 0, POST 9",
      { post = { throttled {
        ["retry-after"] = " Monday, 24-Nov-25 16:00:09 GMT " }, PLACED } } },
    { "is never longer than the deadline", "POST 0",
      { post = { throttled { ["retry-after"] = "121" }, PLACED } } },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local _, _, box = play(case[3], case[4])
      assert.are.equal(case[2], times(box))
    end)
  end
end)

-- What is no number and no date is as if the header were missing.
describe("a Retry-After that says nothing", function()
  for _, text in ipairs { "soon", "", "-5", "1.5", "5s", "0x10", "5, 5",
      "Mon, 32 Nov 2025 16:00:09 GMT", "Mon, 24 Nov 2025 99:99:99 GMT",
      "Sat, 29 Feb 2027 00:00:00 GMT", "2025-11-24T16:00:09Z", {}, 5 } do
    it("is none: " .. tostring(text):gsub("table.*", "{}"), function()
      local _, _, box = play { post = {
        throttled { ["retry-after"] = text }, PLACED } }
      assert.are.equal("POST 0, POST 3.75", times(box))
    end)
  end
end)

describe("look-ups", function()
  local cases = {
    { "come at growing intervals for recover_for seconds",
      "POST 0, lookup 0, lookup 1, lookup 3, lookup 7, lookup 15, "
      .. "lookup 30, lookup 45, lookup 60",
      { post = { "lost" }, lookup = { 404 } } },
    { "are one where recover_for is 0", "POST 0, lookup 0",
      { post = { "lost" }, lookup = { 404 } }, { recover_for = 0 } },
    { "end with the deadline", "POST 0, lookup 0, lookup 1, lookup 3, "
      .. "lookup 7", { post = { "lost" }, lookup = { 404 } },
      { deadline = 10 } },
    { "go on after failures", "POST 0, lookup 0, lookup 1, lookup 3, GET 3",
      { post = { "lost" }, lookup = { 500, "lost", { { order_id = 7 } } } } },
    { "wait as long as they are told", "POST 0, lookup 0, lookup 20, GET 20",
      { post = { "lost" }, lookup = { throttled { ["retry-after"] = "20" },
                                      { { order_id = 7 } } } } },
    { "wait as long as a service that is away says",
      "POST 0, lookup 0, lookup 20, lookup 29, lookup 35, GET 35",
      { post = { "lost" }, lookup = {
        throttled({ ["retry-after"] = "20" }, 503),
        throttled({ date = "Mon, 24 Nov 2025 16:00:20 GMT",
          ["retry-after"] = "Mon, 24 Nov 2025 16:00:29 GMT" }, 302),
        throttled({ ["retry-after"] = "6" }, 500),
        { { order_id = 7 } } } } },
    { "end where they are not allowed", "POST 0, lookup 0",
      { post = { "lost" }, lookup = { 403 } } },
    { "come before a 4xx is believed", "POST 0, lookup 0, POST 0, lookup 0, "
      .. "GET 0", { post = { "lost", 400 },
                    lookup = { 404, { { order_id = 7 } } } },
      { unique_ids = true, recover_for = 0 } },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local _, _, box = play(case[3], case[4])
      assert.are.equal(case[2], times(box))
    end)
  end

  it("escape the name", function()
    local _, _, box = play({ post = { "lost" }, lookup = { 403 } }, nil,
                           function(order)
      order.alternative_order_id = ".."
    end)
    assert.are.equal("/order/alternate/%2E%2E", box.requests[2].path)
  end)

  it("are told of where the order was not found", function()
    local _, err = play({ post = { "lost" }, lookup = { 404 } },
                        { deadline = 10 })
    assert.are.equal("unknown", err.kind)
    assert.is_truthy(err.message:find("it was not found in 4 look-ups by "
      .. "alternative_order_id '" .. err.alternative_order_id .. "'", 1,
      true))
  end)

  it("are told of where they failed", function()
    local _, err = play { post = { "lost" }, lookup = { { status = 403,
      headers = {}, body = '{"errors":[{"code":"access_denied"}]}' } } }
    assert.is_truthy(err.message:find("it could not be looked up: the API "
      .. "key was not accepted: HTTP status 403", 1, true))
  end)

  it("leave an error unclear whatever a later attempt says", function()
    local _, err = play({ post = { "lost", 400 }, lookup = { 404 } },
                        { unique_ids = true })
    assert.are.equal("unknown", err.kind)
    assert.are.equal("unknown", err.outcome)
    assert.is_false(err.retryable)
    assert.is_truthy(err.message:find("an attempt was unclear, then the "
      .. "order was refused: HTTP status 400", 1, true))
  end)
end)

describe("an order that a look-up finds", function()
  local function found(list, details, change)
    return play({ post = { "lost" }, lookup = { list, 404 },
                  details = details }, { recover_for = 0 }, change)
  end
  local dated = function(list)
    return { status = 200, headers = { date = DATE },
             body = require("certcentral.sandbox.json").encode {
               orders = list } }
  end

  -- what an order's details say, and whether it may be ours
  local cases = {
    { "that can be read no further", 403, true },
    { "of our common name", OURS, true },
    { "of our common name in capitals",
      { certificate = { common_name = "EXAMPLE.com" } }, true },
    { "of another common name",
      { certificate = { common_name = "example.org" } }, false },
    { "with our CSR, written otherwise",
      { certificate = { csr = orders.csr:gsub("\n", "\r\n") } }, true },
    { "with another CSR",
      { certificate = { csr = orders.typical().certificate.csr } }, false },
    { "without a word", {}, true },
    { "with a certificate that is none", { certificate = "x" }, true },
    { "of today", { date_created = "2025-11-24T00:00:00+00:00" }, true },
    { "of a time just over a day ago",
      { date_created = "2025-11-23T15:59:00+00:00" }, false },
    { "of that time in another zone",
      { date_created = "2025-11-23T15:59:00-07:00" }, true },
    { "of a time that cannot be read", { date_created = "once" }, true },
  }
  for _, case in ipairs(cases) do
    it((case[3] and "is ours: " or "is another's: ") .. case[1], function()
      local result, info = found(dated { { order_id = 7 } },
                                 { [7] = case[2] })
      assert.are.equal(case[3], result ~= nil)
      assert.are.equal(case[3] and 7 or nil, result and result.id)
      assert.are.equal(case[3] and "placed" or "unknown",
                       result and "placed" or info.outcome)
    end)
  end

  it("is not judged by its time where the server tells none", function()
    assert.are.equal(7, found({ { order_id = 7 } },
      { [7] = { date_created = "2020-01-01T00:00:00+00:00" } }).id)
  end)

  it("is completed from its details", function()
    local result, info = found({ { order_id = 7, certificate_id = 8,
                                   status = "pending" } },
      { [7] = { id = 7, status = "issued", price = 12,
                certificate = { id = 8, common_name = "example.com" } } })
    assert.are.equal("issued", result.status)
    assert.are.equal(8, result.certificate_id)
    assert.are.equal(12, result.price)
    assert.is_true(info.recovered)
    assert.are.equal(1, info.attempts)
  end)

  it("has what the look-up tells where there is no more", function()
    local result = found({ { order_id = "7", certificate_id = "8",
                             status = "pending" } })
    assert.are.same({ id = 7, certificate_id = 8, status = "pending" },
                    result)
  end)

  it("is the first of several, and a warning names all", function()
    local result, info = found({ { order_id = 7 }, { order_id = 8 },
                                 { order_id = 9 } },
      { [7] = { certificate = { common_name = "example.org" } },
        [8] = OURS, [9] = OURS })
    assert.are.equal(8, result.id)
    assert.are.same({ { path = "alternative_order_id", code = "duplicate",
      message = "'alternative_order_id' must name one order, got 2: 8, 9" },
    }, info.warnings)
  end)

  for name, body in pairs {
    ["nothing"] = "{}", ["a list of texts"] = '{"orders":["x"]}',
    ["orders that are none"] = '{"orders":5}',
    ["an order without an id"] = '{"orders":[{"status":"pending"}]}',
  } do
    it("is none where the answer has " .. name, function()
      local _, err = found { status = 200, headers = {}, body = body }
      assert.are.equal("unknown", err.kind)
      assert.is_truthy(err.message:find("has no list of orders", 1, true))
    end)
  end
end)

describe("ensure_order", function()
  local function ensure(script, change, more)
    local box = service.new(script)
    local order = orders.minimal()
    order.alternative_order_id = "a-1"
    if change then
      change(order)
    end
    local result, info = client_of(box, more):ensure_order(order,
                                                           orders.options())
    return result, info, box
  end

  local states = {
    pending = true, issued = true, needs_approval = true, processing = true,
    a_state_of_tomorrow = true, reissue_pending = true,
    canceled = false, cancelled = false, CANCELED = false, rejected = false,
    revoked = false, expired = false,
  }
  for status, live in pairs(states) do
    it("takes an order for " .. (live and "live: " or "over: ") .. status,
       function()
      local result, info, box = ensure { post = { PLACED },
        details = { [7] = { id = 7 } },
        lookup = { { { order_id = 7, status = status } } } }
      assert.are.equal(live and 7 or 542772, result.id)
      assert.are.equal(live, info.existed)
      assert.are.equal(live and 0 or 1, info.attempts)
      assert.are.equal("a-1", info.alternative_order_id)
      assert.are.equal(live and "lookup 0, GET 0" or "lookup 0, POST 0",
                       times(box))
    end)
  end

  it("takes an order without a state for live", function()
    assert.are.equal(7, ensure { lookup = { { { order_id = 7 } } },
                                 details = { [7] = OURS } }.id)
  end)

  it("places what is not there", function()
    local result, info, box = ensure { post = { PLACED }, lookup = { 404 } }
    assert.are.equal(542772, result.id)
    assert.is_false(info.existed)
    assert.is_false(info.recovered)
    assert.are.equal("lookup 0, POST 0", times(box))
  end)

  it("warns of several live orders", function()
    local result, info = ensure { lookup = { {
      { order_id = 6, status = "revoked" }, { order_id = 7 },
      { order_id = 8 } } }, details = { [7] = OURS, [8] = OURS } }
    assert.are.equal(7, result.id)
    assert.are.equal("duplicate", info.warnings[1].code)
    assert.is_truthy(info.warnings[1].message:find("7, 8", 1, true))
  end)

  it("does not take an order that is over for a lost one", function()
    local _, err, box = ensure({ post = { "lost" }, lookup = { {
      { order_id = 7, status = "canceled" } } } }, nil, { recover_for = 0 })
    assert.are.equal("unknown", err.kind)
    assert.are.equal("lookup 0, POST 0, lookup 0", times(box))
  end)

  it("places nothing where it cannot look", function()
    local result, err, box = ensure { lookup = { 403 } }
    assert.is_nil(result)
    assert.are.equal("denied", err.kind)
    assert.are.equal("unknown", err.outcome) -- it may be there
    assert.are.equal("lookup 0", times(box))
  end)

  it("looks again where that may help", function()
    local _, _, box = ensure { lookup = { 500, "lost", 404 },
                               post = { PLACED } }
    assert.are.equal("lookup 0, lookup 0.25, lookup 0.75, POST 0.75",
                     times(box))
  end)

  local nameless = { { "none", nil, "missing" }, { "empty", "", "format" },
                     { "null", certcentral.null, "missing" } }
  for _, case in ipairs(nameless) do
    it("needs a name, not " .. case[1], function()
      local result, err, box = ensure({}, function(order)
        order.alternative_order_id = case[2]
      end)
      assert.is_nil(result)
      assert.are.equal("invalid", err.kind)
      assert.are.equal(1, #err.problems)
      assert.are.equal("alternative_order_id", err.problems[1].path)
      assert.are.equal(case[3], err.problems[1].code)
      assert.are.equal("", times(box))
    end)
  end

  it("tells all problems, the name's among them", function()
    local _, err = ensure({}, function(order)
      order.alternative_order_id, order.organization = nil, nil
    end)
    assert.are.same({ "organization", "alternative_order_id" },
                    { err.problems[1].path, err.problems[2].path })
  end)
end)
