-- Domain control in the sandbox, driven through the client: what has to be
-- made, made, looked for and found.

local box = require "support.box"
local json = require "certcentral.sandbox.json"

local DAY = box.DAY
local HOSTS = { common_name = "www.example.dev",
                dns_names = { "example.dev", "shop.example.se" } }

local function place(it, method, certificate, more)
  local changes = { skip_approval = true, dcv_method = method }
  for name, value in pairs(more or {}) do
    changes[name] = value
  end
  return box.place(it, changes, certificate or HOSTS)
end

local function path(id, tail)
  return ("PUT /order/certificate/%d/%s"):format(id, tail)
end

describe("control of domains", function()
  -- {method, scope, code while nothing is there, number of records}
  local cases = {
    { "dns-txt-token", nil, "invalid_dns_txt", 2 },
    { "dns-cname-token", nil, "invalid_dns_cname", 2 },
    { "http-token", nil, "file_random_value_not_found", 3 },
    { "dns-txt-token", "fqdn", "invalid_dns_txt", 2 },
    { "http-token", "fqdn", "file_random_value_not_found", 3 },
  }
  for _, case in ipairs(cases) do
    local method, scope = case[1], case[2]
    it(("is shown by %s, scope %s"):format(method, tostring(scope)),
      function()
        local it = box.new()
        local id = place(it, method, HOSTS,
                         { certificate_dcv_scope = scope }).id
        local nothing, err = it.client:check_dcv(id)
        assert.is_nil(nothing)
        assert.are.equal(400, err.status)
        assert.are.equal(case[3], box.codes(err))
        local found = assert(it.client:dcv(id))
        assert.are.equal(case[4], #found.records)
        it.sandbox:publish(found.records)
        local checked = assert(it.client:check_dcv(id))
        assert.are.equal(path(id, "check-dcv"), box.last(it).line)
        assert.is_nil(box.last(it).body)
        assert.are.equal("issued", checked.order_status)
        assert.are.equal("valid", checked.dcv_status)
        assert.are.equal(2, #checked.dns_name_validations)
        for _, entry in ipairs(checked.dns_name_validations) do
          assert.are.equal("approved", entry.status)
        end
        local order = it.client:order(id)
        assert.are.equal(checked.certificate_id, order.certificate.id)
        assert.are.same({}, it.client:dcv(id).records)
      end)
  end

  it("is shown by the records of the order's own answer", function()
    for _, method in ipairs { "dns-txt-token", "dns-cname-token" } do
      local it = box.new()
      local result = place(it, method)
      it.sandbox:publish((it.client:dcv_records(result,
                                                { method = method })))
      assert.are.equal("issued",
                       it.client:check_dcv(result.id).order_status)
    end
  end)

  it("is shown by a file of any name, with http-token-dynamic", function()
    local it = box.new()
    local result = place(it, "http-token-dynamic",
                         { common_name = "www.example.dev" })
    local folder = "http://www.example.dev/.well-known/pki-validation/"
    local function put(name, value)
      it.sandbox:publish { type = "FILE", name = name, value = value }
      return it.client:check_dcv(result.id)
    end
    assert.is_nil(put(folder, result.dcv_random_value))
    assert.is_nil(put(folder .. "abc.txt", "something else"))
    assert.is_nil(put("http://example.dev/abc.txt", result.dcv_random_value))
    assert.are.equal("issued",
      put(folder .. "abc.txt", result.dcv_random_value .. "\n").order_status)
  end)

  -- The CNAME form that ended on 2025-10-28 is found no more.
  -- {what, issued or not, name, value; $ is the random value}
  local cnames = {
    { "the living form", true, "_dnsauth.example.dev",
      "$.dcv.digicert.com" },
    { "the same in other letters", true, "_DNSauth.Example.DEV.",
      "$.DCV.digicert.com." },
    { "the ended form", false, "$.example.dev", "dcv.digicert.com" },
    { "the value at the target alone", false, "example.dev",
      "$.dcv.digicert.com" },
    { "both", false, "$._dnsauth.example.dev", "$.dcv.digicert.com" },
    { "the target without the value", false, "_dnsauth.example.dev",
      "dcv.digicert.com" },
    { "another value", false, "_dnsauth.example.dev",
      "x.dcv.digicert.com" },
    { "a longer value", false, "_dnsauth.example.dev",
      "x$.dcv.digicert.com" },
    { "another target", false, "_dnsauth.example.dev", "$.example.dev" },
    { "a name below", false, "_dnsauth.www.example.dev",
      "$.dcv.digicert.com" },
  }
  for _, case in ipairs(cnames) do
    it("by a CNAME: " .. case[1], function()
      local it = box.new()
      local result = place(it, "dns-cname-token",
                           { common_name = "www.example.dev" })
      local value = result.dcv_random_value
      it.sandbox:publish { type = "CNAME",
                           name = (case[3]:gsub("%$", value)),
                           value = (case[4]:gsub("%$", value)) }
      local _, err = it.client:check_dcv(result.id)
      assert.are.equal(not case[2] and "invalid_dns_cname" or nil,
                       err and err.errors and err.errors[1].code)
      it.clock:advance(DAY)
      assert.are.equal(case[2] and "issued" or "pending",
                       it.client:order(result.id).status)
    end)
  end

  -- {what, the record but for its value; value: a function}
  local wrong = {
    { "another value", "TXT", "_dnsauth.example.dev", function()
      return "nothing"
    end },
    { "another domain", "TXT", "_dnsauth.example.se" },
    { "a name below", "TXT", "_dnsauth.www.example.dev" },
    { "another type", "CNAME", "_dnsauth.example.dev" },
    { "a file", "FILE",
      "http://example.dev/.well-known/pki-validation/fileauth.txt" },
  }
  for _, case in ipairs(wrong) do
    it("is not shown by " .. case[1], function()
      local it = box.new()
      local result = place(it, "dns-txt-token",
                           { common_name = "example.dev" })
      local value = result.dcv_random_value
      it.sandbox:publish { type = case[2], name = case[3],
                           value = case[4] and case[4]() or value }
      local _, err = it.client:check_dcv(result.id)
      assert.are.equal("invalid_dns_txt", box.codes(err))
      assert.are.equal("pending", it.client:order(result.id).status)
      it.sandbox:publish { type = "TXT", name = "Example.DEV.",
                           value = value }
      assert(it.client:check_dcv(result.id))
    end)
  end

  it("is shown for an address by a file alone", function()
    local it = box.new()
    local ip = { common_name = "8.8.4.4", dns_names = { "2606:4700::1111" } }
    local id = place(it, "dns-txt-token", ip).id
    local found = it.client:dcv(id)
    for _, name in ipairs { ip.common_name, ip.dns_names[1] } do
      it.sandbox:publish { type = "TXT", name = name,
                           value = found.dcv_random_value }
    end
    assert.is_nil((it.client:check_dcv(id)))
    assert(it.client:change_dcv_method(id, "http-token"))
    it.sandbox:publish(it.client:dcv(id).records)
    assert.are.equal("issued", it.client:check_dcv(id).order_status)
  end)

  it("of a file holds for its name, of a record for all below", function()
    local www = { common_name = "www.example.dev" }
    for method, status in pairs { ["http-token"] = "pending",
                                  ["dns-txt-token"] = "issued" } do
      local it = box.new()
      local id = place(it, method, www).id
      it.sandbox:publish(it.client:dcv(id).records)
      assert(it.client:check_dcv(id))
      local other = place(it, method, { common_name = "a.example.dev" }).id
      assert.are.equal(status, it.client:order(other).status)
      assert.are.equal("issued",
        it.client:order(place(it, method, www).id).status)
    end
  end)

  it("is looked at name by name", function()
    local it = box.new()
    local id = place(it, "dns-txt-token").id
    local records = it.client:dcv(id).records
    it.sandbox:publish(records[1])
    local checked = assert(it.client:check_dcv(id,
      { dns_names = { "www.example.dev" } }))
    assert.are.same({ dns_names_validations = { "www.example.dev" } },
                    box.last(it).body)
    assert.are.equal("pending", checked.order_status)
    assert.are.same({ { dns_name = "example.dev", status = "approved" } },
                    checked.dns_name_validations)
    assert.is_nil((it.client:check_dcv(id, { dns_names = {
      "shop.example.se" } })))
    local _, err = it.client:check_dcv(id, { dns_names = { "x.com" } })
    assert.are.equal("invalid_value:dns_names_validations", box.codes(err))
    local open = it.client:dcv(id).validations.dns_name_validations
    assert.are.equal("approved", open[1].status)
    assert.are.equal("pending", open[2].status)
  end)

  it("is found by polling, some time after", function()
    for after, status in pairs { [299] = "pending", [301] = "issued" } do
      local it = box.new()
      local id = place(it, "dns-txt-token").id
      it.clock:advance(1000)
      it.sandbox:publish(it.client:dcv(id).records)
      it.clock:advance(after)
      assert.are.equal(status, it.client:order(id).status)
    end
  end)

  it("is found by polling since the method is that one", function()
    local it = box.new()
    local id = place(it, "email").id
    it.sandbox:publish(it.client:dcv(id, { method = "dns-txt-token" })
      .records)
    it.clock:advance(1000)
    assert(it.client:change_dcv_method(id, "dns-txt-token"))
    it.clock:advance(299)
    assert.are.equal("pending", it.client:order(id).status)
    it.clock:advance(2)
    assert.are.equal("issued", it.client:order(id).status)
  end)

  it("is not found by polling where that is off", function()
    local it = box.new { pace = { poll_after = false } }
    local id = place(it, "dns-txt-token").id
    it.sandbox:publish(it.client:dcv(id).records)
    it.clock:advance(DAY)
    assert.are.equal("pending", it.client:order(id).status)
    assert(it.client:check_dcv(id))
  end)

  it("is nothing to ask of an order that needs none", function()
    local it = box.new()
    local id = box.issued(it)
    for _, method in ipairs { "check_dcv", "new_dcv_value",
                              "resend_dcv_email" } do
      local _, err = it.client[method](it.client, id)
      assert.are.equal("invalid_status", box.codes(err))
    end
    local _, err = it.client:change_dcv_method(id, "email")
    assert.are.equal("invalid_status", box.codes(err))
  end)
end)

describe("the random value", function()
  it("stays for 30 days and is another one then", function()
    local it = box.new()
    local result = place(it, "dns-txt-token")
    local id, value = result.id, result.dcv_random_value
    local function ask()
      local answer = assert(it.client:new_dcv_value(id))
      assert.are.equal(path(id, "dcv-random-value"), box.last(it).line)
      assert.is_nil(box.last(it).body)
      return answer
    end
    assert.are.same({ dcv_random_value = value,
      expiration_date = "2026-01-31T00:00:00+00:00" }, ask())
    it.clock:advance(29 * DAY)
    assert.are.equal(value, ask().dcv_random_value)
    local old = it.client:dcv(id).records
    it.clock:advance(2 * DAY)
    it.sandbox:publish(old)
    assert.is_nil((it.client:check_dcv(id)))
    it.clock:advance(301)
    assert.are.equal("pending", it.client:order(id).status)
    local answer = ask()
    assert.are_not.equal(value, answer.dcv_random_value)
    assert.are.equal("2026-03-03T00:05:01+00:00", answer.expiration_date)
    assert.is_nil((it.client:check_dcv(id)))
    it.sandbox:publish(it.client:dcv(id).records)
    assert(it.client:check_dcv(id))
  end)

  it("is there for mail, too, when asked for", function()
    local it = box.new()
    local result = place(it, "email")
    assert.is_nil(result.dcv_random_value)
    assert.are.equal(32,
      #it.client:new_dcv_value(result.id).dcv_random_value)
  end)
end)

describe("the method", function()
  -- {from, to, names, status of the answer}
  local cases = {
    { "email", "dns-txt-token", HOSTS, 200 },
    { "dns-txt-token", "dns-cname-token", HOSTS, 200 },
    { "dns-txt-token", "http-token-dynamic", HOSTS, 200 },
    { "dns-txt-token", "email", HOSTS, 204 },
    { "dns-txt-token", "http-token", { common_name = "*.example.dev" },
      400 },
  }
  for _, case in ipairs(cases) do
    it(("changes from %s to %s"):format(case[1], case[2]), function()
      local it = box.new()
      local id = place(it, case[1], case[3]).id
      local answer, err = it.client:change_dcv_method(id, case[2])
      assert.are.equal(path(id, "dcv-method"), box.last(it).line)
      assert.are.same({ dcv_method = case[2] }, box.last(it).body)
      assert.are.equal(case[4], box.last(it).status)
      if case[4] == 400 then
        assert.are.equal("invalid_value:dcv_method", box.codes(err))
        return
      end
      assert.are.equal(case[4] == 200, answer.dcv_random_value ~= nil)
      assert.are.equal(case[2], it.client:order(id).dcv_method)
      local found = it.client:dcv(id)
      assert.are.equal(case[2], found.method)
      if case[2] ~= "email" then
        for _, record in ipairs(found.records) do
          record.name = record.name .. (record.path == found.records[1].path
            and case[2] == "http-token-dynamic" and "a.txt" or "")
        end
        it.sandbox:publish(found.records)
        assert.are.equal("issued", it.client:check_dcv(id).order_status)
      end
    end)
  end

  it("is one of those that there are", function()
    local it = box.new()
    local id = place(it, "email").id
    for _, body in ipairs { { dcv_method = "whois" }, { dcv_method = 5 },
                            {} } do
      assert.are.equal(400, box.send(it, "PUT",
        ("/order/certificate/%d/dcv-method"):format(id), body).status)
    end
  end)
end)

describe("mails", function()
  it("go to each open domain, and again when asked", function()
    local it = box.new()
    local id = place(it, "email").id
    local function domains()
      local list = {}
      for i, mail in ipairs(it.sandbox:mails()) do
        assert.are.equal(id, mail.order_id)
        list[i] = mail.domain
      end
      return table.concat(list, " ")
    end
    assert.are.equal("example.dev example.se", domains())
    assert.is_true(it.client:resend_dcv_email(id))
    assert.are.equal(path(id, "resend-emails"), box.last(it).line)
    assert.is_nil(box.last(it).body)
    assert.are.equal(204, box.last(it).status)
    assert.is_true(it.client:resend_dcv_email(id,
      { email_domain = "example.se" }))
    assert.are.same({ email_domain = "example.se" }, box.last(it).body)
    assert.are.equal("example.dev example.se example.dev example.se "
                     .. "example.se", domains())
    local _, err = it.client:resend_dcv_email(id,
      { email_domain = "example.com" })
    assert.are.equal("invalid_value:email_domain", box.codes(err))
    it.sandbox:validate_domain("example.dev")
    local checked = it.client:check_dcv(id)
    assert.are.equal("pending", checked.dcv_status)
    it.sandbox:validate_domain("example.se")
    assert.are.equal("issued", it.client:order(id).status)
  end)

  it("are none where tokens are shown", function()
    local it = box.new()
    local id = place(it, "dns-txt-token").id
    assert.are.same({}, it.sandbox:mails())
    local _, err = it.client:resend_dcv_email(id)
    assert.are.equal("invalid_status", box.codes(err))
  end)
end)

describe("the validation endpoint", function()
  it("answers as documented, its ids as strings", function()
    local it = box.new()
    local id = place(it, "dns-txt-token", HOSTS,
                     { certificate_dcv_scope = "fqdn" }).id
    local answer = box.send(it, "GET",
      ("/order/certificate/%d/validation"):format(id)).json
    assert.are.equal(tostring(id), answer.order_id)
    assert.are.equal("pending", answer.order_status)
    assert.are.equal("fqdn", answer.order_name_scope)
    assert.are.equal("dns-txt-token", answer.order_dcv_method)
    assert.are.equal("123456", answer.organization_id)
    assert.are.equal("active", answer.organization_validations[1].status)
    assert.are.equal("approved", answer.organization_validations[1]
                                 .verification_details.blacklist_fraud)
    local list = answer.dns_name_validations
    assert.are.equal(2, #list)
    assert.are.same({ "www.example.dev", "example.dev" }, list[1].dns_names)
    assert.are.equal("example.dev", list[1].name_scope)
    assert.are.equal("string", type(list[1].domain_id))
    assert.is_true(json.is_array(list[1].dns_names))
    local found = it.client:dcv(id)
    assert.are.equal(id, found.validations.order_id)
    assert.are.equal(123456, found.validations.organization_id)
  end)
end)

describe("a record", function()
  it("is refused where it is none", function()
    local it = box.new()
    for _, record in ipairs { { type = "A", name = "x", value = "y" },
      { type = "TXT", value = "y" }, { type = "TXT", name = "x" }, "x" } do
      assert.has_error(function()
        it.sandbox:publish { record }
      end)
    end
  end)
end)
