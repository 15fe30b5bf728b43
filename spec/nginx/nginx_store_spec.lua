-- Claims in nginx: all workers of one nginx place one order of a name.

local host_of = require "support.nginx_host"
local journals = require "support.journal"
local nginx = require "support.nginx"
local support = require "support.sandbox"

local DICT = "lua_shared_dict certcentral 1m;"

local sandbox, host

local function start(options)
  sandbox = support.start {}
  options.ca_file = sandbox.ca_file
  options.server = host_of.LOCATIONS
  host = nginx.start(options)
end

after_each(function()
  host.stop()
  sandbox.stop()
end)

local COUNT = 12

-- All ask for one name at once; the service takes its time.
local function ensure_all(transport)
  support.fault(sandbox, { kind = "delay", seconds = 0.5, times = COUNT,
                           method = "POST" })
  local order = support.order()
  order.alternative_order_id = "nginx-1"
  return nginx.place_all(COUNT, nginx.order_for(host, sandbox, transport, {},
    { method = "ensure_order", order = order }))
end

local function check_one(answers)
  local existed, ids = 0, {}
  for _, answer in ipairs(answers) do
    assert.is_true(answer.placed, answer.raised or answer.err and
                                  answer.err.text)
    ids[answer.result.id] = true
    existed = existed + (answer.info.existed and 1 or 0)
  end
  assert.are.equal(1, #support.orders(sandbox))
  assert.is_not_nil(next(ids))
  assert.is_nil(next(ids, (next(ids))))
  assert.are.equal(COUNT - 1, existed)
end

for _, transport in ipairs { "resty", "thread" } do
  it(("one name in four workers is one order, transport '%s'")
     :format(transport), function()
    start { workers = 4, http = DICT }
    check_one(ensure_all(transport))
    local left = nginx.post(host, "/run", { code = [[
      local left = {}
      for _, key in ipairs(ngx.shared.certcentral:get_keys(0)) do
        left[#left + 1] = key:match("^(%a+):")
      end
      return table.concat(left, " ")]] })
    assert.are.equal("value", left.value) -- the note of what was placed
  end)
end

it("one name in four workers is one order, by a directory", function()
  local directory = journals.directory()
  finally(function() journals.remove(directory) end)
  start { workers = 4, main = nginx.POOL .. " env CERTCENTRAL_STATE;",
          environment = "CERTCENTRAL_STATE=" .. directory }
  check_one(ensure_all("thread"))
end)

-- The contract of store_spec, in a worker.
local CONTRACT = [[
  local stores = require "certcentral.store"
  local store, other = stores.dict "certcentral", stores.dict "certcentral"
  assert(stores.is_store(store))
  assert(tostring(stores.usual()) == tostring(store))
  local token = assert(store:lock("a", 60))
  local got, holder, left = other:lock("a", 60)
  assert(got == false and left > 0 and left <= 60)
  assert(holder == "worker process " .. ngx.worker.pid(), holder)
  assert(store:keep("a", token, 120) == true)
  assert(store:keep("b", token, 120) == false)
  assert(store:unlock("a", "no token") == false)
  assert(store:unlock("a", nil) == false)
  assert(store:unlock("a", token) == true)
  assert(store:keep("a", token, 120) == false)
  assert(store:unlock("a", token) == false)
  token = assert(other:lock("a", 0.01))
  ngx.sleep(0.05)
  assert(store:lock("a", 60))
  assert(other:keep("a", token, 60) == false)

  assert(store:get "k" == nil and store:set("k", "one"))
  assert(other:get "k" == "one")
  assert(store:set("k", "two", "x") == false)
  assert(store:set("k", "two", false) == false)
  assert(store:set("k", "two", "one") == true)
  assert(store:set("k", nil, "two") == true and other:get "k" == nil)
  assert(store:set("k", "new", false) == true)
  return ngx.shared.certcentral:get "set:k" == nil]]

it("a store in a shared dict keeps what stores promise", function()
  start { http = DICT }
  assert.are.same({ ok = true, value = true },
                  nginx.post(host, "/run", { code = CONTRACT }))
end)

it("a shared dict that is not declared, or full, is told", function()
  start { http = "lua_shared_dict small 12k;" }
  local answer = nginx.post(host, "/run", { code = [[
    require("certcentral.store").dict "none"]] })
  assert.is_false(answer.ok)
  assert.is_truthy(answer.value:find("no shared dict 'none': write "
    .. "'lua_shared_dict none 1m;' in the http block of nginx.conf", 1, true))
  answer = nginx.post(host, "/run", { code = [[
    local store = require("certcentral.store").dict "small"
    local got, why
    for i = 1, 1000 do
      got, why = store:lock("name " .. i .. ("x"):rep(200), 60)
      if not got then return { tostring(got), why } end
    end]] })
  assert.are.same({ "nil", "lua_shared_dict small: no memory" }, answer.value)
end)
