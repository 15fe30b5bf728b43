-- Order 7, issued, with certificate 12: what the API says of it.

local chain = require "support.chain"
local json = require "certcentral.sandbox.json"

local issued = {}

issued.ORDER = "GET /order/certificate/7"
issued.FILE = "GET /certificate/12/download/format/"

--- The order. `more` wins over the members of its certificate, and `status`
-- over the order's; "none" leaves one out.
function issued.order(more)
  local certificate = {
    id = 12, common_name = "www.example.com",
    dns_names = { "www.example.com", "example.com" },
    csr = chain.csr "leaf", serial_number = chain.serial(chain.pem.l),
    valid_till = "2027-01-01",
  }
  local order = { id = 7, status = "issued", certificate = certificate }
  for name, value in pairs(more or {}) do
    local to = (name == "status") and order or certificate
    to[name] = value ~= "none" and value or nil
  end
  return json.encode(order)
end

--- Answers for support.api: the order, and bytes as its certificate.
function issued.answers(bytes, more, format)
  return { [issued.ORDER] = { 200, issued.order(more) },
           [issued.FILE .. (format or "pem_all")] = { 200, bytes } }
end

return issued
