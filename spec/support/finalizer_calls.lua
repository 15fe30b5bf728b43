-- For csrc/test/lua_finalizers.c: the library called while a finalizer uses,
-- closes or changes what the call works with, at each moment at which it may
-- run. `at_point`, `expect`, `stored` and `url` come from there.

local at_point, expect = at_point, expect -- luacheck: ignore
local stored, url = stored, url -- luacheck: ignore

if jit then
  jit.off() -- what is compiled calls Lua's functions some other way
end

local certcentral = require "certcentral"
local core = require "certcentral.core"
local curl = require "certcentral.curl"
local x509 = require "certcentral.x509"

local NO_CSR = { check_csr = false, now = 1780315200 }

-- Makes garbage whose finalizer is f. LuaJIT finalizes userdata only.
-- Returns a function after which f is not called any more.
local function drop(f)
  local function once()
    if f then
      local call = f
      f = nil
      call()
    end
  end
  if newproxy then -- luacheck: ignore
    getmetatable(newproxy(true)).__gc = once -- luacheck: ignore
  else
    setmetatable({}, { __gc = once })
  end
  return function() f = nil end
end

local last = 0

-- The names of orders that the server numbers.
local function next_id()
  last = last + 1
  return last
end

local function order(id)
  return {
    certificate = { common_name = "example.com", signature_hash = "sha256",
                    csr = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n"
                      .. "-----END CERTIFICATE REQUEST-----" },
    order_validity = { years = 1 }, organization = { id = 1 },
    payment_method = "balance", alternative_order_id = "n-" .. id,
  }
end

local function request(id)
  return { method = "POST", url = url .. "/", timeout = 30,
           headers = { ["X-A"] = "b" .. id }, body = ('"n-%d"'):format(id) }
end

-- What is wrong with an answer to that request, or nil.
local function wrong(response, id)
  if response.status ~= 201 or tonumber(response.body:match("%d+")) ~= id then
    return ("order %d got %s %s"):format(id, tostring(response.status),
                                         response.body)
  end
  local number = ("%d"):format(id)
  for i = 0, 58 do
    local value = response.headers["x-h-" .. i]
    if value ~= (i == 0 and number .. ", " .. number or number) then
      return ("order %d: header %d is %s"):format(id, i, tostring(value))
    end
  end
end

local function good(response, id, where)
  local why = wrong(response, id)
  expect(not why, ("%s: %s"):format(where, tostring(why)))
end

-- ---- the cases --------------------------------------------------------------

-- prepare() -> subject; call(subject, id) runs as the finalizer does
-- meanwhile(subject, id); check(subject, id, where, ok, ...) judges what pcall
-- gave.
local cases = {}

local function add(name, prepare, call, meanwhile, check)
  cases[#cases + 1] = { name = name, prepare = prepare, call = call,
                        meanwhile = meanwhile, check = check }
end

-- ---- a handle ----

local function handle()
  return assert(curl.new { proxy = "" })
end

local function perform(subject, id)
  return subject:perform(request(id))
end

local function check_answer(_, id, where, ok, response, failure)
  expect(ok and response, ("%s: %s"):format(where,
    tostring(ok and failure and failure.message or response)))
  if ok and response then
    good(response, id, where)
  end
end

add("perform within perform", handle, perform, function(subject)
  local id = next_id()
  good(assert(subject:perform(request(id))), id, "within perform")
end, check_answer)

add("close within perform", handle, perform, function(subject)
  subject:close()
end, function(subject, id, where, ok, response, failure)
  if stored(id) == 0 then -- closed before it began
    expect(not ok, where .. ": an answer to what was not sent")
  else
    check_answer(subject, id, where, ok, response, failure)
  end
end)

add("perform, its request emptied meanwhile", function()
  return { handle = handle() }
end, function(subject, id)
  subject.request = request(id)
  return subject.handle:perform(subject.request)
end, function(subject)
  for name in pairs(subject.request and subject.request.headers or {}) do
    subject.request.headers[name] = nil
  end
  collectgarbage()
end, function(subject, id, where, ok, response, failure)
  check_answer(subject, id, where, ok, response, failure)
end)

