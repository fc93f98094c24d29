"""Tiny stand-ins for long plans: stopped and gone on with, the same numbers; rows, spreads and combined rows."""

import json
import re
import time

import numpy as np
import pytest
import torch

from uml_training import cli, combined, networks, outliers, plan, results, sweep, unknown
from uml_training.augment import Draw

ROOT = plan.pathlib.Path(__file__).parents[2]

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
    monkeypatch.setattr(sweep.Clock, "over", lambda clock, reserve=True: next(looks, True))
    command = ["sweep", str(path), "--out", str(tmp_path / "parts"), "--threads", "1"]
    assert cli.main([*command, "--limit", "1"]) == 0
    assert "not done yet: c-0, s-0, c-1, both, c, dropout; the same command goes on" in capsys.readouterr().err
    step, _ = weights(tmp_path / "parts/c-0")
    assert 0 < step < 3 and json.loads((tmp_path / "parts/results.json").read_text())["rows"] == []
    monkeypatch.setattr(sweep.Clock, "over", lambda clock, reserve=True: False)
    assert cli.main([*command, "--together", "2"]) == 0  # taking turns changes nothing either
    for name in ("c-0", "c-1", "s-0"):
        (step, a), (_, b) = (weights(tmp_path / d / name) for d in ("whole", "parts"))
        assert step == 3 and all(torch.equal(a[k], b[k]) for k in a), name
    whole, parts = (json.loads((tmp_path / d / "results.json").read_text()) for d in ("whole", "parts"))
    for result in (whole, parts):
        for row in result["rows"]:
            assert row.pop("seconds_a_picture") > 0
    table = (tmp_path / "whole/table.md").read_text()
    assert re.search(r"^\| c, dropout \| 1 \|.* \d+\.\d \|$", table, re.MULTILINE)
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
    assert "### val, clean" in table and "| c | 2 |" in table and " ± " in table
    worse = table.partition("### val, accuracy")[2].partition("###")[0].splitlines()
    assert worse[2] == "| row | runs | clean | noise:0.1 |" and worse[3] == "|---|---|---|---|"
    clean = rows["c"]["figures"]["val"]["clean"]["accuracy"]
    assert worse[4] == f"| c | 2 | {results.cell(clean, clean)} | {results.cell(cell, cell)} |"
    assert not [line for line in worse if line.startswith("| s |")]  # which has no classes
    assert "### val, made outliers" in table and rows["s"]["made"] == {}
    seeds = [json.loads((folder / f"c-{seed}/result.json").read_text())["made"]["auroc"] for seed in (0, 1)]
    others = [np.mean([one[kind] for kind in ("constant", "checker", "half black", "upside down")]) for one in seeds]
    assert rows["c"]["made"]["others"] == {"mean": pytest.approx(np.mean(others)),
                                           "sd": pytest.approx(np.std(others, ddof=1))}
    assert len(rows["c"]["made"]["auroc"]) == 9 and len(seeds[0]) == 9


def test_bold_is_what_differs_from_the_first_row_by_more_than_the_spread():
    def row(name, mean, sd, runs=3):
        value = {"mean": mean, "sd": sd}
        figures = dict.fromkeys(("clean", "blur:1"), dict.fromkeys(results.FIGURES, value))
        return {"row": name, "runs": runs, "seconds_a_picture": None, "figures": {"val": figures},
                "made": {"uncertainty": value, "trained_on": value, "others": value, "auroc": {"noise": value}}}
    rows = [row("joint", 0.5, 0.03), row("near", 0.549, 0.04), row("above", 0.551, 0.04), row("below", 0.449, 0.04),
            row("one", 0.9, None, 1), row("none", None, None)]
    table = results.as_markdown({"rows": rows})
    cells = {line.split(" | ")[0][2:]: set(line.rstrip("| ").split(" | ")[2:]) for line in table.splitlines()
             if line.startswith("| ") and not line.startswith("| row")}
    assert len(re.findall(r"^\| above \|", table, re.MULTILINE)) == 1 + len(results.WORSENED) + 1
    assert cells == {"joint": {"0.500 ± 0.030"}, "near": {"0.549 ± 0.040"}, "above": {"**0.551 ± 0.040**"},
                     "below": {"**0.449 ± 0.040**"}, "one": {"0.900"}, "none": set()}


