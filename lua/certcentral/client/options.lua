--- The options of a client: what may be given, and what is taken from the
-- environment where nothing is.

local core = require "certcentral.core"
local defaults = require "certcentral.order.defaults"
local errors = require "certcentral.error"
local loopback = require "certcentral.transport.loopback"
local options_of = require "certcentral.options"
local rules = require "certcentral.rules"
local transports = require "certcentral.transport"

local client_options = {}

local KEY_FILE_MAX = 4096 -- bytes

local PATH = "/services/v2"
local REGIONS = {
  us = "https://www.digicert.com/services/v2",
  eu = "https://certcentral.digicert.eu/services/v2",
}

-- ---- what may be given ---------------------------------------------------

local REQUEST_MAX, CALL_MAX = 3600, 86400 -- seconds: more are milliseconds

local function seconds(most)
  return function(value)
    if type(value) ~= "number" or not (value > 0 and value <= most) then
      return ("positive number of seconds and at most %d"):format(most)
    end
  end
end

local function region(value)
  if type(value) ~= "string" or not REGIONS[value] then
    return "'us' or 'eu'"
  end
end

-- A name, a function, or a world: see client/object.lua.
local function transport(value)
  if rules.is_callable(value) then
    return nil
  elseif type(value) ~= "table" or not rules.is_callable(value.perform) then
    return transports.problem(value)
  end
  for _, name in ipairs { "sleep", "clock", "time", "random" } do
    if value[name] ~= nil and not rules.is_callable(value[name]) then
      return ("table whose '%s' is a function"):format(name)
    end
  end
end

local function recovery(value)
  if type(value) ~= "number" or not (value >= 0 and value <= CALL_MAX) then
    return ("non-negative number of seconds to %d"):format(CALL_MAX)
  end
end

local RETRY = { attempts = 4, base = 0.5, cap = 30 }

client_options.RETRY = RETRY

--- Seconds.
client_options.DEFAULTS = { timeout = 30, connect_timeout = 10,
                            deadline = 120, recover_for = 60 }

local function retry(value)
  if type(value) ~= "table" then
    return "table {attempts =, base =, cap =}"
  end
  for name, number in pairs(value) do
    if RETRY[name] == nil then
      return "table of attempts, base and cap", ("'%s'"):format(tostring(name))
    elseif type(number) ~= "number" or
           not (number >= 0 and number <= REQUEST_MAX) then
      return ("table whose '%s' is a number from 0 to %d"):format(name,
        REQUEST_MAX), tostring(number)
    end
  end
  local attempts = value.attempts
  if attempts and (attempts < 1 or attempts % 1 ~= 0) then
    return "table whose 'attempts' is an integer from 1"
  end
end

local function rate(value)
  return require("certcentral.budget").rate_problem(value)
end

local function budget(value)
  if not require("certcentral.budget").is_budget(value) then
    return "budget with 'take' and 'done'"
  end
end

local function journal(value)
  if not require("certcentral.journal").is_journal(value) then
    return "journal with 'write' and 'read'"
  end
end

local function store(value)
  if value ~= false and not require("certcentral.store").is_store(value) then
    return "store with 'lock', 'keep', 'unlock', 'get' and 'set', or false"
  end
end

local function callable(value)
  if not rules.is_callable(value) then
    return "function"
  end
end

client_options.rules = {
  api_key = "string", api_key_file = "string", base_url = "string",
  region = region, blocklist = "string", ca_file = "string",
  proxy = "string", timeout = seconds(REQUEST_MAX),
  connect_timeout = seconds(REQUEST_MAX), user_agent = "string",
  transport = transport, retry = retry, deadline = seconds(CALL_MAX),
  recover_for = recovery,
  unique_ids = "boolean", any_404 = "boolean", store = store, rate = rate,
  budget = budget, journal = journal,
  on_event = callable, defaults = defaults.problem,
}

-- ---- what a client needs --------------------------------------------------

local function has_control(text)
  return text:find("[%c]") ~= nil
end

-- The API of DigiCert's own hosts is below one path.
local function path_problem(host, rest)
  local path = rest:match("^[^/]*(.-)/*$")
  if (("." .. host):find("%.digicert%.com$") or
      ("." .. host):find("%.digicert%.eu$")) and path ~= PATH then
    return ("must end in %s, such as %s"):format(PATH,
      host:find("%.eu$") and REGIONS.eu or REGIONS.us)
  end
end

-- https, or http to this machine only; no query, user or fragment.
local function url_problem(url)
  local scheme, rest = url:match("^(%a+)://(.+)$")
  scheme = scheme and core.lower(scheme)
  if scheme ~= "https" and scheme ~= "http" then
    return "must begin with https://"
  elseif has_control(url) or url:find("[ ?#@\\]") then
    return "must be a plain address without user, query and spaces"
  end
  local authority = rest:match("^[^/]*")
  local host = authority:match("^(%[[%x:.]+%])$") or
               authority:match("^(%[[%x:.]+%]):%d+$") or
               authority:match("^([^:%[%]]+)$") or
               authority:match("^([^:%[%]]+):%d+$")
  if not host then
    return authority == "" and "must name a host"
           or "must be a plain address without user, query and spaces"
  elseif scheme == "http" and not loopback.address(host) then
    return "must be https: plain http is allowed only to 127.0.0.1, [::1] and "
           .. "localhost"
  end
  return path_problem(core.lower(host), rest)
