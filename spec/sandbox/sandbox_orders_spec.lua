-- Orders in the sandbox: what is refused, and every answer to the rest.

local chain = require("openssl.x509.chain")
local store = require("openssl.x509.store")
local x509 = require("openssl.x509")

local clocks = require("certcentral.sandbox.clock")
local json = require("certcentral.sandbox.json")
local sandboxes = require("certcentral.sandbox")
local support = require("support.sandbox")

local NOW = 1767225600 -- 2026-01-01T00:00:00Z
local ORDER_PATH = "/order/certificate/ssl_securesite_flex"
local NEW_ORGANIZATION = {
  name = "Epigyne", country = "us", address = "932 Prospect Street",
  city = "Minneapolis", state = "mn", zip = "40849",
  telephone = "666-186-6450",
  organization_contact = { first_name = "Gia", last_name = "Booth",
    email = "gia.booth@example.com" },
}

local sandbox

local function fresh(options)
  options = options or {}
  options.clock = options.clock or clocks.new(NOW)
  sandbox = sandboxes.new(options)
end

-- A request as a client sends it; returns the response.
local function send(method, path, body)
  local response = sandbox.transport({
    method = method,
    url = sandbox.base_url .. path,
    headers = { ["X-DC-DEVKEY"] = sandbox.api_key,
      ["Content-Type"] = body and "application/json" },
    body = type(body) == "table" and json.encode(body) or body,
  })
  response.json = json.decode(response.body)
  return response
end

local function place(changes)
  return send("POST", ORDER_PATH, support.order(changes))
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

local function merged(object, changes)
  local copy = {}
  for _, source in ipairs({ object, changes }) do
    for member, value in pairs(source) do
      copy[member] = value
    end
  end
  return copy
end

-- The small order with other members in its certificate.
local function with_certificate(changes)
  return support.order({
    certificate = merged(support.order().certificate, changes) })
end

