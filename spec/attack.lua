-- An attack: the simulation of simulation_spec.lua for a long time. Prints
-- the sums and what went wrong, with the seeds to see it again.
--
--   attack.lua [COUNT [SEED]]

local journals = require "support.journal"
local judge = require "support.simulated_judge"
local simulation = require "support.simulation"

local COUNT = tonumber(arg[1] or 20000)
local SEED = tonumber(arg[2] or os.time())
local SHOWN = 10 -- faults that are told in full

local directory = journals.directory()
local sums, faults = simulation.run(SEED, COUNT, directory)
journals.remove(directory)

for i = 1, math.min(#faults, SHOWN) do
  print(faults[i])
end
print(("seed %d: %s"):format(SEED, judge.line(sums)))
local failed = 0
for _, name in ipairs(judge.FAULTS) do
  failed = failed + (sums[name] > 0 and 1 or 0)
end
print(("%d passed, %d failed"):format(#judge.FAULTS - failed, failed))
os.exit(failed == 0)
