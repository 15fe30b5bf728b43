-- The sandbox in process: every route, refusal, answer and fault.

local cjson_null = require("cjson").null

local clocks = require("certcentral.sandbox.clock")
local json = require("certcentral.sandbox.json")
local sandboxes = require("certcentral.sandbox")
local support = require("support.sandbox")

local NOW = 1767225600 -- 2026-01-01T00:00:00Z
local ORDER_PATH = "/order/certificate/ssl_securesite_flex"
local sandbox, clock

local function fresh(options)
  options = options or {}
  clock = clocks.new(NOW)
  options.clock = options.clock or clock
  sandbox = sandboxes.new(options)
  return sandbox
end

-- A request as a client sends it; returns response and failure.
local function send(method, path, body, timeout)
  local response, failure = sandbox.transport({
    method = method,
    url = sandbox.base_url .. path,
    headers = { ["X-DC-DEVKEY"] = sandbox.api_key,
      ["Content-Type"] = body and "application/json" },
    body = type(body) == "table" and json.encode(body) or body,
    timeout = timeout,
  })
  if response then
    response.json = json.decode(response.body)
  end
  return response, failure
end

local function place(changes, product)
  return send("POST", "/order/certificate/"
    .. (product or "ssl_securesite_flex"), support.order(changes))
end

local function codes(response)
  assert.is_table(response.json.errors, response.body)
  local list = {}
  for index, item in ipairs(response.json.errors) do
    assert.is_string(item.message)
    list[index] = item.code
  end
  return list
end

