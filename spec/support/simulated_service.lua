-- A CertCentral in memory for the simulation: written apart from the sandbox,
-- so that a mistake of the one is not the other's. It answers what an order
-- needs, late, wrongly or not at all, and knows for each order whose request
-- made it.

local cjson = require("cjson").new()
local orders = require "support.orders"

local service = {}
service.__index = service

local PRODUCT = "ssl_securesite_flex"
local DAY = 86400
local OVER = { "expired", "canceled", "rejected", "revoked" }
local LIVE = { "issued", "pending", "processing", "a_new_state" }

--- True where an order of this status will never be a certificate again.
function service.is_over(status)
  for _, over in ipairs(OVER) do
    if status == over then
      return true
    end
  end
  return false
end

--- options: `faults` (the share of requests that meet one), `lag` (seconds
-- until a look-up shows an order, at most), `unique` (a second order of a
-- name is refused).
function service.new(world, options)
  return setmetatable({ world = world, faults = options.faults,
    lag = options.lag, unique = options.unique, orders = {}, last = 1000000,
    posts = {} }, service)
end

local function date(self, format, seconds)
  return os.date(format, math.floor(self.world.start + seconds))
end

local function iso(self, seconds)
  return date(self, "!%Y-%m-%dT%H:%M:%S+00:00", seconds)
end

-- ---- orders ----------------------------------------------------------------

local function keep(self, order)
  self.last = self.last + 1
  order.id = self.last
  self.orders[order.id] = order
  return order
end

--- An order of long ago: with the status given, or one that is over.
function service:add_old(account, name, common_name, status)
  return keep(self, { account = account, name = name, old = true,
    common_name = common_name, status = status or self.world:of(OVER),
    created = self.world.now - 400 * DAY, shown = 0 })
end

--- Some status that is not over.
function service:a_live_status()
  return self.world:of(LIVE)
end

