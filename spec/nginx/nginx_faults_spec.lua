-- Orders in nginx workers: each fault of an exchange has the same outcome as
-- with the client that blocks, over each of nginx's transports.

local cases = require "support.fault_cases"
local host_of = require "support.nginx_host"
local nginx = require "support.nginx"
local recovery = require "support.recovery"
local support = require "support.sandbox"

local servers, hosts = {}, {}

-- A connection that is refused is a new one: nginx must have none open.
local function is_of_connection(case)
  for _, fault in ipairs(case.faults) do
    if fault.kind == "refuse" and not fault.method then
      return true
    end
  end
end

-- The sandbox, and an nginx whose workers are its clients.
local function start(case)
  local name = case.unique and "unique" or "usual"
  servers[name] = servers[name] or support.start {
    unique_alternative_order_ids = case.unique }
  if hosts[name] and is_of_connection(case) then
    hosts[name].stop()
    hosts[name] = nil
  end
  hosts[name] = hosts[name] or nginx.start {
    ca_file = servers[name].ca_file, server = host_of.LOCATIONS }
  return servers[name], hosts[name]
end

-- A client's options: cosockets look for a host name in a certificate, not
-- for an address.
local function client_for(case, server, transport)
  local client = {
    api_key = server.api_key, transport = transport,
    base_url = server.base_url:gsub("127%.0%.0%.1", "localhost"),
    ca_file = transport == "thread" and server.ca_file or nil,
    recover_for = cases.UNIT, retry = { base = 0.01, cap = 0.02 },
    unique_ids = case.unique,
  }
  for name, value in pairs(case.client or {}) do
    client[name] = value
  end
  if client.recover_for > 0 then -- what is short for a clock of its own
    client.recover_for = math.max(client.recover_for, cases.UNIT)
  end
  return client
end

for _, transport in ipairs { "resty", "thread" } do
  describe(("an order in nginx, transport '%s',"):format(transport),
           function()
    for _, case in ipairs(cases) do
      if case.only ~= "in process" then
        it("that meets: " .. case.name, function()
          local server, host = start(case)
          support.reset(server)
          for _, fault in ipairs(case.faults) do
            support.fault(server, fault)
          end
          local got = nginx.post(host, "/place", {
            client = client_for(case, server, transport),
            order = support.order(), options = case.options })
          assert.is_nil(got.raised)
          recovery.check(case, got.result, got.info or got.err,
                         support.orders(server), support.requests(server))
        end)
      end
    end
  end)
end

teardown(function()
  for name in pairs(servers) do
    hosts[name].stop()
    servers[name].stop()
  end
end)
