"""REFUGE (fundus images; glaucoma; optic disc and cup) in the folders that its owners' archives unpack to.

  Training400/{Glaucoma,Non-Glaucoma}/g0001.jpg, n0001.jpg      Annotation-Training400/Disc_Cup_Masks/.../g0001.bmp
  REFUGE-Validation400/V0001.jpg                                REFUGE-Validation400-GT/Disc_Cup_Masks/V0001.bmp
  Test400/T0001.jpg                                             REFUGE-Test-GT/Disc_Cup_Masks/.../T0001.bmp

Archives nest these folders differently from release to release, so pictures are found by name: g and n are training
images with and without glaucoma, V validation, T test. The classes of V and T stand in the .xlsx file beside their
masks, in the column `Label(Glaucoma=1)` or `Glaucoma Label`. Masks: 255 background, 128 rim, 0 cup.
"""

import pathlib
import re

import openpyxl

from .data import Case, Split
from .faults import DataError, Faults

REGIONS = ["background", "rim", "cup"]
GREY_OF_REGION = (255, 128, 0)
CLASSES = ["no glaucoma", "glaucoma"]
SPLIT_OF_LETTER = {"g": "train", "n": "train", "V": "val", "T": "test"}
NAME = re.compile(r"([gnVT])\d{4}$")


def found_in(folder: pathlib.Path) -> bool:
    return any(folder.rglob("Disc_Cup_Masks"))


def labels_of(folder: pathlib.Path) -> dict[str, int]:
    """Picture name without suffix -> 0 or 1, from every .xlsx table below the folder that has classes."""
    labels: dict[str, int] = {}
    for path in sorted(folder.rglob("*.xlsx")):
        rows = openpyxl.load_workbook(path, read_only=True).active.iter_rows(values_only=True)
        header = [str(cell or "").strip() for cell in next(rows, ())]
        column = next((i for i, name in enumerate(header) if name.startswith(("Label", "Glaucoma Label"))), None)
        if column is None or "ImgName" not in header:
            continue
        for row in rows:
            name = row[header.index("ImgName")]
            if name and row[column] in (0, 1):
                labels[pathlib.Path(str(name)).stem] = int(row[column])
    return labels


def read(folder: pathlib.Path, faults: Faults) -> dict[str, Split]:
    """The splits that have pictures; a case with a fault is left out."""
    masks = {path.stem: path for path in folder.rglob("*.bmp") if "Disc_Cup_Masks" in path.parts}
    labels = labels_of(folder)
    cases: dict[str, list[Case]] = {}
    for path in sorted(folder.rglob("*.jpg"), key=lambda p: p.name):
        match = NAME.match(path.stem)
        if not match:
            continue
        letter = match[1]
        label = {"g": 1, "n": 0}.get(letter, labels.get(path.stem))
        if label is None:
            faults.add("class", f"{path.name}: no class in any .xlsx table with columns ImgName and Label")
        if path.stem not in masks:
            faults.add("mask", f"{path.name}: no {path.stem}.bmp below a folder Disc_Cup_Masks")
        if label is not None and path.stem in masks:
            case = Case(path.stem, label, CLASSES[label], path, masks[path.stem], GREY_OF_REGION)
            cases.setdefault(SPLIT_OF_LETTER[letter], []).append(case)
    if not cases and not faults.kinds:
        raise DataError(f"{folder}: masks, but no pictures named g0001.jpg, n0001.jpg, V0001.jpg or T0001.jpg")
    return {name: Split(folder, cases[name]) for name in ("train", "val", "test") if name in cases}
