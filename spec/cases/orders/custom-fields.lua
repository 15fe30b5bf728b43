local orders = require "support.orders"

return {
  order = orders.with {
    comments = "For the approver",
    disable_renewal_notifications = true,
    disable_ct = false,
    custom_fields = { { metadata_id = 3, value = "Project Blue" },
                      { metadata_id = 4, value = "17" } },
    vat_number = "DE123456789",
    server_licenses = 1,
  },
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256"},
"order_validity":{"years":1},
"comments":"For the approver",
"disable_renewal_notifications":true,
"server_licenses":1,
"vat_number":"DE123456789",
"disable_ct":false,
"organization":{"id":123456},
"custom_fields":[{"metadata_id":3,"value":"Project Blue"},
{"metadata_id":4,"value":"17"}]}]],
}
