--- What is due in an account.

local api = require "support.api"
local json = require "certcentral.sandbox.json"

local DAY = 86400
local NOW = 1796083200 -- 2026-12-01

-- The orders of an account: their ids, members of the order and its
-- certificate.
local function client_of(list, more)
  local answers = { ["GET /domain"] = { 403, "{}" } }
  local rows = json.array()
  for i, members in ipairs(list) do
    local order = { id = members.id or i, status = members.status or "issued",
      order_valid_till = members.plan, certificate = { id = 100 + i,
        common_name = members.name or "www.example.com",
        dns_names = members.names, serial_number = "0" .. i,
        valid_from = "2026-06-01", valid_till = members.till } }
    rows[i] = { id = order.id }
    answers[("GET /order/certificate/%d"):format(order.id)] =
      { 200, json.encode(order) }
  end
  answers["GET /order/certificate"] = { 200, json.encode { orders = rows } }
  for line, answer in pairs(more or {}) do
    answers[line] = answer
  end
  local client, requests = api.client(answers)
  client.world.time = function() return NOW end
  return client, requests
end

local function domains(list)
  return { ["GET /domain"] = { 200, json.encode { domains =
    json.array(list) } } }
end

local function ids(list)
  local all = {}
  for i, row in ipairs(list) do
    all[i] = row.order_id
  end
  return all
end

describe("a report", function()
  it("has what is due, the first before the others", function()
    local client, requests = client_of {
      { till = "2026-12-20", plan = "2027-06-01" },
      { till = "2027-06-01", plan = "2027-06-01" },
      { till = "2026-12-05", plan = "2026-12-05" },
      { till = "2026-12-20", plan = "2027-06-01", status = "reissue_pending" },
    }
    local list = assert(client:report())
    assert.are.same({ 4, 1, 3 }, ids(list))
    local row = list[2]
    assert.are.same({ order_id = 1, common_name = "www.example.com",
      serial_number = "01", not_after = NOW + 20 * DAY - 1,
      plan_ends = row.plan_ends, action = row.action, at = row.at,
      reason = row.reason }, row)
    assert.are.equal("2027-06-01", os.date("!%Y-%m-%d", row.plan_ends))
    assert.are.equal("renew", list[3].action)
    assert.are.equal("wait", list[1].action)
    assert.is_truthy(requests[2].line:find("filters%5Bstatus%5D%5B0%5D=issued",
                                           1, true))
    assert.is_truthy(requests[2].line:find("2026-11-01...2027-04-20", 1, true))
  end)

  it("looks as far as it is told", function()
    local client = client_of { { till = "2027-01-20", plan = "2027-01-20" } }
    assert.are.same({}, client:report { within = 10 })
    assert.are.same({ 1 }, ids(client:report { within = 25 }))
  end)

  it("knows when the validations of the domains end", function()
    local client = client_of({
      { till = "2027-06-01", plan = "2027-06-01", name = "a.B.example",
        names = { "*.x.b.example", "c.example" } },
      { till = "2027-06-01", plan = "2027-06-01", name = "d.example" },
    }, domains {
      { id = 1, name = "b.example", dcv_expiration_datetime = "2027-03-01" },
      { id = 2, name = "x.b.example", dcv_expiration_datetime = "2026-12-10" },
      { id = 3, name = "example", dcv_expiration_datetime = "2026-12-02" },
      { id = 4, name = "c.example" },
      { id = 5, name = "d.example", dcv_expiration_datetime = "2027-05-01" },
    })
    local list = assert(client:report())
    assert.are.same({ 1 }, ids(list))
    assert.are.equal("2026-12-02", os.date("!%Y-%m-%d",
                                           list[1].validation_ends))
  end)

  it("is none where an order or the list cannot be read", function()
    for line, answer in pairs {
        ["GET /order/certificate"] = { 403, "{}" },
        ["GET /order/certificate/1"] = { 403, "{}" } } do
      local client = client_of({ { till = "2026-12-20" } }, { [line] = answer })
      local list, err = client:report()
      assert.is_nil(list)
      assert.are.equal("denied", err.kind)
    end
    local client = client_of { {} }
    local list, err = client:report()
    assert.is_nil(list)
    assert.are.equal("protocol", err.kind)
  end)

  it("is not made of what is no option", function()
    local client, requests = client_of {}
    for _, options in ipairs { { within = -1 }, { days = 3 }, 7 } do
      assert.is_false((pcall(client.report, client, options)))
    end
    assert.are.equal(0, #requests)
  end)
end)
