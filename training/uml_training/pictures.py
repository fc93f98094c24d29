"""Reading pictures and masks as the C++ programs do: turned as EXIF says, black where transparent, 16 bits by the range
that they use, damaged or ambiguous files refused. tests/pictures/table.csv says of many kinds what each is."""

import io
import math
import pathlib

import numpy as np
from PIL import Image

from . import jpeg, png, tiff, whole
from .faults import DataError
from .raster import MOST_BYTES, Raster, check_size

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
MASK_SUFFIXES = (".png", ".tif", ".tiff")
USUAL_GAMMA = 45455
DARKEST, BRIGHTEST = 0.14, 0.36  # what a profile may show a half as: gammas of 2.8 and 1.5


def decoded(data: bytes) -> Raster:
    """A PNG, JPEG or TIFF file, upright. Errors: DataError."""
    if len(data) > MOST_BYTES:
        raise DataError("too many bytes")
    for begins, read in ((png.SIGNATURE, png.read), (b"\xff\xd8\xff", jpeg.read), (tiff.SIGNATURES, tiff.read)):
        if data.startswith(begins):
            return read(data).turned_upright()
    raise DataError("neither PNG nor JPEG nor TIFF")


def read_raster(path: pathlib.Path) -> Raster:
    """Errors: DataError that names the file."""
    whole.never_overwrite(path)
    try:
        if not path.is_file():
            raise DataError("not a file")
        if path.stat().st_size > MOST_BYTES:
            raise DataError("too many bytes")
        return decoded(path.read_bytes())
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error})") from error


def ends(samples: np.ndarray, left_out: int) -> tuple[int, int]:
    """The values between which all but `left_out` of the samples at either end lie; zeros where there are none."""
    if not samples.size:
        return 0, 0
    ordered = np.partition(samples.ravel(), (left_out, samples.size - 1 - left_out))
    return int(ordered[left_out]), int(ordered[samples.size - 1 - left_out])


def needs_levels(depth: int, said: str) -> DataError:
    return DataError(f"{depth} bits a sample, of which {said}: "
                     "convert it so that 0 is black and the largest value white")


def eight_bits(raster: Raster, opaque: np.ndarray) -> np.ndarray:
    """Samples as 0..255, rounded: by the range of the significant bits, at whichever end of the sample they lie.
    Errors: DataError where a picture uses only the lower part of that range."""
    samples, depth = raster.colours, raster.depth
    if depth <= 8 and raster.significant == depth:
        shift, full = 0, raster.white
    else:
        shown = samples[opaque > 0]
        least, most = ends(shown, 0)
        full = (1 << raster.significant) - 1
        shift = 0 if depth == 16 and raster.significant < depth and most <= full else depth - raster.significant
        if ((most >> shift) - (least >> shift) <= full // 2) if depth == 16 else most <= full:
            raise needs_levels(depth, f"only values from {least} to {most} are used" +
                               (", less than half of the range" if depth == 16 else ""))
        # A few marks of the largest value do not make 12 bits 16; nor does a frame or a fault.
        low, high = ends(shown, shown.size // 100)
        if depth == 16 and (high >> shift) - (low >> shift) <= full // 8:
            raise needs_levels(depth, f"nearly all are from {low} to {high}, less than an eighth of the range")
    values = (samples.astype(np.int64) >> shift).clip(0, full)
    return (2 * 255 * values + full) // (2 * full)


def picture_of(raster: Raster) -> np.ndarray:
    """H x W x (1 or 3), u8. Errors: DataError."""
    if raster.gamma and not USUAL_GAMMA - USUAL_GAMMA // 20 <= raster.gamma <= USUAL_GAMMA + USUAL_GAMMA // 20:
        raise DataError(f"a gamma of {raster.gamma} / 100000, where pictures have {USUAL_GAMMA}: convert it")
    if raster.profile.tables:
        raise DataError("a colour profile of look-up tables alone: convert it to sRGB or grey")
    half = raster.profile.half
    if half is not None and not DARKEST <= half <= BRIGHTEST:
        raise DataError(f"a colour profile that shows a half as {math.floor(100 * half + 0.5)} % of white, "
                        "where pictures have 21 %: convert it")
    usual = raster.depth == raster.significant == 8 and raster.palette is None and raster.transparent is None
    if usual and not raster.has_alpha:
        return raster.samples.astype(np.uint8)
    opaque = raster.opacity()
    if raster.palette is not None:
        values, most = raster.palette[raster.samples[..., 0], :3].astype(np.int64), 255
    else:
        values, most = eight_bits(raster, opaque), raster.white
    return ((values * opaque[..., None] + most // 2) // most).astype(np.uint8)


def read_picture(path: pathlib.Path, mode: str) -> np.ndarray:
    """H x W (mode L) or H x W x 3 (mode RGB), u8. Errors: DataError that names the file."""
    raster = read_raster(path)
    try:
        pixels = picture_of(raster)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    return np.asarray(Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).convert(mode))


def read_samples(path: pathlib.Path) -> tuple[np.ndarray, int]:
    """H x W numbers as the file has them (of a palette: the indices, not the colours), and the largest that its depth
    can hold. Colours and transparency are refused. Errors: DataError that names the file."""
    raster = read_raster(path)
    if raster.lossy:
        raise DataError(f"{path}: a mask in JPEG, which changes numbers; save it as PNG or TIFF")
    colours = raster.colours
    if (colours[..., :1] != colours).any():
        raise DataError(f"{path}: a mask in colours; it must hold one region number per pixel")
    if raster.palette is None and (raster.opacity() != raster.white).any():
        raise DataError(f"{path}: a mask with transparency; it must hold one region number per pixel")
    return colours[..., 0].astype(np.int64), raster.white


def read_bmp(path: pathlib.Path) -> np.ndarray:
    """H x W grey of a BMP file, which REFUGE has its masks in. Errors: DataError that names the file."""
    whole.never_overwrite(path)
    try:
        with Image.open(io.BytesIO(path.read_bytes()), formats=("BMP",)) as picture:
            check_size(*picture.size)
            return np.asarray(picture.convert("L"))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: not a readable picture ({error})") from error
