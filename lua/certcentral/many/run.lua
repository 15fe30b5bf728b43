--- What runs in a queue: the policies of its orders, each in a coroutine, and
-- the world that they see. queue.lua has what a caller sees, and the members
-- of a queue.

local core = require "certcentral.core"
local entries = require "certcentral.journal.entries"
local errors = require "certcentral.error"
local pcall = require "certcentral.pcall"
local policy = require "certcentral.client.policy"

local queue_run = {}

local max, min = math.max, math.min

local SLICE = 0.002 -- seconds of work in a step that may not wait
local GROUP = 16     -- requests

-- What a policy yields with: this, and "transfer" and an id, "sleep" or "rate"
-- and seconds, "note" and an entry for the journal. And what it yields with at
-- its end: its coroutine is used again.
local YIELD, OVER = {}, {}

-- ---- the world of a queue ------------------------------------------------

local function open_multi(self)
  if not self.multi then
    local multi, message = self.client.wire:multi(self.concurrency)
    if not multi then
      return nil, { sent = "no", config = true, message = message }
    end
    self.multi = multi
    self:arm()
  end
  return self.multi
end

local function exchange(self, ...)
  local client, ticket = self.client, self.current
  ticket.state = "sending"
  if client.custom then
    return client:_exchange(...)
  end
  local multi, failure = open_multi(self)
  if not multi then
    return nil, failure
  end
  local id
  id, failure = multi:add(client:_request(...))
  if not id then
    return nil, failure
  end
  return client:_explained(coroutine.yield(YIELD, "transfer", id))
end

-- A journal of this package's own as the policies of a queue see it: what they
-- note within a step is written together. nil for another journal.
local function noting(self, journal)
  if not journal or not entries.is_own(journal) then
    return nil
  end
  local own = setmetatable({}, { __index = journal })
  function own.write(_, entry, wait)
    if not self.current.call.cancelled then
      local ok, message = coroutine.yield(YIELD, "note", entry)
      if ok ~= false then
        return ok, message
      end
    end
    -- the queue may have left its journal to another process
    local now = self.view.journal == own and journal or self.view.journal
    return now:write(entry, wait)
  end
  return own
end

--- The client as the policies of a queue see it.
function queue_run.view(self, client)
  local world = {}
  for name, f in pairs(client.world) do
    world[name] = f
  end
  function world.sleep(seconds, reason)
    local ticket, rate = self.current, reason == "rate"
    ticket.state = rate and "rate" or "waiting"
    -- one that is not patient has a deadline, which the line does not know
    coroutine.yield(YIELD, rate and ticket.call:is_patient() and "rate" or
                           "sleep", seconds)
  end
  return setmetatable({
    world = world, patient = true, journal = noting(self, client.journal),
    _exchange = function(_, ...) return exchange(self, ...) end,
  }, { __index = client })
end

-- ---- outcomes ------------------------------------------------------------

-- Calls the caller's function; what it raises must not cost an order. The
-- first such error is kept and raised when all is in order again.
local function tell(self, f, ...)
  local ok, message = pcall(f, ...)
  if not ok and not self.problem then
    self.problem = { message }
  end
end

local function wake_waiter(self, ticket)
  local waiter = ticket.waiter -- itself, it forgets that it waits
  if waiter and coroutine.status(waiter) == "suspended" then
    local ok, message = coroutine.resume(waiter)
    -- nginx's leaves `ok` out where coroutine.wrap has made the waiter
    if ok == false and not self.problem then
      self.problem = { message }
    end
  end
end

local function call_back(ticket)
  local callback = ticket.callback
  ticket.callback = nil
  callback(ticket.result, ticket)
end

-- Gives a ticket its outcome. It is live until all of that is done: where
-- something raises on the way, `rescue` does what is left.
local function finish(self, ticket, outcome)
  ticket.result = ticket.result or outcome
  ticket.state = "done"
  if ticket.unique and self.names[ticket.name] == ticket then
    self.names[ticket.name] = nil
  end
  ticket.ready, ticket.call, ticket.thread = nil, nil, nil
  if not ticket.counted then
    ticket.counted = true
    self.left, self.finished = self.left - 1, self.finished + 1
  end
  if ticket.callback and not self.quiet then
    tell(self, call_back, ticket)
  end
  if not self.quiet then
    wake_waiter(self, ticket)
  end
  self.live[ticket] = nil
  queue_run.look_at_process(self) -- that was code of the caller's
