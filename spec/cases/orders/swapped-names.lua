local orders = require "support.orders"

-- Names from elsewhere in the form, or nearly right.
return {
  order = orders.with {
    common_name = "example.com",
    ["certificate.organization"] = { id = 1 },
    ["organization.contact"] = {},
  },
  problems = {
    { "common_name", "unknown" },
    { "certificate.organization", "unknown" },
    { "organization.contact", "unknown" },
  },
}
