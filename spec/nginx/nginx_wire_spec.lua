-- What nginx's transports make of certificates, of answers and of time, and
-- that they keep the API key to themselves.

local curl = require "support.curl"
local host_of = require "support.nginx_host"
local nginx = require "support.nginx"
local server = require "support.server"
local support = require "support.client"

local answer = server.answer

local KEY = curl.KEY
local TOO_LATE = "^no complete response from 127%.0%.0%.1 within 0%.%d+ seconds"
local TRANSPORTS = { "resty", "thread" }

local host
local key_was_said = false -- by the other side: then it is in such a log

-- Starts nginx in the place of the one before; as it logs most of all,
-- whatever it does is in its log.
local function start(options)
  if host then
    host.stop()
  end
  options.server, options.level = host_of.LOCATIONS, "debug"
  host = nginx.start(options)
end

-- One exchange by a transport, with its own key and limits:
-- response, failure.
local function exchange(transport, request, options)
  local got = nginx.post(host, "/exchange", {
    transport = transport, options = options or {},
    request = curl.copy({ method = "POST", timeout = 20,
      body = not request.method and "{}" or nil, connect_timeout = 20,
      headers = { ["X-DC-DEVKEY"] = KEY } }, request),
  })
  assert.is_nil(got.raised)
  return got.response, got.failure
end

local function place(transport, options, more)
  return nginx.post(host, "/place", {
    client = curl.copy({ api_key = KEY, transport = transport,
                         retry = { attempts = 1 } }, options),
    order = require("support.sandbox").order(), options = more })
end

local function named(s)
  return s.url:gsub("127%.0%.0%.1", "localhost")
end

after_each(function()
  local said = key_was_said
  key_was_said = false
  server.finish_all()
  if host then
    local log = host.log()
    host.stop()
    host = nil
    assert.is_true(said or not log:find(KEY, 1, true))
    assert.is_nil(log:find("signal 6", 1, true))
  end
end)

