--- Keeping the certificate of an order: what is due is done, once, and nothing
-- else. It is for cron and timers: each call looks at the order and at the
-- files, does the next step and says when to call again.

local advice = require "certcentral.account.advice"
local arguments = require "certcentral.account.arguments"
local candidates = require "certcentral.client.candidates"
local certificates = require "certcentral.account.certificate"
local core = require "certcentral.core"
local date = require "certcentral.order.date"
local errors = require "certcentral.error"
local journal_lines = require "certcentral.client.journal_lines"
local keep_key = require "certcentral.account.keep_key"
local keep_note = require "certcentral.account.keep_note"
local options_of = require "certcentral.options"
local policy = require "certcentral.client.policy"
local reissues = require "certcentral.client.reissues"
local rules = require "certcentral.rules"
local run = require "certcentral.account.run"
local schedule = require "certcentral.order.schedule"
local status = require "certcentral.client.status"
local term = require "certcentral.account.term"
local wait = require "certcentral.account.wait"

local keep = {}

local DAY, HOUR = 86400, 3600
local HASHES = { sha384 = true, sha512 = true } -- else sha256
local RENEWALS_MAX = 100 -- orders that followed each other
local SLACK = 20 -- days that an order may wait for its first certificate

-- ---- options ---------------------------------------------------------------

-- Seconds since midnight of "02:00", or nil.
local function seconds_of(text)
  local hours, minutes = tostring(text):match("^(%d%d):(%d%d)$")
  hours, minutes = tonumber(hours), tonumber(minutes)
  return hours and hours < 24 and minutes < 60 and hours * HOUR + minutes * 60
         or nil
end

local function window(value)
  local from = type(value) == "table" and seconds_of(value[1])
  local to = type(value) == "table" and seconds_of(value[2])
  if not from or not to or value[3] ~= nil then
    return 'two times of day (UTC), as { "02:00", "05:00" }'
  elseif from == to then
    return "two times of day that differ", "an empty window"
  end
end

local function files(value)
  return type(value) ~= "table" and "table of names of files" or nil
end

local OPTIONS = {
  files = files, key = rules.choice { "new", "same" },
  least = rules.integer(0, 1095), renew_ahead = rules.integer(1, 1095),
  renew_early = "boolean", window = window, dry_run = "boolean",
  follow = "boolean", skip_approval = "boolean",
  floor = rules.seconds_or_none,
}

local function check_options(options)
  options = arguments.options(options, OPTIONS, "keep")
  local own = options.files and certificates.check_files(options.files, "keep")
  if own and not (own.certificate or own.fullchain) then
    options_of.raise("missing option 'files.fullchain' to 'keep' (or "
                     .. "'files.certificate')")
  elseif own and (own.private_key or own.key_file) then
    options_of.raise("option 'files.%s' to 'keep' (the key is in 'files.key')",
                     own.private_key and "private_key" or "key_file")
  elseif not options.key and not options.follow then
    options_of.raise("missing option 'key' to 'keep' ('new' for a new key with "
                     .. "each certificate, 'same' to go on with the old one)")
  elseif options.key == "new" and not (own and own.key) and
         not options.follow then
    options_of.raise("missing option 'files.key' to 'keep' (where a new key is "
                     .. "to go)")
  elseif (options.renew_ahead or 0) > term.RENEW_AHEAD and
         not options.renew_early then
    options_of.raise("bad option 'renew_ahead' to 'keep' (at most %d days, or "
      .. "renew_early = true, expected, got %d)", term.RENEW_AHEAD,
      options.renew_ahead)
  end
  return options
end

-- ---- the present order -----------------------------------------------------

local function read_order(self, id)
  return run.within(arguments.call(self), "order", id)
end

