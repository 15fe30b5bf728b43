--- Bytes of this process that are in memory, without what the collector has
-- not taken yet.
return function()
  collectgarbage()
  collectgarbage()
  local text = require("support.files").read("/proc/self/status")
  return tonumber(text:match("VmRSS:%s*(%d+)")) * 1024
end
