local orders = require "support.orders"

return {
  order = orders.pay_by_card(orders.minimal()),
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256"},
"order_validity":{"years":1},
"payment_method":"card",
"credit_card":{"number":"4111111111111111","expiration_month":1,
"expiration_year":2029,"cvv":333,"cardholder_name":"Jill Valentine"},
"billing_address":{"address":"123 Example Street","address2":"Suite 500",
"city":"Lehi","state":"UT","country":"us","zip":"84043"},
"organization":{"id":123456}}]],
}
