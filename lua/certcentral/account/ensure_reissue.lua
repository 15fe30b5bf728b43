--- One reissue of an order for a key, however often and by however many
-- processes it is asked for. The list of reissues has the CSRs, so that the
-- key is the name by which it is found again.

local candidates = require "certcentral.client.candidates"
local errors = require "certcentral.error"
local journal_lines = require "certcentral.client.journal_lines"
local names = require "certcentral.account.names"
local options_of = require "certcentral.options"
local order_of = require "certcentral.order"
local orders = require "certcentral.account.orders"
local placed = require "certcentral.client.orders"
local placing = require "certcentral.client.placing"
local policy = require "certcentral.client.policy"
local reissues = require "certcentral.client.reissues"
local status = require "certcentral.client.status"

local ensure_reissue = {}

-- ---- errors ----------------------------------------------------------------

local function refused(order, format, ...)
  return nil, errors.new("refused", format:format(...), {
    order_id = order.id, order_status = order.status,
    outcome = "not_placed" })
end

local function unknown(call, format, ...)
  return nil, errors.new("unknown", ("nothing was sent: %s may have been "
    .. "done: "):format(call.what) .. format:format(...))
end

-- The error of a question about earlier reissues: they may be there.
local function unasked(err)
  err.outcome = err.outcome or "unknown"
  return nil, err
end

-- ---- what is there ---------------------------------------------------------

-- A reissue that has the key, for names that were not asked for.
local function for_others(ready, entry)
  local theirs = type(entry.dns_names) == "table" and
                 type(entry.common_name) == "string" and names.set(entry)
  if not theirs or not ready.named then
    return nil
  end
  local _, added = names.differ(names.set(ready.members.certificate), theirs)
  return added and ("certificate %s of order %d has the key of this CSR, but "
    .. "other names: %s; make a new key for other names"):format(
    entry.id and ("%d"):format(entry.id) or "(pending)", ready.order.id,
    names.text(theirs))
end

local function adopt(call, ready, found, answer)
  local other = for_others(ready, found.ours[1])
  if other then
    return refused(ready.order, "%s", other)
  end
  reissues.warn_of_many(call, found.ours)
  return reissues.result(ready.order.id, found.ours[1]), answer
end

-- Whether a reissue that was sent at a time, or later, is one of those that
-- are over.
local function is_over(call, found, answer, since)
  return since ~= nil and
         reissues.over_since(call, found, answer, since) ~= nil
end

-- One that was sent and is not in the list: it may be soon.
local function find_open(call, ready, open, said)
  if open.age and open.age < call.client.recover_for then
    local result, answer = placing.recover(call, ready.ours, ready.kind)
    if result then
      return result, answer
    end
  end
  return unknown(call, said, open.age and ("%d seconds ago"):format(
    math.max(0, math.floor(open.age))) or "at an unknown time")
end

-- What was sent before and is not settled: {since: not before, age, said}; or
-- nil. A note says when the answer came, a journal when it was sent.
local function unsettled(call, past)
  local time = past.placed_at or past.noted_at -- if that can be true
  local age = time and journal_lines.age(time, call.world.time())
  if past.open then
    return { since = past.open.time, age = past.open.age,
             said = "it was sent %s and cannot be found" }
  elseif age and age < journal_lines.SETTLE then
    return { since = past.placed_at or time - call.client.deadline, age = age,
             said = "it was accepted %s and is not in the list of reissues" }
  end
end

local function is_ours(call, intent)
  return intent.reissue_of == call.order_id and
         intent.key_sha256 == call.key
end

