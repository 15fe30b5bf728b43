-- What a service says back: an order's own secrets, and characters that a
-- terminal obeys.

local certcentral = require "certcentral"
local core = require "certcentral.core"
local orders = require "support.orders"
local support = require "support.client"

local HOLDER = "Jill O'Valentine-Smith"

local function card_order()
  return orders.with {
    payment_method = "card",
    credit_card = { number = "4111111111111111", cvv = 737,
                    expiration_month = 1, expiration_year = 2099,
                    cardholder_name = HOLDER },
    billing_address = { address = "1 Street", city = "Lehi",
                        country = "us" },
  }
end

-- what the service says, what of it may not be shown
local echoes = {
  { "card 4111 1111 1111 1111 refused", "1111" },
  { "card 4111-1111-1111-1111 refused", "1111" },
  { "card 4111  1111 - 11111111 refused", "1111" },
  { "card 41111111 11111111.", "1111" },
  { "cvv 737 is wrong", "737" },
  { "cvv=737", "737" },
  { "no card of " .. HOLDER, "Smith" },
  { "no card of " .. HOLDER:upper(), "SMITH" },
  { "no card of " .. HOLDER:gsub(" ", "   "), "Smith" },
  { "expires in 2099", "2099" },
}

describe("an echo of", function()
  for _, case in ipairs(echoes) do
    it(("'%s' is hidden"):format(case[1]), function()
      for _, status in ipairs { 400, 500, 401 } do
        local body = ('{"errors":[{"code":"x","message":"%s"}]}')
                     :format(case[1])
        local events = {}
        local client = assert(certcentral.new { api_key = support.KEY,
          transport = (support.recorder(status, body)), recover_for = 0,
          retry = { attempts = 1 },
          on_event = function(event) events[#events + 1] = event end })
        local _, err = client:place_order(card_order(), { now = orders.NOW,
          check_csr = false, once = false })
        assert.is_nil(tostring(err):find(case[2], 1, true), tostring(err))
        assert.is_truthy(tostring(err):find("[hidden]", 1, true))
        assert.is_nil(err.errors[1].message:find(case[2], 1, true))
        for _, event in ipairs(events) do
          assert.is_nil(tostring(event.message):find(case[2], 1, true))
        end
      end
    end)
  end

  it("a number that only begins as the CVV does stays", function()
    local client = assert(certcentral.new { api_key = support.KEY,
      transport = (support.recorder(400, '{"errors":"order 7371 of 17370"}')),
    })
    local _, err = client:place_order(card_order(), { now = orders.NOW,
      check_csr = false, once = false })
    assert.is_truthy(err.message:find("order 7371 of 17370", 1, true))
  end)
end)

describe("printable", function()
  -- a character, how it is shown
  local cases = {
    ["\194\128"] = "\\u{80}", ["\194\155"] = "\\u{9B}",
    ["\194\159"] = "\\u{9F}", ["\194\173"] = "\\u{AD}",
    ["\216\156"] = "\\u{61C}", ["\226\128\139"] = "\\u{200B}",
    ["\226\128\142"] = "\\u{200E}", ["\226\128\143"] = "\\u{200F}",
    ["\226\128\168"] = "\\u{2028}", ["\226\128\170"] = "\\u{202A}",
    ["\226\128\174"] = "\\u{202E}", ["\226\129\166"] = "\\u{2066}",
    ["\226\129\169"] = "\\u{2069}", ["\239\187\191"] = "\\u{FEFF}",
    ["\243\160\129\129"] = "\\u{E0041}",
    -- and what is as it is
    ["\194\160"] = "\194\160", ["\195\164"] = "\195\164",
    ["\226\128\144"] = "\226\128\144", ["\226\128\175"] = "\226\128\175",
    ["\226\130\172"] = "\226\130\172", ["\216\155"] = "\216\155",
    ["\240\159\152\128"] = "\240\159\152\128", ["\27"] = "\\x1B",
    ["\127"] = "\\x7F",
  }
  for character, shown in pairs(cases) do
    it(("shows %s"):format(shown), function()
      assert.are.equal("a" .. shown .. "b",
                       core.printable("a" .. character .. "b", 100))
      assert.are.equal(shown:rep(100),
                       core.printable(character:rep(100), 400))
    end)
  end
end)
