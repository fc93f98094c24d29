"""Training a little: resumed equals uninterrupted, and what comes out is what was trained."""

import json
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from uml_training import cli, convert, evaluate, export, weights_file
from uml_training import fit as fit_module
from uml_training.layouts import read_splits
from uml_training.networks import Config, build
from uml_training.recipes import PRESETS

FIT = ["--network", "edge", "--size", "32", "--channels", "1", "--divisor", "16", "--preset", "small-data",
       "--batch", "4", "--epochs", "3", "--threads", "1"]


def fit(tiny, out, *more):
    assert cli.main(["fit", "--data", str(tiny), "--out", str(out), *FIT, *more]) == 0


def test_resumed_after_a_kill_equals_uninterrupted(tiny, tmp_path):
    """SIGKILL in the middle of the second epoch, in another process: nothing of it can clean up."""
    fit(tiny, tmp_path / "whole")
    program = f"""
import os, signal
from uml_training import cli, trainer
step, calls = trainer.total_loss, []
def killed(*args):
    calls.append(1)
    if len(calls) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(*args)
trainer.total_loss = killed
cli.main({["fit", "--data", str(tiny), "--out", str(tmp_path / "parts"), *FIT]})
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == -signal.SIGKILL
    assert torch.load(tmp_path / "parts/checkpoint.pt", weights_only=True)["epoch"] == 1
    fit(tiny, tmp_path / "parts", "--resume")
    whole, parts = (torch.load(tmp_path / d / "checkpoint.pt", weights_only=True) for d in ("whole", "parts"))
    assert whole["epoch"] == parts["epoch"] == 3
    for part in ("model", "average"):
        a, b = (s[part]["model"] if part == "average" else s[part] for s in (whole, parts))
        assert all(torch.equal(a[name], b[name]) for name in a), part
    assert (tmp_path / "whole/metrics.json").read_text() == (tmp_path / "parts/metrics.json").read_text()
    assert_run_folder_tells_all(tmp_path / "whole")


def assert_run_folder_tells_all(folder):
    described = json.loads((folder / "run.json").read_text())
    assert described["versions"]["torch"] == torch.__version__ and len(described["splits"]["train"]) == 12
    assert described["seed"] == 0 and described["recipe"]["loss"]["mutual"] == 0.1
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    final = json.loads((folder / "metrics.json").read_text())
    assert (final["split"], final["epoch"], final["n"]) == ("val", 3, 6)
    assert final["metrics"]["dice"] == json.loads((folder / "history.json").read_text())[-1]["val_dice"]


def test_loss_without_weight(tiny, tmp_path, capsys):
    command = ["fit", "--data", str(tiny), "--out", str(tmp_path / "run"), *FIT, "--loss-weights", "0", "0", "0"]
    assert cli.main(command) == 1
    assert "--loss-weights" in capsys.readouterr().err and not (tmp_path / "run").exists()


@pytest.mark.parametrize("network, has", [("classifier", "accuracy"), ("segmenter", "dice")])
def test_parts_alone(network, has, tiny, tmp_path, capsys):
    """Baselines go through the same training and figures; what they don't do has no figure; they aren't exported."""
    fit(tiny, tmp_path / "run", "--network", network, "--epochs", "1", "--stem-stride", "2")
    found = json.loads((tmp_path / "run/metrics.json").read_text())["metrics"]
    assert (found["accuracy"] is None, found["dice"] is None) == (has != "accuracy", has != "dice")
    assert cli.main(["export", str(tmp_path / "run"), "--out", str(tmp_path / "w.safetensors")]) == 1
    assert f"{network} is for comparison only" in capsys.readouterr().err


def test_options_reach_the_recipe(tiny, tmp_path):
    fit(tiny, tmp_path / "run", "--epochs", "1", "--loss-weights", "0.3", "0.2", "0.5", "--annealing", "4",
        "--no-averaging", "--no-augmentation", "--seed", "7", "--precision", "bf16", "--map-dropout", "0.2",
        "--clip", "0")
    described = json.loads((tmp_path / "run/run.json").read_text())
    assert described["recipe"]["loss"] == {"cls": 0.3, "mutual": 0.2, "seg": 0.5, "annealing": 4, "outliers": 0}
    assert described["recipe"]["ema"] == 0 and not any(described["recipe"]["augmentation"].values())
    assert (described["seed"], described["precision"]) == (7, "bf16")
    assert described["recipe"]["map_dropout"] == 0.2 and described["recipe"]["clip"] == 0 < PRESETS["small-data"].clip


def test_ranges_of_augmentation(tiny, tmp_path, capsys):
    args = ["--augment", "noise=0.2", "bias=0.5", "degrees=0", "--map-dropout", "0"]
    prepared = fit_module.prepare(cli.parser().parse_args(["fit", "--data", str(tiny), "--out", str(tmp_path / "run"),
                                                           *FIT, *args]))
    had, want = prepared.run.recipe.augmentation, PRESETS["small-data"].augmentation
    assert had == replace(want, noise=0.2, bias=0.5, degrees=0)
    ps = {type(m): m.p for m in prepared.trainer().model.modules() if isinstance(m, nn.Dropout | nn.Dropout2d)}
    assert ps == {nn.Dropout: 0.1, nn.Dropout2d: 0.0}
    for wrong in (["--augment", "noise"], ["--augment", "noise=-1"], ["--augment", "snow=1"], ["--map-dropout", "1"]):
        assert cli.main(["fit", "--data", str(tiny), "--out", str(tmp_path / "no"), *FIT, *wrong]) == 1
        assert " ".join(wrong) in capsys.readouterr().err and not (tmp_path / "no").exists()


def test_the_checkpoint_holds_the_average_with_the_models_buffers(tiny, tmp_path):
    """Which are taken then, not in every step; checkpoints with counters, as they were once, are read too."""
    fit(tiny, tmp_path / "run", "--epochs", "1")
    state = torch.load(tmp_path / "run/checkpoint.pt", weights_only=True)
    statistics = [n for n in state["model"] if n.endswith("running_var")]
    assert statistics and all(torch.equal(state["model"][n], state["average"]["model"][n]) for n in statistics)
    assert not any(n.endswith("num_batches_tracked") for n in state["model"])
    state["model"] = state["average"]["model"]
    torch.save(state, tmp_path / "run/checkpoint.pt")
    fit(tiny, tmp_path / "run", "--epochs", "1", "--resume")
    state["model"].pop(statistics[0])
    torch.save(state, tmp_path / "run/checkpoint.pt")
    args = ["fit", "--data", str(tiny), "--out", str(tmp_path / "run"), *FIT, "--epochs", "1", "--resume"]
    assert cli.main(args) == 1


def test_resuming_another_recipe_is_refused(tiny, tmp_path, capsys):
    fit(tiny, tmp_path / "run", "--epochs", "1")
    assert cli.main(["fit", "--data", str(tiny), "--out", str(tmp_path / "run"), *FIT, "--lr", "1", "--resume"]) == 1
    assert "made with another recipe" in capsys.readouterr().err


@pytest.mark.parametrize("first, then, told", [
    ([], ["--precision", "bf16"], "made with another precision: f32, now bf16"),
    (["--no-averaging"], ["--reschedule"], "made with --no-averaging: it holds no averaged weights")])
def test_resuming_what_would_not_be_the_same_run_is_refused(first, then, told, tiny, tmp_path, capsys):
    fit(tiny, tmp_path / "run", "--epochs", "1", *first)
    assert cli.main(["fit", "--data", str(tiny), "--out", str(tmp_path / "run"), *FIT, "--epochs", "1", "--resume",
                     *then]) == 1
    assert told in capsys.readouterr().err


def test_starting_from_what_does_not_fit_is_refused(tiny, tmp_path, capsys):
    fit(tiny, tmp_path / "run", "--epochs", "1")
    torch.save({"conv1.weight": torch.zeros(3)}, tmp_path / "plain.pt")
    for path, told in ((tmp_path / "run/checkpoint.pt", "made for another network: size mismatch for"),
                       (tmp_path / "plain.pt", "neither a checkpoint of uml-train fit nor a weights file")):
        assert cli.main(["fit", "--data", str(tiny), "--out", str(tmp_path / "no"), *FIT, "--divisor", "8",
                         "--start-from", str(path)]) == 1
        assert f"{path}: {told}" in capsys.readouterr().err


def test_data_faults_come_before_training(tiny, tmp_path, capsys):
    (tiny / "val/masks/val1.png").unlink()
    assert cli.main(["fit", "--data", str(tiny), "--out", str(tmp_path / "run"), *FIT]) == 1
    assert "no masks/val1.png" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_export(tiny, tmp_path, capsys):
    fit(tiny, tmp_path / "run", "--epochs", "1")
    weights = tmp_path / "w.safetensors"
    assert cli.main(["export", str(tmp_path / "run"), "--out", str(weights), "--license", "CC BY 4.0"]) == 0
    network, config, state, metadata = weights_file.read(weights)
    assert (network, config.channel_divisor) == ("edge", 16)
    assert json.loads(metadata["uml.classes"]) == ["low", "middle", "high"]
    assert all(t.dtype == (torch.bfloat16 if t.ndim >= 2 else torch.float32) for t in state.values())
    assert not any("layer4" in name or "num_batches" in name for name in state)
    screening = json.loads(metadata["uml.screening"])
    assert 0 < screening["image_vacuity"] <= 1 and 0 < screening["pixel_vacuity"] <= 1
    with safe_open(weights, "np") as file:
        image = file.get_tensor("uml.selfcheck.input")
    assert image.dtype == np.uint8 and image.shape == (32, 32, 1)
    check = json.loads(metadata["uml.selfcheck"])
    out = weights_file.inference_model(network, config, state).double().outputs(
        torch.from_numpy(image.copy()).movedim(-1, 0)[None].double() / 255)
    logits = out["seg_logits"].flatten()[check["logit_index"]].tolist()
    assert logits == pytest.approx(check["logit_value"], rel=1e-6, abs=1e-6)  # stored as computed in double
    assert out["cls_alpha"][0].tolist() == pytest.approx(check["cls_alpha"], rel=1e-5)

    save_file(load_file(weights) | {"uml.familiarity.mean": torch.zeros(3)}, weights, metadata)  # as uml-calibrate adds
    assert weights_file.read(weights)[2].keys() == state.keys()
    report = tmp_path / "report.json"
    command = ["evaluate", "--weights", str(weights), "--data", str(tiny), "--split", "val", "--noise", "0.1"]
    assert cli.main([*command, "--json", str(report)]) == 0
    result = json.loads(report.read_text())
    assert result["n"] == 6 and set(result["metrics"]) == {
        "accuracy", "f1_weighted", "auc", "dice", "assd", "hd95", "ece", "brier", "aurc", "risk_at_80", "auroc_error",
        "ause", "coverage_90"}
    assert result["noise"]["sigma"] == 0.1

    table = tiny / "val/labels.csv"
    table.write_text(table.read_text().replace(",low", ",\N{KELVIN SIGN}low").replace(",high", ",middle"))
    assert cli.main([*command, "--json", str(tmp_path / "other.json")]) == 1
    said = capsys.readouterr().err
    assert "is 'high' in this network, but the name is 'middle', its class 1" in said
    assert "is 'low' in this network, but the name is '\N{KELVIN SIGN}low', no class of it" in said
    assert not (tmp_path / "other.json").exists()


def test_export_asks_for_as_many_region_names_as_there_are_regions(tiny, tmp_path, capsys):
    described = {"config": {"regions": 3}}
    names = export.names_of_regions
    with pytest.raises(ValueError, match=r"has 3 regions, but there are names for none: give --regions, or write"):
        names(None, tiny, described)
    with pytest.raises(ValueError, match=r"3 regions, but there are names for 2 \(ground, square\)"):
        names(["ground", "square"], tiny, described)
    (tiny / "train/regions.txt").write_text("ground\nsquare\nrest\n")
    assert names(None, tiny, described) == ["ground", "square", "rest"]
    assert names(["a", "b", "c"], tiny, described) == ["a", "b", "c"]
    (tiny / "train/regions.txt").unlink()
    assert names(None, tiny, described | {"regions": ["p", "q", "r"]}) == ["p", "q", "r"]  # as when the run began
    assert names(None, tiny, {"config": {"regions": 2}}) == ["background", "foreground"]
    assert "no region names: they become background and foreground" in capsys.readouterr().err


def test_training_on_from_a_weights_file(tiny, tmp_path):
    fit(tiny, tmp_path / "run", "--epochs", "1")
    weights = tmp_path / "w.safetensors"
    assert cli.main(["export", str(tmp_path / "run"), "--out", str(weights), "--dtype", "f32"]) == 0
    network, config, state, _ = weights_file.read(weights)
    back = weights_file.frozen_state(weights_file.thawed_state(state, network, config), network, config)
    for name, tensor in state.items():
        torch.testing.assert_close(back[name], tensor, msg=name)
    fit(tiny, tmp_path / "more", "--epochs", "1", "--start-from", str(weights))


def test_freezing_the_norms_changes_nothing():
    """Encoder norms with eps, and the frozen ones without it: the same function."""
    torch.manual_seed(0)
    config = Config(32, 32, channels_in=1, channel_divisor=16)
    model = build("edge", config, frozen=False)
    for _ in range(3):
        model(torch.rand(4, 1, 32, 32))
    state = weights_file.frozen_state(model.state_dict(), "edge", config)
    frozen = weights_file.inference_model("edge", config, state)
    x = torch.rand(2, 1, 32, 32, dtype=torch.float64)
    with torch.inference_mode():
        want, have = model.double().eval().outputs(x), frozen.outputs(x)
    for name in want:
        torch.testing.assert_close(have[name], want[name], rtol=1e-5, atol=1e-6, msg=name)


def test_a_perfect_mask_has_dice_one_at_its_own_size(tiny):
    """Pictures of another size than the network's: results are mapped back before they are judged."""
    config = Config(32, 32, channels_in=1, channel_divisor=16)

    class Oracle(torch.nn.Module):
        def outputs(self, images):
            bright = (images > 0.6).float()
            return {"cls_alpha": torch.ones(len(images), 3), "mutual_uncertainty.0": 1 - bright,
                    "seg_logits": torch.cat([1 - bright, bright], 1)}

    found = evaluate.run(Oracle(), read_splits(tiny)["val"], config)
    assert all(mask.shape == (40, 40) for mask in found.masks)
    assert evaluate.quick(found)["dice"] > 0.85


