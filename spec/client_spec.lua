-- The client with transports of the caller's own: no socket is opened here.

local certcentral = require "certcentral"
local orders = require "support.orders"

local KEY = "canary-9F3xQ7"
local US = "https://www.digicert.com/services/v2"
local EU = "https://certcentral.digicert.eu/services/v2"
local OK_BODY = '{"id":542772,"requests":[{"id":922432,"status":"pending"}]}'

local real_getenv = os.getenv

-- Runs f with the environment that `variables` says.
local function with_env(variables, f)
  os.getenv = function(name) -- luacheck: ignore
    return variables[name]
  end
  local results = { pcall(f) }
  os.getenv = real_getenv -- luacheck: ignore
  assert(results[1], results[2])
  return (table.unpack or unpack)(results, 2) -- luacheck: ignore
end

-- A transport that answers all alike, and the list of requests it got.
local function recorder(status, body)
  local requests = {}
  return function(request)
    requests[#requests + 1] = request
    return { status = status or 201, headers = {}, body = body or OK_BODY }
  end, requests
end

local function client_with(transport, more)
  local options = { api_key = KEY, transport = transport }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return assert(certcentral.new(options))
end

-- Places the minimal order over a transport; returns all, and the requests.
local function place(transport, order, more)
  return client_with(transport):place_order(order or orders.minimal(),
                                            orders.options(more))
end

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

-- All strings that can be reached from a value by pairs.
local function each_string(value, f, seen)
  seen = seen or {}
  if type(value) == "string" then
    f(value)
  elseif type(value) == "table" and not seen[value] then
    seen[value] = true
    for name, item in pairs(value) do
      each_string(name, f, seen)
      each_string(item, f, seen)
    end
  else
    f(tostring(value))
  end
end

local function assert_no_secret(value, secret)
  each_string(value, function(text)
    assert.is_nil(text:find(secret or KEY, 1, true), text)
  end)
  assert.is_nil(tostring(value):find(secret or KEY, 1, true))
end

describe("the module", function()
  it("has the names that it promises", function()
    for _, name in ipairs { "validate", "encode", "request", "fields",
                            "help", "redact", "new", "place_order" } do
      assert.is_function(certcentral[name])
    end
    assert.is_truthy(certcentral._VERSION:find("^certcentral %d+%.%d+%.%d+$"))
    assert.are.equal(require("cjson").null, certcentral.null)
  end)
end)

describe("new", function()
  it("takes the key from its options or the environment", function()
    local transport, requests = recorder()
    local function key_of(options, variables)
      options.transport = transport
      return with_env(variables, function()
        local client, err = certcentral.new(options)
        if not client then
          return nil, err
        end
        assert(client:place_order(orders.minimal(), orders.options()))
        return requests[#requests].headers["X-DC-DEVKEY"]
      end)
    end
    assert.are.equal("a", key_of({ api_key = "a" }, {}))
    assert.are.equal("b", key_of({}, { CERTCENTRAL_API_KEY = "b" }))
    assert.are.equal("a", key_of({ api_key = "a" },
                                 { CERTCENTRAL_API_KEY = "b" }))
  end)

  it("needs a key", function()
    for _, variables in ipairs { {}, { CERTCENTRAL_API_KEY = "" } } do
      local client, err = with_env(variables, function()
        return certcentral.new { transport = recorder() }
      end)
      assert.is_nil(client)
      assert.are.equal("config", err.kind)
      assert.are.equal("not_placed", err.outcome)
      assert.is_false(err.retryable)
      assert.is_truthy(err.message:find("CERTCENTRAL_API_KEY", 1, true))
    end
    local _, err = certcentral.new { api_key = "", transport = recorder() }
    assert.are.equal("config", err.kind)
  end)

  for _, key in ipairs { "canary\r\nX: y", "canary\r", "canary\n",
    "\ncanary", "canary\0", "can\0ary", "canary\127", "can ary", " canary",
    "canary ", "canary\t", "canary\195\164", "\255canary" } do
    it("refuses the key " .. ("%q"):format(key):gsub("[%c\128-\255]", "?"),
      function()
        for _, given in ipairs { "option", "environment" } do
          local client, err = with_env(
            { CERTCENTRAL_API_KEY = given == "environment" and key or nil },
            function()
              return certcentral.new {
                api_key = given == "option" and key or nil,
                transport = recorder() }
            end)
          assert.is_nil(client)
          assert.are.equal("config", err.kind)
          assert_no_secret(err, "canary")
        end
      end)
  end

  -- options, environment, the address of the request
  local PATH = "/order/certificate/ssl_securesite_flex"
  local addresses = {
    { {}, {}, US },
    { { region = "us" }, {}, US },
    { { region = "eu" }, {}, EU },
    { { base_url = "https://example.com/v2" }, {}, "https://example.com/v2" },
    { { base_url = "https://example.com/v2/" }, {},
      "https://example.com/v2" },
    { { base_url = "https://example.com" }, {}, "https://example.com" },
    { { base_url = "https://example.com:8443/a" }, {},
      "https://example.com:8443/a" },
    { { base_url = "HTTPS://example.com" }, {}, "HTTPS://example.com" },
    { { base_url = "https://[2606:4700::1]:8443" }, {},
      "https://[2606:4700::1]:8443" },
    { { base_url = "http://127.0.0.1:8080/v2" }, {},
      "http://127.0.0.1:8080/v2" },
    { { base_url = "http://127.1.2.3" }, {}, "http://127.1.2.3" },
    { { base_url = "http://localhost:1" }, {}, "http://localhost:1" },
    { { base_url = "http://[::1]:8080" }, {}, "http://[::1]:8080" },
    { {}, { CERTCENTRAL_BASE_URL = "https://example.org/x" },
      "https://example.org/x" },
    { {}, { CERTCENTRAL_BASE_URL = "" }, US },
    { { region = "eu" }, { CERTCENTRAL_BASE_URL = "https://example.org" },
      EU },
    { { base_url = "https://example.com" },
      { CERTCENTRAL_BASE_URL = "https://example.org" },
      "https://example.com" },
  }
  for i, case in ipairs(addresses) do
    it(("sends to %s (%d)"):format(case[3], i), function()
      local transport, requests = recorder()
      local client = with_env(case[2], function()
        return client_with(transport, case[1])
      end)
      assert(client:place_order(orders.minimal(), orders.options()))
      assert.are.equal(case[3] .. PATH, requests[1].url)
    end)
  end

  for _, url in ipairs { "", "x", "example.com", "//example.com",
    "https://", "https:///x", "https:/example.com", "ftp://example.com",
    "file:///etc/passwd", "gopher://example.com", "http://example.com",
    "HTTP://example.com", "http://10.0.0.1", "http://127.0.0.1.example.com",
    "http://localhost.example.com", "http://1270.0.1", "http://128.0.0.1",
    "http://[::2]", "http://[2606:4700::1]", "http://127.0.0.1@example.com",
    "https://user:canary@example.com", "https://example.com/?x=1",
    "https://example.com/#x", "https://exa mple.com",
    "https://example.com/\r\nX: y", "https://example.com\\@example.org",
    "https://example.com/\0", "http://0.0.0.0", "http://127.example.com",
    "http://localhost@example.com" } do
    it("refuses the address " .. ("%q"):format(url):gsub("%c", "?"),
      function()
        local client, err = certcentral.new { api_key = KEY, base_url = url,
                                              transport = recorder() }
        assert.is_nil(client)
        assert.are.equal("config", err.kind)
        assert.is_nil(err.message:find("%c"))
        assert_no_secret(err)
        assert_no_secret(err, "canary")
      end)
  end

  it("wants a CA file that can be read", function()
    for _, name in ipairs { "/nonexistent/ca.pem", "/", "/dev/null" } do
      for _, given in ipairs { "option", "environment" } do
        local client, err = with_env(
          { CERTCENTRAL_CA_FILE = given == "environment" and name or nil },
          function()
            return certcentral.new { api_key = KEY,
              ca_file = given == "option" and name or nil }
          end)
        assert.is_nil(client)
        assert.are.equal("config", err.kind)
        assert.is_truthy(err.message:find("ca_file", 1, true))
      end
    end
  end)

  it("takes a CA file, or none", function()
    local name = os.tmpname()
    local file = assert(io.open(name, "w"))
    file:write("x")
    file:close()
    assert.is_table(client_with(recorder(), { ca_file = name }))
    os.remove(name)
    with_env({ CERTCENTRAL_CA_FILE = "" }, function()
      assert.is_table(client_with(recorder()))
    end)
  end)

  it("refuses a user agent that breaks a header", function()
    for _, agent in ipairs { "a\r\nb", "a\0", "a\n" } do
      local client, err = certcentral.new { api_key = KEY,
        user_agent = agent, transport = recorder() }
      assert.is_nil(client)
      assert.are.equal("config", err.kind)
    end
  end)

  it("does nothing on the network", function()
    local called = false
    client_with(function() called = true end)
    assert.is_false(called)
    assert.is_true((certcentral.new { api_key = KEY }) ~= nil)
  end)
end)

describe("a client", function()
  it("shows no secret", function()
    local client = client_with(recorder())
    assert_no_secret(client)
    assert(client:place_order(orders.minimal(), orders.options()))
    assert_no_secret(client)
    assert.are.equal("certcentral client for " .. US, tostring(client))
    client:close()
    assert_no_secret(client)
    assert.is_truthy(tostring(client):find("closed", 1, true))
  end)

  it("closes twice", function()
    local client = client_with(recorder())
    client:close()
    client:close()
    for _ = 1, 2 do
      collectgarbage()
    end
  end)

  it("with libcurl closes unused, and twice", function()
    local client = certcentral.new { api_key = KEY }
    assert_no_secret(client)
    client:close()
    client:close()
  end)

  it("raises after it was closed", function()
    local transport, requests = recorder()
    local client = client_with(transport)
    client:close()
    local ok, message = pcall(client.place_order, client, orders.minimal())
    assert.is_false(ok)
    assert.is_truthy(message:find("this client is closed", 1, true))
    assert.are.equal(0, #requests)
  end)

  it("wipes the key when it is closed", function()
    local client = client_with(recorder())
    client:close()
    assert.is_nil(client.secret:reveal())
  end)

  it("may be closed by its own transport", function()
    local client
    client = client_with(function()
      client:close()
      return { status = 201, body = '{"id":1,"key":"' .. KEY .. '"}' }
    end)
    local result = client:place_order(orders.minimal(), orders.options())
    assert.are.equal(1, result.id)
    client = client_with(function()
      client:close()
      error("gone")
    end)
    local _, err = client:place_order(orders.minimal(), orders.options())
    assert.are.equal("unknown", err.kind)
  end)

  it("is collected", function()
    for _ = 1, 100 do
      client_with(recorder())
    end
    collectgarbage()
    collectgarbage()
  end)

  if _VERSION == "Lua 5.4" then
    it("closes at the end of its block", function()
      local f = assert(load([[
        local make, seen = ...
        do
          local client <close> = make()
          seen[1] = client
          assert(not client.closed)
        end
        return seen[1].closed]]))
      assert.is_true(f(function() return client_with(recorder()) end, {}))
      local seen = {}
      local ok = pcall(assert(load([[
        local make, seen = ...
        local client <close> = make()
        seen[1] = client
        error("left")]])), function() return client_with(recorder()) end,
        seen)
      assert.is_false(ok)
      assert.is_true(seen[1].closed)
    end)
  end

  it("places orders one after the other", function()
    local transport, requests = recorder()
    local client = client_with(transport)
    for i = 1, 3 do
      assert(client:place_order(orders.minimal(), orders.options()))
      assert.are.equal(i, #requests)
    end
    assert.are_not.equal(requests[1].body, requests[2].body) -- their names
  end)

  it("has nothing of another", function()
    local first, seen_first = recorder()
    local second, seen_second = recorder()
    local a = client_with(first)
    local b = client_with(second, { api_key = "other", region = "eu" })
    b:close()
    assert(a:place_order(orders.minimal(), orders.options()))
    assert.are.equal(KEY, seen_first[1].headers["X-DC-DEVKEY"])
    assert.are.equal(0, #seen_second)
  end)
end)

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

  it("is made once, whatever the answer", function()
    for _, status in ipairs { 201, 400, 401, 408, 429, 500, 503 } do
      local transport, requests = recorder(status)
      place(transport)
      assert.are.equal(1, #requests)
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

  -- what a transport does, the kind, whether to try again
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
      assert.are.equal(1, err.attempts)
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
