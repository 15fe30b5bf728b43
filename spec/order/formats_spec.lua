-- Strings in their formats: long tables of good and bad ones.

local csr = require "support.csr"
local judge = require "support.judge"
local name_cases = require "cases.names"
local oracle_names = require "support.oracle_names"
local orders = require "support.orders"

local unpack = table.unpack or unpack -- luacheck: ignore

local function labels(n, length)
  return (("x"):rep(length) .. "."):rep(n)
end

-- The text with the digit behind it that makes Luhn's check pass.
local function with_check_digit(digits)
  local sum = 0
  for i = 0, #digits - 1 do
    local digit = tonumber(digits:sub(#digits - i, #digits - i))
    if i % 2 == 0 then
      digit = digit * 2 > 9 and digit * 2 - 9 or digit * 2
    end
    sum = sum + digit
  end
  return digits .. (10 - sum % 10) % 10
end

local hosts = {
  path = "certificate.dns_names[1]",
  good = {
    "example.com", "example.net", "example.org", "www.example.com",
    "EXAMPLE.COM", "a.b.c.d.e.f.example.com", "x.de", "1.de", "123.com",
    "1.2.3.com", "a-b.example.com", "a--b.example.com", "abc--d.example.com",
    "xn--bcher-kva.example.com", "XN--bcher-kva.example.com",
    "example.xn--p1ai", "mylocal.com", "local.com", "test.com",
    "internal.example.com", "example.community", "x.examples", "latest.dev",
    "*.example.com", "*.a.b.example.com", "*.xn--bcher-kva.example.com",
    ("x"):rep(63) .. ".example.com",
    labels(3, 63) .. ("x"):rep(57) .. ".com", -- 253
    "*." .. labels(3, 63) .. ("x"):rep(55) .. ".com", -- 253
    -- public addresses, and the neighbours of reserved blocks
    "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255",
    "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.0.1",
    "169.255.0.1", "172.15.255.255", "172.32.0.0", "192.167.255.255",
    "192.169.0.0", "192.0.1.1", "192.0.3.1", "198.17.255.255", "198.20.0.0",
    "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
    "223.255.255.255",
    "2606:4700:4700::1111", "2001:4860:4860::8888", "2001:200::1",
    "2606:4700:4700:0:0:0:0:1111", "2606:4700:4700:0000:0000:0000:0000:1111",
    "2A00:1450:4001::1", "2606:4700::8.8.8.8",
  },
  bad = {
    -- no host name at all
    " ", ".", "..", "-", "*", "*.", "*..", "com", "localhost", "server",
    "example", "*.com", "*.localhost",
    -- labels
    ".example.com", "example..com", "example.com.", "example.com..",
    "-a.example.com", "a-.example.com", "example.-com", "example.com-",
    "ab--cd.example.com", "xy--.example.com", "xn--.example.com",
    "xn-.example.com", ("x"):rep(64) .. ".example.com",
    labels(3, 63) .. ("x"):rep(58) .. ".com", -- 254
    "*." .. labels(3, 63) .. ("x"):rep(56) .. ".com", -- 254
    ("x."):rep(5000) .. "com", "www.example.com.corp",
    -- other characters
    "ex_ample.com", "_dmarc.example.com", "a b.example.com", " example.com",
    "example.com ", "example,com", "example.com,example.org",
    "user@example.com", "example.com/", "https://example.com",
    "https://example.com/", "example.com:443", "//example.com",
    "example.com?", "example.com#", "(example.com)", "'example.com'",
    "example.com\n", "example.com\r", "exam\tple.com", "example.com\0",
    "\0example.com", "example.com\127", "b\195\188cher.example.com",
    "example\227\128\130com", "ex\195.com", "\255.example.com",
    -- wildcards
    "*example.com", "w*.example.com", "*w.example.com", "www.*.example.com",
    "*.*.example.com", "**.example.com", "example.*", "?.example.com",
    "*.8.8.8.8", "*.example.com.", "*-.example.com",
    -- internal names
    "server.local", "server.LOCAL", "a.b.internal", "nas.lan", "x.test",
    "www.example", "x.invalid", "x.localhost", "*.corp.local",
    "1.0.0.127.in-addr.arpa", "in-addr.arpa", "1.0.ip6.arpa",
    -- IPv4
    "0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0",
    "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.0.0",
    "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.1",
    "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255",
    "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "8.8.8", "8.8.8.8.8", "8.8.8.256", "8.8.8.-8", "08.8.8.8", "8.8.8.08",
    "8.8.8.8.", ".8.8.8.8", "8..8.8", "8.8.8.8/32", "8.8.8.8:443", "8",
    "134744072", "0x8.8.8.8", "8.8.8.8 ", "example.123",
    ("8"):rep(50), ("8."):rep(100) .. "8",
    -- IPv6
    "::", "::1", ":", ":::", "::8.8.8.8", "::ffff:8.8.8.8", "fe80::1",
    "fc00::1", "fd12:3456::1", "ff02::1", "64:ff9b::808:808", "100::1",
    "2001::1", "2001:1ff::1", "2001:db8::1", "2001:0DB8::1", "2002:808::1",
    "3fff::1", "4000::1", "[2606:4700:4700::1111]",
    "[2606:4700:4700::1111]:443", "2606:4700:4700::1111%eth0",
    "2606:4700::1::1", "2606:4700", "2606:4700:4700:1:2:3:4:5:6",
    "2606:4700:4700::11111", "2606:4700:4700::g", "2606:4700:4700::1111/64",
    "2606:4700:4700::1111 ", ("2606:"):rep(20) .. ":1",
    -- placeholders of forms
    "n/a", "none",
  },
}

local emails = {
  path = "additional_emails[1]",
  good = {
    "a@example.com", "a@x.de", "first.last@example.com",
    "first+tag@sub.example.co.uk", "o'brien@example.com", "1@example.com",
    "first.o'brien@example.com",
    "!#$%&'*+-/=?^_`{|}~@example.com", "A.B@EXAMPLE.COM",
    "a@xn--bcher-kva.example.com", ("x"):rep(64) .. "@example.com",
    "a@" .. labels(3, 63) .. ("x"):rep(56) .. ".com", -- 254
    "a@xn--mnchen-3ya.de", "a@example.museum", "a@xn--80aaxitdbjk.xn--p1ai",
  },
  bad = {
    "a", "@", "a@", "@example.com", "a@b", "a@@example.com",
    "a@b@example.com", "a b@example.com", "a@exa mple.com", " a@example.com",
    "a@example.com ", "a@example.com,b@example.com",
    "a@example.com;b@example.com", "<a@example.com>",
    "Jill <a@example.com>", "mailto:a@example.com ", "a..b@example.com",
    ".a@example.com", "a.@example.com", '"a b"@example.com',
    "a@[8.8.8.8]", "a@8.8.8.8", "a@exa_mple.com", "a@-example.com",
    "a@example..com", "a@example.com.", "a@.example.com", "a@*.example.com",
    "a@example.local", "root@server.LOCAL", "a@example.corp", "a@x.lan",
    "a@example.c", "a@example.c0m", "a@zmap.onion", "a@xn--0.example.com",
    "a@xn--abc123.example.com", "a@a.home.arpa",
    "\195\164@example.com", "a@b\195\188cher.de", "a@example.com\n",
    "a\0@example.com", "a@example.com\0", "a,b@example.com",
    "a(b)@example.com", ("x"):rep(65) .. "@example.com",
    "a@" .. labels(3, 63) .. ("x"):rep(57) .. ".com", -- 255
    ("x"):rep(100000),
  },
}

local dates = {
  path = "order_validity.custom_expiration_date",
  good = { "02 JUN 2026", "31 DEC 2026", "28 FEB 2027", "29 FEB 2028",
           "01 JAN 2029", "30 APR 2027", "31 JUL 2027", "31 AUG 2027",
           "30 SEP 2027", "31 OCT 2027", "30 NOV 2027", "31 MAR 2027",
           "31 MAY 2027", "30 JUN 2027" },
  bad = {
    "2 JUN 2027", " 2 JUN 2027", "02 Jun 2027", "02 jun 2027", "02 JUN 27",
    "02 JUNE 2027", "02-JUN-2027", "02JUN2027", "JUN 02 2027", "02 06 2027",
    "02 XXX 2027", "02 JUN 2027 ", " 02 JUN 2027", "02  JUN 2027",
    "02\tJUN\t2027", "02 JUN 20270", "02 JUN 202", "+2 JUN 2027",
    "02 JUN +027", "02 JUN -027", "0x JUN 2027", "00 JUN 2027",
    "31 JUN 2027", "32 JAN 2027", "30 FEB 2028", "29 FEB 2027",
    "29 FEB 2100", "31 APR 2027", "31 SEP 2027", "31 NOV 2027",
    "2027-06-02", "06/02/2027", "02.06.2027", "tomorrow", "02 MAI 2027",
    "02 JUN 0000", "02 JUN 2027\0", "02 JU\0 2027", "UNE 02 2027",
    "02 ANF 2027", "20270602", ("0"):rep(100000),
  },
}

local iso_dates = {
  path = "custom_expiration_date",
  good = { "2026-06-02", "2028-02-29", "2029-05-31", "2027-12-31" },
  bad = { "2027-02-29", "2027-13-01", "2027-00-01", "2027-01-00",
          "2027-04-31", "2027-6-2", "27-06-02", "2027/06/02", "2027-0602",
          "20270602", "02-06-2027", "02 JUN 2027", "2027-06-02T00:00:00Z",
          " 2027-06-02", "2027-06-02 ", "2027-06-0x", "-027-06-02",
          "+2027-06-02", "2027-+6-02", "0000-06-02" },
}

local thumbprints = {
  path = "renewed_thumbprint",
  good = { ("0"):rep(40), ("aB"):rep(20), "b71dcbaf5586d6d95fc0b7ea1c74adef"
           .. "4a99f960", "B71DCBAF5586D6D95FC0B7EA1C74ADEF4A99F960" },
  bad = { ("a"):rep(39), ("a"):rep(41), ("a"):rep(64), ("g"):rep(40),
          ("a"):rep(39) .. "G", ("a"):rep(39) .. " ", " " .. ("a"):rep(39),
          ("aa:"):rep(19) .. "aa", ("aa "):rep(19) .. "aa",
          "0x" .. ("a"):rep(38), ("@"):rep(40), ("`"):rep(40),
          ("a"):rep(39) .. "\0" },
}

local cards = {
  path = "credit_card.number",
  good = {
    "4111111111111111", "378282246310005", "6011111111111117",
    "5555555555554444", "30569309025904",
    with_check_digit("50000000000"), -- 12
    with_check_digit("600000000000000000"), -- 19
  },
  bad = {
    "4111111111111112", "4111111111111110", "4111111111111116",
    "4111111111111",
    "1411111111111111", "378282246310006",
    with_check_digit("5000000000"), -- 11
    with_check_digit("6000000000000000000"), -- 20
    "4111 1111 1111 1111", "4111-1111-1111-1111", " 4111111111111111",
    "0000000000000000", "000000000000", "0000000000000000000",
    "0111111111111117", with_check_digit("012345678901"),
    "4111111111111111 ", "41111111111111x1", "4111111111111111\0", "card",
    "\217\164111111111111111", ("4"):rep(100000),
  },
}

-- what is given = what is sent
local cvvs = {
  good = { [0] = 0, [12] = 12, [333] = 333, [9999] = 9999, ["012"] = 12,
           ["000"] = 0, ["333"] = 333, ["0012"] = 12, ["7391"] = 7391 },
  bad = { { -1, "range" }, { 10000, "range" }, { 1.5, "type" },
          { true, "type" }, { {}, "type" }, { "12", "type" },
          { "1", "type" }, { "12345", "type" }, { "12x", "type" },
          { " 12", "type" }, { "+12", "type" }, { "1.2", "type" },
          { "-12", "type" }, { "12\0", "type" },
          { "\217\161\217\161", "type" } },
}

local countries = {
  path = "organization.country",
  good = { "us", "US", "De", "zz" },
  bad = { "u", "usa", "u1", "1s", "u ", " u", "\195\188", "u\0", "Germany" },
}

local ids = {
  path = "alternative_order_id",
  good = { "a", "1", "A", "app-server-2026-0001", "a_b.c-d",
           ("x"):rep(64) },
  bad = { "a b", " a", "a/b", "a?b", "a#b", "a%20b", "a\195\164", "a\n",
          "a\0b", "../a b", "a:b", "a@b", "a+b" },
}

local texts = {
  path = "locale", -- a line
  good = { "en", " ", "\194\128", "\223\191", "\224\160\128",
           "\237\159\191", "\238\128\128", "\239\191\191",
           "\240\144\128\128", "\244\143\191\191", "\\", '"', "/", "'",
           ("x"):rep(100000), ("x"):rep(15) .. "\195\164",
           "-----BEGIN CERTIFICATE-----" .. ("x"):rep(100) },
  bad = {
    -- what is no UTF-8
    "\128", "\191", "\192\128", "\193\191", "\194", "\194\65", "\223",
    "\224\128\128", "\224\159\191", "\224\160", "\237\160\128",
    "\237\191\191", "\240\128\128\128", "\240\143\191\191",
    "\240\144\128", "\244\144\128\128", "\245\128\128\128", "\254", "\255",
    "\248\136\128\128\128", ("x"):rep(15) .. "\195",
    ("x"):rep(16) .. "\128", ("x"):rep(100000) .. "\255",
    -- control characters, at places around sixteen bytes
    "\0", "a\0", "\1", "\31", "\127", "\t", "\n", "\r", "\r\n", "a\nb",
    ("x"):rep(15) .. "\1", ("x"):rep(16) .. "\127",
    ("x"):rep(31) .. "\n" .. ("x"):rep(31),
    -- keys
    "-----BEGIN PRIVATE KEY-----" .. ("x"):rep(100),
    ("x"):rep(100) .. "-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----" .. ("x"):rep(37), -- the shortest: 64
  },
}

local long_texts = {
  path = "comments", -- lines
  good = { "a\nb", "a\r\nb", "\n", "\r", ("a\n"):rep(10000) },
  bad = { "a\tb", "a\0b", "a\n\1", "\127\n", "\n\255",
          "-----BEGIN PRIVATE KEY-----\n" .. ("x"):rep(100) },
}

local renewal_texts = {
  path = "custom_renewal_message",
  good = { "a\nb\r\nc" }, bad = { "a\11b", "\n\0" },
}

local placeholders = {
  good = { "A", "N. A. Ltd", "Nathan", "None of the above", "A-B", "-1",
           "Unknown Worlds", "Null Island" },
  bad = { "-", "--", "---", ".", "...", "?", " ", "   ", "- -", "n/a", "N/A",
          "na", "NA", "N.A.", "none", "None", "NONE", "null", "nil",
          "not applicable", "Not Applicable", "unknown", "_" },
}

local function order_for(path)
  local order = orders.minimal()
  if path:find("credit_card") then
    orders.pay_by_card(order)
  elseif path:find("^organization%.") then
    order.organization = orders.new_organization()
  end
  return order
end

local function label(text)
  text = #text > 40 and text:sub(1, 40) .. "..." or text
  return "'" .. text:gsub("[%c\128-\255]", function(c)
    return ("\\x%02X"):format(c:byte())
  end) .. "'"
end

local function spec(name, case, code)
  describe(name, function()
    for _, value in ipairs(case.good) do
      it("takes " .. label(value), function()
        assert.are.same({}, (judge.order(
          orders.set(order_for(case.path), case.path, value))))
      end)
    end
    for _, value in ipairs(case.bad) do
      it("refuses " .. label(value), function()
        assert.are.same({ case.path .. " " .. (code or "format") },
          (judge.order(orders.set(order_for(case.path), case.path, value))))
      end)
    end
  end)
end

spec("a host", hosts)
spec("a name", { path = "certificate.dns_names[1]", good = name_cases.good,
                 bad = {} })
spec("an address outside the registries",
     { path = "certificate.dns_names[1]", good = name_cases.public, bad = {} })
for _, block in ipairs(name_cases.reserved) do
  spec("an address of " .. block[1], { path = "certificate.dns_names[1]",
    good = {}, bad = { unpack(block, 2) } })
end

describe("a name is refused by what is wrong with it:", function()
  for what, case in pairs(name_cases.bad) do
    for _, name in ipairs(case[1]) do
      it(what .. ", " .. name, function()
        local err = judge.err { ["certificate.dns_names[1]"] = name }
        assert.are.equal(1, #err.problems)
        assert.are.equal("format", err.problems[1].code)
        assert.is_truthy(err.message:find(case[2], 1, true), err.message)
      end)
    end
  end
end)

describe("a name under no public suffix", function()
  for _, name in ipairs(name_cases.unknown) do
    it("is a warning: " .. name, function()
      local problems, warnings = judge.with {
        ["certificate.dns_names"] = { name } }
      assert.are.same({}, problems)
      assert.are.same({ "certificate.dns_names[1] unknown" }, warnings)
    end)
  end
  it("is no word against others", function()
    for _, list in ipairs { name_cases.good, name_cases.public } do
      for _, name in ipairs(list) do
        assert.are.same({}, (select(2, judge.with {
          ["certificate.dns_names"] = { name } })), name)
      end
    end
  end)
end)

describe("the Public Suffix List", function()
  local rules = assert(oracle_names.rules(), "publicsuffix is not installed")
  it("is followed in all its ICANN rules", function()
    local wrong, count = {}, 0
    for _, rule in ipairs(rules) do
      local name = rule:gsub("^%*%.", "x."):gsub("^!", "")
      local two = name:find(".", 1, true) and not name:find("%.arpa$")
      local exception = rule:sub(1, 1) == "!"
      local good, below = judge.with { ["certificate.dns_names"] = { name } }
      if two and good[1] or below[1] then
        wrong[#wrong + 1] = "refuses " .. name
      end
      good = judge.with { ["certificate.dns_names"] = { "*." .. name } }
      if (#good == 0) ~= exception then
        wrong[#wrong + 1] = "*." .. name
      end
      good = judge.with { ["certificate.dns_names"] =
                          { "*.registrant-1." .. name } }
      if good[1] and not rules["*." .. name] and two then
        wrong[#wrong + 1] = "refuses *.registrant-1." .. name
      end
      count = count + 1
    end
    assert.are.same({}, wrong)
    assert.is_true(count > 6000, tostring(count))
  end)

  it("has no rule below the domains that are not looked up", function()
    for _, rule in ipairs(rules) do
      assert.is_nil(rule:match("%.com$") or rule:match("%.net$")
                    or rule:match("%.org$"), rule)
    end
  end)
end)
spec("an e-mail address", emails)
spec("a date", dates)
spec("a date in the old format", iso_dates)
spec("a thumbprint", thumbprints)
spec("a card number", cards)
describe("a cvv", function()
  local function order_with(value)
    local order = orders.pay_by_card(orders.minimal())
    order.credit_card.cvv = value
    return order
  end
  for value, sent in pairs(cvvs.good) do
    it(("is taken as %s: %s"):format(type(value), value), function()
      local order = order_with(value)
      local body = assert(require("certcentral").encode(order,
                                                        orders.options {}))
      assert.are.equal(("%d"):format(sent),
                       body:match('"cvv":(.-),"cardholder_name"'))
      assert.are.equal(value, order.credit_card.cvv)
    end)
  end
  for i, case in ipairs(cvvs.bad) do
    it(("is refused: %d"):format(i), function()
      assert.are.same({ "credit_card.cvv " .. case[2] },
                      (judge.order(order_with(case[1]))))
    end)
  end
end)
spec("a country", countries)
spec("an id", ids)
spec("a line", texts)
spec("a text", long_texts)
spec("a renewal message", renewal_texts)
for _, path in ipairs { "organization.name", "organization.assumed_name",
  "organization.address", "organization.address2", "organization.city",
  "organization.state", "organization.zip", "organization.telephone",
  "organization.organization_contact.first_name",
  "organization.organization_contact.last_name" } do
  spec(path, { path = path, good = placeholders.good,
               bad = placeholders.bad })
end

-- The rules for host names once more, in Lua and without any haste.
local INTERNAL = " local localhost internal lan test example invalid alt "
  .. "corp home mail localdomain intranet private domain "
local function is_host(name)
  local rest = name:gsub("^%*%.", "", 1)
  local count = 0
  if #name > 253 or rest:find("[^%w.-]") then
    return false
  end
  for part in (rest .. "."):gmatch("([^.]*)%.") do
    count = count + 1
    if #part < 1 or #part > 63 or part:find("^%-") or part:find("%-$") or
       (part:sub(3, 4) == "--" and not (part:sub(1, 2):lower() == "xn" and
                                        oracle_names.is_punycode(part))) then
      return false
    end
  end
  local last = rest:lower():match("[^.]*$")
  local internal = INTERNAL:find(" " .. last .. " ", 1, true)
  return count >= 2 and not internal
    and (last:find("^%a%a+$") ~= nil or last:find("^xn%-%-") ~= nil)
    and not (rest ~= name and oracle_names.is_suffix(rest))
end

describe("random names", function()
  local seed = 4711 -- the same names each time
  local function random(n)
    seed = (seed * 16807) % 2147483647
    return seed % n + 1
  end
  local pieces = { "a", "b", "Z", "7", "-", "-", ".", ".", "xn--", "*.",
    "*", "com", ".de", ".com", "test", "local", ".lan", "abcdefgh",
    ("x"):rep(14), ("y"):rep(30), "_", " ", "\195\164", "\127" }

  it("are taken where they are host names, and only there", function()
    local taken, wrong = 0, {}
    for _ = 1, 20000 do
      local parts = {}
      for i = 1, random(7) do
        parts[i] = pieces[random(#pieces)]
      end
      local name = table.concat(parts) .. (random(2) == 1 and ".com" or "")
      if name:find("[^%d.]") then
        local good = is_host(name)
        local found = judge.with { ["certificate.dns_names"] = { name } }
        taken = taken + (good and 1 or 0)
        if good ~= (#found == 0) then
          wrong[#wrong + 1] = name
        end
      end
    end
    assert.are.same({}, wrong)
    assert.is_true(taken > 1000)
  end)
end)

describe("an odd byte", function()
  local MOST = 70
  local function found(text)
    return judge.with { locale = text }
  end
  it("is seen wherever it stands", function()
    for _, byte in ipairs { "\0", "\31", "\127", "\n", "\128", "\255" } do
      for length = 1, MOST do
        for place = 1, length do
          local text = ("x"):rep(place - 1) .. byte
                       .. ("x"):rep(length - place)
          assert.are.same({ "locale format" }, found(text))
        end
      end
    end
  end)
  it("is none where it is allowed", function()
    for _, byte in ipairs { " ", "~", '"', "\\", "/" } do
      for length = 1, MOST do
        assert.are.same({}, found(("x"):rep(length - 1) .. byte))
        assert.are.same({}, found(byte .. ("x"):rep(length - 1)))
      end
    end
  end)
end)

describe("a common name", function()
  it("is a host name of at most 64 characters", function()
    local name = ("x"):rep(52) .. ".example.com" -- 64
    assert.are.same({}, (judge.with { ["certificate.common_name"] = name }))
    assert.are.same({ "certificate.common_name range" },
      (judge.with { ["certificate.common_name"] = "x" .. name }))
    assert.are.same({}, (judge.with {
      ["certificate.dns_names"] = { "x" .. name } }))
    assert.are.same({ "certificate.common_name format" },
      (judge.with { ["certificate.common_name"] = "server.local" }))
  end)
end)

describe("a format", function()
  it("is asked of every field that has it", function()
    local formats = {
      host = "a b", email = "a b", ["dd MMM YYYY"] = "x",
      ["yyyy-MM-dd"] = "x", sha1 = "x", card = "x", country = "x", id = "/",
    }
    local seen = 0
    for row in require("certcentral").fields() do
      local value = formats[row.format]
      if value then
        local path = row.path:gsub("%[%]", "[2]")
        path = row.type == "array" and path .. "[1]" or path
        local new = path:find("^organization%.[^c]") or
                    path == "organization.country"
        local order = new and orders.maximal_new() or orders.maximal()
        orders.set(order, path, value)
        assert.are.same({ path .. " format" }, (judge.order(order)))
        seen = seen + 1
      end
    end
    assert.are.equal(14, seen)
  end)

  local hints = {
    { "certificate.dns_names[1]", "b\195\188cher.de",
      "write international names in punycode (xn--...)" },
    { "order_validity.custom_expiration_date", "09 jun 2027",
      "write the month in capitals" },
    { "order_validity.custom_expiration_date", "09 foo 2027", nil },
    { "renewed_thumbprint", ("aa:"):rep(19) .. "aa",
      "leave the colons out" },
    { "certificate.dns_names[1]", "example.com:443",
      "leave out everything from ':' on", "without a port" },
    { "certificate.dns_names[1]", "8.8.8.8:443",
      "leave out everything from ':' on", "without a port" },
    { "certificate.dns_names[1]", "DNS:example.com",
      "leave out 'DNS:' and the like", "without a type prefix" },
    { "certificate.dns_names[1]", "IP:8.8.8.8",
      "leave out 'DNS:' and the like", "without a type prefix" },
    { "certificate.dns_names[1]", "dns:*.example.com",
      "leave out 'DNS:' and the like", "without a type prefix" },
    { "certificate.dns_names[1]", "[2606:4700::1]:443", nil,
      "without brackets and port" },
    { "certificate.dns_names[1]", "fe80::1%eth0", nil, "without a zone" },
    { "certificate.dns_names[1]", "example.com:",
      "leave out everything from ':' on", "without a port" },
    { "certificate.dns_names[1]", ":443",
      "no port, no brackets and no scheme", "be an IPv6 address" },
    { "organization.name", "n/a", nil, "not a placeholder" },
    { "organization.assumed_name", "n/a", "leave the field out",
      "not a placeholder" },
    { "credit_card.cvv", "12", nil, "or a string of three or four digits" },
    { "credit_card.cvv", "12x", nil, "or a string of three or four digits" },
  }
  for _, case in ipairs(hints) do
    it(("hints for %s = %s"):format(case[1], label(case[2])), function()
      local _, err = require("certcentral").validate(
        orders.set(order_for(case[1]), case[1], case[2]), orders.options())
      assert.are.equal(1, #err.problems)
      assert.are.equal(case[3], err.problems[1].hint)
      assert.is_truthy(err.message:find(case[4] or "must be", 1, true))
    end)
  end
end)

-- What makes a good request is for csr_spec; here, what becomes of the news.
describe("the CSR", function()
  it("is taken where it is good", function()
    for _, case in ipairs(csr.cases("good")) do
      assert.are.same({}, (judge.with({ ["certificate.csr"] = case.pem },
                                      { check_csr = true })), case.name)
    end
  end)

  it("is one problem where it is bad", function()
    for _, case in ipairs(csr.cases("bad")) do
      local found = judge.with({ ["certificate.csr"] = case.pem },
                               { check_csr = true })
      assert.are.equal(1, #found, case.name)
      local code = found[1]:match("^certificate%.csr (%l+)$")
      assert.is_true(code == "csr" or code == "format", case.name)
    end
  end)

  it("is looked at by default", function()
    local order = orders.with { ["certificate.csr"] = "x" }
    local ok, err = require("certcentral").validate(order)
    assert.is_nil(ok)
    assert.are.equal("certificate.csr", err.problems[1].path)
  end)

  it("is not looked at when that is asked for, but for a key", function()
    assert.are.same({}, (judge.with { ["certificate.csr"] = "x" }))
    local key = "-----BEGIN PRIVATE KEY-----\n" .. ("x"):rep(64)
    assert.are.same({ "certificate.csr csr" },
                    (judge.with { ["certificate.csr"] = key }))
    assert.are.same({ "certificate.csr format" },
                    (judge.with { ["certificate.csr"] = "x\0" }))
  end)

  local codes = {
    csr = { csr.rsa2048:gsub("CERTIFICATE REQUEST", "CERTIFICATE") .. "",
            csr.rsa2048:gsub("CERTIFICATE REQUEST", "PRIVATE KEY") .. "" },
    format = { "x", "MIIB" .. ("A"):rep(100), csr.rsa2048 .. "\0",
               csr.rsa2048 .. "\255" },
  }
  for code, list in pairs(codes) do
    for i, text in ipairs(list) do
      it(("is a problem '%s' (%d)"):format(code, i), function()
        assert.are.same({ "certificate.csr " .. code }, (judge.with(
          { ["certificate.csr"] = text }, { check_csr = true })))
      end)
    end
  end
end)
