-- Requests that are refused before anything is sent. "%d" in a URL is the
-- port of a server that would answer.

local URL = "^'url' "
local cases = {
  { url = "http://example.com/", message = URL .. ".*loopback" },
  { url = "http://10.0.0.1/", message = URL .. ".*loopback" },
  { url = "http://128.0.0.1/", message = URL .. ".*loopback" },
  { url = "http://127.0.0.1.example.com/", message = URL .. ".*loopback" },
  { url = "http://localhost.example.com/", message = URL .. ".*loopback" },
  { url = "http://[::2]/", message = URL .. ".*loopback" },
  { url = "http://[::ffff:10.0.0.1]/", message = URL .. ".*loopback" },
  { url = "http://127.0.0.1\\@example.com/", message = URL },
  { url = "http://127.0.0.1@example.com/", message = URL .. ".*user" },
  { url = "https://u:p@example.com/", message = URL .. ".*user" },
  { url = "https://u@example.com/", message = URL .. ".*user" },
  { url = "ftp://127.0.0.1/", message = URL .. "must begin with https" },
  { url = "file:///etc/passwd", message = URL },
  { url = "gopher://127.0.0.1/", message = URL .. "must begin with https" },
  { url = "odd://127.0.0.1/", message = URL .. "must begin with https" },
  { url = "127.0.0.1/", message = URL .. "must begin with https" },
  { url = "", message = URL },
  { url = "https://", message = URL },
  { url = "https://exa mple.com/", message = URL },
  { url = "https://127.0.0.1:%d/a b", message = URL },
  { url = "https://127.0.0.1:99999/", message = URL },
  { url = "https://127.0.0.1:%d/a\r\nX: y", message = URL },
  { url = "https://127.0.0.1:%d/a\nX: y", message = URL },
  { url = "https://127.0.0.1:%d/\0", message = URL },
}
local headers = {
  { name = "X-A", value = "a\r\nX-B: b", message = "^header 'X%-A' must" },
  { name = "X-A", value = "a\nX-B: b", message = "^header 'X%-A' must" },
  { name = "X-A", value = "a\rb", message = "^header 'X%-A' must" },
  { name = "X-A", value = "a\0b", message = "^header 'X%-A' must" },
  { name = "X-A", value = "a\127", message = "^header 'X%-A' must" },
  { name = "X-A\r\nX-B", value = "a", message = "name must be" },
  { name = "X-A\n", value = "a", message = "name must be" },
  { name = "X\0A", value = "a", message = "name must be" },
  { name = "X A", value = "a", message = "name must be" },
  { name = "X-A:", value = "a", message = "name must be" },
  { name = "X\255", value = "a", message = "name must be" },
  { name = "", value = "a", message = "name must be" },
  { name = "x-dc-DEVKEY", value = "a", message = "'X%-DC%-DEVKEY' is set" },
  { name = "Host", value = "a", message = "'Host' is set" },
  { name = "content-length", value = "9", message = "is set by the" },
  { name = "Transfer-Encoding", value = "chunked", message = "is set by" },
  { name = "Accept-Encoding", value = "gzip", message = "is set by" },
  { name = "Connection", value = "close", message = "is set by" },
  { name = "Expect", value = "100-continue", message = "is set by" },
}
for _, header in ipairs(headers) do
  cases[#cases + 1] = {
    name = ("header %q"):format(header.name .. ": " .. header.value),
    headers = { [header.name] = header.value },
    message = header.message, code = 43 }
end
for _, method in ipairs { "", "get", "HEAD", "POST\r\nX: y", "GET\0" } do
  cases[#cases + 1] = { name = ("method %q"):format(method),
    method = method, message = "^'method' must be GET, POST", code = 43 }
end
cases[#cases + 1] = { name = "a GET with a body", method = "GET",
  body = "x", message = "^a GET carries no body$", code = 43 }

return cases
