-- certcentral.csr.generate, looked at by inspect and by openssl.

local csr = require "certcentral.csr"
local lfs = require "lfs"
local whole = require "support.files"

local PASSPHRASE = "correct horse battery"

local function run(command)
  local pipe = assert(io.popen("(" .. command .. ") 2>&1; printf ' %s' $?"))
  local text, status = pipe:read("*a"):match("^(.*) (%d+)$")
  pipe:close()
  return text, tonumber(status)
end

local directory

local function path(name)
  return directory .. "/" .. name
end

local function write(name, text)
  whole.write(path(name), text)
end

local function read(name)
  return whole.read(path(name))
end

-- A directory of its own for each test.
local function make_directory()
  directory = os.tmpname()
  os.remove(directory)
  assert(lfs.mkdir(directory))
end

local function remove_directory()
  lfs.rmdir(path("empty"))
  for name in lfs.dir(directory) do
    os.remove(path(name))
  end
  assert(lfs.rmdir(directory))
end

local function files()
  return whole.names(directory)
end

local function with(more)
  local options = { common_name = "example.com" }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return options
end

-- The SHA-256 of a private key's public key, by openssl.
local function sha256_of(name, passphrase)
  local text, status = run(("openssl pkey -in %s -passin pass:%s -pubout "
    .. "-outform DER | openssl dgst -sha256"):format(path(name),
      passphrase and "'" .. passphrase .. "'" or "x"))
  assert(status == 0, text)
  return (text:match("(%x+)%s*$"))
end

