--- The journal in a file: one line of JSON for each entry, which several
-- processes may share. The file is made where there is none, readable for its
-- owner only, and opened anew for each entry: moved away, it is begun again,
-- and what is open in the old one is not seen from then on. No file stays
-- open.
--
-- A line ends in its checksum: "sum" is the CRC-32 of the line without it.
-- Lines of version 0.1.0 have none.

local core = require "certcentral.core"
local entries = require "certcentral.journal.entries"
local json = require "certcentral.json"
local kind = require "certcentral.journal.kind"
local options_of = require "certcentral.options"

local EXACT = 2 ^ 53 -- a float of this size and more may have lost digits
local CHUNK = 65536 -- bytes
local LINE_MAX = 2 ^ 20 -- bytes of a line that is looked at
local FIRST, GROWTH, CAP = 0.002, 2, 0.1 -- seconds between tries for the lock
local PATIENCE = 10 -- seconds that a write waits for others by itself

local is_integer = math.type and function(value)
  return math.type(value) == "integer"
end or function() return false end

-- ---- writing a line --------------------------------------------------------

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

-- A line without its end: the members by name, but `step` first and `sum`
-- last.
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
  local text = "{" .. table.concat(parts, ",") .. "}"
  return ('%s%s"sum":"%s"}'):format(text:sub(1, -2), #parts > 0 and "," or "",
                                    core.crc32(text))
end

require "certcentral.interpreted"(encode)

-- ---- reading a line --------------------------------------------------------

-- A long integer as it is in the line: lua-cjson reads all numbers as floats.
-- One that this Lua has no integer for stays a string of digits. The quotes
-- around a name are none within a text: those have a backslash.
local function exact(line, name, value)
  local digits = name:find("^[a-z_0-9]+$") and
    line:match('"' .. name .. '"%s*:%s*(%-?%d+)%s*[,}]')
  local number = digits and tonumber(digits)
  return is_integer(number) and number or digits or value
end

-- The entry of a JSON object; nil for other text. To lua-cjson a text ends
-- where a NUL is.
local function decode(text)
  local entry = text:find("^%s*{") and not text:find("\0", 1, true) and
                json.decode(text)
  if not entry then
    return nil
  end
  for name, value in next, entry do
    if type(value) == "number" and (value >= EXACT or value <= -EXACT) then
      entry[name] = exact(text, name, value)
    end
  end
  return entry
end

-- The line without its checksum, and that: nil where it has none.
local function split(line)
  local text, sum = line:match('^(.*)"sum":"(%x+)"}$')
  if text and #sum == 8 then
    return text:gsub(",$", "") .. "}", sum
  end
end

-- Whether a line is the beginning of one: what a process wrote that died, or
-- whose disk was full. It was never told that the line is there. '}' is in
-- whole lines only.
local function is_cut(line)
  return line:find('^{"?[^%c}]*$') ~= nil and
         not line:find('"sum":"%x%x%x%x%x%x%x%x"')
end

-- The entry of a line; or nil, in words what is wrong, whether it was cut.
local function read_line(line)
  local text, sum = split(line)
  if text and core.crc32(text) ~= sum then
    return nil, "its checksum is wrong"
  elseif not text and line:find('"[^"][^"][^"]":"%x%x%x%x%x%x%x%x"}$') then
    return nil, "its checksum has another name"
  end
  local entry = decode(text or line)
  if entry and entry.sum == nil then
    return entry
  elseif is_cut(line) then
    return nil, "it is cut off", true
  end
  return nil, entry and "its checksum is wrong" or "it is not a JSON object"
end

-- ---- reading a file --------------------------------------------------------

-- Whether a writer is at work, so that the last line is not all there yet.
local function wait_for_writer(self)
  local lock = core.lock(self.path)
  if lock then
    lock:release()
  end
  return lock == false
end

local Reader = {}
Reader.__index = Reader

-- Reads more; false at the end of the file.
local function fill(self)
  local chunk = self.file:read(CHUNK)
  if not chunk then
    return false
  end
  self.text = self.text:sub(self.at) .. chunk
  self.at = 1
  return true
