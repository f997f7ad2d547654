#!/bin/sh
# Fetches CLIP's vocabulary, which the tokenizer's tests need and this repository does not hold,
# into .cache/clip-vocabulary/{vocab.json,merges.txt}, and as the CLIP release has it into
# .cache/clip-release/bpe_simple_vocab_16e6.txt.gz. Does nothing where they are already there.
# PYTHON names the Python to use (python3); pip's own configuration says where packages come from.
set -eu

version=3.3.0
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
folder="$root/.cache/clip-vocabulary"
release="$root/.cache/clip-release"
packages="$root/.cache/packages"

if [ -s "$folder/vocab.json" ] && [ -s "$folder/merges.txt" ] &&
  [ -s "$release/bpe_simple_vocab_16e6.txt.gz" ]; then
  exit 0
fi
mkdir -p "$folder" "$release" "$packages"

if ! "$python" -m pip --disable-pip-version-check download --quiet --no-deps \
  --only-binary :all: --dest "$packages" "open_clip_torch==$version" >&2; then
  echo "cannot fetch open_clip_torch $version, which holds CLIP's vocabulary" >&2
  echo "Connect to the network, or put CLIP's vocab.json and merges.txt into $folder." >&2
  exit 66
fi

"$python" - "$packages/open_clip_torch-$version-py3-none-any.whl" "$folder" "$release" <<'PYTHON'
import gzip, hashlib, json, os, sys, zipfile

wheel, folder, release = sys.argv[1:]
packed = zipfile.ZipFile(wheel).read("open_clip/bpe_simple_vocab_16e6.txt.gz")
expected = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"
if hashlib.sha256(packed).hexdigest() != expected:
    sys.exit(f"{wheel}: not the vocabulary of the CLIP release")

# Of the file's merges CLIP uses the first 48,894; a vocabulary of 49,408 entries follows from
# the order of the release: bytes, bytes that end a word, merges, start and end.
merges = gzip.decompress(packed).decode("utf-8").split("\n")[1 : 49152 - 256 - 2 + 1]
printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
symbols = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
tokens = symbols + [s + "</w>" for s in symbols] + ["".join(m.split()) for m in merges]
tokens += ["<|startoftext|>", "<|endoftext|>"]


def write(path, data):
    with open(path + ".part", "wb") as file:
        file.write(data)
    os.replace(path + ".part", path)


vocabulary = json.dumps({t: i for i, t in enumerate(tokens)}, ensure_ascii=False)
write(os.path.join(release, "bpe_simple_vocab_16e6.txt.gz"), packed)
write(os.path.join(folder, "merges.txt"), ("#version: 0.2\n" + "\n".join(merges) + "\n").encode())
write(os.path.join(folder, "vocab.json"), (vocabulary + "\n").encode())
PYTHON
