-- Raw servers on loopback, played by csrc/test/rawserver.c, which says what
-- actions there are.
--
--   local s = server.start { tls = true, script = { "accept", ... } }
--   s.url, s.port, s.ca_file
--   s:expect("word")   waits until the script says the word
--   s:has_said("word") whether it has said the word; does not wait
--   s:go()             lets a "wait" of the script go on
--   s:finish()         what it has seen: { connections = N, requests = {
--                      { connection = N, length = N, text = "..." } ... } }
--
-- options: `tls` gives it a certificate for 127.0.0.1 and localhost, `host`
-- one for that name instead, `flaw` is what is wrong with its TLS.

local server = {}
local methods = {}
local running = {}

local function quote(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

-- Flattens lists within the script, so that parts of it can be shared.
local function words(list, to)
  for _, item in ipairs(list) do
    if type(item) == "table" then
      words(item, to)
    else
      to[#to + 1] = quote(tostring(item))
    end
  end
  return to
end

-- The command that runs a program of csrc/test, whatever this interpreter
-- was made to load.
function server.program(name)
  local build = os.getenv("CERTCENTRAL_TEST_BUILD") or "build"
  return "LD_PRELOAD= exec " .. quote(build .. "/test/" .. name)
end

local function command(self, options)
  local parts = { server.program("rawserver") }
  if options.tls or options.host then
    self.ca_file = self.base .. ".pem"
    parts[#parts + 1] = "--ca " .. quote(self.ca_file)
  end
  if options.host then
    parts[#parts + 1] = "--host " .. quote(options.host)
  end
  if options.flaw then
    parts[#parts + 1] = "--flaw " .. quote(options.flaw)
  end
  parts[#parts + 1] = "--said " .. quote(self.base .. ".said")
  words(options.script or {}, parts)
  parts[#parts + 1] = "< " .. quote(self.base .. ".fifo")
  return table.concat(parts, " ")
end

function server.start(options)
  local self = setmetatable({ base = os.tmpname() }, { __index = methods })
  assert(os.execute("mkfifo " .. quote(self.base .. ".fifo")))
  self.output = assert(io.popen(command(self, options), "r"))
  -- "r+" keeps a reader: no SIGPIPE where the server has gone.
  self.control = assert(io.open(self.base .. ".fifo", "r+"))
  self.control:setvbuf("no")
  running[self] = true
  local line = assert(self.output:read("*l"), "rawserver did not start")
  self.port = assert(line:match("^port (%d+)$"), line)
  self.url = ("%s://127.0.0.1:%s/"):format(
    self.ca_file and "https" or "http", self.port)
  return self
end

function methods:expect(word)
  local line = self.output:read("*l")
  assert(line == word, ("the server said %s, not %s"):format(line, word))
end

function methods:has_said(word)
  local file = io.open(self.base .. ".said")
  local text = file and file:read("*a") or ""
  if file then
    file:close()
  end
  return ("\n" .. text):find("\n" .. word .. "\n", 1, true) ~= nil
end

function methods:go()
  self.control:write("g")
end

local function read_report(self)
  local seen = { requests = {} }
  for line in self.output:lines() do
    local connection, length, text = line:match("^request (%d+) (%d+) (%S*)")
    if connection then
      seen.requests[#seen.requests + 1] = {
        connection = tonumber(connection),
        length = tonumber(length),
        text = text:gsub("%%(%x%x)", function(digits)
          return string.char(tonumber(digits, 16))
        end),
      }
    elseif line:match("^connections ") then
      seen.connections = tonumber(line:match("%d+"))
    elseif line == "end" then
      seen.complete = true
    end
  end
  return seen
end

function methods:finish()
  if not self.seen then
    running[self] = nil
    self.control:write("q")
    self.control:close()
    self.seen = read_report(self)
    self.output:close()
    for _, ending in ipairs { "", ".fifo", ".pem", ".said" } do
      os.remove(self.base .. ending)
    end
    assert(self.seen.complete, "the server ended without a report")
  end
  return self.seen
end

-- Ends what a failed test left behind.
function server.finish_all()
  for self in pairs(running) do
    pcall(self.finish, self)
  end
end

-- An answer with a body, as one "send".
function server.answer(status, body, more)
  return { "send", ("HTTP/1.1 %s\\r\\nContent-Length: %d\\r\\n%s\\r\\n%s")
    :format(status, #body, more or "", body) }
end

return server