-- The reissue of the key that is there: result, response; or nil, err; or nil
-- where there certainly is none.
local function existing(call, ready)
  local past, err = journal_lines.past(call, is_ours)
  if not past then
    return unasked(err)
  end
  local list, answer = reissues.list(call, ready.order.id, call.ask)
  if not list then
    return unasked(answer)
  end
  local found = reissues.sort(list, ready.ours.key)
  local open = unsettled(call, past)
  if found.ours[1] then
    return adopt(call, ready, found, answer)
  elseif found.unsure[1] then
    return unknown(call, "the CSR of these reissues cannot be read: %s",
                   candidates.ids(found.unsure))
  elseif open and not is_over(call, found, answer, open.since) then
    return find_open(call, ready, open, open.said)
  elseif past.damaged then
    return unknown(call, "the journal is damaged: %s", past.damaged)
  elseif found.waiting[1] then
    return refused(ready.order, "a reissue of order %d for another key is "
      .. "pending (%s): wait for it, or call client:cancel(%d)",
      ready.order.id, candidates.ids(found.waiting), ready.order.id)
  end
end

-- ---- what is sent ----------------------------------------------------------

-- Why an order's certificate cannot be reissued: nil, err; or nil.
local function obstacle(order)
  local state = status.of(order)
  if state == "reissue_pending" then
    return refused(order, "a reissue of order %d for another key is pending: "
      .. "wait for it, or call client:cancel(%d)", order.id, order.id)
  elseif not status.is_issued(order) then
    return refused(order, "order %d is %s: there is nothing to reissue",
                   order.id, state)
  end
end

-- What is to be sent, with the body still to be written; or nil, err.
local function prepare(call, id, members)
  local order, err = names.order(call, id)
  if not order then
    return unasked(err)
  end
  local filled, conflict = names.fill("reissue", members, order)
  if not filled then
    return unasked(conflict)
  end
  return {
    order = order, members = filled, named = names.are_given(members),
    conflict = conflict, path = orders.path(id, "/reissue"), once = true,
    wish = ("reissue %d\n%s"):format(id, call.key), kind = reissues.kind(id),
    ours = { key = call.key, common_name = filled.certificate.common_name },
    intent = { reissue_of = id, key_sha256 = call.key }, warnings = {},
  }
end

-- Writes the body: true; or nil, err.
local function write(self, ready, options)
  local _, err = obstacle(ready.order)
  err = err or not options.allow_names and
        (ready.conflict or names.foreign(ready.members.certificate)) or nil
  if err then
    return nil, err
  end
  local body, warnings = order_of.check(ready.members, {}, "secret", nil,
                                        self.blocklist, "reissue")
  if not body then
    return nil, warnings
  end
  ready.body, ready.warnings = body, warnings
  return true
end

local function ensure(self, call, id, members, options)
  local ready, err = prepare(call, id, members)
  if not ready then
    return nil, errors.of_order(err)
  end
  local claim, result, answer = call.claim, existing(call, ready)
  call.existed = result ~= nil
  if result and claim then
    claim:note(nil) -- the list has it
  end
  local good
  if not result and not answer then
    good, answer = write(self, ready, options)
  end
  if not good then
    return placed.finish(call, ready, result, answer)
  elseif claim then
    claim:note "sent"
  end
  result, answer = self:_place(call, ready)
  if claim then
    claim:note_end(result, answer)
  end
  return result, answer
end

--- Reissues an order's certificate for a CSR, unless a reissue for its public
-- key is there, pending or issued.
-- @param members as for reissue
-- @param options allow_names: whether other names than the order's are good
-- @return result, info (info.existed: it was there already); or nil, err
function ensure_reissue.ensure_reissue(self, id, members, options)
  id, options = names.arguments("ensure_reissue", id, members, options)
  if self.closed then
    options_of.raise("this client is closed")
  end
  local err = names.problems(self, "reissue", members)
  if err then
    return nil, errors.of_order(err)
  end
  local call = policy.call(self, nil, ("the reissue of order %d"):format(id))
  call.order_id, call.key = id, reissues.key_of(members.certificate.csr)
  return self._claimed(call, { ("reissue %d"):format(id),
    ("reissue %d %s"):format(id, call.key) }, function()
    return ensure(self, call, id, members, options)
  end)
end

return ensure_reissue
