"""The training loop: deterministic by seed, resumable at any step with the same result."""

import copy
import json
import pathlib
import platform
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from . import checkpoints, curves, outliers, weights_file, whole
from .augment import augment
from .averaging import WeightAverage, norms, recalibrate
from .bf16 import LoweredWeights
from .data import Pictures
from .graphed import Graphed, rules_choose
from .losses import no_evidence_loss, total_loss
from .networks import Config
from .recipes import Recipe
from .registry import build

LOOK = 64  # steps on a GPU between looks at the loss: each look waits for the device


@dataclass
class Run:
    """A run's folder and what decides its result."""

    folder: pathlib.Path
    network: str
    config: Config
    recipe: Recipe
    seed: int
    device: str = "cpu"
    precision: str = "f32"  # or bf16: autocast of convolutions and products, losses stay in f32
    graph: bool = True  # on a GPU a step is one CUDA graph

    @property
    def checkpoint(self) -> pathlib.Path:
        return self.folder / "checkpoint.pt"

    def describe(self) -> dict:
        return {"network": self.network, "config": self.config.as_dict(), "recipe": self.recipe.as_dict(),
                "seed": self.seed, "device": self.device, "precision": self.precision,
                "versions": {"python": platform.python_version(), "torch": str(torch.__version__),
                             "numpy": np.__version__}}


