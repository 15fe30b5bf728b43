-- Requests taken apart, answers put together.

local json = require("certcentral.sandbox.json")

local http = {}

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

local function split_path(path)
  local segments = {}
  for segment in path:gmatch("[^/]+") do
    segments[#segments + 1] = unescape(segment)
  end
  return segments
end

local function split_query(query)
  local values = {}
  for name, value in query:gmatch("([^&=]+)=?([^&]*)") do
    values[unescape(name)] = unescape((value:gsub("%+", " ")))
  end
  return values
end

local function lower_names(headers)
  local lowered = {}
  for name, value in pairs(headers or {}) do
    if type(value) == "table" then
      value = value[1]
    end
    lowered[tostring(name):lower()] = value
  end
  return lowered
end

-- A request as the sandbox works on it: method, path (as sent), segments
-- (split, then decoded, so that %2F stays inside its segment), query (a
-- table), headers (lower-case names), body (a string), connection, timeout.
function http.parse(request)
  local target = tostring(request.url or request.path or "/")
  target = target:gsub("^%a[%w+.-]*://[^/?#]*", "")
  local path, query = target:match("^([^?#]*)%??([^#]*)")
  return {
    method = tostring(request.method or "GET"):upper(),
    path = path,
    segments = split_path(path),
    query = split_query(query),
    headers = lower_names(request.headers),
    body = request.body or "",
    connection = request.connection,
    timeout = request.timeout,
  }
end

-- An answer with a JSON body. `value` stays with it for odd.lua.
function http.answer(status, value)
  return {
    status = status,
    headers = { ["content-type"] = "application/json" },
    body = json.encode(value),
    value = value,
  }
end

-- The answer to what was done and has nothing to say: 204 without a body.
function http.done()
  return { status = 204, headers = {}, body = "" }
end

-- A list under a name, and its page where there is one.
function http.list(member, items, page)
  return http.answer(200, { [member] = json.array(items), page = page })
end

-- One error, as the API writes it.
function http.item(code, message)
  return { code = code, message = message }
end

-- An answer with a list of {code, message}.
function http.errors(status, list)
  return http.answer(status, { errors = json.array(list) })
end

-- An answer with one error.
function http.error(status, code, message)
  return http.errors(status, { http.item(code, message) })
end

-- A member that has a value which cannot be.
function http.invalid(name)
  return http.error(400, "invalid_value:" .. name,
    name .. " contains an invalid value.")
end

function http.not_found(what)
  return http.error(404, "not_found|" .. what,
    ("The specified %s was not found."):format(what))
end

-- Something that the state of a thing does not allow. The API's own codes
-- for these are not known.
function http.wrong_state(message)
  return http.error(400, "invalid_status", message)
end

function http.denied(message)
  return http.error(403, "access_denied|missing_permission", message)
end

-- The JSON object that a request carries; nil and an answer when it carries
-- anything else. With `optional` nothing at all counts as an empty one.
function http.object(call, optional)
  if optional and call.body == "" then
    return {}
  end
  local value, message = json.decode(call.body)
  if json.is_object(value) then
    return value
  end
  return nil, http.error(400, "bad_request_format",
    "The request body is not a JSON object" .. (message
      and ": " .. message or "") .. ".")
end

-- For handlers that need both: a thing, as a find function returns it (or nil
-- and an answer), and the object that the request carries. Returns both; or
-- nil and an answer.
function http.with_object(call, optional, thing, problem)
  if not thing then
    return nil, problem
  end
  local body
  body, problem = http.object(call, optional)
  if not body then
    return nil, problem
  end
  return thing, body
end

-- A number in a path, or nil.
function http.id(text)
  return text:find("^%d+$") and tonumber(text) or nil
end

return http
