-- The life of an order in the sandbox: approval, domain control, issuance,
-- expiry, by the clock and by hand.

local box = require "support.box"
local der = require "certcentral.sandbox.der"
local support = require "support.sandbox"
local x509csr = require "openssl.x509.csr"
local x509 = require "openssl.x509"

local DAY = box.DAY
local DEV = { common_name = "www.example.dev" }

local function at(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%S+00:00", box.NOW + seconds)
end

-- The states that wait() sees, with the second of each: "0 pending; …".
local function watched(it, id)
  local seen = {}
  local order, err = it.client:wait(id, { timeout = 3 * DAY,
    on_status = function(status)
      seen[#seen + 1] = status
    end })
  return table.concat(seen, " "), order, err
end

describe("an order by the clock", function()
  -- {what, pace, changes, certificate, states, seconds until it is issued}
  local cases = {
    { "is issued at once", {}, { skip_approval = true }, {}, "issued", 0 },
    { "is issued when it is approved", { approve_after = 600 }, {}, {},
      "needs_approval issued", 600 },
    { "waits for its domain", { validate_after = 3600 },
      { skip_approval = true }, DEV, "pending issued", 3600 },
    { "waits for both", { approve_after = 1000, validate_after = 400 }, {},
      DEV, "needs_approval issued", 1000 },
    { "waits for one after the other",
      { approve_after = 400, validate_after = 2000 }, {}, DEV,
      "needs_approval pending issued", 2000 },
    { "takes time to be made", { issue_after = 900 },
      { skip_approval = true }, {}, "processing issued", 900 },
    { "waits for its organization", { organization_after = 2 * DAY },
      { skip_approval = true, organization = {
        name = "Epigyne", country = "us", address = "932 Prospect Street",
        city = "Minneapolis", state = "mn", zip = "40849",
        telephone = "666-186-6450", organization_contact = {
          first_name = "Gia", last_name = "Booth", telephone = "1",
          job_title = "Clerk", email = "gia.booth@example.com" } } }, {},
      "pending issued", 2 * DAY },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local it = box.new { pace = case[2] }
      local id = box.place(it, case[3], case[4]).id
      local states, order = watched(it, id)
      assert.are.equal(case[5], states)
      assert.are.equal(at(case[6]), order.certificate.date_issued)
      assert.are.equal("issued", order.status)
      local crt = x509.new(box.send(it, "GET", ("/certificate/%d/download/"
        .. "format/pem_nointermediate"):format(order.certificate.id)).body)
      assert.are.equal(box.NOW + case[6], (crt:getLifetime()))
    end)
  end

  it("is issued at its time, whenever it is asked for", function()
    local it = box.new { pace = { approve_after = 60, validate_after = 30 } }
    local id = box.place(it, {}, DEV).id
    it.clock:advance(20 * DAY)
    local order = it.client:order(id)
    assert.are.equal(at(60), order.certificate.date_issued)
    assert.are.equal(at(60):sub(1, 10), order.certificate.valid_from)
    assert.are.equal(179, order.certificate.days_remaining)
  end)

  it("keeps what has happened when the pace changes", function()
    local it = box.new { pace = { approve_after = 60 } }
    local id = box.place(it).id
    it.clock:advance(100)
    it.sandbox:set_pace { approve_after = false }
    assert.are.equal("issued", it.client:order(id).status)
    id = box.place(it).id
    it.clock:advance(1e6)
    assert.are.equal("needs_approval", it.client:order(id).status)
  end)

  it("never ends by itself without a pace", function()
    local it = box.new()
    local states, order, err = watched(it, box.place(it, {}, DEV).id)
    assert.are.equal("needs_approval", states)
    assert.is_nil(order)
    assert.are.equal("needs_approval", err.order_status)
  end)

  it("is not issued when its validity is over", function()
    local it = box.new()
    local id = box.place(it, { order_validity = { days = 30 },
                               skip_approval = true }, DEV).id
    it.clock:advance(30 * DAY + 1)
    it.sandbox:validate_domain("example.dev")
    local order = it.client:order(id)
    assert.are.equal("expired", order.status)
    assert.is_nil(order.certificate.id)
  end)

  it("is cut to the longest certificate of the day", function()
    for _, case in ipairs { { "2026-03-16", 199 }, { "2027-03-16", 99 },
                            { "2029-03-16", 46 } } do
      local year, month, day = case[1]:match("(%d+)-(%d+)-(%d+)")
      local it = box.new()
      it.clock:set(os.time { year = year, month = month, day = day,
                             hour = 12 })
      local _, order = box.issued(it, { order_validity = { years = 3 } })
      assert.are.equal(case[2], order.certificate.days_remaining)
    end
  end)
end)

describe("an order that was issued", function()
  it("expires with its validity, its certificate before that", function()
    local it = box.new()
    local id = box.issued(it, { order_validity = { years = 1 } })
    -- {days, status, status of the certificate, days remaining}
    for _, case in ipairs { { 198, "issued", nil, 1 },
      { 200, "issued", "expired", 0 }, { 364, "issued", "expired", 0 },
      { 366, "expired", "expired", 0 } } do
      it.clock:set(box.NOW + case[1] * DAY)
      local order = it.client:order(id)
      assert.are.equal(case[2], order.status)
      assert.are.equal(case[3], order.certificate.status)
      assert.are.equal(case[4], order.certificate.days_remaining)
    end
    local _, err = it.client:wait(id)
    assert.are.equal("expired", err.order_status)
  end)

  it("says what renews it", function()
    local it = box.new()
    local old, order = box.issued(it)
    assert.is_false(order.is_renewed)
    assert.are.equal(0, order.renewed_order_id)
    local new = box.issued(it, { renewal_of_order_id = old })
    order = it.client:order(old)
    assert.is_true(order.is_renewed)
    assert.are.equal(new, order.renewed_order_id)
    assert.is_true(it.client:order(new).is_renewal)
    local third = box.issued(it, { renewed_thumbprint =
      it.client:order(new).certificate.thumbprint })
    assert.are.equal(third, it.client:order(new).renewed_order_id)
  end)

  it("is found by thumbprint and serial number of its primary", function()
    local it = box.new()
    local id, order = box.issued(it)
    for _, name in ipairs { "thumbprint", "serial_number" } do
      assert.are.equal(id, box.send(it, "GET", "/order/certificate/"
        .. order.certificate[name]).json.id)
    end
  end)
end)

describe("order info", function()
  it("has a CAA status as long as the order is pending", function()
    local it = box.new()
    local id = box.place(it).id
    local order = it.client:order(id, { include_caa_status = true })
    assert.are.same({ ["example.com"] = "CAA check passed." },
                    order.caa_status_message)
    assert.are.equal("GET /order/certificate/" .. id
                     .. "?include_caa_status=true", box.last(it).line)
    assert.is_nil(it.client:order(id).caa_status_message)
    id = box.issued(it)
    order = it.client:order(id, { include_caa_status = true })
    assert.is_nil(order.caa_status_message)
  end)

  it("has what an order is made of", function()
    local it = box.new()
    local _, order = box.issued(it, { comments = "hello" },
      { server_platform = { id = 45 }, dns_names = { "a.example.com" } })
    assert.are.same({ "example.com", "a.example.com" },
                    order.certificate.dns_names)
    assert.are.equal("nginx", order.certificate.server_platform.name)
    assert.are.equal("SANDBOX", order.certificate.ca_cert.id)
    assert.are.same({ { id = order.requests[1].id, date = at(0),
      type = "new_request", status = "approved", comments = "hello" } },
      order.requests)
    assert.are.equal(1, order.validity_years)
    assert.are.equal("2027-01-01", order.order_valid_till)
    assert.are.equal("Secure Site OV", order.product.name)
    assert.are.equal("sandbox@example.com", order.user.email)
  end)
end)

describe("cancelling", function()
  -- {what, how the order comes about, answer of cancel, status after it}
  local function pending(it)
    return box.place(it, { skip_approval = true }, DEV).id
  end
  local cases = {
    { "a pending order", pending, true, "canceled" },
    { "one that waits to be picked up", function(it)
      local id = pending(it)
      it.sandbox:force_status(id, "waiting_pickup")
      return id
    end, true, "waiting_pickup" },
    { "one that needs approval", function(it)
      return box.place(it).id
    end, nil, "needs_approval" },
    { "one that is issued", function(it)
      return (box.issued(it))
    end, nil, "issued" },
    { "one that is canceled", function(it)
      local id = pending(it)
      assert(it.client:cancel(id))
      return id
    end, nil, "canceled" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local it = box.new()
      local id = case[2](it)
      local done, err = it.client:cancel(id, { note = "no more" })
      assert.are.equal(case[3], done)
      assert.are.equal(("PUT /order/certificate/%d/status"):format(id),
                       box.last(it).line)
      assert.are.same({ status = "CANCELED", note = "no more" },
                      box.last(it).body)
      assert.are.equal(done and 204 or 400, box.last(it).status)
      assert.are.equal(done and "" or "invalid_status",
                       done and box.last(it).text or box.codes(err))
      assert.are.equal(case[4], it.client:order(id).status)
      it.sandbox:validate_domain("example.dev")
      it.clock:advance(1e6)
      assert.are.equal(case[4], it.client:order(id).status)
      if done then
        assert.are.equal("no more", it.client:order(id).notes[1].text)
      end
    end)
  end

  it("is a matter of case neither way, and of known states only", function()
    local it = box.new()
    for _, case in ipairs { { "canceled", 204 }, { "CANCELED", 204 },
      { "Canceled", 204 }, { "issued", 400 }, { 5, 400 },
      { "renewed", 400 } } do
      local response = box.send(it, "PUT",
        ("/order/certificate/%d/status"):format(pending(it)),
        { status = case[1] })
      assert.are.equal(case[2], response.status)
    end
  end)

  it("renewed and not_renewed are for the last 90 days", function()
    local it = box.new()
    local id = box.issued(it)
    local path = ("/order/certificate/%d/status"):format(id)
    assert.are.equal(400,
      box.send(it, "PUT", path, { status = "renewed" }).status)
    it.clock:advance(120 * DAY)
    for status, is_renewed in pairs { renewed = true, not_renewed = false } do
      assert.are.equal(204,
        box.send(it, "PUT", path, { status = status }).status)
      assert.are.equal(is_renewed, it.client:order(id).is_renewed)
    end
  end)
end)

describe("a status that is forced", function()
  it("is what the client waits on, and taken back", function()
    local it = box.new()
    local id = box.issued(it)
    for _, status in ipairs { "rejected", "canceled", "revoked",
                              "expired" } do
      it.sandbox:force_status(id, status)
      local order, err = it.client:wait(id)
      assert.is_nil(order)
      assert.are.equal(status, err.order_status)
    end
    it.sandbox:force_status(id, "thinking_about_it")
    local states, _, err = watched(it, id)
    assert.are.equal("thinking_about_it", states)
    assert.are.equal("unavailable", err.kind)
    it.sandbox:force_status(id)
    assert.are.equal("issued", it.client:wait(id).status)
  end)
end)

describe("an id that nobody has", function()
  local none = { "/order/certificate/7", "/order/certificate/abc",
    "/order/certificate/7/validation", "/order/certificate/7/reissue",
    "/order/certificate/7/duplicate", "/certificate/7/chain",
    "/certificate/7/download/platform",
    "/certificate/7/download/format/pem_all",
    "/certificate/download/order/7", "/request/7", "/organization/7",
    "/organization/x/validation", "/product/ssl_dv_rapidssl",
    "/container/6/product-limits" }
  local KINDS = { order = "order", certificate = "certificate",
    request = "request", organization = "organization",
    product = "product", container = "container" }
  for _, path in ipairs(none) do
    it("is answered with 404: " .. path, function()
      local response = box.send(box.new(), "GET", path)
      assert.are.equal(404, response.status)
      local kind = KINDS[path:match("^/(%l+)")]
      kind = path:find("/order/", 1, true) and "order" or kind
      assert.are.equal("not_found|" .. kind, response.json.errors[1].code)
    end)
  end

  local changes = { "/status", "/revoke", "/check-dcv", "/dcv-method",
    "/dcv-random-value", "/resend-emails" }
  for _, tail in ipairs(changes) do
    it("is answered with 404: PUT " .. tail, function()
      local it = box.new()
      local response = box.send(it, "PUT", "/order/certificate/7" .. tail,
                                "{}")
      assert.are.equal("not_found|order", response.json.errors[1].code)
      assert.are.equal(404, response.status)
    end)
  end

  it("is an error of the client's", function()
    local it = box.new()
    for _, method in ipairs { "order", "cancel", "revoke_order", "check_dcv",
      "new_dcv_value", "certificates", "request", "approve",
      "revoke_certificate", "organization", "deactivate_organization" } do
      local found, err = it.client[method](it.client, 7)
      assert.is_nil(found)
      assert.are.equal(404, err.status)
      assert.are.equal("refused", err.kind)
    end
  end)
end)

describe("a CSR", function()
  local csr = require "support.csr"
  -- What is not a matter of the signature, and not refused here.
  local weak = { ["close-primes-1"] = true, ["close-primes-100"] = true,
    ["close-primes-4096"] = true, ["equal-primes"] = true,
    ["exponent-1"] = true, ["factor-3"] = true, ["factor-743"] = true,
    ["factor-751"] = true, ["power-3"] = true, ["power-7"] = true,
    roca = true, rsa2052 = true,
    ["trailing-bytes"] = true }
  local function status_of(pem)
    local it = box.new()
    local order = support.order()
    order.certificate = box.certificate { csr = pem }
    local response = box.send(it, "POST",
      "/order/certificate/ssl_securesite_flex", order)
    return response.status, response.json.errors
  end
  it("is judged: another name under a PSS signature", function()
    local text = x509csr.new(csr.pss_signature):tostring("DER")
    for from, status in pairs { example = 201, exbmple = 400 } do
      local pem = der.pem("CERTIFICATE REQUEST",
                          (text:gsub("example", from)))
      assert.are.equal(status, (status_of(pem)))
    end
  end)

  for _, kind in ipairs { "good", "bad" } do
    for _, case in ipairs(csr.cases(kind)) do
      if not weak[case.name] then
        it(("is judged: %s %s"):format(kind, case.name), function()
          local status, problems = status_of(case.pem)
          assert.are.equal(kind == "good" and 201 or 400, status)
          if kind == "bad" then
            assert.are.equal("invalid_value:certificate.csr",
                             problems[1].code)
          end
        end)
      end
    end
  end
end)
