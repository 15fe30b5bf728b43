-- The clock, the dice and the processes of a simulation. Nothing here waits:
-- a process is a coroutine, and the clock moves on to whatever is due next.
-- The same seed gives the same course.

local world = {}
world.__index = world

--- A world that begins at `start` (seconds since 1970); `now` counts from it.
function world.new(seed, start)
  return setmetatable({ start = start, now = 0, due = {}, count = 0,
                        dice = seed % 2147483646 + 1 }, world)
end

--- A number from 0 up to 1 (Park and Miller's generator, exact in doubles).
function world:random()
  self.dice = self.dice * 16807 % 2147483647
  return self.dice / 2147483647
end

--- An integer from 1 to `n`.
function world:below(n)
  return math.floor(self:random() * n) + 1
end

function world:of(list)
  return list[self:below(#list)]
end

--- True in `share` of all cases.
function world:chance(share)
  return self:random() < share
end

-- ---- what is due, in a heap ------------------------------------------------

local function before(a, b)
  return a.at < b.at or a.at == b.at and a.order < b.order
end

--- Calls `act` in `seconds`.
function world:after(seconds, act)
  self.count = self.count + 1
  local due, item = self.due, { at = self.now + seconds, act = act,
                                order = self.count }
  local i = #due + 1
  while i > 1 and before(item, due[math.floor(i / 2)]) do
    due[i] = due[math.floor(i / 2)]
    i = math.floor(i / 2)
  end
  due[i] = item
end

local function take(due)
  local first, last = due[1], table.remove(due)
  if first == last then
    return first
  end
  local i = 1
  while true do
    local child = 2 * i
    if child < #due and before(due[child + 1], due[child]) then
      child = child + 1
    end
    if child > #due or not before(due[child], last) then
      break
    end
    due[i], i = due[child], child
  end
  due[i] = last
  return first
end

--- Does what is due next; false where nothing is.
function world:step()
  if #self.due == 0 then
    return false
  end
  local item = take(self.due)
  self.now = math.max(self.now, item.at)
  item.act()
  return true
end

-- ---- processes -------------------------------------------------------------

local process = {}
process.__index = process

local function resume(self)
  if self.crashed then
    return
  end
  local ok, message = coroutine.resume(self.thread)
  if not ok then
    error(debug.traceback(self.thread, tostring(message)), 0)
  end
  self.done = coroutine.status(self.thread) == "dead"
end

--- Starts a process in `seconds`. What it runs gets the process.
function world:spawn(seconds, run)
  local new = setmetatable({ world = self }, process)
  new.thread = coroutine.create(function() run(new) end)
  self:after(seconds, function() resume(new) end)
  return new
end

--- Waits. A coroutine that the process has made itself (a queue's) cannot
-- yield to the world: the others go on from within it.
function process:wait(seconds)
  local time = self.world
  if coroutine.running() == self.thread then
    time:after(seconds, function() resume(self) end)
    coroutine.yield()
    return
  end
  local over = false
  time:after(seconds, function() over = true end)
  repeat time:step() until over
end

--- Nothing of the process runs again once it would go on from a wait.
function process:crash()
  self.crashed = not self.done
  return self.crashed
end

return world
