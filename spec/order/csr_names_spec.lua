-- What validation makes of a CSR's names and of its key beyond the CSR
-- itself: names that only one side has, and keys on a blocklist.

local certcentral = require "certcentral"
local csr = require "certcentral.csr"
local x509 = require "certcentral.x509"
local orders = require "support.orders"
local requests = require "support.csr"
local maker = require "support.sandbox"
local altname = require "openssl.x509.altname"
local x509csr = require "openssl.x509.csr"
local x509name = require "openssl.x509.name"
local pkey = require "openssl.pkey"

local key = pkey.new { type = "EC", curve = "prime256v1" }

-- A CSR with these common names and alternative names ({kind, name}).
local function request(common_names, alternatives)
  local made, subject = x509csr.new(), x509name.new()
  for _, name in ipairs(common_names) do
    subject:add("CN", name)
  end
  made:setSubject(subject)
  if alternatives then
    local list = altname.new()
    for _, name in ipairs(alternatives) do
      list:add(name[1], name[2])
    end
    made:setSubjectAlt(list)
  end
  made:setPublicKey(key)
  made:sign(key, "sha256")
  return made:toPEM()
end

local function hosts(...)
  local list = {}
  for i, name in ipairs { ... } do
    list[i] = { "DNS", name }
  end
  return list
end

local function order_of(pem, common_name, dns_names)
  return orders.with {
    ["certificate.csr"] = pem,
    ["certificate.common_name"] = common_name,
    ["certificate.dns_names"] = dns_names or orders.absent,
  }
end

