-- A transport is a function from a request to a response, so orders can go
-- another way than over libcurl. This one shows what would be sent, and
-- answers as CertCentral does.

local certcentral = require "certcentral"

local function transport(request)
  print(request.method, request.url)
  print(request.body)
  return {
    status = 201,
    headers = { ["content-type"] = "application/json" },
    body = '{"id":542772,"requests":[{"id":922432,"status":"pending"}]}',
  }
  -- or, when there is no answer:
  -- return nil, { message = "no route to host", sent = "no" }
end

local client = certcentral.assert(certcentral.new {
  api_key = "not-needed", transport = transport,
})
local result = certcentral.assert(client:place_order({
  certificate = {
    common_name = "www.example.com",
    csr = "the request's text",
    signature_hash = "sha256",
  },
  organization = { id = 123456 },
  order_validity = { years = 1 },
  alternative_order_id = "dry-run-1",
}, { check_csr = false }))
print("order " .. result.id .. " is " .. result.requests[1].status)
