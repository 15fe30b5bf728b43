-- place_order over transports that are functions: what goes out, what comes
-- back, and what a transport may do.

local certcentral = require "certcentral"
local orders = require "support.orders"
local support = require "support.client"

local KEY, OK_BODY = support.KEY, support.BODY
local US = "https://www.digicert.com/services/v2"
local EU = "https://certcentral.digicert.eu/services/v2"
local assert_no_secret, client_with = support.assert_no_secret, support.new
local recorder, place = support.recorder, support.place
local with_env = support.with_env

local function deep_copy(value)
  if type(value) ~= "table" then
    return value
  end
  local copy = {}
  for name, item in pairs(value) do
    copy[name] = deep_copy(item)
  end
  return copy
end

describe("a request", function()
  it("has what a transport needs", function()
    local transport, requests = recorder()
    local order = orders.typical()
    assert(client_with(transport, { timeout = 5, connect_timeout = 2.5,
                                    user_agent = "shop/1.0" })
      :place_order(order, orders.options()))
    local request = requests[1]
    local body = certcentral.encode(order, orders.options())
    assert.are.equal("POST", request.method)
    assert.are.equal(US .. "/order/certificate/ssl_securesite_flex",
                     request.url)
    assert.are.equal(body, request.body)
    assert.are.equal(5, request.timeout)
    assert.are.equal(2.5, request.connect_timeout)
    local version = certcentral._VERSION:gsub(" ", "/")
    assert.are.same({
      ["X-DC-DEVKEY"] = KEY,
      ["Content-Type"] = "application/json",
      ["Accept"] = "application/json",
      ["User-Agent"] = version .. " shop/1.0",
    }, request.headers)
  end)

  it("has the times that are usual", function()
    local transport, requests = recorder()
    assert(place(transport))
    assert.are.equal(30, requests[1].timeout)
    assert.are.equal(10, requests[1].connect_timeout)
    assert.are.equal((certcentral._VERSION:gsub(" ", "/")),
                     requests[1].headers["User-Agent"])
  end)

  it("goes to the product that is asked for", function()
    local transport, requests = recorder()
    assert(place(transport, nil, { product = "ssl_basic" }))
    assert.are.equal(US .. "/order/certificate/ssl_basic", requests[1].url)
  end)

  it("may be changed by its transport", function()
    local seen = {}
    local client = client_with(function(request)
      seen[#seen + 1] = deep_copy(request)
      for name in pairs(request.headers) do
        request.headers[name] = nil
      end
      request.url, request.body, request.method = nil, nil, nil
      return { status = 201, body = '{"id":1}' }
    end)
    for _ = 1, 2 do
      assert(client:place_order(orders.typical(), orders.options()))
    end
    assert.are.same(seen[1], seen[2])
  end)

  it("is not made for an order with problems", function()
    local transport, requests = recorder()
    local result, err = place(transport, {})
    assert.is_nil(result)
    assert.are.equal("invalid", err.kind)
    assert.are.equal(3, #err.problems)
    assert.are.equal(0, #requests)
  end)

  it("is sent once, whatever the answer but 429", function()
    for _, status in ipairs { 201, 400, 401, 408, 500, 503 } do
      local transport, requests = recorder(status)
      place(transport)
      local posts = 0
      for _, request in ipairs(requests) do
        posts = posts + (request.method == "POST" and 1 or 0)
      end
      assert.are.equal(1, posts)
    end
  end)
end)

describe("an order", function()
  it("is not changed by placing it", function()
    for _, name in ipairs { "minimal", "typical", "maximal",
                            "maximal_new" } do
      for _, once in ipairs { true, false } do
        for _, status in ipairs { 201, 400, 500 } do
          local order = orders[name]()
          place(recorder(status), order, { once = once })
          assert.are.same(orders[name](), order)
        end
      end
    end
    local order = orders.minimal()
    place(function() error("x") end, order)
    assert.are.same(orders.minimal(), order)
  end)

  it("gets a name of its own", function()
    local transport, requests = recorder()
    local names = {}
    for i = 1, 200 do
      local _, info = place(transport)
      local name = info.alternative_order_id
      assert.is_truthy(name:find("^%w+$"))
      assert.is_true(#name >= 20 and #name <= 64)
      assert.is_nil(names[name])
      names[name] = true
      assert.is_truthy(requests[i].body:find(
        ',"alternative_order_id":"' .. name .. '"}', 1, true))
    end
  end)

  it("keeps the name that it has", function()
    local transport, requests = recorder()
    for _, once in ipairs { true, false } do
      local _, info = place(transport,
        orders.with { alternative_order_id = "mine" }, { once = once })
      assert.are.equal("mine", info.alternative_order_id)
      assert.is_truthy(requests[#requests].body:find(
        '"alternative_order_id":"mine"', 1, true))
    end
  end)

  it("gets a name in place of null", function()
    local _, info = place((recorder()),
      orders.with { alternative_order_id = certcentral.null })
    assert.is_truthy(info.alternative_order_id:find("^%w+$"))
  end)

  it("gets none in place of a bad one", function()
    local transport, requests = recorder()
    for _, name in ipairs { "", "a b", 5, {}, ("x"):rep(65) } do
      local result, err = place(transport,
        orders.with { alternative_order_id = name })
      assert.is_nil(result)
      assert.are.equal("alternative_order_id", err.problems[1].path)
    end
    assert.are.equal(0, #requests)
  end)

  it("stays as it is with once = false", function()
    local transport, requests = recorder()
    local _, info = place(transport, nil, { once = false })
    assert.is_nil(info.alternative_order_id)
    assert.are.equal((certcentral.encode(orders.minimal(),
                                         orders.options())),
                     requests[1].body)
    local _, err = place(recorder(500), nil, { once = false })
    assert.is_nil(err.alternative_order_id)
  end)

  it("is looked at by libcrypto by default", function()
    local transport, requests = recorder()
    local client = client_with(transport)
    local order = orders.minimal()
    for _ = 1, 2 do
      assert(client:place_order(order))
    end
    order.certificate.csr = "x"
    for _ = 1, 2 do
      local result, err = client:place_order(order)
      assert.is_nil(result)
      assert.are.equal("certificate.csr", err.problems[1].path)
    end
    order.certificate.csr = orders.csr
    assert(client:place_order(order))
    assert.are.equal(3, #requests)
  end)
end)

describe("place_order returns", function()
  it("a result and what there is to know", function()
    local result, info = place((recorder()),
      orders.with { server_licenses = 2 })
    assert.are.same({ id = 542772,
      requests = { { id = 922432, status = "pending" } } }, result)
    assert.are.equal(201, info.status)
    assert.are.equal(1, info.attempts)
    assert.is_false(info.recovered)
    assert.is_number(info.seconds)
    assert.is_true(info.seconds >= 0)
    assert.is_string(info.alternative_order_id)
    assert.are.same({ { "server_licenses", "cost" } },
                    orders.codes(info.warnings))
    if math.type then
      assert.are.equal("integer", math.type(result.requests[1].id))
    end
  end)

  it("an error that says what became of the order", function()
    local body = '{"errors":[{"code":"invalid_value:x","message":"no"}]}'
    local result, err = place(recorder(400, body),
      orders.with { server_licenses = 2, alternative_order_id = "mine" })
    assert.is_nil(result)
    assert.are.equal("refused", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.is_false(err.retryable)
    assert.are.equal(400, err.status)
    assert.are.same({ { code = "invalid_value:x", message = "no" } },
                    err.errors)
    assert.are.equal("mine", err.alternative_order_id)
    assert.are.equal(1, err.attempts)
    assert.are.same({ { "server_licenses", "cost" } },
                    orders.codes(err.warnings))
    assert.are.equal("the order was refused: HTTP status 400: no "
      .. "(invalid_value:x)", tostring(err))
    assert.are.equal("x " .. tostring(err), "x " .. err)
  end)

  -- what a transport does, the kind, whether trying again may help
  local unreadable = { status = 201, headers = {}, body = "{" }
  local kinds = {
    { "a key that is not accepted", { status = 403, body = "" }, nil,
      "denied", false },
    { "too many requests", { status = 429, body = "" }, nil, "throttled",
      true },
    { "a server that fails", { status = 503, body = "<html>" }, nil,
      "unknown", false },
    { "a success that cannot be read", unreadable, nil, "unknown", false },
    { "no connection", nil, { message = "refused", sent = "no" },
      "unavailable", true },
    { "a lost answer", nil, { message = "cut", sent = "maybe" }, "unknown",
      false },
    { "a failure without a word", nil, {}, "unknown", false },
  }
  for _, case in ipairs(kinds) do
    it("an error for " .. case[1], function()
      local result, err = place(function()
        return case[2], case[3]
      end)
      assert.is_nil(result)
      assert.are.equal(case[4], err.kind)
      assert.are.equal(case[5], err.retryable)
      assert.are.equal(case[4] == "unknown" and "unknown" or "not_placed",
                       err.outcome)
      assert.is_string(err.alternative_order_id)
      assert.are.equal(case[5] and 4 or 1, err.attempts)
    end)
  end
end)

describe("a transport that misbehaves", function()
  local trap = {
    __index = function() error("asked") end,
    __tostring = function() error("asked") end,
    __concat = function() error("asked") end,
    __pairs = function() error("asked") end,
    __len = function() error("asked") end,
    __eq = function() error("asked") end,
    __call = function() error("asked") end,
  }
  local does = {
    ["raises a string"] = function() error("boom") end,
    ["raises a table"] = function() error({ 1 }) end,
    ["raises nil"] = function() error(nil) end,
    ["raises what cannot be told"] = function()
      error(setmetatable({}, trap))
    end,
    ["raises what tells no string"] = function()
      error(setmetatable({}, { __tostring = function() return 5 end }))
    end,
    ["overflows the stack"] = function()
      local function again()
        return 1 + again()
      end
      return again()
    end,
    ["returns nothing"] = function() end,
    ["returns nil and a string"] = function() return nil, "boom" end,
    ["returns nil and a number"] = function() return nil, 5 end,
    ["returns nil and a trap"] = function()
      return nil, setmetatable({}, trap)
    end,
    ["returns nil and a message that is none"] = function()
      return nil, { message = setmetatable({}, trap), sent = "maybe" }
    end,
    ["returns true"] = function() return true end,
    ["returns false"] = function() return false end,
    ["returns a string"] = function() return OK_BODY end,
    ["returns a number"] = function() return 201 end,
    ["returns an empty table"] = function() return {} end,
    ["returns a trap"] = function() return setmetatable({}, trap) end,
    ["returns a status that is a string"] = function()
      return { status = "201", body = OK_BODY }
    end,
    ["returns a status that is not a number"] = function()
      return { status = 0 / 0, body = OK_BODY }
    end,
    ["returns a status that is a fraction"] = function()
      return { status = 500.5, body = OK_BODY }
    end,
    ["returns an endless status"] = function()
      return { status = math.huge, body = OK_BODY }
    end,
    ["returns no body"] = function() return { status = 201 } end,
    ["returns a body that is a table"] = function()
      return { status = 201, body = { id = 1 } }
    end,
    ["returns a body that is a number"] = function()
      return { status = 201, body = 5 }
    end,
    ["returns a body that is a trap"] = function()
      return { status = 201, body = setmetatable({}, trap) }
    end,
    ["returns a huge body"] = function()
      return { status = 201, body = ("["):rep(5000000) }
    end,
  }
  for name, transport in pairs(does) do
    it(name .. ": nobody knows", function()
      local order = orders.with { alternative_order_id = "mine" }
      local result, err = place(transport, order)
      assert.is_nil(result)
      assert.are.equal("unknown", err.kind)
      assert.are.equal("unknown", err.outcome)
      assert.is_false(err.retryable)
      assert.are.equal("mine", err.alternative_order_id)
      assert.is_nil(tostring(err):find("%c"))
    end)
  end

  it("is told about", function()
    local _, err = place(function() error("boom", 0) end)
    assert.is_truthy(err.message:find("the transport raised: boom", 1, true))
    _, err = place(function() return nil, "boom" end)
    assert.is_truthy(err.message:find("boom", 1, true))
  end)

  it("yields where coroutines can", function()
    local client = client_with(function(request)
      return coroutine.yield(request)
    end)
    local co = coroutine.wrap(function()
      return client:place_order(orders.minimal(), orders.options())
    end)
    local request = co()
    assert.are.equal("POST", request.method)
    local result, info = co({ status = 201, body = OK_BODY })
    assert.are.equal(542772, result.id)
    assert.are.equal(201, info.status)
  end)

  it("may place another order meanwhile", function()
    local inner
    local outer = client_with(function()
      local other = client_with((recorder(201, '{"id":2}')))
      inner = other:place_order(orders.maximal(), orders.options())
      return { status = 201, body = '{"id":1}' }
    end)
    local result = outer:place_order(orders.minimal(), orders.options())
    assert.are.equal(1, result.id)
    assert.are.equal(2, inner.id)
  end)
end)

describe("the key", function()
  -- where the other side says it again
  local echoes = {
    ["an error that is raised"] = function() error("key " .. KEY) end,
    ["a failure"] = function()
      return nil, { message = "header X-DC-DEVKEY: " .. KEY, sent = "no" }
    end,
    ["a failure that is a string"] = function() return nil, KEY end,
    ["an error's message"] = function()
      return { status = 403, body = '{"errors":[{"code":"' .. KEY
        .. '","message":"key ' .. KEY .. " or " .. KEY .. '"}]}' }
    end,
    ["an error that is a string"] = function()
      return { status = 400, body = '{"errors":"' .. KEY .. '"}' }
    end,
    ["a body in HTML"] = function()
      return { status = 500, body = "<p>" .. KEY }
    end,
  }
  for name, transport in pairs(echoes) do
    it("is in no error from " .. name, function()
      local _, err = place(transport)
      assert_no_secret(err)
    end)
  end

  it("is in no error that was cut", function()
    for before = 280, 300 do
      local long = ("x"):rep(before) .. KEY .. ("y"):rep(50)
      local _, err = place(function()
        return nil, { message = long, sent = "maybe" }
      end)
      assert_no_secret(err, KEY:sub(1, 6))
      _, err = place(recorder(400, '{"errors":"' .. long .. '"}'))
      assert_no_secret(err, KEY:sub(1, 6))
    end
  end)

  it("is in no error whose text is escaped", function()
    local _, err = place(recorder(400, '{"errors":"' .. KEY:gsub("c",
      "\\u0063") .. '"}'))
    assert_no_secret(err)
  end)

  it("is in nothing but the header", function()
    local transport, requests = recorder()
    local result, info = place(transport)
    assert_no_secret(result)
    assert_no_secret(info)
    local request = requests[1]
    assert.are.equal(KEY, request.headers["X-DC-DEVKEY"])
    request.headers["X-DC-DEVKEY"] = nil
    assert_no_secret(request)
  end)
end)

describe("card data", function()
  it("is in no Lua string of an order on its way, and wiped after it",
     function()
    local transport, requests = recorder()
    local client = client_with(transport)
    local ready = assert(client:_ready(orders.maximal(), orders.options(),
                                        "place_order"))
    assert.are.equal("userdata", type(ready.body))
    local body = ready.body:reveal()
    assert(client:_place(require("certcentral.client.policy").call(client,
      ready.name), ready))
    assert.are.equal(body, requests[1].body)
    assert.is_nil(ready.body:reveal())
  end)

  it("is in no error", function()
    for _, status in ipairs { 201, 400, 500 } do
      local order = orders.pay_by_card(orders.minimal())
      local body = status == 400 and
        '{"errors":[{"message":"card 4111111111111111 refused"}]}' or "{"
      local _, err = place(recorder(status, body), order)
      assert_no_secret(err, "4111111111111111")
    end
    local _, err = place(function(request)
      error(request.body)
    end, orders.pay_by_card(orders.minimal()))
    assert_no_secret(err, "4111111111111111")
  end)
end)

describe("certcentral.place_order", function()
  it("makes a client from its options", function()
    local transport, requests = recorder()
    local result, info = certcentral.place_order(orders.minimal(), {
      api_key = KEY, transport = transport, region = "eu", timeout = 3,
      now = orders.NOW, check_csr = false, once = false,
      product = "ssl_basic" })
    assert.are.equal(542772, result.id)
    assert.is_nil(info.alternative_order_id)
    assert.are.equal(EU .. "/order/certificate/ssl_basic", requests[1].url)
    assert.are.equal(3, requests[1].timeout)
    assert.are.equal(KEY, requests[1].headers["X-DC-DEVKEY"])
  end)

  it("makes a client from the environment", function()
    local transport, requests = recorder()
    with_env({ CERTCENTRAL_API_KEY = "env",
               CERTCENTRAL_BASE_URL = "https://example.org" }, function()
      assert(certcentral.place_order(orders.minimal(),
                                     { transport = transport }))
    end)
    assert.are.equal("env", requests[1].headers["X-DC-DEVKEY"])
    assert.is_truthy(requests[1].url:find("^https://example%.org/"))
  end)

  it("returns errors as a client does", function()
    local _, err = with_env({}, function()
      return certcentral.place_order(orders.minimal())
    end)
    assert.are.equal("config", err.kind)
    _, err = certcentral.place_order({}, { api_key = KEY,
                                           transport = recorder() })
    assert.are.equal("invalid", err.kind)
    _, err = certcentral.place_order(orders.minimal(), { api_key = KEY,
      now = orders.NOW, transport = recorder(403) })
    assert.are.equal("denied", err.kind)
  end)

  it("does not change its options", function()
    local options = { api_key = KEY, transport = (recorder()),
                      now = orders.NOW, check_csr = false }
    local copy = deep_copy(options)
    assert(certcentral.place_order(orders.minimal(), options))
    assert.are.same(copy, options)
  end)
end)
