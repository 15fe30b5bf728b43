-- Misuse raises, names the option, and points at the caller.

local certcentral = require "certcentral"
local options = require "certcentral.options"
local orders = require "support.orders"

local function answer()
  return { status = 201, headers = {}, body = '{"id":1}' }
end

local client = certcentral.new { api_key = "key", transport = answer }

-- The calls that take options for an order.
local calls = {
  validate = function(given)
    return certcentral.validate(orders.minimal(), given)
  end,
  encode = function(given)
    return certcentral.encode(orders.minimal(), given)
  end,
  request = function(given)
    return certcentral.request(orders.minimal(), given)
  end,
  place_order = function(given)
    return client:place_order(orders.minimal(), given)
  end,
}

local function message_of(f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  assert.is_string(message)
  return message
end

describe("order options", function()
  for name, call in pairs(calls) do
    describe("of " .. name, function()
      it("may be left out", function()
        assert.is_truthy(call(nil))
        assert.is_truthy(call({}))
      end)

      it("are all known", function()
        assert.is_truthy(call {
          product = "ssl_securesite_flex", now = orders.NOW, strict = true,
          allow_unknown = true, check_csr = true, once = false })
      end)

      it("are a table", function()
        for _, value in ipairs { "x", 1, true, print } do
          assert.is_truthy(message_of(call, value):find(
            ("bad options to '%s' (table expected, got %s)")
              :format(name, type(value)), 1, true))
        end
      end)

      it("are known by name", function()
        assert.is_truthy(message_of(call, { strickt = true }):find(
          ("unknown option 'strickt' to '%s'"):format(name), 1, true))
        local text = message_of(call, { checkCSR = true })
        assert.is_truthy(text:find("did you mean 'check_csr'?", 1, true))
        text = message_of(call, { zzzz = true })
        for _, known in ipairs { "product", "now", "strict",
          "allow_unknown", "check_csr", "once" } do
          assert.is_truthy(text:find(known, 1, true))
        end
        for _, key in ipairs { 1, true, print } do
          message_of(call, { [key] = 1 })
        end
      end)

      local wrong = {
        product = { 1, true, {} }, now = { "2026", true, {} },
        strict = { 1, "true", {} }, allow_unknown = { 0, "no" },
        check_csr = { 0, "false" }, once = { 0, "false" },
      }
      for option, values in pairs(wrong) do
        it("are of their types: " .. option, function()
          for _, value in ipairs(values) do
            assert.is_truthy(message_of(call, { [option] = value }):find(
              ("bad option '%s' to '%s'"):format(option, name), 1, true))
          end
        end)
      end

      it("have a moment that a date can be made of", function()
        for _, now in ipairs { -1, 0 / 0, math.huge, -math.huge, 1e18 } do
          assert.is_truthy(message_of(call, { now = now }):find(
            ("bad option 'now' to '%s'"):format(name), 1, true))
        end
        for _, now in ipairs { 0, 1.5, orders.NOW + 0.25 } do
          call { now = now, check_csr = false }
        end
      end)

      it("are not changed", function()
        local given = { now = orders.NOW, check_csr = false }
        call(given)
        assert.are.same({ now = orders.NOW, check_csr = false }, given)
      end)
    end)
  end

end)

describe("misuse", function()
  local bad = { check_csr = false, product = "A" }
  local raises = {
    ["validate's options"] = function()
      certcentral.validate({}, { x = 1 })
    end,
    ["encode's options"] = function() certcentral.encode({}, { x = 1 }) end,
    ["request's options"] = function() certcentral.request({}, { x = 1 }) end,
    ["request's product"] = function() certcentral.request({}, bad) end,
    ["the client's options"] = function()
      client:place_order({}, { x = 1 })
    end,
    ["the client's product"] = function() client:place_order({}, bad) end,
    ["place_order's options"] = function()
      certcentral.place_order({}, { x = 1 })
    end,
    ["place_order's product"] = function()
      certcentral.place_order({}, { api_key = "key", transport = answer,
                                    product = "A" })
    end,
    ["options that are none"] = function()
      certcentral.place_order({}, 5)
    end,
    ["new's options"] = function() certcentral.new { x = 1 } end,
    ["new's options that are none"] = function() certcentral.new(5) end,
    ["validate's order"] = function() certcentral.validate() end,
    ["encode's order"] = function() certcentral.encode(5) end,
    ["request's order"] = function() certcentral.request("x") end,
    ["the client's order"] = function() client:place_order() end,
    ["place_order's order"] = function() certcentral.place_order() end,
    ["redact's order"] = function() certcentral.redact() end,
    ["help's path"] = function() certcentral.help({}) end,
    ["validate's moment"] = function()
      certcentral.validate({}, { now = -1 })
    end,
  }
  for name, f in pairs(raises) do
    it("raises at the line of the call: " .. name, function()
      local here = debug.getinfo(1, "S").short_src
      assert.are.equal(here, message_of(f):match("^(.-):%d+: "))
    end)
  end
end)

describe("client options", function()
  local wrong = {
    api_key = { 1, true, {} }, base_url = { 1, {} }, region = { "uk", 1, "" },
    ca_file = { 1, {} }, proxy = { 1, {} },
    timeout = { 0, -1, "30", 0 / 0, math.huge },
    connect_timeout = { 0, -1, "10", 0 / 0, math.huge },
    user_agent = { 1, {} },
    transport = { 1, {}, "wget", "", { perform = 1 },
                  { perform = answer, sleep = 1 },
                  { perform = answer, clock = {} },
                  { perform = answer, time = "now" },
                  { perform = answer, random = 4 } },
    retry = { 1, true, { attempts = 0 }, { attempts = 1.5 }, { base = -1 },
              { cap = -1 }, { cap = "30" }, { base = 0 / 0 },
              { cap = math.huge }, { tries = 2 }, { 4 } },
    deadline = { 0, -1, "120", 0 / 0, math.huge },
    recover_for = { -1, "60", 0 / 0, math.huge },
    unique_ids = { 1, "true" },
    rate = { 1, "100", {}, { 100 }, { { requests = 100 } },
             { { requests = 0, seconds = 5 } },
             { { requests = 1.5, seconds = 5 } },
             { { requests = 100, seconds = -5 } },
             { { requests = 100, seconds = 5, x = 1 } },
             { requests = 100, seconds = 5 } },
    budget = { 1, true, {}, { take = answer }, { take = 1, done = 2 } },
    journal = { 1, "/tmp/journal", {}, { write = answer },
                { write = 1, read = 2 } },
    on_event = { 1, "print", {} },
  }
  for option, values in pairs(wrong) do
    it("are of their types: " .. option, function()
      for _, value in ipairs(values) do
        local given = { api_key = "key", transport = answer }
        given[option] = value
        assert.is_truthy(message_of(certcentral.new, given):find(
          ("bad option '%s' to 'new'"):format(option), 1, true))
      end
    end)
  end

  it("are known by name", function()
    local text = message_of(certcentral.new, { apikey = "canary" })
    assert.is_truthy(text:find("unknown option 'apikey' to 'new' "
      .. "(did you mean 'api_key'?)", 1, true))
    assert.is_nil(text:find("canary", 1, true))
  end)

  it("are a table", function()
    for _, value in ipairs { "key", 1, true } do
      assert.is_truthy(message_of(certcentral.new, value):find(
        "bad options to 'new'", 1, true))
    end
  end)

  it("may have each part of a retry", function()
    for _, retry in ipairs { {}, { attempts = 1 }, { base = 0 }, { cap = 0.5 },
                             { attempts = 9, base = 1, cap = 2 } } do
      assert.is_table(certcentral.new { api_key = "key", transport = answer,
                                        retry = retry })
    end
  end)

  it("do not give rate and budget both", function()
    for _, rate in ipairs { true, false } do
      assert.is_truthy(message_of(certcentral.new, { api_key = "key",
        rate = rate, budget = require("certcentral.budget").new() })
        :find("'rate' and 'budget' to 'new' exclude each other", 1, true))
    end
  end)

  it("do not give base_url and region both", function()
    assert.is_truthy(message_of(certcentral.new, { api_key = "key",
      base_url = "https://example.com", region = "eu" })
      :find("exclude each other", 1, true))
  end)

  it("show no key in a message", function()
    for _, given in ipairs {
      { api_key = { "canary" } }, { api_key = "canary", timeout = "x" },
      { api_key = "canary", x = 1 }, { APIKEY = "canary" },
      { api_key = "canary", base_url = "x", region = "us" },
    } do
      assert.is_nil(message_of(certcentral.new, given)
        :find("canary", 1, true))
    end
  end)
end)

describe("options.check", function()
  local known = { name = "string", size = function(value)
    if value ~= 1 then
      return "the number 1"
    end
  end }
  it("takes what is known", function()
    options.check({}, known, "f")
    options.check({ name = "x", size = 1 }, known, "f")
  end)
  it("tells what a function of it expects", function()
    assert.is_truthy(message_of(options.check, { size = 2 }, known, "f")
      :find("bad option 'size' to 'f' (the number 1 expected, got 2)", 1,
            true))
  end)
  it("tells types, not values", function()
    assert.is_truthy(message_of(options.check, { name = {} }, known, "f")
      :find("bad option 'name' to 'f' (string expected, got table)", 1,
            true))
  end)
end)
