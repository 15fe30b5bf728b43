--- The addresses of this machine, written as such: plain HTTP, which anyone
-- on the way can read, goes to no other. A name may lead anywhere.

local core = require "certcentral.core"

local loopback = {}

--- @param host as it stands in a URL: a name, an IPv4 address, or an IPv6
--   address in brackets
-- @return the address to connect to, as it stands in a URL; nil where that is
--   not certainly this machine. "localhost" is 127.0.0.1 without asking
--   anyone (RFC 6761, section 6.3).
function loopback.address(host)
  if core.lower(host) == "localhost" then
    return "127.0.0.1"
  elseif host == "[::1]" then
    return host
  end
  local octets = { host:match("^(127)%.(%d+)%.(%d+)%.(%d+)$") }
  for _, octet in ipairs(octets) do
    if #octet > 3 or tonumber(octet) > 255 or octet:find("^0.") then
      return nil
    end
  end
  return #octets == 4 and host or nil
end

return loopback
