--- What a journal keeps, and what is one: for this package's own.

local core = require "certcentral.core"
local options_of = require "certcentral.options"

local entries = {}

local EXACT = 2 ^ 53 -- a float of this size and more may have lost digits

entries.CLOSED = "the journal is closed"

local is_integer = math.type and function(value)
  return math.type(value) == "integer"
end or function() return false end

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

entries.check = check

local function copy(entry)
  local to = {}
  for name, value in next, entry do
    to[name] = value
  end
  return to
end

entries.copy = copy

require "certcentral.interpreted"(check, copy)

local function has_methods(value)
  return type(value.write) == "function" and type(value.read) == "function"
end

--- Whether a value is a journal. Never raises.
function entries.is_journal(value)
  local known = type(value)
  if known ~= "table" and known ~= "userdata" then
    return false
  end
  local ok, good = pcall(has_methods, value)
  return ok and good
end

--- Whether a value is one of this package's own.
function entries.is_own(value)
  local meta = debug.getmetatable(value)
  return type(meta) == "table" and rawget(meta, "own") == entries
end

return entries
