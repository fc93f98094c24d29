"""Decoders of the release network (and of edge, which is the release network with fewer channels)."""

import torch
from torch import Tensor, nn

from .encoders import Scale
from .layers import DoubleConv, PointConv, classification_head, conv1, resize, up


class UpConv(nn.Module):
    """Upsample x2, DoubleConv, cat [that, skip], DoubleConv."""

    def __init__(self, i: int, o: int):
        super().__init__()
        self.conv1, self.conv2 = DoubleConv(i, o), DoubleConv(2 * o, o)

    def forward(self, low: Tensor, skip: Tensor) -> Tensor:
        return self.conv2(torch.cat([self.conv1(up(low, 2)), skip], 1))


class MutualDecoder(nn.Module):
    """Mutual features (N x 64, 256, 512, 1024 at 1 .. 1/8) -> the feature and the evidence logits of every level."""

    def __init__(self, regions: int, scale: Scale):
        super().__init__()
        self.conv_adj_channel4 = PointConv(scale(1024), scale(512))
        self.conv_adj_channel3 = PointConv(scale(512), scale(256))
        self.conv_adj_channel2 = PointConv(scale(256), scale(128))
        self.up_conv4 = UpConv(scale(512), scale(256))
        self.up_conv3 = UpConv(scale(256), scale(128))
        self.up_conv2 = UpConv(scale(128), scale(64))
        for n, c in enumerate([64, 128, 256, 512], 1):
            head = nn.Sequential(PointConv(scale(c), scale(c // 2)), PointConv(scale(c // 2), regions))
            setattr(self, f"out_conv{n}", head)

    def forward(self, m: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        d4 = self.conv_adj_channel4(m[3])
        d3 = self.up_conv4(d4, self.conv_adj_channel3(m[2]))
        d2 = self.up_conv3(d3, self.conv_adj_channel2(m[1]))
        features = [self.up_conv2(d2, m[0]), d2, d3, d4]
        return features, [getattr(self, f"out_conv{n}")(d) for n, d in enumerate(features, 1)]


class UncertaintyNavigator(nn.Module):
    """Gates segmentation features by certainty and by attention to the mutual feature."""

    def __init__(self, channels: int, inner: int):
        super().__init__()
        self.W_x = nn.Sequential(conv1(channels, inner, True), nn.BatchNorm2d(inner))
        self.W_m = nn.Sequential(conv1(channels, inner, True), nn.BatchNorm2d(inner))
        self.psi = nn.Sequential(conv1(inner, 1, True), nn.BatchNorm2d(1), nn.Sigmoid())

    def forward(self, x: Tensor, d1: Tensor, u: Tensor) -> Tensor:
        """x: N x C at its level; d1 (N x 64) and u (N x 1) at the finest level."""
        d1, u = resize(d1, x.shape[-2:]), resize(u, x.shape[-2:])
        gated = x * torch.exp(-u)
        conv, bn = self.W_m
        # W_m reads d1 tiled to C channels (channel c is d1's c mod 64): sum its columns over the copies instead.
        copies = torch.arange(conv.in_channels, device=x.device) % d1.shape[1]
        weight = conv.weight.new_zeros(conv.out_channels, d1.shape[1], 1, 1).index_add(1, copies, conv.weight)
        attention = bn(nn.functional.conv2d(d1, weight, conv.bias))
        return gated * self.psi(torch.relu(self.W_x(gated) + attention))


class NavigatorDecoder(nn.Module):
    """Segmentation features -> the last feature (N x 64 at 1/1), region logits, and the navigated features."""

    def __init__(self, regions: int, scale: Scale):
        super().__init__()
        self.conv_adj_channel4 = PointConv(scale(1024), scale(512))
        self.conv_adj_channel3 = PointConv(scale(512), scale(256))
        self.conv_adj_channel2 = PointConv(scale(256), scale(128))
        self.un4 = UncertaintyNavigator(scale(256), scale(128))
        self.un3 = UncertaintyNavigator(scale(128), scale(64))
        self.un2 = UncertaintyNavigator(scale(64), scale(32))
        self.conv_up4 = UpConv(scale(512), scale(256))
        self.conv_up3 = UpConv(scale(256), scale(128))
        self.conv_up2 = UpConv(scale(128), scale(64))
        self.conv_out = PointConv(scale(64), regions)

    def forward(self, s: list[Tensor], d1: Tensor, u: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        n3 = self.un4(self.conv_adj_channel3(s[2]), d1, u)
        n2 = self.un3(self.conv_adj_channel2(s[1]), d1, u)
        n1 = self.un2(s[0], d1, u)
        f = self.conv_up4(self.conv_adj_channel4(s[3]), n3)
        f = self.conv_up2(self.conv_up3(f, n2), n1)
        return f, self.conv_out(f), {"un4": n3, "un3": n2, "un2": n1}


class InstructorClassifier(nn.Module):
    """Deep classification features, weighted by the reliable feature eta (N x 64 at 1/8) -> class logits N x K_c."""

    def __init__(self, classes: int, scale: Scale):
        super().__init__()
        self.conv_reliable = DoubleConv(scale(64), scale(1024))
        self.cls_head = classification_head([scale(c) for c in (1024, 1024, 512, 512, 1024)], 0.1, paper=False)
        self.cls_predict = nn.Sequential(nn.Linear(scale(1024), classes, bias=False))

    def forward(self, x4: Tensor, eta: Tensor) -> Tensor:
        c = self.cls_head(x4)
        return self.cls_predict((c + c * self.conv_reliable(eta)).mean((2, 3)))
