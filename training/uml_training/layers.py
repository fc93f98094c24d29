"""Building blocks shared by the three networks. Tensors are N x C x H x W unless a docstring says otherwise."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class FrozenBatchNorm2d(nn.Module):
    """Batch norm with fixed statistics and no eps at all: scale = weight / sqrt(running_var), as published."""

    def __init__(self, channels: int):
        super().__init__()
        self.register_buffer("weight", torch.ones(channels))
        self.register_buffer("bias", torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        scale = self.weight * self.running_var.rsqrt()
        shift = self.bias - self.running_mean * scale
        return x * scale[:, None, None] + shift[:, None, None]


class FreezableNorm(nn.BatchNorm2d):
    """An ordinary batch norm in training that a weights file holds frozen: without eps, which export adds to the
    variance (`norm_kind::frozen` of the C++ builder)."""


def conv3(i: int, o: int, stride: int = 1, bias: bool = False) -> nn.Conv2d:
    return nn.Conv2d(i, o, 3, stride=stride, padding=1, bias=bias)


def conv1(i: int, o: int, bias: bool = False) -> nn.Conv2d:
    return nn.Conv2d(i, o, 1, bias=bias)


class PointConv(nn.Module):
    """A bias-free 1x1 convolution behind the published name `conv`."""

    def __init__(self, i: int, o: int):
        super().__init__()
        self.conv = conv1(i, o)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


def double_conv(i: int, o: int, dropout: float, paper: bool) -> nn.Sequential:
    """The published position of the dropouts decides the tensor names: 0, 1, 3, 4 (release) or 0, 1, 4, 5 (paper)."""
    first = [conv3(i, o, bias=True), nn.BatchNorm2d(o), nn.ReLU(inplace=True)]
    second = [conv3(o, o, bias=True), nn.BatchNorm2d(o), nn.ReLU(inplace=True)]
    if paper:
        return nn.Sequential(*first, nn.Dropout2d(dropout), *second, nn.Dropout2d(dropout))
    return nn.Sequential(*first, *second, nn.Dropout2d(dropout))


class DoubleConv(nn.Module):
    """Twice: 3x3 convolution with bias, batch norm, ReLU."""

    def __init__(self, i: int, o: int, dropout: float = 0.1, paper: bool = False):
        super().__init__()
        self.double_conv = double_conv(i, o, dropout, paper)

    def forward(self, x: Tensor) -> Tensor:
        return self.double_conv(x)


def resize(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear, corners aligned, no antialiasing: the only resampling in these networks."""
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=True)


def down(x: Tensor, r: int) -> Tensor:
    return resize(x, (x.shape[-2] // r, x.shape[-1] // r))


def up(x: Tensor, r: int) -> Tensor:
    return resize(x, (x.shape[-2] * r, x.shape[-1] * r))


def vacuity(alpha: Tensor) -> Tensor:
    """u = K / sum(alpha) over dimension 1, which is kept (size 1)."""
    return alpha.shape[1] / alpha.sum(1, keepdim=True)


class SeparableConv(nn.Module):
    """Depthwise 3x3 with dilation 2, then 1x1, both without bias; the two networks name the parts differently."""

    def __init__(self, i: int, o: int, names: tuple[str, str]):
        super().__init__()
        self.names = names
        setattr(self, names[0], nn.Conv2d(i, i, 3, padding=2, dilation=2, groups=i, bias=False))
        setattr(self, names[1], conv1(i, o))

    def forward(self, x: Tensor) -> Tensor:
        return getattr(self, self.names[1])(getattr(self, self.names[0])(x))


def classification_head(widths: list[int], dropout: float, paper: bool) -> nn.Sequential:
    """Separable convolution, batch norm, ReLU for each step widths[i] -> widths[i + 1]; steps 3 or 4 names apart."""
    names = ("conv1", "pointwise") if paper else ("conv", "point_wise_conv")
    steps: list[nn.Module] = []
    for i, o in zip(widths, widths[1:]):
        steps += [SeparableConv(i, o, names), nn.BatchNorm2d(o), nn.ReLU(inplace=True)]
        if not paper:
            steps.append(nn.Dropout(dropout))
    return nn.Sequential(*steps)
