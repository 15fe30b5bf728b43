-- Which handler answers which path of the API.

local account = require("certcentral.sandbox.account")
local http = require("certcentral.sandbox.http")
local orders = require("certcentral.sandbox.orders")

local routes = {}

routes.BASE = "/services/v2"

-- {method, path, handler}; a segment ":name" takes any text and hands it to
-- the handler as parameters.name. The first row that fits wins, so fixed
-- segments stand above free ones.
local ROWS = {
  { "GET", "/user/me", account.me },
  { "GET", "/order/alternate/:id", orders.by_alternative },
  { "GET", "/order/certificate/:id", orders.info },
  { "POST", "/order/certificate/:product", orders.place },
}

local function split(path)
  local segments = {}
  for segment in path:gmatch("[^/]+") do
    segments[#segments + 1] = segment
  end
  return segments
end

local BASE = split(routes.BASE)

for _, row in ipairs(ROWS) do
  row.segments = split(routes.BASE .. row[2])
end

-- The parameters when `segments` fit the row, else nil.
local function match(row, segments)
  if #row.segments ~= #segments then
    return nil
  end
  local parameters = {}
  for index, wanted in ipairs(row.segments) do
    if index > #BASE and wanted:sub(1, 1) == ":" then
      parameters[wanted:sub(2)] = segments[index]
    elseif wanted ~= segments[index] then
      return nil
    end
  end
  return parameters
end

-- Answers a call: 404 for a path that no row has, 405 for a method that the
-- path does not take.
function routes.answer(sandbox, call)
  local is_known = false
  for _, row in ipairs(ROWS) do
    local parameters = match(row, call.segments)
    if parameters and row[1] == call.method then
      return row[3](sandbox, call, parameters)
    end
    is_known = is_known or parameters ~= nil
  end
  if is_known then
    return http.error(405, "method_not_allowed",
      "The specified route does not take this method.")
  end
  return http.error(404, "not_found|route",
    "The specified route was not found.")
end

return routes
