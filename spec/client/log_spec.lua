-- The ready-made loggers: a line for each event, and never a secret.

local certcentral = require "certcentral"
local json = require "certcentral.sandbox.json"
local log = require "certcentral.log"
local orders = require "support.orders"
local service = require "support.service"
local support = require "support.client"

local CARD = "4111111111111111"

local function captured(f)
  local lines, real = {}, io.stderr
  io.stderr = { write = function(_, ...) -- luacheck: ignore
    lines[#lines + 1] = table.concat({ ... })
  end }
  local ok, message = pcall(f)
  io.stderr = real -- luacheck: ignore
  assert(ok, message)
  return lines
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function temporary()
  local path = os.tmpname()
  finally(function() os.remove(path) end)
  return path
end

local function place(on_event, script)
  local box = service.new(script or { post = { 429, service.PLACED } })
  local client = assert(certcentral.new { api_key = support.KEY,
    transport = box.world, on_event = on_event })
  local order = orders.minimal()
  order.alternative_order_id = "a-1"
  return client:place_order(order, orders.options())
end

describe("a line of the log", function()
  local cases = {
    { { event = "wait", seconds = 3.75, reason = "retry" },
      "wait reason=retry seconds=3.75" },
    { { event = "outcome", outcome = "placed", order_id = 7,
        recovered = false, alternative_order_id = "a-1", attempts = 2 },
      "outcome alternative_order_id=a-1 order_id=7 outcome=placed "
      .. "attempts=2 recovered=false" },
    { { event = "attempt", message = 'two words, "quoted" \\ and a\nline' },
      'attempt message="two words, \\"quoted\\" \\\\ and a\\\\x0Aline"' },
    { { event = "x", empty = "" }, 'x empty=""' },
    { { event = "x", id = 9007199254740991 }, "x id=9007199254740991" },
    { { event = "x", cvv = 123, api_key = "sesame" },
      "x api_key=[hidden] cvv=[hidden]" },
    { { event = "x", message = "card " .. CARD },
      'x message="card [hidden]"' },
  }
  for _, case in ipairs(cases) do
    it("is " .. case[2], function()
      assert.are.equal(case[2], log.line(case[1]))
    end)

    it("is as JSON what is in " .. case[2], function()
      local text = log.json_line(case[1], 1795000000)
      assert.is_nil(text:find("[\r\n]"))
      local value = assert(json.decode(text))
      assert.are.equal("2026-11-18T11:06:40Z", value.time)
      assert.are.equal(case[1].event, value.event)
      assert.are.equal(case[1].seconds, value.seconds)
      assert.are.equal(case[1].order_id, value.order_id)
      assert.is_nil(text:find(CARD, 1, true))
      assert.is_nil(text:find("sesame", 1, true))
    end)
  end

  it("is one line and short, whatever the event", function()
    local event = { event = "x", text = ("a\r\n"):rep(5000), raw = "\255\0",
                    list = { { 1 } }, f = print, n = 0 / 0, i = -1 / 0,
                    [1] = "y", [true] = 2 }
    for _, text in ipairs { log.line(event), log.json_line(event, 0) } do
      assert.is_nil(text:find("[%c\255]"))
      assert.is_true(#text < 2000)
    end
    assert.is_table(json.decode(log.json_line(event, 0)))
  end)
end)

describe("log.stderr", function()
  it("writes a line for each event", function()
    local lines = captured(function()
      assert.is_table(place(log.stderr()))
    end)
    assert.are.equal(4, #lines)
    for i, start in ipairs { "attempt", "wait", "attempt", "outcome" } do
      assert.is_truthy(lines[i]:find(
        "^certcentral: %d+%-%d%d%-%d%dT%d%d:%d%d:%d%dZ " .. start
        .. " [^\n]*\n$"), lines[i])
      assert.is_nil(lines[i]:find(support.KEY, 1, true))
    end
  end)
end)

describe("log.json", function()
  it("appends a line for each event", function()
    local path = temporary()
    assert.is_table(place(assert(log.json(path))))
    assert.is_table(place(assert(log.json(path))))
    local events = {}
    for line in read(path):gmatch("([^\n]*)\n") do
      events[#events + 1] = assert(json.decode(line)).event
    end
    assert.are.same({ "attempt", "wait", "attempt", "outcome", "attempt",
                      "wait", "attempt", "outcome" }, events)
    assert.is_nil(read(path):find(support.KEY, 1, true))
  end)

  it("follows a rotation", function()
    local path = temporary()
    local write = assert(log.json(path))
    write { event = "one" }
    os.remove(path)
    write { event = "two" }
    assert.is_truthy(read(path):find('"event":"two"}\n$'))
  end)

  it("says what is wrong with a file", function()
    local f, message = log.json("/no/such/folder/x.log")
    assert.is_nil(f)
    assert.is_truthy(message:find("log file '/no/such/folder/x.log' cannot be "
                                  .. "written: ", 1, true), message)
    for _, value in ipairs { "", 7, false } do
      assert.has_error(function() log.json(value) end)
    end
  end)

  it("costs no order where the disk is full", function()
    local result, info = place(assert(log.json("/dev/full")))
    assert.is_table(result)
    assert.is_truthy(info.event_error:find("No space left", 1, true))
  end)
end)

describe("log.nginx", function()
  local function with_nginx(f)
    local lines = {}
    _G.ngx = { INFO = 7, WARN = 5, ERR = 4, log = function(level, ...)
      lines[#lines + 1] = { level, table.concat({ ... }) }
    end }
    local ok, message = pcall(f)
    _G.ngx = nil
    assert(ok, message)
    return lines
  end

  it("writes at the level that an event deserves", function()
    local lines = with_nginx(function()
      local write = log.nginx()
      write { event = "attempt", status = 201 }
      write { event = "attempt", status = 429, kind = "throttled" }
      write { event = "outcome", outcome = "unknown", kind = "unknown" }
      write { event = "outcome", outcome = "placed" }
      write { event = "warning", code = "exposed" }
    end)
    assert.are.same({
      { 7, "certcentral: attempt status=201" },
      { 5, "certcentral: attempt kind=throttled status=429" },
      { 4, "certcentral: outcome outcome=unknown kind=unknown" },
      { 7, "certcentral: outcome outcome=placed" },
      { 5, "certcentral: warning code=exposed" } }, lines)
  end)

  it("raises elsewhere, at the caller's line", function()
    local ok, message = pcall(function()
      local f = log.nginx()
      return f
    end)
    assert.is_false(ok)
    assert.is_truthy(message:find("log_spec.lua:%d+: bad call of 'log.nginx'"),
                     message)
  end)
end)
