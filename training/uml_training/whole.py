"""Files that are whole or not there: a kill or a full disk while writing leaves the one before."""

import os
import pathlib
from collections.abc import Callable


def replace(path: pathlib.Path, write: Callable[[pathlib.Path], object]) -> None:
    """`write` makes a file beside `path` (with the same ending), which then takes its place."""
    scratch = path.with_name(f"{path.stem}.writing{path.suffix}")
    try:
        write(scratch)
        with open(scratch, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def text(path: pathlib.Path, content: str) -> None:
    replace(path, lambda scratch: scratch.write_text(content, encoding="utf-8"))