-- The order that renews one, or has been renewed itself since; nil for none;
-- or nil, err.
local function renewal_of(self, order)
  local call = policy.call(self, ("renewalOf%d"):format(order.id))
  local list, err = candidates.named(call, call.ask)
  if not list then
    return nil, err
  end
  local expired
  for _, entry in ipairs(list) do
    if not status.is_over(entry) then
      return entry.id
    end
    expired = expired or status.of(entry) == "expired" and entry.id or nil
  end
  return expired
end

local function is_renewed(order)
  return order.is_renewed == true or order.is_renewed == 1 or
         status.of(order) == "expired"
end

-- The last of the orders that followed each other; or nil, err.
local function present(self, id, note)
  local order, err = read_order(self, id)
  if order and note.order and note.order ~= id then
    order, err = read_order(self, note.order)
  end
  for _ = 1, RENEWALS_MAX do
    if not order or not is_renewed(order) then
      return order, err
    end
    local next_id, why = renewal_of(self, order)
    if not next_id then
      return not why and order or nil, why
    end
    order, err = read_order(self, next_id)
  end
  return nil, errors.new("protocol", ("order %d has been renewed more than %d "
    .. "times"):format(id, RENEWALS_MAX))
end

local function contradiction(order, said, first, second)
  return errors.new("protocol", ("order %d came with dates that contradict "
    .. "each other: "):format(order.id) .. said:format(date(first),
    date(second)), { order_id = order.id })
end

-- What keeps an order from being kept at all, or nil.
local function obstacle(order)
  local certificate = type(order.certificate) == "table" and order.certificate
  if status.is_over(order) and status.of(order) ~= "expired" then
    return wait.not_issued("refused", order, ": place a new order")
  elseif not certificate then
    return errors.new("protocol", ("order %d came without its certificate")
                                  :format(order.id))
  end
  local from, till = term.time_of(certificate.valid_from),
                     term.time_of(certificate.valid_till)
  local ends = term.time_of(order.order_valid_till)
  if from and till and till < from then
    return contradiction(order, "its certificate is valid from %s to %s",
                         from, till)
  elseif till and ends and ends + DAY < till then
    return contradiction(order, "its certificate ends on %s, the order on %s",
                         till, ends)
  end
end

-- ---- the files -------------------------------------------------------------

local function digits(serial)
  return type(serial) == "string" and core.upper(serial):gsub("^0+", "")
end

-- Whether the files have the order's certificate.
local function is_saved(self, order, own)
  for _, name in ipairs { "certificate", "chain", "fullchain", "key" } do
    if own[name] and not keep_key.read(own[name]) then
      return false
    end
  end
  local text = keep_key.read(own.certificate or own.fullchain)
  local found = require("certcentral.x509").chain(text, self.world.time())
  local serial = digits(order.certificate.serial_number)
  if not found then
    return false
  elseif serial and serial ~= "" then
    return digits(found.serial_number) == serial
  end
  local csr = reissues.pem(order.certificate.csr)
  return type(csr) == "string" and
         require("certcentral.x509").fits_csr(found.leaf, csr) == true and
         term.days_until(order.certificate.valid_till, found.not_after) == 0
end

-- Fetches the certificate and writes it to the files, with the key that is
-- kept where it is for that one.
local function save(self, order, own)
  local all, is_next = {}, false
  for name, value in pairs(own) do
    all[name] = value
  end
  if own.key then
    local pending = keep_key.pending(own.key)
    local key = pending and reissues.key_of(pending)
    is_next = key ~= nil and key == reissues.key_of(order.certificate.csr)
    all.key_file = is_next and keep_key.path(own.key) or nil
  end
  local found, err = certificates.save(self, order.id, all)
  if found and is_next then
    keep_key.forget(own.key)
  end
  return found, err
end

-- ---- when ------------------------------------------------------------------

-- Seconds since midnight at which a window begins, how long it is, and when
-- within it a name has its turn: the same on all machines.
local function turn_of(name, times)
  local from = seconds_of(times[1])
  local length = (seconds_of(times[2]) - from) % DAY
  local share = tonumber(core.crc32(core.lower(name)), 16) / 2 ^ 32
  return from, length, math.floor(share * length)
