-- A stand-in for DigiCert CertCentral, for tests and demonstrations.
--
--   local sandbox = require("certcentral.sandbox").new()
--   local client = certcentral.new{ api_key = sandbox.api_key,
--     base_url = sandbox.base_url, transport = sandbox.transport }
--
-- Its heart is sandbox:handle(request) -> response, a state machine without
-- sockets; certcentral.sandbox.server puts it behind HTTPS. It shares no code
-- with the client.
--
-- A request is {method, url (or path, with its query), headers (names in any
-- case), body}, and where the front knows it `connection` (a number) and
-- `timeout` (seconds that the caller waits).
--
-- A response is {status, headers (lower-case names), body}, or carries
-- instructions of a fault (see faults.lua) to the front that serves it:
--   refuse     true: close before the request is read
--   close      true: close without an answer
--   cut        number: send the whole head, this many bytes of the body,
--              then close
--   timed_out  true: the caller has given up waiting by now
-- Delays are no instruction: handle waits by itself, through `sleep`.
--
-- Options of new; unknown ones and wrong types raise:
--   api_key      the key that is let in
--   clock        function -> epoch seconds (default os.time)
--   sleep        function(seconds) that delays call; by default they move
--                the clock on, if it is one of certcentral.sandbox.clock
--   rate_limits  true: 100 requests in 5 s, 1000 in 180 s, else 429
--   unique_alternative_order_ids  true: the account's setting of that name
--   domain_key   "name" or "dns_name": how an order's answer calls a domain
--   ca           a certcentral.sandbox.ca instead of a new one

local ca = require("certcentral.sandbox.ca")
local account = require("certcentral.sandbox.account")
local clocks = require("certcentral.sandbox.clock")
local control = require("certcentral.sandbox.control")
local faults = require("certcentral.sandbox.faults")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local orders = require("certcentral.sandbox.orders")
local rate = require("certcentral.sandbox.rate")
local routes = require("certcentral.sandbox.routes")

local sandbox = {}

sandbox.DEFAULT_API_KEY = "sandbox-0123456789abcdef"

local FIRST_ID = 1000001

local Sandbox = {}
Sandbox.__index = Sandbox

-- Options ------------------------------------------------------------------

local function is_function(value)
  if type(value) == "table" then
    local mt = getmetatable(value)
    return mt ~= nil and type(mt.__call) == "function"
  end
  return type(value) == "function"
end

local function is_boolean(value)
  return type(value) == "boolean"
end

local function is_key(value)
  return type(value) == "string" and value ~= ""
    and not value:find("[%c ]")
end

local function is_domain_key(value)
  return value == "name" or value == "dns_name"
end

local OPTIONS = {
  api_key = { is_key, "text without spaces" },
  clock = { is_function, "a function" },
  sleep = { is_function, "a function" },
  rate_limits = { is_boolean, "true or false" },
  unique_alternative_order_ids = { is_boolean, "true or false" },
  domain_key = { is_domain_key, "'name' or 'dns_name'" },
  ca = { ca.is_ca, "a CA of certcentral.sandbox.ca" },
}

local function check_options(options)
  if type(options) ~= "table" then
    error("sandbox options must be a table, got a " .. type(options), 3)
  end
  for name, value in pairs(options) do
    local row = OPTIONS[name]
    if not row then
      error(("unknown sandbox option '%s'"):format(tostring(name)), 3)
    elseif not row[1](value) then
      error(("sandbox option '%s' must be %s, got a %s")
        :format(name, row[2], type(value)), 3)
    end
  end
end

-- The object ---------------------------------------------------------------

-- A sandbox with an empty account. See the head of this file.
function sandbox.new(options)
  check_options(options or {})
  local self = setmetatable({ options = { domain_key = "name" } }, Sandbox)
  for name, value in pairs(options or {}) do
    self.options[name] = value
  end
  self.api_key = self.options.api_key or sandbox.DEFAULT_API_KEY
  self.base_url = "https://sandbox.invalid" .. routes.BASE
  self.clock = self.options.clock or os.time
  self.ca = self.options.ca or ca.new(self.clock())
  local last_id = FIRST_ID - 1
  self.next_id = function()
    last_id = last_id + 1
    return last_id
  end
  self.transport = function(request)
    return self:exchange(request)
  end
  self:reset()
  return self
end

