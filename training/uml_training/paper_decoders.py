"""Decoders of the network published with the paper."""

import torch
from torch import Tensor, nn

from .layers import DoubleConv, PointConv, classification_head, conv1, down, up


class Up(nn.Module):
    """Upsample x2, DoubleConv, cat [skip, that]: the result has skip's channels and o more."""

    def __init__(self, i: int, o: int):
        super().__init__()
        self.conv = DoubleConv(i, o, paper=True)

    def forward(self, low: Tensor, skip: Tensor) -> Tensor:
        return torch.cat([skip, self.conv(up(low, 2))], 1)


class MutualDecoder(nn.Module):
    """Mutual features (N x 64, 128, 256, 512) -> the features from fine to coarse, and the evidence logits."""

    def __init__(self, regions: int):
        super().__init__()
        self.up_conv1, self.up_conv2, self.up_conv3 = Up(512, 256), Up(512, 128), Up(256, 64)
        self.out_conv1, self.out_conv2 = PointConv(128, 32), PointConv(32, regions)

    def forward(self, m: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        d3 = self.up_conv1(m[3], m[2])
        d2 = self.up_conv2(d3, m[1])
        d1 = self.up_conv3(d2, m[0])
        return [d1, d2, d3], self.out_conv2(self.out_conv1(d1))


class UncertaintyNavigator(nn.Module):
    """Adds what the reliable mask says to a feature."""

    def __init__(self, channels: int, regions: int):
        super().__init__()
        self.conv = nn.Sequential(conv1(regions, channels), nn.BatchNorm2d(channels), nn.ReLU(inplace=True))
        self.conv_out = PointConv(2 * channels, channels)

    def forward(self, x: Tensor, logits: Tensor, evidence: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        mask = (logits + evidence) * torch.exp(-u)
        return self.conv_out(torch.cat([x, self.conv(mask)], 1)), mask


class NavigatorDecoder(nn.Module):
    """Returns the last feature (N x 128), logits l0..l3 each at its own size, and intermediate features."""

    def __init__(self, regions: int):
        super().__init__()
        self.conv_bottom = PointConv(1024, 512)
        self.UN_C3, self.UN_C0 = UncertaintyNavigator(512, regions), UncertaintyNavigator(128, regions)
        self.conv_up3, self.conv_up2, self.conv_up1 = Up(512, 256), Up(512, 128), Up(256, 64)
        for n, c in enumerate([128, 256, 512, 512]):
            setattr(self, f"conv_out{n}", PointConv(c, regions))

    def forward(self, s: list[Tensor], m4: Tensor, e: Tensor, u: Tensor) -> tuple[Tensor, list[Tensor], dict]:
        u8 = down(u, 8)
        bottom = self.conv_bottom(torch.cat([s[3], m4], 1) * torch.exp(-u8))
        l3 = self.conv_out3(bottom)
        un3, mask3 = self.UN_C3(bottom, l3, down(e, 8), u8)
        f = self.conv_up3(un3, s[2])
        l2 = self.conv_out2(f)
        f = self.conv_up2(f, s[1])
        l1 = self.conv_out1(f)
        f = self.conv_up1(f, s[0])
        l0 = self.conv_out0(f)
        f, mask0 = self.UN_C0(f, l0, e, u)
        taps = {"bottom": bottom, "un3": un3, "reliable_mask.0": mask0, "reliable_mask.3": mask3}
        return f, [l0, l1, l2, l3], taps


class Head(nn.Module):
    """The classification head behind one more level of names."""

    def __init__(self):
        super().__init__()
        self.cls_head = classification_head([1536, 1024, 512, 512, 1024], 0.1, paper=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.cls_head(x)


class InstructorClassifier(nn.Module):
    """cat[cls x4, m4] (N x 1536 at 1/8) and eta (N x 128 at 1/8) -> class logits N x K_c."""

    def __init__(self, classes: int):
        super().__init__()
        self.conv_reliable = DoubleConv(128, 1024, paper=True)
        self.cls_head = Head()
        self.cls_predict = nn.Sequential(nn.Linear(1024, classes, bias=False))

    def forward(self, x: Tensor, eta: Tensor) -> Tensor:
        c = self.cls_head(x)
        return self.cls_predict((c + c * self.conv_reliable(eta)).mean((2, 3)))
