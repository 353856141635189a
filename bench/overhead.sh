#!/usr/bin/env bash
# What the engine adds to llama.cpp: engine_speed against llama-bench, taken in turns, on the same
# model, tokens and threads. Ratios above 1 are the engine's loss.
#   bench/overhead.sh MODEL.gguf [ROUNDS]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
model=$1
rounds=${2:-5}
threads=${THREADS:-$(nproc)}
build=$("$root/tools/llama.sh" --tools | tail -n 1)
for round in $(seq "$rounds"); do
  "$build/bin/llama-bench" -m "$model" -t "$threads" -p 512 -n 0 -r 1 -o json 2>/dev/null
  "$build/bin/llama-bench" -m "$model" -t "$threads" -p 0 -n 128 -d 512 -r 1 -o json 2>/dev/null
  "$root/build/engine_speed" "$model" 512 128 1 "$threads"
  echo "round $round of $rounds" >&2
done | python3 "$root/bench/overhead.py"
