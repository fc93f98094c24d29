"""One peer on a GPU as a process: as worker.py, with pictures from the host's memory and results back there. The first line
is `first MEGABYTES DEVICE`, the second number what PyTorch has reserved of the device. UML_BENCH_DEVICE=cpu: a dry run."""

import argparse
import os
import sys

import numpy as np
from worker import Run, serve

ON = os.environ.get("UML_BENCH_DEVICE", "cuda")


def torch_engine(o: argparse.Namespace, image: np.ndarray, compiled: bool) -> Run:
    import torch
    from workload import Answer

    if ON == "cuda" and not torch.cuda.is_available():
        raise SystemExit("PyTorch sees no GPU")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = o.precision == "tf32"
    torch.backends.cudnn.benchmark = True
    kind = torch.bfloat16 if o.precision == "bf16" else torch.float32
    model = Answer(o.network, o.size, o.folder.parent / "weights.safetensors")
    model = model.to(ON, kind, memory_format=torch.channels_last)
    # As a program that cares would: the pictures in pinned memory, in the network's type.
    x = torch.from_numpy(image).contiguous(memory_format=torch.channels_last)
    x = x.pin_memory() if ON == "cuda" else x
    if compiled:
        # Without a GPU there are no CUDA graphs, and the dry run takes the backend that compiles nothing.
        model = torch.compile(model, mode="reduce-overhead") if ON == "cuda" else torch.compile(model, backend="eager")

    @torch.inference_mode()
    def run() -> list[np.ndarray]:
        found = model(x.to(ON, kind, non_blocking=True))
        return [t.float().cpu().numpy() for t in found]

    if compiled:
        run()  # a CUDA graph is recorded by the second run, replayed from the third on
        run()
    return run


def onnxruntime_engine(o: argparse.Namespace, image: np.ndarray) -> Run:
    import onnxruntime

    provider = "CUDAExecutionProvider" if ON == "cuda" else "CPUExecutionProvider"
    if provider not in onnxruntime.get_available_providers():
        raise SystemExit(f"ONNX Runtime has no {provider}")
    import workload

    if not (o.folder / "model.onnx").exists():
        workload.export_onnx(o.network, o.size, o.batch, o.folder.parent / "weights.safetensors", o.folder)
    settings = {"use_tf32": int(o.precision == "tf32")} if ON == "cuda" else {}
    session = onnxruntime.InferenceSession(str(o.folder / "model.onnx"), providers=[(provider, settings)])
    if session.get_providers()[0] != provider:
        raise SystemExit(f"ONNX Runtime could not begin with {provider}")
    return lambda: session.run(None, {"image": image})


def reserved() -> float:
    """What PyTorch has, if it is what runs here."""
    torch = sys.modules.get("torch")
    return torch.cuda.memory_reserved() / 1e6 if torch and ON == "cuda" else 0.0


ENGINES = {"pytorch-eager": lambda o, image: torch_engine(o, image, compiled=False),
           "pytorch-compile": lambda o, image: torch_engine(o, image, compiled=True), "onnxruntime": onnxruntime_engine}


if __name__ == "__main__":
    serve(ENGINES, reserved)
