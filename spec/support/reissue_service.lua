-- A service that reissues one order, for specs: in simulated time, where to
-- wait is to yield.

local clocks = require "certcentral.sandbox.clock"
local json = require "certcentral.sandbox.json"

local NOW = 1764000000
local NAMES = { "example.com", "www.example.com" }

local service = { NOW = NOW }

local function answer(status, body)
  return { status = status, headers = {},
           body = type(body) == "table" and json.encode(body) or body or "{}" }
end

--- In place of an answer.
local LOST = "lost"

local function iso(time)
  return os.date("!%Y-%m-%dT%H:%M:%S+00:00", math.floor(time))
end

--- A service with order 7 and its reissues. To the n-th POST it does what
-- how[n] says, else what how.post says, or returns:
--   stored  the reissue is in the list so many seconds later; false: never
--   answer  what comes back, LOST for nothing; nil: that it is done
--   takes   seconds until then
-- `order` is what it answers about the order; list() and get(), where they
-- return anything, what it answers for the list and to any question; each
-- request travels for `travels` seconds.
function service.new(how)
  how = how or {}
  local self = { clock = clocks.new(NOW), list = {}, posts = 0, bodies = {},
                 gets = 0,
                 order = { id = 7, status = "issued", certificate = {
                   id = 11, common_name = "example.com", dns_names = NAMES } } }

  local function wait(seconds)
    coroutine.yield(seconds or 0)
  end

  -- An entry of the list.
  function self.add(_, pem, status, more)
    local entry = { id = 100 + #self.list, csr = pem, status = status,
                    dns_names = NAMES, common_name = "example.com",
                    date_created = iso(self.clock()), at = self.clock() }
    for name, value in pairs(more or {}) do
      entry[name] = value
    end
    self.list[#self.list + 1] = entry
    return entry
  end

  local function show_list()
    local shown = {}
    for _, entry in ipairs(self.list) do
      if entry.at <= self.clock() then
        local copy = {}
        for name, value in pairs(entry) do
          copy[name] = name ~= "at" and value or nil
        end
        shown[#shown + 1] = copy
      end
    end
    return answer(200, { certificates = json.array(shown) })
  end

  local function post(text)
    self.posts = self.posts + 1
    local act = how[self.posts] or how.post or {}
    act = type(act) == "function" and act() or act
    local body = json.decode(text)
    self.bodies[self.posts] = body
    wait(act.takes)
    if act.stored ~= false then
      self:add(body.certificate.csr, "pending",
               { at = self.clock() + (act.stored or 0) })
    end
    if act.answer == LOST then
      return nil, { sent = "maybe", message = "the answer was lost" }
    end
    return act.answer or answer(201, { id = 7, requests = json.array {
      { id = 1, status = "pending" } } })
  end

  function self.perform(request)
    wait(how.travels)
    if request.method == "POST" then
      return post(request.body)
    end
    self.gets = self.gets + 1
    local said = how.get and how.get()
    if said then
      return said
    elseif request.url:find("/order/certificate/7/reissue$") then
      return how.list and how.list(self) or show_list()
    end
    return how.order or answer(200, self.order)
  end

  self.world = { perform = self.perform, clock = self.clock,
                 time = self.clock, sleep = wait,
                 random = function() return 0.5 end }
  return self
end

service.LOST, service.answer, service.iso = LOST, answer, iso

return service