end

-- The first turn of a name that is not before a time.
local function next_turn(time, name, times)
  if not times then
    return time
  end
  local from, _, offset = turn_of(name, times)
  return time + (from + offset - time) % DAY
end

-- Whether what is due may be done now: from the name's turn to the window's
-- end, or for an hour, as a timer that comes each hour has to meet it. What has
-- waited in vain until the certificate has less than `least` days goes ahead.
local function is_time(name, now, options, left)
  local times = options.window
  if not times or left < (options.least or schedule.LEAST) then
    return true
  end
  local from, length, offset = turn_of(name, times)
  local since = (now - from) % DAY
  return since >= offset and since < math.max(length, offset + HOUR)
end

-- An order that lasts as long as its first certificate has no plan: it is
-- renewed each time, when a certificate of a plan would be reissued.
local function is_single(order, now)
  local from = term.time_of(order.certificate.valid_from)
  local made = term.time_of(order.date_created)
  return (term.order_days_left(order, now) or 0) <=
         (term.days_left(order, now) or 0) + 1 and
         from ~= nil and made ~= nil and from - made < SLACK * DAY
end

-- ---- what is due -----------------------------------------------------------

-- Seconds within which nothing is bought or reissued twice.
local function floor_of(order, options)
  local from = term.time_of(order.certificate.valid_from)
  local till = term.time_of(order.certificate.valid_till)
  return options.floor or from and till and (till - from) / 10 or DAY
end

local function due(order, now, options)
  local least = options.least or schedule.LEAST
  return advice.advise(order, now, { least = options.least, is_kept = true,
    days = options.renew_ahead or
           is_single(order, now) and math.max(least, 1) or nil })
end

-- A reissue with the old key cannot be told from the one before it by its key:
-- one that was sent and may have been done is waited for.
local function is_in_doubt(order, note, now, options)
  if note.action ~= "reissue" or note.state ~= "sent" or
     options.key ~= "same" then
    return false
  end
  return order.certificate.id == note.certificate and
         now - note.time < journal_lines.SETTLE
end

-- What is to be done: action, reason, when to look again; or nil, err.
local function decide(self, order, note, options)
  local now = self.world.time()
  local found, err = due(order, now, options)
  if not found then
    return nil, err
  end
  local action, reason, at = found.action, found.reason, found.at
  local name = tostring(order.certificate.common_name)
  if action == "wait" and at then
    return "none", reason, next_turn(at, name, options.window)
  elseif action == "wait" then
    local needed = wait.needed(order)
    return "wait", reason .. (needed and ": " .. needed or ""), now + HOUR
  elseif options.follow then
    return "none", reason .. "; this call only follows", now + HOUR
  elseif found.auto then
    return "wait", reason, now + HOUR
  elseif is_in_doubt(order, note, now, options) then
    return "wait", "the last reissue may or may not have been done", now + HOUR
  end
  local next_at = note.state == "done" and note.time + floor_of(order, options)
  if next_at and next_at > now then
    return "wait", ("%s, but the last %s was only %d seconds ago"):format(
      reason, note.action, math.max(0, now - note.time)), next_at
  elseif not is_time(name, now, options, found.days_left) then
    return "none", reason .. "; it waits for its window",
           next_turn(now, name, options.window)
  end
  return action, reason, now
end

-- ---- doing it --------------------------------------------------------------

-- The CSR for the next certificate; or nil, err. nil alone: as it was.
local function next_csr(order, options)
  if options.key == "same" then
    return nil
  end
  local key = options.files.key
  local pending = keep_key.pending(key)
  if pending and reissues.key_of(pending) ==
                 reissues.key_of(order.certificate.csr) then
    pending = nil -- its certificate is there: see save
  end
  if pending then
    return pending
  end
  return keep_key.make(key, order.certificate, options.files.passphrase)
end

local acts = {}

