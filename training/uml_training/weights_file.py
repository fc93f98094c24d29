"""The weights file: what is stored and how, and reading it back."""

import json
import pathlib

import torch
from safetensors import safe_open
from torch import Tensor, nn

from . import whole
from .layers import FreezableNorm, FrozenBatchNorm2d
from .networks import Config
from .registry import build

DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
SELF_CHECK = "uml.selfcheck.input"
OWN = "uml."  # begins the names of tensors that are not the network's: of the self-check, of familiarity
EPS = 1e-5  # of the encoders' norms in training


def frozen_norms(network: str, config: Config) -> tuple[set[str], list[str]]:
    """Names of the encoder norms, and of all tensors that inference uses."""
    with torch.device("meta"):
        model = build(network, config, frozen=True)
    norms = {name for name, module in model.named_modules() if isinstance(module, FrozenBatchNorm2d | FreezableNorm)}
    return norms, [name for name in model.state_dict() if not name.endswith("num_batches_tracked")]


def with_eps(state: dict[str, Tensor], network: str, config: Config, eps: float) -> dict[str, Tensor]:
    norms, names = frozen_norms(network, config)
    out = {}
    for name in names:
        value = state[name].detach().float()
        if name.endswith("running_var") and name.rpartition(".")[0] in norms:
            value = value + eps
        out[name] = value.contiguous()
    return out


def frozen_state(state: dict[str, Tensor], network: str, config: Config) -> dict[str, Tensor]:
    """A training state_dict as the published form: encoder norms frozen (their eps inside running_var, so that "no
    eps" is exact), nothing that inference does not use."""
    return with_eps(state, network, config, EPS)


def thawed_state(state: dict[str, Tensor], network: str, config: Config) -> dict[str, Tensor]:
    """The way back, for training on from a weights file (up to its rounding)."""
    return with_eps(state, network, config, -EPS)


def rounded(state: dict[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Tensors of two or more dimensions in `dtype`; vectors (biases, norms) stay f32: they are small, and folding the
    norms into the convolutions is exact to f32 then."""
    return {name: value.to(dtype) if value.ndim >= 2 else value for name, value in state.items()}


def inference_model(network: str, config: Config, state: dict[str, Tensor]) -> nn.Module:
    """The network in double with exactly the stored values."""
    model = build(network, config, frozen=True).double().eval()
    for module in model.modules():
        if isinstance(module, FreezableNorm):
            module.eps = 0.0
    missing = model.load_state_dict({name: value.double() for name, value in state.items()}, strict=False)
    absent = [name for name in missing.missing_keys if not name.endswith("num_batches_tracked")]
    if absent or missing.unexpected_keys:
        raise ValueError(f"missing tensors {absent[:5]}, unexpected ones {missing.unexpected_keys[:5]}")
    return model


def input_rule(channels: int) -> dict[str, object]:
    """How readers make pictures: as data.load and evaluate.fit_input do."""
    return {"channels": "grey" if channels == 1 else "rgb", "range": [0, 1], "levels": [0, 255],
            "resampling": "bilinear"}


def check_input(said: str, channels: int, path: pathlib.Path) -> None:
    """Errors: ValueError where `uml.input` wants other pictures than this package makes. Free text says nothing."""
    if not said.lstrip(" \t\r\n").startswith("{"):
        return
    made = input_rule(channels)
    for name, value in json.loads(said).items():
        truths = isinstance(value, list) and any(isinstance(v, bool) for v in value)  # equal to 0 and 1 in Python
        if name not in made or made[name] != value or truths:
            raise ValueError(f"{path}: its network wants pictures with {json.dumps({name: value})[1:-1]}, which this "
                             "program does not make")


def read(path: pathlib.Path) -> tuple[str, Config, dict[str, Tensor], dict[str, str]]:
    """network, configuration, the network's tensors and the metadata of a file that `write` made."""
    whole.never_overwrite(path)
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
        if metadata.get("uml.format") != "1":
            raise ValueError(f"{path}: no uml. metadata of format 1: a plain state_dict does not say what it is for")
        state = {name: file.get_tensor(name) for name in file.keys() if not name.startswith(OWN)}
    config = Config(**json.loads(metadata["uml.config"]))
    check_input(metadata.get("uml.input", ""), config.channels_in, path)
    return metadata["uml.network"], config, state, metadata
