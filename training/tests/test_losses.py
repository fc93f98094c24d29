"""The losses against closed forms and against numbers integrated or drawn some other way."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import Dirichlet, kl_divergence

from uml_training import losses

ALPHA = torch.tensor([[1.0, 1.0, 1.0], [2.5, 1.0, 4.0], [30.0, 1.2, 1.0]], dtype=torch.float64)


def test_kl_to_uniform_keeps_its_digits_in_float32():
    alpha = torch.tensor([[1e5 + 1, 1.0], [1.0, 1e5 + 1]], requires_grad=True)
    divergence = losses.kl_to_uniform(alpha)
    torch.testing.assert_close(divergence, torch.full((2,), 10.51294546482023), rtol=1e-6, atol=0)
    divergence.sum().backward()
    assert torch.isfinite(alpha.grad).all()


def test_kl_to_uniform_is_the_kl_divergence():
    want = kl_divergence(Dirichlet(ALPHA), Dirichlet(torch.ones_like(ALPHA)))
    torch.testing.assert_close(losses.kl_to_uniform(ALPHA), want)
    assert losses.kl_to_uniform(ALPHA)[0] == pytest.approx(0, abs=1e-12)


def test_kl_of_two_classes_by_hand():
    # Dir(2, 1) has density 2x: KL = integral of 2x ln(2x) = ln 2 - 1/2
    alpha = torch.tensor([[2.0, 1.0]], dtype=torch.float64)
    assert losses.kl_to_uniform(alpha).item() == pytest.approx(math.log(2) - 0.5)


def test_expected_cross_entropy_of_whole_numbers():
    # digamma(n) - digamma(m) = sum of 1/i for i = m .. n - 1
    alpha = torch.tensor([[2.0, 3.0, 1.0]], dtype=torch.float64)
    target = torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64)
    assert losses.expected_cross_entropy(alpha, target).item() == pytest.approx(1 / 3 + 1 / 4 + 1 / 5)


def test_expected_cross_entropy_is_the_mean_over_draws():
    torch.manual_seed(0)
    target = F.one_hot(torch.tensor([0, 2, 1]), 3).double()
    drawn = -(Dirichlet(ALPHA).sample((200_000,)).log() * target).sum(-1).mean(0)
    torch.testing.assert_close(losses.expected_cross_entropy(ALPHA, target), drawn, rtol=0.02, atol=0)


def test_right_evidence_is_not_punished_by_kl():
    evidence = torch.tensor([[9.0, 0.0]], dtype=torch.float64)
    right, wrong = torch.tensor([[1.0, 0.0]]).double(), torch.tensor([[0.0, 1.0]]).double()
    assert losses.evidential_loss(evidence, right, 1.0) == losses.evidential_loss(evidence, right, 0.0)
    assert losses.evidential_loss(evidence, wrong, 1.0) > losses.evidential_loss(evidence, wrong, 0.0)


def test_log_dice():
    mask = torch.zeros(1, 4, 4, dtype=torch.long)
    mask[0, :2] = 1
    target = F.one_hot(mask, 2).movedim(-1, 1).double()
    assert losses.log_dice_loss(100 * target, target).item() == pytest.approx(0, abs=1e-12)
    # Half everywhere: 2 * 4 of 8 + 8 pixels in both regions, and the smoothing pixel above and below.
    assert losses.log_dice_loss(0 * target, target).item() == pytest.approx(-math.log(9 / 17))


def test_annealing_and_schedules():
    from uml_training.recipes import PRESETS, Recipe
    weights = losses.LossWeights()
    assert [weights.kl_weight(e) for e in (0, 25, 50, 99)] == [0, 0.5, 1, 1]
    published = PRESETS["published"]
    assert (published.optimiser, published.lr, published.weight_decay) == ("adam", 1e-4, 1e-5)
    assert (published.batch, published.epochs) == (8, 100)
    assert (weights.cls, weights.mutual, weights.seg) == (0.5, 0.1, 0.4)
    assert published.lr_at(29.9) == 1e-4
    assert published.lr_at(65) == pytest.approx(1e-4 * 0.5**0.9)
    assert published.lr_at(100) == 0
    assert all(Recipe.from_dict(r.as_dict()) == r for r in PRESETS.values())


def test_total_loss_weighs_its_parts():
    torch.manual_seed(0)
    out = {"cls_logits": torch.randn(2, 3), "seg_logits": torch.randn(2, 2, 16, 16),
           "mut_logits": [torch.randn(2, 2, 16 // r, 16 // r) for r in (1, 2, 4, 8)]}
    mask = torch.randint(2, (2, 16, 16))
    loss, parts = losses.total_loss(out, torch.tensor([0, 2]), mask, 2, losses.LossWeights(), kl_weight=0.2)
    weighed = 0.5 * parts["cls"] + 0.1 * parts["mutual"] + 0.4 * parts["seg"]
    assert loss.item() == pytest.approx(weighed.item(), rel=1e-6)


def test_a_part_alone_has_its_own_term_only():
    torch.manual_seed(0)
    mask, label = torch.randint(2, (2, 16, 16)), torch.tensor([0, 2])
    logits = torch.randn(2, 3)
    loss, parts = losses.total_loss({"softmax_logits": logits}, label, mask, 2, losses.LossWeights(), kl_weight=0.2)
    p = logits.softmax(1)
    assert {name: part.item() for name, part in parts.items()} == {
        "cls": pytest.approx(-(p[0, 0].log() + p[1, 2].log()).item() / 2)}
    assert loss.item() == pytest.approx(0.5 * parts["cls"].item())
    out = {"seg_logits": torch.randn(2, 2, 16, 16)}
    loss, parts = losses.total_loss(out, label, mask, 2, losses.LossWeights(), 0.2)
    assert list(parts) == ["seg"] and loss.item() == pytest.approx(0.4 * parts["seg"].item())


def test_one_hot_is_pytorchs():
    mask = torch.randint(3, (2, 4, 5))
    assert torch.equal(losses.one_hot(mask, 3), F.one_hot(mask, 3).movedim(-1, 1).float())
    assert torch.equal(losses.one_hot(mask[0, 0], 4), F.one_hot(mask[0, 0], 4).float())


def test_no_evidence_costs_nothing_and_evidence_its_kl():
    none = {"cls_logits": torch.full((2, 3), -200.0), "mut_logits": [torch.full((2, 2, 4, 4), -200.0)]}
    assert losses.no_evidence_loss(none).item() == pytest.approx(0, abs=1e-6)
    # softplus(log(e - 1)) = 1: Dir(2, 1) against Dir(1, 1) is ln 2 - 1/2, and the classes' term counts half
    logits = torch.tensor([[math.log(math.e - 1), -200.0]])
    some = {"cls_logits": logits, "mut_logits": [torch.full((1, 2, 4, 4), -200.0)]}
    assert losses.no_evidence_loss(some).item() == pytest.approx((math.log(2) - 0.5) / 2)
    with pytest.raises(ValueError, match="gives evidence"):
        losses.no_evidence_loss({"softmax_logits": logits})
