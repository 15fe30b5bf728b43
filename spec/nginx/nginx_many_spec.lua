-- Many orders at once in nginx's workers: others are served meanwhile, and
-- all workers keep to the limits of one API key.

local core = require "certcentral.core"
local curl = require "certcentral.curl"
local host_of = require "support.nginx_host"
local nginx = require "support.nginx"
local support = require "support.sandbox"

local sandbox, host

local function start(sandbox_options, options)
  sandbox = support.start(sandbox_options)
  options.ca_file = sandbox.ca_file
  options.server = host_of.LOCATIONS
  host = nginx.start(options)
end

after_each(function()
  local log = host.log()
  host.stop()
  sandbox.stop()
  assert.is_nil(log:find("signal", 1, true), log)
end)

local function order_for(transport, more)
  return nginx.order_for(host, sandbox, transport, more)
end

local place_all = nginx.place_all

for _, transport in ipairs { "resty", "thread" } do
  it(("a worker serves others while 50 orders wait, transport '%s'")
     :format(transport), function()
    start({}, {})
    support.fault(sandbox, { kind = "hold", times = 50 })
    local handle, pings = assert(curl.new {}), 0
    local answers = place_all(50, order_for(transport, { timeout = 600 }),
      function(done)
        nginx.ping(host, handle)
        pings = pings + (done == 0 and 1 or 0)
        -- as many as there are threads
        if pings > 10 and #support.requests(sandbox) >= 32 then
          support.release(sandbox)
        end
      end)
    for _, answer in ipairs(answers) do
      assert.is_true(answer.placed, answer.raised or answer.err and
                                    answer.err.text)
    end
    assert.are.equal(50, #support.orders(sandbox))
    assert.is_true(pings > 10, ("%d pings"):format(pings))
  end)
end

it("a short queue of nginx's thread pool is never full", function()
  start({}, { main = "thread_pool certcentral threads=1 max_queue=32;" })
  support.fault(sandbox, { kind = "hold" })
  local answers = place_all(60, order_for("thread", { timeout = 600 }),
    function() support.release(sandbox) end)
  for _, answer in ipairs(answers) do
    assert.is_true(answer.placed, answer.raised or answer.err and
                                  answer.err.text)
  end
  assert.are.equal(60, #support.orders(sandbox))
end)

it("fewer Lua states than orders, and all are placed", function()
  start({}, { states = 3 })
  support.fault(sandbox, { kind = "hold", requests = 3, times = 3 })
  local answers = place_all(30, order_for("thread", { timeout = 600 }))
  for _, answer in ipairs(answers) do
    assert.is_true(answer.placed, answer.raised or answer.err and
                                  answer.err.text)
  end
  assert.are.equal(30, #support.orders(sandbox))
end)

-- How many tasks the only worker has given to nginx's threads since the first
-- call of this.
local TASKS = [[
  if not _G.TASKS then
    local run = ngx.run_worker_thread
    _G.TASKS = 0
    ngx.run_worker_thread = function(...)
      _G.TASKS = _G.TASKS + 1
      return run(...)
    end
  end
  return _G.TASKS
]]

it("an order that waits for a thread too long is not sent", function()
  start({}, { main = "thread_pool certcentral threads=1 max_queue=32;" })
  local function tasks()
    local got = nginx.post(host, "/run", { code = TASKS })
    assert.is_true(got.ok, tostring(got.value))
    return got.value
  end
  tasks()
  support.fault(sandbox, { kind = "hold" })
  local multi = assert(curl.multi { connections = 1 })
  assert(multi:add(order_for("thread")))
  while #support.requests(sandbox) == 0 do
    multi:step(0.01) -- until the only thread is busy
  end
  local over
  local answers = place_all(2, order_for("thread", { timeout = 0.2 }),
    function()
      over = over or tasks() == 3 and core.clock() + 0.2
      if over and core.clock() > over then
        support.release(sandbox)
      end
    end)
  for _, answer in ipairs(answers) do
    assert.are.equal("no worker thread was free within 0.2 seconds",
                     answer.err.text:match("^the order was not sent: (.*)$"))
    assert.are.equal("not_placed", answer.err.outcome)
  end
  multi:close()
  assert.are.equal(1, #support.requests(sandbox))
end)

it("four workers keep to the limits of one API key", function()
  start({ rate_limits = true }, { workers = 4,
    http = "lua_shared_dict rate 1m;" })
  local answers = place_all(130, order_for("resty", { shared = "rate" }))
  local workers, count = {}, 0
  for _, answer in ipairs(answers) do
    assert.is_true(answer.placed, answer.raised or answer.err and
                                  answer.err.text)
    assert.are.equal(1, answer.info.attempts)
    count = count + (workers[answer.pid] and 0 or 1)
    workers[answer.pid] = true
  end
  assert.are.equal(130, #support.orders(sandbox))
  assert.are.equal(130, #support.requests(sandbox)) -- no look-up, no 429
  assert.is_true(count > 1)
end)
