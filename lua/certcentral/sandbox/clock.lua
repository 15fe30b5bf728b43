-- A clock that stands still until it is moved, so that time-outs, rate
-- limits and delays need no waiting. Called, it gives epoch seconds.
--
--   local clock = require("certcentral.sandbox.clock").new(1767225600)
--   local sandbox = require("certcentral.sandbox").new{ clock = clock }
--   clock.sleep(5)    -- a plain function, to be handed out as `sleep`

local Clock = {}
Clock.__index = Clock
Clock.__call = function(self)
  return self.seconds
end

-- Moves the clock on by `seconds`, which may be a fraction.
function Clock:advance(seconds)
  self.seconds = self.seconds + seconds
end

-- Sets the clock to `seconds` since the epoch.
function Clock:set(seconds)
  self.seconds = seconds
end

local clock = {}

-- A clock at `start` epoch seconds; without it, at the real time.
function clock.new(start)
  local self = setmetatable({ seconds = start or os.time() }, Clock)
  self.sleep = function(seconds)
    self:advance(seconds)
  end
  return self
end

-- True when the clock is one of these and may be moved.
function clock.is_fake(value)
  return getmetatable(value) == Clock
end

return clock
