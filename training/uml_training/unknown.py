"""How well a network's uncertainty tells made outliers from pictures of the kind that it knows."""

import numpy as np
import torch
from torch import Tensor, nn

from . import metrics, outliers
from .augment import Draw
from .data import Split, read_picture
from .evaluate import Findings, fit_input
from .graphed import rules_choose
from .networks import Config

PICTURES = 64  # of the split, evenly spread over it; and of every kind of outlier


@rules_choose()
@torch.inference_mode()
def uncertainties(model: nn.Module, pictures: Tensor, device: str) -> np.ndarray:
    out = model.outputs(pictures.to(device, memory_format=torch.channels_last))
    found = Findings()
    for i in range(len(pictures)):
        found.add_class({name: tensor.cpu() for name, tensor in out.items() if name.startswith("cls")}, i)
    return np.array(found.uncertainties)


def figures(model: nn.Module, split: Split, config: Config, device: str) -> dict:
    """The mean uncertainty of the split's pictures, and by kind the AUROC of the uncertainty for outliers against
    them: kinds that `--outliers` trains on, and others. {} of a network without classes."""
    chosen = np.linspace(0, len(split.cases) - 1, min(PICTURES, len(split.cases))).round().astype(int)
    mode = "L" if config.channels_in == 1 else "RGB"
    known = torch.cat([fit_input(read_picture(split.cases[i].image, mode), (config.height, config.width))
                       for i in chosen])
    plain = uncertainties(model, known, device)
    if not len(plain):
        return {}
    auroc = {}
    for kind in outliers.KINDS + outliers.OTHERS:
        made = kind(known, Draw(known.device, torch.Generator().manual_seed(0)))
        both = np.concatenate([plain, uncertainties(model, made.contiguous(), device)])
        auroc[kind.__name__.replace("_", " ")] = metrics.auroc(both, np.arange(len(both)) >= len(plain))
    names = list(auroc)
    return {"pictures": len(plain), "uncertainty": float(plain.mean()), "auroc": auroc,
            "trained_on": names[:len(outliers.KINDS)], "others": names[len(outliers.KINDS):]}
