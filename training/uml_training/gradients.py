"""Which loss moves which part of a trained run's network, and what the limit on the gradient's norm does.

    python -m uml_training.gradients RUN --data FOLDER [--batches 16] [--json FILE]

By part of the network: the norm of each weighted loss's gradient, and the cosine between the segmentation loss's
gradient and the others' sum (below 0: they pull against each other). Means over batches of train, with augmentation.
"""

import argparse
import json
import math
import pathlib
import sys

import numpy as np
import torch
from torch import Tensor

from . import checks, data, layouts, options, whole
from .data import Split
from .losses import total_loss
from .networks import Config
from .recipes import Recipe
from .report import as_json
from .trainer import Run, Trainer


def device_for(trained_on: str) -> str:
    """That which the run was trained on, or the CPU where it is not here."""
    try:
        return options.device(trained_on)
    except argparse.ArgumentTypeError as error:
        print(f"{error}: computed on the CPU", file=sys.stderr)
        return "cpu"


def stood(folder: pathlib.Path, place: pathlib.Path, batches: int) -> Trainer:
    """The run's trainer where its checkpoint stands, with as many of the training pictures as the batches need."""
    told = json.loads((folder / "run.json").read_text())
    run = Run(folder, told["network"], Config(**told["config"]), Recipe.from_dict(told["recipe"]), told["seed"],
              device_for(told["device"]), told["precision"])
    split = layouts.read_splits(place)["train"]
    order = np.random.default_rng(run.seed).permutation(len(split.cases))[:batches * run.recipe.batch]
    chosen = Split(split.folder, [split.cases[i] for i in order])
    size = checks.storage_size(split, (run.config.height, run.config.width), run.config.channels_in)
    trainer = Trainer(run, data.load(chosen, run.config.regions, run.config.classes, run.config.channels_in, size))
    trainer.resume(same_data=False)
    trainer.model.train()
    return trainer


def by_group(trainer: Trainer) -> dict[str, list[Tensor]]:
    groups = {name: list(part.parameters()) for name, part in trainer.model.named_children()}
    return {name: parameters for name, parameters in groups.items() if parameters}


def of_batch(trainer: Trainer, chosen: Tensor) -> dict[str, dict[str, Tensor]]:
    """group -> weighted loss -> its gradient, all parameters of the group in one row."""
    recipe = trainer.run.recipe
    images, masks, labels = trainer.batch(chosen)
    out = trainer.forward(images)
    _, parts = total_loss(out, labels, masks, trainer.run.config.regions, recipe.loss,
                          recipe.loss.kl_weight(trainer.epoch))
    groups = by_group(trainer)
    every = [p for group in groups.values() for p in group]
    found: dict[str, dict[str, Tensor]] = {group: {} for group in groups}
    for name, part in parts.items():
        loss = getattr(recipe.loss, name) * part
        slopes = torch.autograd.grad(loss, every, retain_graph=True, allow_unused=True)
        rows = iter(torch.zeros_like(p).flatten() if g is None else g.flatten() for p, g in zip(every, slopes))
        for group, parameters in groups.items():
            found[group][name] = torch.cat([next(rows) for _ in parameters])
    return found


def cosine(a: Tensor, b: Tensor) -> float:
    size = float(a.norm() * b.norm())
    return float(a @ b) / size if size > 0 else math.nan


def figures(trainer: Trainer) -> dict:
    recipe, seen, total = trainer.run.recipe, [], []
    for number in range(trainer.steps):
        torch.manual_seed(number)
        at = number * recipe.batch
        found = of_batch(trainer, torch.arange(at, min(at + recipe.batch, trainer.count)))
        total.append(math.sqrt(sum(float(sum(parts.values()).square().sum()) for parts in found.values())))
        seen.append({group: {"norm": {name: float(slope.norm()) for name, slope in parts.items()},
                             "cosine": cosine(parts["seg"], sum(parts.values()) - parts["seg"])
                             if "seg" in parts and len(parts) > 1 else math.nan}
                     for group, parts in found.items()})
    factors = [min(1.0, recipe.clip / norm) if recipe.clip > 0 else 1.0 for norm in total]
    groups = {}
    for group, told in seen[0].items():
        norms = {name: float(np.mean([one[group]["norm"][name] for one in seen])) for name in told["norm"]}
        groups[group] = {"norm": norms, "cosine": float(np.mean([one[group]["cosine"] for one in seen]))}
    return {"batches": len(total), "norm": {"mean": float(np.mean(total)), "least": min(total), "most": max(total)},
            "factor": {"mean": float(np.mean(factors)), "least": min(factors), "most": max(factors)},
            "groups": groups}


def as_markdown(found: dict) -> str:
    names = list(next(iter(found["groups"].values()))["norm"])
    lines = [f"| part | {' | '.join(names)} | cosine |", "|" + "---|" * (len(names) + 2)]
    for group, told in found["groups"].items():
        known = told["cosine"] is not None and not math.isnan(told["cosine"])  # null in JSON
        shown = f"{told['cosine']:.2f}" if known else ""
        norms = " | ".join(f"{told['norm'][name]:.4f}" for name in names)
        lines.append(f"| {group} | {norms} | {shown} |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--batches", type=int, default=16)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args(argv)
    if args.batches < 1 or not (args.run / "checkpoint.pt").is_file():
        parser.error(f"{args.run}: no checkpoint.pt, or fewer than one batch is asked for")
    found = figures(stood(args.run, args.data, args.batches))
    for what, name in (("norm", "norm of the gradient"), ("factor", "what the limit multiplies it by")):
        print(f"{name}: {found[what]['mean']:.3f} ({found[what]['least']:.3f} to {found[what]['most']:.3f})")
    print(as_markdown(found))
    if args.json:
        whole.text(args.json, as_json(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
