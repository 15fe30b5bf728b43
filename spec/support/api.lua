-- The documented bodies of cases/api, and a transport that answers with them.

local files = require "support.files"
local lfs = require "lfs"
local json = require "certcentral.sandbox.json"
local support = require "support.client"

local here = debug.getinfo(1, "S").source:match("^@(.*)support[/\\]api%.lua$")
local cases = assert(here, "support/api.lua was loaded from no file")
  .. "cases/api/"

local api = {}

--- The text of a documented body.
function api.text(name)
  return files.read(cases .. name .. ".json")
end

--- The same, decoded.
function api.body(name)
  return assert(json.decode(api.text(name)))
end

--- The names of all documented bodies that end so.
function api.names()
  local list = {}
  for file in lfs.dir(cases) do
    list[#list + 1] = file:match("^(.*)%.json$")
  end
  return list
end

--- A client whose service answers by `answers`: "METHOD /path" -> {status,
-- body, headers}, a function(request, n) that returns such a one (or nil,
-- failure), or a list of them for one request after the other. Anything else
-- is not found: of a look-up by name, no order.
-- @return client, list of requests {line, path, query, body, headers}
function api.client(answers, more)
  local requests, seen = {}, {}
  local client = support.new(function(request)
    local path = request.url:match("^https?://[^/]+/services/v2(.*)$")
    local line = request.method .. " " .. path
    local plain = line:match("^[^?]*")
    seen[plain] = (seen[plain] or 0) + 1
    requests[#requests + 1] = {
      line = line, body = request.body, headers = request.headers }
    local answer = answers[line] or answers[plain]
    if type(answer) == "function" then
      local failure
      answer, failure = answer(request, seen[plain])
      if not answer then
        return nil, failure
      end
    elseif answer and type(answer[1]) == "table" then
      answer = answer[math.min(seen[plain], #answer)]
    end
    answer = answer or { 404, ('{"errors":[{"code":"not_found|%s"}]}')
      :format(plain:find("/order/alternate/", 1, true) and "order" or
              "route") }
    return { status = answer[1], body = answer[2],
             headers = answer[3] or {} }
  end, more)
  return client, requests
end

return api
