"""`uml-train sweep`: a plan's runs, several side by side on a GPU, within a time limit; called again it goes on."""

import argparse
import json
import math
import os
import pathlib
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from . import checks, evaluate, fit, metrics, plan, report, whole
from .checks import Dataset
from .combined import MeanOf, seconds_a_picture, with_dropout
from .faults import DataError, Faults
from .fit import Prepared
from .plan import Combined, Job, Plan
from .trainer import Trainer

FIGURES = ("accuracy", "auc", "dice", "assd", "auroc_error", "aurc", "augrc", "ece", "ause")
BURST = 4  # steps of one run before the next one's turn


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", type=pathlib.Path, metavar="PLAN.json")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the runs, results.json and table.md")
    parser.add_argument("--data", type=pathlib.Path, help="in place of the plan's data folder")
    parser.add_argument("--limit", type=float, default=math.inf, metavar="SECONDS",
                        help="stop by then, with checkpoints; the same command goes on")
    parser.add_argument("--together", type=int, default=4 if torch.cuda.is_available() else 1,
                        help="runs side by side")
    parser.add_argument("--threads", type=int, default=2)


@dataclass
class Clock:
    """How much of the limit is left, less what the longest evaluation so far took."""

    limit: float
    reserve: float = 0.0

    def __post_init__(self) -> None:
        self.began = time.monotonic()

    def over(self) -> bool:
        return time.monotonic() - self.began > self.limit - self.reserve

    def say(self, *words: object) -> None:
        print(f"[{time.monotonic() - self.began:7.1f}]", *words, file=sys.stderr, flush=True)


def result_file(folder: pathlib.Path) -> pathlib.Path:
    return folder / "result.json"


def done_before(ready: Prepared, the_plan: Plan) -> bool:
    """Whether the run's folder has all the figures that the plan asks for. Errors: ValueError if of another recipe."""
    file = result_file(ready.run.folder)
    if not file.is_file():
        return False
    found, mine = json.loads(file.read_text()), ready.run.describe()
    for key in ("network", "config", "recipe", "seed"):
        if found["run"][key] != mine[key]:
            raise ValueError(f"{file}: made with another {key} than the plan's: {found['run'][key]}, now {mine[key]}")
    return all(c in found["figures"].get(split, {}) for split in the_plan.splits for c in the_plan.corruptions)


