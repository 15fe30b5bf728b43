-- Mistakes of the first day: options of a client, products, files.

local certcentral = require "certcentral"
local budget = require "certcentral.budget"
local orders = require "support.orders"
local support = require "support.client"

local function with(options)
  local all = { api_key = support.KEY, transport = support.recorder() }
  for name, value in pairs(options) do
    all[name] = value
  end
  return all
end

-- What raises, and its message from the name of the function on.
local misuse = {
  { { timeout = 30000 }, "bad option 'timeout' to 'new' (positive number of "
    .. "seconds and at most 3600 expected, got 30000)" },
  { { connect_timeout = 3600.5 }, "(positive number of seconds and at most "
    .. "3600 expected, got 3600.5)" },
  { { deadline = 120000 }, "(positive number of seconds and at most 86400 "
    .. "expected, got 120000)" },
  { { recover_for = 1e6 }, "(non-negative number of seconds to 86400 expected, "
    .. "got 1" },
  { { retry = { cap = 30000 } }, "'cap' is a number from 0 to 3600 expected, "
    .. "got 30000)" },
  { { timeout = "30" }, "expected, got '30')" },
  { { region = "EU" }, "('us' or 'eu' expected, got 'EU')" },
  { { region = 7 }, "('us' or 'eu' expected, got 7)" },
  { { region = false }, "('us' or 'eu' expected, got false)" },
  { { journal = "/var/x" }, "expected, got '/var/x')" },
  { { store = "file" }, "expected, got 'file')" },
  { { on_event = "print" }, "(function expected, got 'print')" },
  { { transport = "crul" }, "expected, got 'crul')" },
  { { region = ("x"):rep(500) }, "got '" .. ("x"):rep(60) .. "...')" },
  { { region = "a\nb" }, "got 'a\\x0Ab')" },
  { { key = "k" }, "unknown option 'key' to 'new' (did you mean 'api_key'?)" },
  { { apiKey = "k" }, "(did you mean 'api_key'?)" },
  { { url = "k" }, "(did you mean 'base_url'?)" },
  { { ca = "k" }, "(did you mean 'ca_file'?)" },
  { { timout = 3 }, "(did you mean 'timeout'?)" },
  { { time_out = 3 }, "(did you mean 'timeout'?)" },
  { { retries = 3 }, "(did you mean 'retry'?)" },
  { { logger = print }, "(did you mean 'on_event'?)" },
  { { deadlien = 3 }, "(did you mean 'deadline'?)" },
  { { zzzz = 3 }, "(known are any_404, api_key, " },
}

-- What comes back as an error, and its message.
local CONFIG = {
  { { base_url = "https://www.digicert.com" }, "base_url must end in "
    .. "/services/v2, such as https://www.digicert.com/services/v2, got "
    .. "'https://www.digicert.com'" },
  { { base_url = "https://WWW.DigiCert.com/" }, "must end in /services/v2" },
  { { base_url = "https://www.digicert.com/services" }, "must end in" },
  { { base_url = "https://www.digicert.com/services/v2/order" },
    "must end in" },
  { { base_url = "https://certcentral.digicert.eu" }, "as "
    .. "https://certcentral.digicert.eu/services/v2" },
  { { base_url = "https://www.digicert.com:443" }, "must end in" },
  { { api_key = "/etc/certcentral/key" }, "give it as api_key_file" },
  { { api_key = "~/key" }, "give it as api_key_file" },
  { { api_key = "./key" }, "give it as api_key_file" },
  { { ca_file = "-----BEGIN CERTIFICATE-----\nMII\n" },
    "ca_file must be a file name, got the contents of a file" },
}

