--- What all journals of this package have.

local entries = require "certcentral.journal.entries"
local scans = require "certcentral.journal.scan"

--- The metatable of a kind of journals, with what all kinds have.
-- @param methods write, and _each(visit) as scan.lua calls it
return function(name, methods)
  methods.open_orders = scans.open_orders
  function methods:close()
    self.closed = true
  end
  function methods:read()
    local list, skipped = {}, 0
    local ok, message = self:_each(function(entry)
      list[#list + 1] = entry
      skipped = skipped + (entry and 0 or 1)
    end)
    if not ok then
      return nil, message
    end
    return list, skipped
  end
  return {
    own = entries, __index = methods, __close = methods.close,
    __tostring = function(self)
      return ("certcentral.journal (%s)%s"):format(self.path or name,
        self.closed and " (closed)" or "")
    end,
  }
end
