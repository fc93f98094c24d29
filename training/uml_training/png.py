"""Reading PNG as the C++ programs do (examples/support/check_png.cpp): chunks, their checksums and order, as many rows
as promised and the checksum of all, before a sample is looked at."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from . import profile
from .faults import DataError
from .raster import Raster, check_size, damaged, orientation_in

SIGNATURE = b"\x89PNG\r\n\x1a\n"
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
MOST_PROFILE = 4 << 20
USUAL_CURVES = (1, 4, 6, 13, 14, 15)  # of H.273's transfer characteristics


class Walk:
    """One file, chunk by chunk. Errors: DataError."""

    def __init__(self, data: bytes):
        self.width = self.height = self.depth = self.colour = self.significant = self.interlaced = self.orientation = 0
        self.gamma = self.measured = None
        self.palette: np.ndarray | None = None
        self.transparent: tuple[int, ...] | None = None
        self.packed: list[bytes] = []
        self.overruled = self.in_data = self.ended = self.coloured = self.usual = self.screened = False
        self.profile = profile.Profile()
        self.profiled = False
        at = len(SIGNATURE)
        while not self.ended:
            if at + 12 > len(data):
                raise damaged("the file ends before its last chunk")
            length, kind = struct.unpack(">I4s", data[at:at + 8])
            if length > len(data) - at - 12:
                raise damaged("a chunk is longer than the file")
            if not (kind.isalpha() and kind.isascii()):
                raise damaged("a chunk has no name")
            end = at + 8 + length
            if zlib.crc32(data[at + 4:end]) != int.from_bytes(data[end:end + 4], "big"):
                raise damaged(f"the checksum of chunk {kind.decode()} is wrong")
            self.take(kind.decode(), data[at + 8:end])
            at = end + 4

    @property
    def channels(self) -> int:
        return CHANNELS[self.colour]

    def take(self, kind: str, body: bytes) -> None:
        if not self.width and kind != "IHDR":
            raise damaged("the first chunk is not IHDR")
        if self.packed and kind == "IDAT" and not self.in_data:
            raise damaged("the pixels are in two places")
        self.in_data = kind == "IDAT"
        known = {"IHDR": self.header, "IDAT": self.pixels, "IEND": self.end, "PLTE": self.colours,
                 "tRNS": self.transparency, "sBIT": self.significance, "gAMA": self.curve, "cICP": self.screen,
                 "sRGB": self.plain_colours, "iCCP": self.icc, "eXIf": self.turn}
        if kind == "acTL":
            raise DataError("an animation, not a picture")
        if kind in known:
            known[kind](body)
        elif kind[0].isupper():
            raise DataError(f"needs chunk {kind}, which is not known")

    def header(self, body: bytes) -> None:
        if self.width:
            raise damaged("two headers")
        if len(body) != 13:
            raise damaged("its header is too short or too long")
        width, height, depth, colour, packing, filtering, interlaced = struct.unpack(">IIBBBBB", body)
        check_size(width, height)
        if depth not in DEPTHS.get(colour, ()) or packing or filtering or interlaced > 1:
            raise damaged("its header says what PNG does not know")
        self.width, self.height, self.depth, self.colour, self.interlaced = width, height, depth, colour, interlaced
        self.significant = depth

    def pixels(self, body: bytes) -> None:
        if self.colour == 3 and self.palette is None:
            raise damaged("no palette")
        self.packed.append(body)

    def colours(self, body: bytes) -> None:
        count = len(body) // 3
        if self.late:
            raise damaged("a palette in the wrong place")
        if len(body) % 3 or not 0 < count <= (1 << self.depth if self.colour == 3 else 256) or self.colour in (0, 4):
            raise damaged("a palette of the wrong size")
        self.coloured = True
        if self.colour == 3:
            colours = np.frombuffer(body, np.uint8).reshape(count, 3)
            self.palette = np.concatenate([colours, np.full((count, 1), 255, np.uint8)], axis=1)

    def transparency(self, body: bytes) -> None:
        wanted = {0: 2, 2: 6}.get(self.colour, 0)
        count = 0 if self.palette is None else len(self.palette)
        if self.packed or self.transparent is not None or self.colour in (4, 6) or \
                (len(body) > count if self.colour == 3 else len(body) != wanted):
            raise damaged("transparency in the wrong place or of the wrong size")
        if self.colour == 3:
            if self.palette is not None:
                self.palette[:len(body), 3] = np.frombuffer(body, np.uint8)
        else:
            self.transparent = struct.unpack(f">{wanted // 2}H", body)
            if max(self.transparent) >> self.depth:
                raise damaged("the transparent colour is none that its depth can hold")

    def significance(self, body: bytes) -> None:
        colours = 3 if self.colour in (2, 3, 6) else 1
        if len(body) != colours + (self.colour >= 4):
            raise damaged("sBIT of the wrong size")
        if self.late or self.measured:
            raise damaged("sBIT in the wrong place or twice")
        self.measured = True
        if min(body[:colours]) < 1 or max(body[:colours]) > (8 if self.colour == 3 else self.depth):
            raise damaged("sBIT says more bits than there are")
        if self.colour != 3:
            self.significant = min(self.significant, *body[:colours])

    @property
    def late(self) -> bool:
        """What samples mean is said before the palette and the pixels: decoders pass it over elsewhere."""
        return self.coloured or bool(self.packed)

    def plain_colours(self, body: bytes) -> None:
        if len(body) != 1 or self.late or self.usual:
            raise damaged("sRGB in the wrong place, twice or of the wrong size")
        self.usual = self.overruled = True

    def curve(self, body: bytes) -> None:
        if len(body) != 4 or self.late or self.gamma is not None:
            raise damaged("a gamma in the wrong place, twice or of the wrong size")
        self.gamma = max(1, int.from_bytes(body, "big"))

    def screen(self, body: bytes) -> None:
        if len(body) != 4 or self.late or self.screened:
            raise damaged("cICP in the wrong place, twice or of the wrong size")
        if body[1] not in USUAL_CURVES or body[2] != 0 or body[3] != 1:
            raise DataError(f"samples for another kind of screen (cICP {' '.join(map(str, body))}): convert it")
        self.screened = self.overruled = True

    def icc(self, body: bytes) -> None:
        """A name, a zero, how it is packed (always 0), a zlib stream."""
        if self.late or self.profiled:
            raise damaged("a colour profile in the wrong place or twice")
        self.profiled = True
        unpack = zlib.decompressobj()
        try:
            found = unpack.decompress(body[body.index(0) + 2:], MOST_PROFILE + 1)
        except (ValueError, zlib.error):
            return
        if unpack.eof and len(found) <= MOST_PROFILE:
            self.profile = profile.read(found)
            self.overruled |= self.profile.there

    def turn(self, body: bytes) -> None:
        orientation = orientation_in(body.removeprefix(b"Exif\0\0"))  # as in JPEG; some programs write it here too
        if orientation and self.orientation not in (0, orientation):
            raise damaged("EXIF says two ways to turn it")
        self.orientation = orientation or self.orientation

    def end(self, body: bytes) -> None:
        if not self.packed:
            raise damaged("no pixels")
        if body:
            raise damaged("its last chunk is not empty")
        self.ended = True


def unpacked(stream: bytes, wanted: int) -> bytes:
    """A zlib stream of exactly so many bytes that have its checksum; what lies behind it is not looked at. Errors:
    DataError."""
    unpack = zlib.decompressobj()
    try:
        rows = unpack.decompress(stream, wanted + 1)
    except zlib.error as error:
        raise damaged("the checksum of its pixels is wrong" if "incorrect data check" in str(error) else
                      "its packed pixels cannot be unpacked") from error
    if len(rows) > wanted:
        raise damaged("more rows of pixels than its header says")
    if not unpack.eof:
        raise damaged("its packed pixels cannot be unpacked")
    if len(rows) < wanted:
        raise damaged("fewer rows of pixels than its header says")
    return rows


def unfiltered(rows: bytes, height: int, step: int) -> np.ndarray:
    """Rows of bytes behind their filters, H x bytes. A filter looks `step` bytes back: bytes that far apart are
    pictures of their own, which Pillow takes four at a time."""
    lines = np.frombuffer(rows, np.uint8).reshape(height, -1)
    filters, body = lines[:, :1], lines[:, 1:]
    if filters.max() > 4:
        raise damaged("a row with a filter that PNG does not know")
    if not filters.any():
        return body
    width = body.shape[1] // step
    pixels, parts = body.reshape(height, width, step), []
    for first in range(0, step, 3):
        part = np.ascontiguousarray(pixels[..., first:first + 3])
        count = part.shape[2]
        packed = zlib.compress(np.concatenate([filters, part.reshape(height, -1)], axis=1).tobytes(), 0)
        head = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 2: 4, 3: 2}[count], 0, 0, 0)
        chunks = (b"IHDR", head), (b"IDAT", packed), (b"IEND", b"")
        file = SIGNATURE + b"".join(struct.pack(">I", len(c)) + kind + c + struct.pack(">I", zlib.crc32(kind + c))
                                    for kind, c in chunks)
        with Image.open(io.BytesIO(file), formats=("PNG",)) as picture:
            parts.append(np.asarray(picture).reshape(height, width, count))
    return np.concatenate(parts, axis=2).reshape(height, -1)


def samples_of(rows: bytes, width: int, height: int, depth: int, channels: int) -> np.ndarray:
    """H x W x channels, u16, of the rows of one picture or pass."""
    lines = unfiltered(rows, height, max(1, depth * channels // 8))
    if depth == 16:
        values = np.ascontiguousarray(lines).view(">u2").astype(np.uint16)
    elif depth == 8:
        values = lines.astype(np.uint16)
    else:
        shifts = np.arange(8 - depth, -1, -depth, dtype=np.uint8)
        values = (lines[..., None] >> shifts & ((1 << depth) - 1)).reshape(height, -1).astype(np.uint16)
    return values[:, :width * channels].reshape(height, width, channels)


def read(data: bytes) -> Raster:
    """Errors: DataError."""
    png = Walk(data)
    channels, depth = png.channels, png.depth
    places = PASSES if png.interlaced else ((0, 0, 1, 1),)
    shapes = [(len(range(y, png.height, down)), len(range(x, png.width, right))) for x, y, right, down in places]
    sizes = [height * (1 + (width * channels * depth + 7) // 8) if width else 0 for height, width in shapes]
    rows = unpacked(b"".join(png.packed), sum(sizes))
    samples = np.empty((png.height, png.width, channels), np.uint16)
    at = 0
    for (x, y, right, down), (height, width), size in zip(places, shapes, sizes, strict=True):
        if size:
            samples[y::down, x::right] = samples_of(rows[at:at + size], width, height, depth, channels)
        at += size
    if png.palette is not None and samples.max() >= len(png.palette):
        raise damaged("a pixel's number is not in the palette")
    return Raster(samples, depth, png.significant, png.palette, png.transparent, 0 if png.overruled else png.gamma or 0,
                  png.profile, orientation=png.orientation or 1)
