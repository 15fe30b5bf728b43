local orders = require "support.orders"

return {
  order = {
    certificate = {
      common_name = "shop.example.org",
      dns_names = { "www.shop.example.org", "pay.example.org" },
      csr = orders.csr,
      signature_hash = "sha256",
      server_platform = { id = 2 },
    },
    comments = "For the shop's front end.",
    container = { id = 7001 },
    auto_renew = 1,
    custom_renewal_message = "Ask the shop's team first.",
    organization = {
      id = 4711,
      contacts = {
        { contact_type = "organization_contact", user_id = 90210 },
        { contact_type = "technical_contact", first_name = "Ada",
          last_name = "Byron", job_title = "Engineer",
          telephone = "+44 20 7946 0000", email = "ada@example.org" },
      },
    },
    order_validity = { years = 1 },
    payment_method = "balance",
  },
  json = [[
{"certificate":{"common_name":"shop.example.org",
"dns_names":["www.shop.example.org","pay.example.org"],"csr":<csr>,
"signature_hash":"sha256","server_platform":{"id":2}},
"order_validity":{"years":1},
"comments":"For the shop's front end.",
"auto_renew":1,
"custom_renewal_message":"Ask the shop's team first.",
"payment_method":"balance",
"organization":{"id":4711,"contacts":[
{"contact_type":"organization_contact","user_id":90210},
{"contact_type":"technical_contact","first_name":"Ada","last_name":"Byron",
"job_title":"Engineer","telephone":"+44 20 7946 0000",
"email":"ada@example.org"}]},
"container":{"id":7001}}]],
}
