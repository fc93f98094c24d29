"""bench/compare --backend cuda: the library on a GPU against PyTorch (eager; torch.compile with CUDA graphs) and ONNX Runtime's
CUDA provider. Every run is from pictures in the host's memory to results there. An engine starts once and is timed
alone; what fails or does not fit into the time is left out by name, and the others go on."""

import argparse
import importlib.metadata
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from engines import Engine, Failed, Task

LIMITS = {"f32": 5e-5, "tf32": 2e-2, "bf16": 0.25}  # of the normalised error
RUNS, WARM = 50, 5
FIRST = ("bf16", 1), ("bf16", 16), ("f32", 1)  # of the combinations, where time is short


def offers(ours: str, on: str) -> dict[str, tuple[str, ...]]:
    all_three = ("bf16", "tf32", "f32")
    return {ours: all_three, "pytorch-compile": all_three, "pytorch-eager": all_three, "onnxruntime": ("tf32", "f32")} | (
        {"onnxruntime": ("f32",)} if on == "cpu" else {})


def about(on: str) -> dict:
    versions = {}
    for package in ("torch", "onnxruntime-gpu", "onnxruntime"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    gpu = "none: a dry run on the host, nothing of it is said of a GPU"
    if on == "cuda":
        gpu = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"], check=False,
                             capture_output=True, text=True).stdout.strip().split("\n")[0]
    return {"gpu": gpu, "python": sys.version.split()[0], "versions": versions}


def timed(name: str, task: Task, program: pathlib.Path, wanted: np.ndarray, left: float, on: str) -> dict:
    """A row; errors: Failed."""
    import workload

    os.environ["UML_BENCH_DEVICE"] = on
    engine = Engine(name, task, program, task.folder / f"{name}.log", "device_worker.py", None, left)
    try:
        found = engine.outputs(task.folder / f"{name}.out", task.batch)
        error = max(workload.error(found[i], wanted, task.size) for i in (0, -1))
        for _ in range(WARM):
            engine.seconds()
        clock, begin = [], time.perf_counter()
        while len(clock) < RUNS and (len(clock) < 3 or time.perf_counter() - begin < left / 4):
            clock.append(engine.seconds()[0])
    finally:
        engine.close()
    return {"engine": name, "network": task.network, "size": task.size, "batch": task.batch,
            "precision": task.precision, "ms_median": 1e3 * statistics.median(clock), "ms_min": 1e3 * min(clock),
            "start_to_first_s": round(engine.start_to_first_s, 3), "device_mb": round(engine.device_mb, 1),
            "max_normalised_error": error}


