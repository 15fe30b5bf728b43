-- The client in nginx's workers: which transport it takes, in which phases,
-- and what it says where there is none.

local certcentral = require "certcentral"
local core = require "certcentral.core"
local files = require "support.files"
local host_of = require "support.nginx_host"
local nginx = require "support.nginx"
local support = require "support.sandbox"

local sandbox
local running = {}

local function start(options)
  options.server = (options.server or "") .. host_of.LOCATIONS
  local host = nginx.start(options)
  running[#running + 1] = host
  return host
end

-- The sandbox by a name, as cosockets look for one in a certificate.
local function client(transport, more)
  local options = {
    api_key = sandbox.api_key, transport = transport,
    base_url = sandbox.base_url:gsub("127%.0%.0%.1", "localhost"),
    ca_file = transport ~= "resty" and sandbox.ca_file or nil,
    retry = { attempts = 1 }, recover_for = 0,
  }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return options
end

local function place(host, path, options)
  return nginx.post(host, path, { client = options,
                                  order = support.order() })
end

local function assert_told(part, text)
  assert.is_truthy(text and text:find(part, 1, true), tostring(text))
end

-- An order that was not sent, for such a reason.
local function assert_config(part, got)
  assert.is_nil(got.raised)
  assert.is_nil(got.result)
  assert.are.equal("config", got.err.kind)
  assert.are_not.equal("unknown", got.err.outcome)
  assert_told(part, got.err.text)
  assert.are.equal(0, #support.requests(sandbox))
end

-- In a coroutine, and in a queue that is asked again and again.
local RUN = [[
  local given = ...
  local client = assert(require("certcentral").new(given.client))
  local told = {}
  coroutine.wrap(function()
    told[1] = client:place_order(given.order) and "placed"
  end)()
  local queue = client:queue { concurrency = 2 }
  coroutine.wrap(function()
    told[2] = queue:await(given.order) and "awaited"
  end)()
  local ticket = queue:add(given.order)
  told[3] = queue:cancel(queue:add(given.order))
  while queue:step(0) > 0 do end
  told[4] = ticket:outcome().ok and "stepped"
  return told
]]

setup(function() sandbox = support.start() end)
before_each(function() support.reset(sandbox) end)
after_each(function()
  for _, host in ipairs(running) do
    host.stop()
  end
  running = {}
end)
teardown(function() sandbox.stop() end)

describe("in an nginx worker", function()
  for _, transport in ipairs { "resty", "thread" } do
    it(("transport '%s' places orders in every phase"):format(transport),
       function()
      local host = start { ca_file = sandbox.ca_file }
      for _, path in ipairs { "/place", "/rewrite", "/access", "/timer" } do
        local got = place(host, path, client(transport))
        assert.is_true(got.placed, path .. (got.raised or got.err and
                                            got.err.text or ""))
      end
      assert.are.equal(4, #support.orders(sandbox))
    end)

    it(("transport '%s' keeps its connection"):format(transport), function()
      local host = start { ca_file = sandbox.ca_file }
      for _ = 1, 3 do
        assert.is_true(place(host, "/place", client(transport)).placed)
      end
      local requests = support.requests(sandbox)
      assert.are.equal(3, #requests)
      assert.are.equal(requests[1].connection, requests[3].connection)
    end)

    it(("transport '%s' has many orders under way"):format(transport),
       function()
      local host = start { ca_file = sandbox.ca_file }
      local orders = {}
      for i = 1, 12 do
        orders[i] = support.order()
      end
      support.fault(sandbox, { kind = "hold", requests = 11, times = 11 })
      orders[5].organization = nil
      local got = nginx.post(host, "/many", { client = client(transport),
        orders = orders, options = { concurrency = 12 } })
      for i, outcome in ipairs(got) do
        assert.are.equal(i ~= 5 and true or nil, outcome.placed)
      end
      assert.are.equal("invalid", got[5].err.kind)
      local requests = support.requests(sandbox)
      assert.are.equal(11, #requests)
    end)

    it(("transport '%s' waits in coroutines and in steps"):format(transport),
       function()
      local host = start { ca_file = sandbox.ca_file }
      local got = nginx.post(host, "/run", { code = RUN, given = {
        client = client(transport), order = support.order() } })
      assert.is_true(got.ok, tostring(got.value))
      assert.are.same({ "placed", "awaited", "no", "stepped" }, got.value)
      assert.are.equal(3, #support.orders(sandbox))
    end)
  end

  it("lua-resty-http is taken where it is installed", function()
    local host = start { ca_file = sandbox.ca_file }
    local options = client(nil, { ca_file = nil })
    options.ca_file = nil
    assert.is_true(place(host, "/place", options).placed)
    assert_told("cannot be used with transport 'resty': write "
      .. "'lua_ssl_trusted_certificate FILE;'",
      place(host, "/place", client(nil)).err.text)
  end)

  it("else nginx's threads are", function()
    local host = start { resty = false, resolver = false }
    assert.is_true(place(host, "/place", client(nil)).placed)
    assert.is_true(place(host, "/timer", client(nil)).placed)
  end)

  it("libcurl blocks where it was named", function()
    local host = start { resty = false, main = "" }
    assert.is_true(place(host, "/place", client("curl")).placed)
  end)

  it("and is not taken where it was not", function()
    local host = start { resty = false, http = [[
      init_by_lua_block { ngx.run_worker_thread = nil } ]] }
    assert_config("libcurl would block this nginx worker with all its "
      .. "requests", place(host, "/place", client(nil)))
    assert_config("was built with threads",
                  place(host, "/place", client("thread")))
  end)

  it("a missing thread pool is told with what to write", function()
    local host = start { resty = false, main = "" }
    for _, name in ipairs { false, "thread" } do
      assert_config("write 'thread_pool certcentral threads=32 "
        .. "max_queue=65536;' in its main block",
        place(host, "/place", client(name or nil)))
    end
  end)

  it("a missing lua-resty-http is told", function()
    local host = start { resty = false }
    assert_config("'resty' needs lua-resty-http",
                  place(host, "/place", client("resty")))
  end)

  it("a missing resolver is told", function()
    local host = start { ca_file = sandbox.ca_file, resolver = false }
    local got = place(host, "/place", client("resty"))
    assert_told("write 'resolver ADDRESS;'", got.err.text)
    assert.are.equal("not_placed", got.err.outcome)
  end)

  it("a missing shared dict is told", function()
    local host = start {}
    assert_told("write 'lua_shared_dict none 1m;' in the http block",
      place(host, "/place", client("thread", { shared = "none" })).raised)
  end)

  it("an unknown transport is told", function()
    local host = start {}
    assert_told("'curl', 'resty', 'thread', a function or a table with "
      .. "'perform' expected, got 'wget'",
      place(host, "/place", client("wget")).raised)
  end)

  it("a proxy is asked for a tunnel", function()
    local host = start { ca_file = sandbox.ca_file }
    local options = client("resty", { proxy = "socks5://127.0.0.1:1" })
    assert_config("only a proxy of the form http://HOST:PORT",
                  place(host, "/place", options))
    options.proxy = "http://127.0.0.1:1" -- never asked for this machine
    assert.is_true(place(host, "/place", options).placed)
  end)

  it("phases that cannot wait are refused", function()
    local host = start { ca_file = sandbox.ca_file, http = ([[
      init_worker_by_lua_block {
        local client = require("certcentral").new { api_key = "key",
                                                    base_url = "%s" }
        local order = require("cjson").decode([==[%s]==])
        local result, err = client:place_order(order)
        ngx.log(ngx.WARN, "told: ", err.kind, " ", tostring(err))
      } ]]):format(sandbox.base_url,
                   require("cjson").encode(support.order())) }
    place(host, "/place", client("thread"))
    assert_told("told: config cannot send in init_worker_by_lua: "
      .. "nginx does not allow waiting there; use a timer, ngx.timer.at",
      host.log())
  end)
end)

describe("the API key in init_by_lua", function()
  local function shared_client(code)
    return ([[
      lua_shared_dict rate 1m;
      init_by_lua_block {
        CLIENT = assert(require("certcentral").new { %s,
          base_url = "%s", budget = require("certcentral.budget")
                                      .shared("rate") }) } ]])
      :format(code, client().base_url)
  end

  local function check(options)
    options.ca_file, options.workers = sandbox.ca_file, 2
    local host = start(options)
    for _ = 1, 4 do
      assert.is_true(place(host, "/place", nil).placed)
    end
    assert.are.equal(4, #support.orders(sandbox))
  end

  it("may come from a file", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(sandbox.api_key, "\n")
    file:close()
    check { http = shared_client(("api_key_file = '%s'"):format(path)) }
    os.remove(path)
  end)

  it("may come from the environment", function()
    check { http = shared_client("transport = 'resty'"),
            environment = "CERTCENTRAL_API_KEY=" .. sandbox.api_key }
  end)

  it("may place orders before there are workers", function()
    local host = start { ca_file = sandbox.ca_file, http = ([[
      init_by_lua_block {
        local options = require("cjson").decode([==[%s]==])
        local client = assert(require("certcentral").new(options))
        local order = require("cjson").decode([==[%s]==])
        local ok, err = client:place_order(order)
        ngx.log(ngx.WARN, "placed: ", tostring(ok ~= nil), tostring(err))
        options.transport = "thread"
        client = assert(require("certcentral").new(options))
        ok, err = client:place_order(order)
        ngx.log(ngx.WARN, "told: ", tostring(err))
      } ]]):format(require("cjson").encode(client(nil)),
                   require("cjson").encode(support.order())) }
    assert_told("placed: true", host.log())
    assert_told("transport 'thread' is for nginx's workers: there are none "
      .. "yet in init_by_lua", host.log())
  end)
end)

describe("the logger for nginx", function()
  local CARD = "4111111111111111"

  -- What it wrote to the error log: levels, and texts without what nginx adds.
  local function logged(host)
    local lines = {}
    for line in host.log():gmatch("[^\n]+") do
      local level, text = line:match("%[(%l+)%].-: certcentral: (.*)$")
      if text then
        lines[#lines + 1] = level .. " " .. text:gsub(", client: .*$", "")
      end
    end
    return lines
  end

  it("writes a line for each event to the error log, and no secret",
     function()
    local host = start { ca_file = sandbox.ca_file, http = ([[
      init_by_lua_block {
        CLIENT = assert(require("certcentral").new { api_key = "%s",
          base_url = "%s", on_event = require("certcentral.log").nginx() })
      } ]]):format(sandbox.api_key, client().base_url) }
    local order = support.order()
    order.alternative_order_id, order.payment_method = "logged-1", "card"
    order.credit_card = { number = CARD, cvv = "987", expiration_month = 1,
      expiration_year = 2099, cardholder_name = "Jill Valentine" }
    order.billing_address = { address = "1 Street", city = "Lehi",
                              country = "us" }
    support.fault(sandbox, { kind = "status", status = 403 })
    assert.are.equal("denied", nginx.post(host, "/place",
                                          { order = order }).err.kind)
    assert.is_true(nginx.post(host, "/place", { order = order }).placed)
    local lines = logged(host)
    for i, pattern in ipairs { "warn attempt .*kind=denied .*status=403 ",
        "warn outcome .*outcome=not_placed kind=denied ",
        "info attempt .*status=201 ",
        "info outcome .*order_id=%d+ outcome=placed " } do
      assert.is_truthy(lines[i] and lines[i]:find("^" .. pattern),
                       table.concat(lines, "\n"))
      assert.is_truthy(lines[i]:find("alternative_order_id=logged-1", 1, true))
    end
    assert.are.equal(4, #lines)
    for _, secret in ipairs { sandbox.api_key, CARD, "cvv" } do
      assert.is_nil(host.log():find(secret, 1, true))
    end
  end)
end)

describe("a CA file that root alone may read", function()
  local dir, path
  before_each(function()
    dir = nginx.shell("mktemp -d")
    path = dir .. "/ca.pem"
    files.write(path, files.read(sandbox.ca_file))
  end)
  after_each(function() nginx.shell("rm -rf '%s'", dir) end)

  -- What nginx says when it starts, after a shell command in the directory.
  local function log_after(command)
    nginx.shell("cd '%s' && %s", dir, command)
    return start { user = "daemon", http = ([[
      init_by_lua_block {
        assert(require("certcentral").new { api_key = "key", ca_file = "%s",
          on_event = require("certcentral.log").nginx() }) } ]])
      :format(path) }.log()
  end

  local cases = {
    { "chmod 755 .; chmod 600 ca.pem", "/ca.pem" },
    { "chmod 755 .; chmod 660 ca.pem", "/ca.pem" },
    { "chmod 700 .; chmod 644 ca.pem", "" },
    { "chmod 755 .; chmod 644 ca.pem" },
    { "chmod 755 .; chmod 640 ca.pem; chgrp daemon ca.pem" },
    { "chmod 755 .; chmod 400 ca.pem; chown daemon ca.pem" },
    { "chmod 710 .; chgrp daemon .; chmod 644 ca.pem" },
  }
  for _, case in ipairs(cases) do
    it(("is %stold when nginx starts: %s"):format(case[2] and "" or "not ",
                                                  case[1]), function()
      if not core.is_root() then
        pending("only root can start what it alone may read")
        return
      end
      local log = log_after(case[1])
      if case[2] then
        assert_told(("certcentral: warning code=unreadable message=\"'ca_file' "
          .. "must be readable by nginx's workers, which are another user as "
          .. "a rule, got '%s', and only root may use '%s' (let their user "
          .. "read it)\""):format(path, dir .. case[2]), log)
      else
        assert.is_nil(log:find("unreadable", 1, true), log)
      end
    end)
  end
end)

describe("outside of nginx", function()
  for _, transport in ipairs { "resty", "thread" } do
    it(("there is no transport '%s'"):format(transport), function()
      local made, err = certcentral.new(client(transport))
      assert.is_nil(made)
      assert.are.equal("config", err.kind)
      assert_told("is for nginx with its Lua module", tostring(err))
    end)
  end
end)