end

-- The next line, and whether it has its end; nil after the last.
function Reader:line()
  while true do
    local to = self.text:find("\n", self.at, true)
    if to then
      local line = self.text:sub(self.at, to - 1)
      self.at, self.offset = to + 1, self.offset + to + 1 - self.at
      return line, true
    elseif #self.text - self.at >= LINE_MAX then
      self.offset = self.offset + #self.text - self.at
      self.text, self.at = self.text:sub(-1), 1 -- only its end counts now
    elseif not fill(self) then
      local rest = self.text:sub(self.at)
      self.text, self.at = "", 1
      return rest ~= "" and rest or nil, false
    end
  end
end

-- Once more from the beginning of the last line, which had no end.
function Reader:reread()
  self.file:seek("set", self.offset)
  self.text, self.at = "", 1
end

-- Opens the file to be read: a reader; false where there is no file, or none
-- with lines; or nil, message.
local function open(self)
  local _, plain, missing = core.modified(self.path)
  if missing == true then
    return false
  elseif plain == false then -- a device has no lines, a directory fails
    local ok, message = core.append(self.path, "")
    if not ok then
      return nil, message
    end
    return false
  end
  local file, message = io.open(self.path, "rb")
  if not file then
    return nil, "cannot be opened: " .. tostring(message)
  end
  return setmetatable({ file = file, text = "", at = 1, offset = 0 }, Reader)
end

-- Calls visit(line, number) for each line, and for the last one, where it has
-- no end and nobody is writing it, visit(nil, number).
local function each_line(self, reader, visit)
  local number, again = 0, false
  for line, whole in function() return reader:line() end do
    number = number + 1
    if whole then
      visit(line, number)
    elseif not again then
      if wait_for_writer(self) then
        return
      end
      again, number = true, number - 1
      reader:reread()
    else
      visit(nil, number)
    end
  end
end

local file = {}

local function explain(self, message)
  return ("journal '%s' %s"):format(core.printable(self.path, 300), message)
end

-- What could not be read at the end was written before the file was changed
-- last.
local function skipped(self, number, why, cut)
  return { line = number, why = why, cut = cut,
           changed = core.modified(self.path) or nil }
end

--- Calls visit(entry) for each entry, oldest first, or visit(nil, {line, why,
-- cut, changed}) for a line that is none. Nothing is locked meanwhile.
-- @return true; or nil, message
function file:_each(visit)
  if self.closed then
    return nil, entries.CLOSED
  end
  local reader, message = open(self)
  if reader == nil then
    return nil, explain(self, message)
  elseif reader then
    local ok, why = pcall(each_line, self, reader, function(line, number)
      local entry, wrong, cut
      if line then
        entry, wrong, cut = read_line(line)
      else
        wrong, cut = "it has no line end", true
      end
      visit(entry, not entry and skipped(self, number, wrong, cut) or nil)
    end)
    reader.file:close()
    if not ok then
      error(why, 0)
    end
  end
  return true
end

-- ---- writing ---------------------------------------------------------------

-- Waits for others as any program waits, but not for long.
local function patience()
  local transports = require "certcentral.transport"
  local ends = core.clock() + PATIENCE
  return function(seconds)
    if core.clock() >= ends then
      return false
    end
    transports.sleep(seconds)
    return true
  end
end

-- Does what needs the file's lock: what `try` returns, once that is not
-- false, holder; or nil, message.
local function locked(wait, try)
  local pause = FIRST
  while true do
    local done, why = try()
    if done ~= false then
      return done, why
    end
    wait = wait or patience()
    if not wait(pause) then
      return nil, "is locked by " .. why
    end
    pause = math.min(pause * GROWTH, CAP)
  end
end

--- Appends one line of JSON and has it on the disk before it returns. Where it
-- fails, the file is as it was.
-- @param wait how to wait while another process writes: see journal.lua;
--   without it a write waits for ten seconds at most
-- @return true; or nil, message
function file:write(entry, wait)
  entries.check(entry)
  if self.closed then
    return nil, entries.CLOSED
  end
  local line = encode(entry) .. "\n"
  local ok, message = locked(wait, function()
    return core.append(self.path, line)
  end)
  if not ok then
    return nil, explain(self, message)
  end
  return true
