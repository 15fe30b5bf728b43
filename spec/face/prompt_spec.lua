-- The prompt of `make repl` on a real terminal: tmux types and looks.

local core = require "certcentral.core"

local LUA = os.getenv("CERTCENTRAL_TEST_LUA") or "lua5.4"
local PATIENCE = 60 -- seconds for a screen to show what it will

local function output(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

local missing = output("command -v tmux"):find("tmux") == nil and
                "tmux is not installed" or
                not pcall(require, "C-readline") and
                "lua-readline is not installed"

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

describe("the prompt on a terminal", function()
  if missing then
    pending(missing)
    return
  end

  local dir, socket, starts

  before_each(function()
    dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir " .. quote(dir)))
    starts = 0
  end)

  local function tmux(arguments)
    return output(("tmux -L %s -f /dev/null %s"):format(quote(socket),
                                                        arguments))
  end

  after_each(function()
    tmux("kill-server")
    os.execute("rm -rf " .. quote(dir))
  end)

  -- Looks at the screen until it shows a text.
  local function wait_for(pattern)
    local ends = core.clock() + PATIENCE
    while true do
      local text = tmux("capture-pane -p")
      if text:find(pattern) then
        return text
      elseif core.clock() > ends then
        error("no " .. pattern .. " in:\n" .. text, 0)
      end
    end
  end

  -- Starts a prompt and waits for it.
  local function start()
    local environment = {}
    for name, value in pairs { LUA_PATH = package.path, LUA_CPATH =
        package.cpath, CERTCENTRAL_STATE = dir .. "/state", HOME = dir,
        INPUTRC = "/dev/null", TERM = "screen",
        LD_PRELOAD = os.getenv("CERTCENTRAL_TEST_PRELOAD") or "",
        ASAN_OPTIONS = "detect_leaks=0" } do
      environment[#environment + 1] = name .. "=" .. quote(value)
    end
    starts = starts + 1 -- a server that is about to end takes no session
    socket = ("%s-%d"):format(dir:match("[^/]+$"), starts)
    tmux(("new-session -d -x 100 -y 40 %s"):format(quote(
      ("env %s %s -e 'require(\"certcentral.repl\").run()'; echo ended; cat")
      :format(table.concat(environment, " "), LUA))))
    wait_for("help%(%) lists the fields.*\n>")
  end

  local function keys(...)
    for _, key in ipairs { ... } do
      tmux("send-keys " .. quote(key))
    end
  end

  local function type_in(text)
    tmux("send-keys -l " .. quote(text))
  end

  it("completes, prints, and keeps a history without secrets", function()
    start()
    type_in("certcentral.val")
    keys("Tab")
    wait_for("> certcentral%.validate")
    keys("C-u")
    type_in("order = { certificate = { comm")
    keys("Tab")
    wait_for("certificate = { common_name =")
    type_in("'www.example.com' } }")
    keys("Enter")
    type_in("help \"skip_a")
    keys("Tab")
    wait_for("help \"skip_approval")
    keys("C-u")
    type_in("certcentral.help \"cert")
    keys("Tab", "Tab")
    wait_for("certificate%.dns_names.*> certcentral%.help \"cert")
    type_in("ificate.dns")
    keys("Tab")
    wait_for("> certcentral%.help \"certificate%.dns_names\"") -- closed
    keys("Enter")
    wait_for("\ncertificate%.dns_names %(list of strings, optional%)\n")
    type_in("order")
    keys("Enter")
    wait_for("\n{ certificate = { common_name = \"www%.example%.com\" } }\n")
    type_in("select(2, certcentral.validate(order)).problems")
    keys("Enter")
    wait_for("\n'certificate%.csr' is missing\n")
    type_in("x = '4111111111111111'")
    keys("Enter")
    type_in("'last' .. 1")
    keys("Enter")
    wait_for("\nlast1\n")
    keys("C-d")
    wait_for("ended")
    tmux("kill-server")

    start()
    keys("Up")
    wait_for("> 'last' %.%. 1")
    keys("Up")
    wait_for("> select%(2, certcentral")
    local file = assert(io.open(dir .. "/state/history", "rb"))
    local text = file:read("*a")
    file:close()
    assert.is_nil(text:find("4111", 1, true))
    assert.is_truthy(text:find("\norder\n", 1, true))
    assert.is_truthy(output("ls -l " .. quote(dir .. "/state/history"))
                     :find("^%-rw%-%-%-%-%-%-%-"))
  end)
end)