class Trainer:
    """The pictures lie on the device as bytes; a step draws, augments and learns there (graphed.py)."""

    def __init__(self, run: Run, train: Pictures):
        self.run, self.count, self.data = run, len(train.ids), train.hash()
        torch.manual_seed(run.seed)
        torch.backends.cudnn.benchmark = True  # shapes never change
        model = build(run.network, run.config, frozen=run.recipe.frozen_encoders)
        for module in model.modules():
            if hasattr(module, "collapsed"):
                module.collapsed = True
            if isinstance(module, nn.Dropout2d) and run.recipe.map_dropout is not None:
                module.p = run.recipe.map_dropout
        on = self.on = torch.device(run.device)
        self.model = model.to(on, memory_format=torch.channels_last).train()
        graphs = on.type == "cuda"  # a graph reads the rate from a tensor
        self.lr = torch.full((), run.recipe.lr, device=on)
        make = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[run.recipe.optimiser]
        self.optimiser = make(self.model.parameters(), lr=self.lr if graphs else run.recipe.lr,
                              weight_decay=run.recipe.weight_decay, fused=True, capturable=graphs)
        self.average = WeightAverage(self.model, run.recipe.ema) if run.recipe.ema > 0 else None
        for layer in norms(self.model):
            layer.num_batches_tracked = None  # nobody reads it, and counting is a kernel a layer
        self.lowered = LoweredWeights(self.model) if run.precision == "bf16" else None
        self.images = torch.from_numpy(train.images).movedim(-1, 1).contiguous().to(on)
        self.masks, self.labels = torch.from_numpy(train.masks).to(on), torch.from_numpy(train.labels).to(on)
        self.chosen = torch.zeros(min(run.recipe.batch, self.count), dtype=torch.long, device=on)
        self.kl, self.share = torch.zeros((), device=on), torch.zeros((), device=on)
        self.sums: dict[str, torch.Tensor] = {}  # of the epoch's figures so far
        self.step, self.history = 0, []
        self.seconds = 0.0  # of the epoch so far
        self.saved = time.monotonic()
        self.learn = Graphed(self.one_step, run.device, run.graph)

    @property
    def steps(self) -> int:
        """Steps an epoch; what does not fill a last batch is left to other epochs' shuffles."""
        return max(1, self.count // self.run.recipe.batch)

    @property
    def epoch(self) -> int:
        """Whole epochs done."""
        return self.step // self.steps

    @property
    def done(self) -> bool:
        return self.epoch >= self.run.recipe.epochs

    def batch(self, chosen: torch.Tensor, generator: torch.Generator | None = None) -> tuple[torch.Tensor, ...]:
        size = (self.run.config.height, self.run.config.width)
        x, mask = augment(self.images[chosen].float() / 255, self.masks[chosen], size, self.run.recipe.augmentation,
                          generator)
        return x.contiguous(memory_format=torch.channels_last), mask, self.labels[chosen]

    def forward(self, images: torch.Tensor) -> dict:
        # Without autocast's cache: a graph must not keep tensors that other steps made.
        with torch.autocast(self.on.type, torch.bfloat16, self.run.precision == "bf16", cache_enabled=False):
            out = self.lowered(images) if self.lowered else self.model(images)
        return {k: [t.float() for t in v] if isinstance(v, list) else v.float() for k, v in out.items()}

    def one_step(self) -> None:
        """Everything of a step that the device does: it reads `chosen`, `lr`, `kl` and `share` and returns nothing."""
        recipe = self.run.recipe
        images, masks, labels = self.batch(self.chosen)
        out = self.forward(images)
        loss, parts = total_loss(out, labels, masks, self.run.config.regions, recipe.loss, self.kl)
        if recipe.loss.outliers > 0:
            parts["outliers"] = self.outlier_loss(images)
            loss = loss + recipe.loss.outliers * parts["outliers"]
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if recipe.clip > 0:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip, foreach=True)
        self.optimiser.step()
        if self.average:
            self.average.update(self.model, self.share)
        figures = parts | {"loss": loss}
        if (logits := out.get("cls_logits", out.get("softmax_logits"))) is not None:
            figures["accuracy"] = (logits.argmax(1) == labels).float().mean()
        for name, value in figures.items():
            if name not in self.sums:
                self.sums[name] = torch.zeros((), device=self.on)
            self.sums[name] += value.detach()

    def outlier_loss(self, images: torch.Tensor) -> torch.Tensor:
        """One outlier of each kind, seen as inference will see it: the norms' statistics are those of real pictures."""
        made = outliers.made(images[:len(outliers.KINDS)]).contiguous(memory_format=torch.channels_last)
        layers = [layer for layer in norms(self.model) if layer.training]
        for layer in layers:
            layer.eval()
        out = self.forward(made)
        for layer in layers:
            layer.train()
        return no_evidence_loss(out)

    def fill(self) -> None:
        """What changes from step to step, by the step's number alone."""
        recipe = self.run.recipe
        progress = self.step / self.steps
        at = self.step % self.steps
        if at == 0 or self.learn.calls == 0:
            generator = torch.Generator().manual_seed(self.run.seed * 1_000_003 + self.epoch)
            self.order = torch.randperm(self.count, generator=generator).to(self.on)
        self.chosen.copy_(self.order[at * recipe.batch:(at + 1) * recipe.batch])
        self.lr.fill_(recipe.lr_at(progress))
        for group in self.optimiser.param_groups:
            if not isinstance(group["lr"], torch.Tensor):
                group["lr"] = recipe.lr_at(progress)
        self.kl.fill_(recipe.loss.kl_weight(progress))
        if self.average:
            self.share.fill_(self.average.share(self.step + 1))

    def advance(self) -> None:
        """One step. Its random numbers depend on the seed and the step's number alone: resuming repeats them."""
        started = time.monotonic()
        self.learn(self.run.seed * 1_000_003 + self.step, self.fill)
        self.step += 1
        self.seconds += time.monotonic() - started
        if self.on.type != "cuda" or self.step % LOOK == 0:
            self.look()

    def look(self) -> float:
        """The epoch's mean loss so far. An error if it is no number."""
        self.learn.wait()
        loss = float(self.sums["loss"])
        if not np.isfinite(loss):
            raise FloatingPointError(f"{self.run.folder}: loss is {loss} at epoch {1 + (self.step - 1) // self.steps}, "
                                     f"step {1 + (self.step - 1) % self.steps} or shortly before: lower --lr, "
                                     "or limit the gradient (--clip)")
        return loss / (1 + (self.step - 1) % self.steps)

    def end_epoch(self) -> dict:
        """The figures of the epoch that the last step ended; the next one's start at 0."""
        self.look()
        figures = {"epoch": self.epoch, "lr": self.run.recipe.lr_at(self.epoch - 1e-6), "seconds": self.seconds} | {
            f"train_{name}": float(value) / self.steps for name, value in self.sums.items()}
        with self.learn.turn():
            for value in self.sums.values():
                value.zero_()
        self.seconds = 0.0
        return figures

    def train_epoch(self) -> dict:
        """The rest of the epoch."""
        # Counts the whole run's steps, so that the time left is the run's.
        bar = tqdm(range(self.step % self.steps, self.steps), f"epoch {self.epoch + 1}/{self.run.recipe.epochs}",
                   self.run.recipe.epochs * self.steps, initial=self.step,
                   mininterval=0.2 if sys.stderr.isatty() else 60)
        for _ in bar:
            self.advance()
            if self.on.type != "cuda":
                bar.set_postfix(loss=f"{self.look():.3f}", refresh=False)
        return self.end_epoch()

    def settle(self) -> None:
        """All steps done, and the average whole."""
        self.learn.wait()
        if self.average:
            self.average.take_buffers(self.model)

    def result(self) -> torch.nn.Module:
        """The model to use: averaged weights if the recipe has them, with statistics that fit."""
        self.settle()
        if not self.average:
            return copy.deepcopy(self.model).eval()
        model = copy.deepcopy(self.average.model)
        order = torch.randperm(self.count, generator=torch.Generator().manual_seed(self.run.seed)).to(self.on)
        generator = torch.Generator(self.on).manual_seed(self.run.seed)
        size = self.run.recipe.batch
        count = min(self.run.recipe.recalibrate, self.steps)
        with rules_choose():
            recalibrate(model, (self.batch(order[i * size:(i + 1) * size], generator)[0] for i in range(count)))
        return model

    def save(self) -> None:
        self.settle()
        average = {"model": self.average.model.state_dict()} if self.average else None
        state = {"run": self.run.describe(), "epoch": self.epoch, "step": self.step, "history": self.history,
                 "sums": {name: float(value) for name, value in self.sums.items()}, "seconds": self.seconds,
                 "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(),
                 "average": average, "data": self.data}
        whole.replace(self.run.checkpoint, lambda scratch: torch.save(state, scratch))
        self.saved = time.monotonic()

    def tell(self) -> None:
        """The history for people: after save, so a kill between the two is made up for when a run goes on."""
        if self.history:
            whole.text(self.run.folder / "history.json", json.dumps(self.history, indent=1))
            curves.draw(self.history, self.run.folder / "curves.png")

    def resume(self, same_recipe: bool = True, same_data: bool = True) -> None:
        """Where the checkpoint stands. Errors: ValueError if it was made with other options or other pictures."""
        state = checkpoints.load(self.run.checkpoint, self.run.device)
        mine, theirs = self.run.describe(), state["run"]
        theirs["recipe"] = Recipe.from_dict(theirs["recipe"]).as_dict()
        for key in ("network", "config", "seed") + (("recipe", "precision") if same_recipe else ()):
            if mine[key] != theirs[key]:
                raise ValueError(f"{self.run.checkpoint}: made with another {key}: {theirs[key]}, now {mine[key]}")
        if same_data and state.get("data", self.data) != self.data:
            raise ValueError(f"{self.run.checkpoint}: made with other training pictures, masks or labels")
        differing = self.model.load_state_dict(state["model"], strict=False)  # older ones have counters of norms
        if other := [n for names in differing for n in names if not n.endswith("num_batches_tracked")]:
            raise ValueError(f"{self.run.checkpoint}: made for another network: {other[0]}")
        self.optimiser.load_state_dict(state["optimiser"])
        for group in self.optimiser.param_groups:
            if isinstance(group["lr"], torch.Tensor):
                group["lr"] = self.lr
        if self.average:
            if not state["average"]:
                raise ValueError(f"{self.run.checkpoint}: made with --no-averaging: it holds no averaged weights")
            self.average.model.load_state_dict(state["average"]["model"])
        self.step, self.history, self.seconds = state["step"], state["history"], state["seconds"]
        self.sums = {name: torch.tensor(value, device=self.on) for name, value in state["sums"].items()}

    def load_backbone(self, path: pathlib.Path) -> None:
        """Trained Res2Net (and, for paper, VGG) weights by their published names, into the encoders that have them."""
        whole.never_overwrite(path)
        state = checkpoints.load(path, self.run.device)
        taken = 0
        encoders = [part for name, part in self.model.named_children() if name.endswith("feature_encoder")]
        for encoder in encoders:
            own = encoder.state_dict()
            fitting = {n: t for n, t in state.items() if n in own and t.shape == own[n].shape}
            if len(fitting) == sum(not n.endswith("num_batches_tracked") for n in own):
                encoder.load_state_dict(fitting, strict=False)
                taken += 1
        if taken == 0:
            raise ValueError(f"{path}: fits no encoder of {self.run.network} (wants names such as conv1.0.weight)")

    def start_from(self, path: pathlib.Path) -> None:
        """Take the (averaged) weights of another run's checkpoint or of a weights file, for finishing at a larger size
        or on other data. Nothing else is taken."""
        whole.never_overwrite(path)
        if path.suffix == ".safetensors":
            network, config, state, _ = weights_file.read(path)
            weights = weights_file.thawed_state(state, network, config)
        else:
            state = checkpoints.load(path, self.run.device)
            if not (isinstance(state, dict) and {"model", "average"} <= state.keys()):
                raise ValueError(f"{path}: neither a checkpoint of uml-train fit nor a weights file (.safetensors)")
            weights = state["average"]["model"] if state["average"] else state["model"]
        for model in (self.model, self.average.model if self.average else None):
            if model is not None:
                try:
                    absent = model.load_state_dict(weights, strict=False).missing_keys
                except RuntimeError as error:  # other shapes; the last line names one
                    told = str(error).splitlines()[-1].strip()
                    raise ValueError(f"{path}: made for another network: {told}") from error
                if absent := [name for name in absent if not name.endswith("num_batches_tracked")]:
                    raise ValueError(f"{path}: made for another network: no {absent[0]}")
