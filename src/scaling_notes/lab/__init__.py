"""The laptop laboratory: small models of a language whose entropy is known exactly.

It knows laws of motion only, nothing of fitting; chapters bring both together.
"""

from __future__ import annotations

from ._compression import prune, quantize
from ._language import Language, language
from ._network import Model, model
from ._reinforcement import reinforce, success
from ._training import sweep, train

__all__ = [
    "Language",
    "Model",
    "language",
    "model",
    "prune",
    "quantize",
    "reinforce",
    "success",
    "sweep",
    "train",
]
