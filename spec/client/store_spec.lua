-- Stores: one contract, held by every engine.

local clocks = require "certcentral.sandbox.clock"
local files = require "support.files"
local journal_support = require "support.journal"
local stores = require "certcentral.store"
local support = require "support.client"

local directory

before_each(function() directory = journal_support.directory() end)
after_each(function() journal_support.remove(directory) end)

-- name, a function that makes a store, one that makes another which shares
-- what it has
local engines = {
  { "memory", function() return stores.memory() end,
    function(store) return store end },
  { "file", function() return assert(stores.file(directory .. "/a/b")) end,
    function() return assert(stores.file(directory .. "/a/b")) end },
}

for _, engine in ipairs(engines) do
  local name, make, again = engine[1], engine[2], engine[3]

  describe("a store in " .. name, function()
    local store, other
    before_each(function()
      store = make()
      other = again(store)
    end)

    it("is a store, and prints as one", function()
      assert.is_true(stores.is_store(store))
      assert.is_truthy(tostring(store):find("^certcentral%.store "))
    end)

    it("gives a lock to one at a time", function()
      local token = store:lock("a", 60)
      assert.is_truthy(token)
      local got, holder, left = other:lock("a", 60)
      assert.is_false(got)
      assert.are.equal("string", type(holder))
      assert.is_true(left > 0 and left <= 61)
      assert.is_true(store:unlock("a", token))
      local second = other:lock("a", 60)
      assert.is_truthy(second)
      assert.is_true(other:unlock("a", second))
    end)

    it("gives locks of different names", function()
      local one, two = store:lock("a", 60), store:lock("b", 60)
      assert.is_truthy(one)
      assert.is_truthy(two)
      assert.is_true(store:unlock("b", two))
      assert.is_false((other:lock("a", 60)))
      store:unlock("a", one)
    end)

    it("keeps a lock for its holder only", function()
      local token = store:lock("a", 60)
      assert.is_true(store:keep("a", token, 120))
      assert.is_false(store:keep("b", token, 120))
      for _, wrong in ipairs { "no token", {}, false, 17 } do
        assert.is_false(store:keep("a", wrong, 120))
        assert.is_false(store:unlock("a", wrong))
      end
      assert.is_true(store:unlock("a", token))
      assert.is_false(store:keep("a", token, 120))
      assert.is_false(store:unlock("a", token))
    end)

    it("takes names of all kinds", function()
      for _, odd in ipairs { "", "/", "../../x", "a\0b", ("x"):rep(5000),
                             "\195\188\n", "." } do
        local token = store:lock(odd, 60)
        assert.is_truthy(token)
        assert.is_false((other:lock(odd, 60)))
        assert.is_true(store:unlock(odd, token))
      end
    end)

    it("has values", function()
      assert.is_nil(store:get("k"))
      assert.is_true(store:set("k", "one"))
      assert.are.equal("one", other:get("k"))
      assert.is_true(other:set("k", "a\0b\nc"))
      assert.are.equal("a\0b\nc", store:get("k"))
      assert.is_true(store:set("k", ""))
      assert.are.equal("", store:get("k"))
      assert.is_true(store:set("k", nil))
      assert.is_nil(other:get("k"))
      assert.is_true(store:set("k", nil))
    end)

    it("compares the present value", function()
      assert.is_false(store:set("k", "v", "x"))
      assert.is_true(store:set("k", "v", false))
      assert.is_false(store:set("k", "w", false))
      assert.is_false(store:set("k", "w", "x"))
      assert.is_true(store:set("k", "w", "v"))
      assert.are.equal("w", store:get("k"))
      assert.is_true(store:set("k", nil, "w"))
      assert.is_nil(store:get("k"))
    end)

    it("keeps locks and values apart", function()
      local token = store:lock("a", 60)
      assert.is_true(store:set("a", "v"))
      assert.are.equal("v", store:get("a"))
      assert.is_true(store:unlock("a", token))
      assert.are.equal("v", store:get("a"))
    end)

    for what, f in pairs {
      ["bad name to 'lock' (string expected, got nil)"] =
        function(s) s:lock(nil, 1) end,
      ["bad seconds to 'lock' (positive number of seconds expected, got 0)"] =
        function(s) s:lock("a", 0) end,
      ["bad seconds to 'keep' (positive number of seconds expected, got nil)"] =
        function(s) s:keep("a", {}) end,
      ["bad key to 'get' (string expected, got number)"] =
        function(s) s:get(1) end,
      ["bad value to 'set' (string expected, got table)"] =
        function(s) s:set("a", {}) end,
      ["bad value to 'set' (at most 65536 bytes expected, got 65537)"] =
        function(s) s:set("a", ("x"):rep(65537)) end,
      ["bad expected value to 'set' (string expected, got boolean)"] =
        function(s) s:set("a", "b", true) end,
    } do
      it("raises: " .. what, function()
        local ok, message = pcall(f, store)
        assert.is_false(ok)
        assert.is_truthy(message:find(what, 1, true), message)
        assert.is_truthy(message:find("store_spec.lua:%d+: "), message)
      end)
    end
  end)
