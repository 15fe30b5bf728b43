-- Bundles of certificates as CAs with several certificates leave them, some of
-- them made at random: what openssl verifies must be put in an order that
-- openssl verifies.
--
-- GRAPHS_COUNT and GRAPHS_SEED ask for more graphs, or others.

local api = require "support.api"
local issued = require "support.issued"
local altname = require "openssl.x509.altname"
local bignum = require "openssl.bignum"
local extension = require "openssl.x509.extension"
local pkey = require "openssl.pkey"
local request = require "openssl.x509.csr"
local x509 = require "openssl.x509"
local x509_name = require "openssl.x509.name"

local COUNT = tonumber(os.getenv("GRAPHS_COUNT") or 250)
local SEED = tonumber(os.getenv("GRAPHS_SEED") or 20261125)
local YEAR = 365 * 86400

local keys = {}
local function key_of(who)
  keys[who] = keys[who] or pkey.new { type = "EC", curve = "prime256v1" }
  return keys[who]
end

local function name_of(who)
  local name = x509_name.new()
  name:add("CN", who)
  return name
end

local serial = 0

-- who: whose name and key; by: who signs; from, to: years from now; more:
-- path (length), ca (false), names, key (whose)
local function certify(who, by, from, to, more)
  more = more or {}
  local cert = x509.new()
  serial = serial + 1
  cert:setVersion(3)
  cert:setSerial(bignum.new(serial))
  cert:setLifetime(os.time() + from * YEAR, os.time() + to * YEAR)
  cert:setSubject(name_of(who))
  cert:setIssuer(name_of(by))
  cert:setPublicKey(key_of(more.key or who))
  if more.names then
    local names = altname.new()
    for _, name in ipairs(more.names) do
      names:add("DNS", name)
    end
    cert:setSubjectAlt(names)
  end
  local is_ca = not more.names and more.ca ~= false
  cert:addExtension(extension.new("basicConstraints", "critical,CA:"
    .. (is_ca and "TRUE" or "FALSE")
    .. (more.path and ",pathlen:" .. more.path or "")))
  if more.permitted then
    cert:addExtension(extension.new("nameConstraints",
                                    "critical,permitted;DNS:"
                                    .. more.permitted))
  end
  cert:sign(key_of(by))
  return cert:toPEM()
end

local NAMES = { "www.example.com", "example.com" }
local function leaf_by(by, more)
  more = more or {}
  more.names = more.names or NAMES
  return certify("www.example.com", by, -0.1, 0.3, more)
end

local function csr_of(who)
  local csr = request.new()
  csr:setSubject(name_of(who))
  csr:setPublicKey(key_of(who))
  csr:sign(key_of(who))
  return csr:toPEM()
end

local function read(bundle, more)
  more = more or {}
  more.serial_number, more.csr = "none", more.csr or "none"
  return api.client(issued.answers(bundle, more)):certificate(7)
end

local directory
local function write(name, text)
  local file = assert(io.open(directory .. "/" .. name, "wb"))
  file:write(text)
  file:close()
end

