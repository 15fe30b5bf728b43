-- Orders a certificate once, however often it runs: for cron.
-- $CERTCENTRAL_API_KEY holds the key. Arguments: the CSR's file, the order's
-- name, and the journal's file.

local certcentral = require "certcentral"
local csr_file, name, journal_file = arg[1], arg[2], arg[3]
assert(journal_file, "usage: ensure.lua CSR NAME JOURNAL")

local order = {
  certificate = {
    common_name = "www.example.com",
    csr = assert(io.open(csr_file)):read("*a"),
    signature_hash = "sha256",
  },
  organization = { id = 123456 },
  order_validity = { years = 1 },
}

local function log(event)
  if event.kind then
    io.stderr:write(event.event, ": ", event.message, "\n")
  end
end

local journal = assert(require("certcentral.journal").file(journal_file))
local client = certcentral.assert(certcentral.new {
  journal = journal, on_event = log })

for _, left in ipairs(certcentral.assert(client:recover())) do -- after a crash
  print(left.alternative_order_id, left.outcome, left.order_id or left.message)
end

order.alternative_order_id = name
local result, info = client:ensure_order(order)
client:close()

if not result then
  local err = info
  print(err)
  os.exit(err.outcome == "unknown" and 2 or 1)
end
print(("order %d %s"):format(result.id,
  info.existed and "was there" or "is placed"))