describe("sandbox orders:", function()
  before_each(function()
    fresh()
  end)

  describe("checks of an order", function()
    local null = json.null
    local long = ("a"):rep(65)
    local function with(member, value)
      return support.order({ [member] = value })
    end
    local function organization(changes)
      return with("organization", merged(NEW_ORGANIZATION, changes))
    end
    local card = { number = "4111111111111111", expiration_month = 1,
      expiration_year = 2029, cvv = 333, cardholder_name = "A Person" }
    local function card_with(member, value)
      local copy = merged(card, { [member] = value })
      return support.order({ payment_method = "card", credit_card = copy,
        billing_address = { address = "a", city = "c", country = "us" } })
    end

    -- {order, the codes expected}
    local cases = {
      { with("certificate", null), "missing_value:certificate" },
      { with("certificate", 5), "invalid_value:certificate" },
      { with_certificate({ common_name = null }),
        "missing_value:certificate.common_name" },
      { with_certificate({ common_name = "" }),
        "missing_value:certificate.common_name" },
      { with_certificate({ common_name = "a_b.example.com" }),
        "invalid_value:certificate.common_name" },
      { with_certificate({ common_name = "localhost" }),
        "invalid_value:certificate.common_name" },
      { with_certificate({ common_name = long .. ".example.com" }),
        "invalid_value:certificate.common_name" },
      { with_certificate({ common_name = "300.1.1.1" }),
        "invalid_value:certificate.common_name" },
      { with_certificate({ common_name = "w*.example.com" }),
        "invalid_value:certificate.common_name" },
      { with_certificate({ dns_names = "a.example.com" }),
        "invalid_value:certificate.dns_names" },
      { with_certificate({ dns_names = json.array({ 5 }) }),
        "invalid_value:certificate.dns_names" },
      { with_certificate({ csr = null }), "missing_value:certificate.csr" },
      { with_certificate({ csr = "<csr>" }),
        "invalid_value:certificate.csr" },
      { with_certificate({ signature_hash = null }),
        "missing_value:certificate.signature_hash" },
      { with_certificate({ signature_hash = "sha1" }),
        "invalid_value:certificate.signature_hash" },
      { with_certificate({ server_platform = json.array() }),
        "invalid_value:certificate.server_platform" },
      { with_certificate({ server_platform = { name = "x" } }),
        "missing_value:certificate.server_platform.id" },
      { with_certificate({ cert_validity = { days = 398 } }),
        "invalid_value:validity_days" },
      { with_certificate({ cert_validity = { years = 2 } }),
        "invalid_value:validity_years" },
      { with_certificate({ cert_validity = { days = 366 } }),
        "invalid_value:certificate.cert_validity" },
      { with_certificate({
        cert_validity = { custom_expiration_date = "09 JUN 2027" } }),
        "invalid_value:custom_expiration_date" },
      { with("order_validity", null), "missing_value:order_validity" },
      { with("order_validity", { months = 1 }),
        "missing_value:order_validity.years" },
      { with("order_validity", { years = 4 }),
        "invalid_value:validity_years" },
      { with("order_validity", { years = "1" }),
        "invalid_value:validity_years" },
      { with("order_validity", { days = 1096 }),
        "invalid_value:validity_days" },
      { with("order_validity", { days = 0 }),
        "invalid_value:validity_days" },
      { with("order_validity", { custom_expiration_date = "2026-06-09" }),
        "invalid_value:custom_expiration_date" },
      { with("order_validity", { custom_expiration_date = "31 FEB 2026" }),
        "invalid_value:custom_expiration_date" },
      { with("order_validity", { custom_expiration_date = "31 DEC 2025" }),
        "invalid_value:custom_expiration_date" },
      { with("order_validity", { custom_expiration_date = "02 JAN 2029" }),
        "invalid_value:custom_expiration_date" },
      { with("custom_expiration_date", "09 JUN 2026"),
        "invalid_value:custom_expiration_date" },
      { with("validity_years", 4), "invalid_value:validity_years" },
      { with("organization", null), "missing_value:organization" },
      { with("organization", {}), "missing_value:organization.id" },
      { with("organization", { id = 999 }),
        "invalid_value:organization.id" },
      { with("organization", { id = "1" }),
        "invalid_value:organization.id" },
      { organization({ zip = null }), "missing_value:organization.zip" },
      { organization({ country = "usa" }),
        "invalid_value:organization.country" },
      { organization({ organization_contact = null }),
        "missing_value:organization.organization_contact" },
      { organization({ organization_contact = { first_name = "G",
        last_name = "B", email = "none" } }),
        "invalid_value:organization.organization_contact.email" },
      { with("organization", { id = 1, contacts = json.array({ {} }) }),
        "missing_value:organization.contacts.contact_type",
        "missing_value:organization.contacts.first_name",
        "missing_value:organization.contacts.last_name",
        "missing_value:organization.contacts.job_title",
        "missing_value:organization.contacts.telephone",
        "missing_value:organization.contacts.email" },
      { with("payment_method", "cash"), "invalid_value:payment_method" },
      { with("payment_method", "card"), "missing_value:credit_card",
        "missing_value:billing_address" },
      { card_with("number", "4111"), "invalid_value:credit_card.number" },
      { card_with("number", 4111111111111111),
        "invalid_value:credit_card.number" },
      { card_with("expiration_month", 13),
        "invalid_value:credit_card.expiration_month" },
      { card_with("cvv", "333"), "invalid_value:credit_card.cvv" },
      { card_with("cardholder_name", null),
        "missing_value:credit_card.cardholder_name" },
      { with("auto_renew", true), "invalid_value:auto_renew" },
      { with("auto_renew", 2), "invalid_value:auto_renew" },
      { with("skip_approval", 1), "invalid_value:skip_approval" },
      { with("comments", 5), "invalid_value:comments" },
      { with("additional_emails", json.array({ "a@b.c", "none" })),
        "invalid_value:additional_emails" },
      { with("renewed_thumbprint", ("g"):rep(40)),
        "invalid_value:renewed_thumbprint" },
      { with("renewal_of_order_id", "1"),
        "invalid_value:renewal_of_order_id" },
      { with("container", {}), "missing_value:container.id" },
      { with("custom_fields", json.array({ { metadata_id = 1 } })),
        "missing_value:custom_fields.value" },
      { with("technical_contact", { first_name = "a", last_name = "b" }),
        "missing_value:technical_contact.email" },
      { with("alternative_order_id", long),
        "invalid_value:alternative_order_id" },
      { with("server_licenses", 0), "invalid_value:server_licenses" },
      { with("dcv_method", "fax"), "invalid_value:dcv_method" },
      { with("certificate_dcv_scope", "all"),
        "invalid_value:certificate_dcv_scope" },
    }
    for _, case in ipairs(cases) do
      local expected = { select(2, (table.unpack or unpack)(case)) }
      it("refuses with " .. table.concat(expected, ", "), function()
        local response = send("POST", ORDER_PATH, case[1])
        assert.equal(400, response.status)
        assert.same(expected, codes(response))
        assert.same({}, sandbox:orders())
      end)
    end

    it("names every fault of an empty order", function()
      local response = send("POST", ORDER_PATH, "{}")
      assert.same({ "missing_value:certificate",
        "missing_value:organization", "missing_value:order_validity" },
        codes(response))
    end)

    it("refuses a wildcard with a method over HTTP", function()
      local order = with_certificate({ common_name = "*.example.com" })
      order.dcv_method = "http-token"
      assert.same({ "invalid_value:dcv_method" },
        codes(send("POST", ORDER_PATH, order)))
    end)

    it("knows an integer from a fraction by how it is written", function()
      local text = json.encode(support.order({ auto_renew = 1 }))
      for number, status in pairs({ ["1"] = 201, ["1.0"] = 400,
        ["1e0"] = 400, ["0.5"] = 400 }) do
        local body = text:gsub('"auto_renew":1', '"auto_renew":' .. number)
        assert.equal(status, send("POST", ORDER_PATH, body).status, number)
      end
    end)

    local accepted = {
      ["null members"] = { comments = null, dcv_method = null },
      ["unknown members"] = { nonsense = { 1, 2 } },
      ["years at the root"] = { order_validity = null, validity_years = 3 },
      ["a date at the root"] = { order_validity = null,
        custom_expiration_date = "2028-12-31" },
      ["a named date"] = {
        order_validity = { custom_expiration_date = "01 JAN 2029" } },
      ["days over years"] = { order_validity = { years = 1, days = 1095 } },
      ["a new organization"] = { organization = NEW_ORGANIZATION },
      ["a renewal"] = { renewal_of_order_id = 123456789 },
      ["contacts"] = { organization = { id = 1, contacts = json.array({
        { contact_type = "organization_contact", user_id = 565611 } }) } },
      ["an address as name"] = with_certificate({
        dns_names = json.array({ "203.0.113.7", "2001:db8::1" }) }),
    }
    for title, changes in pairs(accepted) do
      it("accepts " .. title, function()
        local response = send("POST", ORDER_PATH,
          merged(support.order(), changes))
        assert.equal(201, response.status, response.body)
      end)
    end

    it("accepts a CSR with any line ends, or none", function()
      local pem = support.csr()
      for _, text in ipairs({ pem, (pem:gsub("\n", "\r\n")),
        (pem:gsub("\n", "")), "\n " .. pem .. "\r\n\r\n" }) do
        local response = send("POST", ORDER_PATH,
          with_certificate({ csr = text }))
        assert.equal(201, response.status)
      end
    end)

    it("refuses what is not one CSR", function()
      local pem, key = support.csr()
      local server_crt = sandbox.ca:root_pem()
      for _, text in ipairs({ key:toPEM("private"), server_crt, pem .. pem,
        pem:sub(1, 200), (pem:gsub("\nMI", "\nAA")) }) do
        local response = send("POST", ORDER_PATH,
          with_certificate({ csr = text }))
        assert.same({ "invalid_value:certificate.csr" }, codes(response))
      end
    end)
  end)

  describe("alternative order ids", function()
    it("may come twice, unless the account says no", function()
      for _, case in ipairs({ { false, 201 }, { true, 400 } }) do
        fresh({ unique_alternative_order_ids = case[1] })
        assert.equal(201, place({ alternative_order_id = "a-1" }).status)
        assert.equal(case[2],
          place({ alternative_order_id = "a-1" }).status)
        assert.equal(201, place({ alternative_order_id = "a-2" }).status)
        assert.equal(201, place().status)
        assert.equal(201, place().status)
      end
      local response = place({ alternative_order_id = "a-2" })
      assert.same({ "invalid_value:alternative_order_id" }, codes(response))
    end)

    it("find their orders, page by page", function()
      local ids = {}
      for index = 1, 3 do
        ids[index] = place({ alternative_order_id = "a/b c%" }).json.id
      end
      place({ alternative_order_id = "other" })
      local path = "/order/alternate/a%2Fb%20c%25"
      local found = send("GET", path).json
      assert.same({ total = 3, limit = 1000, offset = 0 }, found.page)
      for index, entry in ipairs(found.orders) do
        assert.equal(ids[index], entry.order_id)
        assert.equal("needs_approval", entry.status)
        assert.is_number(entry.certificate_id)
      end
      found = send("GET", path .. "?offset=1&limit=1").json
      assert.same({ total = 3, limit = 1, offset = 1 }, found.page)
      assert.equal(1, #found.orders)
      assert.equal(ids[2], found.orders[1].order_id)
    end)

    it("that nobody has find an empty list", function()
      local response = send("GET", "/order/alternate/none")
      assert.equal(200, response.status)
      assert.truthy(response.body:find('"orders":[]', 1, true))
    end)
  end)

  describe("answers to an order", function()
    local open = { "shop.example.dev", "example.dev", "www.example.com" }
    local function dev(changes)
      local order = with_certificate({ common_name = "*.a.example.dev",
        dns_names = json.array(open) })
      local response = send("POST", ORDER_PATH, merged(order, changes))
      assert.equal(201, response.status)
      return response.json
    end
    local function members(object)
      local list = {}
      for member in pairs(object) do
        list[#list + 1] = member
      end
      table.sort(list)
      return table.concat(list, " ")
    end

    it("wait for approval", function()
      local answer = place().json
      assert.equal("id requests", members(answer))
      assert.equal("pending", answer.requests[1].status)
      assert.truthy(answer.id >= 1000000)
      if math.type then
        assert.equal("integer", math.type(answer.id))
      end
    end)

    it("wait for approval and show tokens", function()
      local answer = dev({ dcv_method = "dns-txt-token" })
      assert.equal("dcv_random_value domains id requests", members(answer))
      assert.equal(1, #answer.domains)
      local domain = answer.domains[1]
      assert.equal("example.dev", domain.name)
      assert.equal(answer.dcv_random_value, domain.dcv_token.token)
      assert.equal("pending", domain.dcv_token.status)
      assert.equal("2026-01-31T00:00:00+00:00",
        domain.dcv_token.expiration_date)
      assert.is_nil(domain.dcv_token.verification_value)
    end)

    it("show tokens without approval", function()
      local answer = dev({ dcv_method = "dns-cname-token",
        skip_approval = true })
      assert.equal("certificate_id dcv_random_value domains id",
        members(answer))
      assert.equal("dcv.digicert.com",
        answer.domains[1].dcv_token.verification_value)
    end)

    it("show no tokens for mail", function()
      for _, method in ipairs({ json.null, "email" }) do
        assert.equal("certificate_id id", members(dev({
          skip_approval = true, dcv_method = method })))
      end
    end)

    it("show no tokens when all is validated", function()
      sandbox:validate_domain("example.dev")
      assert.equal("id requests",
        members(dev({ dcv_method = "http-token-dynamic",
          certificate = support.order().certificate })))
      assert.equal("id requests",
        members(dev({ dcv_method = "dns-txt-token" })))
    end)

    it("list names by scope", function()
      sandbox:validate_domain("shop.example.dev")
      local answer = dev({ dcv_method = "dns-txt-token",
        certificate_dcv_scope = "fqdn" })
      assert.equal(1, #answer.domains)
      assert.equal("example.dev", answer.domains[1].name)
      open = { "b.example.dev" }
      answer = dev({ dcv_method = "dns-txt-token",
        certificate_dcv_scope = "fqdn" })
      assert.equal("a.example.dev", answer.domains[1].name)
      assert.equal("b.example.dev", answer.domains[2].name)
    end)

    it("call a domain as the option says", function()
      fresh({ domain_key = "dns_name" })
      local answer = dev({ dcv_method = "dns-txt-token" })
      assert.is_nil(answer.domains[1].name)
      assert.is_string(answer.domains[1].dns_name)
    end)

    it("issue at once", function()
      local answer = place({ skip_approval = true }).json
      assert.equal("certificate_chain certificate_id id requests",
        members(answer))
      assert.equal("approved", answer.requests[1].status)
      assert.equal(3, #answer.certificate_chain)
      for _, entry in ipairs(answer.certificate_chain) do
        assert.truthy(entry.pem:find("^%-%-%-%-%-BEGIN CERT[%w%-]+.-\r\n"))
        assert.is_nil(entry.pem:find("[^\r]\n"))
      end
    end)

    it("do not issue for a new organization, nor later find it valid",
      function()
        for _ = 1, 2 do
          local answer = place({ skip_approval = true,
            organization = NEW_ORGANIZATION }).json
          assert.is_nil(answer.certificate_chain)
          assert.equal("pending",
            send("GET", "/order/certificate/" .. answer.id).json.status)
        end
      end)

    it("take a matching organization, unless told not to", function()
      local function organization_id(skip)
        NEW_ORGANIZATION.skip_duplicate_org_check = skip
        local id = place({ organization = NEW_ORGANIZATION }).json.id
        NEW_ORGANIZATION.skip_duplicate_org_check = nil
        return send("GET", "/order/certificate/" .. id)
          .json.organization.id
      end
      local first = organization_id()
      assert.equal(first, organization_id())
      assert.equal(first, organization_id(false))
      assert.not_equal(first, organization_id(true))
      assert.equal(first, organization_id())
    end)
  end)

  describe("issued certificates", function()
    local function decode(list)
      local certificates = {}
      for index, entry in ipairs(list) do
        certificates[index] = x509.new(entry.pem, "PEM")
      end
      return certificates
    end

    local function alternatives(crt)
      local list = {}
      local names = crt:getSubjectAlt()
      local each = getmetatable(names).__pairs or pairs
      for kind, value in each(names) do
        list[#list + 1] = kind .. ":" .. value
      end
      return list
    end

    local function issue(certificate, changes)
      local order = merged(with_certificate(certificate), changes or {})
      order.skip_approval = true
      local response = send("POST", ORDER_PATH, order)
      assert.equal(201, response.status, response.body)
      return decode(response.json.certificate_chain), response.json
    end

    for _, kind in ipairs({ { type = "EC", curve = "secp384r1" },
      { type = "RSA", bits = 2048 } }) do
      it(("carry the ordered names and the %s key"):format(kind.type),
        function()
          fresh({ clock = os.time })
          sandbox:validate_domain("203.0.113.7")
          sandbox:validate_domain("2001:db8::1")
          local pem, key = support.csr("csr.example.org", kind)
          local certificates = issue({ csr = pem,
            common_name = "Example.com", signature_hash = "sha384",
            dns_names = json.array({ "*.example.com", "example.com",
              "a.example.net", "203.0.113.7", "2001:db8::1" }) })
          local leaf, ica, root = (table.unpack or unpack)(certificates)
          assert.same({ "DNS:example.com", "DNS:*.example.com",
            "DNS:a.example.net", "IP:203.0.113.7", "IP:2001:db8::1" },
            alternatives(leaf))
          assert.truthy(tostring(leaf:getSubject())
            :find("CN=example.com", 1, true))
          assert.truthy(tostring(leaf:getSubject())
            :find("O=Example Company", 1, true))
          assert.equal(key:toPEM("public"),
            leaf:getPublicKey():toPEM("public"))
          assert.equal("ecdsa-with-SHA384", leaf:getSignatureName())

          local trusted, between = store.new(), chain.new()
          trusted:add(root)
          between:add(ica)
          assert.is_true((trusted:verify(leaf, between)))
          assert.is_false((trusted:verify(leaf)))
          assert.is_false((store.new():verify(leaf, between)))
        end)
    end

    local DAY = 86400
    local cases = {
      { "199 days at most", nil, { years = 3 }, NOW + 199 * DAY },
      { "as long as the order", nil, { days = 90 }, NOW + 90 * DAY },
      { "cert_validity in days", { days = 30 }, { years = 1 },
        NOW + 30 * DAY },
      { "cert_validity by date",
        { days = 7, custom_expiration_date = "31 JAN 2026" }, { years = 1 },
        NOW + 31 * DAY - 1 },
      { "a long cert_validity cut", { years = 1 }, { years = 2 },
        NOW + 199 * DAY },
    }
    for _, case in ipairs(cases) do
      it("are valid: " .. case[1], function()
        local certificates, answer = issue({ cert_validity = case[2] },
          { order_validity = case[3] })
        local from, till = certificates[1]:getLifetime()
        assert.equal(NOW, from)
        assert.equal(case[4], till)
        local info = send("GET", "/order/certificate/" .. answer.id).json
        assert.equal("2026-01-01", info.certificate.valid_from)
        assert.equal(os.date("!%Y-%m-%d", till),
          info.certificate.valid_till)
      end)
    end

    it("are shown by order id, thumbprint and serial number", function()
      local certificates, answer = issue({})
      local info = send("GET", "/order/certificate/" .. answer.id).json
      assert.equal("issued", info.status)
      assert.equal(answer.certificate_id, info.certificate.id)
      assert.equal(certificates[1]:digest("sha1", "x"):upper(),
        info.certificate.thumbprint)
      for _, id in ipairs({ info.certificate.thumbprint,
        info.certificate.serial_number:lower() }) do
        assert.equal(answer.id,
          send("GET", "/order/certificate/" .. id).json.id)
      end
    end)
  end)

  describe("order info", function()
    it("shows what was ordered", function()
      local id = place({ alternative_order_id = "a-1", auto_renew = 1,
        comments = "for the approver", renewal_of_order_id = 5,
        dcv_method = "dns-txt-token", container = { id = 7 },
        order_validity = { years = 2 } }).json.id
      local info = send("GET", "/order/certificate/" .. id).json
      assert.equal(id, info.id)
      assert.equal("needs_approval", info.status)
      assert.equal("a-1", info.alternative_order_id)
      assert.equal("2028-01-01", info.order_valid_till)
      assert.equal("2026-01-01T00:00:00+00:00", info.date_created)
      assert.equal(1, info.auto_renew)
      assert.is_true(info.is_renewal)
      assert.equal("dns-txt-token", info.dcv_method)
      assert.equal(7, info.container.id)
      assert.equal(123456, info.organization.id)
      assert.equal("ssl_securesite_flex", info.product.name_id)
      assert.equal("pending", info.requests[1].status)
      assert.equal("for the approver", info.requests[1].comments)
      local certificate = info.certificate
      assert.equal("example.com", certificate.common_name)
      assert.same({ "example.com" }, certificate.dns_names)
      assert.equal(256, certificate.key_size)
      assert.equal("sha256", certificate.signature_hash)
      assert.equal(-1, certificate.server_platform.id)
      for _, member in ipairs({ "id", "thumbprint", "serial_number",
        "valid_from", "valid_till" }) do
        assert.is_nil(certificate[member])
      end
    end)
  end)
end)
