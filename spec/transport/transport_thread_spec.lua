-- The transport over nginx's threads, in a twin of nginx: what is said of
-- tasks that were not started, and slots that nobody gives back.

local core = require "certcentral.core"

local MODULE = "certcentral.transport.thread"

-- A twin of ngx.semaphore that never waits.
local function new_semaphore(count)
  return {
    post = function(_, n) count = count + n end,
    wait = function()
      count = count - 1
      if count < 0 then
        count = 0
        return nil, "timeout"
      end
      return true
    end,
  }
end

describe("certcentral.transport.thread", function()
  local real_clock, now, run, transport

  before_each(function()
    real_clock, now = core.clock, 1000
    core.clock = function() return now end
    _G.ngx = { run_worker_thread = function(...) return run(...) end,
               sleep = function(seconds) now = now + seconds end }
    package.loaded["ngx.semaphore"] = {
      new = function(count) return new_semaphore(count) end }
    package.loaded[MODULE] = nil
    transport = assert(require(MODULE) {})
  end)

  after_each(function()
    core.clock, _G.ngx = real_clock, nil
    package.loaded["ngx.semaphore"], package.loaded[MODULE] = nil, nil
  end)

  local function request()
    return { method = "GET", url = "https://localhost/", timeout = 10,
             connect_timeout = 10 }
  end

  it("gives the task what it needs, and returns what it returns", function()
    local got, asked = nil, request()
    run = function(...)
      got = { ... }
      return true, { status = 200 }
    end
    assert.are.same({ status = 200 }, (transport(asked)))
    assert.are.same({ "certcentral", "certcentral.transport.thread_task",
                      "perform", {}, asked, 1010 }, got)
  end)

  -- what nginx says, what follows
  local not_started = {
    { "thread pool certcentral not found", { config = true, sent = "no",
      retryable = false }, "write 'thread_pool certcentral threads=32 " },
    { "module 'certcentral.x' not found:\n\tno field", { config = true,
      sent = "no", retryable = false },
      "cannot load 'certcentral.x': set lua_package_path" },
    { "/x.lua:1: boom", { sent = "maybe" },
      "the worker thread failed: /x.lua:1: boom" },
  }
  for _, case in ipairs(not_started) do
    it("explains: " .. case[1]:match("[^\n]*"), function()
      run = function() return false, case[1] end
      local response, failure = transport(request())
      assert.is_nil(response)
      assert.is_truthy(failure.message:find(case[3], 1, true),
                       failure.message)
      assert.are.equal(case[2].sent, failure.sent)
      assert.are.equal(case[2].config, failure.config)
      assert.are.equal(case[2].retryable, failure.retryable)
    end)
  end

  it("explains that threads are not allowed in a phase", function()
    run = function() error("API disabled in the context of x", 0) end
    local _, failure = transport(request())
    assert.are.equal("no", failure.sent)
    assert.is_true(failure.config)
    assert.is_truthy(failure.message:find("API disabled", 1, true))
  end)

  it("never has more than 32 tasks, and gives slots back", function()
    local running = 0
    run = function()
      running = running + 1
      return coroutine.yield()
    end
    local threads = {}
    for i = 1, 32 do
      threads[i] = coroutine.create(transport)
      coroutine.resume(threads[i], request())
    end
    assert.are.equal(32, running)
    local _, failure = transport(request())
    assert.are.equal("no", failure.sent)
    assert.are.equal("no worker thread was free within 10 seconds",
                     failure.message)
    coroutine.resume(threads[7], true, {}) -- one ends
    run = function() return true, { status = 200 } end
    for _ = 1, 3 do
      assert.are.equal(200, transport(request()).status)
    end
  end)

  it("takes the slots back of requests that nginx has ended", function()
    run = function() return coroutine.yield() end
    for _ = 1, 32 do
      coroutine.wrap(transport)(request())
    end
    run = function() return true, { status = 200 } end
    now = now + 14.9
    assert.is_nil((transport(request())))
    now = now + 0.2 -- their time and 5 s are over
    for _ = 1, 40 do
      assert.are.equal(200, transport(request()).status)
    end
  end)

  describe("where nginx has few Lua states", function()
    local STATES, running, asked

    -- nginx, which has so many for all who ask.
    before_each(function()
      STATES, running, asked = 5, 0, 0
      run = function()
        asked = asked + 1
        if running == STATES then
          return false, "no available Lua vm"
        end
        running = running + 1
        local answer = coroutine.yield("runs")
        running = running - 1
        return true, answer
      end
    end)

    -- A semaphore whose wait() is a yield until post() has made room.
    local function waiting_semaphore(count)
      return {
        post = function(_, n) count = count + n end,
        wait = function()
          while count == 0 do
            if coroutine.yield("waits") == "timeout" then
              return nil, "timeout"
            end
          end
          count = count - 1
          return true
        end,
      }
    end

    local function start(count)
      package.loaded["ngx.semaphore"].new = waiting_semaphore
      local threads = {}
      for i = 1, count do
        local thread = { co = coroutine.create(transport) }
        local _, state = coroutine.resume(thread.co, request())
        thread.state, threads[i] = state, thread
      end
      return threads
    end

    -- Goes on with each that is in such a state, once.
    local function go_on(threads, state, value)
      for _, thread in ipairs(threads) do
        if thread.state == state and coroutine.status(thread.co) ~= "dead" then
          local _, got, failure = coroutine.resume(thread.co, value)
          thread.state, thread.failure = got, failure
        end
      end
    end

    it("has no more tasks than these, and all get their turn", function()
      local threads = start(40)
      assert.are.equal(STATES, running)
      for _ = 1, 10 do
        go_on(threads, "runs", { status = 200 })
        assert.are.equal(0, running)
        go_on(threads, "waits")
        assert.is_true(running <= STATES)
      end
      for _, thread in ipairs(threads) do
        assert.are.equal(200, thread.state.status, thread.failure)
      end
      -- it is not asked again and again
      assert.is_true(asked <= 40 + 32, asked)
    end)

    it("says so where the time is over", function()
      local threads = start(6)
      go_on(threads, "waits", "timeout")
      assert.are.equal("no", threads[6].failure.sent)
      assert.is_nil(threads[6].failure.config)
      assert.is_truthy(threads[6].failure.message:find("for 10 seconds: "
        .. "write 'lua_worker_thread_vm_pool_size 100;'", 1, true))
    end)

    it("waits for those that others use, within its time", function()
      running = STATES
      local thread = coroutine.create(transport)
      local _, _, failure = coroutine.resume(thread, request())
      assert.are.equal("no", failure.sent)
      assert.is_true(now >= 1010 and now < 1011, now)
      local count = 0
      _G.ngx.sleep = function()
        count = count + 1
        running = count < 3 and STATES or 0
      end
      thread = coroutine.create(transport)
      assert.are.same({ true, "runs" }, { coroutine.resume(thread,
                                                          request()) })
      assert.are.equal(3, count)
    end)

    it("tries the slots again that it had no use for", function()
      local threads = start(40)
      STATES, now = 30, now + 61
      for _ = 1, 10 do
        go_on(threads, "runs", { status = 200 })
        go_on(threads, "waits")
      end
      start(40)
      assert.are.equal(30, running)
    end)
  end)

  it("is not there without threads", function()
    _G.ngx = {}
    package.loaded[MODULE] = nil
    local made, message = require(MODULE) {}
    assert.is_nil(made)
    assert.is_truthy(message:find("no worker threads for Lua", 1, true))
  end)
end)
