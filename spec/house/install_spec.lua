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
io.write(certcentral._VERSION, " ", package.searchpath and
  package.searchpath("certcentral", package.path) or "")]]

local sandbox_program =
  [[assert(require("certcentral.sandbox").new {}).transport {}]]

-- Runs a program with the modules below `tree` and those of the system.
local function use(tree, other)
  return run(("cd / && LUA_PATH='%s/share/lua/%s/?.lua;%s/share/lua/%s/"
              .. "?/init.lua;;' LUA_CPATH='%s/lib/lua/%s/?.so;;' %s -e '%s'")
             :format(tree, version, tree, version, tree, version, lua,
                     other or program))
end

local dir
local MAKE = "env -u MAKEFLAGS make -s "

before_each(function() dir = run("mktemp -d"):gsub("%s", "") end)
after_each(function() run("rm -rf '" .. dir .. "'") end)

local function sure(command, ...)
  local output, status = run(command:format(...))
  assert.equal(0, status, output)
  return output
end

local function names(where)
  return (run(("cd '%s' && find . -type f -o -type l | sort"):format(where)))
end

describe("installed", function()
  local SPELLINGS = jit and { "luajit", "5.1", "lua5.1" }
                    or { "5.4", "lua5.4" }
  for _, abi in ipairs(SPELLINGS) do
    it("by make ABI=" .. abi .. ", it can be loaded", function()
      sure(MAKE .. "install PREFIX=%s ABI=%s", dir, abi)
      local output, status = use(dir)
      assert.equal(0, status, output)
      assert.equal(0, select(2, use(dir, sandbox_program)))
      assert.truthy(output:find("^certcentral %d+%.%d+%.%d+ "), output)
      assert.truthy(output:find(dir, 1, true), output)
    end)
  end

  it("where Lua does not look, it is said how to make it look", function()
    local said = sure(MAKE .. "install PREFIX=%s/here ABI=%s", dir,
                      SPELLINGS[1])
    local exports = said:gsub("[^\n]*installed[^\n]*\n", "")
      :gsub("[^\n]*profile\n", "")
    local output, status = run(("cd / && unset LUA_PATH LUA_CPATH; %s\n"
      .. "%s -e '%s'"):format(exports, lua, program))
    assert.equal(0, status, output .. said)
    assert.truthy(output:find("^certcentral "), output)
    said = sure(MAKE .. "install DESTDIR=%s ABI=%s", dir, SPELLINGS[1])
    assert.falsy(said:find("LUA_PATH"), said)
  end)

  it("it can be removed, and only it", function()
    sure("mkdir -p %s/share/lua/%s && echo >%s/share/lua/%s/other.lua", dir,
         version, dir, version)
    local before = names(dir)
    sure(MAKE .. "install PREFIX=%s ABI=%s", dir, SPELLINGS[1])
    assert.are_not.equal(before, names(dir))
    sure(MAKE .. "uninstall PREFIX=%s ABI=%s", dir, SPELLINGS[1])
    assert.equal(before, names(dir))
  end)

  for _, case in ipairs {
    { "install", "5.6" }, { "install", "luajit2" }, { "uninstall", "lua" },
    { "install", "" }, { "uninstall", "5" },
  } do
    it(("for no Lua ('%s'), it says for which"):format(case[2]), function()
      local output, status = run((MAKE .. "%s PREFIX=%s ABI=%s"):format(
        case[1], dir, case[2]))
      assert.equal(2, status, output)
      assert.truthy(output:find("ABI must be one of 5.4 luajit 5.3 5.5 5.1, "
        .. "got '" .. case[2] .. "'", 1, true), output)
      assert.equal("", names(dir))
    end)
  end

  it("without the headers, it says which", function()
    local output, status = run((MAKE .. "install PREFIX=%s ABI=5.3 "
      .. "INC_lua5.3=-I/nowhere"):format(dir))
    assert.equal(2, status, output)
    assert.truthy(output:find("no headers of Lua 5.3", 1, true), output)
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
    for _, name in ipairs { "core", "curl", "x509" } do
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

  -- Installs a rock to a tree in the directory; returns the tree.
  local function rock(name)
    sure("cp -r Makefile csrc lua rockspec '%s'", dir)
    sure("cd '%s' && env -u MAKEFLAGS -u BUILD luarocks --lua-version %s "
      .. "make --tree '%s/%s' --deps-mode none rockspec/%s-scm-1.rockspec",
      dir, version, dir, name, name)
    return dir .. "/" .. name
  end

  it("by luarocks, it can be loaded, and has no sandbox", function()
    local tree = rock "certcentral"
    local output, status = use(tree)
    assert.equal(0, status, output)
    assert.truthy(output:find(dir, 1, true) or jit, output)
    assert.is_nil(names(tree):find("lua/certcentral/sandbox", 1, true))
    output, status = use(tree, sandbox_program)
    assert.equal(1, status, output)
  end)

  it("by luarocks, the sandbox can be loaded by itself", function()
    local tree = rock "certcentral-sandbox"
    local output, status = use(tree, sandbox_program)
    assert.equal(0, status, output)
    assert.equal(1, select(2, use(tree)))
  end)

  it("by make install-sandbox, there is the sandbox and nothing else",
     function()
    sure(MAKE .. "install-sandbox PREFIX=%s ABI=%s", dir, SPELLINGS[1])
    local output, status = use(dir, sandbox_program)
    assert.equal(0, status, output)
    for name in names(dir):gmatch("[^\n]+") do
      assert.truthy(name:find("/certcentral/sandbox/", 1, true), name)
    end
  end)

  it("the sandbox says that it needs luaossl", function()
    sure(MAKE .. "install-sandbox PREFIX=%s ABI=%s", dir, SPELLINGS[1])
    local output, status = use(dir, [[
      package.preload["openssl.x509"] = function()
        error("module _openssl not found", 0)
      end
      require "certcentral.sandbox"]])
    assert.equal(1, status, output)
    assert.truthy(output:find("certcentral.sandbox needs luaossl: apt-get "
      .. "install lua-luaossl, or luarocks install luaossl (", 1, true),
      output)
  end)

  for _, name in ipairs { "certcentral", "certcentral-sandbox" } do
    it("has a rockspec without a fault: " .. name, function()
      sure("luarocks --lua-version %s lint rockspec/%s-scm-1.rockspec",
           version, name)
    end)
  end
end)

-- The Luas that this does not run under itself. One run tries them: two
-- would build the same files at once.
local OTHERS = { "5.1", "5.3", "5.5" }

local order_program = [[
local certcentral = require "certcentral"
local file = assert(io.open(arg[1]))
local sandbox = require("certcentral.sandbox").new {}
local client = assert(certcentral.new { api_key = sandbox.api_key,
  transport = sandbox.transport, store = false })
local order = { certificate = { common_name = "www.example.com",
    csr = file:read("*a"), signature_hash = "sha256" },
  organization = { id = 123456 }, order_validity = { years = 1 } }
local result, err = client:place_order(order)
print(_VERSION, rawget(_G, "jit"), result and result.id or tostring(err))
order.organization.id = "x"
local bad
bad, err = certcentral.validate(order)
print(bad, err.problems[1].path)
assert(require("certcentral.curl").version)
assert(require("certcentral.csr").check)]]

local function works(command, ...)
  return select(2, run(command:format(...))) == 0
end

local function why_not(other)
  if not works("command -v lua%s", other) then
    return "lua" .. other .. " is not installed"
  elseif not works("env -u LUA_PATH -u LUA_CPATH lua%s -e "
                   .. "'require \"cjson\"; require \"openssl.pkey\"'",
                   other) then
    return "lua-cjson or luaossl is not there for Lua " .. other
  elseif not works(MAKE .. "-n install ABI=%s", other) then
    return "the headers of Lua " .. other .. " are not installed"
  end
end

describe("installed for Lua", function()
  for _, other in ipairs(jit and {} or OTHERS) do
    it(other .. ", it places an order in the sandbox", function()
      local reason = why_not(other)
      if reason then
        return pending(reason)
      end
      sure(MAKE .. "install PREFIX=%s ABI=%s", dir, other)
      local file = assert(io.open(dir .. "/order.lua", "w"))
      file:write(order_program)
      file:close()
      local output = sure("csr=$(pwd -P)/spec/cases/csr/good/p256.pem; "
        .. "cd / && LUA_PATH='%s/share/lua/%s/?.lua;%s/share/lua/%s/?/"
        .. "init.lua;;' LUA_CPATH='%s/lib/lua/%s/?.so;;' lua%s %s/order.lua "
        .. "$csr", dir, other, dir, other, dir, other, other, dir)
      assert.truthy(output:find("^Lua " .. other:gsub("%.", "%%.")
        .. "\tnil\t%d+\nnil\torganization%.id\n"), output)
    end)
  end
end)

local c_program = [[
#include <dcc.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
  dcc_options options = {.now = 1767225600};
  dcc_order *order = dcc_order_new();
  size_t count = 0;
  if (order == NULL
      || !dcc_order_set_string(order, "certificate.common_name",
                               "www.example.com", 15))
    return 1;
  dcc_order_check(order, &options);
  dcc_order_problems(order, &count);
  printf("%s %d\n", DCC_VERSION, count > 2);
  dcc_order_free(order);
  return 0;
}
]]

