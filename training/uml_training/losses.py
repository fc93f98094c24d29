"""The published losses. Evidence e >= 0, alpha = e + 1; class dimension is 1 everywhere."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .layers import resize

DICE_SMOOTH = 1.0  # pixels; keeps an empty region's Dice at 1 and its logarithm finite


@dataclass(frozen=True)
class LossWeights:
    """Published: 0.5, 0.1 and 0.4; the KL term grows to its full weight over `annealing` epochs."""

    cls: float = 0.5
    mutual: float = 0.1
    seg: float = 0.4
    annealing: float = 50.0
    outliers: float = 0.0  # of the term that pulls the evidence for made outliers to zero; 0: none are made

    def kl_weight(self, epoch: float) -> float:
        return min(1.0, epoch / self.annealing)


def expected_cross_entropy(alpha: Tensor, target: Tensor) -> Tensor:
    """sum_k y_k (digamma(S) - digamma(alpha_k)): the cross-entropy expected under Dir(alpha)."""
    return (target * (torch.digamma(alpha.sum(1, keepdim=True)) - torch.digamma(alpha))).sum(1)


def kl_to_uniform(alpha: Tensor) -> Tensor:
    """KL(Dir(alpha) || Dir(1)) in nats. In float64: terms of millions cancel to ten at an evidence of 1e5, where
    float32 is off by 0.2."""
    a = alpha.double()
    total = a.sum(1, keepdim=True)
    spread = ((a - 1) * (torch.digamma(a) - torch.digamma(total))).sum(1)
    divergence = torch.lgamma(total).squeeze(1) - torch.lgamma(a).sum(1) - math.lgamma(a.shape[1]) + spread
    return divergence.to(alpha.dtype)


def evidential_loss(evidence: Tensor, target: Tensor, kl_weight: float | Tensor) -> Tensor:
    """Mean over everything but the classes. target: one-hot (or soft) like evidence."""
    misleading = evidence * (1 - target) + 1
    return (expected_cross_entropy(evidence + 1, target) + kl_weight * kl_to_uniform(misleading)).mean()


def log_dice_loss(scores: Tensor, target: Tensor) -> Tensor:
    """-log Dice(softmax(scores), target), averaged over images and regions."""
    p = scores.softmax(1)
    both = (p * target).sum((2, 3))
    total = p.sum((2, 3)) + target.sum((2, 3))
    return -torch.log((2 * both + DICE_SMOOTH) / (total + DICE_SMOOTH)).mean()


def mutual_loss(logits: list[Tensor], target: Tensor, kl_weight: float | Tensor) -> Tensor:
    """Summed over the levels, each level's evidence upsampled to the first level's size.

    That is the image's size as published; with a stem stride of s it is 1/s of it, and so is the target (averaged over
    s x s pixels, so soft at borders): digamma on full-size maps would cost a third of a training step.
    """
    if target.shape[-2:] != logits[0].shape[-2:]:
        target = F.adaptive_avg_pool2d(target, logits[0].shape[-2:])
    total = target.new_zeros(())
    for level in logits:
        evidence = resize(F.softplus(level), target.shape[-2:])
        total = total + log_dice_loss(evidence, target) + evidential_loss(evidence, target, kl_weight)
    return total


def segmentation_loss(logits: Tensor | list[Tensor], mask: Tensor, target: Tensor) -> Tensor:
    """Log-Dice and cross-entropy; the paper network's four logits count alike."""
    several = logits if isinstance(logits, list) else [logits]
    return sum(log_dice_loss(x, target) + F.cross_entropy(x, mask) for x in several) / len(several)


def one_hot(index: Tensor, count: int) -> Tensor:
    """N x ... whole numbers -> N x count x ... of 0 and 1. (PyTorch's own may wait for the device.)"""
    classes = torch.arange(count, device=index.device).view(1, -1, *[1] * (index.ndim - 1))
    return (index.unsqueeze(1) == classes).float()


def no_evidence_loss(out: dict) -> Tensor:
    """KL(Dir(alpha) || Dir(1)) of everything that gives evidence: zero where it gives none. For pictures that are not
    of the kind that is to be known."""
    logits = ([out["cls_logits"]] if "cls_logits" in out else []) + list(out.get("mut_logits", []))
    if not logits:
        raise ValueError("made outliers need a network that gives evidence: this one has only softmax outputs")
    return sum(kl_to_uniform(F.softplus(x) + 1).mean() for x in logits) / len(logits)


def total_loss(out: dict, label: Tensor, mask: Tensor, regions: int, weights: LossWeights,
               kl_weight: float | Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """label: N, mask: N x H x W (both int64). Returns the loss and its parts before weighting.

    A network that gives only some of the outputs (`parts.py`) has only their terms, with the same weights.
    """
    target = one_hot(mask, regions)
    parts: dict[str, Tensor] = {}
    if "softmax_logits" in out:
        parts["cls"] = F.cross_entropy(out["softmax_logits"], label)
    if "cls_logits" in out:
        truth = one_hot(label, out["cls_logits"].shape[1])
        parts["cls"] = evidential_loss(F.softplus(out["cls_logits"]), truth, kl_weight)
    if "mut_logits" in out:
        parts["mutual"] = mutual_loss(out["mut_logits"], target, kl_weight)
    if "seg_logits" in out:
        parts["seg"] = segmentation_loss(out["seg_logits"], mask, target)
    return sum(getattr(weights, name) * part for name, part in parts.items()), parts
