--- Rate budgets: they keep clients under the limits of their API key.
--
-- A budget is a table or userdata with two functions, and any that has them
-- may be given to a client (in Redis, in shared memory, ...):
--
--   budget:take() -> 0 [, grant]  a request may be sent now. It counts as
--                                 in progress until it is done.
--                 -> seconds      above 0: ask again after so long.
--   budget:done([grant])          a request that was let go has ended: it was
--                                 answered, failed or timed out. `grant` is
--                                 what `take` gave with its 0, if anything.
--
-- `take` never sleeps, and promises nothing to who asks again.
--
-- The client's clock sees when a request leaves, the server counts when it
-- arrives: at some time before it ended. So a request holds its slot of each
-- window while it is in progress and `seconds` of the window after its end.

local options_of = require "certcentral.options"
local rules = require "certcentral.rules"

local budget = {}

local max, min = math.max, math.min

-- CertCentral's limits, for each API key.
local USUAL = { { requests = 100, seconds = 5 },
                { requests = 1000, seconds = 180 } }

-- A slot is held a little longer than its window. MARGIN, in seconds: timers
-- and clocks of a millisecond's grain, at both ends. DRIFT, in seconds for
-- each second: two clocks that are kept right by NTP differ by so much.
local MARGIN = 0.02
local DRIFT = 0.0005

local SHORTEST = 0.001 -- seconds: a wait that each clock and timer can see
local REQUESTS_MAX = 10000 -- of one window: each takes memory
local SECONDS_MAX = 1e6

local function hold_of(row)
  return row.seconds * (1 + DRIFT) + MARGIN
end

-- ---- what may be given ---------------------------------------------------

local SHAPE = "list of {requests = , seconds = }"

local function row_problem(row)
  if type(row) ~= "table" then
    return SHAPE
  end
  for name in next, row do
    if name ~= "requests" and name ~= "seconds" then
      return SHAPE
    end
  end
  local requests, seconds = rawget(row, "requests"), rawget(row, "seconds")
  if type(requests) ~= "number" or requests % 1 ~= 0 or
     not (requests >= 1 and requests <= REQUESTS_MAX) then
    return ("%s with 'requests' an integer from 1 to %d"):format(SHAPE,
                                                            REQUESTS_MAX)
  elseif type(seconds) ~= "number" or
         not (seconds > 0 and seconds < SECONDS_MAX) then
    return SHAPE .. " with 'seconds' a positive number of seconds"
  end
end

local function windows(value)
  if type(value) ~= "table" then
    return SHAPE
  end
  local count = 0
  for _ in next, value do
    count = count + 1
  end
  for i = 1, count do
    local problem = row_problem(rawget(value, i))
    if problem then
      return problem
    end
  end
  return count == 0 and SHAPE or nil
end

--- Says what is wrong with a client's option `rate`.
-- @return nil where nothing is; else words for what was expected
function budget.rate_problem(value)
  if value ~= nil and type(value) ~= "boolean" then
    local problem = windows(value)
    return problem and "false or a " .. problem
  end
end

local function clock_problem(value)
  return not rules.is_callable(value) and "function" or nil
end

local function longest_request(value)
  if type(value) ~= "number" or not (value > 0 and value < SECONDS_MAX) then
    return "positive number of seconds"
  end
end

local function member(value, name)
  return value[name]
end

--- Whether a value has the functions of a budget. Never raises.
function budget.is_budget(value)
  if type(value) ~= "table" and type(value) ~= "userdata" then
    return false
  end
  local has_take, take = pcall(member, value, "take")
  local has_done, done = pcall(member, value, "done")
  return has_take and has_done and type(take) == "function" and
         type(done) == "function"
end

-- ---- the budget of one process -------------------------------------------

-- The clock, but never back: where it was set back, time goes on from where
-- it was, so that no wait gets longer than the time that passes twice.
local function steady(clock)
  local last, offset = -math.huge, 0
  return function()
    local now = clock()
    if type(now) ~= "number" or now - now ~= 0 then
      options_of.raise("the clock of a budget must return seconds, got %s",
                       type(now) == "number" and tostring(now) or type(now))
    end
    now = now + offset
    if now < last then
      offset = offset + (last - now)
      now = last
    end
    last = now
    return now
  end
end

-- A window: of the requests that ended and still hold a slot, the times of
-- the end in a ring, the oldest at `first`. With those in progress they are
-- never more than `requests`, so the ring cannot overflow.
local function new_window(row)
  return { requests = row.requests, hold = hold_of(row),
           ended = {}, first = 1, count = 0 }
end

local function forget_old(window, now)
  local ended = window.ended
  while window.count > 0 and now - ended[window.first] >= window.hold do
    window.first = window.first % window.requests + 1
    window.count = window.count - 1
  end
