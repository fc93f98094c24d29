"""Writes picture.txt: pictures and what Pillow (before version 13) makes of them with each of its filters. A line each:
filter, mode (L, RGB or F), sizes; the picture; the result (bytes, or floats, in hexadecimal). Run when the cases change."""

import pathlib
import random
import struct

from PIL import Image

FILTERS = ("NEAREST", "BOX", "BILINEAR", "HAMMING", "BICUBIC", "LANCZOS")
SIZES = [((7, 9), (16, 21)), ((9, 7), (3, 4)), ((1, 1), (5, 3)), ((23, 4), (8, 8)), ((31, 6), (7, 13)),
         ((20, 20), (20, 9)), ((20, 20), (7, 20)), ((5, 6), (1, 1))]


def main() -> None:
    chance = random.Random(11)
    lines = []
    for number, name in enumerate(FILTERS):
        for mode, channels in (("L", 1), ("RGB", 3), ("F", 1)):
            for (h, w), (new_h, new_w) in SIZES:
                count = h * w * channels
                if mode == "F":
                    data = b"".join(struct.pack("<f", chance.random()) for _ in range(count))
                else:
                    data = bytes(chance.choice((0, 255, chance.randrange(256))) for _ in range(count))
                picture = Image.frombytes(mode, (w, h), data)
                resized = picture.resize((new_w, new_h), Image.Resampling[name])
                lines += [f"{number} {mode} {h} {w} {new_h} {new_w}", data.hex(), resized.tobytes().hex()]
    pathlib.Path(__file__).with_name("picture.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
