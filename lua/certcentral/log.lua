--- Ready-made functions for a client's `on_event`: a line for each event,
-- never with a secret.
--
--   certcentral.new { on_event = require("certcentral.log").stderr() }

local json = require "certcentral.json"
local core = require "certcentral.core"
local options_of = require "certcentral.options"
local secrets = require "certcentral.secrets"

local log = {}

local TEXT = 500 -- bytes of one value

-- What comes first in a line, in this order; the rest by name.
local FIRST = { "event", "alternative_order_id", "order_id", "outcome", "kind",
                "method", "path", "status" }

-- The values of an event in their order: a function that gives name, value.
local function members(event)
  local names, taken = {}, {}
  for _, name in ipairs(FIRST) do
    if event[name] ~= nil then
      names[#names + 1], taken[name] = name, true
    end
  end
  local first = #names
  local rest = {}
  for name in pairs(event) do
    if type(name) == "string" and not taken[name] then
      rest[#rest + 1] = name
    end
  end
  table.sort(rest)
  for i, name in ipairs(rest) do
    names[first + i] = name
  end
  local i = 0
  return function()
    i = i + 1
    return names[i], event[names[i]]
  end
end

-- A number, a boolean or a clean text.
local function plain(name, value)
  if secrets.is_name(name) then
    return secrets.HIDDEN
  elseif type(value) == "number" and value - value == 0 then
    return value
  elseif type(value) == "boolean" then
    return value
  end
  local text = type(value) == "table" and require("certcentral.show")(value)
               or tostring(value)
  return core.printable(secrets.hide(text), TEXT)
end

local function number(value)
  return value % 1 == 0 and ("%.0f"):format(value) or
         (("%.3f"):format(value):gsub("0+$", ""):gsub("%.$", ""))
end

--- An event as `event name=value name="more words"`.
function log.line(event)
  local parts = {}
  for name, value in members(event) do
    value = plain(name, value)
    local text = type(value) == "number" and number(value) or tostring(value)
    if text == "" or text:find('[%s"=]') then
      text = '"' .. text:gsub('["\\]', "\\%0") .. '"'
    end
    parts[#parts + 1] = name == "event" and text or name .. "=" .. text
  end
  return table.concat(parts, " ")
end

--- An event as a JSON object on one line.
-- @param time seconds since 1970
function log.json_line(event, time)
  local parts = { ('"time":%s'):format(json.text(
    os.date("!%Y-%m-%dT%H:%M:%SZ", time))) }
  for name, value in members(event) do
    value = plain(name, value)
    parts[#parts + 1] = ("%s:%s"):format(json.text(name),
      type(value) == "string" and json.text(value) or
      type(value) == "number" and number(value) or tostring(value))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

--- Writes to standard error.
function log.stderr()
  return function(event)
    io.stderr:write(("certcentral: %s %s\n"):format(
      os.date("!%Y-%m-%dT%H:%M:%SZ"), log.line(event)))
  end
end

--- Appends to a file. It is opened for each line, so that it may be rotated;
-- a line that cannot be written raises, which a client notes as event_error.
-- @param path the file's
-- @return the function; or nil, message where the file cannot be written to
function log.json(path)
  if type(path) ~= "string" or path == "" then
    options_of.raise("bad argument 'file' to 'log.json' (path expected, got "
                     .. "%s)", path == "" and "an empty string" or
                     type(path))
  end
  local absolute, problem = core.absolute(path)
  local file = absolute
  if absolute then
    file, problem = io.open(absolute, "ab")
  end
  if not file then
    return nil, ("log file '%s' cannot be written: %s"):format(
      core.printable(path, 300), problem)
  end
  file:close()
  return function(event)
    local line = log.json_line(event, os.time()) .. "\n"
    local opened, message = io.open(absolute, "ab")
    local done = opened
    if opened then
      opened:setvbuf("full", #line) -- one write: lines of processes stay whole
      done, message = opened:write(line)
      if done then
        done, message = opened:flush()
      end
      opened:close()
    end
    if not done then
      error(message, 0)
    end
  end
end

-- How much an event matters to who reads nginx's error log.
local function level(ngx, event)
  if event.outcome == "unknown" then
    return ngx.ERR
  elseif event.kind or event.event == "warning" then
    return ngx.WARN
  end
  return ngx.INFO
end

--- Writes to nginx's error log: "info", "warn" for what failed and for
-- warnings, "error" for an
-- order that may or may not be placed.
function log.nginx()
  local ngx = _G.ngx
  if type(ngx) ~= "table" or ngx.log == nil then
    options_of.raise("bad call of 'log.nginx': it needs nginx's Lua")
  end
  return function(event)
    ngx.log(level(ngx, event), "certcentral: ", log.line(event))
  end
end

require("certcentral.calls").functions(log, "log",
                                       { "stderr", "json", "nginx" })

return log
