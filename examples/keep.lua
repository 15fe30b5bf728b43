-- Keeps certificates, from cron or a timer, each hour or each day.
-- Arguments: a file, each line of which is an order's id and a directory for
-- its fullchain.pem and key.pem; and a command to run when one was saved.
-- Prints a line for each. Exit status: 1 where one failed.

local certcentral = require "certcentral"

local list, on_saved = arg[1], arg[2]
io.stdout:setvbuf "line" -- before what the command prints
assert(list, "usage: keep.lua FILE [COMMAND]")

-- From systemd the key comes in a directory of credentials.
local credentials = os.getenv "CREDENTIALS_DIRECTORY"
local client = certcentral.assert(certcentral.new {
  api_key_file = credentials and credentials .. "/api_key" or nil })
local failed, saved = false, false

local function keep(id, dir)
  local fullchain = dir .. "/fullchain.pem"
  local result, err = client:keep(id, {
    key = "new", window = { "02:00", "05:00" },
    files = { fullchain = fullchain, key = dir .. "/key.pem" },
  })
  if not result then
    failed = true
    print(("%s: failed: %s"):format(dir, tostring(err)))
    return
  end
  saved = saved or result.done
  print(("%s: %s, order %d: %s; next on %s"):format(dir, result.action,
    result.order_id, result.reason, certcentral.date(result.next_at)))
end

for line in io.lines(list) do
  local id, dir = line:match("^%s*(%d+)%s+(%S.-)%s*$")
  if id then
    keep(id, dir)
  end
end
client:close()
if saved and on_saved then
  local status = os.execute(on_saved) -- a number before Lua 5.2
  failed = failed or not (status == true or status == 0)
end
os.exit(failed and 1 or 0)
