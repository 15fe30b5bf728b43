#!/bin/sh
# coverage.sh: runs the C tests and the specs with counters, and tells how
# much of the C core and of the Lua code they reach.
# BUILD: a build with --coverage.
set -u
root=$(pwd)
export CERTCENTRAL_TEST_LUA=lua5.4 CERTCENTRAL_TEST_BUILD="$root/$BUILD"
export LUA_CPATH="$root/$BUILD/lua5.4/?.so;;"
good=spec/cases/csr/good bad=spec/cases/csr/bad

for program in "$BUILD"/test/test_*
do
  "$program" $good/*.pem $bad/*.pem >/dev/null || echo "$program failed"
done
"$BUILD/test/lua_memory-lua5.4" spec/support/memory_calls.lua | tail -n 1
lua5.4 spec/coverage.lua 95
lua=$?
echo
for part in core csr transport binding
do
  echo "csrc/$part:"
  gcovr --root . --object-directory "$BUILD" --filter "csrc/$part/" \
    --exclude-unreachable-branches --exclude-throw-branches \
    --print-summary "$BUILD" 2>/dev/null | grep -E '^(lines|branches):'
done
# the goals are the core's
gcovr --root . --object-directory "$BUILD" --filter csrc/core/ \
  --exclude-unreachable-branches --fail-under-line 95 \
  --fail-under-branch 85 "$BUILD" 2>/dev/null
c=$?
[ "$lua" = 0 ] && [ "$c" = 0 ]
