-- What the calls of a scenario told, held against what the service has. The
-- words are those of simulation.lua.

local service = require "support.simulated_service"

local judge = {}

--- The faults: each of their sums has to be 0.
judge.FAULTS = { "twice", "lost", "phantom", "wrong", "raised", "silent" }

--- Counts that are no faults.
judge.OTHERS = { "orders", "placed", "not_placed", "unknown", "crashed",
                 "scenarios" }

function judge.new_sums()
  local sums = {}
  for _, names in ipairs { judge.FAULTS, judge.OTHERS } do
    for _, name in ipairs(names) do
      sums[name] = 0
    end
  end
  return sums
end

local SHARED = { ensure = true, renew = true } -- a wish of many calls

-- ---- telling ---------------------------------------------------------------

local function describe_post(post)
  return ("POST at %.1f %s"):format(post.at, post.order
    and ("stored as %d at %.1f, shown at %.1f"):format(post.order.id,
      post.order.created, post.order.shown)
    or "not stored")
end

local function describe_call(call)
  return ("  %s %s (%s%s%s) from %.1f to %.1f: %s %s %s"):format(call.way,
    tostring(call.name), call.common_name, call.twin_of and ", twin" or "",
    call.process.wrong and ", wrong clock" or "", call.began,
    (call.ended or call.process.crashed_at or 0), tostring(call.told),
    tostring(call.id or call.kind or ""), call.message or "")
end

