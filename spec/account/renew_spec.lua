-- Renewals: what is ordered again, once, and when it is time for it.

local api = require "support.api"
local certcentral = require "certcentral"
local json = require "certcentral.sandbox.json"
local orders = require "support.orders"
local support = require "support.client"

local OLD = "GET /order/certificate/7"
local LOOKUP = "GET /order/alternate/renewalOf7"
local POST = "POST /order/certificate/ssl_securesite_flex"
local DAY = 86400
local NOW = orders.NOW -- 2026-06-01, noon

-- An old order; a function changes it.
local function old_order(change)
  local order = {
    id = 7, status = "issued", is_renewed = false, validity_years = 2,
    date_created = "2024-06-10T10:00:00+00:00",
    order_valid_till = "2026-06-10",
    certificate = {
      id = 12, common_name = "www.example.com",
      dns_names = { "example.com", "WWW.example.com", "a.example.com" },
      csr = orders.csr, signature_hash = "sha384", organization = { id = 5 },
      server_platform = { id = 45, name = "nginx" },
      valid_till = "2026-06-10", cert_validity = { days = 199 },
      organization_units = { "IT" }, ca_cert = { id = "GONE" },
    },
    organization = { id = 5, name = "Example Inc." },
    product = { name_id = "ssl_securesite_flex" },
    container = { id = 3, name = "here" }, payment_method = "balance",
    organization_contact = { id = 4, first_name = "Ann", last_name = "Lee",
      email = "ann@example.com", telephone = "1234", job_title = "" },
    technical_contact = { first_name = "Bo", last_name = "" },
    custom_fields = { { metadata_id = 9, label = "unit", value = "x" } },
    auto_renew = 0, auto_reissue = 1, disable_renewal_notifications = true,
    dcv_method = "dns-txt-token",
  }
  return change and change(order) or order
end

-- A client of a world at noon of NOW.
local function client_of(old, answers, more)
  local all = { [OLD] = { 200, json.encode(old) },
                [POST] = { 201, '{"id":99}' },
                ["GET /order/certificate/99"] = { 200, '{"id":99}' } }
  for line, answer in pairs(answers or {}) do
    all[line] = answer
  end
  local client, requests = api.client(all, more)
  client.world.time = function() return NOW end
  return client, requests
end

local function body_of(requests)
  for _, request in ipairs(requests) do
    if request.line:find("^POST") then
      return json.decode(request.body), request.line
    end
  end
end

local OPTIONS = { now = NOW }

local function renewed(changes, change, options)
  local client, requests = client_of(old_order(change))
  local result, info = client:renew(7, changes, options or OPTIONS)
  return body_of(requests), result, info, requests
end

