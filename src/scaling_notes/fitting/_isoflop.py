"""Approaches 1 and 2 of Hoffmann et al.: the envelope and IsoFLOP parabolas."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..accounting import TRAINING_FLOPS_PER_PARAM_TOKEN
from ..errors import DataError, FitWarning
from ..laws import OptimalParams
from ..laws._law import Array
from ..parallel import require_resamples, require_seed
from ._bootstrap import Bootstrap
from ._columns import (
    UNKNOWN,
    read_columns,
    read_params_kind,
    require_positive,
    unit_of,
)
from ._interval import Interval, Quantity
from ._refit import resample_counts

__all__ = ["Profile", "envelope", "isoflop"]

_FEWEST = 5


@dataclass(frozen=True, eq=False)
class Profile:
    """Compute-optimal sizes read off the runs, and the power law through them.

    Attributes
    ----------
    method : str
        ``"envelope"`` or ``"isoflop"``.
    optima : pandas.DataFrame
        One row a budget: ``flops``, ``params``, ``tokens``, ``loss``, ``n_runs``.
    curves : pandas.DataFrame
        For IsoFLOP, the parabolas: ``budget``, ``params``, ``loss``. Else empty.
    runs : pandas.DataFrame
        The runs used, with the ``budget`` each was assigned to.
    boot : Bootstrap
        Of the power law :class:`~scaling_notes.laws.OptimalParams`.
    """

    method: str
    optima: pd.DataFrame
    curves: pd.DataFrame
    runs: pd.DataFrame
    boot: Bootstrap

    @property
    def law(self) -> OptimalParams:
        """The power law through the optima."""
        law = self.boot.law
        assert isinstance(law, OptimalParams)
        return law

    def interval(self, quantity: Quantity, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``"n_exponent"``, ``"d_exponent"`` or a function."""
        return self.boot.interval(quantity, confidence_level)

    def __repr__(self) -> str:
        return (
            f"{self.method}: {len(self.optima)} budgets, {len(self.runs)} runs, "
            f"n_exponent {self.interval('n_exponent')!r}"
        )


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
    data = _read(runs, params, tokens, flops, loss)
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
    return _profile("envelope", optima, _no_curves(), data, laws, seed, kinds)


