-- A process that orders a name once, whoever else does:
--
--   ensure_process.lua WAY NAME BASE_URL CA_FILE KEY JOURNAL READY
--
-- WAY: "ensure", or "renew" with an order's id for NAME. JOURNAL and READY are
-- files, or "-" for none. With READY, a line is written there once the process
-- is ready, and it begins when its standard input ends. Prints "waits" as it
-- first waits for something, then "placed ID" or "failed OUTCOME MESSAGE".

local certcentral = require "certcentral"
local journals = require "certcentral.journal"
local orders = require "support.orders"

local way, name, base_url, ca_file, key, path, ready =
  (table.unpack or unpack)(arg) -- luacheck: ignore
local waited = false

local function on_event(event)
  if event.event == "wait" and not waited then
    waited = true
    io.write("waits\n")
    io.flush()
  end
end

local client = assert(certcentral.new {
  base_url = base_url, ca_file = ca_file, api_key = key, on_event = on_event,
  recover_for = 1,
  journal = path ~= "-" and assert(journals.file(path)) or nil,
})
local ways = {}

function ways.ensure()
  local order = orders.with { alternative_order_id = name }
  return client:ensure_order(order, { check_csr = false })
end

function ways.renew()
  return client:renew(tonumber(name), nil,
                      { check_csr = false, renew_early = true })
end

if ready ~= "-" then
  local signal = assert(io.open(ready, "w"))
  signal:write("ready\n")
  signal:close()
  io.read("*a")
end
local result, err = ways[way]()
if result then
  print("placed " .. result.id)
else
  print(("failed %s %s"):format(err.outcome, err.message))
end
client:close()
