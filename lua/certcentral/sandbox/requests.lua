-- Requests: what waits for somebody's approval.

local http = require("certcentral.sandbox.http")
local json = require("certcentral.sandbox.json")
local life = require("certcentral.sandbox.life")
local paging = require("certcentral.sandbox.paging")
local roles = require("certcentral.sandbox.roles")
local show = require("certcentral.sandbox.show")

local requests = {}

local STATUS = { submitted = true, pending = true, approved = true,
  rejected = true }

local PROPERTIES = {
  status = function(request) return request.status end,
  type = function(request) return request.type end,
  order_id = function(request) return request.order.id end,
}

local function with_status(list, status)
  local kept = {}
  for _, request in ipairs(list) do
    kept[#kept + 1] = (not status or request.status == status) and request
      or nil
  end
  return kept
end

-- GET /request
function requests.list(sandbox, call)
  local status = call.query.status
  if status and not STATUS[status] then
    return http.invalid("status")
  end
  life.settle_all(sandbox)
  local part, problem, page = paging.select(call,
    with_status(sandbox.request_list, status), PROPERTIES, PROPERTIES)
  if not part then
    return problem
  end
  local list = json.array()
  for index, request in ipairs(part) do
    list[index] = show.request(sandbox, request)
  end
  return http.list("requests", list, page)
end

local function find(sandbox, text)
  local request = sandbox.request_by_id[http.id(text)]
  if not request then
    return nil, http.not_found("request")
  end
  life.settle(sandbox, request.order)
  return request
end

-- GET /request/{id}
function requests.info(sandbox, _, parameters)
  local request, problem = find(sandbox, parameters.id)
  return problem or http.answer(200, show.full_request(sandbox, request))
end

local function text_of(value)
  return type(value) == "string" and value or nil
end

-- PUT /request/{id}/status
function requests.set_status(sandbox, call, parameters)
  local request, body = http.with_object(call, false,
    find(sandbox, parameters.id))
  if not request then
    return body
  elseif not STATUS[body.status] then
    return http.invalid("status")
  elseif not roles.may_approve(sandbox) then
    return http.denied("The user of this key may not process requests.")
  elseif not life.is_waiting(request) then
    return http.wrong_state(("The request is %s."):format(request.status))
  end
  life.decide(request, body.status, sandbox.clock())
  request.processor_comment = text_of(body.processor_comment)
  life.settle(sandbox, request.order)
  return http.done()
end

return requests
