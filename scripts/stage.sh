#!/usr/bin/env bash
# Copies the built program into a folder: holdfast, its resources, and libctorch.so, which are found
# beside the program wherever it is called from.
#   scripts/stage.sh FOLDER            for use beside this checkout
#   scripts/stage.sh FOLDER --whole    with libtorch, where that lies in this checkout's .cache
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
built=$root/.build/release
folder=$1

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
