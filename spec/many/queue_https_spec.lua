-- Queues over HTTPS: transfers under way, connections, and the end of all.

local certcentral = require "certcentral"
local journal = require "certcentral.journal"
local journal_support = require "support.journal"
local support = require "support.sandbox"

local LONG = 600 -- seconds: never to be waited for
local NEVER = 600 -- seconds that the server takes where no answer may come

local function order(name)
  return support.order { alternative_order_id = name }
end

for _, http2 in ipairs { false, true } do
  describe("a queue over HTTP/" .. (http2 and "2" or "1.1"), function()
    local server, client

    setup(function() server = support.start { http2 = http2 } end)
    teardown(function() server.stop() end)
    before_each(function() support.reset(server) end)
    after_each(function() client:close() end)

    local function start(more)
      local options = { api_key = server.api_key, timeout = LONG,
                        base_url = server.base_url, rate = false,
                        ca_file = server.ca_file, connect_timeout = LONG }
      for name, value in pairs(more or {}) do
        options[name] = value
      end
      client = assert(certcentral.new(options))
      return client
    end

    -- Steps until so many requests are with the server, which answers no
    -- order before its time.
    local function until_sent(queue, count)
      repeat
        assert(queue:step(0) > 0)
      until #support.requests(server) >= count
    end

    it("has many orders under way at once", function()
      local queue = start():queue { concurrency = 30 }
      support.fault(server, { kind = "hold", requests = 30, times = 30 })
      local tickets = {}
      for i = 1, 30 do
        tickets[i] = queue:add(order("order-" .. i))
      end
      repeat
      until queue:step(LONG) == 0
      for _, ticket in ipairs(tickets) do
        assert.is_true(ticket:outcome().ok)
      end
      assert.are.equal(30, #support.orders(server))
    end)

    it("loses none, places none twice, whatever happens", function()
      local queue = start({ retry = { base = 0.01, cap = 0.02 },
        recover_for = 0.5, timeout = 2 }):queue { concurrency = 10 }
      for i = 1, 8 do
        for _, kind in ipairs { "lose", "close", "cut", "garbage" } do
          support.fault(server, { kind = kind, method = "POST" })
        end
        support.fault(server, { kind = "status", status = 500,
                                store = i % 2 == 0, method = "POST" })
        support.fault(server, { kind = "status", status = 400,
                                method = "POST" })
      end
      local tickets = {}
      for i = 1, 80 do
        tickets[i] = queue:add(order("order-" .. i))
      end
      repeat until queue:step(1) == 0
      local stored = {}
      for _, one in ipairs(support.orders(server)) do
        assert.is_nil(stored[one.alternative_order_id])
        stored[one.alternative_order_id] = one.order_id
      end
      local told = { placed = 0, not_placed = 0, unknown = 0 }
      for i, ticket in ipairs(tickets) do
        local outcome = ticket:outcome()
        local what = outcome.ok and "placed" or outcome.err.outcome
        told[what] = told[what] + 1
        local id = stored["order-" .. i]
        assert.is_true(what ~= "placed" or id == outcome.result.id)
        assert.is_true(what ~= "not_placed" or id == nil)
        -- found again, all of them: none that is stored is left unknown
        assert.is_true(what ~= "unknown" or id == nil)
      end
      assert.is_true(told.not_placed >= 8 and told.unknown >= 8)
    end)

    it("gives up what is under way, truthfully", function()
      local entries = journal.memory()
      local queue = start({ journal = entries }):queue { concurrency = 2 }
      support.fault(server, { kind = "delay", seconds = NEVER, times = 2,
                              when = "after" })
      local tickets = {}
      for i = 1, 4 do
        tickets[i] = queue:add(order("order-" .. i))
      end
      until_sent(queue, 2)
      assert.are.equal("sending", tickets[1]:status())
      assert.are.equal("maybe", queue:cancel(tickets[1]))
      assert.are.equal("no", queue:cancel(tickets[4]))
      assert.are.equal("unknown", tickets[1]:outcome().err.kind)
      queue:close()
      assert.are.equal("unknown", tickets[2]:outcome().err.outcome)
      assert.are.equal("not_placed", tickets[3]:outcome().err.outcome)
      local outcomes = {}
      for _, entry in ipairs(entries:read()) do
        outcomes[#outcomes + 1] = entry.outcome
      end
      assert.are.same({ "unknown", "unknown" }, outcomes)
      -- what was unknown can be looked up by the journal
      local found = {}
      for _, one in ipairs(client:recover { settle = 0 }) do
        found[one.alternative_order_id] = one.outcome
      end
      assert.are.same({ ["order-1"] = "placed", ["order-2"] = "placed" },
                      found)
    end)

    it("is closed with its client", function()
      local queue = start():queue()
      support.fault(server, { kind = "delay", seconds = NEVER })
      local ticket = queue:add(order("mine"))
      until_sent(queue, 1)
      client:close()
      assert.are.equal("unknown", ticket:outcome().err.outcome)
      local ok, message = pcall(queue.step, queue, 0)
      assert.is_false(ok)
      assert.is_truthy(message:find("'step' on a closed queue", 1, true))
    end)

    it("says where its CA file cannot be read", function()
      local name = os.tmpname()
      journal_support.write(name, "-----BEGIN CERTIFICATE-----\n")
      local queue = start({ ca_file = name }):queue()
      local ticket = queue:add(order("mine"))
      repeat until queue:step(1) == 0
      os.remove(name)
      assert.are.equal("config", ticket:outcome().err.kind)
    end)
  end)
end

describe("a process that ends with orders under way", function()
  local server
  local lua = os.getenv("CERTCENTRAL_TEST_LUA") or "lua5.4"
  local preload = os.getenv("CERTCENTRAL_TEST_PRELOAD") or ""

  setup(function() server = support.start() end)
  teardown(function() server.stop() end)

  local ways = { "end", "drop", "drop client" }
  if _VERSION ~= "Lua 5.1" or jit then
    ways[4] = "exit" -- that of Lua 5.1 ends the process and no Lua state
  end
  for _, way in ipairs(ways) do
    it("has their outcomes in its journal: " .. way, function()
      local directory = journal_support.directory()
      local path = directory .. "/journal"
      support.reset(server)
      support.fault(server, { kind = "delay", seconds = NEVER, times = 5,
                              when = "after" })
      -- a process that hangs is one that has failed
      local words = { ("timeout 60 env LD_PRELOAD=%s %s "
                       .. "spec/support/queue_process.lua")
        :format(journal_support.quote(preload), journal_support.quote(lua)) }
      for _, word in ipairs { way, server.base_url, server.ca_file,
                              server.api_key, path,
                              server.control_url } do
        words[#words + 1] = journal_support.quote(word)
      end
      local output, status = journal_support.run(table.concat(words, " "))
      assert.are.equal("begun\n", output)
      assert.are.equal(0, status)
      local entries = assert(journal.file(path)):read()
      journal_support.remove(directory)
      local names, outcomes = {}, {}
      for _, entry in ipairs(entries) do
        if entry.step == "intent" then
          names[entry.entry] = entry.alternative_order_id
        else
          outcomes[names[entry.entry]] = entry.outcome
        end
      end
      for i = 1, 5 do
        assert.are.equal("unknown", outcomes["order-" .. i])
      end
    end)
  end
end)
