local orders = require "support.orders"

return {
  order = orders.with {
    organization_contact = {
      first_name = "Ada", last_name = "Byron", email = "ada@example.org",
      job_title = "Engineer", telephone = "020 7946 0000",
      telephone_extension = "12",
    },
    technical_contact = {
      first_name = "Grace", last_name = "Murray", email = "g@example.org",
    },
    additional_emails = { "it@example.org", "ops@example.org" },
  },
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256"},
"order_validity":{"years":1},
"additional_emails":["it@example.org","ops@example.org"],
"organization_contact":{"first_name":"Ada","last_name":"Byron",
"email":"ada@example.org","job_title":"Engineer",
"telephone":"020 7946 0000","telephone_extension":"12"},
"technical_contact":{"first_name":"Grace","last_name":"Murray",
"email":"g@example.org"},
"organization":{"id":123456}}]],
}
