-- All mistakes of an order at once, before anything is sent.

local certcentral = require "certcentral"

local ok, err = certcentral.validate({
  certificate = {
    comon_name = "www.example.com",
    dns_names = { "my_host.example.com", "printer.local" },
    csr = "not a request",
    signature_hash = "sha1",
  },
  order_validity = { years = 9 },
  organization = { id = "123456" },
  payment_method = "card",
  auto_renew = 2,
})

assert(not ok)
print(err)
for _, problem in ipairs(err.problems) do
  print(problem.code, problem.path, problem.hint or "")
end
