-- For csrc/test/lua_memory.c: every public call, and what is expected of it
-- when memory runs out. `attempt`, `expect` and `owns_malloc` come from
-- there.

local attempt, expect = attempt, expect -- luacheck: ignore
local owns_malloc = owns_malloc -- luacheck: ignore

-- LuaJIT itself crashes when memory runs out in what it has compiled.
if jit then
  jit.off()
end

local calls = {}

local BODY = '{"id":542772,"requests":[{"id":922432,"status":"pending"}]}'

local function order()
  return {
    certificate = { common_name = "example.com", signature_hash = "sha256",
                    csr = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n"
                      .. "-----END CERTIFICATE REQUEST-----" },
    order_validity = { years = 1 }, organization = { id = 1 },
    payment_method = "card", alternative_order_id = "memory-1",
    credit_card = { number = "4111111111111111", cvv = 333,
                    expiration_month = 1, expiration_year = 2099,
                    cardholder_name = "Jill Valentine" },
    billing_address = { address = "1 Street", city = "Lehi", country = "us" },
  }
end

local function real_order()
  local result = order()
  local file = assert(io.open("spec/cases/csr/good/p256.pem", "rb"))
  result.certificate.csr = file:read("*a")
  file:close()
  return result
end

local function bad_order()
  local result = order()
  result.payment_method, result.comon_name = "cash", "x"
  result.certificate.common_name = "intranet.local"
  result.certificate.dns_names = { "a..b", 5, "ok.example.com" }
  return result
end

-- ---- the calls -------------------------------------------------------------

local NO_CSR = { check_csr = false, now = 1780315200 }

local function names_of(list)
  local names = {}
  for i, entry in ipairs(list) do
    names[i] = entry.path .. " " .. entry.code
  end
  return table.concat(names, ", ")
end

local posts -- requests that the transport got, since it was last asked

-- The order that is reissued, and the list of its reissues.
local READ = {
  ["/order/certificate/542772$"] = '{"id":542772,"status":"issued",'
    .. '"certificate":{"common_name":"example.com","dns_names":[]}}',
  ["/order/certificate/542772/reissue$"] = '{"certificates":[]}',
}

local function transport(request)
  posts = posts + (request.method == "POST" and 1 or 0)
  for path, body in pairs(request.method == "GET" and READ or {}) do
    if request.url:find(path) then
      return { status = 200, headers = {}, body = body }
    end
  end
  if request.url:find("/order/alternate/", 1, true) then
    return { status = 404, headers = {},
             body = '{"errors":[{"code":"not_found|order"}]}' }
  end
  return { status = 201, headers = { a = "b" }, body = BODY }
end

local function client(certcentral, more)
  -- a world in which waiting takes no time
  local clock = require("certcentral.sandbox.clock").new()
  local options = { api_key = "canary-key", transport = {
    perform = transport, clock = clock, time = clock, sleep = clock.sleep } }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return assert(certcentral.new(options))
end

