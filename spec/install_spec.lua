-- What make install and luarocks put in place can be used from there.

local lua = os.getenv("CERTCENTRAL_TEST_LUA") or "lua5.4"
local jit = rawget(_G, "jit") ~= nil -- luacheck: ignore
local version = jit and "5.1" or "5.4"

local function run(command)
  local pipe = io.popen(("(%s) 2>&1; printf '\\n%%s' $?"):format(command))
  local text = pipe:read("*a")
  pipe:close()
  local output, status = text:match("^(.*)\n(%d+)$")
  return output, tonumber(status)
end

local program = [[
local certcentral = require "certcentral"
assert(require("certcentral.curl").version)
assert(require("certcentral.csr").check)
assert(require("certcentral.sandbox").new)
io.write(certcentral._VERSION, " ", package.searchpath and
  package.searchpath("certcentral", package.path) or "")]]

-- Runs the program with the modules below `tree` alone.
local function use(tree)
  return run(("cd / && LUA_PATH='%s/share/lua/%s/?.lua;%s/share/lua/%s/"
              .. "?/init.lua;;' LUA_CPATH='%s/lib/lua/%s/?.so;;' %s -e '%s'")
             :format(tree, version, tree, version, tree, version, lua,
                     program))
end

describe("installed", function()
  local dir
  before_each(function() dir = run("mktemp -d"):gsub("%s", "") end)
  after_each(function() run("rm -rf '" .. dir .. "'") end)

  it("by make, it can be loaded", function()
    local output, status = run(("env -u MAKEFLAGS make -s install "
      .. "PREFIX=%s ABI=lua%s"):format(dir, version))
    assert.equal(0, status, output)
    output, status = use(dir)
    assert.equal(0, status, output)
    assert.truthy(output:find("^certcentral %d+%.%d+%.%d+ "), output)
    assert.truthy(output:find(dir, 1, true), output)
  end)

  local function read(name)
    local file = assert(io.open(name, "rb"))
    local text = file:read("*a")
    file:close()
    return text
  end

  -- Builds a module in a folder of its own; returns its bytes.
  local function build(folder, more)
    local output, status = run(("mkdir -p '%s' && cp -r Makefile csrc spec "
      .. "'%s' && cd '%s' && env -u MAKEFLAGS -u BUILD make -s "
      .. "CFLAGS='-O0 -g' %s build/lua5.4/certcentral/core.so")
      :format(folder, folder, folder, more or ""))
    assert.equal(0, status, output)
    return read(folder .. "/build/lua5.4/certcentral/core.so")
  end

  it("by make, modules have no debug information", function()
    local output, status = run(("env -u MAKEFLAGS make -s install "
      .. "PREFIX=%s ABI=lua%s"):format(dir, version))
    assert.equal(0, status, output)
    for _, name in ipairs { "core", "csr", "curl" } do
      output = run(("readelf -S %s/lib/lua/%s/certcentral/%s.so")
        :format(dir, version, name))
      assert.truthy(output:find(".dynsym", 1, true), output)
      assert.is_nil(output:find(".debug_", 1, true), name)
    end
  end)

  it("from two folders, the modules are the same", function()
    assert.is_true(build(dir .. "/a") == build(dir .. "/another/folder"))
  end)

  it("is linked with the LDFLAGS that are given", function()
    build(dir .. "/a", "LDFLAGS=-Wl,-soname,given-by-ldflags")
    assert.truthy(run(("readelf -d %s/a/build/lua5.4/certcentral/core.so")
      :format(dir)):find("given-by-ldflags", 1, true))
  end)

  it("by luarocks, it can be loaded", function()
    local output, status = run(("cp -r Makefile csrc lua rockspec '%s' && "
      .. "cd '%s' && env -u MAKEFLAGS -u BUILD luarocks --lua-version %s "
      .. "make --tree '%s/tree' --deps-mode none "
      .. "rockspec/certcentral-scm-1.rockspec"):format(dir, dir, version,
      dir))
    assert.equal(0, status, output)
    output, status = use(dir .. "/tree")
    assert.equal(0, status, output)
    assert.truthy(output:find(dir, 1, true), output)
  end)

  it("has a rockspec without a fault", function()
    local output, status = run("luarocks --lua-version " .. version
      .. " lint rockspec/certcentral-scm-1.rockspec")
    assert.equal(0, status, output)
  end)
end)
