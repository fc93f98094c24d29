"""`uml-train sweep --fill`: as many epochs as the time limit allows.

How many epochs a run has decides nothing until its learning rate begins to fall. Until then the number is set anew by
the steps' speed so far, with the fall at the same share of the run as the plan has it. `uml-train fit` with the
epochs and the --decay-from that run.json holds at the end gives the same weights.
"""

import json
import math
import time
from dataclasses import dataclass, field, replace

from .fit import Prepared
from .recipes import Recipe
from .trainer import Trainer

SETTLED = 8  # steps of every run before its speed counts: warm-up, capture
EVERY = 3.0  # seconds between looks, which wait for the device


@dataclass
class Filling:
    """ends: the monotonic clock's time at which training should end; shares: by run the share of the epochs before the
    fall, as the plan has it."""

    ends: float
    shares: dict[str, float] = field(default_factory=dict)
    began: tuple[float, dict[str, int]] | None = None  # when all ran side by side, and each one's step then
    told: set[str] = field(default_factory=set)  # runs whose epochs were set
    seconds: dict[str, float] = field(default_factory=dict)  # by run from one step to its next, the others' between
    looked: float = 0.0

    def look(self, trainers: dict[str, Trainer]) -> list[str]:
        """Sets epochs. Returns the names of the runs that have others than before."""
        for name, trainer in trainers.items():
            self.shares.setdefault(name, trainer.run.recipe.decay_from / trainer.run.recipe.epochs)
        now = time.monotonic()
        if now - self.looked < EVERY or any(trainer.learn.calls < SETTLED for trainer in trainers.values()):
            return []
        for trainer in trainers.values():
            trainer.learn.wait()
        self.looked = now = time.monotonic()
        if self.began is None or self.began[1].keys() != trainers.keys():
            self.began = now, {name: trainer.step for name, trainer in trainers.items()}
            return []
        changed = []
        for name, trainer in trainers.items():
            done = trainer.step - self.began[1][name]
            falls = trainer.step >= trainer.steps * trainer.run.recipe.decay_from
            if done and not (falls and name in self.told):  # a run that goes on may fall already
                self.told.add(name)
                self.seconds[name] = (now - self.began[0]) / done
                more = (self.ends - now) / self.seconds[name] / trainer.steps
                recipe = stretched(trainer.run.recipe, trainer.step / trainer.steps, more, self.shares[name])
                if recipe.epochs != trainer.run.recipe.epochs:
                    trainer.run.recipe = recipe
                    changed.append(name)
        return changed


def stretched(recipe: Recipe, done: float, more: float, share: float) -> Recipe:
    """The recipe with as many whole epochs as fit, at least one more than its warm-up and than are done. The rate falls
    from `share` of them on, or from now on if that is later; if it falls already, from where it began."""
    whole = max(int(done + more), int(max(done, recipe.warmup)) + 1)
    fresh = max(round(share * whole, 3), math.ceil(done * 1000) / 1000)
    return replace(recipe, epochs=whole, decay_from=recipe.decay_from if done > recipe.decay_from else fresh)


def go_on(ready: Prepared) -> None:
    """Takes the epochs that an earlier call has set."""
    file = ready.run.folder / "run.json"
    if file.is_file():
        had = json.loads(file.read_text())["recipe"]
        ready.run.recipe = replace(ready.run.recipe, epochs=had["epochs"], decay_from=had["decay_from"])
        ready.args.reschedule = True
