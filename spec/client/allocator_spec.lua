-- Another allocator in the place of the C library's, one that cannot say how
-- large a block is: libcurl's memory is then left alone.

local server = require "spec.support.server"

local build = os.getenv("CERTCENTRAL_TEST_BUILD") or "build"
local interpreter = os.getenv("CERTCENTRAL_TEST_LUA") or "lua5.4"
local sanitized = (os.getenv("CERTCENTRAL_TEST_PRELOAD") or "") ~= ""
local CREATED = [[HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n{"id":7}]]

-- A program that asks three times and says what it got.
local PROGRAM = [[
  local certcentral = require "certcentral"
  local orders = require "support.orders"
  local client = assert(certcentral.new { api_key = ("k"):rep(64),
    base_url = %q, ca_file = %q, rate = false, retry = { attempts = 1 } })
  for i = 1, 3 do
    local order = orders.with { comments = ("x"):rep(1000 * i) }
    local result, err = client:place_order(order, { now = orders.NOW,
      check_csr = false, once = false })
    print(result and result.id or tostring(err))
  end
  print(client:wipes_memory(), require("certcentral.curl").wipes)
  client:close()
]]

describe("an allocator of the host's", function()
  after_each(server.finish_all)

  local function run(preload)
    local s = server.start { tls = true, script = { "accept", "tls",
      "read", "send", CREATED, "read", "send", CREATED, "read", "send",
      CREATED } }
    local name = os.tmpname()
    local file = assert(io.open(name, "w"))
    file:write(PROGRAM:format((s.url:gsub("/$", "")), s.ca_file))
    file:close()
    local pipe = assert(io.popen(("LD_PRELOAD=%s timeout 60 %s %s 2>&1")
      :format(preload, interpreter, name)))
    local text = pipe:read("*a")
    pipe:close()
    os.remove(name)
    return text
  end

  if sanitized then
    it("is not for a sanitizer", function()
      pending("a sanitizer brings an allocator of its own")
    end)
    return
  end

  it("without malloc_usable_size leaves libcurl's memory whole", function()
    assert.are.equal("7\n7\n7\nfalse\tfalse\n",
                     run(build .. "/test/preload_malloc.so"))
  end)

  it("that is the C library's has its memory wiped", function()
    assert.are.equal("7\n7\n7\ntrue\ttrue\n", run("''"))
  end)
end)

describe("wipes_memory", function()
  it("is not said of another transport than libcurl", function()
    local client = require("certcentral").new { api_key = "key",
      transport = function() end }
    assert.is_false(client:wipes_memory())
  end)
end)