describe("a renewal", function()
  it("is like the old order", function()
    local body, result, info, requests = renewed()
    assert.are.same({ id = 99 }, result)
    for _, warning in ipairs(info.warnings) do -- the CSR is a smaller one
      assert.are.equal("csr_mismatch", warning.code)
    end
    assert.are.same({ OLD, LOOKUP, POST }, { requests[1].line,
      requests[2].line, requests[3].line })
    body.certificate.csr = nil
    assert.are.same({
      certificate = {
        common_name = "www.example.com",
        dns_names = { "example.com", "a.example.com" },
        signature_hash = "sha384", server_platform = { id = 45 },
        cert_validity = { days = 199 },
      },
      order_validity = { years = 2 }, organization = { id = 5 },
      container = { id = 3 }, payment_method = "balance",
      organization_contact = { first_name = "Ann", last_name = "Lee",
        email = "ann@example.com", telephone = "1234" },
      custom_fields = { { metadata_id = 9, value = "x" } },
      auto_reissue = 1, disable_renewal_notifications = true,
      dcv_method = "dns-txt-token", renewal_of_order_id = 7,
      alternative_order_id = "renewalOf7",
    }, body)
  end)

  it("has what is changed", function()
    local body = renewed { certificate = { dns_names = { "b.example.com" } },
      order_validity = { days = 90 }, comments = "again",
      organization = { id = 6 }, container = certcentral.null,
      alternative_order_id = "mine" }
    assert.are.same({ "b.example.com" }, body.certificate.dns_names)
    assert.are.equal("sha384", body.certificate.signature_hash)
    assert.is_nil(body.certificate.cert_validity)
    assert.are.same({ days = 90 }, body.order_validity)
    assert.are.same({ id = 6 }, body.organization)
    assert.is_nil(body.container)
    assert.are.equal("again", body.comments)
    assert.are.equal("mine", body.alternative_order_id)
  end)

  it("keeps the organization where only a contact is changed", function()
    local body = renewed { organization = { contacts = {
      { contact_type = "technical_contact", user_id = 8 } } } }
    assert.are.equal(5, body.organization.id)
    assert.are.equal(8, body.organization.contacts[1].user_id)
  end)

  it("does not change what it is given", function()
    local changes = { certificate = { cert_validity = { days = 90 } } }
    local body = renewed(changes)
    assert.are.same({ days = 90 }, body.certificate.cert_validity)
    assert.are.same({ certificate = { cert_validity = { days = 90 } } },
                    changes)
  end)

  it("has the thumbprint in place of the id", function()
    local body = renewed { renewed_thumbprint = ("7D236B54D1"):rep(4) }
    assert.is_nil(body.renewal_of_order_id)
  end)

  local validities = { -- what the old order says, what the new one does
    { { validity_years = 3 }, { years = 3 } },
    { { order_valid_till = "2025-06-10" }, { years = 1 } },
    { { order_valid_till = "2024-09-08" }, { days = 89 } },
    { { order_valid_till = "2034-06-10" }, { years = 3 } },
    { { order_valid_till = "2025-12-10" }, { years = 1 } },
    { { order_valid_till = "2026-06-08" }, { years = 2 } },
    { { date_created = "x" }, { years = 1 } },
    { {}, { years = 2 } },
  }
  for i, case in ipairs(validities) do
    it("is valid as long as the old order was: " .. i, function()
      local body = renewed(nil, function(old)
        old.status = "expired" -- whatever its dates are
        old.validity_years = case[1].validity_years
        old.order_valid_till = case[1].order_valid_till
                               or old.order_valid_till
        old.date_created = case[1].date_created or old.date_created
        old.certificate.cert_validity = nil
        return old
      end)
      assert.are.same(case[2], body.order_validity)
    end)
  end

  -- by the days between its dates: a year is 365 days, and one that is a bit
  -- short counts as whole
  for days, validity in pairs {
    [1] = { days = 1 }, [0] = { years = 1 }, [359] = { days = 359 },
    [360] = { years = 1 }, [693] = { years = 1 }, [694] = { years = 2 },
    [1058] = { years = 2 }, [1059] = { years = 3 }, [2000] = { years = 3 },
  } do
    it(("is valid as long as an old order of %d days"):format(days), function()
      local body = renewed(nil, function(old)
        local from = NOW - 2001 * DAY
        old.status, old.validity_years = "expired", nil
        old.date_created = os.date("!%Y-%m-%dT%H:%M:%S+00:00", from)
        old.order_valid_till = os.date("!%Y-%m-%dT%H:%M:%S+00:00",
                                       from + days * DAY)
        old.certificate.cert_validity = nil
        return old
      end)
      assert.are.same(validity, body.order_validity)
    end)
  end

  local nothing = {} -- stands for none
  for i, case in ipairs { -- of the old certificate, of the new one
    { { days = 397 }, { days = 397 } }, { { days = 398 }, nothing },
    { { days = 825 }, nothing },
    { { days = 1 }, { days = 1 } }, { { days = 0 }, nothing },
    { { days = 1.5 }, nothing }, { { years = 1 }, { years = 1 } },
    { { years = 2 }, nothing }, { { years = 0 }, nothing }, { 5, nothing },
  } do
    it("has a certificate that is as long as the old one: " .. i, function()
      local body = renewed(nil, function(old)
        old.validity_years = 3
        old.certificate.cert_validity = case[1]
        return old
      end)
      assert.are.same(case[2], body.certificate.cert_validity or nothing)
    end)
  end

  -- what the old order has, and what of that is carried over
  for name, case in pairs {
    ["platform 0"] = { "certificate.server_platform", { id = 0 }, { id = 0 } },
    ["a platform below"] = { "certificate.server_platform", { id = -1 } },
    ["a platform as text"] = { "certificate.server_platform", { id = "9" },
                               { id = 9 } },
    ["no hash"] = { "certificate.signature_hash", false, "sha256" },
    ["another hash"] = { "certificate.signature_hash", "sha1", "sha256" },
    ["sha512"] = { "certificate.signature_hash", "sha512", "sha512" },
    ["payment by a card"] = { "payment_method", "card" },
    ["payment by the profile"] = { "payment_method", "profile", "profile" },
    ["a flag"] = { "auto_renew", true, 1 },
    ["no flag"] = { "auto_reissue", 2 },
    ["an empty text"] = { "dcv_method", "" },
    ["a language"] = { "locale", "de", "de" },
    ["a message of its own"] = { "custom_renewal_message", "again", "again" },
    ["a flag as a number"] = { "disable_renewal_notifications", 1 },
    ["another log"] = { "disable_ct", true, true },
    ["container 1"] = { "container", { id = 1 }, { id = 1 } },
    ["no container"] = { "container", { id = 0 } },
    ["one more name"] = { "certificate.dns_names", { "a.example.com" },
                          { "a.example.com" } },
    ["no more names"] = { "certificate.dns_names", { "WWW.example.com", "" } },
    ["fields without an id or a value"] = { "custom_fields",
      { { value = "x" }, { metadata_id = 9 }, { metadata_id = 9, value = "" } }
    },
    ["a contact without a name"] = { "organization_contact",
      { last_name = "Lee", email = "ann@example.com" } },
    ["a contact without an address"] = { "organization_contact",
      { first_name = "Ann", last_name = "Lee" } },
  } do
    it("carries over what can be: " .. name, function()
      local body = renewed(nil, function(old)
        local object, member = old, case[1]
        if member:find("^certificate%.") then
          object, member = old.certificate, member:match("%.(.*)")
        end
        object[member] = case[2] or nil
        return old
      end)
      local object, member = body, case[1]
      if member:find("^certificate%.") then
        object, member = body.certificate, member:match("%.(.*)")
      end
      assert.are.same(case[3], object[member])
    end)
  end

  for name, change in pairs {
    order_validity = { days = 90 }, validity_years = 1,
    custom_expiration_date = "2026-09-01",
  } do
    it("has the validity of the changes alone: " .. name, function()
      local body = renewed { [name] = change }
      assert.are.same(change, body[name])
      assert.is_nil(body.certificate.cert_validity)
      body[name] = nil
      assert.is_nil(body.order_validity)
    end)
  end

  it("is for the old certificate's organization before the order's", function()
    local body = renewed(nil, function(old)
      old.certificate.organization = { id = 1 }
      return old
    end)
    assert.are.same({ id = 1 }, body.organization)
    body = renewed(nil, function(old)
      old.certificate.organization, old.organization = nil, { id = 1 }
      return old
    end)
    assert.are.same({ id = 1 }, body.organization)
  end)

  it("is for another organization, by its name", function()
    local body = renewed { organization = { name = "Another Inc.",
      address = "1 Main St", city = "Lehi", state = "UT", zip = "84043",
      country = "us", telephone = "801-555-0100", organization_contact = {
        first_name = "Ann", last_name = "Lee", email = "ann@example.com",
        telephone = "801-555-0100" } } }
    assert.are.equal("Another Inc.", body.organization.name)
    assert.is_nil(body.organization.id)
  end)

  it("tells a strange status, but not all of a long one", function()
    local _, _, err = renewed(nil, function(old)
      old.status = ("x"):rep(41)
      return old
    end)
    assert.are.equal("order 7 is " .. ("x"):rep(40)
      .. "...: there is nothing to renew", err.message)
  end)

  for _, status in ipairs { "approved", "Reissue_Pending", "revoked",
                            "expired", "ISSUED" } do
    it("is placed of an order that is " .. status, function()
      local _, result = renewed(nil, function(old)
        old.status = status
        return old
      end)
      assert.are.same({ id = 99 }, result)
    end)
  end

  it("is of the old order's product, or another", function()
    local function legacy(old)
      old.product.name_id = "ssl_plus"
      return old
    end
    local client, requests
    for i = 1, 2 do
      client = client_of(old_order(legacy), {
        ["POST /order/certificate/ssl_plus"] = { 201, '{"id":98}' } })
      assert.are.equal(98, client:renew(7, nil, i == 1 and OPTIONS or nil).id)
    end
    client, requests = client_of(old_order(legacy))
    assert.are.equal(99, client:renew(7, nil, {
      now = NOW, product = "ssl_securesite_flex" }).id)
    assert.are.equal(3, #requests)
  end)

  it("reads the documented order", function()
    local old = api.body "order-info-response-200-issued-old-docs"
    old.id, old.certificate.csr = 7, orders.csr
    local client, requests = client_of(old, {
      ["POST /order/certificate/ssl_plus"] = { 201, '{"id":98}' } })
    assert(client:renew(7, nil, OPTIONS))
    local body = body_of(requests)
    assert.are.equal(117483, body.organization.id)
    assert.are.same({ years = 1 }, body.order_validity)
    assert.is_nil(body.certificate.dns_names)
    assert.are.equal("Guy", body.technical_contact.last_name)
  end)

  it("is placed once", function()
    local live = { 200, '{"orders":[{"order_id":99,"status":"pending"}]}' }
    local client, requests = client_of(old_order(), { [LOOKUP] = live })
    local result, info = client:renew(7, nil, OPTIONS)
    assert.are.equal(99, result.id)
    assert.is_true(info.existed)
    assert.is_nil(body_of(requests))
  end)

  it("is found where the old order says that it is renewed", function()
    local said, client, requests
    local function done(old)
      old.is_renewed = said
      return old
    end
    for _, value in ipairs { 1, true } do
      said = value
      client, requests = client_of(old_order(done), { [LOOKUP] =
        { 200, '{"orders":[{"order_id":99,"status":"pending"}]}' } })
      assert.are.equal(99, client:renew(7, nil, OPTIONS).id)
      assert.is_nil(body_of(requests))
    end
    local result, err
    for _, list in ipairs { "[]",
                            '[{"order_id":99,"status":"canceled"}]' } do
      client, requests = client_of(old_order(done), { [LOOKUP] =
        { 200, '{"orders":' .. list .. "}" } })
      result, err = client:renew(7, nil, OPTIONS)
      assert.is_nil(result)
      assert.are.equal("refused", err.kind)
      assert.are.equal("order 7 has been renewed already", err.message)
      assert.is_nil(body_of(requests))
    end
    client = client_of(old_order(done), { [LOOKUP] = { 500, "" } },
                       { retry = { attempts = 1 } })
    result, err = client:renew(7, nil, OPTIONS)
    assert.is_nil(result)
    assert.are.equal("unavailable", err.kind)
  end)

  it("has all its problems told, and is not sent", function()
    local body, result, err, requests = renewed {
      certificate = { csr = "none", common_name = "a_b" },
      order_validity = { years = 9 } }
    assert.is_nil(body)
    assert.is_nil(result)
    assert.are.equal("invalid", err.kind)
    assert.are.equal(3, #err.problems)
    assert.are.equal(1, #requests)
  end)

  it("is made of a CSR without its lines", function()
    local body = renewed(nil, function(old)
      old.certificate.csr = orders.csr:gsub("%-%-%-%-%-[^\n]*\n", "")
      return old
    end)
    assert.is_truthy(body.certificate.csr:find "^%-%-%-%-%-BEGIN CERT")
  end)

  for _, status in ipairs { "pending", "rejected", "canceled", "processing",
                            "needs_approval", "new\27" } do
    it("is refused of an order that is " .. status:gsub("%c", "?"),
       function()
      local body, result, err = renewed(nil, function(old)
        old.status = status
        return old
      end)
      assert.is_nil(body)
      assert.is_nil(result)
      assert.are.equal("refused", err.kind)
      assert.are.equal(7, err.order_id)
      assert.is_nil(err.message:find "%c")
      support.assert_no_secret(err)
    end)
  end

  for i, changes in ipairs { 5, "x", false,
                             setmetatable({}, { __index = {} }) } do
    it("raises for changes that are none: " .. i, function()
      local client, requests = client_of(old_order())
      assert.has_error(function() client:renew(7, changes) end)
      assert.has_error(function() client:renew("../7") end)
      assert.are.equal(0, #requests)
    end)
  end
end)

describe("a renewal that is too early", function()
  local function plan(days, status)
    return function(old)
      old.order_valid_till = os.date("!%Y-%m-%d", NOW + days * DAY)
      old.status = status or old.status
      return old
    end
  end

  it("is refused, and nothing is bought", function()
    -- on day 170 of a year's plan whose first certificate lasts 199 days
    local body, result, err, requests = renewed(nil, plan(195))
    assert.is_nil(body)
    assert.is_nil(result)
    assert.are.equal("refused", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.are.equal("order 7 lasts 195 more days, in which a new certificate "
      .. "is a reissue that costs nothing: call client:ensure_reissue(7, ...), "
      .. "renew in the last 30 days, or give renew_early = true to buy now",
      err.message)
    assert.are.same({ OLD, LOOKUP }, { requests[1].line, requests[2].line })
  end)

  local cases = { -- days, status, options; whether it is bought
    { 31, "issued", {}, false }, { 30, "issued", {}, true },
    { 31, "reissue_pending", {}, false }, { 31, "approved", {}, false },
    { 31, "expired", {}, true }, { 31, "revoked", {}, true },
    { 365, "issued", { renew_early = true }, true },
    { 365, "issued", { renew_early = false }, false },
  }
  for i, case in ipairs(cases) do
    it(("is bought only where that is said: %d"):format(i), function()
      case[3].now = NOW
      local body = renewed(nil, plan(case[1], case[2]), case[3])
      assert.are.equal(case[4], body ~= nil)
    end)
  end

  it("is found where it was bought before", function()
    local client, requests = client_of(old_order(plan(195)), { [LOOKUP] =
      { 200, '{"orders":[{"order_id":99,"status":"pending"}]}' } })
    local result, info = client:renew(7, nil, OPTIONS)
    assert.are.equal(99, result.id)
    assert.is_true(info.existed)
    assert.is_nil(body_of(requests))
  end)

  it("is not judged where the look-up fails", function()
    local client, requests = client_of(old_order(plan(195)),
      { [LOOKUP] = { 500, "" } }, { retry = { attempts = 1 } })
    local result, err = client:renew(7, nil, OPTIONS)
    assert.is_nil(result)
    assert.are.equal("unknown", err.outcome)
    assert.is_nil(body_of(requests))
  end)

  it("has an option that is a boolean", function()
    local client, requests = client_of(old_order())
    local ok, message = pcall(client.renew, client, 7, nil,
                              { renew_early = "yes" })
    assert.is_false(ok)
    assert.is_truthy(message:find("'renew_early' to 'renew' (boolean expected, "
                                  .. "got string)", 1, true), message)
    assert.are.equal(0, #requests)
  end)
end)

describe("advice", function()
  local function day(days)
    return os.date("!%Y-%m-%d", NOW + days * DAY)
  end

  -- days left of the certificate, of the order; the advice, in how many days
  local cases = {
    { 100, 100, "wait", "single", "the certificate ends in 100 days; the "
      .. "renewal is due in 70 days, on 10 AUG 2026", 70 },
    { 31, 31, "wait", "single", "the certificate ends in 31 days", 1 },
    { 30, 30, "renew", "single", "the certificate ends in 30 days, and the "
      .. "order ends in 30 days", 0 },
    { 1, 1, "renew", "single", "ends in 1 day, and", 0 },
    { 0, 0, "renew", "single", "the certificate ends today", 0 },
    { -1, -1, "renew", "single", "the certificate ended 1 day ago", 0 },
    { 199, 365, "wait", "multi-year", "the certificate ends in 199 days; the "
      .. "next reissue is due in 167 days, on 15 NOV 2026", 167 },
    { 33, 199, "wait", "multi-year", "the next reissue is due in 1 day", 1 },
    { 32, 198, "reissue", "multi-year", "the order has 198 days left, in "
      .. "which", 0 },
    { 20, 400, "reissue", "multi-year", "the order has 400 days left", 0 },
    { -3, 400, "reissue", "multi-year", "the certificate ended 3 days ago",
      0 },
    { 10, 29, "renew", "multi-year", "the order ends in 29 days", 0 },
    { 50, 55, "wait", "multi-year", "the renewal is due in 25 days", 25 },
    { 10, 30, "renew", "multi-year", "the order ends in 30 days", 0 },
    { 60, 80, "wait", "multi-year", "the renewal is due in 50 days", 50 },
    { 59, 80, "reissue", "multi-year", "the order has 80 days left", 0 },
    { 45, 80, "reissue", "multi-year", "the order has 80 days left", 0 },
  }
  for i, case in ipairs(cases) do
    it(("%d: %s"):format(i, case[3]), function()
      local client = client_of(old_order(function(old)
        old.certificate.valid_till = day(case[1])
        old.order_valid_till = day(case[2])
        old.auto_reissue = 0
        return old
      end))
      local advice = assert(client:renewal_advice(7))
      assert.is_truthy(advice.reason:find(case[5], 1, true), advice.reason)
      advice.reason = nil
      assert.are.same({ order_id = 7, action = case[3], plan = case[4],
        days_left = case[1], order_days_left = case[2],
        at = NOW + case[6] * DAY }, advice)
    end)
  end

  it("knows for how long certificates are issued", function()
    local client = client_of(old_order(function(old)
      old.certificate.valid_from = day(-40)
      old.certificate.valid_till, old.order_valid_till = day(50), day(325)
      return old
    end))
    -- of 90 days, each with 21 in hand
    assert.are.equal(NOW + 29 * DAY, client:renewal_advice(7).at)
    assert.are.equal("reissue",
                     client:renewal_advice(7, { least = 60 }).action)
  end)

  it("is given as early as one wishes", function()
    local client = client_of(old_order(function(old)
      old.certificate.valid_till, old.order_valid_till = day(50), day(50)
      return old
    end))
    assert.are.equal("wait", client:renewal_advice(7).action)
    assert.are.equal("renew", client:renewal_advice(7, { days = 50 }).action)
    assert.has_error(function() client:renewal_advice(7, { days = 0 }) end)
  end)

  it("tells what happens by itself", function()
    local client = client_of(old_order(function(old)
      old.certificate.valid_till, old.order_valid_till = day(5), day(300)
      return old
    end))
    local advice = client:renewal_advice(7)
    assert.are.equal("reissue", advice.action)
    assert.is_true(advice.auto)
    assert.is_truthy(advice.reason:find "is set to do so by itself$")
  end)

  local states = {
    { "pending", "wait", "the order is pending" },
    { "reissue_pending", "wait", "a reissue is in progress" },
    { "renewed", "wait", "the order has been renewed already" },
    { "expired", "renew", "the certificate ends in 9 days" },
    { "revoked" }, { "canceled" }, { "rejected" },
  }
  for _, case in ipairs(states) do
    it("looks at the status: " .. case[1], function()
      local client = client_of(old_order(function(old)
        old.is_renewed = case[1] == "renewed"
        old.status = old.is_renewed and "issued" or case[1]
        return old
      end))
      local advice, err = client:renewal_advice(7)
      if case[2] then
        assert.are.equal(case[2], advice.action)
        assert.are.equal(case[3], advice.reason:sub(1, #case[3]))
      else
        assert.is_nil(advice)
        assert.are.equal("refused", err.kind)
        assert.are.equal(case[1], err.order_status)
      end
    end)
  end

  it("needs a date, or the days", function()
    local function without(old)
      old.certificate.valid_till, old.order_valid_till = nil, nil
      return old
    end
    local advice, err = client_of(old_order(without)):renewal_advice(7)
    assert.is_nil(advice)
    assert.are.equal("protocol", err.kind)
    advice = client_of(old_order(function(old)
      without(old).certificate.days_remaining = 12
      return old
    end)):renewal_advice(7)
    assert.are.equal("renew", advice.action)
    assert.are.equal(12, advice.days_left)
  end)
end)