-- Whether openssl finds a way from the leaf to one of the roots.
local function verifies(leaf, others, roots)
  write("leaf.pem", leaf)
  write("roots.pem", table.concat(roots))
  write("others.pem", table.concat(others))
  local pipe = io.popen(("cd %s && openssl verify -no-CApath -no-CAstore "
    .. "-CAfile roots.pem %s leaf.pem 2>&1"):format(directory,
    #others > 0 and "-untrusted others.pem" or ""))
  local text = pipe:read("*a")
  pipe:close()
  return text == "leaf.pem: OK\n", text
end

local function shuffled(list, random)
  for i = #list, 2, -1 do
    local j = random(i)
    list[i], list[j] = list[j], list[i]
  end
  return list
end

-- A generator of numbers from 1 to n (Park and Miller).
local function random_of(seed)
  local state = seed % 2147483646 + 1
  return function(n)
    state = state * 16807 % 2147483647
    return math.floor(state / 16) % n + 1
  end
end

-- A graph: a leaf, the certificates of up to five CAs, and which are roots.
local function graph(seed)
  local random = random_of(seed)
  local bundle, roots = {}, {}
  local count = random(4) + 1
  local function lifetime()
    local kind = random(8)
    if kind == 1 then
      return 1, 8 -- not yet
    elseif kind == 2 then
      return -8, -1 -- no longer
    end
    return -random(5), random(9)
  end
  for i = 1, count do
    if i == count or random(4) == 1 then
      local from, to = lifetime()
      roots[#roots + 1] = certify("CA " .. i, "CA " .. i, from, to)
    end
    for _ = 1, i < count and random(3) or random(2) - 1 do
      local by = random(count)
      if by ~= i then
        local from, to = lifetime()
        local path = random(4) == 1 and random(3) - 1 or nil
        bundle[#bundle + 1] = certify("CA " .. i, "CA " .. by, from, to,
          { path = path, ca = random(12) ~= 1 })
      end
    end
  end
  local leaf = leaf_by "CA 1"
  local all = { leaf }
  for _, list in ipairs { bundle, roots } do
    for _, pem in ipairs(list) do
      all[#all + 1] = pem
    end
  end
  return leaf, bundle, roots, shuffled(all, random)
end

describe("a bundle", function()
  setup(function()
    directory = os.tmpname()
    os.remove(directory)
    assert(os.execute("mkdir -m 700 " .. directory))
  end)
  teardown(function() os.execute("rm -r " .. directory) end)

  it(("of random CAs is put in order (%d of seed %d)"):format(COUNT, SEED),
     function()
    local good = 0
    for i = 1, COUNT do
      local leaf, bundle, roots, all = graph(SEED + i)
      if #all <= 16 and verifies(leaf, bundle, roots) then
        good = good + 1
        local found, err = read(table.concat(all))
        local what = ("graph of seed %d: "):format(SEED + i)
        assert(found, what .. tostring(err))
        assert.are.equal(leaf, found.leaf, what)
        local fine, text = verifies(leaf, found.intermediates, roots)
        assert.is_true(fine, what .. text)
      end
    end
    assert.is_true(good > COUNT / 5, ("%d of %d"):format(good, COUNT))
  end)

  -- name = certificates: a letter each, in the order that is right, then those
  -- that are passed over
  local function cases()
    local leaf = leaf_by "CA 1"
    local int = certify("CA 1", "CA 2", -1, 9)
    local root = certify("CA 2", "CA 2", -5, 15)
    local old = certify("CA 3", "CA 3", -9, 5)
    return {
      ["an intermediate that is not valid yet"] = { leaf, { int }, root,
        { certify("CA 1", "CA 2", 3, 15) } },
      ["an intermediate that has expired"] = { leaf, { int }, root,
        { certify("CA 1", "CA 2", -9, -1) } },
      ["a root cross-signed with path length 0"] = { leaf, { int }, root,
        { certify("CA 2", "CA 3", -2, 5, { path = 0 }), old } },
      ["an issuer that is no CA"] = { leaf, { int }, root,
        { certify("CA 1", "CA 2", -1, 14, { ca = false }) } },
      ["a CA whose names are constrained"] = { leaf, { int }, root,
        { certify("CA 1", "CA 2", -1, 14, { permitted = "example.org" }) } },
      ["a longer way to a root that is not there"] = { leaf, { int }, root,
        { certify("CA 1", "CA 4", -1, 14),
          certify("CA 4", "CA 5", -1, 14) } },
      ["an old leaf"] = { certify("www.example.com", "CA 1", -0.5, -0.1,
                                  { names = NAMES }), { int }, root,
        { certify("CA 2", "CA 3", -2, 5, { path = 0 }), old } },
    }
  end
  for name, case in pairs(cases()) do
    it("is put in order: " .. name, function()
      local all = { case[1], case[2][1], case[3] }
      for _, pem in ipairs(case[4]) do
        all[#all + 1] = pem
      end
      for seed = 1, 10 do
        local found = assert(read(table.concat(shuffled(all,
                                                        random_of(seed)))))
        assert.are.equal(case[1], found.leaf)
        assert.are.same(case[2], found.intermediates)
        assert.are.equal(case[3], found.root)
        assert.are.equal(#case[4], #found.others)
      end
    end)
  end

  it("may be glued together", function()
    local leaf, int = leaf_by "CA 1", certify("CA 1", "CA 2", -1, 9)
    local root = certify("CA 2", "CA 2", -5, 15)
    local all = int .. leaf .. root
    for _, text in ipairs {
      (all:gsub("%-\n%-", "--")), (all:gsub("%-\n%-", "- -")),
      (all:gsub("%-\n%-", "-some text-")), (all:gsub("\n%-+END", "-----END")),
      (all:gsub("\n", "\r\n"):gsub("%-\r\n%-", "--")),
      all:sub(1, -2), "x" .. all,
    } do
      local found = assert(read(text))
      assert.are.equal(leaf .. int, found.fullchain)
      assert.are.equal(root, found.root)
    end
  end)

  describe("with several leaves", function()
    local int, mine, other, renamed
    setup(function()
      int = certify("CA 1", "CA 1", -1, 9)
      mine = leaf_by("CA 1", { key = "mine" })
      other = leaf_by("CA 1", { key = "other" })
      renamed = leaf_by("CA 1", { key = "mine", names = { "a.example.org" } })
    end)
    it("is the one of the order's CSR", function()
      for _, all in ipairs { mine .. other .. int, int .. other .. mine } do
        local found = assert(read(all, { csr = csr_of "mine" }))
        assert.are.equal(mine, found.leaf)
        assert.is_true(found.key_checked)
        assert.are.same({ other }, found.others)
      end
    end)
    it("is the one of the order's names", function()
      for _, csr in ipairs { "none", csr_of "mine" } do
        for _, all in ipairs { mine .. renamed .. int,
                               renamed .. int .. mine } do
          local found = assert(read(all, { csr = csr }))
          assert.are.equal(mine, found.leaf)
        end
      end
    end)
    it("is refused where nothing tells which it is", function()
      for _, more in ipairs { {}, { csr = csr_of "third" } } do
        local found, err = read(mine .. other .. int, more)
        assert.is_nil(found)
        assert.are.equal("protocol", err.kind)
        assert.is_truthy(err.message:find("2 of the certificates are not CA",
                                          1, true))
      end
    end)
  end)
end)
