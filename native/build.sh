#!/usr/bin/env bash
# Builds native/out/libctorch.so, the C layer over libtorch, and the pkg-config file that SwiftPM
# reads. libtorch is found by native/find-libtorch.sh. Does nothing when all is up to date.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/native/out
libtorch=$("$root/native/find-libtorch.sh")

key=$(cat "$root"/native/*.cpp "$root"/native/*.h "$root/native/build.sh" \
  "$root/Sources/CTorch/CTorch.h" "$libtorch/include/torch/headeronly/version.h" | sha256sum)
key="$out $libtorch ${CXX:-} ${key%% *}"
if [ -f "$out/libctorch.so" ] && [ "$(cat "$out/key" 2>/dev/null)" = "$key" ]; then exit 0; fi

compiler=${CXX:-}
if [ -z "$compiler" ]; then
  for candidate in g++ clang++ c++; do
    if command -v "$candidate" >/dev/null; then compiler=$candidate; break; fi
  done
fi
if [ -z "$compiler" ]; then
  echo "holdfast: no C++ compiler was found (tried CXX, g++, clang++, c++)" >&2
  echo "Install one, for example: apt-get install g++" >&2
  exit 66
fi

# at::parallel_for is OpenMP inside a header, so this library must be compiled with it too.
openmp=
case "$("$compiler" --version)" in *clang*) ;; *) openmp=-fopenmp ;; esac

mkdir -p "$out"
echo "Compiling libctorch.so against $libtorch …" >&2
# Without contraction a fused pass gives the same bits on every machine, and with every clone.
objects=()
pids=()
for source in "$root"/native/*.cpp; do
  object=$out/$(basename "$source" .cpp).o
  contract=off
  case "$(basename "$source" .cpp)" in
    Attention | LowRank | Norms | ProductKernels | Rows) contract=fast ;;
  esac
  "$compiler" -std=c++20 -O3 -fno-math-errno -ffp-contract=$contract -fPIC -fvisibility=hidden $openmp \
    -Wall -Wextra -Werror -Wno-psabi -isystem "$libtorch/include" \
    -isystem "$libtorch/include/torch/csrc/api/include" \
    -c "$source" -o "$object" &
  pids+=($!)
  objects+=("$object")
done
failed=
for pid in "${pids[@]}"; do wait "$pid" || failed=yes; done
if [ -n "$failed" ]; then
  echo "holdfast: $compiler could not compile native/ against $libtorch" >&2
  echo "Read its first message above; set CXX or LIBTORCH to use another compiler or libtorch." >&2
  exit 70
fi
# -ltorch with --no-as-needed keeps a CUDA build's libraries loaded. A libtorch beside libctorch.so
# comes first, so that an installed program does not need this folder.
"$compiler" -shared $openmp -o "$out/libctorch.so.new" "${objects[@]}" -L"$libtorch/lib" \
  -Wl,--no-as-needed -ltorch -ltorch_cpu -lc10 -Wl,-rpath,"\$ORIGIN:$libtorch/lib" \
  -Wl,-soname,libctorch.so
mv "$out/libctorch.so.new" "$out/libctorch.so"
rm -f "${objects[@]}"
cat > "$out/ctorch.pc" <<PC
Name: ctorch
Description: The C layer of holdfast over libtorch
Version: 1
Libs: -L${out// /\\ } -lctorch
Cflags:
PC
echo "$key" > "$out/key"
