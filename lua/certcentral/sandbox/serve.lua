-- Runs the sandbox for a person at the shell:
--
--   lua5.4 lua/certcentral/sandbox/serve.lua
--
-- prints what a client needs as lines for the shell, stays up until Ctrl-C
-- or a signal, whatever standard input is, then stops nginx and removes its
-- directory. $SANDBOX_PORT fixes the port.

local control = require("certcentral.sandbox.control")
local server = require("certcentral.sandbox.server")

local function port_from_environment()
  local text = os.getenv("SANDBOX_PORT")
  if not text or text == "" then
    return nil
  end
  local port = text:find("^%d+$") and tonumber(text)
  if not port or port < 1 or port > 65535 then
    io.stderr:write("SANDBOX_PORT must be a port from 1 to 65535, got ",
      text, "\n")
    os.exit(2)
  end
  return port
end

local running, message = server.start({ port = port_from_environment() })
if not running then
  io.stderr:write(message, "\n")
  os.exit(1)
end

print(("export CERTCENTRAL_BASE_URL='%s'"):format(running.base_url))
print(("export CERTCENTRAL_CA_FILE='%s'"):format(running.ca_file))
print(("export CERTCENTRAL_API_KEY='%s'"):format(running.api_key))
-- A line for each control route, with what it takes.
local function print_routes()
  print(("# control routes (GET %s/ lists them, too):")
    :format(running.control_url))
  for _, route in ipairs(control.routes()) do
    local data = route.body and (" -d '%s'"):format(route.body)
                 or route.method == "POST" and " -X POST" or ""
    print(("#   %s\n#     curl%s %s%s"):format(route.what, data,
                                              running.control_url,
                                              route.path))
  end
end

print_routes()
io.stdout:flush()

-- system() keeps Ctrl-C away from this process: only the shell ends by it,
-- and what follows is still done. Where this process is killed, the shell
-- follows it, and nginx does too.
os.execute("trap 'exit 0' INT TERM HUP; "
  .. "echo \"# Ctrl-C stops it, and so does: kill $$\"; "
  .. "while kill -0 $PPID 2>/dev/null; do sleep 1 & wait $!; done")
running.stop()
