-- A process that ends while orders are under way, however that may be.
--
--   queue_process.lua WAY BASE_URL CA_FILE API_KEY JOURNAL CONTROL_URL
--
-- WAY: "end" at the end of the program, "exit" by os.exit(0, true), "drop"
-- the queue is dropped and collected, "drop client" both are.

local certcentral = require "certcentral"
local journal = require "certcentral.journal"
local orders = require "support.orders"
local support = require "support.sandbox"

local way = arg[1]

-- So often that LuaJIT has compiled what it wants to.
local function warm_up()
  local client = assert(certcentral.new {
    api_key = "none", journal = journal.memory(), rate = false,
    transport = function() return nil, { sent = "no", message = "" } end,
  })
  for _ = 1, 300 do
    local queue = client:queue()
    queue:add(orders.minimal(), { check_csr = false })
    queue:step(0)
    queue:close()
  end
  client:close()
end

local function begin()
  local client = assert(certcentral.new {
    base_url = arg[2], ca_file = arg[3], api_key = arg[4],
    journal = assert(journal.file(arg[5])),
    timeout = 600, -- who waits for an answer is stopped before it is over
  })
  local queue = client:queue()
  for i = 1, 5 do
    local order = orders.minimal()
    order.alternative_order_id = "order-" .. i
    queue:add(order, { check_csr = false })
  end
  -- until the server has them all: then only answers are waited for
  repeat
    assert(queue:step(0) == 5)
  until #support.orders { control_url = arg[6] } == 5
  return client, queue
end

warm_up()
local client, queue = begin()
io.write("begun\n")
if way == "exit" then
  os.exit(0, true)
elseif way == "drop" then
  queue = nil -- luacheck: ignore
  collectgarbage()
  collectgarbage()
elseif way == "drop client" then
  client, queue = nil, nil -- luacheck: ignore
  collectgarbage()
  collectgarbage()
end
KEPT = { client, queue } -- luacheck: ignore