def isoflop(
    runs: pd.DataFrame,
    *,
    budgets: Sequence[float] | None = None,
    tolerance: float = 0.15,
    params: str = "params",
    tokens: str = "tokens",
    flops: str = "flops",
    loss: str = "loss",
    params_kind: str | None = None,
    loss_unit: str | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Profile:
    """Read the compute-optimal size off a parabola at each budget (approach 2).

    Parameters
    ----------
    runs : DataFrame
    budgets : sequence of float, optional
        Compute budgets in FLOP. A run belongs to the nearest one if it is
        within ``tolerance``. By default the budgets are the values of flops
        that at least five runs share to two digits.
    tolerance : float
        Relative distance in flops, as a fraction.
    params, tokens, flops, loss : str
        Names of the columns.
    params_kind, loss_unit : str, optional
        As for :func:`fit_chinchilla`.
    n_resamples, seed : int
        Of the case bootstrap; runs are resampled within their budget.

    Returns
    -------
    Profile

    Raises
    ------
    DataError
        If fewer than three budgets give a parabola with a minimum.

    Warns
    -----
    FitWarning
        If a budget is left out (too few runs, no minimum) or its minimum lies
        outside the sizes that were trained.

    References
    ----------
    Hoffmann et al. 2022, arXiv:2203.15556, Sec. 3.2.
    """
    data = _read(runs, params, tokens, flops, loss)
    require_resamples(n_resamples)
    require_seed(seed)
    compute = data["flops"].to_numpy()
    known = _shared(compute) if budgets is None else np.sort(np.asarray(budgets, float))
    if not (np.isfinite(known) & (known > 0)).all():
        raise DataError("budgets must be finite and positive, in FLOP.")
    if len(known) < 3:
        raise DataError(
            f"{len(known)} budgets are too few for a power law: give three or more in "
            "budgets, each with five runs."
        )
    distance = np.abs(np.log(compute[:, None] / known))
    data["budget"] = known[distance.argmin(axis=1)]
    near = distance.min(axis=1) <= np.log1p(tolerance)
    data = data[near].copy()

    kept = []
    for budget in known:
        part = data[data["budget"] == budget]
        parabola, trouble = _parabola_of(part)
        if trouble:
            warnings.warn(f"Budget {budget:.3g}: {trouble}.", FitWarning, stacklevel=2)
        if parabola is not None:
            kept.append((budget, part, parabola))
    if len(kept) < 3:
        raise DataError(
            f"{len(kept)} budgets have a parabola with a minimum; three are needed."
        )
    rows, curves, draws = [], [], []
    rng = np.random.default_rng(seed)
    for budget, part, (c, b, a) in kept:
        x = -b / (2 * c)
        size = np.exp(x)
        tokens = budget / TRAINING_FLOPS_PER_PARAM_TOKEN / size
        rows.append((budget, size, tokens, a - c * x * x, len(part)))
        log_n = np.log(part["params"].to_numpy())
        grid = np.linspace(log_n.min(), log_n.max(), 40)
        loss_on_grid = (c * grid + b) * grid + a
        curve = {"budget": budget, "params": np.exp(grid), "loss": loss_on_grid}
        curves.append(pd.DataFrame(curve))
        fits = _parabolas(part, resample_counts(len(part), None, n_resamples, rng))
        curved = fits[:, 0] > 0
        vertex = -fits[:, 1] / (2 * np.where(curved, fits[:, 0], 1.0))
        draws.append(np.where(curved, vertex, np.nan))
    optima = pd.DataFrame(rows, columns=["flops", "params", "tokens", "loss", "n_runs"])
    with np.errstate(over="ignore"):
        sizes = np.exp(np.array(draws))
    # A resample without a minimum at every budget gives no power law.
    sizes = sizes[:, np.isfinite(sizes).all(axis=0)]
    laws = np.array([_line(optima["flops"].to_numpy(), s) for s in sizes.T])
    used = pd.concat([part for _, part, _ in kept])
    drawn = pd.concat(curves, ignore_index=True)
    kinds = (
        read_params_kind(unit_of(runs, params), params_kind),
        loss_unit or unit_of(runs, loss) or UNKNOWN,
    )
    return _profile("isoflop", optima, drawn, used, laws, seed, kinds)


def _parabola_of(part: pd.DataFrame) -> tuple[Array | None, str]:
    """Return the parabola of one budget, if it has one, and what is wrong with it."""
    if len(part) < _FEWEST:
        return None, f"{len(part)} runs, left out"
    if part["params"].nunique() < 3:
        return None, "fewer than three sizes, left out"
    parabola = _parabolas(part, np.ones((1, len(part))))[0]
    if not parabola[0] > 0:
        return None, "no minimum, left out"
    vertex = np.exp(-parabola[1] / (2 * parabola[0]))
    if part["params"].min() <= vertex <= part["params"].max():
        return parabola, ""
    return parabola, (
        f"the minimum, {vertex:.3g} params, lies outside the sizes trained; it is an "
        "extrapolation"
    )


def _profile(
    method: str,
    optima: pd.DataFrame,
    curves: pd.DataFrame,
    runs: pd.DataFrame,
    laws: Array,
    seed: int,
    kinds: tuple[str, str],
) -> Profile:
    compute, size = optima["flops"].to_numpy(), optima["params"].to_numpy()
    law = OptimalParams.from_array(_line(compute, size))
    boot = Bootstrap(
        law=law,
        laws=OptimalParams.from_array(laws),
        residuals=np.log(size) - np.log(law.value(compute)),
        n_units=len(runs),
        seed=seed,
        converged=1.0,
        params_kind=kinds[0],
        loss_unit=kinds[1],
    )
    return Profile(method, optima, curves, runs, boot)


def _read(
    runs: pd.DataFrame, params: str, tokens: str, flops: str, loss: str
) -> pd.DataFrame:
    columns = {"params": params, "tokens": tokens, "flops": flops, "loss": loss}
    data = read_columns(runs, columns, None)
    require_positive(data, columns)
    # Labels may repeat in the frame given; here each run has its own.
    return data.reset_index(drop=True)


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


def _line(compute: ArrayLike, size: ArrayLike) -> Array:
    """Return coefficient and exponent of the power law through the points."""
    slope, level = np.polyfit(np.log(compute), np.log(size), 1)
    return np.array([np.exp(level), slope])


def _shared(compute: Array) -> Array:
    rounded = np.array([float(f"{c:.1e}") for c in compute])
    values, counts = np.unique(rounded, return_counts=True)
    return values[counts >= _FEWEST]


def _parabolas(part: pd.DataFrame, weights: Array) -> Array:
    """Return (c, b, a) of loss = c x^2 + b x + a, x = log params, for each row."""
    x = np.log(part["params"].to_numpy())
    middle = x.mean()
    powers = np.stack([(x - middle) ** 2, x - middle, np.ones_like(x)])
    gram = np.einsum("in,jn,mn->mij", powers, powers, weights)
    moment = np.einsum("in,mn,n->mi", powers, weights, part["loss"].to_numpy())
    # A resample of fewer than three sizes has no parabola; the ridge keeps it finite
    # and its vertex is dropped for want of curvature or by its distance.
    ridge = 1e-12 * np.einsum("mii->m", gram)[:, None, None] * np.eye(3)
    c, b, a = np.linalg.solve(gram + ridge, moment[..., None])[..., 0].T
    return np.stack([c, b - 2 * c * middle, a - b * middle + c * middle**2], axis=1)


def _no_curves() -> pd.DataFrame:
    return pd.DataFrame({"budget": [], "params": [], "loss": []}, dtype=float)
