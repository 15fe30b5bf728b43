-- A process that forks after it has used its connections: the child shares
-- them, with the keys and the record numbers of their TLS, and must neither
-- use nor end them. csrc/test/fork_alone.c forks.

local server = require "spec.support.server"

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
        for i, request in ipairs(seen.requests) do
          requests[i] = request.connection .. " "
                        .. request.text:match("\r\n\r\n(.*)$")
        end
        assert.are.equal(case[3], printed)
        assert.are.same(case[4], requests)
      end)
    end
  end
end)
