"""The golden files and the rule that makes their weights: shared by the tests."""

import csv
import importlib.util
import os
import pathlib

import torch

ROOT = pathlib.Path(os.environ.get("UML_REFERENCE", pathlib.Path(__file__).parents[3] / "shared" / "reference"))


def weights_rule():
    spec = importlib.util.spec_from_file_location("weights_rule", ROOT / "weights_rule.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fill(model: torch.nn.Module, seed: int) -> None:
    """Give every tensor of the model its value by name, in double."""
    rule = weights_rule()
    state = {}
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            state[name] = tensor
        else:
            state[name] = torch.from_numpy(rule.tensor(name, tuple(tensor.shape), seed)).double()
    model.load_state_dict(state)


def published(network: str) -> dict[str, tuple[int, ...]]:
    """Name -> shape for 3 regions and 2 classes."""
    with open(ROOT / network / "state_dict.csv", newline="") as file:
        return {row["name"]: tuple(map(int, row["shape"].split("x"))) for row in csv.DictReader(file)}
