"""Files of torch.save, read as plain data."""

import pathlib
import pickle

import torch


def load(path: pathlib.Path, device: str | torch.device = "cpu") -> object:
    """What the file holds. Errors: ValueError that names it, where it is damaged, or holds anything but numbers, texts
    and tensors: code in it never runs."""
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path}: damaged, or it holds more than numbers, texts and tensors, which is refused: it "
                         "could run code") from error
    except (EOFError, RuntimeError, KeyError, AttributeError) as error:
        told = str(error).splitlines()[0] if str(error) else "it ends too early"
        raise ValueError(f"{path}: damaged: {told}") from error
