--- The table of the client's methods that ask the service about the account
-- and what is in it. A row is {name, ...} with
--   arguments, returns, doc   for help: see functions.lua
--   file   the module of account/ that has the method as a function
--   id     what the first argument of that function is the id of
-- Without `file` the row is all there is, {name, HTTP method, path, ...}, and
-- run.lua does what it says:
--   path       {order}, {certificate}, ... is the first argument, an id; but
--              {product} is a name
--   argument   {name, rule}: the one after that; what = "words" for messages
--   options    their rules; or a function(options, method) that checks them
--   query      names of the options that become parameters; or a
--              function(options, method) that returns parameters
--   body       list of members: {name}, {name, from = "option or argument"},
--              {name, value = "constant"}
--   bare       true: no body where no member is given
--   what, look the request changes something: what it does, and the call that
--              shows whether it was done
-- and what is returned, where that is not just the answer:
--   about      the answer, whose member of this name is the first argument
--   list       the list at this member
--   pages      the same of all pages
--   each       an iterator over the same
--   done       true
--   approval   true where it is done, else the request that was made of it

local filters = require "certcentral.account.filters"
local records = require "certcentral.account.dcv_records"
local rules = require "certcentral.rules"

-- A rule that nil meets as well.
local function optional(rule)
  return function(value)
    if value ~= nil then
      return rule(value)
    end
  end
end

local function domain(value)
  return rules.names { value } and "host name" or nil
end

-- skip_approval is for administrators: it revokes at once.
local REVOKE_OPTIONS = {
  reason = rules.choice { "unspecified", "keyCompromise",
    "affiliationChanged", "superseded", "cessationOfOperation" },
  comments = rules.text, skip_approval = "boolean",
}
local REVOKE_BODY = { { "revocation_reason", from = "reason" },
                      { "skip_approval" }, { "comments" } }

local COMMENT = { "comment", optional(rules.text) }

