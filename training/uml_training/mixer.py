"""The pairwise feature mixer: at every level the classification and segmentation features become mutual features."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import PointConv, conv1

GROUPS = 4


def shuffle(x: Tensor, dim: int = 1) -> Tensor:
    """Channel shuffle in four groups: output channel g C/4 + j is input channel 4 j + g."""
    split = x.unflatten(dim, (x.shape[dim] // GROUPS, GROUPS))
    return split.transpose(dim, dim + 1).flatten(dim, dim + 1)


class PolarizedSelfAttention(nn.Module):
    """Channel gate, then pixel gate; unlike the published PSA the pixel branch has no softmax over its mean."""

    def __init__(self, channels: int):
        super().__init__()
        half = channels // 2
        self.ch_wv, self.ch_wq = conv1(channels, half, True), conv1(channels, 1, True)
        self.ch_wz, self.ln = conv1(half, channels, True), nn.LayerNorm(channels)
        self.sp_wv, self.sp_wq = conv1(channels, half, True), conv1(channels, half, True)

    def forward(self, x: Tensor) -> Tensor:
        n, c = x.shape[:2]
        q = self.ch_wq(x).flatten(2).softmax(-1)  # N x 1 x pixels
        z = (self.ch_wv(x).flatten(2) @ q.transpose(1, 2)).unsqueeze(-1)  # N x c/2 x 1 x 1
        g = self.ln(self.ch_wz(z).view(n, c)).sigmoid().view(n, c, 1, 1)
        x = g * x
        a = self.sp_wq(x).mean((2, 3))  # N x c/2
        s = (self.sp_wv(x) * a[:, :, None, None]).sum(1, keepdim=True).sigmoid()
        return x + s * x


class Mixer(nn.Module):
    """`width` channels enter from each side at each level; `out` gives the output channels (None: no output 1x1).

    `collapsed` computes a level with one small matrix per image in place of the 2 x `width` channel tensors: the same
    function (tested in double), differentiable, and most of the mixer's time saved in training.
    """

    def __init__(self, cls: list[int], seg: list[int], out: list[int | None], width: int, out_name: str):
        super().__init__()
        self.out_name, self.collapsed = out_name, False
        for n, (c, s, o) in enumerate(zip(cls, seg, out), 1):
            setattr(self, f"cf_conv{n}", PointConv(c, width))
            setattr(self, f"sf_conv{n}", PointConv(s, width))
            setattr(self, f"PSA{n}", PolarizedSelfAttention(2 * width))
            if o is not None:
                setattr(self, f"{out_name}{n}", PointConv(2 * width, o))

    def forward(self, cls: list[Tensor], seg: list[Tensor]) -> list[Tensor]:
        level = self.level_collapsed if self.collapsed else self.level_plain
        return [level(n, c, s) for n, (c, s) in enumerate(zip(cls, seg), 1)]

    def level_plain(self, n: int, cls: Tensor, seg: Tensor) -> Tensor:
        x = torch.cat([getattr(self, f"cf_conv{n}")(cls), getattr(self, f"sf_conv{n}")(seg)], 1)
        x = getattr(self, f"PSA{n}")(shuffle(x))
        out = getattr(self, f"{self.out_name}{n}", None)
        return x if out is None else out(x)

    def level_collapsed(self, n: int, cls: Tensor, seg: Tensor) -> Tensor:
        psa, out = getattr(self, f"PSA{n}"), getattr(self, f"{self.out_name}{n}", None)
        entry = torch.block_diag(*(getattr(self, f"{side}_conv{n}").conv.weight.flatten(1) for side in ("cf", "sf")))
        m = shuffle(entry, 0)  # 2 width x C, C = both sides' channels
        f = torch.cat([cls, seg], 1)
        flat = f.flatten(2)  # N x C x pixels
        # ch_wq's bias adds the same to every pixel: the softmax removes it.
        q = F.conv2d(f, (psa.ch_wq.weight.flatten(1) @ m)[:, :, None, None]).flatten(2).softmax(-1)
        picked = (flat @ q.transpose(1, 2)).squeeze(-1) @ m.T  # N x 2 width, as the next two
        mean = flat.mean(-1) @ m.T
        g = psa.ln(F.linear(dense(psa.ch_wv, picked), psa.ch_wz.weight.flatten(1), psa.ch_wz.bias)).sigmoid()
        a = dense(psa.sp_wq, g * mean)  # N x width
        v = (g * (a @ psa.sp_wv.weight.flatten(1))) @ m  # N x C
        s = (v.unsqueeze(1) @ flat + (a @ psa.sp_wv.bias)[:, None, None]).sigmoid()  # N x 1 x pixels
        d = g.unsqueeze(-1) * m  # N x 2 width x C
        if out is not None:
            d = out.conv.weight.flatten(1) @ d
        return ((1 + s) * (d @ flat)).unflatten(-1, f.shape[-2:])


def dense(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """A 1x1 convolution on one pixel: x is N x C."""
    return F.linear(x, conv.weight.flatten(1), conv.bias)
