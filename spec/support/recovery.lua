-- What each of support.fault_cases' rows is held to.

local assert = require "luassert"

local recovery = {}

local function count(requests, method, part)
  local n = 0
  for _, request in ipairs(requests) do
    if request.method == method and request.path:find(part, 1, true) then
      n = n + 1
    end
  end
  return n
end

--- Checks what came of a case.
-- @param case the row
-- @param result, info what place_order gave: or nil, err
-- @param stored the orders that the service has
-- @param requests those that it has seen
function recovery.check(case, result, info, stored, requests)
  local told = result and "placed" or info.outcome
  assert.are.equal(case.told, told)
  assert.are.equal(case.stored, #stored)
  assert.are.equal(case.attempts, info.attempts)
  local lookups = count(requests, "GET", "/order/alternate/")
  assert.are.equal(case.lookups or lookups, lookups)
  if result then
    assert.are.equal(stored[1].order_id, result.id)
    assert.are.equal(case.recovered, info.recovered)
    assert.are.equal(stored[1].alternative_order_id,
                     info.alternative_order_id)
    assert.are.same({}, info.warnings)
  else
    assert.are.equal(case.kind, info.kind)
  end
  assert.are.equal((case.options or {}).once ~= false,
                   type(info.alternative_order_id) == "string")
end

return recovery