function acts.reissue(self, order, csr, options)
  local old = order.certificate
  local changes = { skip_approval = options.skip_approval, certificate = {
    csr = csr or reissues.pem(old.csr),
    signature_hash = HASHES[old.signature_hash] and old.signature_hash or
                     "sha256" } }
  if csr then
    return self:ensure_reissue(order.id, changes)
  end
  return self:reissue(order.id, changes)
end

function acts.renew(self, order, csr, options)
  return self:renew(order.id, { skip_approval = options.skip_approval,
    certificate = csr and { csr = csr } },
    { renew_early = options.renew_early })
end

-- Reissues or renews, and notes it before and after: the id of the order that
-- it led to; or nil, err.
local function act(self, call, action, order, note, options)
  local csr, err = next_csr(order, options)
  if err then
    return nil, err
  elseif not call.claim:keep() then
    return nil, errors.new("unavailable", call.what .. " was not sent: its "
                           .. "claim was lost")
  end
  local now = self.world.time()
  local noted
  local old = order.certificate.id or 0
  noted, err = note:write(now, action, "sent", order.id, old)
  if not noted then
    return nil, err
  end
  local result
  result, err = acts[action](self, order, csr, options)
  if result then
    note:write(now, action, "done", result.id, old)
    return result.id
  elseif errors.of_order(err).outcome ~= "unknown" then
    note:restore()
  end
  return nil, err
end

local function result_of(order, action, done, reason, at)
  local certificate = order.certificate
  return { action = action, done = done, order_id = order.id,
           certificate_id = type(certificate) == "table" and certificate.id
                            or nil,
           next_at = at, reason = reason }
end

-- Whether there is a certificate to be saved that the files do not have.
local function is_to_save(self, order, options)
  return options.files and status.is_issued(order) and
         not is_saved(self, order, options.files)
end

local function kept(self, call, id, options)
  local note, err = keep_note.read(call)
  if not note then
    return nil, err
  end
  local order
  order, err = present(self, id, note)
  if not order then
    return nil, err
  end
  err = obstacle(order)
  if err then
    return nil, err
  end
  local saves = is_to_save(self, order, options)
  if saves and not options.dry_run then
    local found
    found, err = save(self, order, options.files)
    if not found then
      return nil, err
    end
  end
  local action, reason, at = decide(self, order, note, options)
  if not action then
    return nil, reason
  elseif not acts[action] or options.dry_run then
    if saves and not acts[action] then
      action, reason = "save", "the files did not have the certificate; "
                               .. reason
    end
    return result_of(order, action, action == "save" and not options.dry_run,
                     reason, at)
  end
  local led_to
  led_to, err = act(self, call, action, order, note, options)
  if not led_to then
    return nil, err
  end
  order = read_order(self, led_to)
  if order and is_to_save(self, order, options) then
    save(self, order, options.files) -- else with the next call
  end
  return result_of(order or { id = led_to }, action, true, reason,
                   self.world.time() + HOUR)
end

--- Keeps the certificate of an order: saves it, reissues it within the plan,
-- renews the order when the plan ends; at most one of these at a time, and
-- nothing before it is due.
-- @param id the order's, or the first of those that have renewed each other
-- @param options files: as for save; key: "new" or "same"; least,
--   renew_ahead: days; renew_early; window: {from, to}, times of day in UTC;
--   floor: seconds; dry_run; follow; skip_approval: as in an order
-- @return {action, done, order_id, certificate_id, next_at, reason}; or nil,
--   err
function keep.keep(self, id, options)
  id = arguments.id(id, "order", "keep")
  options = check_options(options)
  arguments.call(self)
  local call = policy.call(self, nil, ("the upkeep of order %d"):format(id))
  return self._claimed(call, { ("keep %d"):format(id) }, function()
    local result, err = kept(self, call, id, options)
    if not result then
      return nil, errors.of_order(err)
    end
    return result
  end)
end

return keep
