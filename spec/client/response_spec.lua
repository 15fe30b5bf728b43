-- What an answer to an order means: a result, or an error of the right kind.

local cjson = require "cjson"

local errors = require "certcentral.error"
local read_json = require "certcentral.json"
local response = require "certcentral.client.response"

-- Answers as the API documents them, with values of our own.
local answers = {
  pending = [[{"id":542772,"requests":[{"id":922432,"status":"pending"}]}]],
  issued = [[{
  "id": 123456789,
  "requests": [ { "id": 987654321, "status": "approved" } ],
  "certificate_id": 456789123,
  "certificate_chain": [
    { "subject_common_name": "example.com",
      "pem": "-----BEGIN CERTIFICATE-----\r\nMIIB\r\n" },
    { "subject_common_name": "Example CA", "pem": "-----BEGIN" },
    { "subject_common_name": "Example Root", "pem": "" }
  ]
}]],
  token = [[{"id":123456,"domains":[{"id":111,"name":"example.com",
"dcv_token":{"token":"abc\u0031","status":"pending",
"expiration_date":"2026-07-24T16:25:52+00:00"}}],
"certificate_id":null,"dcv_random_value":"abc1"}]],
  dns_name = [[{"id":123456,"certificate_id":112233,"domains":[
{"id":111,"dns_name":"example.com","dcv_token":{"token":"abc"}}]}]],
  bare = [[{"id":1}]],
  text_id = [[{"id":"542772"}]],
  php = [[{"id":7,"organization":[],"requests":[]}]],
}