local rows = {
  { "preflight", file = "preflight", arguments = "order [, options]",
    returns = "true, warnings; or nil, err",
    doc = "Checks an order and asks the account whether it can be placed." },

  -- ---- orders --------------------------------------------------------------

  -- include_caa_status: for caa_status_message while the order is pending
  { "order", "GET", "/order/certificate/{order}", about = "id",
    options = { include_caa_status = "boolean" },
    query = { "include_caa_status" },
    arguments = "id [, options]", returns = "order; or nil, err",
    doc = "Reads an order." },
  { "find_orders", file = "find_orders", arguments = "alternative_order_id",
    returns = "list; or nil, err",
    doc = "Finds orders by their alternative_order_id." },
  -- filters by name: a value, a list of values or a range {from =, to =}; and
  -- sort, limit (of a page), offset
  { "orders", "GET", "/order/certificate", each = "orders",
    options = filters.check_listed, query = filters.orders,
    arguments = "[filters]", returns = "iterator",
    doc = "Iterates over the account's orders." },
  { "status_changes", "GET", "/order/certificate/status-changes",
    options = filters.CHANGES, query = filters.changes, list = "orders",
    arguments = "range", returns = "list; or nil, err",
    doc = "Lists the orders whose status has changed." },
  -- also a pending reissue; send_emails: whether to tell those concerned
  { "cancel", "PUT", "/order/certificate/{order}/status",
    options = { note = rules.text, send_emails = "boolean" },
    body = { { "status", value = "CANCELED" }, { "note" },
             { "send_emails" } }, done = true,
    what = "the cancellation of order {order}",
    look = "client:order({order})",
    arguments = "id [, options]", returns = "true; or nil, err",
    doc = "Cancels a pending order." },
  { "wait", file = "wait", id = "order",
    arguments = "id [, options]", returns = "order; or nil, err",
    doc = "Waits until an order is issued." },
  { "certificate", file = "certificate", id = "order",
    arguments = "id [, options]", returns = "certificate; or nil, err",
    doc = "Fetches an order's certificate." },
  { "save", file = "certificate", id = "order",
    arguments = "id, files", returns = "certificate; or nil, err",
    doc = "Fetches an order's certificate and writes it to files." },
  { "renew", file = "renew", id = "order",
    arguments = "id [, changes [, options]]",
    returns = "result, info; or nil, err",
    doc = "Renews an order, once however often it is called." },
  { "keep", file = "keep", id = "order",
    arguments = "id, options", returns = "result; or nil, err",
    doc = "Does what an order's certificate needs next, and nothing else." },
  { "report", file = "report",
    arguments = "[options]", returns = "list; or nil, err",
    doc = "Lists the orders that need something soon." },
  { "renewal_advice", file = "advice", id = "order",
    arguments = "id [, options]", returns = "advice; or nil, err",
    doc = "Says whether to renew, to reissue or to wait." },
  { "reissue", file = "reissue", id = "order",
    arguments = "id, changes [, options]",
    returns = "result, info; or nil, err",
    doc = "Reissues an order's certificate." },
  { "ensure_reissue", file = "ensure_reissue", id = "order",
    arguments = "id, changes [, options]",
    returns = "result, info; or nil, err",
    doc = "Reissues an order's certificate for a CSR, once however often it "
      .. "is called." },
  { "duplicate", file = "reissue", id = "order",
    arguments = "id, changes [, options]",
    returns = "result, info; or nil, err",
    doc = "Makes another certificate with the same names." },
  { "certificates", file = "reissue", id = "order",
    arguments = "id", returns = "list; or nil, err",
    doc = "Lists the reissues and duplicates of an order." },

  -- ---- revocation: it cannot be taken back ---------------------------------

  { "revoke_order", "PUT", "/order/certificate/{order}/revoke",
    options = REVOKE_OPTIONS, body = REVOKE_BODY, approval = true,
    what = "the revocation of order {order}", look = "client:order({order})",
    arguments = "id [, options]", returns = "true, or request; or nil, err",
    doc = "Revokes all certificates of an order." },
  { "revoke_certificate", "PUT", "/certificate/{certificate}/revoke",
    options = REVOKE_OPTIONS, body = REVOKE_BODY, approval = true,
    what = "the revocation of certificate {certificate}",
    look = "client:order(), or client:certificates(), of its order",
    arguments = "id [, options]", returns = "true, or request; or nil, err",
    doc = "Revokes one certificate." },

  -- ---- domain control ------------------------------------------------------

  { "dcv", file = "dcv", id = "order",
    arguments = "id [, options]", returns = "data; or nil, err",
    doc = "Reads what has to be done to prove control of an order's domains." },
  { "dcv_records", file = "dcv", arguments = "result [, options]",
    returns = "list, text",
    doc = "Writes the DNS records for an order that was just placed." },
  -- dns_names: those only
  { "check_dcv", "PUT", "/order/certificate/{order}/check-dcv",
    options = { dns_names = rules.names },
    body = { { "dns_names_validations", from = "dns_names" } }, bare = true,
    what = "the check of order {order}", look = "client:dcv({order})",
    arguments = "id [, options]", returns = "status; or nil, err",
    doc = "Has an order's domains checked now." },
  -- the data are empty for "email"
  { "change_dcv_method", "PUT", "/order/certificate/{order}/dcv-method",
    argument = { "method", rules.choice(records.METHODS) },
    body = { { "dcv_method", from = "method" } },
    what = "the change of order {order}", look = "client:dcv({order})",
    arguments = "id, method", returns = "data; or nil, err",
    doc = "Changes how an order's domains are checked." },
  { "new_dcv_value", "PUT", "/order/certificate/{order}/dcv-random-value",
    what = "the new random value of order {order}",
    look = "client:dcv({order})",
    arguments = "id", returns = "data; or nil, err",
    doc = "Gets the random value of an order, a new one if the old has "
      .. "expired." },
  -- email_domain: for this domain only
  { "resend_dcv_email", "PUT", "/order/certificate/{order}/resend-emails",
    options = { email_domain = domain }, body = { { "email_domain" } },
    bare = true, done = true,
    what = "the mail for order {order}", look = "client:dcv({order})",
    arguments = "id [, options]", returns = "true; or nil, err",
    doc = "Sends the e-mails for an order's domains again." },

  -- ---- domains -------------------------------------------------------------

  -- filters by name, as of orders
  { "domains", "GET", "/domain", each = "domains",
    options = filters.check_listed, query = filters.domains,
    arguments = "[filters]", returns = "iterator",
    doc = "Iterates over the account's domains." },
  { "domain", "GET", "/domain/{domain}", about = "id", query = filters.domain,
    arguments = "id", returns = "domain; or nil, err",
    doc = "Reads a domain, with its validations." },
  { "add_domain", file = "domains",
    arguments = "details", returns = "result; or nil, err",
    doc = "Adds a domain and begins its validation." },
  { "submit_domain", file = "domains", id = "domain",
    arguments = "id [, types]", returns = "true; or nil, err",
    doc = "Begins a new validation of a domain." },
  { "domain_dcv", file = "domains", id = "domain",
    arguments = "id", returns = "data; or nil, err",
    doc = "Reads what has to be done to prove control of a domain." },
  -- the data are empty for "email"
  { "change_domain_dcv_method", "PUT", "/domain/{domain}/dcv/method",
    argument = { "method", rules.choice(records.METHODS) },
    body = { { "dcv_method", from = "method" } },
    what = "the change of domain {domain}",
    look = "client:domain({domain})",
    arguments = "id, method", returns = "data; or nil, err",
    doc = "Changes how a domain is checked." },
  { "check_domain", "PUT", "/domain/{domain}/dcv/validate-token",
    what = "the check of domain {domain}", look = "client:domain({domain})",
    arguments = "id", returns = "status; or nil, err",
    doc = "Has a domain checked now." },
  { "keep_domains", file = "domains",
    arguments = "[options]", returns = "list; or nil, err",
    doc = "Begins new validations of the domains whose validation ends soon." },

  -- ---- requests: what waits for somebody's approval ------------------------

  -- of any status unless one is given
  { "requests", "GET", "/request", list = "requests",
    options = { status = rules.choice { "submitted", "pending", "approved",
                                        "rejected" } },
    query = { "status" },
    arguments = "[options]", returns = "list; or nil, err",
    doc = "Lists the requests for approval." },
  { "request", "GET", "/request/{request}", about = "id",
    arguments = "id", returns = "request; or nil, err",
    doc = "Reads a request for approval." },
  { "approve", "PUT", "/request/{request}/status", argument = COMMENT,
    body = { { "status", value = "approved" },
             { "processor_comment", from = "comment" } }, done = true,
    what = "the decision on request {request}",
    look = "client:request({request})",
    arguments = "id [, comment]", returns = "true; or nil, err",
    doc = "Approves a request." },
  { "reject", "PUT", "/request/{request}/status", argument = COMMENT,
    body = { { "status", value = "rejected" },
             { "processor_comment", from = "comment" } }, done = true,
    what = "the decision on request {request}",
    look = "client:request({request})",
    arguments = "id [, comment]", returns = "true; or nil, err",
    doc = "Rejects a request." },

  -- ---- organizations, products, the key ------------------------------------

  { "organizations", "GET", "/organization", pages = "organizations",
    options = filters.ORGANIZATIONS, query = filters.organizations,
    arguments = "[options]", returns = "list; or nil, err",
    doc = "Lists the account's organizations." },
  { "organization", "GET", "/organization/{organization}", about = "id",
    arguments = "id", returns = "organization; or nil, err",
    doc = "Reads an organization." },
  { "create_organization", file = "organizations",
    arguments = "details [, options]", returns = "result; or nil, err",
    doc = "Makes an organization." },
  { "deactivate_organization", "PUT",
    "/organization/{organization}/deactivate", done = true,
    what = "the deactivation of organization {organization}",
    look = "client:organization({organization})",
    arguments = "id", returns = "true; or nil, err",
    doc = "Takes an organization out of use." },
  { "products", "GET", "/product", list = "products",
    arguments = "", returns = "list; or nil, err",
    doc = "Lists the products that the account can order." },
  { "product", "GET", "/product/{product}", about = "name_id",
    options = { container_id = rules.is_id }, query = { "container_id" },
    arguments = "name_id [, options]", returns = "product; or nil, err",
    doc = "Reads a product." },
  { "product_limits", "GET", "/container/{container}/product-limits",
    arguments = "container_id", returns = "limits; or nil, err",
    doc = "Reads what a division may order." },
  { "replacement_benefits", "POST", "/competitive-replacement/certificates",
    argument = { "domains", rules.names, what = "argument #1" },
    options = { offset = filters.LIST.offset, limit = filters.LIST.limit },
    query = { "offset", "limit" }, body = { { "domains" } },
    list = "certificates",
    arguments = "domains [, options]", returns = "list; or nil, err",
    doc = "Lists the certificates of other CAs that earn a discount." },
  { "me", "GET", "/user/me", arguments = "", returns = "user; or nil, err",
    doc = "Reads whom the API key belongs to." },
}

local endpoints = { list = rows, by_name = {} }

for _, row in ipairs(rows) do
  row.name, row.method, row.path = row[1], row[2], row[3]
  row.place = row.path and row.path:match("{(%l+)}")
  row.id = row.id or row.place ~= "product" and row.place or nil
  endpoints.by_name[row.name] = row
end

return endpoints
