-- Faults on demand: what goes wrong with the next requests.
--
-- A fault is a table {kind = ..., ...}. Every kind takes
--   times   how many requests it hits (default 1)
--   method  only requests with this method
--   path    only requests whose path matches this Lua pattern
-- Faults wait in a queue; a request meets the first one that fits it. Only
-- requests to the API meet faults, control routes never do.
--
--   kind            what happens                          own fields
--   refuse          no connection, nothing is read
--   close           the request is read, nothing is
--                   stored, the connection is closed
--   lose            stored, then closed without answer
--   cut             stored; the answer breaks off         bytes (default:
--                                                         half the body)
--   delay           waits before or after storing         seconds, when
--                                                         ("before")
--   hold            waits before or after storing,        requests, when
--                   until so many requests are there      ("before")
--                   or all are released
--   status          any answer                            status, store,
--                                                         headers, body
--   html            a page of a proxy in front            status (503), store
--   errors_object   {"errors": {...}}                     status (400), store,
--   error_singular  {"error": {...}}                      code, message
--   garbage         stored; 201 with an unreadable body   body
--
-- `store` (default false): the request is processed all the same. What is
-- not given for "status": the body is that of an error, or with `store` and a
-- status below 400 the answer that the request would have got.
--
-- "hold" is for tests that must not depend on how fast a machine is: `requests`
-- counts all that were read. Where a request is answered before the next one
-- can come, in process, nothing is held.
--
-- "refuse" over HTTPS: without `method` and `path` the TLS handshake of the
-- next connection fails. A request that comes on an open connection, or that
-- is chosen by `method` or `path`, has its connection closed as soon as its
-- head is there: it is not logged as a request.

local http = require("certcentral.sandbox.http")

local faults = {}

local function is_integer(low, high)
  return function(value)
    return type(value) == "number" and value % 1 == 0 and value >= low
      and value <= high
  end
end

local function is_string(value)
  return type(value) == "string"
end

local function is_boolean(value)
  return type(value) == "boolean"
end

local function is_pattern(value)
  return is_string(value) and (pcall(string.find, "/", value))
end

local function is_moment(value)
  return value == "before" or value == "after"
end

local function is_seconds(value)
  return type(value) == "number" and value >= 0 and value < 1e9
end

local function is_headers(value)
  if type(value) ~= "table" then
    return false
  end
  for name, text in pairs(value) do
    if not is_string(name) or not is_string(text) then
      return false
    end
  end
  return true
end

local is_status = is_integer(200, 599)

local COMMON = {
  kind = is_string, times = is_integer(1, 1e9), method = is_string,
  path = is_pattern,
}

local FIELDS = {
  refuse = {}, close = {}, lose = {},
  cut = { bytes = is_integer(0, 1e9) },
  delay = { seconds = is_seconds, when = is_moment },
  hold = { requests = is_integer(1, 1e9), when = is_moment },
  status = { status = is_status, store = is_boolean, headers = is_headers,
    body = is_string },
  html = { status = is_status, store = is_boolean },
  errors_object = { status = is_status, store = is_boolean,
    code = is_string, message = is_string },
  garbage = { body = is_string },
}
FIELDS.error_singular = FIELDS.errors_object

local REQUIRED = { delay = "seconds", status = "status" }

