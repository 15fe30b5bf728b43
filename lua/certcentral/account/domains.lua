--- Domains: adding them, and keeping their validations from running out.

local arguments = require "certcentral.account.arguments"
local errors = require "certcentral.error"
local json = require "certcentral.json"
local options_of = require "certcentral.options"
local printed = require "certcentral.printed"
local records = require "certcentral.account.dcv_records"
local rules = require "certcentral.rules"
local run = require "certcentral.account.run"
local term = require "certcentral.account.term"

local domains = {}

local DAY = term.DAY
local AHEAD = 30 -- days
local USUAL = { "ov" }

domains.AHEAD = AHEAD

-- ---- validations -----------------------------------------------------------

local function types(value)
  if type(value) ~= "table" or #value == 0 then
    return "list of validation types"
  end
  for _, name in ipairs(value) do
    if type(name) ~= "string" or not name:find("^[%l_]+$") then
      return "list of validation types"
    end
  end
end

-- Types as the API wants them: a list of objects.
local function validations(list)
  local all = {}
  for i, name in ipairs(list) do
    all[i] = { type = name }
  end
  return all
end

-- Changes something of a domain: the answer; or nil, err.
local function changed(self, path, members, what, look)
  local value, err = arguments.call(self):change("POST", path, members and
    json.object(members), nil, { what, look })
  return value, not value and err or nil
end

local function look_of(id)
  return ("client:domain(%d)"):format(id)
end

local function name(value)
  return rules.names { value } and "host name" or nil
end

local DETAILS = { name = name, organization_id = rules.is_id,
                  validations = types, dcv_method =
                    rules.choice(records.METHODS) }

--- Adds a domain to an organization and begins its validation.
-- @param details name, organization_id; validations: list of types (default
--   "ov"); dcv_method
-- @return {id, dcv_token, …}; or nil, err
function domains.add_domain(self, details)
  arguments.table(details, 1, "add_domain")
  arguments.options(details, DETAILS, "add_domain")
  for _, needed in ipairs { "name", "organization_id" } do
    if details[needed] == nil then
      options_of.raise("missing option '%s' to 'add_domain'", needed)
    end
  end
  local value, err = changed(self, "/domain", {
    { "name", details.name },
    { "organization", { id = rules.id(details.organization_id) } },
    { "validations", validations(details.validations or USUAL) },
    { "dcv_method", details.dcv_method },
  }, ("the addition of domain %s"):format(details.name), "client:domains()")
  if not value then
    return nil, err
  elseif not rules.id(value.id) then
    return nil, errors.new("protocol", "the response has no domain id")
  end
  return value
end

local function submit(self, id, list)
  local value, err = changed(self, ("/domain/%d/validation"):format(id),
    { { "validations", validations(list) } },
    ("the validation of domain %d"):format(id), look_of(id))
  return value and true or nil, err
end

--- Begins a new validation of a domain.
-- @param list the types (default "ov")
-- @return true; or nil, err
function domains.submit_domain(self, id, list)
  id = arguments.id(id, "domain", "submit_domain")
  if list ~= nil then
    arguments.check(list, types, "types", "submit_domain")
  end
  return submit(self, id, list or USUAL)
end

-- ---- what has to be put where ----------------------------------------------

-- Whether a token can be put into a record.
local function is_valid(token, now)
  local ends = type(token) == "table" and term.time_of(token.expiration_date)
  return type(token) == "table" and type(token.token) == "string" and
         not (ends and ends <= now)
end

--- What control of a domain still needs: the record to make. A token that has
-- expired is replaced.
-- @return {domain_id, domain_status, method, dcv_random_value,
--   expiration_date, records, text}; or nil, err
function domains.domain_dcv(self, id)
  id = arguments.id(id, "domain", "domain_dcv")
  local domain, err = run.within(arguments.call(self), "domain", id)
  if not domain then
    return nil, err
  end
  local token, method = domain.dcv_token, domain.dcv_method
  if records.are_known(method) and not is_valid(token, self.world.time()) then
    token, err = changed(self, ("/domain/%d/dcv/token"):format(id), nil,
      ("the new token of domain %d"):format(id), look_of(id))
    if not token then
      return nil, err
    end
    token = token.dcv_token or token
  end
  token = type(token) == "table" and token or {}
  local list = method and records.of(method, { { name = domain.name, id = id,
    dcv_token = token } }, token.token) or {}
  return setmetatable({ domain_id = id, domain_status = domain.status,
    method = method, dcv_random_value = token.token,
    expiration_date = token.expiration_date,
    records = setmetatable(list, printed.RECORDS), text = records.text(list),
  }, printed.DCV)
end

-- ---- keeping ---------------------------------------------------------------

local PENDING = { pending = true, submitted = true, processing = true }

local function each_validation(domain)
  return ipairs(type(domain.validations) == "table" and domain.validations or
                {})
end

--- When a domain's validation ends: that of the type which ends first; nil
-- where the service does not say.
-- @return seconds since 1970, the types of its validations
function domains.ends(domain)
  local first, list = math.huge, {}
  local function note(text)
    first = math.min(first, term.time_of(text) or math.huge)
  end
  note(domain.dcv_expiration_datetime)
  for _, text in pairs(type(domain.dcv_expiration) == "table" and
                       domain.dcv_expiration or {}) do
    note(text)
  end
  for _, one in each_validation(domain) do
    if type(one) == "table" and type(one.type) == "string" then
      list[#list + 1] = one.type
      note(one.validated_until)
    end
  end
  return first < math.huge and first or nil, list
end

local function is_pending(domain)
  for _, one in each_validation(domain) do
    if type(one) == "table" and PENDING[one.status] then
      return true
    end
  end
  return PENDING[domain.status] == true
end

-- What a domain needs, done unless it is only asked for.
local function keep(self, domain, now, options)
  local ends, kinds = domains.ends(domain)
  local row = { domain = domain.name, id = domain.id, ends = ends,
                action = "none" }
  if is_pending(domain) then
    row.action = "wait"
  elseif ends and ends - now <= (options.ahead or AHEAD) * DAY then
    row.action = "begin"
    if not options.dry_run then
      local done, err = submit(self, domain.id, kinds[1] and kinds or USUAL)
      row.action, row.err = done and "begin" or "error", err
    end
  end
  return row
end

local KEEP = { ahead = rules.integer(0, 398), dry_run = "boolean" }

--- Begins a new validation of each active domain whose validation ends soon,
-- unless one is pending.
-- @param options ahead: days (default 30); dry_run: change nothing
-- @return list of {domain, id, ends = seconds since 1970 or nil, action =
--   "none", "begin", "wait", or "error" with err}; or nil, err
function domains.keep_domains(self, options)
  options = arguments.options(options, KEEP, "keep_domains")
  local list, now = {}, self.world.time()
  for domain, err in run.within(arguments.call(self), "domains") do
    if not domain then
      return nil, err
    elseif domain.is_active ~= false and rules.id(domain.id) then
      list[#list + 1] = keep(self, domain, now, options)
    end
  end
  return list
end

return domains
