"""Training by Adam on fresh or repeated data, and sweeps over sizes and budgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..errors import DataError, FitError
from ..parallel import Executor, map_chunks
from .checks import real_number, whole_number
from .language import IntArray, Language
from .network import Array, Batch, Layers, Model, Network, model

__all__ = ["Adam", "split_windows", "sweep", "train"]

_BLOCK = 2**16  # windows drawn at a time


class Adam:
    """Adam with decoupled weight decay on a network, in place.

    The two averages are kept without their factors 1 - beta, which saves two
    passes over memory; the factors are in the scalars of :meth:`step`.
    """

    beta1, beta2, epsilon = 0.9, 0.98, 1e-8

    def __init__(self, network: Network, mask: Layers | None = None) -> None:
        h, V = network.width, network.symbols
        self.network = network
        self.mean = np.zeros_like(network.theta)
        self.square = np.zeros_like(network.theta)
        self.change = np.empty_like(network.theta)
        self.mask = None if mask is None else network.pack(mask, unit=1.0)
        self.steps = 0
        # The output matrix wants small steps, all else large ones; both fall with
        # the width (found by a sweep over rates at widths 4 to 256).
        self.rates = (
            (slice(0, h * V), 0.005 * (64 / h) ** 0.4),
            (slice(h * V, None), 0.04 * min(1.5, (64 / h) ** 0.25)),
        )

    def step(self, scale: float, weight_decay: float = 0.0) -> None:
        """Move against ``network.gradient``, at ``scale`` times the usual rates."""
        network, mean, square, change = (
            self.network, self.mean, self.square, self.change,
        )  # fmt: skip
        gradient = network.gradient
        self.steps += 1
        mean *= self.beta1
        mean += gradient
        gradient *= gradient
        square *= self.beta2
        square += gradient
        root = ((1 - self.beta2) / (1 - self.beta2**self.steps)) ** 0.5
        np.sqrt(square, out=change)
        change += self.epsilon / root
        np.divide(mean, change, out=change)
        unbiased = scale * (1 - self.beta1) / (1 - self.beta1**self.steps) / root
        for part, rate in self.rates:
            change[part] *= unbiased * rate
            if weight_decay:
                network.theta[part] *= 1 - scale * rate * weight_decay
        network.theta -= change
        if weight_decay:
            network.hidden[-1, -1] = 1  # the constant unit
        if self.mask is not None:
            network.theta *= self.mask
        network.refresh()


def split_windows(windows: IntArray, symbols: int) -> tuple[IntArray, IntArray]:
    """Turn window numbers into table rows, shape (3, n), and next symbols."""
    V = symbols
    rest, target = np.divmod(windows, V)
    rest, third = np.divmod(rest, V)
    first, second = np.divmod(rest, V)
    return np.stack([first, second + V, third + 2 * V]), target
