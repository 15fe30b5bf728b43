-- Option `defaults`: members for every order of a client.

local certcentral = require "certcentral"
local json = require "certcentral.sandbox.json"
local orders = require "support.orders"
local support = require "support.client"

-- The body that an order becomes under these defaults.
local function body(defaults, order)
  local transport, requests = support.recorder()
  local client = support.new(transport, { defaults = defaults })
  local result, err = client:place_order(order, orders.options())
  assert.is_nil(not result and tostring(err) or nil)
  return json.decode(requests[1].body)
end

describe("defaults", function()
  local cases = {
    { "are added", { container = { id = 5 }, payment_method = "profile" },
      {}, { container = { id = 5 }, payment_method = "profile" } },
    { "are beaten by the order's own", { payment_method = "profile" },
      { payment_method = "balance" }, { payment_method = "balance" } },
    { "are merged in nested tables",
      { certificate = { signature_hash = "sha512",
                        server_platform = { id = 2 } } }, {},
      { certificate = { signature_hash = "sha256", common_name = "example.com",
                        server_platform = { id = 2 } } } },
    { "are replaced where they are lists",
      { additional_emails = { "a@example.com", "b@example.com" } },
      { additional_emails = { "c@example.com" } },
      { additional_emails = { "c@example.com" } } },
    { "are taken away by null", { comments = "x" },
      { comments = certcentral.null }, {} },
    { "of false are kept", { skip_approval = true },
      { skip_approval = false }, { skip_approval = false } },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local order = orders.with(case[3])
      local got = body(case[2], order)
      local expected = orders.minimal()
      for name, value in pairs(case[4]) do
        expected[name] = value
      end
      expected.certificate.csr = nil
      got.certificate.csr, got.alternative_order_id = nil, nil
      assert.are.same(expected, got)
    end)
  end

  it("of a list are replaced by an empty one", function()
    local got = body({ additional_emails = { "a@example.com" } },
                     orders.with { additional_emails = {} })
    assert.are.same({}, got.additional_emails)
  end)

  it("make an order of what alone would be none", function()
    local order = orders.minimal()
    order.organization, order.order_validity = nil, nil
    local got = body({ organization = { id = 77 },
                       order_validity = { years = 2 } }, order)
    assert.are.same({ id = 77 }, got.organization)
    assert.are.same({ years = 2 }, got.order_validity)
  end)

  it("hold for ensure_order, too", function()
    local requests = {}
    local client = support.new(function(request)
      requests[#requests + 1] = request
      return { status = request.method == "GET" and 404 or 201, headers = {},
               body = request.method == "GET" and
                 '{"errors":[{"code":"not_found|order"}]}' or support.BODY }
    end, { defaults = { container = { id = 5 } } })
    assert(client:ensure_order(orders.with { alternative_order_id = "a-1" },
                               orders.options()))
    assert.are.same({ id = 5 }, json.decode(requests[2].body).container)
  end)

  it("change no table of the caller's, and are not changed later", function()
    local defaults = { container = { id = 5 },
                       additional_emails = { "a@example.com" } }
    local transport, requests = support.recorder()
    local client = support.new(transport, { defaults = defaults })
    local order = orders.with { ["container.id"] = 6 }
    assert(client:place_order(order, orders.options()))
    assert.are.same(orders.with { ["container.id"] = 6 }, order)
    assert.are.same({ container = { id = 5 },
                      additional_emails = { "a@example.com" } }, defaults)
    defaults.container.id, defaults.additional_emails[1] = 99, "x"
    assert(client:place_order(orders.minimal(), orders.options()))
    local got = json.decode(requests[2].body)
    assert.are.same({ id = 5 }, got.container)
    assert.are.same({ "a@example.com" }, got.additional_emails)
  end)

  it("leave an order that is not plain to the check", function()
    local client = support.new(support.recorder(),
                               { defaults = { container = { id = 5 } } })
    local order = setmetatable(orders.minimal(), { __index = {} })
    local result, err = client:place_order(order, orders.options())
    assert.is_nil(result)
    assert.are.equal("invalid", err.kind)
  end)

  it("are judged by their order", function()
    local client = support.new(support.recorder(),
                               { defaults = { locale = "\255" } })
    local result, err = client:place_order(orders.minimal(),
                                           orders.options())
    assert.is_nil(result)
    assert.are.equal("locale", err.problems[1].path)
  end)

  local wrong = {
    { "no table", 5, "table of an order's members expected, got 5" },
    { "a string for an object", { container = "5" },
      "table whose 'container' is an object, expected" },
    { "a list for an object", { container = { 5 } }, "'container'" },
    { "a string for an integer", { container = { id = "5" } },
      "'container.id' is an integer" },
    { "a fraction", { server_licenses = 1.5 }, "'server_licenses'" },
    { "an integer for a boolean", { skip_approval = 1 },
      "'skip_approval' is a boolean" },
    { "a string for a list", { additional_emails = "a@example.com" },
      "'additional_emails' is an array" },
    { "a function", { comments = print }, "'comments' is a string" },
    { "an unknown member", { organisation = { id = 1 } },
      "not 'organisation'" },
    { "an unknown nested member", { organization = { ID = 1 } },
      "not 'organization.ID'" },
    { "a key that is no name", { [1] = "x" }, "not '1'" },
    { "one order's name", { alternative_order_id = "a" },
      "not 'alternative_order_id'" },
  }
  for _, case in ipairs(wrong) do
    it("of the wrong type raise: " .. case[1], function()
      local ok, message = pcall(function()
        return certcentral.new { api_key = "k", defaults = case[2] }
      end)
      assert.is_false(ok)
      assert.truthy(message:find("bad option 'defaults' to 'new'", 1, true))
      assert.truthy(message:find(case[3], 1, true))
      assert.truthy(message:find("defaults_spec.lua:", 1, true))
    end)
  end

  it("may hold flags as booleans and nulls", function()
    local got = body({ auto_renew = true, comments = certcentral.null },
                     orders.minimal())
    assert.are.equal(1, got.auto_renew)
  end)
end)
