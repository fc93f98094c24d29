"""What vacuity is compared with: the mean of several passes through one network with dropout, or through several."""

import copy
import time

import torch
from torch import Tensor, nn

from .networks import Config

TIMED = 10  # passes


class MeanOf(nn.Module):
    """Mean class probabilities and mean mask probabilities; uncertainty 1 minus the largest of them."""

    def __init__(self, models: list[nn.Module], passes: int = 1):
        super().__init__()
        self.models, self.passes = nn.ModuleList(models), passes

    def outputs(self, image: Tensor) -> dict[str, Tensor]:
        sums: dict[str, Tensor] = {}
        for model in self.models:
            for _ in range(self.passes):
                for name, value in probabilities(model.outputs(image)).items():
                    sums[name] = sums[name] + value if name in sums else value
        means = {name: value / (self.passes * len(self.models)) for name, value in sums.items()}
        if "seg" in means:
            seg = means.pop("seg")
            means |= {"seg_logits": seg.log(), "pixel_uncertainty": 1 - seg.amax(1, keepdim=True)}
        return means


def probabilities(out: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {}
    if "cls_alpha" in out:
        found["cls_probability"] = out["cls_alpha"] / out["cls_alpha"].sum(1, keepdim=True)
    elif "cls_probability" in out:
        found["cls_probability"] = out["cls_probability"]
    if "seg_logits" in out:
        found["seg"] = out["seg_logits"].softmax(1)
    return found


def with_dropout(model: nn.Module, passes: int) -> MeanOf:
    """Monte Carlo dropout (Gal and Ghahramani, ICML 2016): dropout as in training, norms as in inference."""
    model = copy.deepcopy(model).eval()
    layers = [m for m in model.modules() if isinstance(m, nn.Dropout | nn.Dropout2d)]
    if not layers:
        raise ValueError("Monte Carlo dropout needs a network with dropout")
    for layer in layers:
        layer.train()
    return MeanOf([model], passes)


@torch.inference_mode()
def seconds_a_picture(models: list[tuple[nn.Module, Config]], device: str) -> list[float]:
    """Of each model the median over a few passes of one picture, after one that is not counted. The models take turns,
    so that what else the machine does meets all of them."""
    taken: list[list[float]] = [[] for _ in models]
    for _ in range(1 + TIMED):
        for (model, config), own in zip(models, taken):
            image = torch.rand(1, config.channels_in, config.height, config.width, device=device)
            settle(device)
            started = time.perf_counter()
            model.outputs(image)
            settle(device)
            own.append(time.perf_counter() - started)
    return [sorted(own[1:])[TIMED // 2] for own in taken]


def settle(device: str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
