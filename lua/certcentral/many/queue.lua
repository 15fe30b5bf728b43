--- Many orders at once, in one thread and without blocking it.
--
--   local queue = client:queue { concurrency = 8 }
--   local ticket = queue:add(order, options, function(outcome) ... end)
--   while queue:step(0.1) > 0 do ... end
--
-- Each order runs the policy that place_order runs, in a coroutine of its
-- own; only what takes time is another: it sends through curl's multi
-- interface, and where the policy waits, others go on. The rate budget and
-- the journal are the client's.
--
-- Over a transport of the caller's own each exchange blocks for as long as
-- that function does; back-off and rate budget do not.
--
-- An outcome is {ok =, result =, info =} or {ok = false, err =}, as
-- place_order returns them. Whatever happens, every order that was added
-- gets exactly one.

local calls = require "certcentral.calls"
local client_orders = require "certcentral.client.orders"
local core = require "certcentral.core"
local options_of = require "certcentral.options"
local pcall = require "certcentral.pcall"
local queue_run = require "certcentral.many.run"
local rules = require "certcentral.rules"
local waiting = require "certcentral.many.waiting"

local queue = {}

local finish, failed = queue_run.finish, queue_run.failed
local give_up = queue_run.give_up
local raise = options_of.raise

local MAIN = {} -- stands for the main thread, which Lua 5.1 has no name for
local CONCURRENCY, CONCURRENCY_MAX = 8, 1000

local methods = {}
local meta = { __index = methods, __name = "certcentral.queue" }

function meta.__tostring(self)
  return ("certcentral queue (%s)"):format(
    self.closed and "closed" or ("%d left"):format(self.left))
end

-- ---- tickets -------------------------------------------------------------

local ticket_methods = {}
local ticket_meta = { __index = ticket_methods,
                      __name = "certcentral.ticket" }

--- What the order is at: "queued", "sending", "rate" (waits for the rate
-- budget), "waiting" (before another attempt or look-up), "done".
function ticket_methods:status()
  return self.state
end

--- The outcome, or nil before there is one.
function ticket_methods:outcome()
  return self.result
end

function ticket_meta.__tostring(self)
  return ("certcentral ticket %s (%s)"):format(
    core.printable(tostring(self.name or "without a name"), 64), self.state)
end

-- ---- the caller's side ---------------------------------------------------

local function check_open(self, what)
  if self.closed then
    raise("'%s' on a closed queue: make another with client:queue()", what)
  end
  queue_run.look_at_process(self)
end

local function raise_problem(self)
  local problem = self.problem
  self.problem = nil
  if problem then
    error(problem[1], 0)
  end
end

local function is_seconds(value)
  return type(value) == "number" and value >= 0
end

-- Whether a step is in progress in the thread that is marked: what raises
-- wherever it likes (a hook, Ctrl-C) may leave a mark behind.
local function is_stepping(self)
  local thread, here = self.stepping, coroutine.running() or MAIN
  if not thread then
    return false
  elseif thread == MAIN and here ~= MAIN then
    return true -- Lua 5.1 has no way to look at its main thread
  end
  local level = 0
  while true do
    local info
    if thread == here then
      info = debug.getinfo(level + 1, "f")
    else
      info = debug.getinfo(thread, level, "f")
    end
    if not info or info.func == queue_run.step then
      return info ~= nil
    end
    level = level + 1
  end
end

-- The mark is made where the step runs: Lua 5.1 has a coroutine for it.
local function step(self, timeout)
  self.stepping = coroutine.running() or MAIN
  return queue_run.step(self, timeout)
end

--- Does what can be done, and returns as soon as an order has its outcome,
-- at the latest after `timeout` seconds. 0 never waits: not for the network,
-- a name server, a back-off or the rate budget. What a callback raised is
-- raised when all is in order.
-- @return how many orders have no outcome yet
function methods:step(timeout)
  if not is_seconds(timeout) then
    raise("bad argument #1 to 'step' (non-negative number of seconds expected, "
          .. "got %s)", type(timeout) == "number" and tostring(timeout) or
          timeout == nil and "no value" or type(timeout))
  end
  check_open(self, "step")
  if is_stepping(self) then
    raise("'step' within a step: from a callback of this queue")
  end
  self.upset = self.upset or self.unfinished
  self.unfinished = true -- until this step has come to its end
  local ok, message = pcall(step, self, timeout)
  self.stepping = false
  if not ok then
    error(message, 0)
  end
  self.unfinished = false
  raise_problem(self)
  return self.left
end

