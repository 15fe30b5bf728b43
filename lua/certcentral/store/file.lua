--- The store in a directory: a file for each lock and for each value, named by
-- the SHA-256 of its name.
--
-- A lock is the kernel's (flock): it is given back when its process ends,
-- however that ends, and when its token is garbage. The file says who has it
-- and until when, for those who wait; a process that is merely slow keeps it.

local core = require "certcentral.core"
local options_of = require "certcentral.options"
local contract = require "certcentral.store.contract"

local TRIES, PAUSE = 200, 0.005 -- of `set`, whose lock is held for a moment

local file = {}
local meta = { __index = file, __name = "certcentral.store",
  __tostring = function(self)
    return ("certcentral.store (%s)"):format(self.dir)
  end }

local function explain(self, message)
  return ("state directory '%s' %s"):format(core.printable(self.dir, 300),
                                            message)
end

-- The file of a name; or nil, message where the directory cannot be made.
local function path_of(self, name, kind)
  if not self.made then
    local ok, message = core.directory(self.dir)
    if not ok then
      return nil, explain(self, message)
    end
    self.made = true
  end
  return ("%s/%s.%s"):format(self.dir,
    require("certcentral.x509").sha256(name):sub(1, 40), kind)
end

local function read(path)
  local opened = io.open(path, "rb")
  local text = opened and (opened:read(contract.VALUE_MAX) or "")
  if opened then
    opened:close()
  end
  return text
end

-- Takes the lock of a file: the lock; false, holder; or nil, message. A
-- directory that was removed meanwhile is made again.
local function take(self, name, kind)
  local path, message = path_of(self, name, kind)
  if not path then
    return nil, message
  end
  local lock, why = core.lock(path)
  if lock == nil and self.made then
    self.made = false
    path, message = path_of(self, name, kind)
    if not path then
      return nil, message
    end
    lock, why = core.lock(path)
  end
  if lock == nil then
    return nil, explain(self, why)
  end
  return lock, why, path
end

-- ---- locks -----------------------------------------------------------------

local function note(token, name, seconds)
  token:note(("%d %s\n"):format(math.ceil(os.time() + seconds), name))
end

function file:lock(name, seconds)
  contract.check_lock(name, seconds, "lock")
  local token, holder, path = take(self, name, "lock")
  if token == nil then
    return nil, holder
  elseif not token then
    local ends = tonumber((read(path) or ""):match("^(%d+) "))
    return false, holder, ends and math.max(0, ends - os.time()) or 0
  end
  note(token, name, seconds)
  self.names[token] = name
  return token
end

function file:keep(name, token, seconds)
  contract.check_lock(name, seconds, "keep")
  if self.names[token] ~= name then
    return false
  end
  note(token, name, seconds)
  return true
end

function file:unlock(name, token)
  if token == nil or self.names[token] ~= name then
    return false
  end
  self.names[token] = nil
  token:release(true)
  return true
end

-- ---- values ----------------------------------------------------------------

function file:get(key)
  contract.check_key(key)
  local path, message = path_of(self, key, "value")
  if not path then
    return nil, message
  end
  return read(path)
end

-- The lock of a value, which nobody holds for longer than a write takes.
local function take_value(self, key)
  for _ = 1, TRIES do
    local lock, why, path = take(self, key, "value-lock")
    if lock ~= false then
      return lock, why, path
    end
    core.sleep(PAUSE)
  end
  return nil, explain(self, "is in use by others for too long")
end

local function write(path, value)
  if value == nil then
    os.remove(path)
    return true
  end
  local done, _, reason = require("certcentral.x509").save {
    { path = path, text = value, is_key = true } }
  return done, reason
end

function file:set(key, value, expected)
  contract.check_set(key, value, expected)
  local lock, message, path = take_value(self, key)
  if not lock then
    return nil, message
  end
  path = path:gsub("%-lock$", "")
  if expected ~= nil and read(path) ~= (expected or nil) then
    lock:release(true)
    return false
  end
  local done, reason = write(path, value)
  lock:release(true)
  if not done then
    return nil, explain(self, "cannot be written: " .. reason)
  end
  return true
end

-- ---- where -----------------------------------------------------------------

local function given(name)
  local value = os.getenv(name)
  return value and value ~= "" and value or nil
end

-- The directory by the environment; or nil, message.
local function usual_directory()
  local state, home = given "CERTCENTRAL_STATE", given "HOME"
  local xdg = given "XDG_STATE_HOME"
  if state then
    return state
  elseif xdg and xdg:sub(1, 1) == "/" then -- others do not count, it says
    return xdg .. "/certcentral"
  elseif core.is_root() then
    return "/var/lib/certcentral"
  elseif home then
    return home .. "/.local/state/certcentral"
  end
  return nil, "no directory for state is known, as HOME is not set"
end

require("certcentral.calls").methods(meta, "store", file)

return function(dir)
  if dir ~= nil and (type(dir) ~= "string" or dir == "" or
                     dir:find("\0", 1, true)) then
    options_of.raise("bad argument 'dir' to 'store.file' (directory expected, "
      .. "got %s)", type(dir) ~= "string" and type(dir) or
      dir == "" and "an empty string" or "a string with a NUL")
  end
  local message
  if not dir then
    dir, message = usual_directory()
    if not dir then
      return nil, message
    end
  end
  dir, message = core.absolute(dir)
  if not dir then
    return nil, message
  end
  return setmetatable({ dir = dir,
    names = setmetatable({}, { __mode = "k" }) }, meta)
end