-- { path, what the message has in it } of each csr_mismatch.
local function mismatches(order, options)
  local options_with_csr = { now = orders.NOW }
  for name, value in pairs(options or {}) do
    options_with_csr[name] = value
  end
  local ok, warnings = certcentral.validate(order, options_with_csr)
  assert(ok, tostring(warnings))
  local list = {}
  for _, warning in ipairs(warnings) do
    if warning.code == "csr_mismatch" then
      local said = warning.message:match(
        "^'.-' (.*) %(the API takes names from the order only%)$")
      assert.is_truthy(said)
      list[#list + 1] = { warning.path, said }
    end
  end
  return list
end

local CN, CSR = "certificate.common_name", "certificate.csr"
local function nth(i)
  return ("certificate.dns_names[%d]"):format(i)
end
local function unnamed(name)
  return ('is "%s", which is not in the CSR'):format(name)
end
local function unordered(name)
  return ('names "%s", which is not in the order'):format(name)
end

-- name = { CSR's common names, its alternatives, order's common name, its
--   dns_names, the warnings }
local cases = {
  ["the same names"] = { { "example.com" }, hosts("example.com",
    "www.example.com"), "example.com", { "www.example.com" }, {} },
  ["the same names in another order"] = { { "example.com" },
    hosts("b.example.com", "a.example.com", "example.com"), "example.com",
    { "a.example.com", "b.example.com" }, {} },
  ["the same names in other cases"] = { { "Example.COM" },
    hosts("WWW.example.com"), "eXample.com", { "www.EXAMPLE.com" }, {} },
  ["a common name alone"] = { { "example.com" }, nil, "example.com", nil,
    {} },
  ["another common name"] = { { "example.org" }, nil, "example.com", nil,
    { { CN, 'is "example.com", but "example.org" in the CSR' } } },
  ["the common name among the alternatives"] = { { "www.example.com" },
    hosts("example.com"), "example.com", { "www.example.com" },
    { { CN, 'is "example.com", but "www.example.com" in the CSR' } } },
  ["no common name in the CSR, but an alternative"] = { {},
    hosts("example.com"), "example.com", nil, {} },
  ["no common name in the CSR, but another alternative"] = { {},
    hosts("www.example.com"), "example.com", nil,
    { { CN, unnamed "example.com" }, { CSR, unordered "www.example.com" } } },
  ["a CSR without a name"] = { {}, nil, "example.com", nil,
    { { CN, unnamed "example.com" } } },
  ["names that only the order has"] = { { "example.com" },
    hosts("b.example.com"), "example.com",
    { "a.example.com", "b.example.com", "c.example.com" },
    { { nth(1), unnamed "a.example.com" },
      { nth(3), unnamed "c.example.com" } } },
  ["names that only the CSR has"] = { { "example.com" },
    hosts("a.example.com", "b.example.com", "A.example.com"), "example.com",
    { "b.example.com" }, { { CSR, unordered "a.example.com" } } },
  ["a wildcard against one of its names"] = { { "example.com" },
    hosts("*.example.com"), "example.com", { "www.example.com" },
    { { nth(1), unnamed "www.example.com" },
      { CSR, unordered "*.example.com" } } },
  ["a wildcard"] = { { "*.example.com" }, hosts("example.com"),
    "*.example.com", { "example.com" }, {} },
  ["a name that others begin and end with"] = { { "example.com" },
    hosts("a.example.com", "aa.example.com"), "example.com",
    { "aa.example.com", "aaa.example.com" },
    { { nth(2), unnamed "aaa.example.com" },
      { CSR, unordered "a.example.com" } } },
  ["IP addresses"] = { { "example.com" },
    { { "IP", "93.184.216.34" }, { "IP", "2606:2800:220:1:248:1893:25c8:1" } },
    "example.com", { "93.184.216.34", "2606:2800:0220:0001:248:1893:25C8:1" },
    {} },
  ["other IP addresses"] = { { "example.com" },
    { { "IP", "93.184.216.34" }, { "IP", "2606:2800:220:1::1" } },
    "example.com", { "93.184.216.35", "2606:2800:220:1:0:0:0:2" },
    { { nth(1), unnamed "93.184.216.35" },
      { nth(2), unnamed "2606:2800:220:1:0:0:0:2" },
      { CSR, unordered "93.184.216.34" },
      { CSR, unordered "2606:2800:220:1::1" } } },
  ["an IP address as the common name"] = { { "2606:2800:220:1::1" }, nil,
    "2606:2800:220:1:0:0:0:1", nil, {} },
  ["an IP address in another spelling"] = { { "2606:2800:0220:1:0::1" }, nil,
    "2606:2800:220:1::1", nil, {} },
  ["several common names"] = { { "a.example.com", "example.com" }, nil,
    "example.com", { "a.example.com" }, {} },
  ["the first of several common names"] = { { "a.example.com",
    "example.com" }, nil, "a.example.com", { "example.com" }, {} },
  ["several common names, one too many"] = { { "a.example.com",
    "example.com" }, nil, "example.com", nil,
    { { CSR, unordered "a.example.com" } } },
  ["names of other kinds"] = { { "example.com" },
    { { "email", "ops@example.com" }, { "URI", "https://example.com/" } },
    "example.com", nil, { { CSR, unordered "email:ops@example.com" },
      { CSR, unordered "URI:https://example.com/" } } },
  ["a name with control characters"] = { { "example.com" },
    hosts("a\nb.example.com", "c\\.example.com"), "example.com", nil,
    { { CSR, unordered "a\\\\x0Ab.example.com" },
      { CSR, unordered "c\\\\x5C.example.com" } } },
  ["an empty name"] = { { "example.com" }, hosts(""), "example.com", nil,
    { { CSR, "names an empty string, which is not in the order" } } },
}

describe("the CSR's names", function()
  for name, case in pairs(cases) do
    it("against the order's: " .. name, function()
      assert.are.same(case[5], mismatches(order_of(
        request(case[1], case[2]), case[3], case[4])))
    end)
  end

  it("are a problem where warnings are", function()
    local ok, err = certcentral.validate(
      order_of(request { "example.org" }, "example.com"),
      { now = orders.NOW, strict = true })
    assert.is_nil(ok)
    assert.are.same({ { CN, "csr_mismatch" } }, orders.codes(err.problems))
  end)

  it("are not looked at without check_csr", function()
    assert.are.same({}, mismatches(
      order_of(request { "example.org" }, "example.com"),
      { check_csr = false }))
  end)

  it("come with the order's other warnings, in the form's order", function()
    local ok, warnings = certcentral.validate(order_of(
      request({ "example.org" }, hosts("a.example.com")), "example.com",
      { "b.example.com", "B.example.com" }), { now = orders.NOW })
    assert.is_true(ok)
    assert.are.same({ { CN, "csr_mismatch" }, { nth(2), "duplicate" },
      { nth(1), "csr_mismatch" }, { nth(2), "csr_mismatch" },
      { CSR, "csr_mismatch" } }, orders.codes(warnings))
  end)

  it("are warned of as often as other things: 1000 times", function()
    local names, list = {}, {}
    for i = 1, 2000 do
      names[i] = ("n%d.example.com"):format(i)
      list[i] = { "DNS", ("m%d.example.com"):format(i) }
    end
    assert.are.equal(1000, #mismatches(order_of(request({ "example.com" },
      list), "example.com", names)) + 1) -- and once of their number
  end)

  it("do not disturb an order that has other problems", function()
    local pem = request { "example.org" }
    for _, changes in ipairs {
        { ["certificate.common_name"] = 5 },
        { ["certificate.common_name"] = "" },
        { ["certificate.dns_names"] = "example.com" },
        { ["certificate.dns_names"] = { false, 3, "" } },
        { ["certificate.dns_names"] = { [2] = "example.com" } },
        { ["certificate"] = 7 } } do
      local order = orders.with({ ["certificate.csr"] = pem })
      for path, value in pairs(changes) do
        orders.set(order, path, value)
      end
      assert.is_nil((certcentral.validate(order, { now = orders.NOW })))
    end
  end)