-- Notes a ticket everywhere, or nowhere where memory runs out.
local function enlist(self, ticket)
  local name = ticket.unique and ticket.name
  self.queued[self.last + 1] = ticket -- it counts once `last` is there
  if name then
    self.names[name] = ticket
  end
  local ok, message = pcall(rawset, self.live, ticket, true)
  if not ok then
    if name then
      self.names[name] = nil
    end
    error(message, 0)
  end
  self.last, self.left = self.last + 1, self.left + 1
  if ticket.result then -- it has an error
    finish(self, ticket)
  end
end

-- Does something outside of a step. What interrupts it leaves the rest to the
-- next step.
local function to_its_end(self, f, ...)
  local before = self.unfinished
  self.unfinished = true
  f(...)
  self.unfinished = before
end

--- Adds an order that is ready, or the error that it has.
function methods:_add(ready, err, callback)
  local ticket = setmetatable({ state = "queued", callback = callback,
                                queue = self, over = false }, ticket_meta)
  if ready then
    ticket.ready, ticket.name, ticket.unique = ready, ready.name, ready.once
    if ready.once and self.names[ready.name] then
      ticket.unique = false
      err = client_orders.name_taken(ready.name)
    end
  end
  ticket.result = err and failed(err) -- before it is listed: never sent
  to_its_end(self, enlist, self, ticket)
  return ticket
end

--- Adds an order. It is checked and written now: later changes of the table
-- do not matter. Where it has problems, the ticket is done at once.
-- @param order the order table
-- @param options as for place_order; may be left out
-- @param callback a function(outcome, ticket), called from `step`, `cancel`
--   and `close`, or from here for an order with problems; or nil
-- @return the ticket
function methods:add(order, options, callback)
  check_open(self, "add")
  if callback == nil and type(options) == "function" then
    options, callback = nil, options
  end
  if callback ~= nil and not rules.is_callable(callback) then
    raise("bad argument 'callback' to 'add' (function expected, got %s)",
          type(callback))
  end
  local ready, err = self.client:_ready(order, options, "add")
  local ticket = self:_add(ready, err, callback)
  if not self.stepping then
    raise_problem(self)
  end
  return ticket
end

--- For an event loop: what `step(0)` waits for.
-- @return list of { fd =, events = "r", "w" or "rw" }; it changes with each
--   call of another method
function methods:fds()
  check_open(self, "fds")
  return self.multi and next(self.transfers) and self.multi:fds() or {}
end

--- For an event loop: seconds until `step(0)` is due where none of the file
-- descriptors is ready before; nil where none is due.
function methods:next_timeout()
  check_open(self, "next_timeout")
  if self.left == 0 then
    return nil
  end
  local seconds = queue_run.seconds_to_next(self)
  if next(self.transfers) then
    seconds = math.min(seconds, self.multi:next_timeout() or math.huge)
  end
  return seconds < math.huge and seconds or nil
end

-- ---- giving up -----------------------------------------------------------

local is_jit

local function own_budget(budget)
  local budget_meta = debug.getmetatable(budget)
  return type(budget_meta) == "table" and
         tostring(rawget(budget_meta, "__name")):find("^certcentral%.budget")
         ~= nil
end

local function placed(ticket)
  local outcome = ticket.result
  if outcome == nil then
    return "maybe" -- given up from within: its policy is about to end
  elseif outcome.ok then
    return "yes"
  end
  return outcome.err.outcome == "not_placed" and "no" or "maybe"
end

--- Gives an order up. Where it may have been placed its outcome is
-- "unknown", in the journal too.
-- @return whether it is placed: "no" (certainly not, and it never will be),
--   "maybe" (nobody knows), "yes" (it was before)
function methods:cancel(ticket)
  check_open(self, "cancel")
  if type(ticket) ~= "table" or getmetatable(ticket) ~= ticket_meta or
     ticket.queue ~= self then
    raise("bad argument #1 to 'cancel' (ticket of this queue expected)")
  end
  if ticket.state ~= "done" then
    to_its_end(self, give_up, self, ticket)
  end
  if not self.stepping then
    raise_problem(self)
  end
  return placed(ticket)
end

-- From a finalizer no function of the caller's is called that an order does
-- not need; under LuaJIT none at all.
local function become_quiet(self)
  self.quiet, self.view.on_event = true, false
  local journal = self.client.journal
  if is_jit then
    local known = package.loaded["certcentral.journal.entries"]
    self.view.budget = own_budget(self.client.budget) and
                       self.client.budget or false
    self.view.journal = journal and not (known and known.is_own(journal))
                        and queue_run.NO_JOURNAL or nil
  end