for _, transport in ipairs(TRANSPORTS) do
  describe(("over TLS, transport '%s'"):format(transport), function()
    -- nginx does not always say why a handshake failed.
    local function check_refused(s, options)
      local _, failure = exchange(transport, { url = named(s) }, options)
      assert.are.equal("no", failure.sent)
      if transport == "thread" or not failure.message:find("the handshake "
        .. "failed; is its certificate one that", 1, true) then
        assert.is_false(failure.retryable, failure.message)
        assert.is_truthy(failure.message:find("certificate of localhost "
          .. "refused", 1, true), failure.message)
      end
      assert.are.equal(0, #s:finish().requests)
    end

    it("takes a certificate of its CA", function()
      local s = server.start { tls = true, script = {
        "accept", "tls", "read", curl.CREATED } }
      start { ca_file = s.ca_file }
      local response = exchange(transport, { url = named(s) }, {
        ca_file = transport == "thread" and s.ca_file or nil })
      assert.are.equal(201, response.status)
      assert.is_truthy(s:finish().requests[1].text:find(KEY, 1, true))
    end)

    it("refuses one of another CA", function()
      local s = server.start { tls = true, script = { "accept", "tls" } }
      start {}
      check_refused(s)
    end)

    it("refuses one for another name", function()
      local s = server.start { host = "other.example", script = {
        "accept", "tls" } }
      start { ca_file = s.ca_file }
      check_refused(s, {
        ca_file = transport == "thread" and s.ca_file or nil })
    end)

    it("is not sent where nobody listens", function()
      local s = server.start {}
      s:finish()
      start {}
      local _, failure = exchange(transport, { url = named(s) })
      assert.are.equal("no", failure.sent)
      assert.is_nil(failure.retryable)
      assert.is_truthy(failure.message:find("^no connection to localhost "
                                            .. "port %d+: "))
    end)

    it("ends when there is no handshake in time", function()
      local s = server.start { tls = true, script = { "accept", "wait" } }
      start { ca_file = s.ca_file }
      local _, failure = exchange(transport, { url = named(s),
                                               connect_timeout = 0.2 })
      assert.are.equal("no", failure.sent)
      assert.is_nil(failure.retryable)
      assert.is_truthy(failure.message:find("no connection to localhost port "
        .. s.port .. " within 0.2 seconds", 1, true), failure.message)
    end)

    it("ends when a name server does not answer", function()
      start { resolver_delay = -1 }
      local _, failure = exchange(transport, {
        url = "https://name.invalid/", timeout = 0.2 })
      assert.are.equal("no", failure.sent)
    end)
  end)

  describe(("of answers, transport '%s'"):format(transport), function()
    before_each(function() start {} end)

    -- name, what is sent, the response
    local good = {
      { "by length", { "send", "HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n"
        .. "X-A: b\\r\\n\\r\\nabc" }, { status = 200, body = "abc" } },
      { "in chunks", { "send", "HTTP/1.1 201 OK\\r\\nTransfer-Encoding: "
        .. "chunked\\r\\nX-A: b\\r\\n\\r\\n3\\r\\nabc\\r\\n2\\r\\nde\\r\\n"
        .. "0\\r\\n\\r\\n" }, { status = 201, body = "abcde" } },
      { "to the end", { "send", "HTTP/1.1 200 OK\\r\\nX-A: b\\r\\n"
        .. "Connection: close\\r\\n\\r\\nabc", "close" },
        { status = 200, body = "abc" } },
      { "without a body",
        { "send", "HTTP/1.1 204 No\\r\\nX-A: b\\r\\n\\r\\n" },
        { status = 204, body = "" } },
      { "with a header twice", { "send", "HTTP/1.1 200 OK\\r\\nX-A: b\\r\\n"
        .. "x-a: c\\r\\nContent-Length: 0\\r\\n\\r\\n" },
        { status = 200, body = "", header = "b, c" } },
    }
    for _, case in ipairs(good) do
      it("takes one " .. case[1], function()
        local s = server.start { script = { "accept", "read", case[2] } }
        local response = exchange(transport, { url = s.url })
        assert.are.equal(case[3].status, response.status)
        assert.are.equal(case[3].body, response.body)
        assert.are.equal(case[3].header or "b", response.headers["x-a"])
        assert.are.equal(1, #s:finish().requests)
      end)
    end

    -- name, what is sent
    local bad = {
      { "that is none", { "send", "hello\\r\\n\\r\\n", "close" } },
      { "that is cut in its head", { "send", "HTTP/1.1 200 OK\\r\\n"
        .. "Content-Length: 3\\r\\nX-", "close" } },
      { "that is cut in its body", { "send", "HTTP/1.1 200 OK\\r\\n"
        .. "Content-Length: 4\\r\\n\\r\\nabc", "close" } },
      { "that is reset", { "reset" } },
      { "that never comes", { "close" } },
      { "that is cut in a chunk", { "send", "HTTP/1.1 200 OK\\r\\nTransfer-"
        .. "Encoding: chunked\\r\\n\\r\\n9\\r\\nabc", "close" } },
      { "without its last chunk", { "send", "HTTP/1.1 200 OK\\r\\nTransfer-"
        .. "Encoding: chunked\\r\\n\\r\\n3\\r\\nabc\\r\\n", "close" } },
      { "that is too long", answer("200 OK", ("x"):rep(101)) },
    }
    for _, case in ipairs(bad) do
      it("knows nothing from one " .. case[1], function()
        local s = server.start { script = { "accept", "read", case[2] } }
        local response, failure = exchange(transport, { url = s.url },
                                           { body_max = 100 })
        assert.is_nil(response)
        assert.are.equal("maybe", failure.sent)
        assert.are.equal(1, #s:finish().requests)
      end)
    end

    it("follows no redirect", function()
      local other = server.start {}
      local s = server.start { script = { "accept", "read", { "send",
        "HTTP/1.1 302 Found\\r\\nLocation: " .. other.url
        .. "\\r\\nContent-Length: 0\\r\\n\\r\\n" } } }
      assert.are.equal(302, exchange(transport, { url = s.url }).status)
      assert.are.equal(0, other:finish().connections)
    end)

    it("gives up one that stalls", function()
      local s = server.start { script = { "accept", "read", "wait" } }
      local _, failure = exchange(transport, { url = s.url, timeout = 0.2 })
      assert.are.equal("maybe", failure.sent)
      assert.is_truthy(failure.message:find(TOO_LATE), failure.message)
    end)

    it("gives up one that drips", function()
      local _, failure = exchange(transport, { url = host.url .. "/drip",
                                               timeout = 0.3, headers = {} })
      assert.are.equal("maybe", failure.sent)
      assert.is_truthy(failure.message:find(TOO_LATE), failure.message)
    end)

    it("sends what it was given, and no more", function()
      local s = server.start { script = { "accept", "read", curl.CREATED,
                                          "read", curl.CREATED } }
      exchange(transport, { url = s.url .. "a?b=c", body = '{"x":1}',
        headers = { ["X-DC-DEVKEY"] = KEY, ["User-Agent"] = "a b" } })
      exchange(transport, { url = s.url .. "d", method = "PUT",
        headers = { ["X-DC-DEVKEY"] = KEY } })
      local seen = s:finish().requests
      assert.is_truthy(seen[1].text:find("^POST /a%?b=c HTTP/1.1\r\n"))
      assert.is_truthy(seen[1].text:find("\r\nUser-Agent: a b\r\n", 1, true))
      assert.is_truthy(seen[1].text:find("\r\nContent-Length: 7\r\n", 1,
                                         true))
      assert.is_truthy(seen[1].text:find('\r\n\r\n{"x":1}$'))
      assert.is_truthy(seen[2].text:find("^PUT /d HTTP/1.1\r\n"))
      assert.is_truthy(seen[2].text:find("\r\nContent-Length: 0\r\n", 1,
                                         true))
    end)

    it("goes to localhost in plain HTTP without asking anyone", function()
      local s = server.start { script = { "accept", "read", curl.CREATED } }
      start { resolver = false }
      local response, failure = exchange(transport, { url = named(s) })
      assert.is_truthy(response, failure and failure.message)
      assert.are.equal(201, response.status)
      assert.is_truthy(s:finish().requests[1].text:find(
        ("\r\nHost: localhost:%s\r\n"):format(s.port), 1, true))
    end)

    it("goes to no other name or address in plain HTTP", function()
      local s = server.start { script = { "accept" } }
      start {} -- where every name is this machine
      for _, other in ipairs { "other.invalid", "localhost.invalid",
                               "127.999.1.1", "localhost." } do
        local _, failure = exchange(transport, {
          url = (s.url:gsub("127%.0%.0%.1", other)) })
        assert.are.equal("no", failure.sent)
        assert.is_false(failure.retryable)
      end
      assert.are.equal(0, s:finish().connections)
    end)

    it("shows no key that the other side says", function()
      local s = server.start { script = { "accept", "read",
        { "send", KEY .. "\\r\\n\\r\\n", "close" } } }
      local got = place(transport, { base_url = s.url, recover_for = 0 },
                        { once = false })
      assert.are.equal("unknown", got.err.kind)
      support.assert_no_secret(got.err.text, KEY)
      key_was_said = true
    end)
  end)
end
