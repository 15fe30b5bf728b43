-- certcentral.csr.inspect, and openssl's word beside it.

local csr = require "certcentral.csr"
local requests = require "support.csr"

local function run(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

-- What `openssl req` prints of a request, and what a further command makes of
-- that.
local function openssl(pem, arguments)
  local name = os.tmpname()
  local file = assert(io.open(name, "wb"))
  file:write(pem)
  file:close()
  local text = run(("openssl req -in %s -noout %s"):format(name, arguments))
  os.remove(name)
  return text
end

local function sha256_of_key(pem)
  return (openssl(pem, "-pubkey | openssl pkey -pubin -outform DER"
    .. " | openssl dgst -sha256"):match("(%x+)%s*$"))
end

local function bad(name)
  for _, case in ipairs(requests.cases("bad")) do
    if case.name == name then
      return case.pem
    end
  end
  error("no case " .. name)
end

describe("inspect", function()
  -- file = what differs from the usual
  local good = {
    rsa2048 = {},
    rsa2056 = { bits = 2056 },
    rsa4096 = { bits = 4096 },
    sha512 = { signature_algorithm = "sha512WithRSAEncryption" },
    pss_signature = { signature_algorithm = "rsassaPss" },
    exponent_3 = {},
    crlf = {},
    sans = { dns_names = { "example.com", "www.example.com",
                           "*.example.com" } },
    p256 = { key = "ec", bits = 256, curve = "P-256",
             signature_algorithm = "ecdsa-with-SHA256" },
    p384 = { key = "ec", bits = 384, curve = "P-384",
             signature_algorithm = "ecdsa-with-SHA256" },
    p521_sha1 = { key = "ec", bits = 521, curve = "P-521",
                  signature_algorithm = "ecdsa-with-SHA1" },
  }
  for name, more in pairs(good) do
    it("tells all of " .. name, function()
      local expected = {
        subject = "CN=example.com", common_name = "example.com",
        dns_names = {}, ip_addresses = {}, other_names = {}, key = "rsa",
        bits = 2048, signature_algorithm = "sha256WithRSAEncryption",
        signature_ok = true, sha256 = sha256_of_key(requests[name]),
      }
      for member, value in pairs(more) do
        expected[member] = value
      end
      assert.are.same(expected, (csr.inspect(requests[name])))
      assert.is_truthy(openssl(requests[name], "-text"):find(
        "Signature Algorithm: " .. expected.signature_algorithm, 1, true))
    end)
  end

  it("gives integers", function()
    local bits = csr.inspect(requests.p256).bits
    assert.are.equal("256", tostring(bits))
  end)

  -- name = members of what is told
  local refused = {
    ["flipped-signature"] = { signature_ok = false, bits = 2048 },
    ["changed-name"] = { signature_ok = false },
    md4 = { signature_ok = false,
            signature_algorithm = "md4WithRSAEncryption" },
    ["unknown-signature"] = { signature_ok = false,
                              signature_algorithm = "1.3.6.1.4.1.99999.1" },
    rsa1024 = { bits = 1024, signature_ok = true,
      refused = "an RSA key must have at least 2048 bits, got 1024" },
    ed25519 = { key = "ed25519", bits = 256, signature_ok = true,
      refused = "the key must be RSA or EC, got a key of type ED25519" },
    dsa = { key = "dsa", signature_ok = true },
    secp256k1 = { key = "ec", curve = "secp256k1", bits = 256 },
    ["explicit-p256"] = { key = "ec", bits = 256 },
    ["point-off-curve"] = { key = "ec", curve = "P-256",
      signature_ok = false, refused = "the key of the request cannot be read" },
    roca = { key = "rsa", bits = 2048, signature_ok = true,
      refused = "an RSA key must not be of the kind whose factors can be "
        .. "computed (ROCA, CVE-2017-15361)" },
  }
  for name, members in pairs(refused) do
    it("tells what it can of " .. name, function()
      local facts = assert(csr.inspect(bad(name)))
      for member, value in pairs(members) do
        assert.are.equal(value, facts[member])
      end
      assert.are.equal(64, #facts.sha256)
    end)
  end

  it("has no curve where the key has none by name", function()
    assert.is_nil(csr.inspect(bad("explicit-p256")).curve)
    assert.is_nil(csr.inspect(bad("point-off-curve")).bits)
  end)

  it("reads names of all kinds", function()
    local pem = run("openssl req -new -newkey ec -pkeyopt "
      .. "ec_paramgen_curve:P-256 -nodes -keyout /dev/null -utf8 -subj "
      .. "'/C=DE/O=Beispiel M\195\188ller, GmbH/CN=a.example.com"
      .. "/CN=b.example.com' -addext 'subjectAltName=DNS:c.example.com,"
      .. "IP:93.184.216.34,IP:2606:2800:220:1::1,email:ops@example.com,"
      .. "URI:https://example.com/,RID:1.2.3' 2>/dev/null")
    local facts = assert(csr.inspect(pem))
    assert.are.equal("C=DE, O=\"Beispiel M\195\188ller, GmbH\", "
      .. "CN=a.example.com, CN=b.example.com", facts.subject)
    assert.are.equal("b.example.com", facts.common_name)
    assert.are.same({ "c.example.com" }, facts.dns_names)
    assert.are.same({ "93.184.216.34", "2606:2800:220:1::1" },
                    facts.ip_addresses)
    assert.are.same({ "email:ops@example.com", "URI:https://example.com/",
                      "a name of another kind" }, facts.other_names)
  end)

  it("makes what is not printable harmless", function()
    local pem = run("openssl req -new -newkey ec -pkeyopt "
      .. "ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj "
      .. "'/CN=a\27[31mb' -addext 'subjectAltName=DNS:a\127b\\\\c' "
      .. "2>/dev/null")
    local facts = assert(csr.inspect(pem))
    assert.are.equal("CN=a\\1B[31mb", facts.subject)
    assert.are.equal("a\\x1B[31mb", facts.common_name)
    assert.are.equal("a\\x7Fb\\x5Cc", facts.dns_names[1])
  end)

  for _, name in ipairs { "letter", "certificate", "two-requests",
                          "truncated", "trailing-bytes" } do
    it("refuses " .. name, function()
      local facts, err = csr.inspect(bad(name))
      local _, message = csr.check(bad(name))
      assert.is_nil(facts)
      assert.are.equal("invalid", err.kind)
      assert.are.equal("'csr' " .. message, tostring(err))
      assert.are.same({ { path = "csr", code = "csr",
                          message = err.message } }, err.problems)
      assert.is_nil(err.outcome)
    end)
  end

  it("raises for what is no string", function()
    for _, value in ipairs { false, 5, {}, print } do
      assert.has_error(function() csr.inspect(value) end)
    end
    assert.has_error(function() csr.inspect() end)
  end)

  it("survives every case", function()
    for _, kind in ipairs { "good", "bad" } do
      for _, case in ipairs(requests.cases(kind)) do
        local facts, err = csr.inspect(case.pem)
        assert.is_true(facts ~= nil or err.kind == "invalid")
        if kind == "good" then
          assert.is_true(facts.signature_ok)
          assert.is_nil(facts.refused)
        end
      end
    end
  end)
end)
