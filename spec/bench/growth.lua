--- How the work grows with its amount: what one more costs when there are many,
-- over what it costs when there are few; and how much memory all of it takes.
-- No server: the transport answers at once, in a world with a clock of its own.

local certcentral = require "certcentral"
local clocks = require "certcentral.sandbox.clock"
local core = require "certcentral.core"
local orders = require "bench.orders"
local row = require "bench.row"

local ROUNDS = 5
local NO_CSR = { check_csr = false }

local function client_of(more, clock)
  local id = 0
  clock = clock or clocks.new()
  local options = { api_key = "0123456789abcdef",
    transport = { clock = clock, time = clock, sleep = clock.sleep,
      perform = function()
        id = id + 1
        return { status = 201, headers = {}, body = ('{"id":%d}'):format(id) }
      end } }
  for name, value in pairs(more or { rate = false }) do
    options[name] = value
  end
  return assert(certcentral.new(options))
end

-- Seconds of CPU that f(...) takes for each of n.
local function each(n, f, ...)
  collectgarbage()
  local began = os.clock()
  f(...)
  return (os.clock() - began) / n
end

-- The ratios of some rounds; `measure` gives seconds for an amount.
local function grown(few, many, measure)
  local ratios = {}
  for i = 1, ROUNDS do
    local base = measure(few)
    ratios[i] = measure(many) / base
  end
  return ratios
end

local function without_name(order)
  order.alternative_order_id = nil
  return order
end

-- ---- time ------------------------------------------------------------------

local function adding(count)
  local queue, order = client_of():queue(), without_name(orders.typical(1))
  for _ = 1, count - 500 do
    queue:add(order, NO_CSR)
  end
  local seconds = each(500, function()
    for _ = 1, 500 do
      queue:add(order, NO_CSR)
    end
  end)
  queue:close()
  return seconds
end

-- All of them wait for a budget that lets ten go each second.
local function waiting(count)
  local clock = clocks.new()
  local client = client_of({ budget = require("certcentral.budget").new {
    clock = clock, windows = { { requests = 10, seconds = 1 } } } }, clock)
  local queue = client:queue { concurrency = count }
  local order = without_name(orders.typical(1))
  for _ = 1, count do
    queue:add(order, NO_CSR)
  end
  local seconds = each(count, function()
    repeat until queue:step(1e4) == 0
  end)
  queue:close()
  return seconds
end

local function naming(count)
  local order = orders.typical(1)
  for i = 1, count do
    order.certificate.dns_names[i] = ("host%d.example.org"):format(i)
  end
  return each(20000, function()
    for _ = 1, 20000 / count do
      certcentral.encode(order, NO_CSR)
    end
  end)
end

-- ---- memory ----------------------------------------------------------------

-- The most that this process has had, in MB.
local function peak()
  for line in io.lines "/proc/self/status" do
    local kilobytes = line:match "^VmHWM:%s*(%d+) kB"
    if kilobytes then
      return kilobytes / 1024
    end
  end
end

local function write_journal(path, count)
  local file = assert(io.open(path, "wb"))
  local time = os.time() - 86400
  local function line(text)
    file:write(text:sub(1, -2), ',"sum":"', core.crc32(text), '"}\n')
  end
  for i = 1, count / 2 do
    local entry = ("e%025d"):format(i)
    line(('{"step":"intent","alternative_order_id":"n%025d","base_url":"'
      .. 'https://www.digicert.com/services/v2","common_name":"a.example.com"'
      .. ',"entry":"%s","product":"ssl_securesite_flex","sha256":"%s","time":'
      .. '%d}'):format(i, entry, ("a"):rep(64), time))
    line(('{"step":"outcome","entry":"%s","order_id":%d,"outcome":"placed",'
      .. '"status":201,"time":%d}'):format(entry, i, time))
  end
  file:close()
end

local function recovering(path, count)
  write_journal(path, count)
  local client = client_of { rate = false,
    journal = assert(require("certcentral.journal").file(path)) }
  return each(count, function() assert(client:recover()) end)
end

local function iterating(count)
  local order, given = without_name(orders.typical(1)), 0
  client_of():place_orders(function()
    given = given + 1
    return given <= count and order or nil
  end, { check_csr = false, on_outcome = function() end })
end

-- First, as what a process has had it keeps.
print("in MB, the most that this process takes")
iterating(1e5)
row.print("place_orders over an iterator of 100,000", { peak() }, { 20, 20 })
local path = os.tmpname()
local few = recovering(path, 1e4)
local many = recovering(path, 1e6)
os.remove(path)
row.print("recover of 1,000,000 lines", { peak() }, { 30, 30 })
row.head "a line of 10,000"
row.print("a line of 1,000,000 in recover", { many / few })

row.head "what one costs when there are few"
row.print("queue:add at 20,000 queued, at 1,000", grown(1000, 20000, adding),
          { 1.2, 1.2 })
row.print("an order of 800 that wait for the budget, of 100",
          grown(100, 800, waiting), { 1.5, 1.5 })
row.print("a name of 1,000, of 100", grown(100, 1000, naming))
