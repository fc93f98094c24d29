"""Which layout a data folder has, and its splits."""

import pathlib

from . import data, refuge
from .data import Split


def read_splits(folder: pathlib.Path) -> dict[str, Split]:
    """name -> split; the name is "" for a folder that is one split by itself."""
    if not folder.is_dir():
        raise data.DataError(f"{folder}: no such folder")
    if refuge.found_in(folder):
        return refuge.read(folder)
    return data.read_splits(folder)
