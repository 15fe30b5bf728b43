-- Wrong types, in a request's fields and in the options of new(), and what
-- the error says.

local core = require "certcentral.core"
local KEY = require "spec.support.curl".KEY

local function huge()
  local headers = {}
  for i = 1, 65 do
    headers["X-" .. i] = "y"
  end
  return headers
end

local function wiped()
  local secret = core.secret("x")
  secret:wipe()
  return secret
end

local requests = {
  { { method = 1 }, "'method' must be a string, got number" },
  { { url = true }, "'url' must be a string, got boolean" },
  { { body = {} }, "'body' must be a string, got table" },
  { { body = io.stdout }, "'body' must be a secret of certcentral.core" },
  { { body = wiped() }, "'body' must not be empty or closed" },
  { { headers = "A: b" }, "'headers' must be a table" },
  { { headers = { "A: b" } }, "name in 'headers' must be a string" },
  { { headers = { A = 1 } }, "value in 'headers' must be a string" },
  { { headers = { A = false } }, "value in 'headers' must be a string" },
  { { headers = huge() }, "'headers' must have at most 64" },
  { { timeout = "1" }, "'timeout' must be a number of seconds" },
  { { timeout = 0 }, "'timeout' must be more than 0 seconds, got 0" },
  { { timeout = -1 }, "'timeout' must be more than 0 seconds" },
  { { timeout = 0 / 0 }, "'timeout' must be more than 0 seconds" },
  { { connect_timeout = {} }, "'connect_timeout' must be a number" },
}
local options = {
  { { api_key = KEY }, "'api_key' must be a secret of certcentral.core" },
  { { api_key = io.stdout }, "'api_key' must be a secret of" },
  { { api_key = core.secret("") }, "'api_key' must not be empty or closed" },
  { { ca_file = 1 }, "'ca_file' must be a string, got number" },
  { { ca_file = "a\0b" }, "'ca_file' must not contain a NUL" },
  { { proxy = {} }, "'proxy' must be a string, got table" },
  { { user_agent = 1 }, "'user_agent' must be a string" },
  { { body_max = "1" }, "'body_max' must be a number of bytes" },
  { { body_max = 0 }, "'body_max' must be an integer of at least 1" },
  { { body_max = 1.5 }, "'body_max' must be an integer of at least 1" },
  { { body_max = -1 }, "'body_max' must be an integer of at least 1" },
  { { apikey = "a" }, "unknown option 'apikey'" },
  { { "a" }, "an option's name must be a string, got number" },
  { "a", "table expected, got string" },
}

return { requests = requests, options = options }
