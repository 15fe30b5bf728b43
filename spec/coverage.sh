#!/bin/sh
# coverage.sh: tells how much of the C core and of the Lua code the tests
# reach: first the C tests and the specs with counters in the C code, then
# the specs with a hook that counts lines of Lua.
# BUILD: the usual build. COVERED: a build with --coverage.
set -u
root=$(pwd)
good=spec/cases/csr/good bad=spec/cases/csr/bad
export ORACLE_COUNT=200
unset CERTCENTRAL_API_KEY CERTCENTRAL_BASE_URL CERTCENTRAL_CA_FILE
export CERTCENTRAL_TEST_LUA=lua5.4

export CERTCENTRAL_TEST_BUILD="$root/$COVERED"
export LUA_CPATH="$root/$COVERED/lua5.4/?.so;;"
for program in "$COVERED"/test/test_*
do
  case $program in *.gc*) continue ;; esac
  "$program" $good/rsa2048.pem $good/p256.pem $bad/roca.pem >/dev/null ||
    echo "$program failed"
done
"$COVERED/test/lua_memory-lua5.4" spec/support/memory_calls.lua | tail -n 1
# a few specs mind the counters' files: those are for `make test` to judge
lua5.4 spec/main.lua 2>/dev/null | tail -n 1

export CERTCENTRAL_TEST_BUILD="$root/$BUILD"
export LUA_CPATH="$root/$BUILD/lua5.4/?.so;;"
lua5.4 spec/coverage.lua 95
lua=$?
echo
for part in csr transport binding core
do
  echo "csrc/$part:"
  gcovr --root . --object-directory "$COVERED" --filter "csrc/$part/" \
    --exclude-unreachable-branches --print-summary "$COVERED" 2>/dev/null |
    grep -E '^(csrc|lines|branches)'
done
# the goals are the core's
gcovr --root . --object-directory "$COVERED" --filter csrc/core/ \
  --exclude-unreachable-branches --fail-under-line 95 \
  --fail-under-branch 85 "$COVERED" >/dev/null 2>&1
c=$?
[ "$lua" = 0 ] && [ "$c" = 0 ]
