"""The weights of a bf16 step in one copy.

Autocast turns every convolution's weight and bias to bf16 by a kernel of its own, and its gradient back: hundreds of
kernels that each take longer to start than to run.
"""

import torch
from torch import Tensor, nn


class _Lowered(torch.autograd.Function):
    @staticmethod
    def forward(ctx, *weights: Tensor) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)  # a weight that nothing uses has no gradient, as without this
        return tuple(copied(weights, torch.bfloat16))

    @staticmethod
    def backward(ctx, *slopes: Tensor | None) -> tuple[Tensor | None, ...]:
        there = iter(copied([slope for slope in slopes if slope is not None], torch.float32))
        return tuple(None if slope is None else next(there) for slope in slopes)


def copied(tensors: list[Tensor] | tuple[Tensor, ...], dtype: torch.dtype) -> list[Tensor]:
    made = [torch.empty_like(tensor, dtype=dtype) for tensor in tensors]
    if made:
        torch._foreach_copy_(made, list(tensors))
    return made


class LoweredWeights:
    """A model as it is called in training, under autocast: what autocast would turn to bf16 comes to it so."""

    def __init__(self, model: nn.Module):
        self.model = model
        layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d | nn.Linear)}
        self.weights = {f"{name}.{part}" if name else part: weight for name, layer in layers.items()
                        for part, weight in layer.named_parameters(recurse=False)}

    def __call__(self, images: Tensor) -> dict:
        lowered = dict(zip(self.weights, _Lowered.apply(*self.weights.values()), strict=True))
        return torch.func.functional_call(self.model, lowered, (images,))
