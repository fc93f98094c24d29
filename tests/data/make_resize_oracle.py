"""Writes resize.txt: pictures and what Pillow makes of them with its bilinear filter. Run when the cases change."""

import pathlib
import random

from PIL import Image

SIZES = [((7, 9), (7, 9)), ((7, 9), (16, 21)), ((7, 9), (3, 4)), ((7, 9), (1, 1)), ((1, 1), (5, 3)), ((23, 4), (8, 8)),
         ((6, 31), (13, 7)), ((40, 40), (17, 40)), ((40, 40), (40, 9)), ((64, 48), (10, 96))]


def main() -> None:
    chance = random.Random(7)
    lines = []
    for channels in (1, 3):
        for (h, w), (new_h, new_w) in SIZES:
            flat = chance.random() < 0.3
            data = bytes(chance.choice((0, 255)) if flat else chance.randrange(256) for _ in range(h * w * channels))
            picture = Image.frombytes("L" if channels == 1 else "RGB", (w, h), data)
            resized = picture.resize((new_w, new_h), Image.Resampling.BILINEAR)
            lines += [f"{channels} {h} {w} {new_h} {new_w}", data.hex(), resized.tobytes().hex()]
            if channels == 3:
                lines += [picture.convert("L").tobytes().hex()]
    pathlib.Path(__file__).with_name("resize.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
