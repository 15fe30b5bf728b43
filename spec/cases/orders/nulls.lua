local orders = require "support.orders"

-- Null counts as absent, wherever it stands.
local null = require("certcentral").null

return {
  order = orders.with {
    ["certificate.dns_names"] = null,
    ["certificate.cert_validity"] = null,
    ["order_validity.days"] = null,
    comments = null,
    credit_card = null,
    organization_contact = null,
    ["organization.contacts"] = null,
    ["organization.name"] = null,
    no_such_field = null,
  },
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256"},
"order_validity":{"years":1},
"organization":{"id":123456}}]],
}
