local orders = require "support.orders"

return {
  order = orders.with {
    ["certificate.dns_names"] = { "example.com" },
    server_licenses = 3,
  },
  options = { strict = true },
  problems = {
    { "certificate.dns_names[1]", "duplicate" },
    { "server_licenses", "cost" },
  },
}
