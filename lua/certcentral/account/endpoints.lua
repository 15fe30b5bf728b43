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

local rules = require "certcentral.rules"

-- A rule that nil meets as well.
local function optional(rule)
  return function(value)
    if value ~= nil then
      return rule(value)
    end
  end
end

local COMMENT = { "comment", optional(rules.text) }

local rows = {
  { "preflight", file = "preflight", arguments = "order [, options]",
    returns = "true, warnings; or nil, err",
    doc = "Checks an order and asks the account whether it can be placed." },

  -- ---- orders --------------------------------------------------------------

  { "order", file = "orders", id = "order",
    arguments = "id [, options]", returns = "order; or nil, err",
    doc = "Reads an order." },
  { "find_orders", file = "orders", arguments = "alternative_order_id",
    returns = "list; or nil, err",
    doc = "Finds orders by their alternative_order_id." },
  { "orders", file = "orders", arguments = "[filters]", returns = "iterator",
    doc = "Iterates over the account's orders." },
  { "status_changes", file = "orders", arguments = "range",
    returns = "list; or nil, err",
    doc = "Lists the orders whose status has changed." },
  { "cancel", file = "orders", id = "order",
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
  { "renewal_advice", file = "renew", id = "order",
    arguments = "id [, options]", returns = "advice; or nil, err",
    doc = "Says whether to renew, to reissue or to wait." },
  { "reissue", file = "reissue", id = "order",
    arguments = "id, changes", returns = "result, info; or nil, err",
    doc = "Reissues an order's certificate with the names given here only." },
  { "duplicate", file = "reissue", id = "order",
    arguments = "id, changes", returns = "result, info; or nil, err",
    doc = "Makes another certificate with the same names." },
  { "certificates", file = "reissue", id = "order",
    arguments = "id", returns = "list; or nil, err",
    doc = "Lists the reissues and duplicates of an order." },

  -- ---- revocation: it cannot be taken back ---------------------------------

  { "revoke_order", file = "revoke", id = "order",
    arguments = "id [, options]", returns = "true, or request; or nil, err",
    doc = "Revokes all certificates of an order." },
  { "revoke_certificate", file = "revoke", id = "certificate",
    arguments = "id [, options]", returns = "true, or request; or nil, err",
    doc = "Revokes one certificate." },

  -- ---- domain control ------------------------------------------------------

  { "dcv", file = "dcv", id = "order",
    arguments = "id [, options]", returns = "data; or nil, err",
    doc = "Reads what has to be done to show control of an order's domains." },
  { "dcv_records", file = "dcv", arguments = "result [, options]",
    returns = "list, text",
    doc = "Writes the DNS records for an order that was just placed." },
  { "check_dcv", file = "dcv", id = "order",
    arguments = "id [, options]", returns = "status; or nil, err",
    doc = "Has an order's domains checked now." },
  { "change_dcv_method", file = "dcv", id = "order",
    arguments = "id, method", returns = "data; or nil, err",
    doc = "Changes how an order's domains are checked." },
  { "new_dcv_value", file = "dcv", id = "order",
    arguments = "id", returns = "data; or nil, err",
    doc = "Gets the random value of an order, a new one if the old has "
      .. "expired." },
  { "resend_dcv_email", file = "dcv", id = "order",
    arguments = "id [, options]", returns = "true; or nil, err",
    doc = "Sends the e-mails for an order's domains again." },

  -- ---- requests: what waits for somebody's approval ------------------------

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
    what = "the answer to request {request}",
    look = "client:request({request})",
    arguments = "id [, comment]", returns = "true; or nil, err",
    doc = "Approves a request." },
  { "reject", "PUT", "/request/{request}/status", argument = COMMENT,
    body = { { "status", value = "rejected" },
             { "processor_comment", from = "comment" } }, done = true,
    what = "the answer to request {request}",
    look = "client:request({request})",
    arguments = "id [, comment]", returns = "true; or nil, err",
    doc = "Rejects a request." },

  -- ---- organizations, products, the key ------------------------------------

  { "organizations", file = "organizations", arguments = "[options]",
    returns = "list; or nil, err",
    doc = "Lists the account's organizations." },
  { "organization", file = "organizations", id = "organization",
    arguments = "id", returns = "organization; or nil, err",
    doc = "Reads an organization." },
  { "create_organization", file = "organizations",
    arguments = "details [, options]", returns = "result; or nil, err",
    doc = "Makes an organization." },
  { "deactivate_organization", file = "organizations", id = "organization",
    arguments = "id", returns = "true; or nil, err",
    doc = "Takes an organization out of use." },
  { "products", file = "products", arguments = "",
    returns = "list; or nil, err",
    doc = "Lists the products that the account can order." },
  { "product", file = "products", arguments = "name_id [, options]",
    returns = "product; or nil, err", doc = "Reads a product." },
  { "product_limits", file = "products", id = "container",
    arguments = "container_id", returns = "limits; or nil, err",
    doc = "Reads what a division may order." },
  { "replacement_benefits", file = "products",
    arguments = "domains [, options]", returns = "list; or nil, err",
    doc = "Lists the certificates of other CAs that earn a discount." },
  { "me", file = "products", arguments = "", returns = "user; or nil, err",
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
