"""Runs a model over a split, picture by picture at each one's own size, and gathers what the metrics need."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from . import corrupt, metrics
from .data import Case, Split, read_mask, read_picture, resized
from .graphed import rules_choose
from .networks import Config


@dataclass
class Findings:
    """Per image, in the split's order: what was predicted and what is true. A network without classes, or without
    masks, leaves those lists empty."""

    ids: list[str] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    probabilities: list[np.ndarray] = field(default_factory=list)  # K_c
    uncertainties: list[float] = field(default_factory=list)  # vacuity; of a softmax 1 - the largest probability
    masks: list[np.ndarray] = field(default_factory=list)  # H x W bool, foreground predicted
    truths: list[np.ndarray] = field(default_factory=list)  # H x W bool
    pixel_uncertainties: list[np.ndarray] = field(default_factory=list)  # H x W f32: mutual decoder's u, or as above

    def add_class(self, out: dict[str, Tensor], i: int) -> None:
        if "cls_alpha" in out:
            alpha = out["cls_alpha"][i].double().numpy()
            self.probabilities.append(alpha / alpha.sum())
            self.uncertainties.append(len(alpha) / alpha.sum())
        elif "cls_probability" in out:
            probability = out["cls_probability"][i].double().numpy()
            self.probabilities.append(probability)
            self.uncertainties.append(1 - probability.max())

    def add_mask(self, out: dict[str, Tensor], i: int, truth: np.ndarray) -> None:
        logits = first_of(out, "seg_logits", "seg_logits.0")
        if logits is not None:
            u = first_of(out, "mutual_uncertainty.0", "mutual_uncertainty", "pixel_uncertainty")
            self.masks.append((back(logits[i:i + 1].float(), truth.shape).argmax(1)[0] > 0).numpy())
            self.truths.append(truth > 0)
            self.pixel_uncertainties.append(back(u[i:i + 1].float(), truth.shape)[0, 0].numpy())


def first_of(out: dict[str, Tensor], *names: str) -> Tensor | None:
    return next((out[name] for name in names if name in out), None)


def fit_input(image: np.ndarray, size: tuple[int, int]) -> Tensor:
    """H x W [x 3] u8 -> 1 x C x h x w in [0, 1]; Pillow's bilinear filter, which the C++ programs equal."""
    x = resized(image, size, Image.Resampling.BILINEAR)
    return torch.from_numpy(x.reshape(*x.shape[:2], -1).copy()).movedim(-1, 0)[None].float() / 255


def back(x: Tensor, size: tuple[int, int]) -> Tensor:
    """A map of the network's size at the picture's own size, by the same filter."""
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False, antialias=True)


def batches(split: Split, config: Config, change: Callable[[Tensor, int], Tensor],
            batch: int) -> Iterator[tuple[list[Case], Tensor, list[np.ndarray]]]:
    size = (config.height, config.width)
    for start in range(0, len(split.cases), batch):
        cases = split.cases[start:start + batch]
        pictures = [read_picture(c.image, "L" if config.channels_in == 1 else "RGB") for c in cases]
        x = torch.cat([fit_input(p, size) for p in pictures])
        yield cases, change(x, start), [read_mask(c, config.regions) for c in cases]


@rules_choose()
@torch.inference_mode()
def run(model: torch.nn.Module, split: Split, config: Config, corruption: str = "clean", batch: int = 16,
        device: str = "cpu") -> Findings:
    """corruption: what is done to the network's input (corrupt.parse)."""
    found = Findings()
    for cases, images, truths in batches(split, config, corrupt.parse(corruption), batch):
        out = model.outputs(images.to(device, memory_format=torch.channels_last))
        out = {name: tensor.cpu() for name, tensor in out.items()}
        for i, (case, truth) in enumerate(zip(cases, truths)):
            found.ids.append(case.id)
            found.labels.append(case.label)
            found.add_class(out, i)
            found.add_mask(out, i, truth)
    return found


def quick(found: Findings) -> dict[str, float]:
    """What is watched during training."""
    figures = {}
    if found.probabilities:
        figures["accuracy"] = metrics.accuracy(np.array(found.labels), np.stack(found.probabilities).argmax(1))
        figures["uncertainty"] = float(np.mean(found.uncertainties))
    if found.masks:
        figures["dice"] = float(np.mean([metrics.dice(m, t) for m, t in zip(found.masks, found.truths)]))
    return figures
