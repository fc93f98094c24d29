"""What the joint network is compared with: every one gives what training and figures need, and lacks what it says."""

import numpy as np
import pytest
import torch

from uml_training import combined, metrics, registry
from uml_training.networks import Config
from uml_training.parts import PARTS, WITHOUT_EVIDENCE

CONFIG = Config(32, 48, 2, 3, 1, channel_divisor=16, stem_stride=2)


@pytest.mark.parametrize("name", PARTS)
def test_every_one_has_logits_and_findings(name):
    torch.manual_seed(0)
    model = registry.build(name, CONFIG, False).eval()
    x = torch.rand(2, 1, 32, 48)
    with torch.inference_mode():
        out, found = model(x), model.outputs(x)
    assert ("softmax_logits" in out or not {"cls_logits", "mut_logits"} & out.keys()) == (name in WITHOUT_EVIDENCE)
    if not name.startswith("segmenter"):
        classes = found["cls_alpha"] if "cls_alpha" in found else found["cls_probability"]
        assert classes.shape == (2, 3)
    if not name.startswith("classifier"):
        assert found["seg_logits"].shape == (2, 2, 32, 48)
        u = found.get("pixel_uncertainty", found.get("mutual_uncertainty.0"))
        assert u.shape == (2, 1, 32, 48) and 0 <= u.min() and u.max() <= 1


@pytest.mark.parametrize("name, part, output, same", [
    ("no-navigator", "mut_feature_decoder.out_conv1", "seg_logits", True),  # all that vacuity is made of
    ("edge", "mut_feature_decoder.out_conv1", "seg_logits", False),
    ("no-instructor", "un_seg_decoder", "cls_logits", True),
    ("edge", "un_seg_decoder", "cls_logits", False)])
def test_what_is_cut_is_cut(name, part, output, same):
    """Changing what made the cut connection's values changes nothing behind it, and does in the joint network."""
    torch.manual_seed(0)
    model, x = registry.build(name, CONFIG, False).eval(), torch.rand(1, 1, 32, 48)
    with torch.inference_mode():
        before = model(x)[output]
        for parameter in model.get_submodule(part).parameters():
            parameter += 0.5
        assert torch.equal(model(x)[output], before) == same


class Fixed(torch.nn.Module):
    def __init__(self, alpha, logits):
        super().__init__()
        self.alpha, self.logits = torch.tensor([alpha]), torch.tensor(logits).view(1, 2, 1, 1)

    def outputs(self, image):
        return {"cls_alpha": self.alpha, "seg_logits": self.logits}


def test_the_mean_of_several():
    mean = combined.MeanOf([Fixed([1.0, 3.0], [0.0, 0.0]), Fixed([2.0, 2.0], [0.0, np.log(3.0)])], passes=2)
    out = mean.outputs(torch.zeros(1, 1, 1, 1))
    assert out["cls_probability"].tolist() == [pytest.approx([0.375, 0.625])]
    assert out["seg_logits"].softmax(1).flatten().tolist() == pytest.approx([0.375, 0.625])
    assert out["pixel_uncertainty"].item() == pytest.approx(0.375)


def test_dropout_is_on_and_nothing_else():
    torch.manual_seed(0)
    model = registry.build("classifier", CONFIG, False).eval()
    x = torch.rand(2, 1, 32, 48)
    with torch.inference_mode():
        once, again = (combined.with_dropout(model, 1).outputs(x)["cls_probability"] for _ in range(2))
        many = combined.with_dropout(model, 3)
        many.outputs(x)
    assert not torch.equal(once, again)
    assert all(m.training == isinstance(m, torch.nn.Dropout | torch.nn.Dropout2d) for m in many.models[0].modules())
    assert not model.training and not any(m.training for m in model.modules())
    with pytest.raises(ValueError, match="needs a network with dropout"):
        combined.with_dropout(torch.nn.ReLU(), 2)


def test_augrc_by_hand():
    # Sorted by uncertainty the losses are 0, 1, 0, 1: shares of all four are wrong among the first 1, 2, 3, 4.
    u, wrong = np.array([0.4, 0.1, 0.2, 0.3]), np.array([1.0, 0.0, 1.0, 0.0])
    assert metrics.augrc(u, wrong) == pytest.approx((0 + 1 / 4 + 1 / 4 + 2 / 4) / 4)
