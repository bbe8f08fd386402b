"""Learn from families of sweeps how far forecasts of another sweep can be trusted."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ..errors import DataError
from ._calibration import DEGREES, Calibration, student
from ._frames import Runs
from ._study import Study, prior_of, study

__all__ = ["calibrate", "learn"]

# Values among which the misses of families choose.
_SPREAD_SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)
_RUN_SCATTERS = (0.003, 0.005, 0.007, 0.01, 0.014, 0.02, 0.03)
_EXCESS_SHARES = (0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8)
# The level at which plain extrapolations are measured.
_LEVEL = 0.8
# A change below this is none.
_NO_CHANGE = 1e-3
_FEWEST = 3


def calibrate(families: Mapping[str, Sequence[Runs]]) -> Calibration:
    """Learn priors and widths of intervals from forecasts of families of sweeps.

    Parameters
    ----------
    families : mapping of str to sequence of DataFrame
        Sweeps of sizes and tokens by family: those that share a laboratory, a data
        pipeline or runs are one. A sweep has columns ``params``, ``tokens``,
        ``flops`` and ``loss``. Three families or more.

    Returns
    -------
    Calibration
        For ``calibration=`` of :func:`forecast` and :func:`allocate`.

    Raises
    ------
    DataError
        If there are fewer than three families, or a sweep cannot be split.

    Notes
    -----
    Each sweep is split at the 35 % and the 60 % quantile of its compute; runs beyond
    three times the cut are held out. Constants of the prior are averages over a grid,
    weighted by the likelihood that they give the best held-out runs of each quarter
    decade, each family counting as one observation. The misses behind the widths are
    those of a family whose priors came from the others.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> names = {
    ...     "ours": "besiroglu2024_chinchilla_points",
    ...     "theirs": "czech2026_llama3_isoflop",
    ...     "toy": "lab_wide",
    ... }
    >>> known = sn.calibrate({key: [sn.load(name)] for key, name in names.items()})
    >>> 0 < known.floor_share < 1, known.families
    (True, ('ours', 'theirs', 'toy'))
    """
    _require(families)
    return learn({name: study(sweeps) for name, sweeps in families.items()})


def _require(families: object) -> None:
    """Refuse what is no mapping of names to lists of sweeps, before any is studied."""
    if not isinstance(families, Mapping):
        raise DataError(
            f"families is a {type(families).__name__}; give a mapping of names to "
            "lists of sweeps."
        )
    for name, sweeps in families.items():
        if not isinstance(sweeps, list | tuple) or not sweeps:
            raise DataError(
                f"families[{name!r}] is no list of sweeps; give [sweep] for one, "
                "list(sweeps.values()) for those of a mapping."
            )
    _require_enough(families)


def _require_enough(families: Mapping[str, object]) -> None:
    if len(families) < _FEWEST:
        raise DataError(
            f"{len(families)} families are too few to learn from: give {_FEWEST} or "
            "more."
        )


def learn(studies: Mapping[str, Study]) -> Calibration:
    """Return what families teach; their studies do not depend on one another."""
    _require_enough(studies)
    known = Calibration(
        families=tuple(studies),
        **vars(prior_of(list(studies.values()))),
        spread_scale=1.0,
        run_scatter=0.0,
        excess_share=0.0,
        change_share=_change_share(studies),
        size_error=_size_error(studies),
    )
    return _with_widths(known, _misses(studies))


def _misses(studies: Mapping[str, Study]) -> pd.DataFrame:
    """Return the miss of every held-out run, its family's prior from the others."""
    parts = []
    for name, one in studies.items():
        prior = prior_of([s for other, s in studies.items() if other != name])
        for forecast in one.forecasts:
            miss, spread = forecast.miss(prior)
            part = {"miss": miss, "spread": spread, "excess": forecast.excess}
            weight = 1.0 / len(one.forecasts) / len(miss)
            parts.append(pd.DataFrame(part).assign(weight=weight))
    return pd.concat(parts, ignore_index=True)


def _with_widths(known: Calibration, seen: pd.DataFrame) -> Calibration:
    """Return the calibration with the widths' average, by likelihood under t.

    Each family counts as one observation.
    """
    miss, spread, excess, weight = seen.to_numpy().T
    ways = [
        replace(known, spread_scale=scale, run_scatter=run, excess_share=share)
        for scale, run, share in itertools.product(
            _SPREAD_SCALES, _RUN_SCATTERS, _EXCESS_SHARES
        )
    ]
    total = np.empty(len(ways))
    for i, way in enumerate(ways):
        width = way.spread(spread, excess)
        tail = 0.5 * (DEGREES + 1) * np.log1p((miss / width) ** 2 / DEGREES)
        total[i] = -weight @ (tail + np.log(width))
    chance = np.exp(total - total.max())
    chance /= chance.sum()
    logs = np.log([[w.spread_scale, w.run_scatter, w.excess_share] for w in ways])
    scale, run, share = np.exp(chance @ logs).tolist()
    return replace(known, spread_scale=scale, run_scatter=run, excess_share=share)


def _change_share(studies: Mapping[str, Study]) -> float:
    """Return the scale of plain misses as shares of the change, from 80 % of them.

    Each family counts once.
    """
    shares, weights = [], []
    for one in studies.values():
        for forecast in one.forecasts:
            change = np.maximum(forecast.plain_change, _NO_CHANGE)
            shares.append(forecast.plain_miss / change)
            weights.append(np.full(len(change), 1 / len(change) / len(one.forecasts)))
    share, weight = np.concatenate(shares), np.concatenate(weights)
    order = np.argsort(share, kind="stable")
    part = np.cumsum(weight[order]) / weight.sum()
    return float(share[order][np.searchsorted(part, _LEVEL)] / student(_LEVEL))


def _size_error(studies: Mapping[str, Study]) -> float:
    """Return the root mean square of size misses, each family counting once."""
    squares = []
    for one in studies.values():
        parts = [f.size_miss for f in one.forecasts if len(f.size_miss)]
        if parts:
            squares.append(np.mean([np.mean(part**2) for part in parts]))
    return float(np.sqrt(np.mean(squares))) if squares else np.nan
