--- What an order costs before it is sent, and its answer after it. One process
-- holds both sides; each round runs a batch of both in turn, and the ratio is
-- taken within the round.

local certcentral = require "certcentral"
local cjson = require "cjson"
local orders = require "bench.orders"
local response = require "certcentral.client.response"
local row = require "bench.row"

local ROUNDS, CALLS = 31, 2000
local SKIP = { check_csr = false, now = 1795500000 }
local CHECK = { now = SKIP.now }

local function run(f, pool, argument)
  local started = os.clock()
  for i = 1, CALLS do
    assert(f(pool[i % #pool + 1], argument))
  end
  return os.clock() - started
end

-- base and ours: { f, pool, argument }
local function compare(name, base, ours, goals)
  local unpack = table.unpack or unpack -- luacheck: ignore
  local ratios = {}
  run(unpack(ours))
  for i = 1, ROUNDS do
    local taken = run(unpack(ours))
    ratios[i] = taken / run(unpack(base))
  end
  row.print(name, ratios, goals)
end

local encode, validate = certcentral.encode, certcentral.validate
local typical = orders.pool("typical", 64)
local maximal = orders.pool("maximal", 64)

-- One argument: the second is not cjson's.
local function blindly(order)
  return cjson.encode(order)
end

row.head "cjson.encode of the same table, which looks at nothing,"
compare("encode, typical", { blindly, typical }, { encode, typical, SKIP },
        { 0.44, 0.45 })
compare("validate, typical", { blindly, typical },
        { validate, typical, SKIP })
compare("encode, maximal", { blindly, maximal }, { encode, maximal, SKIP },
        { 0.52, 0.54 })
compare("validate, maximal", { blindly, maximal },
        { validate, maximal, SKIP })

row.head "the same without the check of the CSR"
local known = orders.pool("typical", 1)
compare("encode, the CSR judged before", { encode, known, SKIP },
        { encode, known, CHECK }, { 1.2, 1.2 })
compare("encode, another CSR each time", { encode, typical, SKIP },
        { encode, typical, CHECK })

row.head "cjson.decode of the same answer"
local answer = { status = 201, headers = {},
                 body = require("bench.nginx").ANSWER }
compare("an order's answer to its result",
        { function(one) return cjson.decode(one.body) end, { answer } },
        { response.order, { answer } }, { 1.35, 1.30 })
