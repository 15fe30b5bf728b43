--- Many orders in one call, over a queue.
--
--   local outcomes = client:place_orders(orders, {
--     concurrency = 8,         orders in progress at once
--     validate_first,          all of them, before the first is sent: true
--                              for a list, false for a function
--     stop_on_error = false,   begin no more once one has failed
--     on_outcome = function(outcome, index, order) ... end,
--     progress = false,        true: a line on a terminal's standard error
--     ... those of place_order ...
--   })
--
-- `orders` is a list, or a function that returns one order after the other
-- and nil at the end. An outcome is {ok =, result =, info =, err =}.

local client_orders = require "certcentral.client.orders"
local core = require "certcentral.core"
local errors = require "certcentral.error"
local options_of = require "certcentral.options"
local order_of = require "certcentral.order"
local pcall = require "certcentral.pcall"
local progress = require "certcentral.progress"
local queue_of = require "certcentral.many.queue"
local rules = require "certcentral.rules"

local raise = options_of.raise

local TURN = 0.5  -- seconds: how long a step may take
local PAUSE = 0.1 -- seconds between two changes of the progress line

-- ---- options -------------------------------------------------------------

local own_options = {
  concurrency = queue_of.concurrency,
  validate_first = "boolean", stop_on_error = "boolean",
  on_outcome = function(value)
    return not rules.is_callable(value) and "function" or nil
  end,
  progress = progress.rule,
}

local known_options = {}
for name, rule in pairs(order_of.options) do
  known_options[name] = rule
end
for name, rule in pairs(own_options) do
  known_options[name] = rule
end

-- Those of this call, and those of each order.
local function split(options)
  options = options == nil and {} or options
  options_of.check(options, known_options, "place_orders")
  local own, each = {}, {}
  for name, value in pairs(options) do
    local to = own_options[name] and own or each
    to[name] = value
  end
  order_of.check_options(each, order_of.options, "place_orders")
  return own, each
end

-- A function that gives one order after the other, and how many there are
-- where that is known.
local function iterate(orders)
  if rules.is_callable(orders) then
    return orders
  elseif type(orders) ~= "table" then
    raise("bad argument #1 to 'place_orders' (list or function expected, "
          .. "got %s)", orders == nil and "no value" or type(orders))
  end
  local i, count = 0, #orders
  for key in next, orders do
    if type(key) ~= "number" or key < 1 or key > count or key % 1 ~= 0 then
      raise("bad argument #1 to 'place_orders' (list without holes expected, "
            .. "got one with '%s')", core.printable(tostring(key), 40))
    end
  end
  return function()
    i = i + 1
    if i <= count and orders[i] == nil then
      raise("bad argument #1 to 'place_orders' (list without holes expected, "
            .. "got none at %d)", i)
    end
    return orders[i]
  end, count
end

-- ---- the progress line ---------------------------------------------------

