-- What may go wrong with an order, what the service then has of it, and what
-- the caller is to be told. One row per case:
--   faults   what the sandbox is asked for, in this order
--   stored   how many orders it has in the end
--   told     "placed", or the error's outcome
--   kind     the error's kind
--   attempts how many POSTs there were
--   lookups  how many look-ups there were, where that is fixed
--   recovered  true where the order was found and not answered
--   client   options of the client
--   options  options of the call
--   only     where it can be had: over HTTPS an open connection is not refused
--   unique   the account takes each alternative_order_id once

local POST, LOOKUP = "POST", "/order/alternate/"

local function fault(kind, more)
  local row = { kind = kind, method = POST }
  for name, value in pairs(more or {}) do
    row[name] = value
  end
  return row
end

-- Over HTTPS a refused connection cannot be chosen by its request.
local function refuse(times)
  return { kind = "refuse", times = times }
end

local function status(code, more)
  local row = fault("status", more)
  row.status = code
  return row
end

local function lookup(kind, times, more)
  local row = fault(kind, more)
  row.method, row.path, row.times = "GET", LOOKUP, times
  return row
end

-- What CertCentral says where no order has the name.
local NONE = '{"errors":[{"code":"not_found|order"}]}'

local function found(name, faults, more)
  local row = { name = name, faults = faults, stored = 1, told = "placed",
                attempts = 1, recovered = true }
  for key, value in pairs(more or {}) do
    row[key] = value
  end
  return row
end

local function unclear(name, stored, faults, more)
  local row = { name = name, faults = faults, stored = stored,
                told = "unknown", kind = "unknown", attempts = 1 }
  for key, value in pairs(more or {}) do
    row[key] = value
  end
  return row
end

local function refused(name, kind, attempts, faults, more)
  local row = { name = name, faults = faults, stored = 0,
                told = "not_placed", kind = kind, attempts = attempts,
                lookups = 0 }
  for key, value in pairs(more or {}) do
    row[key] = value
  end
  return row
end

local MANY = 1000

-- Seconds: longer than an exchange with a server on this machine takes.
local UNIT = os.getenv("CERTCENTRAL_TEST_SLOW") and 5 or 0.5

