--- Reads what came back: a result, or the error that it stands for.

local core = require "certcentral.core"
local errors = require "certcentral.error"

local response = {}

local MESSAGE_BYTES, ERRORS_MAX = 300, 20
local EXACT = 2 ^ 53 -- a float of this size and more may have lost digits

local cjson

local function decoder()
  if not cjson then
    local instance = require("cjson").new()
    instance.decode_invalid_numbers(false)
    cjson = instance
  end
  return cjson
end

--- Decodes a JSON object or list: integers as integers, no nulls.
-- @return the table, or nil where the text is anything else
function response.decode(body)
  if type(body) ~= "string" or not body:find("^%s*[{%[]") then
    return nil
  end
  local ok, value = pcall(decoder().decode, body)
  if ok and type(value) == "table" then
    return core.tidy(value)
  end
end

-- Text from outside, fit for a message: without the API key and without a run
-- of digits that may be a card number, then cut, without control bytes.
local function clean(text, mask)
  local known = type(text)
  if known ~= "string" and known ~= "number" then
    return "a " .. known .. " in place of a text"
  end
  text = tostring(text)
  text = (mask and mask(text) or text):gsub("%d+", function(digits)
    return #digits >= 12 and #digits <= 19 and "[hidden]" or nil
  end)
  return core.printable(text, MESSAGE_BYTES)
end

local function add_error(list, entry, mask)
  if #list == ERRORS_MAX then
    return
  elseif type(entry) == "string" then
    list[#list + 1] = { message = clean(entry, mask) }
  elseif type(entry) == "table" and (entry.code or entry.message) then
    list[#list + 1] = {
      code = entry.code and clean(entry.code, mask),
      message = entry.message and clean(entry.message, mask),
    }
  end
end

-- The places of a list that nulls may have left holes in.
local function places(list)
  local keys = {}
  for key in pairs(list) do
    if type(key) == "number" then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys)
  return keys
end

-- The API's own errors, whichever way they are written: a list of objects,
-- one object, or {"error": {...}}.
local function api_errors(body, mask)
  local decoded = response.decode(body)
  local list = {}
  local found = decoded and (decoded.errors or decoded.error)
  local keys = type(found) == "table" and places(found) or {}
  for _, key in ipairs(keys) do
    add_error(list, found[key], mask)
  end
  if #keys == 0 then
    add_error(list, found, mask)
  end
  return list
end

local function describe(status, list, body)
  local parts = {}
  for i, entry in ipairs(list) do
    parts[i] = entry.message and entry.code
               and ("%s (%s)"):format(entry.message, entry.code)
               or entry.message or entry.code
  end
  local said = table.concat(parts, "; ")
  if said == "" then
    said = (body == nil or body == "") and "no explanation"
           or "an answer that is not CertCentral's"
  end
  return ("HTTP status %d: %s"):format(status, said)
end

-- What a status other than 2xx says of a request that may change things.
local function kind_of(status)
  if status == 401 or status == 403 then
    return "denied"
  elseif status == 429 then
    return "throttled"
  elseif status >= 400 and status < 500 and status ~= 408 then
    return "refused"
  end
  return "unknown"
end

response.errors_of, response.describe = api_errors, describe

local prefixes = {
  denied = "the API key was not accepted",
  throttled = "too many requests",
  refused = "the order was refused",
  unknown = "nobody can tell whether the order was placed",
}

-- The same where nothing is bought.
local asking = {
  denied = prefixes.denied,
  throttled = prefixes.throttled,
  refused = "the request was refused",
  unavailable = "the service is not available",
}

-- The error of an answer to an order.
local function order_error(answer, mask)
  local list = api_errors(answer.body, mask)
  local kind = kind_of(answer.status)
  return errors.of_order(errors.new(kind, ("%s: %s"):format(prefixes[kind],
    describe(answer.status, list, answer.body)),
    { status = answer.status, errors = list }))
end

local function unreadable(answer, what)
  return errors.of_order(errors.new("unknown", ("%s: HTTP status %d, but %s")
    :format(prefixes.unknown, answer.status, what),
    { status = answer.status, errors = {} }))
end

--- An id as an integer: ids are numbers as a rule and strings at times.
-- @return the integer; or nil where it is none, or may have lost digits
function response.id(id)
  if type(id) == "string" and id:find("^%d+$") and #id < 16 then
    id = core.tidy({ tonumber(id) })[1]
  end
  if type(id) == "number" and id > 0 and id < EXACT and id % 1 == 0 then
    return id
  end
