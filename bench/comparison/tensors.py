"""Safetensors files of f32 tensors, without the package, which a machine with a GPU need not have."""

import json
import pathlib

import numpy as np
import torch
from torch import Tensor


def save_file(tensors: dict[str, Tensor], path: pathlib.Path, metadata: dict[str, str]) -> None:
    header: dict[str, object] = {"__metadata__": metadata}
    at = 0
    for name, value in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [at, at + 4 * value.numel()]}
        at += 4 * value.numel()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for value in tensors.values():
            out.write(value.float().contiguous().numpy().tobytes())


def load_file(path: pathlib.Path) -> dict[str, Tensor]:
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    entries = json.loads(data[8:start])
    entries.pop("__metadata__", None)
    return {name: torch.from_numpy(np.frombuffer(data, np.float32, (e["data_offsets"][1] - e["data_offsets"][0]) // 4,
                                                 start + e["data_offsets"][0]).copy()).reshape(e["shape"])
            for name, e in entries.items()}
