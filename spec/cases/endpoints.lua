-- Each endpoint: the call, the request line that it makes, the body, what is
-- answered and what the call returns.
--   call      function(client) -> what the method returns
--   line      "METHOD /path?query"; `%5B` and `%5D` written as brackets
--   body      name of the documented body, or a table; nil for none
--   status, answer   200 and a documented body's name unless told otherwise;
--             text: a body that is documented nowhere
--   result    what is returned; a string: the documented body's member of
--             that name; nil: the documented body itself

local csr = require "support.csr"

local function person()
  return { first_name = "Gia", last_name = "Booth",
           job_title = "Clinical Laboratory Technician",
           email = "gia.booth@inbox.com", telephone = "666-186-6450",
           telephone_extension = "736" }
end

local function organization()
  return { name = "Epigyne Unwieldiness llc",
           assumed_name = "Epigyne Unwieldiness", country = "us",
           address = "932 Prospect Street", address2 = "Floor 08",
           city = "Minneapolis", state = "mn", zip = "40849",
           telephone = "666-186-6450", organization_contact = person() }
end

local function small_organization()
  local details = organization()
  details.assumed_name, details.address2 = nil, nil
  details.skip_duplicate_org_check = false
  details.organization_contact = {
    first_name = "Gia", last_name = "Booth", email = "gia.booth@inbox.com" }
  return details
end

local function certificate()
  return { common_name = "example.com", dns_names = { "sub.example.com" },
           csr = csr.p256, server_platform = { id = 2 },
           signature_hash = "sha256" }
end

local cases = {}

