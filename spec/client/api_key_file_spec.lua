-- The API key from a file.

local certcentral = require "certcentral"
local support = require "support.client"

describe("api_key_file", function()
  local path

  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  local function write(text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
  end

  local function new(more)
    local transport, requests = support.recorder()
    local options = { api_key_file = path, transport = transport }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    local client, err = certcentral.new(options)
    return client, err, requests
  end

  for _, text in ipairs { support.KEY, support.KEY .. "\n",
    support.KEY .. "\r\n", "  " .. support.KEY .. " \nsecond line\n" } do
    it(("is read: %q"):format(text):gsub("%c", " "), function()
      write(text)
      local client, err, requests = new()
      assert.is_nil(err)
      client:order(1)
      assert.are.equal(support.KEY, requests[1].headers["X-DC-DEVKEY"])
    end)
  end

  for _, text in ipairs { "", "\n", " \n" .. support.KEY,
                          support.KEY .. "\0x", "two words" } do
    it(("is refused: %q"):format(text):gsub("[%c%z]", " "), function()
      write(text)
      local client, err = new()
      assert.is_nil(client)
      assert.are.equal("config", err.kind)
      support.assert_no_secret(err, support.KEY)
    end)
  end

  it("is told where it cannot be read", function()
    os.remove(path)
    local _, err = new()
    assert.are.equal("config", err.kind)
    assert.is_truthy(err.message:find("api_key_file cannot be read: " .. path,
                                      1, true), err.message)
  end)

  it("shows no key that was given in its place", function()
    local _, err = new { api_key_file = support.KEY }
    assert.are.equal(("api_key_file must be a file name, got a text of %d "
      .. "bytes that is not: give a key as api_key"):format(#support.KEY),
      err.message)
    support.assert_no_secret(err, support.KEY)
  end)

  it("excludes api_key", function()
    local ok, message = pcall(new, { api_key = support.KEY })
    assert.is_false(ok)
    assert.is_truthy(message:find("'api_key' and 'api_key_file'", 1, true))
    support.assert_no_secret(message, support.KEY)
  end)
end)
