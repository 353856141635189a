#!/usr/bin/env bash
# Installs what was built into a new folder and builds examples/ against it, as a stranger would.
#   tools/check_package.sh BUILD
set -euo pipefail
build=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" >/dev/null
cmake -S "$root/examples" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$work/prefix" >/dev/null
cmake --build "$work/build" >/dev/null
model=$("$build/emostage" models path smollm2-135m)
reply=$("$work/build/reply" "$model" "I failed my exam today and I don't know how to tell my parents.")
[ -n "$reply" ] || { echo "examples/reply gave no reply" >&2; exit 1; }
echo "the installed package builds examples/reply, and it replies"