end

describe("a store in memory", function()
  it("ends a lock with its seconds", function()
    local clock = clocks.new()
    local store = stores.memory { clock = function() return clock() end }
    local token = store:lock("a", 10)
    clock:advance(9)
    assert.is_false((store:lock("a", 10)))
    assert.is_true(store:keep("a", token, 10))
    clock:advance(9)
    assert.is_false((store:lock("a", 10)))
    clock:advance(1)
    assert.is_truthy(store:lock("a", 10))
    assert.is_false(store:keep("a", token, 10))
  end)
end)

describe("a store in a directory", function()
  it("makes it for its owner only, once it is needed", function()
    local store = assert(stores.file(directory .. "/new/state"))
    assert.are.same({}, files.names(directory))
    assert(store:unlock("a", assert(store:lock("a", 60))))
    assert.are.equal("700", journal_support.sure(
      "stat -c %a " .. directory .. "/new/state"))
    assert.are.same({}, files.names(directory .. "/new/state"))
  end)

  it("leaves files that say nothing to others", function()
    local store = assert(stores.file(directory))
    local token = store:lock("a", 60)
    store:set("k", "v")
    for _, name in ipairs(files.names(directory)) do
      assert.are.equal("600", journal_support.sure(
        "stat -c %a " .. directory .. "/" .. name))
      assert.is_truthy(name:find("^%x+%.%a+$"), name)
    end
    store:unlock("a", token)
  end)

  it("gives a lock back that nobody has a token of any more", function()
    local store = assert(stores.file(directory))
    store:lock("a", 60)
    collectgarbage()
    collectgarbage()
    local token = store:lock("a", 60)
    assert.is_truthy(token)
    store:unlock("a", token)
  end)

  it("is made again where it was removed", function()
    local store = assert(stores.file(directory .. "/state"))
    store:unlock("a", store:lock("a", 60))
    assert(os.remove(directory .. "/state"))
    local token = store:lock("a", 60)
    assert.is_truthy(token)
    store:unlock("a", token)
  end)

  it("says what it cannot do", function()
    for path, why in pairs {
      ["/dev/null/state"] = "cannot be made: not a directory",
      ["/proc/nowhere/state"] = "cannot be made: no such file or directory",
      [directory .. "/file"] = "cannot be made: not a directory",
    } do
      files.write(directory .. "/file", "")
      local store = assert(stores.file(path))
      for _, f in ipairs { function() return store:lock("a", 1) end,
                           function() return store:get("a") end,
                           function() return store:set("a", "b") end } do
        local got, message = f()
        assert.is_nil(got)
        assert.are.equal(("state directory '%s' %s"):format(path, why),
                         message)
      end
    end
  end)

  local places = {
    { { CERTCENTRAL_STATE = "/s", XDG_STATE_HOME = "/x", HOME = "/h" }, "/s" },
    { { XDG_STATE_HOME = "/x", HOME = "/h" }, "/x/certcentral" },
    { { CERTCENTRAL_STATE = "", XDG_STATE_HOME = "/x" }, "/x/certcentral" },
  }
  for _, place in ipairs(places) do
    it("is found by the environment: " .. place[2], function()
      assert.are.equal("certcentral.store (" .. place[2] .. ")",
        support.with_env(place[1], function()
          return tostring(stores.file())
        end))
    end)
  end

  it("is that of the user, or of root", function()
    local core = require "certcentral.core"
    local is_root = core.is_root
    finally(function() core.is_root = is_root end)
    local function of(environment)
      return support.with_env(environment, function()
        local store, message = stores.file()
        return store and tostring(store) or message
      end)
    end
    core.is_root = function() return false end
    assert.are.equal("certcentral.store (/h/.local/state/certcentral)",
                     of { HOME = "/h", XDG_STATE_HOME = "relative" })
    assert.are.equal("no directory for state is known, as HOME is not set",
                     of {})
    core.is_root = function() return true end
    assert.are.equal("certcentral.store (/var/lib/certcentral)",
                     of { HOME = "/h" })
  end)

  it("raises for what is no directory", function()
    for _, wrong in ipairs { "", 17, {}, "a\0b" } do
      local ok, message = pcall(function() stores.file(wrong) end)
      assert.is_false(ok)
      assert.is_truthy(message:find("bad argument 'dir' to 'store.file' "
        .. "(directory expected", 1, true), message)
    end
  end)
end)

describe("store.is_store", function()
  it("knows one by its methods", function()
    local function f() end
    local all = { lock = f, keep = f, unlock = f, get = f, set = f }
    assert.is_true(stores.is_store(all))
    assert.is_true(stores.is_store(setmetatable({}, { __index = all })))
    for name in pairs(all) do
      local less = {}
      for other, method in pairs(all) do
        less[other] = other ~= name and method or nil
      end
      assert.is_false(stores.is_store(less))
    end
    for _, wrong in ipairs { "x", 17, f, setmetatable({}, {
      __index = function() error("no") end }) } do
      assert.is_false(stores.is_store(wrong))
    end
  end)
end)
