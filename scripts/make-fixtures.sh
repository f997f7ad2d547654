#!/usr/bin/env bash
# Remakes the golden files of Tests/Fixtures with the versions of requirements.txt, in an environment
# of their own in .cache/python. `git diff` then says what changed: on one machine, nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=.cache/python
python=$environment/bin/python
requirements=Tests/Fixtures/requirements.txt

if ! cmp -s "$requirements" "$environment/requirements.txt"; then
  echo "Installing the packages of $requirements (once) …" >&2
  "${PYTHON:-python3}" -m venv "$environment"
  install() { "$python" -m pip --disable-pip-version-check install --quiet "$@"; }
  # PyTorch first: its CPU wheel, where pip's configuration or PyTorch's own index has it.
  torch=$(grep '^torch==' "$requirements")
  install "$torch+cpu" 2>/dev/null ||
    install --index-url https://download.pytorch.org/whl/cpu "$torch+cpu"
  install -r "$requirements"
  # Its tokenizer and its own towers alone are used, which need nothing more.
  install --no-deps open_clip_torch==3.3.0
  cp "$requirements" "$environment/requirements.txt"
fi

scripts/fetch-test-vocabulary.sh
for script in Tests/Fixtures/make_*.py; do
  echo "$script …" >&2
  "$python" "$script"
done
git --no-pager diff --stat -- Tests/Fixtures
