--- A client as an object: its options, the world it sees, and one exchange
-- with the service. It knows no socket: a transport does that.

local core = require "certcentral.core"
local client_options = require "certcentral.client.options"
local defaults = require "certcentral.order.defaults"
local errors = require "certcentral.error"
local hinted = require "certcentral.hinted"
local options_of = require "certcentral.options"
local order_secrets = require "certcentral.order.secrets"
local rules = require "certcentral.rules"
local transports = require "certcentral.transport"

local object = {}

local DEFAULTS = client_options.DEFAULTS

local min = math.min
local is_callable = rules.is_callable

local ACCOUNT_DIGITS = 16

-- ---- making and closing --------------------------------------------------

local meta = { __name = "certcentral.client" }
local methods = {}
meta.__index = methods
object.meta, object.methods = meta, methods

function meta.__tostring(self)
  return ("certcentral client for %s%s"):format(self.base_url,
    self.closed and " (closed)" or "")
end

local function set_policy(self, options)
  if options.budget and options.rate ~= nil then
    options_of.raise("options 'rate' and 'budget' to 'new' exclude each "
                     .. "other")
  end
  self.retry = {}
  for name, usual in pairs(client_options.RETRY) do
    self.retry[name] = options.retry and options.retry[name] or usual
  end
  self.deadline = options.deadline or DEFAULTS.deadline
  self.recover_for = options.recover_for or DEFAULTS.recover_for
  self.unique_ids, self.any_404 = options.unique_ids, options.any_404
  self.store = options.store -- nil: the usual one, when it is needed
  self.own_store = options.store ~= nil
  self.journal = options.journal or false
  self.on_event = options.on_event or false
  self.defaults = options.defaults and defaults.copy(options.defaults) or false
end

-- A random number from 0 up to 1, unlike that of any other process.
local function random()
  local id, sum = core.random_id(8) or "", 0
  for i = 1, #id do
    sum = (sum * 62 + id:byte(i)) % 1048576
  end
  return sum / 1048576
end

-- The world of a client: perform(request) sends, sleep(seconds) waits,
-- clock() gives seconds that never go back, time() seconds since 1970,
-- random() a number from 0 up to 1. Without one of the caller's own, a wire
-- sends: see transport/init.lua.
-- @return true; or nil, err
local function set_world(self, options, ca_file)
  local given = type(options.transport) == "table" and
                not is_callable(options.transport) and options.transport or {}
  self.world = {
    sleep = given.sleep or transports.sleep,
    clock = given.clock or core.clock,
    time = given.time or os.time, random = given.random or random,
  }
  self.custom = given.perform or
                is_callable(options.transport) and options.transport or false
  if not self.custom then
    local err
    self.wire, err = transports.new(options.transport, {
      api_key = self.secret, proxy = options.proxy, ca_file = ca_file })
    if not self.wire then
      return nil, err
    end
  end
  self.budget = options.budget or false
  if not self.budget and options.rate ~= false then
    self.budget = require("certcentral.budget")
      .from_rate(options.rate, self.world.clock)
  end
  return true
end

-- Gives the client's warnings to its on_event, too.
local function tell(self, warnings)
  for _, warning in ipairs(self.on_event and warnings or {}) do
    errors.try(self.on_event, { event = "warning", code = warning.code,
                                message = hinted(warning) })
  end
  return warnings
end

--- Makes a client; see lua/REFERENCE.md for the options.
-- @return the client, and a list of warnings where there are any; or nil, err
--   (kind "config")
function object.new(options)
  options = options or {}
  options_of.check(options, client_options.rules, "new")
  local found, err = client_options.find(options)
  if not found then
    return nil, err
  end
  local secret = core.secret(found.key)
  -- orders that are ready or on their way -> what hides their secrets
  local hiding = setmetatable({}, { __mode = "k" })
  local shared = setmetatable({}, { __mode = "v" }) -- for order_secrets
  -- what is nothing is false: nil would be looked for among the methods
  local self = setmetatable({
    base_url = found.url,
    secret = secret,
    -- out of sight of who looks into the client: it leads to the orders
    hide_secrets = function(ready, order)
      hiding[ready] = order_secrets(order, shared)
    end,
    -- what the other side says may hold the key, and card data of an order
    mask = function(text)
      text = secret:mask(text)
      for _, hide in next, shared do
        text = hide(text)
      end
      return text
    end,
    timeout = options.timeout or DEFAULTS.timeout,
    connect_timeout = options.connect_timeout or DEFAULTS.connect_timeout,
    headers = { ["Content-Type"] = "application/json",
                ["Accept"] = "application/json",
                ["User-Agent"] = found.agent },
    get_headers = { ["Accept"] = "application/json",
                    ["User-Agent"] = found.agent },
    blocklist = options.blocklist or false, closed = false,
    queues = setmetatable({}, { __mode = "k" }), -- those that are open
    under_way = setmetatable({}, { __mode = "v" }), -- name -> its call
    placed = {}, last_placed = 0, -- ids of the last orders, also as keys
  }, meta)
  set_policy(self, options)
  local ok
  self.ca_file = found.ca_file ~= true and found.ca_file or nil
  ok, err = set_world(self, options, self.ca_file)
  if not ok then
    return nil, err
  end
  return self, tell(self, client_options.warnings(options, found))
