-- Each endpoint after an order: its request, and every documented answer.

local api = require "support.api"
local cases = require "cases.endpoints"
local csr = require "support.csr"
local endpoints = require "certcentral.account.endpoints"
local json = require "certcentral.sandbox.json"
local support = require "support.client"

local function brackets(line)
  return (line:gsub("%%5B", "["):gsub("%%5D", "]"))
end

-- A documented body with the placeholder for a CSR filled in.
local function documented(body)
  body = type(body) == "string" and api.body(body) or body
  if body.certificate and body.certificate.csr then
    body.certificate.csr = csr.p256:gsub("%s+$", "")
  end
  return body
end

local function plain(line)
  return (line:gsub("%?.*$", ""))
end

-- A client that answers the case's request alone.
local function client_of(case)
  local answer = case.answer and case.answer ~= "" and api.text(case.answer)
                 or case.answer or case.text
  return api.client { [plain(case.line)] = { case.status or 200, answer } }
end

local function expected(case)
  if case.result == nil then
    return api.body(case.answer)
  elseif type(case.result) == "string" then
    return api.body(case.answer)[case.result]
  end
  return case.result
end

describe("an endpoint", function()
  for _, case in ipairs(cases) do
    it("is asked and read: " .. case.name, function()
      local client, requests = client_of(case)
      local result, err = case.call(client)
      assert.is_nil(type(err) == "table" and err.kind or nil)
      assert.are.equal(1, #requests)
      local request = requests[1]
      assert.are.equal(case.line, brackets(request.line))
      if case.body then
        assert.are.same(documented(case.body), json.decode(request.body))
      else
        assert.is_nil(request.body)
      end
      assert.are.equal(case.line:find("^GET") == nil,
                       request.headers["Content-Type"] ~= nil)
      assert.are.same(expected(case), result)
    end)
  end
end)

describe("an odd shape", function()
  it("is read: ids as strings, and settled names", function()
    local client = api.client {
      ["GET /order/certificate/112211/validation"] =
        { 200, api.text "order-validation-status-response-200" },
      ["PUT /order/certificate/112211/check-dcv"] = { 200,
        '{"order_status":"pending","certificate_id":"12",'
        .. '"dns_names_validations":[{"dns_name":"a.example.com"}]}' },
    }
    local found = assert(client:dcv(112211))
    assert.are.equal(112211, found.validations.order_id)
    assert.are.equal(12345, found.validations.organization_id)
    assert.are.equal(1234,
      found.validations.dns_name_validations[1].domain_id)
    local checked = assert(client:check_dcv(112211))
    assert.are.same({ order_status = "pending", certificate_id = 12,
      dns_name_validations = { { dns_name = "a.example.com" } } }, checked)
  end)

  it("is read: lifetimes as strings", function()
    local client = api.client { ["GET /container/406222/product-limits"] =
      { 200, api.text "product-limits-response-200" } }
    local limits = assert(client:product_limits("406222"))
    assert.are.same({ 1 }, limits.product_limits[1].allowed_lifetimes)
    assert.are.same({ 2 }, limits.product_limits[1].allowed_order_lifetimes)
    assert.are.same({ "BFF28BD4075C8D9A" },
                    limits.product_limits[2].allowed_intermediates)
  end)

  it("is kept: texts that look like ids", function()
    local client = api.client { ["GET /order/certificate/7"] = { 200,
      '{"id":"7","certificate":{"ca_cert":{"id":"0123"},"sub_id":"001",'
      .. '"serial_number":"12"},"renewed_order_id":0}' } }
    assert.are.same({ id = 7, renewed_order_id = 0, certificate = {
      ca_cert = { id = "0123" }, sub_id = "001", serial_number = "12" } },
      client:order(7))
  end)

  local no_lists = {
    { "requests", "GET /request", "requests" },
    { "products", "GET /product", "products" },
    { "organizations", "GET /organization", "organizations" },
    { "find_orders", "GET /order/alternate/x", "orders", "x" },
    { "status_changes", "GET /order/certificate/status-changes", "orders",
      { minutes = 1 } },
    { "replacement_benefits", "POST /competitive-replacement/certificates",
      "certificates", { "example.com" } },
  }
  for _, case in ipairs(no_lists) do
    local method, line, member, argument = case[1], case[2], case[3], case[4]
    it("is told from a list: " .. method, function()
      for body, good in pairs { ["{}"] = true, ["[]"] = true,
                                ['{"%s":[]}'] = true, ['{"%s":{}}'] = true,
                                ['{"%s":null}'] = true, ['{"%s":5}'] = false,
                                ['{"%s":"x"}'] = false, ["null"] = false,
                                ["<html>"] = false, [""] = false } do
        local client = api.client { [line] =
          { 200, (body:gsub("%%s", member)) } }
        local list, err = client[method](client, argument)
        if good then
          assert.are.same({}, list)
        else
          assert.is_nil(list)
          assert.are.equal("protocol", err.kind)
        end
      end
    end)
  end

  it("is no order: another id, or none", function()
    for _, body in ipairs { "{}", '{"id":8}', '{"id":"x"}' } do
      local client = api.client {
        ["GET /order/certificate/7"] = { 200, body } }
      local order, err = client:order(7)
      assert.is_nil(order)
      assert.are.equal("protocol", err.kind)
    end
  end)
end)

describe("certificates", function()
  it("are those of reissues and duplicates, each once", function()
    local client, requests = api.client {
      ["GET /order/certificate/12/reissue"] = { 200,
        '{"certificates":[{"id":"1"},{"id":2}]}' },
      ["GET /order/certificate/12/duplicate"] = { 200,
        '{"certificates":[{"id":2},{"id":3}]}' },
    }
    local list = assert(client:certificates(12))
    assert.are.same({ { id = 1, kind = "reissue" },
      { id = 2, kind = "reissue" }, { id = 3, kind = "duplicate" } }, list)
    assert.are.equal(2, #requests)
  end)

  it("are read as documented", function()
    local client = api.client {
      ["GET /order/certificate/12/reissue"] = { 200, "{}" },
      ["GET /order/certificate/12/duplicate"] =
        { 200, api.text "duplicate-list-response-200" },
    }
    local expects = api.body("duplicate-list-response-200").certificates
    expects[1].kind = "duplicate"
    assert.are.same(expects, client:certificates(12))
  end)
end)

describe("orders", function()
  local function listed(options, answers)
    local client, requests = api.client {
      ["GET /order/certificate"] = answers }
    local ids, failure = {}, nil
    for order, err in client:orders(options) do
      if order then
        ids[#ids + 1] = order.id
      else
        failure = err
      end
    end
    return ids, requests, failure
  end

  it("are read as documented, an empty organization included", function()
    local client = api.client { ["GET /order/certificate"] =
      { 200, api.text "order-list-response-200" } }
    local list = {}
    for order in client:orders() do
      list[#list + 1] = order
    end
    assert.are.same(api.body("order-list-response-200").orders, list)
  end)

  it("come from all pages, by their filters", function()
    local ids, requests = listed({ limit = 2, status = { "issued",
        "revoked" }, valid_till = { to = "2026-12-31" }, search = "%example",
        date_created = { from = "2026-01-01", to = "2026-02-01" },
        organization_id = 12, sort = { "-date_created", "status" } }, {
      { 200, '{"orders":[{"id":1},{"id":2}],"page":{"total":3}}' },
      { 200, '{"orders":[{"id":3}],"page":{"total":"3"}}' } })
    assert.are.same({ 1, 2, 3 }, ids)
    assert.are.equal(2, #requests)
    local query = "GET /order/certificate?filters[date_created]=2026-01-01"
      .. "...2026-02-01&filters[organization_id]=12&filters[search]="
      .. "%25example&filters[status][0]=issued&filters[status][1]=revoked"
      .. "&filters[valid_till]=%3C2026-12-31&sort=-date_created%2Cstatus"
    assert.are.equal(query .. "&offset=0&limit=2",
                     brackets(requests[1].line))
    assert.are.equal(query .. "&offset=2&limit=2",
                     brackets(requests[2].line))
  end)

  it("end at a page that is not full where no total is told", function()
    local ids, requests = listed({ limit = 2 }, {
      { 200, '{"orders":[{"id":1},{"id":2}]}' },
      { 200, '{"orders":[{"id":3}]}' } })
    assert.are.same({ 1, 2, 3 }, ids)
    assert.are.equal(2, #requests)
  end)

  it("end at an empty page, whatever the total", function()
    local ids, requests = listed({ limit = 1 }, {
      { 200, '{"orders":[{"id":1}],"page":{"total":9}}' }, { 200, "{}" } })
    assert.are.same({ 1 }, ids)
    assert.are.equal(2, #requests)
  end)

  it("end with the error of a page that cannot be had", function()
    local ids, requests, err = listed({ limit = 1 }, {
      { 200, '{"orders":[{"id":1}],"page":{"total":9}}' }, { 403, "{}" } })
    assert.are.same({ 1 }, ids)
    assert.are.equal(2, #requests)
    assert.are.equal("denied", err.kind)
  end)
end)

describe("a change", function()
  local tell = "POST /order/certificate/542757/reissue"
  local function reissue(answer, more)
    local client, requests = api.client({ [tell] = answer }, more)
    local members = { certificate = { common_name = "example.com",
      dns_names = {}, csr = csr.p256, signature_hash = "sha256" } }
    local result, err = client:reissue(542757, members,
                                       { allow_names = true })
    return result, err, #requests
  end

  local good = { 201, api.text "reissue-response-201" }
  local function fails(sent)
    return function(_, n)
      if n < 3 then
        return nil, { sent = sent, message = "no way" }
      end
      return good
    end
  end
  local cases_of_change = {
    { "is sent again where nothing reached the server", fails "no", nil, 3 },
    { "is sent again after 429", { { 429, "{}" }, good }, nil, 2 },
    { "is not sent again where it may have", fails "maybe", "unknown", 1 },
    { "is unclear after 500", { 500, "{}" }, "unknown", 1 },
    { "is unclear after 408", { 408, "{}" }, "unknown", 1 },
    { "is unclear after 302", { 302, "" }, "unknown", 1 },
    { "is unclear after an unreadable answer", { 201, "<p>" }, "unknown", 1 },
    { "is unclear after an answer without id", { 201, "{}" }, "unknown", 1 },
    { "is refused", { 400, "{}" }, "refused", 1 },
    { "is denied", { 403, "{}" }, "denied", 1 },
  }
  for _, case in ipairs(cases_of_change) do
    it(case[1], function()
      local result, err, count = reissue(case[2])
      assert.are.equal(case[3], not result and err.kind or nil)
      assert.are.equal(case[4], count)
      if case[3] == "unknown" then
        assert.is_false(err.retryable)
        assert.truthy(err.message:find("the reissue of order 542757", 1,
                                      true))
        assert.truthy(err.message:find("client:certificates(542757)", 1,
                                      true))
      end
    end)
  end

  it("is not sent twice while the rate budget is full", function()
    local result, err, count = reissue({ 429, "{}" },
                                       { retry = { attempts = 2 } })
    assert.is_nil(result)
    assert.are.equal("throttled", err.kind)
    assert.are.equal(2, count)
  end)

  it("tells no key", function()
    local _, err = reissue(function()
      return nil, { sent = "maybe", message = "with " .. support.KEY }
    end)
    support.assert_no_secret(err)
  end)

  it("with problems is not sent, and tells them all", function()
    local client, requests = api.client {}
    local result, err = client:reissue(542757, { certificate = {
      common_name = "no name", signature_hash = "md5" }, comments = 5 })
    assert.is_nil(result)
    assert.are.equal("invalid", err.kind)
    local paths = {}
    for i, problem in ipairs(err.problems) do
      paths[i] = problem.path
    end
    assert.are.same({ "certificate.common_name", "certificate.csr",
                      "certificate.signature_hash", "comments" }, paths)
    assert.are.equal(0, #requests)
  end)
end)

describe("a new organization", function()
  local function problems(details)
    local client, requests = api.client {}
    local result, err = client:create_organization(details)
    assert.is_nil(result)
    assert.are.equal("invalid", err.kind)
    assert.are.equal(0, #requests)
    local list = {}
    for _, problem in ipairs(err.problems) do
      list[#list + 1] = problem.path .. " " .. problem.code
      assert.is_nil(problem.message:find("organization.", 1, true))
    end
    return table.concat(list, ", ")
  end

  it("is checked by the order's form", function()
    local rest = "country missing, address missing, city missing, state "
      .. "missing, zip missing, telephone missing, organization_contact "
      .. "missing"
    assert.are.equal("name missing, " .. rest, problems {})
    assert.are.equal("contacts unknown, " .. rest,
                     problems { name = "x", contacts = {} })
    assert.are.equal("id unknown, name missing, " .. rest,
                     problems { id = 5 })
    assert.are.equal("naem unknown, country format, address missing, "
      .. "city missing, state missing, zip missing, telephone missing, "
      .. "organization_contact.last_name missing, "
      .. "organization_contact.email format",
      problems { name = "x", naem = "y", country = "usa",
        organization_contact = { first_name = "A", email = "a@" } })
  end)
end)

describe("the records of an order", function()
  local function records(method, body)
    local client = api.client {}
    return client:dcv_records(type(body) == "string" and api.body(body)
                              or body, { method = method })
  end

  it("are told for either name of a domain's name", function()
    for _, name in ipairs { "order-response-201-skip_approval-dcv-token",
        "order-response-201-skip_approval-dcv-token-dns_name-key" } do
      local body = api.body(name)
      for _, domain in ipairs(body.domains) do
        domain.name = domain.name or domain.dns_name
      end
      local list, text = records(nil, body)
      assert.are.equal("example.com", list[1].name)
      assert.are.equal("TXT", list[1].type)
      assert.are.equal("<random_value>", list[1].value)
      assert.are.equal(1, text:find('example.com. IN TXT "<random_value>"',
                                    1, true))
    end
  end)

  local domains = { { name = "*.example.com" }, { name = "8.8.8.8" },
                    { name = "2606:4700::1" }, { name = "a.example.com",
                      dcv_token = { token = "own",
                                    verification_value = "cname.example" } } }
  local lines = {
    ["dns-txt-token"] = [[
example.com. IN TXT "rv" ; or at _dnsauth.example.com.
; '8.8.8.8' is an address, which only a file can prove control of
; '2606:4700::1' is an address, which only a file can prove control of
a.example.com. IN TXT "own" ; or at _dnsauth.a.example.com.]],
    ["dns-cname-token"] = [[
_dnsauth.example.com. IN CNAME rv.dcv.digicert.com.
; '8.8.8.8' is an address, which only a file can prove control of
; '2606:4700::1' is an address, which only a file can prove control of
_dnsauth.a.example.com. IN CNAME own.cname.example.]],
    ["http-token"] = [[
; '*.example.com' is a wildcard, which no file can prove control of
http://8.8.8.8/.well-known/pki-validation/fileauth.txt with the text "rv"
http://[2606:4700::1]/.well-known/pki-validation/fileauth.txt with the text "rv"
http://a.example.com/.well-known/pki-validation/fileauth.txt with the text "own"]],
    ["http-token-dynamic"] = [[
; '*.example.com' is a wildcard, which no file can prove control of
a file of any name under http://8.8.8.8/.well-known/pki-validation/ with the text "rv"
a file of any name under http://[2606:4700::1]/.well-known/pki-validation/ with the text "rv"
a file of any name under http://a.example.com/.well-known/pki-validation/ with the text "own"]],
    email = "",
  }
  for method, text in pairs(lines) do
    it("are those of " .. method, function()
      local _, got = records(method, { domains = domains,
                                       dcv_random_value = "rv" })
      assert.are.equal(text, got)
    end)
  end

  it("are asked for where domains are open", function()
    local client, requests = api.client {
      ["GET /order/certificate/5/validation"] = { 200, [[{"order_id":"5",
        "order_dcv_method":"http-token","dns_name_validations":[
        {"domain_id":"1","name_scope":"example.com","status":"approved"},
        {"domain_id":"2","name_scope":"example.org","status":"pending",
         "dns_names":["a.example.org","b.example.org"]}]}]] },
      ["PUT /order/certificate/5/dcv-random-value"] =
        { 200, api.text "order-dcv-random-value-response-200" },
    }
    local found = assert(client:dcv(5))
    assert.are.equal(2, #requests)
    assert.are.equal(2, #found.records)
    assert.are.equal("http://b.example.org/.well-known/pki-validation/"
                     .. "fileauth.txt", found.records[2].name)
    assert.are.equal(2, found.records[2].domain_id)
    found = assert(client:dcv(5, { method = "dns-cname-token" }))
    assert.are.equal("_dnsauth.example.org. IN CNAME "
                     .. "<random_value>.dcv.digicert.com.", found.text)
  end)

  -- methods of an order that nobody here knows the records of
  for method, shown in pairs { ['"dns-persist"'] = "dns-persist",
      ['"http-\\u0007"'] = "http-\\x07", ["5"] = "5", ["true"] = "true" } do
    it("are not known for the method " .. method, function()
      local client, requests = api.client {
        ["GET /order/certificate/5/validation"] = { 200, ([[{"order_id":"5",
          "order_dcv_method":%s,"dns_name_validations":[
          {"domain_id":"2","name_scope":"example.org","status":"pending",
           "dns_names":["a.example.org"]}]}]]):format(method) } }
      local found = assert(client:dcv(5))
      assert.are.equal(1, #requests)
      assert.are.equal(1, #found.records)
      local record = found.records[1]
      assert.is_truthy(record.problem:find("needs the method '" .. shown
                       .. "', whose records are not known", 1, true))
      assert.are.equal("; " .. record.problem, found.text)
    end)
  end

  it("are those of a CNAME where the result has a value for one", function()
    local result = { dcv_random_value = "rv", domains = { 5,
      { name = "a.example.com", dcv_token = 5 },
      { name = "b.example.com", dcv_token = { token = "x",
        verification_value = "dcv.digicert.com" } } } }
    local _, text = records(nil, result)
    assert.are.equal("_dnsauth.a.example.com. IN CNAME rv.dcv.digicert.com.\n"
      .. "_dnsauth.b.example.com. IN CNAME x.dcv.digicert.com.", text)
    result.domains[3].dcv_token.verification_value = nil
    _, text = records(nil, result)
    assert.are.equal('a.example.com. IN TXT "rv" ; or at _dnsauth.a.example.'
      .. 'com.\nb.example.com. IN TXT "x" ; or at _dnsauth.b.example.com.',
      text)
  end)

  -- verification_value, what the CNAME points to for the value "Rv1"
  local targets = {
    { nil, "Rv1.dcv.digicert.com" },
    { "dcv.digicert.com", "Rv1.dcv.digicert.com" },
    { "dcv.digicert.com.", "Rv1.dcv.digicert.com" },
    { "dcv.example", "Rv1.dcv.example" },
    { "Rv1.dcv.digicert.com", "Rv1.dcv.digicert.com" },
    { "rv1.dcv.digicert.com.", "rv1.dcv.digicert.com" },
    { "rv12.dcv.example", "Rv1.rv12.dcv.example" },
    { "Rv1", "Rv1.dcv.digicert.com" },
    { "", "Rv1.dcv.digicert.com" }, { ".", "Rv1.dcv.digicert.com" },
    { "a b", "Rv1.dcv.digicert.com" }, { 5, "Rv1.dcv.digicert.com" },
    { {}, "Rv1.dcv.digicert.com" }, { true, "Rv1.dcv.digicert.com" },
  }
  for _, case in ipairs(targets) do
    it("begin a CNAME's target with the value: " .. tostring(case[1])
       :gsub("^table.*", "table"), function()
      local token = { token = "Rv1", verification_value = case[1] }
      local list = records("dns-cname-token", { domains = { {
        name = "example.com", dcv_token = token } } })
      assert.are.equal("_dnsauth.example.com", list[1].name)
      assert.are.equal(case[2], list[1].value)
      assert.are.equal("_dnsauth.example.com. IN CNAME " .. case[2] .. ".",
                       list[1].text)
    end)
  end

  -- Values that would be another record, or none, where they are pasted.
  for _, value in ipairs { 'a"b', "a b", "a\nb", "a\\b", "", "\195\169", 5,
                           {}, true } do
    it("are not made of a value such as " .. type(value) .. " "
       .. ("%q"):format(tostring(value)):gsub("\n", "n"):sub(1, 8),
       function()
      for method in pairs(lines) do
        if method ~= "email" then
          local list = records(method, { dcv_random_value = value,
            domains = { { name = "example.com" } } })
          assert.are.equal("there is no value for 'example.com'",
                           list[1].problem)
          assert.is_nil(list[1].value)
        end
      end
    end)
  end
end)

describe("an answer about something else", function()
  local csr_pem = csr.p256
  local function further(c, method)
    return c[method](c, 7, { certificate = { common_name = "example.com",
      dns_names = {}, csr = csr_pem, signature_hash = "sha256" } },
      { allow_names = true })
  end
  -- request, the member with the id, the call, the error's kind and message
  local answers = {
    { "GET /order/certificate/7", "id", function(c) return c:order(7) end,
      "protocol", "the response is not order 7" },
    { "GET /order/certificate/7", "id", function(c) return c:wait(7) end,
      "protocol", "the response is not order 7" },
    { "GET /order/certificate/7/validation", "order_id",
      function(c) return c:dcv(7) end,
      "protocol", "the response is not the validation of order 7" },
    { "GET /request/7", "id", function(c) return c:request(7) end,
      "protocol", "the response is not request 7" },
    { "GET /organization/7", "id", function(c) return c:organization(7) end,
      "protocol", "the response is not organization 7" },
    { "POST /order/certificate/7/reissue", "id",
      function(c) return further(c, "reissue") end,
      "unknown", "the response to the reissue of order 7 has %s; "
        .. "client:certificates(7) shows whether it was done" },
    { "POST /order/certificate/7/duplicate", "id",
      function(c) return further(c, "duplicate") end,
      "unknown", "the response to the duplicate of order 7 has %s; "
        .. "client:certificates(7) shows whether it was done" },
  }
  for _, case in ipairs(answers) do
    local line, member, ask, kind, message = (table.unpack or unpack)(case)
    it("is refused: " .. line .. ", " .. kind, function()
      for _, other in ipairs { "8", '"8"', "77", "7.5", '"7a"', "null", "true",
                               "{}", "[7]" } do
        local client = api.client { [line] = { 200,
          ('{"%s":%s,"status":"issued"}'):format(member, other) } }
        local value, err = ask(client)
        assert.is_nil(value)
        assert.are.equal(kind, err.kind, other)
        assert.are.equal(message:format(other == "null" and "no id"
                         or "another order's id"), err.message)
      end
      for _, same in ipairs { "7", '"7"', "7.0" } do
        local client = api.client { [line] = { 200,
          ('{"%s":%s,"status":"approved","certificate":{"id":1,'
           .. '"valid_till":"2027-01-01"}}'):format(member, same) } }
        assert.is_table((ask(client)))
      end
    end)
  end

  it("is refused of a product", function()
    for _, body in ipairs { "{}", '{"name_id":"ssl_basic"}',
                            '{"name_id":["ssl_plus"]}' } do
      local client = api.client { ["GET /product/ssl_plus"] = { 200, body } }
      local value, err = client:product("ssl_plus")
      assert.is_nil(value)
      assert.are.equal("protocol", err.kind)
      assert.are.equal("the response is not product ssl_plus", err.message)
    end
  end)
end)

describe("misuse", function()
  local function refuses_ids(method, what)
    local client, requests = api.client {}
    for _, id in ipairs { "../1", "1/../2", "12a", "", " 1", "1.0", "-1",
        "0x10", "1e3", 0, -1, 1.5, 2 ^ 53, 2 ^ 60, 0 / 0, 1 / 0,
        "9007199254740993", true, {}, print } do
      local ok, message = pcall(client[method], client, id)
      assert.is_false(ok)
      assert.truthy(message:find(("bad %s id to '%s' (integer from 1 and "
        .. "below 2^53 expected, got "):format(what, method), 1, true))
    end
    assert.is_false((pcall(client[method], client)))
    assert.are.equal(0, #requests)
  end

  for _, row in ipairs(endpoints.list) do
    if row.id then
      it("of an id raises and sends nothing: " .. row.name, function()
        refuses_ids(row.name, row.id)
      end)
    end
  end

  local calls = {
    { "a reason that is not in the list", "revoke_order", 1,
      { reason = "keycompromise" },
      "bad option 'reason' to 'revoke_order' (one of unspecified, "
      .. "keyCompromise, affiliationChanged, superseded, "
      .. "cessationOfOperation expected, got 'keycompromise')" },
    { "an unknown option", "cancel", 1, { notes = "x" },
      "unknown option 'notes' to 'cancel'" },
    { "a note that is no UTF-8", "cancel", 1, { note = "\255" },
      "UTF-8 text without control characters" },
    { "a comment with a control character", "approve", 1, "a\0b",
      "bad comment to 'approve'" },
    { "an unknown method", "change_dcv_method", 1, "dns", "bad method to" },
    { "a product as a path", "product", "a/b", nil, "bad product to" },
    { "an alternative id as a path", "find_orders", "a/b", nil,
      "bad alternative order id to 'find_orders'" },
    { "an alternative id that is too long", "find_orders",
      ("x"):rep(65), nil, "bad alternative order id" },
    { "names with holes", "check_dcv", 1,
      { dns_names = { "a.example.com", nil, "b.example.com" } },
      "list" },
    { "a name with a slash", "replacement_benefits", { "a/b" }, nil,
      "list of host names" },
    { "no span", "status_changes", {}, nil, "minutes, seconds, or from" },
    { "half a range", "status_changes", { from = "2026-01-01" }, nil,
      "minutes, seconds, or from" },
    { "a bad day", "status_changes", { from = "1.1.26", to = "x" }, nil,
      "yyyy-MM-dd" },
    { "too long a span", "status_changes", { minutes = 10080, seconds = 1 },
      nil, "at most 7 days" },
    { "too long a span of minutes", "status_changes", { minutes = 10081 },
      nil, "integer from 1 to 10080" },
    { "a page that is too large", "orders", { limit = 1001 }, nil,
      "integer from 1 to 1000" },
    { "a filter's bad name", "orders", { ["a]b"] = 1 }, nil, "bad filter" },
    { "a filter's bad value", "orders", { status = print }, nil,
      "bad filter 'status'" },
    { "a range that is none", "orders", { status = { form = 1 } }, nil,
      "bad filter 'status'" },
    { "a bad sort", "orders", { sort = "a b" }, nil, "bad option 'sort'" },
    { "no members", "duplicate", 1, nil, "bad argument #2 to 'duplicate'" },
    { "no details", "create_organization", nil, nil, "bad argument #1" },
    { "bad validations", "create_organization", { name = "x" },
      { validations = { "dv" } }, "one of ov, ev" },
    { "no result", "dcv_records", nil, nil, "bad argument #1" },
  }
  for _, case in ipairs(calls) do
    it("raises at the caller's line and sends nothing: " .. case[1],
       function()
      local client, requests = api.client {}
      local ok, message = pcall(function()
        return client[case[2]](client, case[3], case[4])
      end)
      assert.is_false(ok)
      assert.truthy(message:find(case[5], 1, true))
      assert.truthy(message:find("endpoints_spec.lua:", 1, true))
      assert.are.equal(0, #requests)
    end)
  end

  it("of a closed client raises", function()
    local client, requests = api.client {}
    client:close()
    for _, method in ipairs { "me", "products", "organizations", "requests",
                              "orders" } do
      local ok, message = pcall(client[method], client)
      assert.is_false(ok)
      assert.truthy(message:find("closed", 1, true))
    end
    assert.are.equal(0, #requests)
  end)
end)