def write(path: pathlib.Path, document: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole.text(path, report.as_json(document))


def prepare(jobs: list[Job]) -> list[tuple[Job, Prepared]]:
    """Checks every run; data that several share are read once. Errors: DataError with the faults of data or runs."""
    read: dict[tuple, Dataset] = {}
    prepared, faults = [], Faults()
    for job in jobs:
        key = (job.args.data, *job.args.size, job.args.channels, job.args.classes, job.args.regions)
        if key not in read:
            read[key] = checks.read(job.args, Faults())
        try:
            prepared.append((job, fit.prepare(job.args, read[key])))
        except (DataError, ValueError) as error:
            faults.add("run", f"{job.name}: {error}")
    faults.complain("the plan")
    return prepared


@torch.inference_mode()
def figures(model: nn.Module, ready: Prepared, split: str, corruption: str) -> dict[str, float]:
    run = ready.run
    found = evaluate.run(model, ready.dataset.splits[split], run.config, corruption, 64, run.device)
    table = report.Table(found, os.cpu_count() or 1)
    values = table.figures()
    if table.classified:
        values["augrc"] = metrics.augrc(table.uncertainty, table.wrong)
    return {name: values.get(name, math.nan) for name in FIGURES}


def judge(model: nn.Module, ready: Prepared, the_plan: Plan, about: dict, folder: pathlib.Path, clock: Clock) -> None:
    """All figures of a model into its folder's result.json."""
    started = time.monotonic()
    found = {split: {c: figures(model, ready, split, c) for c in the_plan.corruptions} for split in the_plan.splits}
    about |= {"seconds_a_picture": seconds_a_picture(model, ready.run.config, ready.run.device), "figures": found}
    write(result_file(folder), about)
    clock.reserve = max(clock.reserve, time.monotonic() - started)
    shown = next(iter(next(iter(found.values())).values()))
    clock.say("done", folder.name, *(f"{k} {v:.3f}" for k, v in shown.items() if not math.isnan(v)))


def advance(trainer: Trainer) -> None:
    for _ in range(BURST):
        if not trainer.done:
            trainer.advance()
            if trainer.step % trainer.steps == 0:
                trainer.history.append(trainer.end_epoch())


def train(waiting: list[tuple[Job, Prepared]], the_plan: Plan, together: int, clock: Clock) -> list[str]:
    """Runs as many as the time allows. Returns the names of those that are not done."""
    active: list[tuple[Job, Prepared, Trainer]] = []
    waiting, failed = list(waiting), []
    while (waiting or active) and not clock.over():
        while waiting and len(active) < together:
            job, ready = waiting.pop(0)
            active.append((job, ready, ready.trainer()))
            clock.say("start", job.name, f"at epoch {active[-1][2].epoch} of {ready.run.recipe.epochs}")
        for entry in list(active):
            job, ready, trainer = entry
            try:
                advance(trainer)
            except FloatingPointError as error:
                clock.say("given up:", error)
                active.remove(entry)
                failed.append(job.name)
                continue
            if trainer.done:
                trainer.save()
                active.remove(entry)
                about = {"row": job.row, "seed": job.seed, "epochs": trainer.epoch,
                         "seconds": sum(row["seconds"] for row in trainer.history), "run": ready.run.describe(),
                         "parameters": sum(p.numel() for p in trainer.model.parameters())}
                judge(trainer.result(), ready, the_plan, about, ready.run.folder, clock)
    for job, _, trainer in active:
        trainer.save()
        clock.say("stopped", job.name, f"at epoch {trainer.step / trainer.steps:.2f}")
    return failed + [job.name for job, *_ in active] + [job.name for job, _ in waiting]


def combine(entry: Combined, members: list[tuple[Job, Prepared]], the_plan: Plan, out: pathlib.Path,
            clock: Clock) -> None:
    """The figures of a row that is made of others' trained networks."""
    folder = out / plan.folder_name(entry.row)
    models = [ready.trainer().result() for _, ready in (members[:1] if entry.passes else members)]
    model = with_dropout(models[0], entry.passes) if entry.passes else MeanOf(models)
    about = {"row": entry.row, "of": [job.name for job, _ in members[:len(models)]], "passes": entry.passes}
    torch.manual_seed(0)  # dropout
    judge(model, members[0][1], the_plan, about, folder, clock)


def gather(the_plan: Plan, out: pathlib.Path, left: list[str]) -> dict:
    """Every row's mean and spread (standard deviation over seeds, null for one) of what is done so far."""
    rows = []
    for name in the_plan.rows + [entry.row for entry in the_plan.combined]:
        found = [json.loads(p.read_text()) for p in sorted(out.glob("*/result.json"))]
        found = [r for r in found if r["row"] == name]
        if not found:
            continue
        table: dict = {}
        for split in the_plan.splits:
            for corruption in the_plan.corruptions:
                cells = [r["figures"][split][corruption] for r in found]
                table.setdefault(split, {})[corruption] = {figure: spread([c[figure] for c in cells])
                                                           for figure in FIGURES}
        rows.append({"row": name, "runs": len(found), "seconds_a_picture": np.median(
            [r["seconds_a_picture"] for r in found]).item(), "figures": table})
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    return {"device": device, "torch": torch.__version__, "rows": rows, "left": left}


def spread(values: list[float | None]) -> dict[str, float | None]:
    known = [v for v in values if v is not None]
    if not known:
        return {"mean": None, "sd": None}
    return {"mean": float(np.mean(known)), "sd": float(np.std(known, ddof=1)) if len(known) > 1 else None}


def as_markdown(document: dict) -> str:
    """A table a split and corruption: rows down, figures across, mean ± standard deviation over seeds."""
    def cell(value: dict) -> str:
        if value["mean"] is None:
            return ""
        return f"{value['mean']:.3f}" + (f" ± {value['sd']:.3f}" if value["sd"] is not None else "")
    lines = []
    first = document["rows"][0]["figures"] if document["rows"] else {}
    for split, corruptions in first.items():
        for corruption in corruptions:
            lines += [f"### {split}, {corruption}", "", "| row | runs | " + " | ".join(FIGURES) + " | ms a picture |",
                      "|" + "---|" * (len(FIGURES) + 3)]
            for row in document["rows"]:
                cells = [cell(row["figures"][split][corruption][figure]) for figure in FIGURES]
                lines.append(f"| {row['row']} | {row['runs']} | " + " | ".join(cells)
                             + f" | {1000 * row['seconds_a_picture']:.1f} |")
            lines.append("")
    return "\n".join(lines)


def main(args: argparse.Namespace) -> int:
    torch.set_num_threads(args.threads)
    clock = Clock(args.limit)
    the_plan = plan.read(args.plan, args.out, args.data)
    ready = prepare(the_plan.jobs)
    for split in the_plan.splits:
        if split not in ready[0][1].dataset.splits:
            raise ValueError(f"{args.plan}: the data have no split {split!r}")
    waiting = [entry for entry in ready if not done_before(entry[1], the_plan)]
    clock.say(f"{len(ready)} runs, {len(waiting)} to do")
    left = train(waiting, the_plan, max(1, args.together), clock)
    for entry in the_plan.combined:
        members = [(job, prepared) for job, prepared in ready if job.row == entry.of]
        if result_file(args.out / plan.folder_name(entry.row)).is_file():
            continue
        if clock.over() or any(job.name in left for job, _ in members):
            left.append(entry.row)
        else:
            combine(entry, members, the_plan, args.out, clock)
    document = gather(the_plan, args.out, left)
    write(args.out / "results.json", document)
    whole.text(args.out / "table.md", as_markdown(document))
    if left:
        clock.say(f"not done yet: {', '.join(left)}; the same command goes on")
    return 0
