--- Checks option tables: misuse raises and names the option.

local core = require "certcentral.core"

local options = {}

local SHOWN = 60 -- bytes of a wrong value in a message

-- Words that people have for options; those of other functions do no harm.
local WORDS = {
  key = "api_key", token = "api_key", apitoken = "api_key",
  keyfile = "api_key_file", url = "base_url", endpoint = "base_url",
  host = "base_url", ca = "ca_file", cacert = "ca_file", cafile = "ca_file",
  capath = "ca_file", cainfo = "ca_file", retries = "retry",
  attempts = "retry", log = "on_event", logger = "on_event",
  onevent = "on_event", state = "store", lock = "store",
  ratelimit = "rate", agent = "user_agent", useragent = "user_agent",
  parallel = "concurrency", workers = "concurrency", threads = "concurrency",
}

local function names(known)
  local list = {}
  for name in pairs(known) do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

local function nearest(name, known)
  local word = WORDS[core.lower(tostring(name)):gsub("[^%w]", "")]
  return word and known[word] ~= nil and word or
         require("certcentral.nearest").of(name, names(known))
end

-- A wrong value in words; a secret's type only.
local function shown(name, value)
  local secrets = require "certcentral.secrets"
  if secrets.is_name(name) then
    return type(value)
  elseif type(value) == "string" then
    return "'" .. require("certcentral.core").printable(secrets.hide(value),
                                                        SHOWN) .. "'"
  end
  return type(value) == "number" and tostring(value) or
         type(value) == "boolean" and tostring(value) or type(value)
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
        "known are " .. table.concat(names(known), ", "))
    end
    local expected, got
    if type(rule) == "function" then
      expected, got = rule(value)
      got = got or expected and shown(name, value)
    elseif type(value) ~= rule then
      expected = rule
    end
    if expected then
      options.raise("bad option '%s' to '%s' (%s expected, got %s)", name,
        who, expected, got or type(value) == "number" and
        shown(name, value) or type(value))
    end
  end
end

return options
