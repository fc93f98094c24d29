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

OWN = ("data", "out", "seed", "resume")  # options that the plan and the command set


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


def read(path: pathlib.Path, out: pathlib.Path, data: pathlib.Path | None = None) -> Plan:
    """data: in place of the plan's own folder. Errors: ValueError with every fault of the plan."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: {error}") from error
    faults: list[str] = []
    known = {"data", "options", "runs", "combine", "splits", "corruptions"}
    faults += [f"{key!r} is not part of a plan" for key in document if key not in known]
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
        faults += [f"{name}: option {key!r} is the plan's own affair" for key in options if key in OWN]
        plan.rows.append(name)
        for seed in run.get("seeds", [0]):
            try:
                own = {"data": folder, "seed": seed, "resume": True,
                       "out": out / f"{folder_name(name)}-{seed}"}
                args = parser.parse_args(arguments(options | own))
                plan.jobs.append(Job(name, seed, args))
            except ValueError as error:
                faults.append(f"{name}: {error}")
                break
    for entry in document.get("combine", []):
        combined = Combined(entry.get("name", ""), entry.get("run", ""), entry.get("passes", 0))
        if combined.of not in plan.rows:
            faults.append(f"{combined.row}: no run is named {combined.of!r}")
        plan.combined.append(combined)
    for corruption in plan.corruptions:
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
