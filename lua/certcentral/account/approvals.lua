--- Requests: what waits for somebody's approval.

local arguments = require "certcentral.account.arguments"
local json = require "certcentral.json"
local errors = require "certcentral.error"
local orders = require "certcentral.account.orders"
local query = require "certcentral.account.query"
local shapes = require "certcentral.client.shapes"
local rules = require "certcentral.rules"

local requests = {}

local STATUS = rules.choice { "submitted", "pending", "approved",
                                  "rejected" }

--- Lists requests.
-- @param options status: of those wanted; without it, of any
-- @return list; or nil, err
function requests.requests(self, options)
  options = arguments.options(options, { status = STATUS }, "requests")
  local value, err = arguments.call(self)
    :ask("/request" .. query.text { { "status", options.status } })
  if not value then
    return nil, err
  end
  local list = shapes.list(shapes.tidy(value), "requests")
  if not list then
    return nil, errors.new("protocol", "the answer has no list of requests")
  end
  return list
end

--- Reads a request.
-- @return the request; or nil, err
function requests.request(self, id)
  id = arguments.id(id, "request", "request")
  local value, err = arguments.call(self):ask(("/request/%d"):format(id))
  if not value then
    return nil, err
  end
  return shapes.about(shapes.tidy(value), id, "request")
end

local function settle(self, who, id, status, comment)
  id = arguments.id(id, "request", who)
  if comment ~= nil then
    arguments.check(comment, rules.text, "comment", who)
  end
  local done, err = orders.change(self, {
    path = ("/request/%d/status"):format(id),
    body = json.object { { "status", status },
                         { "processor_comment", comment } },
    what = ("the answer to request %d"):format(id),
    look = ("client:request(%d)"):format(id),
  })
  return done and true, not done and err or nil
end

--- Approves a request.
-- @param comment a note, or nil
-- @return true; or nil, err
function requests.approve(self, id, comment)
  return settle(self, "approve", id, "approved", comment)
end

--- Rejects a request.
-- @param comment a note, or nil
-- @return true; or nil, err
function requests.reject(self, id, comment)
  return settle(self, "reject", id, "rejected", comment)
end

return requests