-- done, failed, waiting for the rate budget, time left
local function line_of(batch)
  local parts = { batch.total and ("%d of %d orders done"):format(batch.done,
    batch.total) or ("%d orders done"):format(batch.done) }
  local rate = 0
  for ticket in pairs(batch.queue.live) do
    rate = rate + (ticket:status() == "rate" and 1 or 0)
  end
  if batch.failed > 0 then
    parts[#parts + 1] = ("%d failed"):format(batch.failed)
  end
  if rate > 0 then
    parts[#parts + 1] = ("%d wait for the rate budget"):format(rate)
  end
  if batch.total and batch.done > 0 and batch.done < batch.total then
    local each = (batch.clock() - batch.began) / batch.done
    parts[#parts + 1] = ("about %s left"):format(
      progress.span(each * (batch.total - batch.done)))
  end
  return table.concat(parts, ", ")
end

-- Shows how far it is, not too often; the last line in any case.
local function show(batch, last)
  if not batch.write then
    return
  end
  local now = batch.clock()
  if not last and batch.shown and now - batch.shown < PAUSE then
    return
  end
  batch.shown = now
  if not pcall(batch.write, line_of(batch), last) then
    batch.write = nil
  end
end

-- ---- outcomes ------------------------------------------------------------

-- What the caller's function raises ends the orders, but abandons none.
local function tell(batch, outcome, index, order)
  local ok, message = pcall(batch.on_outcome, outcome, index, order)
  if not ok then
    batch.problem = batch.problem or { message }
    batch.stopped = true
  end
end

local function take(batch, index, order, outcome)
  batch.done = batch.done + 1
  if not outcome.ok then
    errors.of_order(outcome.err)
    batch.failed = batch.failed + 1
    batch.stopped = batch.stopped or batch.stop_on_error
  end
  if batch.on_outcome then
    tell(batch, outcome, index, order)
  else
    batch.outcomes[index] = outcome
  end
end

local function no_table(order)
  return errors.invalid({ { path = "", code = "type",
    message = "an order must be a table, got " .. type(order) } }, {}, 1)
end

-- Two orders of one name cannot be told from each other: the second one is
-- refused, also where the first is done. Names that were made up are not the
-- same twice.
local function refuse_twin(batch, item)
  local ready = item.ready
  if not ready or not ready.once or ready.ours.fresh then
    return
  elseif batch.names[ready.name] then
    item.ready, item.err = nil, client_orders.name_taken(ready.name)
  else
    batch.names[ready.name] = true
  end
end

-- {index, order, ready, err} of the next order, or nil behind the last.
local function prepare_next(batch)
  local order = batch.next_order()
  if order == nil then
    return nil
  end
  batch.count = batch.count + 1
  local item = { index = batch.count, order = order }
  if type(order) == "table" then
    item.ready, item.err = batch.client:_ready(order, batch.options,
                                               "place_orders")
    refuse_twin(batch, item)
  else
    item.err = no_table(order)
  end
  return item
end

-- Checks all orders; gives them out one after the other from then on.
local function prepare_all(batch)
  local items, i = {}, 0
  for item in prepare_next, batch do
    items[item.index] = item
  end
  batch.total = #items
  for _, item in ipairs(items) do
    batch.stopped = batch.stopped or item.err and batch.stop_on_error
  end
  return function()
    i = i + 1
    local item = items[i]
    items[i] = nil
    return item
  end
end

-- ---- running -------------------------------------------------------------

local feed

-- The next ones are added as soon as there is room for them.
local function add(batch, item)
  batch.queue:_add(item.ready, item.err, function(outcome)
    take(batch, item.index, item.order, outcome)
    if not batch.feeding then
      feed(batch)
    end
  end)
end

-- Adds as many as may be in progress. What the caller's iterator raises ends
-- the orders, too.
function feed(batch)
  batch.feeding = true
  while not batch.stopped and batch.queue.left < batch.concurrency do
    local ok, item = pcall(batch.next_item, batch)
    if not ok then
      batch.problem, batch.stopped = { item }, true
    elseif item == nil then
      break
    else
      add(batch, item)
    end
  end
  batch.feeding = false
end

-- The outcomes of those that were checked and not begun.
local function skip_rest(batch)
  while batch.validated do
    local item = batch.next_item(batch)
    if not item then
      return
    end
    local err = item.err or errors.new("unavailable",
      "the order was not sent: another one failed",
      { alternative_order_id = item.ready.name })
    take(batch, item.index, item.order, { ok = false, err = err })
  end
end

local function run(batch)
  batch.next_item = prepare_next
  if batch.validated then
    batch.next_item = prepare_all(batch)
  end
  batch.began = batch.clock()
  feed(batch)
  while batch.queue.left > 0 do
    show(batch)
    batch.queue:step(TURN)
  end
  skip_rest(batch)
end

local function new_batch(client, orders, options)
  local own, each = split(options)
  local next_order, total = iterate(orders)
  local queue = queue_of.new(client, { concurrency = own.concurrency })
  local validated = own.validate_first
  if validated == nil then
    validated = total ~= nil -- what a function gives may be any number
  end
  return {
    client = client, queue = queue, concurrency = queue.concurrency,
    options = each, next_order = next_order, total = total,
    write = progress.writer(own.progress),
    clock = client.world.clock, validated = validated,
    stop_on_error = own.stop_on_error or false,
    on_outcome = own.on_outcome, outcomes = {},
    count = 0, done = 0, failed = 0, names = {},
  }
end

--- Places many orders; one that fails does not stop the others.
-- @param client the client
-- @param orders a list, or a function that gives one after the other
-- @param options see the top of this file; without validate_first each order
--   is checked when its turn comes, and a function is asked for it then
-- @return the list of outcomes in the order given; with on_outcome, how many
--   orders were placed and how many were not
return function(client, orders, options)
  local batch = new_batch(client, orders, options)
  local ok, message = pcall(run, batch)
  local closed, problem = pcall(batch.queue.close, batch.queue)
  show(batch, true)
  if not ok then
    error(message, 0)
  elseif batch.problem then
    error(batch.problem[1], 0)
  elseif not closed then
    error(problem, 0)
  elseif batch.on_outcome then
    return batch.done - batch.failed, batch.failed
  end
  return batch.outcomes
end
