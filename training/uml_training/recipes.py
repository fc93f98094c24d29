"""What a run is made of, in one record that is written beside its result; and the presets."""

import math
from dataclasses import asdict, dataclass, field, replace

from .augment import Augmentation
from .losses import LossWeights


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a run, together with data, network configuration and seed."""

    epochs: int = 100
    batch: int = 8
    optimiser: str = "adam"  # or adamw
    lr: float = 1e-4
    weight_decay: float = 1e-5
    schedule: str = "poly"  # constant, then (1 - progress)^0.9; or flat-cosine: warm up, constant, cosine to zero
    warmup: float = 0.0  # epochs
    decay_from: float = 30.0  # epoch at which the learning rate starts to fall
    clip: float = 0.0  # largest gradient norm; 0: as it is
    ema: float = 0.0  # decay of the averaged weights per step; 0: no averaging
    map_dropout: float | None = None  # probability of whole feature maps, in the decoders; None: the network's own
    frozen_encoders: bool = False  # frozen statistics, as published: set by a trained backbone, which they come from
    recalibrate: int = 24  # batches that set the batch norms' statistics for averaged weights
    loss: LossWeights = field(default_factory=LossWeights)
    augmentation: Augmentation = field(default_factory=Augmentation)

    def lr_at(self, epoch: float) -> float:
        """Learning rate at a fractional epoch, counted from 0."""
        if epoch < self.warmup:
            return self.lr * (epoch + 1e-3) / self.warmup
        if epoch < self.decay_from:
            return self.lr
        progress = min(1.0, (epoch - self.decay_from) / max(self.epochs - self.decay_from, 1e-9))
        if self.schedule == "poly":
            return self.lr * (1 - progress) ** 0.9
        return self.lr * 0.5 * (1 + math.cos(math.pi * progress))

    def as_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(values: dict) -> "Recipe":
        return Recipe(**values | {"loss": LossWeights(**values["loss"]),
                                  "augmentation": Augmentation(**values["augmentation"])})


PRESETS = {
    "published": Recipe(),
    "small-data": Recipe(epochs=30, batch=16, optimiser="adamw", lr=2e-3, weight_decay=2e-2, schedule="flat-cosine",
                         warmup=1.0, decay_from=10.0, clip=1.0, ema=0.995),
    "robust": Recipe(epochs=44, batch=16, optimiser="adamw", lr=2e-3, weight_decay=2e-2, schedule="flat-cosine",
                     warmup=1.0, decay_from=15.0, clip=1.0, ema=0.995,
                     augmentation=Augmentation(noise=0.3, noise_power=2.0, blur=0.2, bias=0.3, resolution=0.25)),
}


def recipe(preset: str, **changes) -> Recipe:
    """A preset with some values changed; None means: as the preset has it."""
    return replace(PRESETS[preset], **{name: value for name, value in changes.items() if value is not None})
