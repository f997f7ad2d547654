"""Writes Fixtures/matlab: files like the meta.mat of ILSVRC 2012's development kit, by SciPy.

    python Tests/Fixtures/make_matlab.py

`synsets` is a column of structures with the kit's fields. Five are classes, with the kit's ids and
names (ILSVRC 2012 development kit, readme.txt, gives the fields); the last is an inner node.
`packed.mat` is deflated, as the kit's is, `plain.mat` is not, and `other.mat` has no synsets.
"""

import io
import json
import pathlib
import zlib

import numpy
import scipy
from scipy.io import savemat

FOLDER = pathlib.Path(__file__).parent / "matlab"
SYNSETS = [
    (1, "n02119789", "kit fox, Vulpes macrotis", "small grey fox — of the plains", []),
    (2, "n02100735", "English setter", "", []),
    (3, "n02110185", "Siberian husky", "breed of sled dog", []),
    (4, "n02096294", "Australian terrier", "small greyish wire-haired breed", []),
    (600, "n01751748", "sea snake", "any of numerous venomous aquatic snakes", []),
    (1001, "n00001740", "entity", "that which is perceived", [1, 2, 70000]),
]
FIELDS = [
    "ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children", "wordnet_height",
    "num_train_images",
]


def synsets():
    rows = numpy.empty((len(SYNSETS), 1), dtype=[(field, object) for field in FIELDS])
    for row, (number, wnid, words, gloss, children) in enumerate(SYNSETS):
        values = [
            float(number), wnid, words, gloss, float(len(children)),
            numpy.array([children], dtype=numpy.float64), 0.0, 1300.0,
        ]
        for field, value in zip(FIELDS, values):
            rows[field][row, 0] = value
    return rows


def write(name, content, packed):
    file = io.BytesIO()
    savemat(file, content, do_compression=packed, long_field_names=True)
    bytes = bytearray(file.getvalue())
    # The text at the beginning holds the time.
    bytes[:116] = b"MATLAB 5.0 MAT-file".ljust(116)
    (FOLDER / name).write_bytes(bytes)


FOLDER.mkdir(exist_ok=True)
numbers = numpy.arange(6, dtype=numpy.int16).reshape(2, 3)
write("packed.mat", {"numbers": numbers, "synsets": synsets()}, True)
write("plain.mat", {"numbers": numbers, "synsets": synsets()}, False)
write("other.mat", {"numbers": numbers, "words": "kit fox"}, True)
versions = {"scipy": scipy.__version__, "numpy": numpy.__version__, "zlib": zlib.ZLIB_VERSION}
(FOLDER / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")
