"""Every fault of a data folder has its own sentence, before training starts."""

import numpy as np
import openpyxl
import pytest
import torch
from PIL import Image

from uml_training import augment, data
from uml_training.layouts import read_splits


def load(folder, split, **changes):
    values = {"regions": 2, "classes": 3, "channels": 1, "size": (32, 32)} | changes
    return data.load(read_splits(folder)[split], **values)


def test_good_data(tiny):
    pictures = load(tiny, "train")
    assert pictures.images.shape == (12, 32, 32, 1) and pictures.masks.shape == (12, 32, 32)
    assert set(np.unique(pictures.masks)) == {0, 1}
    assert pictures.labels.tolist() == [0, 1, 2] * 4
    assert read_splits(tiny)["train"].class_names() == ["low", "middle", "high"]
    assert list(read_splits(tiny / "val")) == [""]


@pytest.mark.parametrize("victim, message", [
    ("images/train3.png", "line 5: no images/train3 with .png, .jpg, .jpeg"),
    ("masks/train4.png", "line 6: no masks/train4.png"),
    ("labels.csv", "no labels.csv here, nor in train, val or test below"),
])
def test_missing_files(tiny, victim, message):
    (tiny / "train" / victim).unlink()
    with pytest.raises(data.DataError, match=message):
        read_splits(tiny / "train")


def test_unreadable_picture(tiny):
    (tiny / "train/images/train2.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    with pytest.raises(data.DataError, match="train2.png: damaged: a chunk is longer than the file"):
        load(tiny, "train")


def test_mask_of_another_size(tiny):
    Image.new("1", (40, 39)).save(tiny / "train/masks/train5.png")
    with pytest.raises(data.DataError, match="train5: image is 40x40, its mask 39x40 pixels"):
        load(tiny, "train")


@pytest.mark.parametrize("line, message", [
    ("train0,3,odd", "line 2: id 'train0' appears twice"),
    ("train0,0,low ", "line 2: name 'low ' begins or ends with a space"),
    ("train0,0000000,low", "label '0000000' is not a whole number from 0 on"),
    ("train0,-0,low", "label '-0' is not a whole number from 0 on"),
    ("train0,-1,odd", "label '-1' is not a whole number from 0 on"),
    ("train0,,odd", "label '' is not a whole number from 0 on"),
])
def test_labels(tiny, line, message):
    path = tiny / "train/labels.csv"
    lines = path.read_text().splitlines()
    if "twice" in message:
        lines.append(line)
        message = message.replace("line 2", f"line {len(lines)}")
    else:
        lines[1] = line
    path.write_text("\n".join(lines))
    with pytest.raises(data.DataError, match=message):
        read_splits(tiny)


def test_label_and_mask_out_of_range(tiny):
    with pytest.raises(data.DataError, match="train2: label 2, but classes are 0 to 1"):
        load(tiny, "train", classes=2)
    Image.fromarray(np.full((40, 40), 7, np.uint8)).save(tiny / "train/masks/train0.png")
    with pytest.raises(data.DataError, match="train0.png: mask has values other than 0 to 2"):
        load(tiny, "train", regions=3)


def test_picture_in_two_splits(tiny):
    (tiny / "val/images/val0.png").write_bytes((tiny / "train/images/train7.png").read_bytes())
    pictures = {name: load(tiny, name) for name in ("train", "val", "test")}
    faults = data.Faults()
    data.check_disjoint(pictures, faults)
    with pytest.raises(data.DataError, match="1 pictures are in both train and val, for example train7 and val0"):
        faults.complain(tiny)


def make_refuge(root):
    """One picture or two of every kind, folders nested as in the archives."""
    def pair(image, mask):
        for path in (image, mask):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
        grey = np.full((24, 26), 255, np.uint8)
        grey[8:18, 8:18], grey[11:15, 11:15] = 128, 0
        colours = np.random.default_rng(len(image)).integers(0, 255, (24, 26, 3), dtype=np.uint8)
        Image.fromarray(colours).save(root / image)
        Image.fromarray(grey).save(root / mask)

    for letter, kind in (("g", "Glaucoma"), ("n", "Non-Glaucoma")):
        pair(f"REFUGE-Training400/Training400/{kind}/{letter}0001.jpg",
             f"Annotation-Training400/Disc_Cup_Masks/{kind}/{letter}0001.bmp")
    pair("REFUGE-Validation400/V0001.jpg", "REFUGE-Validation400-GT/Disc_Cup_Masks/V0001.bmp")
    pair("Test400/T0001.jpg", "REFUGE-Test-GT/Disc_Cup_Masks/G/T0001.bmp")
    for path, letter, column in (("REFUGE-Validation400-GT/Fovea_locations.xlsx", "V", "Glaucoma Label"),
                                 ("REFUGE-Test-GT/Glaucoma_label_and_Fovea_location.xlsx", "T", "Label(Glaucoma=1)")):
        book = openpyxl.Workbook()
        book.active.append(["ID", "ImgName", column, "Fovea_X", "Fovea_Y"])
        book.active.append([1, f"{letter}0001.jpg", 1, 10.5, 11.5])
        book.save(root / path)


def test_refuge(tmp_path):
    make_refuge(tmp_path)
    splits = read_splits(tmp_path)
    assert {name: [(c.id, c.label) for c in s.cases] for name, s in splits.items()} == {
        "train": [("g0001", 1), ("n0001", 0)], "val": [("V0001", 1)], "test": [("T0001", 1)]}
    pictures = data.load(splits["train"], 3, 2, 3, (24, 26))
    assert np.bincount(pictures.masks[0].ravel()).tolist() == [24 * 26 - 100, 84, 16]  # background, rim, cup
    assert pictures.images.shape == (2, 24, 26, 3)


def test_refuge_faults(tmp_path):
    make_refuge(tmp_path)
    (tmp_path / "REFUGE-Validation400-GT/Fovea_locations.xlsx").unlink()
    (tmp_path / "REFUGE-Test-GT/Disc_Cup_Masks/G/T0001.bmp").unlink()
    with pytest.raises(data.DataError, match="(?s)T0001.jpg: no T0001.bmp.*V0001.jpg: no class in any .xlsx"):
        read_splits(tmp_path)


def test_augmentation_keeps_picture_and_mask_together():
    generator = torch.Generator().manual_seed(0)
    mask = torch.zeros(4, 40, 40, dtype=torch.uint8)
    mask[:, 8:20, 10:24] = 1
    images = mask[:, None].float() * 0.5 + 0.25
    strong = augment.Augmentation(contrast=0, brightness=0, gamma=0, noise=0)
    x, m = augment.augment(images, mask, (40, 40), strong, generator)
    assert ((x[:, 0] > 0.5) == (m == 1)).float().mean() > 0.98
    x, m = augment.augment(images, mask, (40, 40), augment.none(), generator)
    torch.testing.assert_close(x, images)
    assert torch.equal(m, mask.long())
