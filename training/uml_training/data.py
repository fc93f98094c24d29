"""Reading images/, masks/, labels.csv, with every fault found and named before training starts."""

import hashlib
import pathlib
import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

from . import table
from .faults import DataError, Faults
from .pictures import MASK_SUFFIXES, SUFFIXES, read_bmp, read_picture, read_samples

MOST_REGIONS = 64  # larger values are greys, not region numbers


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
        names = {case.label: case.name for case in sorted(self.cases, key=lambda case: case.name != "")}
        return [names.get(k) or str(k) for k in range(classes or max(names) + 1)]


def find_splits(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """Folders with a labels.csv: the folder itself (named ""), or those of train, val and test that are there."""
    if (folder / "labels.csv").is_file():
        return {"": folder}
    found = {name: folder / name for name in ("train", "val", "test") if (folder / name / "labels.csv").is_file()}
    if not found:
        raise DataError(f"{folder}: no labels.csv here, nor in train, val or test below")
    return found


def files_by_id(folder: pathlib.Path, suffixes: tuple[str, ...]) -> dict[str, list[pathlib.Path]]:
    """The files of a folder by their names without endings, which may be written in any case."""
    found: dict[str, list[pathlib.Path]] = {}
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in suffixes and path.is_file():
                found.setdefault(path.stem, []).append(path)
    return found


def read_split(folder: pathlib.Path, name: str, faults: Faults) -> Split:
    """Reads labels.csv and finds every case's files. A case with a fault is left out."""
    cases: list[Case] = []
    seen: set[str] = set()
    where = f"{name}/labels.csv" if name else "labels.csv"
    images, masks = files_by_id(folder / "images", SUFFIXES), files_by_id(folder / "masks", MASK_SUFFIXES)
    try:
        for line, row in table.read(folder / "labels.csv", ("id", "label", "name")):
            id_ = row["id"]
            at = f"{where} line {line}"
            if id_ in seen:
                faults.add("twice", f"{at}: id {id_!r} appears twice")
                continue
            seen.add(id_)
            if not re.fullmatch("[0-9]{1,6}", row["label"]):
                faults.add("number", f"{at}: label {row['label']!r} is not a whole number from 0 on")
                continue
            if row["name"] != row["name"].strip():
                faults.add("name", f"{at}: name {row['name']!r} begins or ends with a space")
                continue
            if len(found := images.get(id_, [])) != 1:
                faults.add("image", f"{at}: several images/{id_} with different endings" if found else
                           f"{at}: no images/{id_} with {', '.join(SUFFIXES)}")
            if len(mask := masks.get(id_, [])) != 1:
                faults.add("mask", f"{at}: {'several' if mask else 'no'} masks/{id_}.png, .tif or .tiff")
            if len(found) == len(mask) == 1:
                cases.append(Case(id_, int(row["label"]), row["name"], found[0], mask[0]))
    except DataError as error:
        faults.add("table", f"{where} {error}" if str(error).startswith("line") else f"{where}: {error}")
        return Split(folder, [])
    if not seen:
        faults.add("empty", f"{where}: no cases")
    return Split(folder, cases)


def read_splits(folder: pathlib.Path, faults: Faults) -> dict[str, Split]:
    """Every split of a folder in this layout, by name."""
    return {name: read_split(path, name, faults) for name, path in find_splits(folder).items()}


def raw_mask(case: Case) -> tuple[np.ndarray, int]:
    """H x W numbers as the file has them, and the largest that its depth can hold; of a layout with greys the region
    numbers, and -1 where a grey is none of them."""
    if not case.greys:
        return read_samples(case.mask)
    table = np.full(256, -1, np.int64)
    table[list(case.greys)] = np.arange(len(case.greys))
    return table[read_bmp(case.mask)], len(case.greys) - 1


def read_mask(case: Case, regions: int) -> np.ndarray:
    """H x W u8 region indices. The samples are the regions' numbers (or `case.greys` says which greys stand for
    them); with two regions also 0 and 255, or 0 and the largest that the file's depth can hold. uml-evaluate reads
    the same."""
    mask, white = raw_mask(case)
    values = set(np.unique(mask).tolist())
    if case.greys and min(values) < 0:
        raise DataError(f"{case.mask}: mask has values other than the greys {case.greys}")
    if max(values) < regions:
        return mask.astype(np.uint8)
    if regions == 2 and (values <= {0, 255} or values <= {0, white}):
        return (mask > 0).astype(np.uint8)
    largest = max(values)
    more = ", or 0 and 255 throughout" if regions == 2 else ""
    forgotten = f": for {largest + 1} regions say --regions {largest + 1}" if largest < MOST_REGIONS else ""
    raise DataError(f"{case.mask}: mask has values other than 0 to {regions - 1}{more} "
                    f"(the largest is {largest}{forgotten})")


@dataclass(frozen=True)
class Pictures:
    """A split in memory, all at one size: images N x H x W x C u8, masks N x H x W u8, labels N int64."""

    ids: list[str]
    images: np.ndarray
    masks: np.ndarray
    labels: np.ndarray
    digests: dict[str, str]  # of the picture's pixels -> id

    def hash(self) -> str:
        """SHA-256 of everything that is learned from."""
        total = hashlib.sha256()
        for part in (self.images, self.masks, self.labels):
            total.update(np.ascontiguousarray(part).data)
        return total.hexdigest()


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
