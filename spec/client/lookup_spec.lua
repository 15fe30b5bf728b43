-- What the answer to a look-up says, and what follows: "none" is only what
-- CertCentral itself says; an order that cannot be judged leaves ours unknown.

local journals = require "certcentral.journal"
local orders = require "support.orders"
local service = require "support.service"
local support = require "support.client"

local PLACED = service.PLACED
local OURS = { certificate = { common_name = "example.com" } }

local function answer(status, body, kind)
  return { status = status, body = body,
           headers = { ["content-type"] = kind or "application/json" } }
end

local HTML = "<html><title>404 Not Found</title></html>"

-- name, answer, what it says: "none", or "unclear"; with any_404
local answers = {
  { "not_found|order", service.NONE, "none", "none" },
  { "not_found|order as one object", answer(404,
    '{"errors":{"code":"not_found|order","message":"x"}}'), "none", "none" },
  { "an empty list", answer(200, '{"orders":[]}'), "none", "none" },
  { "an empty object", answer(200, '{"orders":{}}'), "none", "none" },
  { "an empty list with its page",
    answer(200, '{"orders":[],"page":{"total":0,"limit":1000}}'),
    "none", "none" },
  { "an HTML 404", answer(404, HTML, "text/html"), "unclear", "unclear" },
  { "an HTML 404 that says it were JSON", answer(404, HTML), "unclear",
    "unclear" },
  { "an HTML 404 behind a BOM", answer(404, "\239\187\191\n" .. HTML, ""),
    "unclear", "unclear" },
  { "an empty 404", answer(404, ""), "unclear", "none" },
  { "a 404 in words", answer(404, "no such thing", "text/plain"),
    "unclear", "none" },
  { "a missing route", answer(404, '{"errors":[{"code":"not_found|route"}]}'),
    "unclear", "none" },
  { "a wrong URL", answer(404, '{"errors":[{"code":"not_found"}]}'),
    "unclear", "none" },
  { "no order among other errors", answer(404, '{"errors":[{"code":'
    .. '"not_found|order"},{"code":"access_denied"}]}'), "unclear", "none" },
  { "a gateway's JSON", answer(404, '{"message":"no Route matched"}'),
    "unclear", "none" },
  { "one order in place of a list",
    answer(200, '{"orders":{"order_id":77,"status":"issued"}}'), "unclear" },
  { "orders by number", answer(200, '{"orders":{"0":{"order_id":77}}}'),
    "unclear" },
  { "a null before an order",
    answer(200, '{"orders":[null,{"order_id":77}]}'), "unclear" },
  { "a null after an order",
    answer(200, '{"orders":[{"order_id":77},null]}'), "unclear" },
  { "a null alone", answer(200, '{"orders":[null]}'), "unclear" },
  { "orders that are null", answer(200, '{"orders":null}'), "unclear" },
  { "no orders at all", answer(200, "{}"), "unclear" },
  { "a list at the top", answer(200, "[]"), "unclear" },
  { "orders that are a text", answer(200, '{"orders":"none"}'), "unclear" },
  { "a list of lists", answer(200, '{"orders":[[]]}'), "unclear" },
  { "an order without an id", answer(200, '{"orders":[{"status":"x"}]}'),
    "unclear" },
  { "an id that is none", answer(200, '{"orders":[{"order_id":0}]}'),
    "unclear" },
  { "an empty page of one", answer(200, '{"orders":[],"page":{"total":1}}'),
    "unclear" },
  { "an empty page of one, as text",
    answer(200, '{"orders":[],"page":{"total":"1"}}'), "unclear" },
  { "an order of a page of none",
    answer(200, '{"orders":[{"order_id":77}],"page":{"total":0}}'),
    "unclear" },
  { "a page of more", answer(200,
    '{"orders":[{"order_id":77,"status":"expired"}],"page":{"total":2}}'),
    "unclear" },
  { "half an answer", answer(200, '{"orders":['), "unclear" },
  { "no body", answer(200, ""), "unclear" },
  { "a 204", answer(204, ""), "unclear" },
}

