--- A journal that ends with the process: for tests, and for programs that
-- look after lost replies but not after crashes.

local calls = require "certcentral.calls"
local entries = require "certcentral.journal.entries"
local kind = require "certcentral.journal.kind"

local memory = {}
local meta = kind("memory", memory)

function memory:write(entry)
  entries.check(entry)
  if self.closed then
    return nil, entries.CLOSED
  end
  self.entries[#self.entries + 1] = entries.copy(entry)
  return true
end

-- As that of a journal in a file.
function memory:_write_all(list)
  for _, entry in ipairs(list) do
    local ok, message = self:write(entry)
    if not ok then
      return nil, message
    end
  end
  return true
end

function memory:_each(visit)
  if self.closed then
    return nil, entries.CLOSED
  end
  for _, entry in ipairs(self.entries) do
    visit(entries.copy(entry))
  end
  return true
end

calls.methods(meta, "journal", memory)

return function()
  return setmetatable({ entries = {} }, meta)
end
