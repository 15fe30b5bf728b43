-- Places orders from an event loop that sleeps on sockets: libuv's, by luv
-- (Debian: lua-luv). $CERTCENTRAL_API_KEY holds the key; arguments: the CSR's
-- file, how many.

local certcentral = require "certcentral"
local uv = require "luv"
local csr_file = assert(arg[1], "usage: poll_loop.lua CSR [COUNT]")
local csr = assert(io.open(csr_file)):read("*a")

local client = certcentral.assert(certcentral.new())
local queue = client:queue()
local timer, polls, turns = uv.new_timer(), {}, 0

-- Lets the queue have its turn, then waits for what it waits for. Its
-- sockets may be others after each step, so they are watched anew.
local function turn()
  for _, poll in ipairs(polls) do
    poll:stop()
    poll:close()
  end
  polls, turns = {}, turns + 1
  if queue:step(0) == 0 then
    timer:close()
    return
  end
  for i, one in ipairs(queue:fds()) do
    polls[i] = uv.new_poll(one.fd)
    polls[i]:start(one.events, turn)
  end
  timer:stop()
  local seconds = queue:next_timeout()
  if seconds then
    timer:start(math.ceil(seconds * 1000), 0, turn)
  end
end

for i = 1, tonumber(arg[2]) or 5 do
  queue:add({
    certificate = {
      common_name = ("www%d.example.com"):format(i),
      csr = csr,
      signature_hash = "sha256",
    },
    organization = { id = 123456 },
    order_validity = { years = 1 },
  }, function(outcome)
    print(outcome.ok and "order " .. outcome.result.id or outcome.err)
  end)
end

timer:start(0, 0, turn)
uv.run()
client:close()
print(("done after %d turns of the loop"):format(turns))
