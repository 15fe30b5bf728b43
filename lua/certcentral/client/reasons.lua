--- What the body of an error says, whoever wrote it: CertCentral, a gateway, a
-- proxy or a firewall. All of it is bounded: what is read, how deep, and how
-- many reasons come of it.

local core = require "certcentral.core"

local reasons = {}

local MOST, DEPTH = 20, 5
local NAME_BYTES = 64  -- a longer name of a field is no name
local HEAD = 4096      -- bytes of a page or a text that are looked at

-- Members with a text for a person, the general one first: those of RFC 9457
-- (title, detail), RFC 6749, 5.2 (error_description), and of common gateways.
-- They are compared without case and underscores.
local TEXTS = { "title", "message", "errormessage", "msg", "faultstring",
                "detail", "details", "description", "errordescription",
                "reason" }
local CODES = { "code", "errorcode" }
local FIELDS = { "field", "property", "parameter" }
-- Members that may have reasons below them.
local BELOW = { "errors", "error", "fault" }
local IS_TEXT = {}
for _, name in ipairs(TEXTS) do
  IS_TEXT[name], BELOW[#BELOW + 1] = true, name
end

local function is_plain(value)
  return type(value) == "number" or
         type(value) == "string" and value:find("%S") ~= nil
end

-- The numbers of a list that nulls may have left holes in, or the names of an
-- object; in order.
local function keys_of(value, kind)
  local keys = {}
  for key in pairs(value) do
    if type(key) == kind then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys)
  return keys
end

-- An object's members by their names in one spelling.
local function members_of(object)
  local members = {}
  for _, name in ipairs(keys_of(object, "string")) do
    if #name <= NAME_BYTES then
      members[core.lower(name):gsub("[_-]", "")] = object[name]
    end
  end
  return members
end

local function first_of(members, names)
  for _, name in ipairs(names) do
    if is_plain(members[name]) then
      return members[name]
    end
  end
end

-- The texts of an object, each once; nil where it has none.
local function text_of(members)
  local parts, seen = {}, {}
  for _, name in ipairs(TEXTS) do
    local text = members[name]
    if is_plain(text) and not seen[text] then
      seen[text] = true
      parts[#parts + 1] = tostring(text)
    end
  end
  return parts[1] and table.concat(parts, ": ")
end

local Reader = {}
Reader.__index = Reader

function Reader:add(code, text, label)
  if text and label then
    text = label .. ": " .. text
  end
  if #self.list < MOST then
    self.list[#self.list + 1] = { code = code and self.clean(code),
                                  message = text and self.clean(text) }
  end
end

-- A member that names a field, as in {"csr": ["blank"]}.
local function field_of(label, name)
  if type(name) ~= "string" or #name > NAME_BYTES then
    return label
  end
  return label and label .. "." .. name or name
end

-- The texts and lists that are below an object with reasons of its own.
function Reader:below(members, label, depth)
  for _, name in ipairs(BELOW) do
    if type(members[name]) == "table" or not IS_TEXT[name] then
      self:value(members[name], label, depth + 1)
    end
  end
end

-- An object: its own code and texts, and what is below; where it has neither,
-- its members are fields with their reasons.
function Reader:object(value, label, depth)
  local members = members_of(value)
  local code, text = first_of(members, CODES), text_of(members)
  if code or text then
    self:add(code, text, field_of(label, first_of(members, FIELDS)))
    self:below(members, label, depth)
    return
  end
  for _, name in ipairs(keys_of(value, "string")) do
    self:value(value[name], field_of(label, name), depth + 1)
  end
end

function Reader:value(value, label, depth)
  if depth > DEPTH or #self.list >= MOST then
    return
  elseif type(value) == "string" and value:find("%S") then
    self:add(nil, value, label)
  elseif type(value) == "table" then
    local places = keys_of(value, "number")
    for _, place in ipairs(places) do
      self:value(value[place], label, depth + 1)
    end
    if #places == 0 then
      self:object(value, label, depth)
    end
  end
end

-- A whole body that is an object. What has no text for a person is no error's
-- body: its other members are not reasons. Beside a text, `error` is a code
-- (RFC 6749, 5.2).
function Reader:body(value)
  local members = members_of(value)
  local code, text = first_of(members, CODES), text_of(members)
  if text and not code and type(members.error) == "string" then
    code, members.error = members.error, nil
  end
  if code or text then
    self:add(code, text)
  end
  self:below(members, nil, 0)
end

--- The reasons in a body that was decoded.
-- @param decoded a table, or nil
-- @param clean makes a text from outside fit for a message
-- @return list of {code, message}
function reasons.list(decoded, clean)
  local reader = setmetatable({ list = {}, clean = clean }, Reader)
  if type(decoded) == "table" then
    if #keys_of(decoded, "number") > 0 then
      reader:value(decoded, nil, 1)
    else
      reader:body(decoded)
    end
  end
  return reader.list
end

local function has_own_code(entry)
  local code = type(entry) == "table" and entry.code
  return type(code) == "string" and
         code:match("^[^|:]*"):find("^%l[%l%d_]*$") ~= nil
end

--- Whether a decoded body is of the shape that CertCentral's own errors have:
-- each with a code such as access_denied|missing_permission.
function reasons.are_own(decoded)
  for _, name in ipairs { "errors", "error" } do
    local found = decoded and decoded[name]
    if type(found) == "table" then
      for _, place in ipairs(keys_of(found, "number")) do
        if has_own_code(found[place]) then
          return true
        end
      end
      if has_own_code(found) then
        return true
      end
    end
  end
  return false
end

-- ---- pages and texts -----------------------------------------------------

-- What is between the tags of this name, the first that there is.
local function between(page, lower, tag)
  local _, from = lower:find("<" .. tag .. "%f[%s>][^>]*>")
  local to = from and lower:find("</" .. tag, from, true)
  local text = to and page:sub(from + 1, to - 1):gsub("<[^>]*>?", " ")
  return text and text:find("%S") and text
end

-- A page without its elements of this name.
local function without(page, tag)
  local parts, at, lower = {}, 1, core.lower(page)
  repeat
    local from = lower:find("<" .. tag, at, true)
    parts[#parts + 1] = page:sub(at, (from or 0) - 1)
    at = from and lower:find("</" .. tag, from, true)
  until not at
  return table.concat(parts)
end

-- A page's title; the words of one that has none.
local function words_of(page)
  local lower = core.lower(page)
  return between(page, lower, "title") or between(page, lower, "h1") or
         between(page, lower, "message") or
         without(without(page, "script"), "style"):gsub("<[^>]*>?", " ")
end

-- The beginning of a body. A word or a number that is cut in two could no
-- longer be known for a secret.
local function head_of(body)
  if #body <= HEAD then
    return body
  end
  local head = body:sub(1, HEAD):reverse():gsub("^[^%s<>]*[%d%s%-]*", "")
  return head:reverse()
end

--- What a body that is no JSON says: the title of a page, or the beginning of
-- a text. Nothing from where it may repeat what was sent: no JSON, no PEM.
-- @param body without a byte order mark
-- @return a text; or nil where it says nothing
function reasons.excerpt(body)
  local head = head_of(body)
  if head:find("^%s*[{%[]") or head:find("[%z\1-\8\14-\31]") then
    return nil
  end
  local text = head:find("^%s*<") and words_of(head) or head:gsub("<.*", "")
  text = text:gsub("{.*", ""):gsub("%-%-%-%-%-.*", ""):gsub("%s+", " ")
  return text:match("^ ?(.-) ?$"):match("^.+$")
end

return reasons
