#!/usr/bin/env bash
# Installs what building needs and is not there, then builds native/out/libctorch.so. Looks before
# it acts: where all is there, neither apt nor pip is called.
# With --venv also what `make fixtures` needs. PYTHON and CXX name another Python and compiler.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}

fail() {
  printf 'holdfast: %s\n%s\n' "$1" "$2" >&2
  exit 66
}

if ! command -v swift >/dev/null; then
  fail "there is no Swift toolchain (no swift in PATH)" \
    "Get Swift 6.1 or newer from https://www.swift.org/install/linux/ and add it to PATH."
fi
found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
if [ "$(printf '%s\n' 6.1 "$found" | sort -V | head -n 1)" != 6.1 ]; then
  fail "Swift ${found:-of an unknown version} is too old" \
    "Get Swift 6.1 or newer from https://www.swift.org/install/linux/ and put it first in PATH."
fi

has() { command -v "$1" >/dev/null; }
has_header() { printf '#include <stdio.h>\n#include <%s>\n' "$1" | "$compiler" -E - &>/dev/null; }

missing=()
compiler=${CXX:-g++}
has "$compiler" || missing+=(g++)
has git || missing+=(git)
has pkg-config || missing+=(pkg-config)
has "$python" || missing+=(python3)
"$python" -c 'import pip' 2>/dev/null || missing+=(python3-pip)
if [ "${1:-}" = --venv ]; then
  "$python" -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
fi
has "$compiler" || compiler=clang  # The toolchain's own can look for headers too.
has_header jpeglib.h || missing+=(libjpeg-dev)
has_header png.h || missing+=(libpng-dev)
has_header webp/decode.h || missing+=(libwebp-dev)
has_header zlib.h || missing+=(zlib1g-dev)

if [ ${#missing[@]} -gt 0 ]; then
  list="${missing[*]}"
  has apt-get || fail "missing: $list" \
    "Install these, or what they are called here, with this system's package manager."
  as_root=
  if [ "$(id -u)" != 0 ]; then
    has sudo || fail "missing: $list" "Run as root: apt-get install $list"
    as_root=sudo
  fi
  echo "Installing $list …" >&2
  log=$(mktemp)
  # Lists may be absent or old, and one source that does not answer need not matter.
  $as_root apt-get -qq update &>"$log" || true
  if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
    --no-install-recommends "${missing[@]}" &>>"$log"; then
    cat "$log" >&2
    fail "apt-get could not install $list" "Read its messages above, or install these by hand."
  fi
  rm -f "$log"
fi

exec "$root/native/build.sh"
