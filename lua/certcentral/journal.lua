--- Journals: what was about to be ordered, and what became of it, so that a
-- crash loses no order.
--
-- A journal is any value with two methods; others may keep theirs wherever
-- they like (a database, a queue), and a client takes each of them:
--
--   journal:write(entry) -> true; or nil, message. Keeps an entry. It returns
--     true when the entry is safe, and not before. An order whose intent
--     cannot be written is not sent.
--   journal:read() -> list, count; or nil, message. All entries, oldest
--     first, and how many could not be read.
--
-- An entry is a flat table: names of a-z, 0-9 and _; strings, integers and
-- booleans.
--
--   { step = "intent", entry = "<random id>", time = <epoch seconds>,
--     alternative_order_id =, product =, common_name =, sha256 = }
--   { step = "outcome", entry = "<the intent's>", time =, order_id =,
--     outcome = "placed", "not_placed" or "unknown", status =, kind = }
--
-- `sha256` is that of the request's body. There is never more of an order.

local core = require "certcentral.core"
local options_of = require "certcentral.options"
local response = require "certcentral.response"

local journal = {}

local EXACT = 2 ^ 53 -- a float of this size and more may have lost digits
local FINAL = { placed = true, not_placed = true }
local CLOSED = "the journal is closed"

local is_integer = math.type and function(value)
  return math.type(value) == "integer"
end or function() return false end

-- ---- entries -------------------------------------------------------------

local function whole(value)
  return is_integer(value) or
         value > -EXACT and value < EXACT and value % 1 == 0
end

-- Raises unless it is an entry.
local function check(entry)
  if type(entry) ~= "table" then
    options_of.raise("bad entry to 'write' (table expected, got %s)",
                     type(entry))
  end
  for name, value in next, entry do
    local known = type(value)
    if type(name) ~= "string" or not name:find("^[a-z_0-9]+$") then
      options_of.raise("bad name in the entry to 'write' "
        .. "(a-z, 0-9 and _ expected, got %s)", type(name) == "string"
        and "'" .. core.printable(name, 40) .. "'" or type(name))
    elseif known == "number" and not whole(value) then
      options_of.raise("bad '%s' in the entry to 'write' (integer below "
        .. "2^53 expected, got %s)", name, tostring(value))
    elseif known ~= "string" and known ~= "boolean" and known ~= "number" then
      options_of.raise("bad '%s' in the entry to 'write' (string, integer "
        .. "or boolean expected, got %s)", name, known)
    end
  end
end

local function copy(entry)
  local to = {}
  for name, value in next, entry do
    to[name] = value
  end
  return to
end

-- ---- lines ---------------------------------------------------------------

-- Every byte that JSON wants escaped, and DEL.
local SPECIAL = "[^ !#-Z%[%]^-~\128-\255]"

local function escape(c)
  return (c == '"' or c == "\\") and "\\" .. c
         or ("\\u%04x"):format(c:byte())
end

local function encode_value(value)
  if type(value) == "string" then
    return '"' .. value:gsub(SPECIAL, escape) .. '"'
  elseif is_integer(value) then
    return ("%d"):format(value)
  elseif type(value) == "number" then
    return ("%.0f"):format(value == 0 and 0 or value) -- no "-0"
  end
  return tostring(value)
end

-- A line without its end: the members by name, but `step` first.
local function encode(entry)
  local names, parts = {}, {}
  for name in next, entry do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b)
    if a == "step" or b == "step" then
      return a == "step" and b ~= "step"
    end
    return a < b
  end)
  for i, name in ipairs(names) do
    parts[i] = ('"%s":%s'):format(name, encode_value(entry[name]))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

require "certcentral.interpreted"(check, copy, encode)

-- A long integer as it stands in the line: lua-cjson reads all numbers as
-- floats. One that this Lua has no integer for stays a string of digits. The
-- quotes around a name are none within a text: those have a backslash.
local function exact(line, name, value)
  local digits = name:find("^[a-z_0-9]+$") and
    line:match('"' .. name .. '"%s*:%s*(%-?%d+)%s*[,}]')
  local number = digits and tonumber(digits)
  return is_integer(number) and number or digits or value
end

-- The entry of a line, or nil where it is no JSON object. To lua-cjson a text
-- ends where a NUL stands.
local function decode(line)
  local entry = line:find("^%s*{") and not line:find("\0", 1, true) and
                response.decode(line)
  if not entry then
    return nil
  end
  for name, value in next, entry do
    if type(value) == "number" and (value >= EXACT or value <= -EXACT) then
      entry[name] = exact(line, name, value)
    end
  end
  return entry
