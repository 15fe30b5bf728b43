#!/bin/sh
# run.sh: all measurements, under both interpreters where it matters. Each
# prints ratios within its own run. BUILD: where the build is.
set -eu
BUILD=${BUILD:-build}
export BUILD
for pair in lua5.4:lua5.4 lua5.1:luajit
do
  LUA_CPATH="$(pwd)/$BUILD/${pair%%:*}/?.so;;"
  export LUA_CPATH
  lua=${pair##*:}
  taskset -c 0 "$lua" spec/bench/encode.lua
  "$lua" spec/bench/transport.lua
  "$lua" spec/bench/many.lua
  taskset -c 0 "$lua" spec/bench/growth.lua
done
LUA_CPATH="$(pwd)/$BUILD/lua5.4/?.so;;" lua5.4 spec/bench/require.lua
CERTCENTRAL_TEST_BUILD="$(pwd)/$BUILD" LUA_CPATH="$(pwd)/$BUILD/lua5.1/?.so;;" \
  luajit spec/bench/openresty.lua
