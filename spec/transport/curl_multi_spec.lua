-- Many requests at once. What a request is and how it fails is the same as
-- for one at a time: the cases are those of curl_spec.

local core = require "certcentral.core"
local curl = require "certcentral.curl"
local sandbox = require "spec.support.sandbox"
local server = require "spec.support.server"
local support = require "spec.support.curl"
local versions = require "spec.support.versions"

local answer, copy = server.answer, support.copy
local CREATED, KEY = support.CREATED, support.KEY
local LONG = 600 -- seconds: never to be waited for

describe("certcentral.curl.multi", function()
  local open

  local function new(options)
    local multi = assert(curl.multi(options))
    open[#open + 1] = multi
    return multi
  end

  local function client(s, options)
    return new(copy({ ca_file = s.ca_file, api_key = core.secret(KEY) },
                    options))
  end

  local function post(s, more)
    return copy({
      method = "POST", url = s.url .. "order", body = [[{"order":1}]],
      headers = { ["Content-Type"] = "application/json" },
      timeout = LONG, connect_timeout = LONG,
    }, more)
  end

  -- Steps until `count` requests have finished; returns them by their id.
  local function finish(multi, count)
    local done, n = {}, 0
    while n < count do
      for _, result in ipairs(multi:step(LONG)) do
        done[result.id], n = result, n + 1
      end
    end
    return done
  end

  -- One request, waited for: response; or nil, failure.
  local function ask(multi, request)
    local id, failure = multi:add(request)
    if not id then
      return nil, failure
    end
    local result = finish(multi, 1)[id]
    return result.response, result.failure
  end

  before_each(function()
    open = {}
  end)

  after_each(function()
    for _, multi in ipairs(open) do
      multi:close()
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
    assert.is_nil(failure.message:find(KEY, 1, true))
  end

  describe("sends", function()
    for _, case in ipairs(require "spec.cases.curl.sends") do
      it(case.name, function()
        local s = server.start { script = { "accept", "read", CREATED } }
        assert(ask(client(s, case.options),
                   copy(case.request, { url = s.url .. "order" })))
        local seen = s:finish()
        assert.are.equal(1, #seen.requests)
        local head, body = seen.requests[1].text:match("^(.-\r\n)\r\n(.*)$")
        assert.are.equal(case.line, head:match("^[^\r\n]*"))
        assert.are.equal(case.body or "", body)
        for _, line in ipairs(case.has or {}) do
          assert.is_truthy(head:find("\r\n" .. line .. "\r\n", 1, true), head)
        end
      end)
    end
  end)

  describe("reads", function()
    for _, case in ipairs(require "spec.cases.curl.reads") do
      it(case.name, function()
        local s = server.start { script = { "accept", "read", case } }
        local response = assert(ask(client(s, case.options), post(s)))
        assert.are.same({ status = case.status, headers = case.headers,
          body = case.body }, response)
        assert.are.equal(1, s:finish().connections)
      end)
    end

    it("no headers of a good answer, where nobody asks for them", function()
      local s = server.start { script = {
        "accept", "read", "send", [[HTTP/1.1 201 Created\r\nA: b\r\n]]
          .. [[Content-Length: 0\r\n\r\n]],
        "read", "send", [[HTTP/1.1 400 Bad Request\r\nA: b\r\n]]
          .. [[Content-Length: 0\r\n\r\n]],
        "read", "send", [[HTTP/1.1 201 Created\r\nA: b\r\n]]
          .. [[Content-Length: 0\r\n\r\n]] } }
      local multi = client(s)
      for i, bare in ipairs { true, true, false } do
        local response = assert(ask(multi, post(s, { bare = bare })))
        assert.are.same(i == 1 and {} or { a = "b", ["content-length"] = "0" },
                        response.headers)
        assert.are.equal(i == 2 and 400 or 201, response.status)
      end
    end)
  end)

  describe("fails", function()
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

    for _, case in ipairs(require "spec.cases.curl.fails") do
      it(case.name, function()
        local s = start(case)
        local options = copy({}, case.options)
        if case.stranger then
          options.ca_file = server.start({ tls = true }).ca_file
        end
        local multi = client(s, options)
        if case.reused then
          assert(ask(multi, post(s)))
        end
        local response, failure = ask(multi, post(s, case.request))
        assert.is_nil(response)
        check_failure(failure, case)
        assert.are.equal(1, s:finish().connections)
      end)
    end

    for _, case in ipairs(require "spec.cases.curl.refuses") do
      it("at once: " .. (case.name or ("url %q"):format(case.url)),
        function()
          local s = server.start { script = { "accept", "read", CREATED } }
          local multi = client(s)
          local id, failure = multi:add(post(s, {
            method = case.method, headers = case.headers, body = case.body,
            url = case.url and case.url:gsub("%%d", s.port) or s.url }))
          assert.is_nil(id)
          check_failure(failure, { sent = "no", code = case.code or 3,
            retryable = false, message = case.message })
          assert.are.equal(0, multi:count())
          assert(ask(multi, post(s)))
        end)
    end

    it("where one waits for the connection of another", function()
      local s = server.start { tls = true, script = { "accept", "gone" } }
      local multi = client(s)
      local ids = {}
      for i = 1, 3 do
        ids[i] = assert(multi:add(post(s, { connect_timeout = 0.25 })))
      end
      local done = finish(multi, 3)
      for i = 1, 3 do
        check_failure(done[ids[i]].failure, { sent = "no", code = 28,
          message = "^no connection to .* within 0%.25 seconds$" })
      end
    end)
  end)

  describe("never sends twice", function()
    local large = ("x"):rep(20 * 1024 * 1024)
    local cases = {
      { name = "when the connection closes after the request",
        script = { "read", "close" } },
      { name = "when the connection is cut after the request",
        script = { "read", "cut" } },
      { name = "when the connection is reset after the request",
        script = { "read", "reset" } },
      { name = "when the connection is reset within the request",
        script = { "data", "reset" }, request = { body = large } },
    }
    for _, tls in ipairs { false, true } do
      local up = tls and { "tls" } or {}
      local again = { "accept", up, "read", CREATED }
      for _, case in ipairs(cases) do
        it(case.name .. (tls and " (TLS)" or ""), function()
          local s = server.start { tls = tls, script = {
            "accept", up, "read", CREATED, case.script, again, again } }
          local multi = client(s)
          assert(ask(multi, post(s)))
          local response, failure = ask(multi, post(s, case.request))
          local seen = s:finish()
          assert.is_nil(response)
          check_failure(failure, { sent = "maybe", code = failure.code,
            message = "^the connection to 127%.0%.0%.1 " })
          assert.are.equal(1, seen.connections)
        end)
      end

      it("into a connection that has closed" .. (tls and " (TLS)" or ""),
        function()
          local s = server.start { tls = tls, script = {
            "accept", up, "read", CREATED, "wait", "close", "say", "closed",
            again, "read", CREATED } }
          local multi = client(s)
          assert(ask(multi, post(s)))
          s:go()
          s:expect("closed")
          for _ = 1, 2 do
            assert.are.equal(201, assert(ask(multi, post(s))).status)
          end
          local seen = s:finish()
          assert.are.equal(2, seen.connections)
          assert.are.equal(3, #seen.requests)
        end)
    end
  end)

  describe("with many requests", function()
    for _, http2 in ipairs { false, true } do
      it("has them under way at once over HTTP/" .. (http2 and 2 or 1),
        function()
          local box = sandbox.start { http2 = http2 }
          local multi = client(box, { api_key = core.secret(box.api_key) })
          for _ = 1, 10 do
            sandbox.fault(box, { kind = "hold", requests = 10 })
          end
          local ids = {}
          for i = 1, 40 do
            ids[i] = assert(multi:add { method = "GET", timeout = LONG,
              url = box.base_url .. "/order/certificate/" .. i })
          end
          local done, connections = finish(multi, 40), {}
          for i = 1, 40 do
            assert.are.equal(404, done[ids[i]].response.status)
          end
          for _, request in ipairs(sandbox.requests(box)) do
            connections[request.connection] = true
          end
          local count = 0
          for _ in pairs(connections) do
            count = count + 1
          end
          box.stop()
          assert.are.equal(http2 and 1 or count, count)
          assert.is_true(http2 or count > 1)
        end)
    end

    it("opens no more connections than it may", function()
      local box = sandbox.start()
      local multi = client(box, { api_key = core.secret(box.api_key),
                                  connections = 2 })
      for i = 1, 20 do
        assert(multi:add { method = "GET", timeout = LONG,
          url = box.base_url .. "/order/certificate/" .. i })
      end
      finish(multi, 20)
      local seen, count = {}, 0
      for _, request in ipairs(sandbox.requests(box)) do
        if not seen[request.connection] then
          seen[request.connection], count = true, count + 1
        end
      end
      box.stop()
      assert.is_true(count <= 2)
    end)

    it("reads the CA file once", function()
      local once = { "accept", "tls", "read",
        answer("200 OK", "", [[Connection: close\r\n]]), "close" }
      local s = server.start { tls = true, script = { once, once } }
      local multi = client(s)
      assert(ask(multi, post(s)))
      assert(os.remove(s.ca_file))
      assert(ask(multi, post(s)))
      assert.are.equal(2, s:finish().connections)
    end)
  end)

  it("adds to a list that it is given, and takes nothing else", function()
    local multi = assert(curl.multi {})
    local list = { "first" }
    assert.are.equal(list, multi:step(0, list))
    assert.are.same({ "first" }, list)
    local id = assert(multi:add { method = "GET", timeout = 1,
                                  url = "https://127.0.0.1:1/" })
    while not list[2] do
      multi:step(1, list)
    end
    assert.are.equal(id, list[2].id)
    assert.is_table(list[2].failure)
    assert.is_false((pcall(multi.step, multi, 0, "list")))
    multi:close()
  end)

  describe("step(0)", function()
    it("does not wait for a server that stalls", function()
      local s = server.start { tls = true, script = { "accept", "tls",
        "read", "say", "read", "wait", CREATED } }
      local multi = client(s)
      local id = assert(multi:add(post(s)))
      while multi:cancel(-1) == nil and #multi:fds() == 0 do
        assert.are.same({}, multi:step(0))
      end
      repeat -- the server waits for us: a step that waits would never end
        assert.are.same({}, multi:step(0))
        local list = multi:fds()
      until list[1] and list[1].events == "r" and s:has_said("read")
      s:expect("read")
      assert.are.same({}, multi:step(0))
      s:go()
      assert.are.equal(201, finish(multi, 1)[id].response.status)
    end)

    it("does what a host's own loop asks for", function()
      local s = server.start { script = { "accept", "read", CREATED } }
      local multi = client(s)
      assert.is_nil(multi:next_timeout())
      assert.are.same({}, multi:fds())
      multi:add(post(s))
      assert.are.equal(0, multi:next_timeout())
      local list
      repeat
        list = multi:step(0)
        for _, one in ipairs(multi:fds()) do
          assert.is_true(one.fd >= 0)
          assert.is_truthy(({ r = true, w = true, rw = true })[one.events])
        end
        if #list == 0 then
          assert.is_true(multi:next_timeout() <= LONG)
        end
      until #list > 0
      assert.are.equal(201, list[1].response.status)
      assert.are.same({}, multi:fds())
      assert.is_nil(multi:next_timeout())
    end)
  end)

  describe("cancel", function()
    it("says no before anything was sent", function()
      local s = server.start { script = { "accept", "read", CREATED } }
      local multi = client(s)
      local id = assert(multi:add(post(s)))
      assert.are.equal("no", multi:cancel(id))
      assert.is_nil(multi:cancel(id))
      assert.are.equal(0, multi:count())
      assert.are.same({}, multi:step(LONG))
      assert.are.equal(0, s:finish().connections)
    end)

    it("says no in the TLS handshake", function()
      local s = server.start { tls = true, script = {
        "accept", "data", "say", "data", "gone" } }
      local multi = client(s)
      local id = assert(multi:add(post(s)))
      while #multi:fds() == 0 or multi:fds()[1].events ~= "r" do
        multi:step(0)
      end
      s:expect("data")
      assert.are.equal("no", multi:cancel(id))
    end)

    it("says maybe once the request may have left", function()
      local s = server.start { script = { "accept", "read", "say", "read",
        "gone", "say", "gone", "accept", "read", CREATED } }
      local multi = client(s)
      local id = assert(multi:add(post(s)))
      repeat
        multi:step(0)
      until s:has_said("read")
      s:expect("read")
      assert.are.equal("maybe", multi:cancel(id))
      s:expect("gone")
      assert.are.equal(201, assert(ask(multi, post(s))).status)
    end)

    it("leaves the others of a connection alone", function()
      local box = sandbox.start { http2 = true }
      local multi = client(box, { api_key = core.secret(box.api_key) })
      local function get()
        return assert(multi:add { method = "GET", timeout = LONG,
                                  url = box.base_url .. "/user/me" })
      end
      get()
      finish(multi, 1)
      sandbox.fault(box, { kind = "hold", times = 2 })
      local first, second = get(), get()
      repeat
        multi:step(0)
      until #sandbox.requests(box) == 3
      assert.are.equal("maybe", multi:cancel(first))
      sandbox.release(box)
      local result = finish(multi, 1)[second]
      box.stop()
      assert.are.equal(200, result.response and result.response.status)
    end)
  end)

  describe("close", function()
    it("ends what is under way, and the connections", function()
      local s = server.start { tls = true, script = { "accept", "tls",
        "read", "say", "read", "gone", "say", "gone" } }
      local multi = client(s)
      multi:add(post(s))
      multi:add(post(s))
      repeat
        multi:step(0)
      until s:has_said("read")
      s:expect("read")
      multi:close()
      multi:close()
      s:expect("gone")
    end)

    it("is done by the garbage collector too", function()
      local s = server.start { script = { "accept", "read", CREATED,
        "read", "say", "read", "gone", "say", "gone" } }
      do
        local multi = assert(curl.multi())
        assert(ask(multi, post(s)))
        multi:add(post(s))
        repeat
          multi:step(0)
        until s:has_said("read")
        s:expect("read")
      end
      collectgarbage()
      collectgarbage()
      s:expect("gone")
    end)

    it("is seen by every method", function()
      local multi = new()
      assert.are.equal("certcentral.curl.multi (0 in progress)",
                       tostring(multi))
      multi:close()
      assert.are.equal("certcentral.curl.multi (closed)", tostring(multi))
      assert.is_string(getmetatable(multi))
      for name, argument in pairs { step = 0, fds = 0, next_timeout = 0,
        cancel = 1, count = 0,
        add = { method = "GET", url = "https://127.0.0.1:1/" } } do
        local ok, message = pcall(multi[name], multi, argument)
        assert.is_false(ok)
        assert.is_truthy(message:find(name .. " on a closed multi", 1, true),
                         message)
      end
    end)
  end)

  describe("raises on misuse:", function()
    local cases = require "spec.cases.curl.misuse"

    local function raises(message, f, ...)
      local ok, got = pcall(f, ...)
      assert.is_false(ok)
      assert.is_truthy(got:find(message, 1, true), got)
    end

    for _, case in ipairs(cases.requests) do
      it(case[2], function()
        local multi = new()
        raises(case[2], multi.add, multi, copy(
          { method = "GET", url = "https://127.0.0.1:1/" }, case[1]))
      end)
    end

    for _, case in ipairs(cases.options) do
      it(case[2], function()
        raises(case[2], curl.multi, case[1])
      end)
    end

    it("arguments of its own", function()
      local multi = new()
      raises("seconds from 0 expected", multi.step, multi, -1)
      raises("seconds from 0 expected", multi.step, multi, 0 / 0)
      raises("number expected", multi.step, multi)
      raises("number expected", multi.cancel, multi, "1")
      raises("certcentral.curl.multi", multi.step, io.stdout, 0)
      raises("'connections' must be a number of connections, got string",
             curl.multi, { connections = "1" })
      raises("'connections' must be an integer of at least 1 connection",
             curl.multi, { connections = 0 })
      raises("unknown option 'connections'", curl.new, { connections = 1 })
    end)
  end)

  it("does not wait for a name server", function()
    local program = assert(io.popen(server.program("multi_alone")))
    assert.are.equal("ok\n", program:read("*a"))
    program:close()
  end)
end)
