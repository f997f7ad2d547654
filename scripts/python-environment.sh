#!/usr/bin/env bash
# Prints the Python with the packages of Tests/Fixtures/requirements.txt, which is installed into
# .cache/python where it is not there yet. PYTHON names the Python to start from (python3).
set -euo pipefail
cd "$(dirname "$0")/.."
environment=.cache/python
python=$environment/bin/python
requirements=Tests/Fixtures/requirements.txt

if ! cmp -s "$requirements" "$environment/requirements.txt"; then
  echo "Installing the packages of $requirements (once) …" >&2
  "${PYTHON:-python3}" -m venv "$environment" >&2
  install() { "$python" -m pip --disable-pip-version-check install --quiet "$@" >&2; }
  # PyTorch first: its CPU wheel, where pip's configuration or PyTorch's own index has it.
  torch=$(grep '^torch==' "$requirements")
  install "$torch+cpu" 2>/dev/null ||
    install --index-url https://download.pytorch.org/whl/cpu "$torch+cpu"
  install -r "$requirements"
  # Its tokenizer and its own towers alone are used, which need nothing more.
  install --no-deps open_clip_torch==3.3.0
  cp "$requirements" "$environment/requirements.txt"
fi
echo "$python"
