"""Train a little, export, and the C++ program gives PyTorch's outputs.

The programs are the files that UML_ANALYZE and UML_EVALUATE name, or the newest of that name below build/.
"""

import json
import os
import pathlib
import subprocess

import pytest
import torch
from conftest import write_splits

from uml_training import cli, data, evaluate, weights_file

BUILD = pathlib.Path(__file__).parents[2] / "build"


def program(name: str) -> str:
    variable = name.upper().replace("-", "_")
    if variable in os.environ:  # named on purpose, as CI does: not being there is a failure, not a reason to skip
        return os.environ[variable]
    built = sorted(BUILD.glob(f"*/**/{name}"), key=lambda p: p.stat().st_mtime)
    if not built:
        pytest.skip(f"no {name}: build it, or set {variable}")
    return str(built[-1])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Exports a run of a stem stride, trained once: the data and the weights file."""
    folder = tmp_path_factory.mktemp("trained")
    tiny = write_splits(folder / "tiny")

    def exported(dtype, stride):
        run, weights = folder / f"run{stride}", folder / f"{dtype}-{stride}.safetensors"
        if not run.exists():
            assert cli.main(["fit", "--data", str(tiny), "--out", str(run), "--network", "edge", "--size", "32",
                             "--channels", "1", "--divisor", "8", "--stem-stride", stride, "--preset", "small-data",
                             "--batch", "4", "--epochs", "2", "--threads", "1"]) == 0
        assert cli.main(["export", str(run), "--out", str(weights), "--dtype", dtype]) == 0
        return tiny, weights
    return exported


@pytest.mark.parametrize("dtype, stride", [("f32", "1"), ("f16", "2"), ("bf16", "2")])
def test_program_agrees(trained, tmp_path, dtype, stride):
    analyze = program("uml-analyze")
    tiny, weights = trained(dtype, stride)
    picture = tiny / "val" / "images" / "val0.png"
    # Loading already runs the self-check: 64 logits, 16 uncertainties and class alpha within the library's limits.
    done = subprocess.run([analyze, "--weights", str(weights), "--json", "--out", str(tmp_path / "out"), str(picture)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    diagnosis = json.loads(done.stdout)["images"][0]["diagnosis"]

    network, config, state, _ = weights_file.read(weights)
    image = evaluate.fit_input(data.read_picture(picture, "L"), (config.height, config.width))
    with torch.inference_mode():
        out = weights_file.inference_model(network, config, state).outputs(image.double())
    alpha = out["cls_alpha"][0]
    assert [c["probability"] for c in diagnosis["classes"]] == pytest.approx((alpha / alpha.sum()).tolist(), rel=5e-5)
    assert diagnosis["vacuity"] == pytest.approx(out["cls_uncertainty"].item(), rel=5e-5)


@pytest.mark.all_resamples
def test_evaluations_agree(trained, tmp_path):
    """uml-train evaluate and uml-evaluate: one document, noise included."""
    evaluator = program("uml-evaluate")
    tiny, weights = trained("f32", "2")
    command = ["--weights", str(weights), "--data", str(tiny), "--split", "val", "--noise", "0.1", "--json"]
    done = subprocess.run([evaluator, *command, str(tmp_path / "cpp.json")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert cli.main(["evaluate", *command, str(tmp_path / "python.json"), "--threads", "1"]) == 0
    cpp, python = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("cpp", "python"))
    assert list(cpp) == list(python)
    assert (cpp["n"], cpp["noise"]["sigma"]) == (python["n"], python["noise"]["sigma"]) == (6, 0.1)
    for a, b in ((cpp, python), (cpp["noise"], python["noise"])):
        assert a["metrics"] == pytest.approx(b["metrics"], rel=1e-3, abs=1e-4, nan_ok=True)
        assert a["ci95"].keys() == b["ci95"].keys()
        for name, interval in a["ci95"].items():
            assert interval == pytest.approx(b["ci95"][name], rel=1e-3, abs=1e-4), name
