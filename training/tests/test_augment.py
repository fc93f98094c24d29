"""Each augmentation by itself: exact where it has a closed form, in its published range, no other picture touched."""

import math
from dataclasses import replace

import pytest
import torch

from uml_training import augment, corrupt, outliers
from uml_training.augment import Augmentation, Draw
from uml_training.recipes import PRESETS


def draw(seed=0):
    return Draw(torch.device("cpu"), torch.Generator().manual_seed(seed))


def test_blur_has_the_variance_it_says():
    """A point becomes a Gaussian: sum 1, and its second moment is sigma squared, picture by picture."""
    x = torch.zeros(3, 2, 21, 21)
    x[..., 10, 10] = 1
    sigma = torch.tensor([0.75, 1.0, 1.5])  # smaller ones fall between pixels
    soft = augment.blurred(x, sigma)
    torch.testing.assert_close(soft.sum((2, 3)), torch.ones(3, 2))
    at = torch.arange(21) - 10.0
    for axis in (2, 3):
        moment = (soft.sum(5 - axis) * at**2).sum(-1)
        torch.testing.assert_close(moment, (sigma**2)[:, None].expand(3, 2), rtol=0.04, atol=0)
    assert torch.equal(soft[:, 0], soft[:, 1])
    flat = torch.full((2, 1, 12, 12), 0.4)
    torch.testing.assert_close(augment.blurred(flat, sigma[:2]), flat)  # edges too


def test_bias_field_is_the_exponential_of_its_polynomial():
    terms = augment.BIAS_TERMS
    assert len(terms) == 9 and (0, 0) not in terms and max(i + j for i, j in terms) == 3
    coefficients = torch.zeros(2, 9)
    coefficients[0, terms.index((1, 0))] = 0.5
    coefficients[1, terms.index((0, 2))] = -0.25
    field = augment.bias_field(coefficients, 5, 9)
    assert field.shape == (2, 1, 5, 9)
    assert field[0, 0, 3, 8].item() == pytest.approx(math.exp(0.5))  # x = 1
    assert field[0, 0, 3, 4].item() == pytest.approx(1)  # x = 0
    assert field[1, 0, 0, 2].item() == pytest.approx(math.exp(-0.25))  # y = -1
    assert field[1, 0, 3, 2].item() == pytest.approx(math.exp(-0.25 * 0.25))  # y = 1/2


def test_coarser_samples_every_nth_pixel():
    x = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(augment.coarser(x, torch.tensor([1.0])), x, atol=1e-5, rtol=0)
    # At zoom 2 low-resolution pixel i is the mean of 2i and 2i + 1 each way.
    low = torch.nn.functional.avg_pool2d(x, 2)
    up = augment.coarser(x, torch.tensor([2.0]))
    want = torch.nn.functional.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(up[..., 1:-1, 1:-1], want[..., 1:-1, 1:-1], atol=1e-5, rtol=0)


@pytest.mark.parametrize("which", ["blur", "bias", "resolution"])
def test_each_has_its_share_and_leaves_the_others_alone(which):
    x = torch.rand(400, 1, 12, 12, generator=torch.Generator().manual_seed(1))
    only = replace(augment.none(), **{which: 0.25}, blur_sigma=1.5, bias_coefficient=0.5, resolution_zoom=2.0)
    y = augment.degraded(x, only, draw())
    untouched = (y == x).flatten(1).all(1)
    assert 0.69 < untouched.float().mean() < 0.81  # 0.75, three standard deviations each way
    assert torch.equal(augment.degraded(x, augment.none(), draw()), x)
    assert torch.equal(augment.degraded(x, replace(only, **{which: 0.0}), draw()), x)


def test_noise_has_its_largest_deviation_and_its_power():
    x = torch.full((300, 1, 40, 40), 0.5)
    masks = torch.zeros(300, 40, 40, dtype=torch.uint8)
    generator = torch.Generator().manual_seed(2)
    for power, middle in ((1.0, 0.05), (2.0, 0.025)):
        noisy, _ = augment.augment(x, masks, (40, 40), replace(augment.none(), noise=0.1, noise_power=power), generator)
        deviation = noisy.std((1, 2, 3))
        assert deviation.max() < 0.105 and deviation.max() > 0.095
        assert deviation.median() == pytest.approx(middle, rel=0.2)


def test_same_seed_same_pictures_and_a_graph_needs_no_generator():
    x, masks = torch.rand(4, 1, 24, 24), torch.ones(4, 24, 24, dtype=torch.uint8)
    robust = PRESETS["robust"].augmentation
    first = []
    for _ in range(2):
        torch.manual_seed(5)
        first.append(augment.augment(x, masks, (24, 24), robust)[0])
    assert torch.equal(*first) and not torch.equal(first[0], x)


def test_robust_has_the_published_ranges():
    """nnU-Net: variance of the noise at most 0.1, blur in 0.2, resolution in 0.25; TorchIO: coefficients to 0.5."""
    a = PRESETS["robust"].augmentation
    assert a.noise**2 <= 0.1 and (a.blur, a.blur_sigma, augment.BLUR_LEAST) == (0.2, 1.5, 0.5)
    assert (a.resolution, a.resolution_zoom, a.bias_coefficient) == (0.25, 2.0, 0.5)
    defaults = Augmentation()
    assert (defaults.blur, defaults.bias, defaults.resolution, defaults.noise_power) == (0, 0, 0, 1)  # as before


def test_outliers_are_what_they_are_called():
    x = torch.rand(5, 1, 16, 16, generator=torch.Generator().manual_seed(3))
    made = outliers.made(x, torch.Generator().manual_seed(4))
    assert made.shape == x.shape and made.min() >= 0 and made.max() <= 1
    ramp = made[0, 0]
    second = ramp[2:] - 2 * ramp[1:-1] + ramp[:-2]
    assert second.abs().max() < 1e-5 and ramp.std() > 0.01  # linear
    torch.testing.assert_close(made[3], 1 - x[3])
    assert not torch.equal(made[4], x[4])
    torch.testing.assert_close(made[4].flatten().sort().values, x[4].flatten().sort().values)  # the same pixels
    tiles = {tuple(t.flatten().tolist()) for t in x[4, 0].unfold(0, 4, 4).unfold(1, 4, 4).reshape(16, 16)}
    assert {tuple(t.flatten().tolist()) for t in made[4, 0].unfold(0, 4, 4).unfold(1, 4, 4).reshape(16, 16)} == tiles


def test_corruptions():
    x = torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(6))
    assert torch.equal(corrupt.parse("clean")(x, 0), x)
    noisy = corrupt.parse("noise:0.1")
    assert torch.equal(noisy(x, 0)[1:], noisy(x[1:], 1))  # a picture's noise is its own, whatever the batch
    half = corrupt.parse("contrast:0.5")(x, 0)
    torch.testing.assert_close(half.mean((1, 2, 3)), x.mean((1, 2, 3)))
    torch.testing.assert_close(half.std((1, 2, 3)), x.std((1, 2, 3)) / 2)
    good, bad = (corrupt.parse(f"jpeg:{q}")(x, 0) for q in (95, 5))
    assert (good - x).abs().mean() < (bad - x).abs().mean() < 0.3
    assert corrupt.parse("blur:1")(x, 0).std() < x.std() and corrupt.parse("resolution:4")(x, 0).shape == x.shape
    for wrong in ("fog:1", "noise", "jpeg:0", "blur:9", "noise:loud"):
        with pytest.raises(ValueError, match="corruption .*clean, or one of noise:0 to 10, blur"):
            corrupt.parse(wrong)
