-- The control routes: what a test asks of the sandbox itself. They need no
-- key, meet no fault and are not counted as requests. Bodies and answers are
-- JSON; what is wrong with a body is answered with 400. The table below has
-- them all; GET / lists it.
--
-- In process the same are methods of the sandbox: orders, requests, mails,
-- set_clock, advance, set_pace, validate_domain, publish,
-- validate_organization, force_status, set_shapes, set_account, fault, release,
-- reset.

local dcv = require("certcentral.sandbox.dcv")
local faults = require("certcentral.sandbox.faults")
local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")

local control = {}

local function bad_request(message)
  return http.error(400, "bad_request_format", message)
end

-- A route whose body is one thing or an array of them; all or none.
local function add_all(problem_of, add, answer)
  return function(sandbox, call)
    local value, message = json.decode(call.body)
    if value == nil then
      return bad_request(message)
    end
    local list = json.is_array(value) and value or { value }
    for _, item in ipairs(list) do
      local problem = problem_of(item)
      if problem then
        return bad_request(problem)
      end
    end
    for _, item in ipairs(list) do
      add(sandbox, item)
    end
    return http.answer(201, { [answer] = #list })
  end
end

local function add_fault(sandbox, fault)
  sandbox:fault(fault)
end

-- A route whose body is an object. `act` may raise about what is in it; what
-- it returns is the answer, without that the body.
local function with_object(act, expected)
  return function(sandbox, call)
    local value, message = json.decode(call.body)
    if not json.is_object(value) then
      return bad_request(message or "expected " .. expected)
    end
    local ok, answer = pcall(act, sandbox, value)
    if not ok then
      return bad_request((tostring(answer):gsub("^[^ ]*:%d+: ", "")))
    end
    return http.answer(201, answer or value)
  end
end

local function add_domain(sandbox, value)
  if type(value.name) ~= "string" then
    error("expected {\"name\": \"a domain\"}", 0)
  end
  sandbox:validate_domain(value.name)
end

local function set_clock(sandbox, value)
  if type(value.advance) == "number" then
    sandbox:advance(value.advance)
  elseif type(value.now) == "number" then
    sandbox:set_clock(value.now)
  else
    error("expected {\"advance\": seconds} or {\"now\": seconds}", 0)
  end
  return { now = sandbox.clock() }
end

local function set_organization(sandbox, value)
  sandbox:validate_organization(value.id, value.validated ~= false)
end

local function set_status(sandbox, value)
  local status = value.status
  if type(status) ~= "string" and status ~= json.null then
    error("expected a status, or null", 0)
  end
  sandbox:force_status(value.order_id, status ~= json.null and status or nil)
end

-- A route that hands its body to a method.
local function hand_to(method)
  return with_object(function(sandbox, value)
    sandbox[method](sandbox, value)
  end, "an object")
end

local function show_clock(sandbox)
  return http.answer(200, { now = sandbox.clock() })
end

local function reset(sandbox)
  sandbox:reset()
  return http.answer(200, {})
end

local function release(sandbox)
  sandbox:release()
  return http.answer(200, {})
end

local function show(member)
  return function(sandbox)
    return http.answer(200, { [member] = sandbox[member](sandbox) })
  end
end

-- Method, path, what answers, what it is, and a body to try.
local ROUTES = {
  { "GET", "/sandbox/orders", show("orders"), "the orders that were stored" },
  { "GET", "/sandbox/requests", show("requests"),
    "the API requests that were read" },
  { "GET", "/sandbox/mails", show("mails"),
    "the mails that were sent for domain control" },
  { "GET", "/sandbox/clock", show_clock, "what time it is here" },
  { "POST", "/sandbox/clock", with_object(set_clock, "an object"),
    "goes on by so many seconds, or to {\"now\": seconds since 1970}",
    '{"advance": 86400}' },
  { "POST", "/sandbox/pace", hand_to("set_pace"),
    "how long things take by themselves, in seconds or false for never: "
      .. "approve_after, validate_after, poll_after, organization_after, "
      .. "issue_after", '{"issue_after": 5}' },
  { "POST", "/sandbox/domains", with_object(add_domain,
    "{\"name\": \"a domain\"}"), "a domain that is validated from now on",
    '{"name": "example.net"}' },
  { "POST", "/sandbox/records", add_all(dcv.problem, dcv.publish,
    "published"), "what is to be found on the net from now on, one or an "
      .. "array: type TXT, CNAME or FILE",
    '{"type": "TXT", "name": "example.net", "value": "a-value"}' },
  { "POST", "/sandbox/organizations", with_object(set_organization,
    "{\"id\": an id, \"validated\": true or false}"),
    "whether an organization is validated",
    '{"id": 123456, "validated": true}' },
  { "POST", "/sandbox/status", with_object(set_status,
    "{\"order_id\": an id, \"status\": text or null}"),
    "the status of an order, any text; null for the one that is due",
    '{"order_id": 1000001, "status": "rejected"}' },
  { "POST", "/sandbox/shapes", hand_to("set_shapes"),
    "odd shapes of answers: string_ids, empty_as_list, nothing_as_object, "
      .. "done_with_body, validations_key, reversed_chains",
    '{"string_ids": true}' },
  { "POST", "/sandbox/account", hand_to("set_account"),
    "what the account may do: role, key_role, products, limits, benefits; "
      .. "null takes one back", '{"role": null}' },
  { "POST", "/sandbox/faults", add_all(faults.problem, add_fault, "queued"),
    "a fault of the next request, or an array of them: kind "
      .. faults.kinds(), '{"kind": "lose"}' },
  { "POST", "/sandbox/release", release,
    "answers the requests that the fault \"hold\" holds" },
  { "POST", "/sandbox/reset", reset, "forgets all of it" },
}

--- The control routes, in order: a list of {method, path, what, body}, body a
-- JSON text that it takes, or nil where it takes none.
function control.routes()
  local list = {}
  for i, row in ipairs(ROUTES) do
    list[i] = { method = row[1], path = row[2], what = row[4],
                body = row[5] }
  end
  return list
end

function control.is_control(call)
  return call.segments[1] == "sandbox" or #call.segments == 0
end

function control.handle(sandbox, call)
  if call.method == "GET" and #call.segments < 2
     and call.path:find("/$") then
    return http.answer(200, { routes = json.array(control.routes()) })
  end
  for _, row in ipairs(ROUTES) do
    if call.method == row[1] and call.path == row[2] then
      return row[3](sandbox, call)
    end
  end
  return http.error(404, "not_found|route",
    "The sandbox has no such control route: GET / lists them.")
end

return control
