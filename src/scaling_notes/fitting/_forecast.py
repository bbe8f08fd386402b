"""Forecast before reveal: fit the small runs, state the large ones, then score."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import overload

import numpy as np
import pandas as pd

from ..accounting._checks import floats
from ..errors import DataError, FitWarning
from ..laws import Chinchilla, Law
from ..laws._law import Array
from ..parallel import Executor, require_resamples, require_seed
from ._calibration import FAMILIES, Calibrated, read_calibration
from ._columns import read_columns, require_domain, require_positive
from ._compute_unit import far_from_flops
from ._fit_law import fit_chinchilla, fit_law
from ._forecast_score import Forecast, Forecasts
from ._frames import Runs, as_frame
from ._known import Bound
from ._law_forecast import LawForecast
from ._sweep_forecast import SweepForecast

__all__ = ["forecast"]


@overload
def forecast(
    runs: Runs,
    *,
    below: float | None = ...,
    law: type[Law] | None = ...,
    along: str | None = ...,
    above: float | None = ...,
    confidence_level: float = ...,
    params: str = ...,
    tokens: str = ...,
    flops: str = ...,
    loss: str = ...,
    columns: Mapping[str, str] | None = ...,
    groups: str | None = ...,
    delta: float | None = ...,
    fixed: Mapping[str, float] | None = ...,
    bounds: Mapping[str, Bound] | None = ...,
    priors: Mapping[str, tuple[float, float]] | None = ...,
    params_kind: str | None = ...,
    loss_unit: str | None = ...,
    n_resamples: int = ...,
    seed: int = ...,
    executor: Executor | None = ...,
    calibration: Calibrated = ...,
) -> Forecast: ...
@overload
def forecast(
    runs: Runs,
    *,
    below: Sequence[float] | Array,
    law: type[Law] | None = ...,
    along: str | None = ...,
    above: float | None = ...,
    confidence_level: float = ...,
    params: str = ...,
    tokens: str = ...,
    flops: str = ...,
    loss: str = ...,
    columns: Mapping[str, str] | None = ...,
    groups: str | None = ...,
    delta: float | None = ...,
    fixed: Mapping[str, float] | None = ...,
    bounds: Mapping[str, Bound] | None = ...,
    priors: Mapping[str, tuple[float, float]] | None = ...,
    params_kind: str | None = ...,
    loss_unit: str | None = ...,
    n_resamples: int = ...,
    seed: int = ...,
    executor: Executor | None = ...,
    calibration: Calibrated = ...,
) -> Forecasts: ...
def forecast(
    runs: Runs,
    *,
    below: float | Sequence[float] | Array | None = None,
    law: type[Law] | None = None,
    along: str | None = None,
    above: float | None = None,
    confidence_level: float = 0.8,
    params: str = "params",
    tokens: str = "tokens",
    flops: str = "flops",
    loss: str = "loss",
    columns: Mapping[str, str] | None = None,
    groups: str | None = None,
    delta: float | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, Bound] | None = None,
    priors: Mapping[str, tuple[float, float]] | None = None,
    params_kind: str | None = None,
    loss_unit: str | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    executor: Executor | None = None,
    calibration: Calibrated = FAMILIES,
) -> Forecast | Forecasts:
    """Fit the small runs, say what larger ones will give, and score it where they are.

    Parameters
    ----------
    runs : DataFrame, mapping of columns, or other table
        As for :func:`fit_chinchilla`.
    below : float, or array of shape (c,), optional
        Runs of less training compute (FLOP) are fitted. Of several cuts each has
        its forecast. Without it all runs are fitted and none is held out: ask
        :meth:`Forecast.at` and :meth:`Forecast.best` of runs to come.
    law : type of Law, optional
        The form, Chinchilla's by default.
    along : str, optional
        What the cut is along: an input of the law, or another column of positive
        numbers. By default the input of a law of one, and else ``"flops"``.
    above : float, optional
        Runs of at least this compute are held out; ``below`` by default. Of several
        cuts with one ``above``, all are scored on the same runs.
    confidence_level : float
        Of the prediction interval stated for each held-out run.
    params, tokens, flops, loss : str
        Names of the columns.
    columns : mapping of str to str, optional
        Names of the columns by the names that the law has for its inputs and its
        response, such as ``{"x": "step", "score": "accuracy"}``; where they are not
        the same.
    groups : str, optional
        As for :func:`fit_chinchilla`. The points of one curve are one unit.
    delta, fixed, bounds, priors : optional
        As for :func:`fit_chinchilla`.
    params_kind, loss_unit : str, optional
        As for :func:`fit_chinchilla`.
    n_resamples, seed : int
        Of the bootstrap.
    executor : Executor, optional
        As for :meth:`Fit.bootstrap`.
    calibration : sequence of str, Calibration, or None
        Families of sweeps whose forecasts set priors and widths: all five that are
        stored, or all but the one that the runs are of; or what :func:`calibrate`
        made of your own. None is the plain fit and its bootstrap, which knows
        nothing of a wrong form.

    Returns
    -------
    Forecast or Forecasts
        The second for several cuts.

    Raises
    ------
    DataError
        If values are not finite and positive, or not where the law has a meaning
        (the rows are named), no run is held out, a name in ``columns`` is not one of
        the law, or the runs below the cut cannot be fitted.

    Notes
    -----
    Chinchilla's form along ``flops``, with nothing fixed, bounded or known beforehand,
    forecasts in two parts. The loss of the best run at a budget is E + K C^-r, fitted
    to the best runs below the cut, with priors on E and r learnt from the families.
    What another size loses is read off the surface through the runs near the frontier.
    ``delta``, ``groups`` and ``n_resamples`` then concern ``fit`` and ``n_exponent``.
    Any other law is extrapolated as it is. Intervals are as wide as the families'
    forecasts missed: the first by posterior spread, the second by the share of the
    change beyond the nearest run.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> runs = sn.load("besiroglu2024_chinchilla_points")
    >>> runs = runs[runs["dropped_in_refit"] == 0]
    >>> said = sn.forecast(runs, below=3e20, above=8e20, n_resamples=200)
    >>> len(said.fit.data), len(said.table)
    (177, 38)
    >>> cuts = sn.forecast(runs, below=[1e20, 3e20], above=8e20, n_resamples=200)
    >>> cuts.table[["runs", "held_out"]].to_numpy().tolist()
    [[136, 38], [177, 38]]
    """
    runs = as_frame(runs)
    known = read_calibration(calibration)
    require_resamples(n_resamples)
    require_seed(seed)
    cuts = floats(np.inf if below is None else below, "below")
    if below is not None and not (cuts.size and np.isfinite(cuts).all()):
        raise DataError("below must be a finite cut, or one or more of them.")
    if above is not None and not np.isfinite(floats(above, "above")).all():
        raise DataError(f"above is {above}; give a finite number.")
    if below is None and above is not None:
        raise DataError("above holds runs out of a fit below a cut: give below too.")
    own = {"params": params, "tokens": tokens, "flops": flops, "loss": loss}
    law = law or Chinchilla
    along = along or (law.inputs[0] if len(law.inputs) == 1 else "flops")
    names = _names(law, along, own, columns or {})
    data = _read(runs, law, names, groups)
    if {"params", "tokens", "flops"} <= set(data):
        for caution in far_from_flops(data, names["flops"]):
            warnings.warn(caution, FitWarning, stacklevel=2)

    def at(cut: float, small: pd.DataFrame, large: pd.DataFrame) -> Forecast:
        # Under their own names: messages and units go by them.
        named = small.rename(columns=names)
        named.attrs |= runs.attrs
        if law is Chinchilla:
            fit = fit_chinchilla(
                named,
                params=names["params"],
                tokens=names["tokens"],
                loss=names["loss"],
                groups="group" if groups else None,
                delta=delta,
                fixed=fixed,
                bounds=bounds,
                priors=priors,
                params_kind=params_kind,
                loss_unit=loss_unit,
            )
        else:
            fit = fit_law(
                law,
                {name: named[names[name]] for name in law.inputs},
                named[names[law.response]],
                groups=named["group"] if groups else None,
                delta=delta,
                fixed=fixed,
                bounds=bounds,
                priors=priors,
                params_kind=params_kind,
                loss_unit=loss_unit,
            )
        alone = law is Chinchilla and along == "flops"
        told = fixed or bounds or priors
        beyond: LawForecast | SweepForecast
        if known is not None and alone and not told:
            assert isinstance(fit.law, Chinchilla)
            beyond = SweepForecast.of(small, fit.law, known)
        else:
            boot = fit.bootstrap(n_resamples, seed, executor)
            beyond = LawForecast(boot, small, known)
        scored = large.assign(**beyond.at(large, confidence_level))
        scored["held"] = scored[law.response].between(scored["low"], scored["high"])
        return Forecast(
            fit=fit,
            table=scored,
            below=cut,
            above=cut if above is None else above,
            confidence_level=confidence_level,
            along=along,
            extrapolation=beyond,
            n_resamples=n_resamples,
            seed=seed,
        )

    each = cuts.ravel().tolist()
    # All cuts are looked at before the first fit: a bad one is told of at once.
    parts = [_parted(data, along, cut, cut if above is None else above) for cut in each]
    if cuts.ndim == 0:
        return at(each[0], *parts[0])
    return Forecasts(tuple(at(c, *part) for c, part in zip(each, parts, strict=True)))


def _names(
    law: type[Law], along: str, own: Mapping[str, str], columns: Mapping[str, str]
) -> dict[str, str]:
    """Return the column of each input, of what the cut is along and of the response."""
    wanted = tuple(dict.fromkeys((*law.inputs, along, law.response)))
    strange = [name for name in columns if name not in wanted]
    if strange:
        raise DataError(
            f"columns names {', '.join(map(repr, strange))}, which the forecast does "
            f"not use; it uses {', '.join(wanted)}."
        )
    return {name: columns.get(name, own.get(name, name)) for name in wanted}


def _read(
    runs: pd.DataFrame, law: type[Law], names: Mapping[str, str], groups: str | None
) -> pd.DataFrame:
    """Return the columns under the law's names, refused by row where it has none."""
    data = read_columns(runs, names, groups)
    if law is Chinchilla:
        require_positive(data, names)
        return data
    require_domain(data, names, law)
    others = {n: c for n, c in names.items() if n not in (*law.inputs, law.response)}
    require_positive(data, others)
    return data


def _parted(
    data: pd.DataFrame, along: str, below: float, above: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the runs below a cut and those at or above another."""
    if np.isinf(below):
        return data, data.iloc[:0]
    if above < below:
        raise DataError(
            f"above ({above:.3g}) is less than below ({below:.3g}): a run would be "
            "both fitted and held out."
        )
    small, large = data[data[along] < below], data[data[along] >= above]
    if large.empty:
        what = f"{above:.3g} FLOP" if along == "flops" else f"{along} of {above:.3g}"
        raise DataError(f"No run has {what} or more: lower the cut.")
    return small, large
