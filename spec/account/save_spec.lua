-- Certificates and keys in files: all of them, or none.

local api = require "support.api"
local chain = require "support.chain"
local whole = require "support.files"
local issued = require "support.issued"
local lfs = require "lfs"
local support = require "support.client"

local lua = os.getenv("CERTCENTRAL_TEST_LUA") or "lua5.4"
local preload = os.getenv("CERTCENTRAL_TEST_PRELOAD") or ""
local directory

local function at(name)
  return directory .. "/" .. name
end

local function read(name)
  return whole.read(at(name))
end

local function write(name, text)
  whole.write(at(name), text)
end

-- What stands in the directory, in order.
local function entries()
  return whole.names(directory)
end

local function mode(name)
  return lfs.attributes(at(name), "permissions")
end

local function client_of(word, more)
  return api.client(issued.answers(chain.text(word or "aAlib"), more))
end

local OLD = { ["c.pem"] = "old leaf", ["chain.pem"] = "old chain",
              ["full.pem"] = "old both", ["k.pem"] = "old key" }

local function all_files(more)
  local files = { certificate = at "c.pem", chain = at "chain.pem",
                  fullchain = at "full.pem", key = at "k.pem",
                  private_key = chain.private "leaf" }
  for name, value in pairs(more or {}) do
    files[name] = value or nil
  end
  return files
end

local function write_old()
  for name, text in pairs(OLD) do
    write(name, text)
  end
end