end

local function failed(err)
  return { ok = false, err = errors.of_order(err) }
end

queue_run.finish, queue_run.failed, queue_run.tell = finish, failed, tell

-- A policy that raised or yielded of its own: what it did is not known.
local function broken(self, ticket, message)
  return failed(errors.new("unknown",
    "the order may or may not have been placed: the call was interrupted: "
    .. core.printable(self.client.mask(tostring(message)), 300),
    { alternative_order_id = ticket.name }))
end

-- ---- running -------------------------------------------------------------

-- Runs one policy after the other. What it has done is not kept meanwhile.
local function work(ticket, view, call, ready)
  while true do
    local result, info = view._place(view, call, ready)
    ticket.over = true
    ticket, call, ready = nil, nil, nil -- luacheck: ignore 311
    ticket, view, call, ready = coroutine.yield(OVER, result, info)
  end
end

-- As coroutine.status; "dead" where the policy has come to its end.
local function status_of(ticket)
  return ticket.over and "dead" or coroutine.status(ticket.thread)
end

local resume, stop

-- A thread that is free; the end of its policy is known.
local function keep_thread(self, ticket)
  self.running = self.running - 1
  self.idle[#self.idle + 1] = ticket.thread
end

-- Takes what the thread yielded or returned.
local function after(self, ticket, ok, first, kind, value)
  if not ok then
    self.running = self.running - 1
    if errors.is_interruption(first) then
      self.problem = self.problem or { first } -- not the policy's
    end
    return finish(self, ticket, broken(self, ticket, first))
  elseif first == OVER then
    keep_thread(self, ticket)
    if kind then
      return finish(self, ticket, { ok = true, result = kind, info = value })
    end
    return finish(self, ticket, failed(value))
  elseif first ~= YIELD then
    self.running = self.running - 1
    return finish(self, ticket, broken(self, ticket, "it yielded"))
  elseif kind == "transfer" then
    ticket.transfer = value
    self.transfers[value] = ticket
    if ticket.call.cancelled then
      return stop(self, ticket, ticket.call.cancelled)
    end
  elseif kind == "note" then
    ticket.note = value
    self.notes[#self.notes + 1] = ticket
  elseif ticket.call.cancelled then
    return resume(self, ticket)
  else
    local time = self.client.world.clock() + value
    if kind == "rate" then
      self.waiting:line_up(ticket, time)
    else
      self.waiting:add(ticket, time)
    end
  end
end

function resume(self, ticket, ...)
  local before = self.current
  self.current = ticket
  after(self, ticket, coroutine.resume(ticket.thread, ...))
  self.current = before
end

-- Writes what the policies have noted, and goes on with them; where another
-- process writes, each waits for it. One that was given up meanwhile has
-- written its own.
local function write_notes(self)
  local tickets, list, journal = self.notes, {}, self.client.journal
  if not tickets[1] then
    return
  end
  for _, ticket in ipairs(tickets) do
    list[#list + 1] = ticket.note
  end
  local tried, ok, message = errors.try(journal._write_all, journal, list)
  if not tried then
    ok, message = nil, errors.told(ok)
  end
  self.notes = {}
  for _, ticket in ipairs(tickets) do
    if ticket.note then
      ticket.note = nil
      resume(self, ticket, ok, message)
    end
  end
end

local function drop_first(self)
  self.queued[self.first] = nil
  self.first = self.first + 1
end

-- The oldest order that has not begun, or nil. It stays where it is.
local function next_queued(self)
  while self.first <= self.last do
    local ticket = self.queued[self.first]
    if ticket and ticket.state == "queued" and not ticket.result then
      return ticket
    end
    drop_first(self)
  end
end

-- What needs memory comes first: where there is none, the order is still
-- queued. Its state comes before the list: what is in no list and has begun
-- is found by `rescue`.
local function begin(self, ticket)
  local ready, view = ticket.ready, self.view
  ticket.call = policy.call(view, ticket.name)
  local idle = self.idle
  ticket.thread = idle[#idle] or coroutine.create(work)
  idle[#idle] = nil
  ticket.state = "sending"
  drop_first(self)
  self.running = self.running + 1
  resume(self, ticket, ticket, view, ticket.call, ready)
end

local function begin_queued(self, over)
  while self.running < self.concurrency and not self.closed do
    local ticket = next_queued(self)
    if not ticket then
      return
    end
    begin(self, ticket)
    if over() then
      return
    end
  end
end

local function wake(self, over)
  local now = self.client.world.clock()
  local ticket = self.waiting:take(now)
  while ticket do
    resume(self, ticket)
    if over() then
      return
    end
    ticket = self.waiting:take(now)
  end
end

-- Adds what the network gave to the results. Where memory runs out on the
-- way, the rest is added the next time.
local function keep_results(self)
  local batch, results = self.batch, self.results
  while batch do
    local result = batch[self.batch_at]
    if not result then
      self.batch = false
      return
    end
    results[results.last + 1] = result
    results.last = results.last + 1
    self.batch_at = self.batch_at + 1
  end
end

-- Asks the network, and waits so long for it.
local function exchange_all(self, seconds)
  keep_results(self)
  local batch = {} -- ours before it is filled: a hook may raise at any time
  self.batch_at, self.batch = 1, batch
  self.multi:step(seconds, batch)
  keep_results(self)
end

-- Goes on with the orders whose exchange has ended, and begins others in
-- their place. The requests leave in small groups: one that is ready does
-- not wait until all the others are.
local function take_results(self, over)
  local results, taken = self.results, 0
  while results.first <= results.last do
    local result = results[results.first]
    local ticket = result and self.transfers[result.id]
    if ticket then
      self.transfers[result.id], ticket.transfer = nil, nil
    end
    results[results.first] = nil
    results.first = results.first + 1
    if ticket then
      resume(self, ticket, result.response, result.failure)
      begin_queued(self, over)
      taken = taken + 1
    end
    if over() then
      return
    elseif taken % GROUP == 0 then
      write_notes(self)
      if next(self.transfers) then
        exchange_all(self, 0)
      end
    end
  end
end

local function may_begin(self)
  return self.running < self.concurrency and self.left > self.running
end

--- Seconds until there is something to do; infinite where only a transfer's
-- sockets can tell.
function queue_run.seconds_to_next(self)
  if self.results.first <= self.results.last or may_begin(self) or
     self.notes[1] then
    return 0
  end
  return max(0, self.waiting:time() - self.client.world.clock())
end

-- Lets the network have its turn, and waits so long for it.
local function wait(self, seconds)
  if next(self.transfers) then
    exchange_all(self, min(seconds, 1e6))
  elseif seconds > 0 and seconds < math.huge then
    self.client.world.sleep(seconds)
  end
end

local LOST = "out of memory while it was in progress"

-- Ends an order that nothing would go on with: its call was interrupted, or
-- what it waits for was not noted, or it has an outcome already.
local function rescue_one(self, ticket)
  if ticket.note and not ticket.result then
    self.notes[#self.notes + 1] = ticket
    return
  end
  local id, status = ticket.transfer, status_of(ticket)
  if status == "dead" or status == "suspended" and (ticket.result or
     not self.waiting.set[ticket] and
     not (id and self.transfers[id] == ticket)) then
    queue_run.give_up(self, ticket, LOST)
  end
end

-- Forgets the orders that an `add` that was interrupted has left behind.
local function forget_unlisted(self)
  local listed = {}
  for i = self.first, self.last do
    listed[self.queued[i] or false] = true
  end
  for _, ticket in ipairs(queue_run.live(self)) do
    if ticket.state == "queued" and not listed[ticket] then
      self.live[ticket] = nil
      if ticket.unique and self.names[ticket.name] == ticket then
        self.names[ticket.name] = nil
      end
    end
  end
end

-- The orders that are in no list: those that have begun; those that have their
-- outcome, but not everything that follows; and how many there are in all.
local function survey(self)
  local begun, done, left = {}, {}, 0
  for ticket in pairs(self.live) do
    left = left + (ticket.counted and 0 or 1)
    if ticket.state == "done" or ticket.result and not ticket.thread then
      done[#done + 1] = ticket
    elseif ticket.state ~= "queued" then
      begun[#begun + 1] = ticket
    end
  end
  return begun, done, left
end

-- After a call that did not come to its end, as when memory runs out or a hook
-- raises: sees to it that every order still gets its outcome.
local function rescue(self)
  forget_unlisted(self)
  self.waiting:rebuild()
  self.notes = {}
  local begun, done, left = survey(self)
  self.current, self.running, self.left = nil, #begun, left
  for _, ticket in ipairs(done) do
    finish(self, ticket)
  end
  for _, ticket in ipairs(begun) do
    if ticket.state ~= "done" then
      rescue_one(self, ticket)
    end
  end
  self.running = #(survey(self))
  self.upset = false
end

--- A step of a queue.
function queue_run.step(self, timeout)
  if self.upset then
    rescue(self)
  end
  local clock, began = self.client.world.clock, core.clock()
  local ends, before = clock() + timeout, self.finished
  local function over()
    return self.closed or
           -- a transport that blocks has taken its time
           self.client.custom and self.finished > before or
           timeout == 0 and core.clock() - began >= SLICE
  end
  repeat
    take_results(self, over)
    wake(self, over)
    begin_queued(self, over)
    write_notes(self)
    local done = self.closed or self.left == 0 or self.finished > before
    if self.closed or self.left == 0 then
      break
    end
    wait(self, done and 0 or
         max(0, min(queue_run.seconds_to_next(self), ends - clock())))
    take_results(self, over)
    write_notes(self)
  until self.finished > before or self.left == 0 or self.closed or
        clock() >= ends
end

-- ---- giving up -----------------------------------------------------------

local GIVEN_UP = "it was abandoned"

-- What became of an exchange that is given up: its response, or nil and its
-- failure.
local function take_transfer(self, id, why)
  for i = self.results.first, self.results.last do
    if self.results[i].id == id then
      return self.results[i].response, self.results[i].failure
    end
  end
  -- a multi that the collector has closed before us knows nothing
  local ok, sent = pcall(self.multi.cancel, self.multi, id)
  return nil, { sent = ok and sent or "maybe", message = why }
end

-- Runs the policy of an order to its end, which it reaches without waiting:
-- its call is cancelled.
function stop(self, ticket, why)
  local id, note = ticket.transfer, ticket.note
  if note then
    ticket.note = nil
    return resume(self, ticket, false) -- it is written at once
  end
  if self.waiting.set[ticket] then
    self.waiting:remove(ticket)
    return resume(self, ticket)
  end
  local response, failure = nil, { sent = "maybe", message = why }
  if id then
    response, failure = take_transfer(self, id, why)
    self.transfers[id], ticket.transfer = nil, nil
  end
  resume(self, ticket, response, failure)
end

--- The orders that have no outcome yet.
function queue_run.live(self)
  local live = {}
  for ticket in pairs(self.live) do
    live[#live + 1] = ticket
  end
  return live
end

--- Ends an order, whatever it is at.
-- @param why in words, for its outcome
function queue_run.give_up(self, ticket, why)
  why = why or GIVEN_UP
  if ticket.state == "queued" then
    finish(self, ticket, failed(errors.new("unavailable",
      "the order was not sent: " .. why,
      { alternative_order_id = ticket.name })))
    return
  end
  ticket.call:cancel(why)
  local status = status_of(ticket)
  if status == "suspended" then
    stop(self, ticket, why)
  elseif status == "dead" then
    finish(self, ticket, broken(self, ticket, why))
  end
end

-- An order that is open in a journal is looked up by client:recover().
queue_run.NO_JOURNAL = { write = function() return true end }

--- Leaves the orders of a queue to the process that made it: one that is
-- forked from it has copies, and would send them again, or say in the journal
-- that they were not sent.
function queue_run.look_at_process(self)
  local view, process = self.view, core.process()
  if process == self.process then
    return
  end
  view.journal = self.client.journal and queue_run.NO_JOURNAL or nil
  view.on_event = false
  local live = queue_run.live(self)
  for _, ticket in ipairs(live) do
    ticket.result = ticket.result or failed(errors.new("unknown", "the order "
      .. "may or may not have been placed: it is left to the process that this "
      .. "one was forked from", { alternative_order_id = ticket.name }))
  end
  self.unfinished, self.process = true, process
  for _, ticket in ipairs(live) do
    if ticket.state ~= "done" then
      queue_run.tell(self, queue_run.give_up, self, ticket)
    end
  end
  view.journal, view.on_event = nil, nil
end

-- Loops that a finalizer comes to: see interpreted.lua.
require "certcentral.interpreted"(queue_run.live, queue_run.look_at_process)

return queue_run
