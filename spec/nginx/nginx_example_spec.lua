-- examples/openresty, run as a user would.

local files = require "support.files"
local ca = require "certcentral.sandbox.ca"
local json = require "cjson"
local nginx = require "support.nginx"
local support = require "support.sandbox"

local read, write = files.read, files.write

-- The example in a directory of its own, on a free port and in the
-- background, with the modules of this source tree.
local function start_example(sandbox)
  local dir, root = nginx.shell("mktemp -d"), nginx.shell("pwd -P")
  local build = os.getenv("CERTCENTRAL_TEST_BUILD") or root .. "/build"
  write(dir .. "/orders.lua", read("examples/openresty/orders.lua"))
  local text = read("examples/openresty/nginx.conf")
  local function replace(from, to)
    local at, last = text:find(from, 1, true)
    assert(at, from)
    text = text:sub(1, at - 1) .. to .. text:sub(last + 1)
  end
  replace("daemon off;", nginx.shell("id -u") == "0" and "user root;" or "")
  replace("error_log stderr", ("error_log %s/error.log"):format(dir))
  replace(";;';", (";%s/lua/?.lua;%s/lua/?/init.lua;;';\n"
    .. "lua_package_cpath '%s/lua5.1/?.so;;';\n"
    .. "client_body_temp_path %s/t; proxy_temp_path %s/t; "
    .. "fastcgi_temp_path %s/t; uwsgi_temp_path %s/t; scgi_temp_path %s/t;")
    :format(root, root, build, dir, dir, dir, dir, dir))
  replace("/etc/ssl/certs/ca-certificates.crt", sandbox.ca_file)
  local with_port = text
  for _ = 1, 10 do
    local port = ("%d"):format(ca.random_integer(20000, 32000))
    text = with_port
    replace("listen 127.0.0.1:8080", "listen 127.0.0.1:" .. port)
    write(dir .. "/nginx.conf", text)
    local said = nginx.run(dir, ("CERTCENTRAL_API_KEY=%s "
      .. "CERTCENTRAL_BASE_URL=%s CERTCENTRAL_CA_FILE=%s"):format(
      sandbox.api_key, sandbox.base_url, sandbox.ca_file))
    if said:find("started$") then
      return { url = "http://127.0.0.1:" .. port, stop = function()
        nginx.stop(dir, "nginx.pid")
      end, log = function() return read(dir .. "/error.log") end }
    end
    assert(said:find("Address already in use", 1, true), said)
  end
end

describe("examples/openresty", function()
  local sandbox, example

  setup(function()
    sandbox = support.start()
    example = start_example(sandbox)
  end)
  before_each(function() support.reset(sandbox) end)
  teardown(function()
    example.stop()
    sandbox.stop()
  end)

  local function post(value)
    local answer = support.curl { url = example.url .. "/orders",
      method = "POST", body = type(value) == "string" and value or
                              json.encode(value) }
    assert.are.equal("application/json", answer.headers["content-type"],
                     example.log())
    return answer.status, json.decode(answer.body)
  end

  it("places an order", function()
    local status, got = post(support.order())
    assert.are.equal(201, status, example.log())
    local stored = support.orders(sandbox)[1]
    assert.are.equal(stored.order_id, got.id)
    assert.are.equal(stored.alternative_order_id, got.alternative_order_id)
  end)

  it("answers problems with all their paths", function()
    local order = support.order { organization = json.null }
    order.certificate.signature_hash = "md5"
    order.certificate.common_name = "a_b"
    local status, got = post(order)
    assert.are.equal(422, status)
    assert.are.equal("invalid", got.kind)
    local paths = {}
    for i, problem in ipairs(got.problems) do
      paths[i] = problem.path
    end
    table.sort(paths)
    assert.are.same({ "certificate.common_name",
                      "certificate.signature_hash", "organization" }, paths)
    assert.are.equal(0, #support.requests(sandbox))
    order.certificate.signature_hash = "sha256"
    order.certificate.common_name = "example.com"
  end)

  -- fault, status, outcome
  local faults = {
    { { kind = "status", status = 400 }, 422, "not_placed" },
    { { kind = "status", status = 401 }, 500, "not_placed" },
    { { kind = "status", status = 429,
        headers = { ["Retry-After"] = "1000" } }, 503, "not_placed" },
  }
  for _, case in ipairs(faults) do
    it(("answers a %d of CertCentral by %d"):format(case[1].status, case[2]),
       function()
      support.fault(sandbox, case[1])
      local status, got = post(support.order())
      assert.are.equal(case[2], status)
      assert.are.equal(case[3], got.outcome)
      assert.is_string(got.alternative_order_id)
    end)
  end

  it("takes nothing else", function()
    for _, body in ipairs { "", "{", "1", "null" } do
      assert.are.equal(400, (post(body)))
    end
    local answer = support.curl { url = example.url .. "/orders" }
    assert.are.equal(405, answer.status)
  end)
end)

describe("the example's timer", function()
  local NOW = 1764000000 -- 2025-11-24

  it("keeps what ends soon, and goes on after a failure", function()
    local orders = dofile("examples/openresty/orders.lua")
    local asked, lines = { ids = {} }, {}
    local account = {}
    function account.orders(_, filters)
      asked.filters = filters
      local i = 0
      return function()
        i = i + 1
        if i == 4 then
          return false, "no page"
        end
        return i <= 4 and { id = i } or nil
      end
    end
    function account.keep(_, id, options)
      asked.ids[#asked.ids + 1] = id
      assert.are.same({ key = "same" }, options)
      if id == 2 then
        return nil, "no order"
      end
      return { action = id == 1 and "renew" or "none", done = id == 1,
               order_id = id + 100, reason = "it ends soon" }
    end
    orders.keep_all(account, NOW, function(text)
      lines[#lines + 1] = text
    end)
    assert.are.same({ status = "issued", valid_till = {
      from = "2025-11-24", to = "2026-01-23" } }, asked.filters)
    assert.are.same({ 1, 2, 3 }, asked.ids)
    assert.are.same({ "keep: renew of order 101: it ends soon",
                      "keep: no order", "keep: no page" }, lines)
  end)
end)