-- Forgets orders, requests, faults, new organizations and domains, and what
-- the rate limits have counted. Ids go on, so that none comes twice.
function Sandbox:reset()
  self.order_list = {}
  self.order_by_id = {}
  self.orders_by_alternative = {}
  self.domain_ids = {}
  self.log = {}
  self.running = {}
  self.connection = 1
  self.faults = faults.new_queue()
  self.rate = rate.new()
  self.account = account.new(self.next_id)
end

-- Queues a fault (see faults.lua). Raises on an unknown kind or field.
function Sandbox:fault(fault)
  local problem = faults.problem(fault)
  if problem then
    error(problem, 2)
  end
  self.faults:add(fault)
end

-- Counts a domain and everything below it as validated.
function Sandbox:validate_domain(name)
  self.account:validate_domain(name)
end

local function copy(value)
  return assert(json.decode(json.encode(value)))
end

-- What was stored, oldest first; see orders.stored. A copy.
function Sandbox:orders()
  self:run_due()
  return copy(orders.stored(self))
end

-- The API requests that were read, oldest first: {number, method, path,
-- connection, time, answered}. `answered` says whether a whole answer was
-- given. A copy.
function Sandbox:requests()
  return copy(json.array(self.log))
end

-- Requests -----------------------------------------------------------------

-- Requests whose caller gave up are still served when their time comes.
function Sandbox:run_due()
  local now, left = self.clock(), {}
  for _, task in ipairs(self.running) do
    if task.at <= now then
      task.run()
    else
      left[#left + 1] = task
    end
  end
  self.running = left
end

-- Lets `seconds` pass, in whatever way this sandbox has.
function Sandbox:pass(seconds)
  if self.options.sleep then
    self.options.sleep(seconds)
  elseif clocks.is_fake(self.clock) then
    self.clock:advance(seconds)
  end
end

-- A function wait(seconds, process) for faults: true after that time, false
-- when the caller gives up before; `process`, if given, then runs later.
function Sandbox:waiter(timeout)
  return function(seconds, process)
    if not timeout or seconds <= timeout then
      self:pass(seconds)
      return true
    end
    if process then
      table.insert(self.running, { at = self.clock() + seconds,
        run = process })
    end
    self:pass(timeout)
    return false
  end
end

-- A request without its fault: the key, the rate, the route.
function Sandbox:process(call)
  if call.headers["x-dc-devkey"] ~= self.api_key then
    return http.error(403, "access_denied|access_denied_invalid_key",
      "Access denied due to access_denied_invalid_key.")
  end
  if self.options.rate_limits
    and not self.rate:admit(self.api_key, self.clock()) then
    return http.error(429, "request_limit_exceeded",
      "Service unavailable, please limit request volume")
  end
  local kind = call.headers["content-type"]
  if call.body ~= "" and kind and not kind:lower():find("json", 1, true) then
    return http.error(400, "bad_request_format",
      "The content type must be application/json.")
  end
  return routes.answer(self, call)
end

local function enter(self, call)
  local entry = {
    number = #self.log + 1,
    method = call.method,
    path = call.path,
    connection = call.connection or self.connection,
    time = self.clock(),
    answered = false,
  }
  self.log[entry.number] = entry
  return entry
end

local function is_whole(response)
  return not (response.refuse or response.close or response.cut
    or response.timed_out)
end

-- Serves one request; see the head of this file.
function Sandbox:handle(request)
  self:run_due()
  local call = http.parse(request)
  if control.is_control(call) then
    return control.handle(self, call)
  end
  local fault = self.faults:take(call.method, call.path)
  if fault and fault.kind == "refuse" then
    return { refuse = true }
  end
  local entry = enter(self, call)
  local function process()
    return self:process(call)
  end
  local response = fault
    and faults.act(fault, process, self:waiter(call.timeout)) or process()
  entry.answered = is_whole(response)
  return response
end

-- As a transport: a response, or nil and {message, sent}.
function Sandbox:exchange(request)
  local response = self:handle(request)
  if is_whole(response) then
    return response
  end
  self.connection = self.connection + 1
  if response.refuse then
    return nil, { message = "could not connect to the sandbox", sent = "no" }
  elseif response.timed_out then
    return nil, { message = ("no answer within %g seconds")
      :format(request.timeout), sent = "maybe" }
  elseif response.cut then
    return nil, { message = ("the answer broke off after %d of %d bytes")
      :format(response.cut, #response.body), sent = "maybe" }
  end
  return nil, { message = "the connection was closed without an answer",
    sent = "maybe" }
end

return sandbox