local error_bodies = {
  -- body, the errors that are read from it
  array = { [[{"errors":[{"code":"invalid_dns_txt","message":"No TXT."}]}]],
    { { code = "invalid_dns_txt", message = "No TXT." } } },
  several = { [[{"errors":[{"code":"a|b","message":"A"},
{"code":"c:d","message":"C"}]}]],
    { { code = "a|b", message = "A" }, { code = "c:d", message = "C" } } },
  object = { [[{"errors":{"code":"not_found|route","message":"No."}}]],
    { { code = "not_found|route", message = "No." } } },
  singular = { [[{"error":{"code":"x","message":"y"}}]],
    { { code = "x", message = "y" } } },
  singular_list = { [[{"error":[{"code":"x","message":"y"}]}]],
    { { code = "x", message = "y" } } },
  code_only = { [[{"errors":[{"code":"x"}]}]], { { code = "x" } } },
  message_only = { [[{"errors":[{"message":"y"}]}]], { { message = "y" } } },
  null_message = { [[{"errors":[{"code":"x","message":null}]}]],
    { { code = "x" } } },
  more = { [[{"errors":[{"code":"x","message":"y","more":[1]}],"z":1}]],
    { { code = "x", message = "y" } } },
  numbers = { [[{"errors":[{"code":17,"message":4.5}]}]],
    { { code = "17", message = "4.5" } } },
  text = { [[{"errors":"gone"}]], { { message = "gone" } } },
  texts = { [[{"errors":["one","two"]}]],
    { { message = "one" }, { message = "two" } } },
  singular_text = { [[{"error":"gone"}]], { { message = "gone" } } },
  mixed = { [[{"errors":[5,true,[],{},"one",{"code":"x"}]}]],
    { { message = "one" }, { code = "x" } } },
  nulls = { [[{"errors":[null,{"code":"x"},null]}]], { { code = "x" } } },
  control = { '{"errors":[{"code":"a\\u0000b","message":"c\\u001b[31m\\n"}]}',
    { { code = "a\\x00b", message = "c\\x1B[31m\\x0A" } } },
  bad_utf8 = { '{"errors":[{"code":"x","message":"\255\254"}]}',
    { { code = "x", message = "\\xFF\\xFE" } } },
  empty_list = { [[{"errors":[]}]], {} },
  empty_object = { [[{"errors":{}}]], {} },
  null = { [[{"errors":null}]], {} },
  number = { [[{"errors":5}]], {} },
  yes = { [[{"errors":true}]], {} },
  no = { [[{"errors":false,"error":false}]], {} },
  other = { [[{"requests":[{"note":"?"}]}]], {} },
  -- what gateways and frameworks write
  message = { [[{"message":"No key."}]], { { message = "No key." } } },
  capital = { [[{"Message":"No key."}]], { { message = "No key." } } },
  message_list = { [[{"statusCode":400,"message":["a","b"],"error":"Bad"}]],
    { { message = "Bad" }, { message = "a" }, { message = "b" } } },
  problem = { [[{"type":"about:blank","title":"Bad","status":400,
"detail":"No CSR.","instance":"/x"}]], { { message = "Bad: No CSR." } } },
  problem_title = { [[{"title":"Bad"}]], { { message = "Bad" } } },
  problem_detail = { [[{"detail":"No CSR."}]], { { message = "No CSR." } } },
  problem_same = { [[{"title":"Bad","detail":"Bad"}]],
    { { message = "Bad" } } },
  problem_errors = { [[{"title":"Bad","errors":[{"detail":"blank",
"pointer":"#/csr"},{"detail":"short"}]}]],
    { { message = "Bad" }, { message = "blank" }, { message = "short" } } },
  problem_fields = { [[{"title":"Bad","errors":{"Csr":["blank"]}}]],
    { { message = "Bad" }, { message = "Csr: blank" } } },
  detail_list = { [[{"detail":[{"loc":["body"],"msg":"required"}]}]],
    { { message = "required" } } },
  oauth = { [[{"error":"x","error_description":"y"}]],
    { { code = "x", message = "y" } } },
  spring = { [[{"timestamp":1,"status":403,"error":"Forbidden",
"message":"No.","path":"/x"}]], { { code = "Forbidden", message = "No." } } },
  code_and_error = { [[{"code":5,"error":"x","message":"y"}]],
    { { code = "5", message = "y" }, { message = "x" } } },
  fields = { [[{"errors":{"csr":["blank"]}}]],
    { { message = "csr: blank" } } },
  fields_many = { [[{"errors":{"b":["1","2"],"a":"3","c":{"d":["4"]}}}]],
    { { message = "a: 3" }, { message = "b: 1" }, { message = "b: 2" },
      { message = "c.d: 4" } } },
  fields_of_objects = { [[{"errors":{"csr":[{"code":"x","message":"y"}]}}]],
    { { code = "x", message = "csr: y" } } },
  fields_in_a_list = { [[{"errors":[{"csr":["blank"]},{"csr":"short"}]}]],
    { { message = "csr: blank" }, { message = "csr: short" } } },
  field_named_code = { [[{"errors":{"code":["blank"]}}]],
    { { message = "code: blank" } } },
  field = { [[{"errors":[{"field":"csr","message":"blank"}]}]],
    { { message = "csr: blank" } } },
  lists = { [=[{"errors":[["x"]]}]=], { { message = "x" } } },
  lists_of_lists = { [=[{"errors":[["x",["y"]],[{"code":"z"}]]}]=],
    { { message = "x" }, { message = "y" }, { code = "z" } } },
  json_api = { [[{"errors":[{"status":"422","code":"x","title":"Bad",
"detail":"blank","source":{"pointer":"/csr"}}]}]],
    { { code = "x", message = "Bad: blank" } } },
  nested = { [[{"error":{"code":400,"message":"Bad","errors":[
{"message":"m"}]}}]], { { code = "400", message = "Bad" },
                        { message = "m" } } },
  fault = { [[{"fault":{"faultstring":"No.","detail":{"errorcode":"x"}}}]],
    { { message = "No." }, { code = "x" } } },
  both = { [[{"errors":["a"],"error":"b"}]],
    { { message = "a" }, { message = "b" } } },
  top_list = { [=[["a",{"message":"b"}]]=],
    { { message = "a" }, { message = "b" } } },
  blank = { [[{"message":" ","errors":["","  "]}]], {} },
  marked = { '\239\187\191{"errors":[{"code":"x"}]}', { { code = "x" } } },
  list = { "[1,2]", {} },
  html = { "<!DOCTYPE html>\n<html><head><title>Blocked</title></head>"
    .. "<body>Incapsula incident</body></html>", {} },
  plain = { "Forbidden", {} },
  empty = { "", {} },
  space = { " \r\n", {} },
  word = { "null", {} },
  string = { '"text"', {} },
  binary = { "\0\1\2\255\254", {} },
  utf16 = { "\255\254{\0", {} },
  mark = { "\239\187\191{}", {} },
  open = { "{", {} },
  cut = { [[{"errors":[{"code":"x","mess]], {} },
  deep = { ("["):rep(100000), {} },
  deep_object = { ('{"errors":'):rep(5000), {} },
  deeper = { ('{"errors":['):rep(300) .. ("]}"):rep(300), {} },
}

-- A 3-kind table of every status that an order's answer may have.
local statuses = {
  denied = { 401, 403 },
  refused = { 400, 402, 404, 405, 406, 407, 409, 410, 411, 413, 414, 415,
              418, 422, 423, 425, 426, 428, 431, 451, 499 },
  throttled = { 429 },
  unknown = { 100, 101, 102, 300, 301, 302, 303, 304, 307, 308, 408, 500,
              501, 502, 503, 504, 505, 507, 520, 525, 599 },
}
local outcomes = { denied = "not_placed", refused = "not_placed",
                   throttled = "not_placed", unknown = "unknown" }

local function judge(status, body)
  local result, err = response.order { status = status, headers = {},
                                       body = body }
  assert.is_true((result == nil) ~= (err == nil))
  if err then
    assert.is_string(err.kind)
    assert.is_string(err.message)
    assert.is_truthy(err.message ~= "")
    assert.is_nil(err.message:find("[%c\128-\255]"))
    assert.are.equal(err.message, tostring(err))
  end
  return result, err
end

local function kind(value)
  return math.type and math.type(value) or value % 1 == 0 and "integer"
end

describe("a result", function()
  it("has the members of the answer", function()
    local result = judge(201, answers.issued)
    assert.are.equal(123456789, result.id)
    assert.are.equal("approved", result.requests[1].status)
    assert.are.equal(3, #result.certificate_chain)
    assert.are.equal("-----BEGIN CERTIFICATE-----\r\nMIIB\r\n",
                     result.certificate_chain[1].pem)
    result = judge(201, answers.token)
    assert.are.equal("abc1", result.domains[1].dcv_token.token)
    assert.are.equal("example.com",
                     judge(201, answers.dns_name).domains[1].dns_name)
  end)

  it("has integers as integers, at any depth", function()
    local result = judge(201, answers.issued)
    assert.are.equal("integer", kind(result.id))
    assert.are.equal("integer", kind(result.requests[1].id))
    assert.are.equal("integer", kind(result.certificate_id))
    assert.are.equal("542772", ("%d"):format(judge(201,
      answers.pending).id))
    result = judge(201, '{"id":1,"a":[[{"b":[5,-7,0,1.5,1e3]}]]}')
    local list = result.a[1][1].b
    assert.are.same({ 5, -7, 0, 1.5, 1000 }, list)
    if math.type then
      local types = {}
      for i, value in ipairs(list) do
        types[i] = math.type(value)
      end
      assert.are.same({ "integer", "integer", "integer", "float",
                        "integer" }, types)
      assert.are.equal("5", tostring(list[1]))
    end
  end)

  it("has large ids exactly, or none", function()
    for _, text in ipairs { "2147483648", "99999999999999",
      "100000000000001", "9007199254740991" } do
      local result = judge(201, '{"id":' .. text .. "}")
      assert.are.equal(text, ("%d"):format(result.id))
      assert.are.equal("integer", kind(result.id))
    end
    for _, text in ipairs { "9007199254740993", "1234567890123456789",
      "9223372036854775808", "1e30", "1e999", "12345678901234567890123" } do
      local result, err = judge(201, '{"id":' .. text .. "}")
      if result then
        assert.are.equal(text, ("%d"):format(result.id))
        assert.are.equal("integer", kind(result.id))
      else
        assert.are.equal("unknown", err.kind)
      end
    end
  end)

  it("has no nulls", function()
    local result = judge(201, answers.token)
    assert.is_nil(result.certificate_id)
    assert.are.same({ id = 1, a = { b = {} } },
      judge(201, '{"id":1,"x":null,"a":{"b":{"c":null}}}'))
    for _, value in pairs(result) do
      assert.are_not.equal(cjson.null, value)
    end
  end)

  it("keeps unknown members, empty lists and objects", function()
    local result = judge(201, answers.php)
    assert.are.same({ id = 7, organization = {}, requests = {} }, result)
  end)

  it("has an id that was a string as an integer", function()
    local id = judge(201, answers.text_id).id
    assert.are.equal(542772, id)
    assert.are.equal("integer", kind(id))
  end)

  it("comes with any status of success", function()
    for _, status in ipairs { 200, 201, 202, 203, 299 } do
      assert.are.equal(1, judge(status, answers.bare).id)
    end
  end)

  it("may have a byte order mark before it", function()
    assert.are.equal(1, judge(201, "\239\187\191" .. answers.bare).id)
    assert.are.same({ 1 }, read_json.decode "\239\187\191[1]")
    assert.are.same({}, (response.change({ status = 200,
      body = "\239\187\191 " }, nil, { "it", "client:me()" })))
    assert.is_nil(read_json.decode "\239\187\191\239\187\191[1]")
  end)

  it("may have white space around it", function()
    assert.are.equal(1, judge(201, "\r\n\t " .. answers.bare .. "\r\n").id)
  end)

  it("may be large", function()
    local body = '{"id":1,"list":[' .. ("1,"):rep(300000) .. '1],"text":"'
                 .. ("x"):rep(3000000) .. '"}'
    local result = judge(201, body)
    assert.are.equal(300001, #result.list)
    assert.are.equal(3000000, #result.text)
  end)
end)

describe("a success that cannot be read", function()
  local bodies = {
    "", " ", "{}", "[]", "null", "true", "5", '"text"', "{", '{"id":',
    '{"id":1', '{"id":1}}', '{"id":1} x', "[1]", '[{"id":1}]',
    '{"id":null}', '{"id":true}', '{"id":{}}', '{"id":[1]}', '{"id":""}',
    '{"id":"x"}', '{"id":"1x"}', '{"id":"-1"}', '{"id":"1.5"}', '{"id":0}',
    '{"id":"0"}', '{"id":-1}', '{"id":1.5}', '{"id":"0x10"}', '{"ID":1}',
    '{"id":0x10}', '{"id":NaN}', '{"id":Infinity}', '{"id":-Infinity}',
    '{"id":1e999}', '{"order_id":1}', "<html></html>", "\0", "\255\254",
    "\239\187\191", ("["):rep(100000), ('{"id":'):rep(100000),
    ("x"):rep(1000000), error_bodies.array[1],
  }
  for i, body in ipairs(bodies) do
    it(("is unknown (%d): %s"):format(i, ("%q"):format(body):sub(1, 30)),
      function()
        local result, err = judge(201, body)
        assert.is_nil(result)
        assert.are.equal("unknown", err.kind)
        assert.are.equal("unknown", err.outcome)
        assert.is_false(err.retryable)
        assert.are.equal(201, err.status)
        assert.are.same({}, err.errors)
      end)
  end
  it("is unknown without a body", function()
    for _, status in ipairs { 200, 201, 204 } do
      local _, err = judge(status, nil)
      assert.are.equal("unknown", err.kind)
      assert.are.equal(status, err.status)
    end
  end)
end)

describe("a status", function()
  for name, list in pairs(statuses) do
    for _, status in ipairs(list) do
      it(("%d is %s"):format(status, name), function()
        for _, body in ipairs { answers.pending, error_bodies.array[1], "",
                                error_bodies.html[1], "\255" } do
          local result, err = judge(status, body)
          assert.is_nil(result)
          assert.are.equal(name, err.kind)
          assert.are.equal(outcomes[name], err.outcome)
          assert.are.equal(name == "throttled", err.retryable)
          assert.are.equal(status, err.status)
          assert.is_table(err.errors)
          assert.is_truthy(err.message:find(tostring(status), 1, true))
        end
      end)
    end
  end

  it("that is none of HTTP's is unknown and raises nothing", function()
    for _, status in ipairs { -1, 0, 99, 600, 999, 400.5, 199.5, 201.5,
      299.5, math.huge, -math.huge, 1e300, 2^53, 0 / 0 } do
      local _, err = judge(status, answers.pending)
      assert.are.equal("unknown", err.kind)
      assert.are.equal("unknown", err.outcome)
      assert.is_false(err.retryable)
      assert.is_not_nil(err.status)
    end
  end)

  it("may be a float", function()
    assert.are.equal(1, judge(201.0, answers.bare).id)
    local _, err = judge(404.0, "")
    assert.are.equal("refused", err.kind)
    assert.is_truthy(err.message:find("HTTP status 404:", 1, true))
  end)
end)

describe("an error's body", function()
  for name, case in pairs(error_bodies) do
    it("is read: " .. name, function()
      for _, status in ipairs { 400, 403, 429, 500 } do
        local _, err = judge(status, case[1])
        assert.are.same(case[2], err.errors)
        for _, entry in ipairs(err.errors) do
          for _, text in pairs(entry) do
            assert.is_truthy(err.message:find(text, 1, true))
          end
        end
      end
    end)
  end

  -- a body, what the message says of it
  local foreign = {
    { "", "no explanation" }, { " \r\n", "no explanation" },
    { "\239\187\191", "no explanation" },
    { "{}" }, { "{" }, { '{"errors":[{"mess' }, { "[1]" }, { "\0\1\2" },
    { "-----BEGIN PRIVATE KEY-----\nMIIE" }, { "<html></html>" },
    { "<title> </title>" }, { "<" }, { "<script>x" },
    { error_bodies.html[1], "'Blocked'" },
    { "<HTML><TITLE lang=en>\n Access\n denied </TITLE><p>more",
      "'Access denied'" },
    { "\239\187\191<html><title>a<br>b</title>", "'a b'" },
    { "<titles>x</titles><title>y</title>", "'y'" },
    { "<title>open", "'open'" },
    { "<html><body><h1>502 Bad Gateway</h1><p>nginx", "'502 Bad Gateway'" },
    { "<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>No."
      .. "</Message></Error>", "'No.'" },
    { "<html><head><script>var a;</script><style>p</style></head><body>"
      .. "<iframe src=/x>Incident 12-34</iframe>", "'Incident 12-34'" },
    { "Forbidden", "'Forbidden'" }, { " by\n\npolicy ", "'by policy'" },
    { '"text"', [['"text"']] }, { "null", "'null'" },
    { "\239\187\191Forbidden", "'Forbidden'" },
    { 'Bad body: {"credit_card":{"cvv":"123"}}', "'Bad body:'" },
    { "Bad CSR: -----BEGIN CERTIFICATE REQUEST-----", "'Bad CSR:'" },
    { "No.<!-- {} -->", "'No.'" },
    { "<title>No way</title><script>" .. ("var"):rep(2000), "'No way'" },
  }
  for i, case in ipairs(foreign) do
    it(("says what a person needs (%d): %s"):format(i,
       ("%q"):format(case[1]):sub(1, 40)), function()
      local said = case[2] == "no explanation" and case[2] or
        "a response that does not look like CertCentral's" ..
        (case[2] and ": " .. case[2] or "")
      local _, err = judge(400, case[1])
      assert.are.equal("the order was refused: HTTP status 400: " .. said,
                       err.message)
      assert.are.same({}, err.errors)
      _, err = judge(503, case[1])
      assert.are.equal("the order may or may not have been placed: HTTP "
                       .. "status 503: " .. said, err.message)
      local tell = { "the change", "client:order(7)" }
      _, err = response.change({ status = 502, body = case[1] }, nil, tell)
      assert.are.equal("the change may or may not have been done: HTTP "
        .. "status 502: " .. said .. "; check with client:order(7)",
        err.message)
    end)
  end

  it("is told where it came with a success", function()
    local page = "<title>Sign in</title>"
    local _, err = judge(200, page)
    assert.are.equal("the order may or may not have been placed: HTTP "
      .. "status 200, but the response cannot be read: 'Sign in'",
      err.message)
    _, err = response.read { status = 200, body = page }
    assert.are.equal("HTTP status 200, but the response cannot be read: "
                     .. "'Sign in'", err.message)
    _, err = response.change({ status = 200, body = page }, nil,
                             { "the change", "client:order(7)" })
    assert.are.equal("the change may or may not have been done: HTTP "
      .. "status 200, but the response cannot be read: 'Sign in'; "
      .. "check with client:order(7)", err.message)
  end)

  -- bodies of 401 and 403, whether CertCentral wrote them
  local authors = {
    { '{"errors":[{"code":"access_denied|access_denied_invalid_key",'
      .. '"message":"No."}]}', true },
    { '{"errors":{"code":"access_denied|missing_permission"}}', true },
    { '{"error":{"code":"invalid_access_role"}}', true },
    { '{"errors":[null,{"code":"access_denied"}]}', true },
    { '\239\187\191{"errors":[{"code":"access_denied"}]}', true },
    { "", false }, { "Forbidden", false }, { "{}", false }, { "[]", false },
    { error_bodies.html[1], false }, { '{"message":"Forbidden"}', false },
    { '{"code":"access_denied","message":"x"}', false },
    { '{"title":"Forbidden","status":403}', false },
    { '{"errors":["access_denied"]}', false },
    { '{"errors":[{"message":"access denied"}]}', false },
    { '{"errors":[{"code":10000,"message":"x"}]}', false },
    { '{"error":{"code":"AuthorizationFailed"}}', false },
    { '{"error":{"code":""}}', false },
    { '{"error":"access_denied","error_description":"x"}', false },
    { '{"errors":[[{"code":"access_denied"}]]}', false },
  }
  local FRONT = "something in front of CertCentral (a proxy or a firewall) "
                .. "refused the request: HTTP status "
  it("says who refused it", function()
    for _, case in ipairs(authors) do
      for _, status in ipairs { 401, 403 } do
        local answer = { status = status, headers = {}, body = case[1] }
        local expected = (case[2] and "the API key was not accepted: HTTP "
                          .. "status " or FRONT) .. status .. ": "
        for _, read in ipairs { response.order, response.read,
                                response.change } do
          local _, err = read(answer, nil, { "it", "client:me()" })
          assert.are.equal(expected, err.message:sub(1, #expected), case[1])
          assert.are.equal("denied", err.kind)
          assert.are.equal(status, err.status)
        end
      end
    end
  end)

  it("says that a proxy wants its own password", function()
    local _, err = judge(407, "<title>Log in</title>")
    assert.are.equal(FRONT .. "407: a response that does not look "
                     .. "like CertCentral's: 'Log in'", err.message)
    assert.are.equal("refused", err.kind)
  end)

  it("is bounded", function()
    local function nested(depth, text)
      return '{"errors":' .. ('{"a":'):rep(depth) .. text .. ("}"):rep(depth)
             .. "}"
    end
    local _, err = judge(400, nested(4, '"x"'))
    assert.are.same({ { message = "a.a.a.a: x" } }, err.errors)
    _, err = judge(400, nested(500, '"x"'))
    assert.are.same({}, err.errors)
    _, err = judge(400, '{"errors":{"' .. ("n"):rep(1000) .. '":["x"]}}')
    assert.are.same({ { message = "x" } }, err.errors)
    local fields = {}
    for i = 1, 1000 do
      fields[i] = ('"f%04d":["%s"]'):format(i, ("x"):rep(1000))
    end
    _, err = judge(400, '{"errors":{' .. table.concat(fields, ",") .. "}}")
    assert.are.equal(20, #err.errors)
    assert.are.equal(1, err.errors[20].message:find("f0020: x", 1, true))
    for _, text in ipairs { ("x "):rep(1e5), ("<"):rep(1e6),
        ("<title"):rep(1e5), ("<script></s"):rep(1e5), ("<h1 >"):rep(1e5),
        "<title>" .. ("y"):rep(1e6) } do
      _, err = judge(400, text)
      assert.is_true(#err.message < 500)
    end
  end)

  it("shows no secret that the end of what is looked at cuts", function()
    local key = ("K3y"):rep(20)
    local function mask(text)
      return (text:gsub(key, "[hidden]"))
    end
    for before = 4030, 4100 do
      for _, secret in ipairs { key, "4111111111111111" } do
        local text = "a" .. (" "):rep(before) .. secret .. " b"
        local _, err = response.order({ status = 400, body = text }, mask)
        assert.is_nil(err.message:find("K3yK3y", 1, true))
        assert.is_nil(err.message:find("4111", 1, true))
      end
    end
  end)

  it("is cut where it is long", function()
    local entry = '{"code":"c","message":"' .. ("m"):rep(100000) .. '"}'
    local _, err = judge(400, '{"errors":[' .. entry .. "]}")
    assert.is_true(#err.errors[1].message < 400)
    assert.is_truthy(err.errors[1].message:find("m...", 1, true))
    _, err = judge(400, '{"errors":[' .. (entry .. ","):rep(500) .. entry
                        .. "]}")
    assert.is_true(#err.errors <= 20)
    assert.is_true(#err.message < 10000)
  end)

  local hidden = { "4111111111111111", "378282246310005", "500000000008",
                   "6000000000000000007" }
  it("shows no card number", function()
    for _, number in ipairs(hidden) do
      for _, body in ipairs {
        '{"errors":[{"code":"x|%s","message":"card %s refused"}]}',
        '{"errors":"%s"}', '{"error":{"message":"a%sb"}}',
        '{"errors":[{"code":%s}]}', "%s", "<p>%s</p>",
      } do
        local _, err = judge(400, (body:gsub("%%s", number)))
        assert.is_nil(tostring(err):find(number, 1, true))
        for _, entry in ipairs(err.errors) do
          for _, text in pairs(entry) do
            assert.is_nil(text:find(number, 1, true))
          end
        end
      end
    end
  end)

  it("shows no card number where a long text is cut", function()
    local number = hidden[1]
    for before = 270, 310 do
      local _, err = judge(400, '{"errors":[{"message":"' ..
        ("x"):rep(before) .. number .. " " .. ("y"):rep(300) .. '"}]}')
      assert.is_nil(err.message:find(number:sub(1, 8), 1, true), before)
      _, err = judge(400, '{"errors":[{"message":"' ..
        ("x"):rep(before) .. number .. '"}]}')
      assert.is_nil(err.message:find(number:sub(1, 8), 1, true), before)
    end
  end)
end)

describe("an answer cut anywhere", function()
  it("is a result or an error", function()
    for name, body in pairs(answers) do
      for length = 0, #body do
        local result, err = judge(201, body:sub(1, length))
        local _, refused = judge(400, body:sub(1, length))
        assert.are.equal("refused", refused.kind)
        if length == #body then
          assert.is_table(result, name)
        elseif result == nil then
          assert.are.equal("unknown", err.kind)
        else
          assert.is_truthy(body:sub(length + 1):find("^%s*$"))
        end
      end
    end
  end)

  it("is an error of its status", function()
    for _, case in pairs(error_bodies) do
      if #case[1] < 2000 then
        for length = 0, #case[1] do
          for from = 1, math.min(length, 3) do
            local text = case[1]:sub(from, length)
            local _, err = judge(400, text)
            assert.are.equal("refused", err.kind)
            _, err = judge(201, text)
            assert.are.equal("unknown", err.kind)
          end
        end
      end
    end
  end)

  it("may have any byte changed", function()
    local body = answers.token
    for at = 1, #body do
      for _, byte in ipairs { "\0", "\255", "{", "}", '"', "9", "\\", "," }
      do
        local text = body:sub(1, at - 1) .. byte .. body:sub(at + 1)
        local _, err = judge(201, text)
        assert.is_true(err == nil or err.kind == "unknown")
        judge(403, text)
      end
    end
  end)
end)

describe("a failure", function()
  it("certainly before the server is unavailable", function()
    local err = response.order_failure { message = "no connection",
                                         sent = "no" }
    assert.are.equal("unavailable", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.is_true(err.retryable)
    assert.is_nil(err.status)
    assert.is_truthy(err.message:find("no connection", 1, true))
  end)

  it("that will not go away is not worth another try", function()
    local err = response.order_failure { message = "x", sent = "no",
                                         retryable = false }
    assert.are.equal("unavailable", err.kind)
    assert.is_false(err.retryable)
  end)

  it("of the configuration is one", function()
    local err = response.order_failure { message = "x", sent = "no",
                                         config = true }
    assert.are.equal("config", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.is_false(err.retryable)
  end)

  for _, sent in ipairs { "maybe", "yes", "", "NO", 0, false, true, {} } do
    it("is unknown where sent is " .. tostring(sent):match("^%w*"),
      function()
        local err = response.order_failure { message = "cut", sent = sent }
        assert.are.equal("unknown", err.kind)
        assert.are.equal("unknown", err.outcome)
        assert.is_false(err.retryable)
      end)
  end

  it("that may have been sent is unknown whatever else it says", function()
    local err = response.order_failure { message = "x", sent = "maybe",
                                         config = true, retryable = true }
    assert.are.equal("unknown", err.kind)
    assert.is_false(err.retryable)
  end)

  it("is unknown where it says nothing", function()
    assert.are.equal("unknown", response.order_failure({}).kind)
    assert.is_string(response.order_failure({}).message)
  end)

  it("has a message that is safe to print", function()
    for _, message in ipairs { "a\0b\27[31m\n", "\255",
      ("x"):rep(100000), 5, true, {}, print } do
      local err = response.order_failure { message = message }
      assert.is_nil(err.message:find("[%c\128-\255]"))
      assert.is_true(#err.message < 500)
    end
    local err = response.order_failure { message = "4111111111111111" }
    assert.is_nil(err.message:find("4111", 1, true))
  end)

  it("has a message that cannot be told", function()
    local trap = setmetatable({}, {
      __tostring = function() error("raised") end })
    assert.are.equal("unknown",
                     response.order_failure({ message = trap }).kind)
    trap = setmetatable({}, { __tostring = function() return 5 end })
    assert.are.equal("unknown",
                     response.order_failure({ message = trap }).kind)
  end)
end)

describe("decode", function()
  it("takes objects and lists alone", function()
    assert.are.same({}, read_json.decode("{}"))
    assert.are.same({ 1, "a" }, read_json.decode('[1,"a"]'))
    for _, value in ipairs { "", "5", '"x"', "null", "true", "{", 5, {},
                             false } do
      assert.is_nil(read_json.decode(value))
    end
    assert.is_nil(read_json.decode(nil))
  end)

  it("leaves the settings of cjson alone", function()
    read_json.decode("{}")
    assert.is_true(pcall(cjson.decode, "[NaN]"))
    assert.is_nil(read_json.decode("[NaN]"))
  end)
end)

describe("errors", function()
  it("have an outcome and say whether to try again", function()
    local kinds = {
      invalid = { "not_placed", false }, config = { "not_placed", false },
      denied = { "not_placed", false }, refused = { "not_placed", false },
      throttled = { "not_placed", true },
      unavailable = { "not_placed", true }, unknown = { "unknown", false },
      protocol = { "unknown", false },
    }
    for name, wanted in pairs(kinds) do
      local err = errors.new(name, "text", { status = 1 })
      assert.is_nil(err.outcome) -- only where an order was being placed
      assert.are.equal(wanted[1], errors.of_order(err).outcome)
      assert.are.equal(wanted[2], err.retryable)
      assert.are.equal(1, err.status)
      assert.are.equal("text", tostring(err))
      assert.are.equal("a text", "a " .. err)
      assert.are.equal("text b", err .. " b")
      assert.are.equal("texttext", err .. err)
      assert.are.equal("5text", 5 .. err)
    end
  end)
end)

describe("the edges", function()
  local function mask(text)
    return text
  end

  it("of what is good: a status from 200 to 299", function()
    for status, good in pairs { [199] = false, [200] = true, [299] = true,
                                [300] = false } do
      local answer = { status = status, headers = {}, body = '{"a":1}' }
      assert.are.equal(good, response.read(answer, mask) ~= nil)
      assert.are.equal(good, response.change(answer, mask,
                                             { "it", "a look" }) ~= nil)
    end
  end)

  it("of a failed question: its kind, and whether it may help again",
     function()
    local cases = {
      { { message = "x" }, "unavailable", true },
      { { message = "x", throttled = true }, "throttled", true },
      { { message = "x", config = true }, "config", false },
      { { message = "x", retryable = false }, "unavailable", false },
      { { message = "x", retryable = true }, "unavailable", true },
    }
    for _, case in ipairs(cases) do
      local err = response.read_failure(case[1], mask)
      assert.are.equal(case[2], err.kind)
      assert.are.equal(case[3], err.retryable)
    end
  end)

  it("of a run of digits that may be a card, and of a message", function()
    local function said(text)
      return response.read_failure({ message = text }, mask).message
    end
    for length, hidden in pairs { [11] = false, [12] = true, [19] = true,
                                  [20] = false } do
      local digits = ("5"):rep(length)
      assert.are.equal(hidden and "[hidden]" or digits, said(digits))
    end
    assert.are.equal(("x"):rep(300), said(("x"):rep(300)))
    assert.are.equal(("x"):rep(300) .. "...", said(("x"):rep(301)))
  end)
end)
