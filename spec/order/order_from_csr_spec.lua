-- certcentral.order_from_csr: what an order takes from a CSR.

local certcentral = require "certcentral"
local csr = require "certcentral.csr"
local orders = require "support.orders"
local requests = require "support.csr"

local order_from_csr = certcentral.order_from_csr

local function openssl(subject, names)
  local pipe = assert(io.popen(("openssl req -new -newkey ec -pkeyopt "
    .. "ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj '%s' %s "
    .. "2>/dev/null"):format(subject,
      names and "-addext 'subjectAltName=" .. names .. "'" or "")))
  local pem = pipe:read("*a")
  pipe:close()
  return pem
end

-- What makes it an order, beside the certificate.
local function rest()
  return { organization = { id = 123456 }, order_validity = { years = 1 } }
end

describe("order_from_csr", function()
  it("takes the names, the CSR and a hash", function()
    assert.are.same({ certificate = {
      common_name = "example.com",
      dns_names = { "www.example.com", "*.example.com" },
      csr = requests.sans,
      signature_hash = "sha256",
    } }, (order_from_csr(requests.sans)))
  end)

  -- file = hash
  for name, hash in pairs { rsa2048 = "sha256", rsa4096 = "sha256",
      sha1 = "sha256", sha512 = "sha256", p256 = "sha256", p384 = "sha384",
      p521 = "sha512", ["p521_sha1"] = "sha512" } do
    it(("takes %s for %s"):format(hash, name), function()
      assert.are.equal(hash,
        order_from_csr(requests[name]).certificate.signature_hash)
    end)
  end

  -- name = { subject, alternative names, common_name, dns_names }
  local names = {
    ["a common name alone"] = { "/CN=example.com", nil, "example.com", nil },
    ["the common name again"] = { "/CN=example.com",
      "DNS:EXAMPLE.com,DNS:www.example.com,DNS:WWW.example.com",
      "example.com", { "www.example.com" } },
    ["no common name"] = { "/", "DNS:a.example.com,DNS:b.example.com",
      "a.example.com", { "b.example.com" } },
    ["no common name and a long name"] = { "/",
      "DNS:" .. ("a"):rep(60) .. ".example.com,DNS:b.example.com",
      "b.example.com", { ("a"):rep(60) .. ".example.com" } },
    ["addresses"] = { "/CN=example.com",
      "IP:93.184.216.34,IP:2606:2800:220:1::1,DNS:www.example.com",
      "example.com",
      { "www.example.com", "93.184.216.34", "2606:2800:220:1::1" } },
    ["names of other kinds"] = { "/CN=example.com",
      "email:ops@example.com,URI:https://example.com/", "example.com", nil },
  }
  for name, case in pairs(names) do
    it("takes the names: " .. name, function()
      local order = assert(order_from_csr(openssl(case[1], case[2])))
      assert.are.equal(case[3], order.certificate.common_name)
      assert.are.same(case[4], order.certificate.dns_names)
    end)
  end

  -- file = { common_name, dns_names, whether validation warns }
  local odd = {
    empty_name = { "example.com" }, blank_name = { "example.com" },
    words_as_name = { "example.com", { "www.example.com" }, true },
    long_name = { "example.com", nil, true },
  }
  for name, case in pairs(odd) do
    it("takes the alternative names of " .. name, function()
      local order = assert(order_from_csr(requests[name], rest()))
      assert.are.equal(case[1], order.certificate.common_name)
      assert.are.same(case[2], order.certificate.dns_names)
      local ok, warnings = certcentral.validate(order, { now = orders.NOW })
      assert(ok, tostring(warnings))
      assert.are.same(case[3] and { { "certificate.common_name",
                                      "csr_mismatch" } } or {},
                      orders.codes(warnings))
    end)
  end

  it("takes the first alternative name that can be a common name", function()
    local order = assert(order_from_csr(openssl("/CN=My server",
      "DNS:server.local,DNS:*.co.uk,DNS:b.example.com,DNS:c.example.com")))
    assert.are.equal("b.example.com", order.certificate.common_name)
    assert.are.same({ "server.local", "*.co.uk", "c.example.com" },
                    order.certificate.dns_names)
  end)

  it("leaves a bad common name to validation where there is no good name",
     function()
    for _, list in ipairs { "DNS:server.local", false } do
      local order = assert(order_from_csr(openssl("/CN=My server",
                                                  list or nil), rest()))
      assert.are.equal("My server", order.certificate.common_name)
      local _, err = certcentral.validate(order, { now = orders.NOW })
      assert.are.equal("certificate.common_name", err.problems[1].path)
    end
  end)

  it("makes orders that validation has no word against", function()
    for _, pem in ipairs { requests.sans, requests.p384,
        openssl("/", "DNS:example.com,IP:93.184.216.34"),
        (csr.generate { common_name = "example.com",
          dns_names = { "www.example.com", "2606:2800:220:1::1" } }) } do
      local order = order_from_csr(pem, rest())
      local ok, warnings = certcentral.validate(order, { now = orders.NOW })
      assert(ok, tostring(warnings))
      assert.are.same({}, warnings)
    end
  end)

  it("adds the defaults, and the CSR wins", function()
    local defaults = orders.with {
      ["certificate.common_name"] = "www.example.org",
      ["certificate.dns_names"] = { "a.example.org", "b.example.org",
                                    "c.example.org" },
      ["certificate.csr"] = requests.rsa2048,
      ["certificate.signature_hash"] = "sha512",
      ["certificate.server_platform.id"] = 2,
      ["additional_emails"] = { "ops@example.com", "it@example.com" },
      ["payment_method"] = "balance",
    }
    local order = order_from_csr(requests.sans, defaults)
    assert.are.equal("example.com", order.certificate.common_name)
    assert.are.same({ "www.example.com", "*.example.com" },
                    order.certificate.dns_names)
    assert.are.equal(requests.sans, order.certificate.csr)
    assert.are.equal("sha256", order.certificate.signature_hash)
    assert.are.same({ id = 2 }, order.certificate.server_platform)
    assert.are.same({ "ops@example.com", "it@example.com" },
                    order.additional_emails)
    assert.are.equal("balance", order.payment_method)
    assert.are.same({ id = 123456 }, order.organization)
  end)

  it("takes no names from the defaults where the CSR has none", function()
    assert.is_nil(order_from_csr(requests.p256, {
      certificate = { dns_names = { "www.example.org" } },
    }).certificate.dns_names)
  end)

  it("leaves the defaults alone", function()
    local defaults = rest()
    defaults.certificate = { common_name = "www.example.org",
                             cert_validity = { days = 90 } }
    defaults.additional_emails = { "ops@example.com" }
    local order = order_from_csr(requests.p256, defaults)
    order.organization.id = 1
    order.certificate.cert_validity.days = 1
    order.additional_emails[1] = "nobody"
    local expected = rest()
    expected.certificate = { common_name = "www.example.org",
                             cert_validity = { days = 90 } }
    expected.additional_emails = { "ops@example.com" }
    assert.are.same(expected, defaults)
  end)

  it("keeps null in the defaults", function()
    assert.are.equal(certcentral.null, order_from_csr(requests.p256,
      { comments = certcentral.null, certificate = certcentral.null })
      .comments)
  end)

  it("gives an error as validation does for every bad CSR", function()
    for _, case in ipairs(requests.cases("bad")) do
      local order, err = order_from_csr(case.pem)
      assert.is_nil(order)
      assert.are.equal("invalid", err.kind)
      assert.is_nil(err.outcome)
      assert.are.same({ { "certificate.csr", "csr" } },
                      orders.codes(err.problems))
      assert.are.equal("'certificate.csr' "
        .. (case.message:find("^must ") and "" or "is refused: ")
        .. case.message, tostring(err))
    end
  end)

  it("gives an error for a CSR without a name", function()
    local order, err = order_from_csr(openssl("/O=Example", nil))
    assert.is_nil(order)
    assert.are.equal("'certificate.csr' must have a name that can be a common "
                     .. "name", tostring(err))
  end)

  it("raises for arguments of other types", function()
    for _, value in ipairs { false, 5, {} } do
      assert.has_error(function() order_from_csr(value) end,
        "bad argument #1 to 'order_from_csr' (string expected, got "
        .. type(value) .. ")")
    end
    assert.has_error(function() order_from_csr() end,
      "bad argument #1 to 'order_from_csr' (string expected, got nil)")
    assert.has_error(function() order_from_csr(requests.p256, 5) end,
      "bad argument #2 to 'order_from_csr' (table expected, got number)")
  end)
end)

describe("certcentral.csr", function()
  it("is the module of that name", function()
    assert.are.equal(csr, certcentral.csr)
    assert.is_nil(certcentral.nothing)
  end)
end)
