-- Sets the locale of argument 1 and prints what the library makes of letters
-- and numbers.

assert(os.setlocale(arg[1]), "no such locale")

local certcentral = require "certcentral"
local curl = require "certcentral.curl"
local orders = require "support.orders"

local handle = assert(curl.new { proxy = "" })
for _, name in ipairs { "TRANSFER-ENCODING", "Transfer-Encoding",
                        "CONNECTION", "connection" } do
  local _, failure = handle:perform { method = "GET", timeout = 1,
    url = "http://127.0.0.1:1/", headers = { [name] = "x" } }
  print(failure.code, failure.message)
end
local _, failure = handle:perform { method = "GET", timeout = 1,
                                    url = "http://other.LOCALHOST:1/" }
print(failure.code)

local request = assert(certcentral.csr.generate {
  common_name = "info.example.com", country = "it",
  dns_names = { "INFO.example.com", "info.EXAMPLE.com" } })
local facts = assert(certcentral.csr.inspect(request))
print(facts.subject, table.concat(facts.dns_names, " "), facts.curve)

local options = orders.options { allow_unknown = true }
print((assert(certcentral.encode(orders.with { zz = 1.5, zy = -2.5e-7 },
                                 options)):match('"zy.*')))
local _, err = certcentral.validate(orders.with {
  ["order_validity.years"] = 1.5 }, orders.options())
print(err.problems[1].message)
