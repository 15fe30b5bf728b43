-- What runs in nginx's worker threads for certcentral.transport.thread, each
-- in a Lua state of its own, which keeps connections for later tasks. A
-- state does one task at a time.

local core = require "certcentral.core"
local curl = require "certcentral.curl"

local task = {}

local HANDLES_MAX = 8

local handles, count = {}, 0 -- by their options

local function forget_handles()
  for _, handle in pairs(handles) do
    handle:close()
  end
  handles, count = {}, 0
end

-- The handle has no key: that comes with each request, and may be another's.
local function handle_for(options)
  local name = ("%s\0%s\0%s"):format(options.ca_file or "",
    options.proxy or "", options.body_max or "")
  local handle, message = handles[name], nil
  if not handle then
    if count >= HANDLES_MAX then
      forget_handles()
    end
    handle, message = curl.new(options)
    if handle then
      handles[name], count = handle, count + 1
    end
  end
  return handle, message
end

--- One exchange.
-- @param options those of a handle of libcurl's
-- @param request as for a transport
-- @param ends by core.clock(), which all threads share: when it is over
-- @return response; or nil, failure
function task.perform(options, request, ends)
  local left = ends - core.clock()
  if left <= 0 then
    return nil, { sent = "no", message =
      ("no worker thread was free within %g seconds"):format(request.timeout) }
  end
  local handle, message = handle_for(options)
  if not handle then
    return nil, { sent = "no", config = true, message = message }
  end
  request.timeout = math.min(request.timeout, left)
  request.connect_timeout = math.min(request.connect_timeout, left)
  local ok, response, failure = pcall(handle.perform, handle, request)
  if not ok then
    return nil, { sent = "maybe", message = tostring(response) }
  end
  return response, failure
end

return task
