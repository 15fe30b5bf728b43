--- What a journal says of its orders, in one walk.

local entries = require "certcentral.journal.entries"
local errors = require "certcentral.error"

local scans = {}

local CLOSED_MAX = 4096 -- closed orders that a scan remembers, twice as many
local FINAL = { placed = true, not_placed = true }

-- Calls visit(entry) for all entries of a journal, oldest first, and
-- visit(nil, skipped) for what cannot be read. A journal may be the caller's
-- own and do anything.
-- @return true; or nil, message
local function walk(from, visit)
  if entries.is_own(from) then
    return from:_each(visit)
  end
  local ok, list, message = errors.try(from.read, from)
  if not ok then
    return nil, tostring(list)
  elseif type(list) ~= "table" then
    return nil, tostring(message)
  end
  for _, entry in ipairs(list) do
    if type(entry) == "table" then
      visit(entry)
    end
  end
  for i = 1, type(message) == "number" and message or 0 do
    visit(nil, { why = ("unreadable entry %d")
                       :format(i) })
  end
  return true
end

-- What a scan makes of an intent, and of an outcome.
local function take_intent(scan, entry)
  local id = entry.entry
  if id ~= nil and not scan.orders[id] and scan.early[id] ~= true and
     not scan.closed[id] and not scan.closed_before[id] then
    scan.early[id] = nil
    scan.last = scan.last + 1
    scan.orders[id] = { intent = entry, place = scan.last,
                        since = scan.since }
  end
end

-- Remembers the orders that were closed last, not all: a journal may be long.
local function close(scan, id)
  scan.orders[id] = nil
  scan.closed[id], scan.closings = true, scan.closings + 1
  if scan.closings % CLOSED_MAX == 0 then
    scan.closed_before, scan.closed = scan.closed, {}
  end
end

local function take_outcome(scan, entry)
  local id = entry.entry
  local order = id ~= nil and scan.orders[id]
  if id == nil or scan.closed[id] or scan.closed_before[id] then
    return
  elseif not order and scan.early[id] ~= true then
    scan.early[id] = FINAL[entry.outcome] or entry
  elseif not order or not FINAL[entry.outcome] then
    return
  elseif scan.wanted and scan.wanted(order.intent) then
    order.outcome = order.outcome or entry
  else
    close(scan, id)
  end
end

-- Entries are in the order of their times, so that what could not be read was
-- written before the next that can be, and an intent after the last.
local function note_time(scan, time)
  if type(time) ~= "number" then
    return
  end
  for i = #scan.skipped, 1, -1 do
    if scan.skipped[i].before then
      break
    end
    scan.skipped[i].before = time
  end
  if time <= scan.now and time > (scan.since or -math.huge) then
    scan.since = time
  end
end

-- An order that is not known to be done, and whose own line is not there: that
-- was lost, whatever is left of it.
local function add_orphans(scan)
  for _, entry in pairs(scan.early) do
    if type(entry) == "table" and entry.outcome == "unknown" then
      scan.skipped[#scan.skipped + 1] = { time = entry.time,
        why = "the line of an order with an unknown outcome is lost" }
    end
  end
end

--- Goes through a journal once.
-- @param from any journal
-- @param now seconds since 1970
-- @param wanted nil, or a function(intent) that is true of the orders to keep
--   although their outcome is final
-- @return list of {intent, outcome: the final one or nil, since: not before
--   this time was it written}, oldest first; a list of what is lost: {line,
--   why, cut: the line was never whole, before: it was written before this
--   time} or {why, time: when an order became unknown whose line is lost};
--   or nil, message
function scans.scan(from, now, wanted)
  local scan = { orders = {}, early = {}, skipped = {}, last = 0, now = now,
                 wanted = wanted, closed = {}, closed_before = {},
                 closings = 0 }
  local ok, message = walk(from, function(entry, skipped)
    if not entry then
      scan.skipped[#scan.skipped + 1] = skipped
      return
    end
    note_time(scan, entry.time)
    if entry.step == "intent" then
      take_intent(scan, entry)
    elseif entry.step == "outcome" then
      take_outcome(scan, entry)
    end
  end)
  if not ok then
    return nil, message
  end
  add_orphans(scan)
  local list = {}
  for _, order in pairs(scan.orders) do
    list[#list + 1] = order
  end
  table.sort(list, function(a, b) return a.place < b.place end)
  return list, scan.skipped
end

--- The intents of a journal that no outcome is final for. An outcome of
-- "unknown" is not.
-- @param from any journal
-- @return list of intents, oldest first, and how many entries could not be
--   read; or nil, message
function scans.open_orders(from)
  local orders, skipped = scans.scan(from, math.huge)
  if not orders then
    return nil, skipped
  end
  local open = {}
  for i, order in ipairs(orders) do
    open[i] = order.intent
  end
  return open, #skipped
end

return scans
