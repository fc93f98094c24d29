"""`uml-train export`: a run's averaged weights as one safetensors file that describes and checks itself."""

import argparse
import copy
import json
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file
from scipy import ndimage
from torch import Tensor, nn

from . import evaluate
from .data import load, read_picture
from .evaluate import Findings, fit_input
from .fit import storage_size
from .layouts import read_splits
from .networks import NETWORKS, Config
from .recipes import Recipe
from .trainer import Run, Trainer
from .weights_file import DTYPES, SELF_CHECK, frozen_state, inference_model, rounded

LOGITS_CHECKED, UNCERTAINTIES_CHECKED = 64, 16


@torch.inference_mode()
def self_check(model: nn.Module, config: Config, image: np.ndarray, seed: int = 0) -> dict:
    """image: H x W x C u8 of the configuration's own size. Values in double, at indices drawn by the seed."""
    x = torch.from_numpy(image.copy()).movedim(-1, 0)[None].double() / 255
    alpha, logits, u = checked_outputs(model, x)
    draw = np.random.default_rng(seed)
    at_logits = sorted(draw.choice(logits.numel(), LOGITS_CHECKED, replace=False).tolist())
    at_u = sorted(draw.choice(u.numel(), UNCERTAINTIES_CHECKED, replace=False).tolist())
    exact = [alpha, logits[at_logits], u[at_u]]
    alpha_f32, logits_f32, u_f32 = checked_outputs(copy.deepcopy(model).float(), x.float())
    lost = zip([alpha_f32, logits_f32[at_logits], u_f32[at_u]], exact)
    return {"cls_alpha": exact[0].tolist(),
            "logit_index": at_logits, "logit_value": exact[1].tolist(),
            "mutual_uncertainty_index": at_u, "mutual_uncertainty_value": exact[2].tolist(),
            # What single precision loses on this network and picture: the reader's limit follows it.
            "float32_error": max(float((single - e).norm() / e.norm()) for single, e in lost)}


def checked_outputs(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Class alpha, region logits and pixel uncertainty of one picture, flat."""
    out = model.outputs(x)
    return (out["cls_alpha"][0], out.get("seg_logits", out.get("seg_logits.0"))[0].flatten(),
            out.get("mutual_uncertainty.0", out.get("mutual_uncertainty"))[0].flatten())


def write(path: pathlib.Path, network: str, config: Config, state: dict[str, Tensor], image: np.ndarray,
          facts: dict[str, object]) -> None:
    """state: as `rounded` gives it; facts: metadata without the prefix `uml.`; what is not a string becomes JSON."""
    check = self_check(inference_model(network, config, state), config, image)
    values = {"format": "1", "network": network, "config": config.as_dict(), "selfcheck": check} | facts
    metadata = {f"uml.{name}": value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    tensors = dict(state) | {SELF_CHECK: torch.from_numpy(image.copy())}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata)
    path.chmod(0o644)  # save_file writes for the owner only


def at_size(picture: np.ndarray, config: Config) -> np.ndarray:
    """A picture as H x W x C u8 of the configuration's size, for the self-check."""
    x = fit_input(picture, (config.height, config.width))
    return (x[0].movedim(0, -1) * 255).round().to(torch.uint8).numpy()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=pathlib.Path, help="run folder of uml-train fit")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--dtype", choices=DTYPES, default="bf16")
    parser.add_argument("--data", type=pathlib.Path, help="data folder if it has moved since the run")
    parser.add_argument("--coverage", type=float, default=0.9, help="share of val images accepted by screening")
    parser.add_argument("--regions", nargs="+", default=["background", "tumour"], help="region names in order")
    parser.add_argument("--trained-on", default="", help="what is told about the training data")
    parser.add_argument("--license", default="", help="licence of the weights")


def screening(found: Findings, coverage: float) -> dict[str, float]:
    """Vacuity below which the most certain share `coverage` of the images lies, and the same for the pixels in or
    around a tumour (predicted or true): over all pixels the background would decide alone."""
    image = np.quantile(found.uncertainties, coverage)
    near = [u[ndimage.binary_dilation(m | t, iterations=4)] for u, m, t in
            zip(found.pixel_uncertainties, found.masks, found.truths)]
    return {"image_vacuity": float(image), "pixel_vacuity": float(np.quantile(np.concatenate(near), coverage))}


def main(args: argparse.Namespace) -> int:
    described = json.loads((args.run / "run.json").read_text())
    if described["network"] not in NETWORKS:
        raise ValueError(f"{args.run}: {described['network']} is for comparison only: nothing reads its weights")
    folder = args.data or pathlib.Path(described["data"])
    splits = read_splits(folder)
    config = Config(**described["config"])
    recipe = Recipe.from_dict(described["recipe"])
    run = Run(args.run, described["network"], config, recipe, described["seed"], "cpu", "f32")
    store = storage_size(splits["train"], (config.height, config.width), config.channels_in)
    trainer = Trainer(run, load(splits["train"], config.regions, config.classes, config.channels_in, store))
    trainer.resume(same_recipe=False)  # the checkpoint may have been rescheduled since
    state = rounded(frozen_state(trainer.result().state_dict(), run.network, config), DTYPES[args.dtype])
    model = inference_model(run.network, config, state).float().to(memory_format=torch.channels_last)
    found = evaluate.run(model, splits["val"], config)
    case = splits["val"].cases[0]
    facts = {"classes": described["classes"], "regions": args.regions, "temperature": 1,
             "input": f"{'grey' if config.channels_in == 1 else 'RGB'}, value / 255, resized with Pillow's bilinear "
                      f"filter to {config.height}x{config.width}",
             "trained_on": args.trained_on, "license": args.license, "screening": screening(found, args.coverage)}
    image = at_size(read_picture(case.image, "L" if config.channels_in == 1 else "RGB"), config)
    write(args.out, run.network, config, state, image, facts)
    print(json.dumps({"epoch": trainer.epoch, "bytes": args.out.stat().st_size, "screening": facts["screening"],
                      "val": evaluate.quick(found)}))
    return 0