describe("a mistake in the options of new", function()
  for _, case in ipairs(misuse) do
    it("raises: " .. case[2]:sub(1, 60), function()
      local ok, message = pcall(certcentral.new, with(case[1]))
      assert.is_false(ok)
      assert.is_string(message)
      assert.is_truthy(message:find(case[2], 1, true), message)
    end)
  end

  for _, case in ipairs(CONFIG) do
    local name, value = next(case[1])
    it(("is an error: %s = %s"):format(name, value:match("^%C*")), function()
      local client, err = certcentral.new(with(case[1]))
      assert.is_nil(client)
      assert.are.equal("config", err.kind)
      assert.is_truthy(err.message:find(case[2], 1, true), err.message)
    end)
  end

  it("shows no key", function()
    for _, value in ipairs { 98765432, true, { support.KEY } } do
      local ok, message = pcall(certcentral.new, { api_key = value })
      assert.is_false(ok)
      assert.is_nil(message:find("98765432", 1, true))
    end
    local ok, message = pcall(certcentral.new, { region = "4111111111111111",
                                                 api_key = "k" })
    assert.is_false(ok)
    assert.is_nil(message:find("4111", 1, true))
  end)

  local fine = {
    { timeout = 3600 }, { deadline = 86400 }, { recover_for = 0 },
    { base_url = "https://www.digicert.com/services/v2/" },
    { base_url = "https://notdigicert.com" },
    { base_url = "https://gateway.example.com/digicert" },
    { base_url = "http://127.0.0.1:8080" }, { region = "eu" },
  }
  for i, options in ipairs(fine) do
    it("is none in " .. i, function()
      assert.is_table(certcentral.new(with(options)))
    end)
  end

  it("is named for a wait, too", function()
    local client = assert(certcentral.new(with {}))
    local ok, message = pcall(client.wait, client, 1, { timeout = 7200000 })
    assert.is_false(ok)
    assert.is_truthy(message:find("(non-negative number of seconds to 2592000 "
      .. "expected, got 7200000)", 1, true), message)
  end)

  it("is named for a budget, too", function()
    local ok, message = pcall(budget.new, { windowz = {} })
    assert.is_false(ok)
    assert.is_truthy(message:find("did you mean 'windows'?", 1, true))
  end)
end)

describe("a file's name in a CSR's place", function()
  local csr = certcentral.csr

  local function assert_once(part, err)
    local _, count = tostring(err):gsub(part, "")
    assert.are.equal(1, count, tostring(err))
  end

  for _, name in ipairs { "/etc/ssl/x", "x.csr", "./x.pem", "~/x" } do
    it("is told once: " .. name, function()
      for _, call in ipairs { csr.check, csr.inspect,
                              certcentral.order_from_csr } do
        local result, err = call(name)
        assert.is_nil(result)
        assert_once("not the name of a file", err)
        assert_once("give the file's contents", err)
      end
    end)
  end

  it("is not seen in other texts", function()
    for _, text in ipairs { "", "no CSR", "www.example.com",
                            "-----BEGIN X-----\n.csr" } do
      for _, call in ipairs { csr.check, csr.inspect,
                              certcentral.order_from_csr } do
        local _, err = call(text)
        assert.is_nil(tostring(err):find("file", 1, true))
      end
    end
  end)
end)

