#!/usr/bin/env bash
# Prints the folder of a libtorch (the one that holds lib/ and include/), trying in this order:
# LIBTORCH; the torch of python3; the wheel in .cache; a wheel that pip fetches.
# PYTHON names the Python to ask and to fetch with (python3).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
version=2.13.0
cached=$root/.cache/libtorch-$version
tried=()

fail() {
  {
    echo "holdfast: libtorch was not found. Tried:"
    printf '  %s\n' "${tried[@]}"
    echo "Install PyTorch $version or newer for python3, or set LIBTORCH to an unpacked libtorch."
  } >&2
  exit 66
}

# Whether a folder is a libtorch that is new enough; if not, the reason is added to `tried`.
usable() {
  local what=$1 folder=$2 header=$2/include/torch/headeronly/version.h found
  if [ ! -e "$folder/lib/libtorch.so" ] || [ ! -f "$folder/include/ATen/core/Tensor.h" ]; then
    tried+=("$what: no lib/libtorch.so and include/ATen there")
    return 1
  fi
  found=$(awk '/define TORCH_VERSION_(MAJOR|MINOR) / { printf "%s%s", dot, $3; dot = "." }' \
    "$header" 2>/dev/null || true)
  if [ "$(printf '%s\n' "${version%.*}" "$found" | sort -V | head -n 1)" != "${version%.*}" ]; then
    tried+=("$what: version ${found:-unknown}, needs ${version%.*} or newer")
    return 1
  fi
}

# A libtorch that was asked for by name is used or refused, never passed over.
if [ -n "${LIBTORCH:-}" ]; then
  usable "LIBTORCH=$LIBTORCH" "$LIBTORCH" || fail
  cd "$LIBTORCH" && pwd && exit 0
fi
tried+=("LIBTORCH: not set")

python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null; then
  tried+=("$python: not installed")
else
  folder=$("$python" -c 'import os, importlib.util as u; s = u.find_spec("torch")
print(os.path.dirname(s.origin) if s and s.origin else "")' 2>/dev/null || true)
  if [ -z "$folder" ]; then
    tried+=("the torch of $python: not installed")
  elif usable "the torch of $python ($folder)" "$folder"; then
    echo "$folder" && exit 0
  fi
fi

if [ -d "$cached" ] && usable "the wheel in .cache" "$cached"; then echo "$cached" && exit 0; fi
command -v "$python" >/dev/null || fail

mkdir -p "$root/.cache"
work=$(mktemp -d "$root/.cache/fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT
fetch() {
  local what=$1
  shift
  "$python" -m pip --disable-pip-version-check download --quiet --no-deps --only-binary :all: \
    --dest "$work" "$@" "torch==$version+cpu" >"$work/log" 2>&1 && return
  tried+=("$what: $({ grep -i error "$work/log" || cat "$work/log"; } | tail -n 1)")
  return 1
}
index=https://download.pytorch.org/whl/cpu
echo "Fetching libtorch $version with pip (200 MB, once) …" >&2
# The libraries do not depend on Python's version; a Python without a wheel takes another's.
fetch "pip download torch==$version+cpu" ||
  fetch "the same from PyTorch's CPU wheel index" --index-url "$index" ||
  fetch "the same for Python 3.12" --index-url "$index" --python-version 3.12 --abi cp312 || fail

# Libraries and headers are all that is kept of the wheel.
"$python" - "$work" <<'PY'
import glob, sys, zipfile
wheel, = glob.glob(sys.argv[1] + "/*.whl")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith(("torch/lib/", "torch/include/")):
            archive.extract(name, sys.argv[1])
PY
usable "the wheel that pip fetched" "$work/torch" || fail
rm -rf "$cached"
mv "$work/torch" "$cached"
echo "$cached"
