local orders = require "support.orders"

return {
  order = orders.with { organization = orders.new_organization() },
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256"},
"order_validity":{"years":1},
"organization":{"skip_duplicate_org_check":true,
"name":"Example Organization Inc.","assumed_name":"Example Org",
"country":"us","address":"123 Example Street","address2":"Floor 8",
"city":"Lehi","state":"Utah","zip":"84043","telephone":"801-555-0100",
"organization_contact":{"first_name":"Jill","last_name":"Valentine",
"email":"jill.valentine@example.com","job_title":"Head of IT",
"telephone":"801-555-0100","telephone_extension":"736"}}}]],
}
