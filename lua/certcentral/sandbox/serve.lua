-- Runs the sandbox for a person at the shell:
--
--   lua5.4 lua/certcentral/sandbox/serve.lua
--
-- prints what a client needs as lines for the shell, stays up until Ctrl-C
-- or the end of standard input, then stops nginx and removes its directory.
-- $SANDBOX_PORT fixes the port.

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
print(("# control routes: %s/sandbox/"):format(running.control_url))
io.stdout:flush()

-- system() keeps Ctrl-C away from this process: only the shell ends by it,
-- and what follows is still done.
os.execute("trap 'exit 0' INT TERM HUP; cat >/dev/null")
running.stop()
