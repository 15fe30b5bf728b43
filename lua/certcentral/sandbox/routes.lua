-- Which handler answers which path of the API.

local account = require("certcentral.sandbox.account")
local certificates = require("certcentral.sandbox.certificates")
local domains = require("certcentral.sandbox.domains")
local http = require("certcentral.sandbox.http")
local orders = require("certcentral.sandbox.orders")
local organizations = require("certcentral.sandbox.organizations")
local products = require("certcentral.sandbox.products")
local reissue = require("certcentral.sandbox.reissue")
local requests = require("certcentral.sandbox.requests")
local revoke = require("certcentral.sandbox.revoke")
local roles = require("certcentral.sandbox.roles")
local validation = require("certcentral.sandbox.validation")

local routes = {}

routes.BASE = "/services/v2"

local ORDER = "/order/certificate/:id"
local CERTIFICATE = "/certificate/:id"
local DOMAIN = "/domain/:id"
local ORGANIZATION = "/organization/:id"
local BY_ORDER = "/certificate/download/order/:id"

-- {method, path, handler, kind of route (see roles.lua)}; a segment ":name"
-- takes any text and hands it to the handler as parameters.name. The first
-- row that fits wins, so fixed segments stand above free ones.
local ROWS = {
  { "GET", "/user/me", account.me },
  { "GET", "/product", products.list, "products" },
  { "GET", "/product/:product", products.info, "products" },
  { "GET", "/container/:container/product-limits", products.limits,
    "products" },
  { "POST", "/competitive-replacement/certificates", products.benefits,
    "orders" },
  { "GET", "/domain", domains.list, "domains" },
  { "POST", "/domain", domains.add, "domains" },
  { "GET", DOMAIN, domains.info, "domains" },
  { "POST", DOMAIN .. "/validation", domains.submit, "domains" },
  { "PUT", DOMAIN .. "/dcv/method", domains.set_method, "domains" },
  { "POST", DOMAIN .. "/dcv/token", domains.token, "domains" },
  { "PUT", DOMAIN .. "/dcv/validate-token", domains.check, "domains" },
  { "GET", "/organization", organizations.list, "organizations" },
  { "POST", "/organization", organizations.create, "organizations" },
  { "GET", ORGANIZATION, organizations.info, "organizations" },
  { "GET", ORGANIZATION .. "/validation", organizations.validations,
    "organizations" },
  { "POST", ORGANIZATION .. "/validation", organizations.submit,
    "organizations" },
  { "PUT", ORGANIZATION .. "/deactivate", organizations.deactivate,
    "organizations" },
  { "PUT", ORGANIZATION .. "/activate", organizations.activate,
    "organizations" },
  { "GET", "/request", requests.list, "orders" },
  { "GET", "/request/:id", requests.info, "orders" },
  { "PUT", "/request/:id/status", requests.set_status, "orders" },
  { "GET", "/order/alternate/:id", orders.by_alternative, "orders" },
  { "GET", "/order/certificate", orders.list, "orders" },
  { "GET", "/order/certificate/status-changes", orders.status_changes,
    "orders" },
  { "GET", ORDER, orders.info, "orders" },
  { "POST", "/order/certificate/:product", orders.place, "orders" },
  { "PUT", ORDER .. "/status", orders.set_status, "orders" },
  { "POST", ORDER .. "/reissue", reissue.reissue, "orders" },
  { "GET", ORDER .. "/reissue", reissue.reissues, "orders" },
  { "POST", ORDER .. "/duplicate", reissue.duplicate, "orders" },
  { "GET", ORDER .. "/duplicate", reissue.duplicates, "orders" },
  { "PUT", ORDER .. "/revoke", revoke.order, "orders" },
  { "PUT", CERTIFICATE .. "/revoke", revoke.certificate, "orders" },
  { "GET", ORDER .. "/validation", validation.info, "orders" },
  { "PUT", ORDER .. "/check-dcv", validation.check, "orders" },
  { "PUT", ORDER .. "/dcv-method", validation.set_method, "orders" },
  { "PUT", ORDER .. "/dcv-random-value", validation.random_value, "orders" },
  { "PUT", ORDER .. "/resend-emails", validation.resend, "orders" },
  { "GET", "/certificate/intermediates", certificates.intermediates,
    "orders" },
  { "GET", BY_ORDER, certificates.by_order, "orders" },
  { "GET", BY_ORDER .. "/format/:format", certificates.by_order, "orders" },
  { "GET", CERTIFICATE .. "/chain", certificates.chain, "orders" },
  { "GET", CERTIFICATE .. "/download/platform", certificates.by_platform,
    "orders" },
  { "GET", CERTIFICATE .. "/download/platform/:platform",
    certificates.by_platform, "orders" },
  { "GET", CERTIFICATE .. "/download/format/:format",
    certificates.by_format, "orders" },
}

--- The rows, for a look at what is there: {method, path}.
routes.rows = ROWS

local function split(path)
  local segments = {}
  for segment in path:gmatch("[^/]+") do
    segments[#segments + 1] = segment
  end
  return segments
end

local BASE = split(routes.BASE)

for _, row in ipairs(ROWS) do
  row.segments = split(routes.BASE .. row[2])
end

-- The parameters when `segments` fit the row, else nil.
local function match(row, segments)
  if #row.segments ~= #segments then
    return nil
  end
  local parameters = {}
  for index, wanted in ipairs(row.segments) do
    if index > #BASE and wanted:sub(1, 1) == ":" then
      parameters[wanted:sub(2)] = segments[index]
    elseif wanted ~= segments[index] then
      return nil
    end
  end
  return parameters
end

-- Answers a call: 404 for a path that no row has, 405 for a method that the
-- path does not take.
function routes.answer(sandbox, call)
  local is_known = false
  for _, row in ipairs(ROWS) do
    local parameters = match(row, call.segments)
    if parameters and row[1] == call.method then
      return roles.refusal(sandbox, call.method, row[4])
        or row[3](sandbox, call, parameters)
    end
    is_known = is_known or parameters ~= nil
  end
  if is_known then
    return http.error(405, "method_not_allowed",
      "The specified route does not take this method.")
  end
  return http.error(404, "not_found|route",
    "The specified route was not found.")
end

return routes
