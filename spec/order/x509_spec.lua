-- certcentral.x509, the C half of certcentral.csr: what it gives to Lua. What
-- it does is in the specs of those who use it.

local core = require "certcentral.core"
local support = require "support.csr"
local x509 = require "certcentral.x509"

local SPEC = { key = "ec-p256", dns_names = { "example.com" } }

local function spec_with(changes)
  local spec = {}
  for name, value in pairs(SPEC) do
    spec[name] = value
  end
  for name, value in pairs(changes) do
    spec[name] = value
  end
  return spec
end

local function all(...)
  return { n = select("#", ...), ... }
end

describe("certcentral.x509", function()
  it("offers what it says and nothing else", function()
    local names = {}
    for name in pairs(x509) do
      names[#names + 1] = name
    end
    table.sort(names)
    assert.are.same({ "chain", "check", "fits_csr", "fits_key", "generate",
      "has_name", "inspect", "judge", "key_kinds", "mac", "save", "sha256" },
      names)
  end)

  it("names the kinds of keys", function()
    assert.are.same({ "ec-p256", "ec-p384", "rsa-2048", "rsa-3072",
                      "rsa-4096" }, x509.key_kinds)
  end)

  it("hashes texts and secrets", function()
    local secret, hash = require("certcentral.core").secret("abc"),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert.are.equal(hash, x509.sha256("abc"))
    assert.are.equal(hash, x509.sha256(secret))
    secret:wipe()
    assert.has_error(function() x509.sha256(secret) end)
    assert.has_error(function() x509.sha256(io.stdout) end)
  end)

  it("requires nothing of Lua", function()
    local given = require -- luacheck: ignore
    rawset(_G, "require", function(name) error("required: " .. name) end)
    local ok, results = pcall(function()
      return { all(x509.check(support.rsa2048)), all(x509.check ""),
               all(x509.inspect ""), all(x509.judge ""),
               all(x509.generate(spec_with { key = "none" })) }
    end)
    rawset(_G, "require", given)
    assert(ok, results)
    assert.are.same({ true, n = 1 }, results[1])
    for i = 2, #results do
      assert.are.equal(2, results[i].n)
      assert.is_nil(results[i][1])
      assert.is_string(results[i][2])
    end
  end)

  it("gives a request and its key", function()
    local made = all(x509.generate(SPEC))
    assert.are.equal(2, made.n)
    assert.is_true(x509.check(made[1]))
    assert.is_truthy(made[2]:find("^%-%-%-%-%-BEGIN PRIVATE KEY"))
  end)

  it("gives the request alone where the key goes to a file", function()
    local path = os.tmpname()
    os.remove(path)
    finally(function() os.remove(path) end)
    local made = all(x509.generate(SPEC, path))
    assert.are.equal(1, made.n)
    assert.is_true(x509.check(made[1]))
    made = all(x509.generate(SPEC, path))
    assert.are.same({ nil, nil, "File exists", n = 3 }, made)
  end)

  local wrong = {
    ["no table"] = { "example.com" },
    ["no kind of key"] = { { dns_names = { "example.com" } } },
    ["a text that is none"] = { spec_with { common_name = {} } },
    ["names that are no list"] = { spec_with { dns_names = "example.com" } },
    ["a name that is none"] = { spec_with { dns_names = { true } } },
    ["a name of a file that is none"] = { SPEC, {} },
  }
  for name, arguments in pairs(wrong) do
    it("raises for " .. name, function()
      local ok, message = pcall(x509.generate, arguments[1], arguments[2])
      assert.is_false(ok)
      assert.is_truthy(message:find("expected", 1, true), message)
    end)
  end
end)

describe("core.in_format", function()
  it("says whether, and what it must be", function()
    assert.are.same({ true, nil, n = 2 },
                    all(core.in_format("host", "www.example.com")))
    local good, must = core.in_format("country", "DEU")
    assert.is_false(good)
    assert.is_truthy(must:find("^be a .*country"), must)
  end)

  it("raises for a format that there is not", function()
    local ok, message = pcall(core.in_format, "none", "x")
    assert.is_false(ok)
    assert.is_truthy(message:find("format expected", 1, true), message)
  end)

  it("raises for an empty text, which no format has", function()
    for _, format in ipairs { "host", "email", "country" } do
      assert.has_error(function() core.in_format(format, "") end)
    end
  end)
end)
