-- The sandbox behind HTTPS, by the curl command line.

local json = require("certcentral.sandbox.json")
local servers = require("certcentral.sandbox.server")
local support = require("support.sandbox")
local versions = require("support.versions")

local ORDER_PATH = "/order/certificate/ssl_securesite_flex"
local LUA = rawget(_G, "jit") and "luajit" or "lua5.4"

-- What curl ends with where a connection is closed before an answer, and where
-- an answer is cut: by 7.88, and by 8.14.
local CLOSED, CUT = { 52, 56 }, { 18, 56 }

local exit_code = versions.one_of

local function expect_closed(exit)
  assert.equal(exit_code(CLOSED, exit), exit)
end

local server

local function send(method, path, body, more)
  return support.request(server, method, path, body, more)
end

local function place(changes, more)
  return send("POST", ORDER_PATH, support.order(changes), more)
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Output of a shell command.
local function shell(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

describe("sandbox server", function()
  setup(function()
    server = support.start({ plain_http = true })
  end)

  teardown(function()
    server.stop()
  end)

  before_each(function()
    support.reset(server)
  end)

  describe("serves", function()
    it("the user behind the key", function()
      local answer = send("GET", "/user/me")
      assert.equal(0, answer.exit)
      assert.equal(200, answer.status)
      assert.equal("application/json", answer.headers["content-type"])
      assert.equal("active", answer.json.status)
    end)

    it("orders, and finds them again", function()
      local answer = place({ alternative_order_id = "over/the wire",
        skip_approval = true })
      assert.equal(201, answer.status)
      assert.equal(3, #answer.json.certificate_chain)
      local found = send("GET", "/order/alternate/over%2Fthe%20wire").json
      assert.equal(answer.json.id, found.orders[1].order_id)
      assert.equal(1, found.page.total)
      local info = send("GET", "/order/certificate/" .. answer.json.id).json
      assert.equal("issued", info.status)
      assert.equal(answer.json.certificate_id, info.certificate.id)
      local stored = support.orders(server)
      assert.equal(1, #stored)
      assert.equal("over/the wire", stored[1].alternative_order_id)
      assert.equal("example.com", stored[1].body.certificate.common_name)
    end)

    it("large bodies", function()
      local comments = ("a line of a long comment\n"):rep(100000)
      assert.equal(201, place({ comments = comments }).status)
      assert.equal(comments, support.orders(server)[1].body.comments)
    end)

    it("the control routes by HTTPS as well", function()
      local answer = support.curl({ ca_file = server.ca_file,
        url = server.root_url .. "/sandbox/orders" })
      assert.same({ orders = {} }, answer.json)
    end)

    it("validated domains", function()
      local order = support.order({ skip_approval = true })
      order.certificate.common_name = "a.example.dev"
      assert.is_nil(send("POST", ORDER_PATH, order).json.certificate_chain)
      support.control(server, "POST", "/sandbox/domains",
        { name = "example.dev" })
      assert.is_table(send("POST", ORDER_PATH, order).json.certificate_chain)
    end)

    it("plain HTTP when it is asked to", function()
      local answer = send("GET", "/user/me", nil,
        { url = server.plain_base_url .. "/user/me" })
      assert.equal(200, answer.status)
    end)

    local refusals = {
      { "GET", "/user/me", 403, { headers = {} } },
      { "GET", "/no/such/route", 404 },
      { "GET", "/order/certificate/1", 404 },
      { "PUT", "/user/me", 405 },
      { "POST", ORDER_PATH, 400, { body = "{" } },
      { "POST", ORDER_PATH, 400, { body = "{}" } },
      { "POST", "/order/certificate/none", 404, { body = "{}" } },
    }
    for _, case in ipairs(refusals) do
      it(("a refusal: %d for %s %s"):format(case[3], case[1], case[2]),
        function()
          local answer = send(case[1], case[2], nil, case[4])
          assert.equal(0, answer.exit)
          assert.equal(case[3], answer.status)
          assert.is_string(answer.json.errors[1].code)
        end)
    end
  end)

  describe("TLS", function()
    for _, case in ipairs({ { "--tlsv1.2 --tls-max 1.2", 0 },
      { "--tlsv1.3", 0 }, { "--tlsv1.1 --tls-max 1.1", 35 } }) do
      it(("with %s ends with %d"):format(case[1], case[2]), function()
        assert.equal(case[2],
          send("GET", "/user/me", nil, { args = case[1] }).exit)
      end)
    end

    it("is valid for localhost and for its own CA only", function()
      local url = ("https://localhost:%d/sandbox/orders"):format(server.port)
      assert.equal(200, support.curl({ url = url,
        ca_file = server.ca_file }).status)
      assert.equal(60, support.curl({ url = url }).exit)
    end)

    it("listens on loopback only", function()
      local conf = shell("cat " .. quote(server.dir .. "/nginx.conf"))
      local count = 0
      for address in conf:gmatch("listen ([^;]+);") do
        count = count + 1
        assert.truthy(address:find("^127%.0%.0%.1:%d+"))
      end
      assert.equal(2, count)
    end)
  end)

  describe("faults", function()
    -- {fault, curl's exit code, status, orders stored, requests read}
    local cases = {
      { { kind = "refuse" }, 35, 0, 0, 0 },
      { { kind = "refuse", path = "flex$" }, CLOSED, 0, 0, 0 },
      { { kind = "close" }, CLOSED, 0, 0, 1 },
      { { kind = "lose" }, CLOSED, 0, 1, 1 },
      { { kind = "cut", bytes = 10 }, CUT, 201, 1, 1 },
      { { kind = "cut", bytes = 0 }, CUT, 201, 1, 1 },
      { { kind = "status", status = 503 }, 0, 503, 0, 1 },
      { { kind = "status", status = 500, store = true }, 0, 500, 1, 1 },
      { { kind = "html" }, 0, 503, 0, 1 },
      { { kind = "html", store = true, status = 502 }, 0, 502, 1, 1 },
      { { kind = "errors_object" }, 0, 400, 0, 1 },
      { { kind = "error_singular" }, 0, 400, 0, 1 },
      { { kind = "garbage" }, 0, 201, 1, 1 },
      { { kind = "delay", seconds = 0.05 }, 0, 201, 1, 1 },
      { { kind = "hold", requests = 1 }, 0, 201, 1, 1 },
      { { kind = "delay", seconds = 0.05, when = "after" }, 0, 201, 1, 1 },
    }
    for _, case in ipairs(cases) do
      local fault = case[1]
      it("over the wire: " .. json.encode(fault), function()
        support.fault(server, fault)
        local answer = place()
        assert.equal(exit_code(case[2], answer.exit), answer.exit)
        assert.equal(case[3], answer.status)
        assert.equal(fault.bytes or #answer.body, #answer.body)
        assert.equal(case[4], #support.orders(server))
        local read = support.requests(server)
        assert.equal(case[5], #read)
        if read[1] then
          assert.equal("POST", read[1].method)
          assert.equal(case[2] == 0, read[1].answered)
        end
        assert.equal(201, place().status)
      end)
    end

    -- The client gives up long before the delay is over.
    for _, case in ipairs({ { "before", 0 }, { "after", 1 } }) do
      it("over the wire: a long delay " .. case[1], function()
        support.fault(server, { kind = "delay", seconds = 600,
          when = case[1] })
        local answer = place(nil, { args = "--max-time 0.3" })
        assert.equal(28, answer.exit)
        assert.equal(case[2], #support.orders(server))
        local read = support.requests(server)
        assert.equal(1, #read)
        assert.is_false(read[1].answered)
      end)
    end

    it("over the wire: headers of a status", function()
      support.fault(server, { kind = "status", status = 429,
        headers = { ["Retry-After"] = "7" }, body = "slow" })
      local answer = send("GET", "/user/me")
      assert.equal("7", answer.headers["retry-after"])
      assert.equal("slow", answer.body)
    end)

    it("do not touch control routes", function()
      support.fault(server, { kind = "refuse", method = "POST",
        path = "/order/" })
      support.fault(server, { kind = "close" })
      assert.same({}, support.orders(server))
      assert.same({}, support.requests(server))
      expect_closed(place().exit)
      assert.same({}, support.requests(server))
      expect_closed(place().exit)
      assert.equal(1, #support.requests(server))
    end)

    it("refuse a request on an open connection unread", function()
      support.fault(server, { kind = "status", status = 500 })
      support.fault(server, { kind = "refuse" })
      support.fault(server, { kind = "refuse" })
      local url = server.base_url .. "/user/me"
      local answer = send("GET", "/user/me", nil,
        { args = quote(url) .. " -o /dev/null" })
      -- curl repeats the second on a new connection: refused at once
      assert.equal(35, answer.exit)
      assert.equal(1, #support.requests(server))
    end)

    it("are refused by name", function()
      local answer = support.curl({ method = "POST", body = '{"kind":"x"}',
        url = server.control_url .. "/sandbox/faults" })
      assert.equal(400, answer.status)
      assert.truthy(answer.body:find("'x'", 1, true))
    end)
  end)

  it("numbers connections and requests", function()
    local url = server.base_url .. "/user/me?again"
    assert.equal(0, send("GET", "/user/me", nil,
      { args = quote(url) .. " -o /dev/null" }).exit)
    assert.equal(0, send("GET", "/user/me").exit)
    local read = support.requests(server)
    assert.equal(3, #read)
    assert.same({ 1, 2, 3 }, { read[1].number, read[2].number,
      read[3].number })
    assert.equal(read[1].connection, read[2].connection)
    assert.not_equal(read[1].connection, read[3].connection)
    assert.equal("/services/v2/user/me", read[2].path)
  end)
end)

describe("sandbox server start", function()
  local started

  after_each(function()
    if started then
      started.stop()
      started = nil
    end
  end)

  it("hands its options on", function()
    started = support.start({ api_key = "another-key", http2 = true,
      unique_alternative_order_ids = true, rate_limits = true })
    assert.equal("another-key", started.api_key)
    local changes = { alternative_order_id = "once" }
    for _, status in ipairs({ 201, 400 }) do
      local answer = support.request(started, "POST", ORDER_PATH,
        support.order(changes), { args = "--http2 -w '%{http_version} '"
          .. " -w '%{http_code}'" })
      assert.equal(status, answer.status)
    end
    local version = shell(("curl -s -o /dev/null --http2 --cacert %s "
      .. "-w '%%{http_version}' %s/sandbox/orders"):format(
        quote(started.ca_file), started.root_url))
    assert.equal("2", version)
    assert.is_nil(started.plain_base_url)
    assert.equal(404, support.curl({
      url = started.control_url .. "/services/v2/user/me" }).status)
    local many = shell(("curl -s -H 'X-DC-DEVKEY: %s' --cacert %s "
      .. "-o /dev/null -w '%%{http_code} ' '%s/user/me?[1-99]'"):format(
        started.api_key, quote(started.ca_file), started.base_url))
    assert.equal("429", many:match("(%d+) $"))
    assert.equal(98, select(2, many:gsub("200", "")))
  end)

  it("gives each server its own port and CA", function()
    started = support.start()
    local other = support.start()
    assert.not_equal(started.port, other.port)
    local answer = support.curl({ url = other.root_url .. "/sandbox/orders",
      ca_file = started.ca_file })
    assert.equal(60, answer.exit)
    other.stop()
  end)

  it("stops, and twice is fine", function()
    started = support.start()
    assert.is_true(exists(started.ca_file))
    started.stop()
    assert.is_false(exists(started.ca_file))
    assert.equal(7, support.curl({ url = started.root_url }).exit)
    started.stop()
  end)

  it("works in a given directory and leaves it", function()
    local dir = shell("mktemp -d"):gsub("\n", "")
    started = support.start({ dir = dir })
    assert.equal(dir .. "/ca.pem", started.ca_file)
    started.stop()
    assert.is_true(exists(dir .. "/ca.pem"))
    shell("rm -rf -- " .. quote(dir))
  end)

  it("takes a fixed port, and says when it is taken", function()
    started = support.start()
    local port = started.port
    local second, message = servers.start({ port = port })
    assert.is_nil(second)
    assert.truthy(message:find("Address already in use", 1, true), message)
    started.stop()
    started = support.start({ port = port })
    assert.equal(port, started.port)
  end)

  it("names what is missing", function()
    local none, message = servers.start({ dir = "/no/such/directory" })
    assert.is_nil(none)
    assert.truthy(message:find("/no/such/directory", 1, true))
    local dir = shell("mktemp -d"):gsub("\n", "")
    shell("mkdir " .. quote(dir .. "/a b"))
    none, message = servers.start({ dir = dir .. "/a b" })
    assert.is_nil(none)
    assert.truthy(message:find("a b", 1, true))
    shell("rm -rf -- " .. quote(dir))
  end)

  for option, value in pairs({ port = "1", nonsense = 1, api_key = 5 }) do
    it("raises on a bad option " .. option, function()
      local ok, message = pcall(servers.start, { [option] = value })
      assert.is_false(ok)
      assert.truthy(message:find("'" .. option .. "'", 1, true))
    end)
  end
end)

-- A Lua program with open standard input, its output a pipe to read.
local function spawn(arguments)
  local dir = shell("mktemp -d"):gsub("\n", "")
  local fifo = dir .. "/out"
  shell("mkfifo " .. quote(fifo))
  local input = assert(io.popen(("LUA_PATH=%s %s %s >%s"):format(
    quote(package.path), LUA, arguments, quote(fifo)), "w"))
  local output = assert(io.open(fifo, "rb"))
  return {
    output = output,
    dir = dir,
    finish = function()
      input:close()
    end,
    remove = function()
      output:close()
      shell("rm -rf -- " .. quote(dir))
    end,
  }
end

describe("sandbox processes", function()
  it("serve.lua names a bad port", function()
    local path = package.searchpath("certcentral.sandbox.serve",
      package.path)
    local output = shell(("SANDBOX_PORT=http LUA_PATH=%s %s %s 2>&1"
      .. " </dev/null; echo $?"):format(quote(package.path), LUA,
        quote(path)))
    assert.truthy(output:find("SANDBOX_PORT must be a port", 1, true))
    assert.truthy(output:find("\n2\n$"))
  end)

  it("nginx ends when its owner is gone", function()
    local program = spawn("-e " .. quote([[
      local support = require("support.sandbox")
      local server = support.start()
      support.fault(server, { kind = "delay", seconds = 600 })
      print(server.control_url)
      print(server.base_url)
      print(server.ca_file)
      io.stdout:flush()
      io.read("*l")
      os.exit(0)
    ]]))
    program.output:read("*l")
    local base_url = program.output:read("*l")
    local ca_file = program.output:read("*l")
    local ended = program.dir .. "/ended"
    shell("mkfifo " .. quote(ended))
    -- waits for its answer until nginx closes the connection; by popen,
    -- which keeps the program's standard input out of curl's hands
    assert(io.popen(("(curl -s --max-time 30 --cacert %s %s/user/me; "
      .. "echo $?) >%s &"):format(quote(ca_file), base_url,
        quote(ended)))):close()
    program.finish()
    local exit = tonumber(shell("cat " .. quote(ended)):match("%d+"))
    expect_closed(exit)
    assert.is_false(exists(ca_file))
    program.remove()
  end)
end)
