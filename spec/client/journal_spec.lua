-- Journals: in a file and in memory, alone and shared by processes.

local csr = require "certcentral.csr"
local journal = require "certcentral.journal"
local support = require "spec.support.journal"

local quote, run, sure = support.quote, support.run, support.sure
local has_integers = math.type ~= nil
local BIG = 9007199254740991 -- 2^53 - 1

local directory, path

local makers = {
  { "file", function() return assert(journal.file(path)) end },
  { "memory", function() return journal.memory() end },
}

-- A journal of somebody else's: no more than the two methods.
local function foreign(list)
  return { write = function() return true end,
           read = function() return list, 0 end }
end

local function intent(entry, more)
  local line = { step = "intent", entry = entry, time = 1767225600 }
  for name, value in pairs(more or {}) do
    line[name] = value
  end
  return line
end

local function outcome(entry, what)
  return { step = "outcome", entry = entry, outcome = what }
end

-- name, entries, and the ids of the intents that are open then
local open_cases = {
  { "nothing", {}, {} },
  { "an intent", { intent "a" }, { "a" } },
  { "two, oldest first", { intent "b", intent "a" }, { "b", "a" } },
  { "one that was placed",
    { intent "a", intent "b", outcome("a", "placed") }, { "b" } },
  { "one that was not placed",
    { intent "a", intent "b", outcome("b", "not_placed") }, { "a" } },
  { "one that nobody knows of",
    { intent "a", outcome("a", "unknown") }, { "a" } },
  { "one that became known",
    { intent "a", outcome("a", "unknown"), outcome("a", "placed") }, {} },
  { "one that was known already",
    { intent "a", outcome("a", "placed"), outcome("a", "unknown") }, {} },
  { "an outcome of no intent", { outcome("a", "placed") }, {} },
  { "an outcome before its intent",
    { outcome("a", "placed"), intent "a" }, {} },
  { "an outcome of a new kind",
    { intent "a", outcome("a", "refunded") }, { "a" } },
  { "an outcome without an entry",
    { intent "a", { step = "outcome", outcome = "placed" } }, { "a" } },
  { "an intent that was written twice",
    { intent "a", intent "a" }, { "a" } },
  { "an intent without an entry", { { step = "intent" } }, {} },
  { "a step of a new kind",
    { intent "a", { step = "note", entry = "a", outcome = "placed" } },
    { "a" } },
  { "an empty entry", { {}, intent "a" }, { "a" } },
}

-- entry, what is said of it
local misuse_cases = {
  { nil, "table expected, got nil" },
  { "text", "table expected, got string" },
  { { 1 }, "bad name in the entry to 'write'.*got number" },
  { { [true] = 1 }, "bad name.*got boolean" },
  { { Step = "intent" }, "bad name.*got 'Step'" },
  { { [""] = 1 }, "bad name.*got ''" },
  { { ["a\nb"] = 1 }, "bad name.*got 'a\\x0Ab'" },
  { { ["a-b"] = 1 }, "bad name.*got 'a%-b'" },
  { { time = 1.5 }, "bad 'time'.*integer below 2%^53 expected, got 1%.5" },
  { { time = 0 / 0 }, "bad 'time'.*integer" },
  { { time = math.huge }, "bad 'time'.*integer" },
  { { time = -math.huge }, "bad 'time'.*integer" },
  { { time = 2.0 ^ 53 }, "bad 'time'.*integer" },
  { { time = -2.0 ^ 53 }, "bad 'time'.*integer" },
  { { list = {} }, "bad 'list'.*string, integer or boolean.*got table" },
  { { call = print }, "bad 'call'.*got function" },
}

local texts = {
  "", "plain", "\0", "a\nb\r\n", '"', "\\", "\\n", '","entry":"x', "/",
  "\127", "\1\31", "\195\188", "{}", "}\n{", ("x"):rep(100000),
}

local numbers = { 0, 1, -1, 17, 1767225600, 2147483648, BIG, -BIG,
                  -1234567890123 }
