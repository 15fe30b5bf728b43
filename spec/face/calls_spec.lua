-- A dot in a colon's place and the other way round; which names are public.

local certcentral = require "certcentral"
local budget = require "certcentral.budget"
local functions = require "certcentral.functions"
local journal = require "certcentral.journal"
local orders = require "support.orders"
local store = require "certcentral.store"
local support = require "support.client"

local directory = os.tmpname()
os.remove(directory)

local function ticket_of(client)
  local queue = client:queue()
  local ticket = queue:add({})
  queue:close()
  return ticket
end

-- An object of each kind, by the name that help gives it.
local function objects()
  local client = support.new(function() end)
  local path = os.tmpname()
  finally(function() client:close(); os.remove(path) end)
  return {
    client = { client }, queue = { client:queue() },
    ticket = { ticket_of(client) },
    journal = { journal.memory(), assert(journal.file(path)) },
    store = { store.memory(), assert(store.file(directory)) },
    budget = { budget.new() },
  }
end

local MODULES = { certcentral = certcentral, journal = journal,
                  store = store, budget = budget,
                  ["certcentral.csr"] = certcentral.csr,
                  log = require "certcentral.log" }

local function here()
  return "^[^\n]*calls_spec%.lua:%d+: "
end

local function raised(f, ...)
  local arguments, count = { ... }, select("#", ...)
  local unpack = table.unpack or unpack -- luacheck: ignore
  local ok, message = pcall(function()
    local result = f(unpack(arguments, 1, count))
    return result
  end)
  assert.is_false(ok)
  assert.is_string(message)
  assert.is_truthy(message:find(here()), message)
  return (message:gsub(here(), ""))
end

describe("a dot in place of a colon", function()
  for _, row in ipairs(functions.list) do
    local kind, name = row.name:match("^(%l+):([%l_]+)$")
    if kind then
      it("is named at the caller's line: " .. row.name, function()
        for _, object in ipairs(objects()[kind]) do
          local method = object[name]
          if not (row.name == "journal:compact" and method == nil) then
            for _, first in ipairs { orders.minimal(), 17, "text", false } do
              assert.are.equal(("bad call with a dot: use %s(%s)")
                :format(row.name, row.arguments), raised(method, first))
            end
            raised(method)
            raised(method, certcentral)
          end
        end
      end)
    end
  end

  it("is none with a table that inherits from the object", function()
    local client = support.new((support.recorder()))
    local mine = setmetatable({}, { __index = client })
    assert.is_table(mine:place_order(orders.minimal(), orders.options()))
  end)
end)

describe("a colon in place of a dot", function()
  for _, row in ipairs(functions.list) do
    local module, name = row.name:match("^(.+)%.(%l[%w_]*)$")
    if MODULES[module] then
      it("is named at the caller's line: " .. row.name, function()
        local f = MODULES[module][name]
        local expected = ("bad call with a colon: use %s(%s)")
          :format(row.name, row.arguments)
        assert.are.equal(expected, raised(f, MODULES[module]))
        assert.are.equal(expected,
                         raised(f, MODULES[module], orders.minimal()))
        assert.are.equal(expected, raised(f, MODULES[module],
                                          orders.minimal(), {}))
      end)
    end
  end
end)

describe("the public names", function()
  local function known(name)
    return functions.find(name) ~= nil
  end

  it("of the module are what help knows, and two constants", function()
    for name, value in pairs(certcentral) do
      assert.is_falsy(name:find("^_") and name ~= "_VERSION", name)
      if type(value) == "function" then
        assert.is_true(known("certcentral." .. name), name)
      end
    end
  end)

  it("of objects are what help knows", function()
    for kind, list in pairs(objects()) do
      for _, object in ipairs(list) do
        for name, value in pairs(getmetatable(object).__index) do
          if type(value) == "function" and not name:find("^_") then
            assert.is_true(known(kind .. ":" .. name), kind .. ":" .. name)
          end
        end
      end
    end
  end)

  it("that help knows are there, with a sentence", function()
    local there = objects()
    for _, row in ipairs(functions.list) do
      local kind, name = row.name:match("^(%l+):(%l[%l_]*)$")
      if kind then
        local found
        for _, object in ipairs(there[kind]) do
          found = found or object[name]
        end
        assert.is_function(found, row.name)
      else
        local module, member = row.name:match("^(.+)%.(%l[%w_]*)$")
        module = module == "certcentral" and module or
                 "certcentral." .. module:gsub("^certcentral%.", "")
        assert.is_function(require(module)[member], row.name)
      end
      assert.is_truthy(row.help:find("^%u[^\n]*%.$"), row.name)
      assert.is_string(row.returns)
    end
  end)
end)
