"""`uml-train fit`: data checks, training, a checkpoint and a line of figures every epoch, all figures at the end."""

import argparse
import json
import pathlib
import sys
import time

import torch

from . import curves, data, evaluate, report
from .augment import none
from .layouts import read_splits
from .losses import LossWeights
from .networks import NETWORKS, Config
from .parts import PARTS
from .recipes import PRESETS, Recipe, recipe
from .trainer import Run, Trainer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with train and val (and test)")
    parser.add_argument("--network", choices=(*NETWORKS, *PARTS), required=True,
                        help="classifier and segmenter are parts of edge alone, for comparison")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("training/runs/run"), help="run folder")
    parser.add_argument("--size", type=int, nargs="+", default=[256], metavar="PIXELS", help="height and width")
    parser.add_argument("--regions", type=int, default=2)
    parser.add_argument("--classes", type=int, default=0, help="0: as many as labels.csv has")
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3)
    parser.add_argument("--divisor", type=int, default=4, help="channel divisor; edge and its parts")
    parser.add_argument("--stem-stride", type=int, default=1, help="edge and its parts")
    parser.add_argument("--preset", choices=PRESETS, default="published")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--warmup", type=float, help="epochs")
    parser.add_argument("--decay-from", type=float, help="epoch at which the learning rate starts to fall")
    parser.add_argument("--loss-weights", type=float, nargs=3, metavar=("CLASS", "MUTUAL", "SEGMENTATION"))
    parser.add_argument("--annealing", type=float, help="epochs over which the KL term grows to its full weight")
    parser.add_argument("--no-averaging", action="store_true", help="use the last weights instead of their average")
    parser.add_argument("--no-augmentation", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on from the run folder's checkpoint, if there is one")
    parser.add_argument("--reschedule", action="store_true", help="resume although the recipe differs")
    parser.add_argument("--start-from", type=pathlib.Path, help="checkpoint of another run whose weights to take")
    parser.add_argument("--backbone", type=pathlib.Path,
                        help="state_dict (.pth) of a trained Res2Net-50-v1b-26w-4s: encoder norms stay frozen then")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--threads", type=int, default=2)


def chosen_recipe(args: argparse.Namespace) -> Recipe:
    """The preset with what the command line changes."""
    published = LossWeights()
    weights = args.loss_weights or (published.cls, published.mutual, published.seg)
    annealing = published.annealing if args.annealing is None else args.annealing
    if annealing <= 0 or min(weights) < 0 or max(weights) == 0:
        raise ValueError(f"--annealing {annealing:g}, --loss-weights {weights}: annealing takes more than 0 epochs, "
                         "weights are 0 or more and not all 0")
    return recipe(args.preset, epochs=args.epochs, batch=args.batch, lr=args.lr, warmup=args.warmup,
                  decay_from=args.decay_from, frozen_encoders=True if args.backbone else None,
                  loss=LossWeights(*weights, annealing), ema=0.0 if args.no_averaging else None,
                  augmentation=none() if args.no_augmentation else None)


def storage_size(split: data.Split, size: tuple[int, int], channels: int) -> tuple[int, int]:
    """Pictures are kept at up to twice the network's size, so that augmentation samples real detail."""
    first = data.read_picture(split.cases[0].image, "L" if channels == 1 else "RGB")
    return min(first.shape[0], 2 * size[0]), min(first.shape[1], 2 * size[1])


def main(args: argparse.Namespace) -> int:
    torch.set_num_threads(args.threads)
    size = (args.size[0], args.size[-1])
    splits = read_splits(args.data)
    if "train" not in splits or "val" not in splits:
        raise data.DataError(f"{args.data}: training needs train and val, found {', '.join(splits) or 'neither'}")
    classes = args.classes or 1 + max(case.label for split in splits.values() for case in split.cases)
    scaled = args.network in ("edge", *PARTS)
    config = Config(*size, args.regions, classes, args.channels, args.divisor if scaled else 1,
                    args.stem_stride if scaled else 1)
    config.check_size()
    store = storage_size(splits["train"], size, config.channels_in)
    pictures = {name: data.load(split, config.regions, classes, config.channels_in, store)
                for name, split in splits.items()}
    data.check_disjoint(pictures)

    chosen = chosen_recipe(args)
    run = Run(args.out, args.network, config, chosen, args.seed, args.device, args.precision)
    run.folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(run, pictures["train"])
    if args.backbone:
        trainer.load_backbone(args.backbone)
    if args.start_from:
        trainer.start_from(args.start_from)
    if args.resume and run.checkpoint.is_file():
        trainer.resume(same_recipe=not args.reschedule)
    names = splits["train"].class_names()
    described = run.describe() | {
        "data": str(args.data.resolve()), "start_from": str(args.start_from or ""), "classes": names,
        "rescheduled_after": trainer.epoch if args.reschedule else 0,
        "splits": {name: [case.id for case in split.cases] for name, split in splits.items()}}
    (run.folder / "run.json").write_text(json.dumps(described, indent=1))
    while trainer.epoch < chosen.epochs:
        figures = trainer.train_epoch()
        found = evaluate.run(trainer.result(), splits["val"], config, batch=chosen.batch, device=args.device)
        figures |= {f"val_{name}": value for name, value in evaluate.quick(found).items()}
        trainer.history.append(figures)
        trainer.save()
        curves.draw(trainer.history, run.folder / "curves.png")
        print(time.strftime("%H:%M:%S"), " ".join(f"{k} {v:.4g}" for k, v in figures.items()), file=sys.stderr)
    found = evaluate.run(trainer.result(), splits["val"], config, batch=chosen.batch, device=args.device)
    document = {"split": "val", "epoch": trainer.epoch} | report.summary(found)
    (run.folder / "metrics.json").write_text(report.as_json(document))
    return 0
