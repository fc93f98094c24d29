"""What is asked of a data folder before anything trains: classes and regions found from it, every fault in one list."""

import argparse
import pathlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from . import data
from .data import Pictures, Split
from .faults import DataError, Faults
from .layouts import region_names, survey
from .pictures import read_picture


@dataclass(frozen=True)
class Dataset:
    """A folder whose splits are read and without a fault."""

    folder: pathlib.Path
    splits: dict[str, Split]
    pictures: dict[str, Pictures]
    classes: list[str]  # names in the order of their labels
    regions: int
    region_names: list[str]  # empty: nobody names them

    def said(self) -> str:
        names = f" ({', '.join(self.region_names)})" if self.region_names else ""
        counts = ", ".join(f"{len(split.cases)} {name}" for name, split in self.splits.items())
        return f"{self.folder}: {counts}; {len(self.classes)} classes ({', '.join(self.classes)}), " \
               f"{self.regions} regions{names}"


def find_classes(splits: dict[str, Split], asked: int, faults: Faults) -> int:
    """As many as asked for, or (0) as train's labels say; labels beyond them are faults, and so are labels left out:
    a label typed wrong must not make classes."""
    train = splits.get("train", next(iter(splits.values())))
    present = sorted({case.label for case in train.cases})
    count = asked or 1 + max(present, default=0)
    absent = [k for k in range(count) if k not in present]
    if absent and not asked:
        example = next(case for case in train.cases if case.label == present[-1])
        faults.add("gap", f"train has labels up to {present[-1]}, but no case of {', '.join(map(str, absent))}: is "
                          f"{example.id} really of class {present[-1]}? If so, say --classes {count}")
    for name, split in splits.items():
        for case in split.cases:
            if case.label >= count:
                where = f"{name}: " if name else ""
                faults.add("class", f"{where}{case.id} has label {case.label}, but classes are 0 to {count - 1}")
    return count


def folded(name: str) -> str:
    """Large and small letters of ASCII are the same, as they are to the C++ programs."""
    return "".join(c.lower() if c.isascii() else c for c in name)


def check_names(splits: Iterable[Split], faults: Faults) -> None:
    """One label, one name, and the other way round. A case without a name says nothing."""
    names: dict[int, str] = {}
    labels: dict[str, int] = {}
    for split in splits:
        for case in split.cases:
            if not case.name:
                continue
            first = names.setdefault(case.label, case.name)
            if folded(first) != folded(case.name):
                faults.add("name", f"{case.id}: label {case.label} is {case.name!r} here and {first!r} elsewhere")
            elif labels.setdefault(folded(case.name), case.label) != case.label:
                faults.add("name", f"{case.id}: {case.name!r} is label {case.label} here and "
                                   f"{labels[folded(case.name)]} elsewhere")


def check_names_against(split: Split, classes: list[str], faults: Faults) -> None:
    """Labels and names are those of a network. One that calls its classes `class 0` and so on takes all names."""
    numbers = {folded(name): k for k, name in enumerate(classes)}
    named = classes != [f"class {k}" for k in range(len(classes))]
    for case in split.cases:
        if case.label >= len(classes):
            faults.add("class", f"{case.id}: label {case.label} is no class of this network (0 to {len(classes) - 1})")
        elif named and case.name and folded(case.name) != folded(classes[case.label]):
            own = numbers.get(folded(case.name))
            faults.add("name", f"{case.id}: label {case.label} is {classes[case.label]!r} in this network, but the "
                               f"name is {case.name!r}, " + ("no class of it" if own is None else f"its class {own}"))


def find_regions(splits: dict[str, Split], asked: int, names: list[str], faults: Faults) -> int:
    """As many as asked for or named, or (0, none) as the masks say: region numbers, or black and white."""
    wanted = asked or len(names)
    if asked and names and asked != len(names):
        faults.add("regions", f"regions.txt names {len(names)} regions ({', '.join(names)}), but --regions is {asked}")
    if wanted == 1:
        faults.add("regions", "one region alone cannot be told from anything: the background counts as one")
    if wanted:
        return max(2, wanted)
    cases = [case for split in splits.values() for case in split.cases]
    if cases and cases[0].greys:
        return len(cases[0].greys)
    held: set[int] = set()
    black_and_white = True
    for case in cases:
        try:
            mask, white = data.raw_mask(case)
        except DataError:
            continue  # found again, and said, when pictures are read
        values = set(np.unique(mask).tolist())
        black_and_white &= any(values <= {0, top} for top in (1, 255, white))
        held |= values
    if black_and_white:
        return 2
    values, largest = sorted(held), max(held)
    shown = ", ".join(map(str, values[:6])) + (", ..." if len(values) > 6 else "")
    if largest >= data.MOST_REGIONS:
        faults.add("regions", f"masks hold the values {shown}: neither region numbers (0, 1, 2, ...) nor black and "
                              "white")
        return 2
    if len(values) <= largest:
        faults.add("regions", f"masks hold the values {shown}, with numbers left out: if {largest} is a region's "
                              f"number, say --regions {largest + 1}")
    return largest + 1


def storage_size(split: Split, size: tuple[int, int], channels: int) -> tuple[int, int]:
    """Pictures are kept at up to twice the network's size, so that augmentation samples real detail."""
    first = read_picture(split.cases[0].image, "L" if channels == 1 else "RGB")
    return min(first.shape[0], 2 * size[0]), min(first.shape[1], 2 * size[1])


def read(args: argparse.Namespace, faults: Faults) -> Dataset:
    """Reads everything that the options of `uml-train fit` ask for. Errors: DataError with all faults, also those
    that the caller has found before."""
    splits = survey(args.data, faults)
    for name in ("train", "val"):
        if name not in splits:
            faults.add("splits", f"training needs train and val, found {', '.join(filter(None, splits)) or 'neither'}")
            break
    names = region_names(args.data)
    if not any(split.cases for split in splits.values()):
        faults.add("empty", "no case without a fault is left")
        faults.complain(args.data)
    check_names(splits.values(), faults)
    classes = find_classes(splits, args.classes, faults)
    regions = find_regions(splits, args.regions, names, faults)
    first = next(split for split in splits.values() if split.cases)
    size = (args.size[0], args.size[-1])
    try:
        store = storage_size(first, size, args.channels)
    except DataError:
        store = size  # that picture is listed below
    most = 1 + max(case.label for split in splits.values() for case in split.cases)  # labels are judged above
    pictures = {name: data.load(split, regions, max(classes, most), args.channels, store, faults)
                for name, split in splits.items()}
    data.check_disjoint(pictures, faults)
    faults.complain(args.data)
    return Dataset(args.data, splits, pictures, splits["train"].class_names(classes), regions,
                   names if len(names) == regions else [])