end)

-- Counts what is asked of libcrypto meanwhile.
local function counted(run)
  local judge, count = x509.judge, 0
  x509.judge = function(...)
    count = count + 1
    return judge(...)
  end
  local ok, why = pcall(run)
  x509.judge = judge
  assert(ok, why)
  return count
end

describe("a client", function()
  it("reads the same CSR once, and compares it each time", function()
    local sandbox = require("certcentral.sandbox").new {}
    local client = certcentral.new { api_key = sandbox.api_key,
                                     transport = sandbox.transport }
    local one, other = maker.csr "example.com", maker.csr "example.com"
    local function codes(pem, name)
      local result, info = client:place_order(order_of(pem, name))
      assert(result, tostring(info))
      return orders.codes(info.warnings)
    end
    assert.are.equal(2, counted(function()
      assert.are.same({}, codes(one, "example.com"))
      assert.are.same({ { CN, "csr_mismatch" } }, codes(one, "example.org"))
      assert.are.same({}, codes(other, "example.com"))
      assert.are.same({}, codes(one, "example.com"))
    end))
    client:close()
  end)
end)

-- A file with this text; it is gone after `run`, which gets its name.
local function with_list(text, run)
  local name = os.tmpname()
  local file = assert(io.open(name, "wb"))
  file:write(text)
  file:close()
  local ok, why = pcall(run, name)
  os.remove(name)
  assert(ok, why)
end

local function judged(pem, list)
  return certcentral.validate(order_of(pem, "example.com"),
                              { now = orders.NOW, blocklist = list })
end

-- What `openssl req -noout -modulus -in rsa2048.pem | sha1sum` prints.
local MODULUS = "3687b8e4be2aa5715e96225b51455a81ad2a0ffb"