end

-- The address for a message, where it can hold no user and password: those
-- come before an '@', or after a colon where the rest has been forgotten.
local function shown_url(url)
  local rest = url:gsub("^%a+://", ""):gsub("^([%w.-]*):%d+", "%1")
               :gsub("^%[[%x:.]+%]", "")
  if rest:find("[@:%%]") then
    return ("a %d-byte text that may contain a password"):format(#url)
  end
  return "'" .. core.printable(url, 80) .. "'"
end

local function config_error(format, ...)
  return nil, errors.new("config", format:format(...))
end

-- Why a key file cannot be read. What has no '/' and no '.' may be the key
-- itself.
local function no_key_file(name, message)
  if name:find("[/.]") then
    return config_error("api_key_file cannot be read: %s", message)
  end
  return config_error("api_key_file must be a file name, got a text of %d "
                      .. "bytes that is not: give a key as api_key", #name)
end

-- The first line of a file, without white space around it.
local function read_key(name)
  local file, message = io.open(name, "rb")
  local text = file and file:read(KEY_FILE_MAX)
  if file then
    file:close()
  end
  if not text then
    return no_key_file(name, message or name .. ": not a file with content")
  end
  return text:match("^[^\n]*"):match("^%s*(.-)%s*$")
end

local function given_key(options)
  if not options.api_key_file then
    return options.api_key or os.getenv("CERTCENTRAL_API_KEY") or ""
  elseif options.api_key then
    options_of.raise("options 'api_key' and 'api_key_file' to 'new' exclude "
                     .. "each other")
  end
  return read_key(options.api_key_file)
end

local function find_key(options)
  local key, err = given_key(options)
  if not key then
    return nil, err
  elseif key == "" then
    return config_error("no API key: give api_key or api_key_file, or set "
                        .. "CERTCENTRAL_API_KEY in the environment")
  elseif options.api_key and key:find("^[~.]*/") then
    return config_error("the API key looks like a file name: give it as "
                        .. "api_key_file")
  elseif has_control(key) or key:find("[\128-\255 ]") then
    return config_error("the API key has a space, a line break or another "
                        .. "character that is not allowed in a header")
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
    return config_error("base_url %s, got %s", problem, shown_url(url))
  end
  return (url:gsub("/+$", ""))
end

local function find_ca_file(options)
  local name = options.ca_file or os.getenv("CERTCENTRAL_CA_FILE")
  if not name or name == "" then
    return true
  elseif name:find("-----BEGIN", 1, true) then
    return config_error("ca_file must be a file name, got the contents of "
                        .. "a file")
  end
  local file, message = io.open(name, "rb")
  local text
  if file then
    text, message = file:read("*a")
    file:close()
  end
  if not text then
    return config_error("ca_file cannot be read: %s", message or name)
  elseif not text:find("%-%-%-BEGIN [%u%d ]*CERTIFICATE%-%-%-") then
    return config_error("ca_file '%s' contains no PEM certificate",
                        core.printable(name, 200))
  end
  return name
end

local function find_agent(options)
  local agent = "certcentral/" .. core.version
  if not options.user_agent then
    return agent
  elseif has_control(options.user_agent) then
    return config_error("user_agent has a control character")
  end
  return agent .. " " .. options.user_agent
end

local function exposed_key(name)
  if name and core.is_private(name) == false then
    return {
      path = "api_key_file", code = "exposed",
      hint = "chmod 600",
      message = ("'api_key_file' must be readable by its owner only, got "
                 .. "'%s', which others can read"):format(
                 core.printable(name, 80)) }
  end
end

-- nginx's master process is root and can read what its workers cannot.
local function hidden_ca_file(name)
  local part = name ~= true and core.is_root() and
               transports.is_before_workers() and core.root_alone_reads(name)
  if part then
    return {
      path = "ca_file", code = "unreadable",
      hint = "let their user read it",
      message = ("'ca_file' must be readable by nginx's workers, which are "
                 .. "another user as a rule, got '%s', and only root may use "
                 .. "'%s'"):format(core.printable(name, 80),
                                   core.printable(part, 80)) }
  end
end

--- What is to be told of a client that can be made: a list of warnings, or
-- nil where there is nothing.
-- @param found what find() gave
function client_options.warnings(options, found)
  local list = { exposed_key(options.api_key_file) }
  list[#list + 1] = hidden_ca_file(found.ca_file)
  return list[1] and require("certcentral.printed").problems(list) or nil
end

--- What a client needs, from checked options and the environment.
-- @return {key, url, ca_file (true: the system's), agent}; or nil, err
function client_options.find(options)
  local found = {}
  for _, step in ipairs { { "key", find_key }, { "url", find_url },
                          { "ca_file", find_ca_file },
                          { "agent", find_agent } } do
    local value, err = step[2](options)
    if not value then
      return nil, err
    end
    found[step[1]] = value
  end
  return found
end

return client_options
