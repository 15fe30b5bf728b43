local orders = require "support.orders"

-- UTF-8 goes out as it is; what JSON cannot carry is escaped.
return {
  order = orders.with {
    comments = 'say "yes", C:\\certs/new\r\nGr\195\188\195\159e '
      .. "\240\159\148\145",
    locale = "\239\191\191",
    vat_number = ("x"):rep(15) .. '"' .. ("x"):rep(16) .. "\\",
  },
  json = [[
{"certificate":{"common_name":"example.com","csr":<csr>,
"signature_hash":"sha256"},
"order_validity":{"years":1},
"comments":"say \"yes\", C:\\certs/new\r\nGrüße 🔑",
"locale":"]] .. "\239\191\191" .. [[",
"vat_number":"xxxxxxxxxxxxxxx\"xxxxxxxxxxxxxxxx\\",
"organization":{"id":123456}}]],
}
