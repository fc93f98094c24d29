"""A picture as its file holds it, before anything is made of its numbers; examples/support/raster.hpp in Python."""

from dataclasses import dataclass, field

import numpy as np

from .faults import DataError
from .profile import Profile

MOST_BYTES, MOST_SIDE, MOST_PIXELS = 128 << 20, 32768, 33554432


@dataclass
class Raster:
    """Samples H x W x channels, u16, upright when `turned_upright` has been called."""

    samples: np.ndarray
    depth: int = 8                            # bits of a sample
    significant: int = 8                      # how many of them carry the picture
    palette: np.ndarray | None = None         # n x 4 u8: red, green, blue, opacity; the samples are its numbers
    transparent: tuple[int, ...] | None = None  # the one colour that stands for nothing
    gamma: int = 0                            # PNG's gAMA where no profile overrules it; 0: not said
    profile: Profile = Profile()
    lossy: bool = False                       # packed so that they are near what they were, not equal (JPEG)
    orientation: int = field(default=1, kw_only=True)

    @property
    def white(self) -> int:
        return (1 << self.depth) - 1

    @property
    def has_alpha(self) -> bool:
        return self.samples.shape[2] in (2, 4)

    @property
    def colours(self) -> np.ndarray:
        return self.samples[..., :-1] if self.has_alpha else self.samples

    def opacity(self) -> np.ndarray:
        """H x W, from 0 to white (of a palette: 255)."""
        if self.palette is not None:
            return self.palette[self.samples[..., 0], 3].astype(np.int64)
        opaque = self.samples[..., -1].astype(np.int64) if self.has_alpha else \
            np.full(self.samples.shape[:2], self.white, np.int64)
        if self.transparent is not None:
            opaque[(self.colours == np.array(self.transparent, np.uint16)).all(axis=2)] = 0
        return opaque

    def turned_upright(self) -> "Raster":
        """As EXIF 2.3 says of its tag 274."""
        samples, orientation = self.samples, self.orientation
        if orientation in (5, 6, 7, 8):
            samples = samples.swapaxes(0, 1)
        if orientation in (3, 4, 7, 8):
            samples = samples[::-1]
        if orientation in (2, 3, 6, 7):
            samples = samples[:, ::-1]
        self.samples, self.orientation = np.ascontiguousarray(samples), 1
        return self


def damaged(what: str) -> DataError:
    return DataError(f"damaged: {what}")


def check_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise damaged("no pixels")
    if width > MOST_SIDE or height > MOST_SIDE or width * height > MOST_PIXELS:
        raise DataError(f"{width} x {height} pixels; at most {MOST_SIDE} on a side and {MOST_PIXELS} in all are read")


def orientation_in(exif: bytes) -> int:
    """The orientation in EXIF data (which begin with II or MM): 1 to 8; 0 where there is none."""
    if exif[:2] not in (b"II", b"MM") or len(exif) < 8:
        return 0
    order = "little" if exif[:1] == b"I" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(exif[at:at + size], order)

    start = number(4, 4)
    if start < 8 or start > len(exif) - 2:
        return 0
    for i in range(number(start, 2)):
        entry = start + 2 + 12 * i
        if entry + 12 > len(exif):
            break
        if number(entry, 2) == 274:
            one_short = number(entry + 2, 2) == 3 and number(entry + 4, 4) == 1  # else viewers pass it over
            value = number(entry + 8, 2) if one_short else 0
            return value if value <= 8 else 0
    return 0
