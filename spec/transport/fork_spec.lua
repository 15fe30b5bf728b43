-- A process that forks after it has used its connections: the child shares
-- them, with the keys and the record numbers of their TLS, and must neither
-- use nor end them. csrc/test/fork_alone.c forks.

local certcentral = require "certcentral"
local clocks = require "certcentral.sandbox.clock"
local core = require "certcentral.core"
local server = require "spec.support.server"
local support = require "support.sandbox"

local function answer(body)
  return { "send", ([[HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s]])
                   :format(#body, body) }
end

-- mode, what the server does, what is printed, the requests it got: each the
-- number of its connection and its body
local FIRST = { "accept", "up", "read", answer "A1" }
local CHILD = { "accept", "up", "read", answer "B" }

local cases = {
  ["a handle"] = { "handle",
    { FIRST, CHILD, "use", 1, "read", answer "A2" },
    "first: A1\nchild: B\nsecond: A2\n",
    { "1 first", "2 child", "1 second" } },
  ["a handle that the child only frees"] = { "free",
    { FIRST, "read", answer "A2" },
    "first: A1\nsecond: A2\n", { "1 first", "1 second" } },
  ["a multi"] = { "multi",
    { FIRST, CHILD, "use", 1, "read", answer "A2" },
    "first: A1\nchild: B\nsecond: A2\n",
    { "1 first", "2 child", "1 second" } },
  ["a multi with a request under way"] = { "away",
    { "accept", CHILD, "use", 1, "up", "read", answer "A1" },
    "lost: sent\nchild: B\nfirst: A1\n", { "2 child", "1 first" } },
}

-- The list without its lists, "up" as what brings a connection up.
local function flatten(list, tls, to)
  for _, item in ipairs(list) do
    if type(item) == "table" then
      flatten(item, tls, to)
    elseif item ~= "up" then
      to[#to + 1] = item
    elseif tls then
      to[#to + 1] = "tls"
    end
  end
  return to
end

describe("after a fork", function()
  after_each(server.finish_all)

  for name, case in pairs(cases) do
    for _, tls in ipairs { true, false } do
      it(("%s keeps to its own, %s"):format(name, tls and "TLS" or "plain"),
         function()
        local s = server.start { tls = tls,
                                 script = flatten(case[2], tls, {}) }
        local pipe = assert(io.popen(("%s %s %s %s"):format(
          server.program("fork_alone"), case[1], s.url,
          s.ca_file or "/dev/null")))
        local printed = pipe:read("*a")
        pipe:close()
        local seen, requests = s:finish(), {}
        assert.are.equal(case[3], printed)
        for i, request in ipairs(seen.requests) do
          requests[i] = request.connection .. " "
                        .. request.text:match("\r\n\r\n(.*)$")
        end
        assert.are.same(case[4], requests)
      end)
    end
  end
end)

-- What ends a queue's copy in the child.
local touches = {
  step = function(queue) queue:step(0) end,
  cancel = function(queue, tickets) queue:cancel(tickets[1]) end,
  add = function(queue)
    queue:add(support.order { alternative_order_id = "new" })
  end,
  close = function(queue) queue:close() end,
  ["the collector"] = function(queue) queue:_end(true) end,
}

describe("the queue of a process that forks", function()
  local process, lines, posts

  -- As the child of a fork sees it.
  local function fork()
    core.process = function() return process() + 1 end
  end

  before_each(function()
    process, lines, posts = core.process, {}, 0
  end)
  after_each(function() core.process = process end)

  -- Three orders: the first waits for its second attempt, the others have not
  -- begun.
  local function start(options)
    local clock = clocks.new()
    local client = assert(certcentral.new {
      api_key = "key", base_url = "http://127.0.0.1:1",
      retry = { base = 1000, cap = 1000 },
      deadline = 1e4, on_event = options.on_event,
      journal = { write = function(_, line)
        lines[#lines + 1] = line
        return true
      end, read = function() return lines end },
      transport = { clock = clock, time = clock, sleep = clock.sleep,
        perform = function()
          posts = posts + 1
          if options.posted then
            options.posted()
          end
          return nil, { sent = "no", message = "connection refused" }
        end },
    })
    local queue, tickets = client:queue { concurrency = 1 }, {}
    for i = 1, 3 do
      tickets[i] = queue:add(support.order {
        alternative_order_id = "order-" .. i }, nil, options.told)
    end
    return queue, tickets
  end

  local function assert_left(tickets)
    for i, ticket in ipairs(tickets) do
      local outcome = ticket:outcome()
      assert.is_false(outcome.ok)
      assert.are.equal("unknown", outcome.err.kind)
      assert.are.equal("unknown", outcome.err.outcome)
      assert.are.equal("order-" .. i, outcome.err.alternative_order_id)
      assert.is_truthy(outcome.err.message:find("forked", 1, true))
    end
  end

  for name, touch in pairs(touches) do
    it("leaves its orders to it: " .. name, function()
      local queue, tickets = start {}
      queue:step(0)
      assert.are.equal("waiting", tickets[1]:status())
      assert.are.same({ 1, 1 }, { posts, #lines })
      fork()
      touch(queue, tickets)
      assert_left(tickets)
      assert.are.same({ 1, 1 }, { posts, #lines })
    end)
  end

  it("leaves them where a callback forks", function()
    local queue, tickets = start { told = fork }
    queue:cancel(tickets[3])
    assert.are.equal("not_placed", tickets[3]:outcome().err.outcome)
    tickets[3] = nil
    assert_left(tickets)
    assert.are.equal(0, posts)
  end)

  it("goes on with orders of its own", function()
    local queue, tickets = start {}
    queue:step(0)
    fork()
    local ticket = queue:add(support.order { alternative_order_id = "order-1" })
    assert_left(tickets)
    queue:step(0)
    assert.are.equal("waiting", ticket:status())
    assert.are.same({ 2, 2 }, { posts, #lines })
  end)
end)
