"""What all engines compute: weights made by rule, pictures, the PyTorch twin, and the answer to hold them against."""

import json
import pathlib
from types import MethodType

import numpy as np
import torch
from tensors import load_file, save_file
from torch import Tensor, nn
from uml_training.layers import resize
from uml_training.networks import Config, build
from uml_training.release_decoders import UncertaintyNavigator

OUTPUTS = ("class alpha", "region logits", "pixel alpha", "pixel vacuity")
SEED = 1


def config_of(network: str, size: int) -> Config:
    return Config(height=size, width=size, regions=3, classes=2, channel_divisor=4 if network == "edge" else 1)


def uniform(name: str, count: int) -> np.ndarray:
    """`count` doubles in [0, 1) from a name: splitmix64 started at its FNV-1a hash."""
    base = 0xCBF29CE484222325
    for byte in name.encode():
        base = ((base ^ byte) * 0x100000001B3) & (2**64 - 1)
    z = np.uint64(base ^ SEED) + np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count + 1, dtype=np.uint64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def ruled(name: str, shape: tuple[int, ...]) -> Tensor:
    """Values that keep activations near 1 through the whole network, as in the library's golden files."""
    u = uniform(name, int(np.prod(shape)))
    if name.endswith("running_var"):
        u = 0.5 + u
    elif len(shape) >= 2:
        u = (2 * u - 1) * 1.12 * np.sqrt(3 / np.prod(shape[1:]))
    elif name.endswith(".weight"):
        u = 0.75 + 0.5 * u
    else:
        u = 0.2 * u - 0.1
    return torch.from_numpy(u.astype(np.float32)).reshape(shape)


def write_weights(path: pathlib.Path, network: str) -> None:
    config = config_of(network, 256)
    with torch.device("meta"):
        state = build(network, config).state_dict()
    tensors = {n: ruled(n, tuple(t.shape)) for n, t in state.items() if not n.endswith("num_batches_tracked")}
    save_file(tensors, path, {"uml.format": "1", "uml.network": network, "uml.config": json.dumps(config.as_dict())})


def write_pictures(folder: pathlib.Path, size: int, batch: int) -> None:
    """Smooth shapes with noise, in [0, 1]; the last of a batch is the first again. Both orders: NHWC for us."""
    draw = np.random.default_rng(size)
    y, x = np.mgrid[0:size, 0:size] / size
    pictures = np.empty((batch, size, size, 3), np.float32)
    for picture in pictures:
        phase = draw.uniform(0, 6, (3, 3))
        waves = [np.sin(a + 9 * x) * np.cos(b + 7 * y) + np.sin(c + 20 * x * y) for a, b, c in phase]
        picture[:] = np.clip(0.5 + 0.2 * np.stack(waves, -1) + draw.normal(0, 0.05, (size, size, 3)), 0, 1)
    pictures[-1] = pictures[0]
    pictures.tofile(folder / "pictures.nhwc")
    np.ascontiguousarray(np.moveaxis(pictures, -1, 1)).tofile(folder / "pictures.nchw")


def read_pictures(folder: pathlib.Path, size: int, batch: int) -> np.ndarray:
    return np.fromfile(folder / "pictures.nchw", np.float32).reshape(batch, 3, size, size)


def published_navigator(self: UncertaintyNavigator, x: Tensor, d1: Tensor, u: Tensor) -> Tensor:
    """The mutual feature tiled to the channels of x, as published; the twin has a cheaper form of the same function."""
    d1, u = resize(d1, x.shape[-2:]), resize(u, x.shape[-2:])
    gated = x * torch.exp(-u)
    tiled = d1.repeat(1, -(-x.shape[1] // d1.shape[1]), 1, 1)[:, :x.shape[1]]
    return gated * self.psi(torch.relu(self.W_x(gated) + self.W_m(tiled)))


class Answer(nn.Module):
    """The network as published, with the four outputs that every engine computes."""

    def __init__(self, network: str, size: int, weights: pathlib.Path):
        super().__init__()
        with torch.device("meta"):
            self.network = build(network, config_of(network, size))
        self.network.load_state_dict(load_file(weights), strict=False, assign=True)
        for module in self.network.modules():
            if isinstance(module, UncertaintyNavigator):
                module.forward = MethodType(published_navigator, module)
        self.eval().requires_grad_(False)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        out = self.network.outputs(image)
        first = {name.removesuffix(".0"): value for name, value in out.items()}
        return tuple(first[name] for name in ("cls_alpha", "seg_logits", "mutual_alpha", "mutual_uncertainty"))


def flat(outputs: list[np.ndarray]) -> np.ndarray:
    """Batch x numbers of all outputs, in the order in which uml-bench-engine writes them."""
    last = [np.moveaxis(a, 1, -1).reshape(len(a), -1) for a in outputs]
    return np.concatenate(last, 1).astype(np.float64)


@torch.inference_mode()
def expected(network: str, size: int, weights: pathlib.Path, pictures: np.ndarray, on: str = "cpu") -> np.ndarray:
    """The first picture's outputs in float64 (above 256 pixels, where that takes minutes, in float32)."""
    model, image = Answer(network, size, weights), torch.from_numpy(pictures[:1])
    if size <= 256 or on != "cpu":
        model, image = model.double(), image.double()
    return flat([t.cpu().numpy() for t in model.to(on)(image.to(on))])[0]


def error(found: np.ndarray, wanted: np.ndarray, size: int, regions: int = 3, classes: int = 2) -> float:
    """The largest over the outputs of ||out - ref|| / ||ref - mean(ref)||; for class alpha, which has too few numbers to
    spread, ||out - ref|| / ||ref||."""
    pixels = size * size
    ends = np.cumsum([classes, regions * pixels, regions * pixels, pixels])
    if len(found) != ends[-1]:
        return float("inf")
    worst = 0.0
    for i, (a, b) in enumerate(zip(np.split(found, ends[:-1]), np.split(wanted, ends[:-1]), strict=True)):
        size_of = np.linalg.norm(b if i == 0 else b - b.mean())
        worst = max(worst, float(np.linalg.norm(a - b) / size_of))
    return worst if np.isfinite(found).all() else float("inf")


@torch.inference_mode()
def export_onnx(network: str, size: int, batch: int, weights: pathlib.Path, folder: pathlib.Path) -> None:
    """model.onnx."""
    example = torch.zeros(batch, 3, size, size)
    torch.onnx.export(Answer(network, size, weights), (example,), folder / "model.onnx", input_names=["image"],
                      output_names=[f"output{n}" for n in range(len(OUTPUTS))], dynamo=False,
                      verbose=False)


def export(network: str, size: int, batch: int, weights: pathlib.Path, folder: pathlib.Path) -> None:
    """The same, and as OpenVINO's own files model.xml and .bin in f32."""
    import openvino

    export_onnx(network, size, batch, weights, folder)
    openvino.save_model(openvino.Core().read_model(folder / "model.onnx"), folder / "model.xml",
                        compress_to_fp16=False)
