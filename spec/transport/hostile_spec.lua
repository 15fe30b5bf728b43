-- Servers and proxies that do what they must not. Whatever they do: the
-- order's outcome is told right, in time, and the key stays where it belongs.
-- Transfers alone are in curl_spec.

local certcentral = require "certcentral"
local core = require "certcentral.core"
local curl = require "certcentral.curl"
local orders = require "support.orders"
local server = require "spec.support.server"
local support = require "spec.support.curl"
local versions = require "spec.support.versions"
local cases = require "spec.cases.hostile"

local KEY, CREATED, copy = support.KEY, support.CREATED, support.copy

describe("against a hostile", function()
  local clients

  before_each(function()
    clients = {}
  end)

  after_each(function()
    for _, client in ipairs(clients) do
      client:close()
    end
    server.finish_all()
  end)

  local function new(s, more)
    local client = assert(certcentral.new(copy({
      api_key = KEY, base_url = (s.url:gsub("/$", "")), ca_file = s.ca_file,
      rate = false, retry = { attempts = 1 }, timeout = 20,
      connect_timeout = 20 }, more)))
    clients[#clients + 1] = client
    return client
  end

  -- An order that is not looked up: what came of its one request.
  local function place(client)
    return client:place_order(orders.minimal(),
                              orders.options { once = false })
  end

  local function expect_outcome(case, result, err)
    assert.is_nil(result)
    assert.are.equal(case.kind, err.kind, err.message)
    assert.are.equal(case.kind == "unknown" and "unknown" or "not_placed",
                     err.outcome)
    assert.is_nil(tostring(err):find(KEY, 1, true))
    if case.message then
      assert.is_true(versions.fits(case.message, err.message), err.message)
    end
  end

  describe("server:", function()
    for _, case in ipairs(cases.servers) do
      it(case.name, function()
        local s = server.start { tls = case.tls, flaw = case.flaw,
                                 script = { "accept", case.script } }
        local result, err = place(new(s, case.options))
        expect_outcome(case, result, err)
        local seen = s:finish()
        assert.are.equal(1, seen.connections)
        if case.kind == "unavailable" then
          for _, request in ipairs(seen.requests) do
            assert.is_nil(request.text:find(KEY, 1, true))
          end
        else
          assert.are.equal(1, #seen.requests)
        end
      end)
    end
  end)

  describe("redirect", function()
    for _, status in ipairs { "301 Moved", "302 Found", "303 See Other",
                              "307 Temporary Redirect",
                              "308 Permanent Redirect" } do
      it(status .. " is not followed, neither to https nor to http",
         function()
        for _, tls in ipairs { true, false } do
          local other = server.start { tls = tls, script = {
            "accept", tls and "tls" or {}, "read", CREATED } }
          local s = server.start { tls = true, script = {
            "accept", "tls", "read", server.answer(status, "",
              ("Location: %s\\r\\n"):format(other.url)) } }
          local result, err = place(new(s))
          assert.is_nil(result)
          assert.are.equal("unknown", err.kind)
          assert.are.equal(1, #s:finish().requests)
          assert.are.equal(0, other:finish().connections)
        end
      end)
    end
  end)

  describe("end of the connection", function()
    local head = "HTTP/1.1 201 Created\r\nContent-Length: 8\r\nA: b\r\n\r\n"
    local answer = head .. '{"id":1}'

    local function escaped(text)
      return (text:gsub("\r", "\\r"):gsub("\n", "\\n"))
    end

    for _, how in ipairs { "close", "reset", "cut" } do
      local tls = how == "cut"
      it("by " .. how .. " at every byte of an answer", function()
        local up = tls and { "tls" } or {}
        for from = 0, #answer - 1, 50 do
          local script, last = {}, math.min(from + 49, #answer - 1)
          for at = from, last do
            script[#script + 1] = { "accept", up, "read", "send",
              escaped(answer:sub(1, at)), how }
          end
          local s = server.start { tls = tls, script = script }
          local client = new(s)
          for _ = from, last do
            local result, err = place(client)
            expect_outcome({ kind = "unknown" }, result, err)
          end
          local seen = s:finish()
          assert.are.equal(last - from + 1, #seen.requests)
          assert.are.equal(last - from + 1, seen.connections)
        end
      end)
    end

    it("behind the last byte is an answer", function()
      local s = server.start { script = { "accept", "read", "send",
                                          escaped(answer), "reset" } }
      local result = place(new(s))
      assert.is_true(result == nil or result.id == 1)
    end)
  end)

  describe("HTTP/2 server:", function()
    local function finish_one(s, more)
      local multi = assert(curl.multi(copy({
        ca_file = s.ca_file, api_key = core.secret(KEY) }, more)))
      local id = assert(multi:add {
        method = "POST", url = s.url .. "order", body = [[{"order":1}]],
        timeout = 20, connect_timeout = 20 })
      local results
      repeat
        results = multi:step(1)
      until results[1]
      multi:close()
      assert.are.equal(id, results[1].id)
      return results[1]
    end

    for _, case in ipairs(cases.http2) do
      it(case.name, function()
        local s = server.start { tls = true, flaw = "h2", script = {
          "accept", "tls", "until", [[{"order":1}]], case.script,
          "accept", "tls", "until", [[{"order":1}]], "gone" } }
        local result = finish_one(s)
        assert.is_nil(result.response)
        assert.are.equal("maybe", result.failure.sent, result.failure.message)
        assert.is_nil(result.failure.message:find(KEY, 1, true))
        local orders_seen = 0
        for _, request in ipairs(s:finish().requests) do
          if request.text:find([[{"order":1}]], 1, true) then
            orders_seen = orders_seen + 1
          end
        end
        assert.are.equal(1, orders_seen)
      end)
    end
  end)

  describe("proxy:", function()
    for _, case in ipairs(cases.proxies) do
      it(case.name, function()
        local s = server.start { script = { "accept", case.script } }
        local client = new({ url = "https://origin.invalid" }, copy({
          proxy = "http://127.0.0.1:" .. s.port }, case.options))
        local result, err = place(client)
        expect_outcome({ kind = "unavailable" }, result, err)
        for _, request in ipairs(s:finish().requests) do
          assert.is_nil(request.text:find(KEY, 1, true))
          assert.is_nil(request.text:find("example.com", 1, true))
        end
      end)
    end

    it("is gone", function()
      local s = server.start {}
      s:finish()
      local client = new({ url = "https://origin.invalid" },
                         { proxy = "http://127.0.0.1:" .. s.port })
      expect_outcome({ kind = "unavailable" }, place(client))
    end)
  end)
end)
