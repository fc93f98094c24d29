"""A training step as one CUDA graph, with random numbers and a stream of its own, so that several runs can share a GPU.

Without a GPU the same object simply calls the step. What a step does must then not wait for the device (no .item()) and
must keep its shapes; what changes from step to step stands in tensors that are filled before the call.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator

import torch

WARM_UP = 3  # calls before the capture: libraries choose and set up what they use


class Graphed:
    """graph: whether the step is captured at all; where that fails, it is said and the step runs as it is."""

    def __init__(self, body: Callable[[], None], device: str, graph: bool = True):
        self.body, self.device, self.wanted = body, torch.device(device), graph
        self.calls = 0
        self.graph: torch.cuda.CUDAGraph | None = None
        if self.device.type == "cuda":
            self.stream = torch.cuda.Stream(self.device)
            self.random = torch.Generator(self.device)

    def __call__(self, seed: int, fill: Callable[[], None]) -> None:
        """Runs `fill`, then the step, whose random numbers are those of the seed alone."""
        if self.device.type != "cuda":
            torch.manual_seed(seed)
            fill()
            self.body()
        else:
            if self.calls == 0:
                torch.cuda.synchronize(self.device)  # what made the model ran on another stream
            with self.turn():
                self.on_gpu(seed, fill)
        self.calls += 1

    def on_gpu(self, seed: int, fill: Callable[[], None]) -> None:
        self.random.manual_seed(seed)
        fill()
        if self.wanted and self.graph is None and self.calls >= WARM_UP:
            self.capture(seed)
        if self.graph is not None:
            self.graph.replay()
        else:
            with lent(self.random, self.device):
                self.body()

    def capture(self, seed: int) -> None:
        graph = torch.cuda.CUDAGraph()
        try:
            with lent(self.random, self.device), torch.cuda.graph(graph, stream=self.stream):
                self.body()  # recorded, not run
            self.graph = graph
        except RuntimeError as error:
            print(f"no CUDA graph of a step, its kernels start one by one: {str(error).splitlines()[0]}",
                  file=sys.stderr, flush=True)
            self.wanted = False
            self.random = torch.Generator(self.device)  # the other still counts as being captured
            self.random.manual_seed(seed)

    def turn(self) -> contextlib.AbstractContextManager:
        """What is done within comes after every call so far and before the next."""
        return torch.cuda.stream(self.stream) if self.device.type == "cuda" else contextlib.nullcontext()

    def wait(self) -> None:
        """Until the device has done every call so far."""
        if self.device.type == "cuda":
            self.stream.synchronize()


@contextlib.contextmanager
def lent(random: torch.Generator, device: torch.device) -> Iterator[None]:
    """Makes the device's own generator, the only one that dropout knows, use another's state; a graph captured
    meanwhile keeps that state."""
    own = torch.cuda.default_generators[torch.cuda.current_device() if device.index is None else device.index]
    before = own.graphsafe_get_state()
    own.graphsafe_set_state(random.graphsafe_get_state())
    try:
        yield
    finally:
        own.graphsafe_set_state(before)


@contextlib.contextmanager
def rules_choose() -> Iterator[None]:
    """cuDNN chooses by its rules: its search, which a step's shapes are worth, takes seconds for every other shape."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before
