"""Every network that can be trained, by name: the three, what they are compared with, and classes of one's own."""

import importlib
import inspect

from torch import nn

from . import networks
from .networks import NETWORKS, Config
from .own import Own
from .parts import PARTS

SCALED = ("edge", *PARTS)  # take a channel divisor and a stem stride


def check_name(network: str) -> str:
    """The name itself. Errors: ValueError that lists the names."""
    if network not in (*NETWORKS, *PARTS) and ":" not in network:
        raise ValueError(f"--network {network}: one of {', '.join((*NETWORKS, *PARTS))}, or package.module:Class")
    return network


def own_class(network: str) -> type[Own]:
    """package.module:Class as a class that `Own` is a base of. Errors: ValueError that says what is missing."""
    module, _, name = network.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise ValueError(f"--network {network}: {error} (is its folder in PYTHONPATH?)") from error
    if not (inspect.isclass(found) and issubclass(found, Own)):
        raise ValueError(f"--network {network}: {module} has no class {name} derived from uml_training.blocks.Network")
    return found


def label_of(network: str) -> str:
    """What a weights file calls it (`uml.network`)."""
    return own_class(network).label if ":" in network else network


def build(network: str, config: Config, frozen: bool) -> nn.Module:
    """Ready for training, or with frozen norms in the encoders (`frozen`; a class of one's own decides by itself)."""
    check_name(network)
    if ":" in network:
        return own_class(network)(config)
    return PARTS[network](config, frozen) if network in PARTS else networks.build(network, config, frozen)
