#!/usr/bin/env bash
# How well we share two cores: the speed of one process alone, of two at once, and of one beside a
# foreign program that never rests. Prints reply tokens a second, and their ratios in this run.
#   bench/share.sh [MODEL] [TURNS]
# CORES=0,1 names the cores. The model is the starter unless one is given.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
emostage=${EMOSTAGE_BINARY:-$root/build/emostage}
model=${1:-smollm2-135m}
turns=${2:-4}
out=$(mktemp -d)
busy=
trap '[ -z "$busy" ] || kill "$busy"; rm -rf "$out"' EXIT

# One session's direct replies, after a turn to warm up; to the file $1.
play() {
  taskset -c "${CORES:-0,1}" "$emostage" bench load --model "$model" --sessions 1 --adapt \
    --method direct --lang en --turns "$turns" --reply-tokens 100 --json >"$out/$1"
}

play alone1
play two1 &
first=$!
play two2
wait "$first"
taskset -c "${CORES:-0,1}" sh -c 'while :; do :; done' &
busy=$!
play busy
kill "$busy"
busy=
play alone2

python3 - "$out" <<'EOF'
import json, pathlib, sys

def rate(name):
    lines = pathlib.Path(sys.argv[1], name).read_text().splitlines()
    return json.loads(lines[-1])["reply_tokens_per_second"]

before, after = rate("alone1"), rate("alone2")
alone = (before + after) / 2
print(f"alone                {alone:6.1f} reply tokens/s ({before:.1f} before, {after:.1f} after)")
for name in ("two1", "two2"):
    print(f"one of two           {rate(name):6.1f} reply tokens/s, "
          f"{rate(name) / (alone / 2):.2f} of a fair half")
print(f"beside a busy one    {rate('busy'):6.1f} reply tokens/s, {rate('busy') / alone:.2f} of alone")
EOF
