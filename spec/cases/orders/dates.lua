local orders = require "support.orders"

return {
  order = {
    certificate = {
      common_name = "dated.example.com",
      csr = orders.csr,
      signature_hash = "sha512",
      cert_validity = { custom_expiration_date = "09 NOV 2026" },
    },
    organization = { id = 4711 },
    order_validity = { custom_expiration_date = "09 JUN 2027" },
    payment_method = "profile",
  },
  json = [[
{"certificate":{"common_name":"dated.example.com","csr":<csr>,
"signature_hash":"sha512",
"cert_validity":{"custom_expiration_date":"09 NOV 2026"}},
"order_validity":{"custom_expiration_date":"09 JUN 2027"},
"payment_method":"profile","organization":{"id":4711}}]],
}
