"""Tiny stand-ins for long plans: stopped and gone on with, the same numbers; rows, spreads and combined rows."""

import json

import pytest
import torch

from uml_training import cli, plan, sweep

OPTIONS = {"size": 32, "channels": 1, "divisor": 16, "stem-stride": 2, "preset": "robust", "batch": 4, "epochs": 1}


@pytest.fixture
def written(tiny):
    """Writes a plan beside the data; gives its path."""
    def write(**parts):
        common = {"data": "tiny", "options": OPTIONS, "splits": ["val"], "corruptions": ["clean", "noise:0.1"]}
        path = tiny.parent / "plan.json"
        path.write_text(json.dumps(common | parts))
        return path
    return write


def run(name="c", network="classifier", seeds=(0,), **options):
    return {"name": name, "options": {"network": network} | options, "seeds": list(seeds)}


def weights(folder):
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    return state["step"], state["model"] | state["average"]["model"]


def test_stopped_and_gone_on_with_is_uninterrupted(written, tmp_path, monkeypatch, capsys):
    path = written(runs=[run(seeds=(0, 1)), run("s", "segmenter")],
                   combine=[{"name": "both", "run": "c"}, {"name": "c, dropout", "run": "c", "passes": 2}])
    assert cli.main(["sweep", str(path), "--out", str(tmp_path / "whole"), "--threads", "1"]) == 0
    monkeypatch.setattr(sweep, "BURST", 1)
    looks = iter([False, False])  # time for two steps of the first run, which has three
    monkeypatch.setattr(sweep.Clock, "over", lambda clock: next(looks, True))
    command = ["sweep", str(path), "--out", str(tmp_path / "parts"), "--threads", "1"]
    assert cli.main([*command, "--limit", "1"]) == 0
    assert "not done yet: c-0, s-0, c-1, both, c, dropout; the same command goes on" in capsys.readouterr().err
    step, _ = weights(tmp_path / "parts/c-0")
    assert 0 < step < 3 and json.loads((tmp_path / "parts/results.json").read_text())["rows"] == []
    monkeypatch.setattr(sweep.Clock, "over", lambda clock: False)
    assert cli.main([*command, "--together", "2"]) == 0  # taking turns changes nothing either
    for name in ("c-0", "c-1", "s-0"):
        (step, a), (_, b) = (weights(tmp_path / d / name) for d in ("whole", "parts"))
        assert step == 3 and all(torch.equal(a[k], b[k]) for k in a), name
    whole, parts = (json.loads((tmp_path / d / "results.json").read_text()) for d in ("whole", "parts"))
    for result in (whole, parts):
        for row in result["rows"]:
            assert row.pop("seconds_a_picture") > 0
    assert whole["rows"] == parts["rows"] and whole["left"] == parts["left"] == []
    check_rows(whole, tmp_path / "whole")


def check_rows(document, folder):
    rows = {row["row"]: row for row in document["rows"]}
    assert {name: row["runs"] for name, row in rows.items()} == {"c": 2, "s": 1, "both": 1, "c, dropout": 1}
    seeds = [json.loads((folder / f"c-{seed}/result.json").read_text())["figures"]["val"] for seed in (0, 1)]
    a, b = (figures["noise:0.1"]["accuracy"] for figures in seeds)
    cell = rows["c"]["figures"]["val"]["noise:0.1"]["accuracy"]
    assert cell["mean"] == pytest.approx((a + b) / 2) and cell["sd"] == pytest.approx(abs(a - b) / 2**0.5)
    assert rows["c"]["figures"]["val"]["clean"]["dice"] == {"mean": None, "sd": None}
    assert rows["s"]["figures"]["val"]["clean"]["dice"]["sd"] is None
    table = (folder / "table.md").read_text()
    assert "### val, noise:0.1" in table and "| c | 2 |" in table and " ± " in table


def test_a_plan_is_checked_whole_before_it_starts(written, tmp_path, capsys):
    path = written(runs=[run(epoch=3), run("d", network="nothing"), run("d"), run("e", seed=4)],
                   corruptions=["fog:1"], combine=[{"name": "x", "run": "y"}], colour="red")
    assert cli.main(["sweep", str(path), "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    for sentence in ("'colour' is not part of a plan", "c: unrecognized arguments: --epoch 3", "name of its own: 'd'",
                     "e: option 'seed' is the plan's own affair", "x: no run is named 'y'", "corruption 'fog:1'"):
        assert sentence in told, told
    path = written(runs=[run(network="nothing")])
    assert cli.main(["sweep", str(path), "--out", str(tmp_path / "out")]) == 1
    assert "c-0: " in (told := capsys.readouterr().err) and "--network nothing: one of release, paper, edge" in told
    assert not (tmp_path / "out").exists()


def test_figures_of_another_recipe_are_not_taken(written, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["sweep", str(written(runs=[run()])), "--out", str(out), "--threads", "1"]) == 0
    assert cli.main(["sweep", str(written(runs=[run(lr=1)])), "--out", str(out), "--threads", "1"]) == 1
    assert "made with another recipe than the plan's" in capsys.readouterr().err


def test_first_seeds_come_first(written, tmp_path):
    the_plan = plan.read(written(runs=[run(seeds=(3, 4)), run("d e", seeds=(3, 4))]), tmp_path)
    assert [job.name for job in the_plan.jobs] == ["c-3", "d-e-3", "c-4", "d-e-4"]
    assert plan.arguments({"size": [32, 48], "no-averaging": True, "lr": 1e-3, "no-augmentation": False}) == [
        "--size", "32", "48", "--no-averaging", "--lr", "0.001"]


def test_the_claims_plan_is_one(tmp_path):
    root = plan.pathlib.Path(__file__).parents[2]
    the_plan = plan.read(root / "docs/claim-plan.json", tmp_path)
    assert all(sum(job.row == row for job in the_plan.jobs) >= 3 for row in the_plan.rows)
