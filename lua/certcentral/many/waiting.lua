--- Orders of a queue that wait: each until its time, and those that wait for
-- the rate budget in a line, of which only the first asks when there is room.
-- Else all would ask, for each request that the budget lets go.
--
-- What raises wherever it likes (a hook, Ctrl-C) may leave all but `set` in
-- disorder; `rebuild` mends that.

local waiting = {}

local Waiting = {}
Waiting.__index = Waiting

local INFINITE = math.huge

--- An empty one. Its `set` has the tickets that wait as keys.
function waiting.new()
  return setmetatable({ set = {}, heap = {}, count = 0, first = nil,
                        line = {}, next = 1, last = 0 }, Waiting)
end

-- ---- a heap by `wake` ------------------------------------------------------

local function push(self, ticket)
  local heap, i = self.heap, self.count + 1
  local wake = ticket.wake
  while i > 1 do
    local above = (i - i % 2) / 2
    if heap[above].wake <= wake then
      break
    end
    heap[i], i = heap[above], above
  end
  heap[i], self.count = ticket, self.count + 1
end

local function pop(self)
  local heap, count = self.heap, self.count
  local moved, i = heap[count], 1
  heap[count], self.count = nil, count - 1
  while 2 * i < count do
    local below = 2 * i
    if below + 1 < count and heap[below + 1].wake < heap[below].wake then
      below = below + 1
    end
    if moved.wake <= heap[below].wake then
      break
    end
    heap[i], i = heap[below], below
  end
  if count > 1 then
    heap[i] = moved
  end
end

-- The one whose time is the next; those that wait no more are dropped.
local function top(self)
  while self.count > 0 and not self.set[self.heap[1]] do
    pop(self)
  end
  return self.heap[1]
end

-- ---- the line --------------------------------------------------------------

-- The one that is the next to ask the budget where the first has gone on.
local function next_in_line(self)
  if self.first and self.set[self.first] then
    return nil
  end
  while self.next <= self.last do
    local ticket = self.line[self.next]
    if self.set[ticket] then
      return ticket
    end
    self.line[self.next], self.next = nil, self.next + 1
  end
end

-- ---- both ------------------------------------------------------------------

--- Waits until a time.
function Waiting:add(ticket, time)
  ticket.wake = time
  self.set[ticket] = true
  push(self, ticket)
end

--- Waits for the budget, which has room at a time.
function Waiting:line_up(ticket, time)
  if ticket == self.first or not next_in_line(self) and
     not (self.first and self.set[self.first]) then
    self.first = ticket
    return self:add(ticket, time)
  end
  ticket.wake = INFINITE
  self.set[ticket] = true
  self.line[self.last + 1] = ticket
  self.last = self.last + 1
end

--- Forgets one.
function Waiting:remove(ticket)
  self.set[ticket] = nil
end

--- One that can go on, which waits no more; nil where there is none.
function Waiting:take(now)
  local ticket = next_in_line(self)
  if ticket then
    self.first = ticket
  else
    ticket = top(self)
    if not ticket or ticket.wake > now then
      return nil
    end
    pop(self)
  end
  self.set[ticket] = nil
  return ticket
end

--- When the next one can go on; infinite where none waits.
function Waiting:time()
  if next_in_line(self) then
    return -INFINITE
  end
  local ticket = top(self)
  return ticket and ticket.wake or INFINITE
end

--- Puts all in order that `set` has. Who stood in the line asks once.
function Waiting:rebuild()
  self.heap, self.count, self.first = {}, 0, nil
  self.line, self.next, self.last = {}, 1, 0
  for ticket in pairs(self.set) do
    ticket.wake = ticket.wake < INFINITE and ticket.wake or -INFINITE
    push(self, ticket)
  end
end

return waiting
