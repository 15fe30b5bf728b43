-- The sandbox inside a test: no network, and faults on demand.

local certcentral = require "certcentral"

local sandbox = require("certcentral.sandbox").new {}
local client = certcentral.new { api_key = sandbox.api_key,
                                 transport = sandbox.transport }
sandbox:fault { kind = "lose" }   -- store the order, lose the answer

local csr_file = assert(arg[1], "usage: sandbox.lua CSR")
local result, info = client:place_order {
  certificate = { common_name = "www.example.com", signature_hash = "sha256",
                  csr = assert(io.open(csr_file)):read("*a") },
  organization = { id = 123456 },
  order_validity = { years = 1 },
}
print(("order %d, recovered: %s"):format(result.id, tostring(info.recovered)))
print("orders in the sandbox: " .. #sandbox:orders())