end

--- Appends many entries with one look at the disk, or none of them; for
-- queues. It waits for no other process.
-- @return true; false where another one is at work; or nil, message
function file:_write_all(list)
  if self.closed then
    return nil, entries.CLOSED
  end
  local lines = {}
  for i, entry in ipairs(list) do
    entries.check(entry)
    lines[i] = encode(entry) .. "\n"
  end
  local ok, message = core.append(self.path, table.concat(lines))
  if ok == nil then
    return nil, explain(self, message)
  end
  return ok
end

-- ---- compacting ------------------------------------------------------------

-- The entries to keep: those that are open, or were closed not long ago.
local function kept_entries(self, before)
  local kept = {}
  local ok, message = self:_each(function(entry)
    local id = entry and entry.entry
    if entry and id ~= nil and entry.step == "intent" then
      kept[id] = true
    elseif entry and id ~= nil and entry.step == "outcome" and
           (entry.outcome == "placed" or entry.outcome == "not_placed") and
           type(entry.time) == "number" and entry.time < before then
      kept[id] = nil
    end
  end)
  return ok and kept or nil, message
end

-- Whether a line stays: also where it cannot be read, or is not of an order.
local function stays(line, kept)
  local entry = read_line(line)
  return not entry or entry.entry == nil or kept[entry.entry] or
         entry.step ~= "intent" and entry.step ~= "outcome"
end

-- Writes the lines that stay; returns how many do not; or nil, message.
local function copy_kept(self, to, kept)
  local reader, message = open(self)
  if not reader then
    return reader == false and 0 or nil, message
  end
  local gone = 0
  each_line(self, reader, function(line)
    if line and stays(line, kept) then
      assert(to:write(line, "\n"))
    else
      gone = gone + 1
    end
  end)
  reader.file:close()
  return gone
end

-- Rewrites the file, which is locked, beside its place.
local function rewrite(self, real, before)
  local kept, message = kept_entries(self, before)
  local fresh = real .. ".compact"
  local ok = kept
  if ok then
    ok, message = core.create(fresh)
  end
  if not ok then
    return nil, message
  end
  local to = assert(io.open(fresh, "wb"))
  local done, gone, why = pcall(copy_kept, self, to, kept)
  local closed, problem = to:close()
  if not done or not gone or not closed then
    os.remove(fresh)
    return nil, "cannot be written: " .. tostring(not done and gone or why
                                                  or problem)
  end
  ok, message = core.replace(fresh, real)
  return ok and gone, message
end

local function older(value)
  if type(value) ~= "number" or not (value >= 0 and value < 1e10) then
    return "non-negative number of seconds"
  end
end

--- Takes the lines of closed orders out of the file: what is open, and what
-- cannot be read, stays. Other processes may write and read meanwhile, and a
-- crash leaves the old file or the new one.
-- @param options older: of orders that were closed so many seconds ago and
--   more; now: seconds since 1970 (default the clock)
-- @return how many lines went; or nil, message
function file:compact(options)
  options_of.check(options, { older = older, now = "number" }, "compact")
  if options.older == nil then
    options_of.raise("missing option 'older' to 'compact' (seconds)")
  elseif self.closed then
    return nil, entries.CLOSED
  end
  local lock, message = locked(nil, function()
    return core.lock(self.path)
  end)
  if not lock then
    return nil, explain(self, message)
  end
  local real = core.real_path(self.path) or self.path
  local ok, gone, why = pcall(rewrite, self, real,
                              (options.now or os.time()) - options.older)
  lock:release()
  if not ok then
    error(gone, 0)
  elseif not gone then
    return nil, explain(self, why)
  end
  return gone
end

local meta = kind("file", file)
require("certcentral.calls").methods(meta, "journal", file)

return function(path)
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
    return nil, explain({ path = path }, message)
  end
  return setmetatable({ path = from_root }, meta)
end
