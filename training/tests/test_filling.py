"""Epochs by the clock: what is set, until when, and that it is the run which those epochs would have given."""

import json
import types
from dataclasses import replace

import pytest
import torch

from uml_training import cli, filling
from uml_training.recipes import PRESETS


class Fake:
    """A trainer of 10 steps an epoch."""

    def __init__(self, **recipe):
        self.steps, self.step = 10, 0
        self.run = types.SimpleNamespace(recipe=replace(PRESETS["robust"], **recipe))
        self.learn = types.SimpleNamespace(calls=0, wait=lambda: None)

    def advance(self, count):
        self.step += count
        self.learn.calls += count

    @property
    def plan(self):
        return self.run.recipe.epochs, self.run.recipe.decay_from


@pytest.fixture
def clock(monkeypatch):
    now = types.SimpleNamespace(time=100.0)
    monkeypatch.setattr(filling.time, "monotonic", lambda: now.time)
    return now


def test_epochs_follow_the_speed_until_the_rate_falls(clock):
    a, b = Fake(epochs=40, decay_from=10), Fake(epochs=40, decay_from=20)
    b.steps = 20
    filler, runs = filling.Filling(ends=400.0), {"a": a, "b": b}

    def look(seconds, steps):
        clock.time += seconds
        a.advance(steps)
        b.advance(steps)
        return filler.look(runs)

    assert look(50, 7) == []  # warm-up and capture: slow, and no measure
    assert look(5, 1) == [] and a.plan == (40, 10)  # measured from here on, at 155 s
    assert look(1, 1) == []  # too soon
    assert look(9, 19) == ["a", "b"]  # 2 steps a second at 165 s: 28 steps are done, 470 more fit
    assert a.plan == (49, 12.25) and b.plan == (24, 12) and filler.seconds == {"a": 0.5, "b": 0.5}
    assert look(10, 10) == ["a", "b"]  # 30 in 20 s: 38 + 225 * 1.5 = 375.5
    assert a.plan == (37, 9.25) and b.plan == (18, 9)
    assert look(40, 60) == []  # the same speed
    a.advance(100)  # a falls; b does not yet
    assert look(10, 0) == ["b"] and a.plan == (37, 9.25)


def test_a_run_that_goes_on_while_it_falls_is_set_once(clock):
    a = Fake(epochs=40, decay_from=10)
    a.step = 250
    filler = filling.Filling(ends=200.0)
    for seconds, steps in ((5, 8), (10, 20), (10, 0)):
        clock.time += seconds
        a.advance(steps)
        filler.look({"a": a})
    assert a.plan == (44, 10)  # at 115 s, 278 steps: 85 s more at 2 a second


def test_at_least_one_epoch_follows_the_warm_up():
    robust = PRESETS["robust"]
    assert filling.stretched(robust, 0.1, 0.2, 1 / 3) == replace(robust, epochs=2, decay_from=0.667)
    assert filling.stretched(robust, 3.3, 0.2, 1 / 3) == replace(robust, epochs=4, decay_from=3.3)


def test_filled_equals_fit_with_the_same_epochs(tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(filling, "EVERY", 0.1)
    options = {"network": "segmenter", "size": 32, "channels": 1, "divisor": 16, "stem-stride": 2, "batch": 4,
               "preset": "robust", "epochs": 400, "decay-from": 100}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"data": str(tiny), "options": options, "runs": [{"name": "s"}, {"name": "t"}]}))
    command = ["sweep", str(path), "--out", str(tmp_path / "out"), "--threads", "1"]
    assert cli.main([*command, "--fill"]) == 1 and "--fill needs a --limit" in capsys.readouterr().err
    assert cli.main([*command, "--fill", "--limit", "60", "--reserve", "57"]) == 0  # on a busy machine too
    assert "s-0 will have" in capsys.readouterr().err
    recipe = json.loads((tmp_path / "out/s-0/run.json").read_text())["recipe"]
    assert recipe["epochs"] < 400 and recipe["decay_from"] >= recipe["epochs"] / 4
    options |= {"epochs": recipe["epochs"], "decay-from": recipe["decay_from"]}
    line = [f"--{name}={value}" for name, value in options.items()]
    assert cli.main(["fit", "--data", str(tiny), "--out", str(tmp_path / "fit"), *line, "--threads", "1"]) == 0
    a, b = (torch.load(tmp_path / f / "checkpoint.pt", weights_only=True)["average"]["model"]
            for f in ("out/s-0", "fit"))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert cli.main([*command, "--fill", "--limit", "4"]) == 0  # all done: nothing trains again
    assert "2 runs, 0 to do" in capsys.readouterr().err
