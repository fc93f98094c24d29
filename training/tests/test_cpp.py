"""Train a little, export, and the C++ program gives PyTorch's outputs.

The program is the file that UML_ANALYZE names, or the newest uml-analyze below build/.
"""

import json
import os
import pathlib
import subprocess

import pytest
import torch

from uml_training import cli, data, evaluate, weights_file

BUILD = pathlib.Path(__file__).parents[2] / "build"
BUILT = sorted(BUILD.glob("*/**/uml-analyze"), key=lambda p: p.stat().st_mtime)
PROGRAM = os.environ.get("UML_ANALYZE") or (BUILT[-1] if BUILT else "")


@pytest.mark.skipif(not pathlib.Path(PROGRAM).is_file(), reason="no uml-analyze: build it, or set UML_ANALYZE")
@pytest.mark.parametrize("dtype", ["f32", "bf16"])
@pytest.mark.parametrize("stride", ["1", "2"])
def test_program_agrees(tiny, tmp_path, dtype, stride):
    weights = tmp_path / "w.safetensors"
    assert cli.main(["fit", "--data", str(tiny), "--out", str(tmp_path / "run"), "--network", "edge", "--size", "32",
                     "--channels", "1", "--divisor", "8", "--stem-stride", stride, "--preset", "small-data",
                     "--batch", "4", "--epochs", "2"]) == 0
    assert cli.main(["export", str(tmp_path / "run"), "--out", str(weights), "--dtype", dtype]) == 0

    picture = tiny / "val" / "images" / "val0.png"
    # Loading already runs the self-check: 64 logits, 16 uncertainties and class alpha within the library's limits.
    done = subprocess.run([PROGRAM, "--weights", str(weights), "--json", "--out", str(tmp_path / "out"), str(picture)],
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
