"""Picture files of every kind (tests/pictures/make.py) are to Python what they are to the C++ programs."""

import pathlib
import sys

import numpy as np
import pytest

from uml_training import data, pictures
from uml_training.faults import DataError

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests/pictures"
KINDS = [line.split("\t") for line in (FOLDER / "kinds.tsv").read_text(encoding="ascii").splitlines()]


def said(read, *args) -> str:
    try:
        found = read(*args)
    except DataError as error:
        return f"refused: {error}"
    found = found[..., None] if found.ndim == 2 else found
    return f"{' '.join(map(str, found.shape))}: {' '.join(map(str, found.ravel().tolist()))}"


def shown(file: bytes) -> np.ndarray:
    return pictures.picture_of(pictures.decoded(file))


def agrees(found: str, wanted: str, name: str) -> bool:
    if wanted.startswith("refused: value"):
        return "mask has values other than 0 to 1, or 0 and 255 throughout" in found
    if wanted.startswith("refused:") or found.startswith("refused:"):
        return found.startswith(wanted)
    head, values = found.split(":")
    shape, numbers = wanted.split(":")
    most = 1 if name.endswith(".jpg") else 0
    return head == shape and np.abs(np.array(values.split(), int) - np.array(numbers.split(), int)).max() <= most


@pytest.mark.parametrize("ending", [".png", ".jpg", ".tif", ".any"])
def test_every_kind(ending, tmp_path):
    faults = []
    for name, digits, as_picture, as_mask in KINDS:
        if not name.endswith(ending):
            continue
        file = bytes.fromhex(digits)
        found = said(shown, file)
        if not agrees(found, as_picture, name):
            faults.append(f"{name}: {found[:200]}; not {as_picture[:200]}")
        path = tmp_path / "m.png"
        path.write_bytes(file)
        mask = said(data.read_mask, data.Case("m", 0, "m", path, path), 2).replace(f"{path}: ", "")
        if not agrees(mask, as_mask, name):
            faults.append(f"{name} as a mask: {mask[:200]}; not {as_mask[:200]}")
    assert not faults, "\n".join(faults)


def test_table_is_what_make_makes(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    import make
    assert "".join(make.lines()) == (FOLDER / "kinds.tsv").read_text(encoding="ascii")
