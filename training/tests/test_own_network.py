"""A network of one's own: the forty lines of examples/own_network.cpp and their counterpart in Python, trained a
little, exported, and run by the C++ program with the same numbers."""

import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from test_cpp import program

import uml_training
from uml_training import blocks, cli, export, registry, weights_file
from uml_training.layouts import read_splits
from uml_training.networks import Config

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
NETWORK = "own_network:EvidentialUnet"


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))


def tensors_of_cpp(text):
    """NAME  O outputs, I inputs, K x K -> (O, I, K, K) of convolutions and matrices; inputs 0 are norms."""
    rows = re.findall(r"^(\S+)  (\d+) outputs, (\d+) inputs, (\d+) x (\d+)$", text, re.M)
    return {name: tuple(map(int, numbers)) for name, *numbers in rows}


def test_same_tensors():
    done = subprocess.run([program("uml-own-network")], capture_output=True, text=True, check=True)
    theirs = tensors_of_cpp(done.stdout)
    model = registry.own_class(NETWORK)(Config(128, 128, 2, 3, 1))
    mine = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            mine[name] = tuple(module.weight.shape)
        elif isinstance(module, torch.nn.Linear):
            mine[name] = (*module.weight.shape, 1, 1)
        elif isinstance(module, torch.nn.BatchNorm2d):
            mine[name] = (module.num_features, 0, *theirs[name][2:])
    assert mine == theirs


