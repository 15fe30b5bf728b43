-- The products that may be ordered here, what an account may order of them,
-- and the discounts on certificates of other CAs.

local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local names = require("certcentral.sandbox.names")
local paging = require("certcentral.sandbox.paging")

local products = {}

-- name_id, name, group; all of them OV.
local ROWS = {
  { "ssl_securesite_flex", "Secure Site OV", "securesite_ssl_certificate" },
  { "ssl_securesite_pro", "Secure Site Pro SSL",
    "securesite_ssl_certificate" },
  { "ssl_basic", "Basic OV" },
  { "ssl_plus", "Standard SSL" },
  { "ssl_multi_domain", "Multi-Domain SSL" },
  { "ssl_wildcard", "Wildcard" },
  { "ssl_cloud_wildcard", "Cloud Wildcard" },
  { "ssl_securesite", "Secure Site SSL", "securesite_ssl_certificate" },
  { "ssl_securesite_multi_domain", "Secure Site Multi-Domain SSL",
    "securesite_ssl_certificate" },
  { "ssl_securesite_wildcard", "Secure Site Wildcard SSL",
    "securesite_ssl_certificate" },
  { "ssl_geotrust_truebizid", "GeoTrust TrueBusiness ID OV" },
  { "ssl_thawte_webserver", "Thawte SSL Webserver OV" },
}

local BY_NAME = {}
for _, row in ipairs(ROWS) do
  BY_NAME[row[1]] = row
end

local CA_CERT = { id = "SANDBOX", name = "certcentral Sandbox OV Issuing CA" }

local PLATFORMS = {
  { id = -1, name = "OTHER" }, { id = 2, name = "Apache" },
  { id = 14, name = "Microsoft IIS 5 or 6" },
  { id = 40, name = "Microsoft IIS 7" }, { id = 45, name = "nginx" },
  { id = 67, name = "Microsoft IIS 8" },
  { id = 68, name = "Microsoft Exchange Server 2013" },
}

-- A server platform as the API shows it.
function products.platform(id)
  for _, platform in ipairs(PLATFORMS) do
    if platform.id == id then
      return { id = id, name = platform.name,
        install_url = "https://sandbox.invalid/install",
        csr_url = "https://sandbox.invalid/csr" }
    end
  end
  return { id = id }
end

-- The product as an order shows it; nil when the account has none of this
-- name.
function products.find(sandbox, name_id)
  local row = BY_NAME[name_id]
  local enabled = sandbox.settings.products
  local is_there = row and not enabled
  for _, name in ipairs(enabled or {}) do
    is_there = is_there or row and name == name_id
  end
  return is_there and {
    name_id = name_id, name = row[2], type = "ssl_certificate",
    validation_type = "ov", validation_name = "OV",
    validation_description = "Normal Organization Validation",
  } or nil
end

-- Showing ------------------------------------------------------------------

local function numbers(...)
  return json.array({ ... })
end

local function show(sandbox, row)
  return {
    group_name = row[3] or "ssl_certificate", name_id = row[1],
    name = row[2], type = "ssl_certificate", validation_type = "ov",
    allowed_container_ids = numbers(sandbox.account.container.id),
    allowed_validity_years = numbers(1),
    allowed_order_validity_years = numbers(1, 2, 3),
    signature_hash_types = {
      allowed_hash_types = json.array({
        { id = "sha256", name = "SHA-256" },
        { id = "sha384", name = "SHA-384" },
        { id = "sha512", name = "SHA-512" } }),
      default_hash_type_id = "sha256",
    },
    allowed_ca_certs = json.array({ CA_CERT }),
    csr_required = true,
  }
end

-- GET /product
function products.list(sandbox)
  local list = json.array()
  for _, row in ipairs(ROWS) do
    if products.find(sandbox, row[1]) then
      list[#list + 1] = show(sandbox, row)
    end
  end
  return http.answer(200, { products = list })
end

-- GET /product/{name_id}
function products.info(sandbox, _, parameters)
  if not products.find(sandbox, parameters.product) then
    return http.not_found("product")
  end
  local info = show(sandbox, BY_NAME[parameters.product])
  info.duplicates_allowed = true
  info.additional_dns_names_allowed = true
  info.increased_compatibility_allowed = true
  info.custom_expiration_date_allowed = true
  info.custom_order_expiration_date_allowed = true
  info.allow_auto_renew = true
  info.server_platforms = json.array(PLATFORMS)
  info.license_agreement = "SANDBOX SUBSCRIBER AGREEMENT"
  return http.answer(200, info)
end

-- Limits -------------------------------------------------------------------

-- GET /container/{id}/product-limits
function products.limits(sandbox, _, parameters)
  local id = http.id(parameters.container)
  if id ~= sandbox.account.container.id then
    return http.not_found("container")
  end
  local list = json.array()
  for _, limit in ipairs(sandbox.settings.limits or {}) do
    local shown = { container_id = id, role_id = 0 }
    for name, value in pairs(limit) do
      shown[name] = type(value) == "table" and json.array(value) or value
    end
    list[#list + 1] = shown
  end
  return http.answer(200, { is_limited = #list > 0, product_limits = list })
end

local function has(list, value)
  for _, item in ipairs(list) do
    if tostring(item) == tostring(value) then
      return true
    end
  end
  return false
end

local function has_wildcard(certificate)
  for _, name in ipairs(names.of_order(certificate)) do
    if names.is_wildcard(name) then
      return true
    end
  end
  return false
end

-- The member that a limit forbids, or nil.
local function forbidden(limit, body)
  local certificate = body.certificate
  local years = body.order_validity and body.order_validity.years
  if limit.allowed_hashes
    and not has(limit.allowed_hashes, certificate.signature_hash) then
    return "signature_hash"
  elseif limit.allowed_intermediates and certificate.ca_cert_id
    and not has(limit.allowed_intermediates, certificate.ca_cert_id) then
    return "ca_cert_id"
  elseif limit.allowed_wildcards == false and has_wildcard(certificate) then
    return "dns_names"
  elseif limit.allowed_order_lifetimes and years
    and not has(limit.allowed_order_lifetimes, years) then
    return "validity_years"
  end
end

-- What the account's limits have against an order (a body without nulls): a
-- list of {code, message}.
function products.problems(sandbox, product, body)
  local list = {}
  for _, limit in ipairs(sandbox.settings.limits or {}) do
    local member = limit.product_name_id == product.name_id
      and forbidden(limit, body)
    if member then
      list[#list + 1] = http.item("invalid_value:" .. member,
        member .. " is not allowed by the account's product limits.")
    end
  end
  return list
end

-- Discounts ----------------------------------------------------------------

-- What an offer has in common with the domains asked for, or nil.
local function matched(offer, domains)
  local list = json.array()
  for _, domain in ipairs(domains) do
    if has(offer.san_list or {}, domain) or offer.subject == domain then
      list[#list + 1] = domain
    end
  end
  if #list == 0 then
    return nil
  end
  local shown = { matched_domains = list, matched_domains_count = #list }
  for name, value in pairs(offer) do
    shown[name] = type(value) == "table" and json.array(value) or value
  end
  return shown
end

-- POST /competitive-replacement/certificates
function products.benefits(sandbox, call)
  local body, problem = http.object(call)
  local domains = body and body.domains
  if not body then
    return problem
  elseif not json.is_array(domains) or #domains == 0 then
    return http.invalid("domains")
  end
  local list = {}
  for _, offer in ipairs(sandbox.settings.benefits or {}) do
    list[#list + 1] = matched(offer, domains)
  end
  local page
  page, problem = paging.page(call, list)
  return problem or http.list("certificates", page)
end

return products
