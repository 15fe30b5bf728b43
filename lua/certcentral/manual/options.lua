--- What options mean: for each set a list of { name, default, text }. A
-- default is a text, a number or a boolean as the reference shows it.

local advice = require "certcentral.account.advice"
local domains = require "certcentral.account.domains"
local report = require "certcentral.account.report"
local certificate = require "certcentral.account.certificate"
local client_options = require "certcentral.client.options"
local core = require "certcentral.core"
local journal_lines = require "certcentral.client.journal_lines"
local queue = require "certcentral.many.queue"
local schedule = require "certcentral.order.schedule"
local wait = require "certcentral.account.wait"

local options = {}

local usual, RETRY = client_options.DEFAULTS, client_options.RETRY

local LIMIT = { "limit", 1000, "How many items to ask for at a time." }
local OFFSET = { "offset", 0, "How many items to leave out." }
local SORT = { "sort", nil, "What to sort by; with `-` in front downwards." }
local REASON = { "reason", nil, "Why, for the revocation list." }
local COMMENTS = { "comments", nil, "A note to the one who approves." }
local NOW = { "skip_approval", nil, "Revoke at once; for administrators." }
local METHOD = { "method", nil, "The records of this way to prove control" }
local CONCURRENCY = { "concurrency", queue.CONCURRENCY,
  "How many orders are in progress at once." }
local ALLOW_NAMES = { "allow_names", false, "Send other names than the "
  .. "order's." }
local WINDOWS = { "windows", "100 in 5 s, 1000 in 180 s",
  "How many requests may be sent in how many seconds." }

local function with(row, text)
  return { row[1], row[2], row[3] .. text }
end

--- Options that several functions have.
local sets = {
  order = {
    { "product", ("%q"):format(core.product), "The product's `name_id`. One "
      .. "that is not known gives a warning." },
    { "now", "the clock", "Seconds since 1970: what dates are judged by." },
    { "strict", false, "Make every warning a problem." },
    { "allow_unknown", false, "Send unknown fields, with a warning." },
    { "check_csr", true, "Check the CSR. false looks only for private keys in "
      .. "its place." },
    { "blocklist", nil, "A file of keys that others know: a CSR for one of "
      .. "them is refused. A line is the SHA-256 of a public key in hex (as "
      .. "`csr.inspect` returns it), or the SHA-1 of an RSA modulus or its "
      .. "last 20 digits, as in Debian's openssl-blacklist. Lines may be "
      .. "empty or begin with #." },
    { "once", true, "Give an order without an `alternative_order_id` one when "
      .. "it is placed. With false it has none, and is never looked up." },
  },
  client = {
    { "api_key", "$CERTCENTRAL_API_KEY", "The API key." },
    { "api_key_file", nil, "A file with the key in its first line, instead of "
      .. "`api_key`." },
    { "base_url", "$CERTCENTRAL_BASE_URL, else DigiCert's", "Where the API "
      .. "is. https, or http to this machine." },
    { "region", '"us"', "DigiCert's address for a region, instead of "
      .. "`base_url`." },
    { "ca_file", "$CERTCENTRAL_CA_FILE, else the system's", "A PEM file with "
      .. "the CAs to trust." },
    { "proxy", "$https_proxy", "The URL of a proxy." },
    { "timeout", usual.timeout, "Seconds for one request." },
    { "connect_timeout", usual.connect_timeout, "Seconds for its "
      .. "connection." },
    { "deadline", usual.deadline, "Seconds for a call with all that it sends "
      .. "and waits for. `client:wait` has a `timeout` of its own." },
    { "retry", ("{attempts = %d, base = %g, cap = %d}"):format(RETRY.attempts,
      RETRY.base, RETRY.cap), "At most so many attempts; the n-th pause is a "
      .. "random part of `base * 2^(n-1)` seconds, at most `cap`." },
    { "recover_for", usual.recover_for, "Seconds that an unclear order or "
      .. "reissue is looked for." },
    { "store", "a shared dict `certcentral` in nginx, else a directory",
      "Where `ensure_order`, `renew`, `ensure_reissue` and `keep` have their "
      .. "claims, and `keep` what it did; false: no claims, and no `keep`." },
    { "any_404", false, "Take every 404 to a look-up that is not an HTML page "
      .. "for \"no such order\". By default only CertCentral's own "
      .. "`not_found|order` is." },
    { "unique_ids", false, "Say that the account refuses a second order of "
      .. "the same `alternative_order_id`: what is not found is sent again." },
    { "rate", "100 in 5 s, 1000 in 180 s", "How many requests may be sent in "
      .. "how many seconds; false: any number." },
    { "budget", nil, "A rate budget that clients share, instead of `rate`." },
    { "journal", nil, "Where orders are written down before they are sent." },
    { "on_event", nil, "Called with a table for each event." },
    { "defaults", nil, "Members for every order. The order's own take "
      .. "precedence; lists are replaced whole. Not "
      .. "`alternative_order_id`." },
    { "blocklist", nil, "For every order without one of its own." },
    { "user_agent", nil, "Appended to this library's own." },
    { "transport", '"curl", in nginx "resty" or "thread"', "What sends." },
  },
}

