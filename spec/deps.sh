#!/bin/sh
# deps.sh: installs what building and testing need, from Debian's packages.
set -eu

packages='gcc binutils make pkg-config libc6-dev
lua5.4 liblua5.4-dev luajit2 libluajit2-5.1-dev liblua5.1-0-dev
libcurl4-openssl-dev libssl-dev curl ca-certificates
lua-cjson lua-busted lua-luaossl lua-luv
nginx-light libnginx-mod-http-lua lua-resty-core
luarocks lua-check clang libclang-rt-dev libjansson-dev clang-tidy cppcheck valgrind openssl procps strace gcovr
locales'

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null
then
  missing=
  for tool in gcc make pkg-config lua5.4 luajit busted nginx curl openssl
  do
    command -v "$tool" >/dev/null || missing="$missing $tool"
  done
  for library in lua5.4 lua5.1 libcurl libcrypto
  do
    pkg-config --exists "$library" 2>/dev/null ||
      missing="$missing $library(headers)"
  done
  [ -z "$missing" ] && exit 0
  echo "this is no Debian: please install$missing" >&2
  echo "and, for Lua 5.4 and LuaJIT, lua-cjson, busted and luaossl" >&2
  exit 1
fi

missing=
for package in $packages
do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
    grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

run=
[ "$(id -u)" = 0 ] || run=sudo
echo "installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
$run apt-get -qq -o DPkg::Lock::Timeout=600 update
# shellcheck disable=SC2086
$run env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
  -o DPkg::Lock::Timeout=600 install --no-install-recommends $missing \
  >/dev/null