if has_integers then
  for _, digits in ipairs { "1234567890123456789", "9007199254740993",
                            "-9007199254740993" } do
    numbers[#numbers + 1] = tonumber(digits)
  end
  numbers[#numbers + 1] = math.maxinteger
  numbers[#numbers + 1] = math.mininteger
end

before_each(function()
  directory = support.directory()
  path = directory .. "/journal"
end)
after_each(function() support.remove(directory) end)

for _, maker in ipairs(makers) do
  local name, make = maker[1], maker[2]

  describe("a journal in " .. name, function()
    it("is a journal", function()
      assert.is_true(journal.is_journal(make()))
    end)

    it("is empty at first", function()
      assert.are.same({ {}, 0 }, { make():read() })
    end)

    it("keeps entries in their order", function()
      local j = make()
      local list = { intent("a", { flag = true, other = false }),
                     outcome("a", "unknown"), {}, { order_id = 542757 } }
      for _, entry in ipairs(list) do
        assert.are.same({ true }, { j:write(entry) })
      end
      assert.are.same({ list, 0 }, { j:read() })
    end)

    it("keeps every text", function()
      local j = make()
      for _, text in ipairs(texts) do
        assert(j:write { text = text })
      end
      assert.are.same(texts, support.pick(j:read(), "text"))
    end)

    it("keeps every integer", function()
      local j = make()
      for _, number in ipairs(numbers) do
        assert(j:write { number = number })
      end
      for i, entry in ipairs(j:read()) do
        assert.are.equal(numbers[i], entry.number)
        if has_integers then
          assert.are.equal("integer", math.type(entry.number))
        end
      end
    end)

    it("keeps what was written, whatever becomes of the table", function()
      local j, entry = make(), intent "a"
      j:write(entry)
      assert.are.same(intent "a", entry)
      entry.entry = "b"
      j:read()[1].entry = "c"
      assert.are.equal("a", j:read()[1].entry)
    end)

    it("does not ask metatables", function()
      local j = make()
      j:write(setmetatable({ entry = "a" }, { __index = error,
        __pairs = error, __len = error }))
      assert.are.same({ { entry = "a" } }, (j:read()))
    end)

    for _, case in ipairs(misuse_cases) do
      it("raises: " .. case[2], function()
        local j = make()
        local ok, message = pcall(function() j:write(case[1]) end)
        assert.is_false(ok)
        assert.truthy(message:find(case[2]), message)
        assert.truthy(message:find("^[^ ]*journal_spec%.lua:%d+: "), message)
        assert.are.same({}, (j:read()))
      end)
    end

    for _, case in ipairs(open_cases) do
      it("tells what is open: " .. case[1], function()
        local j = make()
        for _, entry in ipairs(case[2]) do
          assert(j:write(entry))
        end
        local open, skipped = j:open_orders()
        assert.are.same(case[3], support.pick(open, "entry"))
        assert.are.equal(0, skipped)
      end)
    end

    it("gives the whole intent", function()
      local j = make()
      local entry = intent("a", { alternative_order_id = "x", sha256 = "0",
                                  common_name = "www.example.com" })
      j:write(entry)
      assert.are.same({ entry }, (j:open_orders()))
    end)

    it("can be closed, twice", function()
      local j = make()
      j:write(intent "a")
      j:close()
      j:close()
      local closed = { nil, "the journal is closed" }
      assert.are.same(closed, { j:write(intent "b") })
      assert.are.same(closed, { j:read() })
      assert.are.same(closed, { j:open_orders() })
      assert.truthy(tostring(j):find("^certcentral%.journal .*%(closed%)$"))
    end)
  end)
end

describe("journal.open_orders", function()
  for _, case in ipairs(open_cases) do
    it("needs no more than read: " .. case[1], function()
      local open = journal.open_orders(foreign(case[2]))
      assert.are.same(case[3], support.pick(open, "entry"))
    end)
  end

  it("passes on how many entries could not be read", function()
    assert.are.same({ {}, 3 }, { journal.open_orders {
      read = function() return {}, 3 end } })
  end)

  it("passes over what is no table", function()
    assert.are.same({ { intent "a" }, 0 }, { journal.open_orders(
      foreign { 1, "x", false, intent "a" }) })
  end)

  local function fails(read, pattern)
    local open, message = journal.open_orders { read = read }
    assert.is_nil(open)
    assert.truthy(message:find(pattern), message)
  end

  it("returns why a journal cannot be read", function()
    fails(function() return nil, "no such table" end, "^no such table$")
    fails(function() return nil end, "nil")
    fails(function() return 17, {} end, "table")
    fails(function() error("lost the connection") end, "lost the connection")
    fails(nil, "nil")
  end)
end)

describe("journal.is_journal", function()
  local function method() end
  local methods = { write = method, read = method }
  for _, case in ipairs {
    { "the two methods", methods, true },
    { "inherited methods", setmetatable({}, { __index = methods }), true },
    { "write alone", { write = method }, false },
    { "read alone", { read = method }, false },
    { "a table in place of a method", { write = method, read = {} }, false },
    { "an empty table", {}, false },
    { "a file", io.stdout, true },
    { "a table that raises", setmetatable({}, { __index = error }), false },
    { "a path", "/tmp/journal", false },
    { "a function", method, false },
    { "a number", 17, false },
    { "true", true, false },
    { "nil", nil, false },
  } do
    it("knows " .. case[1], function()
      assert.are.equal(case[3], journal.is_journal(case[2]))
    end)
  end
end)

describe("a journal's file", function()
  local function lines()
    return support.read(path)
  end

  it("has one line of JSON for an entry, step first", function()
    local j = journal.file(path)
    j:write { time = 17, step = "intent", entry = "e", b = true, a = "\"\n",
              [("z"):rep(3)] = -5, c = false }
    j:write {}
    assert.are.equal('{"step":"intent","a":"\\"\\u000a","b":true,"c":false,'
      .. '"entry":"e","time":17,"zzz":-5,"sum":"32036c36"}\n'
      .. '{"sum":"a3a6bf43"}\n', lines())
  end)

  it("has integers without a fraction", function()
    local j = journal.file(path)
    j:write { a = 5.0, b = -0.0, c = 1e15, d = BIG }
    assert.are.equal('{"a":5,"b":0,"c":1000000000000000,'
      .. '"d":9007199254740991,"sum":"8cc80c3b"}\n', lines())
  end)

  it("is for its owner alone", function()
    journal.file(path)
    assert.are.equal("600", sure("umask 0; stat -c %a " .. quote(path)))
  end)

  it("is not left open", function()
    local j = journal.file(path)
    j:write(intent "a")
    j:read()
    j:write(intent "b")
    local open = sure("ls -l /proc/$PPID/fd")
    assert.truthy(open:find(" 0 -> ", 1, true), open)
    assert.is_nil(open:find(directory, 1, true))
  end)

  it("is begun anew and keeps what is there", function()
    journal.file(path):write(intent "a")
    journal.file(path):write(intent "b")
    assert.are.same({ "a", "b" },
      support.pick(journal.file(path):read(), "entry"))
  end)

  it("is found after a change of directory", function()
    local here = sure("pwd")
    local relative = "build/journal-" .. directory:match("[^/]*$")
    assert.are.equal("certcentral.journal (" .. here .. "/" .. relative
      .. ")", tostring(assert(journal.file(relative))))
    os.remove(relative)
  end)

  -- name, text, entries, lines that are none
  for _, case in ipairs {
    { "nothing", "", 0, 0 },
    { "a line", '{"a":1}\n', 1, 0 },
    { "white space", ' { "a" : 1 }\t\r\n', 1, 0 },
    { "an empty line", '\n{"a":1}\n', 1, 1 },
    { "a line without an end", '{"a":1}', 0, 1 },
    { "no JSON", 'hello\n{"a":1}\n', 1, 1 },
    { "a list", '[1]\n{"a":1}\n', 1, 1 },
    { "a number", '1\n"x"\nnull\n', 0, 3 },
    { "two objects in a line", '{}{}\n', 0, 1 },
    { "half a line within", '{"a":1}\n{"a":\n{"a":2}\n', 2, 1 },
    { "zeros", ("\0"):rep(9) .. '\n{"a":1}\n', 1, 1 },
    { "zeros at the end", '{"a":1}\n' .. ("\0"):rep(4096), 1, 1 },
    { "a zero behind an object", '{"a":1}\0\n', 0, 1 },
    { "not a number", '{"a":nan}\n{"a":Infinity}\n', 0, 2 },
    { "depth", ('{"a":'):rep(5000) .. "1" .. ("}"):rep(5000) .. "\n", 0, 1 },
  } do
    it("is read in spite of " .. case[1], function()
      support.write(path, case[2])
      local j = assert(journal.file(path))
      local list, skipped = j:read()
      assert.are.same({ case[3], case[4] }, { #list, skipped })
      assert.are.equal(case[4], select(2, j:open_orders()))
      assert.are.equal(case[2], lines())
      assert(j:write(intent "new"))
      list, skipped = j:read()
      assert.are.equal("new", list[#list].entry)
      assert.is_true(skipped <= case[4])
    end)
  end

  -- digits, and what they are in Lua 5.4 and without integers
  for _, case in ipairs {
    { "9007199254740991", BIG, BIG },
    { "1234567890123456789", has_integers and
      tonumber("1234567890123456789"), "1234567890123456789" },
    { "-9007199254740993", has_integers and
      tonumber("-9007199254740993"), "-9007199254740993" },
    { "123456789012345678901", "123456789012345678901",
      "123456789012345678901" },
    { "1e300", 1e300, 1e300 },
  } do
    it("gives " .. case[1] .. " or its digits", function()
      support.write(path, ('{"a":"\\"id\\":1}","id": %s ,"b":%s}\n')
        :format(case[1], case[1]))
      local entry = journal.file(path):read()[1]
      local expected = case[has_integers and 2 or 3]
      assert.are.same({ a = '"id":1}', id = expected, b = expected }, entry)
    end)
  end

  it("survives a cut at any byte of its last line", function()
    local j = journal.file(path)
    j:write(intent("first", { order_id = BIG }))
    local first = lines()
    j:write(intent("cut", { common_name = 'a"\\\n\195\188' }))
    local text = lines()
    for cut = #first, #text - 1 do
      support.write(path, text:sub(1, cut))
      local list, skipped = j:read()
      assert.are.same({ "first" }, support.pick(list, "entry"))
      assert.are.equal(cut == #first and 0 or 1, skipped)
      assert(j:write(intent "next"))
      list, skipped = j:read()
      local whole = cut == #text - 1
      assert.are.same(whole and { "first", "cut", "next" } or
        { "first", "next" }, support.pick(list, "entry"))
      assert.are.equal((cut == #first or whole) and 0 or 1, skipped)
      assert.are.equal(text:sub(1, cut), lines():sub(1, cut))
    end
  end)

  it("that was moved away is begun again", function()
    local j = journal.file(path)
    j:write(intent "a")
    assert(os.rename(path, path .. ".1"))
    assert.are.same({ {}, 0 }, { j:read() })
    assert(j:write(intent "b"))
    assert.are.same({ "b" }, support.pick(j:read(), "entry"))
    assert.are.same({ "a" },
      support.pick(journal.file(path .. ".1"):read(), "entry"))
    assert.are.equal("600", sure("stat -c %a " .. quote(path)))
  end)

  it("whose directory went is not written", function()
    local j = journal.file(path)
    support.remove(directory)
    local ok, message = j:write(intent "a")
    assert.is_nil(ok)
    assert.are.equal(("journal '%s' cannot be opened: no such file or "
      .. "directory"):format(path), message)
  end)

  -- path, what is said
  for _, case in ipairs {
    { "/dev/null/journal", "not a directory" },
    { "/proc/journal", "no such file or directory" },
    { "%s/none/journal", "no such file or directory" },
    { "%s", "is a directory" },
    { "%s/journal/", "is a directory" },
    { "/" .. ("x"):rep(256), "file name too long" },
    { "/" .. ("x/"):rep(4000), "file name too long" },
  } do
    it("cannot be " .. case[1]:sub(1, 20), function()
      local j, message = journal.file((case[1]:format(directory)))
      assert.is_nil(j)
      assert.truthy(message:find("^journal '/[^']*' cannot be opened: "
                                 .. case[2] .. "$"), message)
    end)
  end

  for _, case in ipairs {
    { nil, "got nil" }, { 17, "got number" }, { {}, "got table" },
    { "", "got an empty string" }, { "a\0b", "got a string with a NUL" },
    { "\0b", "got a string with a NUL" },
  } do
    it("raises where the path is wrong: " .. case[2], function()
      local ok, message = pcall(function() journal.file(case[1]) end)
      assert.is_false(ok)
      assert.truthy(message:find("^[^ ]*journal_spec%.lua:%d+: bad argument "
        .. "'path' to 'file' %(path expected, " .. case[2] .. "%)$"), message)
    end)
  end
end)

describe("a disk that takes nothing", function()
  it("is told of: full", function()
    sure("ln -s /dev/full " .. quote(path))
    local j = assert(journal.file(path))
    assert.are.same({ nil, ("journal '%s' cannot be written: no space left "
      .. "on device"):format(path) }, { j:write(intent "a") })
    assert.are.same({ {}, 0 }, { j:read() })
  end)

  -- What cannot be flushed is not on a disk.
  it("is told of: nothing that keeps it", function()
    local j = assert(journal.file("/dev/null"))
    assert.are.same({ nil, "journal '/dev/null' cannot be flushed: invalid "
      .. "argument" }, { j:write(intent "a") })
  end)

  it("is told of: read-only, for root as well", function()
    local j, message = journal.file("/dev/pts/journal")
    assert.is_nil(j)
    assert.truthy(message:find("cannot be opened: permission denied$") or
                  message:find("cannot be opened: read%-only file system$"),
                  message)
  end)

  -- The limit lies within a line, so that half of it can be written.
  for _, case in ipairs {
    { "a line", "" }, { "a cut line", '{"step":"int' },
    { "an odd line", ("x"):rep(100) .. "\n" },
  } do
    it("leaves no part of a line behind " .. case[1] .. " #limited", function()
      support.write(path, case[2])
      local said = sure("trap '' XFSZ; ulimit -f 1; "
                        .. support.process("fill", path))
      local count, message = said:match("^(%d+) (.*)$")
      count = tonumber(count)
      assert.truthy(count > 5, said)
      assert.are.equal(("journal '%s' cannot be written: file too large")
        :format(path), message)
      local text = support.read(path)
      assert.are.equal(case[2], text:sub(1, #case[2]))
      assert.are.equal("\n", text:sub(-1))
      local list, skipped = journal.file(path):read()
      assert.are.equal(count, #list)
      assert.are.equal(case[2] == "" and 0 or 1, skipped)
      assert.are.equal("e" .. count - 1, list[count].entry)
    end)
  end

  it("leaves a file as it was where not even a byte fits #limited", function()
    local text = ("x"):rep(512)
    support.write(path, text)
    local said = sure("trap '' XFSZ; ulimit -f 1; "
                      .. support.process("fill", path))
    assert.truthy(said:find("^0 .*file too large"), said)
    assert.are.equal(text, support.read(path))
  end)
end)

describe("processes that share a file", function()
  it("lose nothing and tear nothing", function()
    local WRITERS, LINES = 6, 200
    local parts = {}
    for i = 1, WRITERS do
      parts[i] = ("{ %s || echo failed; } &"):format(
        support.process("write", path, "w" .. i .. "-", LINES))
    end
    assert.are.equal("", sure(table.concat(parts, " ") .. " wait"))
    local list, skipped = journal.file(path):read()
    assert.are.equal(0, skipped)
    assert.are.equal(WRITERS * LINES, #list)
    local last = {}
    for _, entry in ipairs(list) do
      local expected = (last[entry.writer] or 0) + 1
      last[entry.writer] = expected
      assert.are.equal(expected, entry.number)
      assert.are.equal(entry.writer .. expected, entry.entry)
      assert.are.equal(expected % 40 == 0 and 9000 or expected % 7,
                       #entry.filler / #entry.writer)
    end
  end)

  it("wait for one that is writing", function()
    local half = "printf %s '" .. '{"step":"intent","ent'
      .. "' >>" .. quote(path)
    local rest = "printf '%s\\n' '" .. 'ry":"other"}' .. "' >>" .. quote(path)
    support.locked(path, half, support.process("write", path, "w", 1), rest)
    local list, skipped = journal.file(path):read()
    assert.are.same({ "other", "w1" }, support.pick(list, "entry"))
    assert.are.equal(0, skipped)
  end)

  it("do not read what is being written", function()
    local half = "printf %s '" .. '{"step":"intent","ent'
      .. "' >>" .. quote(path)
    local rest = "printf '%s\\n' '" .. 'ry":"other"}' .. "' >>" .. quote(path)
    assert.are.equal("0 0", (support.locked(path,
      half .. "; " .. support.process("read", path), ":", rest)))
  end)

  it("follow where it was moved away meanwhile", function()
    journal.file(path):write(intent "old")
    support.locked(path, ":", support.process("write", path, "w", 1),
      ("mv %s %s"):format(quote(path), quote(path .. ".1")))
    assert.are.same({ "w1" },
      support.pick(journal.file(path):read(), "entry"))
    assert.are.same({ "old" },
      support.pick(journal.file(path .. ".1"):read(), "entry"))
  end)
end)

describe("csr.sha256", function()
  for _, case in ipairs {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    { ("a"):rep(1000000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
    { "\0",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
  } do
    it("knows the hash of " .. #case[1] .. " bytes", function()
      assert.are.equal(case[2], csr.sha256(case[1]))
    end)
  end

  for _, value in ipairs { 17, {}, true } do
    it("raises for a " .. type(value), function()
      assert.is_false((pcall(csr.sha256, value)))
    end)
  end

  it("agrees with another program", function()
    support.write(path, ("certificate\n"):rep(4321))
    local output, status = run("sha256sum " .. quote(path))
    assert.are.equal(0, status)
    assert.are.equal(output:match("^%x+"),
                     csr.sha256(support.read(path)))
  end)
end)
