-- Bodies that are no orders: what is given, and what is sent or said.
--   method    of the client: "reissue", "duplicate", "create_organization"
--   given     the body as a table; options: of create_organization
--   body      what is sent, byte for byte; <csr> stands for the CSR
--   problems  or what is found, as "path code", in this order; nothing is
--             sent
--   warnings  the same, where the body is sent

local certcentral = require "certcentral"
local csr = require "support.csr"

local pem = csr.p256
local null = certcentral.null

local function certificate(more)
  local result = { common_name = "example.com", csr = pem,
                   signature_hash = "sha256" }
  for name, value in pairs(more or {}) do
    result[name] = value
  end
  return result
end

local function organization(more)
  local result = {
    name = "Epigyne Unwieldiness llc", country = "us",
    address = "932 Prospect Street", city = "Minneapolis", state = "mn",
    zip = "40849", telephone = "666-186-6450",
    organization_contact = { first_name = "Gia", last_name = "Booth",
                             email = "gia.booth@inbox.com" },
  }
  for name, value in pairs(more or {}) do
    result[name] = value
  end
  return result
end

local cases = {}

--- A body of that method without a problem, to be changed.
function cases.good(method)
  return method == "create_organization" and organization()
         or { certificate = certificate() }
end

local function add(method, name, case)
  case.method, case.name = method, method .. ": " .. name
  cases[#cases + 1] = case
end

-- ---- reissues and duplicates ---------------------------------------------

for _, method in ipairs { "reissue", "duplicate" } do
  add(method, "what is demanded", {
    given = { certificate = certificate() },
    body = '{"certificate":{"common_name":"example.com","csr":"<csr>",'
      .. '"signature_hash":"sha256"}}' })
  add(method, "all there is", {
    given = {
      certificate = certificate {
        dns_names = { "sub.example.com", "*.example.com" },
        organization_units = { "Web" }, server_platform = { id = 2 },
        cert_validity = { days = 90 }, profile_option = "x",
        ca_cert_id = "BFF28BD4075C8D9A" },
      comments = "as was", skip_approval = true,
      certificate_dcv_scope = "fqdn" },
    warnings = { "certificate.dns_names[1] csr_mismatch",
                 "certificate.dns_names[2] csr_mismatch",
                 "certificate.organization_units ignored",
                 "certificate.organization_units deprecated" },
    body = '{"certificate":{"common_name":"example.com","dns_names":'
      .. '["sub.example.com","*.example.com"],"csr":"<csr>",'
      .. '"signature_hash":"sha256","organization_units":["Web"],'
      .. '"server_platform":{"id":2},"cert_validity":{"days":90},'
      .. '"profile_option":"x","ca_cert_id":"BFF28BD4075C8D9A"},'
      .. '"comments":"as was","skip_approval":true,'
      .. '"certificate_dcv_scope":"fqdn"}' })
  add(method, "a comment that looks like JSON", {
    given = { certificate = certificate(), skip_approval = false,
      comments = 'as was,"organization":{"id":1},"order_validity":'
        .. '{"years":3}\nand "so" on\\' },
    body = '{"certificate":{"common_name":"example.com","csr":"<csr>",'
      .. '"signature_hash":"sha256"},"comments":"as was,\\"organization\\":'
      .. '{\\"id\\":1},\\"order_validity\\":{\\"years\\":3}\\nand \\"so\\" '
      .. 'on\\\\","skip_approval":false}' })
  add(method, "null, and an empty comment", {
    given = { certificate = certificate { ca_cert_id = null }, comments = "",
              skip_approval = null },
    body = '{"certificate":{"common_name":"example.com","csr":"<csr>",'
      .. '"signature_hash":"sha256"},"comments":""}' })
  add(method, "a CSR with CR LF and space around", {
    given = { certificate = certificate {
      csr = "  \r\n" .. pem:gsub("\n", "\r\n") .. "\r\n" } },
    body = '{"certificate":{"common_name":"example.com","csr":"<csr>",'
      .. '"signature_hash":"sha256"}}' })
  add(method, "warnings of names and of validity", {
    given = { certificate = certificate {
      common_name = "www.example.org", cert_validity = { days = 300,
                                                         years = 1 },
      dns_names = { "example.com", "example.com" } } },
    warnings = { "certificate.common_name csr_mismatch",
                 "certificate.dns_names[2] duplicate",
                 "certificate.cert_validity.years overridden",
                 "certificate.cert_validity.days limit" },
    body = '{"certificate":{"common_name":"www.example.org","dns_names":'
      .. '["example.com","example.com"],"csr":"<csr>",'
      .. '"signature_hash":"sha256","cert_validity":{"years":1,'
      .. '"days":300}}}' })
  add(method, "nothing", {
    given = {}, problems = { "certificate missing" } })
  add(method, "an empty certificate: the order has the names", {
    given = { certificate = {} },
    problems = { "certificate.csr missing",
                 "certificate.signature_hash missing" } })
  add(method, "an empty name", {
    given = { certificate = certificate { common_name = "" } },
    problems = { "certificate.common_name missing" } })
  add(method, "no object where one is due", {
    given = { certificate = "x", comments = "a\1b" },
    problems = { "certificate type", "comments format" } })
  add(method, "bad values at all places", {
    given = {
      certificate = certificate {
        common_name = "no name", dns_names = { "a..b", 5 }, csr = "x",
        signature_hash = "md5", comon_name = "x",
        server_platform = {}, cert_validity = { days = 400 } },
      comments = 5, skip_approval = 1, certificate_dcv_scope = "all" },
    problems = { "certificate.comon_name unknown",
                 "certificate.common_name format",
                 "certificate.dns_names[1] format",
                 "certificate.dns_names[2] type", "certificate.csr format",
                 "certificate.signature_hash choice",
                 "certificate.server_platform.id missing",
                 "certificate.cert_validity.days range", "comments type",
                 "skip_approval type", "certificate_dcv_scope choice" } })
  add(method, "an empty validity", {
    given = { certificate = certificate { cert_validity = {} } },
    problems = { "certificate.cert_validity.years missing" } })
  add(method, "a validity in the past", {
    given = { certificate = certificate {
      cert_validity = { custom_expiration_date = "09 JUN 2020" } } },
    problems = { "certificate.cert_validity.custom_expiration_date range" } })
  add(method, "a private key in place of a CSR", {
    given = { certificate = certificate {
      csr = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----" } },
    problems = { "certificate.csr csr" } })
end

-- ---- organizations -------------------------------------------------------

local SMALL = '{"name":"Epigyne Unwieldiness llc","country":"us",'
  .. '"address":"932 Prospect Street","city":"Minneapolis","state":"mn",'
  .. '"zip":"40849","telephone":"666-186-6450","organization_contact":'
  .. '{"first_name":"Gia","last_name":"Booth",'
  .. '"email":"gia.booth@inbox.com"}'

add("create_organization", "what is demanded", {
  given = organization(), body = SMALL .. "}" })
add("create_organization", "no validation, and null", {
  given = organization { assumed_name = null, id = null, contacts = null },
  options = {}, body = SMALL .. "}" })
add("create_organization", "a validation", {
  given = organization(), options = { validations = { "ov" } },
  body = SMALL .. ',"validations":[{"type":"ov"}]}' })
add("create_organization", "all there is", {
  given = organization {
    skip_duplicate_org_check = true, assumed_name = 'E "U"',
    address2 = "Floor 08", organization_contact = {
      first_name = "Gia", last_name = "Booth", email = "gia.booth@inbox.com",
      job_title = "Clerk", telephone = "1", telephone_extension = "736" } },
  options = { validations = { "ov", "ev", "cs", "ev_cs", "ds", "smime" } },
  body = '{"skip_duplicate_org_check":true,'
    .. '"name":"Epigyne Unwieldiness llc","assumed_name":"E \\"U\\"",'
    .. '"country":"us","address":"932 Prospect Street",'
    .. '"address2":"Floor 08","city":"Minneapolis","state":"mn",'
    .. '"zip":"40849","telephone":"666-186-6450","organization_contact":'
    .. '{"first_name":"Gia","last_name":"Booth",'
    .. '"email":"gia.booth@inbox.com","job_title":"Clerk","telephone":"1",'
    .. '"telephone_extension":"736"},"validations":[{"type":"ov"},'
    .. '{"type":"ev"},{"type":"cs"},{"type":"ev_cs"},{"type":"ds"},'
    .. '{"type":"smime"}]}' })
add("create_organization", "names that look like JSON", {
  given = organization { name = '"organization":{"name":"x"}' },
  body = (SMALL:gsub("Epigyne Unwieldiness llc",
                     '\\"organization\\":{\\"name\\":\\"x\\"}')) .. "}" })
add("create_organization", "details that lack", {
  given = { name = "x", city = "", state = null },
  problems = { "country missing", "address missing", "city missing",
               "state missing", "zip missing", "telephone missing",
               "organization_contact missing" } })
add("create_organization", "an empty contact", {
  given = organization { organization_contact = {} },
  problems = { "organization_contact.first_name missing",
               "organization_contact.last_name missing",
               "organization_contact.email missing" } })
add("create_organization", "no object where one is due", {
  given = organization { organization_contact = "Gia Booth" },
  problems = { "organization_contact type" } })
add("create_organization", "bad values at all places", {
  given = organization {
    name = ("x"):rep(65), country = "usa", address = "-", zip = 5,
    assumed_name = "n/a", naem = "x", skip_duplicate_org_check = 1,
    validations = { { type = "ov" } },
    organization_contact = { first_name = "-", last_name = "B", email = "a@",
                             emial = "x" } },
  problems = { "naem unknown", "validations unknown",
               "skip_duplicate_org_check type", "name range",
               "assumed_name format", "country format", "address format",
               "zip type", "organization_contact.emial unknown",
               "organization_contact.first_name format",
               "organization_contact.email format" } })

local function filled(body)
  local text = pem:gsub("%s+$", ""):gsub("\n", "\\n")
  return (body:gsub("<csr>", (text:gsub("%%", "%%%%"))))
end

for _, case in ipairs(cases) do
  case.body = case.body and filled(case.body)
end

return cases