@pytest.mark.parametrize("network", ["release", "paper"])
def test_convert(network, tmp_path):
    """A checkpoint as the authors' code writes it: behind `module.`, with counters and unused layers."""
    torch.manual_seed(0)
    model = build(network, Config(32, 32, regions=3, classes=2), with_unused=True)
    state = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"state_dict": state, "epoch": 7}, tmp_path / "authors.pth")
    out = tmp_path / "converted.safetensors"
    assert cli.main(["convert", str(tmp_path / "authors.pth"), "--out", str(out), "--size", "32"]) == 0
    name, config, stored, _ = weights_file.read(out)
    assert (name, config) == (network, Config(32, 32, 3, 2))
    assert not any(part in key for key in stored for part in ("layer4", "conv5", "num_batches"))
    assert all(torch.equal(tensor, model.state_dict()[key]) for key, tensor in stored.items())


class Harmful:
    """What a checkpoint from a stranger may hold: a call that unpickling makes."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_checkpoint_runs_no_code(tmp_path, capsys):
    torch.save({"state_dict": Harmful(str(tmp_path / "harm"))}, tmp_path / "c.pth")
    assert cli.main(["convert", str(tmp_path / "c.pth"), "--size", "32", "--out", str(tmp_path / "w.safetensors")]) == 1
    assert not (tmp_path / "harm").exists() and not (tmp_path / "w.safetensors").exists()
    assert "c.pth: damaged, or it holds more than numbers, texts and tensors" in capsys.readouterr().err
    whole = (tmp_path / "c.pth").read_bytes()
    for part in (0, 10, len(whole) // 2, len(whole) - 30):
        (tmp_path / "cut.pth").write_bytes(whole[:part])
        assert cli.main(["convert", str(tmp_path / "cut.pth"), "--size", "32", "--out", str(tmp_path / "w")]) == 1
        assert "cut.pth: damaged" in capsys.readouterr().err, part


def test_convert_refuses(tmp_path):
    torch.save({"w": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="neither of the published networks"):
        convert.published_state(convert.read_checkpoint(tmp_path / "other.pth"), 32, 32)
    with torch.device("meta"):
        shapes = build("release", Config(32, 32)).state_dict()
    state = {name: torch.zeros(tensor.shape) for name, tensor in shapes.items()}
    del state["mut_feature_mixer.PSA1.ln.bias"]
    with pytest.raises(ValueError, match="tensor mut_feature_mixer.PSA1.ln.bias is missing"):
        convert.published_state(state, 32, 32)
    with pytest.raises(ValueError, match="1 tensors that release does not have, for example surprise"):
        convert.published_state(state | {"surprise": torch.zeros(1)}, 32, 32)