describe("a key file that others may read", function()
  local path
  before_each(function()
    path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(support.KEY, "\n")
    file:close()
  end)
  after_each(function() os.remove(path) end)

  local function new(mode, events)
    assert(os.execute(("chmod %s '%s'"):format(mode, path)))
    return certcentral.new { api_key_file = path,
      transport = support.recorder(),
      on_event = function(event) events[#events + 1] = event end }
  end

  for _, mode in ipairs { "644", "640", "604", "620" } do
    it("is told beside the client and to on_event: " .. mode, function()
      local events = {}
      local client, warnings = new(mode, events)
      assert.is_truthy(tostring(client):find("certcentral client", 1, true))
      assert.are.equal(1, #warnings)
      assert.are.equal("exposed", warnings[1].code)
      assert.is_truthy(tostring(warnings):find("'api_key_file' must be "
        .. "readable by its owner only, got '" .. path, 1, true))
      assert.are.equal("warning", events[1].event)
      support.assert_no_secret(events)
      support.assert_no_secret(warnings)
    end)
  end

  for _, mode in ipairs { "600", "400" } do
    it("is not one of mode " .. mode, function()
      local events = {}
      local client, warnings = new(mode, events)
      assert.is_table(client)
      assert.is_nil(warnings)
      assert.are.equal(0, #events)
    end)
  end

  it("costs no client where on_event raises", function()
    os.execute(("chmod 644 '%s'"):format(path))
    assert.is_table(certcentral.new { api_key_file = path,
      transport = support.recorder(), on_event = function() error("x") end })
  end)
end)

describe("a product", function()
  local cases = {
    { "ssl_secure_site_flex", "ssl_securesite_flex" },
    { "ssl_securesite_flx", "ssl_securesite_flex" },
    { "securesite_flex", "ssl_securesite_flex" },
    { "ssl_basics", "ssl_basic" }, { "ssl_ev_basci", "ssl_ev_basic" },
    { "unheard_of", nil },
  }
  for _, case in ipairs(cases) do
    it("that is not known warns: " .. case[1], function()
      local options = orders.options { product = case[1] }
      for _, call in ipairs { "validate", "encode", "request" } do
        local result, list = certcentral[call](orders.minimal(), options)
        assert.is_truthy(result)
        assert.are.same({ { path = "product", code = "unknown",
          hint = case[2], message = ("'product' must be a known product, got "
          .. "'%s'"):format(case[1]) } }, list)
      end
      local _, info = support.place((support.recorder()), nil,
                                    { product = case[1] })
      assert.are.equal("product", info.warnings[1].path)
    end)
  end

  it("that is not known is a problem where warnings are", function()
    local ok, err = certcentral.validate(orders.minimal(),
      orders.options { product = "ssl_basics", strict = true })
    assert.is_nil(ok)
    assert.are.equal("'product' must be a known product, got 'ssl_basics' "
      .. "(did you mean 'ssl_basic'?)", tostring(err))
  end)

  it("that is not known is told beside the order's problems", function()
    local order = orders.minimal()
    order.organization = nil
    for _, strict in ipairs { false, true } do
      local _, err = certcentral.validate(order, orders.options {
        product = "ssl_basics", strict = strict })
      local problems, warnings = { { "organization", "missing" } }, {}
      table.insert(strict and problems or warnings, { "product", "unknown" })
      assert.are.same(problems, orders.codes(err.problems))
      assert.are.same(warnings, orders.codes(err.warnings))
    end
  end)

  it("that is known does not warn", function()
    for _, name in ipairs(require "certcentral.order.product_names") do
      assert.are.same({}, select(2, assert(certcentral.validate(
        orders.minimal(), orders.options { product = name }))))
    end
  end)
end)

describe("a server whose CA is not known", function()
  local server = require "support.server"
  local cases = {
    { "without a CA file", nil, "give a server's own CA as ca_file or in "
      .. "CERTCENTRAL_CA_FILE" },
    { "with another's CA file", true, "the server's CA must be in ca_file or "
      .. "CERTCENTRAL_CA_FILE, now '" },
  }
  for _, case in ipairs(cases) do
    it("leads to the option and the variable " .. case[1], function()
      local function order(how)
        local s = server.start { tls = true, script = { "accept", "tls" } }
        local other = case[2] and server.start { tls = true }
        local client = assert(certcentral.new { api_key = support.KEY,
          base_url = s.url, ca_file = other and other.ca_file,
          retry = { attempts = 1 } })
        local _, err = how(client)
        client:close()
        s:finish()
        assert.are.equal("not_placed", err.outcome or "not_placed")
        assert.is_truthy(err.message:find(case[3], 1, true), err.message)
      end
      order(function(client) return client:order(1) end)
      order(function(client)
        return client:place_order(orders.minimal(), orders.options())
      end)
      order(function(client)
        local queue = client:queue()
        local ticket = queue:add(orders.minimal(), orders.options())
        local tries = 0
        while queue:step(0.1) > 0 and tries < 200 do
          tries = tries + 1
        end
        return nil, ticket:outcome().err
      end)
      server.finish_all()
    end)
  end
end)
