"""Approach 1 of Hoffmann et al.: the lower envelope of the runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..errors import DataError
from ..laws._law import Array
from ..parallel import require_resamples, require_seed
from ._columns import (
    UNKNOWN,
    read_columns,
    read_params_kind,
    require_positive,
    unit_of,
)
from ._profile import Profile, profile_of
from ._refit import resample_counts

__all__ = ["envelope"]

_FEWEST = 5


def envelope(
    runs: pd.DataFrame,
    *,
    params: str = "params",
    tokens: str = "tokens",
    flops: str = "flops",
    loss: str = "loss",
    params_kind: str | None = None,
    loss_unit: str | None = None,
    bins_per_decade: int = 4,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Profile:
    """Read the compute-optimal size off the lower envelope of the runs (approach 1).

    Compute is cut into bins of equal width on a log scale. In each bin of five
    runs or more the run of least loss is taken, if it improves on all cheaper
    ones; a power law goes through their sizes.

    Parameters
    ----------
    runs : DataFrame
    params, tokens, flops, loss : str
        Names of the columns.
    params_kind, loss_unit : str, optional
        As for :func:`fit_chinchilla`.
    bins_per_decade : int
    n_resamples, seed : int
        Of the case bootstrap over runs; each resample finds its own envelope.

    Returns
    -------
    Profile

    Raises
    ------
    DataError
        If columns are missing or bad, or fewer than three bins are left.

    Notes
    -----
    Hoffmann et al. take the envelope over whole training curves. From final
    points alone it is coarse: a bin holds few sizes, so its interval is wide.

    References
    ----------
    Hoffmann et al. 2022, arXiv:2203.15556, Sec. 3.1.
    """
    columns = {"params": params, "tokens": tokens, "flops": flops, "loss": loss}
    data = read_columns(runs, columns, None)
    require_positive(data, columns)
    # Labels may repeat in the frame given; here each run has its own.
    data = data.reset_index(drop=True)
    require_resamples(n_resamples)
    require_seed(seed)
    if bins_per_decade < 1:
        raise DataError(f"bins_per_decade is {bins_per_decade}; give 1 or more.")
    edge = np.floor(np.log10(data["flops"].to_numpy()) * bins_per_decade)
    data["budget"] = 10 ** ((edge + 0.5) / bins_per_decade)
    # The best of two or three runs says little about the best there is.
    sizes = data.groupby("budget")["loss"].transform("size")
    data = data[sizes >= _FEWEST].reset_index(drop=True)
    place, on = _envelopes(data, np.ones((1, len(data)), bool))
    frontier = place[on]
    if len(frontier) < 3:
        raise DataError(
            f"The envelope has {len(frontier)} points; three are needed. Give runs "
            "over a wider range of flops, or more bins_per_decade."
        )
    optima = data.loc[frontier, ["flops", "params", "tokens", "loss"]]
    sizes = data.groupby("budget")["loss"].transform("size")
    optima = optima.assign(n_runs=sizes[frontier]).reset_index(drop=True)
    counts = resample_counts(len(data), None, n_resamples, np.random.default_rng(seed))
    place, on = _envelopes(data, counts > 0)
    enough = on.sum(axis=1) >= 3
    place, on = place[enough], on[enough]
    laws = _lines(data["flops"].to_numpy()[place], data["params"].to_numpy()[place], on)
    if len(laws) < 2:
        raise DataError(
            "Almost no resample of these runs has an envelope of three points: give "
            "more runs."
        )
    kinds = (
        read_params_kind(unit_of(runs, params), params_kind),
        loss_unit or unit_of(runs, loss) or UNKNOWN,
    )
    curves = pd.DataFrame({"budget": [], "params": [], "loss": []}, dtype=float)
    return profile_of("envelope", optima, curves, data, laws, seed, kinds)


def _envelopes(data: pd.DataFrame, present: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the best run of each bin by rising compute, and which are envelope.

    Both are of shape (resamples, bins); a row of ``present`` says which runs a
    resample holds.
    """
    loss = data["loss"].to_numpy()
    budget = data["budget"].to_numpy()
    bins = np.unique(budget)
    place = np.empty((len(present), len(bins)), int)
    least = np.empty(place.shape)
    for j, middle in enumerate(bins):
        runs = np.flatnonzero(budget == middle)
        here = np.where(present[:, runs], loss[runs], np.inf)
        best = here.argmin(axis=1)
        place[:, j] = runs[best]
        least[:, j] = here[np.arange(len(here)), best]
    on = least < np.inf
    on[:, 1:] &= least[:, 1:] < np.minimum.accumulate(least, axis=1)[:, :-1]
    return place, on


def _lines(compute: Array, size: Array, on: np.ndarray) -> Array:
    """Return :func:`_line` of the chosen points of each row."""
    x, y = np.log(compute), np.log(size)
    x = x - np.mean(x, axis=1, where=on, keepdims=True)
    middle = np.mean(y, axis=1, where=on)
    slope = np.sum(x * y, axis=1, where=on) / np.sum(x * x, axis=1, where=on)
    level = middle - slope * np.mean(np.log(compute), axis=1, where=on)
    return np.stack([np.exp(level), slope], axis=1)