if not jit then
  describe("installed for C", function()
    local version_of_c
    before_each(function()
      local text = run("sed -n 's/.*DCC_VERSION \"\\(.*\\)\"/\\1/p' "
                       .. "csrc/core/dcc.h")
      version_of_c = text:match("%S+")
      sure(MAKE .. "install-c PREFIX=%s/usr", dir)
      local file = assert(io.open(dir .. "/program.c", "w"))
      file:write(c_program)
      file:close()
    end)

    -- How it is linked, and what is in the environment when it runs.
    for _, case in ipairs {
      { "with the shared library", "$(pkg-config --cflags --libs certcentral)",
        "LD_LIBRARY_PATH=usr/lib" },
      { "with the static library",
        "$(pkg-config --cflags certcentral) usr/lib/libcertcentral.a", "" },
    } do
      it("a program is built " .. case[1], function()
        assert.equal(version_of_c .. " 1\n", sure("cd '%s' && "
          .. "export PKG_CONFIG_PATH=usr/lib/pkgconfig && "
          .. "gcc -std=c11 -Wall -Wextra -Werror program.c %s -o program "
          .. "&& env -u LD_PRELOAD %s ./program", dir, case[2], case[3]))
      end)
    end

    it("a program asks for it by a name with its version", function()
      local output = sure("cd '%s' && export PKG_CONFIG_PATH=usr/lib/"
        .. "pkgconfig && gcc program.c $(pkg-config --cflags --libs "
        .. "certcentral) -o program && readelf -d program && "
        .. "pkg-config --modversion certcentral", dir)
      assert.truthy(output:find("NEEDED.*%[libcertcentral%.so%.%d[%d.]*%]"),
                    output)
      assert.truthy(output:find(version_of_c .. "\n$"), output)
    end)

    it("the shared library shows the functions of dcc.h alone", function()
      local shown = sure("nm -D --defined-only '%s/usr/lib/libcertcentral.so' "
        .. "| sed 's/.* //' | sort", dir)
      local declared = sure("grep -v '^typedef' csrc/core/dcc.h "
        .. "| grep -o '^[a-z].*\\bdcc_[a-z_]*(' "
        .. "| sed 's/.*\\(dcc_[a-z_]*\\)(/\\1/' | sort -u")
      assert.equal(declared, shown)
      assert.truthy(shown:find("dcc_order_new\n"), shown)
    end)

    it("it can be removed", function()
      sure(MAKE .. "uninstall-c PREFIX=%s/usr", dir)
      assert.equal("./program.c", names(dir):gsub("%s+$", ""))
    end)
  end)
end
