-- What is generated for readers and editors, and what it is generated from.

local certcentral = require "certcentral"
local functions = require "certcentral.functions"
local manual = require "certcentral.manual"
local read = require("support.files").read

local markdown = require "reference.markdown"
local luacats = require "reference.luacats"

describe("lua/certcentral/meta.lua", function()
  local path = "lua/certcentral/meta.lua"

  it("is what the tables say", function()
    assert.is_true(luacats() == read(path), "make reference")
  end)

  it("is Lua", function()
    assert.is_table(assert(loadfile(path))())
  end)

  it("has every function of the module, and no other", function()
    local meta = assert(loadfile(path))()
    for name, value in pairs(certcentral) do
      if type(value) == "function" then
        assert.is_function(meta[name], name)
      end
    end
    for name in pairs(meta) do
      assert.is_function(certcentral[name], name)
    end
  end)

  it("has every function and method", function()
    local text = read(path)
    for _, row in ipairs(functions.list) do
      local name = row.name:gsub("^certcentral%.csr", "csr")
      assert(text:find(("\nfunction %s("):format(name), 1, true), row.name)
    end
  end)

  it("has every field of the form, with its help", function()
    local text = read(path)
    for row in certcentral.fields() do
      local name = row.path:match("[^.]+$"):gsub("%[%]", "")
      assert(text:find(("---@field %s[?]? [^\n]*%s"):format(name,
        (row.help:gsub("%p", "%%%0")))), row.path)
    end
  end)

  it("has the choices of a field as literals", function()
    assert.is_truthy(read(path):find(
      '---@field signature_hash "sha256"|"sha384"|"sha512" ', 1, true))
  end)

  it("knows the class of each type that it names", function()
    local text = read(path)
    for line in text:gmatch("%-%-%-@[^\n]+") do
      for name in line:gmatch("certcentral%.[%l_%.]*%l") do
        assert(text:find("@class " .. name .. "[\n:]") or
               text:find("---@alias " .. name .. " ", 1, true), name)
      end
    end
  end)
end)

describe("lua/REFERENCE.md", function()
  local text = read "lua/REFERENCE.md"

  it("is what the tables say", function()
    assert.is_true(markdown.write(text) == text, "make reference")
  end)

  it("describes every function", function()
    for _, row in ipairs(functions.list) do
      assert(text:find(("\n### %s\n"):format(row.name), 1, true), row.name)
    end
  end)

  it("leads nowhere but to its own headings", function()
    local anchors = {}
    for heading in text:gmatch("\n#+ ([^\n]+)") do
      anchors[heading:lower():gsub("[^%w_ -]", ""):gsub(" ", "-")] = true
    end
    for anchor in text:gmatch("%(#([^)]+)%)") do
      assert.is_true(anchors[anchor], anchor)
    end
  end)

  it("has no part without an end", function()
    local _, begun = text:gsub("<!%-%- generated: ", "")
    local _, ended = text:gsub("<!%-%- end %-%->", "")
    assert.are.equal(begun, ended)
  end)
end)

describe("the manual", function()
  it("has no holes", function()
    assert.are.same({}, require "reference.holes"(read))
  end)

  it("is not loaded by what only checks an order", function()
    local lua = os.getenv("CERTCENTRAL_TEST_LUA") or "lua5.4"
    local pipe = io.popen(("%s -e '%s'"):format(lua, [[
      require("certcentral").validate({})
      for name in pairs(package.loaded) do
        if name:find("certcentral.manual", 1, true) or
           name:find("certcentral.meta", 1, true) then
          io.write(name)
        end
      end]]))
    assert.are.equal("", pipe:read("*a"))
    pipe:close()
  end)

  it("is what help shows of a function", function()
    local help = certcentral.help "client:wait"
    assert.is_truthy(help:find(manual.notes["client:wait"], 1, true))
    assert.is_truthy(help:find("\n  id: an order's id\n", 1, true))
    assert.is_truthy(help:find("\n  timeout (3600): ", 1, true))
    assert.is_truthy(certcentral.help("certcentral.new"):find(
      "\n  deadline (120): ", 1, true))
    assert.is_truthy(certcentral.help("certcentral.place_order"):find(
      "\n  and the options of certcentral.new", 1, true))
  end)
end)
