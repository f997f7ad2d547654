#!/usr/bin/env bash
# How long a large data set takes to open, first and with its index.
#
#     scripts/bench-index.sh [FOLDER]
#
# Makes 1 300 000 empty files in 1000 class folders, as ImageNet has them, under FOLDER (default: the
# system's temporary folder; it takes 1 300 000 inodes), times `holdfast data inspect` on them and
# removes them. Nothing is decoded.
set -euo pipefail
cd "$(dirname "$0")/.."
holdfast=$PWD/bin/holdfast
[[ -x $holdfast ]] || { echo "There is no bin/holdfast: run 'make build' first." >&2; exit 66; }
work=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/holdfast-index.XXXXXX")
trap 'rm -rf "$work"' EXIT
export HOLDFAST_CACHE=$work/cache

echo "Making 1 300 000 files …" >&2
python3 - "$work/tree" <<'PYTHON'
import os, sys

for label in range(1000):
    folder = f"{sys.argv[1]}/n{1440764 + 7919 * label:08d}"
    os.makedirs(folder)
    for image in range(1300):
        os.close(os.open(f"{folder}/{os.path.basename(folder)}_{image}.JPEG", os.O_CREAT | os.O_WRONLY))
PYTHON
# An index is made only of what has not changed for two seconds.
sleep 3

inspect() {
  local from to
  from=$(date +%s%N)
  "$holdfast" data inspect "folder:$work/tree" --format json --quiet >"$work/$1.json"
  to=$(date +%s%N)
  printf '%s: %d.%03d s\n' "$1" $(((to - from) / 1000000000)) $(((to - from) / 1000000 % 1000))
}
inspect first
for start in second third fourth; do
  inspect $start
  cmp "$work/first.json" "$work/$start.json"
done
du -h "$work"/cache/index/*.hfi | cut -f 1 | sed 's/^/index: /'
