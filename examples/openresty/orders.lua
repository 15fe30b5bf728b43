-- Orders over HTTP, and a timer that keeps certificates: see nginx.conf here.
-- luacheck: globals ngx

local certcentral = require "certcentral"
local json = require "cjson"

local orders = {}

local HOUR, DAY = 3600, 86400
local client

-- What an error is for those who sent the order.
local STATUS = {
  invalid = 422, refused = 422, throttled = 503, unavailable = 503,
}

--- init_by_lua: the key is read once, from the environment that nginx is
-- started in (or by api_key_file = "..."), before the workers are there.
function orders.init()
  client = certcentral.assert(certcentral.new {
    budget = require("certcentral.budget").shared("certcentral"),
  })
end

local function answer(status, value)
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.say(json.encode(value))
  return ngx.exit(ngx.OK)
end

local function list(values)
  return values and #values > 0 and values or nil
end

local function answer_error(err)
  ngx.log(ngx.WARN, "order ", err.alternative_order_id, ": ", tostring(err))
  return answer(STATUS[err.kind] or 500, {
    kind = err.kind, message = err.message, outcome = err.outcome,
    problems = list(err.problems), warnings = list(err.warnings),
    alternative_order_id = err.alternative_order_id,
  })
end

local function read_order()
  ngx.req.read_body()
  local ok, order = pcall(json.decode, ngx.req.get_body_data() or "")
  return ok and type(order) == "table" and order or nil
end

--- content_by_lua: places the order in the request's body. Others are served
-- while it waits.
function orders.place()
  if ngx.req.get_method() ~= "POST" then
    return answer(405, { message = "send an order by POST" })
  end
  local order = read_order()
  if not order then
    return answer(400, { message = "the body must be an order as JSON" })
  end
  local result, info = client:place_order(order)
  if not result then
    return answer_error(info)
  end
  return answer(201, { id = result.id, warnings = list(info.warnings),
    alternative_order_id = info.alternative_order_id })
end

local function day(time)
  return os.date("!%Y-%m-%d", time)
end

--- Keeps the orders whose certificates end within 60 days, each with its key:
-- reissued while the plan lasts, renewed at its end, once whatever becomes of
-- this worker. Who has the files fetches them with `keep` and `follow`.
function orders.keep_all(account, now, log)
  for order, err in account:orders { status = "issued",
    valid_till = { from = day(now), to = day(now + 60 * DAY) } } do
    local kept
    if order then
      kept, err = account:keep(order.id, { key = "same" })
    end
    if not kept then
      log("keep: " .. tostring(err))
    elseif kept.done then
      log(("keep: %s of order %d: %s"):format(kept.action, kept.order_id,
                                              kept.reason))
    end
  end
end

--- init_worker_by_lua: one worker keeps the certificates, every hour.
function orders.init_worker()
  local busy = false
  if ngx.worker.id() ~= 0 then
    return
  end
  assert(ngx.timer.every(HOUR, function(premature)
    if premature or busy then
      return
    end
    busy = true
    local ok, message = pcall(orders.keep_all, client, ngx.time(),
      function(text) ngx.log(ngx.WARN, text) end)
    busy = false
    if not ok then
      ngx.log(ngx.ERR, "keep: ", message)
    end
  end))
end

return orders
