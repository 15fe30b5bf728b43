#!/bin/sh
# run.sh: runs every test, the C programs and the specs under each Lua that
# luas.sh names, as many suites at once as there are processors, and ends in
# one line of totals.
# BUILD: where the build is. MODE: empty, quick (what is fast, under Lua 5.4
# only), asan or valgrind (both under Lua 5.4 and LuaJIT only).
# SPEC: only these specs, under LUA. JOBS: how many at once.
set -u
BUILD=${BUILD:-build}
MODE=${MODE:-}
SPEC=${SPEC:-}
LUA=${LUA:-lua5.4}
root=$(pwd)

# The suites that take five seconds and more. They begin first, lest one is
# left over when all else is done; `make test-quick` goes without them.
slow='attack nginx_faults crash simulation install nginx_many nginx
  curl_multi hostile queue_https sandbox_server deps curl csr_generate
  bad_input nginx_wire secrets budget_shared examples test_chain
  test_core_memory place_order journal journal_damage recovery oracle
  nginx_example messages nginx_store chain_graphs locale'

# The specs of what runs in other processes, nginx's and the commands' of a
# shell: valgrind watches this one alone, so it goes without them.
elsewhere='attack check_rooms complete crash deps examples install messages
  nginx nginx_example nginx_faults nginx_many nginx_store nginx_wire prompt
  reference sandbox_serve'

# The specs that a further Lua goes without: of nginx, whose Lua is LuaJIT, of
# the house, and of programs that only Lua 5.4 and LuaJIT are linked to. The
# simulation knows its processes by their coroutines, of which Lua 5.1 needs
# more; the years of keep are long, and theirs is nothing but what keep_spec
# runs there.
for_two='check_rooms complete deps embed install keep_years messages nginx
  nginx_example nginx_faults nginx_many nginx_store nginx_wire reference
  secrets simulation transport_thread'

# ---- one suite: run.sh --suite KIND LUA [SPEC] -------------------------------

surroundings() {
  CERTCENTRAL_STATE=$work/state.$$
  export BUILD MODE CERTCENTRAL_STATE
  unset CERTCENTRAL_API_KEY CERTCENTRAL_BASE_URL CERTCENTRAL_CA_FILE
  mkdir "$CERTCENTRAL_STATE"
  preload='' tool=''
  case $MODE in
  asan)
    preload=$(gcc -print-file-name=libasan.so)
    preload=$preload:$(gcc -print-file-name=libubsan.so)
    preload=$preload:$root/$BUILD/once.so
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    # luaossl reads a message of OpenSSL that it has freed. A huge size is
    # NULL, as it is without the sanitizer.
    ASAN_OPTIONS=suppressions=$root/spec/asan.supp
    export ASAN_OPTIONS="$ASAN_OPTIONS:allocator_may_return_null=1"
    export LSAN_OPTIONS=print_suppressions=0:suppressions=$root/spec/lsan.supp
    ;;
  valgrind)
    export CERTCENTRAL_TEST_SLOW=1
    tool="valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite \
--error-exitcode=99 --suppressions=$root/spec/valgrind.supp"
    ;;
  esac
}

# What is built for Lua 5.1 is LuaJIT's, too.
built_for() {
  case $1 in
  luajit) echo lua5.1 ;;
  *) echo "$1" ;;
  esac
}

program() {
  case $1 in
  test_csr)
    good=spec/cases/csr/good bad=spec/cases/csr/bad
    set -- "$1" $good/rsa2048.pem $good/p256.pem $good/pss-signature.pem \
      $good/one-line.pem $bad/flipped-signature.pem $bad/secp256k1.pem \
      $bad/trailing-bytes.pem $bad/letter.pem $bad/unknown-signature.pem \
      $good/close-primes-101.pem $bad/close-primes-100.pem $bad/roca.pem ;;
  esac
  name=$1
  shift
  $tool "$BUILD/test/$name" "$@"
}

# Lua programs whose memory runs out.
memory() {
  abi=$(built_for "$1")
  LUA_CPATH="$root/$BUILD/$abi/?.so;;" "$BUILD/test/lua_memory-$abi" \
    spec/support/memory_calls.lua
}

# Lua programs whose finalizers run at the worst moment.
finalizers() {
  abi=$(built_for "$1")
  LUA_CPATH="$root/$BUILD/$abi/?.so;;" $tool \
    "$BUILD/test/lua_finalizers-$abi" spec/support/finalizer_calls.lua
}

# The fuzz targets have sanitizers of their own.
fuzz() {
  sh spec/fuzz.sh "-runs=${FUZZ_RUNS:-3000}" -seed=20261124
}

# A short one; `make soak` is the long one.
soak() {
  LUA_CPATH="$root/$BUILD/$(built_for "$1")/?.so;;" "$1" spec/soak.lua 3000
}

