"""What is done to pictures before a network sees them, to measure how it stands it: each by name and strength.

The same picture of a split always gets the same change, whatever the batch.
"""

import io
import math
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from . import metrics
from .augment import blurred, coarser

BLUR_MOST = 3.0  # the blur's nine taps reach no further than 4 pixels


def gaussian(number: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal draws for picture `number` of a split (Box and Muller): those of uml-evaluate."""
    bits = metrics.random_bits(number, np.arange(2 * math.prod(shape))) >> np.uint64(11)
    a, b = ((bits.astype(np.float64) + 0.5) * 2.0**-53).reshape(-1, 2).T
    return (np.sqrt(-2 * np.log(a)) * np.cos(2 * np.pi * b)).reshape(shape)


def noise(x: Tensor, first: int, sigma: float) -> Tensor:
    n, c, h, w = x.shape
    drawn = np.stack([gaussian(first + i, (h, w, c)) for i in range(n)])
    return (x + sigma * torch.from_numpy(drawn).movedim(-1, 1)).clamp(0, 1).float()


def blur(x: Tensor, first: int, sigma: float) -> Tensor:
    return blurred(x, torch.full((len(x),), sigma))


def contrast(x: Tensor, first: int, factor: float) -> Tensor:
    mean = x.mean((1, 2, 3), keepdim=True)
    return ((x - mean) * factor + mean).clamp(0, 1)


def jpeg(x: Tensor, first: int, quality: float) -> Tensor:
    def squeezed(picture: Tensor) -> Tensor:
        pixels = (picture * 255).round().to(torch.uint8).movedim(0, -1).numpy()
        file = io.BytesIO()
        shown = Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)
        shown.save(file, "JPEG", quality=int(quality))
        back = np.asarray(Image.open(file)).reshape(pixels.shape)
        return torch.from_numpy(back.copy()).movedim(-1, 0).float() / 255
    return torch.stack([squeezed(picture) for picture in x])


def resolution(x: Tensor, first: int, zoom: float) -> Tensor:
    return coarser(x, torch.full((len(x),), zoom))


# name -> (what it does, the least and the largest strength)
KINDS: dict[str, tuple[Callable[[Tensor, int, float], Tensor], float, float]] = {
    "noise": (noise, 0.0, 10.0), "blur": (blur, 0.1, BLUR_MOST), "contrast": (contrast, 0.0, 10.0),
    "jpeg": (jpeg, 1, 100), "resolution": (resolution, 1.0, 64.0)}


def parse(text: str) -> Callable[[Tensor, int], Tensor]:
    """`clean`, or NAME:STRENGTH, as a function of N x C x H x W in [0, 1] and the number of the first picture.

    noise: standard deviation; blur: standard deviation in pixels; contrast: factor around the picture's mean; jpeg:
    quality; resolution: factor by which it is sampled down and up again. Errors: ValueError that lists the names."""
    if text == "clean":
        return lambda x, first: x
    name, _, value = text.partition(":")
    try:
        change, least, most = KINDS[name]
        strength = float(value)
        if not least <= strength <= most:
            raise ValueError
    except (KeyError, ValueError):
        known = ", ".join(f"{kind}:{low:g} to {high:g}" for kind, (_, low, high) in KINDS.items())
        raise ValueError(f"corruption {text!r}: clean, or one of {known}") from None
    return lambda x, first: change(x, first, strength)
