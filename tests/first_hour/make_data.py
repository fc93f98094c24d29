"""A folder of pictures as a user has one: make_data.py FOLDER. A bright square whose place tells the class."""

import csv
import pathlib
import sys

import numpy as np
from PIL import Image

root = pathlib.Path(sys.argv[1])
draw = np.random.default_rng(1)
for split, count in (("train", 12), ("val", 6), ("test", 6)):
    for kind in ("images", "masks"):
        (root / split / kind).mkdir(parents=True)
    with open(root / split / "labels.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "label", "name"])
        for n in range(count):
            image = draw.integers(0, 90, (40, 40), dtype=np.uint8)
            mask = np.zeros((40, 40), np.uint8)
            at = 4 + 10 * (n % 3)
            mask[at:at + 9, at:at + 9] = 1
            image[mask > 0] = 220
            Image.fromarray(image).save(root / split / "images" / f"{split}{n}.png")
            Image.fromarray(mask).save(root / split / "masks" / f"{split}{n}.png")
            rows.writerow([f"{split}{n}", n % 3, ("low", "middle", "high")[n % 3]])
(root / "regions.txt").write_text("ground\nsquare\n")
