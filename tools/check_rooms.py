#!/usr/bin/env python3
"""Checks that every room under src/ includes only itself and rooms below it (docs/design.md)."""

import pathlib
import re
import sys

# Ground floor first.
ROOMS = ["base", "dialogue", "knowledge", "model", "safety", "method", "session", "eval", "serve", "cli"]
# What a room must not know though it lies below.
BARRED = {"knowledge": set(), "model": {"dialogue", "knowledge"}}

root = pathlib.Path(__file__).resolve().parent.parent
faults = []
for path in sorted((root / "src").rglob("*")):
    if path.suffix not in {".cc", ".h"}:
        continue
    room = path.relative_to(root / "src").parts[0]
    if room not in ROOMS:
        faults.append(f"{path}: '{room}' is no room")
        continue
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r'#include "([a-z]+)/', line)
        if not match or match.group(1) not in ROOMS:
            continue
        other = match.group(1)
        above = ROOMS.index(other) > ROOMS.index(room)
        # A test may use another room's scripted twin of the model.
        if above and not path.name.endswith("_test.cc") or other in BARRED.get(room, ()):
            faults.append(f"{path.relative_to(root)}:{number}: room '{room}' includes '{other}'")
print("\n".join(faults) or "rooms: every include points downward")
sys.exit(1 if faults else 0)
