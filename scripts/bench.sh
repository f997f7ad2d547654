#!/usr/bin/env bash
# Measures holdfast beside its Python references: Benchmarks/run.py, in an environment of the
# versions of Benchmarks/requirements.txt in .cache/python-bench. Arguments are run.py's.
# BENCH_PYTHON names a Python that has those packages already, and is used as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=.cache/python-bench
python=$environment/bin/python
requirements=Benchmarks/requirements.txt

if [ -n "${BENCH_PYTHON:-}" ]; then
  python=$BENCH_PYTHON
elif ! cmp -s "$requirements" "$environment/requirements.txt"; then
  echo "Installing the packages of $requirements (once) …" >&2
  "${PYTHON:-python3}" -m venv "$environment"
  install() { "$python" -m pip --disable-pip-version-check install --quiet "$@"; }
  # PyTorch first: its CPU wheel, where pip's configuration or PyTorch's own index has it.
  torch=$(grep '^torch==' "$requirements")
  install "$torch+cpu" 2>/dev/null ||
    install --index-url https://download.pytorch.org/whl/cpu "$torch+cpu"
  # These name a torch of their own, or more than is used here.
  alone='^(torchvision|timm|open_clip_torch)=='
  install -r <(grep -vE "$alone" "$requirements")
  # shellcheck disable=SC2046
  install --no-deps $(grep -E "$alone" "$requirements")
  cp "$requirements" "$environment/requirements.txt"
fi

exec "$python" Benchmarks/run.py "$@"
