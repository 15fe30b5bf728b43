-- Stores between the simulated processes: the library's own, and one that is
-- written here. Each process has a view of it, by which is known what it holds
-- when it is killed.

local ok, library = pcall(require, "certcentral.store")
if not ok then
  library = nil -- certcentral has none yet
end

local stores = {}

-- A store whose locks end by the world's clock, to the second: who does not
-- keep them has none.
local function leases(world)
  local held, values, tokens, store = {}, {}, 0, {}
  local function holder(name)
    local lease = held[name]
    return lease and lease.ends > world.now and lease or nil
  end
  function store.lock(_, name, seconds)
    local lease = holder(name)
    if lease then
      return false, lease.token, lease.ends - world.now
    end
    tokens = tokens + 1
    held[name] = { token = "t" .. tokens, ends = world.now + seconds }
    return held[name].token
  end
  function store.keep(_, name, token, seconds)
    local lease = holder(name)
    if not lease or lease.token ~= token then
      return false
    end
    lease.ends = world.now + seconds
    return true
  end
  function store.unlock(_, name, token)
    local lease = holder(name)
    if not lease or lease.token ~= token then
      return false
    end
    held[name] = nil
    return true
  end
  function store.get(_, key)
    return values[key]
  end
  function store.set(_, key, value, expected)
    if expected ~= nil and values[key] ~= (expected or nil) then
      return false
    end
    values[key] = value
    return true
  end
  return store
end

--- The kind of store of a scenario; nil where there is none to choose.
function stores.some(world)
  return library and world:of { "memory", "file", "leases", "leases" }
end

local function make(self)
  if self.store_kind == "memory" then
    return library.memory()
  elseif self.store_kind == "leases" then
    return leases(self.world)
  end
end

-- The store as a process sees it; now and then it cannot say of a lock.
local function view(self, inner)
  local held = {}
  local outer = { held = held, inner = inner }
  local function is_out()
    return self.world:chance(self.service.faults / 10)
  end
  function outer.lock(_, name, seconds)
    if is_out() then
      return nil, "the store does not answer"
    end
    local token, holder, left = inner:lock(name, seconds)
    if token then
      held[name] = { token = token, ends = self.world.now + seconds }
    end
    return token, holder, left
  end
  function outer.keep(_, name, token, seconds)
    if is_out() then
      return nil, "the store does not answer"
    end
    local kept, message = inner:keep(name, token, seconds)
    if kept and held[name] then
      held[name].ends = self.world.now + seconds
    end
    return kept, message
  end
  function outer.unlock(_, name, token)
    held[name] = nil
    return inner:unlock(name, token)
  end
  function outer.get(_, key)
    return inner:get(key)
  end
  function outer.set(_, key, value, expected)
    return inner:set(key, value, expected)
  end
  return outer
end

--- The store for a process of the scenario; nil without any.
function stores.of(self, process)
  if not self.store_kind then
    return nil
  end
  local inner
  if self.store_kind == "file" then -- each process opens its own
    inner = assert(library.file(self.directory .. "-store"))
  else
    self.store = self.store or make(self)
    inner = self.store
  end
  process.store = view(self, inner)
  return process.store
end

--- What becomes of the locks of a process that was killed: the kernel gives
-- back those of files, others end by time.
function stores.crashed(self, process)
  local store = process.store
  if not store or self.store_kind == "leases" then
    return
  end
  for name, lease in pairs(store.held) do
    local seconds = self.store_kind == "file" and 0
                    or math.max(0, lease.ends - self.world.now)
    self.world:after(seconds, function()
      store.inner:unlock(name, lease.token)
    end)
  end
end

return stores
