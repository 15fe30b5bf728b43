local core = require "certcentral.core"
local curl = require "certcentral.curl"
local server = require "spec.support.server"
local support = require "spec.support.curl"
local versions = require "spec.support.versions"

local answer, copy = server.answer, support.copy
local USER = io.popen("id -un"):read("*l")
local CREATED, KEY = support.CREATED, support.KEY

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

  local one_of, fits = versions.one_of, versions.fits

  local function check_failure(failure, expected)
    assert.is_table(failure)
    assert.are.equal(expected.sent, failure.sent)
    assert.are.equal(one_of(expected.code, failure.code), failure.code)
    assert.are.equal(expected.retryable, failure.retryable)
    assert.are.equal(expected.config, failure.config)
    assert.is_true(fits(expected.message, failure.message), failure.message)
    assert.is_nil(failure.message:find("^%u%l"))
    assert.is_nil(failure.message:find("%.$"))
    assert.is_nil(failure.message:find("[^\32-\126]"))
    assert.is_nil(failure.message:find(KEY, 1, true))
  end

  it("names libcurl's version", function()
    assert.is_truthy(curl.version:find("^%d+%.%d+%.%d+"))
  end)

  describe("sends", function()
    local cases = require "spec.cases.curl.sends"

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
        assert.is_truthy(request.text:find(KEY, 1, true))
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
    local cases = require "spec.cases.curl.reads"

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

    it("no headers of a good answer, where nobody asks for them", function()
      local s = server.start { script = {
        "accept", "read", "send", [[HTTP/1.1 201 Created\r\nA: b\r\n]]
          .. [[Content-Length: 0\r\n\r\n]],
        "read", "send", [[HTTP/1.1 400 Bad Request\r\nA: b\r\n]]
          .. [[Content-Length: 0\r\n\r\n]],
        "read", "send", [[HTTP/1.1 201 Created\r\nA: b\r\n]]
          .. [[Content-Length: 0\r\n\r\n]] } }
      local handle = client(s)
      for i, bare in ipairs { true, true, false } do
        local response = assert(handle:perform(post(s, { bare = bare })))
        assert.are.same(i == 1 and {} or { a = "b", ["content-length"] = "0" },
                        response.headers)
        assert.are.equal(i == 2 and 400 or 201, response.status)
      end
    end)
  end)

  describe("fails", function()
    local cases = require "spec.cases.curl.fails"

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

    it("when there is hardly any time", function()
      local s = server.start { tls = true, script = { "accept", "gone" } }
      local response, failure = client(s):perform(
        post(s, { timeout = 0.000001 }))
      assert.is_nil(response)
      check_failure(failure, { sent = "no", code = 28,
        message = " within 0%.001 seconds$" })
    end)

    it("with a message in ASCII, whatever the host", function()
      local before = os.setlocale()
      os.setlocale("C.UTF-8") -- libcurl knows names by the locale
      local response, failure = new():perform {
        method = "GET", url = "https://h\195\164.invalid/", timeout = 10 }
      os.setlocale(before)
      assert.is_nil(response)
      check_failure(failure, { sent = "no", code = failure.code,
        retryable = failure.retryable, message = "." })
    end)

    local files = {
      { name = "that is missing", path = "/nonexistent/ca.pem",
        says = "cannot be read by user '" .. USER
          .. "': No such file or directory" },
      { name = "that holds no certificate", path = "README.md",
        says = "contains no PEM certificate" },
      { name = "that is empty", path = "/dev/null",
        says = "contains no PEM certificate" },
      { name = "that is a directory", path = "spec",
        says = "cannot be read by user '" .. USER .. "': Is a directory" },
    }
    for _, file in ipairs(files) do
      it("on a CA file " .. file.name, function()
        local s = server.start { tls = true, script = { "accept", "tls" } }
        local handle = client(s, { ca_file = file.path })
        local response, failure = handle:perform(post(s))
        assert.is_nil(response)
        check_failure(failure, { sent = "no", code = 77, retryable = false,
          config = true, message = "^" .. ("CA file '" .. file.path .. "' "
            .. file.says):gsub("%p", "%%%0") .. "$" })
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

    it("trusts the proxy's certificate as it does the server's", function()
      local s = server.start { tls = true, script = {
        "accept", "tls", "read", answer("403 Forbidden", "") } }
      local _, failure = ask(s, { proxy = "https://127.0.0.1:" .. s.port })
      assert.is_truthy(failure.message:find("403"), failure.message)
      assert.are.equal("no", failure.sent)
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
    local cases = require "spec.cases.curl.refuses"

    for _, case in ipairs(cases) do
      it(case.name or ("url %q"):format(case.url), function()
        local s = server.start { script = { "accept", "read", CREATED } }
        local handle = client(s)
        local request = post(s, {
          method = case.method, headers = case.headers, body = case.body,
          url = case.url and case.url:gsub("%%d", s.port) or s.url })
        for _ = 1, 2 do
          local response, failure = handle:perform(request)
          assert.is_nil(response)
          check_failure(failure, { sent = "no", code = case.code or 3,
            retryable = false, message = case.message })
        end
        assert.are.equal(0, s:finish().connections)
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
    local cases = require "spec.cases.curl.misuse"

    local function raises(message, f, ...)
      local ok, got = pcall(f, ...)
      assert.is_false(ok)
      assert.is_truthy(got:find(message, 1, true), got)
      assert.is_nil(got:find(KEY, 1, true))
    end

    for _, case in ipairs(cases.requests) do
      it(case[2], function()
        local handle = new()
        raises(case[2], handle.perform, handle, copy(
          { method = "GET", url = "https://127.0.0.1:1/" }, case[1]))
      end)
    end

    for _, case in ipairs(cases.options) do
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
        message = "^the API key contains a control character" },
      { name = "a key with a NUL", key = "secretkey\0",
        message = "^the API key contains a control character" },
      { name = "a user agent with a line break", agent = "a\r\nb",
        message = "^'user_agent' must not contain control characters" },
    }
    for _, case in ipairs(cases) do
      it(case.name, function()
        local handle, message = curl.new {
          api_key = core.secret(case.key or "secretkey"),
          user_agent = case.agent }
        assert.is_nil(handle)
        assert.is_truthy(message:find(case.message), message)
        assert.is_nil(message:find("secretkey", 1, true))
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
    local program = assert(io.popen(("HOME=spec/cases/curl/home; export HOME; "
      .. "%s %s"):format(server.program("curl_alone"), s.port)))
    assert.are.equal("ok\n", program:read("*a"))
    program:close()
    local seen = s:finish()
    assert.are.equal(1, seen.connections)
    assert.are.equal(4, #seen.requests)
    assert.is_nil(seen.requests[1].text:find("Authorization"))
  end)
end)