specs() {
  lua=$(command -v "$1")
  export CERTCENTRAL_TEST_LUA="$lua" CERTCENTRAL_TEST_BUILD="$root/$BUILD"
  export LUA_CPATH="$root/$BUILD/$(built_for "$1")/?.so;;"
  export CERTCENTRAL_TEST_PRELOAD="$preload"
  # the runner itself is a shell script: it is the interpreter that is
  # watched
  if [ -n "$preload" ]
  then
    # LuaJIT keeps its objects where the leak detector does not look
    [ "$1" = lua5.4 ] || export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
    LD_PRELOAD=$preload "$lua" spec/main.lua "$2"
  else $tool "$lua" spec/main.lua "$2"
  fi
}

# The last "N passed, N failed, N skipped" line of a log. A suite that did
# not end in one, or in spite of it did not end well, has failed.
totals() {
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1)
  if [ -z "$line" ]
  then
    echo "no result (exit status $2)" >>"$1"
    line='0 passed, 1 failed'
  elif [ "$2" != 0 ] && [ "${line##*passed, 0 failed*}" = '' ]
  then
    echo "exit status $2 in spite of no failed test" >>"$1"
    line="${line%%,*}, 1 failed"
  fi
  case $line in *skipped) echo "$line" ;; *) echo "$line, 0 skipped" ;; esac
}

suite() {
  title=$*
  log=$work/log.$$
  [ -t 1 ] && printf '%s ...\r' "$title"
  began=$(date +%s)
  surroundings
  "$@" >"$log" 2>&1
  status=$?
  # the leak detector itself may crash as it stops the threads of a process
  # that ends (google/sanitizers issue 1170)
  if grep -q 'LeakSanitizer has encountered a fatal error' "$log"
  then
    "$@" >"$log" 2>&1
    status=$?
  fi
  line=$(totals "$log" $status)
  echo "$line" >>"$work/totals"
  text="== $title: $line, $(($(date +%s) - began)) s"
  case $line in
  *' 0 failed'*) ;;
  *) text="$text
$(cat "$log")" ;;
  esac
  echo "$text"
}

if [ "${1:-}" = --suite ]
then
  shift
  suite "$@"
  exit 0
fi

# ---- all suites --------------------------------------------------------------

# named LIST FILE: whether a list has a spec's name
named() {
  for name in $1
  do [ "$name" != "$(basename "$2" _spec.lua)" ] || return 0
  done
  return 1
}

is_slow() { named "$slow" "$1"; }
is_quick() { ! is_slow "$1"; }

is_watched() {
  [ "$MODE" != valgrind ] || ! named "$elsewhere" "$1"
}

for_both() {
  for lua in lua5.4 luajit
  do [ "$MODE" = quick ] && [ "$lua" != lua5.4 ] || echo "$1 $lua${2:+ $2}"
  done
}

for_the_others() {
  [ -z "$MODE" ] && ! named "$for_two" "$1" || return 0
  for lua in $others
  do echo "specs $lua $1"
  done
}

# All that is slow, or all that is not: is_slow or is_quick.
those() {
  for file in "$BUILD"/test/test_*
  do [ -x "$file" ] && "$1" "$file" && echo "program $(basename "$file")"
  done
  for spec in $(find spec -name '*_spec.lua' | sort)
  do
    "$1" "$spec" && is_watched "$spec" || continue
    for_both specs "$spec"
    for_the_others "$spec"
  done
}

suites() {
  for spec in $SPEC
  do echo "specs $LUA $spec"
  done
  [ -z "$SPEC" ] || return 0
  if [ "$MODE" != quick ]
  then
    [ -n "$MODE" ] || { echo fuzz; for_both soak; }
    [ "$MODE" = valgrind ] || for_both memory
    those is_slow
  fi
  for_both finalizers
  those is_quick
}

[ "$MODE" != asan ] ||
  gcc -shared -fPIC -D_DEFAULT_SOURCE -o "$BUILD/once.so" spec/support/once.c
work=$(mktemp -d)
export BUILD MODE work
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
JOBS=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}
began=$(date +%s)
others=$(sh spec/luas.sh | sed 1d)
suites >"$work/suites"
xargs -L 1 -P "$JOBS" sh spec/run.sh --suite <"$work/suites"

echo
awk -v seconds="$(($(date +%s) - began))" -v jobs="$JOBS" \
  -v suites="$(wc -l <"$work/suites")" '
  { passed += $1; failed += $3; skipped += $5 }
  END {
    if (NR < suites) {
      printf "%d suites have left no result\n", suites - NR
      failed += suites - NR
    }
    printf "%d suites in %d s, %d at a time\n", NR, seconds, jobs
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0 || passed == 0
  }' "$work/totals"
