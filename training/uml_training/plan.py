"""A plan of many runs (`uml-train sweep`), checked whole before the first one starts.

    {"data": "FOLDER",                                 beside the plan, or anywhere
     "options": {"size": 256, "preset": "robust"},     of uml-train fit, for every run
     "runs": [{"name": "joint", "options": {"network": "edge"}, "seeds": [0, 1, 2]}, ...],
     "combine": [{"name": "ensemble of 3", "run": "classifier"},          the mean of all its seeds
                 {"name": "dropout x10", "run": "classifier", "passes": 10}],
     "splits": ["val"], "corruptions": ["clean", "noise:0.1"]}
"""

import argparse
import json
import pathlib
import re
from dataclasses import dataclass, field
from typing import NoReturn

from . import corrupt, fit

OWN = ("data", "out", "seed", "resume", "threads")  # options that the plan and the command set
KEYS = {"plan": ("data", "options", "runs", "combine", "splits", "corruptions"), "run": ("name", "options", "seeds"),
        "combined row": ("name", "run", "passes")}


class Parser(argparse.ArgumentParser):
    """An argparse that raises in place of ending the program."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


@dataclass(frozen=True)
class Job:
    """One run of a row: `name` is its folder."""

    row: str
    seed: int
    args: argparse.Namespace

    @property
    def name(self) -> str:
        return self.args.out.name


@dataclass(frozen=True)
class Combined:
    """A row made of another's runs: with passes the first one with dropout, else the mean of all."""

    row: str
    of: str
    passes: int = 0


@dataclass
class Plan:
    jobs: list[Job] = field(default_factory=list)  # first seeds first: every row has figures before any has its spread
    combined: list[Combined] = field(default_factory=list)
    splits: list[str] = field(default_factory=lambda: ["val"])
    corruptions: list[str] = field(default_factory=lambda: ["clean"])
    rows: list[str] = field(default_factory=list)


def arguments(options: dict) -> list[str]:
    """{"size": 256, "no-averaging": true} as the command line has it."""
    line: list[str] = []
    for name, value in options.items():
        if value is False or value is None:
            continue
        values = value if isinstance(value, list) else [] if value is True else [value]
        line += [f"--{name}", *map(str, values)]
    return line


def folder_name(row: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", row)


def strangers(whose: str, entry: dict, kind: str) -> list[str]:
    """Faults: keys that would be passed over in silence."""
    return [f"{whose}{key!r} is not part of a {kind}" for key in entry if key not in KEYS[kind]]


def is_plan(document: object) -> bool:
    """Whether it has a plan's shape."""
    if not isinstance(document, dict):
        return False
    lists = [document.get(key, []) for key in ("runs", "combine")]
    if not all(isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries) for entries in lists):
        return False
    return all(isinstance(entry.get("options", {}), dict) for entry in [document, *lists[0]])


def are_seeds(seeds: object) -> bool:
    return isinstance(seeds, list) and all(type(seed) is int and seed >= 0 for seed in seeds) \
        and 0 < len(seeds) == len(set(seeds))


def read(path: pathlib.Path, out: pathlib.Path, data: pathlib.Path | None = None) -> Plan:
    """data: in place of the plan's own folder. Errors: ValueError with every fault of the plan."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: {error}") from error
    if not is_plan(document):
        raise ValueError(f"{path}: a plan is an object; runs and combine are lists of objects, options are objects")
    faults = strangers("", document, "plan")
    folder = pathlib.Path(document.get("data", ""))
    beside = path.parent / folder
    folder = data or (beside if beside.is_dir() else folder)
    plan = Plan(splits=document.get("splits", ["val"]), corruptions=document.get("corruptions", ["clean"]))
    parser = Parser(add_help=False, allow_abbrev=False)
    fit.add_arguments(parser)
    for run in document.get("runs", []):
        name, options = run.get("name", ""), document.get("options", {}) | run.get("options", {})
        if not name or folder_name(name) in map(folder_name, plan.rows):
            faults.append(f"a run has no name of its own: {name!r}")
        faults += strangers(f"{name}: ", run, "run")
        faults += [f"{name}: option {key!r} is the plan's own affair" for key in options if key in OWN]
        plan.rows.append(name)
        if not are_seeds(seeds := run.get("seeds", [0])):
            faults.append(f"{name}: seeds are whole numbers from 0 on, one or more, each once: {seeds!r}")
            continue
        for seed in seeds:
            try:
                own = {"data": folder, "seed": seed, "resume": True,
                       "out": out / f"{folder_name(name)}-{seed}"}
                args = parser.parse_args(arguments(options | own))
                plan.jobs.append(Job(name, seed, args))
            except ValueError as error:
                faults.append(f"{name}: {error}")
                break
    taken = {job.name for job in plan.jobs} | set(map(folder_name, plan.rows))
    for entry in document.get("combine", []):
        combined = Combined(entry.get("name", ""), entry.get("run", ""), entry.get("passes", 0))
        if not combined.row or folder_name(combined.row) in taken:
            faults.append(f"a combined row has no name of its own: {combined.row!r}")
        taken.add(folder_name(combined.row))
        faults += strangers(f"{combined.row}: ", entry, "combined row")
        if "passes" in entry and not (type(combined.passes) is int and combined.passes > 0):
            faults.append(f"{combined.row}: passes are a whole number from 1 on: {combined.passes!r}")
        if combined.of not in plan.rows:
            faults.append(f"{combined.row}: no run is named {combined.of!r}")
        plan.combined.append(combined)
    for what, names in (("splits", plan.splits), ("corruptions", plan.corruptions)):
        if not isinstance(names, list) or not 0 < len(names) == len(set(map(str, names))):
            faults.append(f"{what} are a list, one or more, each once: {names!r}")
    for corruption in map(str, plan.corruptions):
        try:
            corrupt.parse(corruption)
        except ValueError as error:
            faults.append(str(error))
    if not plan.jobs and not faults:
        faults.append("no runs")
    if faults:
        raise ValueError(f"{path}:\n  " + "\n  ".join(faults))
    order = {job: i for row in plan.rows for i, job in enumerate(j.name for j in plan.jobs if j.row == row)}
    plan.jobs.sort(key=lambda job: order[job.name])
    return plan