def test_trained_exported_equal(tiny, tmp_path):
    run, weights = tmp_path / "run", tmp_path / "own.safetensors"
    (tiny / "regions.txt").write_text("ground\nsquare\n")
    assert cli.main(["fit", "--data", str(tiny), "--out", str(run), "--network", NETWORK, "--size", "128", "--channels",
                     "1", "--preset", "small-data", "--batch", "6", "--epochs", "1", "--threads", "1"]) == 0
    assert cli.main(["export", str(run), "--out", str(weights), "--dtype", "f32"]) == 0
    label, config, state, metadata = weights_file.read(weights)
    assert label == "evidential_unet" and metadata["uml.regions"] == '["ground", "square"]'
    assert "uml.screening" in metadata and config == Config(128, 128, 2, 3, 1)

    # Loading runs the self-check: 64 logits, 16 vacuities and the class alpha within the library's limits.
    done = subprocess.run([program("uml-own-network"), str(weights)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = re.match(r"class (\d), vacuity (\S+), middle pixel: region (\d), vacuity (\S+)$", done.stdout.strip())
    with torch.inference_mode():
        out = weights_file.inference_model(NETWORK, config, state).outputs(torch.full((1, 1, 128, 128), 0.5).double())
    assert int(said[1]) == out["cls_alpha"].argmax() and int(said[3]) == out["seg_logits"][0, :, 64, 64].argmax()
    assert float(said[2]) == pytest.approx(out["cls_uncertainty"].item(), abs=6e-4)
    assert float(said[4]) == pytest.approx(out["mutual_uncertainty"][0, 0, 64, 64].item(), abs=6e-4)

    # What is stored is what is checked: a changed file is refused.
    bytes_ = bytearray(weights.read_bytes())
    bytes_[-400:-200] = bytes(200)
    weights.write_bytes(bytes_)
    done = subprocess.run([program("uml-own-network"), str(weights)], capture_output=True, text=True)
    assert done.returncode == 1

    report = ["evaluate", "--weights", str(weights), "--data", str(tiny), "--split", "val", "--json"]
    assert cli.main([*report, str(tmp_path / "r.json"), "--network", NETWORK]) == 0


class Frozen(blocks.Network):
    """Blocks with frozen norms and every other block that needs no whole network around it."""

    label = "frozen"

    def __init__(self, config):
        super().__init__(config)
        self.stem, self.bn = blocks.conv(config.channels_in, 16, 3), blocks.norm(16, "frozen")
        self.block = blocks.Res2NetBlock(16, 8, 16, 1, True, blocks.FreezableNorm)
        self.mixer = blocks.MixerLevel(16, 16, 8, 16)
        self.head = blocks.Project(16, config.regions)
        self.instructor = blocks.Instructor(16, 16, (16, 16, 16, 16), config.classes)

    def forward(self, image):
        x = torch.relu(self.bn(self.stem(image)))
        y = self.block(x)
        m = self.mixer(x, y)
        logits = self.head(m)
        return {"cls_logits": self.instructor(y, m), "seg_logits": logits, "mut_logits": [logits]}


def test_export_network_freezes_rounds_and_checks_itself(tiny, tmp_path):
    torch.manual_seed(0)
    config = Config(32, 32, 2, 3, 1)
    model = Frozen(config)
    for _ in range(3):
        model(torch.rand(4, 1, 32, 32))
    path = tmp_path / "f.safetensors"
    told = uml_training.export_network(model, Frozen.label, config, path, classes=["a", "b", "c"], regions=["x", "y"],
                                       dtype="f32", val=read_splits(tiny)["val"])
    assert told["bytes"] == path.stat().st_size and 0 < told["screening"]["image_vacuity"] <= 1
    _, _, state, metadata = weights_file.read(path)
    # Without eps, as the C++ side computes: the same function as the model in evaluation with eps.
    assert state["bn.running_var"].tolist() == pytest.approx((model.bn.running_var + 1e-5).tolist(), rel=1e-6)
    torch.testing.assert_close(state["mixer.attention.ln.weight"], model.mixer.attention.ln.weight.detach())
    exact = export.frozen_copy(model)
    x = torch.rand(1, 1, 32, 32, dtype=torch.float64)
    with torch.inference_mode():
        want, have = model.double().eval().outputs(x), exact.outputs(x)
    for name in want:
        torch.testing.assert_close(have[name], want[name], rtol=1e-6, atol=1e-7, msg=name)
    assert "uml.selfcheck" in metadata and metadata["uml.network"] == "frozen"
    names = json.loads(metadata["uml.frozen_norms"])
    assert names[:2] == ["bn", "block.bn1"] and "block.downsample.2" in names and "instructor.head.1" not in names
    assert json.loads(metadata["uml.input"]) == {"channels": "grey", "range": [0, 1], "levels": [0, 255],
                                                 "resampling": "bilinear"}


def test_a_block_with_norms_of_pytorch_keeps_its_eps(tmp_path):
    class Plain(Frozen):
        def __init__(self, config):
            super().__init__(config)
            self.bn, self.block = blocks.norm(16), blocks.Res2NetBlock(16, 8, 16, 1, True, blocks.norm)

    config, path = Config(32, 32, 2, 3, 1), tmp_path / "p.safetensors"
    model = Plain(config)
    model(torch.rand(4, 1, 32, 32))
    uml_training.export_network(model, "plain", config, path, classes=["a", "b", "c"], regions=["x", "y"], dtype="f32")
    _, _, state, metadata = weights_file.read(path)
    assert metadata["uml.frozen_norms"] == "[]"
    torch.testing.assert_close(state["block.bn1.running_var"], model.block.bn1.running_var)


def test_export_network_refuses(tmp_path):
    config = Config(32, 32, 2, 3, 1)
    model, path = Frozen(config), tmp_path / "f.safetensors"
    with pytest.raises(ValueError, match=r"3 region names \(x, y, z\), but the network has 2"):
        uml_training.export_network(model, "l", config, path, classes=["a", "b", "c"], regions=["x", "y", "z"])
    with pytest.raises(ValueError, match="1 class names"):
        uml_training.export_network(model, "l", config, path, classes=["a"], regions=["x", "y"])
    with pytest.raises(ValueError, match="the network has no label"):
        uml_training.export_network(model, "", config, path, classes=["a", "b", "c"], regions=["x", "y"])
    assert not path.exists()


def test_a_network_without_masks_is_exported_without_a_self_check(tmp_path):
    class Classes(blocks.Network):
        def __init__(self, config):
            super().__init__(config)
            self.conv = blocks.conv(1, 3)

        def forward(self, image):
            return {"cls_logits": blocks.global_average(self.conv(image))}

    config, path = Config(32, 32, 2, 3, 1), tmp_path / "c.safetensors"
    uml_training.export_network(Classes(config), "classes", config, path, classes=["a", "b", "c"], regions=["x", "y"],
                                image=np.zeros((32, 32, 1), np.uint8))
    metadata = weights_file.read(path)[3]
    assert "uml.selfcheck" not in metadata and "uml.screening" not in metadata


def test_blocks_in_numbers():
    logits = torch.tensor([[[[0.0]], [[1.0]]]], dtype=torch.float64)
    opinion = blocks.evidential_head(logits)
    e = [np.log(2), np.log(1 + np.e)]
    assert opinion.evidence.flatten().tolist() == pytest.approx(e)
    assert opinion.alpha.flatten().tolist() == pytest.approx([1 + v for v in e])
    assert opinion.vacuity.item() == pytest.approx(2 / (2 + sum(e)))
    x = torch.arange(3.0).view(1, 3, 1, 1)
    assert blocks.tile(x, 7).flatten().tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert blocks.global_average(torch.ones(2, 3, 4, 4)).shape == (2, 3)
    ones = torch.ones(1, 1, 4, 4)
    assert blocks.average_pool(ones, 3, 2, 1)[0, 0, 0, 0].item() == pytest.approx(4 / 9)  # zeros count
    assert blocks.max_pool(ones, 2, 2).shape == (1, 1, 2, 2)
    step = blocks.UpStep(8, 4, 6, skip_first=True)
    assert step(torch.rand(2, 8, 4, 4), torch.rand(2, 4, 8, 8)).shape == (2, 6, 8, 8)
    assert blocks.conv(3, 3, 3, dilation=2, depthwise=True)(torch.rand(1, 3, 9, 9)).shape == (1, 3, 9, 9)


def test_the_package_is_imported_without_training(tmp_path):
    """`import uml_training` for its losses and blocks must not start a command or write anything."""
    code = "import uml_training.blocks, uml_training.losses; uml_training.losses.evidential_loss"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []
