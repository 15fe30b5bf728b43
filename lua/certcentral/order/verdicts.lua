--- What libcrypto says of CSRs. The last 16 that it found fine are kept: to
-- judge one costs more than all else that an order takes.

local core = require "certcentral.core"

local MOST = 16
local SETTLED = 2 -- seconds: a file may change again in the second it did

local verdicts = {}

local kept = {} -- a CSR -> { blocklist, state, names }
local ring, last = {}, 0 -- the CSRs, the oldest to go next

-- When a blocklist was changed, if that tells whether it has changed since:
-- true without a list, or nil.
local function state_of(blocklist)
  if not blocklist then
    return true
  end
  local named = blocklist ~= "" and not blocklist:find("%z")
  local modified = named and core.modified(blocklist)
  local age = modified and os.time() - modified
  return age and age >= SETTLED and modified or nil
end

-- A text with a private key is not kept in memory.
local function keep(pem, blocklist, state, names)
  if pem:find("PRIVATE", 1, true) then
    return
  elseif not kept[pem] then
    last = last % MOST + 1
    if ring[last] then
      kept[ring[last]] = nil
    end
    ring[last] = pem
  end
  kept[pem] = { blocklist = blocklist, state = state, names = names }
end

--- What is known of a CSR that was found fine without a blocklist: its names
-- and the warnings about it, as the core reads them; or nil.
function verdicts.known(pem)
  local one = kept[pem]
  return one and one.state == true and one.names or nil
end

--- Whether a public CA may sign a CSR.
-- @param blocklist the name of a file, or nil
-- @return nil, true, the CSR's names and the warnings about it, as the core
--   reads them; the reason against it, false; or false, why the blocklist is
--   of no use
function verdicts.of(pem, blocklist)
  local state, one = state_of(blocklist), kept[pem]
  if one and one.state == state and one.blocklist == blocklist then
    return nil, true, one.names
  end
  local names, message, why = require("certcentral.x509").judge(pem, blocklist)
  if why then
    return false, ("cannot use the blocklist '%s': %s"):format(blocklist, why)
  elseif state and not message then
    keep(pem, blocklist, state, names)
  end
  return message, message == nil, names
end

return verdicts
