"""Augmentation of whole batches: small affine changes, flips, and what scanners vary (contrast, brightness, noise)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Augmentation:
    """Ranges of uniform draws. Colours are never mixed and shapes never cut: both would make unreal anatomy."""

    flip: float = 0.5  # probability of a left-right mirror
    flip_vertical: float = 0.0
    degrees: float = 15.0
    zoom: float = 0.15  # scale in 1 - zoom .. 1 + zoom, and half of that each way by itself
    shift: float = 0.06  # of the picture's side
    contrast: float = 0.25  # factor in 1 - c .. 1 + c around the picture's mean
    brightness: float = 0.1
    gamma: float = 0.25  # exponent in 1/(1+g) .. 1+g
    noise: float = 0.04  # the largest standard deviation, on images in [0, 1]


def none() -> Augmentation:
    return Augmentation(0, 0, 0, 0, 0, 0, 0, 0, 0)


def uniform(n: int, spread: float, generator: torch.Generator) -> Tensor:
    return (2 * torch.rand(n, generator=generator) - 1) * spread


def affine(n: int, a: Augmentation, generator: torch.Generator) -> Tensor:
    """N x 2 x 3 in normalised coordinates, output to input."""
    angle = uniform(n, a.degrees * torch.pi / 180, generator)
    scale = 1 + uniform(n, a.zoom, generator)
    sx = scale * (1 + uniform(n, a.zoom / 2, generator))
    sy = scale * (1 + uniform(n, a.zoom / 2, generator))
    sx = torch.where(torch.rand(n, generator=generator) < a.flip, -sx, sx)
    sy = torch.where(torch.rand(n, generator=generator) < a.flip_vertical, -sy, sy)
    cos, sin = angle.cos(), angle.sin()
    shift = uniform(2 * n, 2 * a.shift, generator).view(2, n)
    return torch.stack([cos * sx, -sin * sy, shift[0], sin * sx, cos * sy, shift[1]], 1).view(n, 2, 3)


def augment(images: Tensor, masks: Tensor, size: tuple[int, int], a: Augmentation,
            generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """images N x C x h x w in [0, 1], masks N x h x w -> the same at `size`, sampled once (no second interpolation)."""
    n = len(images)
    grid = F.affine_grid(affine(n, a, generator), [n, 1, *size], align_corners=False)
    x = F.grid_sample(images, grid, mode="bilinear", align_corners=False)
    m = F.grid_sample(masks[:, None].float(), grid, mode="nearest", align_corners=False)[:, 0].long()
    column = (n, 1, 1, 1)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * (1 + uniform(n, a.contrast, generator)).view(column) + mean
    x = (x + uniform(n, a.brightness, generator).view(column)).clamp(0, 1)
    x = x.clamp_min(1e-6) ** torch.exp(uniform(n, 1, generator) * torch.log1p(torch.tensor(a.gamma))).view(column)
    if a.noise > 0:
        sigma = torch.rand(n, generator=generator).view(column) * a.noise
        x = (x + sigma * torch.randn(x.shape, generator=generator)).clamp(0, 1)
    return x, m
