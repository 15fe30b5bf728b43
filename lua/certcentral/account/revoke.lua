--- Revocation. It cannot be taken back.

local arguments = require "certcentral.account.arguments"
local json = require "certcentral.json"
local orders = require "certcentral.account.orders"
local rules = require "certcentral.rules"

local revoke = {}

local OPTIONS = {
  reason = rules.choice { "unspecified", "keyCompromise",
    "affiliationChanged", "superseded", "cessationOfOperation" },
  comments = rules.text, skip_approval = "boolean",
}

-- 204 says that it is done, 201 that somebody has to approve it.
local function send(self, path, options, what, look)
  local value, answer = orders.change(self, {
    path = path, what = what, look = look,
    body = json.object { { "revocation_reason", options.reason },
                         { "skip_approval", options.skip_approval },
                         { "comments", options.comments } },
  })
  if not value then
    return nil, answer
  end
  return next(value) ~= nil and value or true
end

--- Revokes all certificates of an order, duplicates and reissues included.
-- @param options reason (of the API's list), comments, skip_approval (for
--   administrators: revokes at once)
-- @return true where it is done; the request where it waits for an approval;
--   or nil, err
function revoke.revoke_order(self, id, options)
  id = arguments.id(id, "order", "revoke_order")
  options = arguments.options(options, OPTIONS, "revoke_order")
  return send(self, orders.path(id, "/revoke"), options,
              ("the revocation of order %d"):format(id),
              ("client:order(%d)"):format(id))
end

--- Revokes one certificate.
-- @param id the certificate's id, not the order's
-- @param options, return as for revoke_order
function revoke.revoke_certificate(self, id, options)
  id = arguments.id(id, "certificate", "revoke_certificate")
  options = arguments.options(options, OPTIONS, "revoke_certificate")
  return send(self, ("/certificate/%d/revoke"):format(id), options,
              ("the revocation of certificate %d"):format(id),
              "client:order(), or client:certificates(), of its order")
end

return revoke
