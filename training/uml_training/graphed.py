"""A training step as one CUDA graph, with random numbers and a stream of its own, so that several runs can share a GPU.

Without a GPU the same object simply calls the step. What a step does must then not wait for the device (no .item()) and
must keep its shapes; what changes from step to step stands in tensors that are filled before the call.
"""

import contextlib
from collections.abc import Callable, Iterator

import torch

WARM_UP = 3  # calls before the capture: libraries choose and set up what they use


class Graphed:
    def __init__(self, body: Callable[[], None], device: str):
        self.body, self.device = body, torch.device(device)
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
            with torch.cuda.stream(self.stream):
                self.on_gpu(seed, fill)
        self.calls += 1

    def on_gpu(self, seed: int, fill: Callable[[], None]) -> None:
        self.random.manual_seed(seed)
        fill()
        if self.graph is None:
            with lent(self.random, self.device):
                if self.calls < WARM_UP:
                    self.body()
                    return
                self.graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self.graph, stream=self.stream):
                    self.body()  # recorded, not run
        self.graph.replay()

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
