"""The C++ builder's public blocks for PyTorch: a module of the same name, in Python's spelling, kept under the
attribute that the C++ call names as `where`, holds the tensors that this call reads.

    C++, in describe                                   Python, in __init__                 in forward
    x = uml::double_conv(g, image, "enc1", 16);        self.enc1 = DoubleConv(1, 16)       x = self.enc1(image)
    x = uml::up_step(g, low, skip, "dec1", 16, order)  self.dec1 = UpStep(32, 16, 16)      x = self.dec1(low, skip)
    l = uml::project(g, x, "head", c.regions);         self.head = Project(16, c.regions)  l = self.head(x)
    auto o = uml::evidential_head(g, l);                                                   o = evidential_head(l)

Tensors are N x C x H x W. `frozen` norms are the builder's `norm_kind::frozen`: ordinary ones in training, exported
without eps (export adds it to the variance, so that the function stays the same).
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .encoders import VGG16, Res2Net, Res2NetBlock
from .layers import DoubleConv, FreezableNorm, classification_head, resize, vacuity
from .layers import PointConv as Project
from .mixer import PolarizedSelfAttention as PolarizedAttention
from .mixer import shuffle
from .networks import Config
from .own import Own as Network
from .paper_decoders import UncertaintyNavigator as NavigatorMask
from .release_decoders import UncertaintyNavigator as NavigatorGate

__all__ = ["Config", "DoubleConv", "FreezableNorm", "Instructor", "MixerLevel", "NavigatorGate", "NavigatorMask",
           "Network", "Opinion", "PolarizedAttention", "Project", "Res2Net", "Res2NetBlock", "UpStep", "VGG16",
           "average_pool", "classification_head", "conv", "dirichlet_of", "evidential_head", "global_average",
           "linear", "max_pool", "norm", "resize", "shuffle", "tile"]


def conv(i: int, o: int, kernel: int = 1, stride: int = 1, dilation: int = 1, depthwise: bool = False,
         bias: bool = False) -> nn.Conv2d:
    """`g.conv`: padding keeps the extent at stride 1."""
    return nn.Conv2d(i, o, kernel, stride, dilation * (kernel - 1) // 2, dilation, i if depthwise else 1, bias)


def linear(i: int, o: int, bias: bool = False) -> nn.Linear:
    """`g.linear`: N x i to N x o, for what global_average gives."""
    return nn.Linear(i, o, bias)


def norm(channels: int, kind: str = "batch") -> nn.BatchNorm2d:
    """`g.norm` of norm_kind::batch (eps 1e-5) or norm_kind::frozen (none)."""
    return {"batch": nn.BatchNorm2d, "frozen": FreezableNorm}[kind](channels)


def max_pool(x: Tensor, kernel: int, stride: int, pad: int = 0) -> Tensor:
    return F.max_pool2d(x, kernel, stride, pad)


def average_pool(x: Tensor, kernel: int, stride: int, pad: int = 0) -> Tensor:
    """Zeros of the padding count, as in `g.average_pool`."""
    return F.avg_pool2d(x, kernel, stride, pad)


def global_average(x: Tensor) -> Tensor:
    """N x C x H x W to N x C."""
    return x.mean((2, 3))


def tile(x: Tensor, channels: int) -> Tensor:
    """The channels repeated until there are so many."""
    return x[:, torch.arange(channels, device=x.device) % x.shape[1]]


class Opinion(NamedTuple):
    """`uml::opinion_values`: evidence e and alpha = e + 1 like the logits, vacuity K / sum(alpha) with one channel."""

    evidence: Tensor
    alpha: Tensor
    vacuity: Tensor


def dirichlet_of(evidence: Tensor) -> Opinion:
    return Opinion(evidence, evidence + 1, vacuity(evidence + 1))


def evidential_head(logits: Tensor) -> Opinion:
    """e = softplus(logits), in dimension 1 (Sensoy et al., NeurIPS 2018; Ren et al. 2023, equations 1 to 3)."""
    return dirichlet_of(F.softplus(logits))


class UpStep(nn.Module):
    """Upsample x2, double convolution low -> o, concatenation with the skip, double convolution -> o."""

    def __init__(self, low: int, skip: int, o: int, skip_first: bool = False):
        super().__init__()
        self.skip_first = skip_first
        self.conv1, self.conv2 = DoubleConv(low, o), DoubleConv(o + skip, o)

    def forward(self, low: Tensor, skip: Tensor) -> Tensor:
        x = self.conv1(resize(low, (2 * low.shape[-2], 2 * low.shape[-1])))
        return self.conv2(torch.cat([skip, x] if self.skip_first else [x, skip], 1))


class MixerLevel(nn.Module):
    """`uml::mixer_level` with the names {where / "cls", where / "seg", where / "attention", where / "out"}."""

    def __init__(self, cls: int, seg: int, middle: int, o: int = 0):
        super().__init__()
        self.cls, self.seg = Project(cls, middle), Project(seg, middle)
        self.attention = PolarizedAttention(2 * middle)
        self.out = Project(2 * middle, o) if o else nn.Identity()

    def forward(self, cls: Tensor, seg: Tensor) -> Tensor:
        return self.out(self.attention(shuffle(torch.cat([self.cls(cls), self.seg(seg)], 1))))


class Instructor(nn.Module):
    """`uml::instructor` without its evidential head, with the names {where / "head", 4, "conv", "point_wise_conv",
    where / "reliable", where / "predict"}: features N x i and eta N x e of one size -> class logits."""

    def __init__(self, i: int, e: int, o: tuple[int, int, int, int], classes: int):
        super().__init__()
        self.head = classification_head([i, *o], 0.1, paper=False)
        self.reliable = DoubleConv(e, o[3])
        self.predict = linear(o[3], classes)

    def forward(self, features: Tensor, eta: Tensor) -> Tensor:
        c = self.head(features)
        return self.predict(global_average(c + c * self.reliable(eta)))
