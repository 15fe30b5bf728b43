-- Requests in the sandbox: what waits for approval, and what an approval
-- does to orders, reissues, duplicates and revocations.

local box = require "support.box"
local support = require "support.sandbox"

local DEV = { common_name = "www.example.dev" }

local function line(method, ...)
  return method .. " " .. ("/order/certificate/%d%s"):format(...)
end

describe("requests", function()
  it("are listed, by status or all", function()
    local it = box.new()
    local client = it.client
    local first, second = box.place(it), box.place(it)
    assert(client:approve(first.requests[1].id))
    local function listed(options)
      local ids = {}
      for i, request in ipairs(assert(client:requests(options))) do
        ids[i] = request.id
      end
      return ids
    end
    local one, two = first.requests[1].id, second.requests[1].id
    assert.are.same({ one, two }, listed())
    assert.are.equal("GET /request", box.last(it).line)
    assert.are.same({ two }, listed { status = "pending" })
    assert.are.equal("GET /request?status=pending", box.last(it).line)
    assert.are.same({ one }, listed { status = "approved" })
    assert.are.same({}, listed { status = "rejected" })
    for path, count in pairs { ["/request?filters[status]=pending"] = 1,
      ["/request?limit=1&offset=1"] = 1, ["/request?status=approved"] = 1 } do
      assert.are.equal(count, #box.send(it, "GET", path).json.requests)
    end
    assert.are.equal(400,
      box.send(it, "GET", "/request?status=lost").status)
  end)

  it("are shown as documented", function()
    local it = box.new()
    local result = box.place(it, { comments = "please" })
    local id = result.requests[1].id
    local brief = it.client:requests()[1]
    assert.are.equal("new_request", brief.type)
    assert.are.equal("pending", brief.status)
    assert.are.equal("please", brief.comments)
    assert.are.equal(result.id, brief.order.id)
    assert.are.equal("example.com", brief.order.certificate.common_name)
    assert.are.equal("Example Company", brief.order.organization.name)
    assert.are.equal("sandbox@example.com", brief.requester.email)
    local request = it.client:request(id)
    assert.are.equal("GET /request/" .. id, box.last(it).line)
    assert.is_nil(request.date_processed)
    assert.is_string(request.order.certificate.csr)
    it.clock:advance(3600)
    assert(it.client:approve(id, "fine"))
    request = it.client:request(id)
    assert.are.equal("2026-01-01T01:00:00+00:00", request.date_processed)
    assert.are.equal("fine", request.processor_comment)
    assert.are.equal("Sandbox", request.processor.first_name)
  end)

  it("are approved or rejected once", function()
    for method, status in pairs { approve = "issued", reject = "rejected" } do
      local it = box.new()
      local result = box.place(it)
      local id = result.requests[1].id
      assert.is_true(it.client[method](it.client, id, "a note"))
      local sent = box.last(it)
      assert.are.equal(("PUT /request/%d/status"):format(id), sent.line)
      assert.are.same({ status = method == "approve" and "approved"
        or "rejected", processor_comment = "a note" }, sent.body)
      assert.are.equal(204, sent.status)
      assert.are.equal("", sent.text)
      assert.are.equal(status, it.client:order(result.id).status)
      local _, err = it.client:approve(id)
      assert.are.equal("invalid_status", box.codes(err))
    end
  end)

  it("stay when they are set to pending, and know four states", function()
    local it = box.new()
    local result = box.place(it)
    local path = ("/request/%d/status"):format(result.requests[1].id)
    for status, code in pairs { pending = 204, submitted = 204, lost = 400,
                                [5] = 400 } do
      assert.are.equal(code,
        box.send(it, "PUT", path, { status = status }).status)
    end
    assert.are.equal("needs_approval", it.client:order(result.id).status)
    assert(it.client:approve(result.requests[1].id))
  end)

  it("are approved by administrators and managers", function()
    for role, good in pairs { Administrator = true, Manager = true,
      ["Standard user"] = false, ["Limited user"] = false,
      ["Finance manager"] = false } do
      local it = box.new { account = { role = role } }
      local id = box.place(it).requests[1].id
      local done, err = it.client:approve(id)
      assert.are.equal(good or nil, done)
      assert.are.equal(good and "" or "access_denied|missing_permission",
                       good and "" or box.codes(err))
      assert.are.equal(good or nil, (it.client:place_order(
        support.order { skip_approval = true })) and true)
    end
  end)
end)

-- {kind of certificate, names that the request has}
local KINDS = { reissue = { "a.example.com" }, duplicate = {} }

local function ask(it, kind, id, members)
  local request = { certificate = box.certificate {
    csr = support.csr("other"), dns_names = #KINDS[kind] > 0 and KINDS[kind]
      or nil } }
  for name, value in pairs(members or {}) do
    request[name] = value
  end
  return it.client[kind](it.client, id, request, { allow_names = true })
end

for kind, names in pairs(KINDS) do
  describe("a " .. kind, function()
    it("waits for its approval, then is a certificate", function()
      local it = box.new()
      local id, before = box.issued(it)
      it.clock:advance(1000)
      local answer = assert(ask(it, kind, id, { comments = "lost key" }))
      assert.are.equal(line("POST", id, "/" .. kind), box.last(it).line)
      assert.are.equal(201, box.last(it).status)
      assert.are.equal(id, answer.id)
      assert.is_nil(answer.certificate_chain)
      local request = answer.requests[1].id
      assert.are.equal(kind, it.client:request(request).type)
      assert.are.equal("lost key", it.client:request(request).comments)
      assert.are.equal(kind == "reissue" and "reissue_pending" or "issued",
                       it.client:order(id).status)
      assert.are.equal("pending", it.client:certificates(id)[1].status)
      assert(it.client:approve(request))
      local list = assert(it.client:certificates(id))
      assert.are.equal(line("GET", id, "/duplicate"), box.last(it).line)
      assert.are.equal(1, #list)
      assert.are.equal(kind, list[1].kind)
      assert.are.equal("approved", list[1].status)
      assert.are.equal(#names + 1, #list[1].dns_names)
      assert.are_not.equal(before.certificate.id, list[1].id)
      assert.are_not.equal(before.certificate.serial_number,
                           list[1].serial_number)
      local after = it.client:order(id)
      assert.are.equal("issued", after.status)
      assert.are.equal(kind == "reissue" and list[1].id
                       or before.certificate.id, after.certificate.id)
    end)

    it("is issued at once without an approval", function()
      local it = box.new()
      local id = box.issued(it)
      local answer = assert(ask(it, kind, id, { skip_approval = true }))
      assert.are.equal("approved", answer.requests[1].status)
      assert.are.equal(3, #answer.certificate_chain)
      assert.are.equal(answer.certificate_id,
                       it.client:certificates(id)[1].id)
      assert.are.equal("-----BEGIN CERTIFICATE-----",
                       answer.certificate_chain[1].pem:sub(1, 27))
    end)

    it("that is rejected leaves no certificate", function()
      local it = box.new()
      local id, before = box.issued(it)
      local answer = assert(ask(it, kind, id))
      assert(it.client:reject(answer.requests[1].id))
      local list = assert(it.client:certificates(id))
      assert.are.equal(kind == "reissue" and 1 or 0, #list)
      for _, certificate in ipairs(list) do
        assert.are.equal("rejected", certificate.status)
        assert.is_nil(certificate.serial_number)
      end
      local after = it.client:order(id)
      assert.are.equal("issued", after.status)
      assert.are.equal(before.certificate.id, after.certificate.id)
    end)

    it("is had of an issued order alone", function()
      local it = box.new()
      local id = box.place(it).id
      local _, err = ask(it, kind, id)
      assert.are.equal("invalid_status", box.codes(err))
      assert.are.equal(400, err.status)
    end)

    it("is checked like an order", function()
      local it = box.new()
      local id = box.issued(it)
      local path = ("/order/certificate/%d/%s"):format(id, kind)
      for code, body in pairs {
        ["missing_value:certificate"] = {},
        ["invalid_value:certificate.csr"] = {
          certificate = box.certificate { csr = "x" } },
        ["invalid_value:certificate.signature_hash"] = {
          certificate = box.certificate { signature_hash = "md5" } },
        ["invalid_value:skip_approval"] = {
          certificate = box.certificate(), skip_approval = "yes" } } do
        local response = box.send(it, "POST", path, body)
        assert.are.equal(400, response.status)
        assert.are.equal(code, response.json.errors[1].code)
      end
      assert.are.equal("bad_request_format",
        box.send(it, "POST", path, "{").json.errors[1].code)
    end)
  end)
end

describe("a reissue", function()
  it("that waits is cancelled, and its request is rejected", function()
    local it = box.new()
    local id = box.issued(it)
    local request = assert(ask(it, "reissue", id)).requests[1].id
    assert.is_true(it.client:cancel(id, { note = "found it" }))
    assert.are.equal("issued", it.client:order(id).status)
    assert.are.equal("rejected", it.client:request(request).status)
    assert.are.equal("found it",
                     it.client:request(request).processor_comment)
    assert(ask(it, "reissue", id))
  end)

  it("is one at a time", function()
    local it = box.new()
    local id = box.issued(it)
    assert(ask(it, "reissue", id))
    local _, err = ask(it, "reissue", id)
    assert.are.equal("invalid_status", box.codes(err))
  end)

  it("waits for the domains that are new", function()
    local it = box.new()
    local id = box.issued(it, { dcv_method = "dns-txt-token" })
    local answer = assert(it.client:reissue(id, { skip_approval = true,
      certificate = box.certificate { dns_names = { "www.example.dev" } } },
      { allow_names = true }))
    assert.are.equal("example.dev", answer.domains[1].name)
    assert.is_string(answer.dcv_random_value)
    assert.are.equal("reissue_pending", it.client:order(id).status)
    it.sandbox:publish(it.client:dcv(id).records)
    assert(it.client:check_dcv(id))
    local order = it.client:order(id)
    assert.are.equal("issued", order.status)
    assert.are.same({ "example.com", "www.example.dev" },
                    order.certificate.dns_names)
  end)

  it("ends with the order, not later", function()
    local it = box.new()
    local id = box.issued(it)
    it.clock:advance(300 * box.DAY)
    assert(ask(it, "reissue", id, { skip_approval = true,
      certificate = box.certificate { cert_validity = { years = 1 } } }))
    local order = it.client:order(id)
    assert.are.equal("2027-01-01", order.certificate.valid_till)
    assert.are.equal("2027-01-01", order.order_valid_till)
    assert.is_nil(order.certificate.status)
  end)
end)

describe("a duplicate", function()
  it("has the order's names and no others", function()
    local it = box.new()
    local id = box.issued(it)
    local _, err = it.client:duplicate(id, {
      certificate = box.certificate { dns_names = { "b.example.com" } } },
      { allow_names = true })
    assert.are.equal("invalid_value:certificate.dns_names", box.codes(err))
  end)
end)

describe("a revocation", function()
  local function both(it)
    local id, order = box.issued(it)
    local duplicate = assert(ask(it, "duplicate", id,
                                 { skip_approval = true }))
    return id, order.certificate.id, duplicate.certificate_id
  end

  it("waits for its approval and answers with the request", function()
    local it = box.new()
    local id = both(it)
    local request = assert(it.client:revoke_order(id,
      { reason = "superseded", comments = "no longer needed" }))
    assert.are.equal(line("PUT", id, "/revoke"), box.last(it).line)
    assert.are.same({ revocation_reason = "superseded",
      comments = "no longer needed" }, box.last(it).body)
    assert.are.equal(201, box.last(it).status)
    assert.are.equal("revoke", request.type)
    assert.are.equal("pending", request.status)
    assert.are.equal("no longer needed", request.comments)
    assert.are.equal("issued", it.client:order(id).status)
    local _, err = it.client:revoke_order(id)
    assert.are.equal("invalid_status", box.codes(err))
    assert(it.client:approve(request.id))
    assert.are.equal("revoked", it.client:order(id).status)
    assert.are.equal("revoked", it.client:certificates(id)[1].status)
    assert.are.equal("revoked", it.client:order(id).certificate.status)
  end)

  it("that is rejected changes nothing", function()
    local it = box.new()
    local id = both(it)
    assert(it.client:reject(it.client:revoke_order(id).id))
    assert.are.equal("issued", it.client:order(id).status)
    assert(it.client:revoke_order(id))
  end)

  it("is done at once by an administrator who says so", function()
    local it = box.new()
    local id = both(it)
    assert.is_true(it.client:revoke_order(id, { skip_approval = true }))
    assert.are.equal(204, box.last(it).status)
    assert.are.equal("revoked", it.client:order(id).status)
    local _, err = it.client:revoke_order(id)
    assert.are.equal("invalid_status", box.codes(err))
    it.sandbox:set_account { role = "Manager" }
    _, err = it.client:revoke_order(both(it), { skip_approval = true })
    assert.are.equal("access_denied|missing_permission", box.codes(err))
  end)

  it("of one certificate leaves the others", function()
    local it = box.new()
    local id, first, second = both(it)
    assert.is_true(it.client:revoke_certificate(first,
                                                { skip_approval = true }))
    assert.are.equal(("PUT /certificate/%d/revoke"):format(first),
                     box.last(it).line)
    local order = it.client:order(id)
    assert.are.equal("issued", order.status)
    assert.are.equal("revoked", order.certificate.status)
    local request = assert(it.client:revoke_certificate(second))
    assert(it.client:approve(request.id))
    assert.are.equal("revoked", it.client:order(id).status)
    local _, err = it.client:wait(id)
    assert.are.equal("revoked", err.order_status)
  end)

  it("goes by serial number, too, and without a body", function()
    local it = box.new()
    local _, order = box.issued(it)
    local path = ("/certificate/%s/revoke")
      :format(order.certificate.serial_number)
    assert.are.equal(201, box.send(it, "PUT", path).status)
  end)

  it("has one of five reasons", function()
    local it = box.new()
    for reason, status in pairs { unspecified = 201, keyCompromise = 201,
      affiliationChanged = 201, superseded = 201, cessationOfOperation = 201,
      certificateHold = 400, [5] = 400 } do
      local path = ("/order/certificate/%d/revoke"):format(box.issued(it))
      assert.are.equal(status, box.send(it, "PUT", path,
        { revocation_reason = reason }).status)
    end
  end)

  it("is had of certificates that were issued", function()
    local it = box.new()
    local result = box.place(it, { skip_approval = true }, DEV)
    local _, err = it.client:revoke_order(result.id)
    assert.are.equal("invalid_status", box.codes(err))
    _, err = it.client:revoke_certificate(result.certificate_id)
    assert.are.equal("not_found|certificate", box.codes(err))
  end)
end)
