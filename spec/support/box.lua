-- A sandbox in process, on a clock that stands still, and a client of it.

local certcentral = require "certcentral"
local clocks = require "certcentral.sandbox.clock"
local json = require "certcentral.sandbox.json"
local sandboxes = require "certcentral.sandbox"
local support = require "support.sandbox"

local box = {}

box.NOW = 1767225600 -- 2026-01-01T00:00:00Z
box.DAY = 86400

local function brackets(text)
  return (text:gsub("%%5B", "["):gsub("%%5D", "]"))
end

--- A sandbox and its client, which waits by moving the clock on.
-- @param options of the sandbox
-- @return {sandbox, client, clock, requests}; requests lists what was sent
--   as {line, body, status, answer}, bodies and answers decoded
function box.new(options)
  local clock, requests = clocks.new(box.NOW), {}
  local all = { clock = clock }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  local sandbox = sandboxes.new(all)
  local function perform(request)
    local response, failure = sandbox.transport(request)
    requests[#requests + 1] = response and {
      line = request.method .. " "
        .. brackets(request.url:match("/services/v2(.*)$")),
      body = request.body and json.decode(request.body),
      status = response.status, answer = json.decode(response.body),
      text = response.body, headers = response.headers,
    }
    return response, failure
  end
  local client = assert(certcentral.new { api_key = sandbox.api_key,
    base_url = sandbox.base_url, transport = { perform = perform,
      clock = clock, time = clock, sleep = clock.sleep } })
  return { sandbox = sandbox, client = client, clock = clock,
           requests = requests }
end

--- The last request that was sent.
function box.last(it)
  return it.requests[#it.requests]
end

--- Sends a request past the client; returns its answer, decoded at `json`.
function box.send(it, method, path, body)
  local response = it.sandbox.transport { method = method,
    url = it.sandbox.base_url .. path,
    headers = { ["X-DC-DEVKEY"] = it.sandbox.api_key,
                ["Content-Type"] = body and "application/json" },
    body = type(body) == "table" and json.encode(body) or body }
  response.json = json.decode(response.body)
  return response
end

--- Members of an order's certificate.
function box.certificate(changes)
  local certificate = { signature_hash = "sha256",
    csr = support.order().certificate.csr, common_name = "example.com" }
  for name, value in pairs(changes or {}) do
    certificate[name] = value
  end
  return certificate
end

--- Places an order; returns what the client returns.
-- @param changes members of the order
-- @param certificate members of its certificate
function box.place(it, changes, certificate)
  local order = support.order(changes)
  order.certificate = box.certificate(certificate)
  return assert(it.client:place_order(order))
end

--- An order that is issued at once: its id, and what the API says of it.
function box.issued(it, changes, certificate)
  local all = { skip_approval = true }
  for name, value in pairs(changes or {}) do
    all[name] = value
  end
  local id = box.place(it, all, certificate).id
  return id, assert(it.client:order(id))
end

--- The codes of an error of the client's.
function box.codes(err)
  local list = {}
  for i, item in ipairs(err.errors or {}) do
    list[i] = item.code
  end
  return table.concat(list, " ")
end

return box
