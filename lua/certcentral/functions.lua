--- Every function and method that a script may call: what it takes, what it
-- returns and, in one sentence, what it does. Help, the messages for a dot in
-- a colon's place, the prompt's completion and the reference read this.

local RESULT = "result, info; or nil, err"
local ORDER_OPTIONS = "order [, options]"

-- { name, arguments, returns, what it does }
local rows = {
  { "certcentral.validate", ORDER_OPTIONS, "true, warnings; or nil, err",
    "Checks an order without sending anything." },
  { "certcentral.encode", ORDER_OPTIONS, "json, warnings; or nil, err",
    "Checks an order and writes its JSON body." },
  { "certcentral.request", ORDER_OPTIONS, "request, warnings; or nil, err",
    "Makes the HTTP request for an order, without the API key." },
  { "certcentral.place_order", ORDER_OPTIONS, RESULT,
    "Places one order with a client made from the options and the "
    .. "environment." },
  { "certcentral.new", "[options]", "client; or nil, err",
    "Makes a client." },
  { "certcentral.assert", "value [, err]", "what it was given",
    "Raises an error's text where there is one." },
  { "certcentral.fields", "", "iterator",
    "Iterates over the fields of an order." },
  { "certcentral.help", "[name]", "text",
    "Explains a field, a function or a method." },
  { "certcentral.show", "value", "text",
    "Writes any value for a person to read, with secrets hidden." },
  { "certcentral.redact", "order", "copy",
    "Copies an order without card data, private keys and unknown fields." },
  { "certcentral.order_from_csr", "pem [, defaults]", "order; or nil, err",
    "Writes an order for the names of a CSR." },
  { "certcentral.date", "when", "text, or {year, month, day}; or nil, err",
    "Writes a date as orders have it, or reads one." },

  { "certcentral.csr.generate", "options", "pem, key; or nil, err",
    "Makes a private key and a CSR." },
  { "certcentral.csr.inspect", "pem", "facts; or nil, err",
    "Reads the names, the key and the signature of a CSR." },
  { "certcentral.csr.check", "pem", "true; or nil, message",
    "Checks that a CA may sign a CSR." },
  { "certcentral.csr.sha256", "text", "hex",
    "Computes a SHA-256 digest." },

  { "client:place_order", ORDER_OPTIONS, RESULT,
    "Places an order, at most once." },
  { "client:ensure_order", ORDER_OPTIONS, RESULT,
    "Places an order unless one with its alternative_order_id is there." },
  { "client:place_orders", "orders [, options]", "outcomes",
    "Places many orders at once." },
  { "client:queue", "[options]", "queue",
    "Makes a queue for many orders without blocking." },
  { "client:preflight", ORDER_OPTIONS, "true, warnings; or nil, err",
    "Checks an order and asks the account whether it can be placed." },
  { "client:recover", "[options]", "list; or nil, err",
    "Looks up the orders that a crash left open in the journal." },
  { "client:close", "", "",
    "Closes the connection and wipes the API key." },
  { "client:wipes_memory", "", "boolean",
    "Whether what libcurl frees is wiped." },

  { "client:order", "id [, options]", "order; or nil, err",
    "Reads an order." },
  { "client:find_orders", "alternative_order_id", "list; or nil, err",
    "Finds orders by their alternative_order_id." },
  { "client:orders", "[filters]", "iterator",
    "Iterates over the account's orders." },
  { "client:status_changes", "range", "list; or nil, err",
    "Lists the orders whose status has changed." },
  { "client:cancel", "id [, options]", "true; or nil, err",
    "Cancels a pending order." },
  { "client:wait", "id [, options]", "order; or nil, err",
    "Waits until an order is issued." },
  { "client:certificate", "id [, options]", "certificate; or nil, err",
    "Fetches an order's certificate." },
  { "client:save", "id, files", "certificate; or nil, err",
    "Fetches an order's certificate and writes it to files." },
  { "client:renew", "id [, changes [, options]]", RESULT,
    "Renews an order, once however often it is called." },
  { "client:renewal_advice", "id [, options]", "advice; or nil, err",
    "Says whether to renew, to reissue or to wait." },
  { "client:reissue", "id, changes", "result, info; or nil, err",
    "Reissues an order's certificate with the names given here only." },
  { "client:duplicate", "id, changes", "result, info; or nil, err",
    "Makes another certificate with the same names." },
  { "client:certificates", "id", "list; or nil, err",
    "Lists the reissues and duplicates of an order." },
  { "client:revoke_order", "id [, options]", "true, or request; or nil, err",
    "Revokes all certificates of an order." },
  { "client:revoke_certificate", "id [, options]",
    "true, or request; or nil, err", "Revokes one certificate." },

  { "client:dcv", "id [, options]", "data; or nil, err",
    "Reads what has to be done to show control of an order's domains." },
  { "client:dcv_records", "result [, options]", "list, text",
    "Writes the DNS records for an order that was just placed." },
  { "client:check_dcv", "id [, options]", "status; or nil, err",
    "Has an order's domains checked now." },
  { "client:change_dcv_method", "id, method", "data; or nil, err",
    "Changes how an order's domains are checked." },
  { "client:new_dcv_value", "id", "data; or nil, err",
    "Gets the random value of an order, a new one if the old has expired." },
  { "client:resend_dcv_email", "id [, options]", "true; or nil, err",
    "Sends the e-mails for an order's domains again." },

  { "client:requests", "[options]", "list; or nil, err",
    "Lists the requests for approval." },
  { "client:request", "id", "request; or nil, err",
    "Reads a request for approval." },
  { "client:approve", "id [, comment]", "true; or nil, err",
    "Approves a request." },
  { "client:reject", "id [, comment]", "true; or nil, err",
    "Rejects a request." },

  { "client:organizations", "[options]", "list; or nil, err",
    "Lists the account's organizations." },
  { "client:organization", "id", "organization; or nil, err",
    "Reads an organization." },
  { "client:create_organization", "details [, options]",
    "result; or nil, err", "Makes an organization." },
  { "client:deactivate_organization", "id", "true; or nil, err",
    "Takes an organization out of use." },
  { "client:products", "", "list; or nil, err",
    "Lists the products that the account can order." },
  { "client:product", "name_id [, options]", "product; or nil, err",
    "Reads a product." },
  { "client:product_limits", "[container_id]", "limits; or nil, err",
    "Reads what a division may order." },
  { "client:replacement_benefits", "domains [, options]",
    "list; or nil, err",
    "Lists the certificates of other CAs that earn a discount." },
  { "client:me", "", "user; or nil, err",
    "Reads whom the API key belongs to." },

  { "queue:add", "order [, options] [, callback]", "ticket",
    "Adds an order to a queue." },
  { "queue:step", "seconds", "count",
    "Does what can be done and returns how many orders are still open." },
  { "queue:await", ORDER_OPTIONS, RESULT,
    "Places an order from a coroutine, which yields until it is done." },
  { "queue:cancel", "ticket", '"no", "maybe" or "yes"',
    "Gives an order up and says whether it is placed." },
  { "queue:fds", "", "list",
    "Lists the file descriptors to wait for." },
  { "queue:next_timeout", "", "seconds, or nil",
    "Says when the next step is due." },
  { "queue:arm", "", "",
    "Has the collector close a queue that nobody uses any more." },
  { "queue:close", "", "",
    "Gives up what is left and closes the queue." },
  { "ticket:status", "", "text",
    "Says how far an order of a queue has come." },
  { "ticket:outcome", "", "outcome, or nil",
    "Returns the outcome of an order of a queue." },

  { "journal.file", "path", "journal; or nil, message",
    "Opens a journal in a file." },
  { "journal.memory", "", "journal",
    "Makes a journal in memory." },
  { "journal:write", "entry", "true; or nil, message",
    "Writes an entry to a journal." },
  { "journal:read", "", "list, skipped; or nil, message",
    "Reads all entries of a journal." },
  { "journal:open_orders", "", "list; or nil, message",
    "Lists the orders of a journal whose outcome is not known." },
  { "journal:compact", "options", "count; or nil, message",
    "Drops the lines of a journal that are settled and old." },
  { "journal:close", "", "", "Closes a journal." },

  { "store.file", "[directory]", "store; or nil, message",
    "Makes a store for the processes of one machine." },
  { "store.memory", "[options]", "store",
    "Makes a store for one process." },
  { "store.dict", "name", "store",
    "Makes a store for the workers of an nginx." },
  { "store:lock", "name, seconds", "token; false, holder, seconds; or nil, "
    .. "message", "Takes a lock." },
  { "store:keep", "name, token, seconds", "boolean; or nil, message",
    "Prolongs a lock." },
  { "store:unlock", "name, token", "boolean", "Gives a lock back." },
  { "store:get", "key", "value, or nil", "Reads a value." },
  { "store:set", "key, value [, expected]", "boolean; or nil, message",
    "Writes a value, if wanted only in place of an expected one." },

  { "budget.new", "[options]", "budget",
    "Makes a rate budget for the clients of one process." },
  { "budget.shared", "name [, options]", "budget",
    "Makes a rate budget for the workers of an nginx." },
  { "budget:take", "", "seconds, grant",
    "Asks for one request of the budget." },
  { "budget:done", "grant", "", "Gives a request's share back." },

  { "log.stderr", "", "function",
    "Makes an on_event that writes a line to standard error." },
  { "log.json", "file", "function; or nil, message",
    "Makes an on_event that appends a line of JSON to a file." },
  { "log.nginx", "", "function",
    "Makes an on_event that writes to nginx's error log." },
}

local functions = { list = {} }
local by_name = {}

for i, row in ipairs(rows) do
  local named = { name = row[1], arguments = row[2], returns = row[3],
                  help = row[4] }
  functions.list[i], by_name[row[1]] = named, named
end

--- The row of a full name ("client:wait"), or nil.
function functions.find(name)
  return by_name[name]
end

--- How to call it: "client:wait(id [, options])".
function functions.usage(name)
  return ("%s(%s)"):format(name, by_name[name] and by_name[name].arguments
                                 or "...")
end

return functions
