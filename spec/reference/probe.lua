-- The names and types of options, from the messages of the rules that check
-- them: each function is called with options that no function takes.

local certcentral = require "certcentral"
local manual = require "certcentral.manual"

local probe = {}

local NO_NAME = "qqqqqqqqqqqqqqqq"
local NO_VALUES = { coroutine.create(function() end), "\1" }

-- What the functions are called on, by the names of certcentral.functions.
local function new_objects()
  local client = assert(certcentral.new {
    api_key = "none", store = false, retry = { attempts = 1 },
    transport = function() return nil, { message = "none", sent = "no" } end })
  local path = os.tmpname()
  local objects = {
    certcentral = certcentral, ["certcentral.csr"] = certcentral.csr,
    client = client, queue = client:queue(),
    budget = require "certcentral.budget", log = require "certcentral.log",
    store = require "certcentral.store",
    journal = assert(require("certcentral.journal").file(path)),
  }
  return objects, function()
    client:close()
    os.remove(path)
  end
end

-- Good enough to come to the options.
local ARGUMENTS = { order = {}, orders = {}, id = 1, result = {},
  details = {}, domains = { "example.com" }, name_id = "a", name = "a",
  changes = {} }

local function call_of(objects, row)
  local kind, mark, name = row.name:match("^(.-)([.:])([%l_%d]+)$")
  if row.name:find("^certcentral%.csr") then
    kind, name = row.name:match("^(.*)%.(.*)$")
  end
  local f, wanted = objects[kind][name], manual.options.argument(row)
  return function(options)
    local list, count = {}, 0
    if mark == ":" then
      count, list[1] = 1, objects[kind]
    end
    for argument in row.arguments:gmatch("[%l_]+") do
      count = count + 1
      if argument == wanted then
        list[count] = options
      else
        list[count] = ARGUMENTS[argument]
      end
    end
    local unpack = table.unpack or unpack -- luacheck: ignore
    local ok, message = pcall(f, unpack(list, 1, count))
    return ok and "" or tostring(message)
  end
end

local function words_in(message, name)
  return message:find(("bad option '%s'"):format(name), 1, true) and
         message:match("%((.*) expected, got .-%)$")
end

-- What was expected, in words, if an option has no possible value. The kind of
-- a key is looked at when there is a name.
local function words_of(call, name, is_csr)
  local words
  for _, value in ipairs(NO_VALUES) do
    local options = { common_name = is_csr and name == "key" and "example.com"
                                    or nil }
    options[name] = value
    words = words_in(call(options), name) or words
  end
  if words == "table" then
    local item = words_in(call { [name] = { true } }, name .. "[1]")
    words = item and "list of " .. item .. "s" or words
  end
  return words
end

--- The options that a function takes.
-- @param row of certcentral.functions
-- @return name -> words for what is expected; nil where it checks none
local function options_of(objects, row)
  local call = call_of(objects, row)
  local known = call({ [NO_NAME] = 1 }):match("%(known are (.*)%)$")
  if not known then
    return nil
  end
  local found = {}
  for name in known:gmatch("[%l%d_]+") do
    found[name] = words_of(call, name, row.name:find("%.generate$"))
  end
  return found
end

--- The options of all functions: a function's full name -> name -> words.
function probe.all(rows)
  local objects, close = new_objects()
  local all = {}
  for _, row in ipairs(rows) do
    if manual.options.argument(row) and row.name ~= "queue:await" then
      all[row.name] = options_of(objects, row) or {}
      for _, option in ipairs(manual.options.own(row)) do
        all[row.name][option[1]] = all[row.name][option[1]] or
          words_of(call_of(objects, row), option[1])
      end
    end
  end
  close()
  return all
end

-- ---- types -----------------------------------------------------------------

local TYPES = {
  string = "string", boolean = "boolean", ["function"] = "function",
  number = "number", table = "table",
  ["table of names of files"] = "table",
  ["table of an order's members"] = "table",
  ["'us' or 'eu'"] = '"us"|"eu"',
  ["list of strings"] = "string[]", ["list of host names"] = "string[]",
  ["list of validation types"] = "string[]",
  ["boolean or function"] = "boolean|function",
  ["id, an integer from 1 and below 2^53"] = "integer|string",
  ["property, -property or a list of them"] = "string|string[]",
}

-- The beginnings of words, and the types that they are.
local BEGINNINGS = {
  { "^number", "number" }, { "^positive number", "number" },
  { "^non%-negative number", "number" }, { "^integer", "integer" },
  { "^list of {requests", "certcentral.window[]" },
  { "^false or a list of {requests", "certcentral.window[]|false" },
  { "^table {attempts", "{attempts?: integer, base?: number, cap?: number}" },
  { "^budget with", "certcentral.budget" },
  { "^journal with", "certcentral.journal" },
  { "^store with", "certcentral.store|false" },
  { "^'curl'", '"curl"|"resty"|"thread"|certcentral.transport|table' },
  { "^name of a file", "string" }, { "^host name", "string" },
  { "^private key", "string" }, { "^two times of day", "string[]" },
  { "^UTF%-8 text", "string" }, { "^'yyyy", "string" },
  { "^a product's name", "string" }, { "^%d+ to %d+ bytes", "string" },
}

local function literals(list)
  local parts = {}
  for word in list:gmatch("[^, ]+") do
    parts[#parts + 1] = ('"%s"'):format(word)
  end
  return table.concat(parts, "|")
end

--- The LuaCATS type for the words of a rule.
function probe.type(words)
  local list = words:match("^one of (.*)$")
  if list then
    return literals(list)
  elseif TYPES[words] then
    return TYPES[words]
  end
  for _, row in ipairs(BEGINNINGS) do
    if words:find(row[1]) then
      return row[2]
    end
  end
  error("spec/reference/probe.lua has no type for '" .. words .. "'")
end

return probe