--- The kinds of faults, as text.
function faults.kinds()
  local list = {}
  for kind in pairs(FIELDS) do
    list[#list + 1] = kind
  end
  table.sort(list)
  return table.concat(list, ", ")
end

-- Nil when `fault` is well-formed, else what is wrong with it.
function faults.problem(fault)
  if type(fault) ~= "table" then
    return "a fault must be a table, got a " .. type(fault)
  end
  local fields = FIELDS[fault.kind]
  if not fields then
    return ("unknown fault kind '%s': %s expected"):format(
      tostring(fault.kind), faults.kinds())
  end
  for name, value in pairs(fault) do
    local check = COMMON[name] or fields[name]
    if not check then
      return ("unknown field '%s' of a fault of kind '%s'")
        :format(tostring(name), fault.kind)
    elseif not check(value) then
      return ("bad value of field '%s' of a fault of kind '%s'")
        :format(name, fault.kind)
    end
  end
  local needed = REQUIRED[fault.kind]
  if needed and fault[needed] == nil then
    return ("a fault of kind '%s' needs '%s'"):format(fault.kind, needed)
  end
end

local Queue = {}
Queue.__index = Queue

function faults.new_queue()
  return setmetatable({ waiting = {} }, Queue)
end

-- Adds a well-formed fault; the table is copied.
function Queue:add(fault)
  local copy = { times = 1 }
  for name, value in pairs(fault) do
    copy[name] = value
  end
  table.insert(self.waiting, copy)
end

local function fits(fault, method, path)
  return (not fault.method or fault.method:upper() == method)
    and (not fault.path or path:find(fault.path) ~= nil)
end

function Queue:use(index)
  local fault = self.waiting[index]
  fault.times = fault.times - 1
  if fault.times == 0 then
    table.remove(self.waiting, index)
  end
  return fault
end

-- The fault that hits this request, used up once; nil without one. With
-- `kind` only if it is one of that kind.
function Queue:take(method, path, kind)
  for index, fault in ipairs(self.waiting) do
    if fits(fault, method, path) then
      if kind and fault.kind ~= kind then
        return nil
      end
      return self:use(index)
    end
  end
end

-- True when the next connection is to be refused: the first fault of the
-- queue says so and chooses no request.
function Queue:take_connection()
  local fault = self.waiting[1]
  if fault and fault.kind == "refuse" and not fault.method
    and not fault.path then
    self:use(1)
    return true
  end
  return false
end

-- Acting -------------------------------------------------------------------

local PAGE = [[
<!DOCTYPE html>
<html><head><title>Request unsuccessful</title></head>
<body><h1>Request unsuccessful</h1>
<p>The site is not available at the moment. Incident 0-0000.</p>
</body></html>
]]

-- Each acts on one request: (fault, process, wait, hold) -> response.
-- `process` runs the request and returns its answer. `wait(seconds)` returns
-- true, or false when the caller gives up before. `hold(requests)` returns once
-- the request is released.
local ACT = {}

function ACT.refuse()
  return { refuse = true }
end

function ACT.close()
  return { close = true }
end

function ACT.lose(_, process)
  process()
  return { close = true }
end

function ACT.cut(fault, process)
  local response = process()
  local whole = #response.body
  response.cut = math.min(fault.bytes or math.floor(whole / 2),
    math.max(whole - 1, 0))
  return response
end

function ACT.delay(fault, process, wait)
  if fault.when == "after" then
    local response = process()
    return wait(fault.seconds) and response or { timed_out = true }
  end
  if not wait(fault.seconds, process) then
    return { timed_out = true }
  end
  return process()
end

function ACT.hold(fault, process, _, hold)
  local response = fault.when == "after" and process()
  hold(fault.requests)
  return response or process()
end

local function lower_headers(headers)
  local lowered = { ["content-type"] = "application/json" }
  for name, value in pairs(headers or {}) do
    lowered[name:lower()] = value
  end
  return lowered
end

local function error_text(status, code, message)
  return http.error(status, code or "sandbox_fault",
    message or "The sandbox was asked for this fault.").body
end

function ACT.status(fault, process)
  local stored = fault.store and process()
  local body = fault.body
  if not body then
    body = stored and fault.status < 400 and stored.body
      or error_text(fault.status)
  end
  return { status = fault.status, headers = lower_headers(fault.headers),
    body = body }
end

function ACT.html(fault, process)
  if fault.store then
    process()
  end
  return { status = fault.status or 503,
    headers = { ["content-type"] = "text/html" }, body = PAGE }
end

local function odd_errors(member)
  return function(fault, process)
    if fault.store then
      process()
    end
    local status = fault.status or 400
    return http.answer(status, { [member] = http.item(
      fault.code or "sandbox_fault",
      fault.message or "The sandbox was asked for this fault.") })
  end
end

ACT.errors_object = odd_errors("errors")
ACT.error_singular = odd_errors("error")

function ACT.garbage(fault, process)
  process()
  return { status = 201, headers = lower_headers(),
    body = fault.body or '{"id":12\255\254"requests":[' }
end

-- What the request gets under this fault.
function faults.act(fault, ...)
  return ACT[fault.kind](fault, ...)
end

return faults
