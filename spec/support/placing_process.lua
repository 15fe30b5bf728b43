-- A process that places orders and may be killed while it does:
--
--   ensure JOURNAL BASE_URL CA_FILE KEY LAST [FROM STEPS]
--     recovers from the journal, then ensures the orders job-1 to job-LAST
--     that the journal does not know as placed; prints how many orders were
--     open, how many of them were found, and how many are left. It kills
--     itself so many steps of the interpreter after its "start", after it is
--     "ready", having recovered, or after an "intent" was written: not after
--     a time, which would be another place in the program on each machine.
--   place JOURNAL BASE_URL CA_FILE KEY COUNT
--     places so many orders, and prints their ids.

local certcentral = require "certcentral"
local journals = require "certcentral.journal"
local orders = require "support.orders"

local action, path, base_url, ca_file, key, count, from, steps =
  (table.unpack or unpack)(arg) -- luacheck: ignore

local journal = assert(journals.file(path))
local client = assert(certcentral.new {
  base_url = base_url, ca_file = ca_file, api_key = key, journal = journal,
  rate = false,
})
local actions = {}

-- The names of the orders that the journal knows as placed.
local function placed_names()
  local names, placed = {}, {}
  for _, line in ipairs((assert(journal:read()))) do
    if line.step == "intent" then
      names[line.entry] = line.alternative_order_id
    elseif line.outcome == "placed" then
      placed[names[line.entry]] = true
    end
  end
  return placed
end

local GRAIN = 100 -- steps between two looks

-- Where the command line has it so, this process ends STEPS steps from now.
local function die_after(place)
  if place ~= from then
    return
  end
  local left = tonumber(steps)
  if rawget(_G, "jit") then
    require("jit").off() -- compiled code calls no hook
  end
  debug.sethook(function()
    left = left - GRAIN
    if left <= 0 then
      os.execute("kill -KILL $PPID") -- the shell's parent is this process
    end
  end, "", GRAIN)
end

local write = journal.write
function journal.write(self, line, wait)
  local ok, message = write(self, line, wait)
  if line.step == "intent" then
    die_after("intent")
  end
  return ok, message
end

function actions.ensure()
  local open, found = assert(client:recover { settle = 0 }), 0
  for _, entry in ipairs(open) do
    found = found + (entry.outcome == "placed" and 1 or 0)
  end
  io.write(#open, " ", found, "\n")
  io.flush()
  local placed = placed_names()
  die_after("ready")
  for i = 1, tonumber(count) do
    local name = "job-" .. i
    if not placed[name] then
      assert(client:ensure_order(orders.with {
        alternative_order_id = name }))
    end
  end
  io.write("left ", #assert(journal:open_orders()), "\n")
end

function actions.place()
  for _ = 1, tonumber(count) do
    local result = assert(client:place_order(orders.minimal()))
    print(result.id)
  end
end

die_after("start")
actions[action]()
