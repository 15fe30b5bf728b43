-- How a request fails: the script of a server behind "accept" and what the
-- failure says. `reused`: on a connection that has served a request before.
-- `stranger`: the server's CA is not the one that is trusted. `plain`: asked
-- for https, the server speaks no TLS.

local server = require "spec.support.server"
local support = require "spec.support.curl"
local answer, CREATED = server.answer, support.CREATED

local HEAD = [[HTTP/1.1 200 OK\r\n]]
local many = HEAD .. ([[A: b\r\n]]):rep(1001) .. [[\r\n]]
local interims = ([[HTTP/1.1 103 Hints\r\nA: %s\r\n\r\n]]):format(
  ("b"):rep(1000))

local cases = {
  { name = "when the server closes at once", tls = true, script = {
      "close" },
    sent = "no", code = 35, message = "^no TLS connection to 127" },
  { name = "when the server speaks no TLS", plain = true, script = {
      "send", [[HTTP/1.1 400 Bad\r\n\r\n]] },
    sent = "no", code = 35, message = "^no TLS connection to 127" },
  { name = "on a certificate from a stranger", tls = true,
    stranger = true, script = { "tls", "read", CREATED },
    sent = "no", code = 60, retryable = false,
    message = "^certificate of 127%.0%.0%.1 refused: SSL certificate" },
  { name = "on a certificate for another host", host = "other.invalid",
    script = { "tls", "read", CREATED },
    sent = "no", code = 60, retryable = false,
    message = "^certificate of 127%.0%.0%.1 refused: SSL" },
  { name = "when the TLS handshake stalls", tls = true,
    script = { "gone" }, request = { connect_timeout = 0.25 },
    sent = "no", code = 28,
    message = "^no connection to 127%.0%.0%.1 port %d+ within 0%.25 s" },
  { name = "when the whole call ends in the TLS handshake", tls = true,
    script = { "gone" }, request = { timeout = 0.25 },
    sent = "no", code = 28, message = "within 0%.25 seconds$" },
  { name = "when the server closes after it read", script = {
      "read", "close" },
    sent = "maybe", code = 52,
    message = "^the connection to 127%.0%.0%.1 closed before a response" },
  { name = "when the server resets after it read", script = {
      "read", "reset" },
    sent = "maybe", code = 56, message = "^the connection to .* broke" },
  { name = "when TLS ends after the server read", tls = true, script = {
      "tls", "read", "close" },
    sent = "maybe", code = 52, message = "closed before a response" },
  { name = "when TLS is cut after the server read", tls = true,
    script = { "tls", "read", "cut" }, -- 8.14: 56
    sent = "maybe", code = { 52, 56 },
    message = { "closed before a response", "broke while reading" } },
  { name = "when no answer comes in time", reused = true, script = {
      "read", "gone" }, request = { timeout = 0.5 },
    sent = "maybe", code = 28,
    message = "^no complete response from 127%.0%.0%.1 within 0%.5 sec" },
  { name = "when half an answer comes in time", reused = true, script = {
      "read", "send", HEAD .. [[Content-Length: 5\r\n\r\nab]], "gone" },
    request = { timeout = 0.5 },
    sent = "maybe", code = 28, message = "^no complete response from" },
  { name = "when the status line stops", script = {
      "read", "send", "HTTP/1.1 20", "close" },
    sent = "maybe", code = 52, message = "closed before a response" },
  { name = "when the body is cut", script = {
      "read", "send", HEAD .. [[Content-Length: 5\r\n\r\nab]], "close" },
    sent = "maybe", code = 18, message = "^the response from .* cut short" },
  { name = "when a chunked body is cut", script = {
      "read", "send", HEAD .. [[Transfer-Encoding: chunked\r\n\r\n5\r\nab]],
      "close" },
    sent = "maybe", code = 18, message = "^the response from .* cut short" },
  { name = "on chunks that are none", script = {
      "read", "send", HEAD .. [[Transfer-Encoding: chunked\r\n\r\nzz\r\n]],
      "close" },
    sent = "maybe", code = 56, message = "broke while reading" },
  { name = "on bytes that are no HTTP", script = {
      "read", "send", [[\x1b[31m\xff\0 SSH-2.0\r\n\r\n]], "close" },
    sent = "maybe", code = 1, message = "^no HTTP response from" },
  { name = "on another version of HTTP", script = {
      "read", "send", [[HTTP/7.1 200 OK\r\n\r\n]], "close" },
    sent = "maybe", code = 1, message = "^no HTTP response from" },
  { name = "on an unknown content coding", script = {
      "read", "send", HEAD
      .. [[Content-Length: 2\r\nContent-Encoding: odd\r\n\r\nab]] },
    sent = "maybe", code = 61, message = "^request to .* failed" },
  { name = "on a length that is none", script = {
      "read", "send", HEAD .. [[Content-Length: \xffx\r\n\r\nab]] },
    sent = "maybe", code = 8, message = "^no HTTP response from" },
  { name = "on a body announced too long", options = { body_max = 4 },
    script = { "read", answer("200 OK", "12345"), "gone" },
    sent = "maybe", code = 63, message = "longer than 4 bytes$" },
  { name = "on a body without end", options = { body_max = 100000 },
    script = { "read", "send", HEAD .. [[\r\n]], "fill", "1000000000" },
    sent = "maybe", code = { 23, 63 }, -- 8.14: 63
    message = "longer than 100000 bytes$" },
  { name = "on too many headers", script = {
      "read", "send", many, "gone" },
    sent = "maybe", code = 23, message = "more than 1000 header fields" },
  { name = "on interim answers without end", script = {
      "read", "flood", interims },
    sent = "maybe", code = 23, message = "262144 bytes of them$" },
  { name = "on a header line without end", script = {
      "read", "send", HEAD .. "A: ", "fill", "1000000000" },
    sent = "maybe", code = { 27, 100 }, -- 8.6 on: 100
    message = { "^request to .* failed", "more or longer header fields" } },
}

return cases
