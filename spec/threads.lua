-- Four threads, each with its own Lua state and client, against one server:
-- for `make tsan`.
--
--   threads.lua PROGRAM MODULES [ROUNDS]

local support = require "support.sandbox"

local program, modules, rounds = arg[1], arg[2], arg[3] or "10"
local server = support.start()
local ok = os.execute(("LUA_CPATH='%s' %s 4 spec/support/thread_work.lua "
  .. "%s %s %s %s"):format(modules, program, server.base_url, server.ca_file,
  server.api_key, rounds))
local stored, seen = support.orders(server), {}
for _, order in ipairs(stored) do
  seen[order.alternative_order_id or ""] = true
end
local distinct = 0
for _ in pairs(seen) do
  distinct = distinct + 1
end
server.stop()
local expected = 4 * 2 * tonumber(rounds)
print(("%d orders placed, %d names, %d expected"):format(#stored, distinct,
                                                        expected))
os.exit((ok == true or ok == 0) and #stored == expected and
        distinct == expected)
