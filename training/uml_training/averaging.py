"""Averaged weights, and batch norm statistics that fit them."""

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class WeightAverage:
    """Exponential moving average of a model's floating-point parameters; young averages forget faster."""

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    def share(self, step: int) -> float:
        """What step number `step` (from 1 on) puts in place of the average."""
        return 1 - min(self.decay, (1 + step) / (10 + step))

    @torch.no_grad()
    def update(self, model: nn.Module, share: Tensor) -> None:
        mine = list(self.model.parameters())
        change = torch._foreach_sub([p.detach() for p in model.parameters()], mine)
        torch._foreach_mul_(change, share)
        torch._foreach_add_(mine, change)

    @torch.no_grad()
    def take_buffers(self, model: nn.Module) -> None:
        """The model's buffers as they are now. Not in every step: that would be hundreds of tiny copies."""
        mine = dict(self.model.named_buffers())
        for name, now in model.named_buffers():
            mine[name].copy_(now)


def norms(model: nn.Module) -> list[nn.BatchNorm2d]:
    return [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]


@torch.no_grad()
def recalibrate(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set every ordinary batch norm's statistics to their mean over the given image batches.

    Only the norms run in training mode: dropout would shift the variances that inference sees.
    """
    layers = norms(model)
    momenta = [layer.momentum for layer in layers]
    model.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean over the batches
        layer.train()
    for images in batches:
        model(images)
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
    model.eval()
