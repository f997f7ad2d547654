#!/usr/bin/env bash
# Prints the folder of a libtorch (the one that holds lib/ and include/), trying in this order:
# LIBTORCH; the torch of python3; the wheel in .cache; a wheel that pip fetches.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
version=2.13.0
cached=$root/.cache/libtorch-$version
tried=()

usable() { [ -e "$1/lib/libtorch.so" ] && [ -f "$1/include/ATen/core/Tensor.h" ]; }

if [ -n "${LIBTORCH:-}" ]; then
  if usable "$LIBTORCH"; then cd "$LIBTORCH" && pwd && exit 0; fi
  tried+=("LIBTORCH=$LIBTORCH: no lib/libtorch.so and include/ there")
else
  tried+=("LIBTORCH: not set")
fi

python=${PYTHON:-python3}
folder=$("$python" -c 'import os, importlib.util as u; s = u.find_spec("torch")
print(os.path.dirname(s.origin) if s and s.origin else "")' 2>/dev/null || true)
if [ -n "$folder" ] && usable "$folder"; then
  found=$("$python" -c 'import torch; print(torch.__version__.split("+")[0])' 2>/dev/null || true)
  case "$found" in
    2.1[3-9].* | 2.[2-9][0-9].*) echo "$folder" && exit 0 ;;
    *) tried+=("$python's torch ($folder): version $found, needs $version or newer") ;;
  esac
else
  tried+=("$python's torch: not installed")
fi

if usable "$cached"; then echo "$cached" && exit 0; fi

mkdir -p "$root/.cache"
work=$(mktemp -d "$root/.cache/fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT
fetch() { "$python" -m pip download --quiet --no-deps --dest "$work" "$@" >"$work/log" 2>&1; }
echo "Fetching libtorch $version with pip (200 MB, once) …" >&2
if fetch "torch==$version+cpu"; then
  :
elif tried+=("pip download torch==$version+cpu: $(tail -n 1 "$work/log")") &&
  fetch --index-url https://download.pytorch.org/whl/cpu "torch==$version+cpu"; then
  :
else
  tried+=("the same from PyTorch's CPU wheel index: $(tail -n 1 "$work/log" 2>/dev/null || true)")
  {
    echo "holdfast: libtorch was not found. Tried:"
    printf '  %s\n' "${tried[@]}"
    echo "Install PyTorch $version for python3, or set LIBTORCH to an unpacked libtorch."
  } >&2
  exit 1
fi
"$python" - "$work" <<'PY'
import glob, sys, zipfile
wheel, = glob.glob(sys.argv[1] + "/*.whl")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith(("torch/lib/", "torch/include/")):
            archive.extract(name, sys.argv[1])
PY
rm -rf "$cached"
mv "$work/torch" "$cached"
echo "$cached"
