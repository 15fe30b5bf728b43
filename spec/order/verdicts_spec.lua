-- What is kept of the CSRs that were judged.

local certcentral = require "certcentral"
local csr = require "certcentral.csr"
local maker = require "support.sandbox"
local files = require "support.files"
local orders = require "support.orders"
local sandboxes = require "certcentral.sandbox"
local verdicts = require "certcentral.order.verdicts"
local x509 = require "certcentral.x509"

local judge, judged

-- A CSR as text that was not seen before.
local count = 0
local function fresh()
  count = count + 1
  return (orders.csr:gsub("\n$", ("\n"):rep(count + 1)))
end

local function order_of(pem)
  return orders.with { ["certificate.csr"] = pem }
end

setup(function()
  judge = x509.judge
  function x509.judge(...)
    judged = judged + 1
    return judge(...)
  end
end)
teardown(function() x509.judge = judge end)
before_each(function() judged = 0 end)

describe("a CSR", function()
  it("is judged once, whoever asks", function()
    local order = order_of(fresh())
    local sandbox = sandboxes.new {}
    for i = 1, 2 do
      local client = certcentral.new { api_key = sandbox.api_key,
                                       transport = sandbox.transport }
      assert(certcentral.validate(order, { now = orders.NOW }))
      assert(certcentral.encode(order, { now = orders.NOW }))
      assert(certcentral.request(order, { now = orders.NOW }))
      assert(client:preflight(order, { now = orders.NOW }))
      order.alternative_order_id = "verdict-" .. i
      assert(client:place_order(order, { now = orders.NOW }))
      client:close()
    end
    assert.are.equal(1, judged)
  end)

  it("gives the same names and warnings the second time", function()
    local order = order_of((maker.csr "other.example.com"))
    local _, first = assert(certcentral.validate(order, { now = orders.NOW }))
    local _, second = assert(certcentral.validate(order, { now = orders.NOW }))
    assert.are.equal(1, judged)
    assert.is_true(#first > 0)
    assert.are.same(first, second)
  end)

  it("is judged again once 16 others were", function()
    local pem = fresh()
    local function see(text)
      assert.is_true(select(2, verdicts.of(text)))
    end
    see(pem)
    for _ = 1, 15 do
      see(fresh())
    end
    see(pem)
    assert.are.equal(16, judged)
    see(fresh())
    see(pem)
    assert.are.equal(18, judged)
  end)

  it("that is refused is not kept", function()
    for _ = 1, 2 do
      local message, fine = verdicts.of("-----BEGIN CERTIFICATE REQUEST-----")
      assert.is_string(message)
      assert.is_false(fine)
    end
    assert.are.equal(2, judged)
  end)

  it("with a private key is not kept", function()
    local pem = fresh() .. "-----BEGIN PRIVATE KEY-----\n"
    x509.judge = function()
      judged = judged + 1
      return ""
    end
    finally(function()
      x509.judge = function(...)
        judged = judged + 1
        return judge(...)
      end
    end)
    verdicts.of(pem)
    verdicts.of(pem)
    assert.are.equal(2, judged)
  end)
end)

describe("a blocklist", function()
  local path

  local function write(text, age)
    files.write(path, text)
    assert(os.execute(("touch -d '%d seconds ago' '%s'"):format(age, path)))
  end

  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  it("is read once, and again when it has changed", function()
    local pem = fresh()
    local key = csr.inspect(pem).sha256
    write("", 100)
    assert.is_true(select(2, verdicts.of(pem, path)))
    assert.is_true(select(2, verdicts.of(pem, path)))
    assert.is_true(select(2, verdicts.of(pem)))
    assert.are.equal(2, judged)
    write(key .. "\n", 50)
    local message, fine = verdicts.of(pem, path)
    assert.is_false(fine)
    assert.is_truthy(message:find "blocklist")
  end)

  it("that is being written is read each time", function()
    local pem = fresh()
    write("", 0)
    verdicts.of(pem, path)
    verdicts.of(pem, path)
    assert.are.equal(2, judged)
    write("", -1000) -- as a wrong clock says
    verdicts.of(pem, path)
    verdicts.of(pem, path)
    assert.are.equal(4, judged)
  end)

  it("that is gone is of no use, whatever is kept", function()
    local pem = fresh()
    write("", 100)
    assert.is_true(select(2, verdicts.of(pem, path)))
    os.remove(path)
    local message, why = verdicts.of(pem, path)
    assert.is_false(message)
    assert.is_truthy(why:find("cannot use the blocklist", 1, true))
  end)
end)
