"""Reading pictures and masks as the C++ programs do: turned as EXIF says, black where transparent, 16 bits by the range
that they use, damaged or ambiguous files refused."""

import io
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, UnidentifiedImageError

from . import whole
from .faults import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
MOST_BYTES, MOST_SIDE, MOST_PIXELS = 128 << 20, 32768, 33554432  # as examples/support/raster.hpp
USUAL_GAMMA = 45455
GREY, PALETTE, ORIENTATION = 0, 3, 0x0112
SIGNATURE = b"\x89PNG\r\n\x1a\n"
CANNOT_READ = (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError, struct.error)


def png_chunks(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of each kind. Pillow looks at no checksum of the pixels. Errors: DataError."""
    chunks: dict[bytes, bytes] = {}
    at = len(SIGNATURE)
    while b"IEND" not in chunks:
        if at + 12 > len(data):
            raise DataError("damaged: it ends inside a chunk")
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if at + 12 + length > len(data):
            raise DataError("damaged: it ends inside a chunk")
        if zlib.crc32(data[at + 4:at + 8 + length]) != struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]:
            raise DataError(f"damaged: the checksum of chunk {kind.decode('latin-1')} is wrong")
        chunks.setdefault(kind, data[at + 8:at + 8 + length])
        at += 12 + length
    if b"acTL" in chunks:
        raise DataError("an animation, not a picture")
    return chunks


def png_facts(data: bytes) -> tuple[int, int, int]:
    """Bits a sample, how many of them are significant, and the colour type, as the file says."""
    chunks = png_chunks(data)
    if len(chunks.get(b"IHDR", b"")) != 13:
        raise DataError("damaged: no header")
    bits, colour = chunks[b"IHDR"][8:10]
    gamma = chunks.get(b"gAMA", b"")
    if len(gamma) == 4 and not chunks.keys() & {b"sRGB", b"iCCP", b"cICP"}:
        value = struct.unpack(">I", gamma)[0]
        if not 0.95 < value / USUAL_GAMMA < 1.05:
            raise DataError(f"a gamma of {value} / 100000, where pictures have {USUAL_GAMMA}: convert it")
    said = chunks.get(b"sBIT", b"")
    return bits, said[0] if said and colour != PALETTE and 0 < said[0] <= bits else bits, colour


def open_checked(path: pathlib.Path) -> tuple[Image.Image, int, int, int]:
    """A picture of one frame, not yet decoded, and what its header says of the samples (a PNG's: see png_facts)."""
    whole.never_overwrite(path)
    if path.stat().st_size > MOST_BYTES:
        raise DataError("too many bytes")
    data = path.read_bytes()
    facts = png_facts(data) if data.startswith(SIGNATURE) else None
    picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "TIFF", "BMP"))
    if max(picture.size) > MOST_SIDE or picture.width * picture.height > MOST_PIXELS:
        raise DataError(f"{picture.width} x {picture.height} pixels; at most {MOST_SIDE} on a side and {MOST_PIXELS} "
                        "in all are read")
    if getattr(picture, "n_frames", 1) > 1:
        raise DataError("several pictures in one file")
    bits = 16 if picture.mode.startswith("I") else 8
    return picture, *(facts or (bits, bits, GREY))


def upright(samples: np.ndarray, picture: Image.Image) -> np.ndarray:
    """Turned as EXIF says; Pillow has done it already with a TIFF."""
    orientation = picture.getexif().get(ORIENTATION, 1) if picture.format != "TIFF" else 1
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return np.ascontiguousarray(samples)


def eight_bits(samples: np.ndarray, bits: int, significant: int) -> np.ndarray:
    """Samples as 0..255, rounded: by the range of the significant bits, at whichever end of the sample they lie.
    Errors: DataError where a picture uses only the lower part of that range."""
    most, least, full = int(samples.max()), int(samples.min()), (1 << significant) - 1
    shift = 0 if bits == 16 and significant < bits and most <= full else bits - significant
    if ((most >> shift) - (least >> shift) <= full // 2) if bits == 16 else most <= full:
        raise DataError(f"{bits} bits a sample, of which only values from {min(least, most)} to {most} are used: "
                        "convert it so that 0 is black and the largest value white")
    values = (samples.astype(np.int64) >> shift).clip(0, full)
    return ((2 * 255 * values + full) // (2 * full)).astype(np.uint8)


def transparent(picture: Image.Image) -> bool:
    return picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info


def on_black(picture: Image.Image) -> np.ndarray:
    """What is transparent does not show, whatever colour hides there."""
    rgba = np.asarray(picture.convert("RGBA")).astype(np.uint32)
    colours = ((rgba[..., :3] * rgba[..., 3:] + 127) // 255).astype(np.uint8)
    return colours[..., 0] if picture.mode in ("1", "L", "LA") else colours


def read_picture(path: pathlib.Path, mode: str) -> np.ndarray:
    """H x W (mode L) or H x W x 3 (mode RGB), u8. Errors: DataError that names the file."""
    try:
        picture, bits, significant, colour = open_checked(path)
        with picture:
            if picture.mode == "CMYK":
                raise DataError("CMYK or another picture of four inks is not read")
            plain = not transparent(picture)
            if bits == 16 or significant < bits:
                if not plain or bits < 8 or (bits == 16 and not picture.mode.startswith("I")):
                    raise DataError(f"{bits} bits a sample, {significant} of them used, in a picture that is not plain "
                                    "grey: convert it to 8")
                samples = eight_bits(np.asarray(picture), bits, significant)
            elif picture.mode == "F":
                raise DataError("a picture of floats is not read")
            else:
                samples = np.asarray(picture.convert("RGB") if picture.mode == "P" else picture) if plain else \
                    on_black(picture)
            if samples.dtype == bool:
                samples = samples.astype(np.uint8) * 255
            turned = Image.fromarray(upright(samples, picture))
            return np.asarray(turned.convert(mode))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except CANNOT_READ as error:
        raise DataError(f"{path}: not a readable picture ({error})") from error


def read_samples(path: pathlib.Path) -> tuple[np.ndarray, int]:
    """H x W numbers as the file has them (of a palette: the indices, not the colours), and the largest that its depth
    can hold. Colours and transparency are refused."""
    try:
        picture, depth, _, _ = open_checked(path)
        with picture:
            kind = picture.mode
            samples = upright(np.asarray(picture), picture)
            if "transparency" in picture.info and kind != "P":
                raise DataError("a mask with transparency; it must hold one region number per pixel")
            if kind in ("LA", "RGB", "RGBA"):
                if kind != "RGB" and samples[..., -1].min() < 255:
                    raise DataError("a mask with transparency; it must hold one region number per pixel")
                if kind != "LA" and (samples[..., :1] != samples[..., :3]).any():
                    raise DataError("a mask in colours; it must hold one region number per pixel")
                return samples[..., 0], 255
            if kind not in ("1", "L", "P") and not kind.startswith("I"):
                raise DataError(f"a mask of kind {kind}; it must hold one region number per pixel")
            samples = samples.astype(np.int64)
            # Pillow stretches grey of 1, 2 and 4 bits to 8.
            if kind == "L" and depth < 8:
                samples //= 255 // ((1 << depth) - 1)
            return samples, (1 << depth) - 1
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except CANNOT_READ as error:
        raise DataError(f"{path}: not a readable picture ({error})") from error
