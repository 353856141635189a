#!/usr/bin/env bash
# Each fuzz target for $FUZZ_SECONDS (60), from its corpus; findings go to build-fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake -S . -B build-fuzz -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DEMOSTAGE_FUZZ=ON \
  -DEMOSTAGE_SANITIZE=fuzzer-no-link,address,undefined -DEMOSTAGE_TESTS=OFF \
  -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_C_COMPILER=clang-19 >/dev/null
cmake --build build-fuzz --target fuzzers
for target in build-fuzz/*_fuzz; do
  name=$(basename "$target" _fuzz)
  mkdir -p "build-fuzz/findings/$name"
  "$target" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -print_final_stats=1 \
    -artifact_prefix="build-fuzz/findings/$name/" "build-fuzz/findings/$name" "fuzz/corpus/$name"
done
