"""Writes archives/*.tar: two labelled images (of no meaning) in each format of Python's tarfile.

    python3 Tests/Fixtures/make_archives.py
"""

import io
import pathlib
import tarfile

FOLDER = pathlib.Path(__file__).parent / "archives"
FORMATS = {
    "ustar": tarfile.USTAR_FORMAT,
    "gnu": tarfile.GNU_FORMAT,
    "pax": tarfile.PAX_FORMAT,
}
# Longer than the 100 bytes of a name, and short enough for ustar's prefix and name.
LONG = "a" * 90 + "/" + "b" * 26
MEMBERS = [
    ("z.jpg", b"1234567" * 100),
    ("z.cls", b"0"),
    (LONG + ".jpg", b"12345"),
    (LONG + ".cls", b"1"),
]

FOLDER.mkdir(exist_ok=True)
for form, number in FORMATS.items():
    with tarfile.open(FOLDER / f"{form}.tar", "w", format=number) as archive:
        for name, content in MEMBERS:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            # A time between seconds is what makes tarfile write a pax record.
            member.mtime = 1.5
            archive.addfile(member, io.BytesIO(content))
