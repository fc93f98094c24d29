"""Training, export and evaluation of Uncertainty-informed Mutual Learning networks."""

from typing import Any

from .networks import Config

__all__ = ["Config", "export_network"]


def __getattr__(name: str) -> Any:
    # Found when it is asked for: the modules behind it need packages that whoever only builds a network may lack.
    if name == "export_network":
        from .export import export_network

        return export_network
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