-- What a call says of itself, made after it is over.
local function placed(result, info)
  return ("%d %s %d"):format(result.id, info.alternative_order_id,
                             #info.warnings)
end

local function add(name, prepare, call, tell)
  calls[#calls + 1] = { name = name, prepare = prepare, call = call,
                        tell = tell or tostring }
end

local function use(module)
  return function() return (require(module)) end
end

local main = use "certcentral"

add("validate", main, function(c) return c.validate(order(), NO_CSR) end)
add("validate what is bad", main, function(c)
  local _, err = c.validate(bad_order(), NO_CSR)
  return err
end, function(err) return names_of(err.problems) end)
add("validate a CSR", main, function(c)
  return c.validate(real_order(), { now = 1780315200 })
end)
add("encode", main, function(c) return c.encode(order(), NO_CSR) end)
add("request", main, function(c) return c.request(order(), NO_CSR) end,
    function(request) return request.path .. request.body end)
add("fields", main, function(c)
  local count = 0
  for _ in c.fields() do
    count = count + 1
  end
  return count
end)
add("help", main, function(c) return c.help() .. c.help("certificate") end)
add("redact", main, function(c) return c.redact(order()) end,
    function(copy) return copy.credit_card .. copy.payment_method end)
add("date", main, function(c) return c.date(1780315200) end)
add("order_from_csr", main, function(c)
  return c.order_from_csr(real_order().certificate.csr)
end, function(made) return made.certificate.common_name end)
add("new", main, function(c) return client(c) end, function(made)
  made:close()
  return tostring(made)
end)
add("place_order", function()
  return client((require "certcentral"))
end, function(made) return made:place_order(order(), NO_CSR) end, placed)
add("place_order with events and a journal", function()
  local memory = require("certcentral.journal").memory
  return client(require("certcentral"), {
    on_event = function(event) return tostring(event.event) end,
    journal = memory and memory() or nil,
  })
end, function(made) return made:place_order(order(), NO_CSR) end, placed)
add("place_order, all at once", main, function(c)
  return c.place_order(order(), { api_key = "canary-key", check_csr = false,
    now = 1780315200, transport = transport })
end, placed)
-- A store in files keeps a note of what may have been sent, as it should.
add("ensure_order", function()
  return client(require("certcentral"),
                { store = require("certcentral.store").memory() })
end, function(made) return made:ensure_order(order(), NO_CSR) end, placed)
add("place_orders", function() return client((require "certcentral")) end,
    function(made)
  local outcome = made:place_orders({ order() }, NO_CSR)[1]
  return outcome.result, outcome.err or outcome.info
end, placed)
add("a queue", function() return client((require "certcentral")) end,
    function(made)
  local queue = made:queue()
  local ticket = queue:add(order(), NO_CSR)
  while queue:step(1) > 0 do end
  queue:close()
  local outcome = ticket:outcome()
  return outcome.result, outcome.err or outcome.info
end, placed)

-- Every order that was added gets its outcome once, whatever happens to the
-- steps.
local function queue_case(more)
  return function()
    local made = client(require("certcentral"),
                        type(more) == "function" and more() or more)
    return { client = made, queue = made:queue(), told = {}, count = 0 }
  end, function(subject)
    local queue, told = subject.queue, subject.told
    for _ = 1, 1000 do
      if queue:step(0.01) == 0 then
        break
      end
    end
    local outcome
    local given = order()
    subject.count = subject.count + 1
    given.alternative_order_id = ("queue-%d"):format(subject.count)
    local ticket = queue:add(given, NO_CSR, function(got, ticket)
      told[ticket] = (told[ticket] or 0) + 1
      outcome = got
    end)
    for _ = 1, 1000 do
      if queue:step(0.01) == 0 then
        break
      end
    end
    expect(told[ticket] == 1, "an outcome is told once")
    return outcome.result or outcome.err.kind, outcome.info or outcome.err
  end
end

local prepare, call = queue_case()
add("a queue that stays", prepare, call, type)
prepare, call = queue_case {
  base_url = "https://127.0.0.1:1", rate = false, retry = { attempts = 1 },
  transport = "curl" }
add("a queue that stays, over libcurl, to nobody", prepare, call)
-- Where memory runs out in LuaJIT's own string.sub, LuaJIT 2.1 (as of 2023)
-- puts the error at L->top of an earlier call, which may be where that
-- function's frame has its return address, and crashes.
if not rawget(_G, "jit") then
  prepare, call = queue_case(function()
    local path = ("%s/memory-%d.journal"):format(
      os.getenv("CERTCENTRAL_STATE") or "/tmp",
      require("certcentral.core").process())
    os.remove(path)
    return { base_url = "https://127.0.0.1:1", rate = false,
             retry = { attempts = 1 }, transport = "curl",
             journal = assert(require("certcentral.journal").file(path)) }
  end)
  add("a queue that stays, over libcurl, with a journal in a file", prepare,
      call)
end
add("recover", function()
  local memory = require("certcentral.journal").memory
  return client(require("certcentral"), { journal = memory() })
end, function(made) return made:recover() end, function(list) return #list end)
add("ask", function() return client((require "certcentral")) end,
    function(made) return made:order(542772) end,
    function(answer) return ("%d"):format(answer.id) end)
add("reissue", function() return client((require "certcentral")) end,
    function(made)
  return made:reissue(542772, { certificate = real_order().certificate,
                                comments = "x" }, { allow_names = true })
end, function(result, info)
  return ("%d %d"):format(result.id, #info.warnings)
end)
add("ensure_reissue", function()
  return client(require("certcentral"), { store = false, rate = false })
end, function(made)
  local certificate = real_order().certificate
  certificate.dns_names = nil
  return made:ensure_reissue(542772, { certificate = certificate })
end, function(result, info)
  return ("%d %s"):format(result.id, tostring(info.existed))
end)
add("reissue what is bad", function()
  return client((require "certcentral"))
end, function(made)
  local certificate = bad_order().certificate
  certificate.comon_name = "x"
  local _, err = made:reissue(542772, { certificate = certificate,
                                        payment_method = "card" })
  return err
end, function(err) return names_of(err.problems) end)
add("create_organization", function()
  return client((require "certcentral"))
end, function(made)
  return made:create_organization({
    name = "Example Inc.", country = "us", address = "1 Street",
    city = "Lehi", state = "Utah", zip = "84043", telephone = "1",
    organization_contact = { first_name = "Jill", last_name = "Valentine",
                             email = "jill@example.com" },
  }, { validations = { "ov", "ev" } })
end, function(answer) return ("%d"):format(answer.id) end)
add("place_order over libcurl, to nobody", function()
  return assert(require("certcentral").new {
    api_key = "canary-key", base_url = "https://127.0.0.1:1", rate = false,
    retry = { attempts = 1 } })
end, function(made)
  local _, err = made:place_order(order(), NO_CSR)
  return err
end, function(err) return err.kind .. tostring(err.retryable) end)

-- ---- each function of the C modules ----------------------------------------

local function bytes_of(name)
  local file = assert(io.open("spec/cases/csr/" .. name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- Read here: Lua's own read of a longer file is of no use any more in a state
-- in which it once ran out of memory.
local REQUEST = bytes_of "good/p256.pem"
local CERTIFICATE = bytes_of "bad/certificate.pem"

-- What a call leaves when it fails is taken away by the next one.
local function on_file(f)
  return function(module)
    local path = ("%s/certcentral-memory-%d"):format(
      os.getenv("TMPDIR") or "/tmp", require("certcentral.core").process())
    os.remove(path)
    local first, second, third = f(module, path)
    os.remove(path)
    return first, second or third
  end
end

-- true, or nil and why, of what makes something that is to be closed.
local function closed(object, why, close)
  if not object then
    return nil, why or "none"
  end
  close(object)
  return true
end

-- A boolean of which one may stand for memory that ran out.
local function surely(expected, got, why)
  if got == expected then
    return expected
  end
  return nil, why or "the other one"
end

local FUNCTIONS = {
  core = {
    absolute = function(c) return c.absolute("LICENSE") end,
    address = function(c) return c.address("2606:4700:4700:0::1111") end,
    append = on_file(function(c, path) return c.append(path, "a line\n") end),
    check = function(c) return c.check(order(), nil, true, true) ~= nil end,
    clock = function(c) return type(c.clock()) end,
    crc32 = function(c) return c.crc32("123456789") end,
    create = on_file(function(c, path) return c.create(path) end),
    directory = on_file(function(c, path) return c.directory(path) end),
    date = function(c) return (c.date(20604)) end,
    day = function(c) return c.day(2026, 5, 31) end,
    days_in = function(c) return c.days_in(2028, 2) end,
    fields = function(c) return #c.fields() end,
    in_format = function(c) return c.in_format("host", "a.example") end,
    is_file_name = function(c) return c.is_file_name("request.csr") end,
    is_placeholder = function(c) return c.is_placeholder("n/a") end,
    is_private = function(c) return c.is_private("LICENSE") end,
    is_root = function(c) return c.is_root() end,
    is_terminal = function(c) return c.is_terminal(0) end,
    lock = on_file(function(c, path)
      local lock, why = c.lock(path)
      return closed(lock, why, function()
        lock:note("a note")
        lock:release(true)
      end)
    end),
    lower = function(c) return c.lower("A.Example") end,
    modified = function(c) return c.modified("LICENSE") end,
    path = function(c) return c.path("ssl_basic") end,
    printable = function(c) return c.printable("a\nb", 60) end,
    process = function(c) return c.process() end,
    random_id = function(c) return type(c.random_id(8)) end,
    real_path = function(c) return c.real_path("LICENSE") end,
    replace = on_file(function(c, path)
      local made, why = c.create(path)
      return made and c.replace(path, path), why
    end),
    root_alone_reads = function(c) return c.root_alone_reads("LICENSE") end,
    secret = function(c) return c.secret("canary-key"):reveal() end,
    sleep = function(c) return c.sleep(0) == nil end,
    answer = function(c) return c.answer({ a = { b = 1 } }).a.b end,
    upper = function(c) return c.upper("a.example") end,
  },
  csr = {
    check = function(c) return c.check(REQUEST) end,
    generate = function(c)
      local made, why = c.generate { common_name = "example.com" }
      return made and type(made), why
    end,
    inspect = function(c)
      local facts, why = c.inspect(REQUEST)
      return facts and facts.sha256, why
    end,
    sha256 = function(c) return c.sha256("abc") end,
  },
  curl = {
    new = function(c)
      local handle, why = c.new {}
      return closed(handle, why, function() handle:close() end)
    end,
    multi = function(c)
      local multi, why = c.multi {}
      return closed(multi, why, function() multi:close() end)
    end,
  },
  x509 = {
    chain = function(c)
      local chain, why = c.chain(CERTIFICATE, 1780315200, REQUEST, "a")
      return chain and chain.leaf, why
    end,
    check = function(c) return c.check(REQUEST) end,
    fits_csr = function(c)
      return surely(false, c.fits_csr(CERTIFICATE, REQUEST))
    end,
    fits_key = function(c)
      return surely(false, c.fits_key(CERTIFICATE, { text = "none" }))
    end,
    generate = function(c)
      local made, why, more = c.generate { key = "ec-p256",
                                           dns_names = { "example.com" } }
      return made and type(made), why or more
    end,
    has_name = function(c)
      return surely(false, c.has_name(CERTIFICATE, "a.example.org"))
    end,
    inspect = function(c)
      local facts, why = c.inspect(REQUEST)
      return facts and facts.sha256, why
    end,
    judge = function(c)
      local names, why, more = c.judge(REQUEST)
      return names, why or more
    end,
    mac = function(c)
      return c.mac(require("certcentral.core").secret("canary-key"), "text")
    end,
    save = on_file(function(c, path)
      return c.save { { path = path, text = "text", is_key = true } }
    end),
    sha256 = function(c) return c.sha256("abc") end,
  },
}

-- In the order of their names: a call is known by its place.
for _, module in ipairs { "core", "csr", "curl", "x509" } do
  local names = {}
  for name in pairs(FUNCTIONS[module]) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    add(module .. "." .. name, use("certcentral." .. module),
        FUNCTIONS[module][name])
  end
end

-- Every function of the C modules, and of certcentral.csr, is among the calls.
local function expect_all()
  for module, known in pairs(FUNCTIONS) do
    for name, value in pairs(require("certcentral." .. module)) do
      expect(type(value) ~= "function" or known[name],
             ("%s.%s is not called here"):format(module, name))
    end
  end
end

-- ---- running them ----------------------------------------------------------

-- One try with the allocations failing after n: whether one failed.
local function try(case, subject, n, in_c, reference)
  posts = 0
  local results = { attempt(in_c, n, function() return case.call(subject) end) }
  local reached, ok, first = results[1], results[2], results[3]
  local where = ("%s, %s allocation %d"):format(case.name,
                                                in_c and "C" or "Lua", n)
  expect(posts <= 1, where .. ": " .. posts .. " orders were sent")
  if not reached then
    expect(ok, where .. ": " .. tostring(first))
  end
  if ok and first ~= nil then
    local good, told = pcall(case.tell, first, results[4])
    expect(good and told == reference, where .. ": " .. tostring(told)
           .. " instead of " .. tostring(reference))
  elseif ok then
    expect(type(results[4]) == "table" or type(results[4]) == "string",
           where .. ": neither a result nor an error")
  else
    expect(first ~= nil, where .. ": no error value")
  end
  return reached
end

local function again(case, subject, reference, where)
  posts = 0
  local results = { pcall(case.call, subject) }
  local good, told = pcall(case.tell, results[2], results[3])
  expect(good and told == reference,
         ("%s: not usable after %s: %s"):format(case.name, where,
                                                tostring(results[3] or told)))
end

-- n = 0, 1, 2 ... and after the first two hundred in growing steps.
local function all_of(case, in_c)
  local subject = case.prepare()
  posts = 0
  local results = { pcall(case.call, subject) }
  local _, reference = pcall(case.tell, results[2], results[3])
  expect(results[1] and reference ~= nil, case.name .. ": with memory: "
         .. tostring(results[2]))
  local n, reached = 0, true
  while reached do
    reached = try(case, subject, n, in_c, reference)
    again(case, subject, reference, "allocation " .. n)
    n = n + 1 + (n > 200 and math.floor(n / 50) or 0)
  end
  return reference
end

local runs = {}

--- The call `i`, again and again in this state: whether there is one.
function runs.warm(i)
  local case = calls[i]
  if i == 1 then
    expect_all()
  end
  if case then
    all_of(case, false)
    if owns_malloc then
      all_of(case, true)
    end
  end
  return case ~= nil
end

-- In Lua 5.1 a module that failed to load is not loaded again by itself: a
-- mark stands in its place (of an odd type in LuaJIT).
local function forget_failed()
  for name, module in pairs(package.loaded) do
    if type(module) == "userdata" or type(module) == "number" then
      package.loaded[name] = nil
    end
  end
end

local function cold_call(case)
  return function()
    return case.call(case.prepare())
  end
end

-- What holds C memory lets it go, even where its type was half made.
local function expect_released(name, n)
  for type_name, meta in pairs(debug.getregistry()) do
    if type(type_name) == "string" and type_name:find("^certcentral%.") and
       type(meta) == "table" then
      expect(rawget(meta, "__gc"), ("cold %s: %s has no __gc after %d")
                                   :format(name, type_name, n))
    end
  end
end

--- The call `i` in a state that has loaded nothing: whether to go on.
function runs.cold(i, n)
  local case = calls[i]
  if not case then
    return false
  end
  posts = 0
  local fresh = { name = "cold " .. case.name, call = cold_call(case),
                  tell = function() return "" end }
  local reached = try(fresh, nil, n, false, "")
  forget_failed()
  local results = { pcall(cold_call(case)) }
  local good, told = pcall(case.tell, results[2], results[3])
  expect_released(case.name, n)
  expect(results[1] and good,
         ("%s: not usable in a state that failed at %d: %s"):format(
           fresh.name, n, tostring(results[2] or told)))
  return reached
end

return runs
