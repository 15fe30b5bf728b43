--- Makes the method of a client out of a row of endpoints.lua: its arguments,
-- its request, and what it returns.

local arguments = require "certcentral.account.arguments"
local endpoints = require "certcentral.account.endpoints"
local errors = require "certcentral.error"
local json = require "certcentral.json"
local query = require "certcentral.account.query"
local rules = require "certcentral.rules"
local shapes = require "certcentral.client.shapes"

local run = {}

-- ---- arguments -------------------------------------------------------------

-- The argument that is a part of the path.
local function read_place(row, value)
  if row.id then
    return arguments.id(value, row.id, row.name)
  end
  return arguments.check(value, rules.name_id, row.place, row.name)
end

local function read_options(row, options)
  if type(row.options) == "function" then
    return row.options(options, row.name)
  end
  return arguments.options(options, row.options, row.name)
end

local function params_of(row, options)
  if type(row.query) == "function" then
    return row.query(options, row.name)
  end
  local params = {}
  for i, name in ipairs(row.query or {}) do
    params[i] = { name, options[name] }
  end
  return params
end

-- The arguments and options by their names, and what becomes parameters; what
-- is wrong raises.
local function read_arguments(row, ...)
  local given, at = {}, 1
  if row.place then
    given[row.place], at = read_place(row, (...)), 2
  end
  local argument = row.argument
  if argument then
    given[argument[1]] = arguments.check((select(at, ...)), argument[2],
                                         argument.what or argument[1],
                                         row.name)
    at = at + 1
  end
  local options = row.options and read_options(row, (select(at, ...))) or {}
  return setmetatable(given, { __index = options }), params_of(row, options)
end

-- ---- the request -----------------------------------------------------------

-- A text of a row with its {place} filled in.
local function fill(text, given)
  return (text:gsub("{(%l+)}", function(place)
    local value = given[place]
    return type(value) == "number" and ("%d"):format(value) or value
  end))
end

-- The body, or nil.
local function body_of(row, given)
  local members, is_empty = {}, true
  for i, member in ipairs(row.body or {}) do
    local value = member.value or given[member.from or member[1]]
    members[i] = { member[1], value }
    is_empty = is_empty and value == nil
  end
  if row.body and not (is_empty and row.bare) then
    return json.object(members)
  end
end

local function ask(row, call, path, given)
  local how = row.method ~= "GET" and
              { method = row.method, body = body_of(row, given) } or nil
  return call:ask(path, nil, how)
end

local function change(row, call, path, given)
  return call:change(row.method, path, body_of(row, given), nil,
                     { fill(row.what, given), fill(row.look, given) })
end

-- ---- what is returned ------------------------------------------------------

local answers = {}

--- Of the thing that was asked for: caches give other ones.
function answers.about(row, value, given)
  return shapes.about(value, given[row.place], row.place, row.about)
end

function answers.list(row, value)
  local list = shapes.list(value, row.list)
  if not list then
    return nil, errors.new("protocol", "the response has no list of "
                                       .. row.list)
  end
  return list
end

function answers.done()
  return true
end

--- 204 says that it is done, 201 that somebody has to approve it.
function answers.approval(_, value)
  return next(value) ~= nil and value or true
end

-- Of a change its response, too.
local function answer_of(row, value, given, response)
  for kind, read in pairs(answers) do
    if row[kind] then
      return read(row, value, given)
    end
  end
  return value, row.what and response or nil
end

-- An iterator over the items of all pages, or all of them as a list.
local function pages(row, call, path, params, given)
  local read = row.each and query.each or query.all
  return read { client = call.client, path = path, params = params,
                member = row.each or row.pages,
                limit = given.limit, offset = given.offset }
end

-- ---- all together ----------------------------------------------------------

local function perform(row, call, given, params)
  local path = fill(row.path, given)
  if row.each or row.pages then
    return pages(row, call, path, params, given)
  end
  path = path .. query.text(params)
  local value, response = (row.what and change or ask)(row, call, path, given)
  if not value then
    return nil, response
  end
  return answer_of(row, value, given, response)
end

--- Does within a call what a method does.
-- @param call see policy.lua
-- @param name the method's
-- @param ... its arguments
function run.within(call, name, ...)
  local row = endpoints.by_name[name]
  return perform(row, call, read_arguments(row, ...))
end

--- The method of this name: a function(self, ...).
function run.method(name)
  local row = endpoints.by_name[name]
  return function(self, ...)
    local given, params = read_arguments(row, ...)
    return perform(row, arguments.call(self), given, params)
  end
end

return run
