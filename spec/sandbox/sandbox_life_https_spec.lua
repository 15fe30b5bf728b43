-- The life of an order in the sandbox behind HTTPS, its clock moved by
-- control routes.

local certcentral = require "certcentral"
local box = require "support.box"
local support = require "support.sandbox"

describe("an order over HTTPS", function()
  local server, client
  setup(function()
    server = support.start()
  end)
  teardown(function()
    server.stop()
  end)
  before_each(function()
    support.reset(server)
    client = assert(certcentral.new { api_key = server.api_key,
      base_url = server.base_url, ca_file = server.ca_file })
  end)
  after_each(function()
    client:close()
  end)

  local function control(path, value)
    return support.control(server, "POST", "/sandbox/" .. path, value)
  end

  local function place(changes, certificate)
    local order = support.order(changes)
    order.certificate = box.certificate(certificate)
    return assert(client:place_order(order))
  end

  it("is approved, validated, issued, downloaded, revoked", function()
    local id = place({ dcv_method = "dns-txt-token" },
                     { common_name = "www.example.dev" })
    assert(client:approve(id.requests[1].id))
    id = id.id
    assert.are.equal("pending", client:order(id).status)
    control("records", client:dcv(id).records[1])
    assert.are.equal("issued", client:check_dcv(id).order_status)
    local order = client:wait(id)
    local path = ("/certificate/%d/download/format/"):format(
      order.certificate.id)
    local answer = support.request(server, "GET", path .. "pem_all")
    assert.are.equal(200, answer.status)
    assert.are.equal("application/x-pem-file",
                     answer.headers["content-type"])
    assert.are.equal(3, select(2, answer.body:gsub("BEGIN", "")))
    answer = support.request(server, "GET", path .. "default")
    assert.are.equal("application/zip", answer.headers["content-type"])
    assert.are.equal("PK\3\4", answer.body:sub(1, 4))
    assert.is_true(client:revoke_order(id, { skip_approval = true }))
    assert.are.equal("revoked", client:order(id).status)
  end)

  it("lives by the clock", function()
    control("pace", { approve_after = 3600, validate_after = 7200 })
    local id = place({}, { common_name = "www.example.dev" }).id
    local steps = { { 0, "needs_approval" }, { 3700, "pending" },
      { 3700, "issued" }, { 400 * box.DAY, "expired" } }
    for _, step in ipairs(steps) do
      control("clock", { advance = step[1] })
      assert.are.equal(step[2], client:order(id).status)
    end
    support.reset(server)
    local now = support.control(server, "GET", "/sandbox/clock").now
    assert.is_true(math.abs(now - os.time()) < 60)
  end)

  it("has answers without a body", function()
    local id = place({ skip_approval = true },
                     { common_name = "www.example.dev" }).id
    local answer = support.request(server, "PUT",
      ("/order/certificate/%d/status"):format(id), { status = "CANCELED" })
    assert.are.equal(204, answer.status)
    assert.are.equal("", answer.body)
    assert.is_nil(answer.headers["content-length"])
    assert.are.equal("canceled", client:order(id).status)
  end)

  it("is listed", function()
    local id = place().id
    control("shapes", { string_ids = true })
    local list = {}
    for order in client:orders { status = "needs_approval",
                                 search = "%example%" } do
      list[#list + 1] = order.id
    end
    assert.are.same({ id }, list)
  end)
end)
