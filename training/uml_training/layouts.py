"""Which layout a data folder has, its splits, and the names of its regions."""

import pathlib

from . import data, refuge
from .data import Split
from .faults import DataError, Faults


def survey(folder: pathlib.Path, faults: Faults) -> dict[str, Split]:
    """name -> split, without the cases that have faults; the name is "" for a folder that is one split by itself."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    if refuge.found_in(folder):
        return refuge.read(folder, faults)
    return data.read_splits(folder, faults)


def read_splits(folder: pathlib.Path) -> dict[str, Split]:
    """The same. Errors: DataError that lists the faults."""
    faults = Faults()
    splits = survey(folder, faults)
    faults.complain(folder)
    return splits


def region_names(folder: pathlib.Path) -> list[str]:
    """The lines of regions.txt beside labels.csv (or beside train, val and test), in the order of the region numbers;
    REFUGE's own; empty where nobody says."""
    for place in (folder, *(folder / split for split in ("train", "val", "test"))):
        if (place / "regions.txt").is_file():
            lines = (line.strip() for line in (place / "regions.txt").read_text(encoding="utf-8-sig").splitlines())
            return [line for line in lines if line]
    return list(refuge.REGIONS) if folder.is_dir() and refuge.found_in(folder) else []
