local orders = require "support.orders"

return {
  order = orders.with {
    order_validity = orders.absent,
    custom_expiration_date = "2028-02-29",
  },
  warnings = { { "custom_expiration_date", "deprecated" } },
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256"},
"custom_expiration_date":"2028-02-29",
"organization":{"id":123456}}]],
}
