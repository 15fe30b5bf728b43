-- The transport over lua-resty-http: nginx's cosockets, so no worker waits.
--
--   local transport, close = require "certcentral.transport.resty" {
--     proxy =, ca_file =, body_max = }
--   local response, failure = transport(request)
--
-- The API key is one of the request's headers. Certificates are verified
-- against lua_ssl_trusted_certificate; connections are kept in the worker's
-- pool, where `close` leaves them. A request is sent once, no redirect is
-- followed, and it ends within its `timeout`, whatever the server does.

local ngx = _G.ngx -- luacheck: ignore

local core = require "certcentral.core"
local loopback = require "certcentral.transport.loopback"

local BODY_MAX = 16 * 2 ^ 20 -- bytes, as of the transport over libcurl
local CHUNK = 65536          -- bytes read at once
local TOO_LATE = {}          -- a failure by the clock
local KEEP_MS, KEEP = 60000, 64 -- idle connections: how long, how many

local function failure(sent, format, ...)
  return { sent = sent, message = format:format(...) }
end

local function for_good(sent, ...)
  local why = failure(sent, ...)
  why.retryable = false
  return why
end

-- ---- addresses -----------------------------------------------------------

-- {scheme, host, port, path}; nil where the URL is none.
local function parse(url)
  local scheme, authority, path = url:match("^(%a+)://([^/?#]+)(.*)$")
  scheme = scheme and core.lower(scheme)
  if scheme ~= "https" and scheme ~= "http" then
    return nil
  end
  local host, port = authority:match("^(%[[%x:.]+%]):?(%d*)$")
  if not host then
    host, port = authority:match("^([^:@%[%]]+):?(%d*)$")
  end
  if not host then
    return nil
  end
  return {
    scheme = scheme, host = host,
    port = tonumber(port) or scheme == "https" and 443 or 80,
    path = path == "" and "/" or path,
  }
end

-- The proxy as lua-resty-http takes it; or nil, message.
local function read_proxy(proxy)
  local user, rest = proxy:match("^http://([^/@]*)@(.*)$")
  local address = user and "http://" .. rest or proxy
  local parts = parse(address)
  if not parts or parts.scheme ~= "http" then
    return nil, "transport 'resty' takes only a proxy of the form "
                .. "http://HOST:PORT"
  end
  local plain = user and user:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end)
  return { https_proxy = ("http://%s:%d"):format(parts.host, parts.port),
           https_proxy_authorization = plain and
             "Basic " .. ngx.encode_base64(plain) or nil }
end

-- ---- one exchange --------------------------------------------------------

-- An exchange that is in progress: `state` tells how far it is.
local function milliseconds(state)
  return math.max(1, math.ceil((state.ends - core.clock()) * 1000))
end

-- The words of nginx's sockets for a certificate that was not accepted.
local function of_certificate(message)
  return message:match("^%d+: (.*)$") or
         message:find("certificate", 1, true) and message
end

local function no_connection(target, message)
  local refused = target.scheme == "https" and of_certificate(message)
  if refused then
    return for_good("no", "certificate of %s refused: %s "
      .. "(lua_ssl_trusted_certificate and lua_ssl_verify_depth of "
      .. "nginx.conf say what is accepted)", target.host, refused)
  elseif message:find("no resolver defined", 1, true) then
    return for_good("no", "no address found for %s: write 'resolver "
      .. "ADDRESS;' in the http block of nginx.conf", target.host)
  end
  return failure("no", "no connection to %s port %d: %s", target.host,
                 target.port, message)
end

local function connect(state, http, target, proxy)
  local name = target.host:gsub("[%[%]]", "")
  local host = target.scheme == "http" and loopback.address(target.host)
               or target.host
  return http:connect {
    scheme = target.scheme, host = host, port = target.port,
    ssl_verify = true, ssl_server_name = name, -- without it: no host check
    proxy_opts = state.proxied and proxy or {},
  }
end

-- A name that came more than once has its values joined in their order.
local function plain_headers(given)
  local headers = {}
  for name, value in pairs(given) do
    headers[core.lower(name)] = type(value) == "table" and
                            table.concat(value, ", ") or value
  end
  return headers
end

