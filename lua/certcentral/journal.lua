--- Journals: what was about to be ordered, and what became of it, so that a
-- crash loses no order.
--
-- A journal is any value with two methods; others may keep theirs wherever
-- they like (a database, a queue), and a client takes each of them:
--
--   journal:write(entry, wait) -> true; or nil, message. Keeps an entry. It
--     returns true when the entry is safe, and not before. An order whose
--     intent cannot be written is not sent. Where it has to wait for others it
--     calls wait(seconds), which waits as the client does, and gives up where
--     that returns false.
--   journal:read() -> list, count; or nil, message. All entries, oldest
--     first, and how many could not be read.
--
-- An entry is a flat table: names of a-z, 0-9 and _, but not "sum"; strings,
-- integers and booleans.
--
--   { step = "intent", entry = "<random id>", time = <epoch seconds>,
--     base_url =, account =, alternative_order_id =, product =,
--     common_name =, sha256 = }
--   { step = "outcome", entry = "<the intent's>", time =, order_id =,
--     outcome = "placed", "not_placed" or "unknown", status =, kind = }
--
-- `account` is the start of an HMAC of the base URL under the API key, which
-- it does not reveal; `sha256` is that of the request's body. There is never
-- more of an order.

local core = require "certcentral.core"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"

local journal = {}

local EXACT = 2 ^ 53 -- a float of this size and more may have lost digits
local CLOSED_MAX = 4096 -- closed orders that a scan remembers, twice as many
local FINAL = { placed = true, not_placed = true }

journal.CLOSED = "the journal is closed"

local is_integer = math.type and function(value)
  return math.type(value) == "integer"
end or function() return false end

-- ---- entries -------------------------------------------------------------

local function whole(value)
  return is_integer(value) or
         value > -EXACT and value < EXACT and value % 1 == 0
end

--- Raises unless it is an entry.
local function check(entry)
  if type(entry) ~= "table" then
    options_of.raise("bad entry to 'write' (table expected, got %s)",
                     type(entry))
  end
  for name, value in next, entry do
    local known = type(value)
    if type(name) ~= "string" or not name:find("^[a-z_0-9]+$") or
       name == "sum" then
      options_of.raise("bad name in the entry to 'write' "
        .. "(a-z, 0-9 and _, and not 'sum', expected, got %s)",
        type(name) == "string" and "'" .. core.printable(name, 40) .. "'"
        or type(name))
    elseif known == "number" and not whole(value) then
      options_of.raise("bad '%s' in the entry to 'write' (integer below "
        .. "2^53 expected, got %s)", name, tostring(value))
    elseif known ~= "string" and known ~= "boolean" and known ~= "number" then
      options_of.raise("bad '%s' in the entry to 'write' (string, integer "
        .. "or boolean expected, got %s)", name, known)
    end
  end
end

journal.check = check

local function copy(entry)
  local to = {}
  for name, value in next, entry do
    to[name] = value
  end
  return to
end

require "certcentral.interpreted"(check, copy)

-- ---- what is open --------------------------------------------------------

-- Calls visit(entry) for all entries of a journal, oldest first, and
-- visit(nil, skipped) for what cannot be read. A journal may be the caller's
-- own and do anything.
-- @return true; or nil, message
local function walk(from, visit)
  if journal.is_own(from) then
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
    visit(nil, { why = ("entry %d of those that the journal cannot read")
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
        why = "the line of an order that is unknown is lost" }
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
function journal.scan(from, now, wanted)
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
function journal.open_orders(from)
  local orders, skipped = journal.scan(from, math.huge)
  if not orders then
    return nil, skipped
  end
  local open = {}
  for i, order in ipairs(orders) do
    open[i] = order.intent
  end
  return open, #skipped
end

local function has_methods(value)
  return type(value.write) == "function" and type(value.read) == "function"
end

--- Whether a value is a journal. Never raises.
function journal.is_journal(value)
  local known = type(value)
  if known ~= "table" and known ~= "userdata" then
    return false
  end
  local ok, good = pcall(has_methods, value)
  return ok and good
end

--- Whether a value is one of this package's own.
function journal.is_own(value)
  local meta = debug.getmetatable(value)
  return type(meta) == "table" and rawget(meta, "own") == journal
end

-- ---- this package's own ----------------------------------------------------

--- The metatable of a kind of journals, with what all kinds have.
-- @param methods write, and _each(visit) as `walk` above has it
function journal.kind(name, methods)
  methods.open_orders = journal.open_orders
  function methods:close()
    self.closed = true
  end
  function methods:read()
    local list, skipped = {}, 0
    local ok, message = self:_each(function(entry)
      list[#list + 1] = entry
      skipped = skipped + (entry and 0 or 1)
    end)
    if not ok then
      return nil, message
    end
    return list, skipped
  end
  return {
    own = journal, __index = methods, __close = methods.close,
    __tostring = function(self)
      return ("certcentral.journal (%s)%s"):format(self.path or name,
        self.closed and " (closed)" or "")
    end,
  }
end

--- A journal in a file: see journal_file.lua.
-- @param path the file's; a later change of directory does not matter
-- @return the journal; or nil, message where the file cannot be written to
function journal.file(path)
  return require("certcentral.journal_file")(path)
end

-- ---- in memory -----------------------------------------------------------

local memory = {}
local memory_meta = journal.kind("memory", memory)

function memory:write(entry)
  check(entry)
  if self.closed then
    return nil, journal.CLOSED
  end
  self.entries[#self.entries + 1] = copy(entry)
  return true
end

function memory:_each(visit)
  if self.closed then
    return nil, journal.CLOSED
  end
  for _, entry in ipairs(self.entries) do
    visit(copy(entry))
  end
  return true
end

--- A journal that ends with the process: for tests, and for programs that
-- look after lost replies but not after crashes.
function journal.memory()
  return setmetatable({ entries = {} }, memory_meta)
end

local calls = require "certcentral.calls"
calls.methods(memory_meta, "journal", memory)
calls.functions(journal, "journal", { "file", "memory" })

return journal