-- Adds a fault, and all that is known of its name.
local function add(self, sum, account, name, what)
  self.sums[sum] = self.sums[sum] + 1
  local lines = { ("%s: seed %d, %s: %s (journal %s%s, store %s, faults %g, "
    .. "lag %g%s)"):format(sum, self.seed, tostring(name), what,
      self.journal_kind, self.damaged and ", damaged" or "",
      tostring(self.store_kind), self.service.faults, self.service.lag,
      self.service.unique and ", unique" or "") }
  for _, call in ipairs(self.calls) do
    if call.name == name and call.account == account then
      lines[#lines + 1] = describe_call(call)
    end
  end
  for _, post in ipairs(self.service.posts) do
    if post.name == name and post.account == account then
      lines[#lines + 1] = "  " .. describe_post(post)
    end
  end
  self.faults[#self.faults + 1] = table.concat(lines, "\n")
end

-- ---- one call --------------------------------------------------------------

local function has_order(call)
  for _, post in ipairs((call.twin_of or call).posts) do
    if post.order then
      return true
    end
  end
  return false
end

-- What is wrong with the id that a call told; nil where nothing is.
local function fault_of_id(self, call)
  local order = self.service.orders[call.id]
  if not order then
    return "phantom", "there is no order " .. tostring(call.id)
  elseif order.account ~= call.account or order.name ~= call.name
         or order.common_name ~= call.common_name then
    return "wrong", ("%d is %s of %s"):format(order.id,
      tostring(order.name), order.common_name)
  elseif SHARED[call.way] then
    if service.is_over(order.status) then
      return "wrong", order.id .. " is " .. order.status
    end
  elseif not has_order(call) then
    return "phantom", "nothing is stored of this call"
  elseif not order.post or order.post.call ~= (call.twin_of or call) then
    return "wrong", order.id .. " is not of this call"
  end
end

-- Whether a call of a shared wish could see a live order of its name, and
-- none of another site.
local function could_see(self, call)
  local seen = false
  for _, order in ipairs(self.service:named(call.account, call.name)) do
    if not service.is_over(order.status) then
      if order.common_name ~= call.common_name then
        return false
      end
      seen = seen or order.shown <= call.began
    end
  end
  return seen
end

local function judge_call(self, call)
  local function fault(sum, what)
    add(self, sum, call.account, call.name, what)
  end
  if call.told == "placed" then
    local sum, what = fault_of_id(self, call)
    if sum then
      fault(sum, what)
    end
  elseif call.told == "not_placed" then
    if not call.twin_of and has_order(call) then
      fault("lost", "told as not placed")
    elseif SHARED[call.way] and call.kind ~= "config"
           and could_see(self, call) then
      -- "config": no claim could be had, so that nothing was looked at
      fault("lost", "told as not placed, and a look-up would show it")
    end
  elseif call.told == "raised" then
    if not (call.twin_of and call.way == "queue") then
      fault("raised", "an error was thrown")
    end
  elseif not call.told and not call.process.crashed then
    fault("silent", "no outcome")
  end
  if call.twin_of then
    return -- what is told of it is of the ticket, not of the order
  elseif call.cancelled == "no" and has_order(call) then
    fault("lost", "told as cancelled")
  elseif call.cancelled == "yes" and not has_order(call) then
    fault("phantom", "told as placed before it was cancelled")
  end
end

-- ---- one wish --------------------------------------------------------------

-- `list`: the orders of a wish that are not over, oldest POST first.
local function judge_wish(self, account, name, list)
  for i = 2, #list do
    if list[i].post then
      add(self, "twice", account, name, list[i].id .. " is one too many")
    end
  end
end

local function posted_at(order)
  return order.post and order.post.at or 0
end

local function judge_shared(self, call)
  local key = call.account .. " " .. call.name
  if self.judged[key] then
    return
  end
  self.judged[key] = true
  local live = {}
  for _, order in ipairs(self.service:named(call.account, call.name)) do
    if not service.is_over(order.status) then
      live[#live + 1] = order
    end
  end
  table.sort(live, function(a, b)
    return posted_at(a) < posted_at(b)
           or posted_at(a) == posted_at(b) and a.id < b.id
  end)
  judge_wish(self, call.account, call.name, live)
end

local function judge_own(self, call)
  local count = 0
  for _, post in ipairs(call.posts) do
    count = count + (post.order and 1 or 0)
  end
  if count > 1 then
    add(self, "twice", call.account, call.name, count .. " are stored")
  end
end

-- ---- what recover() tells --------------------------------------------------

-- Whether an entry of the journal that is told as not placed is of an order
-- that is stored: each call that it may be of has one.
local function is_stored(self, told, entry)
  local found, count = true, 0
  for _, call in ipairs(self.calls) do
    if call.name == entry.alternative_order_id and not call.twin_of
       and call.account == told.account and #call.posts > 0
       and math.floor(call.host_began) <= entry.time
       and (not call.host_ended or entry.time <= call.host_ended) then
      found, count = found and has_order(call), count + 1
    end
  end
  return found and count > 0
end

local function judge_entry(self, told, entry)
  local name = entry.alternative_order_id
  if entry.outcome == "placed" then
    local order = self.service.orders[entry.order_id]
    if not order then
      add(self, "phantom", told.account, name, "recover: there is no "
          .. tostring(entry.order_id))
    elseif order.account ~= told.account or order.name ~= name
           or order.common_name ~= entry.common_name or order.old then
      add(self, "wrong", told.account, name, "recover: " .. order.id)
    end
  elseif entry.outcome == "not_placed" and type(entry.time) == "number"
         and is_stored(self, told, entry) then
    add(self, "lost", told.account, name, ("recover at %.1f: told as not "
        .. "placed: %s"):format(told.at, entry.message or ""))
  end
end

local function judge_recovered(self, told)
  if told.raised then
    add(self, "raised", told.account, nil, "recover: " .. told.raised)
  end
  for _, entry in ipairs(told.list or {}) do
    judge_entry(self, told, entry)
  end
end

-- ---- a scenario ------------------------------------------------------------

local function count(self, call)
  local sums = self.sums
  sums.orders = sums.orders + 1
  local told = call.told or call.process.crashed and "crashed"
  if told and told ~= "raised" then
    sums[told] = sums[told] + 1
  end
end

--- The sums in one line.
function judge.line(sums)
  local words = {}
  for _, names in ipairs { judge.OTHERS, judge.FAULTS } do
    for _, name in ipairs(names) do
      words[#words + 1] = ("%s %d"):format(name, sums[name])
    end
  end
  return table.concat(words, ", ")
end

--- Judges a scenario that has ended: gives it `sums` and `faults`, a text
-- for each fault.
function judge.scenario(self)
  self.sums, self.faults, self.judged = judge.new_sums(), {}, {}
  for _, call in ipairs(self.calls) do
    call.posts = {}
  end
  for _, post in ipairs(self.service.posts) do
    if not post.call then
      add(self, "wrong", post.account, post.name, "a POST of no call")
    else
      table.insert(post.call.posts, post)
    end
  end
  for _, call in ipairs(self.calls) do
    count(self, call)
    if SHARED[call.way] then
      judge_shared(self, call)
    elseif not call.twin_of then
      judge_own(self, call)
    end
    judge_call(self, call)
  end
  for _, told in ipairs(self.recovered) do
    judge_recovered(self, told)
  end
end

return judge
