"""The base of networks of one's own: what training, evaluation and export need of them."""

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from .layers import resize, vacuity
from .networks import Config, class_outputs


class Own(nn.Module):
    """Derive from it (`uml_training.blocks.Network`), set `label` to that of the C++ type, take a Config and write
    `forward`: N x C x H x W in [0, 1] to a dict with some of

      cls_logits   N x K_c            evidence logits of the picture's class
      seg_logits   N x K_r x H x W    logits of the mask
      mut_logits   a list, finest first, of N x K_r x h x w: evidence logits of the pixels; may be [seg_logits]

    These are the C++ outputs "cls_alpha", "seg_logits", and "mutual_alpha" with "mutual_uncertainty".
    """

    label: ClassVar[str] = ""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config

    def outputs(self, image: Tensor) -> dict[str, Tensor]:
        """The forward pass as findings: evidence, alpha and vacuity of every logit, at the picture's size."""
        out = dict(self.forward(image))
        named = class_outputs(out["cls_logits"]) if "cls_logits" in out else {}
        if "mut_logits" in out:
            alpha = resize(F.softplus(out["mut_logits"][0]), image.shape[-2:]) + 1
            named |= {"mutual_alpha": alpha, "mutual_uncertainty": vacuity(alpha)}
        return named | ({"seg_logits": out["seg_logits"]} if "seg_logits" in out else {})
