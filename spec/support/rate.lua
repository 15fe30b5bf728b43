-- What the specs of rate budgets share: a simulation of clients and a server
-- under a clock of its own, and lists that are no windows.

local rate = {}

rate.USUAL = { { requests = 100, seconds = 5 },
                { requests = 1000, seconds = 180 } }
rate.SHORT = { { requests = 100, seconds = 5 } }

-- ---- the world -----------------------------------------------------------

-- Random numbers from 0 up to 1, the same for every Lua.
function rate.new_random(seed)
  return function()
    seed = seed * 16807 % 2147483647
    return seed / 2147483647
  end
end

-- Things that happen later, in the order of their time: a heap.
local function new_events()
  local events = { now = 1000, heap = {}, made = 0 }

  local function before(a, b)
    return a.time < b.time or a.time == b.time and a.number < b.number
  end

  function events.after(seconds, action)
    local heap = events.heap
    events.made = events.made + 1
    local event = { time = events.now + seconds, number = events.made,
                    action = action }
    local i = #heap + 1
    while i > 1 and before(event, heap[math.floor(i / 2)]) do
      heap[i] = heap[math.floor(i / 2)]
      i = math.floor(i / 2)
    end
    heap[i] = event
  end

  local function pop()
    local heap = events.heap
    local first, last = heap[1], table.remove(heap)
    local i = 1
    while 2 * i <= #heap do
      local child = 2 * i
      if heap[child + 1] and before(heap[child + 1], heap[child]) then
        child = child + 1
      end
      if not before(heap[child], last) then
        break
      end
      heap[i] = heap[child]
      i = child
    end
    if #heap > 0 then
      heap[i] = last
    end
    return first
  end

  function events.run()
    while #events.heap > 0 do
      local event = pop()
      events.now = event.time
      event.action()
    end
  end

  return events
end

-- A server that counts arrivals, both ends of each window included.
local function new_server(windows)
  local server = { arrivals = {}, refused = 0 }
  local oldest = {}
  function server.arrive(now)
    local arrivals, refused = server.arrivals, false
    arrivals[#arrivals + 1] = now
    for i, window in ipairs(windows) do
      oldest[i] = oldest[i] or 1
      while arrivals[oldest[i]] < now - window.seconds do
        oldest[i] = oldest[i] + 1
      end
      refused = refused or #arrivals - oldest[i] + 1 > window.requests
    end
    server.refused = server.refused + (refused and 1 or 0)
  end
  return server
end

-- The least time from the first arrival to the last.
local function ideal(requests, windows)
  local times = {}
  for i = 1, requests do
    times[i] = 0
    for _, window in ipairs(windows) do
      local before = times[i - window.requests]
      times[i] = math.max(times[i], before and before + window.seconds or 0)
    end
  end
  return times[requests]
end

-- Those who wait for one budget: all ask again when their time has come, or
-- they stand in line and the first asks for all.
local function new_line(events, in_line)
  local line, awake = {}, false
  local function wake()
    awake = false
    while line[1] and not awake do
      table.remove(line, 1)()
    end
  end
  return function(seconds, ask)
    if not in_line then
      return events.after(seconds, ask)
    end
    table.insert(line, awake and #line + 1 or 1, ask)
    if not awake then
      awake = true
      events.after(seconds, wake)
    end
  end
end

-- Clients that send as fast as their budgets let them.
-- given: requests, clients, windows of the server, latency() -> seconds out,
-- seconds back, budget(i, events) -> that of the i-th client, line (see
-- new_line)
function rate.simulate(given)
  local events, server = new_events(), new_server(given.windows)
  local left, takes, lines = given.requests, 0, {}
  local function client(budget)
    local ask
    lines[budget] = lines[budget] or new_line(events, given.line)
    local function send(grant)
      local out, back = given.latency()
      left = left - 1
      events.after(out, function() server.arrive(events.now) end)
      events.after(out + back, function()
        budget:done(grant)
        ask()
      end)
    end
    function ask()
      if left == 0 then
        return
      end
      takes = takes + 1
      local seconds, grant = budget:take()
      assert(seconds >= 0)
      if seconds == 0 then
        send(grant)
      else
        lines[budget](seconds, ask)
      end
    end
    return ask
  end
  for i = 1, given.clients do
    events.after(0, client(given.budget(i, events)))
  end
  events.run()
  local arrivals = server.arrivals
  return { refused = server.refused, arrived = #arrivals, takes = takes,
           part = ideal(given.requests, given.windows) /
                  (arrivals[#arrivals] - arrivals[1]) }
end

function rate.steadily(out, back)
  return function() return out, back end
end

function rate.randomly(longest)
  local random = rate.new_random(42)
  return function()
    local whole = longest * random()
    local out = whole * random()
    return out, whole - out
  end
end

-- How many requests a budget lets go now.
function rate.take_all(budget)
  local count = 0
  while budget:take() == 0 do
    count = count + 1
    assert(count <= 20000)
  end
  return count
end

function rate.raising()
  error("no such thing")
end

-- name -> what is no list of windows
rate.bad_windows = {
  ["a number"] = 5, ["a string"] = "100/5",
  ["a function"] = function() end, ["an empty list"] = {},
  ["a window alone"] = { requests = 1, seconds = 1 },
  ["a list of numbers"] = { 100, 5 },
  ["a hole"] = { rate.SHORT[1], nil, rate.SHORT[1] },
  ["a name"] = { rate.SHORT[1], burst = rate.SHORT[1] },
  ["no requests"] = { { seconds = 5 } },
  ["no seconds"] = { { requests = 5 } },
  ["an unknown name"] = { { requests = 5, seconds = 5, per = 1 } },
  ["0 requests"] = { { requests = 0, seconds = 5 } },
  ["negative requests"] = { { requests = -1, seconds = 5 } },
  ["half a request"] = { { requests = 1.5, seconds = 5 } },
  ["requests without end"] = { { requests = 1 / 0, seconds = 5 } },
  ["too many requests"] = { { requests = 10001, seconds = 5 } },
  ["requests that are none"] = { { requests = 0 / 0, seconds = 5 } },
  ["requests in words"] = { { requests = "5", seconds = 5 } },
  ["0 seconds"] = { { requests = 5, seconds = 0 } },
  ["negative seconds"] = { { requests = 5, seconds = -5 } },
  ["seconds without end"] = { { requests = 5, seconds = 1 / 0 } },
  ["seconds that are none"] = { { requests = 5, seconds = 0 / 0 } },
  ["seconds in words"] = { { requests = 5, seconds = "5" } },
  ["a second window"] = { rate.SHORT[1], { requests = 5 } },
  ["a list that raises"] = setmetatable({}, { __index = rate.raising,
                                              __len = rate.raising }),
  ["a window that raises"] = { setmetatable({}, { __index = rate.raising }) },
}

return rate
