-- What the code has and the manual has not, and the other way round.

local errors = require "certcentral.error"
local functions = require "certcentral.functions"
local manual = require "certcentral.manual"
local probe = require "reference.probe"

local holes

local function hole(format, ...)
  holes[#holes + 1] = "lua/certcentral/manual: " .. format:format(...)
end

local function names_of(rows)
  local names = {}
  for _, row in ipairs(rows) do
    names[row[1]] = true
  end
  return names
end

local function compare(what, known, said)
  for name in pairs(known) do
    if not said[name] then
      hole("%s: nothing is said of '%s'", what, name)
    end
  end
  for name in pairs(said) do
    if not known[name] then
      hole("%s: there is no '%s'", what, name)
    end
  end
end

-- The options that the manual has for a function.
local function said_of(row)
  local said = names_of(manual.options.own(row))
  for _, set in ipairs(manual.options.sets_of(row)) do
    for name in pairs(names_of(manual.options.set(set))) do
      said[name] = true
    end
  end
  return said
end

-- Functions that hand their options on, so that these cannot be asked for.
local HANDS_ON = { ["certcentral.place_order"] = true,
                   ["client:renew"] = true }

local function check_options()
  local all = probe.all(functions.list)
  for _, row in ipairs(functions.list) do
    if all[row.name] and not HANDS_ON[row.name] then
      compare(row.name, all[row.name], said_of(row))
    end
  end
end

local function check_notes()
  for name in pairs(manual.notes) do
    if not functions.find(name) then
      hole("there is a note, but no function '%s'", name)
    end
  end
end

-- Adds what a pattern finds in the files of a shell pattern.
local function collect(found, read, files, pattern)
  local list = io.popen("ls " .. files)
  for file in list:lines() do
    for name in read(file):gmatch(pattern) do
      found[name] = true
    end
  end
  list:close()
end

local LUA = "$(find lua/certcentral -name '*.lua' -not -path '*/sandbox/*' "
            .. "-not -path '*/manual/*')"

local function check_codes(read)
  local used, said = {}, names_of(manual.codes.problems)
  for name in pairs(names_of(manual.codes.warnings)) do
    said[name] = true
  end
  collect(used, read, "csrc/core/*.c", '[^{]DCC_[%u_]+, "([%l_]+)"')
  collect(used, read, "csrc/x509/facts.c", 'add_warning%(to, "([%l_]+)"')
  collect(used, read, LUA, 'code = "([%l_]+)"')
  collect(used, read, LUA, ':problem%([^,]+, "([%l_]+)"')
  collect(used, read, LUA, ':warning%([^,]+, "([%l_]+)"')
  for name in pairs(used) do
    if not said[name] then
      hole("nothing is said of the code '%s'", name)
    end
  end
  local kinds = {}
  for name in pairs(errors.kinds) do
    kinds[name] = true
  end
  compare("kinds of errors", kinds, names_of(manual.codes.kinds))
end

local function check_environment(read)
  local used, said = {}, names_of(manual.codes.environment)
  collect(used, read, "$(find lua -name '*.lua')", 'getenv%("([%w_]+)"')
  collect(used, read, "lua/certcentral/store/file.lua", 'given "([%u_]+)"')
  for name in pairs(used) do
    if not said[name] then
      hole("nothing is said of $%s", name)
    end
  end
end

--- @param read a function that reads a file
-- @return a list of messages
return function(read)
  holes = {}
  check_options()
  check_notes()
  check_codes(read)
  check_environment(read)
  return holes
end
