"""Reading JPEG as the C++ programs do (examples/support/check_jpeg.cpp): segments, tables and scans are looked at
before libjpeg-turbo sees the file, whose warnings are refusals."""

import struct

import numpy as np
import simplejpeg

from . import profile
from .faults import DataError
from .jpeg_codes import Component, Part, Scan, check_codes, code_table
from .raster import Raster, check_size, damaged, orientation_in

MOST_SCANS, WORK_FREE, WORK_PER_BYTE, ALL_BITS = 100, 1 << 24, 8192, 14
LATE_HEIGHT = "a picture whose height comes later (DNL) is not read"


class Walk:
    """One file, segment by segment. Errors: DataError."""

    def __init__(self, data: bytes):
        self.data = data
        self.width = self.height = self.scans = self.units = self.restart = 0
        self.progressive = self.says_luma = False
        self.profile: list[bytes] = []
        self.parts: list[Component] = []
        self.codes: dict[tuple[int, int], tuple[bytes, bytes]] = {}  # Huffman tables by kind and number
        self.steps: dict[int, list[int]] = {}            # quantisation tables by number
        self.missing: list[list[int]] = []               # low bits that no scan has given yet, by component and number
        self.orientation = 0                             # not said
        self.plain = bytearray(data[:2])                 # without comments and what applications add
        at = 2
        while True:
            if at + 2 > len(data):
                raise damaged("the file ends before the picture does")
            if data[at] != 0xff:
                raise damaged("a segment is missing")
            marker = data[at + 1]
            if marker == 0xff:  # fill byte
                at += 1
                continue
            at += 2
            if marker == 0xd9:
                break
            if marker in (0, 1) or 0xd0 <= marker <= 0xd8:
                raise damaged("a marker in the wrong place")
            if at + 2 > len(data):
                raise damaged("the file ends before the picture does")
            length = int.from_bytes(data[at:at + 2], "big")
            if length < 2 or length > len(data) - at:
                raise damaged("a segment is longer than the file")
            self.take(marker, data[at + 2:at + length])
            start, at = at - 2, at + length
            if marker == 0xda:
                begin, at = at, self.behind_codes(at)
                check_codes(self.now, data[begin:at])
            # JFIF and Adobe say what the colours are; decoders refuse pictures for some of the rest.
            if not (0xe0 < marker < 0xf0 and marker != 0xee or marker == 0xfe):
                self.plain += data[start:at]
        self.plain += data[at - 2:at]
        if not self.scans:
            raise damaged("no pixels")
        if any(bits for component in self.missing for bits in component):
            raise damaged("scans are missing: a part of the picture's detail is not there")

    def take(self, marker: int, body: bytes) -> None:
        known = {0xc0: self.frame, 0xc1: self.frame, 0xc2: self.progressive_frame, 0xc4: self.huffman, 0xda: self.scan,
                 0xdb: self.quantisation, 0xe0: self.jfif, 0xe1: self.exif, 0xe2: self.icc, 0xee: self.adobe}
        if marker in known:
            known[marker](body)
        elif marker == 0xdd:
            if len(body) != 2:
                raise damaged("a restart interval of the wrong size")
            self.restart = int.from_bytes(body, "big")
        elif marker == 0xcc:
            raise DataError("arithmetic coding is not read")
        elif marker == 0xdc:
            raise DataError(LATE_HEIGHT)
        elif 0xc3 <= marker <= 0xcf:
            raise DataError(f"lossless, hierarchical or arithmetic JPEG is not read (SOF{marker - 0xc0})")

    def colours(self, body: bytes, least: int) -> None:
        if self.scans:
            raise damaged("what its colours are is said behind a scan")
        if len(body) < least:
            raise damaged("what its colours are is cut off")

    def jfif(self, body: bytes) -> None:
        if body.startswith(b"JFIF\0"):
            self.colours(body, 14)
            if body[5] != 1:
                raise DataError(f"JFIF of revision {body[5]} is not read")
            self.says_luma = True

    def adobe(self, body: bytes) -> None:
        if body.startswith(b"Adobe"):
            self.colours(body, 12)
            self.says_luma |= body[11] != 0

    def exif(self, body: bytes) -> None:
        if len(body) <= 6 or not body.startswith(b"Exif\0\0"):
            return
        orientation = orientation_in(body[6:])
        if orientation and self.orientation not in (0, orientation):
            raise damaged("EXIF says two ways to turn it")
        self.orientation = orientation or self.orientation

    def icc(self, body: bytes) -> None:
        """Its parts in turn, each with its number and how many there are; others are no profile."""
        if len(body) > 14 and body.startswith(b"ICC_PROFILE\0") and body[12] == len(self.profile) + 1:
            self.profile.append(body[14:])

    def progressive_frame(self, body: bytes) -> None:
        self.frame(body)
        self.progressive = True
        for part in self.parts:
            part.known = [0] * (part.width * part.height)

    def frame(self, body: bytes) -> None:
        if self.width:
            raise damaged("two frames")
        if len(body) < 6:
            raise damaged("a frame is too short")
        if body[0] != 8:
            raise DataError(f"{body[0]} bits a sample; JPEG is read with 8")
        height, width, count = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big"), body[5]
        if len(body) != 6 + 3 * count:
            raise damaged("a frame of the wrong size")
        if height == 0:
            raise DataError(LATE_HEIGHT)
        if count == 4:
            raise DataError("CMYK or another picture of four inks is not read")
        if count not in (1, 3):
            raise DataError(f"{count} channels are not read")
        check_size(width, height)
        parts = [Component(name, factors >> 4, factors & 15, table)
                 for name, factors, table in zip(body[6::3], body[7::3], body[8::3], strict=True)]
        across, down = [part.across for part in parts], [part.down for part in parts]
        if not all(1 <= factor <= 4 for factor in across + down):
            raise damaged("a sampling factor is not from 1 to 4")
        if any(part.table > 3 for part in parts):
            raise damaged("a quantisation table that cannot be")
        if len({part.name for part in parts}) != count:
            raise damaged("two channels of one name")
        if count > 1 and sum(a * d for a, d in zip(across, down, strict=True)) > 10:
            raise damaged("more than 10 blocks a unit")
        if any(max(across) % a for a in across) or any(max(down) % d for d in down):
            raise DataError("channels whose sampling is no whole fraction of the picture's are not read")
        def shares(pixels: int, size: int) -> int:
            return (pixels + size - 1) // size

        for part in parts:
            part.width = shares(shares(width * part.across, max(across)), 8)
            part.height = shares(shares(height * part.down, max(down)), 8)
        self.units = shares(width, 8 * max(across)) * shares(height, 8 * max(down))
        self.width, self.height, self.parts = width, height, parts
        self.missing = [[ALL_BITS] * 64 for _ in range(count)]

    def huffman(self, body: bytes) -> None:
        while body:
            if len(body) < 17:
                raise damaged("a Huffman table is too short")
            kind, number, counts = body[0] >> 4, body[0] & 15, body[1:17]
            if kind > 1 or number > 3:
                raise damaged("a Huffman table that cannot be")
            if sum(n << (15 - i) for i, n in enumerate(counts)) >= 1 << 16:  # the code of ones alone is none
                raise damaged("a Huffman table has more codes than bits can name")
            if sum(counts) > min(256, len(body) - 17):
                raise damaged("a Huffman table has too many codes")
            symbols, body = body[17:17 + sum(counts)], body[17 + sum(counts):]
            if kind == 0 and any(symbol > 11 for symbol in symbols):
                raise damaged("a Huffman table for brightness names more bits than there are")
            self.codes[kind, number] = counts, symbols

    def quantisation(self, body: bytes) -> None:
        while body:
            wide, number = body[0] >> 4, body[0] & 15
            size = 65 if wide == 0 else 129
            if wide > 1 or number > 3 or len(body) < size:
                raise damaged("a quantisation table that cannot be")
            steps = list(body[1:size]) if wide == 0 else list(struct.unpack(">64H", body[1:size]))
            body = body[size:]
            if self.progressive and self.scans and self.steps.get(number, steps) != steps:
                raise damaged("a quantisation table changes between two scans")
            self.steps[number] = steps

    def scan(self, body: bytes) -> None:
        if not self.width:
            raise damaged("a scan before the frame")
        count = body[0] if body else 0
        if not 1 <= count <= len(self.parts) or len(body) != 4 + 2 * count:
            raise damaged("a scan that cannot be")
        first, last, high, low = body[-3], body[-2], body[-1] >> 4, body[-1] & 15
        if self.progressive:
            wrong = first > last or last > 63 or low > 13 or (first == 0) != (last == 0) or (first > 0 and count > 1)
        else:
            wrong = (first, last, high, low) != (0, 63, 0, 0)
        if wrong:
            raise damaged("a scan that cannot be")
        self.now = Scan([], self.units, first, last, high, low, self.restart, self.progressive)
        for name, tables in zip(body[1:-3:2], body[2:-3:2], strict=True):
            found = [i for i, part in enumerate(self.parts) if part.name == name]
            if not found:
                raise damaged("a scan of a channel that is not there")
            part = self.parts[found[0]]
            self.order(self.missing[found[0]], first, last, high, low)
            needed = [(0, tables >> 4)] if first == 0 and not (self.progressive and high) else []
            needed += [(1, tables & 15)] if last > 0 else []
            if any(code not in self.codes for code in needed):
                raise damaged("a scan without its Huffman table")
            if part.table not in self.steps:
                raise damaged("a scan without its quantisation table")
            mean, detail = ([code_table(*self.codes[code]) for code in needed if code[0] == kind] for kind in (0, 1))
            self.now.parts.append(Part(part, mean[0] if mean else None, detail[0] if detail else None,
                                       self.steps[part.table]))
        self.scans += 1
        if self.scans > MOST_SCANS:
            raise DataError(f"more than {MOST_SCANS} scans")
        if not self.progressive and self.scans > len(self.parts):
            raise damaged("more scans than channels")
        if self.width * self.height * self.scans > WORK_FREE + WORK_PER_BYTE * len(self.data):
            raise DataError(f"{self.width} x {self.height} pixels in {self.scans} scans from {len(self.data)} bytes: "
                            "too much work for so small a file")
        if bytes(part.name for part in self.parts) == b"RGB" and self.says_luma:
            raise damaged("channels named red, green and blue in a file that says otherwise")

    @staticmethod
    def order(missing: list[int], first: int, last: int, high: int, low: int) -> None:
        """Each number of a block comes once, or from its upper bits down a bit at a time, its mean first."""
        wanted = high if high else ALL_BITS
        if (first and missing[0] == ALL_BITS) or (high and low != high - 1) or \
                any(bits != wanted for bits in missing[first:last + 1]):
            raise damaged("scans in an order that cannot be")
        missing[first:last + 1] = [low] * (last + 1 - first)

    def behind_codes(self, at: int) -> int:
        """To the next marker that is not a restart."""
        while (at := self.data.find(b"\xff", at)) >= 0 and at + 1 < len(self.data):
            following = self.data[at + 1]
            if following and not 0xd0 <= following <= 0xd7:
                return at
            at += 2
        return len(self.data)


def decode(data: bytes, grey: bool) -> np.ndarray:
    try:
        return simplejpeg.decode_jpeg(data, "GRAY" if grey else "RGB", strict=True)
    except ValueError as error:
        raise damaged(str(error)) from error


def read(data: bytes) -> Raster:
    """Errors: DataError."""
    jpeg = Walk(data)
    samples = decode(bytes(jpeg.plain), len(jpeg.parts) == 1)
    if samples.shape[:2] != (jpeg.height, jpeg.width):
        raise damaged("another size than its header says")
    said = profile.read(b"".join(jpeg.profile))
    return Raster(samples.astype(np.uint16), profile=said, lossy=True, orientation=jpeg.orientation or 1)
