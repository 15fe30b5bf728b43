--- The client: which request goes out, and what its answer means. It knows
-- no socket: a transport does the exchange.

local core = require "certcentral.core"
local certcentral = require "certcentral"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"
local response = require "certcentral.response"

local client = {}

local REGIONS = {
  us = "https://www.digicert.com/services/v2",
  eu = "https://certcentral.digicert.eu/services/v2",
}
local ID_LENGTH = 26 -- 62^26 names: as good as never the same twice

-- ---- options -------------------------------------------------------------

local function seconds(value)
  if type(value) ~= "number" or not (value > 0 and value < 1e6) then
    return "number of seconds above 0"
  end
end

local function region(value)
  if type(value) ~= "string" or not REGIONS[value] then
    return "'us' or 'eu'"
  end
end

local function transport(value)
  if type(value) ~= "function" and value ~= "curl" then
    return "function or 'curl'"
  end
end

local client_options = {
  api_key = "string", base_url = "string", region = region,
  ca_file = "string", proxy = "string", timeout = seconds,
  connect_timeout = seconds, user_agent = "string", transport = transport,
}

local function has_control(text)
  return text:find("[%c]") ~= nil
end

-- https, or http to this machine alone; no query, user or fragment.
local function url_problem(url)
  local scheme, rest = url:match("^(%a+)://(.+)$")
  if not scheme then
    return "must begin with https://"
  elseif has_control(url) or url:find("[ ?#@\\]") then
    return "must be a plain address without user, query and spaces"
  end
  local host = rest:match("^%[([%x:]+)%]") or rest:match("^[^/:]+")
  scheme = scheme:lower()
  if not host then
    return "must name a host"
  elseif scheme == "http" then
    if not (host == "localhost" or host == "::1" or
            host:find("^127%.%d+%.%d+%.%d+$")) then
      return "must be https: plain http is for this machine alone"
    end
  elseif scheme ~= "https" then
    return "must begin with https://"
  end
end

local function config_error(format, ...)
  return nil, errors.new("config", format:format(...))
end

local function find_key(options)
  local key = options.api_key or os.getenv("CERTCENTRAL_API_KEY")
  if not key or key == "" then
    return config_error("no API key: give api_key, or set "
                        .. "CERTCENTRAL_API_KEY in the environment")
  elseif has_control(key) or key:find("[\128-\255 ]") then
    return config_error("the API key has a space, a line break or another "
                        .. "character that no header may carry")
  end
  return key
end

local function find_url(options)
  if options.base_url and options.region then
    options_of.raise("options 'base_url' and 'region' to 'new' exclude each "
                     .. "other")
  end
  local url = options.base_url or REGIONS[options.region or ""]
  if not url then
    url = os.getenv("CERTCENTRAL_BASE_URL")
    url = url and url ~= "" and url or REGIONS.us
  end
  local problem = url_problem(url)
  if problem then
    return config_error("base_url %s, got %s", problem,
                        core.printable(url:gsub("//[^/]*@", "//"), 80))
  end
  return (url:gsub("/+$", ""))
end

local function find_ca_file(options)
  local name = options.ca_file or os.getenv("CERTCENTRAL_CA_FILE")
  if not name or name == "" then
    return true
  end
  local file, message = io.open(name, "rb")
  if not file or not file:read(1) then
    if file then
      file:close()
    end
    return config_error("ca_file cannot be read: %s",
                        message or name .. ": not a file with content")
  end
  file:close()
  return name
end

-- ---- making and closing --------------------------------------------------

local methods = {}
local meta = { __index = methods, __name = "certcentral.client" }

function meta.__tostring(self)
  return ("certcentral client for %s%s"):format(self.base_url,
    self.closed and " (closed)" or "")
end

--- Makes a client; see the README for the options.
-- @return the client; or nil, err (kind "config")
function client.new(options)
  options = options or {}
  options_of.check(options, client_options, "new")
  local key, url, ca_file, err
  key, err = find_key(options)
  if not key then
    return nil, err
  end
  url, err = find_url(options)
  if not url then
    return nil, err
  end
  ca_file, err = find_ca_file(options)
  if not ca_file then
    return nil, err
  end
  local agent = "certcentral/" .. core.version
  if options.user_agent then
    if has_control(options.user_agent) then
      return config_error("user_agent has a control character")
    end
    agent = agent .. " " .. options.user_agent
  end
  local secret = core.secret(key)
  local self = setmetatable({
    base_url = url,
    secret = secret,
    -- what the other side says may hold the key
    mask = function(text) return secret:mask(text) end,
    timeout = options.timeout or 30,
    connect_timeout = options.connect_timeout or 10,
    headers = { ["Content-Type"] = "application/json",
                ["Accept"] = "application/json", ["User-Agent"] = agent },
    csr_memory = {},
  }, meta)
  if type(options.transport) == "function" then
    self.custom = options.transport
  else
    self.curl_options = { api_key = self.secret, proxy = options.proxy,
                          ca_file = ca_file ~= true and ca_file or nil }
  end
  return self