-- The whole body; or nil, message.
local function read_body(state, http, answer, body_max)
  local parts, size = {}, 0
  local headers = answer.headers
  local to_the_end = not headers["Content-Length"] and
                     not headers["Transfer-Encoding"]
  while answer.has_body do
    http:set_timeout(milliseconds(state))
    local part, message = answer.body_reader(CHUNK)
    parts[#parts + 1] = part
    size = size + (part and #part or 0)
    if size > body_max then
      return nil, ("it is longer than %d bytes"):format(body_max)
    elseif message and not (to_the_end and message == "closed") then
      return nil, message
    elseif not part or message then
      break
    end
  end
  return table.concat(parts)
end

local function send(state, http, request, target, body_max)
  local headers = {}
  for name, value in pairs(request.headers or {}) do
    headers[name] = value
  end
  if target.scheme == "http" then -- it is connected to by its address
    headers.Host = ("%s:%d"):format(target.host, target.port)
  end
  local body = request.body
  if not body and request.method ~= "GET" and request.method ~= "DELETE" then
    body = ""
  end
  http:set_timeout(milliseconds(state))
  local answer, message = http:request { method = request.method,
    path = target.path, headers = headers, body = body }
  if message == "timeout" then
    return nil, TOO_LATE
  elseif not answer then
    return nil, failure("maybe", "the connection to %s broke: %s",
                        target.host, tostring(message))
  elseif answer.status < 200 then
    return nil, failure("maybe", "no final response from %s, but status %d",
                        target.host, answer.status)
  end
  local text
  text, message = read_body(state, http, answer, body_max)
  if message == "timeout" then
    return nil, TOO_LATE
  elseif not text then
    return nil, failure("maybe", "the response from %s was cut short: %s",
                        target.host, message)
  end
  return { status = answer.status, headers = plain_headers(answer.headers),
           body = text }
end

local function exchange(state, request, target, options)
  local http = state.http
  http:set_timeout(math.min(milliseconds(state), state.connect_ms))
  local ok, message = connect(state, http, target, options.proxy)
  if message == "timeout" then
    return nil, TOO_LATE
  elseif not ok then
    return nil, no_connection(target, tostring(message))
  end
  state.connected = true
  local response, why = send(state, http, request, target, options.body_max)
  if not response or not http:set_keepalive(KEEP_MS, KEEP) then
    http:close()
  end
  return response, why
end

-- An exchange that raised. nginx's sslhandshake does where it fails at once,
-- and does not say why (lua-resty-core 0.1.25): as a rule it is for the
-- certificate, and another attempt may be told so.
local function raised(state, target, message)
  pcall(state.http.close, state.http)
  message = tostring(message)
  if state.connected then
    return failure("maybe", "lua-resty-http raised: %s", message)
  elseif message:find("assertion failed", 1, true) then
    message = "the handshake failed; is its certificate one that "
              .. "lua_ssl_trusted_certificate of nginx.conf accepts?"
  end
  return failure("no", "no TLS connection to %s port %d: %s", target.host,
                 target.port, message)
end

local function guarded(state, request, target, options)
  local ok, response, why = pcall(exchange, state, request, target, options)
  if ok then
    return response, why
  end
  return nil, raised(state, target, response)
end

-- ---- within its time -----------------------------------------------------

-- Ends when the exchange is to be given up: sockets have a time limit for
-- each step, and a server may take many small ones.
local function watch(state)
  ngx.sleep(math.min(state.connect_ms / 1000, state.ends - core.clock()))
  while state.connected and core.clock() < state.ends do
    ngx.sleep(math.max(0.001, state.ends - core.clock()))
  end
  return nil, TOO_LATE
end

local function too_late(state, request, target)
  pcall(state.http.close, state.http)
  if state.connected then
    return failure("maybe", "no complete response from %s within %g seconds",
                   target.host, request.timeout)
  end
  return failure("no", "no connection to %s port %d within %g seconds",
    target.host, target.port, math.min(state.connect_ms / 1000,
                                       request.timeout))
end

local function within_time(state, request, target, options)
  local worker = ngx.thread.spawn(guarded, state, request, target, options)
  local watcher = ngx.thread.spawn(watch, state)
  local _, response, why = ngx.thread.wait(worker, watcher)
  ngx.thread.kill(worker)
  ngx.thread.kill(watcher)
  if why == TOO_LATE then
    return nil, too_late(state, request, target)
  end
  return response, why
end

return function(options)
  local loaded, resty_http = pcall(require, "resty.http")
  if not loaded then
    return nil, "lua-resty-http cannot be loaded: " .. tostring(resty_http)
  elseif options.ca_file then
    return nil, "'ca_file' cannot be used with transport 'resty': write "
      .. "'lua_ssl_trusted_certificate FILE;' in nginx.conf and leave "
      .. "'ca_file' out, or give transport = 'thread'"
  end
  local proxy, message
  if options.proxy and options.proxy ~= "" then
    proxy, message = read_proxy(options.proxy)
    if not proxy then
      return nil, message
    end
  end
  local own = { proxy = proxy, body_max = options.body_max or BODY_MAX }

  local function transport(request)
    local target = parse(request.url)
    if not target then
      return nil, for_good("no", "'url' is not a URL")
    end
    local near = loopback.address(target.host)
    if target.scheme == "http" and not near then
      return nil, for_good("no", "'url' must begin with https://: plain " ..
                                 "http is allowed only to 127.0.0.1, " ..
                                 "[::1] and localhost")
    end
    local http, why = resty_http.new()
    if not http then
      return nil, failure("no", "no socket: %s", tostring(why))
    end
    return within_time({
      http = http, ends = core.clock() + request.timeout,
      connect_ms = math.max(1, math.ceil(request.connect_timeout * 1000)),
      proxied = proxy ~= nil and not near,
    }, request, target, own)
  end

  return transport, function() end
end
