"""Masks of every kind give the regions that uml-evaluate reads, or are refused."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from uml_training import data

MASK = np.zeros((9, 13), np.uint8)
MASK[2:6, 3:11] = 1


def grey_png(path, samples, bits):
    """A grey PNG of 1, 2, 4, 8 or 16 bits a sample."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    lines = b""
    for row in samples.tolist():
        number = 0
        for value in row:
            number = number << bits | value
        lines += b"\0" + (number << -len(row) * bits % 8).to_bytes((len(row) * bits + 7) // 8, "big")
    height, width = samples.shape
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def read(path, regions=2):
    return data.read_mask(data.Case("x", 0, "x", path, path), regions)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_every_depth(tmp_path, bits):
    white = (1 << bits) - 1
    for top in {1, white} | ({255} if bits == 16 else set()):
        grey_png(tmp_path / "m.png", MASK.astype(int) * top, bits)
        assert read(tmp_path / "m.png").tolist() == MASK.tolist(), top
    if bits > 1:
        grey_png(tmp_path / "m.png", MASK.astype(int) * 2, bits)
        with pytest.raises(data.DataError, match="m.png: mask has values other than 0 to 1, or 0 and 255 throughout"):
            read(tmp_path / "m.png")
        assert read(tmp_path / "m.png", 3).tolist() == (2 * MASK).tolist()
    if bits == 16:  # a number that eight bits would lose
        grey_png(tmp_path / "m.png", MASK.astype(int) * 256, bits)
        with pytest.raises(data.DataError):
            read(tmp_path / "m.png")


def test_palette_numbers_not_colours(tmp_path):
    picture = Image.fromarray(MASK, "P")
    picture.putpalette([0, 0, 0, 128, 0, 0] + [0] * 762)
    picture.save(tmp_path / "m.png")
    assert read(tmp_path / "m.png").tolist() == MASK.tolist()


def test_one_number_per_pixel(tmp_path):
    path = tmp_path / "m.png"
    white = MASK * 255
    Image.fromarray(np.dstack([white] * 3)).save(path)
    assert read(path).tolist() == MASK.tolist()
    Image.fromarray(np.dstack([white, 0 * white, 0 * white])).save(path)
    with pytest.raises(data.DataError, match="in colours"):
        read(path)
    Image.fromarray(np.dstack([np.full_like(white, 255)] * 3 + [white]), "RGBA").save(path)
    with pytest.raises(data.DataError, match="transparency"):
        read(path)
    Image.fromarray(MASK * 200).save(path)
    with pytest.raises(data.DataError, match="values other than"):
        read(path)