end

-- Seconds until a window has room, 0 where it has. What is in progress holds
-- its slot for all of `hold` from now, whenever it ends.
local function wait_of(window, under_way, now)
  forget_old(window, now)
  if window.count + under_way < window.requests then
    return 0
  end
  local oldest = window.count > 0 and window.ended[window.first] or now
  return max(oldest + window.hold - now, SHORTEST)
end

local methods = {}
local meta = { __index = methods, __name = "certcentral.budget" }

--- Lets a request go, or says how long to wait. See the top of this file.
function methods:take()
  local now, wait = self.now(), 0
  for _, window in ipairs(self.windows) do
    wait = max(wait, wait_of(window, self.under_way, now))
  end
  if wait == 0 then
    self.under_way = self.under_way + 1
  end
  return wait
end

--- A request has ended. Ignored where none is in progress.
function methods:done()
  if self.under_way == 0 then
    return
  end
  local now = self.now()
  self.under_way = self.under_way - 1
  for _, window in ipairs(self.windows) do
    local last = (window.first + window.count - 1) % window.requests + 1
    window.ended[last] = now
    window.count = window.count + 1
  end
end

local function make(rows, clock)
  local self = { under_way = 0, windows = {},
                 now = steady(clock or require("certcentral.core").clock) }
  for i, row in ipairs(rows) do
    self.windows[i] = new_window(row)
  end
  return setmetatable(self, meta)
end

--- Makes a budget for the clients of this process that share an API key.
-- @param options nil or { windows = list of {requests =, seconds =} (default
--   CertCentral's limits), clock = function -> seconds (default: one that is
--   never set back) }
-- @return the budget. Raises for wrong options.
function budget.new(options)
  options = options or {}
  options_of.check(options, { windows = windows, clock = clock_problem },
                   "budget.new")
  return make(options.windows or USUAL, options.clock)
end

--- Makes the budget that a client's option `rate` asks for: nil or true for
-- CertCentral's limits, false for none, a list of windows for those.
function budget.from_rate(rate, clock)
  local problem = budget.rate_problem(rate)
  if problem then
    options_of.raise("bad 'rate' (%s expected, got %s)", problem, type(rate))
  end
  return make(rate == false and {} or type(rate) == "table" and rate or USUAL,
              clock)
end

-- ---- the budget of all workers of an nginx -------------------------------

-- Each slot of each window is a key of the shared dict. Who adds it holds
-- the slot, and `add` is atomic, so there are never more holders than slots.
-- The key's value is minus the time at which a request left, or the time at
-- which it ended; the key expires where the slot is free again. A worker
-- that died never says that its requests ended: their slots are held for
-- `lease`, the longest request and the window after it.

local LONGEST_REQUEST = 120 -- seconds: the usual `deadline` of a client
local SLOT_BYTES = 256 -- more than a key needs in the shared dict
local SET_BACK = 1 -- seconds: so much in the future is no matter of workers
local FULL_WAIT = 1 -- seconds: others have filled the shared dict

local shared = {}
local shared_meta = { __index = shared, __name = "certcentral.budget.shared" }

-- nginx's time is a copy, as old as the worker's last look at the clock. An
-- old one would free slots too early.
local function time_of(ngx)
  ngx.update_time()
  return ngx.now()
end

-- The earliest time at which a slot that is held can be free: what is under
-- way holds it for `hold` from now. Where the system's clock was set back the
-- slot is held again from now, not for as long as the clock takes to catch up.
local function free_at(self, window, key, value, now)
  local since = math.abs(value)
  local length = value < 0 and window.lease or window.hold
  if since > now + SET_BACK then
    since = now
    self.dict:set(key, value < 0 and -now or now, length)
  end
  return min(since + length, now + window.hold)
end

-- Whether a slot may be free, as far as this worker has seen.
local function may_be_free(window, i, now)
  local known = window.free_at[i] - now
  return known <= 0 or known > window.hold + SET_BACK
end

-- Tries to claim the i-th slot of a window: true; or false where it is held;
-- or nil, message.
local function claim_slot(self, window, i, now)
  local key = window.keys[i]
  local value = self.dict:get(key)
  if value then
    window.free_at[i] = free_at(self, window, key, value, now)
    return false
  end
  local ok, message = self.dict:safe_add(key, -now, window.lease)
  if not ok and message ~= "exists" then
    return nil, message
  end
  window.free_at[i] = now + window.hold
  return ok -- else another worker was faster
end

