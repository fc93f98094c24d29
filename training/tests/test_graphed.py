"""What makes a training step a CUDA graph, as far as that shows without a GPU: no waiting for the device, shapes and
tensors that stay, and the order of warm-up, capture and replay (with stand-ins for CUDA)."""

import contextlib

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from uml_training import cli, fit, graphed
from uml_training.data import DataError
from uml_training.graphed import WARM_UP, Graphed

WAITS = ("_local_scalar_dense", "nonzero", "equal", "is_nonzero", "unique", "masked_select")


class NoWaiting(TorchDispatchMode):
    """Fails where an operation's result or shape would have to come back from the device."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        name = operation.__name__.partition(".")[0]
        assert name not in WAITS, f"{name} waits for the device"
        return operation(*args, **kwargs or {})


def trainer(tiny, network, *more):
    args = cli.parser().parse_args(
        ["fit", "--data", str(tiny), "--out", str(tiny.parent / "run"), "--network", network, "--size", "32",
         "--channels", "1", "--divisor", "16", "--stem-stride", "2", "--preset", "robust", "--batch", "6", *more])
    return fit.prepare(args).trainer()


@pytest.mark.parametrize("network, more", [("edge", ["--outliers", "0.1"]), ("classifier", []), ("segmenter", [])])
def test_a_step_never_waits(tiny, network, more):
    one = trainer(tiny, network, *more)
    one.fill()
    with NoWaiting():
        one.one_step()
    before = {name: tensor.data_ptr() for name, tensor in one.model.state_dict().items()}
    sums = {name: tensor.data_ptr() for name, tensor in one.sums.items()}
    one.step += 1
    one.fill()
    one.one_step()
    assert before == {name: tensor.data_ptr() for name, tensor in one.model.state_dict().items()}
    assert sums == {name: tensor.data_ptr() for name, tensor in one.sums.items()}
    assert ("outliers" in sums) == (network == "edge")


def test_made_outliers_leave_the_norms_statistics_alone(tiny):
    one = trainer(tiny, "classifier-evidential", "--outliers", "0.1")
    before = {name: tensor.clone() for name, tensor in one.model.named_buffers()}
    loss = one.outlier_loss(torch.rand(6, 1, 32, 32))
    assert loss.requires_grad and all(m.training for m in one.model.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in one.model.named_buffers())


def test_outliers_need_evidence(tiny):
    with pytest.raises(DataError, match="--outliers needs a network that gives evidence: segmenter has only softmax"):
        trainer(tiny, "segmenter", "--outliers", "0.1")


class Cuda:
    """Stand-ins that write down what is asked of them."""

    def __init__(self):
        self.done = []
        self.own = self.generator("the device's own")
        self.default_generators = [self.own]

    def generator(self, state):
        cuda = self

        class Generator:
            def __init__(self, device=None):
                self.state = state

            def manual_seed(self, seed):
                self.state = f"run, seed {seed}"

            def graphsafe_get_state(self):
                return self.state

            def graphsafe_set_state(self, new):
                self.state = new
        made = Generator()
        cuda.Generator = Generator
        return made

    def CUDAGraph(self):  # noqa: N802
        cuda = self

        class Graph:
            def replay(self):
                cuda.done.append("replay")
        return Graph()

    def graph(self, graph, stream):
        self.done.append("capture")
        return contextlib.nullcontext()

    def stream(self, stream):
        return contextlib.nullcontext()

    def Stream(self, device):  # noqa: N802
        cuda = self

        class Stream:
            def synchronize(self):
                cuda.done.append("wait")
        return Stream()

    def synchronize(self, device):
        self.done.append("synchronize")

    def current_device(self):
        return 0


def test_warm_up_capture_replay(monkeypatch):
    cuda = Cuda()
    monkeypatch.setattr(graphed.torch, "cuda", cuda)
    monkeypatch.setattr(graphed.torch, "Generator", cuda.Generator)
    learn = Graphed(lambda: cuda.done.append(f"body with {cuda.own.state}"), "cuda")
    for step in range(WARM_UP + 2):
        learn(step, lambda: cuda.done.append("fill"))
    learn.wait()
    eager = [word for step in range(WARM_UP) for word in ("fill", f"body with run, seed {step}")]
    assert cuda.done == ["synchronize", *eager, "fill", "capture", f"body with run, seed {WARM_UP}", "replay", "fill",
                         "replay", "wait"]
    assert cuda.own.state == "the device's own"  # lent no longer than a step


def test_a_failed_capture_is_said_and_steps_go_on(monkeypatch, capsys):
    cuda = Cuda()
    monkeypatch.setattr(graphed.torch, "cuda", cuda)
    monkeypatch.setattr(graphed.torch, "Generator", cuda.Generator)

    @contextlib.contextmanager
    def invalid(graph, stream):
        cuda.done.append("capture")
        yield
        raise RuntimeError("operation failed due to a previous error during capture\nmore")
    monkeypatch.setattr(cuda, "graph", invalid)
    learn = Graphed(lambda: cuda.done.append(f"body with {cuda.own.state}"), "cuda")
    first = learn.random
    for step in range(WARM_UP + 2):
        learn(step, lambda: cuda.done.append("fill"))
    bodies = [f"body with run, seed {step}" for step in range(WARM_UP + 2)]
    assert cuda.done[-6:] == ["fill", "capture", bodies[-2], bodies[-2], "fill", bodies[-1]]
    assert learn.random is not first and cuda.own.state == "the device's own"
    assert capsys.readouterr().err == ("no CUDA graph of a step, its kernels start one by one: operation failed due to "
                                       "a previous error during capture\n")


def test_no_graph(monkeypatch, tiny):
    cuda = Cuda()
    monkeypatch.setattr(graphed.torch, "cuda", cuda)
    monkeypatch.setattr(graphed.torch, "Generator", cuda.Generator)
    learn = Graphed(lambda: cuda.done.append("body"), "cuda", graph=False)
    for step in range(WARM_UP + 2):
        learn(step, lambda: None)
    assert cuda.done == ["synchronize"] + ["body"] * (WARM_UP + 2)


def test_the_option_no_graph(tiny):
    assert trainer(tiny, "segmenter").learn.wanted and not trainer(tiny, "segmenter", "--no-graph").learn.wanted


def test_cudnn_searches_for_steps_alone():
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        with graphed.rules_choose():
            assert not torch.backends.cudnn.benchmark
        assert torch.backends.cudnn.benchmark
    finally:
        torch.backends.cudnn.benchmark = before


def test_without_a_gpu_the_step_itself_is_called_with_its_seed():
    drawn = []
    learn = Graphed(lambda: drawn.append(torch.rand(1).item()), "cpu")
    for seed in (1, 2, 1):
        learn(seed, lambda: None)
    learn.wait()
    assert drawn[0] == drawn[2] != drawn[1] and learn.calls == 3
