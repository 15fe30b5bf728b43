--- Orders to measure with: a pool of typical ones, a pool of maximal ones.

local altname = require "openssl.x509.altname"
local pkey = require "openssl.pkey"
local x509csr = require "openssl.x509.csr"
local x509name = require "openssl.x509.name"

local orders = {}

local CSRS = 64 -- how many different ones there are by default

local key, csrs

-- A CSR of 2048 bits for these names, the first of which is the common name.
local function csr_for(names)
  key = key or pkey.new { bits = 2048 }
  local made, subject, others = x509csr.new(), x509name.new(), altname.new()
  subject:add("CN", names[1])
  made:setSubject(subject)
  for _, name in ipairs(names) do
    others:add("DNS", name)
  end
  made:setSubjectAlt(others)
  made:setPublicKey(key)
  made:sign(key, "sha256")
  return made:toPEM()
end

-- The names of the i-th order, and a CSR that has them.
local function names_of(i, count)
  i = (i - 1) % (count or CSRS) + 1
  local names = { ("www%d.example.com"):format(i), "example.com",
                  ("app%d.example.com"):format(i), "api.example.com",
                  "static.example.com", ("shop%d.example.net"):format(i) }
  csrs = csrs or {}
  csrs[i] = csrs[i] or csr_for(names)
  return table.remove(names, 1), names, csrs[i]
end

--- 25 fields, 6 names, a CSR of 2048 bits that has them.
-- @param different how many CSRs there are; 64 by default
function orders.typical(i, different)
  local common_name, dns_names, csr = names_of(i, different)
  return {
    certificate = {
      common_name = common_name, dns_names = dns_names,
      csr = csr, signature_hash = "sha256",
      server_platform = { id = 45 },
      cert_validity = { days = 199 },
    },
    order_validity = { years = 1 },
    organization = {
      id = 123456,
      contacts = {
        { contact_type = "organization_contact", user_id = 565611 },
        { contact_type = "technical_contact", first_name = "Jill",
          last_name = "Valentine", job_title = "System Administrator",
          telephone = "801-555-0100", email = "jill@example.com" },
      },
    },
    container = { id = 334455 },
    comments = "Certificate for the application server.",
    auto_renew = 0,
    custom_renewal_message = "Renew by the runbook.",
    additional_emails = { "ops@example.com", "security@example.com" },
    locale = "en",
    payment_method = "balance",
    dcv_method = "dns-txt-token",
    skip_approval = true,
    alternative_order_id = ("bench-order-%06d"):format(i),
    custom_fields = { { metadata_id = 12, value = "CC-1234" } },
    disable_renewal_notifications = false,
    certificate_dcv_scope = "base_domain",
    server_licenses = 1,
  }
end

--- All that the form has, with 100 names.
function orders.maximal(i)
  local order = orders.typical(i)
  for n = 1, 100 do
    order.certificate.dns_names[n] = ("host%d-%d.example.org"):format(i, n)
  end
  for n = 1, 20 do
    order.additional_emails[n] = ("person%d@example.com"):format(n)
  end
  for n = 1, 10 do
    order.custom_fields[n] = { metadata_id = n, value = "value " .. n }
  end
  local contact = { first_name = "Jill", last_name = "Valentine",
                    email = "jill@example.com", job_title = "Head of IT",
                    telephone = "801-555-0100", telephone_extension = "12" }
  order.organization_contact, order.technical_contact = contact, contact
  order.organization = {
    name = "Example Organization Inc.", assumed_name = "Example Org",
    country = "us", address = "123 Example Street", address2 = "Floor 8",
    city = "Lehi", state = "Utah", zip = "84043", telephone = "801-555-0100",
    organization_contact = contact, skip_duplicate_org_check = false,
    contacts = order.organization.contacts,
  }
  order.payment_method = "card"
  order.credit_card = { number = "4111111111111111", expiration_month = 12,
                        expiration_year = 2099, cvv = 333,
                        cardholder_name = "Jill Valentine" }
  order.billing_address = { address = "123 Example Street",
                            address2 = "Suite 500", city = "Lehi",
                            state = "UT", country = "us", zip = "84043" }
  order.renewal_of_order_id = 123456789
  order.renewed_thumbprint = ("ab"):rep(20)
  order.vat_number, order.serial_number = "DE123456789", "0AE71279"
  order.apply_cr_discount, order.disable_ct = false, false
  order.auto_reissue, order.enable_guest_access = 1, 0
  return order
end

function orders.pool(kind, count, different)
  local pool = {}
  for i = 1, count do
    pool[i] = orders[kind](i, different)
  end
  return pool
end

return orders
