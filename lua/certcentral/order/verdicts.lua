--- What libcrypto says of CSRs. The last 16 that it found fine are kept: to
-- judge one costs more than all else that an order takes.

local core = require "certcentral.core"

local MOST = 16
local SETTLED = 2 -- seconds: a file may change again in the second it did

local verdicts = {}

local kept, last = {}, 0 -- a ring of { pem, blocklist, modified, names }

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

local function find(pem, blocklist, state)
  for i = 1, MOST do
    local one = kept[i]
    if one and one.pem == pem and one.blocklist == blocklist and
       one.state == state then
      return one
    end
  end
end

-- A text with a private key is not kept in memory.
local function keep(pem, blocklist, state, names)
  if not pem:find("PRIVATE", 1, true) then
    last = last % MOST + 1
    kept[last] = { pem = pem, blocklist = blocklist, state = state,
                   names = names }
  end
end

--- Whether a public CA may sign a CSR.
-- @param blocklist the name of a file, or nil
-- @return nil, true, the CSR's names and the warnings about it, as the core
--   reads them; the reason against it, false; or false, why the blocklist is
--   of no use
function verdicts.of(pem, blocklist)
  local state = state_of(blocklist)
  local one = state and find(pem, blocklist, state)
  if one then
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
