"""`uml-train fit`: data checks, training, a checkpoint and a line of figures every epoch, all figures at the end."""

import argparse
import json
import math
import pathlib
import sys
import time
from dataclasses import dataclass, replace

import torch

from . import checks, evaluate, options, registry, report, whole
from .augment import none
from .checks import Dataset
from .data import Split
from .faults import Faults, printable
from .losses import LossWeights
from .networks import NETWORKS, Config
from .parts import PARTS, WITHOUT_EVIDENCE
from .recipes import PRESETS, Recipe, recipe
from .trainer import Run, Trainer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with train and val (and test)")
    parser.add_argument("--network", required=True, metavar="NAME",
                        help=f"{', '.join(NETWORKS)}; for comparison {', '.join(PARTS)} (of edge); or a class of your "
                             "own as package.module:Class")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("training/runs/run"), help="run folder")
    options.add_size(parser)
    parser.add_argument("--regions", type=int, default=0, help="0: as many as regions.txt names or the masks hold")
    parser.add_argument("--classes", type=int, default=0, help="0: as many as labels.csv has")
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3)
    parser.add_argument("--divisor", type=options.count,
                        help="channel divisor; edge and its parts: 4, your own network: 1")
    parser.add_argument("--stem-stride", type=options.count, default=1, help="edge, its parts, your own network")
    parser.add_argument("--preset", choices=PRESETS, default="published")
    parser.add_argument("--epochs", type=options.count)
    parser.add_argument("--batch", type=options.count)
    parser.add_argument("--lr", type=options.above_zero)
    parser.add_argument("--warmup", type=options.from_zero, help="epochs")
    parser.add_argument("--decay-from", type=options.from_zero, help="epoch at which the learning rate starts to fall")
    parser.add_argument("--clip", type=options.from_zero, metavar="NORM",
                        help="largest norm of the whole gradient; 0: as it is")
    parser.add_argument("--loss-weights", type=options.from_zero, nargs=3, metavar=("CLASS", "MUTUAL", "SEGMENTATION"))
    parser.add_argument("--annealing", type=options.above_zero,
                        help="epochs over which the KL term grows to its full weight")
    parser.add_argument("--outliers", type=options.from_zero, default=0.0, metavar="WEIGHT",
                        help="make outliers in every step and pull their evidence to zero, with this loss weight")
    parser.add_argument("--noise", type=options.from_zero, help="largest standard deviation of the noise in training")
    parser.add_argument("--map-dropout", type=float, metavar="PROBABILITY",
                        help="of whole feature maps, in place of the network's own")
    parser.add_argument("--augment", nargs="+", default=[], metavar="NAME=VALUE",
                        help="other ranges of augmentation than the preset's: " + ", ".join(vars(none())))
    parser.add_argument("--no-averaging", action="store_true", help="use the last weights instead of their average")
    parser.add_argument("--no-augmentation", action="store_true")
    parser.add_argument("--seed", type=options.seed, default=0)
    parser.add_argument("--resume", action="store_true", help="go on from the run folder's checkpoint, if there is one")
    parser.add_argument("--reschedule", action="store_true", help="resume although the recipe differs")
    parser.add_argument("--start-from", type=pathlib.Path, help="checkpoint of another run whose weights to take")
    parser.add_argument("--backbone", type=pathlib.Path,
                        help="state_dict (.pth) of a trained Res2Net-50-v1b-26w-4s: encoder norms stay frozen then")
    parser.add_argument("--device", type=options.device, default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--no-graph", action="store_true", help="on a GPU: start a step's kernels one by one")
    options.add_threads(parser)


def named_number(text: str) -> tuple[str, float]:
    """NAME=VALUE of --augment. Errors: ValueError."""
    name, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if name not in vars(none()) or not math.isfinite(number) or number < 0:
        raise ValueError(f"--augment {text}: NAME=VALUE, a number from 0 on, NAME one of {', '.join(vars(none()))}")
    return name, number


def chosen_recipe(args: argparse.Namespace) -> Recipe:
    """The preset with what the command line changes. Errors: ValueError."""
    published = LossWeights()
    weights = args.loss_weights or (published.cls, published.mutual, published.seg)
    annealing = published.annealing if args.annealing is None else args.annealing
    if max(weights) == 0:
        raise ValueError("--loss-weights: weights are 0 or more, the three not all 0")
    augmentation = none() if args.no_augmentation else PRESETS[args.preset].augmentation
    if args.noise is not None:
        augmentation = replace(augmentation, noise=args.noise)
    augmentation = replace(augmentation, **dict(map(named_number, args.augment)))
    if args.map_dropout is not None and not 0 <= args.map_dropout < 1:
        raise ValueError(f"--map-dropout {args.map_dropout:g}: a probability from 0 on, below 1")
    return recipe(args.preset, epochs=args.epochs, batch=args.batch, lr=args.lr, warmup=args.warmup,
                  decay_from=args.decay_from, clip=args.clip, frozen_encoders=True if args.backbone else None,
                  loss=LossWeights(*weights, annealing, args.outliers), ema=0.0 if args.no_averaging else None,
                  map_dropout=args.map_dropout,
                  augmentation=augmentation)


@dataclass
class Prepared:
    """A run that has passed every check: nothing is trained and nothing written yet."""

    args: argparse.Namespace
    run: Run
    dataset: Dataset

    def trainer(self) -> Trainer:
        """Makes the run's folder, and the trainer where the run stands."""
        args = self.args
        self.run.folder.mkdir(parents=True, exist_ok=True)
        whole.clean(self.run.folder)
        trainer = Trainer(self.run, self.dataset.pictures["train"])
        if args.backbone:
            trainer.load_backbone(args.backbone)
        if args.start_from:
            trainer.start_from(args.start_from)
        if args.resume and self.run.checkpoint.is_file():
            trainer.resume(same_recipe=not args.reschedule)
        self.describe(trainer)
        return trainer

    def describe(self, trainer: Trainer) -> None:
        """run.json."""
        args = self.args
        described = self.run.describe() | {
            "data": str(args.data.resolve()), "start_from": str(args.start_from or ""),
            "classes": self.dataset.classes, "regions": self.dataset.region_names,
            "rescheduled_after": trainer.epoch if args.reschedule else 0,
            "splits": {name: [case.id for case in split.cases] for name, split in self.dataset.splits.items()}}
        whole.text(self.run.folder / "run.json", json.dumps(described, indent=1))


def asked_for(args: argparse.Namespace, faults: Faults) -> Recipe:
    """The options by themselves, before any data are read."""
    chosen = PRESETS[args.preset]
    try:
        chosen = chosen_recipe(args)
    except ValueError as error:
        faults.add("options", str(error))
    if args.outliers > 0 and args.network in WITHOUT_EVIDENCE:
        faults.add("options", f"--outliers needs a network that gives evidence: {args.network} has only softmax "
                              "outputs")
    for option in ("backbone", "start_from"):
        if (path := getattr(args, option)) and not path.is_file():
            faults.add("options", f"--{option.replace('_', '-')} {path}: no such file")
    return chosen


def prepare(args: argparse.Namespace, dataset: Dataset | None = None) -> Prepared:
    """Checks options, data and network. Errors: DataError that lists every fault. `dataset`: the data, read before."""
    faults = Faults()
    chosen = asked_for(args, faults)
    divisor = args.divisor or (4 if args.network in registry.SCALED else 1)
    size = (args.size[0], args.size[-1])
    classes = len(dataset.classes) if dataset else max(args.classes, 1)
    regions = dataset.regions if dataset else args.regions or 2
    config = Config(*size, regions, classes, args.channels, divisor, args.stem_stride)
    if args.network in ("release", "paper"):
        config = replace(config, channel_divisor=1, stem_stride=1)
    try:
        with torch.device("meta"):
            registry.build(args.network, config, chosen.frozen_encoders)
    except ValueError as error:
        faults.add("network", str(error))
    if dataset is None:
        dataset = checks.read(args, faults)
    faults.complain(args.data)
    config = replace(config, regions=dataset.regions, classes=len(dataset.classes))
    run = Run(args.out, args.network, config, chosen, args.seed, args.device, args.precision, not args.no_graph)
    return Prepared(args, run, dataset)


def main(args: argparse.Namespace) -> int:
    torch.set_num_threads(args.threads)
    prepared = prepare(args)
    print(printable(prepared.dataset.said()), file=sys.stderr)
    run, val = prepared.run, prepared.dataset.splits["val"]
    run.folder.mkdir(parents=True, exist_ok=True)
    with whole.locked(run.folder, str(run.folder)):
        train(prepared, val)
    return 0


def train(prepared: Prepared, val: Split) -> None:
    run, trainer = prepared.run, prepared.trainer()
    trainer.tell()
    while not trainer.done:
        figures = trainer.train_epoch()
        found = evaluate.run(trainer.result(), val, run.config, batch=run.recipe.batch, device=run.device)
        figures |= {f"val_{name}": value for name, value in evaluate.quick(found).items()}
        trainer.history.append(figures)
        trainer.save()
        trainer.tell()
        print(time.strftime("%H:%M:%S"), " ".join(f"{k} {v:.4g}" for k, v in figures.items()), file=sys.stderr)
    found = evaluate.run(trainer.result(), val, run.config, batch=run.recipe.batch, device=run.device)
    document = {"split": "val", "epoch": trainer.epoch} | report.summary(found)
    whole.text(run.folder / "metrics.json", report.as_json(document))