def test_models_take_turns_when_they_are_timed():
    asked = []

    class Slow(torch.nn.Module):
        def __init__(self, seconds):
            super().__init__()
            self.seconds = seconds

        def outputs(self, image):
            assert image.shape == (1, 1, 32, 48)
            asked.append(self.seconds)
            time.sleep(self.seconds)
            return {}

    config = networks.Config(height=32, width=48, channels_in=1)
    quick, slow = combined.seconds_a_picture([(Slow(0.001), config), (Slow(0.01), config)], "cpu")
    assert asked == [0.001, 0.01] * (1 + combined.TIMED)
    assert 0.001 <= quick < slow and 0.01 <= slow


def test_a_longer_list_of_corruptions_adds_to_the_figures(written, tmp_path, monkeypatch):
    out, common = tmp_path / "out", dict(runs=[run()], combine=[{"name": "both", "run": "c"}])
    assert cli.main(["sweep", str(written(corruptions=["clean"], **common)), "--out", str(out), "--threads", "1"]) == 0
    path = written(corruptions=["clean", "blur:1"], **common)
    assert cli.main(["sweep", str(path), "--out", str(out), "--threads", "1", "--limit", "0"]) == 0  # what is done
    document = json.loads((out / "results.json").read_text())
    assert document["left"] == ["c-0", "both"] and [row["row"] for row in document["rows"]] == ["c", "both"]
    assert document["rows"][0]["figures"]["val"]["blur:1"]["accuracy"] == {"mean": None, "sd": None}
    before = {name: json.loads((out / name / "result.json").read_text()) for name in ("c-0", "both")}
    asked, figures = [], sweep.figures
    monkeypatch.setattr(sweep, "figures", lambda model, ready, split, corruption: asked.append(corruption) or figures(
        model, ready, split, corruption))
    assert cli.main(["sweep", str(path), "--out", str(out), "--threads", "1"]) == 0
    assert asked == ["blur:1", "blur:1"]  # of the run, and of the row made of it
    for name, old in before.items():
        new = json.loads((out / name / "result.json").read_text())
        assert new["figures"]["val"]["clean"] == old["figures"]["val"]["clean"] and new["made"] == old["made"]
        assert new["figures"]["val"]["blur:1"]["accuracy"] is not None