local function order_of(name)
  return orders.with { alternative_order_id = name }
end

local function client_of(box, more)
  return support.over(box.world, more)
end

local function posts(box)
  local count = 0
  for _, request in ipairs(box.requests) do
    count = count + (request.method == "POST" and 1 or 0)
  end
  return count
end

describe("the answer to a look-up", function()
  for _, case in ipairs(answers) do
    local name, given = case[1], case[2]
    for _, any in ipairs { false, true } do
      local says = any and (case[4] or case[3]) or case[3]
      local options = { any_404 = any, retry = { attempts = 1 } }
      local what = ("%s%s"):format(name, any and " (any_404)" or "")

      it(what .. " is " .. says .. " to ensure_order", function()
        local box = service.new { lookup = { given }, post = { PLACED } }
        local result, err = client_of(box, options)
          :ensure_order(order_of "look-1", orders.options())
        if says == "none" then
          assert.are.equal(542772, result.id)
        else
          assert.is_nil(result)
          assert.are.equal("protocol", err.kind)
          assert.are.equal("unknown", err.outcome)
          assert.are.equal(0, posts(box))
        end
      end)

      it(what .. " is " .. says .. " to an unclear order", function()
        local box = service.new { lookup = { given }, post = { "lost" } }
        local _, err = client_of(box, { any_404 = any, unique_ids = true,
                                        recover_for = 0 })
          :place_order(order_of "look-1", orders.options())
        assert.are.equal("unknown", err.outcome)
        assert.are.equal(says == "none" and 4 or 1, posts(box))
      end)

      it(what .. " is " .. says .. " to recover", function()
        local journal = journals.memory()
        local box = service.new { lookup = { given } }
        local client = client_of(box, { any_404 = any, journal = journal,
                                        retry = { attempts = 1 } })
        journal:write { step = "intent", entry = "e", time = 1763990000,
          alternative_order_id = "look-1", common_name = "example.com",
          base_url = client.base_url, account = client:_account() }
        local list = client:recover()
        assert.are.equal(says == "none" and "not_placed" or "unknown",
                         list[1].outcome)
        assert.are.equal(says == "none" and 0 or 1, #journal:open_orders())
      end)

      it(what .. " is " .. says .. " to find_orders", function()
        local list, err = client_of(service.new { lookup = { given } },
                                    options):find_orders "look-1"
        if says == "none" then
          assert.are.same({}, list)
        elseif list then -- a list, as any other: nothing follows from it
          assert.is_true(given.status == 200)
          assert.is_truthy(name:find("page", 1, true) or
                           name:find(" id", 1, true) or
                           name:find("at all", 1, true) or
                           name:find("at the top", 1, true) or
                           name:find("of lists", 1, true) or
                           name:find("that are null", 1, true), name)
        else
          assert.are.equal("protocol", err.kind)
        end
      end)
    end
  end

  it("that is a strange 404 names any_404 and shows what was said", function()
    local box = service.new { lookup = { answer(404, '{"errors":[{"code":'
      .. '"not_found|route","message":"Invalid API route."}]}') } }
    local _, err = client_of(box, { retry = { attempts = 1 } })
      :ensure_order(order_of "look-1", orders.options())
    assert.are.equal("the look-up cannot be trusted: HTTP status 404: Invalid "
      .. "API route. (not_found|route) (not CertCentral's not_found|order; "
      .. "with new{ any_404 = true } such an answer means that there is no "
      .. "order)", err.message)
    assert.are.equal(404, err.status)
  end)
end)

describe("an order that a look-up finds", function()
  local DATE = "Mon, 24 Nov 2025 16:00:00 GMT"
  local function listed(list)
    return { status = 200, headers = { date = DATE },
             body = require("certcentral.sandbox.json").encode {
               orders = list } }
  end
  local function lost(list, details, more)
    local box = service.new { post = { "lost" }, lookup = { listed(list) },
                              details = details }
    local options = { recover_for = 0 }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    local result, info = client_of(box, options)
      :place_order(order_of "look-2", orders.options())
    return result, info, box
  end

  for _, state in ipairs { "expired", "canceled", "Revoked", "rejected",
                           "CANCELLED" } do
    it("and is over is none of ours: " .. state, function()
      local result, err = lost({ { order_id = 7, status = state } },
                               { [7] = OURS })
      assert.is_nil(result)
      assert.are.equal("unknown", err.outcome)
    end)
  end

  for what, details in pairs { ["answers 500"] = 500, ["is lost"] = "lost",
    ["is not there"] = 404, ["is another order"] = { id = 8 } } do
    it("and " .. what .. " leaves ours unknown, and is named", function()
      local result, err = lost({ { order_id = 7, status = "issued" } },
                               { [7] = details }, { retry = { attempts = 1 } })
      assert.is_nil(result)
      assert.are.equal("unknown", err.outcome)
      assert.is_truthy(err.message:find("one of the orders that have its "
        .. "alternative_order_id 'look-2': 7", 1, true), err.message)
    end)
  end

  it("and was created before ours, today, leaves ours unknown", function()
    local details = { date_created = "2025-11-24T15:00:00+00:00",
                      certificate = OURS.certificate }
    local result, err = lost({ { order_id = 7 } }, { [7] = details })
    assert.is_nil(result)
    assert.is_truthy(err.message:find(": 7$"), err.message)
  end)

  it("is ours although ten older ones are there", function()
    local list, details = {}, {}
    for id = 1, 25 do
      list[id] = { order_id = id, status = id <= 15 and "expired" or "issued" }
      details[id] = { certificate = OURS.certificate,
                      date_created = "2024-01-01T00:00:00+00:00" }
    end
    details[25].date_created = "2025-11-24T16:00:01+00:00"
    assert.are.equal(25, lost(list, details).id)
  end)

  it("is not looked for among more than can be looked at", function()
    local list = {}
    for id = 1, 11 do
      list[id] = { order_id = id, status = "issued" }
    end
    local details = {}
    for id = 2, 11 do
      details[id] = { certificate = { common_name = "other.example" } }
    end
    local result, err, box = lost(list, details)
    assert.is_nil(result)
    assert.is_truthy(err.message:find(": 1$"), err.message)
    assert.are.equal(12, #box.requests)
  end)

  it("is none that this client has placed before", function()
    local box = service.new { post = { PLACED, "lost" },
      lookup = { { { order_id = 542772 } } }, details = { [542772] = OURS } }
    local client = client_of(box, { recover_for = 0 })
    local order = order_of "look-3"
    assert(client:place_order(order, orders.options()))
    local result, err = client:place_order(order, orders.options())
    assert.is_nil(result)
    assert.are.equal("unknown", err.outcome)
  end)

  it("has its address in any spelling", function()
    local function found(name)
      local box = service.new { post = { "lost" },
        lookup = { { { order_id = 7 } } }, details = {
          [7] = { certificate = { common_name = name } } } }
      local order = order_of "look-4"
      order.certificate.common_name = "2606:4700:4700::1111"
      return client_of(box, { recover_for = 0 })
        :place_order(order, orders.options { check_csr = false }) ~= nil
    end
    assert.is_true(found "2606:4700:4700:0:0:0:0:1111")
    assert.is_true(found "2606:4700:4700:0000::1111")
    assert.is_false(found "2606:4700:4700::1112")
  end)
end)

describe("a list of other things", function()
  for what, body in pairs {
    ["a null in it"] = '{"requests":[null,{"id":1}]}',
    ["a null at its end"] = '{"requests":[{"id":1},null]}',
    ["one in place of many"] = '{"requests":{"id":1}}',
    ["texts in it"] = '{"requests":["x"]}',
  } do
    it("is not read in part: " .. what, function()
      local client = support.new(function()
        return { status = 200, headers = {}, body = body }
      end)
      local list, err = client:requests()
      assert.is_nil(list)
      assert.are.equal("protocol", err.kind)
    end)
  end
end)
