-- Places orders from the loop of a game server, 60 times a second, which must
-- never wait: not for the network, a name server or the rate budget.
-- $CERTCENTRAL_API_KEY holds the key; arguments: the CSR's file, how many.

local certcentral = require "certcentral"
local core = require "certcentral.core" -- a clock, for this program alone
local csr_file = assert(arg[1], "usage: game_loop.lua CSR [COUNT]")
local csr = assert(io.open(csr_file)):read("*a")
local count = tonumber(arg[2]) or 20

local client = certcentral.assert(certcentral.new())
local queue = client:queue { concurrency = 10 }
local placed, failed = 0, 0

local function on_outcome(outcome)
  if outcome.ok then
    placed = placed + 1
  else
    failed = failed + 1
    print(outcome.err)
  end
end

for i = 1, count do
  queue:add({
    certificate = {
      common_name = ("server%d.example.com"):format(i),
      csr = csr,
      signature_hash = "sha256",
    },
    organization = { id = 123456 },
    order_validity = { years = 1 },
  }, on_outcome)
end

local FRAME = 1 / 60 -- seconds
local frames, longest = 0, 0
local left = count
while left > 0 do
  local began = core.clock()
  -- ... the game moves on ...
  left = queue:step(0)
  local step = core.clock() - began
  frames, longest = frames + 1, math.max(longest, step)
  core.sleep(math.max(0, FRAME - step)) -- as the engine does
end
client:close()

print(("%d orders placed, %d failed, in %d frames"):format(placed, failed,
                                                           frames))
print(("the longest step took %.1f ms"):format(longest * 1000))
