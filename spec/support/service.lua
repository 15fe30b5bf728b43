-- A service that follows a script, in a world where waiting takes no time.
--
--   service.new { post = {...}, lookup = {...}, details = {[id] = table} }
--
-- Each of the lists holds what is answered in turn, the last for ever:
--   a number            that status, with an empty body; to a look-up 404 is
--                       CertCentral's own
--   "lost", "refused"   no answer; nothing reached the server
--   a list of orders    200, with these orders (for look-ups)
--   a table with status as it is

local clocks = require "certcentral.sandbox.clock"
local json = require "certcentral.sandbox.json"
local support = require "support.client"

local service = {}

--- The answer to an order that is placed.
service.PLACED = { status = 201, headers = {}, body = support.BODY }

local function next_of(list, counts, name)
  counts[name] = (counts[name] or 0) + 1
  return list[math.min(counts[name], #list)]
end

--- CertCentral's answer where no order has the name.
service.NONE = { status = 404, headers = {}, body =
  '{"errors":[{"code":"not_found|order","message":"No order was found."}]}' }

local function answer_of(step)
  if step == "lost" then
    return nil, { sent = "maybe", message = "the answer was lost" }
  elseif step == "refused" then
    return nil, { sent = "no", message = "no connection" }
  elseif type(step) == "number" then
    return { status = step, headers = {}, body = "" }
  elseif step.status then
    return step
  end
  return { status = 200, headers = {},
           body = json.encode { orders = json.array(step) } }
end

--- @return the service: world (a transport), requests {method, path, at} with
-- `at` in seconds since the start, clock
function service.new(script)
  local clock, requests, counts = clocks.new(1764000000), {}, {}
  local start = clock()
  local function perform(request)
    local path = request.url:match("/services/v2(.*)$")
    requests[#requests + 1] = { method = request.method, path = path,
                                at = clock() - start, body = request.body,
                                timeout = request.timeout }
    if request.method == "POST" then
      return answer_of(next_of(script.post, counts, "post"))
    elseif path:find("^/order/alternate/") then
      local step = next_of(script.lookup, counts, "lookup")
      return answer_of(step == 404 and service.NONE or step)
    end
    local details = script.details and
                    script.details[tonumber(path:match("(%d+)$"))]
    if type(details) ~= "table" then
      return answer_of(details or 404)
    end
    return { status = 200, headers = {}, body = json.encode(details) }
  end
  return {
    requests = requests, clock = clock,
    world = { perform = perform, clock = clock, time = clock,
              sleep = clock.sleep,
              random = function() return script.random or 0.5 end },
  }
end

return service