end

--- Whether what libcurl frees is wiped, with the requests that were in it:
-- see README, "Security". False where this client does not use libcurl.
function methods:wipes_memory()
  return self.wire ~= nil and self.wire:wipes_memory()
end

--- Closes the connection and wipes the key, and closes its queues: what they
-- have in progress is given up. Twice is fine.
function methods:close()
  if self.closed then
    return
  end
  local problem
  for queue in pairs(self.queues) do
    local _, told = pcall(queue._end, queue) -- the key is wiped in any case
    problem = told or problem
  end
  self.closed = true
  self.secret:wipe()
  if self.wire then
    self.wire:close()
  end
  if problem then
    error(problem, 0)
  end
end

meta.__gc = methods.close
meta.__close = methods.close

-- ---- one exchange --------------------------------------------------------

local function bad_answer(what)
  return nil, { sent = "maybe", message = "the transport " .. what }
end

local function copy_headers(given)
  local headers = {}
  if type(given) == "table" then
    for name, value in next, given do
      if type(name) == "string" then
        headers[core.lower(name)] = value
      end
    end
  end
  return headers
end

-- A transport of the caller's own gets the key as a header. It may do
-- anything, raise included; what it did to the order is then not known. Its
-- tables are read without asking their metatables.
local function call_custom(self, request)
  transports.reveal(self.secret, request)
  local ok, answer, failure = errors.try(self.custom, request)
  if not ok then
    return bad_answer("raised: " .. errors.told(answer))
  elseif answer == nil then
    if type(failure) ~= "table" then
      return bad_answer("failed: " .. errors.told(failure))
    end
    return nil, failure
  elseif type(answer) ~= "table" or
         type(rawget(answer, "status")) ~= "number" then
    return bad_answer("returned no response with a status")
  end
  local body = rawget(answer, "body")
  if body ~= nil and type(body) ~= "string" then
    return bad_answer("returned a body that is not a string")
  end
  return { status = rawget(answer, "status"), body = body,
           headers = copy_headers(rawget(answer, "headers")) }
end

--- A request for a transport, for _exchange and for queues.
-- @param left seconds until the deadline
-- @param accept the Accept header of a GET whose answer is no JSON
-- @param bare whether nobody asks for the headers of a good answer
function methods:_request(method, path, body, left, accept, bare)
  local headers = method == "GET" and self.get_headers or self.headers
  headers = accept and { ["Accept"] = accept,
    ["User-Agent"] = headers["User-Agent"] } or headers
  return {
    method = method, url = self.base_url .. path,
    headers = headers, body = body, bare = bare,
    timeout = min(self.timeout, left),
    connect_timeout = min(self.connect_timeout, left),
  }
end

--- The outcome of an exchange, with what may be done about a server whose
-- certificate is not trusted.
function methods:_explained(response, failure)
  local message = failure and rawget(failure, "message")
  if type(message) == "string" and (message:find("issuer", 1, true) or
     message:find("self.signed certificate") or
     message:find("CA file", 1, true)) then
    failure.message = ("%s (%s)"):format(message, self.ca_file and
      ("the server's CA must be in ca_file or CERTCENTRAL_CA_FILE, now '%s'")
      :format(core.printable(self.ca_file, 80)) or
      "give a server's own CA as ca_file or in CERTCENTRAL_CA_FILE")
  end
  return response, failure
end

--- One exchange, for the policy: the arguments of _request.
-- @return response; or nil, failure
function methods:_exchange(...)
  local request = self:_request(...)
  if self.custom then
    return call_custom(self, request)
  end
  return self:_explained(self.wire:perform(request))
end

--- Which account this is, in a way that does not reveal its key.
function methods:_account()
  self.account = self.account or require("certcentral.x509")
    .mac(self.secret, self.base_url):sub(1, ACCOUNT_DIGITS)
  return self.account
end

return object
