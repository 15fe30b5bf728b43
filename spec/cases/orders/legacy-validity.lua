local orders = require "support.orders"

return {
  order = {
    certificate = {
      common_name = "old.example.com",
      csr = orders.csr,
      signature_hash = "sha256",
      organization_units = { "Platform" },
    },
    organization = { id = 4711 },
    validity_years = 2,
    payment_method = "balance",
  },
  warnings = {
    { "certificate.organization_units", "ignored" },
    { "certificate.organization_units", "deprecated" },
    { "validity_years", "deprecated" },
  },
  json = [[
{"certificate":{"common_name":"old.example.com","csr":<csr>,
"signature_hash":"sha256","organization_units":["Platform"]},
"validity_years":2,"payment_method":"balance","organization":{"id":4711}}]],
}