-- Whether the old files are as they were, and nothing else is there.
local function assert_old(more)
  local expected = {}
  for name in pairs(more or {}) do
    expected[#expected + 1] = name
  end
  for name, text in pairs(OLD) do
    expected[#expected + 1] = name
    assert.are.equal(text, read(name))
  end
  table.sort(expected)
  assert.are.same(expected, entries())
end

local function assert_new()
  assert.are.equal(chain.pem.l, read "c.pem")
  assert.are.equal(chain.text "iA", read "chain.pem")
  assert.are.equal(chain.text "liA", read "full.pem")
  assert.are.equal(chain.private "leaf", read "k.pem")
end

before_each(function()
  directory = os.tmpname()
  os.remove(directory)
  assert(lfs.mkdir(directory))
end)

after_each(function()
  os.execute("rm -rf " .. directory)
end)

describe("save", function()
  it("writes all files, the key for its owner alone", function()
    local found = assert(client_of():save(7, all_files()))
    assert_new()
    assert.are.same({ "c.pem", "chain.pem", "full.pem", "k.pem" }, entries())
    assert.are.equal("rw-------", mode "k.pem")
    assert.are.equal("rw-r--r--", mode "full.pem")
    assert.are.equal(chain.pem.b, found.root)
  end)

  it("replaces what is there, and keeps its mode but for the key's",
     function()
    write_old()
    os.execute(("chmod 640 %s; chmod 644 %s"):format(at "full.pem",
                                                     at "k.pem"))
    assert(client_of():save(7, all_files()))
    assert_new()
    assert.are.equal("rw-r-----", mode "full.pem")
    assert.are.equal("rw-------", mode "k.pem")
    assert.are.equal(4, #entries())
  end)

  it("replaces what a link leads to", function()
    assert(lfs.mkdir(at "live"))
    write("live/x", "old")
    assert(lfs.link("live/x", at "full.pem", true))
    assert(client_of():save(7, { fullchain = at "full.pem" }))
    assert.are.equal("link", lfs.symlinkattributes(at "full.pem", "mode"))
    assert.are.equal(chain.text "liA", read "live/x")
  end)

  it("copies a key from another file", function()
    write("new.key", chain.private "leaf")
    assert(client_of():save(7, all_files { private_key = false,
                                           key_file = at "new.key" }))
    assert_new()
    assert.are.equal("rw-------", mode "k.pem")
  end)

  it("leaves a key that is there alone", function()
    write("k.pem", chain.private "leaf")
    os.execute("chmod 640 " .. at "k.pem")
    assert(client_of():save(7, all_files { private_key = false }))
    assert_new()
    assert.are.equal("rw-r-----", mode "k.pem")
  end)

  it("takes an encrypted key as it is", function()
    write("plain", chain.private "leaf")
    os.execute(("openssl pkcs8 -topk8 -in %s -out %s -passout pass:secret "
                .. "2>/dev/null"):format(at "plain", at "new.key"))
    local files = { key = at "k.pem", key_file = at "new.key" }
    for passphrase, message in pairs {
      [""] = "cannot be decrypted", wrong = "cannot be decrypted" } do
      files.passphrase = passphrase
      local found, err = client_of():save(7, files)
      assert.is_nil(found)
      assert.is_truthy(err.message:find(message), err.message)
    end
    files.passphrase = nil
    local _, err = client_of():save(7, files)
    assert.is_truthy(err.message:find("its passphrase is needed"))
    files.passphrase = "secret"
    assert(client_of():save(7, files))
    assert.are.equal(read "new.key", read "k.pem")
  end)
end)

describe("save leaves everything as it was", function()
  before_each(write_old)

  local keys = {
    { "another key", "stranger", "'key' does not fit: it is not the "
                                 .. "certificate's key" },
    { "no key", nil, "'key' does not fit: it is not a readable private" },
  }
  for _, case in ipairs(keys) do
    it("where there is " .. case[1], function()
      local pem = case[2] and chain.private(case[2]) or "canary-key"
      local found, err = client_of():save(7, all_files { private_key = pem })
      assert.is_nil(found)
      assert.are.equal("invalid", err.kind)
      assert.are.equal("key", err.problems[1].path)
      assert.is_nil(err.outcome)
      assert.is_truthy(err.message:find(case[3], 1, true), err.message)
      support.assert_no_secret(err, "canary-key")
      assert_old()
      found, err = client_of():save(7, all_files { private_key = false })
      assert.is_nil(found)
      assert.are.equal("invalid", err.kind)
      assert_old()
    end)
  end

  local places = {
    { "no directory", "none/c.pem", "no such file or directory" },
    { "no directory but a file", "k.pem/c.pem", "not a directory" },
    { "a directory in its place", "", "is a directory" },
    { "a file of the same name", "x/../chain.pem",
      "another of these files has the same name" },
    { "a device", "full", "it is not a regular file" },
    { "a link to nowhere", "loose", "no such file or directory" },
  }
  for _, case in ipairs(places) do
    it("where there is " .. case[1], function()
      assert(lfs.mkdir(at "x"))
      assert(lfs.link("/dev/full", at "full", true))
      assert(lfs.link("nowhere", at "loose", true))
      for _, member in ipairs { "fullchain", "key" } do
        local found, err = client_of():save(7,
          all_files { [member] = at(case[2]) })
        assert.is_nil(found)
        assert.are.equal("config", err.kind)
        assert.is_nil(err.outcome)
        assert.is_truthy(err.message:find("cannot be written: " .. case[3],
                                          1, true), err.message)
        assert_old { x = true, full = true, loose = true }
      end
    end)
  end

  it("where the key cannot be read", function()
    local _, err = client_of():save(7, all_files { private_key = false,
      key_file = at "none" })
    assert.are.equal("config", err.kind)
    assert.are.equal(("the certificate of order 7 was not saved: '%s' cannot "
      .. "be read: no such file or directory"):format(at "none"), err.message)
    assert_old()
  end)

  it("where the certificate is refused", function()
    local found, err = client_of("la"):save(7, all_files())
    assert.is_nil(found)
    assert.are.equal("protocol", err.kind)
    found, err = client_of("lia", { status = "pending", id = "none" })
      :save(7, all_files())
    assert.is_nil(found)
    assert.are.equal("unavailable", err.kind)
    assert_old()
  end)

  -- The first files fit, a later one does not.
  for _, blocks in ipairs { 0, 1, 2 } do
    it("where the disk is full: " .. blocks .. " #limited", function()
      local pipe = io.popen(("trap '' XFSZ; ulimit -f %d; LD_PRELOAD='%s' "
        .. "ASAN_OPTIONS=detect_leaks=0 %s spec/support/save_process.lua %s "
        .. "certificate %s chain %s fullchain %s 2>&1")
        :format(blocks, preload, lua, at "k.pem", at "c.pem", at "chain.pem",
                at "full.pem"))
      local said = pipe:read("*a")
      pipe:close()
      assert.is_truthy(said:find("was not saved: .*%.pem' cannot be written: "
                                 .. "file too large"), said)
      assert_old()
    end)
  end
end)

describe("save raises before anything is sent", function()
  local cases = {
    { nil, "table expected, got no value" },
    { "x", "table expected" }, { {}, "missing options to 'save'" },
    { { fullchain = 5 }, "name of a file expected, got 5" },
    { { fullchain = "" }, "name of a file expected" },
    { { fullchain = "a\0b" }, "name of a file expected" },
    { { full_chain = "x" }, "did you mean 'fullchain'" },
    { { key = "k", key_file = "x", private_key = "y" }, "exclude each other" },
    { { private_key = "y", chain = "x" }, "missing option 'key'" },
    { { key = "k", private_key = "/etc/ssl/k.pem" }, "'private_key' to 'save' "
      .. "(private key in PEM expected, got the name of a file: give that as "
      .. "key_file, or give the file's contents)" },
    { { key = "k", private_key = "k.key" }, "got the name of a file" },
    { { key = "k", private_key = 5 }, "private key in PEM expected, got num" },
    { { key = "k", key_file = "-----BEGIN PRIVATE KEY-----\nMIIcanary\n" },
      "'key_file' to 'save' (name of a file expected, got the contents of one: "
      .. "give that as private_key)" },
    { { key = "-----BEGIN PRIVATE KEY-----\nMIIcanary\n" },
      "'key' to 'save' (name of a file expected, got the contents of one)" },
    { { chain = "-----BEGIN CERTIFICATE-----\nMIIcanary\n" },
      "'chain' to 'save' (name of a file expected, got the contents of one)" },
  }
  for i, case in ipairs(cases) do
    it(tostring(i), function()
      local client, requests = client_of()
      local ok, message = pcall(client.save, client, 7, case[1])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.is_nil(message:find("canary", 1, true), message)
      assert.are.equal(0, #requests)
    end)
  end
end)

describe("several files that are copied", function()
  it("have their own bytes", function()
    local list, texts = {}, {}
    for i = 1, 4 do
      texts[i] = tostring(i):rep(3000 * i)
      write("from" .. i, texts[i])
      list[i] = { from = at("from" .. i), path = at("to" .. i),
                  is_key = i % 2 == 0 }
    end
    assert.is_true(require("certcentral.x509").save(list))
    for i = 1, 4 do
      assert.are.equal(texts[i], read("to" .. i))
    end
  end)
end)
