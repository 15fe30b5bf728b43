-- What comes in: the script of a server that has read a request, and the
-- response that comes of it.

local answer = require "spec.support.server".answer

local GZIP = [[\x1f\x8b\x08\0\0\0\0\0\x02\xff\xcb\x48\xcd\xc9\xc9\xd7\x51]]
  .. [[\xc8\x40\xa2\0\x9f\xa1\xca\x09\x13\0\0\0]]
local function send(text)
  return { "send", text }
end

local cases = {
  { name = "status, headers and body",
    answer("201 Created", "hello", [[X-One:  a b \r\nx-TWO:\r\n]]),
    status = 201, body = "hello",
    headers = { ["content-length"] = "5", ["x-one"] = "a b",
      ["x-two"] = "" } },
  { name = "headers that come more than once", answer("200 OK", "",
      [[A: 1\r\nB: x\r\na: 2\r\nA: 3\r\n]]),
    status = 200, body = "",
    headers = { ["content-length"] = "0", a = "1, 2, 3", b = "x" } },
  { name = "a header over several lines", answer("200 OK", "",
      [[A: 1\r\n  2 \r\n\x093\r\nB: x\r\n]]),
    status = 200, body = "",
    headers = { ["content-length"] = "0", a = "1 2 3", b = "x" } },
  { name = "a body of any bytes",
    send([[HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\na\0\xff\r\n\0]]),
    status = 200, body = "a\0\255\r\n\0",
    headers = { ["content-length"] = "6" } },
  { name = "204 without a body",
    send([[HTTP/1.1 204 No Content\r\nA: b\r\n\r\n]]),
    status = 204, body = "", headers = { a = "b" } },
  { name = "a status without a reason",
    send([[HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n]]),
    status = 200, body = "", headers = { ["content-length"] = "0" } },
  { name = "a chunked body and no trailer", send(
      [[HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n]]
      .. [[3\r\nabc\r\n2\r\nde\r\n0\r\nX-Late: 1\r\n]]
      .. [[HTTP/1.1 500: late\r\n\r\n]]),
    status = 200, body = "abcde",
    headers = { ["transfer-encoding"] = "chunked" } },
  { name = "the last of several blocks", send(
      [[HTTP/1.1 100 Continue\r\n\r\n]]
      .. [[HTTP/1.1 103 Early Hints\r\nLink: early\r\n\r\n]]
      .. [[HTTP/1.1 201 Created\r\nContent-Length: 2\r\nA: b\r\n\r\nok]]),
    status = 201, body = "ok",
    headers = { ["content-length"] = "2", a = "b" } },
  { name = "HTTP/1.0 up to the end of the connection",
    send([[HTTP/1.0 200 OK\r\nA: b\r\n\r\nall of it]]), "close",
    status = 200, body = "all of it", headers = { a = "b" } },
  { name = "an error's status and body",
    answer("500 Oops", "<html>"),
    status = 500, body = "<html>",
    headers = { ["content-length"] = "6" } },
  { name = "a 401 without trying to log in", answer(
      "401 No", "", [[WWW-Authenticate: Basic realm=x\r\n]]),
    status = 401, body = "", headers = { ["content-length"] = "0",
      ["www-authenticate"] = "Basic realm=x" } },
  { name = "a redirect without a place to go", answer(
      "302 Found", "", [[Location: http://[:/\r\n]]),
    status = 302, body = "", headers = { ["content-length"] = "0",
      location = "http://[:/" } },
  { name = "a body that came compressed unasked", send((
      [[HTTP/1.1 200 OK\r\nContent-Length: 29\r\n]]
      .. [[Content-Encoding: gzip\r\n\r\n]] .. GZIP)),
    status = 200, body = "hello, hello, hello",
    headers = { ["content-length"] = "29",
      ["content-encoding"] = "gzip" } },
  { name = "a body of exactly body_max bytes",
    options = { body_max = 5 }, answer("200 OK", "12345"),
    status = 200, body = "12345",
    headers = { ["content-length"] = "5" } },
}

return cases
