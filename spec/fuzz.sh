#!/bin/sh
# fuzz.sh: runs every fuzz target: first on the inputs that are kept in
# spec/cases/fuzz, then on new ones, as many as the arguments say. Ends in
# one line of totals.
# FUZZ_BUILD: where the targets are. New inputs that reach new code are kept
# there too, for the next run.
set -u
FUZZ_BUILD=${FUZZ_BUILD:-build/fuzz}
passed=0 failed=0
export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=detect_stack_use_after_return=1

for target in order csr date host headers
do
  program=$FUZZ_BUILD/fuzz_$target
  found=$FUZZ_BUILD/corpus/$target
  log=$FUZZ_BUILD/$target.log
  seeds=spec/cases/fuzz/$target
  mkdir -p "$found"
  [ "$target" = csr ] && seeds="$seeds spec/cases/csr/good spec/cases/csr/bad"
  # shellcheck disable=SC2086
  if [ -x "$program" ] && "$program" -timeout=20 -rss_limit_mb=1024 \
    -max_len=4096 -print_final_stats=1 -verbosity=1 \
    -artifact_prefix="$FUZZ_BUILD/$target-" "$@" "$found" $seeds \
    >"$log" 2>&1
  then
    passed=$((passed + 1))
    echo "fuzz_$target: $(sed -n 's/^stat::number_of_executed_units: *//p' \
      "$log") inputs, nothing broken"
  else
    failed=$((failed + 1))
    echo "fuzz_$target: broken"
    tail -n 40 "$log"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
