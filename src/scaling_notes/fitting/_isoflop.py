"""Approach 2 of Hoffmann et al.: a parabola at each budget."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..accounting import TRAINING_FLOPS_PER_PARAM_TOKEN
from ..errors import DataError, FitWarning
from ..laws import OptimalParams
from ..parallel import require_resamples, require_seed
from ._bootstrap import Bootstrap
from ._budgets import (
    assign,
    find_budgets,
    interpolate_runs,
    read_budgets,
    read_runs,
)
from ._columns import UNKNOWN, read_params_kind, unit_of
from ._compute_unit import far_from_flops
from ._power_law_draws import draw_power_laws
from ._profile import Profile, power_law
from ._valley import Valley, find_valleys
from ._vertices import skew_shift

__all__ = ["isoflop"]

_FEWEST_BUDGETS = 3
_NEAR, _NEAR_CURVES = 0.03, 0.1
# What is worth a word: exponents apart, log sizes apart.
_OFF = 0.01
_SHIFTED = 0.02
# Fewer tokens a param than runs of language models have.
_SPARSE = 1e-3


def isoflop(
    runs: pd.DataFrame,
    *,
    budgets: ArrayLike | None = None,
    tolerance: float = 0.15,
    near: float | None = None,
    exponent: float | None = None,
    run: str | None = None,
    params: str = "params",
    tokens: str = "tokens",
    flops: str = "flops",
    loss: str = "loss",
    flops_per_param_token: float = TRAINING_FLOPS_PER_PARAM_TOKEN,
    params_kind: str | None = None,
    loss_unit: str | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Profile:
    """Read the compute-optimal size off a parabola at each budget (approach 2).

    Parameters
    ----------
    runs : DataFrame
    budgets : array of float, optional
        Compute budgets in FLOP. A run belongs to the nearest one if it is
        within ``tolerance``. By default runs are grouped where their flops have
        gaps wider than ``tolerance``; a group of three runs or more, no wider
        than twice the tolerance, is a budget.
    tolerance : float
        Relative distance in flops, as a fraction.
    near : float, optional
        A parabola is fitted to the runs whose loss exceeds the least one of the
        budget by no more than this part of it, and to those of the five sizes
        nearest to the least in any case: far from its minimum a valley is no
        parabola, and one through sizes to eight times the best puts it off by
        some percent. By default 0.03; 0.1 for runs that stand at several budgets,
        as the jackknife needs more of them. ``inf`` takes all runs.
    exponent : float, optional
        Holds the exponent of the power law at this value: the coefficient alone
        is fitted.
    run : str, optional
        Name of the column that says which run, or model, a row is a checkpoint
        of. Loss and tokens are interpolated, linearly in log flops, at each of
        the ``budgets``, which must be given.
    params, tokens, flops, loss : str
        Names of the columns. One of the columns ``tokens`` and ``flops`` may be
        missing.
    flops_per_param_token : float
        FLOP per parameter and token, from which a missing column follows.
    params_kind, loss_unit : str, optional
        As for :func:`fit_chinchilla`.
    n_resamples, seed : int
        Of the draws behind the intervals.

    Returns
    -------
    Profile

    Raises
    ------
    DataError
        If fewer than three budgets give a parabola with a minimum (one, if the
        exponent is held), or an argument or column cannot be used.

    Warns
    -----
    FitWarning
        If a budget is left out (fewer than three runs or sizes, no minimum, a
        minimum far outside the sizes trained); if its minimum lies outside the
        sizes, or rests on three or four runs; if runs are in no budget; if the
        runs support no interval, or over a tenth of the draws have no minimum.

    Notes
    -----
    The compute of a budget is the geometric mean of the flops of its runs. Where
    these differ, each loss is moved to that compute along the slope of the least
    loss from budget to budget, which at the minimum is the slope at fixed size.

    The tokens of an optimum are those of the runs: FLOP per parameter and token,
    interpolated in log params.

    Intervals come from draws of the parabolas' coefficients out of their
    multivariate t distribution, with the variance of the residuals of all
    budgets (each budget's own, where these differ by more than chance). Six
    residual degrees of freedom are needed: one a run beyond three a budget. A
    draw without a minimum at some budget is left out; ``boot.converged`` is the
    share of the others, and below two thirds there is no interval. The noise of
    the runs is all that the interval holds: where the optima scatter about the
    power law by more, or the valleys are skew, ``messages`` says so.

    Where one run stands at several budgets, its errors there are related. Runs are
    then left out one at a time (the jackknife), and draws are from the t
    distribution with the covariance that this gives.

    References
    ----------
    Hoffmann et al. 2022, arXiv:2203.15556, Sec. 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import scaling_notes as sn
    >>> flops, share = np.meshgrid([1e18, 1e19, 1e20], np.geomspace(0.3, 3.0, 7))
    >>> law = sn.laws.Chinchilla(E=1.7, A=406.0, B=411.0, alpha=0.34, beta=0.28)
    >>> size = share * law.optimum(flops).params
    >>> runs = pd.DataFrame({"params": size.ravel(), "flops": flops.ravel()})
    >>> runs["loss"] = law(runs["params"], runs["flops"] / 6 / runs["params"])
    >>> profile = sn.isoflop(runs)
    >>> round(profile.law.n_exponent, 3), round(law.n_exponent, 3)
    (0.452, 0.452)
    """
    if near is None:
        near = _NEAR if run is None else _NEAR_CURVES
    _require_arguments(tolerance, near, exponent)
    columns = {"params": params, "tokens": tokens, "flops": flops, "loss": loss}
    data, told = read_runs(runs, columns, run, flops_per_param_token)
    require_resamples(n_resamples)
    require_seed(seed)
    known = None if budgets is None else read_budgets(budgets)
    compute = data["flops"].to_numpy()
    if run is not None:
        if known is None:
            raise DataError("run= interpolates each run at budgets: give budgets=.")
        data = interpolate_runs(data, known, tolerance)
    elif known is None:
        data["budget"] = find_budgets(compute, tolerance)
    else:
        data["budget"] = assign(compute, known, tolerance)
    found = known if known is not None else np.unique(data["budget"].dropna())
    fewest = _FEWEST_BUDGETS if exponent is None else 1
    if len(found) < fewest:
        raise DataError(
            f"{len(found)} budgets are too few for a power law: give three or more in "
            "budgets, each with three runs or more."
        )
    cautions = far_from_flops(data, flops)
    per_param = float(np.median(data["tokens"] / data["params"]))
    if not cautions and per_param < _SPARSE:
        cautions.append(
            f"The runs have {per_param:.1g} tokens a param. Is {flops!r} in another "
            "unit? Give FLOP (1 GFLOP is 1e9 FLOP)."
        )
    outside = int(data["budget"].isna().sum())
    if outside:
        words = f"{outside} of {len(data)} runs are in no budget"
        if known is None:
            cautions.append(
                f"{words}: fewer than three are of about their compute, or their "
                "compute is scattered. Name budgets= to say where they belong."
            )
        else:
            told.append(f"{words}: they are not within {tolerance:.0%} of any.")
    valleys, left_out = find_valleys(data, found, near)
    cautions.extend(left_out)
    if len(valleys) < fewest:
        _warn(cautions)
        nowhere = f" {words}." if outside else ""
        raise DataError(
            f"{len(valleys)} budgets have a parabola with a minimum; "
            f"{'three are' if fewest == _FEWEST_BUDGETS else 'one is'} needed. Add "
            f"runs of smaller and larger sizes at each budget.{nowhere}"
        )
    optima = pd.DataFrame([v.optimum() for v in valleys])
    measured, sizes = optima["flops"].to_numpy(), optima["params"].to_numpy()
    law = OptimalParams.from_array(power_law(measured, sizes, exponent))
    draws = draw_power_laws(valleys, law, exponent, n_resamples, seed)
    cautions.extend(draws.cautions)
    told.extend(draws.notes)
    told.extend(_skew_note(valleys))
    cautions.extend(_tokens_caution(optima, law))
    _warn(cautions)
    boot = Bootstrap(
        law=law,
        laws=OptimalParams.from_array(draws.laws),
        residuals=np.log(sizes) - np.log(law.value(measured)),
        n_units=draws.n_units,
        seed=seed,
        converged=draws.share,
        params_kind=read_params_kind(unit_of(runs, params), params_kind),
        loss_unit=loss_unit or unit_of(runs, loss) or UNKNOWN,
        how=draws.how,
        reach=float(measured.max()),
    )
    used = pd.concat([v.runs for v in valleys])
    curves = pd.concat([v.curve() for v in valleys], ignore_index=True)
    messages = (*told, *cautions)
    return Profile("isoflop", optima, curves, used, boot, messages, draws.no_interval)


def _require_arguments(tolerance: float, near: float, exponent: float | None) -> None:
    for name, value in (("tolerance", tolerance), ("near", near)):
        if not isinstance(value, Real):
            raise DataError(f"{name} is {value!r}; give a number, as a part.")
        if not value > 0:
            raise DataError(f"{name} is {value}; give a positive number, as a part.")
    if not np.isfinite(tolerance):
        raise DataError(f"tolerance is {tolerance}; give a finite part.")
    number = exponent is None or isinstance(exponent, Real)
    if not number or (exponent is not None and not np.isfinite(exponent)):
        raise DataError(f"exponent is {exponent!r}; give a finite number, or None.")


def _warn(cautions: Sequence[str]) -> None:
    for caution in cautions:
        warnings.warn(caution, FitWarning, stacklevel=3)


def _skew_note(valleys: Sequence[Valley]) -> list[str]:
    """Return what to say of valleys whose minima are not where parabolas have them."""
    shift = skew_shift([v.parabola for v in valleys], [v.points for v in valleys])
    if abs(shift) < _SHIFTED:
        return []
    return [
        f"The valleys are skew: a cubic term puts their minima at {np.exp(-shift):.2f} "
        "times the sizes here, which the interval does not hold. A smaller near= "
        "lessens it."
    ]


def _tokens_caution(optima: pd.DataFrame, law: OptimalParams) -> list[str]:
    """Return what to say where optimal tokens do not grow as compute over params."""
    if len(optima) < _FEWEST_BUDGETS:
        return []
    measured = power_law(optima["flops"].to_numpy(), optima["tokens"].to_numpy())[1]
    # Held exponent or not, the optima's own sizes are what their tokens go with.
    sizes = power_law(optima["flops"].to_numpy(), optima["params"].to_numpy())[1]
    off = measured + sizes - 1
    if abs(off) < _OFF:
        return []
    return [
        f"The tokens of the optima grow as flops to the {measured:.3f}, not to the "
        f"{1 - sizes:.3f} that d_exponent says: FLOP per parameter and token change "
        "from budget to budget. Take tokens from optima."
    ]
