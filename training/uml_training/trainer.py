"""The training loop: deterministic by seed, one checkpoint an epoch, resumable at any moment with the same result."""

import copy
import json
import os
import pathlib
import platform
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from . import weights_file
from .augment import augment
from .averaging import WeightAverage, recalibrate
from .data import Pictures
from .losses import total_loss
from .networks import Config
from .parts import build
from .recipes import Recipe


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

    @property
    def checkpoint(self) -> pathlib.Path:
        return self.folder / "checkpoint.pt"

    def describe(self) -> dict:
        return {"network": self.network, "config": self.config.as_dict(), "recipe": self.recipe.as_dict(),
                "seed": self.seed, "device": self.device, "precision": self.precision,
                "versions": {"python": platform.python_version(), "torch": str(torch.__version__),
                             "numpy": np.__version__}}


def save_atomically(state: dict, path: pathlib.Path) -> None:
    """A kill while writing leaves the last checkpoint whole."""
    scratch = path.with_suffix(".writing")
    torch.save(state, scratch)
    os.replace(scratch, path)


class Trainer:
    def __init__(self, run: Run, train: Pictures):
        self.run, self.train = run, train
        torch.manual_seed(run.seed)
        model = build(run.network, run.config, frozen=run.recipe.frozen_encoders)
        for module in model.modules():
            if hasattr(module, "collapsed"):
                module.collapsed = True
        self.model = model.to(run.device, memory_format=torch.channels_last)
        make = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[run.recipe.optimiser]
        self.optimiser = make(self.model.parameters(), lr=run.recipe.lr, weight_decay=run.recipe.weight_decay,
                              fused=True)
        self.average = WeightAverage(self.model, run.recipe.ema) if run.recipe.ema > 0 else None
        self.epoch = 0
        self.history: list[dict] = []
        self.masks = torch.from_numpy(train.masks)
        self.labels = torch.from_numpy(train.labels)

    @property
    def steps(self) -> int:
        """Steps an epoch; what does not fill a last batch is left to other epochs' shuffles."""
        return max(1, len(self.train.ids) // self.run.recipe.batch)

    def batch(self, chosen: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
        images = torch.from_numpy(self.train.images[chosen.numpy()]).movedim(-1, 1).float() / 255
        size = (self.run.config.height, self.run.config.width)
        x, mask = augment(images, self.masks[chosen], size, self.run.recipe.augmentation, generator)
        x = x.to(self.run.device, memory_format=torch.channels_last)
        return x, mask.to(self.run.device), self.labels[chosen].to(self.run.device)

    def train_epoch(self) -> dict:
        """One epoch; its randomness depends on the seed and the epoch's number alone, so that resuming repeats it."""
        recipe = self.run.recipe
        epoch_seed = self.run.seed * 1_000_003 + self.epoch
        torch.manual_seed(epoch_seed)  # dropout
        generator = torch.Generator().manual_seed(epoch_seed)
        order = torch.randperm(len(self.train.ids), generator=generator)
        sums: dict[str, float] = {}
        started = time.monotonic()
        self.model.train()
        # Counts the whole run's steps, so that the time left is the run's.
        bar = tqdm(range(self.steps), f"epoch {self.epoch + 1}/{recipe.epochs}", recipe.epochs * self.steps,
                   initial=self.epoch * self.steps, mininterval=0.2 if sys.stderr.isatty() else 60)
        for step in bar:
            progress = self.epoch + step / self.steps
            for group in self.optimiser.param_groups:
                group["lr"] = recipe.lr_at(progress)
            chosen = order[step * recipe.batch:(step + 1) * recipe.batch]
            images, masks, labels = self.batch(chosen, generator)
            with torch.autocast(torch.device(self.run.device).type, torch.bfloat16, self.run.precision == "bf16"):
                out = self.model(images)
            out = {k: [t.float() for t in v] if isinstance(v, list) else v.float() for k, v in out.items()}
            loss, parts = total_loss(out, labels, masks, self.run.config.regions, recipe.loss, progress)
            if not torch.isfinite(loss):
                raise FloatingPointError(f"loss is {loss.item()} at epoch {self.epoch + 1}, step {step + 1}: "
                                         "lower the learning rate or set a gradient limit")
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            if recipe.clip > 0:
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
            self.optimiser.step()
            if self.average:
                self.average.update(self.model)
            if (logits := out.get("cls_logits", out.get("softmax_logits"))) is not None:
                parts["accuracy"] = float((logits.argmax(1) == labels).float().mean())
            for name, value in (parts | {"loss": loss.item()}).items():
                sums[name] = sums.get(name, 0.0) + value
            bar.set_postfix(loss=f"{sums['loss'] / (step + 1):.3f}", refresh=False)
        self.epoch += 1
        return {"epoch": self.epoch, "lr": recipe.lr_at(self.epoch - 1e-6), "seconds": time.monotonic() - started} | {
            f"train_{name}": value / self.steps for name, value in sums.items()}

    def result(self) -> torch.nn.Module:
        """The model to use: averaged weights if the recipe has them, with statistics that fit."""
        if not self.average:
            return copy.deepcopy(self.model).eval()
        model = copy.deepcopy(self.average.model)
        generator = torch.Generator().manual_seed(self.run.seed)
        order = torch.randperm(len(self.train.ids), generator=generator)
        size = self.run.recipe.batch
        count = min(self.run.recipe.recalibrate, self.steps)
        recalibrate(model, (self.batch(order[i * size:(i + 1) * size], generator)[0] for i in range(count)))
        return model

    def save(self) -> None:
        save_atomically({"run": self.run.describe(), "epoch": self.epoch, "history": self.history,
                         "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(),
                         "average": self.average.state_dict() if self.average else None}, self.run.checkpoint)
        (self.run.folder / "history.json").write_text(json.dumps(self.history, indent=1))

    def resume(self, same_recipe: bool = True) -> None:
        state = torch.load(self.run.checkpoint, map_location=self.run.device, weights_only=True)
        mine, theirs = self.run.describe(), state["run"]
        for key in ("network", "config", "seed") + (("recipe",) if same_recipe else ()):
            if mine[key] != theirs[key]:
                raise ValueError(f"{self.run.checkpoint}: made with another {key}: {theirs[key]}, now {mine[key]}")
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.average:
            self.average.load_state_dict(state["average"])
        self.epoch, self.history = state["epoch"], state["history"]

    def load_backbone(self, path: pathlib.Path) -> None:
        """Trained Res2Net (and, for paper, VGG) weights by their published names, into the encoders that have them."""
        state = torch.load(path, map_location=self.run.device, weights_only=True)
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
        if path.suffix == ".safetensors":
            network, config, state, _ = weights_file.read(path)
            weights = weights_file.thawed_state(state, network, config)
        else:
            state = torch.load(path, map_location=self.run.device, weights_only=True)
            weights = state["average"]["model"] if state["average"] else state["model"]
        for model in (self.model, self.average.model if self.average else None):
            if model is not None:
                absent = model.load_state_dict(weights, strict=False).missing_keys
                if any(not name.endswith("num_batches_tracked") for name in absent):
                    raise ValueError(f"{path}: made for another network: no {absent[0]}")
