"""Reading images/, masks/, labels.csv, with every fault found and named before training starts."""

import csv
import hashlib
import pathlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

SUFFIXES = (".png", ".jpg", ".jpeg")
MAX_LISTED = 10


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

    def class_names(self) -> list[str]:
        names = {case.label: case.name for case in self.cases}
        return [names.get(k, str(k)) for k in range(max(names) + 1)]


def find_splits(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """Folders with a labels.csv: the folder itself (named ""), or those of train, val and test that are there."""
    if (folder / "labels.csv").is_file():
        return {"": folder}
    found = {name: folder / name for name in ("train", "val", "test") if (folder / name / "labels.csv").is_file()}
    if not found:
        raise DataError(f"{folder}: no labels.csv here, nor in train, val or test below")
    return found


def read_split(folder: pathlib.Path) -> Split:
    """Reads labels.csv and finds every case's files."""
    faults: list[str] = []
    cases: list[Case] = []
    seen: set[str] = set()
    with open(folder / "labels.csv", newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = {"id", "label", "name"} - set(reader.fieldnames or [])
        if missing:
            raise DataError(f"{folder / 'labels.csv'}: no column {', '.join(sorted(missing))} in the header")
        for line, row in enumerate(reader, 2):
            where = f"labels.csv line {line}"
            if row["id"] in seen:
                faults.append(f"{where}: id {row['id']!r} appears twice")
                continue
            seen.add(row["id"])
            if not (row["label"] or "").isdigit():
                faults.append(f"{where}: label {row['label']!r} is not a whole number from 0 on")
                continue
            image = next((p for s in SUFFIXES if (p := folder / "images" / (row["id"] + s)).is_file()), None)
            mask = folder / "masks" / (row["id"] + ".png")
            if image is None:
                faults.append(f"{where}: no images/{row['id']} with {', '.join(SUFFIXES)}")
            if not mask.is_file():
                faults.append(f"{where}: no masks/{row['id']}.png")
            if image is not None and mask.is_file():
                cases.append(Case(row["id"], int(row["label"]), row["name"], image, mask))
    complain(folder, faults)
    if not cases:
        raise DataError(f"{folder / 'labels.csv'}: no cases")
    return Split(folder, cases)


def read_splits(folder: pathlib.Path) -> dict[str, Split]:
    """Every split of a folder in this layout, by name."""
    return {name: read_split(path) for name, path in find_splits(folder).items()}


def complain(folder: pathlib.Path, faults: list[str]) -> None:
    if faults:
        more = f"\n  and {len(faults) - MAX_LISTED} more" if len(faults) > MAX_LISTED else ""
        raise DataError(f"{folder}:\n  " + "\n  ".join(faults[:MAX_LISTED]) + more)


def read_picture(path: pathlib.Path, mode: str) -> np.ndarray:
    """H x W (mode L) or H x W x 3 (mode RGB), u8."""
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert(mode))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: not a readable picture ({error})") from error


def read_mask(case: Case, regions: int) -> np.ndarray:
    """H x W u8 region indices. With two regions any value above 127 is region 1; otherwise values are indices."""
    mask = read_picture(case.mask, "L")
    if case.greys:
        table = np.full(256, 255, np.uint8)
        table[list(case.greys)] = np.arange(len(case.greys))
        mask = table[mask]
    elif regions == 2 and mask.max(initial=0) > 1:
        mask = (mask > 127).astype(np.uint8)
    if mask.max(initial=0) >= regions:
        known = f"the greys {case.greys}" if case.greys else f"0 to {regions - 1}"
        raise DataError(f"{case.mask}: mask has values other than {known}")
    return mask


@dataclass(frozen=True)
class Pictures:
    """A split in memory, all at one size: images N x H x W x C u8, masks N x H x W u8, labels N int64."""

    ids: list[str]
    images: np.ndarray
    masks: np.ndarray
    labels: np.ndarray
    digests: dict[str, str]  # of the picture's pixels -> id


def load(split: Split, regions: int, classes: int, channels: int, size: tuple[int, int]) -> Pictures:
    """Reads, checks and resizes (bilinear; masks to the nearest) every picture of a split. size: height, width."""
    faults: list[str] = []
    images, masks, digests = [], [], {}
    for case in split.cases:
        if case.label >= classes:
            faults.append(f"{case.id}: label {case.label}, but classes are 0 to {classes - 1}")
        try:
            image = read_picture(case.image, "L" if channels == 1 else "RGB")
            mask = read_mask(case, regions)
        except DataError as error:
            faults.append(str(error))
            continue
        if image.shape[:2] != mask.shape:
            faults.append(f"{case.id}: image is {shape_text(image)}, its mask {shape_text(mask)} pixels")
            continue
        digests[hashlib.sha256(image.tobytes()).hexdigest()] = case.id
        images.append(resized(image, size, Image.Resampling.BILINEAR).reshape(*size, channels))
        masks.append(resized(mask, size, Image.Resampling.NEAREST))
    complain(split.folder, faults)
    labels = np.array([case.label for case in split.cases], dtype=np.int64)
    return Pictures([case.id for case in split.cases], np.stack(images), np.stack(masks), labels, digests)


def shape_text(picture: np.ndarray) -> str:
    return f"{picture.shape[0]}x{picture.shape[1]}"


def resized(picture: np.ndarray, size: tuple[int, int], how: Image.Resampling) -> np.ndarray:
    if picture.shape[:2] == tuple(size):
        return picture
    return np.asarray(Image.fromarray(picture).resize((size[1], size[0]), how))


def check_disjoint(splits: dict[str, Pictures]) -> None:
    """The same picture in two splits would make every figure on the second one worthless."""
    names = list(splits)
    for i, first in enumerate(names):
        for second in names[i + 1:]:
            shared = splits[first].digests.keys() & splits[second].digests.keys()
            if shared:
                digest = next(iter(shared))
                raise DataError(f"{len(shared)} pictures are in both {first} and {second}, for example "
                                f"{splits[first].digests[digest]} and {splits[second].digests[digest]}")
