-- luacheck: globals arg
-- Saves a certificate, for specs that limit what this process may write.
-- Arguments: the key's file, then names and files, as "chain" "/a/b.pem".
local api = require "support.api"
local chain = require "support.chain"
local issued = require "support.issued"

local client = api.client(issued.answers(chain.text "aAlib"))
local files = { private_key = chain.private "leaf", key = arg[1] }
for i = 2, #arg, 2 do
  files[arg[i]] = arg[i + 1]
end
local found, err = client:save(7, files)
print(found and "saved" or err)
