#!/bin/sh
# luas.sh: names the Luas that the specs run under: Lua 5.4 and LuaJIT, and of
# the others those that are installed with headers, busted and its libraries.

echo lua5.4 luajit

for lua in lua5.1 lua5.3 lua5.5
do
  LUA_PATH=';;' LUA_CPATH=';;' "$lua" -e 'require "busted" require "cjson"
    require "_openssl" require "luv"' >/dev/null 2>&1 || continue
  pkg-config --exists "$lua" && echo "$lua"
done
exit 0