-- Claims a slot of a window: its number; or nil, when to ask again. Looks
-- into the dict only where a slot may be free.
local function claim(self, window, now)
  local earliest, slots = math.huge, #window.keys
  local i = window.last
  for _ = 1, slots do
    i = i % slots + 1
    if may_be_free(window, i, now) then
      local claimed, message = claim_slot(self, window, i, now)
      if claimed then
        window.last = i
        return i
      elseif message then
        self.ngx.log(self.ngx.ERR, "certcentral: rate budget: ", message,
                     " in lua_shared_dict ", self.name)
        return nil, now + FULL_WAIT
      end
    end
    earliest = min(earliest, window.free_at[i])
  end
  return nil, earliest
end

-- Forgets requests that were never said to have ended.
local function forget_lost(self, now)
  local under_way = self.under_way
  while under_way[1] and now - under_way[1].left >= self.lease do
    table.remove(under_way, 1)
  end
end

-- Gives back the slots of a request that may not be sent.
local function give_back(self, grant)
  for at, i in ipairs(grant) do
    local window = self.windows[at]
    self.dict:delete(window.keys[i])
    window.free_at[i] = 0
  end
end

--- Lets a request go, or says how long to wait. See the top of this file.
function shared:take()
  local now = time_of(self.ngx)
  forget_lost(self, now)
  local grant = { left = now }
  for at, window in ipairs(self.windows) do
    local i, later = claim(self, window, now)
    if not i then
      give_back(self, grant)
      return max(later - now, SHORTEST)
    end
    grant[at] = i
  end
  self.under_way[#self.under_way + 1] = grant
  return 0, grant
end

local function index_of(list, grant)
  for i, one in ipairs(list) do
    if grant == nil or one == grant then
      return i
    end
  end
end

--- A request has ended: that of `grant`, or the oldest. Ignored where it is
-- not in progress.
function shared:done(grant)
  local i = index_of(self.under_way, grant)
  if not i then
    return
  end
  grant = table.remove(self.under_way, i)
  local now = time_of(self.ngx)
  for at, window in ipairs(self.windows) do
    if now - grant.left < window.lease then -- else it may be another's
      self.dict:set(window.keys[grant[at]], now, window.hold)
    end
  end
end

local function new_shared_window(row, prefix, longest)
  local keys, free, hold = {}, {}, hold_of(row)
  for i = 1, row.requests do
    keys[i], free[i] = prefix .. i, 0
  end
  return { keys = keys, free_at = free, last = row.requests, hold = hold,
           lease = longest + hold }
end

local function find_dict(name, bytes)
  if type(name) ~= "string" then
    options_of.raise("bad argument #1 to 'budget.shared' (name of a shared "
                     .. "dict expected, got %s)", type(name))
  end
  local ngx = _G.ngx
  local dicts = type(ngx) == "table" and ngx.shared
  if not dicts then
    options_of.raise("'budget.shared' is for nginx with its Lua module: "
                     .. "there is no ngx.shared here")
  end
  local size = ("lua_shared_dict %s %dm;"):format(name,
                                              math.ceil(bytes / 2^20))
  local dict = dicts[name]
  if not dict then
    options_of.raise("no shared dict '%s': write '%s' in the http block of "
                     .. "nginx.conf", name, size)
  elseif dict:capacity() < bytes then
    options_of.raise("shared dict '%s' is too small: write '%s' in the http "
                     .. "block of nginx.conf", name, size)
  end
  return ngx, dict
end

--- Makes a budget that all workers of one nginx share.
-- @param name of a lua_shared_dict that holds nothing else: what others
--   write there could push slots out
-- @param options nil or { windows = as for `new`, prefix = string that the
--   keys begin with (one for each API key), longest_request = seconds
--   (default 120) after which a request that was not done is taken for that
--   of a dead worker }
-- @return the budget of this worker. Raises for wrong options, without
--   nginx, and for a dict that is missing or too small.
function budget.shared(name, options)
  options = options or {}
  options_of.check(options, { windows = windows, prefix = "string",
                              longest_request = longest_request },
                   "budget.shared")
  local rows, prefix = options.windows or USUAL, options.prefix or ""
  local count = 0
  for _, row in ipairs(rows) do
    count = count + row.requests
  end
  local ngx, dict = find_dict(name, count * SLOT_BYTES)
  local self = { ngx = ngx, dict = dict, name = name, windows = {},
                 under_way = {}, lease = 0 }
  for i, row in ipairs(rows) do
    local window = new_shared_window(row,
      ("%scertcentral:%d:"):format(prefix, i),
      options.longest_request or LONGEST_REQUEST)
    self.windows[i] = window
    self.lease = max(self.lease, window.lease)
  end
  return setmetatable(self, shared_meta)
end

local calls = require "certcentral.calls"
calls.methods(meta, "budget", methods)
calls.methods(shared_meta, "budget", shared)
calls.functions(budget, "budget", { "new", "shared" })

return budget
