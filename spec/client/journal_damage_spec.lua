-- Journals that are damaged, shared by accounts, written under a wrong clock,
-- locked by others, or large: what becomes of the orders in them.

local core = require "certcentral.core"
local files = require "support.files"
local journals = require "certcentral.journal"
local orders = require "support.orders"
local service = require "support.service"
local stores = require "certcentral.store"
local support = require "support.client"
local shell = require "support.journal"

local NOW = 1764000000 -- the clock of support/service
local OURS = { certificate = { common_name = "example.com" } }

local directory, path
before_each(function()
  directory = shell.directory()
  path = directory .. "/journal"
end)
after_each(function() shell.remove(directory) end)

local function client_of(box, journal, more)
  return support.over(box.world,
    { journal = journal, store = stores.memory() }, more)
end

local function order_of(name)
  return orders.with { alternative_order_id = name }
end

-- Lines as this client writes them; `seconds` ago.
local function intent(entry, seconds, more)
  local client = client_of(service.new {})
  local line = { step = "intent", entry = entry, time = NOW - seconds,
    alternative_order_id = "name-" .. entry, product = "ssl_basic",
    common_name = "example.com", sha256 = ("0"):rep(64),
    base_url = client.base_url, account = client:_account() }
  for name, value in pairs(more or {}) do
    line[name] = value
  end
  return line
end

local function outcome(entry, what, seconds, id)
  return { step = "outcome", entry = entry, outcome = what, order_id = id,
           time = NOW - seconds, status = 201 }
end

