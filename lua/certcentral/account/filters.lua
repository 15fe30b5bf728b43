--- The parameters of lists: filters, sort, spans of time.

local arguments = require "certcentral.account.arguments"
local options_of = require "certcentral.options"
local query = require "certcentral.account.query"
local rules = require "certcentral.rules"

local filters = {}

local WEEK = 7 * 86400
local text_of = query.value

local function is_plain(value)
  local known = type(value)
  return known == "boolean" or known == "number" and value % 1 == 0 or
         known == "string" and rules.is_utf8(value) and
         not value:find("%c")
end

-- {from =, to =} as the API writes it.
local function range(value)
  if value.from == nil then
    return "<" .. text_of(value.to)
  elseif value.to == nil then
    return ">" .. text_of(value.from)
  end
  return text_of(value.from) .. "..." .. text_of(value.to)
end

local function is_range(value)
  for name, bound in pairs(value) do
    if name ~= "from" and name ~= "to" or not is_plain(bound) then
      return false
    end
  end
  return next(value) ~= nil
end

local function is_list(value)
  for name, item in pairs(value) do
    if type(name) ~= "number" or value[#value] == nil or
       not is_plain(item) then
      return false
    end
  end
  return #value > 0
end

local function bad_filter(name, value, who)
  options_of.raise("bad filter '%s' to '%s' (string, integer, boolean, list "
    .. "of these or range {from =, to =} expected, got %s)", name, who,
    arguments.shown(value))
end

local function add_filter(params, name, value, who)
  local full = ("filters[%s]"):format(name)
  if is_plain(value) then
    params[#params + 1] = { full, value }
  elseif type(value) ~= "table" then
    bad_filter(name, value, who)
  elseif is_range(value) then
    params[#params + 1] = { full, range(value) }
  elseif is_list(value) then
    for i, item in ipairs(value) do
      params[#params + 1] = { ("%s[%d]"):format(full, i - 1), item }
    end
  else
    bad_filter(name, value, who)
  end
end

--- Parameters of filters, in the order of their names.
-- @param given name -> value, list of values or range {from =, to =}
-- @param known names that are no filters
function filters.of(given, known, who)
  local names, params = {}, {}
  for name in pairs(given) do
    if known[name] == nil then
      if type(name) ~= "string" or not name:find("^[%l%d_]+$") then
        options_of.raise("bad filter to '%s' (a name of a-z, 0-9 and _ "
                         .. "expected, got %s)", who, arguments.shown(name))
      end
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    add_filter(params, name, given[name], who)
  end
  return params
end

-- ---- sort, limit, offset -------------------------------------------------

local function sort(value)
  local text = type(value) == "table" and table.concat(value, ",") or value
  if type(text) ~= "string" or not ("," .. text):gsub(",%-?[%l%d_]+", "")
                                                  :find("^$") then
    return "property, -property or a list of them"
  end
end

--- Rules of the options that every list takes.
filters.LIST = { sort = sort, limit = rules.integer(1, query.PAGE),
                 offset = rules.integer(0, 2 ^ 53 - 1) }

-- Adds the parameter of the option `sort`.
local function with_sort(params, value)
  params[#params + 1] = { "sort", type(value) == "table" and
                                  table.concat(value, ",") or value }
  return params
end

-- ---- orders ----------------------------------------------------------------

--- The options of `orders` and `domains`: filters stand beside them.
function filters.check_listed(options, who)
  options = options == nil and {} or options
  if type(options) ~= "table" then
    options_of.raise("bad options to '%s' (table expected, got %s)", who,
                     type(options))
  end
  for option, rule in pairs(filters.LIST) do
    if options[option] ~= nil then
      arguments.check(options[option], rule, "option '" .. option .. "'", who)
    end
  end
  return options
end

function filters.orders(options, who)
  return with_sort(filters.of(options, filters.LIST, who), options.sort)
end

-- ---- domains ---------------------------------------------------------------

-- What is asked for with a domain, and with each of a list.
local WITH_ALL = { { "include_dcv", true }, { "include_validation", true } }

function filters.domain()
  return WITH_ALL
end

function filters.domains(options, who)
  local params = filters.of(options, filters.LIST, who)
  for _, param in ipairs(WITH_ALL) do
    params[#params + 1] = param
  end
  params[#params + 1] = { "include_dcv_expiration_time", true }
  return with_sort(params, options.sort)
end

-- ---- organizations ---------------------------------------------------------

--- The options of `organizations`.
filters.ORGANIZATIONS = {
  sort = sort, limit = filters.LIST.limit, offset = filters.LIST.offset,
  container_id = rules.is_id, include_validation = "boolean",
  filters = "table",
}

function filters.organizations(options, who)
  local params = filters.of(options.filters or {}, {}, who)
  params[#params + 1] = { "container_id", options.container_id }
  params[#params + 1] = { "include_validation", options.include_validation }
  return with_sort(params, options.sort)
end

-- ---- changes of status -----------------------------------------------------

-- A day, or a moment, of the API's own time zone.
local function moment(value)
  if type(value) ~= "string" or
     not (value:find("^%d%d%d%d%-%d%d%-%d%d$") or
          value:find("^%d%d%d%d%-%d%d%-%d%d[ +]%d%d:%d%d:%d%d$")) then
    return "'yyyy-MM-dd' or 'yyyy-MM-dd HH:mm:ss' (Mountain time)"
  end
end

--- The options of `status_changes`: minutes and seconds, at most 7 days
-- together; or from and to.
filters.CHANGES = { minutes = rules.integer(1, WEEK / 60),
                    seconds = rules.integer(1, WEEK),
                    from = moment, to = moment }

function filters.changes(options, who)
  local span = (options.minutes or 0) * 60 + (options.seconds or 0)
  local dated = options.from or options.to
  if dated and not (options.from and options.to) or
     not dated and span == 0 then
    options_of.raise("bad options to '%s' (minutes, seconds, or from and "
                     .. "to expected)", who)
  elseif span > WEEK then
    options_of.raise("bad options to '%s' (at most 7 days expected, got %s "
                     .. "seconds)", who, tostring(span))
  end
  local dates = dated and (options.from .. "..." .. options.to)
                          :gsub("%+", " ") or nil
  return { { "minutes", options.minutes }, { "seconds", options.seconds },
           { "filters[status_last_updated]", dates } }
end

return filters
