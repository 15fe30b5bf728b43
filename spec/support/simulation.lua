-- A simulation of everything that may happen to orders: scenarios of a few
-- processes with clients of their own, accounts, a journal and a store between
-- them, and a service that answers late, oddly or not at all. What the calls
-- tell is held against what the service has:
--
--   twice    stored more than once for one wish
--   lost     stored, told "not_placed"
--   phantom  told as placed, and nothing is stored
--   wrong    told the id of another order
--   raised   an error thrown in place of an outcome
--
-- A wish is one call of place_order, or a name of an account for ensure_order
-- and renew, by however many calls.

local certcentral = require "certcentral"
local journals = require "certcentral.journal"
local judge = require "support.simulated_judge"
local orders = require "support.orders"
local service = require "support.simulated_service"
local stores = require "support.simulated_store"
local worlds = require "support.simulated_time"

local simulation = {}

local YEAR_2000 = 946684800
local SETTLE = 3600
local ACCOUNTS = { "canary-key-A", "canary-key-B" }

-- ---- calls -----------------------------------------------------------------

-- Begins a call: its wish, and what the judge needs.
local function begin(self, process, way, name, common_name)
  local call = { way = way, name = name, common_name = common_name,
    account = process.account, process = process, began = self.world.now,
    host_began = process.time() }
  self.calls[#self.calls + 1] = call
  process.calls[name or false] = call
  return call
end

local function order_of(call)
  local order = orders.minimal()
  order.certificate.common_name = call.common_name
  order.alternative_order_id = call.name
  return order
end

local function finish(self, call, result, info)
  call.ended, call.host_ended = self.world.now, call.process.time()
  if result then
    call.told, call.id = "placed", result.id
    call.existed, call.recovered = info.existed, info.recovered
  else
    call.told = info.outcome or "unknown"
    call.kind, call.message = info.kind, tostring(info)
  end
end

local function raised(self, call, message)
  call.ended, call.host_ended = self.world.now, call.process.time()
  call.told, call.message = "raised", tostring(message)
end

-- Runs f, which makes the call.
local function run(self, call, f, ...)
  local ok, result, info = pcall(f, ...)
  if ok then
    finish(self, call, result, info)
  else
    raised(self, call, result)
  end
end

-- ---- wishes ----------------------------------------------------------------

-- The name of a new order, which other orders may have had before it.
local function new_name(self, process)
  self.names = self.names + 1
  local name = ("job-%d"):format(self.names)
  local host = name .. ".example.com"
  if not self.service.unique and self.world:chance(0.2) then
    for _ = 1, self.world:of { 1, 3, 11, 14 } do
      self.service:add_old(process.account, name, host,
        self.world:chance(0.2) and self.service:a_live_status() or nil)
    end
  end
  return name, host
end

local OPTIONS = orders.options()

local function pause(self, process, seconds)
  process:wait(self.world:random() * seconds)
end

-- ---- ways to order ---------------------------------------------------------

local ways = {}

function ways.place(self, process, client)
  for _ = 1, self.world:below(4) do
    local name, host = new_name(self, process)
    local nameless = self.world:chance(0.05)
    local call = begin(self, process, "place", not nameless and name or nil,
                       host)
    run(self, call, client.place_order, client, order_of(call),
        orders.options { once = not nameless })
    pause(self, process, 5)
  end
end

-- So many calls for one place_orders or queue; a name may come twice, which
-- is one wish of two tickets.
local function batch(self, process, way)
  local list = {}
  for i = 1, 1 + self.world:below(5) do
    local name, host = new_name(self, process)
    list[i] = begin(self, process, way, name, host)
  end
  if self.world:chance(0.3) then
    local call = list[#list]
    call.twin = { way = way, name = call.name, twin_of = call,
      common_name = call.common_name, account = call.account,
      process = process, began = call.began, host_began = call.host_began }
    self.calls[#self.calls + 1] = call.twin
    list[#list + 1] = call.twin
  end
  return list
end

function ways.place_orders(self, process, client)
  local list, tables = batch(self, process, "place_orders"), {}
  for i, call in ipairs(list) do
    tables[i] = order_of(call)
  end
  local ok, outcomes = pcall(client.place_orders, client, tables,
    orders.options { validate_first = false, progress = false,
                     concurrency = self.world:below(4) })
  for i, call in ipairs(list) do
    local outcome = ok and outcomes[i]
    if outcome then
      finish(self, call, outcome.result, outcome.info or outcome.err)
    else
      raised(self, call, outcomes)
    end
  end
end

-- Steps until all is done.
local function drive(process, queue, meanwhile)
  while queue:step(0) > 0 do
    process:wait(math.max(0.05, math.min(queue:next_timeout() or 0, 5)))
    if meanwhile then
      meanwhile()
    end
  end
end

function ways.queue(self, process, client)
  local queue = client:queue { concurrency = self.world:below(4) }
  local tickets = {}
  for _, call in ipairs(batch(self, process, "queue")) do
    local ok, ticket = pcall(queue.add, queue, order_of(call), OPTIONS,
      function(outcome)
        finish(self, call, outcome.result, outcome.info or outcome.err)
      end)
    if ok then
      tickets[#tickets + 1] = { ticket, call }
    else
      raised(self, call, ticket)
    end
  end
  drive(process, queue, function()
    if self.world:chance(0.05) then
      local ticket, call = (table.unpack or unpack)(self.world:of(tickets))
      call.cancelled = queue:cancel(ticket)
    end
  end)
  queue:close()
end

function ways.await(self, process, client)
  local queue = client:queue { concurrency = self.world:below(4) }
  for _ = 1, self.world:below(4) do
    local name, host = new_name(self, process)
    local call = begin(self, process, "await", name, host)
    assert(coroutine.resume(coroutine.create(function()
      run(self, call, queue.await, queue, order_of(call), OPTIONS)
    end)))
  end
  drive(process, queue)
  queue:close()
end

-- Wishes that all processes of an account share.
function ways.ensure(self, process, client)
  for _ = 1, 2 + self.world:below(3) do
    local name = self.world:of(self.ensured)
    local other = self.world:chance(0.03)
    local call = begin(self, process, "ensure", name,
      (other and "other-" or "") .. name .. ".example.com")
    run(self, call, client.ensure_order, client, order_of(call), OPTIONS)
    pause(self, process, self.world:of { 0, 1, 30, 120 })
  end
end

function ways.renew(self, process, client)
  for _ = 1, 1 + self.world:below(2) do
    local old = self.world:of(self.expiring[process.account])
    local call = begin(self, process, "renew", "renewalOf" .. old.id,
                       old.common_name)
    run(self, call, client.renew, client, old.id, nil, OPTIONS)
    pause(self, process, self.world:of { 0, 1, 30, 120 })
  end
end

local function recover(self, process, client)
  local ok, list, err = pcall(client.recover, client)
  local told = { process = process, account = process.account, list = list,
                 err = err, at = self.world.now }
  if not ok then
    told.raised, told.list = tostring(list), nil
  end
  self.recovered[#self.recovered + 1] = told
end

function ways.recover(self, process, client)
  for _ = 1, 3 do
    recover(self, process, client)
    pause(self, process, 90)
  end
end

-- ---- processes -------------------------------------------------------------

local function open_journal(self)
  if self.journal_kind == "file" then
    return assert(journals.file(self.journal_path))
  end
  return self.journal
end

-- A client for a process; the process's own clock may be wrong.
local function client_for(self, process)
  local world = self.world
  local wrong = world:chance(0.1) and YEAR_2000 - orders.NOW or 0
  process.calls, process.account = {}, world:of(self.accounts)
  process.time = function() return world.start + world.now + wrong end
  process.wrong = wrong ~= 0
  return assert(certcentral.new {
    api_key = process.account, rate = false, retry = { base = 0.5, cap = 5 },
    journal = open_journal(self), store = stores.of(self, process),
    unique_ids = self.service.unique or nil,
    deadline = world:of { 15, 120, 120 }, recover_for = world:of { 10, 60 },
    transport = {
      perform = self.service:transport(process), time = process.time,
      clock = function() return world.now end,
      sleep = function(seconds) process:wait(seconds) end,
      random = function() return world:random() end,
    },
  })
end

-- A process that uses its client in one way, and may be killed while it does.
local function start(self, way, seconds)
  local started = self.world:spawn(seconds, function(process)
    local client = client_for(self, process)
    self.clients[#self.clients + 1] = client -- what is killed closes nothing
    ways[way](self, process, client)
    client:close()
  end)
  started.way = way
  if self.world:chance(0.15) then
    self.world:after(seconds + self.world:random() * 60, function()
      if started:crash() then
        stores.crashed(self, started)
        started.crashed_at = self.world.now
      end
    end)
  end
end

-- Some byte of some line becomes another, or the last line is torn.
local function damage(self)
  local file = io.open(self.journal_path, "rb")
  local text = file and file:read("*a") or ""
  if file then
    file:close()
  end
  if #text < 2 then
    return -- nothing is written yet
  end
  local at = self.world:below(#text - 1)
  if self.world:chance(0.2) then
    text = text:sub(1, #text - self.world:below(20))
  elseif text:sub(at, at) ~= "\n" then
    text = text:sub(1, at - 1) .. string.char(self.world:below(90) + 33)
      .. text:sub(at + 1)
  end
  file = assert(io.open(self.journal_path, "wb"))
  assert(file:write(text))
  file:close()
  self.damaged = true
end

-- ---- scenarios -------------------------------------------------------------

local WAYS = { "place", "place_orders", "queue", "await" }

local function start_processes(self)
  local world = self.world
  local at = world:random() * 10
  for _ = 1, 2 + world:below(3) do -- often at the same instant
    start(self, world:of { "ensure", "renew" },
          world:chance(0.5) and at or world:random() * 100)
  end
  for _ = 1, world:below(3) do
    start(self, world:of(WAYS), world:random() * 60)
  end
  if self.journal_kind ~= "none" then
    start(self, "recover", world:random() * 200)
    start(self, "ensure", SETTLE + 400)
    start(self, "recover", SETTLE + 900 + world:random() * 1000)
  end
  if self.journal_kind == "file" and world:chance(0.4) then
    for _ = 1, world:below(3) do
      world:after(world:random() * 300, function() damage(self) end)
    end
  end
end

-- Orders that end soon, each with a name to renew it under; names that are
-- ensured, some of which have had orders.
local function fill(self)
  local world, box = self.world, self.service
  self.expiring, self.ensured = {}, {}
  for _, account in ipairs(ACCOUNTS) do
    self.expiring[account] = {}
    for i = 1, 2 do
      self.expiring[account][i] = box:add_old(account, nil,
        ("old-%d.example.com"):format(i), "issued")
    end
  end
  for i = 1, 3 do
    local name = ("site-%d"):format(i)
    self.ensured[i] = name
    if not box.unique and world:chance(0.3) then
      for _ = 1, world:of { 1, 11, 12 } do
        box:add_old(ACCOUNTS[1], name, name .. ".example.com")
      end
    end
    if not box.unique and world:chance(0.15) then
      box:add_old(ACCOUNTS[1], name, name .. ".example.com",
                  box:a_live_status())
    end
  end
end

local function new_scenario(seed, directory)
  local world = worlds.new(seed, orders.NOW)
  world:random()
  local self = { seed = seed, world = world, calls = {}, recovered = {},
    clients = {}, names = 0, directory = ("%s/%d"):format(directory, seed) }
  self.accounts = world:chance(0.3) and ACCOUNTS or { ACCOUNTS[1] }
  self.journal_kind = world:of { "none", "memory", "memory", "file" }
  self.journal_path = self.directory .. "-journal"
  self.journal = self.journal_kind == "memory" and journals.memory() or nil
  self.store_kind = stores.some(world)
  self.service = service.new(world, {
    faults = world:of { 0, 0.1, 0.3 }, lag = world:of { 0, 2, 30 },
    unique = self.journal_kind ~= "none" and world:chance(0.1) })
  return self
end

--- Runs the scenario of a seed; returns it, with its `sums` and `faults`.
-- Files that it needs are in `directory`.
function simulation.scenario(seed, directory)
  local self = new_scenario(seed, directory)
  fill(self)
  start_processes(self)
  repeat until not self.world:step()
  judge.scenario(self)
  return self
end

--- Runs scenarios from `seed` until they have made `count` orders.
-- @return the sums of all, and a list of lines that tell each fault
function simulation.run(seed, count, directory)
  local sums, faults = judge.new_sums(), {}
  while sums.orders < count do
    local scenario = simulation.scenario(seed, directory)
    for name, number in pairs(scenario.sums) do
      sums[name] = sums[name] + number
    end
    for _, line in ipairs(scenario.faults) do
      faults[#faults + 1] = line
    end
    sums.scenarios, seed = sums.scenarios + 1, seed + 1
  end
  return sums, faults
end

return simulation
