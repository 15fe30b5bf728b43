-- Lists of the sandbox: filters, order, pages, changes of status.

local box = require "support.box"

local DAY = box.DAY

-- Orders of four kinds, a day apart; it.ids[1] is the oldest.
local function spread()
  local it = box.new()
  it.ids = {}
  for i, case in ipairs {
    { { skip_approval = true }, { common_name = "example.com" } },
    { { skip_approval = true, order_validity = { days = 30 } },
      { common_name = "b.example.net" } },
    { {}, { common_name = "*.example.org" } },
    { { organization = { id = 1 }, skip_approval = true },
      { common_name = "www.example.dev",
        dns_names = { "shop.example.dev" } } },
  } do
    it.ids[i] = box.place(it, case[1], case[2]).id
    it.clock:advance(DAY)
  end
  return it
end

-- Which of the orders come, as "1 2".
local function found(it, options)
  local place, list = {}, {}
  for i, id in ipairs(it.ids) do
    place[id] = i
  end
  for order, err in it.client:orders(options) do
    list[#list + 1] = order and place[order.id] or err.message
  end
  return table.concat(list, " ")
end

describe("the list of orders", function()
  local cases = {
    { nil, "1 2 3 4" },
    { { status = "issued" }, "1 2" },
    { { status = { "pending", "needs_approval" } }, "3 4" },
    { { status = "revoked" }, "" },
    { { common_name = "example.com" }, "1" },
    { { common_name = "%example.%" }, "1 2 3 4" },
    { { common_name = "%.dev" }, "4" },
    { { search = "shop" }, "4" },
    { { search = "%example.o%" }, "3" },
    { { organization_id = 1 }, "4" },
    { { organization_id = { 1, 123456 } }, "1 2 3 4" },
    { { container_id = 5 }, "1 2 3 4" },
    { { container_id = 6 }, "" },
    { { product_name_id = "ssl_securesite_flex" }, "1 2 3 4" },
    { { product_name_id = "ssl_basic" }, "" },
    { { date_created = { from = "2026-01-02", to = "2026-01-03" } }, "2 3" },
    { { date_created = "2026-01-04" }, "4" },
    { { date_created = { from = "2026-01-02" } }, "3 4" },
    { { date_created = { to = "2026-01-02" } }, "1" },
    { { valid_till = { to = "2026-02-15" } }, "2" },
    { { valid_till = { from = "2026-02-15" } }, "1" },
    { { sort = "-date_created" }, "4 3 2 1" },
    { { sort = "status" }, "1 2 3 4" },
    { { sort = "-status" }, "4 3 1 2" },
    { { sort = "common_name" }, "3 2 1 4" },
    { { sort = { "status", "-order_id" } }, "2 1 3 4" },
    { { limit = 3 }, "1 2 3 4" },
    { { limit = 1, offset = 2, sort = "order_id" }, "3 4" },
    { { status = "issued", limit = 1 }, "1 2" },
  }
  for i, case in ipairs(cases) do
    it(("is filtered, sorted and paged: case %d"):format(i), function()
      assert.are.equal(case[2], found(spread(), case[1]))
    end)
  end

  it("says which page it is", function()
    local it = spread()
    local answer = box.send(it, "GET",
      "/order/certificate?limit=2&offset=3").json
    assert.are.same({ total = 4, limit = 2, offset = 3 }, answer.page)
    assert.are.equal(1, #answer.orders)
    assert.are.equal(it.ids[4], answer.orders[1].id)
  end)

  it("has an entry as documented", function()
    local it = spread()
    local entry = it.client:orders { status = "issued" }()
    assert.are.equal("GET /order/certificate?filters[status]=issued"
                     .. "&offset=0&limit=1000", box.last(it).line)
    assert.are.equal("2026-07-19", entry.certificate.valid_till)
    assert.are.equal(195, entry.certificate.days_remaining)
    assert.are.same({ "example.com" }, entry.certificate.dns_names)
    assert.are.same({ id = 123456, name = "Example Company" },
                    entry.organization)
    assert.are.equal("ssl_securesite_flex", entry.product.name_id)
    assert.is_false(entry.has_duplicates)
    assert(it.client:duplicate(it.ids[1], { skip_approval = true,
      certificate = box.certificate() }))
    assert.is_true(it.client:orders()().has_duplicates)
  end)

  for _, query in ipairs { "limit=x", "offset=-1", "sort=price",
    "filters[colour]=red" } do
    it("refuses " .. query, function()
      local response = box.send(box.new(), "GET",
                                "/order/certificate?" .. query)
      assert.are.equal(400, response.status)
      assert.truthy(response.json.errors[1].code:find("^invalid_value:"))
    end)
  end
end)

describe("status changes", function()
  local function changed(it, options)
    local list = {}
    for i, entry in ipairs(assert(it.client:status_changes(options))) do
      list[i] = entry.status
    end
    return table.concat(list, " ")
  end

  it("are those of the last minutes and seconds", function()
    local it = box.new()
    local first = box.place(it)
    it.clock:advance(DAY)
    box.issued(it)
    it.clock:advance(600)
    assert.are.equal("", changed(it, { minutes = 9 }))
    assert.are.equal("{}", box.last(it).text)
    assert.are.equal("issued", changed(it, { minutes = 9, seconds = 60 }))
    assert.are.equal("GET /order/certificate/status-changes?minutes=9"
                     .. "&seconds=60", box.last(it).line)
    assert(it.client:reject(first.requests[1].id))
    assert.are.equal("rejected issued", changed(it, { minutes = 11 }))
    local entry = it.client:status_changes({ seconds = 1 })[1]
    assert.are.equal(first.id, entry.order_id)
    assert.is_number(entry.certificate_id)
  end)

  it("are those of a range, in Mountain time", function()
    local it = box.new()
    box.place(it) -- at 18:00 on 2025-12-31, Mountain time
    for _, case in ipairs { { "2025-12-31", "2025-12-31", "needs_approval" },
      { "2026-01-01", "2026-01-02", "" },
      { "2025-12-31 17:59:59", "2025-12-31 18:00:01", "needs_approval" },
      { "2025-12-31 18:00:01", "2026-01-01", "" } } do
      assert.are.equal(case[3],
        changed(it, { from = case[1], to = case[2] }))
    end
  end)

  it("happen at their time, whoever looks", function()
    local it = box.new { pace = { approve_after = 600 } }
    box.place(it)
    it.clock:advance(7200)
    assert.are.equal("", changed(it, { minutes = 100 }))
    assert.are.equal("issued", changed(it, { minutes = 110 }))
  end)

  local bad = {
    { "", "invalid_value:minutes" }, { "?minutes=x", "invalid_value:minutes" },
    { "?minutes=10081", "time_frame_too_long" },
    { "?minutes=10080&seconds=1", "time_frame_too_long" },
    { "?filters[status_last_updated]=x",
      "invalid_value:filters[status_last_updated]" },
  }
  for _, case in ipairs(bad) do
    it("refuse '" .. case[1] .. "'", function()
      local response = box.send(box.new(), "GET",
        "/order/certificate/status-changes" .. case[1])
      assert.are.equal(400, response.status)
      assert.are.equal(case[2], response.json.errors[1].code)
    end)
  end
end)
