"""Reading images/, masks/, labels.csv, with every fault found and named before training starts."""

import csv
import hashlib
import pathlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

SUFFIXES = (".png", ".jpg", ".jpeg")
MOST_OF_A_KIND = 5  # faults listed
WHITE = 127  # in masks of two regions, what is above it is region 1
MOST_REGIONS = 64  # larger values are greys, not region numbers


class DataError(Exception):
    """Something about the data that its owner must mend; the message names files and rules."""


@dataclass(frozen=True)
class Case:
    id: str
    label: int
    name: str
    image: pathlib.Path
    mask: pathlib.Path
    greys: tuple[int, ...] = ()  # the mask's grey value of each region, where they are not the regions' numbers


@dataclass(frozen=True)
class Split:
    """One split, pictures not yet read."""

    folder: pathlib.Path
    cases: list[Case]

    def class_names(self, classes: int = 0) -> list[str]:
        """Of so many classes, or of those up to the largest label."""
        names = {case.label: case.name for case in self.cases}
        return [names.get(k, str(k)) for k in range(classes or max(names) + 1)]


class Faults:
    """Everything that is wrong, gathered before anything is refused: a few of each kind and how many more."""

    def __init__(self) -> None:
        self.kinds: dict[str, list[str]] = {}

    def add(self, kind: str, text: str) -> None:
        self.kinds.setdefault(kind, []).append(text)

    def complain(self, where: object) -> None:
        """Errors: DataError with the whole list, if there is any."""
        lines = []
        for texts in self.kinds.values():
            lines += texts[:MOST_OF_A_KIND]
            if len(texts) > MOST_OF_A_KIND:
                lines.append(f"and {len(texts) - MOST_OF_A_KIND} more like this")
        if lines:
            raise DataError(f"{where}:\n  " + "\n  ".join(lines))


def find_splits(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """Folders with a labels.csv: the folder itself (named ""), or those of train, val and test that are there."""
    if (folder / "labels.csv").is_file():
        return {"": folder}
    found = {name: folder / name for name in ("train", "val", "test") if (folder / name / "labels.csv").is_file()}
    if not found:
        raise DataError(f"{folder}: no labels.csv here, nor in train, val or test below")
    return found


def read_split(folder: pathlib.Path, name: str, faults: Faults) -> Split:
    """Reads labels.csv and finds every case's files. A case with a fault is left out."""
    cases: list[Case] = []
    seen: set[str] = set()
    table = f"{name}/labels.csv" if name else "labels.csv"
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = {"id", "label", "name"} - set(reader.fieldnames or [])
        if missing:
            faults.add("columns", f"{table}: no column {', '.join(sorted(missing))} in the header")
            return Split(folder, [])
        for line, row in enumerate(reader, 2):
            where = f"{table} line {line}"
            if row["id"] in seen:
                faults.add("twice", f"{where}: id {row['id']!r} appears twice")
                continue
            seen.add(row["id"])
            if not (row["label"] or "").isdigit():
                faults.add("number", f"{where}: label {row['label']!r} is not a whole number from 0 on")
                continue
            image = next((p for s in SUFFIXES if (p := folder / "images" / (row["id"] + s)).is_file()), None)
            mask = folder / "masks" / (row["id"] + ".png")
            if image is None:
                faults.add("image", f"{where}: no images/{row['id']} with {', '.join(SUFFIXES)}")
            if not mask.is_file():
                faults.add("mask", f"{where}: no masks/{row['id']}.png")
            if image is not None and mask.is_file():
                cases.append(Case(row["id"], int(row["label"]), row["name"], image, mask))
    if not seen:
        faults.add("empty", f"{table}: no cases")
    return Split(folder, cases)


def read_splits(folder: pathlib.Path, faults: Faults) -> dict[str, Split]:
    """Every split of a folder in this layout, by name."""
    return {name: read_split(path, name, faults) for name, path in find_splits(folder).items()}


def read_picture(path: pathlib.Path, mode: str) -> np.ndarray:
    """H x W (mode L) or H x W x 3 (mode RGB), u8."""
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert(mode))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: not a readable picture ({error})") from error


