#!/usr/bin/env bash
# Measures holdfast beside its Python references: Benchmarks/run.py, in an environment of the
# versions of Benchmarks/requirements.txt in .cache/python-bench. Arguments are run.py's.
# BENCH_PYTHON names a Python that has those packages already, and is used as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${BENCH_PYTHON:-}
[ -n "$python" ] ||
  python=$(scripts/python-environment.sh Benchmarks/requirements.txt .cache/python-bench)

exec "$python" Benchmarks/run.py "$@"
