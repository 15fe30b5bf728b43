-- Runs every example as a user would, and compares the README with them.

local support = require "support.sandbox"
local read = require("support.files").read

local lua = os.getenv("CERTCENTRAL_TEST_LUA") or "lua5.4"
local build = os.getenv("CERTCENTRAL_TEST_BUILD") or "build"
local preload = os.getenv("CERTCENTRAL_TEST_PRELOAD") or ""
local csr_file = "spec/cases/csr/good/p256.pem"
local key_file = os.tmpname()
os.remove(key_file)
local server

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Runs a command for the shell; returns its output, standard error included,
-- and its exit status.
local function run(command)
  local pipe = io.popen(("(%s) 2>&1; printf '\\n%%s' $?"):format(command))
  local text = pipe:read("*a")
  pipe:close()
  local output, status = text:match("^(.*)\n(%d+)$")
  return output, tonumber(status)
end

local function environment()
  return ("LD_PRELOAD=%s ASAN_OPTIONS=detect_leaks=0 "
          .. "CERTCENTRAL_BASE_URL=%s CERTCENTRAL_CA_FILE=%s "
          .. "CERTCENTRAL_API_KEY=%s "):format(quote(preload),
          quote(server.base_url),
          quote(server.ca_file), quote(server.api_key))
end

-- Each example: its arguments, what it prints (Lua patterns), its status.
local cases = {
  { "place_order.lua", csr_file,
    { "^order %d+, which is also %w+\n" } },
  { "place_order.lua", "", { "usage: place_order.lua CSR" }, status = 1 },
  { "place_order.lua", "README.md",
    { "'certificate.csr' must be a certificate request" }, status = 1 },
  { "all_problems.lua", "",
    { "the order has 11 problems:",
      "did you mean 'certificate.common_name'%?",
      "missing%s+credit_card" } },
  { "custom_transport.lua", "",
    { "POST%s+https://[%w.:]+/services/v2/order/certificate/"
      .. "ssl_securesite_flex", '"alternative_order_id":"dry%-run%-1"',
      "order 542772 is pending" } },
  { "ensure.lua", csr_file .. " a-name", { "usage: ensure.lua CSR NAME" },
    status = 1 },
  { "ensure.lua", csr_file .. " a-name /nowhere/at/all",
    { "journal '/nowhere/at/all' cannot be opened" }, status = 1 },
  { "renew.lua", csr_file .. " 123456789", { "order %d+ renews 123456789" } },
  { "renew.lua", "", { "usage: renew.lua" }, status = 1 },
  { "keep.lua", "", { "usage: keep.lua FILE" }, status = 1 },
  { "new_key.lua", key_file,
    { "^EC key on P%-256, SHA%-256 %x+\n", "BEGIN CERTIFICATE REQUEST",
      "an order for www.example.com and example.com, with 0 warnings" } },
  { "new_key.lua", "README.md",
    { "^cannot write the key to 'README.md': File exists" }, status = 1 },
  { "demo.lua", "", { "sandbox:  https://127.0.0.1:%d+", "id = %d+",
                      "status = 201" } },
  { "many_orders.lua", csr_file .. " a.example.com b.example.com",
    { "^a.example.com%s+order %d+\nb.example.com%s+order %d+\n$" } },
  { "many_orders.lua", csr_file .. " a.example.com b_c",
    { "a.example.com%s+order %d+\nb_c%s+not_placed%s+'certificate." },
    status = 1 },
  { "many_orders.lua", "", { "usage: many_orders.lua CSR NAME" },
    status = 1 },
  { "game_loop.lua", csr_file .. " 30",
    { "^30 orders placed, 0 failed, in %d+ frames\n"
      .. "the longest step took [%d.]+ ms\n$" } },
  { "poll_loop.lua", csr_file .. " 12",
    { "^" .. ("order %d+\n"):rep(12) .. "done after %d+ turns" } },
  { "full_circle.lua", "",
    { "preflight: 'certificate.common_name' ", "order:    %d+\n",
      'record:   example%.dev%. IN TXT "%w+" ; '
        .. "or at _dnsauth%.example%.dev%.\n",
      "saved:    C=US, .*CN=www.example.dev, 1 intermediate\n",
      "openssl:  leaf.pem: OK\n", "nginx:    verification: ok\n",
      "advice:   wait, the certificate ends in %d+ days; the ",
      "reissue:  order %d+, there when asked again: true\n",
      "renewal:  order %d+, renewalOf%d+\n", "status:   revoked\n$" } },
  { "sandbox.lua", csr_file, { "order %d+, recovered: true",
                               "orders in the sandbox: 1" } },
}

local function check(output, status, case)
  for _, pattern in ipairs(case[3]) do
    assert(output:find(pattern), ("no %q in:\n%s"):format(pattern, output))
  end
  assert.equal(case.status or 0, status, output)
end

