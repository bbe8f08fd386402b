"""Training by Adam on fresh or repeated data, and sweeps over sizes and budgets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, FitError
from ..parallel import Executor, map_chunks
from ._checks import entries, real_number, require_kind, whole_number
from ._language import IntArray, Language, split_windows
from ._network import WEIGHT_BITS, Batch, Mask, Model, Network, model
from ._reproducible import same_everywhere, to_grid

__all__ = ["Adam", "sweep", "train"]

_BLOCK = 2**16  # windows drawn at a time


class Adam:
    """Adam with decoupled weight decay on a network, in place.

    The two averages are kept without their factors 1 - beta, which saves two
    passes over memory; the factors are in the scalars of :meth:`step`.
    """

    beta1, beta2, epsilon = 0.9, 0.98, 1e-8

    def __init__(self, network: Network, mask: Mask | None = None) -> None:
        h, V = network.width, network.symbols
        self.network = network
        self.mean = np.zeros_like(network.theta)
        self.square = np.zeros_like(network.theta)
        self.change = np.empty_like(network.theta)
        self.mask = None if mask is None else network.pack(mask)
        self.unseen = np.ones(2)  # beta1 and beta2 to the power of the steps so far
        to_grid(network.theta, WEIGHT_BITS)
        network.refresh()
        # The output matrix wants small steps, all else large ones; both fall with
        # the width (found by a sweep over rates at widths 4 to 256).
        self.rates = (
            (slice(0, h * V), 0.005 * same_everywhere((64 / h) ** 0.4)),
            (slice(h * V, None), 0.04 * min(1.5, same_everywhere((64 / h) ** 0.25))),
        )

    def step(self, scale: float, weight_decay: float = 0.0) -> None:
        """Move against ``network.gradient``, at ``scale`` times the usual rates."""
        network, mean, square = self.network, self.mean, self.square
        gradient, change = network.gradient, self.change
        self.unseen *= self.beta1, self.beta2
        bias1, bias2 = map(float, 1 - self.unseen)
        mean *= self.beta1
        mean += gradient
        gradient *= gradient
        square *= self.beta2
        square += gradient
        root = math.sqrt((1 - self.beta2) / bias2)
        np.sqrt(square, out=change)
        change += self.epsilon / root
        np.divide(mean, change, out=change)
        unbiased = scale * (1 - self.beta1) / bias1 / root
        for part, rate in self.rates:
            change[part] *= unbiased * rate
            if weight_decay:
                network.theta[part] *= 1 - scale * rate * weight_decay
        network.theta -= change
        to_grid(network.theta, WEIGHT_BITS)
        if weight_decay:
            network.hidden[-1, -1] = 1  # the constant unit does not decay
        if self.mask is not None:
            network.theta *= self.mask
        network.refresh()


def _batches(
    language: Language, rows: int, steps: int, unique: int | None, seed: list[int]
) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
    """Yield ``steps`` batches of table rows, next symbols and window numbers."""
    rng = np.random.default_rng(seed)
    pool = None if unique is None else language.draw(unique, rng)
    per_block = max(1, _BLOCK // rows)
    left = np.empty(0, np.intp)
    for start in range(0, steps, per_block):
        count = min(per_block, steps - start)
        if pool is None:
            windows = language.draw(count * rows, rng)
        else:  # epochs, each in an order of its own
            while left.size < count * rows:
                left = np.concatenate([left, rng.permutation(pool)])
            windows, left = left[: count * rows], left[count * rows :]
        index, target = split_windows(windows, language.symbols)
        for i in range(count):
            part = slice(i * rows, (i + 1) * rows)
            yield index[:, part], target[part], windows[part]


def train(
    model: Model,
    tokens: float,
    seed: int = 0,
    *,
    batch: int | None = None,
    warmup_tokens: float | None = None,
    unique_tokens: int | None = None,
    weight_decay: float = 0.0,
    rate: float = 1.0,
    teacher: Model | None = None,
    checkpoints: Iterable[float] = (),
) -> Model:
    """Train a model and return the trained one; the argument is left as it was.

    Adam with a linear warm-up and a cosine to zero, on windows of the language
    drawn independently: fresh ones, or epochs over a fixed set. A model that was
    pruned keeps its zeros.

    Parameters
    ----------
    model : Model
        Where to start.
    tokens : float
        Training tokens, 1 or more; rounded to whole batches, at least one.
    seed : int
        Of the data.
    batch : int, optional
        Tokens a step. None takes max(8, sqrt(tokens) / 4), near the best for
        every size here.
    warmup_tokens : float, optional
        Length of the warm-up; None takes 2 % of ``tokens``.
    unique_tokens : int, optional
        Draw only so many windows and repeat them; None never repeats.
    weight_decay : float
        Decoupled decay, relative to the learning rate.
    rate : float
        Multiplies both learning rates.
    teacher : Model, optional
        Learn its probabilities (soft labels) instead of the symbols that came.
    checkpoints : iterable of float
        Tokens after which to record the exact loss, in ``history`` of the result;
        rounded to whole batches.

    Returns
    -------
    Model
        The trained model, with ``tokens`` counting all it has read.

    Raises
    ------
    DataError
        If a number is out of its range or the teacher speaks another language.
    FitError
        If the run diverges; the message names the run.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> lang = sn.lab.language()
    >>> small = sn.lab.train(sn.lab.model(lang, width=8), tokens=20_000)
    >>> lang.E < small.loss < 2.7
    True
    """
    require_kind("model", model, Model)
    language = model.language
    D = real_number("tokens", tokens, 1, 1e12)
    seed = whole_number("seed", seed, 0)
    rows = max(8, round(math.sqrt(D) / 4))
    if batch is not None:
        rows = whole_number("batch", batch, 1, 2**20)
    if unique_tokens is not None:
        unique_tokens = whole_number("unique_tokens", unique_tokens, 1)
    decay = real_number("weight_decay", weight_decay, 0.0, 10.0)
    rate = real_number("rate", rate, 0.0, 1e6)
    if teacher is not None and teacher.language is not language:
        raise DataError("teacher is a model of another language; use the same one.")
    steps = max(1, round(D / rows))
    warmup = 0.02 * D
    if warmup_tokens is not None:
        warmup = real_number("warmup_tokens", warmup_tokens, 0.0)
    warmup = max(1.0, warmup / rows)
    marks = {
        min(steps, max(1, round(real_number("checkpoints", t, 1, D) / rows)))
        for t in checkpoints
    }

    network = Network(model.layers)
    work, adam = Batch(network, rows), Adam(network, model.mask)
    soft = None if teacher is None else teacher.probabilities
    data = _batches(language, rows, steps, unique_tokens, [seed, model.width, steps])
    history = []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for i, (index, target, windows) in enumerate(data):
            gradient = work.forward(index)
            if soft is None:
                work.flat[target + work.target_starts] -= 1
            else:
                gradient -= soft[windows // language.symbols]
            work.backward()
            network.gradient *= 1 / rows
            cosine = same_everywhere(0.5 * (1 + math.cos(math.pi * i / steps)))
            adam.step(rate * min(1.0, (i + 1) / warmup) * cosine, decay)
            if i + 1 in marks:
                at = replace(model, layers=network.layers())
                history.append((model.tokens + (i + 1) * rows, at.loss))
    if not np.all(np.isfinite(network.theta)):
        raise FitError(
            f"the run diverged: width {model.width}, {steps} steps of {rows} tokens, "
            f"rate {rate:g}, seed {seed}; lower rate or raise warmup_tokens."
        )
    return replace(
        model,
        layers=network.layers(),
        tokens=model.tokens + steps * rows,
        history=pd.DataFrame(history, columns=["tokens", "loss"]),
    )


def _usual_widths(flops: float) -> list[int]:
    # Seven widths in steps of the square root of two around a rough optimum.
    middle = 8.0 * (flops / 1e8) ** 0.42
    return sorted({max(1, round(middle * 2 ** (j / 2))) for j in range(-3, 4)})


def sweep(
    language: Language,
    budgets: Iterable[float],
    widths: Iterable[int] | None = None,
    seeds: Iterable[int] = (0,),
    executor: Executor | None = None,
    progress: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """Train a model of every width at every budget: the IsoFLOP experiment.

    Parameters
    ----------
    language : Language
        What the models read.
    budgets : iterable of float
        Training compute, FLOP. A model of N parameters reads budget / (6 N)
        tokens.
    widths : iterable of int, optional
        Used at every budget. None takes seven around a rough optimum of each.
    seeds : iterable of int
        Each seeds both the initial weights and the data of a run.
    executor : Executor, optional
        Anything with the ``map`` of ``concurrent.futures``; the table is the same
        whatever runs it.
    progress : bool
        Show a bar on stderr, one step a run, where the sweep lasts longer than
        three seconds.
    **options
        Passed to :func:`train`.

    Returns
    -------
    pandas.DataFrame
        One row a run: ``budget``, ``width``, ``seed``, ``params``, ``tokens``,
        ``flops`` (what was spent: tokens come in whole batches) and the exact
        ``loss``, nats per token.

    Raises
    ------
    DataError
        If a list is empty or a budget buys a model less than 100 tokens.
    FitError
        If a run diverges.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> runs = sn.lab.sweep(sn.lab.language(), [1e7, 2e7], widths=[2, 4])
    >>> runs.shape
    (4, 7)
    """
    chunks = []
    require_kind("language", language, Language)
    seeds = [whole_number("seeds", s, 0) for s in entries("seeds", seeds)]
    fixed = (
        None
        if widths is None
        else [whole_number("widths", h, 1) for h in entries("widths", widths)]
    )
    for budget in entries("budgets", budgets):
        flops = real_number("budgets", budget, 1.0, 1e18)
        for h in _usual_widths(flops) if fixed is None else fixed:
            tokens = flops / (6 * model(language, h).params)
            if tokens < 100:
                raise DataError(
                    f"a budget of {flops:g} FLOP buys a model of width {h} only "
                    f"{tokens:.0f} tokens; spend more or take smaller widths."
                )
            chunks += [(flops, h, seed, tokens) for seed in seeds]
    if not chunks:
        raise DataError("budgets, widths and seeds must each have an entry.")
    one_run = partial(_one_run, language, options)
    rows = map_chunks(one_run, chunks, executor, progress)
    columns = ["budget", "width", "seed", "params", "tokens", "flops", "loss"]
    return pd.DataFrame(rows, columns=columns)


def _one_run(
    language: Language, options: dict[str, Any], chunk: tuple[float, int, int, float]
) -> tuple[float, int, int, int, int, float, float]:
    budget, h, seed, tokens = chunk
    done = train(model(language, h, seed=seed), tokens, seed, **options)
    return budget, h, seed, done.params, done.tokens, done.flops, done.loss
