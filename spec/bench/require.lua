--- require "certcentral" in a fresh process against lua5.4 requiring cjson
-- alone: whole processes, in turn.

local core = require "certcentral.core"
local row = require "bench.row"
local ROUNDS, STARTS = 15, 40

local function run(code)
  local started = core.clock()
  local command = ("for i in $(seq %d); do lua5.4 -e '%s'; done")
    :format(STARTS, code)
  assert(os.execute(command))
  return core.clock() - started
end

local ratios = {}
for i = 1, ROUNDS do
  local base = run('require "cjson"')
  ratios[i] = run('require "certcentral"') / base
end
row.head "requiring cjson alone"
row.print("require in a fresh process", ratios, { 1.05, 1.05 })
