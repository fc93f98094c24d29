"""Writes kinds.tsv: a picture file of every kind that the readers must know, a line each, with what it is.

    python3 make.py          (the standard library alone)

Columns: name, the file in hexadecimal digits, the picture, the mask of two regions. A picture is "HEIGHT WIDTH
CHANNELS:" and its samples, or "refused:" and how the sentence begins. What is right is reckoned here, not read by the
code under test: tests/programs/support_kinds.cpp holds the C++ readers to it, training/tests/test_kinds.py the Python
reader.
"""

import pathlib

import jpeg_kinds
import png_kinds
import tiff_kinds
from table import refused


def of_other_formats():
    foreign = {
        "empty": b"",
        "one-byte": b"\x89",
        "text": b"no picture",
        "gif": b"GIF89a\1\0\1\0\0\0\0;",
        "bmp": b"BM\x3e\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1\0\0\0\1\0\0\0\1\0\x18\0" + bytes(32),
        "pgm": b"P5 2 2 255\n\0\1\2\3",
        "ppm": b"P6 1 1 255\n\0\1\2",
        "psd": b"8BPS\0\1" + bytes(20),
        "hdr": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n\0\0\0\0",
        "pic": b"\x53\x80\xf6\x34" + bytes(96),
        "tga": b"\0\0\2\0\0\0\0\0\0\0\0\0\1\0\1\0\x18\0\0\0\0",
        "webp": b"RIFF\x1a\0\0\0WEBPVP8L" + bytes(14),
        "dicom": bytes(128) + b"DICM",
        "jp2": b"\0\0\0\x0cjP  \r\n\x87\n",
        "bigtiff-odd": b"II,\0" + bytes(20),
    }
    for name, data in foreign.items():
        yield f"{name}.any", data, *[refused("neither PNG nor JPEG")] * 2


def lines() -> list[str]:
    found = [
        kind for part in (png_kinds.kinds, jpeg_kinds.kinds, tiff_kinds.kinds, of_other_formats) for kind in part()
    ]
    names = [name for name, *_ in found]
    assert len(set(names)) == len(names), sorted(n for n in names if names.count(n) > 1)
    return ["\t".join((name, data.hex(), picture, mask)) + "\n" for name, data, picture, mask in found]


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    (here / "kinds.tsv").write_text("".join(lines()), encoding="ascii")
