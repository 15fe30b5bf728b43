--- Three years of daily cron, across the days on which certificates become
-- shorter, with a service of which each twentieth answer is wrong: no
-- certificate ever runs out, none is made that is not needed, and nothing is
-- bought before a plan ends. KEEP_ORDERS: how many of each kind.

local certcentral = require "certcentral"
local clocks = require "certcentral.sandbox.clock"
local journal_support = require "support.journal"
local random = require "support.random"
local sandboxes = require "certcentral.sandbox"
local stores = require "certcentral.store"
local x509 = require "certcentral.x509"

local ORDERS = tonumber(os.getenv "KEEP_ORDERS") or 1
local DAY = 86400
local START, DAYS = 1796083200, 1100 -- 2026-12-01
local FAULTS = { "lose", "close", "refuse", "cut", "garbage", "html",
                 "errors_object" }
local STATUSES = { 429, 500, 503 }
local HASTE = 31 -- days before its end that an order may be renewed: 30, and
                 -- the hours of a day

local KINDS = {
  { name = "plan of one year", validity = { years = 1 } },
  { name = "plan of three years", validity = { years = 3 } },
  { name = "subscription", validity = { years = 1 }, subscription = true },
}

local function text_of(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text
end

local function fault_of(chance)
  local kind = chance(#FAULTS + 1)
  if FAULTS[kind] then
    return { kind = FAULTS[kind] }
  end
  local status = STATUSES[chance(#STATUSES)]
  return { kind = "status", status = status,
           store = status ~= 429 and chance(2) == 1 }
end

-- A sandbox whose answers are wrong once in twenty, when `it.faulty`.
local function new_world(kind, chance)
  local clock = clocks.new(START)
  local box = sandboxes.new { clock = clock,
                              account = { subscription = kind.subscription } }
  box:validate_domain("example.com")
  local it = { box = box, clock = clock, store = stores.memory {
    clock = function() return clock() end } }
  local function perform(request)
    if it.faulty and chance(20) == 1 then
      box:fault(fault_of(chance))
    end
    return box.transport(request)
  end
  function it.client()
    return assert(certcentral.new { api_key = box.api_key, rate = false,
      base_url = box.base_url, store = it.store, recover_for = 30,
      transport = { perform = perform, clock = clock, time = clock,
                    sleep = clock.sleep } })
  end
  return it
end

local function place(it, kind, dir, name)
  local client = it.client()
  local pem = assert(certcentral.csr.generate { common_name = name,
    key = "ec-p256", key_file = dir .. "/" .. name .. ".key" })
  local result = assert(client:place_order({ skip_approval = true,
    organization = { id = 1 }, order_validity = kind.validity,
    alternative_order_id = "first-" .. name,
    certificate = { common_name = name, csr = pem,
                    signature_hash = "sha256" } }, { now = START }))
  client:close()
  return result.id
end

-- The orders of a name, oldest first: {time, till, count of certificates}.
local function chain_of(box, name)
  local list = {}
  for _, order in ipairs(box.order_list) do
    if order.body.certificate.common_name == name then
      local count = 0
      for _, certificate in ipairs(order.certificates) do
        count = count + (certificate.issued and 1 or 0)
      end
      list[#list + 1] = { time = order.time, till = order.till,
                          count = count }
    end
  end
  return list
end

-- As few certificates as cover an order, from its first day to its end.
local function fewest(order)
  return #certcentral.schedule { certificate_days = 397, now = order.time,
    plan_days = math.floor((order.till - order.time) / DAY + 0.5) }
end

local function check_chain(chain, kind)
  for i, order in ipairs(chain) do
    local where = ("%s, order %d"):format(kind.name, i)
    assert.is_true(order.count <= fewest(order), ("%s: %d certificates, %d "
      .. "are enough"):format(where, order.count, fewest(order)))
    local following = chain[i + 1]
    if following then
      local left = (order.till - following.time) / DAY
      assert.is_true(left >= 0 and left <= HASTE, ("%s: renewed %g days "
        .. "before its end"):format(where, left))
    end
  end
end

describe("three years of keep", function()
  local dir
  setup(function() dir = journal_support.directory() end)
  teardown(function() journal_support.remove(dir) end)

  for at, kind in ipairs(KINDS) do
    it("of a " .. kind.name, function()
      local chance = random.new(20261201 + at)
      local it, kept = new_world(kind, chance), {}
      for i = 1, ORDERS do
        local name = ("%s%d.example.com"):format(kind.name:gsub(" ", "-"), i)
        kept[i] = { id = place(it, kind, dir, name), name = name, files = {
          fullchain = dir .. "/" .. name .. ".pem",
          key = dir .. "/" .. name .. ".key" } }
      end
      for day = 0, DAYS do
        it.faulty = day > 0
        for _, one in ipairs(kept) do
          local client = it.client()
          local result, err = client:keep(one.id, { files = one.files,
            key = "new", skip_approval = true })
          client:close()
          assert.is_true(result ~= nil or it.faulty, tostring(err))
          local leaf = assert(x509.chain(text_of(one.files.fullchain),
                                         it.clock()))
          assert.is_true(leaf.not_after > it.clock(), ("%s: day %d")
            :format(one.name, day))
        end
        it.clock:set(START + (day + 1) * DAY)
        it.box.faults = require("certcentral.sandbox.faults").new_queue()
      end
      for _, one in ipairs(kept) do
        local chain = chain_of(it.box, one.name)
        check_chain(chain, kind)
        assert.is_true(#chain > 1)
      end
    end)
  end
end)
