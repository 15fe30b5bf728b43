-- What the account says to an order before it is placed.

local api = require "support.api"
local certcentral = require "certcentral"
local json = require "certcentral.sandbox.json"
local orders = require "support.orders"
local support = require "support.client"

local ME, PRODUCTS = "GET /user/me", "GET /product"
local LIMITS = "GET /container/5/product-limits"
local ORG = "GET /organization/123456"
local VALIDATION = "GET /organization/123456/validation"
local DOMAINS = "GET /domain"

-- An account that has nothing against the order; a function per answer
-- changes it.
local function account()
  local product = api.body "product-list-response-200".products[1]
  product.name_id = "ssl_securesite_flex"
  product.allowed_container_ids = { 5, 6 }
  local validations = api.body "organization-validations-response-200"
  validations.validations[1].validated_until = "2027-01-01T00:00:00+00:00"
  local organization = api.body "organization-info-response-200"
  organization.id = 123456
  return {
    [ME] = api.body "user-me-response-200",
    [PRODUCTS] = { products = { { name_id = "ssl_plus" }, product } },
    [LIMITS] = api.body "product-limits-response-200",
    [ORG] = organization, [VALIDATION] = validations,
    [DOMAINS] = { domains = {
      { id = 1, name = "Example.com", is_active = true,
        dcv_expiration = { ov = "2027-12-01" } } },
      page = { total = 1 } },
  }
end

local function client_of(change, more)
  local bodies, answers = account(), {}
  if change then
    change(bodies)
  end
  for line, body in pairs(bodies) do
    answers[line] = body.status_code and { body.status_code, body.text or "" }
                    or { 200, json.encode(body) }
  end
  return api.client(answers, more)
end

local OPTIONS = { now = orders.NOW }