describe("one byte changed in a journal", function()
  -- One order is stored and its answer was lost; two are done.
  local function written()
    local journal = journals.file(path)
    journal:write(intent("aaa", 9000))
    journal:write(outcome("aaa", "placed", 8999, 1))
    journal:write(intent("bbb", 8000))
    journal:write(intent("ccc", 7900))
    journal:write(outcome("ccc", "not_placed", 7899))
    return files.read(path)
  end

  -- The service has the orders aaa and bbb.
  local function stored_box()
    local box = service.new { details = { [1] = OURS, [2] = OURS } }
    local perform = box.world.perform
    box.world.perform = function(request)
      local found = request.url:match("/order/alternate/(.*)$")
      local id = found == "name-aaa" and 1 or found == "name-bbb" and 2
      if found and id then
        return { status = 200, headers = {},
                 body = ('{"orders":[{"order_id":%d}]}'):format(id) }
      elseif found then
        return service.NONE
      end
      return perform(request)
    end
    return box
  end

  it("loses no order, tells none wrong and raises nothing", function()
    local text = written()
    local box = stored_box()
    local sums = { found = 0, reported = 0, lost = 0, wrong = 0 }
    for at = 1, #text do
      for _, change in ipairs { 1, 32, 128 } do
        local byte = (text:byte(at) + change) % 256
        files.write(path, text:sub(1, at - 1) .. string.char(byte)
                          .. text:sub(at + 1))
        local client = client_of(box, journals.file(path))
        local list = assert(client:recover())
        local seen = false
        for _, entry in ipairs(list) do
          local name = entry.alternative_order_id
          if entry.outcome == "not_placed" and
             (name == "name-aaa" or name == "name-bbb") then
            sums.wrong = sums.wrong + 1
          end
          seen = seen or name == "name-bbb" and entry.outcome ~= "not_placed"
        end
        local how = seen and "found" or #list.skipped > 0 and "reported" or
                    "lost"
        sums[how] = sums[how] + 1
      end
    end
    assert.are.equal(0, sums.lost)
    assert.are.equal(0, sums.wrong)
    assert.is_true(sums.found > sums.reported and sums.reported > 100)
  end)

  it("is told with its line, and stops nothing else", function()
    local text = written()
    local lines = {}
    for line in text:gmatch("[^\n]*\n") do
      lines[#lines + 1] = line
    end
    lines[1] = lines[1]:gsub("example", "exampel")
    files.write(path, table.concat(lines))
    local list = client_of(stored_box(), journals.file(path)):recover()
    assert.are.same({ { line = 1, why = "its checksum is wrong" } },
                    list.skipped)
    assert.are.equal("placed", list[1].outcome)
    assert.are.equal("name-bbb", list[1].alternative_order_id)
  end)
end)

describe("a line of wrong types", function()
  for name, value in pairs { time = "yesterday", common_name = 17,
    alternative_order_id = true, account = 5, base_url = false } do
    it("is an order that is unknown: " .. name, function()
      local journal = journals.memory()
      journal.entries = { { step = "intent", entry = "e", time = NOW - 9000,
        alternative_order_id = "n", common_name = "example.com" },
        intent("f", 9000) }
      journal.entries[1][name] = value
      local box = service.new { lookup = { 404 } }
      local list = client_of(box, journal):recover()
      local by = {}
      for _, entry in ipairs(list) do
        by[entry.entry] = entry.outcome
      end
      if name == "account" or name == "base_url" then
        by.e = by.e or "unknown" -- it is of no account that there is
      end
      assert.are.same({ e = "unknown", f = "not_placed" }, by)
    end)
  end
end)

describe("a damaged line of late", function()
  local cases = {
    { "the last one, changed just now", false, "unknown" },
    { "one before another of a minute ago", 60, "unknown" },
    { "one before another of an hour ago", 3600, "placed" },
  }
  for _, case in ipairs(cases) do
    it("keeps a name that is not found from going out: " .. case[1],
       function()
      local journal = journals.file(path)
      journal:write(intent("aaa", 7200))
      files.write(path, (files.read(path):gsub("intent", "intemt")))
      if case[2] then
        journal:write(intent("zzz", case[2]))
      end
      local box = service.new { lookup = { 404 }, post = { service.PLACED } }
      local result, err = client_of(box, journal)
        :ensure_order(order_of "name-other", orders.options())
      assert.are.equal(case[3], result and "placed" or err.outcome)
      if not result then
        assert.is_truthy(err.message:find("the journal is damaged: line 1, its "
          .. "checksum is wrong", 1, true), err.message)
        assert.are.equal("lookup", box.requests[1].path:find("alternate") and
                                   "lookup")
        assert.are.equal(1, #box.requests)
      end
    end)
  end

  it("that was torn is missed where its order became unknown", function()
    local journal = journals.file(path)
    journal:write(intent("aaa", 100))
    files.write(path, files.read(path):sub(1, 60) .. "\n")
    journal:write(outcome("aaa", "unknown", 50))
    local box = service.new { lookup = { 404 }, post = { service.PLACED } }
    local client = client_of(box, journal)
    local result, err = client:ensure_order(order_of "name-aaa",
                                            orders.options())
    assert.is_nil(result)
    assert.is_truthy(err.message:find("the journal is damaged: the line of an "
      .. "order with an unknown outcome is lost", 1, true), err.message)
    assert.are.same({ { line = 1, why = "it is cut off" },
      { why = "the line of an order with an unknown outcome is lost" } },
      client:recover().skipped)
    journal:write(outcome("aaa", "not_placed", 40))
    assert(client:ensure_order(order_of "name-aaa", orders.options()))
  end)

  it("that was cut off as it was written is of nothing that was sent",
     function()
    local journal = journals.file(path)
    journal:write(intent("aaa", 60))
    local line = files.read(path)
    for _, cut in ipairs { 1, 2, 40, #line - 24 } do
      files.write(path, line:sub(1, cut) .. "\n")
      local box = service.new { lookup = { 404 }, post = { service.PLACED } }
      assert(client_of(box, journal)
        :ensure_order(order_of "name-other", orders.options()))
    end
  end)
end)

describe("a journal that two share", function()
  local others = {
    { "another account", { account = "0123456789abcdef" } },
    { "another service", { base_url = "https://127.0.0.1:1/services/v2" } },
  }
  for _, case in ipairs(others) do
    it("has lines that are left alone: of " .. case[1], function()
      local journal = journals.memory()
      journal:write(intent("theirs", 9000, case[2]))
      journal:write(intent("mine", 9000))
      local list = client_of(service.new { lookup = { 404 } }, journal)
        :recover()
      assert.are.equal(1, #list)
      assert.are.equal("mine", list[1].entry)
      assert.are.equal("not_placed", list[1].outcome)
      assert.are.same({ "theirs" },
                      shell.pick(journal:open_orders(), "entry"))
    end)
  end

  it("is closed by its own account only", function()
    local journal = journals.memory()
    local lost = { post = { "lost" }, lookup = { 404 } }
    client_of(service.new(lost), journal, { api_key = "key-a" })
      :place_order(order_of "a", orders.options())
    local b = client_of(service.new(lost), journal, { api_key = "key-b" })
    assert.are.same({ skipped = {} }, b:recover { settle = 0 })
    assert.are.equal(1, #journal:open_orders())
  end)

  local OLD = { step = "intent", entry = "old", time = NOW - 9000,
                alternative_order_id = "old", common_name = "example.com" }

  it("has old lines that do not say whose they are: settled alone",
     function()
    local journal = journals.memory()
    journal:write(OLD)
    local list = client_of(service.new { lookup = { 404 } }, journal)
      :recover()
    assert.are.equal("not_placed", list[1].outcome)
  end)

  it("has old lines that do not say whose they are: not where others write",
     function()
    local journal = journals.memory()
    journal:write(OLD)
    journal:write(intent("theirs", 60, { account = "0123456789abcdef" }))
    local list = client_of(service.new { lookup = { 404 } }, journal)
      :recover()
    assert.are.equal("unknown", list[1].outcome)
    assert.is_truthy(list[1].message:find("which account", 1, true))
  end)

  it("has no key in it, nor a hash that is the key's alone", function()
    local journal = journals.memory()
    client_of(service.new { post = { service.PLACED } }, journal)
      :place_order(order_of "a", orders.options())
    local line = journal:read()[1]
    assert.are.equal(16, #line.account)
    assert.is_nil(require("certcentral.csr").sha256(support.KEY)
      :find(line.account, 1, true))
    support.assert_no_secret(line)
  end)
end)

describe("a time that cannot be true", function()
  local function settled(seconds, more, lookup)
    local journal = journals.memory()
    for _, line in ipairs(more or {}) do
      journal:write(line)
    end
    journal:write(intent("e", seconds))
    local list = client_of(service.new { lookup = { lookup or 404 } }, journal)
      :recover()
    for _, entry in ipairs(list) do
      if entry.entry == "e" then
        return entry.outcome, entry.message
      end
    end
  end
  local YEAR_2000 = NOW - 946684800

  it("settles nothing: of the year 2000", function()
    assert.are.equal("unknown", (settled(YEAR_2000)))
    assert.is_truthy(select(2, settled(YEAR_2000))
      :find("its time cannot be true", 1, true))
  end)

  it("settles nothing: of tomorrow", function()
    assert.are.equal("unknown", (settled(-86400)))
  end)

  it("settles nothing: of long before the line before", function()
    assert.are.equal("unknown", (settled(9e5, { intent("f", 60),
                                                outcome("f", "placed", 59) })))
    assert.are.equal("not_placed", (settled(9e5, { intent("f", 4000) })))
  end)

  it("settles nothing: of our clock, which is ahead of the service's",
     function()
    local ahead = { status = 404, body = service.NONE.body,
      headers = { date = "Mon, 24 Nov 2025 10:00:00 GMT" } } -- six hours
    assert.are.equal("unknown", (settled(7200, nil, ahead)))
    local same = { status = 404, body = service.NONE.body,
      headers = { date = "Mon, 24 Nov 2025 16:00:00 GMT" } }
    assert.are.equal("not_placed", (settled(7200, nil, same)))
  end)

  it("of the service hides no order: its Date is two days ahead", function()
    local journal = journals.memory()
    journal:write(intent("e", 9000))
    local box = service.new { lookup = { { status = 200,
      headers = { date = "Wed, 26 Nov 2025 16:00:00 GMT" },
      body = '{"orders":[{"order_id":7}]}' } },
      details = { [7] = { date_created = "2025-11-24T13:30:00+00:00",
                          certificate = OURS.certificate } } }
    local list = client_of(box, journal):recover()
    assert.are_not.equal("not_placed", list[1].outcome)
    assert.are.equal(1, #journal:open_orders())
  end)
end)

describe("orders of the name of which none seems ours", function()
  it("leave it unknown, with their ids", function()
    local journal = journals.memory()
    journal:write(intent("e", 9000))
    local box = service.new { lookup = { { { order_id = 7 },
                                           { order_id = 9 } } },
      details = { [7] = { certificate = { common_name = "x.example.org" } },
                  [9] = { certificate = { common_name = "y.example.org" } } } }
    local list = client_of(box, journal):recover()
    assert.are.equal("unknown", list[1].outcome)
    assert.are.equal("there are orders with its name, but none is known to "
      .. "be this one: 7, 9", list[1].message)
  end)

  it("are found where they are over by now", function()
    local journal = journals.memory()
    journal:write(intent("e", 9000))
    local list = client_of(service.new { lookup = { { { order_id = 7,
      status = "canceled" } } }, details = { [7] = { status = "canceled",
      date_created = "2025-11-24T13:30:00+00:00",
      certificate = OURS.certificate } } }, journal):recover()
    assert.are.equal("placed", list[1].outcome)
    assert.are.equal(7, list[1].order_id)
  end)
end)

describe("recover", function()
  it("has one deadline for all, and says what it did not reach", function()
    local journal = journals.memory()
    for i = 1, 100 do
      journal:write(intent("e" .. i, 9000))
    end
    local box = service.new { lookup = { "lost" } }
    local perform = box.world.perform
    box.world.perform = function(request) -- silent
      box.clock:advance(request.timeout)
      return perform(request)
    end
    local began = box.clock()
    local list = client_of(box, journal):recover()
    assert.is_true(box.clock() - began <= 121)
    assert.are.equal(100, #list)
    for _, entry in ipairs(list) do
      assert.are.equal("unknown", entry.outcome)
    end
    assert.are.equal("the deadline passed before it was looked up",
                     list[100].message)
    began = box.clock()
    client_of(box, journal):recover { deadline = 7 }
    assert.is_true(box.clock() - began <= 8)
  end)
end)

describe("a journal that another process has locked", function()
  local lock
  before_each(function()
    journals.file(path)
    lock = assert(core.lock(path))
  end)
  after_each(function() lock:release() end)

  it("is waited for through the client's sleep, within the deadline",
     function()
    local box = service.new { post = { service.PLACED } }
    local result, err = client_of(box, journals.file(path), { deadline = 2 })
      :place_order(order_of "a", orders.options())
    assert.is_nil(result)
    assert.are.equal("config", err.kind)
    assert.are.equal("not_placed", err.outcome)
    assert.is_truthy(err.message:find("^the journal cannot be written: journal "
      .. "'[^']*' is locked by process %d+$"), err.message)
    assert.are.equal(0, #box.requests)
    local waited = box.clock() - 1764000000
    assert.is_true(waited > 1.8 and waited < 2.3)
  end)

  it("is written once it is free", function()
    local box = service.new { post = { service.PLACED } }
    local sleep = box.world.sleep
    box.world.sleep = function(seconds)
      lock:release()
      return sleep(seconds)
    end
    local journal = journals.file(path)
    assert(client_of(box, journal):place_order(order_of "a",
                                               orders.options()))
    assert.are.equal(2, #journal:read())
  end)

  it("keeps no step of a queue", function()
    local box = service.new { post = { service.PLACED } }
    local client = client_of(box, journals.file(path))
    local queue = client:queue()
    local ticket = queue:add(order_of "a", orders.options())
    local before = core.clock()
    assert.are.equal(1, queue:step(0))
    assert.is_true(core.clock() - before < 1)
    assert.are.equal("waiting", ticket:status())
    lock:release()
    box.clock:advance(1)
    assert.are.equal(0, queue:step(0))
    assert.is_true(ticket:outcome().ok)
  end)

  it("leaves what became of an order to recover()", function()
    lock:release()
    local box = service.new { post = { service.PLACED } }
    local perform = box.world.perform
    box.world.perform = function(request)
      lock = assert(core.lock(path))
      return perform(request)
    end
    local journal = journals.file(path)
    local result, info = client_of(box, journal, { deadline = 3 })
      :place_order(order_of "a", orders.options())
    assert.are.equal(542772, result.id)
    assert.is_truthy(info.journal_error:find("is locked by", 1, true))
    assert.are.equal(1, #journal:open_orders())
  end)

  it("can be read", function()
    assert.are.same({ {}, 0 }, { journals.file(path):read() })
  end)
end)

describe("journal:compact", function()
  local function filled()
    local journal = journals.file(path)
    for i = 1, 20 do
      journal:write(intent("old" .. i, 9000))
      journal:write(outcome("old" .. i, i % 2 == 0 and "placed" or
                                        "not_placed", 8999, i))
    end
    journal:write(intent("open", 8000))
    journal:write(outcome("open", "unknown", 7999))
    journal:write(intent("young", 100))
    journal:write(outcome("young", "placed", 99, 77))
    return journal
  end
  local OLDER = { older = 3600, now = NOW }

  it("takes out what was closed long ago, and nothing else", function()
    local journal = filled()
    assert.are.equal(40, journal:compact(OLDER))
    assert.are.same({ "open", "open", "young", "young" },
                    shell.pick(journal:read(), "entry"))
    assert.are.same({ "open" }, shell.pick(journal:open_orders(), "entry"))
    assert.are.equal(0, journal:compact(OLDER))
    assert.are.same({ "journal" }, files.names(directory))
    assert.are.equal("600", shell.sure("stat -c %a " .. path))
  end)

  it("keeps what cannot be read, and a file's mode", function()
    local journal = filled()
    shell.sure("chmod 640 " .. path)
    files.write(path, "odd\n" .. files.read(path):gsub("old3", "odd3", 1))
    assert.are.equal(39, journal:compact(OLDER))
    local _, skipped = journal:read()
    assert.are.equal(2, skipped)
    assert.are.equal("640", shell.sure("stat -c %a " .. path))
  end)

  it("follows a link to the file", function()
    filled()
    shell.sure(("mv %s %s.real && ln -s %s.real %s"):format(path, path, path,
                                                           path))
    assert.are.equal(40, journals.file(path):compact(OLDER))
    assert.are.same({ "journal", "journal.real" }, files.names(directory))
    assert.are.equal(4, #journals.file(path):read())
  end)

  it("takes away what a crash has left beside the file", function()
    local journal = filled()
    shell.sure("ln -s /dev/full " .. path .. ".compact")
    assert.are.equal(40, journal:compact(OLDER))
    assert.are.same({ "journal" }, files.names(directory))
  end)

  it("leaves the file as it was where there is no room #limited", function()
    filled()
    local before = files.read(path)
    local said = shell.sure("trap '' XFSZ; ulimit -f 1; "
                            .. shell.process("compact", path))
    assert.are.equal(("journal '%s' cannot be written: File too large")
      :format(path):lower(), said:gsub(": [^:]*journal/file.lua:%d+", "")
      :lower())
    assert.are.equal(before, files.read(path))
    assert.are.same({ "journal" }, files.names(directory))
  end)

  it("loses nothing that others write meanwhile", function()
    filled()
    local parts = {}
    for i = 1, 3 do
      parts[i] = ("{ %s || echo failed; } &"):format(
        shell.process("write", path, "w" .. i .. "-", 60))
    end
    for _ = 1, 10 do
      parts[#parts + 1] = shell.process("compact", path) .. ";"
    end
    assert.are.equal("", shell.sure(table.concat(parts, " ") .. " wait"))
    local list, skipped = journals.file(path):read()
    assert.are.equal(0, skipped)
    assert.are.equal(3 * 60 + 4, #list)
  end)

  it("says who has the file, and what is wrong with its arguments", function()
    local journal = filled()
    for options, why in pairs {
      [{}] = "missing option 'older' to 'compact' (seconds)",
      [{ older = -1 }] = "bad option 'older' to 'compact' (non-negative number "
        .. "of seconds expected, got -1)",
      [{ olderr = 1 }] = "unknown option 'olderr' to 'compact'",
    } do
      local ok, message = pcall(function() journal:compact(options) end)
      assert.is_false(ok)
      assert.is_truthy(message:find(why, 1, true), message)
    end
    journal:close()
    assert.are.same({ nil, "the journal is closed" },
                    { journal:compact(OLDER) })
  end)
end)

describe("a journal of many lines", function()
  it("is read without holding them", function()
    local LINES = 60000
    journals.file(path):write(intent("e", 9000))
    journals.file(path):write(outcome("e", "placed", 8999, 7))
    local pair = files.read(path)
    local file = assert(io.open(path, "wb"))
    for _ = 1, LINES / 2 do
      file:write(pair)
    end
    file:close()
    local journal = journals.file(path)
    collectgarbage()
    collectgarbage()
    local before, most, count = collectgarbage("count"), 0, 0
    journal:_each(function()
      count = count + 1
      if count % 5000 == 0 then
        most = math.max(most, collectgarbage("count") - before)
      end
    end)
    assert.are.equal(LINES, count)
    assert.is_true(most < 20000, most) -- kB, of a file of 20 MB
    assert.are.same({ {}, 0 }, { journal:open_orders() })
  end)
end)
