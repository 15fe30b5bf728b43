--- Waiting for an order to be issued.

local arguments = require "certcentral.arguments"
local errors = require "certcentral.error"
local orders = require "certcentral.orders"

local wait = {}

local FIRST, GROWTH, CAP = 5, 1.5, 300 -- seconds between two looks
local TIMEOUT = 3600

local OVER = { rejected = true, canceled = true, cancelled = true,
               revoked = true, expired = true }
local OPEN = { pending = true, needs_approval = true, processing = true,
               needs_csr = true, reissue_pending = true,
               waiting_pickup = true, approved = true }

local function state_of(order)
  local status = order.status
  return type(status) == "string" and status:lower() or "without a status"
end

--- Whether an order has its certificate. The older API says "approved".
function wait.is_issued(order)
  local state, certificate = state_of(order), order.certificate
  return state == "issued" or state == "approved" and
         type(certificate) == "table" and certificate.id ~= nil and
         certificate.valid_till ~= nil
end

--- Whether an order is over: it will never be issued (again).
function wait.is_over(order)
  return OVER[state_of(order)] == true
end

--- The error of an order that is not, or not yet, issued.
-- @param kind "refused" for good, "unavailable" for now
function wait.not_issued(kind, order, said)
  local err = errors.new(kind, ("order %d is %s%s"):format(order.id,
    state_of(order), said or ""), { order_status = state_of(order),
                                     order_id = order.id })
  err.outcome = nil -- the order is there
  return err
end

-- Tells of a status that is new.
local function report(self, call, watch, order)
  local state = state_of(order)
  if state == watch.state then
    return
  end
  watch.state = state
  call:emit { event = "status", order_id = order.id, status = state,
              known = OPEN[state] or OVER[state] or wait.is_issued(order)
                      or false }
  if watch.on_status and not self.closed then
    watch.on_status(state, order)
  end
end

-- One look: "again", or what wait() returns.
local function look(self, watch)
  local call = arguments.call(self)
  local now = self.world.clock()
  call.ends = math.min(call.ends, math.max(watch.ends, now + self.timeout))
  local order, err = orders.read(call, watch.id)
  watch.order, watch.err = order or watch.order, err
  if not order then
    if err.retryable then
      watch.interval = math.max(watch.interval, err.retry_after or 0)
      return "again"
    end
    return nil, err
  end
  report(self, call, watch, order)
  if wait.is_issued(order) then
    return order
  elseif wait.is_over(order) then
    return nil, wait.not_issued("refused", order)
  end
  return "again"
end

local function too_late(watch, timeout)
  if watch.err then
    return nil, watch.err
  end
  return nil, wait.not_issued("unavailable", watch.order,
    (" still, after %s seconds"):format(("%.3f"):format(timeout)
      :gsub("%.?0+$", "")))
end

local function seconds(value)
  if type(value) ~= "number" or not (value >= 0 and value < 1e9) then
    return "number of seconds from 0"
  end
end

--- Waits until an order is issued, and looks at growing intervals. Where the
-- client's world waits without blocking, so does this.
-- @param options timeout: seconds (default 3600); on_status: a function that
--   gets each new status, and the order
-- @return the order; or nil, err: "refused" with err.order_status where it
--   was rejected, canceled, revoked or has expired, "unavailable" where the
--   time is over
function wait.wait(self, id, options)
  id = arguments.id(id, "order", "wait")
  options = arguments.options(options, { timeout = seconds,
                                         on_status = "function" }, "wait")
  local timeout = options.timeout or TIMEOUT
  local clock = self.world.clock
  local watch = { id = id, ends = clock() + timeout, interval = FIRST,
                  on_status = options.on_status }
  while true do
    local order, err = look(self, watch)
    if order ~= "again" then
      return order, err
    end
    local left = watch.ends - clock()
    if left <= 0 then
      return too_late(watch, timeout)
    end
    self.world.sleep(math.min(watch.interval, left))
    watch.interval = math.min(watch.interval * GROWTH, CAP)
  end
end

return wait
