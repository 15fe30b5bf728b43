--- Reissues of an order: the list of them, and which of them is that of a key.
-- A reissue has no name of its own: the public key of its CSR is what it is
-- known by.

local candidates = require "certcentral.client.candidates"
local errors = require "certcentral.error"
local lookup = require "certcentral.client.lookup"
local response = require "certcentral.client.response"
local rules = require "certcentral.rules"
local status = require "certcentral.client.status"

local reissues = {}

--- A CSR of an answer in PEM: some have it without the lines around it.
-- What is none is handed back as it is.
function reissues.pem(csr)
  if type(csr) ~= "string" or csr == "" or csr:find("-", 1, true) then
    return csr
  end
  return "-----BEGIN CERTIFICATE REQUEST-----\n" .. csr
         .. "\n-----END CERTIFICATE REQUEST-----\n"
end

--- The SHA-256 of a CSR's public key in hex; nil where it cannot be read.
function reissues.key_of(csr)
  if type(csr) ~= "string" then
    return nil
  end
  local facts = require("certcentral.x509").inspect(reissues.pem(csr))
  return facts and facts.sha256
end

--- The reissues of an order; `ask` is ask or ask_once of the call.
-- @return list (empty where there is none), the response; or nil, err
function reissues.list(call, id, ask)
  call.lookups = call.lookups + 1
  local any_404 = call.client.any_404
  return ask(call, ("/order/certificate/%d/reissue"):format(id), "lookup", {
    read = function(answer, mask)
      return lookup.reissues(answer, mask, any_404)
    end,
  })
end

local function is_issued(entry)
  return status.of(entry) == "reissued" or
         status.is_issued { status = entry.status, certificate = entry }
end

--- Sorts a list by the public key.
-- @return {ours: those with the key, the newest first, over: those with the
--   key that were rejected or revoked or have expired, waiting: those with
--   another key that are not issued, unsure: those whose key cannot be read}
function reissues.sort(list, key)
  local found = { ours = {}, over = {}, waiting = {}, unsure = {} }
  for _, entry in ipairs(list) do
    local over, theirs = status.is_over(entry), reissues.key_of(entry.csr)
    local to = theirs == key and (over and found.over or found.ours) or
               not over and (not theirs and found.unsure or
                             not is_issued(entry) and found.waiting) or {}
    to[#to + 1] = entry
  end
  table.sort(found.ours, function(a, b)
    return (a.id or math.huge) > (b.id or math.huge)
  end)
  return found
end

--- One with the key that was made at or after a time and is over already; nil
-- where there is none.
-- @param time by our clock, nil: in this call
function reissues.over_since(call, found, answer, time)
  for _, entry in ipairs(found.over) do
    if candidates.by_time(call, entry, answer, time) == "ours" then
      return entry
    end
  end
end

--- A reissue in the list as a result.
function reissues.result(id, entry)
  return { id = id, certificate_id = rules.id(entry.id),
           status = entry.status, certificate = entry }
end

--- Warns where several reissues have the key.
function reissues.warn_of_many(call, list)
  if #list > 1 then
    call.warnings[#call.warnings + 1] = {
      path = "certificate.csr", code = "duplicate",
      message = ("'certificate.csr' must be that of one reissue, got %d: %s")
        :format(#list, candidates.ids(list)),
    }
  end
end

--- The kind of request that a reissue is: see placing.lua. An account cannot
-- refuse a second one of a key, so that it is never sent again once it is
-- unclear.
function reissues.kind(id)
  local what = ("the reissue of order %d"):format(id)
  local tell = { what, ("client:certificates(%d)"):format(id) }
  local kind = { what = what, resent = false,
                 unclear = what .. " may or may not have been done" }

  function kind.read(answer, mask)
    local value, err = response.change(answer, mask, tell)
    if not value then
      return nil, errors.of_order(err)
    end
    if value.id == id then
      return value
    end
    return nil, errors.of_order(errors.new("unknown",
      ("%s: the response has %s"):format(kind.unclear,
        value.id and "another order's id" or "no id"),
      { status = answer.status, errors = {} }))
  end

  function kind.read_failure(failure, mask)
    return errors.of_order(response.change_failure(failure, mask, tell))
  end

  function kind.look(call, ours)
    local list, answer = reissues.list(call, id, call.ask_once)
    if not list then
      return nil, answer
    end
    local found = reissues.sort(list, ours.key)
    reissues.warn_of_many(call, found.ours)
    if found.ours[1] then
      return reissues.result(id, found.ours[1]), answer
    end
    return nil, nil, found.unsure
  end

  function kind.among()
    return "the order's reissues whose CSR cannot be read"
  end

  function kind.by()
    return "of the order's reissues"
  end
  return kind
end

return reissues
