--- Every function and method that a script may call: what it takes, what it
-- returns and, in one sentence, what it does. Help, the messages for a dot in
-- a colon's place, the prompt's completion and the reference read this.

local endpoints = require "certcentral.account.endpoints"

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
  { "certcentral.assert", "value [, err]", "value, ...",
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
  { "certcentral.schedule", "options", "list",
    "Says when to issue certificates, so that the fewest cover a plan." },

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
  { "client:place_orders", "orders [, options]",
    "outcomes; or placed, failed",
    "Places many orders at once." },
  { "client:queue", "[options]", "queue",
    "Makes a queue for many orders without blocking." },
  { "client:recover", "[options]", "list; or nil, err",
    "Looks up the orders that a crash left open in the journal." },
  { "client:close", "", "",
    "Closes the connection and wipes the API key." },
  { "client:wipes_memory", "", "boolean",
    "Whether what libcurl frees is wiped." },
}

-- The same, to stand after the client's endpoints.
local others = {
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

local function add(name, arguments, returns, help)
  local row = { name = name, arguments = arguments, returns = returns,
                help = help }
  functions.list[#functions.list + 1], by_name[name] = row, row
end

for _, row in ipairs(rows) do
  add(row[1], row[2], row[3], row[4])
end
for _, row in ipairs(endpoints.list) do
  add("client:" .. row.name, row.arguments, row.returns, row.doc)
end
for _, row in ipairs(others) do
  add(row[1], row[2], row[3], row[4])
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
