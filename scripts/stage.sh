#!/usr/bin/env bash
# Copies the built program into a folder: the launcher holdfast, and under lib/ the program, its
# resources and libctorch.so, which are found beside it wherever it is called from.
#   scripts/stage.sh FOLDER            for use beside this checkout
#   scripts/stage.sh FOLDER --whole    with libtorch, where that lies in this checkout's .cache
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
built=$root/.build/release
base=$1
folder=$base/lib

mkdir -p "$folder"
# A running program's file cannot be overwritten, but it can be replaced.
place() {
  local target
  target=$folder/$(basename "$1")
  if [ -d "$1" ]; then
    diff -rq "$1" "$target" &>/dev/null && return
    rm -rf "$target.new" "$target"
    cp -RL "$1" "$target.new"
  else
    cmp -s "$1" "$target" && return
    cp -L "$1" "$target.new"
  fi
  mv "$target.new" "$target"
}
place "$built/holdfast"
place "$root/native/out/libctorch.so"
for resources in "$built"/holdfast_*.resources; do place "$resources"; done

launcher=$(mktemp)
trap 'rm -f "$launcher"' EXIT
cat >"$launcher" <<'SH'
#!/bin/sh
# libgomp reads its settings before the program's first line. With its own default, threads that
# wait for each other spin for so long that a busy machine makes training ten times slower; this
# count costs nothing on an idle one.
[ -n "${OMP_WAIT_POLICY:-}" ] || export GOMP_SPINCOUNT="${GOMP_SPINCOUNT:-10000}"
exec "$(dirname "$(readlink -f "$0")")/lib/holdfast" "$@"
SH
chmod 755 "$launcher"
if ! cmp -s "$launcher" "$base/holdfast"; then
  cp "$launcher" "$base/holdfast.new"
  chmod 755 "$base/holdfast.new"
  mv "$base/holdfast.new" "$base/holdfast"
fi

if [ "${2:-}" = --whole ]; then
  libtorch=$("$root/native/find-libtorch.sh")
  case $libtorch in
    "$root"/.cache/*)
      for name in libtorch.so libtorch_cpu.so libc10.so libgomp.so.1; do
        if [ -e "$libtorch/lib/$name" ]; then place "$libtorch/lib/$name"; fi
      done
      ;;
  esac
fi
