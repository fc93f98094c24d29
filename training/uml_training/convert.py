"""`uml-train convert`: a checkpoint of the authors' code (.pth) as a weights file, read without running any of it."""

import argparse
import json
import pathlib

import numpy as np
import torch
from torch import Tensor

from . import checkpoints, options, whole
from .export import write
from .networks import Config, build
from .weights_file import DTYPES, inference_model, input_rule, rounded

# Names that tell the networks apart, and the tensors whose first dimension is the number of regions and of classes.
MARKS = {"release": ("un_seg_decoder.conv_out.conv.weight", "un_cls_decoder.cls_predict.0.weight"),
         "paper": ("UN.conv_out0.conv.weight", "UI.cls_predict.0.weight")}


def read_checkpoint(path: pathlib.Path) -> dict[str, Tensor]:
    """The state_dict inside, without `module.` before its names. Pickled code is refused (weights_only)."""
    whole.never_overwrite(path)
    content = checkpoints.load(path)
    for key in ("state_dict", "model_state_dict", "model", "net"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise ValueError(f"{path}: holds no state_dict (names and tensors)")
    return {name.removeprefix("module."): value for name, value in content.items()}


def published_state(state: dict[str, Tensor], height: int, width: int) -> tuple[str, Config, dict[str, Tensor]]:
    """The network, its configuration and exactly the tensors that inference uses."""
    network = next((name for name, marks in MARKS.items() if all(mark in state for mark in marks)), None)
    if network is None:
        raise ValueError(f"neither of the published networks: wants {' or '.join(m[0] for m in MARKS.values())}")
    regions, classes = (state[mark].shape[0] for mark in MARKS[network])
    config = Config(height, width, regions, classes)
    with torch.device("meta"):
        used = build(network, config).state_dict()
        known = build(network, config, with_unused=True).state_dict()
    unknown = sorted(name for name in state if name not in known and not name.endswith("num_batches_tracked"))
    if unknown:
        raise ValueError(f"{len(unknown)} tensors that {network} does not have, for example {unknown[0]}")
    out = {}
    for name, tensor in used.items():
        if name.endswith("num_batches_tracked"):
            continue
        if name not in state:
            raise ValueError(f"{network}: tensor {name} is missing")
        if state[name].shape != tensor.shape:
            raise ValueError(f"{network}: tensor {name} has shape {tuple(state[name].shape)}, "
                             f"should be {tuple(tensor.shape)}")
        out[name] = state[name].float()
    return network, config, out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options.add_size(parser)
    parser.add_argument("--dtype", choices=DTYPES, default="f32")
    parser.add_argument("--classes", nargs="+", help="class names in the order of their labels")
    parser.add_argument("--regions", nargs="+", help="region names in the order of their numbers")
    parser.add_argument("--trained-on", default="unknown: converted from a checkpoint")
    parser.add_argument("--license", default="")


def main(args: argparse.Namespace) -> int:
    network, config, state = published_state(read_checkpoint(args.checkpoint), args.size[0], args.size[-1])
    names = {"classes": args.classes or [f"class {k}" for k in range(config.classes)],
             "regions": args.regions or [f"region {k}" for k in range(config.regions)]}
    for key, count in (("classes", config.classes), ("regions", config.regions)):
        if len(names[key]) != count:
            raise ValueError(f"--{key}: {len(names[key])} names, the checkpoint has {count}")
    shape = (config.height, config.width, config.channels_in)
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)  # any picture does for a self-check
    facts = names | {"input": input_rule(config.channels_in), "trained_on": args.trained_on, "license": args.license,
                     "temperature": 1}
    stored = rounded(state, DTYPES[args.dtype])
    write(args.out, network, config, inference_model(network, config, stored), stored, image, facts)
    print(json.dumps({"network": network, "config": config.as_dict(), "bytes": args.out.stat().st_size}))
    return 0
