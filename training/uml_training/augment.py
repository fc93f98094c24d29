"""Augmentation of whole batches, on the device that holds them: small affine changes, flips, what scanners vary
(contrast, brightness, noise), and what they do badly (blur, bias field, resolution).

Every operation works on the whole batch with shapes that never change, so that a training step can be one CUDA graph.
"""

import math
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

BLUR_TAPS = 9  # reaches 2.7 times the largest standard deviation
BLUR_LEAST = 0.5  # pixels
BIAS_TERMS = [(i, j) for i in range(4) for j in range(4) if 0 < i + j <= 3]  # x^i y^j; the constant is brightness


@dataclass(frozen=True)
class Augmentation:
    """Ranges of uniform draws. Colours are never mixed and shapes never cut: both would make unreal anatomy.

    Published ranges: noise, blur and resolution of nnU-Net (Isensee et al., Nature Methods 2021, supplementary note 2:
    variance up to 0.1, standard deviation 0.5 to 1.5 pixels in a fifth of the pictures, zoom 1 to 2 in a quarter of
    them), the bias field of TorchIO (Pérez-García et al. 2021, after Sudre et al. 2017: exp of a polynomial of order 3,
    coefficients -0.5 to 0.5).
    """

    flip: float = 0.5  # probability of a left-right mirror
    flip_vertical: float = 0.0
    degrees: float = 15.0
    zoom: float = 0.15  # scale in 1 - zoom .. 1 + zoom, and half of that each way by itself
    shift: float = 0.06  # of the picture's side
    contrast: float = 0.25  # factor in 1 - c .. 1 + c around the picture's mean
    brightness: float = 0.1
    gamma: float = 0.25  # exponent in 1/(1+g) .. 1+g
    noise: float = 0.04  # the largest standard deviation, on images in [0, 1]
    noise_power: float = 1.0  # the deviation is noise · r^power, r uniform: above 1 most pictures stay nearly clean
    blur: float = 0.0  # probability
    blur_sigma: float = 1.5  # the largest standard deviation, in pixels; the least is 0.5
    bias: float = 0.0  # probability of a bias field
    bias_coefficient: float = 0.5  # of the polynomial's terms: -b .. b
    resolution: float = 0.0  # probability of sampling down and up again
    resolution_zoom: float = 2.0  # the largest factor; the least is 1


def none() -> Augmentation:
    return Augmentation(**{field.name: 0.0 for field in fields(Augmentation)})


class Draw:
    """Random numbers on one device: of a generator, or of the device's own, which alone a CUDA graph can replay."""

    def __init__(self, device: torch.device, generator: torch.Generator | None = None):
        self.device, self.generator = device, generator

    def share(self, *shape: int) -> Tensor:
        """Uniform in 0 .. 1."""
        return torch.rand(shape, device=self.device, generator=self.generator)

    def around(self, n: int, spread: float) -> Tensor:
        """Uniform in -spread .. spread."""
        return (2 * self.share(n) - 1) * spread

    def normal(self, shape: torch.Size) -> Tensor:
        return torch.randn(shape, device=self.device, generator=self.generator)


def affine(n: int, a: Augmentation, draw: Draw) -> Tensor:
    """N x 2 x 3 in normalised coordinates, output to input."""
    angle = draw.around(n, a.degrees * torch.pi / 180)
    scale = 1 + draw.around(n, a.zoom)
    sx = scale * (1 + draw.around(n, a.zoom / 2))
    sy = scale * (1 + draw.around(n, a.zoom / 2))
    sx = torch.where(draw.share(n) < a.flip, -sx, sx)
    sy = torch.where(draw.share(n) < a.flip_vertical, -sy, sy)
    cos, sin = angle.cos(), angle.sin()
    x, y = draw.around(n, 2 * a.shift), draw.around(n, 2 * a.shift)
    return torch.stack([cos * sx, -sin * sy, x, sin * sx, cos * sy, y], 1).view(n, 2, 3)