def raw_mask(case: Case) -> np.ndarray:
    """H x W u8, as the file has it; of a layout with greys the region numbers, 255 where a grey is none of them."""
    mask = read_picture(case.mask, "L")
    if not case.greys:
        return mask
    table = np.full(256, 255, np.uint8)
    table[list(case.greys)] = np.arange(len(case.greys))
    return table[mask]


def read_mask(case: Case, regions: int) -> np.ndarray:
    """H x W u8 region indices. With two regions any value above 127 is region 1; otherwise values are indices."""
    mask = raw_mask(case)
    largest = mask.max(initial=0)
    if not case.greys and regions == 2 and largest > WHITE:
        return (mask > WHITE).astype(np.uint8)
    if largest >= regions:
        known = f"the greys {case.greys}" if case.greys else f"0 to {regions - 1}"
        forgotten = f": for {largest + 1} regions say --regions {largest + 1}" if largest < MOST_REGIONS else ""
        raise DataError(f"{case.mask}: mask has values other than {known} (the largest is {largest}{forgotten})")
    return mask


@dataclass(frozen=True)
class Pictures:
    """A split in memory, all at one size: images N x H x W x C u8, masks N x H x W u8, labels N int64."""

    ids: list[str]
    images: np.ndarray
    masks: np.ndarray
    labels: np.ndarray
    digests: dict[str, str]  # of the picture's pixels -> id


def load(split: Split, regions: int, classes: int, channels: int, size: tuple[int, int],
         faults: Faults | None = None) -> Pictures:
    """Reads, checks and resizes (bilinear; masks to the nearest) every picture of a split. size: height, width.

    Cases with faults are left out of the result and added to `faults`; without it they are a DataError."""
    found = Faults() if faults is None else faults
    cases, images, masks, digests = [], [], [], {}
    for case in split.cases:
        if case.label >= classes:
            found.add("class", f"{case.id}: label {case.label}, but classes are 0 to {classes - 1}")
        try:
            image = read_picture(case.image, "L" if channels == 1 else "RGB")
            digests[hashlib.sha256(image.tobytes()).hexdigest()] = case.id
            mask = read_mask(case, regions)
        except DataError as error:
            found.add("region" if "mask has values" in str(error) else "unreadable", str(error))
            continue
        if image.shape[:2] != mask.shape:
            found.add("size", f"{case.id}: image is {shape_text(image)}, its mask {shape_text(mask)} pixels")
            continue
        cases.append(case)
        images.append(resized(image, size, Image.Resampling.BILINEAR).reshape(*size, channels))
        masks.append(resized(mask, size, Image.Resampling.NEAREST))
    if faults is None:
        found.complain(split.folder)
    labels = np.array([case.label for case in cases], dtype=np.int64)
    none = np.zeros((0, *size, channels), np.uint8)
    return Pictures([case.id for case in cases], np.stack(images) if images else none,
                    np.stack(masks) if masks else none[..., 0], labels, digests)


def shape_text(picture: np.ndarray) -> str:
    return f"{picture.shape[0]}x{picture.shape[1]}"


def resized(picture: np.ndarray, size: tuple[int, int], how: Image.Resampling) -> np.ndarray:
    if picture.shape[:2] == tuple(size):
        return picture
    return np.asarray(Image.fromarray(picture).resize((size[1], size[0]), how))


def check_disjoint(splits: dict[str, Pictures], faults: Faults) -> None:
    """The same picture in two splits would make every figure on the second one worthless."""
    names = list(splits)
    for i, first in enumerate(names):
        for second in names[i + 1:]:
            shared = splits[first].digests.keys() & splits[second].digests.keys()
            if shared:
                digest = next(iter(shared))
                faults.add("shared", f"{len(shared)} pictures are in both {first} and {second}, for example "
                                     f"{splits[first].digests[digest]} and {splits[second].digests[digest]}")
