"""One peer on a GPU as a process: as worker.py, with pictures from the host's memory and results back there. The first line
is `first MEGABYTES DEVICE`, the second number what PyTorch has reserved of the device. UML_BENCH_DEVICE=cpu: a dry run."""

import argparse
import os
import pathlib
import sys
import time
from collections.abc import Callable

import numpy as np
from worker import peak_megabytes

Run = Callable[[], list[np.ndarray]]
ON = os.environ.get("UML_BENCH_DEVICE", "cuda")


def torch_engine(o: argparse.Namespace, image: np.ndarray, compiled: bool) -> tuple[Run, Callable[[], float]]:
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
    return run, lambda: torch.cuda.memory_reserved() / 1e6 if ON == "cuda" else 0.0


def onnxruntime_engine(o: argparse.Namespace, image: np.ndarray) -> tuple[Run, Callable[[], float]]:
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
    return lambda: session.run(None, {"image": image}), lambda: 0.0


ENGINES = {"pytorch-eager": lambda o, image: torch_engine(o, image, compiled=False),
           "pytorch-compile": lambda o, image: torch_engine(o, image, compiled=True), "onnxruntime": onnxruntime_engine}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--network")
    parser.add_argument("--precision")
    for name in ("--size", "--batch", "--threads"):
        parser.add_argument(name, type=int)
    o = parser.parse_args()
    image = np.fromfile(o.folder / "pictures.nchw", np.float32).reshape(o.batch, 3, o.size, o.size)
    run, reserved = ENGINES[o.engine](o, image)
    run()
    print("first", peak_megabytes(), reserved(), flush=True)
    for line in sys.stdin:
        if line == "run\n":
            start, processor = time.perf_counter(), time.process_time()
            run()
            print(time.perf_counter() - start, time.process_time() - processor, flush=True)
        else:
            last = [np.moveaxis(np.asarray(a), 1, -1).reshape(o.batch, -1) for a in run()]
            np.concatenate(last, 1).astype(np.float32).tofile(line.split(maxsplit=1)[1].strip())
            print("ok", flush=True)


if __name__ == "__main__":
    main()