end

--- Closes the connection and wipes the key. Twice is fine.
function methods:close()
  if self.closed then
    return
  end
  self.closed = true
  self.secret:wipe()
  self.csr_memory = {}
  if self.close_curl then
    self.close_curl()
  end
end

meta.__gc = methods.close
meta.__close = methods.close

-- ---- one exchange --------------------------------------------------------

-- A transport of the caller's own gets the key as a header.
local function headers_with_key(self)
  local headers = { ["X-DC-DEVKEY"] = self.secret:reveal() }
  for name, value in pairs(self.headers) do
    headers[name] = value
  end
  return headers
end

local function bad_answer(what)
  return nil, { sent = "maybe", message = "the transport " .. what }
end

local function told(message)
  return type(message) == "string" and message or "a " .. type(message)
end

-- A transport of the caller's own may do anything, raise included; what it
-- did to the order is then not known. Its tables are read without asking
-- their metatables.
local function call_custom(self, request)
  request.headers = headers_with_key(self)
  local ok, answer, failure = pcall(self.custom, request)
  if not ok then
    return bad_answer("raised: " .. told(answer))
  elseif answer == nil then
    if type(failure) ~= "table" then
      return bad_answer("failed: " .. told(failure))
    end
    return nil, failure
  elseif type(answer) ~= "table" or
         type(rawget(answer, "status")) ~= "number" then
    return bad_answer("returned no response with a status")
  end
  local body = rawget(answer, "body")
  if body ~= nil and type(body) ~= "string" then
    return bad_answer("returned a body that is no string")
  end
  return { status = rawget(answer, "status"), body = body }
end

-- libcurl's handle is made for the first exchange: a client may be made
-- before its process forks.
local function open_curl(self)
  if not self.curl then
    local open = require("certcentral.transport.curl")
    local perform, close = open(self.curl_options)
    if not perform then
      return nil, { sent = "no", config = true, message = close }
    end
    self.curl, self.close_curl = perform, close
  end
  return self.curl
end

local function exchange(self, method, path, body)
  local request = {
    method = method, url = self.base_url .. path, headers = self.headers,
    body = body, timeout = self.timeout,
    connect_timeout = self.connect_timeout,
  }
  if self.custom then
    return call_custom(self, request)
  end
  local perform, failure = open_curl(self)
  if not perform then
    return nil, failure
  end
  return perform(request)
end

-- ---- orders --------------------------------------------------------------

local function given(value)
  return value ~= nil and value ~= core.null
end

-- The name that the order has or is to get; nil with once = false.
local function name_for(order, options)
  local name = rawget(order, "alternative_order_id")
  if given(name) then
    return name
  elseif options.once ~= false then
    return core.random_id(ID_LENGTH) or
           error("no random bytes from the system", 0)
  end
end

--- Places an order.
-- @param order the order table; it is not changed
-- @param options product, now, strict, allow_unknown, check_csr, once
-- @return result, info; or nil, err
function methods:place_order(order, options)
  certcentral._check_order(order, "place_order")
  options = certcentral._check_options(options, certcentral._order_options,
                                       "place_order")
  if self.closed then
    options_of.raise("this client is closed")
  end
  local path = certcentral._endpoint(options.product, "place_order")
  local name = name_for(order, options)
  local body, warnings = certcentral._check(order, options, true, name,
                                            self.csr_memory)
  if not body then
    return nil, warnings
  end
  local started = core.clock()
  local answer, failure = exchange(self, core.method, path, body)
  local result, err
  if answer then
    result, err = response.order(answer, self.mask)
  else
    err = response.order_failure(failure, self.mask)
  end
  if not result then
    err.alternative_order_id, err.attempts = name, 1
    err.warnings = warnings
    return nil, err
  end
  return result, {
    status = answer.status, attempts = 1, recovered = false,
    seconds = core.clock() - started, alternative_order_id = name,
    warnings = warnings,
  }
end

--- Places one order with a client of its own.
-- @param options those of new() and of place_order() together
function client.place_once(order, options)
  local for_client, for_order = {}, {}
  if options ~= nil and type(options) ~= "table" then
    options_of.raise("bad options to 'place_order' (table expected, got %s)",
                     type(options))
  end
  for name, value in pairs(options or {}) do
    local known = certcentral._order_options[name] and for_order or for_client
    known[name] = value
  end
  options_of.check(for_client, client_options, "place_order")
  for_order = certcentral._check_options(for_order,
    certcentral._order_options, "place_order")
  certcentral._endpoint(for_order.product, "place_order")
  local self, err = client.new(for_client)
  if not self then
    return nil, err
  end
  local ok, result, info = pcall(self.place_order, self, order, for_order)
  self:close()
  if not ok then
    error(result, 0)
  end
  return result, info
end

return client
