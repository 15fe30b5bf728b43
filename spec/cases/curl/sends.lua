-- What goes out: a request (and options of the handle), its request line and
-- body, header lines that it has, names of headers that it lacks.

local core = require "certcentral.core"
local support = require "spec.support.curl"

local KEY_LINE = "X-DC-DEVKEY: " .. support.KEY
local cases = {
  { name = "a POST", request = {
      method = "POST", body = "{}",
      headers = { ["Content-Type"] = "application/json" } },
    line = "POST /order HTTP/1.1", body = "{}",
    has = { KEY_LINE, "Content-Type: application/json",
      "Content-Length: 2",
      "User-Agent: certcentral" }, lacks = { "Accept-Encoding" } },
  { name = "a POST with an empty body", request = { method = "POST" },
    line = "POST /order HTTP/1.1", has = { KEY_LINE,
      "Content-Length: 0" }, lacks = { "Content-Type" } },
  { name = "a body of any bytes", request = {
      method = "POST", body = "a\0b\255\r\n" },
    line = "POST /order HTTP/1.1", body = "a\0b\255\r\n",
    lacks = { "Content-Type" } },
  { name = "a body that is a secret", request = {
      method = "POST", body = core.secret("a\0b") },
    line = "POST /order HTTP/1.1", body = "a\0b",
    has = { "Content-Length: 3" } },
  { name = "a GET", request = { method = "GET" },
    line = "GET /order HTTP/1.1", has = { KEY_LINE },
    lacks = { "Content-Length", "Content-Type", "Cookie", "Expect" } },
  { name = "a GET with an empty body", request = {
      method = "GET", body = "" },
    line = "GET /order HTTP/1.1", lacks = { "Content-Length" } },
  { name = "a PUT", request = { method = "PUT", body = "{}" },
    line = "PUT /order HTTP/1.1", body = "{}", has = { KEY_LINE } },
  { name = "a DELETE", request = { method = "DELETE" },
    line = "DELETE /order HTTP/1.1", has = { KEY_LINE },
    lacks = { "Content-Length" } },
  { name = "a DELETE with a body", request = {
      method = "DELETE", body = "{}" },
    line = "DELETE /order HTTP/1.1", body = "{}",
    has = { "Content-Length: 2" } },
  { name = "an empty header", request = {
      method = "GET", headers = { ["X-Empty"] = "", ["X-Blank"] = " " } },
    line = "GET /order HTTP/1.1", has = { "X-Empty:", "X-Blank:" } },
  { name = "a user agent of the request's own", request = {
      method = "GET", headers = { ["user-agent"] = "mine" } },
    line = "GET /order HTTP/1.1", has = { "user-agent: mine" },
    lacks = { "User-Agent" } },
  { name = "its user agent", options = { user_agent = "shop/1.0" },
    request = { method = "GET" },
    line = "GET /order HTTP/1.1", has = { "User-Agent: shop/1.0" } },
}

return cases
