-- The client: its options, its life, its key. The transports are functions,
-- no socket is opened here.

local certcentral = require "certcentral"
local orders = require "support.orders"
local support = require "support.client"

local KEY = support.KEY
local US = "https://www.digicert.com/services/v2"
local EU = "https://certcentral.digicert.eu/services/v2"
local assert_no_secret, client_with = support.assert_no_secret, support.new
local recorder = support.recorder
local with_env = support.with_env

describe("the module", function()
  it("has the names that it promises", function()
    for _, name in ipairs { "validate", "encode", "request", "fields",
                            "help", "redact", "new", "place_order" } do
      assert.is_function(certcentral[name])
    end
    assert.is_truthy(certcentral._VERSION:find("^certcentral %d+%.%d+%.%d+$"))
    assert.are.equal(require("cjson").null, certcentral.null)
  end)
end)

describe("new", function()
  it("takes the key from its options or the environment", function()
    local transport, requests = recorder()
    local function key_of(options, variables)
      options.transport = transport
      return with_env(variables, function()
        local client, err = certcentral.new(options)
        if not client then
          return nil, err
        end
        assert(client:place_order(orders.minimal(), orders.options()))
        return requests[#requests].headers["X-DC-DEVKEY"]
      end)
    end
    assert.are.equal("a", key_of({ api_key = "a" }, {}))
    assert.are.equal("b", key_of({}, { CERTCENTRAL_API_KEY = "b" }))
    assert.are.equal("a", key_of({ api_key = "a" },
                                 { CERTCENTRAL_API_KEY = "b" }))
  end)

  it("needs a key", function()
    for _, variables in ipairs { {}, { CERTCENTRAL_API_KEY = "" } } do
      local client, err = with_env(variables, function()
        return certcentral.new { transport = recorder() }
      end)
      assert.is_nil(client)
      assert.are.equal("config", err.kind)
      assert.is_nil(err.outcome) -- no order was being placed
      assert.is_false(err.retryable)
      assert.is_truthy(err.message:find("CERTCENTRAL_API_KEY", 1, true))
    end
    local _, err = certcentral.new { api_key = "", transport = recorder() }
    assert.are.equal("config", err.kind)
  end)

  for _, key in ipairs { "canary\r\nX: y", "canary\r", "canary\n",
    "\ncanary", "canary\0", "can\0ary", "canary\127", "can ary", " canary",
    "canary ", "canary\t", "canary\195\164", "\255canary" } do
    it("refuses the key " .. ("%q"):format(key):gsub("[%c\128-\255]", "?"),
      function()
        for _, given in ipairs { "option", "environment" } do
          local client, err = with_env(
            { CERTCENTRAL_API_KEY = given == "environment" and key or nil },
            function()
              return certcentral.new {
                api_key = given == "option" and key or nil,
                transport = recorder() }
            end)
          assert.is_nil(client)
          assert.are.equal("config", err.kind)
          assert_no_secret(err, "canary")
        end
      end)
  end

  -- options, environment, the address of the request
  local PATH = "/order/certificate/ssl_securesite_flex"
  local addresses = {
    { {}, {}, US },
    { { region = "us" }, {}, US },
    { { region = "eu" }, {}, EU },
    { { base_url = "https://example.com/v2" }, {}, "https://example.com/v2" },
    { { base_url = "https://example.com/v2/" }, {},
      "https://example.com/v2" },
    { { base_url = "https://example.com" }, {}, "https://example.com" },
    { { base_url = "https://example.com:8443/a" }, {},
      "https://example.com:8443/a" },
    { { base_url = "HTTPS://example.com" }, {}, "HTTPS://example.com" },
    { { base_url = "https://[2606:4700::1]:8443" }, {},
      "https://[2606:4700::1]:8443" },
    { { base_url = "http://127.0.0.1:8080/v2" }, {},
      "http://127.0.0.1:8080/v2" },
    { { base_url = "http://127.1.2.3" }, {}, "http://127.1.2.3" },
    { { base_url = "http://localhost:1" }, {}, "http://localhost:1" },
    { { base_url = "http://[::1]:8080" }, {}, "http://[::1]:8080" },
    { {}, { CERTCENTRAL_BASE_URL = "https://example.org/x" },
      "https://example.org/x" },
    { {}, { CERTCENTRAL_BASE_URL = "" }, US },
    { { region = "eu" }, { CERTCENTRAL_BASE_URL = "https://example.org" },
      EU },
    { { base_url = "https://example.com" },
      { CERTCENTRAL_BASE_URL = "https://example.org" },
      "https://example.com" },
  }
  for i, case in ipairs(addresses) do
    it(("sends to %s (%d)"):format(case[3], i), function()
      local transport, requests = recorder()
      local client = with_env(case[2], function()
        return client_with(transport, case[1])
      end)
      assert(client:place_order(orders.minimal(), orders.options()))
      assert.are.equal(case[3] .. PATH, requests[1].url)
    end)
  end

  for _, url in ipairs { "", "x", "example.com", "//example.com",
    "https://", "https:///x", "https:/example.com", "ftp://example.com",
    "file:///etc/passwd", "gopher://example.com", "http://example.com",
    "HTTP://example.com", "http://10.0.0.1", "http://127.0.0.1.example.com",
    "http://localhost.example.com", "http://1270.0.1", "http://128.0.0.1",
    "http://[::2]", "http://[2606:4700::1]", "http://127.0.0.1@example.com",
    "https://user:canary@example.com", "https://example.com/?x=1",
    "https://example.com/#x", "https://exa mple.com",
    "https://example.com/\r\nX: y", "https://example.com\\@example.org",
    "https://example.com/\0", "http://0.0.0.0", "http://127.example.com",
    "http://localhost@example.com", "http://127.999.1.1",
    "http://127.0.0.256", "http://127.0.0.01", "http://127.0.0",
    "http://127.0.0.0001", "http://[::1", "http://::1", "http://[::1]x",
    "http://127.0.0.1:8080x", "http://localhost.", "http://[0::2]",
    -- a user and a password, however the address is written
    "https://user:can/ary@h/", "https:/user:canary@h/", "user:canary@h/x",
    "https://user:canary", "https://user:canary/x", "user:canary",
    "https://user:canary%40h/", "https://h/@canary", "https:user:canary@h",
    "//user:canary@h", "https://user:12canary@h", "HTTPS://a:canary%40h/",
    "https://[user:canary]@h/", "https://:canary@h", "a b:canary@h",
  } do
    it("refuses the address " .. ("%q"):format(url):gsub("%c", "?"),
      function()
        local client, err = certcentral.new { api_key = KEY, base_url = url,
                                              transport = recorder() }
        assert.is_nil(client)
        assert.are.equal("config", err.kind)
        assert.is_nil(err.message:find("%c"))
        assert_no_secret(err)
        assert_no_secret(err, "canary")
        assert.is_nil(err.message:find("ary", 1, true))
      end)
  end

  it("wants a CA file that can be read", function()
    for name, says in pairs {
      ["/nonexistent/ca.pem"] = "No such file", ["/"] = "Is a directory",
      ["/dev/null"] = "'/dev/null' contains no PEM certificate",
      ["README.md"] = "'README.md' contains no PEM certificate",
      ["spec/cases/csr/good/p256.pem"] = "contains no PEM certificate",
    } do
      for _, given in ipairs { "option", "environment" } do
        local client, err = with_env(
          { CERTCENTRAL_CA_FILE = given == "environment" and name or nil },
          function()
            return certcentral.new { api_key = KEY,
              ca_file = given == "option" and name or nil }
          end)
        assert.is_nil(client)
        assert.are.equal("config", err.kind)
        assert.is_truthy(err.message:find("ca_file", 1, true))
        assert.is_truthy(err.message:find(says, 1, true), err.message)
      end
    end
  end)

  it("takes a CA file, or none", function()
    local name = os.tmpname()
    local file = assert(io.open(name, "w"))
    file:write("-----BEGIN CERTIFICATE-----\n")
    file:close()
    assert.is_table(client_with(recorder(), { ca_file = name }))
    os.remove(name)
    with_env({ CERTCENTRAL_CA_FILE = "" }, function()
      assert.is_table(client_with(recorder()))
    end)
  end)

  it("refuses a user agent that breaks a header", function()
    for _, agent in ipairs { "a\r\nb", "a\0", "a\n" } do
      local client, err = certcentral.new { api_key = KEY,
        user_agent = agent, transport = recorder() }
      assert.is_nil(client)
      assert.are.equal("config", err.kind)
    end
  end)

  it("does nothing on the network", function()
    local called = false
    client_with(function() called = true end)
    assert.is_false(called)
    assert.is_true((certcentral.new { api_key = KEY }) ~= nil)
  end)
end)

describe("a client", function()
  it("shows no secret", function()
    local client = client_with(recorder())
    assert_no_secret(client)
    assert(client:place_order(orders.minimal(), orders.options()))
    assert_no_secret(client)
    assert.are.equal("certcentral client for " .. US, tostring(client))
    client:close()
    assert_no_secret(client)
    assert.is_truthy(tostring(client):find("closed", 1, true))
  end)

  it("closes twice", function()
    local client = client_with(recorder())
    client:close()
    client:close()
    for _ = 1, 2 do
      collectgarbage()
    end
  end)

  it("with libcurl closes unused, and twice", function()
    local client = certcentral.new { api_key = KEY }
    assert_no_secret(client)
    client:close()
    client:close()
  end)

  it("raises after it was closed", function()
    local transport, requests = recorder()
    local client = client_with(transport)
    client:close()
    local ok, message = pcall(client.place_order, client, orders.minimal())
    assert.is_false(ok)
    assert.is_truthy(message:find("this client is closed", 1, true))
    assert.are.equal(0, #requests)
  end)

  it("wipes the key when it is closed", function()
    local client = client_with(recorder())
    client:close()
    assert.is_nil(client.secret:reveal())
  end)

  it("may be closed by its own transport", function()
    local client
    client = client_with(function()
      client:close()
      return { status = 201, body = '{"id":1,"key":"' .. KEY .. '"}' }
    end)
    local result = client:place_order(orders.minimal(), orders.options())
    assert.are.equal(1, result.id)
    client = client_with(function()
      client:close()
      error("gone")
    end)
    local _, err = client:place_order(orders.minimal(), orders.options())
    assert.are.equal("unknown", err.kind)
  end)

  it("is collected", function()
    for _ = 1, 100 do
      client_with(recorder())
    end
    collectgarbage()
    collectgarbage()
  end)

  if _VERSION == "Lua 5.4" then
    it("closes at the end of its block", function()
      local f = assert(load([[
        local make, seen = ...
        do
          local client <close> = make()
          seen[1] = client
          assert(not client.closed)
        end
        return seen[1].closed]]))
      assert.is_true(f(function() return client_with(recorder()) end, {}))
      local seen = {}
      local ok = pcall(assert(load([[
        local make, seen = ...
        local client <close> = make()
        seen[1] = client
        error("left")]])), function() return client_with(recorder()) end,
        seen)
      assert.is_false(ok)
      assert.is_true(seen[1].closed)
    end)
  end

  it("places orders one after the other", function()
    local transport, requests = recorder()
    local client = client_with(transport)
    for i = 1, 3 do
      assert(client:place_order(orders.minimal(), orders.options()))
      assert.are.equal(i, #requests)
    end
    assert.are_not.equal(requests[1].body, requests[2].body) -- their names
  end)

  it("has nothing of another", function()
    local first, seen_first = recorder()
    local second, seen_second = recorder()
    local a = client_with(first)
    local b = client_with(second, { api_key = "other", region = "eu" })
    b:close()
    assert(a:place_order(orders.minimal(), orders.options()))
    assert.are.equal(KEY, seen_first[1].headers["X-DC-DEVKEY"])
    assert.are.equal(0, #seen_second)
  end)
end)
