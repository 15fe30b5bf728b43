--- Reads what came back: a result, or the error that it stands for.

local core = require "certcentral.core"
local errors = require "certcentral.error"
local json = require "certcentral.json"
local rules = require "certcentral.rules"

local response = {}

local MESSAGE_BYTES = 300

-- Text from outside, fit for a message: without the API key and without a run
-- of digits that may be a card number, then cut, without control bytes.
local function clean(text, mask)
  local known = type(text)
  if known ~= "string" and known ~= "number" then
    return "expected text, got a " .. known
  end
  text = tostring(text)
  text = (mask and mask(text) or text):gsub("%d+", function(digits)
    return #digits >= 12 and #digits <= 19 and "[hidden]" or nil
  end)
  return core.printable(text, MESSAGE_BYTES)
end

--- What an error's answer says: {list: its reasons, said: the same in words,
-- own: whether CertCentral itself wrote it}.
local function read_error(answer, mask)
  local reasons = require "certcentral.client.reasons"
  local decoded, body = json.decode(answer.body), json.unmarked(answer.body)
  local function fit(text)
    return clean(text, mask)
  end
  local list, parts = reasons.list(decoded, fit), {}
  for i, entry in ipairs(list) do
    parts[i] = entry.message and entry.code
               and ("%s (%s)"):format(entry.message, entry.code)
               or entry.message or entry.code
  end
  if #parts == 0 then
    local text = not decoded and reasons.excerpt(body)
    parts[1] = not body:find("%S") and "no explanation" or
      "a response that does not look like CertCentral's" ..
      (text and (": '%s'"):format(fit(text)) or "")
  end
  return { list = list, own = reasons.are_own(decoded),
           said = ("HTTP status %d: %s"):format(answer.status,
                                                table.concat(parts, "; ")) }
end

response.read_error = read_error

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

local prefixes = {
  denied = "the API key was not accepted",
  throttled = "too many requests",
  refused = "the order was refused",
  unknown = "the order may or may not have been placed",
}

-- The same where nothing is bought.
local asking = {
  denied = prefixes.denied,
  throttled = prefixes.throttled,
  refused = "the request was refused",
  unavailable = "the service is not available",
}

-- 407 is a proxy's own status (RFC 9110, 15.5.8).
local function is_in_front(kind, status, found)
  return status == 407 or kind == "denied" and not found.own
end

-- The error of an answer that is no success, in words of `prefix`.
local function error_of(kind, prefix, status, found)
  if is_in_front(kind, status, found) then
    prefix = "something in front of CertCentral (a proxy or a firewall) "
             .. "refused the request"
  end
  return errors.new(kind, ("%s: %s"):format(prefix, found.said),
                    { status = status, errors = found.list })
end

-- The error of an answer to an order.
local function order_error(answer, mask)
  local kind = kind_of(answer.status)
  return errors.of_order(error_of(kind, prefixes[kind], answer.status,
                                  read_error(answer, mask)))
end

-- In words, that a success cannot be read, and what came in its place.
local function not_read(answer, mask)
  local text = not json.decode(answer.body) and
    require "certcentral.client.reasons".excerpt(json.unmarked(answer.body))
  return ("HTTP status %d, but the response cannot be read%s"):format(
    answer.status, text and (": '%s'"):format(clean(text, mask)) or "")
end

local function unreadable(answer, said)
  return errors.of_order(errors.new("unknown", ("%s: %s")
    :format(prefixes.unknown, said), { status = answer.status, errors = {} }))
end

local function is_status(status)
  return status > -rules.EXACT and status < rules.EXACT and status % 1 == 0
end

--- Reads the answer to an order.
-- @param answer {status, headers, body} as a transport gives it
-- @param mask a function from a text to the same without the API key
-- @return the result table; or nil, err
function response.order(answer, mask)
  local status = answer.status
  if not is_status(status) then
    return nil, errors.of_order(errors.new("unknown", prefixes.unknown
      .. ": a response without an HTTP status",
      { status = status, errors = {} }))
  elseif status < 200 or status > 299 then
    return nil, order_error(answer, mask)
  end
  local result = json.decode(answer.body)
  local id = result and rules.id(result.id)
  if not result then
    return nil, unreadable(answer, not_read(answer, mask))
  elseif not id then
    return nil, unreadable(answer, ("HTTP status %d, but the response has "
                                    .. "no order id"):format(status))
  end
  result.id = id
  return result
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
  return errors.of_order(errors.new(kind, "the order was not sent: "
    .. message, { retryable = rawget(failure, "retryable") ~= false }))
end

-- The error of a change that may have been made.
local function unclear_change(said, tell, members)
  return errors.new("unknown",
    ("%s may or may not have been done: %s; check with %s")
    :format(tell[1], said, tell[2]), members)
end

--- Reads the answer to a question: a request that buys nothing.
-- @return the decoded table; or nil, err
function response.read(answer, mask)
  local status = answer.status
  if not is_status(status) then
    return nil, errors.new("protocol", "a response without an HTTP status")
  elseif status >= 200 and status <= 299 then
    local value = json.decode(answer.body)
    if value then
      return value
    end
    return nil, errors.new("protocol", not_read(answer, mask),
                           { status = status })
  end
  local kind = kind_of(status)
  kind = kind == "unknown" and "unavailable" or kind
  return nil, error_of(kind, asking[kind], status, read_error(answer, mask))
end

--- The error of a question whose exchange failed.
function response.read_failure(failure, mask)
  local message = clean(rawget(failure, "message"), mask)
  if rawget(failure, "config") then
    return errors.new("config", message)
  end
  local kind = rawget(failure, "throttled") and "throttled" or "unavailable"
  return errors.new(kind, message,
                    { retryable = rawget(failure, "retryable") ~= false })
end

--- Reads the answer to a request that changes something, but for an order.
-- @param tell {what, look}: see Call:change in policy.lua
-- @return the decoded table, an empty one where there is no body; or nil, err
function response.change(answer, mask, tell)
  local status = answer.status
  if not is_status(status) then
    return nil, unclear_change("a response without an HTTP status", tell)
  elseif status >= 200 and status <= 299 then
    local body = json.unmarked(answer.body)
    local value = not body:find("%S") and {} or json.decode(body)
    if value then
      return value
    end
    return nil, unclear_change(not_read(answer, mask), tell,
                               { status = status })
  end
  local found, kind = read_error(answer, mask), kind_of(status)
  if kind == "unknown" then
    return nil, unclear_change(found.said, tell,
                               { status = status, errors = found.list })
  end
  return nil, error_of(kind, asking[kind], status, found)
end

--- The error of a change whose exchange failed.
function response.change_failure(failure, mask, tell)
  if rawget(failure, "sent") ~= "no" then
    return unclear_change(clean(rawget(failure, "message"), mask), tell)
  end
  return response.read_failure(failure, mask)
end

return response
