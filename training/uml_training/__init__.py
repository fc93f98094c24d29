"""Training, export and evaluation of Uncertainty-informed Mutual Learning networks."""

from .export import export_network
from .networks import Config

__all__ = ["Config", "export_network"]
