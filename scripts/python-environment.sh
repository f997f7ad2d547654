#!/usr/bin/env bash
# Prints the Python with the packages of a requirements file, which are installed into an environment
# where they are not there yet. PYTHON names the Python to start from (python3).
#   scripts/python-environment.sh                                   of the golden files, .cache/python
#   scripts/python-environment.sh REQUIREMENTS.txt ENVIRONMENT      of another file, elsewhere
set -euo pipefail
cd "$(dirname "$0")/.."
requirements=${1:-Tests/Fixtures/requirements.txt}
environment=${2:-.cache/python}
python=$environment/bin/python

if ! cmp -s "$requirements" "$environment/requirements.txt"; then
  echo "Installing the packages of $requirements (once) …" >&2
  "${PYTHON:-python3}" -m venv "$environment" >&2
  install() { "$python" -m pip --disable-pip-version-check install --quiet "$@" >&2; }
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
echo "$python"
