-- The client under the limits of a service that enforces them exactly.

local certcentral = require "certcentral"
local clocks = require "certcentral.sandbox.clock"
local orders = require "support.orders"
local sandbox = require "certcentral.sandbox"

local ORDERS = os.getenv("CERTCENTRAL_TEST_SLOW") and 1100 or 5000

-- Seconds that so many requests take at least: 100 in 5 s, 1000 in 180 s.
local function ideal(count)
  local rest = (count - 1) % 1000
  return (count - 1 - rest) / 1000 * 180 + math.floor(rest / 100) * 5
end

describe("a client", function()
  local statuses, clock, box

  before_each(function()
    statuses, clock = {}, clocks.new()
    box = sandbox.new { clock = clock, rate_limits = true }
  end)

  local function client_of(more)
    local options = {
      api_key = box.api_key, base_url = box.base_url, deadline = 1000,
      transport = {
        clock = clock, time = clock, sleep = clock.sleep,
        perform = function(request)
          local answer, failure = box.transport(request)
          local status = answer and answer.status or "none"
          statuses[status] = (statuses[status] or 0) + 1
          return answer, failure
        end,
      },
    }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    return assert(certcentral.new(options))
  end

  local function place(client, count)
    local order = orders.minimal()
    local options = { check_csr = false }
    for _ = 1, count do
      assert(client:place_order(order, options))
    end
  end

  it("is never refused, and as fast as it may be", function()
    local start = clock()
    place(client_of(), ORDERS)
    assert.are.same({ [201] = ORDERS }, statuses)
    local part = ideal(ORDERS) / (clock() - start)
    assert.is_true(part >= 0.98 and part <= 1, "part of the ideal: " .. part)
  end)

  it("is refused where its rate is off", function()
    place(client_of { rate = false }, 200)
    assert.is_true(statuses[429] > 0)
  end)

  it("counts its look-ups too", function()
    box:fault { kind = "lose", method = "POST", times = 60 }
    place(client_of(), 80)
    assert.is_nil(statuses[429])
    assert.is_true(statuses[200] >= 120)
  end)

  it("is never refused together with others that share its budget",
     function()
    local shared = require("certcentral.budget").new { clock = clock }
    local first = client_of { budget = shared }
    local second = client_of { budget = shared }
    for _ = 1, 15 do
      place(first, 20)
      place(second, 20)
    end
    assert.are.same({ [201] = 600 }, statuses)
  end)

end)
