#!/bin/sh
# run.sh: runs every test, the C programs and the specs under both
# interpreters, and ends in one line of totals.
# BUILD: where the build is. MODE: empty, asan or valgrind.
set -u
BUILD=${BUILD:-build}
MODE=${MODE:-}
passed=0 failed=0 skipped=0
root=$(pwd)

case $MODE in
asan)
  preload="$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so):$root/$BUILD/once.so"
  export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  # luaossl reads a message of OpenSSL that it has freed. A huge size is NULL,
  # as it is without the sanitizer.
  export ASAN_OPTIONS=allocator_may_return_null=1:suppressions=$root/spec/asan.supp
  export LSAN_OPTIONS=print_suppressions=0:suppressions=$root/spec/lsan.supp
  gcc -shared -fPIC -D_DEFAULT_SOURCE -o "$BUILD/once.so" spec/support/once.c
  ;;
valgrind)
  export CERTCENTRAL_TEST_SLOW=1
  tool="valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite \
--error-exitcode=99 --suppressions=$root/spec/valgrind.supp"
  ;;
esac

# count FILE STATUS NAME: adds the last "N passed, N failed, N skipped" line
# of a log; a run that did not end in one, or in spite of it did not end
# well, is a failure.
count() {
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$1" | tail -n 1)
  if [ -z "$line" ]
  then
    echo "$3: no result (exit status $2)"
    failed=$((failed + 1))
    return
  fi
  # shellcheck disable=SC2086
  set -- "$2" "$3" $line
  passed=$((passed + $3))
  failed=$((failed + $5))
  skipped=$((skipped + ${7:-0}))
  if [ "$1" != 0 ] && [ "$5" = 0 ]
  then
    echo "$2: exit status $1 in spite of no failed test"
    failed=$((failed + 1))
  fi
}

log=$(mktemp)
CERTCENTRAL_STATE=$(mktemp -d)
export CERTCENTRAL_STATE
trap 'rm -rf "$log" "$CERTCENTRAL_STATE"' EXIT

for program in "$BUILD"/test/test_*
do
  [ -x "$program" ] || continue
  case $program in
  *test_csr)
    good=spec/cases/csr/good bad=spec/cases/csr/bad
    set -- $good/rsa2048.pem $good/p256.pem $good/pss-signature.pem \
      $good/one-line.pem $bad/flipped-signature.pem $bad/secp256k1.pem \
      $bad/trailing-bytes.pem $bad/letter.pem $bad/unknown-signature.pem \
      $good/close-primes-101.pem $bad/close-primes-100.pem $bad/roca.pem ;;
  *) set -- ;;
  esac
  ${tool:-} "$program" "$@" >"$log" 2>&1
  status=$?
  echo "== $(basename "$program")"
  cat "$log"
  count "$log" $status "$program"
done

# Lua programs whose memory runs out.
for abi in lua5.4 lua5.1
do
  [ "$MODE" = valgrind ] && break
  LUA_CPATH="$root/$BUILD/$abi/?.so;;" "$BUILD/test/lua_memory-$abi" \
    spec/support/memory_calls.lua >"$log" 2>&1
  status=$?
  echo "== lua_memory, $abi"
  cat "$log"
  count "$log" $status "lua_memory, $abi"
done

# Lua programs whose finalizers run at the worst moment.
for abi in lua5.4 lua5.1
do
  LUA_CPATH="$root/$BUILD/$abi/?.so;;" ${tool:-} \
    "$BUILD/test/lua_finalizers-$abi" spec/support/finalizer_calls.lua \
    >"$log" 2>&1
  status=$?
  echo "== lua_finalizers, $abi"
  cat "$log"
  count "$log" $status "lua_finalizers, $abi"
done

# The fuzz targets have sanitizers of their own.
if [ -z "$MODE" ]
then
  sh spec/fuzz.sh "-runs=${FUZZ_RUNS:-3000}" -seed=20261124 >"$log" 2>&1
  status=$?
  echo "== fuzz targets"
  cat "$log"
  count "$log" $status "fuzz targets"
fi

# soak ABI INTERPRETER: a short one; `make soak` is the long one
soak() {
  LUA_CPATH="$root/$BUILD/$1/?.so;;" "$2" spec/soak.lua 3000 >"$log" 2>&1
  status=$?
  echo "== soak, $2"
  cat "$log"
  count "$log" $status "soak, $2"
}
if [ -z "$MODE" ]
then
  soak lua5.4 lua5.4
  soak lua5.1 luajit
fi

# specs ABI INTERPRETER
specs() {
  echo "== specs, $2"
  (
    export CERTCENTRAL_TEST_LUA="$2"
    export CERTCENTRAL_TEST_BUILD="$root/$BUILD"
    export LUA_CPATH="$root/$BUILD/$1/?.so;;"
    unset CERTCENTRAL_API_KEY CERTCENTRAL_BASE_URL CERTCENTRAL_CA_FILE
    export CERTCENTRAL_TEST_PRELOAD="${preload:-}"
    # the runner itself is a shell script: it is the interpreter that is
    # watched
    if [ -n "${preload:-}" ]
    then
      # LuaJIT keeps its objects where the leak detector does not look
      [ "$1" = lua5.4 ] || export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"
      LD_PRELOAD=$preload "$2" spec/main.lua
    else ${tool:-} "$2" spec/main.lua
    fi
  ) >"$log" 2>&1
  status=$?
  cat "$log"
  count "$log" $status "specs, $2"
}
specs lua5.4 "$(command -v lua5.4)"
specs lua5.1 "$(command -v luajit)"

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
