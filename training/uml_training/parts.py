"""The joint network's parts alone, trained the same way for comparison: one encoder and one decoder each, without
mixer, evidence, navigator or instructor. Nothing reads them but this package; their weights are not exported."""

from torch import Tensor, nn

from . import networks
from .encoders import Res2Net
from .layers import FrozenBatchNorm2d, PointConv, classification_head, up
from .networks import Config
from .release_decoders import UpConv


def encoder(config: Config, frozen: bool) -> Res2Net:
    norm = FrozenBatchNorm2d if frozen else nn.BatchNorm2d
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
        *skips, f = [adjust(s) for adjust, s in zip(self.adjust, self.seg_feature_encoder(image))]
        for up_conv, skip in zip(reversed(self.up_convs), reversed(skips)):
            f = up_conv(f, skip)
        return {"seg_logits": up(self.conv_out(f), self.stem_stride)}

    def outputs(self, image: Tensor) -> dict[str, Tensor]:
        logits = self.forward(image)["seg_logits"]
        return {"seg_logits": logits, "pixel_uncertainty": 1 - logits.softmax(1).amax(1, keepdim=True)}


PARTS = {"classifier": Classifier, "segmenter": Segmenter}


def build(network: str, config: Config, frozen: bool) -> nn.Module:
    """Any network that can be trained: the three, or a part."""
    return PARTS[network](config, frozen) if network in PARTS else networks.build(network, config, frozen)