end

-- All entries of a text, and how many lines are none. A last line without an
-- end was cut by a crash: whoever wrote it was never told that it is there.
local function decode_all(text)
  local list, skipped, from = {}, 0, 1
  while from <= #text do
    local to = text:find("\n", from, true)
    local entry = to and decode(text:sub(from, to - 1))
    if entry then
      list[#list + 1] = entry
    else
      skipped = skipped + 1
    end
    from = (to or #text) + 1
  end
  return list, skipped
end

-- ---- what is open --------------------------------------------------------

-- A journal may be the caller's own and do anything.
local function read(from)
  local ok, list, message = pcall(from.read, from)
  if not ok then
    return nil, tostring(list)
  elseif type(list) ~= "table" then
    return nil, tostring(message)
  end
  return list, message
end

--- The intents of a journal that no outcome is final for. An outcome of
-- "unknown" is not.
-- @param from any journal
-- @return list of intents, oldest first, and how many entries could not be
--   read; or nil, message
function journal.open_orders(from)
  local list, skipped = read(from)
  if not list then
    return nil, skipped
  end
  local seen, open = {}, {}
  for _, entry in ipairs(list) do
    if type(entry) == "table" and entry.step == "outcome" and
       entry.entry ~= nil and FINAL[entry.outcome] then
      seen[entry.entry] = true
    end
  end
  for _, entry in ipairs(list) do
    if type(entry) == "table" and entry.step == "intent" and
       entry.entry ~= nil and not seen[entry.entry] then
      seen[entry.entry] = true -- an intent that was written twice is one
      open[#open + 1] = entry
    end
  end
  return open, skipped
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

--- Whether a value is one of this module's own.
function journal.is_own(value)
  local meta = debug.getmetatable(value)
  return type(meta) == "table" and rawget(meta, "own") == journal
end

-- ---- in a file -----------------------------------------------------------

local function kind(name, methods)
  methods.open_orders = journal.open_orders
  function methods:close()
    self.closed = true
  end
  return {
    own = journal, __index = methods, __close = methods.close,
    __tostring = function(self)
      return ("certcentral.journal (%s)%s"):format(self.path or name,
        self.closed and " (closed)" or "")
    end,
  }
end

local file = {}
local file_meta = kind("file", file)

local function explain(path, message)
  return ("journal '%s' %s"):format(core.printable(path, 300), message)
end

--- Appends one line of JSON and has it on the disk before it returns; blocks
-- for as long. Where it fails, the file is as it was.
-- @return true; or nil, message
function file:write(entry)
  check(entry)
  if self.closed then
    return nil, CLOSED
  end
  local ok, message = core.append(self.path, encode(entry) .. "\n")
  if not ok then
    return nil, explain(self.path, message)
  end
  return true
end

--- @return all entries, oldest first, and how many lines are none; or nil,
--   message
function file:read()
  if self.closed then
    return nil, CLOSED
  end
  local text, message = core.contents(self.path)
  if not text then
    return nil, explain(self.path, message)
  end
  return decode_all(text)
end

--- A journal in a file, one line of JSON for each entry; several processes
-- may share it. The file is made where there is none, readable for its owner
-- alone, and opened anew for each entry: moved away, it is begun again, and
-- what is open in the old one is not seen from then on. No file stays open.
-- @param path the file's; a later change of directory does not matter
-- @return the journal; or nil, message where the file cannot be written to
function journal.file(path)
  if type(path) ~= "string" or path == "" or path:find("\0", 1, true) then
    options_of.raise("bad argument 'path' to 'file' (path expected, got %s)",
      type(path) ~= "string" and type(path) or
      path == "" and "an empty string" or "a string with a NUL")
  end
  local from_root, message = core.absolute(path)
  local ok = from_root
  if ok then
    ok, message = core.append(from_root, "")
  end
  if not ok then
    return nil, explain(path, message)
  end
  return setmetatable({ path = from_root }, file_meta)
end

-- ---- in memory -----------------------------------------------------------

local memory = {}
local memory_meta = kind("memory", memory)

function memory:write(entry)
  check(entry)
  if self.closed then
    return nil, CLOSED
  end
  self.entries[#self.entries + 1] = copy(entry)
  return true
end

function memory:read()
  if self.closed then
    return nil, CLOSED
  end
  local list = {}
  for i, entry in ipairs(self.entries) do
    list[i] = copy(entry)
  end
  return list, 0
end

--- A journal that ends with the process: for tests, and for programs that
-- look after lost replies but not after crashes.
function journal.memory()
  return setmetatable({ entries = {} }, memory_meta)
end

return journal
