#!/bin/sh
# deps.sh TARGET: looks for what a target of the Makefile needs. What is
# missing is installed where there is apt, else named. A machine that has
# everything needs neither apt nor root.
set -eu

target=${1:-all}
case $target in
repl) sets='run' ;;
demo | sandbox | soak) sets='run sandbox' ;;
test-quick | spec | asan | bench | fuzz-lua | tsan) sets='run sandbox test' ;;
test) sets='run sandbox test fuzz' ;;
fuzz) sets='run fuzz' ;;
check) sets='run test fuzz check' ;;
valgrind) sets='run sandbox test valgrind' ;;
coverage) sets='run sandbox test coverage' ;;
all) sets='run sandbox test fuzz check valgrind coverage' ;;
*) echo "deps.sh: unknown target '$target'" >&2; exit 2 ;;
esac

# set, how it is looked for and by which name, Debian's packages that bring
# it (the first that apt knows is taken), its name in the world. Debian 12
# has OpenResty's branch of LuaJIT as luajit2, which nginx's Lua module
# needs; from 13 on luajit is that branch.
rows='run tool gcc gcc GCC
run tool make make GNU make
run tool pkg-config pkg-config pkg-config
run header stdlib.h libc6-dev the headers of the C library
run tool lua5.4 lua5.4 Lua 5.4 (as lua5.4)
run library lua5.4 liblua5.4-dev the headers of Lua 5.4 (pkg-config lua5.4)
run library libcurl>=7.87 libcurl4-openssl-dev libcurl 7.87 or newer with its headers
run library libcrypto>=3 libssl-dev OpenSSL 3 with its headers
run lua5.4 cjson lua-cjson lua-cjson for Lua 5.4
run file /etc/ssl/certs/ca-certificates.crt ca-certificates the CA certificates of the system
sandbox lua5.4 _openssl lua-luaossl luaossl for Lua 5.4
sandbox tool nginx nginx-light nginx
sandbox nginx lua libnginx-mod-http-lua the Lua module of nginx
test tool luajit luajit2|luajit LuaJIT 2.1
test library luajit libluajit2-5.1-dev|libluajit-5.1-dev the headers of LuaJIT (pkg-config luajit)
test library lua5.1 liblua5.1-0-dev the headers of Lua 5.1 (pkg-config lua5.1)
test lua5.4 busted lua-busted busted for Lua 5.4
test luajit busted lua-busted busted for LuaJIT
test luajit cjson lua-cjson lua-cjson for LuaJIT
test luajit _openssl lua-luaossl luaossl for LuaJIT
test lua5.4 luv lua-luv luv for Lua 5.4
test luajit luv lua-luv luv for LuaJIT
test archive liblua5.4-cjson.a lua-cjson-dev lua-cjson to link statically
test tool luarocks luarocks luarocks
test tool curl curl the curl command
test tool openssl openssl the openssl command
test tool ps procps procps
test tool strace strace strace
test tool tmux tmux tmux
test lua5.4 readline lua-readline lua-readline for Lua 5.4
test luajit readline lua-readline lua-readline for LuaJIT
test tool readelf binutils binutils
test file /usr/share/publicsuffix/public_suffix_list.dat publicsuffix the Public Suffix List (publicsuffix)
test file /usr/share/i18n/locales/tr_TR locales the sources of locales (localedef)
fuzz tool clang clang clang
fuzz fuzzer clang libclang-rt-dev libFuzzer for clang
fuzz header jansson.h libjansson-dev jansson with its headers
check tool clang-tidy clang-tidy clang-tidy
check tool cppcheck cppcheck cppcheck
check tool luacheck lua-check luacheck
valgrind tool valgrind valgrind valgrind
coverage tool gcovr gcovr gcovr'

PATH=$PATH:/usr/sbin:/sbin

has_nginx_lua() {
  about=$(nginx -V 2>&1) || return 1
  case $about in *ngx_lua* | *openresty*) return 0 ;; esac
  where=$(echo "$about" | sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p')
  [ -e "${where:-/usr/lib/nginx/modules}/ngx_http_lua_module.so" ]
}

has_fuzzer() {
  echo 'int LLVMFuzzerTestOneInput(const char *b, unsigned long n);
    int LLVMFuzzerTestOneInput(const char *b, unsigned long n)
    { (void)b; return (int)n & 0; }' |
    clang -fsanitize=fuzzer -x c -o /dev/null - 2>/dev/null
}

# has KIND NAME
has() {
  case $1 in
  tool) command -v "$2" ;;
  header) gcc -E -x c -include "$2" /dev/null ;;
  archive) [ -e "$(gcc -print-file-name="$2")" ] ;;
  library) pkg-config --exists "$(echo "$2" | sed 's/>=/ >= /')" ;;
  file) [ -e "$2" ] ;;
  nginx) has_nginx_lua ;;
  fuzzer) has_fuzzer ;;
  lua5.4 | luajit) "$1" -e "require '$2'" ;;
  esac >/dev/null 2>&1
}

# The rows of what is missing.
missing() {
  echo "$rows" | while read -r set kind name packages words
  do
    case " $sets " in *" $set "*) ;; *) continue ;; esac
    has "$kind" "$name" || echo "$kind $name $packages $words"
  done
}

list_words() {
  echo "$1" | while read -r kind name packages words
  do echo "  $words" >&2
  done
}

knows() {
  apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

# The first of several packages that apt knows, or the last.
choose() {
  for package in $(echo "$1" | tr '|' ' ')
  do knows "$package" && break
  done
  echo "$package"
}

packages_of() {
  echo "$1" | while read -r kind name packages words
  do choose "$packages"
  done | sort -u | tr '\n' ' '
}

found=$(missing)
[ -n "$found" ] || exit 0

if ! command -v apt-get >/dev/null || ! command -v apt-cache >/dev/null
then
  echo "make $target needs what is not here, and there is no apt to install it with:" >&2
  list_words "$found"
  exit 1
fi

as_root=
if [ "$(id -u)" != 0 ]
then
  if ! command -v sudo >/dev/null
  then
    knows gcc ||
      { echo "apt knows no packages yet: run as root: apt-get update" >&2
        exit 1; }
    echo "make $target needs packages that are missing, and there is no sudo here:" >&2
    echo "run as root: apt-get install --no-install-recommends $(packages_of "$found")" >&2
    exit 1
  fi
  as_root=sudo
fi

apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq \
    -o DPkg::Lock::Timeout=600 "$@"
}

apt update || echo "apt-get update failed; going on with the lists of before" >&2

# A system whose libcurl is too old has the rest too old as well.
case $found in
*'library libcurl>='*)
  offered=$(apt-cache policy libcurl4-openssl-dev 2>/dev/null |
    sed -n 's/.*Candidate: //p')
  if [ -n "$offered" ] && [ "$offered" != '(none)' ] &&
    dpkg --compare-versions "$offered" lt 7.87
  then
    echo "Debian 12 is the least (or Ubuntu 23.04): libcurl 7.87 or newer is needed, and apt has ${offered%%-*}" >&2
    exit 1
  fi ;;
esac

packages=$(packages_of "$found")
echo "installing Debian packages: $packages"
# shellcheck disable=SC2086
if ! apt -y install --no-install-recommends $packages >/dev/null
then
  echo "not installed; to see why, run as root: apt-get install --no-install-recommends $packages" >&2
  exit 1
fi

found=$(missing)
[ -z "$found" ] && exit 0
echo "apt has installed its packages, but make $target still misses:" >&2
list_words "$found"
exit 1
