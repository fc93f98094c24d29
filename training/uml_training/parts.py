"""What the joint network is compared with, trained the same way: its parts alone, one encoder and one decoder each,
without mixer, navigator or instructor; both on shared features; and the joint network less one of its ideas. Nothing
reads them but this package; their weights are not exported."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .encoders import Res2Net
from .layers import FreezableNorm, FrozenBatchNorm2d, PointConv, classification_head, up, vacuity
from .networks import Config, Release, class_outputs
from .release_decoders import UpConv


def encoder(config: Config, frozen: bool) -> Res2Net:
    norm = FrozenBatchNorm2d if frozen else FreezableNorm
    return Res2Net(config.channels_in, config.scaled, norm, config.stem_stride)


class Classifier(nn.Module):
    """Encoder, classification head, softmax."""

    def __init__(self, config: Config, frozen: bool):
        super().__init__()
        config.check_size()
        scale = config.scaled
        self.cls_feature_encoder = encoder(config, frozen)
        self.cls_head = classification_head([scale(c) for c in (1024, 1024, 512, 512, 1024)], 0.1, paper=False)
        self.cls_predict = nn.Linear(scale(1024), config.classes, bias=False)

    def forward(self, image: Tensor) -> dict:
        """softmax_logits: N x K_c, before softmax."""
        return {"softmax_logits": self.cls_predict(self.cls_head(self.cls_feature_encoder(image)[3]).mean((2, 3)))}

    def outputs(self, image: Tensor) -> dict[str, Tensor]:
        return {"cls_probability": self.forward(image)["softmax_logits"].softmax(1)}


class Segmenter(nn.Module):
    """Encoder and the navigator's decoder without its navigators."""

    def __init__(self, config: Config, frozen: bool):
        super().__init__()
        config.check_size()
        scale, self.stem_stride = config.scaled, config.stem_stride
        self.seg_feature_encoder = encoder(config, frozen)
        adjust = [PointConv(scale(2 * c), scale(c)) for c in (128, 256, 512)]
        self.adjust = nn.ModuleList([nn.Identity(), *adjust])
        self.up_convs = nn.ModuleList(UpConv(scale(2 * c), scale(c)) for c in (64, 128, 256))
        self.conv_out = PointConv(scale(64), config.regions)

    def forward(self, image: Tensor) -> dict:
        """seg_logits: N x K_r x H x W, before softmax."""
        return {"seg_logits": up(self.decode(self.seg_feature_encoder(image)), self.stem_stride)}

    def decode(self, levels: list[Tensor]) -> Tensor:
        """Logits at the levels' own size."""
        *skips, f = [adjust(level) for adjust, level in zip(self.adjust, levels)]
        for up_conv, skip in zip(reversed(self.up_convs), reversed(skips)):
            f = up_conv(f, skip)
        return self.conv_out(f)

    def outputs(self, image: Tensor) -> dict[str, Tensor]:
        logits = self.forward(image)["seg_logits"]
        return {"seg_logits": logits, "pixel_uncertainty": 1 - logits.softmax(1).amax(1, keepdim=True)}


class EvidentialClassifier(Classifier):
    """The same with the evidential head in place of the softmax."""

    def forward(self, image: Tensor) -> dict:
        """cls_logits: N x K_c, before softplus."""
        return {"cls_logits": super().forward(image)["softmax_logits"]}

    def outputs(self, image: Tensor) -> dict[str, Tensor]:
        return class_outputs(self.forward(image)["cls_logits"])


class EvidentialSegmenter(Segmenter):
    """The same with evidence from its logits, trained by both losses: its pixel uncertainty is vacuity."""

    def forward(self, image: Tensor) -> dict:
        logits = self.decode(self.seg_feature_encoder(image))
        return {"seg_logits": up(logits, self.stem_stride), "mut_logits": [logits]}

    def outputs(self, image: Tensor) -> dict[str, Tensor]:
        out = self.forward(image)
        evidence = up(F.softplus(out["mut_logits"][0]), self.stem_stride)
        return {"seg_logits": out["seg_logits"], "pixel_uncertainty": vacuity(evidence + 1)}


class Shared(nn.Module):
    """Plain shared features: one encoder, on it the classification head (evidential) and the segmenter's decoder."""

    def __init__(self, config: Config, frozen: bool):
        super().__init__()
        self.segmenter = Segmenter(config, frozen)
        scale = config.scaled
        self.cls_head = classification_head([scale(c) for c in (1024, 1024, 512, 512, 1024)], 0.1, paper=False)
        self.cls_predict = nn.Linear(scale(1024), config.classes, bias=False)

    def forward(self, image: Tensor) -> dict:
        levels = self.segmenter.seg_feature_encoder(image)
        return {"cls_logits": self.cls_predict(self.cls_head(levels[3]).mean((2, 3))),
                "seg_logits": up(self.segmenter.decode(levels), self.segmenter.stem_stride)}

    def outputs(self, image: Tensor) -> dict[str, Tensor]:
        out = self.forward(image)
        logits = out["seg_logits"]
        return class_outputs(out["cls_logits"]) | {
            "seg_logits": logits, "pixel_uncertainty": 1 - logits.softmax(1).amax(1, keepdim=True)}


class NoNavigator(Release):
    """The joint network; no uncertainty reaches the segmentation decoder."""

    def navigator_vacuity(self, logits: Tensor) -> Tensor:
        return torch.zeros_like(logits[:, :1])


class NoInstructor(Release):
    """The joint network; the classifier hears nothing of the mask's features."""

    def instruction(self, f: Tensor) -> Tensor:
        return torch.zeros_like(super().instruction(f))


PARTS = {"classifier": Classifier, "classifier-evidential": EvidentialClassifier, "segmenter": Segmenter,
         "segmenter-evidential": EvidentialSegmenter, "shared": Shared, "no-navigator": NoNavigator,
         "no-instructor": NoInstructor}
WITHOUT_EVIDENCE = ("classifier", "segmenter")
