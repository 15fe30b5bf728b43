-- Processes that order one name at the same instant, and a process that is
-- killed while another waits for it: over HTTPS, with a server that takes its
-- time.

local certcentral = require "certcentral"
local files = require "support.files"
local orders = require "support.orders"
local sandbox = require "support.sandbox"
local support = require "support.journal"

local PAIRS = 25 -- of each way, with and without a journal
local AT_ONCE = 5 -- pairs
local DELAY = 0.1 -- seconds that an order takes: longer than a look-up

local quote = support.quote
local directory, server

setup(function()
  directory = support.directory()
  server = sandbox.start()
end)
teardown(function()
  server.stop()
  support.remove(directory)
end)
before_each(function()
  sandbox.reset(server)
  support.sure(("rm -rf %s/*"):format(quote(directory)))
end)

-- The command of an ensuring process. `journal`: whether it has one; `ready`:
-- whether it waits for the others.
local function process(way, name, journal, ready)
  return ("CERTCENTRAL_STATE=%s "):format(quote(directory .. "/state"))
    .. support.program("ensure_process.lua", way, name, server.base_url,
      server.ca_file, server.api_key,
      journal and directory .. "/journal" or "-",
      ready and directory .. "/ready" or "-")
end

-- Starts all of the commands; lets them begin at once, when they all are
-- ready. Returns what each has printed. A process that ends too early counts
-- as ready, too.
local function at_once(commands)
  local lines = { ("d=%s; rm -f $d/go $d/ready; mkfifo $d/go $d/ready && "
    .. "exec 3<>$d/go 4<>$d/ready || exit 1"):format(quote(directory)) }
  for i, command in ipairs(commands) do
    lines[#lines + 1] = ("( (%s) <$d/go >$d/out.%d 2>&1 3>&- 4>&-; "
      .. "echo >$d/ready) 3>&- &"):format(command, i)
  end
  lines[#lines + 1] = ("for i in %s; do read line <&4; done; exec 3>&-; wait")
    :format(("x "):rep(#commands))
  support.sure(table.concat(lines, "\n"))
  local printed = {}
  for i = 1, #commands do
    printed[i] = files.read(("%s/out.%d"):format(directory, i))
  end
  return printed
end

-- The ids of the orders of each name that the server has.
local function stored_ids()
  local ids = {}
  for _, order in ipairs(sandbox.orders(server)) do
    local name = order.alternative_order_id or "-"
    ids[name] = ids[name] or {}
    table.insert(ids[name], order.order_id)
  end
  return ids
end

-- Old orders that end soon: a list of ids.
local function old_orders(count)
  local client = assert(certcentral.new { base_url = server.base_url,
    ca_file = server.ca_file, api_key = server.api_key, rate = false })
  local ids = {}
  for i = 1, count do
    local order = orders.minimal()
    order.order_validity = { days = 9 }
    ids[i] = assert(client:place_order(order, { check_csr = false })).id
    sandbox.control(server, "POST", "/sandbox/status",
                    { order_id = ids[i], status = "issued" })
  end
  client:close()
  return ids
end

local ways = { -- the names of `count` orders: as they are given, and known
  ensure = function(count)
    local names = {}
    for i = 1, count do
      names[i] = "pair-" .. i
    end
    return names, names
  end,
  renew = function(count)
    local ids, names = old_orders(count), {}
    for i, id in ipairs(ids) do
      names[i] = "renewalOf" .. id
    end
    return ids, names
  end,
}

describe("two processes that begin at the same instant", function()
  for way, prepare in pairs(ways) do
    for _, journal in ipairs { false, true } do
      it(("order once: %s, %s"):format(way, journal and "with a journal"
                                       or "without a journal"), function()
        local given, names = prepare(PAIRS)
        sandbox.fault(server, { kind = "delay", seconds = DELAY,
                                method = "POST", times = 10 * PAIRS })
        for from = 1, PAIRS, AT_ONCE do
          local commands = {}
          for i = from, from + AT_ONCE - 1 do
            local command = process(way, given[i], journal, true)
            table.insert(commands, command)
            table.insert(commands, command)
          end
          local printed, stored = at_once(commands), stored_ids()
          for i, text in ipairs(printed) do
            local name = names[from + math.floor((i - 1) / 2)]
            local ids = stored[name] or {}
            assert.are.equal(1, #ids, name .. ": " .. text)
            assert.are.equal("placed " .. ids[1], text:match("([^\n]*)\n$"))
          end
        end
      end)
    end
  end
end)

-- Asks the server until it says what is waited for.
local function until_server(says)
  for _ = 1, 10000 do
    local found = says()
    if found then
      return found
    end
  end
  error("the server never says it")
end

local function is_stored()
  return #sandbox.orders(server) > 0
end

local function is_asked()
  return #sandbox.requests(server) > 0
end

-- Starts a process that the server holds, then one that waits for it, kills
-- the first; returns what the second printed in the end.
local function kill_holder(fault, is_held, journal)
  fault.kind, fault.seconds = "delay", 600
  sandbox.fault(server, fault)
  local command = process("ensure", "held", journal)
  local pid = support.sure(("(%s) >%s/held 2>&1 & echo $!"):format(command,
    quote(directory)))
  until_server(is_held)
  local other = assert(io.popen(command .. " 2>&1"))
  local first = other:read("*l")
  support.sure("kill -KILL " .. pid)
  local last = first == "waits" and other:read("*l") or first
  other:close()
  assert.are.equal("waits", first)
  return last
end

describe("a process that waits for one that is killed", function()
  local cases = {
    { "after its order was stored", { method = "POST", when = "after" },
      is_stored },
    { "before it has sent the order", { method = "GET" }, is_asked },
  }
  for _, case in ipairs(cases) do
    for _, journal in ipairs { false, true } do
      it(("goes on, %s, %s"):format(case[1], journal and "with a journal"
                                    or "without a journal"), function()
        local fault = { method = case[2].method, when = case[2].when }
        local told = kill_holder(fault, case[3], journal)
        local ids = stored_ids().held or {}
        assert.are.equal(1, #ids, told)
        assert.are.equal("placed " .. ids[1], told)
      end)
    end
  end

  it("does not order what may be on its way", function()
    local told = kill_holder({ method = "POST", when = "before" }, function()
      return #sandbox.requests(server) > 1
    end, true)
    assert.is_truthy(told:find("^failed unknown "), told)
    assert.is_nil(stored_ids().held)
  end)
end)
