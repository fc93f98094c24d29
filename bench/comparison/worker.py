"""One peer as a process: loads, runs once, prints `first MEGABYTES`, then obeys `run` and `write FILE` on standard input
as uml-bench-engine does. Imports only what its engine needs, as a program that uses it would."""

import argparse
import pathlib
import sys
import time
from collections.abc import Callable

import numpy as np

Run = Callable[[], list[np.ndarray]]
Maker = Callable[[argparse.Namespace, np.ndarray], Run]


def torch_engine(o: argparse.Namespace, image: np.ndarray, compiled: bool) -> Run:
    import torch
    from workload import Answer

    torch.set_num_threads(o.threads)
    model, x = Answer(o.network, o.size, o.folder.parent / "weights.safetensors"), torch.from_numpy(image)
    if compiled:
        import torch._inductor.config

        torch._inductor.config.freezing = True  # weights are constants: norms folded, layouts chosen
        model = torch.compile(model)

    @torch.inference_mode(not compiled)
    @torch.no_grad()  # what freezing asks for
    def run() -> list[np.ndarray]:
        with torch.autocast("cpu", torch.bfloat16, enabled=o.precision == "bf16"):
            return [t.float().numpy() for t in model(x)]

    return run


def onnxruntime_engine(o: argparse.Namespace, image: np.ndarray) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = o.threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(o.folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"image": image})


def openvino_engine(o: argparse.Namespace, image: np.ndarray) -> Run:
    import openvino

    settings = {"INFERENCE_NUM_THREADS": o.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": o.precision}
    request = openvino.Core().compile_model(o.folder / "model.xml", "CPU", settings).create_infer_request()

    def run() -> list[np.ndarray]:
        found = request.infer([image], share_inputs=True, share_outputs=True)
        return [found[n] for n in range(len(found))]

    return run


ENGINES = {"pytorch-eager": lambda o, image: torch_engine(o, image, compiled=False),
           "pytorch-compile": lambda o, image: torch_engine(o, image, compiled=True),
           "onnxruntime": onnxruntime_engine, "openvino": openvino_engine}


def peak_megabytes() -> float:
    line = next(x for x in pathlib.Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def serve(engines: dict[str, Maker], device: Callable[[], float] | None = None) -> None:
    """Makes the engine that the command line names and obeys. device: megabytes that it holds there, the first line's second
    number."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=engines)
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--network")
    parser.add_argument("--precision")
    for name in ("--size", "--batch", "--threads"):
        parser.add_argument(name, type=int)
    o = parser.parse_args()
    image = np.fromfile(o.folder / "pictures.nchw", np.float32).reshape(o.batch, 3, o.size, o.size)
    run = engines[o.engine](o, image)
    run()
    print("first", peak_megabytes(), *([device()] if device else []), flush=True)
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
    serve(ENGINES)
