"""Made outliers: pictures that are none of the kind to be known. Their evidence can be pulled to zero in training
(losses.no_evidence_loss), so that vacuity says "unknown" there; what it does on real ones must be measured."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .augment import Draw

TILES = 4  # a shuffled slice is cut into 4 x 4


def gradient(x: Tensor, draw: Draw) -> Tensor:
    """A linear ramp in a random direction, its two ends drawn."""
    n, _, h, w = x.shape
    angle = draw.around(n, math.pi).view(n, 1, 1)
    rows = torch.linspace(-1, 1, h, device=x.device).view(1, h, 1)
    columns = torch.linspace(-1, 1, w, device=x.device).view(1, 1, w)
    ramp = 0.5 + (angle.cos() * columns + angle.sin() * rows) / (2 * math.sqrt(2))
    low, high = draw.share(n).view(n, 1, 1), draw.share(n).view(n, 1, 1)
    return (low + (high - low) * ramp)[:, None].expand_as(x)


def noise(x: Tensor, draw: Draw) -> Tensor:
    """Every pixel by itself, around a drawn mean."""
    n = len(x)
    mean, sigma = draw.share(n).view(n, 1, 1, 1), 0.5 * draw.share(n).view(n, 1, 1, 1)
    return (mean + sigma * draw.normal(x.shape)).clamp(0, 1)


def texture(x: Tensor, draw: Draw) -> Tensor:
    """Smooth random spots of two sizes (random values on coarse grids, interpolated)."""
    n, c, h, w = x.shape
    spots = [F.interpolate(draw.share(n, c, size, size), (h, w), mode="bicubic", align_corners=False)
             for size in (6, 24)]
    return (0.6 * spots[0] + 0.4 * spots[1]).clamp(0, 1)


def inverted(x: Tensor, draw: Draw) -> Tensor:
    return 1 - x


def shuffled(x: Tensor, draw: Draw) -> Tensor:
    """The slice's tiles in another order."""
    n, c, h, w = x.shape
    th, tw = h // TILES, w // TILES
    tiles = x[..., :th * TILES, :tw * TILES].reshape(n, c, TILES, th, TILES, tw).permute(0, 2, 4, 1, 3, 5).flatten(1, 2)
    order = draw.share(n, TILES * TILES).argsort(1).view(n, -1, 1, 1, 1).expand_as(tiles)
    tiles = tiles.gather(1, order).unflatten(1, (TILES, TILES)).permute(0, 3, 1, 4, 2, 5)
    return F.pad(tiles.reshape(n, c, th * TILES, tw * TILES), (0, w - tw * TILES, 0, h - th * TILES))


def constant(x: Tensor, draw: Draw) -> Tensor:
    return draw.share(len(x)).view(-1, 1, 1, 1).expand_as(x)


def checker(x: Tensor, draw: Draw) -> Tensor:
    """Squares of an eighth of the picture's height, two drawn levels in turn."""
    n, _, h, w = x.shape
    side = max(1, h // 8)
    odd = (torch.arange(h).view(h, 1) // side + torch.arange(w) // side) % 2
    levels = draw.share(n, 2)[:, :, None, None]
    return torch.where(odd.to(x.device) == 1, levels[:, :1], levels[:, 1:]).expand_as(x)


def half_black(x: Tensor, draw: Draw) -> Tensor:
    """The slice's left half is lost."""
    return torch.cat([torch.zeros_like(x[..., :x.shape[-1] // 2]), x[..., x.shape[-1] // 2:]], -1)


def upside_down(x: Tensor, draw: Draw) -> Tensor:
    return x.flip(2)


KINDS: tuple[Callable[[Tensor, Draw], Tensor], ...] = (gradient, noise, texture, inverted, shuffled)
# Never made in training: whether what was learnt from KINDS holds for others.
OTHERS: tuple[Callable[[Tensor, Draw], Tensor], ...] = (constant, checker, half_black, upside_down)


def made(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """As many outliers as x (N x C x H x W in [0, 1]) has pictures, of the kinds in turn; slices are made from x."""
    draw = Draw(x.device, generator)
    return torch.cat([KINDS[i % len(KINDS)](x[i:i + 1], draw) for i in range(len(x))])
