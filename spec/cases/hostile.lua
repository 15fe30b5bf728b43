-- What hostile servers and proxies do behind "accept", and what becomes of
-- the order: "unavailable" where certainly nothing was placed, else
-- "unknown".

local function zipped(command)
  local pipe = assert(io.popen(command))
  local bytes = pipe:read("*a")
  pipe:close()
  return #bytes, (bytes:gsub(".", function(c)
    return ("\\x%02x"):format(c:byte())
  end):gsub("\n", "\\x0a"))
end

local function bomb(coding, command)
  local length, bytes = zipped(command)
  return { "tls", "read", "send",
    ("HTTP/1.1 200 OK\\r\\nContent-Encoding: %s\\r\\nContent-Length: %d"
      .. "\\r\\n\\r\\n%s"):format(coding, length, bytes), "gone" }
end

local HEAD = [[HTTP/1.1 201 Created\r\n]]

local cases = {}

cases.servers = {
  { name = "an expired certificate", tls = true, flaw = "expired",
    script = { "tls", "read" }, kind = "unavailable",
    message = "certificate of 127%.0%.0%.1 refused.*expired" },
  { name = "a certificate that it signed itself", tls = true,
    flaw = "self-signed", script = { "tls", "read" }, kind = "unavailable",
    message = "certificate of 127%.0%.0%.1 refused.*self.signed" },
  { name = "TLS 1.0 alone", tls = true, flaw = "old",
    script = { "tls", "read" }, kind = "unavailable",
    message = "no TLS connection" },
  { name = "a TLS handshake that stalls", tls = true, script = { "gone" },
    options = { connect_timeout = 0.3 }, kind = "unavailable",
    message = "within 0%.3 s" },
  { name = "a TLS handshake that breaks off half-way", tls = true,
    script = { "data", "send", [[\x16\x03\x03\0\x7a\x02\0]], "close" },
    kind = "unavailable", message = "no TLS connection" },
  { name = "a body slower than the time-out", tls = true, script = { "tls",
      "read", "send", HEAD .. [[Content-Length: 1000000\r\n\r\n]],
      "drip", "x" },
    options = { timeout = 0.5 }, kind = "unknown",
    message = "within 0%.5 seconds" },
  { name = "headers slower than the time-out", tls = true, script = { "tls",
      "read", "send", HEAD, "drip", [[A: b\r\n]] },
    options = { timeout = 0.5 }, kind = "unknown",
    message = "within 0%.5 seconds" },
  { name = "interim answers slower than the time-out", tls = true,
    script = { "tls", "read", "drip", [[HTTP/1.1 100 Continue\r\n\r\n]] },
    options = { timeout = 0.5 }, kind = "unknown",
    message = "within 0%.5 seconds" },
  { name = "interim answers without end", tls = true, script = { "tls",
      "read", "flood", [[HTTP/1.1 102 Processing\r\nA: b\r\n\r\n]] },
    kind = "unknown",
    message = { "262144 bytes", "header fields, or longer ones" } },
  { name = "headers without end", tls = true, script = { "tls", "read",
      "send", HEAD, "flood", [[A: b\r\n]] },
    kind = "unknown", message = "header fields" },
  { name = "a body without end", tls = true, script = { "tls", "read",
      "send", HEAD .. [[\r\n]], "fill", "1000000000" },
    kind = "unknown", message = "longer than 16777216 bytes" },
  { name = "a chunk without end", tls = true, script = { "tls", "read",
      "send", HEAD .. [[Transfer-Encoding: chunked\r\n\r\n]]
        .. [[7fffffffffffffff\r\n]], "fill", "1000000000" },
    kind = "unknown", message = "longer than 16777216 bytes" },
  { name = "trailers without end", tls = true, script = { "tls", "read",
      "send", HEAD .. [[Transfer-Encoding: chunked\r\n\r\n0\r\n]],
      "flood", [[A: b\r\n]] },
    kind = "unknown",
    message = { "262144 bytes", "header fields, or longer ones" } },
  { name = "a small gzip that grows large", tls = true,
    script = bomb("gzip", "head -c 20971520 /dev/zero | gzip -9"),
    kind = "unknown", message = "longer than 16777216 bytes" },
  { name = "a gzip in a gzip that grows large", tls = true,
    script = bomb("gzip, gzip",
                  "head -c 100000000 /dev/zero | gzip | gzip -9"),
    kind = "unknown", message = "longer than 16777216 bytes" },
  { name = "a length that is too large", tls = true, script = { "tls",
      "read", "send", HEAD .. [[Content-Length: 99\r\n\r\n{"id":1}]],
      "close" }, kind = "unknown", message = "cut short" },
  { name = "a length that is too small", tls = true, script = { "tls",
      "read", "send", HEAD .. [[Content-Length: 3\r\n\r\n{"id":1}]],
      "close" }, kind = "unknown" },
  { name = "a negative length", tls = true, script = { "tls", "read", "send",
      HEAD .. [[Content-Length: -1\r\n\r\n{"id":1}]], "close" },
    kind = "unknown" },
  { name = "two lengths", tls = true, script = { "tls", "read", "send",
      HEAD .. [[Content-Length: 3\r\nContent-Length: 4\r\n\r\n{"id":1}]],
      "close" }, kind = "unknown" },
  { name = "a body cut without an end of TLS", tls = true, script = { "tls",
      "read", "send", HEAD .. [[\r\n{"id":1]], "cut" }, kind = "unknown" },
  { name = "an answer of no JSON", tls = true, script = { "tls", "read",
      "send", HEAD .. [[Content-Length: 6\r\n\r\n<html>]] },
    kind = "unknown" },
  { name = "an answer of deeply nested JSON", tls = true, script = { "tls",
      "read", "send", HEAD .. [[Content-Length: 60000\r\n\r\n]]
        .. ("["):rep(60000) }, kind = "unknown" },
  { name = "an answer that repeats the key", tls = true, script = { "tls",
      "read", "send", [[HTTP/1.1 400 Bad\r\nContent-Length: 84\r\n\r\n]]
        .. [[{"errors":[{"code":"x","message":"key ]]
        .. [[0123456789ABCDEF-the-key is bad at all."}]}   ]] },
    kind = "refused" },
}

local SETTINGS = [[\0\0\0\x04\0\0\0\0\0]]
local function reset(code)
  return [[\0\0\x04\x03\0\0\0\0\x01\0\0\0]] .. code
end
local function goaway(last, code)
  return [[\0\0\x08\x07\0\0\0\0\0\0\0\0]] .. last .. [[\0\0\0]] .. code
end

cases.http2 = {
  { name = "a stream that is reset", script = { "send", SETTINGS,
      "send", reset [[\x02]], "gone" } },
  { name = "a stream that is refused", script = { "send", SETTINGS,
      "send", reset [[\x07]], "gone" } },
  { name = "a stream that is cancelled", script = { "send", SETTINGS,
      "send", reset [[\x08]], "gone" } },
  { name = "GOAWAY with this stream in it", script = { "send", SETTINGS,
      "send", goaway([[\x01]], [[\0]]), "close" } },
  { name = "GOAWAY without this stream", script = { "send", SETTINGS,
      "send", goaway([[\0]], [[\0]]), "close" } },
  { name = "GOAWAY for an error", script = { "send", SETTINGS,
      "send", goaway([[\x01]], [[\x02]]), "close" } },
  { name = "frames that are none", script = { "send",
      [[HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n]], "gone" } },
  { name = "settings without end", script = { "send", SETTINGS, "close" } },
  { name = "half a frame", script = { "send", [[\0\0\x0a\x01\x04\0\0]],
                                      "close" } },
}

cases.proxies = {
  { name = "closes at once", script = { "close" } },
  { name = "closes after CONNECT", script = { "read", "close" } },
  { name = "resets after CONNECT", script = { "read", "reset" } },
  { name = "wants a password", script = { "read", "send",
      [[HTTP/1.1 407 Authenticate\r\nProxy-Authenticate: Basic realm=x\r\n]]
        .. [[Content-Length: 0\r\n\r\n]], "gone" } },
  { name = "cannot reach the server", script = { "read", "send",
      [[HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n]], "gone" } },
  { name = "speaks no HTTP", script = { "read", "send",
      [[\x05\0\0\x01SSH\r\n\r\n]], "close" } },
  { name = "says nothing", script = { "read", "gone" },
    options = { connect_timeout = 0.3 } },
  { name = "answers without end", script = { "read", "send",
      [[HTTP/1.1 200 OK\r\n]], "flood", [[A: b\r\n]] } },
  { name = "sends an answer of its own through the tunnel", script = {
      "read", "send", [[HTTP/1.1 200 OK\r\n\r\n]], "send",
      [[HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n{"id":1}]],
      "gone" } },
}

return cases
