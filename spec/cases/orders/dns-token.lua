local orders = require "support.orders"

return {
  order = {
    certificate = {
      common_name = "*.token.example.net",
      dns_names = { "token.example.net" },
      csr = orders.csr,
      signature_hash = "sha256",
      cert_validity = { days = 199 },
      profile_option = "server_auth_only_eku",
    },
    organization = { id = 4711 },
    order_validity = { years = 1 },
    dcv_method = "dns-txt-token",
    certificate_dcv_scope = "fqdn",
    locale = "de",
    skip_approval = true,
    alternative_order_id = "token-2026-17",
    payment_method = "balance",
  },
  json = [[
{"certificate":{"common_name":"*.token.example.net",
"dns_names":["token.example.net"],"csr":<csr>,"signature_hash":"sha256",
"cert_validity":{"days":199},"profile_option":"server_auth_only_eku"},
"order_validity":{"years":1},"locale":"de","payment_method":"balance",
"dcv_method":"dns-txt-token","skip_approval":true,
"organization":{"id":4711},"alternative_order_id":"token-2026-17",
"certificate_dcv_scope":"fqdn"}]],
}