add("curl.new, its key wiped meanwhile", function()
  return core.secret(("k"):rep(100))
end, function(secret)
  return curl.new { api_key = secret, proxy = "" }
end, function(secret)
  secret:wipe()
end, function(_, _, where, ok, made)
  expect((ok and tostring(made):find("open", 1, true)) or
         (not ok and tostring(made):find("empty or closed", 1, true)),
         where .. ": " .. tostring(made))
end)

-- ---- a multi ----

local COUNT = 6

local function multi()
  local subject = { multi = assert(curl.multi { proxy = "" }), ids = {},
                    seen = {} }
  for _ = 1, COUNT do
    local id = next_id()
    subject.ids[assert(subject.multi:add(request(id)))] = id
  end
  -- all of them are answered by one step
  for _ = 1, 200 do
    local waits = false
    for _, id in pairs(subject.ids) do
      waits = waits or stored(id) == 0
    end
    if not waits then
      break
    end
    subject.early = subject.early or {}
    for _, result in ipairs(subject.multi:step(0.05)) do
      subject.early[#subject.early + 1] = result
    end
  end
  return subject
end

local function take(subject, list, where)
  for _, result in ipairs(list) do
    local id = subject.ids[result.id]
    expect(id and not subject.seen[result.id],
           where .. ": a result is handed out twice")
    subject.seen[result.id] = true
    if id and result.response then
      good(result.response, id, where)
    else
      expect(false, where .. ": " .. result.failure.message)
    end
  end
end

local function step(subject)
  return subject.multi:step(5)
end

local function check_all(subject, _, where, ok, list)
  expect(ok, where .. ": " .. tostring(list))
  take(subject, subject.early or {}, where)
  take(subject, ok and list or {}, where)
  for _ = 1, 100 do
    if subject.closed or subject.multi:count() == 0 then
      break
    end
    take(subject, subject.multi:step(5), where)
  end
  local count = 0
  for _ in pairs(subject.seen) do
    count = count + 1
  end
  expect(subject.closed or count == COUNT,
         ("%s: %d results of %d"):format(where, count, COUNT))
end

add("step within step", multi, step, function(subject)
  take(subject, subject.multi:step(0), "within step")
end, check_all)

add("add within step, and within fds", multi, function(subject)
  local list = subject.multi:step(5)
  subject.multi:fds()
  return list
end, function(subject)
  for _ = 1, 5 do
    local id = next_id()
    subject.ids[assert(subject.multi:add(request(id)))] = id
  end
  take(subject, subject.multi:step(0), "within step")
  subject.added = 5
end, function(subject, id, where, ok, list)
  subject.closed = true -- more than COUNT
  check_all(subject, id, where, ok, list)
end)

add("close within step", multi, step, function(subject)
  subject.closed = true
  subject.multi:close()
end, function(subject, id, where, ok, list)
  if ok then
    check_all(subject, id, where, ok, list)
  else
    expect(subject.closed and tostring(list):find("closed multi", 1, true),
           where .. ": " .. tostring(list))
  end
end)

-- What is on its way when an error cuts the step short comes with the next.
add("an error within step", multi, function(subject)
  return subject.multi:step(5)
end, function()
  if jit then -- only there an error in a finalizer goes on
    error("within step")
  end
end, function(subject, id, where, ok, list)
  expect(ok or tostring(list):find("within step", 1, true),
         where .. ": " .. tostring(list))
  check_all(subject, id, where, true, ok and list or {})
end)

-- ---- a client ----

local function client()
  return assert(certcentral.new { api_key = "canary-key", base_url = url,
    proxy = "", rate = false, retry = { attempts = 1 }, recover_for = 0.01 })
end

local function place(subject, id)
  return subject:place_order(order(id), NO_CSR)
end

-- An order is placed, by its own answer, where the server has it.
local function check_placed(_, id, where, ok, result, err)
  expect(ok, where .. ": " .. tostring(result))
  if ok and result then
    expect(result.id == id and stored(id) == 1,
           ("%s: order %d got %s, stored %d times"):format(where, id,
             tostring(result.id), stored(id)))
  elseif ok then
    expect(err.outcome == "unknown" or stored(id) == 0,
           ("%s: %s: %s"):format(where, err.outcome, tostring(err)))
  end
end

add("place_order within place_order", client, place, function(subject)
  local id = next_id()
  local result = assert(subject:place_order(order(id), NO_CSR))
  expect(result.id == id, "within place_order: another's id")
end, function(subject, id, where, ok, result, err)
  check_placed(subject, id, where, ok, result, err)
  expect(ok and result, where .. ": not placed: " .. tostring(err))
end)

add("client:close within place_order", client, place, function(subject)
  subject:close()
end, function(subject, id, where, ok, result, err)
  if ok then
    check_placed(subject, id, where, ok, result, err)
  else
    expect(stored(id) == 0, where .. ": " .. tostring(result))
  end
end)

local function queue_of()
  local subject = { client = client(), tickets = {} }
  subject.queue = subject.client:queue()
  for _ = 1, COUNT do
    local id = next_id()
    subject.tickets[id] = subject.queue:add(order(id), NO_CSR)
  end
  return subject
end

local function run_queue(subject)
  for _ = 1, 100 do
    if subject.queue:step(5) == 0 then
      break
    end
  end
end

local function check_queue(subject, _, where)
  for id, ticket in pairs(subject.tickets) do
    local outcome = ticket:outcome()
    expect(stored(id) <= 1, where .. ": stored twice")
    if outcome then
      check_placed(nil, id, where, true, outcome.result, outcome.err)
    end
  end
end

add("place_order within queue:step", queue_of, run_queue, function(subject)
  local id = next_id()
  expect(assert(subject.client:place_order(order(id), NO_CSR)).id == id,
         "within queue:step: another's id")
end, function(subject, id, where, ok, message)
  expect(ok, where .. ": " .. tostring(message))
  check_queue(subject, id, where)
  for _, ticket in pairs(subject.tickets) do
    local outcome = ticket:outcome()
    expect(outcome and outcome.result, where .. ": not placed")
  end
end)

add("client:close within queue:step", queue_of, run_queue, function(subject)
  subject.client:close()
end, function(subject, id, where)
  check_queue(subject, id, where)
end)

-- ---- validation ----

local function bad_order()
  local bad = order(1)
  bad.comon_name, bad.payment_method = "x", "cash"
  bad.certificate.dns_names = {}
  for i = 1, 40 do
    bad.certificate.dns_names[i] = "bad..name" .. i
  end
  return bad
end

local function told(err)
  local lines = {}
  for i, problem in ipairs(err.problems) do
    lines[i] = ("%s %s %s %s"):format(problem.path, problem.code,
      problem.message, tostring(problem.hint))
  end
  return table.concat(lines, "\n")
end

local _, reference = certcentral.validate(bad_order(), NO_CSR)
reference = told(reference)

local function check_problems(_, _, where, ok, result, err)
  expect(ok and result == nil and told(err) == reference,
         ("%s: %s"):format(where, ok and err and told(err)
                                  or tostring(result)))
end

local function validate(subject)
  return certcentral.validate(subject, NO_CSR)
end

add("validate within validate", bad_order, validate, function()
  certcentral.validate({ x = 1 }, NO_CSR)
  expect(certcentral.encode(order(1), NO_CSR), "encode within validate")
end, check_problems)

add("validate, its order emptied meanwhile", function()
  local bad = bad_order()
  for i = 1, 40 do -- strings that only the order holds
    bad.certificate.dns_names[i] = ("bad..%s%d"):format("name", i)
  end
  return setmetatable(bad, {})
end, validate, function(subject)
  subject.certificate.dns_names = {}
  subject.certificate, subject.comon_name = {}, nil
  collectgarbage()
end, function(_, _, where, ok, result, err)
  -- before or after, but whole and readable
  expect(ok and result == nil and #told(err) > 0,
         where .. ": " .. tostring(result))
end)

local body = certcentral.encode(order(1), NO_CSR)

add("encode within encode", function() return order(1) end,
    function(subject) return certcentral.encode(subject, NO_CSR) end,
function()
  local other = order(2)
  other.certificate.common_name = "other.example.com"
  certcentral.encode(other, NO_CSR)
end, function(_, _, where, ok, result)
  expect(ok and result == body, where .. ": " .. tostring(result))
end)

-- ---- secrets and requests ----

local SECRET = ("s"):rep(64)

add("reveal, wiped meanwhile", function() return core.secret(SECRET) end,
    function(secret) return secret:reveal() end,
    function(secret) secret:wipe() end,
function(_, _, where, ok, text)
  expect(ok and (text == SECRET or text == nil),
         where .. ": " .. tostring(text))
end)

local TEXT = ("a " .. SECRET .. " b"):rep(60)
local MASKED = ("a [hidden] b"):rep(60)

add("mask, wiped meanwhile", function() return core.secret(SECRET) end,
    function(secret) return secret:mask(TEXT) end,
    function(secret) secret:wipe() end,
function(_, _, where, ok, text)
  expect(ok and (text == MASKED or text == TEXT),
         where .. ": " .. tostring(text))
end)

local function csr_options()
  local options = { common_name = ("www%d.example.com"):format(1),
                    organization = ("Example %d Ltd"):format(1),
                    key = "ec-p256", dns_names = {} }
  for i = 1, 20 do
    options.dns_names[i] = ("host%d.example.com"):format(i)
  end
  return options
end

local function empty_options(options)
  for i = 1, 20 do
    options.dns_names[i] = nil
  end
  options.common_name, options.organization, options.key = nil, nil, nil
  options.passphrase = nil
  collectgarbage()
  local others = {} -- their memory becomes something else
  for i = 1, 200 do
    others[i] = ("garbage-%d-garbage"):format(i)
  end
  expect(#others == 200)
end

local function check_generated(_, _, where, ok, csr, key)
  if ok and csr then
    local facts = assert(certcentral.csr.inspect(csr))
    expect(facts.signature_ok and key, where .. ": no request")
    expect(facts.common_name == "www1.example.com"
           or facts.common_name == "host1.example.com"
           or facts.common_name == nil,
           where .. ": common name " .. tostring(facts.common_name))
    for i, name in ipairs(facts.dns_names) do
      expect(name == "www1.example.com"
             or name:find("^host%d+%.example%.com$"),
             ("%s: name %d is %s"):format(where, i, name))
    end
  else -- found wanting: names went while they were read
    csr = tostring(csr)
    expect(csr:find("missing option 'common_name'", 1, true)
           or csr:find("bad option 'dns_names", 1, true)
           or csr:find("string expected as 'key'", 1, true)
           or csr:find("'dns_names' has holes", 1, true),
           where .. ": " .. csr)
  end
end

add("csr.generate, its options emptied meanwhile", csr_options,
    function(options) return certcentral.csr.generate(options) end,
    empty_options, check_generated)

add("x509.generate, its table emptied meanwhile", csr_options,
    function(spec) return x509.generate(spec) end, empty_options,
    check_generated)

add("csr.inspect within csr.inspect", function()
  return assert(certcentral.csr.generate {
    common_name = "example.com", dns_names = { "a.example.com" } })
end, function(csr) return certcentral.csr.inspect(csr) end, function(csr)
  certcentral.csr.inspect(csr)
end, function(_, _, where, ok, facts)
  expect(ok and facts.common_name == "example.com"
         and #facts.dns_names >= 1 and facts.signature_ok,
         where .. ": " .. tostring(facts))
end)

-- ---- running them -----------------------------------------------------------

-- Each moment, after the first sixty in growing steps.
for _, case in ipairs(cases) do
  local n, reached = 1, true
  while reached do
    local subject, id, ran = case.prepare(), next_id(), false
    local where = ("%s, at %d"):format(case.name, n)
    collectgarbage()
    collectgarbage("stop")
    local disarm = drop(function()
      ran = true
      local ok, message = pcall(case.meanwhile, subject, id)
      if case.name == "an error within step" then
        assert(ok, message)
      end
      expect(ok, ("%s: meanwhile: %s"):format(where, tostring(message)))
    end)
    local results = { at_point(n, function()
      return case.call(subject, id)
    end) }
    disarm()
    reached = results[1]
    expect(not reached or ran, where .. ": the finalizer did not run")
    case.check(subject, id, where, results[2], results[3], results[4])
    collectgarbage("restart")
    n = n + 1 + math.floor(n / 60) * math.ceil(n / 25)
  end
  expect(n > 2, case.name .. ": no moment was met")
end
