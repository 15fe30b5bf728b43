-- The transport over libcurl.
--
--   local transport, close = require "certcentral.transport.curl" {
--     api_key = secret, ca_file =, proxy =, user_agent =, body_max = }
--   local response, failure = transport(request)
--   close()
--
-- Returns a function of one request, and a function that closes its
-- connections and wipes the key (twice is fine; the garbage collector does
-- it too); or nil and a message. libcurl is loaded by the call, not by
-- require: it brings thirty libraries with it.

return function(options)
  local handle, message = require "certcentral.curl".new(options)
  if not handle then
    return nil, message
  end

  local function transport(request)
    return handle:perform(request)
  end

  local function close()
    handle:close()
  end

  return transport, close
end