def test_a_kill_costs_an_epoch_or_a_while_at_most(written, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed
    monkeypatch.setattr(sweep, "judge", killed)
    saved, save = [], sweep.Trainer.save
    monkeypatch.setattr(sweep.Trainer, "save", lambda trainer: saved.append(trainer.step) or save(trainer))
    with pytest.raises(Killed):
        cli.main(["sweep", str(written(runs=[run(epochs=2)])), "--out", str(tmp_path / "out"), "--threads", "1"])
    assert saved == [6]  # epochs of less than SAVE_EVERY: not each
    saved.clear()
    monkeypatch.setattr(sweep, "SAVE_EVERY", 0)
    with pytest.raises(Killed):
        cli.main(["sweep", str(written(runs=[run(epochs=2)])), "--out", str(tmp_path / "each"), "--threads", "1"])
    assert saved[:2] == [3, 6]


def test_a_run_given_up_is_told_at_the_end_and_costs_no_other_its_results(written, tmp_path, monkeypatch, capsys):
    """And dropout waits for its row's first run alone."""
    look = sweep.Trainer.look

    def diverged(trainer):
        if trainer.run.seed == 1:
            trainer.sums["loss"].fill_(torch.nan)
        return look(trainer)
    monkeypatch.setattr(sweep.Trainer, "look", diverged)
    path = written(runs=[run(seeds=(0, 1, 2))], corruptions=["clean"], combine=[
        {"name": "all", "run": "c"}, {"name": "c, dropout", "run": "c", "passes": 2}])
    out = tmp_path / "out"
    assert cli.main(["sweep", str(path), "--out", str(out), "--threads", "1"]) == 1
    told = capsys.readouterr().err
    assert "the same command goes on" not in told
    assert re.search(rf"^uml-train: given up: c-1\n  {re.escape(str(out / 'c-1'))}: loss is nan at epoch 1, .*\n"
                     r"  not made for want of them: all\n\Z", told, re.MULTILINE), told
    document = json.loads((out / "results.json").read_text())
    assert document["left"] == ["c-1", "all"]
    assert {row["row"]: row["runs"] for row in document["rows"]} == {"c": 2, "c, dropout": 1}
    assert "| c, dropout | 1 |" in (out / "table.md").read_text()
    assert json.loads((out / "c-dropout/result.json").read_text())["of"] == ["c-0"]


def test_a_row_of_other_runs_or_passes_is_made_anew(written, tmp_path, monkeypatch):
    """And runs that are not the plan's any more do not count."""
    out, rows = tmp_path / "out", [{"name": "both", "run": "c"}, {"name": "drop", "run": "c", "passes": 2}]

    def done(seeds, passes, *limit):
        rows[1]["passes"] = passes
        path = written(runs=[run(seeds=seeds)], corruptions=["clean"], combine=rows)
        assert cli.main(["sweep", str(path), "--out", str(out), "--threads", "1", *limit]) == 0
        document = json.loads((out / "results.json").read_text())
        made = {name: json.loads((out / name / "result.json").read_text()) for name in ("both", "drop")
                if name not in document["left"]}
        return {row["row"]: row["runs"] for row in document["rows"]}, made
    monkeypatch.setattr(sweep, "figures", lambda model, *_: dict.fromkeys(results.FIGURES, getattr(
        model, "passes", 1) + 10 * len(getattr(model, "models", []))))
    rows_done, made = done([0, 1], 2)
    assert rows_done == {"c": 2, "both": 1, "drop": 1} and made["both"]["of"] == ["c-0", "c-1"]
    assert made["drop"]["figures"]["val"]["clean"]["dice"] == 12
    rows_done, made = done([0], 3)
    assert rows_done == {"c": 1, "both": 1, "drop": 1} and made["both"]["of"] == ["c-0"]
    assert made["both"]["figures"]["val"]["clean"]["dice"] == 11
    assert made["drop"]["figures"]["val"]["clean"]["dice"] == 13 and made["drop"]["passes"] == 3
    assert done([0, 1], 3, "--limit", "0")[0] == {"c": 2, "drop": 1}  # no figures of one run beside those of two


def test_the_document_says_what_trained(written, tmp_path, monkeypatch):
    """Not what gathers: the versions of PyTorch that the runs name, and no GPU that no run was on."""
    out = tmp_path / "out"
    command = ["sweep", str(written(runs=[run(seeds=(0, 1), device="cpu")])), "--out", str(out), "--threads", "1"]
    assert cli.main(command) == 0
    file = out / "c-1/result.json"
    found = json.loads(file.read_text())
    found["run"]["versions"]["torch"] = "0.1"
    file.write_text(json.dumps(found))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    assert cli.main(command) == 0
    document = json.loads((out / "results.json").read_text())
    assert (document["device"], document["torch"]) == ("CPU", f"0.1, {torch.__version__}")


class Brightness(torch.nn.Module):
    """Uncertain about dark pictures."""

    def outputs(self, image):
        sure = 1 / 3 + image.mean((1, 2, 3)) / 3
        return {"cls_probability": torch.stack([sure, (1 - sure) / 2, (1 - sure) / 2], 1)}


def test_outliers_against_known_pictures(tiny):
    args = plan.Parser(add_help=False)
    sweep.fit.add_arguments(args)
    options = plan.arguments(OPTIONS | {"network": "classifier", "data": tiny, "out": tiny / "no"})
    ready = sweep.fit.prepare(args.parse_args(options))
    split = ready.dataset.splits["val"]
    found = unknown.figures(Brightness(), split, ready.run.config, "cpu")
    assert found["pictures"] == min(unknown.PICTURES, len(split.cases)) and len(found["auroc"]) == 9
    assert found["auroc"]["upside down"] == 0.5  # as bright as before
    assert found["trained_on"] == ["gradient", "noise", "texture", "inverted", "shuffled"]
    assert found["others"] == ["constant", "checker", "half black", "upside down"]
    assert found["auroc"]["half black"] > 0.6 and 0.33 < found["uncertainty"] < 0.67
    assert unknown.figures(NoClasses(), split, ready.run.config, "cpu") == {}


class NoClasses(torch.nn.Module):
    def outputs(self, image):
        return {"seg_logits": image}


def test_other_kinds_of_outliers():
    x, draw = torch.rand(2, 1, 16, 24), Draw(torch.device("cpu"), torch.Generator().manual_seed(0))
    constant, checker, half, turned = (kind(x, draw) for kind in outliers.OTHERS)
    assert all(made.shape == x.shape for made in (constant, checker, half, turned))
    assert (constant[0] == constant[0, 0, 0, 0]).all() and constant[0, 0, 0, 0] != constant[1, 0, 0, 0]
    assert len(checker[0].unique()) == 2 and checker[0, 0, 0, 0] == checker[0, 0, 2, 2] != checker[0, 0, 0, 2]
    assert (half[..., :12] == 0).all() and torch.equal(half[..., 12:], x[..., 12:])
    assert torch.equal(turned[:, :, 0], x[:, :, -1])


def test_a_plan_is_checked_whole_before_it_starts(written, tmp_path, capsys):
    path = written(runs=[run(epoch=3), run("d", network="nothing"), run("d"), run("e", seed=4)],
                   corruptions=["fog:1"], combine=[{"name": "x", "run": "y"}], colour="red")
    assert cli.main(["sweep", str(path), "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    for sentence in ("'colour' is not part of a plan", "c: unrecognized arguments: --epoch 3", "name of its own: 'd'",
                     "e: option 'seed' is the plan's own affair", "x: no run is named 'y'", "corruption 'fog:1'"):
        assert sentence in told, told
    path = written(runs=[run("d e", seeds=[0, 0]), run("f", seeds=[]), run("g") | {"seed": 3}, run("h", threads=2)],
                   splits=[], combine=[{"name": "g", "run": "h"}, {"name": "h-0", "run": "h"},
                                       {"name": "i", "run": "h", "passes": 0}, {"name": "j", "run": "h", "pass": 9}])
    assert cli.main(["sweep", str(path), "--out", str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    for sentence in ("d e: seeds are whole numbers from 0 on, one or more, each once: [0, 0]", "f: seeds are",
                     "g: 'seed' is not part of a run", "h: option 'threads' is the plan's own affair",
                     "splits are a list, one or more, each once: []", "a combined row has no name of its own: 'g'",
                     "a combined row has no name of its own: 'h-0'", "i: passes are a whole number from 1 on: 0",
                     "j: 'pass' is not part of a combined row"):
        assert sentence in told, told
    for shape in ("[]", '{"runs": ["c"]}', '{"runs": [{"name": "c", "options": []}]}'):
        path.write_text(shape)
        assert cli.main(["sweep", str(path), "--out", str(tmp_path / "out")]) == 1
        assert f"{path}: a plan is an object" in capsys.readouterr().err
    path = written(runs=[run(network="nothing")])
    assert cli.main(["sweep", str(path), "--out", str(tmp_path / "out")]) == 1
    assert "c-0: " in (told := capsys.readouterr().err) and "--network nothing: one of release, paper, edge" in told
    assert not (tmp_path / "out").exists()


def test_figures_of_another_recipe_are_not_taken(written, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["sweep", str(written(runs=[run()])), "--out", str(out), "--threads", "1"]) == 0
    for option, value in (("lr", 1), ("precision", "bf16")):
        path = written(runs=[run(**{option: value})])
        assert cli.main(["sweep", str(path), "--out", str(out), "--threads", "1"]) == 1
        assert f"made with another {'recipe' if option == 'lr' else option} than the plan's" in capsys.readouterr().err


def test_first_seeds_come_first(written, tmp_path):
    the_plan = plan.read(written(runs=[run(seeds=(3, 4)), run("d e", seeds=(3, 4))]), tmp_path)
    assert [job.name for job in the_plan.jobs] == ["c-3", "d-e-3", "c-4", "d-e-4"]
    assert plan.arguments({"size": [32, 48], "no-averaging": True, "lr": 1e-3, "no-augmentation": False}) == [
        "--size", "32", "48", "--no-averaging", "--lr", "0.001"]


@pytest.mark.parametrize("name", ["claim-plan.json", "claim-plan-cpu.json"])
def test_the_claims_plans_have_three_seeds_of_every_row(name, tmp_path):
    the_plan = plan.read(ROOT / "docs" / name, tmp_path)
    assert {sum(job.row == row for job in the_plan.jobs) for row in the_plan.rows} == {3}


def test_the_claims_page_holds_the_tables_of_its_document(tmp_path):
    page, document = ROOT / "docs/claim.md", json.loads((ROOT / "docs/claim/results.json").read_text())
    text = page.read_text(encoding="utf-8")
    assert results.into(text, document) == text, "python -m uml_training.results docs/claim/results.json docs/claim.md"
    said, tables = text.split("## What holds and what does not")[1].split(results.END)[0].split("## Tables")
    assert said.count("0.") > 20
    assert [number for number in re.findall(r"\d\.\d{3}", said) if number not in tables] == []
    the_plan = plan.read(ROOT / "docs/claim-plan-cpu.json", tmp_path)
    left = [job for job in the_plan.jobs if job.name in document["left"]]
    done = {row: sum(job.row == row for job in the_plan.jobs if job not in left) for row in the_plan.rows}
    done |= {entry.row: int(entry.row not in document["left"]) for entry in the_plan.combined}
    assert {row["row"]: row["runs"] for row in document["rows"]} == {row: runs for row, runs in done.items() if runs}
    with pytest.raises(ValueError, match="the page has no"):
        results.into("no marks", document)