describe("the examples", function()
  setup(function() server = support.start() end)
  teardown(function()
    server.stop()
    os.remove(key_file)
  end)

  for _, case in ipairs(cases) do
    it(("%s %s"):format(case[1], case[2]), function()
      local output, status = run(("%s%s examples/%s %s"):format(
        environment(), quote(lua), case[1], case[2]))
      check(output, status, case)
    end)
  end

  it("ensure.lua places an order once", function()
    local journal = os.tmpname()
    local command = ("%s%s examples/ensure.lua %s once-1 %s"):format(
      environment(), quote(lua), csr_file, quote(journal))
    local output, status = run(command)
    check(output, status, { nil, nil, { "^order %d+ is placed" } })
    local id = output:match("%d+")
    output, status = run(command)
    check(output, status, { nil, nil, { "^order " .. id .. " was there" } })
    os.remove(journal)
  end)

  it("keep.lua saves a certificate, and has nothing to do then", function()
    local function sure(command)
      local output, status = run(command)
      assert.equal(0, status, output)
      return (output:gsub("\n$", ""))
    end
    local dir = sure "mktemp -d"
    sure(("CERTCENTRAL_STATE=%s/state %s%s -e %s"):format(dir, environment(),
      quote(lua), quote(([[
      local certcentral, dir = require "certcentral", "%s"
      local pem = certcentral.csr.generate { common_name = "www.example.com",
        key_file = dir .. "/key.pem" }
      local client = certcentral.new()
      local order = client:place_order({ certificate = { csr = pem,
        common_name = "www.example.com", signature_hash = "sha256" },
        organization = { id = 123456 }, order_validity = { years = 1 },
        skip_approval = true })
      local file = io.open(dir .. "/list", "w")
      file:write("# a list\n", ("%%d"):format(order.id), " ", dir, "\n")
      file:close()]]):format(dir))))
    sure(("curl -sf --data '{\"name\":\"example.com\"}' %s/sandbox/domains")
         :format(server.control_url))
    local command = ("CERTCENTRAL_STATE=%s/state %s%s examples/keep.lua "
      .. "%s/list 'echo reload'"):format(dir, environment(), quote(lua), dir)
    local output, status = run(command)
    check(output, status, { nil, nil, { "/tmp/%S+: save, order %d+: the files "
      .. "did not have the certificate; .*; next on %d%d %u%u%u %d%d%d%d\n",
      "reload\n$" } })
    output, status = run(command)
    check(output, status, { nil, nil, { ": none, order %d+: the certificate "
      .. "ends in %d+ days; .*; next on [^\n]*\n$" } })
    os.remove(dir .. "/fullchain.pem")
    output, status = run((command:gsub("echo reload", "false")))
    check(output, status, { nil, nil, { ": save, order %d+: " }, status = 1 })
    sure(("echo '999 %s' > %s/list"):format(dir, dir))
    output, status = run(command)
    check(output, status, { nil, nil, { ": failed: the request was refused" },
                            status = 1 })
    sure("rm -r " .. dir)
  end)

  it("systemd/ has units that systemd takes", function()
    local timer = read "examples/systemd/certcentral-keep.timer"
    assert.is_truthy(timer:find("\nRandomizedDelaySec=%d+min\n"))
    assert.is_truthy(timer:find("\nPersistent=true\n"))
    if run "command -v systemd-analyze" == "" then
      return -- systemd is not on this machine
    end
    local output = run("systemd-analyze verify --man=no --recursive-errors=no "
      .. "examples/systemd/certcentral-keep.timer "
      .. "examples/systemd/certcentral-keep.service")
    assert.is_nil(output:find("certcentral%-keep%.%a+:%d+"), output)
  end)

  it("embed/main.c runs a script that places an order", function()
    local output, status = run(
      ("%sLUA_CPATH=%s %s examples/place_order.lua %s"):format(environment(),
      quote(build .. "/lua5.4/?.so;;"), quote(build .. "/examples/host"),
      csr_file))
    check(output, status, { nil, nil, { "^order %d+, which is also %w+\n" } })
  end)

  it("embed/main.c prints the error of a script", function()
    local output, status = run(
      ("%sLUA_CPATH=%s %s examples/renew.lua"):format(environment(),
      quote(build .. "/lua5.4/?.so;;"), quote(build .. "/examples/host")))
    check(output, status, { nil, nil, { "usage: renew.lua" }, status = 1 })
  end)

  it("embed/validate.c writes an order", function()
    local output, status = run(("%s www.example.com %s 1"):format(
      quote(build .. "/examples/validate"), csr_file))
    check(output, status, { nil, nil, {
      "^POST /order/certificate/ssl_securesite_flex\n",
      '"order_validity":{"years":1}' } })
  end)

  it("embed/validate.c names all problems", function()
    local output, status = run(("%s foo_bar README.md 9"):format(
      quote(build .. "/examples/validate")))
    check(output, status, { nil, nil, {
      "'certificate.common_name' must be", "'certificate.csr' must be",
      "'order_validity.years' must be 1 to 3 years, got 9" }, status = 1 })
  end)
end)

describe("the README", function()
  it("shows only programs that are examples", function()
    local programs, count = {}, 0
    local list = io.popen("ls examples/*.lua")
    for name in list:lines() do
      programs[#programs + 1] = read(name)
    end
    list:close()
    for block in read("README.md"):gmatch("```lua\n(.-)```") do
      count = count + 1
      local found = false
      for _, program in ipairs(programs) do
        found = found or program:find(block, 1, true) ~= nil
      end
      assert(found, "this stands in no example:\n" .. block)
    end
    assert.is_true(count >= 2)
  end)

  it("names no example that is not there", function()
    for name in read("README.md"):gmatch("`(examples/[%w_/]+%.%w+)`") do
      read(name)
    end
  end)

  it("leads to files that are there", function()
    for name, heading in read("README.md"):gmatch("%]%(([^)#]+)#?([^)]*)%)") do
      local text = read(name)
      if heading ~= "" then
        assert(text:lower():find("\n#+ " .. heading:gsub("%-", " ") .. "\n"),
               name .. "#" .. heading)
      end
    end
  end)
end)

describe("examples/README.md", function()
  it("names every example and how to run it, and none that is not there",
     function()
    local text = read("examples/README.md")
    local list = io.popen("cd examples && ls *.lua */*.lua */*.c */*.conf")
    for name in list:lines() do
      assert(text:find("\n| `" .. name .. "` | ", 1, true),
             name .. " is missing")
    end
    list:close()
    for name in text:gmatch("\n| `([^`]+)`") do
      read("examples/" .. name)
    end
  end)
end)
