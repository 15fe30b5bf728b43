--- The arguments of the functions: name -> { type, what it is }, types as in
-- LuaCATS. An argument that means something else in one function has a row
-- of "function.argument", too.

local arguments = {}

local rows = {
  alternative_order_id = { "string", "the order's id of your own" },
  changes = { "table", "the members that differ, as in an order" },
  comment = { "string", "a note" },
  container_id = { "integer|string", "a container's (division's) id" },
  defaults = { "table", "further members of the order; it is copied" },
  details = { "table", "the members of `organization` in an order, without "
    .. "`id` and `contacts`" },
  directory = { "string", "the directory; made when first needed" },
  domains = { "string[]", "host names" },
  err = { "any", "the error that came with it" },
  entry = { "certcentral.entry", "a flat table: names of a-z, 0-9 and _, but "
    .. "not `sum`; strings, integers and booleans" },
  expected = { "string|false", "the value that must be there; false: none" },
  file = { "string", "a path" },
  grant = { "any", "what `take` gave beside its 0, if anything" },
  id = { "integer|string", "an order's id" },
  key = { "string", "a key of the store" },
  method = { '"email"|"dns-txt-token"|"dns-cname-token"|"http-token"'
    .. '|"http-token-dynamic"', "a way to prove control" },
  name = { "string", "a name" },
  name_id = { "string", 'a product\'s name, such as "ssl_securesite_flex"' },
  order = { "certcentral.order", "the order; it is never changed" },
  orders = { "certcentral.order[]|fun(): certcentral.order?", "a list, or a "
    .. "function that returns one order after the other and nil at the end" },
  path = { "string", "a file; a later change of directory does not matter" },
  pem = { "string", "a CSR (PKCS#10) in PEM" },
  result = { "certcentral.result", "what `place_order` returned" },
  seconds = { "number", "seconds, fractions allowed" },
  text = { "string", "any bytes" },
  ticket = { "certcentral.ticket", "what `add` returned" },
  token = { "string", "what `lock` returned" },
  value = { "any", "any value" },
  when = { "number|table|string", "seconds since 1970 (the day in UTC), "
    .. "{year, month, day}, as os.date \"*t\" gives it or in this order; or a "
    .. 'text such as "09 JUN 2027"' },

  ["budget.shared.name"] = { "string", "a `lua_shared_dict` that holds "
    .. "nothing else" },
  ["certcentral.assert.value"] = { "T", "any value" },
  ["certcentral.help.name"] = { "string", "a field's path, a function's name "
    .. 'or "functions"; without it: an overview' },
  ["client:add_domain.details"] = { "table", "`name`, `organization_id`; "
    .. "`validations`: a list of types, by default `ov`; `dcv_method`" },
  ["client:change_domain_dcv_method.id"] = { "integer|string",
    "a domain's id" },
  ["client:check_domain.id"] = { "integer|string", "a domain's id" },
  ["client:domain.id"] = { "integer|string", "a domain's id" },
  ["client:domain_dcv.id"] = { "integer|string", "a domain's id" },
  ["client:submit_domain.id"] = { "integer|string", "a domain's id" },
  ["client:submit_domain.types"] = { "string[]?", "types of validation, by "
    .. "default `ov`" },
  ["client:approve.id"] = { "integer|string", "a request's id" },
  ["client:deactivate_organization.id"] = { "integer|string",
    "an organization's id" },
  ["client:duplicate.changes"] = { "table", "`certificate` as in an order, "
    .. "`skip_approval`, `certificate_dcv_scope`, `comments`" },
  ["client:ensure_reissue.changes"] = { "table", "`certificate` as in an "
    .. "order, with a `csr`; `skip_approval`, `certificate_dcv_scope`, "
    .. "`comments`" },
  ["client:organization.id"] = { "integer|string", "an organization's id" },
  ["client:reissue.changes"] = { "table", "`certificate` as in an order, "
    .. "`skip_approval`, `certificate_dcv_scope`, `comments`" },
  ["client:reject.id"] = { "integer|string", "a request's id" },
  ["client:request.id"] = { "integer|string", "a request's id" },
  ["client:revoke_certificate.id"] = { "integer|string",
    "a certificate's id, not an order's" },
  ["queue:add.callback"] = {
    "fun(outcome: certcentral.outcome, ticket: certcentral.ticket)",
    "called once, from `step`, `cancel` or `close`, or from `add` for an "
    .. "order with problems" },
  ["queue:step.seconds"] = { "number", "how long to wait at most; 0 never "
    .. "waits: not for the network, a name server, a back-off or the rate "
    .. "budget" },
  ["store.dict.name"] = { "string", "a `lua_shared_dict`" },
  ["store:keep.seconds"] = { "number", "for how long, from now" },
  ["store:lock.seconds"] = { "number", "for how long at most" },
  ["store:set.value"] = { "string?", "at most 65536 bytes; nil takes the key "
    .. "away" },
}

--- The row of a function's argument, or nil.
-- @param name the function's full name
function arguments.find(name, argument)
  return rows[name .. "." .. argument] or rows[argument]
end

return arguments
