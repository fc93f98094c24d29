"""Weights turned to bf16 in one copy: the same step as autocast's own, with fewer operations."""

import collections

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from uml_training.bf16 import LoweredWeights
from uml_training.networks import Config, build


class Casts(TorchDispatchMode):
    """Counts what becomes bf16 by an operation of its own, by shape."""

    def __init__(self):
        super().__init__()
        self.seen = collections.Counter()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        out = operation(*args, **kwargs or {})
        if operation.__name__.startswith("_to_copy") and out.dtype == torch.bfloat16:
            self.seen[tuple(out.shape)] += 1
        return out


def slopes(call, model, images):
    model.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        out = call(images)
    sum(value.float().square().mean() for value in (out["cls_logits"], out["seg_logits"])).backward()
    return out, {name: p.grad for name, p in model.named_parameters()}


def test_the_step_is_autocasts():
    torch.manual_seed(0)
    model = build("edge", Config(32, 32, channels_in=1, channel_divisor=16, stem_stride=2), frozen=False).eval()
    images, lowered = torch.rand(4, 1, 32, 32), LoweredWeights(model)
    plain, want = slopes(model, model, images)
    out, have = slopes(lowered, model, images)
    assert (out["seg_logits"].float() - plain["seg_logits"].float()).norm() < 1e-3 * plain["seg_logits"].norm()
    a, b = (torch.cat([grads[n].flatten() for n in want if want[n] is not None]) for grads in (want, have))
    assert (a - b).norm() < 1e-3 * a.norm() > 0
    assert all(p.dtype == torch.float32 for p in have.values() if p is not None)
    assert {n for n in want if want[n] is None} == {n for n in have if have[n] is None}


def test_no_weight_is_turned_by_itself():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 5, 3), nn.BatchNorm2d(5), nn.Flatten(), nn.Linear(5 * 36, 7))
    for call, weights in ((model, 1), (LoweredWeights(model), 0)):
        with Casts() as casts, torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            out = call(torch.rand(2, 1, 8, 8))
        assert [casts.seen[tuple(model[i].weight.shape)] for i in (0, 3)] == [weights, weights]
        assert out.dtype == torch.bfloat16


def test_of_no_weights():
    """A network without convolutions and products has none to turn."""
    model = nn.BatchNorm2d(3)
    torch.testing.assert_close(LoweredWeights(model)(torch.ones(2, 3, 4, 4)), torch.zeros(2, 3, 4, 4))


@pytest.mark.parametrize("used", [True, False])
def test_a_weight_that_nothing_uses_has_no_gradient(used):
    class Half(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x):
            return self.b(self.a(x)) if used else self.a(x)
    model = Half()
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        LoweredWeights(model)(torch.ones(1, 2)).float().sum().backward()
    assert model.a.weight.grad.dtype == torch.float32 and (model.b.weight.grad is None) == (not used)
