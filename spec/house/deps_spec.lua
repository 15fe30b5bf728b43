-- What `make deps-TARGET` does on systems that are played: commands that say
-- what the case wants, and nothing else on the PATH.

local files = require "support.files"

local dir

local function run(command)
  local pipe = assert(io.popen(("(%s) 2>&1; printf '\\n%%s' $?")
    :format(command)))
  local text = pipe:read("*a")
  pipe:close()
  local output, status = text:match("^(.*)\n(%d+)$")
  return output, tonumber(status)
end

local REAL = { "sh", "sed", "grep", "sort", "tr", "cat", "env", "cp" }

-- Each looks at the words that it got.
local PLAYED = {
  ["apt-get"] = [[
echo "$@" >>$DIR/log
case "$*" in *install*)
  [ -z "$BREAKS" ] || exit 100
  for tool in $BRINGS; do cp $DIR/good $DIR/bin/$tool; done ;;
esac]],
  ["apt-cache"] = [[
[ "$1" = policy ] || exit 1
case " $KNOWN " in
*" $2 "*) echo "$2:"; echo "  Candidate: ${VERSION:-1.0}" ;;
*" $2- "*) echo "$2:"; echo "  Candidate: (none)" ;;
esac]],
  id = [[echo ${USER_ID:-0}]],
  sudo = [[echo sudo >>$DIR/log; exec "$@"]],
  dpkg = [[[ -n "$OLD" ] ]],
}

local BUILD = "gcc make pkg-config lua5.4"
local TEST = BUILD .. " luarocks curl openssl ps strace tmux"

local function play(name, text)
  files.write(dir .. "/bin/" .. name, "#!/bin/sh\n" .. text .. "\n")
  os.execute("chmod +x " .. dir .. "/bin/" .. name)
end

local function script(case)
  local words = { "DIR=" .. dir, "PATH=" .. dir .. "/bin" }
  for name, value in pairs(case.with or {}) do
    words[#words + 1] = ("%s='%s'"):format(name, value)
  end
  return ("cd '%s' && env -i %s sh spec/deps.sh %s")
    :format(run("pwd -P"):gsub("%s+$", ""), table.concat(words, " "),
            case.target)
end

local cases = {
  { "has everything: neither apt nor root", target = "repl", here = BUILD,
    status = 0, says = { "^$" } },
  { "has no apt: upstream's names", target = "repl", here = "gcc make",
    status = 1, says = { "make repl needs", "\n  pkg%-config\n",
      "\n  Lua 5%.4 %(as lua5%.4%)\n", "\n  libcurl 7%.87 or newer",
      "\n  OpenSSL 3 ", "\n  lua%-cjson for Lua 5%.4" },
    not_said = { "nginx", "lua%-luaossl" } },
  { "has no root and no sudo: what to run", target = "repl",
    here = "gcc make pkg-config apt-get apt-cache id",
    with = { USER_ID = "1000", KNOWN = "gcc lua5.4 lua-cjson" }, status = 1,
    says = { "run as root: apt%-get install [%w-]+ .*lua5%.4" } },
  { "has no root, no sudo and no lists yet", target = "repl",
    here = "gcc make pkg-config apt-get apt-cache id",
    with = { USER_ID = "1000", KNOWN = "" }, status = 1,
    says = { "run as root: apt%-get update" } },
  { "has sudo", target = "repl",
    here = "gcc make pkg-config apt-get apt-cache id sudo",
    with = { USER_ID = "1000", KNOWN = "lua5.4 lua-cjson",
             BRINGS = "lua5.4" }, status = 0,
    says = { "installing Debian packages:.* lua5%.4" },
    log = { "^sudo\n.*update\nsudo\n.*install .*lua5%.4" } },
  { "knows luajit2, as Debian 12", target = "test-quick",
    here = TEST .. " apt-get apt-cache id nginx",
    with = { KNOWN = "luajit luajit2 libluajit-5.1-dev", BRINGS = "luajit" },
    log = { " luajit2\n" } },
  { "knows luajit, as Debian 13", target = "test-quick",
    here = TEST .. " apt-get apt-cache id nginx",
    with = { KNOWN = "luajit libluajit-5.1-dev", BRINGS = "luajit" },
    log = { " luajit\n" } },
  { "has luajit2 as a name without a package", target = "test-quick",
    here = TEST .. " apt-get apt-cache id nginx",
    with = { KNOWN = "luajit luajit2-", BRINGS = "luajit" },
    log = { " luajit\n" } },
  { "has no tmux for the prompt's test", target = "test-quick",
    here = TEST:gsub(" tmux", "") .. " luajit apt-get apt-cache id nginx",
    with = { KNOWN = "tmux", BRINGS = "tmux" }, log = { " tmux\n" } },
  { "is too old, as Debian 11", target = "repl", here = "gcc make apt-get "
    .. "apt-cache id dpkg", status = 1,
    with = { KNOWN = "gcc libcurl4-openssl-dev", VERSION = "7.74.0-1.3",
             OLD = "1" },
    says = { "Debian 12 is the least", "7%.74%.0" }, not_log = { "install" } },
  { "fails to install", target = "repl",
    here = "gcc make pkg-config apt-get apt-cache id",
    with = { KNOWN = "lua5.4", BREAKS = "1" }, status = 1,
    says = { "run as root: apt%-get install .*lua5%.4" } },
  { "installs, and still misses something", target = "repl",
    here = "gcc make pkg-config apt-get apt-cache id",
    with = { KNOWN = "lua5.4" }, status = 1,
    says = { "still misses:\n  Lua 5%.4" } },
  { "is asked for what is no target", target = "tset", here = "",
    status = 2, says = { "unknown target 'tset'" } },
}

describe("deps.sh on a system that", function()
  before_each(function()
    dir = run("mktemp -d"):gsub("%s+$", "")
    run(("mkdir '%s/bin'"):format(dir))
    files.write(dir .. "/good", "#!/bin/sh\nexit 0\n")
    files.write(dir .. "/log", "")
    run(("chmod +x '%s/good'"):format(dir))
    for _, name in ipairs(REAL) do
      run(("ln -s \"$(command -v %s)\" '%s/bin/'"):format(name, dir))
    end
  end)
  after_each(function() run("rm -rf '" .. dir .. "'") end)

  for _, case in ipairs(cases) do
    it(case[1], function()
      for name in case.here:gmatch("%S+") do
        play(name, PLAYED[name] or "exit 0")
      end
      local output, status = run(script(case))
      assert.are.equal(case.status or status, status, output)
      local log = files.read(dir .. "/log")
      for _, pattern in ipairs(case.says or {}) do
        assert.truthy(output:find(pattern), pattern .. "\n" .. output)
      end
      for _, pattern in ipairs(case.log or {}) do
        assert.truthy(log:find(pattern), pattern .. "\n" .. log .. output)
      end
      for _, pattern in ipairs(case.not_log or {}) do
        assert.falsy(log:find(pattern), log)
      end
      for _, pattern in ipairs(case.not_said or {}) do
        assert.falsy(output:find(pattern), output)
      end
    end)
  end

  it("makes a target: each that the Makefile names is known", function()
    local count = 0
    local text = files.read("Makefile") .. files.read("spec/prove.mk")
    for target in text:gmatch("deps%-([%w-]+)") do
      local output, status = run("sed -n '/^case/,/^esac/p' spec/deps.sh "
        .. "| grep -qw -- " .. target)
      assert.are.equal(0, status, target .. output)
      count = count + 1
    end
    assert.is_true(count > 9, count)
  end)
end)
