-- A stand-in for lua-resty-http where it is not installed: those of its
-- documented functions that the transport uses, over ngx.socket.tcp. As the
-- original, it has sockets and no time limit for a whole exchange.

local ngx = _G.ngx -- luacheck: ignore

local http = {}
local methods = {}
local meta = { __index = methods }

function http.new()
  local socket, message = ngx.socket.tcp()
  return socket and setmetatable({ socket = socket, keep = true }, meta),
         message
end

function methods:set_timeout(milliseconds)
  return self.socket:settimeout(milliseconds)
end

function methods:close()
  return self.socket:close()
end

-- 1, or 2 where the answer said that the connection ends with it.
function methods:set_keepalive(...)
  if self.keep then
    return self.socket:setkeepalive(...)
  end
  self.socket:close()
  return 2, "connection must be closed"
end

local function read_line(self)
  return self.socket:receive("*l")
end

local function read_head(self)
  local line, message = read_line(self)
  if not line then
    return nil, message
  end
  local status = line:match("^HTTP/1%.%d (%d%d%d)")
  if not status then
    return nil, "no status line: " .. line
  end
  local headers = setmetatable({}, { __index = function(all, name)
    return rawget(all, name:lower())
  end })
  line, message = read_line(self)
  while line and line ~= "" do
    local name, value = line:lower():match("^([^:%s]+):"),
                        line:match(":%s*(.*)$")
    local known = name and headers[name]
    if type(known) == "table" then
      known[#known + 1] = value
    elseif name then
      headers[name] = known and { known, value } or value
    end
    line, message = read_line(self)
  end
  if not line then
    return nil, message
  end
  return { status = tonumber(status), headers = headers }
end

-- Readers: a part of at most `size` bytes; nil at the end; nil, message.

local function by_length(self, left)
  return function(size)
    if left == 0 then
      return nil
    end
    local part, message = self.socket:receive(math.min(size, left))
    left = left - (part and #part or 0)
    return part, message
  end
end

local function by_chunks(self)
  local left, over = 0, false
  return function(size)
    if over then
      return nil
    elseif left == 0 then
      local line, message = read_line(self)
      if not line then
        return nil, message
      end
      left = tonumber(line:match("^%x+"), 16)
      if left == 0 then
        over = true
        read_line(self)
        return nil
      end
    end
    local part, message = self.socket:receive(math.min(size, left))
    left = left - (part and #part or 0)
    if part and left == 0 then
      read_line(self)
    end
    return part, message
  end
end

local function to_the_end(self)
  return function(size)
    local part, message, rest = self.socket:receive(size)
    return part or rest, message
  end
end

function methods:request(params)
  local lines = { ("%s %s HTTP/1.1"):format(params.method, params.path),
    not params.headers.Host and
    ("Host: %s:%d"):format(self.host, self.port) or nil }
  for name, value in pairs(params.headers) do
    lines[#lines + 1] = name .. ": " .. value
  end
  if params.body then
    lines[#lines + 1] = "Content-Length: " .. #params.body
  end
  local sent, message = self.socket:send(table.concat(lines, "\r\n")
    .. "\r\n\r\n" .. (params.body or ""))
  if not sent then
    return nil, message
  end
  local answer
  answer, message = read_head(self)
  if not answer then
    return nil, message
  end
  local headers = answer.headers
  self.keep = not tostring(headers["Connection"]):lower():find("close")
  answer.has_body = params.method ~= "HEAD" and answer.status >= 200 and
                    answer.status ~= 204 and answer.status ~= 304
  if tostring(headers["Transfer-Encoding"]):lower():find("chunked") then
    answer.body_reader = by_chunks(self)
  elseif headers["Content-Length"] then
    answer.body_reader = by_length(self, tonumber(headers["Content-Length"]))
  else
    self.keep = false
    answer.body_reader = to_the_end(self)
  end
  return answer
end

-- "http://HOST:PORT" of a proxy asks it for a tunnel.
local function tunnel(self, options)
  local host, port = options.proxy_opts.https_proxy:match("//(.-):(%d+)$")
  local ok, message = self.socket:connect(host, tonumber(port))
  if not ok then
    return nil, message
  end
  self.host, self.port = options.host, options.port
  local answer
  answer, message = self:request { method = "CONNECT",
    path = ("%s:%d"):format(options.host, options.port), headers = {
      ["Proxy-Authorization"] = options.proxy_opts.https_proxy_authorization
    } }
  if not answer or answer.status ~= 200 then
    return nil, message or "the proxy said " .. answer.status
  end
  return true
end

function methods:connect(options)
  local socket = self.socket
  local ok, message
  local through = options.scheme == "https" and options.proxy_opts.https_proxy
  if through then
    ok, message = tunnel(self, options)
  else
    ok, message = socket:connect(options.host, options.port, {
      pool = ("%s:%s:%d"):format(options.scheme, options.host,
                                 options.port) })
  end
  if ok and options.scheme == "https" and socket:getreusedtimes() == 0 then
    ok, message = socket:sslhandshake(nil, options.ssl_server_name,
                                      options.ssl_verify)
  end
  if not ok then
    socket:close()
    return nil, message
  end
  self.host, self.port, self.keep = options.host, options.port, true
  return true
end

return http
