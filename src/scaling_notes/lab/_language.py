"""A synthetic language whose entropy, hence irreducible loss, is known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from ._checks import float_array, real_number, whole_number
from ._reproducible import exponential, same_everywhere

__all__ = ["Language", "choose", "language", "split_windows"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

_RANK_DECAY = 0.7  # Zipf-like: symbol of rank r starts from a logit of -0.7 ln r
_STRENGTH = 2.0  # standard deviation that the features give to a logit
_GRID = 2.0**16  # feature weights are multiples of 1 / _GRID
_GUIDE = 2**18


@dataclass(frozen=True, eq=False, repr=False)
class Language:
    """A Markov source of order three. Made by :func:`language`.

    A context of symbols (a, b, c), c the last, has the number (a V + b) V + c.

    Attributes
    ----------
    seed, symbols, features, exponent
        The recipe; V = ``symbols``.
    P : ndarray, shape (V**3, V)
        Probability of the next symbol after every context.
    stationary : ndarray, shape (V**3,)
        How often every context occurs.
    E : float
        Entropy of the next symbol, nats per token: no model's loss is lower.
    """

    seed: int
    symbols: int
    features: int
    exponent: float
    P: FloatArray
    stationary: FloatArray
    E: float

    def __repr__(self) -> str:
        return (
            f"Language(seed={self.seed}, symbols={self.symbols}, "
            f"features={self.features}, exponent={self.exponent:g}): "
            f"E = {self.E:.4f} nats per token"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker rebuilds the tables from the recipe, once: cheaper than sending.
        return language, (self.seed, self.symbols, self.features, self.exponent)

    @cached_property
    def joint(self) -> FloatArray:
        """Probability of every window, a context and the symbol after it."""
        return self.stationary[:, None] * self.P

    @cached_property
    def _inverse(self) -> tuple[FloatArray, IntArray]:
        cumulative = np.cumsum(self.joint)
        cumulative /= cumulative[-1]
        guide = np.searchsorted(cumulative, np.arange(_GUIDE) / _GUIDE, side="right")
        return cumulative, guide

    def draw(self, n: int, rng: np.random.Generator) -> IntArray:
        """Draw windows from a generator, each as one number: context V + symbol."""
        cumulative, guide = self._inverse
        u = rng.random(n)
        window = guide[(u * _GUIDE).astype(np.intp)]
        # The guide is right unless a boundary lies between its mark and u.
        late = np.flatnonzero(cumulative[window] <= u)
        window[late] = np.searchsorted(cumulative, u[late], side="right")
        return window

    def sample(self, n: int, seed: int = 0) -> tuple[IntArray, IntArray]:
        """Draw independent windows of the language.

        Parameters
        ----------
        n : int
            How many, one or more.
        seed : int
            The same seed gives the same windows.

        Returns
        -------
        contexts, symbols : ndarray of int, shape (n,)
            Number of the context, and the symbol that follows it.

        Raises
        ------
        DataError
            If ``n`` or ``seed`` is no such number.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> lang = sn.lab.language()
        >>> contexts, symbols = lang.sample(100_000)
        >>> measured = -sum(map(float, np.log(lang.P[contexts, symbols]))) / 100_000
        >>> abs(measured - lang.E) < 0.02
        True
        """
        n = whole_number("n", n, 1)
        rng = np.random.default_rng(whole_number("seed", seed, 0))
        return np.divmod(self.draw(n, rng), self.symbols)

    def loss(self, log_probabilities: npt.ArrayLike) -> float:
        """Exact loss of a predictor: the mean over all windows, no sampling.

        Parameters
        ----------
        log_probabilities : array_like, shape (V**3, V)
            Natural logarithm of what the predictor gives each next symbol.

        Returns
        -------
        float
            Cross-entropy, nats per token; ``E`` plus the divergence from the truth.

        Raises
        ------
        DataError
            If the shape is wrong or a value is above zero.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> lang = sn.lab.language()
        >>> lang.loss(np.log(lang.P)) == lang.E
        True
        """
        table = float_array("log_probabilities", log_probabilities)
        if table.shape != self.P.shape:
            raise DataError(
                f"log_probabilities has shape {table.shape}; it must be {self.P.shape}."
            )
        if np.max(table) > 1e-5:
            raise DataError(
                "log_probabilities has values above 0; pass logarithms, not "
                "probabilities."
            )
        return float(-np.sum(self.joint * table))


def language(
    seed: int = 0, symbols: int = 32, features: int = 2048, exponent: float = 0.75
) -> Language:
    """Make a language: order three, with structure on every scale.

    The logit of a next symbol is a Zipf-like start plus a sum of ``features``
    random sign features of the context. Feature j has weight j to the power of
    minus ``exponent``: the first are learned early, the last never, which is what
    makes losses fall as power laws.

    Parameters
    ----------
    seed : int
        The same seed gives the same language on every machine.
    symbols : int
        Size V of the alphabet, 2 to 32.
    features : int
        Number of sign features, 1 to 4096.
    exponent : float
        Decay of the weights, 0 or more. Small is hard to learn.

    Returns
    -------
    Language
        With the tables, the exact ``E``, ``sample`` and ``loss``. The tables are
        read-only; the same recipe returns the same object.

    Raises
    ------
    DataError
        If an argument is out of its range.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> lang = sn.lab.language(seed=0)
    >>> lang.P.shape
    (32768, 32)
    >>> 1.5 < lang.E < 2.5
    True
    """
    return _build(
        whole_number("seed", seed, 0),
        whole_number("symbols", symbols, 2, 32),
        whole_number("features", features, 1, 4096),
        real_number("exponent", exponent, 0.0),
    )


@lru_cache(maxsize=4)
def _build(seed: int, symbols: int, features: int, exponent: float) -> Language:
    V = symbols
    streams = np.random.SeedSequence(seed).spawn(3)
    for_scores, for_shifts, for_effects = map(np.random.default_rng, streams)
    scores = for_scores.standard_normal((3, V, features)) / np.sqrt(3.0)
    scores[0] += 0.5 * for_shifts.standard_normal(features)
    scores = scores.astype(np.float32)
    weight = np.arange(1.0, features + 1.0) ** -exponent
    weight *= _STRENGTH / np.linalg.norm(weight)
    effect = 2.0 * weight[:, None] * for_effects.standard_normal((features, V))
    # On this grid every partial sum is exact in float32, so the language does not
    # depend on the order in which a BLAS adds.
    effect = np.round(effect * _GRID) / _GRID
    ranks = np.array([same_everywhere(math.log(r)) for r in range(1, V + 1)])
    start = -_RANK_DECAY * ranks - effect.sum(axis=0) / 2
    effect32 = effect.astype(np.float32)

    logits = np.empty((V, V * V, V))
    last_two = scores[1][:, None] + scores[2][None]
    active = np.empty((V, V, features), dtype=np.float32)
    for first in range(V):
        np.greater(last_two, -scores[0, first], out=active, casting="unsafe")
        logits[first] = active.reshape(V * V, features) @ effect32
    logits += start
    logits -= logits.max(axis=-1, keepdims=True)
    P = exponential(logits).reshape(V**3, V)
    P /= P.sum(axis=1, keepdims=True)

    stationary = _stationary(P, V)
    E = float(-np.sum(stationary[:, None] * P * np.log(P)))
    P.flags.writeable = stationary.flags.writeable = False
    return Language(seed, symbols, features, exponent, P, stationary, E)


def _stationary(P: FloatArray, symbols: int) -> FloatArray:
    law = np.full(symbols**3, 1.0 / symbols**3)
    moves = P.reshape(symbols, symbols**2, symbols)
    for _ in range(10_000):
        # Sums in one order, or exact; others follow the processor and the version.
        new = (law.reshape(symbols, -1, 1) * moves).sum(axis=0).ravel()
        new /= math.fsum(new.tolist())
        change = math.fsum(np.abs(new - law).tolist())
        law = new
        if change < 1e-14:
            break
    return law


def split_windows(windows: IntArray, symbols: int) -> tuple[IntArray, IntArray]:
    """Turn window numbers into table rows, shape (3, n), and next symbols."""
    V = symbols
    rest, target = np.divmod(windows, V)
    rest, third = np.divmod(rest, V)
    first, second = np.divmod(rest, V)
    return np.stack([first, second + V, third + 2 * V]), target


def choose(probabilities: npt.NDArray[Any], rng: np.random.Generator) -> IntArray:
    """Draw one column for each row of a table of probabilities."""
    cumulative = np.cumsum(probabilities, axis=1)
    u = rng.random(len(cumulative), cumulative.dtype) * cumulative[:, -1]
    symbol: IntArray = (cumulative <= u[:, None]).sum(axis=1)
    return np.minimum(symbol, probabilities.shape[1] - 1)
