"""`uml-train export`: a run's averaged weights as one safetensors file that describes and checks itself."""

import argparse
import copy
import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from scipy import ndimage
from torch import Tensor, nn

from . import evaluate, registry, whole
from .checks import storage_size
from .data import Split, load, read_picture
from .evaluate import Findings, fit_input
from .layers import FreezableNorm, FrozenBatchNorm2d
from .layouts import read_splits, region_names
from .names import check_names
from .networks import NETWORKS, Config
from .recipes import Recipe
from .trainer import Run, Trainer
from .weights_file import DTYPES, SELF_CHECK, input_rule, rounded

LOGITS_CHECKED, UNCERTAINTIES_CHECKED = 64, 16


CHECKED = ("cls_alpha", "seg_logits", "mutual_uncertainty")  # outputs, by the C++ names


def frozen_copy(model: nn.Module) -> nn.Module:
    """The trained model for inference in double: FreezableNorms without eps, which their variance has taken in."""
    exact = copy.deepcopy(model).cpu().double().eval()
    for module in exact.modules():
        if isinstance(module, FreezableNorm):
            module.running_var += module.eps
            module.eps = 0.0
    return exact


def with_values(exact: nn.Module, dtype: torch.dtype) -> dict[str, Tensor]:
    """Rounds the model's tensors to what a file of this type stores, and gives what it stores."""
    state = {name: value.float() for name, value in exact.state_dict().items()
             if not name.endswith("num_batches_tracked")}
    state = rounded(state, dtype)
    exact.load_state_dict({name: value.double() for name, value in state.items()}, strict=False)
    return state


@torch.inference_mode()
def self_check(model: nn.Module, image: np.ndarray, seed: int = 0) -> dict:
    """image: H x W x C u8 of the configuration's own size. Values in double, at indices drawn by the seed. Empty for a
    network that lacks one of the three outputs that readers check."""
    x = torch.from_numpy(image.copy()).movedim(-1, 0)[None].double() / 255
    outputs = checked_outputs(model, x)
    if any(value is None for value in outputs):
        return {}
    alpha, logits, u = outputs
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


def checked_outputs(model: nn.Module, x: Tensor) -> list[Tensor | None]:
    """Class alpha, region logits and pixel uncertainty of one picture, flat; None where there is none."""
    out = model.outputs(x)
    found = (evaluate.first_of(out, name, f"{name}.0") for name in CHECKED)
    return [None if value is None else value[0].flatten() for value in found]


def names_of_frozen_norms(model: nn.Module, state: dict[str, Tensor]) -> list[str]:
    """The stored norms that the reader uses without eps; it refuses a network that would add one, and the other way
    round."""
    return [name for name, module in model.named_modules()
            if isinstance(module, FrozenBatchNorm2d | FreezableNorm) and f"{name}.running_var" in state]


def write(path: pathlib.Path, network: str, config: Config, model: nn.Module, state: dict[str, Tensor],
          image: np.ndarray, facts: dict[str, object]) -> None:
    """state: what is stored, as `rounded` gives it; model: in double, with exactly these values; facts: metadata
    without the prefix `uml.`; what is not a string becomes JSON."""
    values = {"format": "1", "network": network, "config": config.as_dict(),
              "frozen_norms": names_of_frozen_norms(model, state)} | facts
    tensors = dict(state)
    if check := self_check(model, image):
        values["selfcheck"] = check
        tensors[SELF_CHECK] = torch.from_numpy(image.copy())
    metadata = {f"uml.{name}": value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: tensor.contiguous() for name, tensor in tensors.items()}

    def save(scratch: pathlib.Path) -> None:
        save_file(kept, scratch, metadata)
        scratch.chmod(0o644)  # save_file writes for the owner only
    whole.replace(path, save)


