--- Random sequences of faults around keep: lost answers, processes that are
-- killed at any step, throttling, errors, two processes at once. What is due is
-- reissued once, nothing is bought while the plan can reissue, and the files
-- have the certificate and its key in the end. KEEP_SEQUENCES: how many.

local certcentral = require "certcentral"
local clocks = require "certcentral.sandbox.clock"
local faults = require "certcentral.sandbox.faults"
local journal_support = require "support.journal"
local journals = require "certcentral.journal"
local processes = require "support.processes"
local random = require "support.random"
local read = require("support.files").read
local sandboxes = require "certcentral.sandbox"
local stores = require "certcentral.store"
local x509 = require "certcentral.x509"

local SEQUENCES = tonumber(os.getenv "KEEP_SEQUENCES") or 25
local START, DAY, HOUR = 1796083200, 86400, 3600
local NAME = "www.example.com"
local KINDS = { "lose", "close", "refuse", "cut", "garbage", "html" }
local STATUSES = { 429, 500, 503 }
local ROUNDS = 6

local function fault_of(chance)
  local kind, status = KINDS[chance(#KINDS + 2)], STATUSES[chance(#STATUSES)]
  return kind and { kind = kind } or { kind = "status", status = status,
    store = status ~= 429 and chance(2) == 1 }
end

-- An order whose certificate is due, in a sandbox that takes a second for each
-- way, and keep as a process of its own.
local function new_world(dir, chance, key)
  local clock = clocks.new(START)
  local it = { clock = clock, box = sandboxes.new { clock = clock },
    files = { fullchain = dir .. "/full.pem", key = dir .. "/key.pem" },
    journal = journals.memory(), store = stores.memory {
      clock = function() return clock() end } }
  it.box:validate_domain("example.com")

  local function wait(seconds)
    if coroutine.isyieldable and not coroutine.isyieldable() or
       not coroutine.running() or it.plain then
      clock.sleep(seconds)
    else
      coroutine.yield(seconds)
    end
  end

  local function perform(request)
    wait(1)
    if it.faulty and chance(4) == 1 then
      it.box:fault(fault_of(chance))
    end
    local response, failure = it.box.transport(request)
    it.box.faults = faults.new_queue()
    wait(1)
    return response, failure
  end

  function it.client()
    return assert(certcentral.new { api_key = it.box.api_key, rate = false,
      base_url = it.box.base_url, store = it.store, journal = it.journal,
      recover_for = 30, retry = { attempts = 3 },
      transport = { perform = perform, clock = clock, time = clock,
                    sleep = wait } })
  end

  function it.keep()
    local client = it.client()
    it.last, it.err = client:keep(it.id, { files = it.files, key = key,
                                           skip_approval = true })
    client:close()
  end

  it.plain = true
  local pem = assert(certcentral.csr.generate { common_name = NAME,
    key = "ec-p256", key_file = it.files.key })
  it.id = assert(it.client():place_order({ skip_approval = true,
    organization = { id = 1 }, order_validity = { years = 1 },
    alternative_order_id = "first", certificate = { common_name = NAME,
      csr = pem, signature_hash = "sha256" } }, { now = START })).id
  it.keep()
  it.plain = false
  clock:advance(103 * DAY)
  return it
end

-- How many orders there are, and how many further certificates of the first.
local function made(it)
  local order = it.box.order_by_id[it.id]
  local count = 0
  for _, certificate in ipairs(order.certificates) do
    count = count + (certificate.kind == "reissue" and 1 or 0)
  end
  return #it.box.order_list, count
end

local function sequence(seed, dir, key)
  local chance = random.new(seed * 7919)
  local it = new_world(dir, chance, key)
  it.faulty = true
  for _ = 1, ROUNDS do
    processes.run(it.clock, chance(2) == 1 and { it.keep, it.keep } or
                  { it.keep }, function() return chance(20) == 1 end)
    it.clock:advance(chance(2 * HOUR))
  end
  it.faulty = false
  it.clock:advance(2 * HOUR)
  processes.run(it.clock, { function()
    local client = it.client()
    for _, row in ipairs(assert(client:recover())) do
      it.open = it.open or row.outcome == "unknown" and row.message
    end
    client:close()
  end })
  for _ = 1, 5 do
    processes.run(it.clock, { it.keep })
    it.clock:advance(HOUR)
  end
  return it
end

describe("random faults around keep", function()
  for _, key in ipairs { "new", "same" } do
    it(("reissue once and buy nothing: key = %q"):format(key), function()
      for seed = 1, SEQUENCES do
        local said = " with seed " .. seed
        local dir = journal_support.directory()
        local it = sequence(seed, dir, key)
        local bought, reissued = made(it)
        assert.are.equal(1, bought, "bought" .. said)
        assert.are.equal(1, reissued, "reissued" .. said)
        assert.is_falsy(it.open, tostring(it.open) .. said)
        assert.is_table(it.last, tostring(it.err) .. said)
        assert.are.equal("none", it.last.action, it.last.reason .. said)
        local leaf = assert(x509.chain(read(it.files.fullchain), it.clock()))
        assert.is_true(leaf.not_after > START + 250 * DAY, "not saved" .. said)
        assert.is_true(x509.fits_key(leaf.leaf, { path = it.files.key }))
        assert.is_nil(io.open(it.files.key .. ".next"))
        journal_support.remove(dir)
      end
    end)
  end
end)
