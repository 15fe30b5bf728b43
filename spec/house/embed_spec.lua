-- A host that carries Lua and certcentral inside: examples/embed/static.c.

local support = require "support.sandbox"

local abi = rawget(_G, "jit") and "lua5.1" or "lua5.4"
local build = os.getenv("CERTCENTRAL_TEST_BUILD") or "build"

local function run(command, ...)
  local pipe = assert(io.popen(("(%s) 2>&1; printf '\\n%%s' $?"):format(
    command:format(...))))
  local text = pipe:read("*a")
  pipe:close()
  local output, status = text:match("^(.*)\n(%d+)$")
  return output, tonumber(status)
end

describe("a host with everything inside", function()
  local server, dir, program

  setup(function()
    server = support.start()
    dir = run("mktemp -d"):gsub("%s+$", "")
    program = run("cd '%s' && pwd -P", build):gsub("%s+$", "")
              .. "/examples/static-" .. abi
  end)
  teardown(function()
    server.stop()
    run("rm -rf '%s'", dir)
  end)
  before_each(function() support.reset(server) end)

  -- In an empty folder, with nothing in the environment but what it needs.
  local function start(threads, more)
    return run("cd '%s' && env -i CERTCENTRAL_BASE_URL=%s "
      .. "CERTCENTRAL_CA_FILE=%s CERTCENTRAL_API_KEY=%s %s '%s' %s", dir,
      server.base_url, server.ca_file, server.api_key, more or "", program,
      threads)
  end

  for _, threads in ipairs { 1, 2, 8 } do
    it(("places an order in each of %d threads"):format(threads), function()
      local output, status = start(threads)
      assert.are.equal(0, status, output)
      local ids, count = {}, 0
      for id in output:gmatch("order (%d+)\n") do
        assert.is_nil(ids[id])
        ids[id], count = true, count + 1
      end
      assert.are.equal(threads, count, output)
      assert.are.equal(threads, #support.orders(server))
      assert.are.equal("", (run("ls -A '%s'", dir)))
    end)
  end

  it("says what is wrong, and ends so", function()
    local output, status = start(1, "CERTCENTRAL_API_KEY=wrong-key")
    assert.are.equal(1, status)
    assert.truthy(output:find("^the API key was not accepted"), output)
    assert.are.equal(0, #support.orders(server))
  end)

  it("has each module but the sandbox and what is for editors", function()
    local archive = ("%s/embed/libcertcentral-%s.a"):format(build, abi)
    local files = run("cd lua && find certcentral -name '*.lua' "
      .. "-not -path '*/sandbox/*' -not -name meta.lua | sort")
    local inside = run("strings -n 8 '%s' | grep -x '@certcentral/.*lua' "
                       .. "| sed s/@// | sort -u", archive)
    assert.are.equal(files, inside)
  end)
end)
