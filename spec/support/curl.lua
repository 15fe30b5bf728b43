-- What the cases of the transport's spec share.

local server = require "spec.support.server"

local curl = {}

curl.KEY = "0123456789ABCDEF-the-key"

-- A good answer, as an action of a server's script.
curl.CREATED = server.answer("201 Created", [[{"id":1}]])

-- A copy of a table with more members.
function curl.copy(from, more)
  local to = {}
  for _, members in ipairs { from, more or {} } do
    for name, value in pairs(members) do
      to[name] = value
    end
  end
  return to
end

return curl
