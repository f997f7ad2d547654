#!/usr/bin/env bash
# Holds what holdfast reads and writes to transformers, open_clip and PEFT, on models of true size
# with random weights (`make interchange`). Takes some minutes and 5 GB of disk in .cache; arguments are
# further models of open_clip (ViT-g-14 takes some more, about 16 GB of disk and as much memory).
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(scripts/python-environment.sh)
scripts/fetch-test-vocabulary.sh

folder=.cache/interchange
rm -rf "$folder"
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT
"$python" scripts/check_interchange.py bin/holdfast "$folder/layouts" "$@"
"$python" scripts/check_adapters.py bin/holdfast "$folder/adapters"
