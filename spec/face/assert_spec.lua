-- The reason of an error, where Lua's own assert and nginx hide it.

local certcentral = require "certcentral"
local support = require "support.client"

local NO_KEY = "no API key: give api_key or api_key_file"

-- Of programs that load the build: without a key, with the build's sanitizers.
local ENVIRONMENT = ("env -u CERTCENTRAL_API_KEY ASAN_OPTIONS=detect_leaks=0 "
  .. "LD_PRELOAD='%s'"):format(os.getenv("CERTCENTRAL_TEST_PRELOAD") or "")

local function shell(format, ...)
  local pipe = assert(io.popen(format:format(...) .. " 2>&1"))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

local function build()
  return os.getenv("CERTCENTRAL_TEST_BUILD") or "build"
end

local function is_there(program)
  return shell("command -v %s", program):find(program, 1, true) ~= nil
end

describe("certcentral.assert", function()
  it("returns all that it was given", function()
    local a, b, c, d = certcentral.assert(1, nil, 3, false)
    assert.are.same({ 1, 3, false }, { a, c, d })
    assert.is_nil(b)
    assert.are.equal(4, select("#", certcentral.assert(1, nil, 3, nil)))
  end)

  it("raises a string with the caller's line and the whole reason", function()
    local ok, message = pcall(function()
      local client = certcentral.assert(support.with_env({}, certcentral.new))
      return client
    end)
    assert.is_false(ok)
    assert.is_string(message)
    assert.is_truthy(message:find("^[^\n]*assert_spec%.lua:%d+: " .. NO_KEY),
                     message)
    local _, err = certcentral.validate({ sans = 1 })
    ok, message = pcall(certcentral.assert, nil, err)
    assert.is_false(ok)
    assert.is_truthy(message:find(tostring(err), 1, true), message)
  end)

  for _, case in ipairs { { nil, "why", "why" }, { false, nil, "assertion "
      .. "failed!" }, { nil, "50% and %s", "50%% and %%s" } } do
    it("takes any reason: " .. tostring(case[2]), function()
      local ok, message = pcall(certcentral.assert, case[1], case[2])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[3] .. "$"), message)
    end)
  end

  it("refuses a colon", function()
    local ok, message = pcall(function()
      local value = certcentral:assert(1)
      return value
    end)
    assert.is_false(ok)
    assert.is_truthy(message:find("use certcentral.assert(value [, err])", 1,
                                  true))
  end)
end)

describe("every example", function()
  it("shows the reason of what it asserts", function()
    local count = 0
    for name in shell("ls examples/*.lua examples/*/*.lua"):gmatch("%S+") do
      local file = assert(io.open(name, "rb"))
      local text = file:read("*a")
      file:close()
      count = count + 1
      for _, call in ipairs { "certcentral%.", "client:", "account:" } do
        assert.is_nil(text:find("[^%.%w]assert%(" .. call), name)
      end
    end
    assert.is_true(count > 10)
  end)
end)

describe("a script of Lua 5.1", function()
  if not is_there("lua5.1") then
    pending "lua5.1 is not installed"
    return
  end

  it("ends with the reason", function()
    local text = shell("%s LUA_PATH='%s' "
      .. "LUA_CPATH='%s/lua5.1/?.so;;' lua5.1 -e 'local c = require "
      .. "\"certcentral\" c.assert(c.new())'", ENVIRONMENT, package.path,
      build())
    assert.is_truthy(text:find("lua5.1: (command line):1: " .. NO_KEY, 1,
                               true), text)
  end)
end)

describe("an nginx that cannot start", function()
  local MODULES = "/usr/lib/nginx/modules"
  local file = io.open(MODULES .. "/ngx_http_lua_module.so", "rb")
  if not file then
    pending "nginx's Lua module is not installed"
    return
  end
  file:close()

  it("says why init_by_lua failed, as in the example", function()
    local dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir '" .. dir .. "'"))
    finally(function() os.execute("rm -rf '" .. dir .. "'") end)
    local conf = assert(io.open(dir .. "/nginx.conf", "wb"))
    local text = [[
load_module MODULES/ndk_http_module.so;
load_module MODULES/ngx_http_lua_module.so;
daemon off; master_process off; pid DIR/pid; error_log stderr;
events { }
http {
  access_log off;
  client_body_temp_path DIR/t; proxy_temp_path DIR/t; fastcgi_temp_path DIR/t;
  uwsgi_temp_path DIR/t; scgi_temp_path DIR/t;
  lua_package_path 'examples/openresty/?.lua;lua/?.lua;lua/?/init.lua;;';
  lua_package_cpath 'BUILD/lua5.1/?.so;;';
  lua_shared_dict certcentral 1m;
  init_by_lua_block { require("orders").init() }
}
]]
    conf:write((text:gsub("%u%u%u+", { MODULES = MODULES, DIR = dir,
                                       BUILD = build() })))
    conf:close()
    text = shell("timeout 30 %s nginx -p \"$PWD\" -e stderr "
                 .. "-c '%s/nginx.conf'", ENVIRONMENT, dir)
    assert.is_truthy(text:find("init_by_lua error: [^\n]*orders%.lua:%d+: "
                               .. NO_KEY), text)
  end)
end)
