-- luacheck: globals arg
-- Prints the messages that the library gives to people, each with the test that
-- leads to it: what the quick specs make it say. `make messages`
local SPECS = {
  account = { "certificate", "endpoints", "domains", "ensure_reissue", "keep",
    "preflight", "reissue", "renew", "save", "wait" },
  client = { "budget", "claims", "client", "failures", "http_date", "log",
    "lookup", "options", "outcome", "policy", "recover", "response" },
  face = { "help", "mistakes" },
  many = { "place_orders", "queue" },
  order = { "csr", "csr_generate", "csr_names", "date", "defaults", "formats",
    "order_from_csr", "rules", "validate" },
  transport = { "transport_thread" },
}

-- What takes long and says the same again and again.
local NOT = { "cut anywhere", "random names", "Public Suffix List is followed",
              "an odd byte", "makes a key", "encrypts a key", "1000 times",
              "whatever happens" }

arg = { [0] = "busted", "--output=spec/support/messages.lua",
        "--pattern=_spec" }
for _, pattern in ipairs(NOT) do
  arg[#arg + 1] = "--filter-out=" .. pattern
end
for room, names in pairs(SPECS) do
  for _, name in ipairs(names) do
    arg[#arg + 1] = ("spec/%s/%s_spec.lua"):format(room, name)
  end
end
require "busted.runner"({ standalone = false })