def blurred(x: Tensor, sigma: Tensor) -> Tensor:
    """Each picture convolved with a Gaussian of its own standard deviation (N, pixels); edges are repeated."""
    n, c = x.shape[:2]
    at = torch.arange(BLUR_TAPS, device=x.device) - BLUR_TAPS // 2
    taps = torch.exp(-at**2 / (2 * sigma[:, None] ** 2))
    taps = (taps / taps.sum(1, keepdim=True)).repeat_interleave(c, 0)  # N C x taps
    x = F.pad(x, [BLUR_TAPS // 2] * 4, mode="replicate").flatten(0, 1)[None]
    x = F.conv2d(x, taps[:, None, None, :], groups=n * c)
    return F.conv2d(x, taps[:, None, :, None], groups=n * c)[0].unflatten(0, (n, c))


def bias_field(coefficients: Tensor, height: int, width: int) -> Tensor:
    """exp of the polynomials with these coefficients (N x terms), x and y from -1 to 1: N x 1 x height x width."""
    y = torch.linspace(-1, 1, height, device=coefficients.device)[:, None]
    x = torch.linspace(-1, 1, width, device=coefficients.device)[None, :]
    terms = torch.stack([(x**i) * (y**j) for i, j in BIAS_TERMS])
    return torch.exp(torch.tensordot(coefficients, terms, 1))[:, None]


def coarser(x: Tensor, zoom: Tensor) -> Tensor:
    """Each picture sampled at every zoom-th pixel (N, at least 1) and back, bilinear both ways, in its own frame."""
    def sampled(x: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        """Output u reads input scale · u + offset, both from -1 to 1."""
        zero = torch.zeros_like(scale)
        grid = F.affine_grid(torch.stack([scale, zero, offset, zero, scale, offset], 1).view(-1, 2, 3),
                             list(x.shape), align_corners=False)
        return F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return sampled(sampled(x, zoom, zoom - 1), 1 / zoom, 1 / zoom - 1)


def degraded(x: Tensor, a: Augmentation, draw: Draw) -> Tensor:
    """Blur, resolution and bias field, each in its share of the pictures; the others stay as they are, to the bit."""
    n = len(x)
    column = (n, 1, 1, 1)
    if a.blur > 0:
        sigma = BLUR_LEAST + draw.share(n) * (a.blur_sigma - BLUR_LEAST)
        x = torch.where((draw.share(n) < a.blur).view(column), blurred(x, sigma), x)
    if a.resolution > 0:
        zoom = 1 + draw.share(n) * (a.resolution_zoom - 1)
        x = torch.where((draw.share(n) < a.resolution).view(column), coarser(x, zoom), x)
    if a.bias > 0:
        coefficients = (2 * draw.share(n, len(BIAS_TERMS)) - 1) * a.bias_coefficient
        field = bias_field(coefficients, *x.shape[-2:])
        x = torch.where((draw.share(n) < a.bias).view(column), (x * field).clamp(0, 1), x)
    return x


def augment(images: Tensor, masks: Tensor, size: tuple[int, int], a: Augmentation,
            generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
    """images N x C x h x w in [0, 1], masks N x h x w -> the same at `size`, sampled once (no second interpolation).

    Without a generator the device's own is used."""
    n, draw = len(images), Draw(images.device, generator)
    grid = F.affine_grid(affine(n, a, draw), [n, 1, *size], align_corners=False)
    x = F.grid_sample(images, grid, mode="bilinear", align_corners=False)
    m = F.grid_sample(masks[:, None].float(), grid, mode="nearest", align_corners=False)[:, 0].long()
    x = degraded(x, a, draw)
    column = (n, 1, 1, 1)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * (1 + draw.around(n, a.contrast)).view(column) + mean
    x = (x + draw.around(n, a.brightness).view(column)).clamp(0, 1)
    x = x.clamp_min(1e-6) ** torch.exp(draw.around(n, math.log1p(a.gamma))).view(column)
    if a.noise > 0:
        sigma = draw.share(n).view(column) ** a.noise_power * a.noise
        x = (x + sigma * draw.normal(x.shape)).clamp(0, 1)
    return x, m
