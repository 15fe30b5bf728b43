#!/bin/sh
# coverage.sh: runs the C tests and the specs with counters in the C code and
# a hook that notes lines of Lua, and reports what they reach.
# COVERED: a build with --coverage.
set -u
root=$(pwd)
good=spec/cases/csr/good bad=spec/cases/csr/bad
export ORACLE_COUNT=200
export GCOV_ERROR_FILE=/dev/null
export CERTCENTRAL_TEST_BUILD="$root/$COVERED"
unset CERTCENTRAL_API_KEY CERTCENTRAL_BASE_URL CERTCENTRAL_CA_FILE

for program in "$COVERED"/test/test_*
do
  [ -x "$program" ] || continue
  "$program" $good/rsa2048.pem $good/p256.pem $bad/roca.pem >/dev/null ||
    echo "$program failed"
done
LUA_CPATH="$root/$COVERED/lua5.4/?.so;;" "$COVERED/test/lua_memory-lua5.4" \
  spec/support/memory_calls.lua | tail -n 1

: >"$COVERED/lines"
chmod a+w "$COVERED/lines"

# specs ABI INTERPRETER FILE...
# Where files may not grow, the counters' files would be cut off, too.
specs() {
  abi=$1 lua=$2
  shift 2
  LUA_CPATH="$root/$COVERED/$abi/?.so;;" CERTCENTRAL_TEST_LUA=$lua \
    COVERAGE_LINES=$root/$COVERED/lines \
    LUA_INIT="@$root/spec/support/count_lines.lua" \
    "$lua" spec/main.lua --exclude-tags=limited "$@" >"$COVERED/specs.log" 2>&1
  tail -n 1 "$COVERED/specs.log"
}
specs lua5.4 "$(command -v lua5.4)" spec
# the lines that are for LuaJIT alone
specs lua5.1 "$(command -v luajit)" spec/client/client_spec.lua \
  spec/sandbox/sandbox_*_spec.lua spec/many/queue_spec.lua

gcovr --root . --filter csrc/ --exclude csrc/test/ --json "$COVERED/c.json" \
  --exclude-unreachable-branches --gcov-ignore-parse-errors "$COVERED" \
  2>"$COVERED/gcovr.log" || cat "$COVERED/gcovr.log"
exec lua5.4 spec/coverage.lua "$COVERED/c.json" "$COVERED/lines" \
  spec/coverage.txt