--- The orders of a name, oldest first.
function service:named(account, name)
  local list = {}
  for id = 1000001, self.last do
    local order = self.orders[id]
    if order.account == account and order.name == name then
      list[#list + 1] = order
    end
  end
  return list
end

-- Stores the order of a POST; nil where the name has to be unique and is not.
local function store(self, post)
  local name, world = post.name, self.world
  if self.unique and name and #self:named(post.account, name) > 0 then
    return nil
  end
  local order = keep(self, { account = post.account, name = name, post = post,
    common_name = post.common_name, status = "pending", created = world.now,
    shown = world.now + self.lag * world:random() })
  post.order = order
  local renewed = self.orders[post.renewal_of or 0]
  if renewed then
    world:after(order.shown - world.now,
                function() renewed.is_renewed = true end)
  end
  return order
end

-- ---- answers ---------------------------------------------------------------

local function answer(self, status, body, headers)
  headers = headers or { ["content-type"] = "application/json" }
  if not self.world:chance(0.2) then
    local ahead = self.world:chance(0.03) and 3 * DAY or 0
    headers.date = date(self, "!%a, %d %b %Y %H:%M:%S GMT",
                        self.world.now + ahead)
  end
  return { status = status, headers = headers, body = body }
end

local function page(self, status)
  return answer(self, status, "<html><body>Incident 0-0</body></html>",
                { ["content-type"] = "text/html" })
end

local function failed(self, status, code)
  return answer(self, status, cjson.encode {
    errors = { { code = code, message = "no" } } })
end

local function not_found(self)
  return failed(self, 404, "not_found|order")
end

local function lost(word)
  return nil, { sent = word or "maybe", message = "no answer" }
end

-- ---- placing an order ------------------------------------------------------

local function placed(self, post)
  local order = store(self, post)
  if not order then
    return failed(self, 400, "duplicate")
  end
  return answer(self, 201, cjson.encode {
    id = order.id, requests = { { id = order.id + 1, status = "pending" } } })
end

-- What may go wrong with it. Each gets what is stored, and ends with the
-- answer; `maybe` stores or does not.
local function maybe(self, post)
  if self.world:chance(0.5) then
    store(self, post)
  end
end

local function late(self, post)
  self.world:after(self.world:random() * 200,
                   function() store(self, post) end)
  if self.world:chance(0.3) then
    return page(self, 504)
  end
  local none, failure = lost()
  return none, failure, 30 -- seconds of silence
end

local POST_FAULTS = {
  late, late,
  function(self, post) store(self, post); return lost() end,
  function(self, post) maybe(self, post); return lost() end,
  function() return lost("no") end,
  function(self) return failed(self, 429, "request_limit") end,
  function(self) return failed(self, 400, "invalid") end,
  function(self) return failed(self, 403, "access_denied") end,
  function(self, post)
    maybe(self, post)
    return page(self, self.world:of { 500, 502, 503, 408, 302 })
  end,
  function(self, post)
    local whole = placed(self, post)
    whole.body = whole.body:sub(1, self.world:below(#whole.body - 1))
    return whole
  end,
  function(self, post)
    local body = self.world:of { "", "{}", "[]", "null", '{"id":null}',
                                 '{"id":0}', '{"id":-7}', '{"id":[7]}' }
    maybe(self, post)
    return answer(self, self.world:of { 200, 201, 202 }, body)
  end,
}

local function place(self, post)
  self.posts[#self.posts + 1] = post
  if self.world:chance(self.faults) then
    return self.world:of(POST_FAULTS)(self, post)
  end
  return placed(self, post)
end

-- ---- look-ups --------------------------------------------------------------

local function shown(self, account, name)
  local list = {}
  for _, order in ipairs(self:named(account, name)) do
    if order.shown <= self.world.now then
      list[#list + 1] = { order_id = order.id, status = order.status,
                          certificate_id = order.id + 5000000 }
    end
  end
  return list
end

local function encode_list(list)
  local rows = {}
  for i, row in ipairs(list) do
    rows[i] = cjson.encode(row)
  end
  return "[" .. table.concat(rows, ",") .. "]"
end

-- The list that a service with this one's orders would show, told oddly: by
-- none of these can a client know that there is no order.
local ODD_LISTS = {
  function(rows) return rows[1] and cjson.encode(rows[1]) or
    '{"order_id":77,"status":"issued"}' end,
  function(rows) return "[null" .. (rows[1] and "," .. cjson.encode(rows[1])
                                    or "") .. "]" end,
  function(rows) return '"' .. #rows .. '"' end,
  function(rows) return '[{"id":' .. #rows .. "}]" end,
}

local LOOKUP_FAULTS = {
  function(self) return page(self, 404) end,
  function(self) return answer(self, 404, "") end,
  function(self) return answer(self, 404, '{"message":"no route"}') end,
  function(self) return page(self, self.world:of { 500, 503, 200, 403 }) end,
  function(self) return failed(self, 429, "request_limit") end,
  function() return lost() end,
  function() return lost("no") end,
  function(self)
    return answer(self, 200, '{"orders":[],"page":{"total":1}}')
  end,
  function(self, rows)
    return answer(self, 200, '{"orders":' .. self.world:of(ODD_LISTS)(rows)
                             .. "}")
  end,
  function(self, rows)
    local body = '{"orders":' .. encode_list(rows) .. "}"
    return answer(self, 200, body:sub(1, self.world:below(#body - 1)))
  end,
}

local function look_up(self, account, name, query)
  local rows = shown(self, account, name)
  if self.world:chance(self.faults) then
    return self.world:of(LOOKUP_FAULTS)(self, rows)
  elseif #rows == 0 then
    return self.world:chance(0.5) and not_found(self)
      or answer(self, 200, '{"orders":[],"page":{"total":0,"limit":1000}}')
  end
  local limit = tonumber(query:match("limit=(%d+)")) or 1000
  local offset = tonumber(query:match("offset=(%d+)")) or 0
  local part = {}
  for i = offset + 1, math.min(#rows, offset + limit) do
    part[#part + 1] = rows[i]
  end
  return answer(self, 200, ('{"orders":%s,"page":{"total":%d,"limit":%d,'
    .. '"offset":%d}}'):format(encode_list(part), #rows, limit, offset))
end

-- ---- details ---------------------------------------------------------------

local function details_of(self, order)
  return {
    id = order.id, status = order.status,
    date_created = iso(self, order.created),
    is_renewed = order.is_renewed or false, validity_years = 1,
    order_valid_till = iso(self, order.created + 409 * DAY):sub(1, 10),
    certificate = { id = order.id + 5000000, csr = orders.csr,
      common_name = order.common_name, signature_hash = "sha256",
      valid_till = iso(self, order.created + 409 * DAY):sub(1, 10),
      organization = { id = 5 } },
    organization = { id = 5, name = "Example Inc." },
    product = { name_id = PRODUCT }, payment_method = "balance",
    alternative_order_id = order.name,
  }
end

local DETAILS_FAULTS = {
  function(self) return page(self, self.world:of { 404, 500, 503 }) end,
  function(self) return failed(self, 500, "internal") end,
  function(self) return failed(self, 429, "request_limit") end,
  function() return lost() end,
  function(self, body)
    return answer(self, 200, body:sub(1, self.world:below(#body - 1)))
  end,
  function(self, _, order) -- another order's
    return answer(self, 200, cjson.encode(details_of(self, {
      id = order.id + 7, name = "other", created = order.created,
      status = "issued", common_name = "other.example.com" })))
  end,
}

local function details(self, account, id)
  local order = self.orders[id]
  if not order or order.account ~= account then
    return not_found(self)
  end
  local body = cjson.encode(details_of(self, order))
  if self.world:chance(self.faults) then
    return self.world:of(DETAILS_FAULTS)(self, body, order)
  end
  return answer(self, 200, body)
end

-- ---- requests --------------------------------------------------------------

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

-- The request of a POST, as the truth is kept by it.
local function post_of(self, account, request, process)
  local order = cjson.decode(request.body)
  return { account = account, name = order.alternative_order_id,
           common_name = order.certificate.common_name, at = self.world.now,
           renewal_of = order.renewal_of_order_id,
           call = process.calls[order.alternative_order_id or false] }
end

local function answer_to(self, request, process)
  local account = assert(request.headers["X-DC-DEVKEY"], "no key")
  local path, query = request.url:match("/services/v2([^?]*)%??(.*)$")
  if request.method == "POST" then
    assert(path == "/order/certificate/" .. PRODUCT, path)
    return place(self, post_of(self, account, request, process))
  end
  local name = path:match("^/order/alternate/(.+)$")
  if name then
    return look_up(self, account, unescape(name), query)
  end
  local id = path:match("^/order/certificate/(%d+)$")
  return details(self, account, assert(tonumber(id), path))
end

--- A transport of `process` to the service.
function service:transport(process)
  local world = self.world
  return function(request)
    process:wait(world:random() * 0.5)
    local response, failure, silence = answer_to(self, request, process)
    local slow = world:chance(self.faults / 3) and 20 or 1
    local seconds = silence or world:random() * slow
    if seconds >= (request.timeout or 30) then
      process:wait(request.timeout or 30)
      return lost()
    end
    process:wait(seconds)
    return response, failure
  end
end

return service
