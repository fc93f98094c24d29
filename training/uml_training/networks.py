"""The three networks: `release` and `paper` as published, and `edge`, the release network with fewer channels.

Every network maps an image (N x channels_in x H x W, in [0, 1]) to a dict:

  cls_logits    N x K_c            before softplus
  mut_logits    list of N x K_r    evidence logits, one entry a level, each at its own size
  seg_logits    N x K_r x H x W    (paper: a list of four, already at full size)

`outputs` gives what the golden files hold: cls_alpha, cls_uncertainty, mutual_alpha[.level],
mutual_uncertainty[.level], seg_logits[.level], and intermediate features:

  tap.*         intermediate features, when asked for
"""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import paper_decoders, release_decoders
from .encoders import VGG16, Res2Net
from .layers import FreezableNorm, FrozenBatchNorm2d, down, resize, up, vacuity
from .mixer import Mixer

NETWORKS = ("release", "paper", "edge")


@dataclass(frozen=True)
class Config:
    """What the weights file calls `uml.config`. Height and width are in pixels."""

    height: int = 256
    width: int = 256
    regions: int = 2
    classes: int = 3
    channels_in: int = 3
    channel_divisor: int = 1
    stem_stride: int = 1

    def scaled(self, c: int) -> int:
        """Every channel count of edge: divided, rounded to a multiple of 8, at least 8."""
        d = self.channel_divisor
        return c if d == 1 else max(8, 8 * ((2 * c + 8 * d) // (16 * d)))

    def check_size(self) -> None:
        unit = 8 * self.stem_stride
        if self.height % unit or self.width % unit:
            down_to = (max(unit, self.height // unit * unit), max(unit, self.width // unit * unit))
            raise ValueError(f"size {self.height}x{self.width}: height and width must be multiples of {unit}, "
                             f"for example {down_to[0]}x{down_to[1]}")

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class Release(nn.Module):
    """The authors' current code; with a divisor, a stem stride or one input channel, edge."""

    def __init__(self, config: Config, frozen: bool = True, with_unused: bool = False):
        super().__init__()
        config.check_size()
        self.config = config
        scale, norm = config.scaled, FrozenBatchNorm2d if frozen else FreezableNorm
        levels = [scale(c) for c in (64, 256, 512, 1024)]
        encoder = (config.channels_in, scale, norm, config.stem_stride, with_unused)
        self.cls_feature_encoder, self.seg_feature_encoder = Res2Net(*encoder), Res2Net(*encoder)
        self.mut_feature_mixer = Mixer(levels, levels, list(levels), scale(256), "out_conv")
        self.mut_feature_decoder = release_decoders.MutualDecoder(config.regions, scale)
        self.un_seg_decoder = release_decoders.NavigatorDecoder(config.regions, scale)
        self.un_cls_decoder = release_decoders.InstructorClassifier(config.classes, scale)

    def forward(self, image: Tensor, taps: bool = False) -> dict:
        cls, seg = self.cls_feature_encoder(image), self.seg_feature_encoder(image)
        mutual = self.mut_feature_mixer(cls, seg)
        features, mut_logits = self.mut_feature_decoder(mutual)
        f, seg_logits, navigated = self.un_seg_decoder(seg, features[0], self.navigator_vacuity(mut_logits[0]))
        eta = self.instruction(f)
        out = {"cls_logits": self.un_cls_decoder(cls[3], eta), "mut_logits": mut_logits,
               "seg_logits": up(seg_logits, self.config.stem_stride)}
        if taps:
            named = {"cls_features": cls, "seg_features": seg, "mutual_features": mutual, "mutual_info": features}
            out |= numbered(named) | {f"tap.{k}": v for k, v in navigated.items()} | {"tap.eta": eta}
        return out

    def navigator_vacuity(self, logits: Tensor) -> Tensor:
        """What the navigators hear about the mutual decoder's finest level: N x 1 x H x W."""
        return vacuity(F.softplus(logits) + 1)

    def instruction(self, f: Tensor) -> Tensor:
        """What the classifier hears about the last segmentation feature: at 1/8 of its size."""
        return down(f, 8)

    def outputs(self, image: Tensor, taps: bool = False) -> dict[str, Tensor]:
        """Everything a golden file holds."""
        out = self.forward(image, taps)
        size = image.shape[-2:]
        named = class_outputs(out.pop("cls_logits"))
        for n, logits in enumerate(out.pop("mut_logits")):
            evidence = F.softplus(logits)
            if n == 0:
                alpha = resize(evidence, size) + 1
                named |= {"mutual_alpha.0": alpha, "mutual_uncertainty.0": vacuity(alpha)}
            else:  # alpha and u are upsampled each by itself, as published
                named[f"mutual_alpha.{n}"] = resize(evidence + 1, size)
                named[f"mutual_uncertainty.{n}"] = resize(vacuity(evidence + 1), size)
        return named | out


class Paper(nn.Module):
    """The code published with the paper."""

    def __init__(self, config: Config, frozen: bool = True, with_unused: bool = False):
        super().__init__()
        config.check_size()
        if config != Config(config.height, config.width, config.regions, config.classes):
            raise ValueError("the paper network has 3 input channels, channel divisor 1 and stem stride 1")
        self.config = config
        norm = FrozenBatchNorm2d if frozen else FreezableNorm
        self.cls_feature_encoder = Res2Net(norm=norm, with_unused=with_unused)
        self.seg_feature_encoder = VGG16(norm, with_unused)
        self.feature_mixer = Mixer([64, 256, 512, 1024], [64, 128, 256, 512], [64, 128, 256, None], 256, "f_conv")
        self.mutual_feature_decoder = paper_decoders.MutualDecoder(config.regions)
        self.UN = paper_decoders.NavigatorDecoder(config.regions)
        self.UI = paper_decoders.InstructorClassifier(config.classes)

    def forward(self, image: Tensor, taps: bool = False) -> dict:
        cls, seg = self.cls_feature_encoder(image), self.seg_feature_encoder(image)
        mutual = self.feature_mixer(cls, seg)
        features, mut_logits = self.mutual_feature_decoder(mutual)
        evidence = F.softplus(mut_logits)
        f, seg_logits, navigated = self.UN(seg, mutual[3], evidence, vacuity(evidence + 1))
        eta = down(f, 8)
        out = {"cls_logits": self.UI(torch.cat([cls[3], mutual[3]], 1), eta), "mut_logits": [mut_logits],
               "seg_logits": [resize(logits, image.shape[-2:]) for logits in seg_logits]}
        if taps:
            named = {"cls_features": cls, "seg_features": seg, "mutual_features": mutual, "mutual_info": features}
            out |= numbered(named) | {f"tap.{k}": v for k, v in navigated.items()} | {"tap.eta": eta}
        return out

    def outputs(self, image: Tensor, taps: bool = False) -> dict[str, Tensor]:
        """Everything a golden file holds."""
        out = self.forward(image, taps)
        alpha = F.softplus(out.pop("mut_logits")[0]) + 1
        named = class_outputs(out.pop("cls_logits")) | {"mutual_alpha": alpha, "mutual_uncertainty": vacuity(alpha)}
        named |= {f"seg_logits.{n}": logits for n, logits in enumerate(out.pop("seg_logits"))}
        return named | out


def numbered(lists: dict[str, list[Tensor]]) -> dict[str, Tensor]:
    return {f"tap.{name}.{n}": t for name, tensors in lists.items() for n, t in enumerate(tensors)}


def class_outputs(logits: Tensor) -> dict[str, Tensor]:
    alpha = F.softplus(logits) + 1
    return {"cls_alpha": alpha, "cls_uncertainty": vacuity(alpha)}


def build(network: str, config: Config, frozen: bool = True, with_unused: bool = False) -> Release | Paper:
    """`frozen`: published frozen batch norms in the encoders (inference); otherwise ordinary ones (training)."""
    if network == "paper":
        return Paper(config, frozen, with_unused)
    if network == "release" and (config.channels_in, config.channel_divisor, config.stem_stride) != (3, 1, 1):
        raise ValueError("the release network has 3 input channels, channel divisor 1 and stem stride 1: use edge")
    if network not in NETWORKS:
        raise ValueError(f"unknown network {network!r}: one of {', '.join(NETWORKS)}")
    return Release(config, frozen, with_unused)