end

local function is_status(status)
  return status > -EXACT and status < EXACT and status % 1 == 0
end

--- Reads the answer to an order.
-- @param answer {status, headers, body} as a transport gives it
-- @param mask a function from a text to the same without the API key
-- @return the result table; or nil, err
function response.order(answer, mask)
  local status = answer.status
  if not is_status(status) then
    return nil, errors.of_order(errors.new("unknown", prefixes.unknown
      .. ": an answer without an HTTP status",
      { status = status, errors = {} }))
  elseif status < 200 or status > 299 then
    return nil, order_error(answer, mask)
  end
  local result = response.decode(answer.body)
  local id = result and response.id(result.id)
  if not result then
    return nil, unreadable(answer, "an answer that cannot be read")
  elseif not id then
    return nil, unreadable(answer, "an answer without an order id")
  end
  result.id = id
  return require("certcentral.shapes").tidy(result) -- which needs this one
end

--- The error of an order whose exchange failed.
-- @param failure {message, sent} as a transport gives it
-- @param mask a function from a text to the same without the API key
function response.order_failure(failure, mask)
  local message = clean(rawget(failure, "message"), mask)
  if rawget(failure, "sent") ~= "no" then
    return errors.of_order(errors.new("unknown", prefixes.unknown .. ": "
                                      .. message))
  elseif rawget(failure, "config") then
    return errors.of_order(errors.new("config", message))
  end
  local kind = rawget(failure, "throttled") and "throttled" or "unavailable"
  return errors.of_order(errors.new(kind, "the order was not sent: " .. message,
    { retryable = rawget(failure, "retryable") ~= false }))
end

-- The error of a change that may have been made.
local function unclear_change(said, tell, members)
  return errors.new("unknown",
    ("nobody can tell whether %s was done: %s; %s shows it")
    :format(tell[1], said, tell[2]), members)
end

--- Reads the answer to a question: a request that buys nothing.
-- @return the decoded table; or nil, err
function response.read(answer, mask)
  local status = answer.status
  if not is_status(status) then
    return nil, errors.new("protocol", "an answer without an HTTP status")
  elseif status >= 200 and status <= 299 then
    local value = response.decode(answer.body)
    if value then
      return value
    end
    return nil, errors.new("protocol",
      ("HTTP status %d, but an answer that cannot be read"):format(status),
      { status = status })
  end
  local list = api_errors(answer.body, mask)
  local kind = kind_of(status)
  kind = kind == "unknown" and "unavailable" or kind
  return nil, errors.new(kind, ("%s: %s"):format(asking[kind],
    describe(status, list, answer.body)), { status = status, errors = list })
end

--- The error of a question whose exchange failed.
function response.read_failure(failure, mask)
  local kind = rawget(failure, "config") and "config" or
               rawget(failure, "throttled") and "throttled" or "unavailable"
  return errors.new(kind, clean(rawget(failure, "message"), mask),
    { retryable = rawget(failure, "retryable") ~= false })
end

--- Reads the answer to a request that changes something, but for an order.
-- @param tell {what, look}: see Call:change in policy.lua
-- @return the decoded table, an empty one where there is no body; or nil, err
function response.change(answer, mask, tell)
  local status = answer.status
  if not is_status(status) then
    return nil, unclear_change("an answer without an HTTP status", tell)
  elseif status >= 200 and status <= 299 then
    local body = answer.body
    local value = (body == nil or not body:find("%S")) and {} or
                  response.decode(body)
    if value then
      return value
    end
    return nil, unclear_change(("HTTP status %d, but an answer that cannot be "
      .. "read"):format(status), tell, { status = status })
  end
  local list = api_errors(answer.body, mask)
  local members = { status = status, errors = list }
  local said, kind = describe(status, list, answer.body), kind_of(status)
  if kind == "unknown" then
    return nil, unclear_change(said, tell, members)
  end
  return nil, errors.new(kind, ("%s: %s"):format(asking[kind], said), members)
end

--- The error of a change whose exchange failed.
function response.change_failure(failure, mask, tell)
  if rawget(failure, "sent") ~= "no" then
    return unclear_change(clean(rawget(failure, "message"), mask), tell)
  end
  return response.read_failure(failure, mask)
end

return response