def table(rows: list[dict], left_out: list[dict], ours: str) -> str:
    lines = []
    for key in dict.fromkeys((r["network"], r["size"], r["batch"], r["precision"]) for r in rows):
        group = [r for r in rows if (r["network"], r["size"], r["batch"], r["precision"]) == key]
        rival = next((r for r in group if r["engine"] == "pytorch-compile"), None)
        lines += ["", f"**{key[0]}, {key[1]}×{key[1]}, batch {key[2]}, {key[3]}**", "",
                  "| engine | ms | best | × torch.compile | device MB | × | start to first, s | × | error |",
                  "|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
        for r in sorted(group, key=lambda r: r["ms_median"]):
            part = {k: f"{r[k] / rival[k]:.2f}" if rival and rival[k] else ""
                    for k in ("ms_median", "device_mb", "start_to_first_s")}
            name = f"**{r['engine']}**" if r["engine"] == ours else r["engine"]
            lines.append(f"| {name} | {r['ms_median']:.3f} | {r['ms_min']:.3f} | {part['ms_median']} "
                         f"| {r['device_mb'] or '':} | {part['device_mb']} | {r['start_to_first_s']:.2f} "
                         f"| {part['start_to_first_s']} | {r['max_normalised_error']:.0e} |")
    lines += [""] * bool(left_out) + [f"left out: {x['engine']}, {x['task']}: {x['why']}" for x in left_out]
    return "\n".join(lines).strip()


class Stopped(Exception):
    """Somebody ended the comparison: what is known by then is shown and written."""


def stop(*_: object) -> None:
    raise Stopped


def compare(o: argparse.Namespace, program: pathlib.Path, here: pathlib.Path) -> int:
    began = time.perf_counter()
    on, ours = ("cuda", "uml-cuda") if o.backend == "cuda" else ("cpu", "uml-cuda-host")
    import torch
    import workload

    if on == "cuda" and not torch.cuda.is_available():
        print("bench/compare: this Python's PyTorch sees no GPU: the answer is computed on the CPU, peers are left out",
              file=sys.stderr)
    engines = offers(ours, on)
    names = o.engines or list(engines)
    if unknown := set(names) - set(engines):
        print(f"no engine {', '.join(sorted(unknown))}; there are {', '.join(engines)}", file=sys.stderr)
        return 2
    rows: list[dict] = []
    left_out: list[dict] = []
    facts = about(on)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def left() -> float:
        return o.seconds - (time.perf_counter() - began)

    signal.signal(signal.SIGTERM, stop)
    try:
        with tempfile.TemporaryDirectory(prefix="uml-compare-") as scratch:
            for network in o.networks:
                home = pathlib.Path(scratch, network)
                home.mkdir()
                workload.write_weights(home / "weights.safetensors", network)
                for size in o.sizes:
                    wanted, folders = None, {}
                    for batch in o.batches:
                        folders[batch] = home / f"{size}-{batch}"
                        folders[batch].mkdir()
                        workload.write_pictures(folders[batch], size, batch)
                        if wanted is None:
                            say(f"{network} {size}x{size}: the answer")
                            wanted = workload.expected(network, size, home / "weights.safetensors",
                                                       workload.read_pictures(folders[batch], size, batch),
                                                       "cuda" if torch.cuda.is_available() else "cpu")
                            torch.cuda.empty_cache()
                    # Ours first, which takes seconds; then the peers, the combinations that matter most before the others.
                    work = sorted(((name, p, b) for b in o.batches for p in o.precisions for name in names if p in engines[name]),
                                  key=lambda x: (x[0] != ours, FIRST.index(x[1:]) if x[1:] in FIRST else len(FIRST)))
                    for name, precision, batch in work:
                        task = Task(network, size, batch, 1, precision, folders[batch])
                        try:
                            if left() < 5:
                                raise Failed("no time left")
                            rows.append(timed(name, task, program, wanted, left(), on))
                            r = rows[-1]
                            say(f"{task}, {name}: {r['ms_median']:.3f} ms, {r['start_to_first_s']:.2f} s from start to first "
                                f"result, {r['device_mb']:.0f} MB, error {r['max_normalised_error']:.1e}")
                        except (Failed, BrokenPipeError, ValueError, OSError) as reason:
                            left_out.append({"engine": name, "task": str(task), "why": str(reason)[:300]})
                            say(f"{task}, {name}: left out: {left_out[-1]['why']}")
    except Stopped:
        left_out.append({"engine": "all others", "task": "all others", "why": "ended from outside"})
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    command = " ".join(["bench/compare", *sys.argv[1:]])
    document = {"machine": facts, "rows": rows, "left_out": left_out, "command": command}
    if o.json:
        (here / o.json).write_text(json.dumps(document, indent=1) + "\n")
    print(f"{facts['gpu']}\n\n{table(rows, left_out, ours)}")
    wrong = [r for r in rows if not r["max_normalised_error"] <= LIMITS[r["precision"]]]
    for r in wrong:
        say(f"{r['engine']} disagrees on {r['network']}: {r['max_normalised_error']:.1e}")
    mine = [r for r in rows if r["engine"] == ours]
    return 1 if not mine or any(r["engine"] == ours for r in wrong) else 0
