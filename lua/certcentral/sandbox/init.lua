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
--   hold         function() -> wait(), wake(): a call waits until another one
--                wakes it; without it no request is held
--   rate_limits  true: 100 requests in 5 s, 1000 in 180 s, else 429
--   unique_alternative_order_ids  true: the account's setting of that name
--   domain_key   "name" or "dns_name": how an order's answer calls a domain
--   ca           a certcentral.sandbox.ca instead of a new one
--   pace         see set_pace; what it starts with, also after reset
--   shapes       see set_shapes; likewise
--   account      see set_account; likewise

local ca = require("certcentral.sandbox.ca")
local account = require("certcentral.sandbox.account")
local clocks = require("certcentral.sandbox.clock")
local control = require("certcentral.sandbox.control")
local dcv = require("certcentral.sandbox.dcv")
local faults = require("certcentral.sandbox.faults")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local life = require("certcentral.sandbox.life")
local odd = require("certcentral.sandbox.odd")
local orders = require("certcentral.sandbox.orders")
local rate = require("certcentral.sandbox.rate")
local roles = require("certcentral.sandbox.roles")
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

local function is_table(value)
  return type(value) == "table"
end

local OPTIONS = {
  api_key = { is_key, "text without spaces" },
  clock = { is_function, "a function" },
  sleep = { is_function, "a function" },
  hold = { is_function, "a function" },
  rate_limits = { is_boolean, "true or false" },
  unique_alternative_order_ids = { is_boolean, "true or false" },
  domain_key = { is_domain_key, "'name' or 'dns_name'" },
  ca = { ca.is_ca, "a CA of certcentral.sandbox.ca" },
  pace = { is_table, "a table" },
  shapes = { is_table, "a table" },
  account = { is_table, "a table" },
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
  self.real_clock = self.options.clock or os.time
  self.ahead = 0
  self.clock = clocks.is_fake(self.real_clock) and self.real_clock
    or function()
      return self.real_clock() + self.ahead
    end
  self.ca = self.options.ca or ca.new(self.clock())
  local last_id = FIRST_ID - 1
  self.next_id = function()
    last_id = last_id + 1
    return last_id
  end
  self.transport = function(request)
    return self:exchange(request)
  end
  self.held = {}
  self:reset()
  return self
end

-- Forgets everything but the key, the CA and the options: orders, requests,
-- faults, new organizations and domains, records, what was set, and what the
-- rate limits have counted. A clock that is not the caller's own shows the
-- real time again. Ids go on, so that none comes twice.
function Sandbox:reset()
  self:release()
  self.order_list = {}
  self.order_by_id = {}
  self.orders_by_alternative = {}
  self.certificate_by_id = {}
  self.request_list = {}
  self.request_by_id = {}
  self.domain_ids = {}
  self.domain_list = {}
  self.record_list = {}
  self.mail_list = {}
  self.log = {}
  self.running = {}
  self.connection = 1
  self.ahead = 0
  self.faults = faults.new_queue()
  self.rate = rate.new()
  self.account = account.new(self.next_id)
  self.pace, self.shapes, self.settings = {}, {}, {}
  for name, value in pairs(life.PACE) do
    self.pace[name] = value
  end
  self:set_pace(self.options.pace or {})
  self:set_shapes(self.options.shapes or {})
  self:set_account(self.options.account or {})
end

-- Settings -----------------------------------------------------------------

-- Checks all, then sets all; raises on a name or a value that cannot be.
local function set(target, values, known, what)
  for name, value in pairs(values) do
    local is_good = known[name]
    if not is_good then
      error(("unknown %s '%s'"):format(what, tostring(name)), 3)
    elseif value ~= json.null and not is_good(value) then
      error(("bad value of %s '%s'"):format(what, name), 3)
    end
  end
  for name, value in pairs(values) do
    target[name] = value ~= json.null and value or nil
  end
end

local PACE = {}
for name in pairs(life.PACE) do
  PACE[name] = function(value)
    return value == false or type(value) == "number" and value >= 0
  end
end

-- Sets how long things take by themselves, in seconds, or false for never:
-- approve_after, validate_after, poll_after, organization_after,
-- issue_after; life.PACE says what each is and what it is at the start. What
-- has happened by now stays.
function Sandbox:set_pace(values)
  life.settle_all(self)
  set(self.pace, values, PACE, "pace")
end

local SHAPES = {}
for name in pairs(odd.SHAPES) do
  SHAPES[name] = is_boolean
end

-- Switches odd shapes of answers on (true) or off; see odd.lua.
function Sandbox:set_shapes(values)
  set(self.shapes, values, SHAPES, "shape")
end

local function is_role(value)
  for _, name in ipairs(roles.USER) do
    if value == name then
      return true
    end
  end
  return false
end

local ACCOUNT = {
  role = is_role,
  key_role = function(value)
    return roles.KEY[value] ~= nil
  end,
  products = is_table,
  limits = is_table,
  benefits = is_table,
  subscription = is_boolean,
}

-- Sets what the account is and may do; json.null takes a setting back.
--   role      the user's access role: "Administrator" at the start
--   key_role  the key's restriction: 0 (none), 100, 101, 102, 103
--   products  names of those that are enabled; all at the start
--   limits    list of product limits as the API shows them
--   benefits  list of other CAs' certificates that earn a discount
--   subscription  true: an order lasts as long as its first certificate
function Sandbox:set_account(values)
  set(self.settings, values, ACCOUNT, "account setting")
end

-- Lets `seconds` pass at once.
function Sandbox:advance(seconds)
  self:set_clock(self.clock() + seconds)
end

-- Sets the clock to `seconds` since the epoch.
function Sandbox:set_clock(seconds)
  if clocks.is_fake(self.clock) then
    self.clock:set(seconds)
  else
    self.ahead = seconds - self.real_clock()
  end
end

-- Puts a record into the sandbox's internet, or a list of them, as the
-- client's dcv_records makes them; see dcv.problem. Raises on a bad one.
function Sandbox:publish(records)
  local list = records.type and { records } or records
  for _, record in ipairs(list) do
    local problem = dcv.problem(record)
    if problem then
      error(problem, 2)
    end
  end
  for _, record in ipairs(list) do
    dcv.publish(self, record)
  end
end

-- Counts an organization as validated since now (or with false, not any
-- more). Raises when there is none of this id.
function Sandbox:validate_organization(id, validated)
  local organization = self.account:organization(id)
  if not organization then
    error("unknown organization " .. tostring(id), 2)
  end
  life.settle_all(self)
  organization.validated_at = validated ~= false and self.clock() or nil
  organization.submitted_at = validated ~= false
    and organization.submitted_at or nil
end

-- Gives an order a status, whatever it is; with nil the one that is due.
-- Raises when there is no such order.
function Sandbox:force_status(order_id, status)
  local order = self.order_by_id[order_id]
  if not order then
    error("unknown order " .. tostring(order_id), 2)
  end
  order.forced = status and { status = status, time = self.clock() }
  life.settle(self, order)
end

-- Faults and what was seen -------------------------------------------------

-- Queues a fault (see faults.lua). Raises on an unknown kind or field.
function Sandbox:fault(fault)
  local problem = faults.problem(fault)
  if problem then
    error(problem, 2)
  end
  self.faults:add(fault)
end

-- Counts a domain and everything below it as validated since now: somebody
-- has followed the link in the mail.
function Sandbox:validate_domain(name)
  life.settle_all(self)
  self.account:validate_domain(name, self.clock())
end

local function copy(value)
  return assert(json.decode(json.encode(value)))
end

-- What was stored, oldest first; see orders.stored. A copy.
function Sandbox:orders()
  self:run_due()
  return copy(orders.stored(self))
end

-- The mails that were sent, oldest first: {order_id, domain, to, time}. A
-- copy.
function Sandbox:mails()
  return copy(json.array(self.mail_list))
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

-- Holds a request until it is released, or so many were read.
function Sandbox:hold(requests)
  if not self.options.hold or requests and #self.log >= requests then
    return
  end
  local wait, wake = self.options.hold()
  self.held[wake] = requests or math.huge
  wait()
  self.held[wake] = nil
end

-- Lets go of the requests that are held; with `read`, the number of requests
-- that were read, of those that wait for no more.
function Sandbox:release(read)
  for wake, requests in pairs(self.held) do
    if not read or requests <= read then
      wake()
    end
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
  return odd.apply(self.shapes, routes.answer(self, call))
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
  self:release(entry.number)
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
  local function hold(requests)
    self:hold(requests)
  end
  local response = fault and faults.act(fault, process,
    self:waiter(call.timeout), hold) or process()
  entry.answered = is_whole(response)
  response.value = nil
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
