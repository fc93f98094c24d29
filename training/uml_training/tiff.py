"""Reading TIFF as the C++ programs do (examples/support/check_tiff.cpp): one grey picture of whole numbers, whose
directory and strips are looked at first."""

import io
import itertools
import struct

import numpy as np
from PIL import Image

from . import profile
from .faults import DataError
from .png import unpacked
from .raster import Raster, check_size, damaged

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
WIDTH, HEIGHT, BITS, PACKING, COLOUR, FILL, OFFSETS, ORIENTATION = 256, 257, 258, 259, 262, 266, 273, 274
CHANNELS, ROWS, SIZES, PREDICTOR, TILE, TILES, EXTRA, KIND = 277, 278, 279, 317, 322, 324, 338, 339
FIELDS = (WIDTH, HEIGHT, BITS, PACKING, COLOUR, FILL, OFFSETS, ORIENTATION, CHANNELS, ROWS, SIZES, PREDICTOR, TILE,
          TILES, EXTRA, KIND)
PROFILE, PICTURES, SLICES = 34675, 330, 32997
NUMBERS = {3: 2, 4: 4, 16: 8}  # types of the format, and their bytes
MOST_NUMBERS = 32768  # of a tag: strips of a row each
DEFLATE, LZW, PACKBITS = (8, 32946), 5, 32773
CUT, CANNOT = "not the TIFF that its header promises", "its packed pixels cannot be unpacked"


def as_wanted(total: int, wanted: int) -> None:
    if total != wanted:
        raise damaged(f"{'fewer' if total < wanted else 'more'} rows of pixels than its header says")


def check_packbits(strip: bytes, row: int, rows: int) -> None:
    """Whether a strip holds exactly so many rows of so many bytes, each in codes of its own. Errors: DataError."""
    at = in_row = whole = 0
    while at < len(strip) and whole < rows:
        code = strip[at]
        at += code + 2 if code < 128 else 2 if code > 128 else 1
        in_row += code + 1 if code < 128 else 257 - code if code > 128 else 0
        if at > len(strip) or in_row > row:  # section 9: no code goes on into the next row
            raise damaged(CANNOT)
        if in_row == row:
            in_row, whole = 0, whole + 1
    as_wanted(whole + (len(strip) - at > 1), rows)  # filled up to an even number


def check_lzw(strip: bytes, wanted: int) -> None:
    """Whether a strip unpacks to exactly so many bytes; what lies behind its last code is not looked at. Errors:
    DataError."""
    clear, end, most_width = 256, 257, 12
    if len(strip) > 1 and strip[0] == 0 and strip[1] & 1:
        raise DataError("TIFF with LZW of before its revision 6 is not read")
    length = [1] * (1 << most_width)  # of what a code stands for
    total = at = bits = had = free = 0
    width, last = 9, clear
    while total <= wanted:
        while had < width and at < len(strip):
            bits, had, at = (bits << 8 | strip[at]) & 0xFFFFFF, had + 8, at + 1
        if had < width:
            break  # some programs leave the last code out
        had -= width
        code = bits >> had & (1 << width) - 1
        if code == end:
            break
        if code == clear:
            width, free, last = 9, end, clear
            continue
        if not free or (code > clear if last == clear else code > free):
            raise damaged(CANNOT)
        if free < len(length):  # what stood before, and a byte more, is a code from now on; this one may be it
            if last != clear:
                length[free] = length[last] + 1
            free += 1
            if free == (1 << width) - 1 and width < most_width:
                width += 1
        total += length[code]
        last = code
    as_wanted(total, wanted)


