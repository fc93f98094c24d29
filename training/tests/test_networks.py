"""The twins against the golden files, in double; and the algebra of the collapsed mixer."""

import pytest
import torch
from reference import ROOT, fill, published
from safetensors import safe_open

from uml_training.networks import Config, build

GOLDEN = sorted(ROOT.glob("*/*.safetensors"))
pytestmark = pytest.mark.skipif(not GOLDEN, reason="no golden files: set UML_REFERENCE to their folder")


def errors(have: torch.Tensor, want: torch.Tensor) -> tuple[float, float]:
    """Normalised and relative error, as design.md section 4 defines them."""
    difference = (have - want).norm()
    return float(difference / (want - want.mean()).norm()), float(difference / want.norm())


def unfilled(network: str, config: Config) -> torch.nn.Module:
    """Without the time that PyTorch takes to draw values which are replaced anyway."""
    with torch.device("meta"):
        model = build(network, config)
    return model.to_empty(device="cpu")


@pytest.mark.parametrize("path", GOLDEN, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_golden(path):
    with safe_open(path, "pt") as file:
        meta = file.metadata()
        want = {name: file.get_tensor(name).double() for name in file.keys()}
    image = want.pop("image")
    config = Config(*image.shape[-2:], regions=int(meta["seg_classes"]), classes=int(meta["cls_classes"]))
    model = unfilled(meta["network"], config).double().eval()
    fill(model, int(meta["seed"]))
    large = image.shape[-1] >= 256  # a minute each way: the small files hold plain and collapsed mixer together
    for collapsed in (True,) if large else (False, True):
        for module in model.modules():
            if hasattr(module, "collapsed"):
                module.collapsed = collapsed
        with torch.inference_mode():
            have = model.outputs(image, taps=any(name.startswith("tap.") for name in want))
        assert have.keys() >= want.keys()
        for name, tensor in want.items():
            assert have[name].shape == tensor.shape, name
            normalised, relative = errors(have[name], tensor)
            assert relative < 1e-7, (name, collapsed, relative)
            if not name.startswith("cls_"):
                assert normalised < 5e-6, (name, collapsed, normalised)


@pytest.mark.parametrize("network", ["release", "paper"])
def test_names_and_shapes(network):
    with torch.device("meta"):
        model = build(network, Config(regions=3, classes=2), with_unused=True)
    have = {n: tuple(t.shape) for n, t in model.state_dict().items() if not n.endswith("num_batches_tracked")}
    names = published(network)
    assert have == names
    assert list(have) == [n for n in have if n in names]


def test_training_norms_have_the_same_names():
    config = Config(64, 64, channel_divisor=4, stem_stride=2, channels_in=1)
    frozen, ordinary = (build("edge", config, frozen=f).state_dict() for f in (True, False))
    assert frozen.keys() == {n for n in ordinary if n in frozen}
    assert {n for n in ordinary if n not in frozen} == {n for n in ordinary if n.endswith("num_batches_tracked")
                                                        and n not in frozen}


def test_edge_without_scaling_is_release():
    config = Config(32, 40, regions=3, classes=2)
    image = torch.rand(1, 3, 32, 40)
    results, state = [], None
    for network in ("release", "edge"):
        model = unfilled(network, config).eval()
        if state is None:
            state = {name: 0.05 * torch.randn(t.shape) if t.ndim > 1 else torch.ones(t.shape)
                     for name, t in model.state_dict().items()}
        model.load_state_dict(state)
        with torch.inference_mode():
            results.append(model.outputs(image))
    assert results[0]["seg_logits"].std() > 0
    assert all(torch.equal(results[0][name], results[1][name]) for name in results[0])


def test_edge_with_a_strided_stem_gives_full_size_outputs():
    model = build("edge", Config(32, 48, channel_divisor=4, stem_stride=2, channels_in=1)).eval()
    out = model.outputs(torch.rand(2, 1, 32, 48))
    assert out["seg_logits"].shape == (2, 2, 32, 48)
    alpha, u = out["mutual_alpha.0"], out["mutual_uncertainty.0"]
    torch.testing.assert_close(u, 2 / alpha.sum(1, keepdim=True))


def test_a_wrong_size_says_what_would_be_right():
    with pytest.raises(ValueError, match="multiples of 16, for example 96x112"):
        build("edge", Config(100, 120, channel_divisor=4, stem_stride=2))
