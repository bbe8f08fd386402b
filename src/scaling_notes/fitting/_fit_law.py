"""Fit a law to runs: the columns are read and checked, then the search begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from ..errors import DataError
from ..laws import Chinchilla, Law
from ._columns import (
    UNKNOWN,
    read_columns,
    read_params_kind,
    require_counts,
    require_distinct,
    require_domain,
    require_identified,
    require_positive,
    require_varied,
    share_hints,
    unit_hints,
    unit_of,
)
from ._fit import Fit
from ._frames import Runs
from ._known import Bound, read_known
from ._search import search

__all__ = ["fit_chinchilla", "fit_law"]


def fit_chinchilla(
    runs: Runs,
    *,
    params: str = "params",
    tokens: str = "tokens",
    loss: str = "loss",
    groups: str | None = None,
    standard_error: str | None = None,
    delta: float | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, Bound] | None = None,
    priors: Mapping[str, tuple[float, float]] | None = None,
    quantile: float = 0.5,
    params_kind: str | None = None,
    loss_unit: str | None = None,
) -> Fit:
    r"""Fit L(N, D) = E + A / N^alpha + B / D^beta to final losses of runs.

    The objective is Hoffmann et al.'s: the sum of Huber losses of log L.

    Parameters
    ----------
    runs : DataFrame, mapping of columns, or other table
        One row a run; at least six. A list of one mapping a run is read too, and
        what turns itself into a pandas frame (polars, pyarrow). Counts may be text
        such as ``"12M"`` or ``"1,024"``.
    params, tokens, loss : str
        Names of the columns.
    groups : str, optional
        Column that names the independent unit of each run (seed, model);
        intervals resample units.
    standard_error : str, optional
        Column of the standard error of each loss, in its unit. Residuals are then
        counted in standard errors, delta too.
    delta : float, optional
        Huber threshold on log loss; ``1e-3`` repeats Hoffmann et al. and
        ``inf`` is least squares. By default 1.345 robust standard deviations
        of the residuals.
    fixed : mapping of str to float, optional
        Constants that are known, such as ``{"E": 1.9}``, or ``{"E": 0.0}`` for a
        loss without a floor.
    bounds : mapping of str to (lower, upper), optional
        Constants that are known to lie between two values, such as
        ``{"alpha": (0.0, 0.5)}``; None for an open end. A fit that ends at a bound
        says so.
    priors : mapping of str to (mean, standard deviation), optional
        Constants that are known from elsewhere, such as ``{"E": (1.7, 0.1)}``: each
        counts as a measurement with normal error, weighed against the scatter of
        the runs. Intervals are then posterior ones.
    quantile : float
        Order of the M-quantile: residuals above the law count twice the quantile,
        those below twice the rest. With a small ``delta`` that share of the runs
        lies below the law, so 0.1 fits the best runs; with ``delta=inf`` it is an
        expectile.
    params_kind : {"total", "non-embedding"}, optional
        What params count. By default what ``runs.attrs["units"]`` says, which
        :func:`load` writes; else it is unknown, and a comparison asks for it.
    loss_unit : str, optional
        Unit of the loss, such as ``"nats per token"``; by default that of ``attrs``.

    Returns
    -------
    Fit

    Raises
    ------
    DataError
        If columns are missing, values are not finite and positive (the rows
        are named), or there are fewer than six runs.
    FitError
        If the design does not identify the exponents: params or tokens take
        fewer than three values, or tokens are a fixed power of params.

    Warns
    -----
    FitWarning
        If the units look wrong, an estimate is at a bound, or starts disagree.

    References
    ----------
    Hoffmann et al. 2022, arXiv:2203.15556, Eq. 3; Besiroglu et al. 2024,
    arXiv:2404.10102. Quantiles: Breckling and Chambers 1988,
    doi:10.1093/biomet/75.4.761.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> runs = sn.load("besiroglu2024_chinchilla_points")
    >>> fit = sn.fit_chinchilla(runs[runs["dropped_in_refit"] == 0], delta=1e-3)
    >>> round(fit["alpha"], 3), round(fit["beta"], 3), round(fit["E"], 3)
    (0.347, 0.367, 1.817)
    """
    columns = {"params": params, "tokens": tokens, "loss": loss}
    if standard_error is not None:
        columns["standard_error"] = standard_error
    data = read_columns(runs, columns, groups)
    require_positive(data, columns)
    require_counts(data, columns)
    known = read_known(Chinchilla, fixed, bounds, priors)
    free = int(known.free(Chinchilla).sum())
    if len(data) < free + 1:
        raise DataError(
            f"{len(data)} runs are too few for {free} free constants: "
            f"give {free + 1} at least."
        )
    near = require_identified(data, columns, {**known.fixed, **known.priors})
    require_distinct(data, Chinchilla.inputs, free)
    hints = unit_hints(data, columns) + near
    return search(
        Chinchilla,
        data,
        delta,
        quantile,
        known,
        params_kind=read_params_kind(unit_of(runs, params), params_kind),
        loss_unit=loss_unit or unit_of(runs, loss) or UNKNOWN,
        messages=hints,
    )


def fit_law(
    law: type[Law],
    x: ArrayLike | Mapping[str, ArrayLike],
    y: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    standard_error: ArrayLike | None = None,
    delta: float | None = None,
    fixed: Mapping[str, float] | None = None,
    bounds: Mapping[str, Bound] | None = None,
    priors: Mapping[str, tuple[float, float]] | None = None,
    quantile: float = 0.5,
    params_kind: str | None = None,
    loss_unit: str | None = None,
) -> Fit:
    """Fit any law of :mod:`scaling_notes.laws` to points.

    Residuals are measured on the law's ``scale``, the log for losses. A subclass that
    sets ``scale = "linear"`` is the same form with residuals of the response itself.

    Parameters
    ----------
    law : type of Law
        The form, for instance ``sn.laws.Chinchilla``.
    x : array of shape (n,), or mapping of such arrays
        The input, or each input by its name in ``law.inputs``.
    y : array of shape (n,)
        The response.
    groups : array of shape (n,), optional
        Independent unit of each point.
    standard_error : array of shape (n,), optional
        Of each y, in its unit: sqrt(y (1 - y) / n) of an accuracy on n problems.
        Residuals are then counted in standard errors, delta too.
    delta : float, optional
        Huber threshold on the law's scale; adaptive by default. ``inf`` is least
        squares, and next to nothing least absolute deviations.
    fixed, bounds, priors, quantile : optional
        As for :func:`fit_chinchilla`.
    params_kind, loss_unit : str, optional
        As for :func:`fit_chinchilla`; the units of columns of a table are known.
        Without effect for a law that has no params, or predicts no loss.

    Returns
    -------
    Fit

    Raises
    ------
    DataError
        If inputs are missing, values cannot be used, or points are too few.

    Examples
    --------
    >>> import numpy as np
    >>> import scaling_notes as sn
    >>> truth = sn.laws.Chinchilla(E=1.7, A=400.0, B=2000.0, alpha=0.34, beta=0.37)
    >>> n, d = (g.ravel() for g in np.meshgrid(10.0 ** np.arange(7, 11),
    ...                                        10.0 ** np.arange(9, 13)))
    >>> fit = sn.fit_law(sn.laws.Chinchilla, {"params": n, "tokens": d}, truth(n, d))
    >>> round(fit["alpha"], 6), round(fit["E"], 6)
    (0.34, 1.7)
    """
    if not (isinstance(law, type) and issubclass(law, Law)):
        raise DataError(
            f"law is {law!r}; give the form, such as sn.laws.Chinchilla itself."
        )
    if not isinstance(x, Mapping):
        if len(law.inputs) != 1:
            raise DataError(
                f"{law.__name__} has the inputs {', '.join(law.inputs)}: "
                "give x as a mapping of them."
            )
        x = {law.inputs[0]: x}
    missing = [name for name in law.inputs if name not in x]
    if missing:
        raise DataError(
            f"x lacks {', '.join(map(repr, missing))}; {law.__name__} has the inputs "
            f"{', '.join(law.inputs)}."
        )
    columns = {name: name for name in (*law.inputs, law.response)}
    frame: dict[str, Any] = {n: x[n] for n in law.inputs} | {law.response: y}
    if groups is not None:
        frame["group"] = groups
    if standard_error is not None:
        columns["standard_error"] = "standard_error"
        frame["standard_error"] = standard_error
    data = read_columns(frame, columns, None if groups is None else "group")
    require_domain(data, columns, law)
    if standard_error is not None:
        require_positive(data, {"standard_error": "standard_error"})
    known = read_known(law, fixed, bounds, priors)
    free = int(known.free(law).sum())
    if len(data) < free + 1:
        raise DataError(
            f"{len(data)} points are too few for {free} free constants: "
            f"give {free + 1} at least."
        )
    hints = share_hints(data, columns, law)
    if issubclass(law, Chinchilla):
        near = require_identified(data, columns, {**known.fixed, **known.priors})
        hints = unit_hints(data, columns) + near
    elif not (known.fixed or known.priors):
        require_varied(data, law.inputs)
    require_distinct(data, law.inputs, free)
    sizes = [n for n in (*law.inputs, law.response) if n.startswith("params")]
    of_params = x.get(sizes[0], y) if sizes else None
    return search(
        law,
        data,
        delta,
        quantile,
        known,
        read_params_kind(_own_unit(of_params), params_kind) if sizes else "",
        (loss_unit or _own_unit(y) or UNKNOWN) if law.response == "loss" else "",
        hints,
    )


def _own_unit(column: Any) -> str:
    """Return the unit of a column that was taken from a table with units."""
    return unit_of(column, getattr(column, "name", ""))
