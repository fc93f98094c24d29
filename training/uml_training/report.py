"""`uml-train evaluate`: the figures that uml-evaluate gives, from the same weights file and folder."""

import argparse
import json
import math
import pathlib
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from . import evaluate, metrics, options, whole
from .checks import check_names_against
from .evaluate import Findings
from .faults import DataError, Faults
from .layouts import read_splits
from .weights_file import inference_model, read

RESAMPLES = 1000
NAMES = ("accuracy", "f1_weighted", "auc", "dice", "assd", "hd95", "ece", "brier", "aurc", "risk_at_80", "auroc_error",
         "ause", "coverage_90")


class Table:
    """Findings as arrays, one row an image; masks are already summed up."""

    def __init__(self, found: Findings, threads: int = 1):
        self.labels = np.array(found.labels)
        self.classified, self.segmented = bool(found.probabilities), bool(found.masks)
        if self.classified:
            self.probability, self.uncertainty = np.stack(found.probabilities), np.array(found.uncertainties)
            self.predicted = self.probability.argmax(1)
            self.right = self.predicted == self.labels
            self.wrong = (~self.right).astype(float)
        if self.segmented:
            pairs = list(zip(found.masks, found.truths))
            self.dice = np.array([metrics.dice(m, t) for m, t in pairs])
            with ThreadPoolExecutor(min(threads, len(pairs))) as pool:  # numpy and scipy leave other threads alone
                distances = np.array(list(pool.map(lambda pair: metrics.surface_distances(*pair), pairs)))
                self.ause = np.array(list(pool.map(lambda u, pair: metrics.ause(
                    u.ravel(), (pair[0] != pair[1]).astype(float).ravel()), found.pixel_uncertainties, pairs)))
            self.assd, self.hd95 = distances[:, 0], distances[:, 1]

    def figures(self, i: np.ndarray | slice = slice(None)) -> dict[str, float]:
        """All metrics of the images i, NaN those of what the network does not do; those of pixels are means over the
        images."""
        result = dict.fromkeys(NAMES, math.nan)
        if self.classified:
            labels, u, wrong, right = self.labels[i], self.uncertainty[i], self.wrong[i], self.right[i]
            p = self.probability[i]
            result |= {"accuracy": metrics.accuracy(labels, self.predicted[i]),
                       "f1_weighted": metrics.f1_weighted(labels, self.predicted[i]), "auc": metrics.auc(labels, p),
                       "ece": metrics.ece(p.max(1), right), "brier": metrics.brier(labels, p),
                       "aurc": metrics.aurc(u, wrong), "risk_at_80": metrics.risk_at(u, wrong, 0.8),
                       "auroc_error": metrics.auroc(u, wrong),
                       "coverage_90": metrics.coverage_at_accuracy(u, wrong, 0.9)}
        if self.segmented:
            result |= {name: metrics.mean(getattr(self, name)[i]) for name in ("dice", "assd", "hd95", "ause")}
        return result

    def intervals(self) -> dict[str, list[float]]:
        """95 % bootstrap intervals over the images, all metrics on the same resamples."""
        rows: list[dict[str, float]] = []
        metrics.bootstrap95(len(self.labels), lambda i: rows.append(self.figures(i)) or 0.0, RESAMPLES)
        result = {}
        for name in rows[0]:
            values = np.array([row[name] for row in rows])
            values = values[~np.isnan(values)]
            result[name] = np.percentile(values, [2.5, 97.5]).tolist() if len(values) else [math.nan, math.nan]
        return result


def summary(found: Findings) -> dict:
    """n, metrics and ci95, as they stand in the JSON document."""
    table = Table(found)
    return {"n": len(table.labels), "metrics": table.figures(), "ci95": table.intervals()}


def without_nan(value):
    """NaN becomes null: JSON has no NaN."""
    if isinstance(value, dict):
        return {k: without_nan(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_nan(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def as_json(document: dict) -> str:
    return json.dumps(without_nan(document), indent=1) + "\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=pathlib.Path, required=True, help="file of uml-train export")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--split", default="", help="train, val or test, where the folder has them")
    parser.add_argument("--noise", type=options.from_zero, default=0.0,
                        help="standard deviation of a second, noisy evaluation")
    parser.add_argument("--network", help="package.module:Class of a network of your own")
    parser.add_argument("--json", type=pathlib.Path)
    options.add_threads(parser)


def main(args: argparse.Namespace) -> int:
    torch.set_num_threads(args.threads)
    network, config, state, metadata = read(args.weights)
    model = inference_model(args.network or network, config, state).float().to(memory_format=torch.channels_last)
    splits = read_splits(args.data)
    if args.split not in splits:
        raise DataError(f"{args.data}: --split is one of {', '.join(splits) or 'none (leave it out)'}")
    split, faults = splits[args.split], Faults()
    if "uml.classes" in metadata:
        check_names_against(split, json.loads(metadata["uml.classes"]), faults)
    faults.complain(split.folder)
    result = summary(evaluate.run(model, split, config)) | {"noise": {}}
    if args.noise > 0:
        noisy = summary(evaluate.run(model, split, config, f"noise:{args.noise}"))
        result["noise"] = {"sigma": args.noise, "metrics": noisy["metrics"], "ci95": noisy["ci95"]}
    text = as_json(result)
    if args.json:
        whole.text(args.json, text)
    for name, value in result["metrics"].items():
        low, high = result["ci95"][name]
        print(f"{name:12} {value:8.4f}  [{low:.4f}, {high:.4f}]", file=sys.stderr if args.json is None else sys.stdout)
    if args.json is None:
        print(text, end="")
    return 0
