--- encode() against cjson.encode of the same tables, which looks at nothing.
-- One process holds both; each round runs a batch of both in turn, and the
-- ratio is taken within the round.

local certcentral = require "certcentral"
local cjson = require "cjson"
local orders = require "bench.orders"

local ROUNDS, CALLS = 31, 2000
local options = { check_csr = false, now = 1795500000 }

local function run(f, pool, argument)
  local started = os.clock()
  for i = 1, CALLS do
    assert(f(pool[i % #pool + 1], argument))
  end
  return os.clock() - started
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) / 2]
end

local function encode_blindly(order)
  return cjson.encode(order)
end

local function compare(name, pool, f, argument)
  local ratios = {}
  run(f, pool, argument)
  for i = 1, ROUNDS do
    local ours = run(f, pool, argument)
    ratios[i] = ours / run(encode_blindly, pool)
  end
  print(("%-34s %.3f"):format(name, median(ratios)))
end

print(("%s; base: cjson.encode of the same table = 1")
  :format(rawget(_G, "jit") and jit.version or _VERSION)) -- luacheck: ignore
for _, kind in ipairs { "typical", "maximal" } do
  local pool = orders.pool(kind, 64)
  compare("encode, " .. kind, pool, certcentral.encode, options)
  compare("validate, " .. kind, pool, certcentral.validate, options)
end
