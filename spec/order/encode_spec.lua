-- The body of a request: exact bytes. cases/orders/*.lua holds whole orders,
-- a file each, that returns { order =, options =, json =, warnings =,
-- problems = }: with `json` (<csr> stands for the request of
-- support/orders.lua, line ends for nothing) or with `problems`, both lists
-- being { {path, code}, ... }. What is left out is expected to be empty.

local lfs = require "lfs"

local certcentral = require "certcentral"
local csr = require "support.csr"
local orders = require "support.orders"
local reference = require "support.reference"
local specs = require "support.specs"

local function cases()
  local list = {}
  for file in lfs.dir(specs.root .. "cases/orders") do
    if file:find("%.lua$") then
      list[#list + 1] = file
    end
  end
  table.sort(list)
  return list
end

local function body_of(changes, options)
  local body, warnings = certcentral.encode(orders.with(changes),
                                            orders.options(options))
  assert(body, tostring(warnings))
  return body
end

-- The JSON of the minimal order with a member more, at its place in front
-- of "organization".
local function minimal_with(member)
  return '{"certificate":{"common_name":"example.com","csr":'
    .. orders.csr_json .. ',"signature_hash":"sha256"},'
    .. '"order_validity":{"years":1},' .. member
    .. '"organization":{"id":123456}}'
end

describe("cases", function()
  it("are found", function()
    assert.is_true(#cases() >= 29)
  end)

  for _, file in ipairs(cases()) do
    it(file:gsub("%.lua$", "") .. "", function()
      local case = dofile(specs.root .. "cases/orders/" .. file)
      local options = orders.options(case.options)
      local body, found = certcentral.encode(case.order, options)
      assert.are.equal(case.json == nil, body == nil)
      assert.are.equal(case.json == nil, case.problems ~= nil)
      if case.json then
        local json = case.json:gsub("\n", ""):gsub("<csr>", function()
          return orders.csr_json
        end)
        assert.are.equal(json, body)
        assert.are.same(case.warnings or {}, orders.codes(found))
      else
        assert.are.same(case.problems, orders.codes(found.problems))
        assert.are.same(case.warnings or {}, orders.codes(found.warnings))
      end
      -- the other calls agree
      local valid, same = certcentral.validate(case.order, options)
      assert.are.equal(body and true or nil, valid)
      assert.are.same(found, same)
      local request = certcentral.request(case.order, options)
      assert.are.equal(body, request and request.body)
    end)
  end
end)

describe("encode", function()
  it("writes what another encoder writes", function()
    for _, name in ipairs { "minimal", "typical", "maximal", "maximal_new" }
    do
      assert.are.equal(reference(orders[name]()),
        (certcentral.encode(orders[name](), orders.options())))
    end
  end)

  it("does not change the order", function()
    local order = orders.maximal()
    certcentral.encode(order, orders.options())
    assert.are.same(orders.maximal(), order)
  end)

  it("writes the same bytes each time", function()
    local first = certcentral.encode(orders.maximal(), orders.options())
    for _ = 1, 5 do
      certcentral.encode(orders.typical(), orders.options())
      assert.are.equal(first,
        (certcentral.encode(orders.maximal(), orders.options())))
    end
  end)

  local integers = {
    { 1, "1" }, { 1.0, "1" }, { 7, "7" }, { 10, "10" }, { 99, "99" },
    { 100, "100" }, { 2147483647, "2147483647" },
    { 2147483648, "2147483648" }, { 99999999999999, "99999999999999" },
    { 100000000000001, "100000000000001" },
    { 2^53 - 1, "9007199254740991" }, { 2^53, "9007199254740992" },
  }
  for _, case in ipairs(integers) do
    it("writes the integer " .. case[2], function()
      assert.are.equal(minimal_with('"renewal_of_order_id":' .. case[2]
        .. ","), body_of { renewal_of_order_id = case[1] })
    end)
  end

  if math.type then
    for _, text in ipairs { "1234567890123456789", "9007199254740993",
                            "9223372036854775807" } do
      it("writes the integer " .. text .. " exactly", function()
        assert.are.equal(minimal_with('"renewal_of_order_id":' .. text
          .. ","), body_of { renewal_of_order_id = math.tointeger(text) or
                             tonumber(text) })
      end)
    end
  end

  it("writes negative integers", function()
    for _, text in ipairs { "-1", "-10", "-9007199254740992" } do
      assert.is_truthy(body_of {
        ["certificate.server_platform.id"] = tonumber(text) }
        :find('"server_platform":{"id":' .. text .. "}", 1, true))
    end
  end)

  local strings = {
    { "a\nb", "a\\nb" }, { "a\rb", "a\\rb" }, { "a\r\nb", "a\\r\\nb" },
    { '"', '\\"' }, { "\\", "\\\\" }, { "/", "/" }, { "'", "'" },
    { "\\u0041", "\\\\u0041" }, { "<script>&", "<script>&" },
    { "", "" }, { " ", " " }, { "\195\164", "\195\164" },
    { "\226\128\168", "\226\128\168" }, -- U+2028
    { "\194\133", "\194\133" }, -- U+0085
    { "\240\159\148\145", "\240\159\148\145" },
    { ("\n"):rep(100), ("\\n"):rep(100) },
  }
  for n = 13, 19 do
    strings[#strings + 1] = { ("x"):rep(n) .. '"' .. ("y"):rep(n),
                              ("x"):rep(n) .. '\\"' .. ("y"):rep(n) }
  end
  for _, case in ipairs(strings) do
    it("writes the string " .. case[2]:sub(1, 40), function()
      assert.are.equal(minimal_with('"comments":"' .. case[2] .. '",'),
                       body_of { comments = case[1] })
    end)
  end

  it("escapes wherever it has to", function()
    for length = 1, 50 do
      for place = 1, length do
        for _, odd in ipairs { '"', "\\", "\n" } do
          local before, behind = ("x"):rep(place - 1),
                                 ("y"):rep(length - place)
          local escaped = odd == "\n" and "\\n" or "\\" .. odd
          assert.are.equal(minimal_with(('"comments":"%s%s%s",')
              :format(before, escaped, behind)),
            body_of { comments = before .. odd .. behind })
        end
      end
    end
  end)

  it("writes long strings", function()
    for _, n in ipairs { 255, 4096, 65537, 10000000 } do
      local body = body_of { comments = ("x"):rep(n) .. "\n" }
      assert.is_true(body == minimal_with('"comments":"' .. ("x"):rep(n)
                                          .. '\\n",'))
    end
  end)

  -- what is in the order, and what goes out
  local plain = orders.csr:gsub("%s+$", "")
  local requests = {
    ["as it is"] = plain,
    ["with a last line end"] = plain .. "\n",
    ["with CRLF"] = (plain:gsub("\n", "\r\n")),
    ["with CRLF at its end"] = (plain .. "\n"):gsub("\n", "\r\n") .. "",
    ["with CR"] = (plain:gsub("\n", "\r")),
    ["with spaces around it"] = "  \n\n " .. plain .. " \r\n \n",
  }
  for name, pem in pairs(requests) do
    for _, check in ipairs { true, false } do
      it("writes a CSR " .. name .. (check and ", checked" or ""), function()
        assert.are.equal(minimal_with(""), body_of(
          { ["certificate.csr"] = pem }, { check_csr = check }))
      end)
    end
  end

  it("writes every good CSR with LF and nothing around it", function()
    for _, case in ipairs(csr.cases("good")) do
      local body, err = certcentral.encode(
        orders.with { ["certificate.csr"] = case.pem }, orders.options())
      assert.is_string(body, case.name .. ": " .. tostring(err))
      local written = body:match('"csr":"([^"]*)"')
      assert.is_truthy(written:find("^%-%-%-%-%-BEGIN [^\\]*REQUEST%-%-"))
      assert.is_truthy(written:find("REQUEST%-%-%-%-%-$"))
      assert.is_nil(written:find("\\[^n]"))
      assert.are.equal((case.pem:gsub("%s+", "")),
        (written:gsub("\\n", ""):gsub("%s+", "")))
    end
  end)

  it("writes nothing of an order with problems", function()
    local body, err = certcentral.encode(orders.with { auto_renew = 2 },
                                         orders.options())
    assert.is_nil(body)
    assert.are.equal("invalid", err.kind)
  end)
end)

describe("request", function()
  it("is what goes out, without the key", function()
    local request, warnings = certcentral.request(orders.minimal(),
                                                  orders.options())
    local body = minimal_with("")
    assert.are.same({
      method = "POST", path = "/order/certificate/ssl_securesite_flex",
      body = body,
      headers = { ["Content-Type"] = "application/json",
                  ["Accept"] = "application/json",
                  ["Content-Length"] = tostring(#body) },
    }, request)
    assert.are.same({}, warnings)
  end)

  it("gives warnings", function()
    local _, warnings = certcentral.request(
      orders.with { server_licenses = 2 }, orders.options())
    assert.are.same({ { "server_licenses", "cost" } },
                    orders.codes(warnings))
  end)

  it("goes to a product", function()
    local request = certcentral.request(orders.minimal(),
      orders.options { product = "ssl_ev_securesite_flex" })
    assert.are.equal("/order/certificate/ssl_ev_securesite_flex",
                     request.path)
  end)

  it("is none for an order with problems", function()
    local request, err = certcentral.request({}, orders.options())
    assert.is_nil(request)
    assert.are.equal(3, #err.problems)
  end)

  for _, product in ipairs { "", "a/b", "../x", "A", "a b", "a?", "a\0b",
                             "a-b", ("a"):rep(500) } do
    it("raises for the product " .. ("%q"):format(product):sub(1, 20),
      function()
        assert.has_error(function()
          certcentral.request(orders.minimal(),
                              orders.options { product = product })
        end)
      end)
  end
end)

describe("the CSR in the body", function()
  local reader = require("cjson").new()
  local good = csr.p256:gsub("%s+$", "")
  local first, middle, last = good:match("^(%-.-%-\n)(.*)(\n%-.*)$")
  local base64 = middle:gsub("%s", "")

  local function sent(pem, options)
    local order = orders.with { ["certificate.csr"] = pem }
    local body = assert(certcentral.encode(order, orders.options(options)))
    return reader.decode(body).certificate.csr
  end

  local function columns(n)
    return (base64:gsub(("."):rep(n), "%0\n"):gsub("\n$", ""))
  end

  local written = {
    ["as it was"] = good, ["with a line end"] = good .. "\n",
    ["with CR LF"] = good:gsub("\n", "\r\n") .. "\r\n",
    ["with CR"] = good:gsub("\n", "\r"),
    ["in one line"] = first:sub(1, -2) .. base64 .. last:sub(2),
    ["in one line with spaces"] = good:gsub("\n", " "),
    ["with the END line glued on"] = first .. middle .. last:sub(2),
    ["with the BEGIN line glued on"] = first:sub(1, -2) .. middle .. last,
    ["indented"] = good:gsub("\n", "\n    "),
    ["with spaces behind its lines"] = good:gsub("\n", "  \n"),
    ["with a space in a line"] = first .. middle:sub(1, 20) .. " "
      .. middle:sub(21) .. last,
    ["with empty lines"] = good:gsub("\n", "\n\n"),
    ["with another line before its END line"] = first .. middle .. "\n"
      .. last,
    ["in 76 columns"] = first .. columns(76) .. last,
    ["in 32 columns"] = first .. columns(32) .. last,
    ["in 1 column"] = first .. columns(1) .. last,
    ["in 65 columns"] = first .. columns(65) .. last,
    ["in 63 columns"] = first .. columns(63) .. last,
  }
  for name, pem in pairs(written) do
    it("is in lines of 64: " .. name, function()
      assert.are.equal(good, sent(pem))
      assert.are.equal(good, sent(pem, { check_csr = true }))
    end)
  end

  it("is read by openssl, whatever was given", function()
    for _, case in ipairs(csr.cases "good") do
      local name = os.tmpname()
      local file = assert(io.open(name, "wb"))
      file:write(sent(case.pem, { check_csr = true }))
      file:close()
      local pipe = io.popen("openssl req -noout -verify -in " .. name
                            .. " 2>&1")
      local text = pipe:read("*a")
      pipe:close()
      os.remove(name)
      assert.is_truthy(text:find("verify OK", 1, true), case.name)
    end
  end)

  it("stays what it is where nobody looks at it", function()
    assert.are.equal("x  y", sent "x  y")
    assert.are.equal("-----BEGIN X-----\n a", sent "-----BEGIN X-----\r\n a")
  end)
end)
