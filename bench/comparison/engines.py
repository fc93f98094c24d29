"""Engines as processes: our program and the peers speak the same lines on their standard input and output."""

import os
import pathlib
import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import numpy as np

HERE = pathlib.Path(__file__).parent
PEERS = {"pytorch-eager": ("f32", "bf16"), "pytorch-compile": ("f32", "bf16"), "onnxruntime": ("f32",),
         "openvino": ("f32", "bf16")}


@dataclass(frozen=True)
class Task:
    network: str
    size: int
    batch: int
    threads: int
    precision: str
    folder: pathlib.Path  # pictures and exported models of this network, size and batch; weights in its parent

    def __str__(self) -> str:
        return (f"{self.network} {self.size}x{self.size}, batch {self.batch}, "
                f"{self.threads} thread{'s' * (self.threads > 1)}, {self.precision}")


class Failed(Exception):
    """An engine that could not do its task, with its last words."""


def ours(program: pathlib.Path) -> dict[str, tuple[str, ...]]:
    """Our engines in this build: name -> precisions."""
    found: dict[str, tuple[str, ...]] = {}
    for line in subprocess.run([program, "--list"], check=True, capture_output=True, text=True).stdout.splitlines():
        name, *precisions = line.split()
        found[name] = found.get(name, ()) + tuple(precisions)
    return found


def limit_memory() -> None:
    """An engine that wants more than there is gets an error of its own, not the machine into trouble."""
    import psutil

    most = int(0.9 * psutil.virtual_memory().available)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


class Engine:
    """A running process that has done its first run."""

    def __init__(self, name: str, task: Task, program: pathlib.Path, log: pathlib.Path, worker: str = "worker.py",
                 before_start=limit_memory, most_seconds: float | None = None):
        sizes = [f"--{key}={value}" for key, value in vars(task).items() if key not in ("folder",)]
        if name.startswith("uml"):
            command = [program, "--engine", name, "--weights", task.folder.parent / "weights.safetensors", "--image",
                       task.folder / "pictures.nhwc"]
            command += [word for key in ("size", "batch", "threads", "precision")
                        for word in (f"--{key}", str(getattr(task, key)))]
        else:
            command = [sys.executable, HERE / worker, "--engine", name, "--folder", task.folder, *sizes]
        self.name, self.log = name, log
        environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": str(task.folder / f"cache-{task.threads}"),
                                    "OMP_NUM_THREADS": str(task.threads)}
        start = time.perf_counter()
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, text=True, bufsize=1,
                                        stdout=subprocess.PIPE, stderr=log.open("w"), env=environment,
                                        preexec_fn=before_start)
        self.clock = threading.Timer(most_seconds, self.process.kill) if most_seconds else None
        if self.clock:
            self.clock.start()
        memory = [float(x) for x in self.answer().removeprefix("first ").split()]
        self.peak_mb, self.device_mb = memory[0], memory[1] if len(memory) > 1 else 0.0
        self.start_to_first_s = time.perf_counter() - start

    def answer(self) -> str:
        line = self.process.stdout.readline().strip()
        if not line:
            self.process.wait()
            if self.clock:
                self.clock.cancel()
            words = [x for x in self.log.read_text(errors="replace").splitlines() if x.strip()]
            if self.process.returncode == -9:
                raise Failed("killed: out of time or memory")
            raise Failed(words[-1] if words else f"ended with {self.process.returncode}")
        return line

    def ask(self, request: str) -> str:
        self.process.stdin.write(request + "\n")
        return self.answer()

    def seconds(self) -> tuple[float, float]:
        """Of one run: by the clock, and of the processor over all threads."""
        clock, processor = self.ask("run").split()
        return float(clock), float(processor)

    def outputs(self, path: pathlib.Path, batch: int) -> np.ndarray:
        """Batch x numbers, in double."""
        self.ask(f"write {path}")
        return np.fromfile(path, np.float32).reshape(batch, -1).astype(np.float64)

    def close(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        if self.clock:
            self.clock.cancel()
