"""Runs a model over a split, picture by picture at each one's own size, and gathers what the metrics need."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from . import metrics
from .data import Case, Split, read_mask, read_picture, resized
from .networks import Config


@dataclass
class Findings:
    """Per image, in the split's order: what was predicted and what is true."""

    ids: list[str] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    alphas: list[np.ndarray] = field(default_factory=list)  # K_c
    masks: list[np.ndarray] = field(default_factory=list)  # H x W bool, foreground predicted
    truths: list[np.ndarray] = field(default_factory=list)  # H x W bool
    vacuities: list[np.ndarray] = field(default_factory=list)  # H x W f32, the mutual decoder's u


def fit_input(image: np.ndarray, size: tuple[int, int]) -> Tensor:
    """H x W [x 3] u8 -> 1 x C x h x w in [0, 1]; Pillow's bilinear filter, which the C++ programs equal."""
    x = resized(image, size, Image.Resampling.BILINEAR)
    return torch.from_numpy(x.reshape(*x.shape[:2], -1).copy()).movedim(-1, 0)[None].float() / 255


def back(x: Tensor, size: tuple[int, int]) -> Tensor:
    """A map of the network's size at the picture's own size, by the same filter."""
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False, antialias=True)


def batches(split: Split, config: Config, noise: float, seed: int,
            batch: int) -> Iterator[tuple[list[Case], Tensor, list[np.ndarray]]]:
    size = (config.height, config.width)
    generator = torch.Generator().manual_seed(seed)
    for start in range(0, len(split.cases), batch):
        cases = split.cases[start:start + batch]
        pictures = [read_picture(c.image, "L" if config.channels_in == 1 else "RGB") for c in cases]
        x = torch.cat([fit_input(p, size) for p in pictures])
        if noise > 0:
            x = (x + noise * torch.randn(x.shape, generator=generator)).clamp(0, 1)
        yield cases, x, [read_mask(c, config.regions) for c in cases]


@torch.inference_mode()
def run(model: torch.nn.Module, split: Split, config: Config, noise: float = 0.0, seed: int = 0, batch: int = 16,
        device: str = "cpu") -> Findings:
    """noise: standard deviation of Gaussian noise added to the network's input, which is then clipped."""
    found = Findings()
    for cases, images, truths in batches(split, config, noise, seed, batch):
        out = model.outputs(images.to(device, memory_format=torch.channels_last))
        u = out.get("mutual_uncertainty.0", out.get("mutual_uncertainty")).float().cpu()
        logits = out.get("seg_logits", out.get("seg_logits.0")).float().cpu()
        for i, (case, truth) in enumerate(zip(cases, truths)):
            found.ids.append(case.id)
            found.labels.append(case.label)
            found.alphas.append(out["cls_alpha"][i].double().cpu().numpy())
            found.masks.append((back(logits[i:i + 1], truth.shape).argmax(1)[0] > 0).numpy())
            found.truths.append(truth > 0)
            found.vacuities.append(back(u[i:i + 1], truth.shape)[0, 0].numpy())
    return found


def quick(found: Findings) -> dict[str, float]:
    """What is watched during training."""
    alpha = np.stack(found.alphas)
    labels = np.array(found.labels)
    return {"accuracy": float((alpha.argmax(1) == labels).mean()),
            "dice": float(np.mean([metrics.dice(m, t) for m, t in zip(found.masks, found.truths)])),
            "vacuity": float((alpha.shape[1] / alpha.sum(1)).mean())}