describe("sandbox", function()
  before_each(function()
    fresh()
  end)

  describe("options", function()
    local cases = {
      { "api_key", "" }, { "api_key", 5 }, { "api_key", "a\r\nb" },
      { "clock", 5 }, { "clock", {} }, { "sleep", "no" },
      { "rate_limits", 1 }, { "unique_alternative_order_ids", "yes" },
      { "domain_key", "domain" }, { "ca", {} }, { "nonsense", true },
    }
    for _, case in ipairs(cases) do
      it(("raises on %s = %s"):format(case[1], tostring(case[2])), function()
        assert.has_error(function()
          sandboxes.new({ [case[1]] = case[2] })
        end)
        local _, message = pcall(sandboxes.new, { [case[1]] = case[2] })
        assert.truthy(message:find("'" .. case[1] .. "'", 1, true))
      end)
    end

    it("takes its own key only", function()
      fresh({ api_key = "other" })
      assert.equal("other", sandbox.api_key)
      assert.equal(200, send("GET", "/user/me").status)
    end)

    it("has an obviously false key without options", function()
      assert.equal("sandbox-0123456789abcdef", sandboxes.new().api_key)
    end)
  end)

  describe("keys and routes", function()
    local function bare(headers, path, method)
      local response = sandbox:handle({ method = method or "GET",
        path = "/services/v2" .. path, headers = headers })
      response.json = json.decode(response.body)
      return response
    end

    for title, headers in pairs({ ["no key"] = {},
      ["a wrong key"] = { ["x-dc-devkey"] = "wrong" } }) do
      it("refuses " .. title .. " before anything else", function()
        for _, path in ipairs({ "/user/me", "/no/such/route" }) do
          local response = bare(headers, path)
          assert.equal(403, response.status)
          assert.same({ "access_denied|access_denied_invalid_key" },
            codes(response))
        end
      end)
    end

    it("takes header names in any case", function()
      for _, name in ipairs({ "X-DC-DEVKEY", "x-dc-devkey", "X-Dc-Devkey" })
      do
        assert.equal(200,
          bare({ [name] = sandbox.api_key }, "/user/me").status)
      end
    end)

    local cases = {
      { "GET", "/user/me", 200 },
      { "GET", "/no/such/route", 404, "not_found|route" },
      { "GET", "/user", 404, "not_found|route" },
      { "GET", "/order/certificate/7654321", 404, "not_found|order" },
      { "GET", "/order/certificate/abc", 404, "not_found|order" },
      { "PUT", "/user/me", 405, "method_not_allowed" },
      { "DELETE", "/order/certificate/1", 405, "method_not_allowed" },
      { "POST", "/order/certificate/ssl_dv_rapidssl", 404,
        "not_found|product", "{}" },
      { "POST", ORDER_PATH, 400, "bad_request_format", "{" },
      { "POST", ORDER_PATH, 400, "bad_request_format", "" },
      { "POST", ORDER_PATH, 400, "bad_request_format", "[]" },
      { "POST", ORDER_PATH, 400, "bad_request_format", '"text"' },
      { "POST", ORDER_PATH, 400, "bad_request_format", '{"a":1,"a":2}' },
      { "POST", ORDER_PATH, 400, "bad_request_format", '{"a":"\255"}' },
      { "GET", "/order/alternate/x?limit=-1", 400, "invalid_value:limit" },
      { "GET", "/order/alternate/x?offset=a", 400, "invalid_value:offset" },
    }
    for _, case in ipairs(cases) do
      it(("answers %s %s %s with %d"):format(case[1], case[2],
        case[5] or "", case[3]), function()
        local response = send(case[1], case[2], case[5])
        assert.equal(case[3], response.status)
        assert.equal("application/json", response.headers["content-type"])
        if case[4] then
          assert.same({ case[4] }, codes(response))
        end
      end)
    end

    it("refuses a body of another content type", function()
      local response = bare({ ["X-DC-DEVKEY"] = sandbox.api_key,
        ["Content-Type"] = "text/plain" }, "/user/me")
      assert.equal(200, response.status)
      response = sandbox:handle({ method = "POST", body = "{}",
        url = sandbox.base_url .. ORDER_PATH,
        headers = { ["X-DC-DEVKEY"] = sandbox.api_key,
          ["Content-Type"] = "text/plain" } })
      assert.equal(400, response.status)
    end)

    it("takes every OV product", function()
      for _, product in ipairs({ "ssl_securesite_flex", "ssl_securesite_pro",
        "ssl_basic", "ssl_plus", "ssl_multi_domain", "ssl_wildcard",
        "ssl_cloud_wildcard", "ssl_securesite", "ssl_securesite_wildcard",
        "ssl_securesite_multi_domain", "ssl_geotrust_truebizid",
        "ssl_thawte_webserver" }) do
        assert.equal(201, place({}, product).status, product)
      end
      assert.equal("ssl_basic", sandbox:orders()[3].product)
    end)
  end)

  describe("ids", function()
    it("never come twice, not even after reset", function()
      local first = place().json.id
      sandbox:reset()
      assert.truthy(place().json.id > first)
      assert.equal(1, #sandbox:orders())
    end)
  end)

  describe("what was stored", function()
    it("is the whole body, with card data masked", function()
      local body = support.order({ payment_method = "card",
        comments = "line\nline \195\169", alternative_order_id = "a-1",
        credit_card = { number = "4111111111111111", expiration_month = 1,
          expiration_year = 2029, cvv = 333, cardholder_name = "A" },
        billing_address = { address = "a", city = "c", country = "us" },
        unknown = { deep = json.array({ json.null, true }) } })
      local id = send("POST", ORDER_PATH, body).json.id
      local stored = sandbox:orders()
      assert.equal(1, #stored)
      assert.equal(id, stored[1].order_id)
      assert.equal("a-1", stored[1].alternative_order_id)
      assert.equal(NOW, stored[1].time)
      body.credit_card.number = ("*"):rep(16)
      body.credit_card.cvv = "***"
      assert.same(body, stored[1].body)
      local text = sandbox:handle({ path = "/sandbox/orders" }).body
      assert.is_nil(text:find("4111", 1, true))
      assert.is_nil(text:find("333", 1, true))
    end)

    it("keeps integers exact on every Lua", function()
      local text = json.encode(support.order({ container = { id = 7 } }))
        :gsub('"id":7', '"id":1234567890123456789')
      assert.equal(201, send("POST", ORDER_PATH, text).status)
      local shown = sandbox:handle({ path = "/sandbox/orders" }).body
      assert.truthy(shown:find('"id":1234567890123456789', 1, true))
    end)

    it("is a copy", function()
      place()
      sandbox:orders()[1].body.certificate.common_name = "changed"
      assert.equal("example.com",
        sandbox:orders()[1].body.certificate.common_name)
    end)
  end)

  describe("requests", function()
    it("are listed as they were read", function()
      send("GET", "/user/me?x=1")
      place()
      sandbox:fault({ kind = "close" })
      place()
      sandbox:fault({ kind = "refuse" })
      place()
      send("GET", "/nothing")
      local base = "/services/v2"
      local function entry(number, method, path, connection, answered)
        return { number = number, method = method, path = base .. path,
          connection = connection, time = NOW, answered = answered }
      end
      assert.same({
        entry(1, "GET", "/user/me", 1, true),
        entry(2, "POST", ORDER_PATH, 1, true),
        entry(3, "POST", ORDER_PATH, 1, false),
        entry(4, "GET", "/nothing", 3, true),
      }, sandbox:requests())
    end)
  end)

  describe("control routes", function()
    local function control(method, path, body)
      local response = sandbox:handle({ method = method, path = path,
        body = body })
      return response.status, json.decode(response.body)
    end

    it("need no key, meet no fault and do not count", function()
      sandbox:fault({ kind = "close" })
      assert.equal(200, (control("GET", "/sandbox/requests")))
      assert.equal(200, (control("GET", "/sandbox/orders")))
      assert.same({}, sandbox:requests())
      assert.is_nil((place()))
    end)

    it("queue faults, forget, validate", function()
      assert.equal(201, (control("POST", "/sandbox/faults",
        '[{"kind":"lose"},{"kind":"html","status":502}]')))
      assert.is_nil((place()))
      assert.equal(502, place().status)
      local _, shown = control("GET", "/sandbox/orders")
      assert.equal(1, #shown.orders)
      _, shown = control("GET", "/sandbox/requests")
      assert.equal(2, #shown.requests)

      sandbox:fault({ kind = "close" })
      assert.equal(201, (control("POST", "/sandbox/domains",
        '{"name":"example.dev"}')))
      assert.is_true(sandbox.account:is_validated("*.a.example.dev"))
      assert.equal(200, (control("POST", "/sandbox/reset")))
      assert.is_false(sandbox.account:is_validated("example.dev"))
      assert.same({}, sandbox:orders())
      assert.same({}, sandbox:requests())
      assert.equal(201, place().status)
    end)

    local cases = {
      { "GET", "/sandbox/nothing", nil, 404 },
      { "GET", "/sandbox/reset", nil, 404 },
      { "POST", "/sandbox/faults", "{", 400 },
      { "POST", "/sandbox/faults", "5", 400 },
      { "POST", "/sandbox/faults", '{"kind":"nonsense"}', 400 },
      { "POST", "/sandbox/faults", '[{"kind":"lose"},{}]', 400 },
      { "POST", "/sandbox/domains", '{"name":5}', 400 },
    }
    for _, case in ipairs(cases) do
      it(("answer %s %s %s with %d"):format(case[1], case[2],
        case[3] or "", case[4]), function()
        assert.equal(case[4], (control(case[1], case[2], case[3])))
        assert.equal(201, place().status)
      end)
    end
  end)

  describe("faults", function()
    -- {title, fault, orders stored, sent of the failure, or status}
    local cases = {
      { "refuse", { kind = "refuse" }, 0, "no" },
      { "close", { kind = "close" }, 0, "maybe" },
      { "lose", { kind = "lose" }, 1, "maybe" },
      { "cut", { kind = "cut", bytes = 5 }, 1, "maybe" },
      { "cut everything but a byte", { kind = "cut", bytes = 1e6 }, 1,
        "maybe" },
      { "status", { kind = "status", status = 503 }, 0, 503 },
      { "status, stored", { kind = "status", status = 500, store = true }, 1,
        500 },
      { "html", { kind = "html" }, 0, 503 },
      { "html, stored", { kind = "html", status = 403, store = true }, 1,
        403 },
      { "errors_object", { kind = "errors_object" }, 0, 400 },
      { "errors_object, stored", { kind = "errors_object", store = true,
        status = 500 }, 1, 500 },
      { "error_singular", { kind = "error_singular" }, 0, 400 },
      { "garbage", { kind = "garbage" }, 1, 201 },
      { "short delay", { kind = "delay", seconds = 2 }, 1, 201 },
      { "short delay after", { kind = "delay", seconds = 2, when = "after" },
        1, 201 },
      { "long delay", { kind = "delay", seconds = 20 }, 0, "maybe" },
      { "long delay after", { kind = "delay", seconds = 20,
        when = "after" }, 1, "maybe" },
    }
    for _, case in ipairs(cases) do
      it("act: " .. case[1], function()
        sandbox:fault(case[2])
        local response, failure = send("POST", ORDER_PATH, support.order(),
          10)
        if type(case[4]) == "string" then
          assert.is_nil(response)
          assert.equal(case[4], failure.sent)
          assert.is_string(failure.message)
        else
          assert.equal(case[4], response.status)
        end
        assert.equal(case[3], #sandbox:orders())
        local read = sandbox:requests()
        assert.equal(case[4] == "no" and 0 or 1, #read)
        if read[1] then
          assert.equal(type(case[4]) == "number", read[1].answered)
        end
        assert.equal(201, place().status)
      end)
    end

    it("have the bodies that they promise", function()
      local function body(fault)
        sandbox:fault(fault)
        return place()
      end
      assert.same({ code = "sandbox_fault",
        message = "The sandbox was asked for this fault." },
        body({ kind = "errors_object" }).json.errors)
      assert.same({ error = { code = "a|b", message = "m" } },
        body({ kind = "error_singular", code = "a|b", message = "m" }).json)
      local page = body({ kind = "html" })
      assert.equal("text/html", page.headers["content-type"])
      assert.truthy(page.body:find("<html>", 1, true))
      assert.is_nil(body({ kind = "garbage" }).json)
      local odd = body({ kind = "status", status = 429, body = "slow",
        headers = { ["Retry-After"] = "7" } })
      assert.equal("slow", odd.body)
      assert.equal("7", odd.headers["retry-after"])
      assert.is_number(
        body({ kind = "status", status = 200, store = true }).json.id)
      assert.is_table(body({ kind = "status", status = 500 }).json.errors)
    end)

    it("instruct the front that serves them", function()
      local function instructions(fault)
        sandbox:fault(fault)
        return sandbox:handle({ method = "GET", timeout = 1,
          path = "/services/v2/user/me",
          headers = { ["X-DC-DEVKEY"] = sandbox.api_key } })
      end
      assert.same({ refuse = true }, instructions({ kind = "refuse" }))
      assert.same({ close = true }, instructions({ kind = "close" }))
      assert.same({ close = true }, instructions({ kind = "lose" }))
      assert.same({ timed_out = true },
        instructions({ kind = "delay", seconds = 2 }))
      assert.equal(9, instructions({ kind = "cut", bytes = 9 }).cut)
      local half = instructions({ kind = "cut" })
      assert.equal(math.floor(#half.body / 2), half.cut)
    end)

    it("move a false clock instead of sleeping", function()
      sandbox:fault({ kind = "delay", seconds = 2.5 })
      send("GET", "/user/me", nil, 10)
      assert.equal(NOW + 2.5, clock())
      sandbox:fault({ kind = "delay", seconds = 100 })
      send("GET", "/user/me", nil, 10)
      assert.equal(NOW + 12.5, clock())
    end)

    it("call sleep, where there is one", function()
      local slept = {}
      fresh({ sleep = function(seconds)
        slept[#slept + 1] = seconds
      end })
      sandbox:fault({ kind = "delay", seconds = 3, when = "after" })
      place()
      assert.same({ 3 }, slept)
      assert.equal(NOW, clock())
    end)

    it("hold requests until so many are there, or all are released", function()
      fresh({ hold = function()
        local thread = coroutine.running()
        return coroutine.yield, function() coroutine.resume(thread) end
      end })
      local ended = {}
      local function send_in_coroutine(name)
        coroutine.wrap(function()
          place({ alternative_order_id = name })
          ended[#ended + 1] = name
        end)()
      end
      sandbox:fault({ kind = "hold", requests = 3 })
      sandbox:fault({ kind = "hold", when = "after" })
      sandbox:fault({ kind = "hold", requests = 2 })
      send_in_coroutine("until-3")
      send_in_coroutine("stored")
      assert.same({}, ended)
      assert.equal(1, #sandbox:orders())
      send_in_coroutine("there-are-2")
      assert.same({ "until-3", "there-are-2" }, ended)
      sandbox:release()
      assert.same({ "until-3", "there-are-2", "stored" }, ended)
      assert.equal(3, #sandbox:orders())
      assert.is_nil(next(sandbox.held))
    end)

    it("hold nothing where nobody could release it", function()
      sandbox:fault({ kind = "hold" })
      assert.equal(201, place().status)
    end)

    it("store a delayed order only when its time has come", function()
      sandbox:fault({ kind = "delay", seconds = 30 })
      assert.is_nil((send("POST", ORDER_PATH,
        support.order({ alternative_order_id = "late" }), 10)))
      assert.equal(NOW + 10, clock())
      local function found()
        return #send("GET", "/order/alternate/late").json.orders
      end
      clock:advance(19)
      assert.equal(0, found())
      clock:advance(1)
      assert.equal(1, found())
      assert.equal(1, #sandbox:orders())
    end)

    it("hit the requests that they choose, as often as they say", function()
      sandbox:fault({ kind = "status", status = 500, times = 2,
        method = "get", path = "/user/me$" })
      sandbox:fault({ kind = "status", status = 502, method = "POST" })
      assert.equal(404, send("GET", "/order/certificate/1").status)
      assert.equal(500, send("GET", "/user/me").status)
      assert.equal(502, place().status)
      assert.equal(201, place().status)
      assert.equal(500, send("GET", "/user/me").status)
      assert.equal(200, send("GET", "/user/me").status)
    end)

    it("come in the order of the queue", function()
      sandbox:fault({ kind = "status", status = 500 })
      sandbox:fault({ kind = "status", status = 501 })
      assert.equal(500, place().status)
      assert.equal(501, place().status)
    end)

    local bad = {
      { { kind = "nonsense" }, "'nonsense'" },
      { {}, "'nil'" },
      { "lose", "string" },
      { { kind = "lose", bytes = 5 }, "'bytes'" },
      { { kind = "lose", nonsense = 5 }, "'nonsense'" },
      { { kind = "cut", bytes = -1 }, "'bytes'" },
      { { kind = "cut", bytes = 1.5 }, "'bytes'" },
      { { kind = "delay" }, "'seconds'" },
      { { kind = "hold", requests = 0 }, "'requests'" },
      { { kind = "hold", seconds = 1 }, "'seconds'" },
      { { kind = "delay", seconds = "2" }, "'seconds'" },
      { { kind = "delay", seconds = 2, when = "during" }, "'when'" },
      { { kind = "status" }, "'status'" },
      { { kind = "status", status = 99 }, "'status'" },
      { { kind = "status", status = 500, store = 1 }, "'store'" },
      { { kind = "status", status = 500, headers = { 5 } }, "'headers'" },
      { { kind = "status", status = 500, body = {} }, "'body'" },
      { { kind = "lose", times = 0 }, "'times'" },
      { { kind = "lose", path = "[" }, "'path'" },
      { { kind = "lose", method = 5 }, "'method'" },
    }
    for index, case in ipairs(bad) do
      it("are refused by name, case " .. index, function()
        local ok, message = pcall(sandbox.fault, sandbox, case[1])
        assert.is_false(ok)
        assert.truthy(message:find(case[2], 1, true), message)
        assert.equal(201, place().status)
      end)
    end
  end)

  describe("rate limits", function()
    local function many(count)
      local statuses = {}
      for _ = 1, count do
        local status = send("GET", "/user/me").status
        statuses[status] = (statuses[status] or 0) + 1
      end
      return statuses
    end

    it("are off by default", function()
      assert.same({ [200] = 1001 }, many(1001))
    end)

    it("let 100 requests through in 5 seconds", function()
      fresh({ rate_limits = true })
      assert.same({ [200] = 60 }, many(60))
      clock:advance(3)
      assert.same({ [200] = 40, [429] = 10 }, many(50))
      assert.same({ "request_limit_exceeded" },
        codes(send("GET", "/user/me")))
      clock:advance(1.99)
      assert.same({ [429] = 1 }, many(1))
      clock:advance(0.01)
      assert.same({ [200] = 60, [429] = 5 }, many(65))
      clock:advance(3)
      assert.same({ [200] = 40, [429] = 5 }, many(45))
    end)

    it("let 1000 requests through in 180 seconds", function()
      fresh({ rate_limits = true })
      for _ = 1, 10 do
        assert.same({ [200] = 100 }, many(100))
        clock:advance(5)
      end
      clock:set(NOW + 179.9)
      assert.same({ [429] = 1 }, many(1))
      clock:set(NOW + 180)
      assert.same({ [200] = 100, [429] = 1 }, many(101))
    end)

    it("do not store what they refuse, nor count wrong keys", function()
      fresh({ rate_limits = true })
      for _ = 1, 200 do
        sandbox:handle({ path = "/services/v2/user/me" })
      end
      assert.same({ [200] = 100 }, many(100))
      assert.equal(429, place().status)
      assert.same({}, sandbox:orders())
    end)
  end)
end)

describe("sandbox JSON", function()
  it("uses cjson.null for null", function()
    assert.equal(cjson_null, json.null)
  end)

  local kept = { "[]", "{}", "[{}]", "null", "1.0", "-0", "1e2", "0.1",
    "12345678901234567890123", "9007199254740993", '"\\u0001\\n"',
    '[1,2.5,true,false,null,"x"]', '{"a":[],"b":{}}', '"\195\169"' }
  for _, text in ipairs(kept) do
    it("gives back " .. text, function()
      assert.equal(text, json.encode(json.decode(text)))
    end)
  end

  it("reads escapes", function()
    assert.equal('\195\169\240\159\152\128\n/"',
      json.decode('"\\u00e9\\ud83d\\ude00\\n\\/\\""'))
  end)

  local refused = { "", "01", "1.", ".5", "+1", "-", "1e", "NaN", "tru",
    "[1,]", "[1 2]", "{\"a\" 1}", "{a:1}", '{"a":1,}', '"\\ud800"',
    '"\\udc00"', '"\\x"', '"a\nb"', '"open', '"\255"', '"\192\128"',
    '"\237\160\128"', "1 2", ("["):rep(300) .. ("]"):rep(300) }
  for index, text in ipairs(refused) do
    it(("refuses case %d: %s"):format(index, text:sub(1, 10)), function()
      local value, message = json.decode(text)
      assert.is_nil(value)
      assert.truthy(message:find("at byte %d"))
    end)
  end
end)
