local core = require "certcentral.core"
local curl = require "certcentral.curl"
local server = require "spec.support.server"

local answer = server.answer
local CREATED = answer("201 Created", [[{"id":1}]])
local KEY = "0123456789ABCDEF-the-key"

local function copy(from, more)
  local to = {}
  for name, value in pairs(from) do
    to[name] = value
  end
  for name, value in pairs(more or {}) do
    to[name] = value
  end
  return to
end

describe("certcentral.curl", function()
  local handles

  local function new(options)
    local handle = assert(curl.new(options))
    handles[#handles + 1] = handle
    return handle
  end

  -- A handle that trusts the server and has a key, and a POST to it.
  local function client(s, options)
    return new(copy({
      ca_file = s.ca_file, api_key = core.secret(KEY),
    }, options))
  end

  local function post(s, more)
    return copy({
      method = "POST", url = s.url .. "order", body = [[{"order":1}]],
      headers = { ["Content-Type"] = "application/json" },
      timeout = 20, connect_timeout = 20,
    }, more)
  end

  before_each(function()
    handles = {}
  end)

  after_each(function()
    for _, handle in ipairs(handles) do
      handle:close()
    end
    server.finish_all()
  end)

  local function check_failure(failure, expected)
    assert.is_table(failure)
    assert.are.equal(expected.sent, failure.sent)
    assert.are.equal(expected.code, failure.code)
    assert.are.equal(expected.retryable, failure.retryable)
    assert.are.equal(expected.config, failure.config)
    assert.is_truthy(failure.message:find(expected.message),
      failure.message)
    assert.is_nil(failure.message:find("^%u%l"))
    assert.is_nil(failure.message:find("%.$"))
    assert.is_nil(failure.message:find("[^\32-\126]"))
    assert.is_nil(failure.message:find(KEY, 1, true))
  end

  it("names libcurl's version", function()
    assert.is_truthy(curl.version:find("^%d+%.%d+%.%d+"))
  end)

  describe("sends", function()
    local KEY_LINE = "X-DC-DEVKEY: " .. KEY
    local cases = {
      { name = "a POST", request = {
          method = "POST", body = "{}",
          headers = { ["Content-Type"] = "application/json" } },
        line = "POST /order HTTP/1.1", body = "{}",
        has = { KEY_LINE, "Content-Type: application/json",
          "Content-Length: 2", "Accept-Encoding: identity",
          "User-Agent: certcentral" } },
      { name = "a POST with an empty body", request = { method = "POST" },
        line = "POST /order HTTP/1.1", has = { KEY_LINE,
          "Content-Length: 0" }, lacks = { "Content-Type" } },
      { name = "a body of any bytes", request = {
          method = "POST", body = "a\0b\255\r\n" },
        line = "POST /order HTTP/1.1", body = "a\0b\255\r\n",
        lacks = { "Content-Type" } },
      { name = "a GET", request = { method = "GET" },
        line = "GET /order HTTP/1.1", has = { KEY_LINE },
        lacks = { "Content-Length", "Content-Type", "Cookie", "Expect" } },
      { name = "a GET with an empty body", request = {
          method = "GET", body = "" },
        line = "GET /order HTTP/1.1", lacks = { "Content-Length" } },
      { name = "a PUT", request = { method = "PUT", body = "{}" },
        line = "PUT /order HTTP/1.1", body = "{}", has = { KEY_LINE } },
      { name = "a DELETE", request = { method = "DELETE" },
        line = "DELETE /order HTTP/1.1", has = { KEY_LINE },
        lacks = { "Content-Length" } },
      { name = "a DELETE with a body", request = {
          method = "DELETE", body = "{}" },
        line = "DELETE /order HTTP/1.1", body = "{}",
        has = { "Content-Length: 2" } },
      { name = "an empty header", request = {
          method = "GET", headers = { ["X-Empty"] = "", ["X-Blank"] = " " } },
        line = "GET /order HTTP/1.1", has = { "X-Empty:", "X-Blank:" } },
      { name = "its user agent", options = { user_agent = "shop/1.0" },
        request = { method = "GET" },
        line = "GET /order HTTP/1.1", has = { "User-Agent: shop/1.0" } },
    }

    for _, case in ipairs(cases) do
      it(case.name, function()
        local s = server.start { script = { "accept", "read", CREATED } }
        local handle = client(s, case.options)
        local response = assert(handle:perform(
          copy(case.request, { url = s.url .. "order" })))
        local seen = s:finish()
        assert.are.equal(201, response.status)
        assert.are.equal(1, #seen.requests)
        local head, body = seen.requests[1].text:match("^(.-\r\n)\r\n(.*)$")
        assert.are.equal(case.line, head:match("^[^\r\n]*"))
        assert.are.equal(case.body or "", body)
        for _, line in ipairs(case.has or {}) do
          assert.is_truthy(head:find("\r\n" .. line .. "\r\n", 1, true), head)
        end
        for _, name in ipairs(case.lacks or {}) do
          assert.is_nil(head:find("\r\n" .. name .. ":", 1, true))
        end
      end)
    end

    it("only what each request on a connection has", function()
      local s = server.start { script = {
        "accept", "read", CREATED, "read", CREATED, "read", CREATED,
        "read", CREATED } }
      local handle = client(s)
      local requests = {
        { method = "POST", body = "12345", headers = { ["X-One"] = "1" } },
        { method = "GET", headers = { ["X-Two"] = "2" } },
        { method = "PUT", body = "1" },
        { method = "POST", body = "12", headers = { ["X-One"] = "1" } },
      }
      for i, request in ipairs(requests) do
        assert(handle:perform(copy(request, { url = s.url .. i })))
      end
      local seen, got = s:finish(), {}
      assert.are.equal(1, seen.connections)
      for i, request in ipairs(seen.requests) do
        got[i] = ("%s %s %s %s"):format(request.text:match("^%u+ /%d"),
          request.text:match("X%-One: 1") or "-",
          request.text:match("X%-Two: 2") or "-",
          request.text:match("\r\n\r\n(.*)$"))
        assert.is_truthy(request.text:find(KEY_LINE, 1, true))
      end
      assert.are.same({ "POST /1 X-One: 1 - 12345", "GET /2 - X-Two: 2 ",
        "PUT /3 - - 1", "POST /4 X-One: 1 - 12" }, got)
    end)

    it("a large body without waiting for a 100", function()
      local body = ("x"):rep(3 * 1024 * 1024)
      local s = server.start { script = { "accept", "read", CREATED } }
      assert(client(s):perform(post(s, { body = body })))
      local request = s:finish().requests[1]
      local head = request.text:match("^.-\r\n\r\n")
      assert.are.equal(#head + #body, request.length)
      assert.is_nil(head:find("Expect"))
    end)

    it("no key where it has none, and the caller's then", function()
      local s = server.start { script = {
        "accept", "read", CREATED, "read", CREATED } }
      local handle = new()
      assert(handle:perform(post(s)))
      assert(handle:perform(post(s, { headers = { ["X-DC-DEVKEY"] = "k" } })))
      local seen = s:finish()
      assert.is_nil(seen.requests[1].text:find("DEVKEY"))
      assert.is_truthy(
        seen.requests[2].text:find("X-DC-DEVKEY: k\r\n", 1, true))
    end)
  end)

  describe("reads", function()
    local GZIP = [[\x1f\x8b\x08\0\0\0\0\0\x02\xff\xcb\x48\xcd\xc9\xc9\xd7\x51]]
      .. [[\xc8\x40\xa2\0\x9f\xa1\xca\x09\x13\0\0\0]]
    local function send(text)
      return { "send", text }
    end

    local cases = {
      { name = "status, headers and body",
        answer("201 Created", "hello", [[X-One:  a b \r\nx-TWO:\r\n]]),
        status = 201, body = "hello",
        headers = { ["content-length"] = "5", ["x-one"] = "a b",
          ["x-two"] = "" } },
      { name = "headers that come more than once", answer("200 OK", "",
          [[A: 1\r\nB: x\r\na: 2\r\nA: 3\r\n]]),
        status = 200, body = "",
        headers = { ["content-length"] = "0", a = "1, 2, 3", b = "x" } },
      { name = "a header over several lines", answer("200 OK", "",
          [[A: 1\r\n  2 \r\n\x093\r\nB: x\r\n]]),
        status = 200, body = "",
        headers = { ["content-length"] = "0", a = "1 2 3", b = "x" } },
      { name = "a body of any bytes",
        send([[HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\na\0\xff\r\n\0]]),
        status = 200, body = "a\0\255\r\n\0",
        headers = { ["content-length"] = "6" } },
      { name = "204 without a body",
        send([[HTTP/1.1 204 No Content\r\nA: b\r\n\r\n]]),
        status = 204, body = "", headers = { a = "b" } },
      { name = "a status without a reason",
        send([[HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n]]),
        status = 200, body = "", headers = { ["content-length"] = "0" } },
      { name = "a chunked body and no trailer", send(
          [[HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n]]
          .. [[3\r\nabc\r\n2\r\nde\r\n0\r\nX-Late: 1\r\n]]
          .. [[HTTP/1.1 500: late\r\n\r\n]]),
        status = 200, body = "abcde",
        headers = { ["transfer-encoding"] = "chunked" } },
      { name = "the last of several blocks", send(
          [[HTTP/1.1 100 Continue\r\n\r\n]]
          .. [[HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\n]]
          .. [[HTTP/1.1 201 Created\r\nContent-Length: 2\r\nA: b\r\n\r\nok]]),
        status = 201, body = "ok",
        headers = { ["content-length"] = "2", a = "b" } },
      { name = "HTTP/1.0 up to the end of the connection",
        send([[HTTP/1.0 200 OK\r\nA: b\r\n\r\nall of it]]), "close",
        status = 200, body = "all of it", headers = { a = "b" } },
      { name = "an error's status and body",
        answer("500 Oops", "<html>"),
        status = 500, body = "<html>",
        headers = { ["content-length"] = "6" } },
      { name = "a 401 without trying to log in", answer(
          "401 No", "", [[WWW-Authenticate: Basic realm=x\r\n]]),
        status = 401, body = "", headers = { ["content-length"] = "0",
          ["www-authenticate"] = "Basic realm=x" } },
      { name = "a redirect without a place to go", answer(
          "302 Found", "", [[Location: http://[:/\r\n]]),
        status = 302, body = "", headers = { ["content-length"] = "0",
          location = "http://[:/" } },
      { name = "a body that came compressed unasked", send((
          [[HTTP/1.1 200 OK\r\nContent-Length: 29\r\n]]
          .. [[Content-Encoding: gzip\r\n\r\n]] .. GZIP)),
        status = 200, body = "hello, hello, hello",
        headers = { ["content-length"] = "29",
          ["content-encoding"] = "gzip" } },
      { name = "a body of exactly body_max bytes",
        options = { body_max = 5 }, answer("200 OK", "12345"),
        status = 200, body = "12345",
        headers = { ["content-length"] = "5" } },
    }

    for _, case in ipairs(cases) do
      it(case.name, function()
        local s = server.start { script = { "accept", "read", case } }
        local response = assert(client(s, case.options):perform(post(s)))
        local seen = s:finish()
        assert.are.same({ status = case.status, headers = case.headers,
          body = case.body }, response)
        assert.are.equal(1, seen.connections)
        assert.are.equal(1, #seen.requests)
        if math.type then
          assert.are.equal("integer", math.type(response.status))
        end
      end)
    end

    it("a large body, and a small one after it", function()
      local s = server.start { script = { "accept", "read",
        "send", [[HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n]],
        "fill", "5000000", "read", CREATED } }
      local handle = client(s)
      local response = assert(handle:perform(post(s)))
      assert.are.equal(5000000, #response.body)
      assert.is_nil(response.body:find("[^x]"))
      assert.are.equal([[{"id":1}]], assert(handle:perform(post(s))).body)
      assert.are.equal(1, s:finish().connections)
    end)

    it("a redirect without following it", function()
      local other = server.start { script = { "accept", "read", CREATED } }
      local s = server.start { script = { "accept", "read", answer(
        "302 Found", "", ([[Location: %s\r\n]]):format(other.url)) } }
      local response = assert(client(s):perform(post(s)))
      assert.are.equal(302, response.status)
      assert.are.equal(other.url, response.headers.location)
      assert.are.equal(1, #s:finish().requests)
      assert.are.equal(0, other:finish().connections)
    end)
  end)

  describe("fails", function()
    local HEAD = [[HTTP/1.1 200 OK\r\n]]
    local many = HEAD .. ([[A: b\r\n]]):rep(1001) .. [[\r\n]]
    local interims = ([[HTTP/1.1 103 Hints\r\nA: %s\r\n\r\n]]):format(
      ("b"):rep(1000))

    -- Each script comes after "accept"; `reused` has a good request on the
    -- same connection first.
    local cases = {
      { name = "when the server closes at once", tls = true, script = {
          "close" },
        sent = "no", code = 35, message = "^no TLS connection to 127" },
      { name = "when the server speaks no TLS", plain = true, script = {
          "send", [[HTTP/1.1 400 Bad\r\n\r\n]] },
        sent = "no", code = 35, message = "^no TLS connection to 127" },
      { name = "on a certificate from a stranger", tls = true,
        stranger = true, script = { "tls", "read", CREATED },
        sent = "no", code = 60, retryable = false,
        message = "^certificate of 127%.0%.0%.1 refused: SSL certificate" },
      { name = "on a certificate for another host", host = "other.invalid",
        script = { "tls", "read", CREATED },
        sent = "no", code = 60, retryable = false,
        message = "^certificate of 127%.0%.0%.1 refused: SSL" },
      { name = "when the TLS handshake stalls", tls = true,
        script = { "gone" }, request = { connect_timeout = 0.25 },
        sent = "no", code = 28,
        message = "^no connection to 127%.0%.0%.1 port %d+ within 0%.25 s" },
      { name = "when the whole call ends in the TLS handshake", tls = true,
        script = { "gone" }, request = { timeout = 0.25 },
        sent = "no", code = 28, message = "within 0%.25 seconds$" },
      { name = "when the server closes after it read", script = {
          "read", "close" },
        sent = "maybe", code = 52,
        message = "^the connection to 127%.0%.0%.1 closed before an answer" },
      { name = "when the server resets after it read", script = {
          "read", "reset" },
        sent = "maybe", code = 56, message = "^the connection to .* broke" },
      { name = "when TLS ends after the server read", tls = true, script = {
          "tls", "read", "close" },
        sent = "maybe", code = 52, message = "closed before an answer" },
      { name = "when TLS is cut after the server read", tls = true,
        script = { "tls", "read", "cut" },
        sent = "maybe", code = 52, message = "closed before an answer" },
      { name = "when no answer comes in time", reused = true, script = {
          "read", "gone" }, request = { timeout = 0.5 },
        sent = "maybe", code = 28,
        message = "^no complete answer from 127%.0%.0%.1 within 0%.5 sec" },
      { name = "when half an answer comes in time", reused = true, script = {
          "read", "send", HEAD .. [[Content-Length: 5\r\n\r\nab]], "gone" },
        request = { timeout = 0.5 },
        sent = "maybe", code = 28, message = "^no complete answer from" },
      { name = "when the status line stops", script = {
          "read", "send", "HTTP/1.1 20", "close" },
        sent = "maybe", code = 52, message = "closed before an answer" },
      { name = "when the body is cut", script = {
          "read", "send", HEAD .. [[Content-Length: 5\r\n\r\nab]], "close" },
        sent = "maybe", code = 18, message = "^the answer of .* cut short" },
      { name = "when a chunked body is cut", script = {
          "read", "send", HEAD .. [[Transfer-Encoding: chunked\r\n\r\n5\r\nab]],
          "close" },
        sent = "maybe", code = 18, message = "^the answer of .* cut short" },
      { name = "on chunks that are none", script = {
          "read", "send", HEAD .. [[Transfer-Encoding: chunked\r\n\r\nzz\r\n]],
          "close" },
        sent = "maybe", code = 56, message = "broke while reading" },
      { name = "on bytes that are no HTTP", script = {
          "read", "send", [[\x1b[31m\xff\0 SSH-2.0\r\n\r\n]], "close" },
        sent = "maybe", code = 1, message = "^no HTTP answer from" },
      { name = "on another version of HTTP", script = {
          "read", "send", [[HTTP/7.1 200 OK\r\n\r\n]], "close" },
        sent = "maybe", code = 1, message = "^no HTTP answer from" },
      { name = "on an unknown content coding", script = {
          "read", "send", HEAD
          .. [[Content-Length: 2\r\nContent-Encoding: odd\r\n\r\nab]] },
        sent = "maybe", code = 61, message = "^request to .* failed" },
      { name = "on a length that is none", script = {
          "read", "send", HEAD .. [[Content-Length: \xffx\r\n\r\nab]] },
        sent = "maybe", code = 8, message = "^no HTTP answer from" },
      { name = "on a body announced too long", options = { body_max = 4 },
        script = { "read", answer("200 OK", "12345"), "gone" },
        sent = "maybe", code = 63, message = "longer than 4 bytes$" },
      { name = "on a body without end", options = { body_max = 100000 },
        script = { "read", "send", HEAD .. [[\r\n]], "fill", "1000000000" },
        sent = "maybe", code = 23, message = "longer than 100000 bytes$" },
      { name = "on too many headers", script = {
          "read", "send", many, "gone" },
        sent = "maybe", code = 23, message = "more than 1000 header fields" },
      { name = "on interim answers without end", script = {
          "read", "flood", interims },
        sent = "maybe", code = 23, message = "262144 bytes of them$" },
      { name = "on a header line without end", script = {
          "read", "send", HEAD .. "A: ", "fill", "1000000000" },
        sent = "maybe", code = 27, message = "^request to .* failed" },
    }

    local function start(case)
      local before = case.reused and { "read", CREATED } or {}
      local s = server.start {
        tls = case.tls, host = case.host,
        script = { "accept", before, case.script } }
      if case.plain then
        s.url = s.url:gsub("^http", "https")
      end
      return s
    end

    for _, case in ipairs(cases) do
      it(case.name, function()
        local s = start(case)
        local options = copy({}, case.options)
        if case.stranger then
          options.ca_file = server.start({ tls = true }).ca_file
        end
        local handle = client(s, options)
        if case.reused then
          assert(handle:perform(post(s)))
        end
        local response, failure = handle:perform(post(s, case.request))
        local seen = s:finish()
        assert.is_nil(response)
        check_failure(failure, case)
        assert.are.equal(1, seen.connections)
        assert.are.equal((case.sent == "maybe" and 1 or 0)
          + (case.reused and 1 or 0), case.plain and 0 or #seen.requests)
      end)
    end

    it("when nobody listens", function()
      local s = server.start {}
      s:finish()
      local response, failure = client(s):perform(post(s))
      assert.is_nil(response)
      check_failure(failure, { sent = "no", code = 7,
        message = "^no connection to 127%.0%.0%.1 port " .. s.port
          .. ": connection refused$" })
    end)

    it("when a name is unknown", function()
      local response, failure = new():perform {
        method = "GET", url = "https://no-such-host.invalid/", timeout = 10 }
      assert.is_nil(response)
      check_failure(failure, { sent = "no", code = 6,
        message = "^no address found for no%-such%-host%.invalid$" })
    end)

    local files = {
      { name = "that is missing", path = "/nonexistent/ca.pem" },
      { name = "that holds no certificate", path = "spec/curl_spec.lua" },
      { name = "that is a directory", path = "spec" },
    }
    for _, file in ipairs(files) do
      it("on a CA file " .. file.name, function()
        local s = server.start { tls = true, script = { "accept", "tls" } }
        local handle = client(s, { ca_file = file.path })
        local response, failure = handle:perform(post(s))
        assert.is_nil(response)
        check_failure(failure, { sent = "no", code = 77, retryable = false,
          config = true, message = "^CA file cannot be read: .*"
            .. file.path:gsub("%p", "%%%0") })
      end)
    end

    it("and goes on with the next request", function()
      local s = server.start { tls = true, script = {
        "accept", "tls", "read", "close", "accept", "tls", "read", CREATED } }
      local handle = client(s)
      local _, failure = handle:perform(post(s))
      assert.are.equal("maybe", failure.sent)
      assert.are.equal(201, assert(handle:perform(post(s))).status)
      assert.are.equal(2, #s:finish().requests)
    end)
  end)

  -- libcurl re-sends by itself a request whose connection, used before, died
  -- without an answer. The servers here would answer it.
  describe("never sends twice", function()
    local large = ("x"):rep(20 * 1024 * 1024)
    local cases = {
      { name = "when the connection closes after the request",
        script = { "read", "close" }, code = 52, read = 2 },
      { name = "when the connection is cut after the request",
        script = { "read", "cut" }, code = 52, read = 2 },
      { name = "when the connection is reset after the request",
        script = { "read", "reset" }, code = 52, read = 2 },
      { name = "when the answer breaks off in its first line",
        script = { "read", "send", "HTTP/1.", "close" }, code = 52,
        read = 2 },
      { name = "when the connection is reset within the request",
        script = { "data", "reset" }, request = { body = large }, read = 1 },
    }

    for _, tls in ipairs { false, true } do
      local up = tls and { "tls" } or {}
      local again = { "accept", up, "read", CREATED }

      for _, case in ipairs(cases) do
        it(case.name .. (tls and " (TLS)" or ""), function()
          local s = server.start { tls = tls, script = {
            "accept", up, "read", CREATED, case.script, again, again } }
          local handle = client(s)
          assert(handle:perform(post(s)))
          local response, failure = handle:perform(post(s, case.request))
          local seen = s:finish()
          assert.is_nil(response)
          check_failure(failure, { sent = "maybe",
            code = case.code or failure.code,
            message = "^the connection to 127%.0%.0%.1 " })
          assert.are.equal(1, seen.connections)
          assert.are.equal(case.read, #seen.requests)
        end)
      end

      it("when a connection has closed before" .. (tls and " (TLS)" or ""),
        function()
          local s = server.start { tls = tls, script = {
            "accept", up, "read", CREATED, "wait", "close", "say", "closed",
            again, "read", CREATED } }
          local handle = client(s)
          assert(handle:perform(post(s)))
          s:go()
          s:expect("closed")
          for _ = 1, 2 do
            assert.are.equal(201, assert(handle:perform(post(s))).status)
          end
          local seen = s:finish()
          assert.are.equal(2, seen.connections)
          assert.are.equal(3, #seen.requests)
        end)
    end
  end)

  describe("keeps", function()
    it("its connection from one request to the next", function()
      local s = server.start { tls = true, script = {
        "accept", "tls", "read", CREATED, "read", CREATED, "read", CREATED,
        "accept", "tls" } }
      local handle = client(s)
      for _ = 1, 3 do
        assert(handle:perform(post(s)))
      end
      local seen = s:finish()
      assert.are.equal(1, seen.connections)
      assert.are.equal(3, #seen.requests)
    end)

    -- Reading the system's CA certificates takes longer than a handshake.
    it("its CA certificates from one connection to the next", function()
      local once = { "accept", "tls", "read",
        answer("200 OK", "", [[Connection: close\r\n]]), "close" }
      local s = server.start { tls = true, script = { once, once } }
      local handle = client(s)
      assert(handle:perform(post(s)))
      assert(os.remove(s.ca_file))
      assert(handle:perform(post(s)))
      local seen = s:finish()
      assert.are.equal(2, #seen.requests)
      assert.are.equal(2, seen.connections)
    end)
  end)

  describe("through a proxy", function()
    local function ask(s, options)
      local handle = client(s, copy(
        { proxy = "http://127.0.0.1:" .. s.port }, options))
      return handle:perform(post(s, { url = "https://origin.invalid/x" }))
    end

    it("tells the proxy the host alone", function()
      local s = server.start { host = "origin.invalid", script = {
        "accept", "read", "send", [[HTTP/1.1 200 OK\r\nA: b\r\n\r\n]],
        "tls", "read", CREATED } }
      local response = assert(ask(s))
      local requests = s:finish().requests
      assert.are.equal(201, response.status)
      assert.is_nil(response.headers.a)
      assert.are.equal(2, #requests)
      assert.is_truthy(requests[1].text:find("^CONNECT origin.invalid:443 "))
      assert.is_nil(requests[1].text:find(KEY, 1, true))
      assert.is_nil(requests[1].text:find("DEVKEY", 1, true))
      assert.is_truthy(requests[2].text:find(KEY, 1, true))
    end)

    it("has sent nothing when the proxy refuses", function()
      local s = server.start { script = {
        "accept", "read", answer("403 Forbidden", "") } }
      local response, failure = ask(s)
      assert.is_nil(response)
      check_failure(failure, { sent = "no", code = 56,
        message = "^no connection to origin.invalid port 443: .*403" })
      assert.is_nil(s:finish().requests[1].text:find(KEY, 1, true))
    end)

    it("never asks for a loopback address", function()
      local proxy = server.start { script = { "accept", "read", CREATED } }
      local s = server.start { script = { "accept", "read", CREATED } }
      local handle = client(s, { proxy = "http://127.0.0.1:" .. proxy.port })
      assert(handle:perform(post(s)))
      assert.are.equal(0, proxy:finish().connections)
      assert.are.equal(1, s:finish().connections)
    end)
  end)

  describe("refuses before anything is sent", function()
    local URL = "^'url' "
    local cases = {
      { url = "http://example.com/", message = URL .. ".*loopback" },
      { url = "http://10.0.0.1/", message = URL .. ".*loopback" },
      { url = "http://128.0.0.1/", message = URL .. ".*loopback" },
      { url = "http://127.0.0.1.example.com/", message = URL .. ".*loopback" },
      { url = "http://localhost.example.com/", message = URL .. ".*loopback" },
      { url = "http://[::2]/", message = URL .. ".*loopback" },
      { url = "http://[::ffff:10.0.0.1]/", message = URL .. ".*loopback" },
      { url = "http://127.0.0.1\\@example.com/", message = URL },
      { url = "http://127.0.0.1@example.com/", message = URL .. ".*user" },
      { url = "https://u:p@example.com/", message = URL .. ".*user" },
      { url = "https://u@example.com/", message = URL .. ".*user" },
      { url = "ftp://127.0.0.1/", message = URL .. "must begin with https" },
      { url = "file:///etc/passwd", message = URL },
      { url = "gopher://127.0.0.1/", message = URL .. "must begin with https" },
      { url = "odd://127.0.0.1/", message = URL .. "must begin with https" },
      { url = "127.0.0.1/", message = URL .. "must begin with https" },
      { url = "", message = URL },
      { url = "https://", message = URL },
      { url = "https://exa mple.com/", message = URL },
      { url = "https://127.0.0.1:%d/a b", message = URL },
      { url = "https://127.0.0.1:99999/", message = URL },
      { url = "https://127.0.0.1:%d/a\r\nX: y", message = URL },
      { url = "https://127.0.0.1:%d/a\nX: y", message = URL },
      { url = "https://127.0.0.1:%d/\0", message = URL },
    }
    local headers = {
      { name = "X-A", value = "a\r\nX-B: b", message = "^header 'X%-A' must" },
      { name = "X-A", value = "a\nX-B: b", message = "^header 'X%-A' must" },
      { name = "X-A", value = "a\rb", message = "^header 'X%-A' must" },
      { name = "X-A", value = "a\0b", message = "^header 'X%-A' must" },
      { name = "X-A", value = "a\127", message = "^header 'X%-A' must" },
      { name = "X-A\r\nX-B", value = "a", message = "name must be" },
      { name = "X-A\n", value = "a", message = "name must be" },
      { name = "X\0A", value = "a", message = "name must be" },
      { name = "X A", value = "a", message = "name must be" },
      { name = "X-A:", value = "a", message = "name must be" },
      { name = "X\255", value = "a", message = "name must be" },
      { name = "", value = "a", message = "name must be" },
      { name = "x-dc-DEVKEY", value = "a", message = "'X%-DC%-DEVKEY' is set" },
      { name = "Host", value = "a", message = "'Host' is set" },
      { name = "content-length", value = "9", message = "is set by the" },
      { name = "Transfer-Encoding", value = "chunked", message = "is set by" },
      { name = "Accept-Encoding", value = "gzip", message = "is set by" },
      { name = "Connection", value = "close", message = "is set by" },
      { name = "Expect", value = "100-continue", message = "is set by" },
    }
    for _, header in ipairs(headers) do
      cases[#cases + 1] = {
        name = ("header %q"):format(header.name .. ": " .. header.value),
        headers = { [header.name] = header.value },
        message = header.message, code = 43 }
    end
    for _, method in ipairs { "", "get", "HEAD", "POST\r\nX: y", "GET\0" } do
      cases[#cases + 1] = { name = ("method %q"):format(method),
        method = method, message = "^'method' must be GET, POST", code = 43 }
    end
    cases[#cases + 1] = { name = "a GET with a body", method = "GET",
      body = "x", message = "^a GET carries no body$", code = 43 }

    for _, case in ipairs(cases) do
      it(case.name or ("url %q"):format(case.url), function()
        local s = server.start { script = { "accept", "read", CREATED } }
        local _, failure = client(s):perform(post(s, {
          method = case.method, headers = case.headers, body = case.body,
          url = case.url and case.url:gsub("%%d", s.port) or s.url }))
        assert.are.equal(0, s:finish().connections)
        check_failure(failure, { sent = "no", code = case.code or 3,
          retryable = false, message = case.message })
      end)
    end

    it("but takes http to any loopback address", function()
      local handle = new()
      local s = server.start {}
      s:finish()
      for _, host in ipairs { "127.0.0.1", "127.1.2.3", "localhost",
        "LOCALHOST", "[::1]", "0x7f.1" } do
        local _, failure = handle:perform { method = "GET",
          url = ("http://%s:%s/"):format(host, s.port), timeout = 10 }
        assert.are.equal(7, failure.code, failure.message)
      end
    end)

    it("and goes on with the same handle", function()
      local s = server.start { script = {
        "accept", "read", CREATED, "read", CREATED } }
      local handle = client(s)
      assert(handle:perform(post(s)))
      assert.is_nil(handle:perform(post(s, { url = "https://" })))
      assert.is_nil(handle:perform(post(s, { headers = { ["A:"] = "" } })))
      assert(handle:perform(post(s)))
      local requests = s:finish().requests
      assert.are.equal(2, #requests)
      assert.are.equal(requests[1].text, requests[2].text)
    end)
  end)

  describe("raises on misuse:", function()
    local function huge()
      local headers = {}
      for i = 1, 65 do
        headers["X-" .. i] = "y"
      end
      return headers
    end

    local requests = {
      { { method = 1 }, "'method' must be a string, got number" },
      { { url = true }, "'url' must be a string, got boolean" },
      { { body = {} }, "'body' must be a string, got table" },
      { { headers = "A: b" }, "'headers' must be a table" },
      { { headers = { "A: b" } }, "name in 'headers' must be a string" },
      { { headers = { A = 1 } }, "value in 'headers' must be a string" },
      { { headers = { A = false } }, "value in 'headers' must be a string" },
      { { headers = huge() }, "'headers' must have at most 64" },
      { { timeout = "1" }, "'timeout' must be a number of seconds" },
      { { timeout = 0 }, "'timeout' must be more than 0 seconds, got 0" },
      { { timeout = -1 }, "'timeout' must be more than 0 seconds" },
      { { timeout = 0 / 0 }, "'timeout' must be more than 0 seconds" },
      { { connect_timeout = {} }, "'connect_timeout' must be a number" },
    }
    local options = {
      { { api_key = KEY }, "'api_key' must be a secret of certcentral.core" },
      { { api_key = io.stdout }, "'api_key' must be a secret of" },
      { { ca_file = 1 }, "'ca_file' must be a string, got number" },
      { { ca_file = "a\0b" }, "'ca_file' must have no NUL" },
      { { proxy = {} }, "'proxy' must be a string, got table" },
      { { user_agent = 1 }, "'user_agent' must be a string" },
      { { body_max = "1" }, "'body_max' must be a number of bytes" },
      { { body_max = 0 }, "'body_max' must be an integer of at least 1" },
      { { body_max = 1.5 }, "'body_max' must be an integer of at least 1" },
      { { body_max = -1 }, "'body_max' must be an integer of at least 1" },
      { { apikey = "a" }, "unknown option 'apikey'" },
      { { "a" }, "an option's name must be a string, got number" },
      { "a", "table expected, got string" },
    }

    local function raises(message, f, ...)
      local ok, got = pcall(f, ...)
      assert.is_false(ok)
      assert.is_truthy(got:find(message, 1, true), got)
      assert.is_nil(got:find(KEY, 1, true))
    end

    for _, case in ipairs(requests) do
      it(case[2], function()
        local handle = new()
        raises(case[2], handle.perform, handle, copy(
          { method = "GET", url = "https://127.0.0.1:1/" }, case[1]))
      end)
    end

    for _, case in ipairs(options) do
      it(case[2], function()
        raises(case[2], curl.new, case[1])
      end)
    end

    it("no request", function()
      local handle = new()
      raises("table expected", handle.perform, handle)
      raises("'method' must be a string, got nil", handle.perform, handle, {})
      raises("certcentral.curl.handle", handle.perform, io.stdout, {})
    end)

    it("perform on a closed handle", function()
      local handle = new()
      handle:close()
      handle:close()
      raises("perform on a closed handle", handle.perform, handle,
        { method = "GET", url = "https://127.0.0.1:1/" })
    end)

    it("perform on a handle that a metamethod closes", function()
      local handle = new()
      local request = setmetatable({ method = "GET" }, {
        __index = function(_, name)
          handle:close()
          return name == "url" and "https://127.0.0.1:1/" or nil
        end })
      raises("perform on a closed handle", handle.perform, handle, request)
    end)
  end)

  describe("new returns nil and a message for", function()
    local cases = {
      { name = "a key with a line break", key = "secretkey\r\nA: b",
        message = "^the API key has a control character" },
      { name = "a key with a NUL", key = "secretkey\0",
        message = "^the API key has a control character" },
      { name = "a user agent with a line break", agent = "a\r\nb",
        message = "^'user_agent' must have no control characters" },
    }
    for _, case in ipairs(cases) do
      it(case.name, function()
        local made, secret = pcall(core.secret, case.key or "secretkey")
        if made and secret then
          local handle, message = curl.new {
            api_key = secret, user_agent = case.agent }
          assert.is_nil(handle)
          assert.is_truthy(message:find(case.message), message)
          assert.is_nil(message:find("secretkey", 1, true))
        end
      end)
    end
  end)

  describe("a handle", function()
    it("shows no secret", function()
      local handle = new { api_key = core.secret(KEY) }
      assert.are.equal("certcentral.curl.handle (open)", tostring(handle))
      handle:close()
      assert.are.equal("certcentral.curl.handle (closed)", tostring(handle))
      assert.is_string(getmetatable(handle))
    end)

    it("is collected while its connection is open", function()
      local s = server.start { tls = true, script = {
        "accept", "tls", "read", CREATED, "gone", "say", "gone" } }
      do
        local handle = assert(curl.new { ca_file = s.ca_file })
        assert(handle:perform(post(s)))
      end
      collectgarbage()
      collectgarbage()
      s:expect("gone")
    end)

    it("closes its connection", function()
      local s = server.start { script = {
        "accept", "read", CREATED, "gone", "say", "gone" } }
      local handle = client(s)
      assert(handle:perform(post(s)))
      handle:close()
      s:expect("gone")
    end)

    if _VERSION >= "Lua 5.4" then
      it("closes at the end of its block", function()
        local s = server.start { script = {
          "accept", "read", CREATED, "gone", "say", "gone" } }
        local run = assert(load([[
          local curl, request = ...
          local handle <close> = assert(curl.new())
          assert(handle:perform(request))
          return tostring(handle), handle]]))
        local open, handle = run(curl, post(s))
        s:expect("gone")
        assert.are.equal("certcentral.curl.handle (open)", open)
        assert.are.equal("certcentral.curl.handle (closed)", tostring(handle))
      end)
    end

    it("outlives the secret it was made with", function()
      local s = server.start { script = { "accept", "read", CREATED } }
      local handle = client(s)
      collectgarbage()
      collectgarbage()
      assert(handle:perform(post(s)))
      assert.is_truthy(s:finish().requests[1].text:find(KEY, 1, true))
    end)
  end)

  it("works from C alone", function()
    local s = server.start { script = { "accept", "read", CREATED, "read",
      CREATED, "read", CREATED, "read", CREATED } }
    local program = assert(io.popen("build/test/test_curl " .. s.port))
    assert.are.equal("ok\n", program:read("*a"))
    program:close()
    assert.are.equal(1, s:finish().connections)
  end)

  describe("certcentral.transport.curl", function()
    it("makes a function that performs, and one that closes", function()
      local s = server.start { script = {
        "accept", "read", CREATED, "gone", "say", "gone" } }
      local transport, close = require "certcentral.transport.curl" {
        api_key = core.secret(KEY) }
      assert.is_function(transport)
      local response = assert(transport(post(s)))
      assert.are.equal(201, response.status)
      local _, failure = transport(post(s, { url = "https://" }))
      assert.are.equal("no", failure.sent)
      close()
      close()
      s:expect("gone")
      assert.is_false(pcall(transport, post(s)))
      assert.is_truthy(s:finish().requests[1].text:find(KEY, 1, true))
    end)

    it("passes on that there is no handle", function()
      local transport, message = require "certcentral.transport.curl" {
        user_agent = "\n" }
      assert.is_nil(transport)
      assert.is_truthy(message:find("user_agent"))
    end)

    it("loads libcurl only when called", function()
      local loaded = package.loaded["certcentral.curl"]
      package.loaded["certcentral.curl"] = nil
      package.loaded["certcentral.transport.curl"] = nil
      require "certcentral.transport.curl"
      local now = package.loaded["certcentral.curl"]
      package.loaded["certcentral.curl"] = loaded
      assert.is_nil(now)
    end)
  end)
end)