end

-- Gives all orders up; once more where one was interrupted, or out of memory.
local function end_all(self)
  self.ending = true -- a callback may come to `_end`
  for _ = 1, 3 do
    for _, ticket in ipairs(queue_run.live(self)) do
      queue_run.tell(self, ticket.state == "done" and finish or give_up, self,
                     ticket)
    end
  end
end

-- Gives all orders up and closes; returns what a callback raised, or nil.
-- Where it was interrupted, the next call does the rest.
function methods:_end(quiet)
  if self.ended or self.ending then
    return nil
  elseif quiet then
    become_quiet(self)
  end
  self.closed = true
  queue_run.look_at_process(self)
  local ok, message
  ok, message, self.ending = pcall(end_all, self) -- ending: nil
  if not ok then
    error(message, 0)
  end
  if self.multi then
    self.multi:close()
  end
  self.ended, self.guard = true, nil
  self.client.queues[self] = nil
  local problem = self.problem
  self.problem = nil
  return problem and problem[1]
end

is_jit = require "certcentral.interpreted"(methods._end, end_all)

--- Gives up what is left, as `cancel` does, and closes the connections.
-- Never waits. Twice is fine. The client's own close and the garbage
-- collector do it too; the latter calls no callbacks, and under LuaJIT no
-- journal and no budget of the caller's own.
function methods:close()
  local problem = self:_end()
  if problem ~= nil then
    error(problem, 0)
  end
end

meta.__close = methods.close

-- A sentinel whose finalizer tells that the queue is garbage. It is made after
-- what it needs, so that it goes before that when the Lua state closes.
function methods:arm()
  local function gone(guard)
    if self.guard == guard then
      pcall(self._end, self, true) -- LuaJIT raises it wherever it happens
    end
  end
  local newproxy = rawget(_G, "newproxy") -- luacheck: ignore
  if newproxy then
    self.guard = newproxy(true)
    getmetatable(self.guard).__gc = gone
  else
    self.guard = setmetatable({}, { __gc = gone })
  end
end

-- ---- in a coroutine ------------------------------------------------------

--- Places an order from within a coroutine: yields until `step`, called from
-- elsewhere, has its outcome, and is resumed by it.
-- @return result, info; or nil, err: as place_order
function methods:await(order, options)
  local thread, is_main = coroutine.running()
  if not thread or is_main then
    raise("'await' outside a coroutine: use 'add' and 'step' there")
  end
  local ticket = self:add(order, options)
  while ticket.state ~= "done" do
    ticket.waiter = thread
    coroutine.yield(ticket)
    ticket.waiter = nil
  end
  local outcome = ticket.result
  if outcome.ok then
    return outcome.result, outcome.info
  end
  return nil, outcome.err
end

-- ---- making --------------------------------------------------------------

local function concurrency(value)
  if type(value) ~= "number" or value % 1 ~= 0 or value < 1 or
     value > CONCURRENCY_MAX then
    return ("integer from 1 to %d"):format(CONCURRENCY_MAX)
  end
end

queue.concurrency, queue.CONCURRENCY = concurrency, CONCURRENCY

--- Makes a queue of a client's.
-- @param options nil or { concurrency = how many orders are in progress at
--   once (default 8) }
function queue.new(client, options)
  options = options or {}
  options_of.check(options, { concurrency = concurrency }, "queue")
  if client.closed then
    raise("this client is closed")
  end
  local self = setmetatable({
    client = client, concurrency = options.concurrency or CONCURRENCY,
    process = core.process(),
    live = {},                          -- tickets without an outcome
    queued = {}, first = 1, last = 0,   -- those that have not begun
    transfers = {},                     -- id -> ticket
    waiting = waiting.new(), names = {},
    notes = {}, -- tickets whose policy waits for the journal
    idle = {}, -- coroutines whose policy has come to its end
    results = { first = 1, last = 0 }, -- exchanges that ended
    batch = false, batch_at = 1, -- of the network, on its way to results
    running = 0, left = 0, finished = 0,
    unfinished = false, -- a step has begun and not come to its end
    upset = false, -- so was the last one
  }, meta)
  self.view = queue_run.view(self, client)
  if not client.custom then
    client.wire:prepare() -- now: in a step it would take milliseconds
  end
  self:arm()
  client.queues[self] = true
  return self
end

calls.methods(meta, "queue", methods)
calls.methods(ticket_meta, "ticket", ticket_methods)

return queue
