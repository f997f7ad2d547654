#!/usr/bin/env bash
# What a change must pass besides the tests: format, documentation comments, no warning.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=

echo "Format …" >&2
scripts/lint.sh || failed=yes

echo "Documentation comments …" >&2
configuration=$(mktemp)
trap 'rm -f "$configuration"' EXIT
sed 's/"rules": {/&\n    "AllPublicDeclarationsHaveDocumentation": true,/' .swift-format >"$configuration"
# Types and functions of a file's own level; their members where the name does not say it all.
if swift format lint --configuration "$configuration" -r Sources 2>&1 |
  grep -E ':1: .*AllPublicDeclarationsHaveDocumentation'; then
  failed=yes
fi

echo "Warnings …" >&2
# In a folder of its own, since the flag would make the release build compile everything again.
swift build --build-tests --scratch-path .build/check -Xswiftc -warnings-as-errors || failed=yes

if [ -n "$failed" ]; then
  echo "holdfast: the checks above failed; \`swift format -i -r Sources Tests\` mends most of format" >&2
  exit 1
fi
