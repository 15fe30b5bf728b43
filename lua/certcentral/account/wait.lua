--- Waiting for an order to be issued.

local arguments = require "certcentral.account.arguments"
local errors = require "certcentral.error"
local progress = require "certcentral.progress"
local status = require "certcentral.client.status"
local rules = require "certcentral.rules"
local run = require "certcentral.account.run"

local wait = {}

local FIRST, GROWTH, CAP = 5, 1.5, 300 -- seconds between two looks
local TIMEOUT, LONGEST = 3600, 30 * 86400 -- more are milliseconds

wait.TIMEOUT = TIMEOUT
local CALLS_MAX = 3 -- approvals that an error names

-- What waiting does not bring about: somebody has to do it.
local NEEDED = { needs_approval = "a person has to approve it",
                 needs_csr = "it has to be given a CSR" }

-- The calls that approve what an order waits for, as far as it says.
local function approvals(order)
  local calls = {}
  for _, request in ipairs(type(order.requests) == "table" and order.requests
                           or {}) do
    local id = type(request) == "table" and request.status == "pending" and
               rules.id(request.id)
    if id and #calls < CALLS_MAX then
      calls[#calls + 1] = ("client:approve(%d)"):format(id)
    end
  end
  return calls
end

-- What somebody has to do for an order, in words; nil where time may be
-- enough.
local function needed(order)
  local state = status.of(order)
  local calls = state == "needs_approval" and approvals(order) or {}
  return NEEDED[state] and NEEDED[state] .. (calls[1] and
    (", by %s or in CertCentral"):format(table.concat(calls, ", ")) or "")
end

wait.needed = needed

--- The error of an order that is not, or not yet, issued.
-- @param kind "refused" for good, "unavailable" for now
function wait.not_issued(kind, order, said)
  return errors.new(kind, ("order %d is %s%s"):format(order.id,
    status.of(order), said or ""), { order_status = status.of(order),
                                     order_id = order.id })
end

-- Tells of a status that is new.
local function report(self, call, watch, order)
  local state = status.of(order)
  if state == watch.state then
    return
  end
  watch.state = state
  call:emit { event = "status", order_id = order.id, status = state,
              known = status.is_known(order) }
  if watch.on_status and not self.closed then
    watch.on_status(state, order)
  end
end

-- One look: "again", or what wait() returns.
local function look(self, watch)
  local call = arguments.call(self)
  local now = self.world.clock()
  call.ends = math.min(call.ends, math.max(watch.ends, now + self.timeout))
  local order, err = run.within(call, "order", watch.id)
  watch.order, watch.err = order or watch.order, err
  if not order then
    if err.retryable then
      watch.interval = math.max(watch.interval, err.retry_after or 0)
      return "again"
    end
    return nil, err
  end
  report(self, call, watch, order)
  if status.is_issued(order) then
    return order
  elseif status.is_over(order) then
    return nil, wait.not_issued("refused", order)
  end
  return "again"
end

-- The error where the time is over. An order that waits for a person is no
-- matter of waiting longer.
local function too_late(watch, timeout)
  if watch.err then
    return nil, watch.err
  end
  local order = watch.order
  local what = needed(order)
  return nil, wait.not_issued(what and "refused" or "unavailable", order,
    (" still, after %s seconds%s"):format(("%.3f"):format(timeout)
      :gsub("%.?0+$", ""), what and ": " .. what or ""))
end

-- ---- the progress line ---------------------------------------------------

local function show(watch, format, ...)
  local last = format == nil
  if watch.write and not (last and not watch.shown) then
    local line = ("order %d is %s"):format(watch.id, watch.order and
      status.of(watch.order) or "not read yet")
    line = line .. (last and "" or format:format(...))
    watch.shown = true
    watch.write = pcall(watch.write, line, last) and watch.write
  end
end

local function show_wait(watch, now, timeout, pause)
  local what = watch.order and needed(watch.order)
  show(watch, "%s; %s of %s over, next look in %s", what and ": " .. what or
       "", progress.span(now - watch.began), progress.span(timeout),
       progress.span(pause))
end

local function seconds(value)
  if type(value) ~= "number" or not (value >= 0 and value <= LONGEST) then
    return ("non-negative number of seconds to %d"):format(LONGEST)
  end
end

-- Looks until there is something to return.
local function look_on(self, watch, timeout)
  local clock = self.world.clock
  while true do
    local order, err = look(self, watch)
    if order ~= "again" then
      return order, err
    end
    local now = clock()
    local left = watch.ends - now
    if left <= 0 then
      return too_late(watch, timeout)
    end
    local pause = math.min(watch.interval, left)
    show_wait(watch, now, timeout, pause)
    self.world.sleep(pause)
    watch.interval = math.min(watch.interval * GROWTH, CAP)
  end
end

--- Waits until an order is issued, and looks at growing intervals. Where the
-- client's world waits without blocking, so does this. The client's deadline
-- counts for each look, not for the wait.
-- @param options timeout: seconds (default 3600); on_status: a function that
--   gets each new status, and the order; progress: true for a line on
--   standard error where that is a terminal (the default), or a function that
--   gets the line, and true with the last one
-- @return the order; or nil, err: "refused" with err.order_status where it
--   was rejected, canceled, revoked or has expired, or where the time is over
--   and it waits for a person ("needs_approval", "needs_csr"); "unavailable"
--   where the time is over
function wait.wait(self, id, options)
  id = arguments.id(id, "order", "wait")
  options = arguments.options(options, { timeout = seconds,
    on_status = "function", progress = progress.rule }, "wait")
  local timeout, now = options.timeout or TIMEOUT, self.world.clock()
  local watch = { id = id, began = now, ends = now + timeout,
                  interval = FIRST, on_status = options.on_status,
                  write = progress.writer(options.progress ~= false and
                                          (options.progress or true)) }
  local order, err = look_on(self, watch, timeout)
  show(watch)
  return order, err
end

return wait
