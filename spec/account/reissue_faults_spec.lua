-- Random sequences of faults: lost answers, processes that are killed at any
-- step, throttling, errors, two processes at once. One wish makes one reissue,
-- and nothing stays unclear that the service shows.

local csr = require "support.csr"
local journals = require "certcentral.journal"
local processes = require "support.processes"
local services = require "support.reissue_service"
local stores = require "certcentral.store"
local support = require "support.client"

local SEQUENCES = tonumber(os.getenv("REISSUE_SEQUENCES")) or 150
local ROUNDS = 5
local SLOW = 600 -- seconds until a reissue is in the list, at most

local CHANGES = { certificate = { csr = csr.p256, signature_hash = "sha256" } }

-- A generator of its own: the same under each Lua.
local function generator(seed)
  local state = seed * 7919 + 1
  return function(below)
    state = (state * 16807) % 2147483647
    return state % 100003 / 100003 * below
  end
end

local answer, LOST = services.answer, services.LOST

-- What becomes of a POST.
local function random_act(random)
  local acts = {
    {}, {}, {}, { answer = LOST }, { answer = LOST, stored = false },
    { answer = LOST, stored = random(SLOW) }, { stored = random(SLOW) },
    { answer = answer(500) }, { answer = answer(502, "<p>"), stored = false },
    { answer = answer(429), stored = false },
    { answer = answer(201, "<p>") },
    { answer = answer(400), stored = false },
  }
  local act = acts[1 + math.floor(random(#acts))]
  act.takes = random(3)
  return act
end

local function random_get(random)
  local which = math.floor(random(12))
  return which == 0 and answer(500) or which == 1 and answer(429) or
         which == 2 and answer(200, "<p>") or nil
end

-- Where the past is kept, and how many ask at once.
local MODES = {
  { journal = true, store = true, count = 2 }, { store = true, count = 2 },
  { journal = true, count = 1 },
}

local function sequence(seed)
  local random, mode = generator(seed), MODES[seed % #MODES + 1]
  local faulty = true
  local service = services.new {
    travels = 0.1,
    post = function() return faulty and random_act(random) or {} end,
    get = function() return faulty and random_get(random) or nil end,
  }
  local options = {
    journal = mode.journal and journals.memory() or nil,
    store = mode.store and stores.memory {
      clock = function() return service.clock() end } or false,
  }
  local outcomes = {}

  local function ask()
    local client = support.over(service.world, options)
    outcomes[#outcomes + 1] = { client:ensure_reissue(7, CHANGES) }
    client:close()
  end

  for _ = 1, ROUNDS do
    processes.run(service.clock, mode.count == 2 and { ask, ask } or { ask },
                  function() return random(20) < 1 end)
    service.clock:advance(random(SLOW))
  end
  faulty = false
  service.clock:advance(SLOW + 200) -- what is late is there, locks are over
  local open = 0
  processes.run(service.clock, { function()
    local client = support.over(service.world, options)
    for _, row in ipairs(options.journal and client:recover() or {}) do
      open = open + (#service.list > 0 and row.outcome == "unknown" and 1
                     or 0)
    end
    client:close()
  end })
  local made = #service.list
  processes.run(service.clock, { ask })
  service.clock:advance(3700) -- what nobody knew is settled
  processes.run(service.clock, { ask })
  return { made = made, made_at_last = #service.list, open = open,
           last = outcomes[#outcomes], outcomes = outcomes }
end

describe("random faults", function()
  it("make one reissue of one wish", function()
    local lost, found = 0, 0
    for seed = 1, SEQUENCES do
      local said = " with seed " .. seed
      local result = sequence(seed)
      assert.is_true(result.made <= 1, result.made .. " made" .. said)
      assert.are.equal(1, result.made_at_last, "at last" .. said)
      assert.are.equal(0, result.open, "left open" .. said)
      assert.is_table(result.last[1], tostring(result.last[2]) .. said)
      for _, outcome in ipairs(result.outcomes) do
        local info = outcome[2]
        lost = lost + (info.kind == "unknown" and 1 or 0)
        found = found + ((info.recovered or info.existed) and 1 or 0)
      end
    end
    assert.is_true(lost > 0)
    assert.is_true(found > 0)
  end)
end)
