local core = require "certcentral.core"
local server = require "spec.support.server"
local support = require "spec.support.curl"

local function request(s)
  return { method = "POST", url = s.url, body = "{}", timeout = 20 }
end

describe("certcentral.transport.curl", function()
  after_each(server.finish_all)

  it("makes a function that performs, and one that closes", function()
    local s = server.start { script = {
      "accept", "read", support.CREATED, "gone", "say", "gone" } }
    local transport, close = require "certcentral.transport.curl" {
      api_key = core.secret(support.KEY) }
    assert.is_function(transport)
    local response = assert(transport(request(s)))
    assert.are.equal(201, response.status)
    local _, failure = transport(
      support.copy(request(s), { url = "https://" }))
    assert.are.equal("no", failure.sent)
    close()
    close()
    s:expect("gone")
    assert.is_false(pcall(transport, request(s)))
    assert.is_truthy(s:finish().requests[1].text:find(support.KEY, 1, true))
  end)

  it("passes on that there is no handle", function()
    local transport, message = require "certcentral.transport.curl" {
      user_agent = "\n" }
    assert.is_nil(transport)
    assert.is_truthy(message:find("user_agent"))
  end)

  it("loads libcurl only when called", function()
    local loaded = package.loaded["certcentral.curl"]
    package.loaded["certcentral.curl"] = nil
    package.loaded["certcentral.transport.curl"] = nil
    require "certcentral.transport.curl"
    local now = package.loaded["certcentral.curl"]
    package.loaded["certcentral.curl"] = loaded
    assert.is_nil(now)
  end)
end)
