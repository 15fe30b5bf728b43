-- The control routes: what a test asks of the sandbox itself. They need no
-- key, meet no fault and are not counted as requests.

local faults = require("certcentral.sandbox.faults")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")

local control = {}

local function bad_request(message)
  return http.error(400, "bad_request_format", message)
end

-- POST /sandbox/faults: one fault, or an array of them; all or none.
local function add_faults(sandbox, call)
  local value, message = json.decode(call.body)
  if value == nil then
    return bad_request(message)
  end
  local list = json.is_array(value) and value or { value }
  for _, fault in ipairs(list) do
    local problem = faults.problem(fault)
    if problem then
      return bad_request(problem)
    end
  end
  for _, fault in ipairs(list) do
    sandbox:fault(fault)
  end
  return http.answer(201, { queued = #list })
end

-- POST /sandbox/domains: {"name": ...} counts as validated from now on.
local function add_domain(sandbox, call)
  local value, message = json.decode(call.body)
  if not json.is_object(value) or type(value.name) ~= "string" then
    return bad_request(message or "expected {\"name\": \"a domain\"}")
  end
  sandbox:validate_domain(value.name)
  return http.answer(201, { name = value.name })
end

local function reset(sandbox)
  sandbox:reset()
  return http.answer(200, {})
end

local function show(member)
  return function(sandbox)
    return http.answer(200, { [member] = sandbox[member](sandbox) })
  end
end

local ROUTES = {
  ["GET /sandbox/orders"] = show("orders"),
  ["GET /sandbox/requests"] = show("requests"),
  ["POST /sandbox/faults"] = add_faults,
  ["POST /sandbox/domains"] = add_domain,
  ["POST /sandbox/reset"] = reset,
}

function control.is_control(call)
  return call.segments[1] == "sandbox"
end

function control.handle(sandbox, call)
  local route = ROUTES[call.method .. " " .. call.path]
  if not route then
    return http.error(404, "not_found|route",
      "The sandbox has no such control route.")
  end
  return route(sandbox, call)
end

return control