-- What preflight says: problems and warnings as "path code".
local function flown(order, change, options)
  local client, requests = client_of(change)
  local ok, found = client:preflight(order or orders.minimal(),
                                     options or OPTIONS)
  local lists = { problems = {}, warnings = {} }
  local function add(to, list)
    for _, entry in ipairs(list or {}) do
      to[#to + 1] = entry.path .. " " .. entry.code
    end
  end
  if ok then
    assert.is_true(ok)
    add(lists.warnings, found)
  else
    add(lists.problems, found.problems)
    add(lists.warnings, found.warnings)
  end
  return lists, found, requests
end

local function order_with(change)
  local order = orders.minimal()
  change(order)
  return order
end

describe("preflight", function()
  it("says nothing against a good order, and buys nothing", function()
    local lists, _, requests = flown()
    assert.are.same({ problems = {}, warnings = {} }, lists)
    local lines = {}
    for i, request in ipairs(requests) do
      lines[i] = request.line:match("^[^?]*")
    end
    assert.are.same({ ME, PRODUCTS, LIMITS, ORG, VALIDATION, DOMAINS }, lines)
  end)

  it("tells validation's problems and the account's in one", function()
    local lists, err = flown(order_with(function(order)
      order.order_validity.years = 7
      order.colour = "red"
    end), function(bodies)
      bodies[ORG] = { status_code = 404 }
    end)
    table.sort(lists.problems)
    assert.are.same({ "colour unknown", "order_validity.years choice",
      "order_validity.years range", "organization.id choice" },
      lists.problems)
    assert.are.equal("invalid", err.kind)
    assert.is_nil(err.outcome)
  end)

  -- the order's change, the account's change; problems, warnings
  local cases = {
    { "a product that is not enabled", nil, function(bodies)
      bodies[PRODUCTS].products[2] = nil
    end, { "product choice" } },
    { "a user who is not active", nil, function(bodies)
      bodies[ME].status = "inactive"
    end, { "api_key conflict" } },
    { "an approval that the user may not skip", function(order)
      order.skip_approval = true
    end, function(bodies)
      bodies[ME].access_roles = { { id = "5", name = "Standard user" } }
    end, {}, { "skip_approval pending" } },
    { "an approval that the user may skip", function(order)
      order.skip_approval = true
    end, nil, {} },
    { "a hash that the product does not have", function(order)
      order.certificate.signature_hash = "sha512"
    end, function(bodies)
      local types = bodies[PRODUCTS].products[2].signature_hash_types
      types.allowed_hash_types[3] = nil
    end, { "certificate.signature_hash choice" } },
    { "a hash that the limits do not have", function(order)
      order.certificate.signature_hash = "sha512"
    end, function(bodies)
      bodies[LIMITS].product_limits[2].allowed_hashes = { "sha256" }
    end, { "certificate.signature_hash choice" } },
    { "limits of another role", function(order)
      order.certificate.signature_hash = "sha512"
    end, function(bodies)
      bodies[LIMITS].product_limits[2].allowed_hashes = { "sha256" }
      bodies[LIMITS].product_limits[2].role_id = 5
    end, {} },
    { "limits that are off", function(order)
      order.certificate.signature_hash = "sha512"
    end, function(bodies)
      bodies[LIMITS].product_limits[2].allowed_hashes = { "sha256" }
      bodies[LIMITS].is_limited = false
    end, {} },
    { "an ICA that is there", function(order)
      order.certificate.ca_cert_id = "BFF28BD4075C8D9A"
    end, nil, {} },
    { "an ICA that is not", function(order)
      order.certificate.ca_cert_id = "0123"
    end, nil, { "certificate.ca_cert_id choice",
                "certificate.ca_cert_id choice" } },
    { "a validity that the product does not have", function(order)
      order.order_validity.years = 3
    end, function(bodies)
      local product = bodies[PRODUCTS].products[2]
      product.allowed_order_validity_years = { 1, 2 }
    end, { "order_validity.years choice" } },
    { "years that days beat", function(order)
      order.order_validity = { years = 3, days = 200 }
    end, function(bodies)
      local product = bodies[PRODUCTS].products[2]
      product.allowed_order_validity_years = { 1, 2 }
    end, {}, { "order_validity.years overridden" } },
    { "lifetimes that the limits give as strings", function(order)
      order.order_validity.years = 2
      order.certificate.cert_validity = { years = 1 }
    end, function(bodies)
      local limit = bodies[LIMITS].product_limits[2]
      limit.allowed_order_lifetimes = { "1" }
      limit.allowed_lifetimes = { "1" }
    end, { "order_validity.years choice" },
      { "certificate.cert_validity.years limit" } },
    { "a wildcard that the limits forbid", function(order)
      order.certificate.dns_names = { "*.example.com" }
    end, function(bodies)
      bodies[LIMITS].product_limits[2].allowed_wildcards = false
    end, { "certificate.dns_names[1] conflict" },
      { "certificate.dns_names[1] cost" } },
    { "renewing by itself, where that is off", function(order)
      order.auto_renew, order.auto_reissue = 1, true
    end, function(bodies)
      bodies[LIMITS].product_limits[2].allow_auto_renew = false
      bodies[LIMITS].product_limits[2].allow_auto_reissue = false
    end, { "auto_reissue conflict", "auto_renew conflict" } },
    { "a container that the product is not for", function(order)
      order.container = { id = 9 }
    end, nil, { "container.id choice" }, { "product unchecked" } },
    { "an organization out of use", nil, function(bodies)
      bodies[ORG].is_active = false
    end, { "organization.id conflict" } },
    { "an organization that has to be validated", nil, function(bodies)
      bodies[VALIDATION].validations[1].status = "pending"
    end, {}, { "organization.id pending" } },
    { "a validation that is over", nil, function(bodies)
      bodies[VALIDATION].validations[1].validated_until =
        "2026-05-01T00:00:00+00:00"
    end, {}, { "organization.id pending" } },
    { "a validation for something else", nil, function(bodies)
      bodies[VALIDATION].validations[1].type = "ds"
    end, {}, { "organization.id pending" } },
    { "names that were not shown to be ours", function(order)
      order.certificate.dns_names = { "www.example.com", "a.example.org",
                                      "notexample.com" }
    end, nil, {}, { "certificate.dns_names cost",
      "certificate.dns_names[2] pending",
      "certificate.dns_names[3] pending" } },
    { "control that is over", nil, function(bodies)
      bodies[DOMAINS].domains[1].dcv_expiration.ov = "2026-05-31"
    end, {}, { "certificate.common_name pending" } },
    { "control that ends today, before the next certificate", nil,
      function(bodies)
      bodies[DOMAINS].domains[1].dcv_expiration.ov = "2026-06-01"
    end, {}, { "certificate.common_name pending" } },
    { "control that ends on the day before the next certificate", nil,
      function(bodies)
      bodies[DOMAINS].domains[1].dcv_expiration.ov = "2026-11-13"
    end, {}, { "certificate.common_name pending" } },
    { "control that ends on the day after", nil, function(bodies)
      bodies[DOMAINS].domains[1].dcv_expiration.ov = "2026-11-15"
    end, {} },
    { "control that ends in an order of one certificate", function(order)
      order.order_validity = { days = 100 }
    end, function(bodies)
      bodies[DOMAINS].domains[1].dcv_expiration.ov = "2026-06-20"
    end, {} },
    { "control by the domain's validations", nil, function(bodies)
      local domain = bodies[DOMAINS].domains[1]
      domain.dcv_expiration = nil
      domain.validations = { { type = "ov", status = "active" } }
    end, {} },
    { "control at one moment", nil, function(bodies)
      local domain = bodies[DOMAINS].domains[1]
      domain.dcv_expiration = nil
      domain.dcv_expiration_datetime = "2026-06-01T11:59:00+00:00"
    end, {}, { "certificate.common_name pending" } },
    { "a domain out of use", nil, function(bodies)
      bodies[DOMAINS].domains[1].is_active = false
    end, {}, { "certificate.common_name pending" } },
    { "what costs extra", function(order)
      order.certificate.dns_names = { "www.example.com", "a.example.com",
                                      "*.example.com" }
      order.server_licenses = 2
    end, nil, {}, { "certificate.dns_names cost",
      "certificate.dns_names[3] cost", "server_licenses cost" } },
    { "the name that is free", function(order)
      order.certificate.dns_names = { "www.example.com" }
    end, nil, {} },
    { "an organization that is made with the order", function(order)
      order.organization = { name = "New Inc." }
    end, function(bodies)
      bodies[ORG] = nil
    end, false },
    { "a key for orders alone", nil, function(bodies)
      local no = { status_code = 403, text =
        '{"errors":[{"code":"access_denied|missing_permission"}]}' }
      bodies[ORG], bodies[DOMAINS], bodies[ME] = no, no, no
    end, {}, { "api_key unchecked", "certificate.common_name unchecked",
               "organization.id unchecked" } },
    { "answers that are none", nil, function(bodies)
      for line in pairs(bodies) do
        bodies[line] = { status_code = 200, text = "<html>" }
      end
    end, {}, { "api_key unchecked", "certificate.common_name unchecked",
               "organization.id unchecked", "product unchecked" } },
    { "answers with nothing in them", nil, function(bodies)
      for line in pairs(bodies) do
        bodies[line] = { status_code = 200, text = "{}" }
      end
    end, { "product choice" }, { "certificate.common_name pending",
                                 "organization.id unchecked" } },
  }
  for _, case in ipairs(cases) do
    it("knows of " .. case[1], function()
      local order = case[2] and order_with(case[2])
      local lists = flown(order, case[3])
      table.sort(lists.problems)
      table.sort(lists.warnings)
      for i = #lists.warnings, 1, -1 do -- the CSR is a smaller one
        if lists.warnings[i]:find("csr_mismatch$") then
          table.remove(lists.warnings, i)
        end
      end
      if case[4] then
        assert.are.same({ problems = case[4], warnings = case[5] or {} },
                        lists)
      else
        for _, problem in ipairs(lists.problems) do
          assert.is_truthy(problem:find " missing$")
        end
      end
    end)
  end

  it("makes problems of warnings where it is strict", function()
    local lists = flown(nil, function(bodies)
      bodies[DOMAINS].domains = {}
    end, { now = orders.NOW, strict = true })
    assert.are.same({ problems = { "certificate.common_name pending" },
                      warnings = {} }, lists)
  end)

  it("knows the client's defaults", function()
    local client = client_of(nil, { defaults = {
      organization = { id = 123456 } } })
    local order = orders.minimal()
    order.organization = nil
    assert.is_true((client:preflight(order, OPTIONS)))
    assert.is_nil(order.organization)
  end)

  local fatal = {
    { "a bad key", 403, '{"errors":[{"code":'
      .. '"access_denied|access_denied_invalid_key"}]}', "denied" },
    { "a bad key, by status", 401, "", "denied" },
    { "a service that is not there", 503, "", "unavailable" },
    { "a key that is used too much", 429, "", "throttled" },
  }
  for _, case in ipairs(fatal) do
    for _, line in ipairs { ME, PRODUCTS, LIMITS, ORG, VALIDATION,
                            DOMAINS } do
      it(("ends at %s: %s"):format(case[1], line), function()
        local client = client_of(function(bodies)
          bodies[line] = { status_code = case[2], text = case[3] }
        end, { retry = { attempts = 1 } })
        local ok, err = client:preflight(orders.minimal(), OPTIONS)
        assert.is_nil(ok)
        assert.are.equal(case[4], err.kind)
        support.assert_no_secret(err)
      end)
    end
  end

  it("has no control characters in its messages", function()
    local _, err = flown(order_with(function(order)
      order.certificate.ca_cert_id = "a\27b"
    end))
    for _, problem in ipairs(err.problems) do
      assert.is_nil(problem.message:find "%c")
    end
  end)

  it("takes any table for an order", function()
    for _, order in ipairs { {}, { certificate = 5 }, { organization = 5,
        certificate = { dns_names = 5, common_name = {} } },
        { organization = certcentral.null, container = "x",
          certificate = { dns_names = { 5, {}, "a" } } },
        { order_validity = { years = {} }, certificate = {
          signature_hash = {}, ca_cert_id = certcentral.null } } } do
      local lists = flown(order)
      assert.is_true(#lists.problems > 0)
    end
  end)

  it("raises for what is none, and sends nothing", function()
    local client, requests = client_of()
    assert.has_error(function() client:preflight() end)
    assert.has_error(function() client:preflight("x") end)
    assert.has_error(function() client:preflight({}, { colour = 1 }) end)
    assert.has_error(function() client:preflight({}, { product = "../x" }) end)
    client:close()
    assert.has_error(function() client:preflight(orders.minimal()) end)
    assert.are.equal(0, #requests)
  end)
end)
