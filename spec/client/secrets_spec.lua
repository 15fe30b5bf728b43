-- Secrets: an API key, a card and private keys go through the whole library
-- in a process of their own (spec/support/secrets_process.lua), which prints
-- all that it can see. They are found in what it sends over TLS, and nowhere
-- else: not in what it prints, in its journal, in what it writes to any file
-- or socket, nor in its memory once the client is closed.

local read = require("spec.support.files").read
local server = require "spec.support.server"
local support = require "spec.support.curl"

local CREATED = support.CREATED
local KEY = "canary-0123456789" .. "abcdefKEYTAIL42"
local CARD = "45395787" .. "63621486"
local HOLDER = "Canary Holder " .. "Of-A-Card-99"
local PRIVATE = "CANARYPRIVATEKEYLINE"

local build = os.getenv("CERTCENTRAL_TEST_BUILD") or "build"
local abi = jit and "lua5.1" or "lua5.4"
local sanitized = (os.getenv("CERTCENTRAL_TEST_PRELOAD") or "") ~= ""

local REFUSED = server.answer("400 Bad Request",
  [[{"errors":[{"code":"x","message":"no"}]}]])

describe("secrets", function()
  local base

  before_each(function()
    base = os.tmpname()
  end)

  after_each(function()
    server.finish_all()
    for _, ending in ipairs { "", ".journal", ".key", ".trace",
                            ".keylog" } do
      os.remove(base .. ending)
    end
  end)

  local function run(s, before, more)
    local command = ("LD_PRELOAD= %s %s/test/lua_secrets-%s %s %s %s %s %s "
      .. "%s 2>&1"):format(before or "", build, abi,
      "spec/support/secrets_process.lua", (s.url:gsub("/$", "")), s.ca_file
      or "''", base .. ".journal", base .. ".key", more or "")
    local pipe = assert(io.popen(command))
    local text = pipe:read("*a")
    pipe:close()
    return text
  end

  local function expect_none(text, what)
    for name, secret in pairs { key = KEY, card = CARD, holder = HOLDER,
                                ["private key"] = PRIVATE } do
      local at = text:find(secret, 1, true)
      assert.is_nil(at, ("the %s is in %s: %s"):format(name, what,
        at and text:sub(math.max(1, at - 200), at + 100)))
    end
  end

  local function start(tls)
    local up = tls and { "tls" } or {}
    return server.start { tls = tls, script = { "accept", up, "read", CREATED,
      "read", REFUSED, "read", "close" } }
  end

  it("are in what is sent and in nothing that is shown or kept", function()
    local s = start(true)
    local text = run(s)
    assert.is_truthy(text:find("\nleft: "), text:sub(-2000))
    expect_none(text, "what was printed")
    expect_none(read(base .. ".journal"), "the journal")
    assert.is_truthy(read(base .. ".journal"):find("secrets%-1"))
    local requests = s:finish().requests
    assert.are.equal(3, #requests)
    for _, request in ipairs(requests) do
      for _, secret in ipairs { KEY, CARD, HOLDER } do
        assert.is_truthy(request.text:find(secret, 1, true))
      end
    end
    -- and the process knows what it looks for
    local held = text:match("\nheld: (%d+)")
    assert.is_true(tonumber(held) > 0, text:match("\nheld: [^\n]*"))
  end)

  it("are not in memory once the client is closed", function()
    if sanitized then
      return pending("a sanitizer keeps what was freed")
    end
    local text = run(start(true))
    assert.are.equal("0 0 0 0 0", text:match("\nleft: ([^\n]*)"))
  end)

  -- Whether system calls can be watched here.
  local function strace()
    local pipe = io.popen("strace -o /dev/null true >/dev/null 2>&1; echo $?")
    local works = pipe:read("*l") == "0"
    pipe:close()
    return works and not sanitized
      and ("strace -f -s 1000000 -e trace=%s -o %s.trace"):format(
        "write,writev,pwrite64,send,sendto,sendmsg,connect,execve", base)
  end

  it("leave the process over TLS alone", function()
    local trace = strace()
    if not trace then
      return pending("system calls cannot be watched here")
    end
    run(start(true), trace)
    local seen = read(base .. ".trace")
    assert.is_truthy(seen:find("secrets-1", 1, true))
    expect_none(seen, "what was written")
    -- without TLS, to a loopback address, they would be seen
    run(start(false), trace)
    seen = read(base .. ".trace")
    assert.is_truthy(seen:find(KEY, 1, true))
    assert.is_truthy(seen:find(CARD, 1, true))
  end)

  -- With them, whoever has recorded the traffic can read it.
  it("of TLS are not logged, whatever the environment says", function()
    local s = start(true)
    local log = base .. ".keylog"
    local text = run(s, "env SSLKEYLOGFILE=" .. log)
    local file = io.open(log, "rb")
    local logged = file and file:read("*a") or ""
    if file then
      file:close()
    end
    assert.is_truthy(text:find("\nleft: "), text:sub(-2000))
    assert.are.equal(3, #s:finish().requests)
    assert.are.equal("", logged)
  end)

  describe("and a proxy of the environment:", function()
    for _, name in ipairs { "https_proxy", "HTTPS_PROXY", "ALL_PROXY",
                            "all_proxy" } do
      it(name .. " sees the host's name alone", function()
        local s = server.start { host = "origin.invalid", script = {
          "accept", "read", "send", [[HTTP/1.1 200 OK\r\n\r\n]],
          "tls", "read", CREATED } }
        local proxy = ("%s=http://127.0.0.1:%s"):format(name, s.port)
        s.url = "https://origin.invalid/"
        local text = run(s, "env -u http_proxy -u https_proxy -u ALL_PROXY "
          .. "-u HTTPS_PROXY -u no_proxy -u NO_PROXY " .. proxy, "proxy")
        assert.is_truthy(text:find("\nleft: "), text:sub(-2000))
        local requests = s:finish().requests
        assert.are.equal(2, #requests)
        assert.is_truthy(requests[1].text:find("^CONNECT origin.invalid:443 "))
        expect_none(requests[1].text, "what the proxy got")
        assert.is_truthy(requests[2].text:find(KEY, 1, true))
      end)
    end

    it("http_proxy is not asked at all", function()
      local proxy = server.start { script = { "accept", "read", CREATED } }
      local s = start(true)
      local plain = start(false)
      for _, target in ipairs { s, plain } do
        run(target, ("env http_proxy=http://127.0.0.1:%s"):format(proxy.port))
        assert.are.equal(3, #target:finish().requests)
      end
      assert.are.equal(0, proxy:finish().connections)
    end)
  end)
end)
