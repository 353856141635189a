#!/usr/bin/env bash
# clang-tidy over everything but the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
# Its own build folder: clang's own flags, and nothing compiled in it but what tidy needs.
cmake -S . -B build-tidy -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_C_COMPILER=clang-19 \
  -DEMOSTAGE_FUZZ=ON >/dev/null
# Tests are left to the compilers' warnings: GoogleTest's macros alone would take the analyser minutes.
mapfile -t sources < <(git ls-files 'src/*.cc' 'bench/*.cc' 'fuzz/*.cc' | grep -v _test.cc)
echo "clang-tidy: ${#sources[@]} files"
printf '%s\n' "${sources[@]}" |
  xargs -P "$(nproc)" -n 1 clang-tidy-19 -p build-tidy --quiet 2>/dev/null