-- Those of one function.
local own = {
  ["budget.new"] = { WINDOWS,
    { "clock", nil, "A function that returns seconds; by default a clock that "
      .. "is never set back." } },
  ["budget.shared"] = { WINDOWS,
    { "prefix", '""', "What its keys begin with: one for each API key." },
    { "longest_request", usual.deadline, "Seconds after which a request that "
      .. "has not ended is taken for that of a dead worker." } },
  ["certcentral.csr.generate"] = {
    { "common_name", nil, "The main name; this or `dns_names` is required." },
    { "dns_names", nil, "A list of names for the CSR's "
      .. "subjectAltName: host names and addresses." },
    { "organization", nil, "Legal name, at most 64 characters." },
    { "organization_unit", nil, "Department, at most 64 characters." },
    { "country", nil, "Two letters (ISO 3166-1)." },
    { "state", nil, "State or province, at most 128 characters." },
    { "locality", nil, "City, at most 128 characters." },
    { "email", nil, "E-mail address, at most 128 characters." },
    { "key", '"ec-p256"', "Which key to make." },
    { "key_file", nil, "A new file for the key, mode 0600. The key is "
      .. "then not returned." },
    { "passphrase", nil, "Encrypts the key; 1 to 1023 bytes." },
  },
  ["client:cancel"] = {
    { "note", nil, "A note." },
    { "send_emails", nil, "Whether to notify the people concerned." } },
  ["client:certificate"] = {
    { "format", ("%q"):format(certificate.FORMAT), "The API's name of a "
      .. "format." } },
  ["client:check_dcv"] = {
    { "dns_names", nil, "Check only these." } },
  ["client:create_organization"] = {
    { "validations", nil, 'What to submit it for, such as `{ "ov" }`.' } },
  ["client:dcv"] = { with(METHOD, ", instead of the order's.") },
  ["client:dcv_records"] = { with(METHOD, ". By default dns-cname-token if "
    .. "the result has a value for a CNAME, else dns-txt-token.") },
  ["client:duplicate"] = { ALLOW_NAMES },
  ["client:ensure_reissue"] = { ALLOW_NAMES },
  ["client:domains"] = { SORT, LIMIT, OFFSET },
  ["client:keep_domains"] = {
    { "ahead", domains.AHEAD, "How many days before it ends a validation is "
      .. "made anew." },
    { "dry_run", false, "Say what would be done; change nothing." } },
  ["client:keep"] = {
    { "files", nil, "Where the certificate goes: `fullchain` or `certificate`, "
      .. "`chain`, `key`, as for `save`. Without it nothing is saved." },
    { "key", nil, "Required: `new`, a new key for each certificate, which "
      .. "waits in a file beside `files.key` until its certificate is saved; "
      .. "or `same`, the key that there is." },
    { "least", advice.LEAST, "The days that a certificate must have left when "
      .. "the next one is issued." },
    { "renew_ahead", advice.DAYS, "How many days before the plan ends to renew "
      .. "the order. One that lasts as long as its certificate is renewed "
      .. "`least` days before." },
    { "renew_early", false, "Buy though the plan can still reissue." },
    { "window", nil, "Two times of day in UTC, as `{\"02:00\", \"05:00\"}`: "
      .. "reissue and renew between them only, at a time that follows from the "
      .. "common name. What has less than `least` days left does not wait." },
    { "floor", "a tenth of the certificate's lifetime", "Seconds between two "
      .. "purchases or reissues." },
    { "skip_approval", nil, "As in an order: for reissues and renewals that "
      .. "nobody is to approve." },
    { "dry_run", false, "Say what would be done; change nothing." },
    { "follow", false, "Only fetch and save what another machine has "
      .. "brought about." },
  },
  ["client:order"] = {
    { "include_caa_status", nil, "Ask for `caa_status_message` while the "
      .. "order is pending." } },
  ["client:orders"] = { SORT, LIMIT, OFFSET },
  ["client:organizations"] = {
    { "container_id", nil, "Those of a container." },
    { "include_validation", nil, "With their validations." },
    { "filters", nil, "name -> value, list of values or range "
      .. "`{from =, to =}`." },
    SORT, LIMIT, OFFSET },
  ["certcentral.schedule"] = {
    { "certificate_days", nil, "Required: for how many days certificates are "
      .. "asked for. One lasts no longer than public CAs issue them on its "
      .. "day: 199 days since 2026-02-24, 99 from 2027-03-15, 46 from "
      .. "2029-03-15." },
    { "plan_days", nil, "Required: how many days the plan still has, at most "
      .. "1100." },
    { "least", schedule.LEAST, "The days that a certificate must have left "
      .. "when the next one is issued." },
    { "now", "the clock", "When the first one is issued, in seconds since "
      .. "1970." } },
  ["client:place_orders"] = { CONCURRENCY,
    { "validate_first", "true for a list, false for a function", "Check all "
      .. "orders before the first is sent." },
    { "stop_on_error", false, "Begin no more once one has failed; those in "
      .. "progress go on." },
    { "on_outcome", nil, "`function(outcome, index, order)`, called as "
      .. "outcomes come. The outcomes are then not returned." },
    { "progress", false, "true: a line on standard error if that is a "
      .. "terminal; a function gets the line." },
  },
  ["client:product"] = {
    { "container_id", nil, "As this container sees it." } },
  ["client:queue"] = { CONCURRENCY },
  ["client:recover"] = {
    { "settle", journal_lines.SETTLE, "Seconds after it was sent that an "
      .. "order which is not found counts as not placed." },
    { "deadline", "the client's", "Seconds for all of it." } },
  ["client:reissue"] = { ALLOW_NAMES },
  ["client:renewal_advice"] = {
    { "days", advice.DAYS, "How many days before the order ends to renew "
      .. "it." },
    { "least", advice.LEAST, "The days that a certificate must have left when "
      .. "the next one is issued." } },
  ["client:renew"] = {
    { "renew_early", false, "Buy though the order has more than 30 days "
      .. "left." } },
  ["client:replacement_benefits"] = { OFFSET, LIMIT },
  ["client:report"] = {
    { "within", report.WITHIN, "What is due in so many days." } },
  ["client:requests"] = { { "status", nil, "Those of this status." } },
  ["client:resend_dcv_email"] = {
    { "email_domain", nil, "Only for this domain." } },
  ["client:revoke_certificate"] = { REASON, COMMENTS, NOW },
  ["client:revoke_order"] = { REASON, COMMENTS, NOW },
  ["client:save"] = {
    { "certificate", nil, "File for the leaf." },
    { "chain", nil, "File for the intermediates." },
    { "fullchain", nil, "File for both, as nginx's `ssl_certificate` wants "
      .. "them." },
    { "key", nil, "File of the private key, which must be the "
      .. "certificate's." },
    { "key_file", nil, "Where the key is now: it is written to `key`, mode "
      .. "0600." },
    { "private_key", nil, "The key in PEM, instead of `key_file`." },
    { "passphrase", nil, "Of an encrypted key, to check it." },
  },
  ["client:status_changes"] = {
    { "minutes", nil, "How far back; with `seconds` at most 7 days." },
    { "seconds", nil, "How far back." },
    { "from", nil, "With `to`, instead of `minutes` and `seconds`." },
    { "to", nil, "The end of the range." },
  },
  ["client:wait"] = {
    { "timeout", wait.TIMEOUT, "Seconds to wait at most." },
    { "on_status", nil, "`function(status, order)`, called with each new "
      .. "status, the first at once." },
    { "progress", true, "true: a line on standard error if that is a "
      .. "terminal; false: no line; a function gets the line, and true with "
      .. "the last one." },
  },
  ["journal:compact"] = {
    { "older", nil, "Required: of orders that were closed so many seconds "
      .. "ago and more." },
    { "now", "the clock", "Seconds since 1970." } },
  ["store.memory"] = {
    { "clock", nil, "A function that returns seconds that never go back." } },
}

-- Functions that take a set beside, or in place of, their own.
local USES = {
  ["certcentral.new"] = { "client" },
  ["certcentral.place_order"] = { "order", "client" },
  ["client:place_orders"] = { "order" },
  ["client:renew"] = { "order" },
  ["queue:add"] = { "order" },
}

--- The names of the shared sets that a function takes: "order", "client".
-- @param row of certcentral.functions
function options.sets_of(row)
  return USES[row.name] or
         row.arguments == "order [, options]" and { "order" } or {}
end

--- The options that only this function has: a list, empty if there are none.
function options.own(row)
  return own[row.name] or {}
end

--- The rows of a shared set.
function options.set(name)
  return sets[name]
end

--- The argument that is a table of options: "options" as a rule.
-- @return its name, or nil
function options.argument(row)
  for name in row.arguments:gmatch("[%l_]+") do
    if name == "options" or name == "files" or name == "filters" or
       name == "range" then
      return name
    end
  end
end

return options
