--- Checks option tables: misuse raises and names the option.

local core = require "certcentral.core"

local options = {}

local function nearest(name, known)
  local lower = core.lower(tostring(name)):gsub("[^%w]", "")
  for candidate in pairs(known) do
    if candidate:gsub("_", "") == lower then
      return candidate
    end
  end
end

local function names(known)
  local list = {}
  for name in pairs(known) do
    list[#list + 1] = name
  end
  table.sort(list)
  return table.concat(list, ", ")
end

-- This package's files begin with this.
local here = debug.getinfo(1, "S").source:match("^(.*)options%.lua$")

--- Raises for misuse, at the line of the caller's code that the call into this
-- package stands in.
-- @param format, ... as for string.format
function options.raise(format, ...)
  local level = 2
  local info = debug.getinfo(level, "S")
  while info and (info.what == "C" or info.what == "tail" or
                  info.source:sub(1, #here) == here) do
    level = level + 1
    info = debug.getinfo(level, "S")
  end
  error(format:format(...), info and level or 2)
end

--- Raises unless `given` is a table of known options of the right types.
-- @param given the caller's table
-- @param known option name -> type name, or a function(value) that returns
--   what was expected where the value is wrong, and words for what was got
--   where its type does not tell
-- @param who the function's name, for the message
function options.check(given, known, who)
  if type(given) ~= "table" then
    options.raise("bad options to '%s' (table expected, got %s)", who,
                  type(given))
  end
  for name, value in pairs(given) do
    local rule = known[name]
    if rule == nil then
      local near = nearest(name, known)
      options.raise("unknown option '%s' to '%s' (%s)", tostring(name), who,
        near and "did you mean '" .. near .. "'?" or
        "known are " .. names(known))
    end
    local expected, got
    if type(rule) == "function" then
      expected, got = rule(value)
    elseif type(value) ~= rule then
      expected = rule
    end
    if expected then
      options.raise("bad option '%s' to '%s' (%s expected, got %s)", name,
        who, expected, got or
        type(value) == "number" and tostring(value) or type(value))
    end
  end
end

return options
