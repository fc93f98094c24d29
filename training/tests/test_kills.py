"""kill -9 at UML_KILLS random moments (1) of training, and a disk that fills up: only whole files, and what goes on
ends as if nothing had been."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from uml_training import cli, whole

FIT = ["--network", "edge", "--size", "32", "--channels", "1", "--divisor", "16", "--preset", "small-data",
       "--batch", "4", "--threads", "1", "--seed", "3"]
EPOCHS = 4


def command(data, out):
    return [sys.executable, "-m", "uml_training.cli", "fit", "--data", str(data), "--out", str(out), *FIT, "--epochs",
            str(EPOCHS), "--resume"]


def read_all(folder):
    """Every file of the run's folder, as far as it is there: none may be half of one."""
    for path in folder.glob("*"):
        if ".writing" in path.name:
            continue
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".pt":
            torch.load(path, weights_only=True)
        else:
            with Image.open(path) as picture:
                picture.load()


def test_killed_at_random_moments(tiny, tmp_path):
    started = time.monotonic()
    subprocess.run(command(tiny, tmp_path / "whole"), check=True, capture_output=True)
    lasts = time.monotonic() - started
    draw = random.Random(int(os.environ.get("SEED", "1")))
    killed = ends = 0
    run = 0
    while killed < int(os.environ.get("UML_KILLS", "1")):
        with subprocess.Popen(command(tiny, tmp_path / f"killed{run}"), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(draw.uniform(0.3, 1) * lasts)
                assert process.returncode == 0
                compare(tmp_path / "whole", tmp_path / f"killed{run}")
                run, ends = run + 1, ends + 1  # it came to its end before: another one
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                killed += 1
        read_all(tmp_path / f"killed{run}")
    subprocess.run(command(tiny, tmp_path / f"killed{run}"), check=True, capture_output=True)
    compare(tmp_path / "whole", tmp_path / f"killed{run}")
    print(f"{killed} kills, {ends} runs that ended in between")


def compare(a, b):
    read_all(b)
    assert sorted(p.name for p in b.iterdir()) == sorted(p.name for p in a.iterdir())
    assert (a / "metrics.json").read_bytes() == (b / "metrics.json").read_bytes()
    one, other = (torch.load(f / "checkpoint.pt", weights_only=True) for f in (a, b))
    for part in ("model", "average"):
        first, second = (s[part]["model"] if part == "average" else s[part] for s in (one, other))
        assert all(torch.equal(first[name], second[name]) for name in first), part
    histories = [json.loads((f / "history.json").read_text()) for f in (a, b)]
    for row in histories[0] + histories[1]:
        del row["seconds"]
    assert histories[0] == histories[1] and len(histories[0]) == EPOCHS


def test_killed_between_checkpoint_and_history(tiny, tmp_path):
    arguments = ["fit", "--data", str(tiny), "--out", str(tmp_path / "run"), *FIT, "--epochs", "1"]
    assert cli.main(arguments) == 0
    expected = (tmp_path / "run/history.json").read_text()
    for name in ("history.json", "curves.png", "metrics.json"):
        (tmp_path / "run" / name).unlink()
    assert cli.main([*arguments, "--resume"]) == 0
    assert (tmp_path / "run/history.json").read_text() == expected
    assert (tmp_path / "run/curves.png").is_file() and (tmp_path / "run/metrics.json").is_file()


def test_a_full_disk_leaves_the_file_before(tmp_path):
    whole.text(tmp_path / "a.json", "1")

    def full(scratch):
        scratch.write_text("half")
        raise OSError("No space left on device")
    with pytest.raises(OSError, match="No space"):
        whole.replace(tmp_path / "a.json", full)
    assert (tmp_path / "a.json").read_text() == "1" and list(tmp_path.iterdir()) == [tmp_path / "a.json"]


def test_arrays_are_whole_too(tmp_path):
    whole.replace(tmp_path / "a.npy", lambda scratch: np.save(scratch, np.arange(3)))
    assert np.load(tmp_path / "a.npy").tolist() == [0, 1, 2] and len(list(tmp_path.iterdir())) == 1
