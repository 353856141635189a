"""Reads what overhead.sh prints and gives medians and the ratio llama.cpp / engine."""

import json
import statistics
import sys

decoder = json.JSONDecoder()
text = sys.stdin.read()
raw_read, raw_write, our_read, our_write = [], [], [], []
while text := text.lstrip():
    value, end = decoder.raw_decode(text)
    text = text[end:]
    if isinstance(value, list):
        (raw_read if value[0]["n_prompt"] else raw_write).append(value[0]["avg_ts"])
    else:
        our_read.append(value["read_per_s"])
        our_write.append(value["written_per_s"])
for name, raw, ours in (("reading", raw_read, our_read), ("writing", raw_write, our_write)):
    ratios = [a / b for a, b in zip(raw, ours)]
    print(f"{name}: llama-bench {statistics.median(raw):.1f} tokens/s, engine "
          f"{statistics.median(ours):.1f} tokens/s, ratio {statistics.median(ratios):.3f} "
          f"(from {min(ratios):.3f} to {max(ratios):.3f}, {len(ratios)} pairs)")
