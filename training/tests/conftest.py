"""Tiny data folders that every test may share."""

import csv

import numpy as np
import pytest
import torch
from PIL import Image

from uml_training import report


def write_split(folder, ids, size=40, seed=0):
    """Grey pictures with a bright square whose place tells the class, and the square as mask."""
    draw = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    with open(folder / "labels.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "label", "name"])
        for n, name in enumerate(ids):
            label = n % 3
            image = draw.integers(0, 90, (size, size), dtype=np.uint8)
            mask = np.zeros((size, size), np.uint8)
            at = 4 + 10 * label
            mask[at:at + 9, at:at + 9] = 255
            image[mask > 0] = 220
            Image.fromarray(image).save(folder / "images" / f"{name}.png")
            Image.fromarray(mask).convert("1").save(folder / "masks" / f"{name}.png")
            writer.writerow([name, label, ("low", "middle", "high")[label]])


torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """Whatever the commands ask for: the networks are tiny, and waiting for threads on a busy machine takes minutes."""
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)


@pytest.fixture(autouse=True)
def few_resamples(request, monkeypatch):
    """Intervals of a few resamples, except where they are compared with the C++ program's (`all_resamples`)."""
    if not request.node.get_closest_marker("all_resamples"):
        monkeypatch.setattr(report, "RESAMPLES", 20)


@pytest.fixture
def tiny(tmp_path):
    return write_splits(tmp_path / "tiny")


def write_splits(folder):
    """train (12 pictures), val and test (6 each), 40x40."""
    for n, (split, count) in enumerate({"train": 12, "val": 6, "test": 6}.items()):
        write_split(folder / split, [f"{split}{i}" for i in range(count)], seed=n)
    return folder
