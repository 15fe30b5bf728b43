-- Bodies that are no orders: reissues, duplicates, new organizations.

local api = require "support.api"

local ANSWER = { 201, '{"id":7}' }

local function paths_of(list)
  local paths = {}
  for i, problem in ipairs(list) do
    paths[i] = problem.path .. " " .. problem.code
  end
  return paths
end

-- The call of a case: what it returns, and what was sent.
local function call(case)
  local client, requests = api.client {
    ["POST /order/certificate/7/reissue"] = ANSWER,
    ["POST /order/certificate/7/duplicate"] = ANSWER,
    ["POST /organization"] = ANSWER }
  local value, more
  if case.method == "create_organization" then
    value, more = client:create_organization(case.given, case.options)
  else
    value, more = client[case.method](client, 7, case.given)
  end
  return value, more, requests
end

describe("a body", function()
  for _, case in ipairs(require "cases.bodies") do
    it("of " .. case.name, function()
      local value, more, requests = call(case)
      if case.body then
        assert.are.same({ id = 7 }, value)
        assert.are.equal(case.body, requests[1].body)
        assert.are.same(case.warnings or {}, paths_of(more.warnings or {}))
        assert.are.equal(1, #requests)
      else
        assert.is_nil(value)
        assert.are.equal("invalid", more.kind)
        assert.are.same(case.problems, paths_of(more.problems))
        assert.are.equal(0, #requests)
      end
    end)
  end
end)