class Walk:
    """The directory of one file. Errors: DataError."""

    def __init__(self, data: bytes):
        self.data, self.order = data, "little" if data[:1] == b"I" else "big"
        big = self.number(2, 2) == 43
        word, count_size, entry_size = (8, 8, 20) if big else (4, 2, 12)
        if len(data) < 16 or (big and self.number(4, 4) != (8 if self.order == "little" else 8 << 16)):
            raise damaged(CUT)
        start = self.number(8 if big else 4, word)
        self.inside(start, count_size)
        count = self.number(start, count_size)
        self.inside(start + count_size, count * entry_size + word)
        self.profile, self.profiled, self.several = profile.Profile(), False, False
        self.tags: dict[int, list[int]] = {}
        for i in range(count):
            self.take(start + count_size + i * entry_size, word)
        if self.several or self.number(start + count_size + count * entry_size, word):
            raise DataError("several pictures in one TIFF file")
        self.meaning()
        self.strips()

    def inside(self, at: int, size: int) -> None:
        if at + size > len(self.data):
            raise damaged(CUT)

    def number(self, at: int, size: int) -> int:
        return int.from_bytes(self.data[at:at + size], self.order)

    def take(self, at: int, word: int) -> None:
        tag, kind, count = self.number(at, 2), self.number(at + 2, 2), self.number(at + 4, word)
        if tag == PROFILE:
            if self.profiled:
                raise damaged(f"tag {tag} twice")
            self.profiled = True
            begin = self.number(at + 4 + word, word)
            if begin + count <= len(self.data):
                self.profile = profile.read(self.data[begin:begin + count])
        # Pictures within this one, which may be the larger ones, and slices of a volume.
        self.several |= tag == PICTURES or (tag == SLICES and self.number(at + 4 + word, 2 if kind == 3 else 4) > 1)
        if tag not in FIELDS:
            return
        if tag in self.tags:
            raise damaged(f"tag {tag} twice")
        size = NUMBERS.get(kind, 0)
        if not size or not 0 < count <= min(len(self.data) // size, MOST_NUMBERS):
            raise damaged(f"tag {tag} is no number")
        begin = at + 4 + word if count * size <= word else self.number(at + 4 + word, word)
        self.inside(begin, count * size)
        self.tags[tag] = [self.number(begin + i * size, size) for i in range(count)]

    def one(self, tag: int, otherwise: int) -> int:
        """The one number of a tag; one that nothing allows where it has several."""
        values = self.tags.get(tag, [otherwise])
        return values[0] if len(values) == 1 else (1 << 64) - 1

    def meaning(self) -> None:
        self.width, self.height = self.one(WIDTH, 0), self.one(HEIGHT, 0)
        if max(self.width, self.height) >= 1 << 32:
            raise damaged("its size is no number")
        check_size(self.width, self.height)
        self.bits, kind = self.one(BITS, 1), self.one(KIND, 1)
        if COLOUR not in self.tags:
            raise damaged("it does not say whether 0 is black or white")
        if self.one(CHANNELS, 1) != 1 or self.one(COLOUR, 0) > 1 or EXTRA in self.tags:
            raise DataError("TIFF is read where it is grey, without colours and transparency")
        for tag in (BITS, PACKING, FILL, PREDICTOR, KIND):
            if len(self.tags.get(tag, ())) > 1:
                raise damaged(f"tag {tag} has several numbers")
        if self.bits not in (8, 16) or kind != 1:
            raise DataError(f"TIFF is read with whole numbers of 8 or 16 bits; this one has {self.bits} bits"
                            f"{'' if kind == 1 else ' of another kind'}")
        if TILE in self.tags or TILES in self.tags:
            raise DataError("TIFF in tiles is not read")
        self.packing, predictor = self.one(PACKING, 1), self.one(PREDICTOR, 1)
        if self.packing not in (1, PACKBITS, LZW, *DEFLATE):
            raise DataError(f"TIFF of compression {self.packing} is not read")
        if predictor != 1 and (predictor != 2 or self.packing in (1, PACKBITS)):
            raise DataError(f"TIFF of predictor {predictor} is not read with compression {self.packing}")
        if self.one(FILL, 1) != 1:
            raise DataError("TIFF with its bits in reverse is not read")

    def strips(self) -> None:
        row, rows = self.width * self.bits // 8, min(self.one(ROWS, self.height), self.height)
        offsets, sizes = self.tags.get(OFFSETS, []), self.tags.get(SIZES, [])
        if not rows or len(offsets) != -(-self.height // rows) or len(sizes) != len(offsets):
            raise damaged("another number of strips than its size needs")
        left = len(self.data)  # work is bounded by the file's size
        for i, (offset, size) in enumerate(zip(offsets, sizes, strict=True)):
            if offset + size > len(self.data):
                raise damaged("a strip lies outside the file")
            left -= size
            if left < 0:
                raise damaged("strips lie in each other")
            held = row * min(rows, self.height - i * rows)
            if self.packing == 1 and size != held and (i + 1 < len(offsets) or size != row * rows):
                raise damaged(f"a strip of {size} bytes, where its rows have {held}")
            strip = self.data[offset:offset + size]
            if self.packing == PACKBITS:
                check_packbits(strip, row, held // row)
            elif self.packing == LZW:
                check_lzw(strip, held)
            elif self.packing in DEFLATE:
                unpacked(strip, held)

    def alone(self) -> bytes:
        """The strips as a classic file whose 0 is black and which is upright: Pillow inverts and turns some kinds and
        others not, and does not read all of BigTIFF."""
        strips = [self.data[at:at + size] for at, size in zip(self.tags[OFFSETS], self.tags[SIZES], strict=True)]
        sizes = [len(strip) for strip in strips]
        order = "<" if self.order == "little" else ">"
        at, count = 8 + sum(sizes), len(strips)
        behind = at + 2 + 12 * 10 + 4  # ten tags
        offsets = [8 + before for before in itertools.accumulate(sizes, initial=0)][:-1]
        lists = b"" if count == 1 else struct.pack(f"{order}{2 * count}I", *offsets, *sizes)
        tags = ((WIDTH, 1, self.width), (HEIGHT, 1, self.height), (BITS, 1, self.bits), (PACKING, 1, self.packing),
                (COLOUR, 1, 1), (OFFSETS, count, offsets[0] if count == 1 else behind), (CHANNELS, 1, 1),
                (ROWS, 1, min(self.one(ROWS, self.height), self.height)),
                (SIZES, count, sizes[0] if count == 1 else behind + 4 * count), (PREDICTOR, 1, self.one(PREDICTOR, 1)))
        directory = b"".join(struct.pack(order + "HHII", tag, 4, many, value) for tag, many, value in tags)
        head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, at)
        return head + b"".join(strips) + struct.pack(order + "H", len(tags)) + directory + bytes(4) + lists


def read(data: bytes) -> Raster:
    """Errors: DataError."""
    tiff = Walk(data)
    try:
        with Image.open(io.BytesIO(tiff.alone()), formats=("TIFF",)) as picture:
            samples = np.asarray(picture)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError) as error:
        raise damaged(CANNOT) from error
    if samples.shape != (tiff.height, tiff.width):
        raise damaged(CANNOT)
    samples = samples.astype(np.uint16)
    if tiff.one(COLOUR, 1) == 0:
        samples ^= (1 << tiff.bits) - 1
    orientation = tiff.one(ORIENTATION, 1)
    return Raster(samples[..., None], tiff.bits, tiff.bits, profile=tiff.profile,
                  orientation=orientation if 1 <= orientation <= 8 else 1)
