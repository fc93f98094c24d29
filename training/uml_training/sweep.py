"""`uml-train sweep`: a plan's runs, several side by side on a GPU, within a time limit; called again it goes on."""

import argparse
import json
import math
import os
import pathlib
import sys
import time
from dataclasses import dataclass

import torch
from torch import nn

from . import checks, evaluate, filling, fit, metrics, options, plan, report, unknown, whole
from .checks import Dataset
from .combined import MeanOf, seconds_a_picture, with_dropout
from .faults import DataError, Faults
from .fit import Prepared
from .plan import Combined, Job, Plan
from .recipes import Recipe
from .results import FIGURES, as_markdown, gather
from .trainer import Trainer

BURST = 4  # steps of one run before the next one's turn
SAVE_EVERY = 20.0  # seconds between a run's checkpoints, at ends of epochs: a GPU does an epoch in less


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", type=pathlib.Path, metavar="PLAN.json")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the runs, results.json and table.md")
    parser.add_argument("--data", type=pathlib.Path, help="in place of the plan's data folder")
    parser.add_argument("--limit", type=float, default=math.inf, metavar="SECONDS",
                        help="stop by then, with checkpoints; the same command goes on")
    parser.add_argument("--reserve", type=float, default=0.0, metavar="SECONDS",
                        help="of the limit, for judging; the longest so far if that took longer")
    parser.add_argument("--fill", action="store_true",
                        help="as many epochs as the limit allows, in place of the plan's, all runs side by side")
    parser.add_argument("--together", type=int, default=4 if torch.cuda.is_available() else 1,
                        help="runs side by side")
    options.add_threads(parser)


@dataclass
class Clock:
    """How much of the limit is left, less what the longest evaluation so far took."""

    limit: float
    reserve: float = 0.0

    def __post_init__(self) -> None:
        self.began = time.monotonic()

    def over(self, reserve: bool = True) -> bool:
        return time.monotonic() - self.began > self.limit - self.reserve * reserve

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
    found["run"]["recipe"] = Recipe.from_dict(found["run"]["recipe"]).as_dict()
    for key in ("network", "config", "recipe", "seed", "precision"):
        if found["run"][key] != mine[key]:
            raise ValueError(f"{file}: made with another {key} than the plan's: {found['run'][key]}, now {mine[key]}")
    return complete(found, the_plan)


def complete(found: dict, the_plan: Plan) -> bool:
    return "made" in found and all(
        c in found["figures"].get(split, {}) for split in the_plan.splits for c in the_plan.corruptions)


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
    """All figures of a model into its folder's result.json; those that an earlier, shorter plan found are kept."""
    started, file = time.monotonic(), result_file(folder)
    before = json.loads(file.read_text()) if file.is_file() else {}
    found = before.get("figures", {})
    for split in the_plan.splits:
        had = found.setdefault(split, {})
        had |= {c: figures(model, ready, split, c) for c in the_plan.corruptions if c not in had}
    if "made" not in before:
        split = ready.dataset.splits[the_plan.splits[0]]
        before["made"] = unknown.figures(model, split, ready.run.config, ready.run.device)
    about |= {"figures": found, "made": before["made"]}
    write(file, about)
    clock.reserve = max(clock.reserve, time.monotonic() - started)
    shown = next(iter(next(iter(found.values())).values()))
    known = {k: v for k, v in shown.items() if v is not None and not math.isnan(v)}
    clock.say("done", folder.name, *(f"{k} {v:.3f}" for k, v in known.items()))


def advance(trainer: Trainer) -> None:
    for _ in range(BURST):
        if not trainer.done:
            trainer.advance()
            if trainer.step % trainer.steps == 0:
                trainer.history.append(trainer.end_epoch())
                if time.monotonic() - trainer.saved > SAVE_EVERY:
                    trainer.save()


def train(waiting: list[tuple[Job, Prepared]], the_plan: Plan, together: int, clock: Clock,
          filler: filling.Filling | None = None) -> tuple[list[str], dict[str, str]]:
    """Runs as many as the time allows. Returns the names of those that lack time, and what ended those given up."""
    active: list[tuple[Job, Prepared, Trainer]] = []
    waiting, given_up = list(waiting), {}
    while (waiting or active) and not clock.over(reserve=filler is None):  # filled runs end about then by themselves
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
                given_up[job.name] = str(error)
                continue
            if trainer.done:
                trainer.save()
                trainer.tell()
                active.remove(entry)
                about = {"row": job.row, "seed": job.seed, "epochs": trainer.epoch,
                         "seconds": sum(row["seconds"] for row in trainer.history), "run": ready.run.describe(),
                         "parameters": sum(p.numel() for p in trainer.model.parameters())}
                judge(trainer.result(), ready, the_plan, about, ready.run.folder, clock)
        if filler and active:
            refill(filler, active, clock)
    for job, _, trainer in active:
        trainer.save()
        trainer.tell()
        clock.say("stopped", job.name, f"at epoch {trainer.step / trainer.steps:.2f}")
    return [job.name for job, *_ in active] + [job.name for job, _ in waiting], given_up