local function add(name, case)
  case.name = name
  cases[#cases + 1] = case
end

-- ---- orders --------------------------------------------------------------

add("order", {
  call = function(c) return c:order(123456) end,
  line = "GET /order/certificate/123456",
  answer = "order-info-response-200-needs_approval" })
add("order, an old answer", {
  call = function(c) return c:order("123456789") end,
  line = "GET /order/certificate/123456789",
  answer = "order-info-response-200-issued-old-docs" })
add("order, with its CAA status", {
  call = function(c) return c:order(123456, { include_caa_status = true }) end,
  line = "GET /order/certificate/123456?include_caa_status=true",
  answer = "order-info-response-200-needs_approval" })
add("find_orders", {
  call = function(c) return c:find_orders("app-server-2026-0001") end,
  line = "GET /order/alternate/app-server-2026-0001?offset=0&limit=1000",
  answer = "orders-by-alternative-order-id-response-200", result = "orders" })
add("find_orders by dots alone", {
  call = function(c) return c:find_orders("..") end,
  line = "GET /order/alternate/%2E%2E?offset=0&limit=1000",
  answer = "orders-by-alternative-order-id-response-200", result = "orders" })
add("find_orders, none there", {
  call = function(c) return c:find_orders("x") end,
  line = "GET /order/alternate/x?offset=0&limit=1000",
  status = 404, answer = "error-404-not_found-order", result = {} })
add("status_changes by minutes and seconds", {
  call = function(c)
    return c:status_changes { minutes = 60, seconds = 30 }
  end,
  line = "GET /order/certificate/status-changes?minutes=60&seconds=30",
  answer = "status-changes-response-200", result = "orders" })
add("status_changes, none", {
  call = function(c) return c:status_changes { seconds = 604800 } end,
  line = "GET /order/certificate/status-changes?seconds=604800",
  answer = "status-changes-response-200-empty", result = {} })
add("status_changes of a range", {
  call = function(c)
    return c:status_changes { from = "2026-01-31",
                              to = "2026-02-01 12:30:00" }
  end,
  line = "GET /order/certificate/status-changes?filters[status_last_updated]"
    .. "=2026-01-31...2026-02-01%2012%3A30%3A00",
  answer = "status-changes-response-200", result = "orders" })
add("cancel", {
  call = function(c)
    return c:cancel(12, { note = "Message about the cancellation.",
                          send_emails = true })
  end,
  line = "PUT /order/certificate/12/status",
  body = "order-update-status-request-cancel", status = 204, result = true })
add("cancel, plainly", {
  call = function(c) return c:cancel(12) end,
  line = "PUT /order/certificate/12/status", body = { status = "CANCELED" },
  status = 204, answer = "", result = true })

-- ---- requests ------------------------------------------------------------

add("requests", {
  call = function(c) return c:requests() end, line = "GET /request",
  answer = "request-list-response-200", result = "requests" })
add("requests that are pending", {
  call = function(c) return c:requests { status = "pending" } end,
  line = "GET /request?status=pending",
  answer = "request-list-response-200", result = "requests" })
add("request", {
  call = function(c) return c:request(198) end, line = "GET /request/198",
  answer = "request-info-response-200" })
add("approve", {
  call = function(c) return c:approve(198, "Your request is approved.") end,
  line = "PUT /request/198/status",
  body = "request-update-status-request-approve", status = 204,
  result = true })
add("reject", {
  call = function(c) return c:reject(198, "Wrong certificate type.") end,
  line = "PUT /request/198/status",
  body = "request-update-status-request-reject", status = 204,
  result = true })

-- ---- revocation ----------------------------------------------------------

add("revoke_order", {
  call = function(c)
    return c:revoke_order(12, { reason = "superseded", skip_approval = true })
  end,
  line = "PUT /order/certificate/12/revoke", body = "revoke-request-reason",
  status = 204, result = true })
add("revoke_order, for approval", {
  call = function(c)
    return c:revoke_order(12, {
      comments = "I no longer need this certificate." })
  end,
  line = "PUT /order/certificate/12/revoke", body = "revoke-request-comments",
  status = 201, answer = "revoke-response-201" })
add("revoke_certificate", {
  call = function(c)
    return c:revoke_certificate(112358, { skip_approval = true })
  end,
  line = "PUT /certificate/112358/revoke",
  body = "revoke-request-skip_approval", status = 204, result = true })

-- ---- reissues and duplicates ---------------------------------------------

add("reissue", {
  call = function(c)
    return c:reissue(542757, { certificate = certificate() },
                     { allow_names = true })
  end,
  line = "POST /order/certificate/542757/reissue", body = "reissue-request",
  status = 201, answer = "reissue-response-201" })
add("reissue, with all there is", {
  call = function(c)
    return c:reissue(123456789, { certificate = certificate(),
      skip_approval = true, certificate_dcv_scope = "fqdn",
      comments = 'as was,"organization":{"id":1},"order_validity":'
        .. '{"years":3}' }, { allow_names = true })
  end,
  line = "POST /order/certificate/123456789/reissue",
  body = { certificate = certificate(), skip_approval = true,
           certificate_dcv_scope = "fqdn",
           comments = 'as was,"organization":{"id":1},"order_validity":'
             .. '{"years":3}' },
  status = 201, answer = "order-response-201-immediate-issuance" })
add("duplicate", {
  call = function(c)
    return c:duplicate(542757, { certificate = certificate() },
                       { allow_names = true })
  end,
  line = "POST /order/certificate/542757/duplicate",
  body = "duplicate-request",
  status = 201, answer = "duplicate-response-201" })

-- ---- domain control ------------------------------------------------------

add("check_dcv", {
  call = function(c) return c:check_dcv(12) end,
  line = "PUT /order/certificate/12/check-dcv",
  answer = "check-order-dcv-response-200-approved" })
add("check_dcv of some names, an old answer", {
  call = function(c)
    return c:check_dcv(12, { dns_names = { "sub1.example.com",
                                           "sub2.example.com" } })
  end,
  line = "PUT /order/certificate/12/check-dcv",
  body = "check-order-dcv-request-subset",
  answer = "check-order-dcv-response-200-old" })
add("change_dcv_method", {
  call = function(c) return c:change_dcv_method(12, "email") end,
  line = "PUT /order/certificate/12/dcv-method",
  body = "change-order-dcv-method-request", status = 204, result = {} })
add("change_dcv_method, with a token", {
  call = function(c) return c:change_dcv_method(12, "dns-txt-token") end,
  line = "PUT /order/certificate/12/dcv-method",
  body = { dcv_method = "dns-txt-token" },
  answer = "change-order-dcv-method-response-200-token" })
add("new_dcv_value", {
  call = function(c) return c:new_dcv_value(12) end,
  line = "PUT /order/certificate/12/dcv-random-value",
  answer = "order-dcv-random-value-response-200" })
add("resend_dcv_email", {
  call = function(c) return c:resend_dcv_email(12) end,
  line = "PUT /order/certificate/12/resend-emails",
  status = 204, result = true })
add("resend_dcv_email for a domain", {
  call = function(c)
    return c:resend_dcv_email(12, { email_domain = "example.com" })
  end,
  line = "PUT /order/certificate/12/resend-emails",
  body = { email_domain = "example.com" }, status = 204, result = true })

-- ---- organizations and products ------------------------------------------

add("organizations", {
  call = function(c) return c:organizations() end,
  line = "GET /organization?offset=0&limit=1000",
  answer = "organization-list-response-200", result = "organizations" })
add("organizations of a container", {
  call = function(c)
    return c:organizations { container_id = 4, include_validation = true,
      filters = { status = { "active", "inactive" } }, sort = "-name",
      limit = 50 }
  end,
  line = "GET /organization?filters[status][0]=active&filters[status][1]="
    .. "inactive&container_id=4&include_validation=true&sort=-name&offset=0"
    .. "&limit=50",
  answer = "organization-list-response-200", result = "organizations" })
add("organization", {
  call = function(c) return c:organization(117483) end,
  line = "GET /organization/117483",
  answer = "organization-info-response-200" })
add("create_organization", {
  call = function(c) return c:create_organization(organization()) end,
  line = "POST /organization", body = "organization-create-request",
  status = 201, answer = "organization-create-response-201" })
add("create_organization, for validation", {
  call = function(c)
    return c:create_organization(small_organization(),
                                 { validations = { "ov" } })
  end,
  line = "POST /organization",
  body = "organization-create-request-with-validation",
  status = 201, answer = "organization-create-response-201" })
add("deactivate_organization", {
  call = function(c) return c:deactivate_organization(117483) end,
  line = "PUT /organization/117483/deactivate", status = 204, result = true })
add("domain", {
  call = function(c) return c:domain(12) end,
  line = "GET /domain/12?include_dcv=true&include_validation=true",
  text = '{"id":"12","name":"example.com"}',
  result = { id = 12, name = "example.com" } })
add("add_domain", {
  call = function(c)
    return c:add_domain { name = "example.com", organization_id = "5",
      validations = { "ov", "ev" }, dcv_method = "dns-txt-token" }
  end,
  line = "POST /domain",
  body = { name = "example.com", organization = { id = 5 },
           validations = { { type = "ov" }, { type = "ev" } },
           dcv_method = "dns-txt-token" },
  status = 201, text = '{"id":12}', result = { id = 12 } })
add("submit_domain", {
  call = function(c) return c:submit_domain(12) end,
  line = "POST /domain/12/validation",
  body = { validations = { { type = "ov" } } }, status = 204, result = true })
add("submit_domain, of a type", {
  call = function(c) return c:submit_domain(12, { "ev" }) end,
  line = "POST /domain/12/validation",
  body = { validations = { { type = "ev" } } }, status = 204, result = true })
add("change_domain_dcv_method", {
  call = function(c)
    return c:change_domain_dcv_method(12, "dns-cname-token")
  end,
  line = "PUT /domain/12/dcv/method",
  body = { dcv_method = "dns-cname-token" },
  answer = "change-domain-dcv-method-response-200-dns-cname-token" })
add("change_domain_dcv_method to email", {
  call = function(c) return c:change_domain_dcv_method(12, "email") end,
  line = "PUT /domain/12/dcv/method", body = { dcv_method = "email" },
  answer = "change-domain-dcv-method-response-200-email" })
add("check_domain", {
  call = function(c) return c:check_domain(12) end,
  line = "PUT /domain/12/dcv/validate-token",
  answer = "check-domain-dcv-response-200" })
add("products", {
  call = function(c) return c:products() end, line = "GET /product",
  answer = "product-list-response-200", result = "products" })
add("product", {
  call = function(c) return c:product("ssl_plus") end,
  line = "GET /product/ssl_plus", answer = "product-info-response-200" })
add("product in a container", {
  call = function(c) return c:product("ssl_plus", { container_id = 5 }) end,
  line = "GET /product/ssl_plus?container_id=5",
  answer = "product-info-response-200" })
add("replacement_benefits", {
  call = function(c)
    return c:replacement_benefits { "exampledomain1.com",
                                    "exampledomain2.com" }
  end,
  line = "POST /competitive-replacement/certificates",
  body = "replacement-benefits-request",
  answer = "replacement-benefits-response-200", result = "certificates" })
add("replacement_benefits, a page", {
  call = function(c)
    return c:replacement_benefits({ "example.com" },
                                  { offset = 10, limit = 5 })
  end,
  line = "POST /competitive-replacement/certificates?offset=10&limit=5",
  body = { domains = { "example.com" } },
  answer = "replacement-benefits-response-200", result = "certificates" })
add("me", {
  call = function(c) return c:me() end, line = "GET /user/me",
  answer = "user-me-response-200" })

return cases
