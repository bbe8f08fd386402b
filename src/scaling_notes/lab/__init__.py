"""The laptop laboratory: small models of a language whose entropy is known exactly.

It knows laws of motion only, nothing of fitting; chapters bring both together. To
read it whole, take ``_language``, ``_network``, ``_training``, ``_compression``, then
``_task`` and ``_reinforcement`` (a task with a check), then ``_search``.
``_reproducible`` is why every processor gets the same models.
"""

from __future__ import annotations

from ._compression import prune, quantize
from ._language import Language, language
from ._network import Model, model
from ._reinforcement import reinforce
from ._search import beam, chances, problems, search
from ._task import answers, best_of, proxy_reward, success
from ._training import sweep, train

__all__ = [
    "Language",
    "Model",
    "answers",
    "beam",
    "best_of",
    "chances",
    "language",
    "model",
    "problems",
    "proxy_reward",
    "prune",
    "quantize",
    "reinforce",
    "search",
    "success",
    "sweep",
    "train",
]