describe("a blocklist", function()
  local facts = csr.inspect(requests.rsa2048)
  local other = ("0123456789abcdef0123\n"):rep(5000)

  local lists = {
    ["the end of the modulus' SHA-1"] = MODULUS:sub(21),
    ["all of it"] = MODULUS,
    ["in capitals"] = MODULUS:sub(21):upper() .. "\n",
    ["with a carriage return"] = MODULUS:sub(21) .. "\r\n",
    ["the key's SHA-256"] = facts.sha256,
    ["behind comments and others"] = "# one\n\n" .. ("# long "):rep(500)
      .. "\n" .. other .. MODULUS:sub(21) .. "\n" .. other,
  }
  for name, text in pairs(lists) do
    it("that has a key is heeded: " .. name, function()
      with_list(text, function(path)
        local ok, err = judged(requests.rsa2048, path)
        assert.is_nil(ok)
        assert.are.same({ { CSR, "csr" } }, orders.codes(err.problems))
        assert.are.equal("'certificate.csr' is refused: the key is on the " ..
                         "blocklist of known keys", err.message)
        assert.is_true(judged(requests.rsa3072, path))
        assert.is_true(judged(requests.p256, path))
      end)
    end)
  end

  it("may name EC keys, too", function()
    with_list(csr.inspect(requests.p256).sha256, function(path)
      assert.is_nil((judged(requests.p256, path)))
      assert.is_true(judged(requests.rsa2048, path))
    end)
  end)

  for name, text in pairs { empty = "", ["comments alone"] = "# a\n#b",
      ["the beginning of a hash"] = MODULUS:sub(1, 20),
      ["a hash behind a comment's sign"] = "# " .. MODULUS } do
    it("that lacks the key changes nothing: " .. name, function()
      with_list(text, function(path)
        assert.is_true(judged(requests.rsa2048, path))
      end)
    end)
  end

  for text, line in pairs { ["abc\n"] = 1,
      ["# a\n\n" .. MODULUS:sub(21, -2)] = 3, ["hello"] = 1,
      [other .. MODULUS .. " x"] = 5001,
      ["# " .. ("a"):rep(600) .. "\n" .. ("a"):rep(600)] = 2 } do
    it("of another form is no blocklist, line " .. line, function()
      with_list(text, function(path)
        local ok, err = judged(requests.rsa2048, path)
        assert.is_nil(ok)
        assert.are.equal("config", err.kind)
        assert.are.equal("not_placed", err.outcome)
        assert.are.equal(("cannot use the blocklist '%s': line %d must be 20,"
          .. " 40 or 64 hex digits or a comment"):format(path, line),
          err.message)
      end)
    end)
  end

  for path, why in pairs { ["/nowhere/list"] = "No such file or directory",
      ["/tmp"] = "Is a directory", ["/tmp\0x"] = "its name has a NUL byte",
      [""] = "No such file or directory" } do
    it("that cannot be read is no blocklist: " .. why, function()
      local ok, err = judged(requests.rsa2048, path)
      assert.is_nil(ok)
      assert.are.equal("config", err.kind)
      assert.is_truthy(err.message:find(why .. "$"))
    end)
  end

  it("is not looked at where the CSR is not", function()
    assert.is_true(certcentral.validate(orders.minimal(),
      orders.options { blocklist = "/nowhere/list" }))
  end)

  it("is a string", function()
    assert.has_error(function()
      certcentral.validate(orders.minimal(), { blocklist = 5 })
    end, "bad option 'blocklist' to 'validate' (string expected, got 5)")
  end)

  it("of a client is for all its orders, but for those with one", function()
    local sandbox = require("certcentral.sandbox").new {}
    with_list(MODULUS, function(path)
      local client = certcentral.new { api_key = sandbox.api_key,
        transport = sandbox.transport, blocklist = path }
      local order = order_of(requests.rsa2048, "example.com")
      local result, err = client:place_order(order)
      assert.is_nil(result)
      assert.are.same({ { CSR, "csr" } }, orders.codes(err.problems))
      with_list("", function(empty)
        assert(client:place_order(order, { blocklist = empty }))
      end)
      assert.is_nil((client:place_order(order)))
      assert.are.equal(1, #sandbox:orders())
      client:close()
    end)
  end)
end)

describe("a warning about a CSR", function()
  -- file = the warnings' codes
  local codes = {
    rsa2048 = {}, factor_757 = {}, exponent_256_bits = {}, p256 = {},
    exponent_3 = { "limit" }, exponent_65535 = { "limit" },
    exponent_257_bits = { "limit" },
    two_extension_requests = { "csr_mismatch" },
    two_extension_requests_ms = { "csr_mismatch" },
    two_extension_lists = { "csr_mismatch" },
    empty_name = {}, blank_name = {},
  }
  for name, list in pairs(codes) do
    it("is told or not: " .. name, function()
      local order = order_of(requests[name], "example.com")
      local ok, warnings = certcentral.validate(order, { now = orders.NOW })
      assert(ok, tostring(warnings))
      local expected = {}
      for i, code in ipairs(list) do
        expected[i] = { CSR, code }
      end
      assert.are.same(expected, orders.codes(warnings))
      ok, warnings = certcentral.validate(order, { now = orders.NOW,
                                                   strict = true })
      assert.are.equal(list[1] == nil, ok == true)
      assert.are.same(expected, orders.codes(ok and {} or warnings.problems))
    end)
  end
end)
