-- `make sandbox`: what it prints, how long it stays, how it ends.

local json = require("certcentral.sandbox.json")
local support = require("support.sandbox")

local lua = os.getenv("CERTCENTRAL_TEST_LUA") or "lua5.4"
local preload = os.getenv("CERTCENTRAL_TEST_PRELOAD") or ""

local function shell(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

-- Starts it without anything on standard input; returns its output, and what
-- it has printed by the time that it stays up.
local function start()
  local pipe = assert(io.popen(("LD_PRELOAD=%s ASAN_OPTIONS=detect_leaks=0 "
    .. "exec %s lua/certcentral/sandbox/serve.lua </dev/null 2>&1")
    :format(preload, lua)))
  local lines = {}
  repeat
    local line = pipe:read("*l")
    assert(line, table.concat(lines, "\n"))
    lines[#lines + 1] = line
  until line:find("kill %d+$")
  return pipe, table.concat(lines, "\n") .. "\n"
end

describe("make sandbox, without standard input", function()
  local pipe, text, server

  setup(function()
    pipe, text = start()
    server = {
      base_url = text:match("CERTCENTRAL_BASE_URL='(.-)'"),
      ca_file = text:match("CERTCENTRAL_CA_FILE='(.-)'"),
      api_key = text:match("CERTCENTRAL_API_KEY='(.-)'"),
      control_url = text:match("GET (http://[%d.:]+)/ lists"),
    }
  end)

  it("stays up, and answers", function()
    local answer = support.request(server, "POST",
      "/order/certificate/ssl_securesite_flex", support.order())
    assert.equal(201, answer.status, answer.body)
  end)

  it("prints each control route with a line that works", function()
    local count = 0
    for line in text:gmatch("\n#     (curl[^\n]*)") do
      local got = shell(line .. " -s -w '\\n%{http_code}'")
      assert.truthy(got:find("\n20[01]$"), line .. "\n" .. got)
      count = count + 1
    end
    local answer = support.curl({ url = server.control_url .. "/" })
    assert.equal(200, answer.status)
    assert.equal(#answer.json.routes, count)
    assert.is_true(count > 10)
  end)

  it("lists them at its root, whichever root", function()
    local root = server.base_url:gsub("/services/v2$", "")
    for _, url in ipairs { root .. "/", server.control_url .. "/",
                           server.control_url .. "/sandbox/" } do
      local answer = support.curl({ url = url, ca_file = server.ca_file })
      assert.equal(200, answer.status, url)
      local seen = {}
      for _, route in ipairs(answer.json.routes) do
        seen[route.method .. " " .. route.path] = route.body or ""
      end
      assert.truthy(json.decode(seen["POST /sandbox/faults"]).kind)
      assert.equal("", seen["GET /sandbox/orders"])
    end
  end)

  it("ends as it says, and leaves nothing", function()
    local dir = server.ca_file:match("^(.*)/")
    assert.equal("there\n", shell("[ -e '" .. dir .. "' ] && echo there"))
    shell(text:match("kill %d+\n$"))
    pipe:read("*a")
    pipe:close()
    assert.equal("", shell("[ -e '" .. dir .. "' ] && echo there"))
  end)
end)