describe("generate", function()
  before_each(make_directory)
  after_each(remove_directory)

  -- kind = what inspect tells
  local kinds = {
    ["ec-p256"] = { key = "ec", bits = 256, curve = "P-256",
                    signature_algorithm = "ecdsa-with-SHA256" },
    ["ec-p384"] = { key = "ec", bits = 384, curve = "P-384",
                    signature_algorithm = "ecdsa-with-SHA384" },
    ["rsa-2048"] = { key = "rsa", bits = 2048,
                     signature_algorithm = "sha256WithRSAEncryption" },
    ["rsa-3072"] = { key = "rsa", bits = 3072,
                     signature_algorithm = "sha256WithRSAEncryption" },
    ["rsa-4096"] = { key = "rsa", bits = 4096,
                     signature_algorithm = "sha256WithRSAEncryption" },
  }
  for kind, expected in pairs(kinds) do
    it("makes a key that is " .. kind, function()
      local request, key = csr.generate(with { key = kind })
      assert(request, tostring(key))
      assert.is_true(csr.check(request))
      local facts = csr.inspect(request)
      for member, value in pairs(expected) do
        assert.are.equal(value, facts[member])
      end
      assert.is_nil(facts.refused)
      write("key", key)
      write("csr", request)
      assert.are.equal(facts.sha256, sha256_of "key")
      -- openssl writes both as they are here
      assert.are.equal(key, (run("openssl pkey -in " .. path "key")))
      assert.are.equal(request, (run("openssl req -in " .. path "csr")))
      local text, status = run(("openssl pkey -noout -check -in %s && openssl "
        .. "req -noout -verify -in %s"):format(path "key", path "csr"))
      assert.are.equal(0, status, text)
      assert.is_truthy(text:find("Key is valid", 1, true))
      assert.is_truthy(text:find("verify OK", 1, true))
    end)
  end

  it("makes an EC key on P-256 where nothing is said", function()
    assert.are.equal("P-256", csr.inspect((csr.generate(with()))).curve)
  end)

  it("makes another key each time", function()
    local one, key_one = csr.generate(with())
    local other, key_other = csr.generate(with())
    assert.are_not.equal(one, other)
    assert.are_not.equal(key_one, key_other)
  end)

  it("writes the subject and the names", function()
    local request = assert(csr.generate {
      common_name = "www.example.com",
      dns_names = { "example.com", "*.example.com", "WWW.example.com",
                    "Example.com", "93.184.216.34", "2606:2800:220:1::1" },
      organization = "Beispiel M\195\188ller GmbH",
      organization_unit = "IT", country = "de", state = "Hessen",
      locality = "K\195\182ln", email = "ops@example.com",
    })
    local facts = csr.inspect(request)
    assert.are.equal("C=DE, ST=Hessen, L=K\195\182ln, "
      .. "O=Beispiel M\195\188ller GmbH, OU=IT, CN=www.example.com, "
      .. "emailAddress=ops@example.com", facts.subject)
    assert.are.same({ "www.example.com", "example.com", "*.example.com" },
                    facts.dns_names)
    assert.are.same({ "93.184.216.34", "2606:2800:220:1::1" },
                    facts.ip_addresses)
    assert.are.same({}, facts.other_names)
    write("csr", request)
    local text = run("openssl req -noout -text -in " .. path "csr")
    assert.is_truthy(text:find("DNS:www.example.com, DNS:example.com, "
      .. "DNS:*.example.com, IP Address:93.184.216.34, "
      .. "IP Address:2606:2800:220:1:0:0:0:1", 1, true))
  end)

  it("needs no common name where there are others", function()
    local facts = csr.inspect((csr.generate {
      dns_names = { "example.com", "www.example.com" } }))
    assert.is_nil(facts.common_name)
    assert.are.equal("", facts.subject)
    assert.are.same({ "example.com", "www.example.com" }, facts.dns_names)
  end)

  it("takes an address as the common name", function()
    local facts = csr.inspect((csr.generate {
      common_name = "93.184.216.34" }))
    assert.are.equal("93.184.216.34", facts.common_name)
    assert.are.same({ "93.184.216.34" }, facts.ip_addresses)
    assert.are.same({}, facts.dns_names)
  end)

  it("does not change its options", function()
    local options = with { dns_names = { "a.example.com" }, country = "de" }
    csr.generate(options)
    assert.are.same(with { dns_names = { "a.example.com" }, country = "de" },
                    options)
  end)

  describe("with a passphrase", function()
    for _, kind in ipairs { "ec-p256", "rsa-2048" } do
      it("encrypts a key that is " .. kind, function()
        local request, key = csr.generate(with { key = kind,
                                                 passphrase = PASSPHRASE })
        assert.are.equal("-----BEGIN ENCRYPTED PRIVATE KEY-----",
                         key:match("^[^\n]+"))
        write("key", key)
        assert.are.equal(csr.inspect(request).sha256,
                         sha256_of("key", PASSPHRASE))
        local _, status = run("openssl pkey -noout -passin pass:wrong -in "
                              .. path "key")
        assert.are_not.equal(0, status)
        local text = run("openssl asn1parse -in " .. path "key")
        for _, word in ipairs { "PBES2", "PBKDF2", "hmacWithSHA256",
                                "aes%-256%-cbc", ":0927C0" } do
          assert.is_truthy(text:find(word), word)
        end
      end)
    end

    it("takes another salt each time", function()
      local function salt()
        local _, key = csr.generate(with { passphrase = PASSPHRASE })
        write("key", key)
        return run("openssl asn1parse -in " .. path "key")
          :match("HEX DUMP%]:(%x+)")
      end
      assert.are.equal(32, #salt())
      assert.are_not.equal(salt(), salt())
    end)

    it("takes one of 1023 bytes", function()
      local long = ("x"):rep(1023)
      local request, key = csr.generate(with { passphrase = long })
      write("key", key)
      assert.are.equal(csr.inspect(request).sha256, sha256_of("key", long))
    end)
  end)

  describe("with a key_file", function()
    it("writes the key there for its owner alone", function()
      local results = { n = 0 }
      local function keep(...)
        results = { n = select("#", ...), ... }
      end
      keep(csr.generate(with { key_file = path "key" }))
      assert.are.equal(3, results.n)
      assert.is_nil(results[2])
      assert.are.equal(path "key", results[3])
      assert.are.equal(csr.inspect(results[1]).sha256, sha256_of "key")
      assert.are.equal("rw-------", lfs.attributes(path "key", "permissions"))
      assert.are.same({ "key" }, files())
    end)

    it("encrypts it there", function()
      local request = csr.generate(with { key_file = path "key",
                                          passphrase = PASSPHRASE })
      assert.are.equal(csr.inspect(request).sha256,
                       sha256_of("key", PASSPHRASE))
    end)

    local function expect_failure(options, reason)
      local request, err, more = csr.generate(with(options))
      assert.is_nil(request)
      assert.is_nil(more)
      assert.are.equal("config", err.kind)
      assert.are.equal(("cannot write the key to '%s': %s"):format(
        options.key_file, reason), tostring(err))
    end

    it("never writes over a file", function()
      write("key", "mine")
      expect_failure({ key_file = path "key" }, "File exists")
      assert.are.equal("mine", read "key")
      assert.are.same({ "key" }, files())
    end)

    it("follows no link", function()
      assert(lfs.link(path "target", path "key", true))
      expect_failure({ key_file = path "key" }, "File exists")
      assert.are.same({ "key" }, files())
    end)

    it("says where there is no directory, or one instead", function()
      assert(lfs.mkdir(path "empty"))
      expect_failure({ key_file = path "none/key" },
                     "No such file or directory")
      expect_failure({ key_file = path "empty" }, "File exists")
      assert.are.same({ "empty" }, files())
    end)

    it("leaves nothing behind where the disk is full #limited", function()
      -- a limit on the size of files stands for the disk
      local text = run(("trap '' XFSZ; ulimit -f 0; LD_PRELOAD='%s' "
        .. "ASAN_OPTIONS=detect_leaks=0 %s -e %s"):format(
        os.getenv("CERTCENTRAL_TEST_PRELOAD") or "",
        os.getenv("CERTCENTRAL_TEST_LUA") or "lua5.4",
        ("'local csr = require %q; print(csr.generate { common_name = %q, "
         .. "key_file = %q })'"):format("certcentral.csr", "example.com",
                                       path "key")))
      assert.is_truthy(text:find("nil%s+cannot write the key to '.-': "
                                 .. "File too large"), text)
      assert.are.same({}, files())
    end)
  end)

  describe("raises for", function()
    -- name = { options, what the message has }
    local misuse = {
      ["no option"] = { {}, "missing option 'common_name' to 'generate' (or "
        .. "'dns_names')" },
      ["an empty list"] = { { dns_names = {} },
        "missing option 'common_name' to 'generate'" },
      ["an unknown option"] = { { commonname = "example.com" },
        "unknown option 'commonname' to 'generate' (did you mean "
          .. "'common_name'?)" },
      ["a number"] = { { common_name = 5 },
        "bad option 'common_name' to 'generate' (string expected, got 5)" },
      ["a string for a list"] = { { dns_names = "example.com" },
        "bad option 'dns_names' to 'generate' (table expected, got string)" },
      ["no host name"] = { { common_name = "foo_bar.example.com" },
        "bad option 'common_name' to 'generate' (must be " },
      ["a name that is too long"] = {
        { common_name = ("a"):rep(60) .. ".example.com" },
        "bad option 'common_name' to 'generate' (must have at most 64 "
          .. "characters, got a string of 72 bytes)" },
      ["an internal name"] = { { common_name = "printer.local" },
        "bad option 'common_name' to 'generate' (must be a public name" },
      ["a number in a list"] = { with { dns_names = { "a.example.com", 7 } },
        "bad option 'dns_names[2]' to 'generate' (string expected, got "
          .. "number)" },
      ["a hole in a list"] = {
        { dns_names = { "a.example.com", nil, "b.example.com" } },
        "bad option 'dns_names' to 'generate' (a list of names expected, got "
          .. "a table with holes or other keys)" },
      ["no host name in a list"] = { with { dns_names = { "-" } },
        "bad option 'dns_names[1]' to 'generate' (must not have '-' at" },
      ["an unknown key"] = { with { key = "dsa-1024" },
        "bad option 'key' to 'generate' (one of ec-p256, ec-p384, rsa-2048, "
          .. "rsa-3072, rsa-4096 expected, got \"dsa-1024\")" },
      ["an empty organization"] = { with { organization = "" },
        "'organization' to 'generate' (must not be empty, got an empty "
          .. "string)" },
      ["an organization that is none"] = { with { organization = "n/a" },
        "'organization' to 'generate' (must be a real value" },
      ["a long organization"] = { with { organization = ("\195\188"):rep(65) },
        "must have at most 64 characters" },
      ["a control character"] = { with { locality = "a\nb" },
        "'locality' to 'generate' (must not contain control characters, got a "
          .. "string of 3 bytes)" },
      ["what is not UTF-8"] = { with { state = "\255" },
        "'state' to 'generate' (must be UTF-8" },
      ["a country of three letters"] = { with { country = "DEU" },
        "'country' to 'generate' (must be a two-letter country code" },
      ["no e-mail address"] = { with { email = "nobody" },
        "'email' to 'generate' (must be an e-mail address" },
      ["an empty passphrase"] = { with { passphrase = "" },
        "'passphrase' to 'generate' (1 to 1023 bytes, none of them NUL, "
          .. "expected, got 0 bytes)" },
      ["a passphrase with a NUL"] = { with { passphrase = "hush\0" },
        "got 5 bytes with a NUL)" },
      ["a long passphrase"] = { with { passphrase = ("hush"):rep(256) },
        "got 1024 bytes)" },
      ["an empty key_file"] = { with { key_file = "" },
        "'key_file' to 'generate' (the name of a file expected, got an empty "
          .. "string)" },
      ["a key_file with a NUL"] = { with { key_file = "a\0b" },
        "'key_file' to 'generate' (the name of a file expected" },
    }
    -- Lua finds its length by doubling: the last key may be any of these.
    local function far(last)
      local names = {}
      for i = 1, 40 do
        names[i] = ("n%d.example.com"):format(i)
      end
      for _, key in ipairs { 64, 65 } do
        names[key] = "n.example.com"
      end
      for i = 7, 62 do
        names[2 ^ i] = "n.example.com"
      end
      names[last] = "n.example.com"
      return names
    end
    for i = 31, 52, 7 do
      misuse["a list whose length is about 2^" .. i] = {
        { dns_names = far(2 ^ i - 1) }, "bad option 'dns_names" }
    end
    misuse["a list as long as can be"] = {
      { dns_names = far(math.maxinteger or 2 ^ 31 - 1) },
      "bad option 'dns_names" }

    for name, case in pairs(misuse) do
      it(name, function()
        local ok, message = pcall(csr.generate, case[1])
        assert.is_false(ok)
        assert.is_truthy(message:find(case[2], 1, true), message)
        assert.is_truthy(message:find("csr_generate_spec.lua:", 1, true))
        assert.is_nil(message:find("hush", 1, true))
      end)
    end

    for _, value in ipairs { false, 5, "example.com" } do
      it("a " .. type(value) .. " in place of the options", function()
        assert.has_error(function() csr.generate(value) end)
      end)
    end

    it("nothing in place of the options", function()
      assert.has_error(function() csr.generate() end)
    end)

    it("misuse at the caller's line", function()
      local _, message = pcall(function() csr.generate {} end)
      assert.is_truthy(message:find("csr_generate_spec%.lua:%d+: missing"))
    end)
  end)

  it("takes as long texts as X.520 does", function()
    local request = assert(csr.generate(with {
      organization = ("\195\188"):rep(64), state = ("s"):rep(128),
      locality = ("l"):rep(128), organization_unit = ("u"):rep(64) }))
    assert.is_true(csr.check(request))
  end)

  it("tells when there are too many names", function()
    local names = {}
    for i = 1, 3000 do
      names[i] = ("a-rather-long-label.another.n%d.example.com"):format(i)
    end
    local request, err = csr.generate { dns_names = names }
    assert.is_nil(request)
    assert.are.equal("config", err.kind)
    assert.is_truthy(err.message:find("more than 131072$"))
  end)
end)
