-- What results, orders, warnings and the rest look like at the prompt.

local certcentral = require "certcentral"
local api = require "support.api"
local csr = require "support.csr"
local json = require "certcentral.sandbox.json"
local orders = require "support.orders"
local support = require "support.client"

local show = certcentral.show
local CARD = "4111111111111111"
local KEY_PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n"
                .. "-----END PRIVATE KEY-----\n"

local function list_of(count, make)
  local list = {}
  for i = 1, count do
    list[i] = make(i)
  end
  return list
end

describe("show", function()
  local loop = {}
  loop.me = loop
  local cases = {
    { "nil", nil, "nil" },
    { "a text", "two\nlines", "two\nlines" },
    { "a number", 17, "17" },
    { "a float that is whole", 2 ^ 40, "1099511627776" },
    { "infinity", 1 / 0, "inf" },
    { "a boolean", false, "false" },
    { "null", certcentral.null, "null" },
    { "an empty table", {}, "{}" },
    { "a short one on a line, id first", { b = "x", a = true, id = 5 },
      '{ id = 5, a = true, b = "x" }' },
    { "a list", { 1, "b", { c = 2 } }, '{ 1, "b", { c = 2 } }' },
    { "mixed keys", { 1, [4] = 2, ["a-b"] = 3, [true] = 4 },
      '{ 1, [4] = 2, ["a-b"] = 3, [true] = 4 }' },
    { "quotes and control characters", { 'a"b\1' },
      '{ "a\\"b\\\\x01" }' },
    { "a table within itself", loop, "{ me = { ... } }" },
    { "a long list", list_of(25, function(i) return i end),
      "{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ... 15 more }" },
    { "a PEM", { csr = "-----BEGIN X-----\nabc\n-----END X-----\n" },
      '{ csr = "-----BEGIN X-----" ... (38 bytes) }' },
    { "a list that does not fit a line",
      list_of(3, function() return ("x"):rep(40) end),
      ("{\n  \"%s\",\n  \"%s\",\n  \"%s\",\n}"):format(("x"):rep(40),
        ("x"):rep(40), ("x"):rep(40)) },
    { "an object within one", { id = 1, one = { text = ("y"):rep(70) } },
      ('{\n  id = 1,\n  one = {\n    text = "%s",\n  },\n}')
      :format(("y"):rep(70)) },
  }
  for _, case in ipairs(cases) do
    it("writes " .. case[1], function()
      assert.are.equal(case[3], show(case[2]))
    end)
  end

  it("cuts long texts", function()
    local text = show { ("z"):rep(5000) }
    assert.is_truthy(#text < 200 and text:find("5000 bytes", 1, true), text)
  end)

  it("never raises and ends, whatever the table", function()
    local raises = setmetatable({}, { __tostring = function() error("x") end,
      __index = function() error("x") end, __pairs = function() error() end })
    local deep = {}
    for _ = 1, 1000 do
      deep = { deep, deep, deep }
    end
    for _, value in ipairs { { raises }, raises, deep,
                             { [{}] = 1, [print] = 2, [{}] = 3 },
                             { 0 / 0, -1 / 0 } } do
      local text = show(value)
      assert.is_string(text)
      assert.is_true(#text < 1e6)
    end
  end)
end)

describe("show hides", function()
  local cases = {
    { "a card number", { number = CARD } },
    { "a card number under another name", { card = CARD } },
    { "one in a text", "paid with 4111 1111 1111 1111 today",
      "4111 1111" },
    { "one with dashes", { note = "4111-1111-1111-1111" }, "4111-1111" },
    { "one that is a number", { card = 4111111111111111 } },
    { "one that is a name", { [CARD] = 1 } },
    { "one within a list", { { { CARD } } } },
    { "a CVV", { cvv = 987654 }, "987654" },
    { "a CVC", { CVC2 = "987654" }, "987654" },
    { "a private key", { key = KEY_PEM }, "MC4CAQAw" },
    { "a text that is one", KEY_PEM, "MC4CAQAw" },
    { "an API key by its name", { api_key = "sesame-sesame" }, "sesame" },
    { "one in other letters", { apiKey = "sesame-sesame" }, "sesame" },
    { "a header", { ["X-DC-DEVKEY"] = "sesame-sesame" }, "sesame" },
    { "a password", { Password = { "sesame" } }, "sesame" },
    { "the card of an order", orders.maximal(), "4111" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local text = show(case[2])
      assert.is_nil(text:find(case[3] or CARD, 1, true), text)
      assert.is_truthy(text:find("[hidden]", 1, true), text)
    end)
  end

  it("the API key of the environment, wherever it is", function()
    support.with_env({ CERTCENTRAL_API_KEY = support.KEY }, function()
      for _, value in ipairs { support.KEY, { "a" .. support.KEY .. "b" },
                               { [support.KEY] = 1 }, { { x = support.KEY,
                               y = ("-"):rep(90) .. support.KEY } } } do
        local text = show(value)
        assert.is_nil(text:find("canary", 1, true), text)
      end
    end)
  end)

  it("no id and no DCV value", function()
    local text = show { id = 4111111111111111, order_id = 4111111111111111,
                        dcv_token = { token = "fjqr7th5ds" } }
    assert.is_nil(text:find("hidden", 1, true), text)
    assert.is_truthy(text:find("fjqr7th5ds", 1, true))
  end)
end)

describe("printing by itself", function()
  local function order_client()
    local order = { id = 542772, status = "issued",
                    certificate = { common_name = "www.example.com" } }
    return api.client { ["GET /order/certificate/542772"] =
                        { 200, json.encode(order) } }
  end

  local function dcv_data()
    return api.client {
      ["GET /order/certificate/7/validation"] = { 200, json.encode {
        order_id = 7, order_status = "pending",
        order_dcv_method = "dns-txt-token",
        dns_name_validations = { { status = "pending", domain_id = 1,
                                   name_scope = "example.com" } } } },
      ["PUT /order/certificate/7/dcv-random-value"] = { 200,
        '{"dcv_random_value":"fjqr7th5ds"}' },
    }:dcv(7)
  end

  -- What is printed, and what it must have.
  local cases = {
    result = { function() return (support.place((support.recorder()))) end,
               "id = 542772" },
    info = { function()
      return select(2, support.place((support.recorder())))
    end, "attempts = 1" },
    ["warnings"] = { function()
      local order = orders.minimal()
      order.server_licenses = 2
      return select(2, certcentral.validate(order, orders.options()))
    end, "'server_licenses' " },
    ["a warning"] = { function()
      local order = orders.minimal()
      order.server_licenses = 2
      return select(2, certcentral.validate(order, orders.options()))[1]
    end, "'server_licenses' " },
    ["no warnings"] = { function()
      local _, list = certcentral.encode(orders.minimal(), orders.options())
      assert.are.equal(0, #list)
      return list
    end, "none" },
    problems = { function()
      return select(2, certcentral.validate({})).problems
    end, "'certificate' is missing\n" },
    ["a problem"] = { function()
      return select(2, certcentral.validate({ sans = {} })).problems[1]
    end, "'sans' is not a field of an order" },
    ["warnings of an error"] = { function()
      return select(2, certcentral.validate {}).warnings
    end, "none" },
    redact = { function() return certcentral.redact(orders.minimal()) end,
               "common_name = \"" },
    ["an order from a CSR"] = { function()
      return certcentral.order_from_csr(csr.p256)
    end, "signature_hash = \"sha256\"" },
    ["an order"] = { function() return order_client():order(542772) end,
                     'status = "issued"' },
    ["DCV data"] = { dcv_data, "order 7, pending\n" },
    ["DCV records"] = { function() return dcv_data().records end,
                        "fjqr7th5ds" },
  }
  for name, case in pairs(cases) do
    it("is what this does: " .. name, function()
      local value = case[1]()
      assert.is_table(value)
      local text = tostring(value)
      assert.is_truthy(text:find(case[2], 1, true), text)
      assert.are.equal(text, show(value))
    end)

    it("leaves this a plain table: " .. name, function()
      local value = case[1]()
      local copy = {}
      for key, item in pairs(value) do
        copy[key] = item
      end
      assert.are.same(copy, value)
      local meta = getmetatable(value)
      for _, event in ipairs { "__index", "__pairs", "__len", "__newindex",
                               "__eq" } do
        assert.is_nil(meta[event])
      end
      assert.are.equal(#copy, #value)
      local again = require("cjson").decode(require("cjson").encode(copy))
      assert.are.same(again,
                      require("cjson").decode(require("cjson").encode(value)))
    end)
  end

  it("does no harm to a redacted order's reader", function()
    assert.is_true(certcentral.validate(
      certcentral.order_from_csr(csr.p256, (function()
        local order = orders.minimal()
        order.certificate = nil
        return order
      end)()), orders.options()))
  end)

  it("is done by the items of a list and of an iterator", function()
    local answer = { 200, json.encode { orders = { { order_id = 5,
      id = 5, status = "pending" } }, page = { total = 1 } } }
    local client = api.client { ["GET /order/alternate/abc"] = answer,
                                ["GET /order/certificate"] = answer }
    local list = client:find_orders("abc")
    assert.is_truthy(tostring(list):find("{ { id = 5", 1, true))
    assert.is_truthy(tostring(list[1]):find("{ id = 5", 1, true))
    for order in client:orders() do
      assert.is_truthy(tostring(order):find("{ id = 5", 1, true))
    end
  end)
end)
