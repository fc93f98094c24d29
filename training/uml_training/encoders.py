"""Feature encoders: Res2Net-50-v1b-26w-4s and VGG16-BN, each giving four levels at 1, 1/2, 1/4 and 1/8 of its size."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .layers import FrozenBatchNorm2d, conv1, conv3

Scale = Callable[[int], int]
Norm = Callable[[int], nn.Module]
EXPANSION = 4


class Res2NetBlock(nn.Module):
    """Bottleneck whose middle works on four groups of `width` channels, each but the first fed by the one before.

    norm: FreezableNorm for the C++ block's norm_kind::frozen, nn.BatchNorm2d for norm_kind::batch."""

    def __init__(self, i: int, width: int, o: int, stride: int, first: bool, norm: Norm):
        super().__init__()
        self.first = first
        self.conv1, self.bn1 = conv1(i, 4 * width), norm(4 * width)
        self.convs = nn.ModuleList(conv3(width, width, stride) for _ in range(3))
        self.bns = nn.ModuleList(norm(width) for _ in range(3))
        self.conv3, self.bn3 = conv1(4 * width, o), norm(o)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if first:
            self.pool = nn.AvgPool2d(3, stride, 1)
            self.downsample = nn.Sequential(nn.AvgPool2d(stride, stride), conv1(i, o), norm(o))

    def forward(self, x: Tensor) -> Tensor:
        groups = self.relu(self.bn1(self.conv1(x))).chunk(4, 1)
        parts: list[Tensor] = []
        for i, (conv, bn) in enumerate(zip(self.convs, self.bns)):
            fed = groups[i] if i == 0 or self.first else groups[i] + parts[-1]
            parts.append(self.relu(bn(conv(fed))))
        parts.append(self.pool(groups[3]) if self.first else groups[3])
        out = self.bn3(self.conv3(torch.cat(parts, 1)))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class Res2Net(nn.Module):
    """x1..x4 with 64, 256, 512 and 1024 channels (scaled by `scale`).

    `stem_stride` is the stride of the first stem convolution, so that every level is that much smaller.
    `layer4` exists in published checkpoints and is never used: `with_unused` makes it, for names and shapes only.
    """

    def __init__(self, channels_in: int = 3, scale: Scale = lambda c: c, norm: Norm = FrozenBatchNorm2d,
                 stem_stride: int = 1, with_unused: bool = False):
        super().__init__()
        half, full = scale(32), scale(64)
        self.conv1 = nn.Sequential(
            conv3(channels_in, half, stem_stride), norm(half), nn.ReLU(inplace=True),
            conv3(half, half), norm(half), nn.ReLU(inplace=True),
            conv3(half, full))
        self.bn1, self.relu = norm(full), nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        i = full
        for n, (planes, blocks, stride) in enumerate([(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)], 1):
            if n == 4 and not with_unused:
                break
            width, o = scale(planes * 26 // 64), scale(EXPANSION * planes)
            layer = [Res2NetBlock(i, width, o, stride, True, norm)]
            layer += [Res2NetBlock(o, width, o, 1, False, norm) for _ in range(blocks - 1)]
            setattr(self, f"layer{n}", nn.Sequential(*layer))
            i = o

    def forward(self, image: Tensor) -> list[Tensor]:
        x1 = self.relu(self.bn1(self.conv1(image)))
        x2 = self.layer1(self.maxpool(x1))
        x3 = self.layer2(x2)
        return [x1, x2, x3, self.layer3(x3)]


class ConvNormRelu(nn.Module):
    def __init__(self, i: int, o: int, norm: Norm):
        super().__init__()
        self.conv, self.bn, self.relu = conv3(i, o, bias=True), norm(o), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.bn(self.conv(x)))


class VGG16(nn.Module):
    """conv1_2, conv2_2, conv3_3, conv4_3 with 64, 128, 256, 512 channels; conv5 is as unused as layer4 above."""

    def __init__(self, norm: Norm = FrozenBatchNorm2d, with_unused: bool = False):
        super().__init__()
        self.pool = nn.MaxPool2d(2)
        self.levels: list[list[str]] = []
        i = 3
        for n, (o, count) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1):
            if n == 5 and not with_unused:
                break
            names = [f"conv{n}_{k}" for k in range(1, count + 1)]
            for name in names:
                setattr(self, name, ConvNormRelu(i, o, norm))
                i = o
            self.levels.append(names)

    def forward(self, image: Tensor) -> list[Tensor]:
        out, x = [], image
        for n, names in enumerate(self.levels[:4]):
            if n:
                x = self.pool(x)
            for name in names:
                x = getattr(self, name)(x)
            out.append(x)
        return out
