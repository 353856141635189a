#!/usr/bin/env bash
# Formatting and rooms; fails on the first fault.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(git ls-files '*.cc' '*.h')
clang-format-19 --dry-run -Werror "${files[@]}"
echo "formatting: ${#files[@]} files as .clang-format says"
python3 tools/check_rooms.py
