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

-- An answer with a JSON body.
function http.answer(status, value)
  return {
    status = status,
    headers = { ["content-type"] = "application/json" },
    body = json.encode(value),
  }
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

return http
