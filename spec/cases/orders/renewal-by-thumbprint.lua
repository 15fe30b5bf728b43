local orders = require "support.orders"

return {
  order = orders.with {
    renewed_thumbprint = "B71DCBAF5586D6D95FC0B7EA1C74ADEF4A99F960",
    apply_cr_discount = true,
    serial_number = "0AE71279E5213729026AFE4BB58DE1AB",
  },
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256"},
"renewed_thumbprint":"B71DCBAF5586D6D95FC0B7EA1C74ADEF4A99F960",
"order_validity":{"years":1},
"apply_cr_discount":true,
"serial_number":"0AE71279E5213729026AFE4BB58DE1AB",
"organization":{"id":123456}}]],
}
