-- The two rolling windows of CertCentral, per API key: a request is refused
-- when the window behind it holds as many as it may. Refused ones do not
-- count.

local rate = {}

-- Longest window first: it says how long a time has to be kept.
local WINDOWS = {
  { seconds = 180, requests = 1000 },
  { seconds = 5, requests = 100 },
}

local Rate = {}
Rate.__index = Rate

function rate.new()
  return setmetatable({ keys = {} }, Rate)
end

local function forget(times, now)
  while times.first <= times.last
    and times[times.first] <= now - WINDOWS[1].seconds do
    times[times.first] = nil
    times.first = times.first + 1
  end
end

-- True when `key` may send a request at `now` (epoch seconds); it is counted.
function Rate:admit(key, now)
  local times = self.keys[key] or { first = 1, last = 0 }
  self.keys[key] = times
  forget(times, now)
  for _, window in ipairs(WINDOWS) do
    local oldest = times[times.last - window.requests + 1]
    if oldest and oldest > now - window.seconds then
      return false
    end
  end
  times.last = times.last + 1
  times[times.last] = now
  return true
end

return rate
