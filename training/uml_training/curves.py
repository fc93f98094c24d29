"""The curves of a run as a picture: losses, and accuracy and Dice on val, as far as the network has them."""

import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402 (the backend has to be chosen first)

from . import whole  # noqa: E402


def draw(history: list[dict], path: pathlib.Path) -> None:
    epochs = [row["epoch"] for row in history]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    for name, style in (("loss", "-"), ("cls", "--"), ("mutual", ":"), ("seg", "-.")):
        if f"train_{name}" in history[0]:
            left.plot(epochs, [row[f"train_{name}"] for row in history], style, label=name)
    left.set(xlabel="epoch", ylabel="training loss", yscale="log")
    for name, label in (("train_accuracy", "accuracy, train"), ("val_accuracy", "accuracy, val"),
                        ("val_dice", "Dice, val"), ("val_uncertainty", "mean uncertainty, val")):
        if name in history[0]:
            right.plot(epochs, [row[name] for row in history], marker=".", label=label)
    right.set(xlabel="epoch", ylim=(0, 1))
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)
    whole.replace(path, lambda scratch: figure.savefig(scratch, dpi=110))
    plt.close(figure)
