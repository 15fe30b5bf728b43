--- Keeping the certificate of an order: what is due is done, once.

local api = require "support.api"
local certcentral = require "certcentral"
local clocks = require "certcentral.sandbox.clock"
local files = require "support.files"
local journal_support = require "support.journal"
local json = require "certcentral.sandbox.json"
local sandboxes = require "certcentral.sandbox"
local stores = require "certcentral.store"
local x509 = require "certcentral.x509"

local DAY, HOUR = 86400, 3600
local START = 1796083200 -- 2026-12-01
local NAME = "www.example.com"

local dir

before_each(function()
  dir = journal_support.directory()
end)

after_each(function()
  journal_support.remove(dir)
end)

local function text_of(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text
end

-- ---- a world with a sandbox ------------------------------------------------

-- An order of a plan of one year, issued, and what keeps it: keep(more) makes a
-- client of its own for each call, as cron does.
local function start(order_of)
  local clock = clocks.new(START)
  local box = sandboxes.new { clock = clock }
  box:validate_domain("example.com")
  local it = { clock = clock, box = box, requests = {},
    store = stores.memory { clock = function() return clock() end },
    files = { fullchain = dir .. "/full.pem", key = dir .. "/key.pem" } }
  local function perform(request)
    it.requests[#it.requests + 1] = request.method .. " "
      .. request.url:match("/services/v2(.*)$")
    return box.transport(request)
  end
  function it.client()
    return assert(certcentral.new { api_key = box.api_key, rate = false,
      base_url = box.base_url, store = it.store, recover_for = 30,
      transport = { perform = perform, clock = clock, time = clock,
                    sleep = clock.sleep } })
  end
  local pem = assert(certcentral.csr.generate {
    common_name = NAME, key_file = it.files.key })
  local order = { skip_approval = true, organization = { id = 1 },
    order_validity = { years = 1 }, alternative_order_id = "first",
    certificate = { common_name = NAME, dns_names = { "example.com" },
                    csr = pem, signature_hash = "sha256" } }
  for name, value in pairs(order_of or {}) do
    order[name] = value
  end
  it.id = assert(it.client():place_order(order, { now = START })).id
  function it.keep(more)
    local options = { files = it.files, key = "new", skip_approval = true }
    for name, value in pairs(more or {}) do
      options[name] = value ~= "none" and value or nil
    end
    local client = it.client()
    local result, err = client:keep(it.id, options)
    client:close()
    return result, err
  end
  it.requests = {}
  return it
end

-- How many requests of a kind were sent.
local function sent(it, pattern)
  local count = 0
  for _, line in ipairs(it.requests) do
    count = count + (line:find(pattern) and 1 or 0)
  end
  return count
end

local function purchases(it)
  return sent(it, "^POST /order/certificate/ssl")
end

local function reissued(it)
  return sent(it, "^POST /order/certificate/%d+/reissue")
end

-- Calls it each day: what was done, as {day, action}.
local function daily(it, from, to, more, each)
  local done = {}
  for day = from, to do
    local result, err = it.keep(more)
    if result and result.done then
      done[#done + 1] = { day, result.action }
    end
    if each then
      each(day, result, err)
    end
    it.clock.sleep(DAY)
  end
  return done
end

local function leaf(it)
  return assert(x509.chain(text_of(it.files.fullchain), it.clock()))
end

describe("a certificate that is kept", function()
  it("is saved, reissued within the plan and renewed at its end", function()
    local it = start()
    local done = daily(it, 0, 430, nil, function(day, result, err)
      assert(result, err)
      assert.is_true(leaf(it).not_after > it.clock() + 9 * DAY,
                     "day " .. day)
    end)
    -- On the day before certificates become shorter one is made that lasts.
    assert.are.same({ { 0, "save" }, { 103, "reissue" }, { 267, "reissue" },
                      { 335, "renew" }, { 424, "reissue" } }, done)
    assert.are.equal(1, purchases(it))
    assert.are.equal(3, reissued(it))
  end)

  it("has the key that it was made for, with mode 0600", function()
    local it = start()
    local keys = {}
    daily(it, 0, 345, nil, function()
      local fits = x509.fits_key(leaf(it).leaf, { path = it.files.key })
      assert.is_true(fits)
      keys[text_of(it.files.key)] = true
      assert.is_nil(text_of(it.files.key .. ".next"))
      assert.is_nil(text_of(it.files.key .. ".next.csr"))
    end)
    local count = 0
    for _ in pairs(keys) do
      count = count + 1
    end
    assert.are.equal(4, count)
    assert.are.equal("600", journal_support.sure("stat -c %a "
      .. it.files.key))
  end)

  it("goes on with its key where that is said", function()
    local it = start()
    local key = text_of(it.files.key)
    local done = daily(it, 0, 345, { key = "same" })
    assert.are.same({ { 0, "save" }, { 103, "reissue" }, { 267, "reissue" },
                      { 335, "renew" } }, done)
    assert.are.equal(key, text_of(it.files.key))
  end)

  it("says what it does, when it is due and why", function()
    local it = start()
    local result = assert(it.keep())
    assert.are.equal("save", result.action)
    assert.is_truthy(result.reason:find("the files did not have the "
      .. "certificate; ", 1, true))
    assert.are.equal(it.id, result.order_id)
    assert.are.equal("number", type(result.certificate_id))
    result = assert(it.keep())
    assert.are.equal("none", result.action)
    assert.is_false(result.done)
    assert.are.equal(START + 103 * DAY, result.next_at)
    assert.is_truthy(result.reason:find("the next reissue is due in 103 days"))
  end)

  it("is left alone by a dry run", function()
    local it = start()
    local result = assert(it.keep { dry_run = true })
    assert.are.equal("save", result.action)
    assert.is_false(result.done)
    assert.is_nil(text_of(it.files.fullchain))
    it.keep()
    it.clock.sleep(103 * DAY)
    it.requests = {}
    result = assert(it.keep { dry_run = true })
    assert.are.equal("reissue", result.action)
    assert.is_false(result.done)
    assert.are.equal(0, sent(it, "^P"))
    assert.is_nil(text_of(it.files.key .. ".next"))
  end)

  it("is only fetched by a machine that follows", function()
    local it = start()
    assert.are.equal("save", it.keep { follow = true, key = "none" }.action)
    it.clock.sleep(103 * DAY)
    local result = assert(it.keep { follow = true, key = "none" })
    assert.are.equal("none", result.action)
    assert.is_truthy(result.reason:find("; this call only follows", 1, true))
    assert.are.equal(0, sent(it, "^P"))
  end)

  it("is saved again where a file is gone or another", function()
    local it = start()
    it.keep()
    os.remove(it.files.fullchain)
    assert.are.equal("save", it.keep().action)
    files.write(it.files.fullchain, "-----BEGIN nothing")
    assert.are.equal("save", it.keep().action)
    assert.are.equal("none", it.keep().action)
  end)
end)

describe("what is lost", function()
  for _, kind in ipairs { "lose", "close", "refuse" } do
    it(("an answer (%s) leaves one reissue for one wish"):format(kind),
       function()
      local it = start()
      it.keep()
      it.clock.sleep(103 * DAY)
      it.box:fault { kind = kind, method = "POST", path = "reissue",
                     times = 9 }
      it.keep()
      it.box.faults = require("certcentral.sandbox.faults")
        .new_queue()
      for _ = 1, 5 do
        it.clock.sleep(HOUR)
        it.keep()
      end
      local list = it.client():certificates(it.id)
      assert.are.equal(1, #list)
      assert.are.equal("none", it.keep().action)
      assert.is_true(leaf(it).not_after > it.clock() + 100 * DAY)
    end)
  end

  it("the answer to a reissue with the old key is waited for", function()
    local it = start()
    it.keep { key = "same" }
    it.clock.sleep(103 * DAY)
    it.box:fault { kind = "close", method = "POST", path = "reissue" }
    local result, err = it.keep { key = "same" }
    assert.is_nil(result)
    assert.are.equal("unknown", err.outcome)
    it.requests = {}
    result = assert(it.keep { key = "same" })
    assert.are.equal("wait", result.action)
    assert.is_truthy(result.reason:find("the last reissue may or may not have "
      .. "been done", 1, true))
    assert.are.equal(0, reissued(it))
    it.clock.sleep(HOUR)
    assert.are.equal("reissue", it.keep({ key = "same" }).action)
  end)

  it("a key without its CSR is made anew", function()
    local it = start()
    it.keep()
    it.clock.sleep(103 * DAY)
    files.write(it.files.key .. ".next", "half of a key")
    assert.are.equal("reissue", it.keep().action)
    assert.is_true(x509.fits_key(leaf(it).leaf, { path = it.files.key }))
  end)

  it("the key of a reissue that is pending is there when it is issued",
     function()
    local it = start()
    it.keep()
    it.clock.sleep(103 * DAY)
    it.box:set_pace { issue_after = 2 * DAY }
    assert.are.equal("reissue", it.keep().action)
    local pending = text_of(it.files.key .. ".next")
    assert.is_string(pending)
    it.clock.sleep(DAY)
    local result = it.keep()
    assert.are.equal("wait", result.action)
    assert.is_truthy(result.reason:find("a reissue is in progress"))
    it.clock.sleep(DAY)
    assert.are.equal("save", it.keep().action)
    assert.are.equal(pending, text_of(it.files.key))
    assert.is_nil(text_of(it.files.key .. ".next"))
    assert.are.equal(1, reissued(it))
  end)

  it("a CSR that cannot be written is told", function()
    local it = start()
    it.keep()
    it.clock.sleep(103 * DAY)
    journal_support.sure(("mkdir -p '%s.next.csr/x'"):format(it.files.key))
    local result, err = it.keep()
    assert.is_nil(result)
    assert.are.equal("config", err.kind)
    assert.is_truthy(err.message:find("cannot write the CSR to '", 1, true))
    assert.are.equal(0, reissued(it))
  end)

  it("nothing is where another process is at it", function()
    local it = start()
    local lock = it.store.lock
    function it.store.lock(self, name, seconds)
      if name:find(" keep ") then
        return false, "process 5", 10
      end
      return lock(self, name, seconds)
    end
    local result, err = it.keep()
    assert.is_nil(result)
    assert.are.equal("unavailable", err.kind)
    assert.is_truthy(err.message:find(("the upkeep of order %d was not sent: "
      .. "process 5 has claimed it"):format(it.id), 1, true), err.message)
  end)

  it("the note of what was done is needed", function()
    local it = start()
    it.store = false
    local result, err = it.keep()
    assert.is_nil(result)
    assert.are.equal("config", err.kind)
    assert.is_truthy(err.message:find("keep has to remember what it did"))
    assert.are.equal("not_placed", err.outcome)
  end)
end)

-- ---- a service that says what it likes --------------------------------------

local ORDER = "GET /order/certificate/7"

-- Order 7; `more` wins over it, and over its certificate.
local function order_of(more, certificate)
  local order = { id = 7, status = "issued", date_created = "2026-12-01",
    order_valid_till = "2027-12-01", certificate = {
      id = 12, common_name = NAME, dns_names = { NAME }, csr = "none",
      valid_from = "2026-12-01", valid_till = "2027-06-18" } }
  for name, value in pairs(more or {}) do
    order[name] = value
  end
  for name, value in pairs(certificate or {}) do
    order.certificate[name] = value
  end
  return json.encode(order)
end

local function client_at(time, answers, more)
  local client, requests = api.client(answers, more or {
    store = stores.memory { clock = os.time } })
  client.world.time = function() return time end
  return client, requests
end

local KEEP = { key = "same" }

describe("whatever the service answers", function()
  it("nothing is reissued twice within the floor", function()
    local now, posts = START, 0
    local pem = require("support.csr").p256
    local client = client_at(now, {
      [ORDER] = function()
        return { 200, order_of(nil, { csr = pem, id = 12 + posts,
          valid_from = os.date("!%Y-%m-%d", now),
          valid_till = os.date("!%Y-%m-%d", now + DAY) }) }
      end,
      ["GET /order/certificate/7/reissue"] = { 200, '{"certificates":[]}' },
      ["POST /order/certificate/7/reissue"] = function()
        posts = posts + 1
        return { 201, '{"id":7}' }
      end,
    })
    client.world.time = function() return now end
    for _ = 1, 20 do
      local result = client:keep(7, { key = "same", floor = 10 * HOUR })
      assert.is_true(result.done or result.reason:find(", but the last reissue "
        .. "was only %d+ seconds ago") ~= nil)
      now = now + HOUR
    end
    assert.are.equal(2, posts)
  end)

  it("an order that renews itself is waited for", function()
    local late = START + 360 * DAY
    for flag, ends in pairs { auto_renew = "2027-12-01",
                              auto_reissue = "2028-12-01" } do
      for _, value in ipairs { 1, true } do
        local client, requests = client_at(late, { [ORDER] = { 200, order_of(
          { [flag] = value, order_valid_till = ends },
          { valid_till = "2027-12-01", valid_from = "2027-05-15" }) } })
        local result = assert(client:keep(7, KEEP))
        assert.are.equal("wait", result.action)
        assert.is_truthy(result.reason:find("set to do so by itself"))
        assert.are.equal(1, #requests)
      end
    end
  end)

  it("an order that is over, or whose dates contradict each other, is refused",
     function()
    local cases = {
      { order_of { status = "revoked" }, "refused", "is revoked" },
      { order_of { status = "canceled" }, "refused", "place a new order" },
      { order_of { status = "rejected" }, "refused", "is rejected" },
      { order_of { certificate = "none" }, "protocol",
        "without its certificate" },
      { order_of(nil, { valid_till = "2026-11-01" }), "protocol",
        "dates that contradict each other: its certificate is valid from" },
      { order_of { order_valid_till = "2027-01-01" }, "protocol",
        "its certificate ends on 18 JUN 2027, the order on 01 JAN 2027" },
    }
    for _, case in ipairs(cases) do
      local client, requests = client_at(START, { [ORDER] = { 200, case[1] } })
      local result, err = client:keep(7, KEEP)
      assert.is_nil(result)
      assert.are.equal(case[2], err.kind)
      assert.is_truthy(err.message:find(case[3], 1, true), err.message)
      assert.are.equal(1, #requests)
    end
  end)

  it("an order that waits for a person says so", function()
    local client = client_at(START, { [ORDER] = { 200, order_of {
      status = "needs_approval",
      requests = { { id = 5, status = "pending" } } } } })
    local result = assert(client:keep(7, KEEP))
    assert.are.equal("wait", result.action)
    assert.is_truthy(result.reason:find("client:approve(5)", 1, true))
    assert.are.equal(START + HOUR, result.next_at)
  end)

  it("an order that is not there is told as it is", function()
    local client = client_at(START, { [ORDER] = { 404,
      '{"errors":[{"code":"not_found|order","message":"none"}]}' } })
    local result, err = client:keep(7, KEEP)
    assert.is_nil(result)
    assert.are.equal("refused", err.kind)
    assert.are.equal("not_placed", err.outcome)
  end)
end)

describe("orders that renew each other", function()
  it("are followed to the last", function()
    local client = client_at(START, {
      [ORDER] = { 200, order_of { is_renewed = true } },
      ["GET /order/alternate/renewalOf7"] = { 200,
        '{"orders":[{"order_id":6,"status":"canceled"},'
        .. '{"order_id":8,"status":"expired"}]}' },
      ["GET /order/certificate/8"] = { 200, order_of { id = 8,
        status = "expired" } },
      ["GET /order/alternate/renewalOf8"] = { 200,
        '{"orders":[{"order_id":9,"status":"issued"}]}' },
      ["GET /order/certificate/9"] = { 200, order_of { id = 9 } },
    })
    assert.are.equal(9, assert(client:keep(7, KEEP)).order_id)
  end)

  it("in a circle are refused", function()
    local client = client_at(START, {
      [ORDER] = { 200, order_of { is_renewed = true } },
      ["GET /order/alternate/renewalOf7"] = { 200,
        '{"orders":[{"order_id":7,"status":"issued"}]}' },
    })
    local result, err = client:keep(7, KEEP)
    assert.is_nil(result)
    assert.are.equal("order 7 has been renewed more than 100 times",
                     err.message)
  end)

  it("that cannot be looked up are asked for again", function()
    local client = client_at(START, {
      [ORDER] = { 200, order_of { is_renewed = true } },
      ["GET /order/alternate/renewalOf7"] = { 403, "{}" },
    })
    local result, err = client:keep(7, KEEP)
    assert.is_nil(result)
    assert.are.equal("denied", err.kind)
  end)
end)

describe("an order that lasts as long as its certificate", function()
  it("is renewed when a certificate of a plan would be reissued", function()
    for left, action in pairs { [11] = "none", [10] = "renew" } do
      local now = START + (199 - left) * DAY
      local client = client_at(now, { [ORDER] = { 200, order_of {
        order_valid_till = "2027-06-18" } } })
      local result = assert(client:keep(7, { key = "same", dry_run = true }))
      assert.are.equal(action, result.action)
    end
  end)
end)

describe("a window", function()
  -- When of a day that is due it is done, hour by hour; nil for never.
  local function done_at(times, name, left)
    local first
    for hour = 0, 23 do
      local now = START + (199 - left) * DAY + hour * HOUR
      local client = client_at(now, { [ORDER] = { 200, order_of(
        { order_valid_till = "2027-06-18" }, { common_name = name }) } })
      local result = assert(client:keep(7, { key = "same", dry_run = true,
        least = 10, window = times }))
      if result.action == "renew" then
        first = first or hour
      elseif not first then
        assert.is_truthy(result.reason:find("; it waits for its window", 1,
                                            true))
      end
    end
    return first
  end

  it("has what is due wait for its name's turn", function()
    local turns = {}
    for i = 1, 20 do
      local turn = done_at({ "02:00", "05:00" }, ("host%d.example"):format(i),
                           10)
      assert.is_true(turn ~= nil and turn >= 2 and turn <= 5)
      turns[turn] = true
    end
    assert.is_true(next(turns, next(turns)) ~= nil) -- they are spread
    assert.are.equal(done_at({ "02:00", "05:00" }, NAME, 10),
                     done_at({ "02:00", "05:00" }, NAME:upper(), 10))
  end)

  it("may go over midnight", function()
    for i = 1, 10 do
      local turn = done_at({ "23:00", "01:00" }, ("host%d.example"):format(i),
                           10)
      assert.is_true(turn == 23 or turn == 0 or turn == 1)
    end
  end)

  it("is not waited for where few days are left", function()
    assert.are.equal(0, done_at({ "02:00", "05:00" }, NAME, 9))
  end)

  it("is a part of when it is due", function()
    local client = client_at(START, { [ORDER] = { 200, order_of() } })
    local result = assert(client:keep(7, { key = "same",
                                           window = { "02:00", "02:01" } }))
    assert.are.equal("none", result.action)
    assert.are.equal(2 * HOUR, result.next_at % DAY - result.next_at % 60)
  end)
end)

describe("misuse of keep raises:", function()
  local good = { fullchain = "f", key = "k" }
  local cases = {
    { nil, "missing option 'key' to 'keep'" },
    { { key = "old" }, "bad option 'key'" },
    { { key = "new" }, "missing option 'files.key' to 'keep'" },
    { { key = "new", files = { fullchain = "f" } },
      "missing option 'files.key' to 'keep'" },
    { { key = "same", files = { key = "k" } },
      "missing option 'files.fullchain' to 'keep' (or 'files.certificate')" },
    { { key = "same", files = {} }, "missing options to 'keep'" },
    { { key = "same", files = "f" }, "bad option 'files' to 'keep'" },
    { { key = "same", files = { fullchain = "f", key = "k",
                                key_file = "o" } },
      "option 'files.key_file' to 'keep'" },
    { { key = "same", files = { fullchain = "f", key = "k",
                                private_key = "-----BEGIN" } },
      "option 'files.private_key' to 'keep'" },
    { { key = "new", files = good, renew_ahead = 31 },
      "at most 30 days, or renew_early = true, expected, got 31" },
    { { key = "same", window = { "02:00", "02:00" } }, "an empty window" },
    { { key = "same", window = { "2:00", "24:00" } }, "two times of day" },
    { { key = "same", window = { "02:60", "03:00" } }, "two times of day" },
    { { key = "same", window = "02:00" }, "two times of day" },
    { { key = "same", floor = -1 }, "bad option 'floor'" },
    { { key = "same", other = 1 }, "unknown option 'other' to 'keep'" },
  }
  for i, case in ipairs(cases) do
    it(i .. " " .. case[2], function()
      local client, requests = client_at(START, {})
      local ok, message = pcall(client.keep, client, 7, case[1])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.are.equal(0, #requests)
    end)
  end

  it("an id that is none, a closed client", function()
    local client = client_at(START, {})
    assert.is_false((pcall(client.keep, client, "x", KEEP)))
    client:close()
    assert.is_false((pcall(client.keep, client, 7, KEEP)))
  end)
end)

