#!/usr/bin/env bash
# Remakes the golden files of Tests/Fixtures with the versions of requirements.txt, in an environment
# of their own in .cache/python. `git diff` then says what changed: on one machine, nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(scripts/python-environment.sh)

scripts/fetch-test-vocabulary.sh
for script in Tests/Fixtures/make_*.py; do
  echo "$script …" >&2
  "$python" "$script"
done
git --no-pager diff --stat -- Tests/Fixtures
