--- core.answer: what the API says, in one shape.

local cjson = require "cjson"
local json = require "certcentral.json"

-- What is said, and what it is in the one shape.
local CASES = {
  { "an id", '{"id":12}', { id = 12 } },
  { "an id in quotes", '{"order_id":"12"}', { order_id = 12 } },
  { "an id of 15 digits", '{"id":"999999999999999"}',
    { id = 999999999999999 } },
  { "one of 16 is a text", '{"id":"1000000000000000"}',
    { id = "1000000000000000" } },
  { "zero is no id", '{"id":"0"}', { id = "0" } },
  { "nor is an empty text", '{"id":""}', { id = "" } },
  { "nor what has more than digits", '{"id":"1/","user_id":"1:"}',
    { id = "1/", user_id = "1:" } },
  { "zeros before an id", '{"id":"007"}', { id = 7 } },
  { "digits that are no id", '{"zip":"84043","idx":"1","xid":"2"}',
    { zip = "84043", idx = "1", xid = "2" } },
  { "ids below", '{"a":{"b":[{"metadata_id":"3"}]}}',
    { a = { b = { { metadata_id = 3 } } } } },
  { "a list", '[{"id":"1"},{"id":"2"}]', { { id = 1 }, { id = 2 } } },
  { "a list of ids", '{"allowed_container_ids":["1",2,"x"]}',
    { allowed_container_ids = { 1, 2, "x" } } },
  { "a list of others", '{"dns_names":["1"]}', { dns_names = { "1" } } },
  { "ids that are texts", '{"ca_cert":{"id":"12","user_id":"3"}}',
    { ca_cert = { id = "12", user_id = 3 } } },
  { "a list of such", '{"allowed_ca_certs":[{"id":"12"}]}',
    { allowed_ca_certs = { { id = "12" } } } },
  { "what is below such", '{"ca_cert":{"a":{"id":"12"}}}',
    { ca_cert = { a = { id = 12 } } } },
  { "an integer written as a float", '{"days":199.0}', { days = 199 } },
  { "a fraction", '{"price":0.5}', { price = 0.5 } },
  { "members that are null", '{"a":null,"b":{"c":null}}', { b = {} } },
  { "nulls in a list", '[null,1]', { cjson.null, 1 } },
  { "domains by their other name",
    '{"domains":[{"dns_name":"a.example"},{"name":"b","dns_name":"c"},'
    .. '{"name":null,"dns_name":"d"}]}',
    { domains = { { name = "a.example", dns_name = "a.example" },
                  { name = "b", dns_name = "c" },
                  { name = "d", dns_name = "d" } } } },
  { "such a name elsewhere",
    '{"dns_name":"a","x":{"domains":[{"dns_name":"b"}]}}',
    { dns_name = "a", x = { domains = { { dns_name = "b" } } } } },
  { "validations by their other name", '{"dns_names_validations":[1]}',
    { dns_name_validations = { 1 } } },
  { "by both", '{"dns_names_validations":[1],"dns_name_validations":[2]}',
    { dns_name_validations = { 2 } } },
  { "such a list elsewhere", '{"x":{"dns_names_validations":[1]}}',
    { x = { dns_names_validations = { 1 } } } },
  { "a mark before it", '\239\187\191{"id":"1"}', { id = 1 } },
}

describe("an answer in one shape", function()
  for _, case in ipairs(CASES) do
    it(case[1], function()
      assert.are.same(case[3], json.decode(case[2]))
    end)
  end

  it("integers that are integers", function()
    for _, text in ipairs { "12", "12.0", '"12"', "1.2e1" } do
      local id = json.decode('{"id":' .. text .. "}").id
      assert.are.equal("12", ("%s"):format(id))
    end
  end)

  it("what is nested too deeply is left as it is", function()
    local function nested(depth)
      local text = ('{"a":'):rep(depth) .. '{"id":"1"}' .. ("}"):rep(depth)
      local value = json.decode(text)
      for _ = 1, depth do
        value = value.a
      end
      return value.id
    end
    assert.are.equal(1, nested(200))
    assert.are.equal("1", nested(201))
  end)

  it("none of what is no object and no list", function()
    for _, text in ipairs { '"id"', "null", "<html>", "\239\187\191", "", {},
                            false } do
      assert.is_nil(json.decode(text))
    end
    assert.is_nil(json.decode(nil))
  end)
end)
