-- `outcome` says what became of an order, so it is in the errors of calls that
-- were to place one, and nowhere else: a program that orders again on
-- "not_placed" must not be told that of an order which is there.

local api = require "support.api"
local certcentral = require "certcentral"
local csr = require "certcentral.csr"
local orders = require "support.orders"
local support = require "support.client"

-- Every method that asks or changes something, with arguments that are good.
local METHODS = {
  { "order", 7 }, { "find_orders", "x" }, { "status_changes",
  { minutes = 5 } }, { "cancel", 7 }, { "requests" }, { "request", 7 },
  { "approve", 7 }, { "reject", 7 }, { "revoke_order", 7 },
  { "revoke_certificate", 7 }, { "certificates", 7 }, { "dcv", 7 },
  { "check_dcv", 7 }, { "change_dcv_method", 7, "email" },
  { "new_dcv_value", 7 }, { "resend_dcv_email", 7 }, { "organizations" },
  { "organization", 7 }, { "deactivate_organization", 7 },
  { "wait", 7, { timeout = 0 } }, { "certificate", 7 },
  { "save", 7, { certificate = "/nowhere/at/all.pem" } },
  { "renewal_advice", 7 }, { "products" }, { "product", "ssl_basic" },
  { "product_limits", 7 }, { "replacement_benefits", { "example.com" } },
  { "me" }, { "duplicate", 7, { certificate = { csr = orders.csr } } },
  { "reissue", 7, { certificate = { common_name = "example.com",
                                    csr = orders.csr } } },
  { "preflight", orders.minimal() },
}

local ANSWERS = {
  { "a 400", { 400, '{"errors":[{"code":"x","message":"y"}]}' } },
  { "a 403", { 403, '{"errors":[{"code":"access_denied"}]}' } },
  { "a 404", { 404, "" } }, { "a 429", { 429, "" } }, { "a 500", { 500, "" } },
  { "no JSON", { 200, "<html>" } },
}

describe("an error of a call that places no order", function()
  for _, method in ipairs(METHODS) do
    it("has no outcome: " .. method[1], function()
      local seen = 0
      for _, answer in ipairs(ANSWERS) do
        local client = support.new(function()
          return { status = answer[2][1], headers = {}, body = answer[2][2] }
        end, { retry = { attempts = 1 } })
        local _, err = client[method[1]](client, method[2], method[3])
        if type(err) == "table" and err.kind then
          seen = seen + 1
          assert.is_nil(err.outcome, answer[1])
        end
      end
      assert.is_true(seen >= 3)
    end)
  end

  it("has no outcome: csr.inspect, order_from_csr, new", function()
    for _, err in ipairs {
      select(2, csr.inspect "none"),
      select(2, certcentral.order_from_csr "none"),
      select(2, certcentral.new { api_key = "" }),
    } do
      assert.is_string(err.kind)
      assert.is_nil(err.outcome)
    end
  end)
end)

describe("an error of a call that places an order", function()
  local function first(...)
    return select(2, ...)
  end

  it("has its outcome: not placed where nothing was sent", function()
    local client = support.new(support.recorder())
    for _, err in ipairs {
      first(certcentral.validate({})), first(certcentral.encode({})),
      first(certcentral.request({})), first(client:place_order({})),
      first(client:ensure_order({})),
      first(client:ensure_reissue(7, {})),
      first(certcentral.place_order({}, { api_key = "" })),
      client:place_orders({ {} })[1].err,
      client:place_orders({ 17 })[1].err,
      client:queue():add({}):outcome().err,
    } do
      assert.are.equal("not_placed", err.outcome)
    end
  end)

  it("is unknown where a look-up before it failed", function()
    for _, answer in ipairs { { 403, "" }, { 404, "" }, { 429, "" },
                              { 500, "" }, { 200, "<html>" } } do
      local client = api.client({
        ["GET /order/alternate/a"] = answer,
        ["GET /order/certificate/7"] = answer,
      }, { retry = { attempts = 1 } })
      local order = orders.minimal()
      order.alternative_order_id = "a"
      assert.are.equal("unknown", first(client:ensure_order(order,
        orders.options())).outcome)
      assert.are.equal("unknown", first(client:renew(7)).outcome)
      assert.are.equal("unknown", first(client:ensure_reissue(7, {
        certificate = { csr = orders.csr, signature_hash = "sha256" },
      })).outcome)
    end
  end)
end)