def refill(filler: filling.Filling, active: list[tuple[Job, Prepared, Trainer]], clock: Clock) -> None:
    changed = filler.look({job.name: trainer for job, _, trainer in active})
    for job, ready, trainer in active:
        if job.name in changed:
            ready.describe(trainer)
            clock.say(job.name, f"will have {trainer.run.recipe.epochs} epochs,",
                      f"after {trainer.step / trainer.steps:.2f}; {1000 * filler.seconds[job.name]:.1f} ms a step")


def combined_model(entry: Combined, members: list[tuple[Job, Prepared]]) -> nn.Module:
    models = [ready.trainer().result() for _, ready in members]
    return with_dropout(models[0], entry.passes) if entry.passes else MeanOf(models)


def members_of(entry: Combined, ready: list[tuple[Job, Prepared]]) -> list[tuple[Job, Prepared]]:
    return [(job, prepared) for job, prepared in ready if job.row == entry.of][:1 if entry.passes else None]


def made_of(entry: Combined, members: list[tuple[Job, Prepared]]) -> dict:
    return {"row": entry.row, "of": [job.name for job, _ in members], "passes": entry.passes}


def combined_before(entry: Combined, members: list[tuple[Job, Prepared]], the_plan: Plan, file: pathlib.Path) -> bool:
    """Whether the row has all its figures. Those of other runs, or of another number of passes, are removed."""
    if not file.is_file():
        return False
    found, mine = json.loads(file.read_text()), made_of(entry, members)
    if any(found[key] != mine[key] for key in ("of", "passes")):
        file.unlink()
        return False
    return complete(found, the_plan)


def combine(entry: Combined, members: list[tuple[Job, Prepared]], the_plan: Plan, out: pathlib.Path,
            clock: Clock) -> None:
    """The figures of a row that is made of others' trained networks."""
    model = combined_model(entry, members)
    about = made_of(entry, members)
    torch.manual_seed(0)  # dropout
    judge(model, members[0][1], the_plan, about, out / plan.folder_name(entry.row), clock)


def times(the_plan: Plan, ready: list[tuple[Job, Prepared]], left: list[str]) -> dict[str, float]:
    """Seconds a picture of every row that is done."""
    rows: dict[str, tuple[nn.Module, Prepared]] = {}
    for job, prepared in ready:
        if job.row not in rows and job.name not in left:
            rows[job.row] = prepared.trainer().result(), prepared
    for entry in the_plan.combined:
        if entry.row not in left:
            members = members_of(entry, ready)
            rows[entry.row] = combined_model(entry, members), members[0][1]
    if not rows:
        return {}
    device = ready[0][1].run.device
    taken = seconds_a_picture([(model, prepared.run.config) for model, prepared in rows.values()], device)
    return dict(zip(rows, taken))


def main(args: argparse.Namespace) -> int:
    torch.set_num_threads(args.threads)
    clock = Clock(args.limit, args.reserve)
    if args.fill and math.isinf(args.limit):
        raise ValueError("--fill needs a --limit")
    the_plan = plan.read(args.plan, args.out, args.data)
    ready = prepare(the_plan.jobs)
    for split in the_plan.splits:
        if split not in ready[0][1].dataset.splits:
            raise ValueError(f"{args.plan}: the data have no split {split!r}")
    args.out.mkdir(parents=True, exist_ok=True)
    with whole.locked(args.out, str(args.out)):
        go_on(args, the_plan, ready, clock)
    return 0


def go_on(args: argparse.Namespace, the_plan: Plan, ready: list[tuple[Job, Prepared]], clock: Clock) -> None:
    """Errors: FloatingPointError that names the runs given up, once the results of all others are written."""
    if args.fill:
        for _, prepared in ready:
            filling.go_on(prepared)
    waiting = [entry for entry in ready if not done_before(entry[1], the_plan)]
    clock.say(f"{len(ready)} runs, {len(waiting)} to do")
    filler = filling.Filling(clock.began + clock.limit - clock.reserve) if args.fill else None
    late, given_up = train(waiting, the_plan, len(waiting) if filler else max(1, args.together), clock, filler)
    lost = []
    for entry in the_plan.combined:
        members = members_of(entry, ready)
        if combined_before(entry, members, the_plan, result_file(args.out / plan.folder_name(entry.row))):
            continue
        if any(job.name in given_up for job, _ in members):
            lost.append(entry.row)
        elif clock.over() or any(job.name in late for job, _ in members):
            late.append(entry.row)
        else:
            combine(entry, members, the_plan, args.out, clock)
    left = [*given_up, *lost, *late]
    document = gather(the_plan, args.out, left, times(the_plan, ready, left))
    write(args.out / "results.json", document)
    whole.text(args.out / "table.md", as_markdown(document))
    if late:
        clock.say(f"not done yet: {', '.join(late)}; the same command goes on")
    if given_up:
        without = f"\n  not made for want of them: {', '.join(lost)}" if lost else ""
        raise FloatingPointError(f"given up: {', '.join(given_up)}\n  " + "\n  ".join(given_up.values()) + without)