def export_network(model: nn.Module, label: str, config: Config, path: pathlib.Path | str, *, classes: list[str],
                   regions: list[str], dtype: str = "bf16", val: Split | None = None, coverage: float = 0.9,
                   image: np.ndarray | None = None, trained_on: str = "", license: str = "") -> dict:
    """Writes a trained network as a weights file that the C++ library loads and that checks itself.

    model: anything whose `outputs(N x C x H x W)` gives the C++ outputs by name (blocks.Network does), and whose
    state_dict has the C++ names; norms that the C++ side reads as frozen are FreezableNorms.
    label: `uml.network`, the label of the C++ type. classes, regions: as many names as config says.
    val: pictures that set the screening thresholds, so that the share `coverage` of them is accepted; without it there
    are none, and the reader accepts nothing. image: H x W x C u8 for the self-check; else the first of val, or noise.
    dtype: f32, f16 or bf16, of tensors of two or more dimensions.
    Returns what was found on val ("screening", "val") and the file's size. Errors: ValueError."""
    for what, names, count in (("class", classes, config.classes), ("region", regions, config.regions)):
        if len(names) != count:
            raise ValueError(f"{path}: {len(names)} {what} names ({', '.join(names)}), but the network has {count}")
        check_names(f"{path}: {what}", names)
    if not label:
        raise ValueError(f"{path}: the network has no label: set it to that of its C++ type")
    mode, shape = "L" if config.channels_in == 1 else "RGB", (config.height, config.width, config.channels_in)
    exact = frozen_copy(model)
    state = with_values(exact, DTYPES[dtype])
    facts: dict = {"classes": classes, "regions": regions, "temperature": 1,
                   "input": input_rule(config.channels_in), "trained_on": trained_on, "license": license}
    told: dict = {}
    if val is not None:
        found = evaluate.run(copy.deepcopy(exact).float().to(memory_format=torch.channels_last), val, config)
        told = {"screening": screening(found, coverage), "val": evaluate.quick(found)}
        facts["screening"] = told["screening"]
    if image is None and val is not None:
        image = at_size(read_picture(val.cases[0].image, mode), config)
    if image is None:
        image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    write(pathlib.Path(path), label, config, exact, state, image, facts)
    return {"bytes": pathlib.Path(path).stat().st_size} | told


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
    parser.add_argument("--regions", nargs="+", help="region names in order, where no regions.txt beside labels.csv "
                                                     "has them")
    parser.add_argument("--trained-on", default="", help="what is told about the training data")
    parser.add_argument("--license", default="", help="licence of the weights")


def screening(found: Findings, coverage: float) -> dict[str, float]:
    """Vacuity below which the most certain share `coverage` of the images lies, and the same for the pixels in or
    around a tumour (predicted or true): over all pixels the background would decide alone. 0, which accepts nothing,
    for what the network does not tell."""
    image = np.quantile(found.uncertainties, coverage) if found.uncertainties else 0.0
    near = [u[ndimage.binary_dilation(m | t, iterations=4)] for u, m, t in
            zip(found.pixel_uncertainties, found.masks, found.truths)]
    pixel = np.quantile(np.concatenate(near), coverage) if near else 0.0
    return {"image_vacuity": float(image), "pixel_vacuity": float(pixel)}


def names_of_regions(asked: list[str] | None, folder: pathlib.Path, described: dict) -> list[str]:
    """As many as the network has regions: of the command line, of regions.txt now or when the run began.
    Errors: ValueError that asks for them."""
    count = described["config"]["regions"]
    names = asked or region_names(folder) or described.get("regions") or []
    if not names and count == 2:
        print("no region names: they become background and foreground (--regions, or regions.txt beside labels.csv)",
              file=sys.stderr)
        return ["background", "foreground"]
    if len(names) != count:
        have = f"{len(names)} ({', '.join(names)})" if names else "none"
        raise ValueError(f"the network has {count} regions, but there are names for {have}: give --regions, or write "
                         "regions.txt beside labels.csv, a name a line in the order of the region numbers")
    return names


def main(args: argparse.Namespace) -> int:
    for name in ("run.json", "checkpoint.pt"):
        whole.never_overwrite(args.run / name)
    described = json.loads((args.run / "run.json").read_text())
    network = described["network"]
    if network not in NETWORKS and ":" not in network:
        raise ValueError(f"{args.run}: {network} is for comparison only: nothing reads its weights")
    folder = args.data or pathlib.Path(described["data"])
    regions = names_of_regions(args.regions, folder, described)
    splits = read_splits(folder)
    config = Config(**described["config"])
    recipe = Recipe.from_dict(described["recipe"])
    run = Run(args.run, network, config, recipe, described["seed"], "cpu", "f32")
    store = storage_size(splits["train"], (config.height, config.width), config.channels_in)
    trainer = Trainer(run, load(splits["train"], config.regions, config.classes, config.channels_in, store))
    trainer.resume(same_recipe=False, same_data=False)  # the checkpoint may have been rescheduled since
    told = export_network(trainer.result(), registry.label_of(network), config, args.out, dtype=args.dtype,
                          classes=described["classes"], regions=regions, val=splits["val"], coverage=args.coverage,
                          trained_on=args.trained_on, license=args.license)
    print(json.dumps({"epoch": trainer.epoch} | told))
    return 0