local cases = {
  found("nothing", {}, { recovered = false, lookups = 0 }),

  -- nothing reached the server
  found("one connection refused", { refuse() },
        { recovered = false, attempts = 2, lookups = 0 }),
  found("three connections refused", { refuse(3) },
        { recovered = false, attempts = 4, lookups = 0 }),
  refused("all connections refused", "unavailable", 4,
          { refuse(MANY) }),

  -- too many requests
  found("429 once", { status(429) }, { recovered = false, attempts = 2 }),
  found("429 with seconds to wait",
        { status(429, { headers = { ["Retry-After"] = "0" } }) },
        { recovered = false, attempts = 2, lookups = 0 }),
  refused("429 always", "throttled", 4, { status(429, { times = MANY }) }),
  refused("429 with a day to wait", "throttled", 1,
          { status(429, { headers = { ["Retry-After"] = "86400" } }) }),
  refused("429, then no connection", "unavailable", 4,
          { status(429), refuse(MANY) }, { only = "in process" }),

  -- refused for good
  refused("400", "refused", 1, { status(400) }),
  refused("400 with errors as an object", "refused", 1,
          { fault("errors_object") }),
  refused("400 with one error", "refused", 1, { fault("error_singular") }),
  refused("400 as a page", "refused", 1, { fault("html", { status = 400 }) }),
  refused("401", "denied", 1, { status(401) }),
  refused("403", "denied", 1, { status(403) }),
  refused("404", "refused", 1, { status(404) }),
  refused("no connection, then 400", "refused", 2,
          { refuse(), status(400) }),

  -- stored, and the reply is lost
  found("closed without an answer", { fault("lose") }),
  found("cut after the head", { fault("cut", { bytes = 0 }) }),
  found("cut in the middle", { fault("cut") }),
  found("cut before the last byte", { fault("cut", { bytes = 1e9 }) }),
  found("garbage", { fault("garbage") }),
  found("201 without a body", { status(201, { store = true, body = "" }) }),
  found("201 with a list", { status(201, { store = true, body = "[]" }) }),
  found("201 without an id", { status(201, { store = true, body = "{}" }) }),
  found("302", { status(302, { store = true,
                               headers = { Location = "/elsewhere" } }) }),
  found("408", { status(408, { store = true }) }),
  found("500", { status(500, { store = true }) }),
  found("502 with an error object",
        { fault("errors_object", { status = 502, store = true }) }),
  found("503 as a page", { fault("html", { store = true }) }),
  found("504", { status(504, { store = true }) }),
  found("an answer that is held until the request is there",
        { fault("hold", { requests = 1, when = "after" }) },
        { recovered = false, lookups = 0 }),
  found("an answer that comes too late",
        { fault("delay", { seconds = 2 * UNIT, when = "after" }) },
        { client = { timeout = UNIT } }),
  found("an order that is stored too late",
        { fault("delay", { seconds = 1.5 * UNIT }) },
        { client = { timeout = UNIT } }),
  found("429, then closed without an answer", { status(429), fault("lose") },
        { attempts = 2 }),
  found("no connection, then cut", { refuse(), fault("cut") },
        { attempts = 2 }),

  -- and the look-up fails as well
  found("lost, and one look-up fails", { fault("lose"),
        lookup("status", 1, { status = 500 }) }, { lookups = 2 }),
  found("lost, and one look-up is lost", { fault("lose"),
        lookup("close", 1) }, { lookups = 2 }),
  found("lost, and one look-up is cut", { fault("lose"),
        lookup("cut", 1) }, { lookups = 2 }),
  found("lost, and one look-up is garbage", { fault("lose"),
        lookup("garbage", 1) }, { lookups = 2 }),
  found("lost, and one look-up is too much", { fault("lose"),
        lookup("status", 1, { status = 429 }) }, { lookups = 2 }),
  found("lost, and one look-up finds nothing yet", { fault("lose"),
        lookup("status", 1, { status = 404 }) }, { lookups = 2 }),
  found("lost, and no details", { fault("lose"), { kind = "status",
        status = 403, method = "GET", path = "/order/certificate/",
        times = MANY } }),
  unclear("lost, and all look-ups fail", 1, { fault("lose"),
          lookup("status", MANY, { status = 500 }) }),
  unclear("lost, and no look-up gets through", 1, { fault("lose"),
          lookup("refuse", MANY) }),
  unclear("lost, and look-ups are not allowed", 1, { fault("lose"),
          lookup("status", MANY, { status = 403 }) }, { lookups = 1 }),
  unclear("lost, and never to be looked up", 1, { fault("lose") },
          { options = { once = false }, lookups = 0 }),

  -- not stored, and nobody can know
  unclear("closed unread", 0, { fault("close") }),
  unclear("408 unread", 0, { status(408) }),
  unclear("500 unread", 0, { status(500) }),
  unclear("503 as a page, unread", 0, { fault("html") }),
  unclear("an empty 200", 0, { status(200, { body = "" }) }),
  unclear("no connection, then closed unread", 0,
          { refuse(), fault("close") }, { attempts = 2 }),
  unclear("closed unread, never to be looked up", 0, { fault("close") },
          { options = { once = false }, lookups = 0 }),

  -- an account that takes each name once: the same order goes out again
  found("closed unread, names are unique", { fault("close") },
        { unique = true, recovered = false, attempts = 2 }),
  found("500 unread twice, names are unique",
        { status(500, { times = 2 }) },
        { unique = true, recovered = false, attempts = 3,
          client = { deadline = 600 } }),
  found("lost, hidden from look-ups, names are unique",
        { fault("lose"), lookup("status", 2, { status = 404 }) },
        { unique = true, client = { recover_for = 0.6 } }),
  found("lost, sent again, refused as a duplicate", { fault("lose"),
        lookup("status", 1, { status = 404, body = NONE }) },
        { unique = true, attempts = 2, client = { recover_for = 0 },
          lookups = 2 }),
  found("closed unread, then lost, names are unique",
        { fault("close"), fault("lose") }, { unique = true, attempts = 2 }),
  unclear("closed unread, then no connection, names are unique", 0,
          { fault("close"), fault("refuse", { times = MANY }) },
          { unique = true, attempts = 4, only = "in process" }),
  unclear("closed unread, then 400, names are unique", 0,
          { fault("close"), status(400) }, { unique = true, attempts = 2 }),
}

cases.UNIT = UNIT

return cases
