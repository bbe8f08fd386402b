"""The case bootstrap of a fit, and what may be read off it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtr

from ..accounting._checks import floats
from ..errors import DataError
from ..laws import Law
from ..laws._law import Array, within
from ._columns import UNKNOWN
from ._interval import (
    MIN_UNITS,
    Interval,
    Quantity,
    bias_corrected,
    evaluate,
    percentile,
    require_everywhere,
    require_units,
    unreached,
    unverified,
)
from ._table import Table, digits, table

__all__ = ["Bootstrap"]

# A constant this much smaller in a refit than in most has vanished there.
_VANISHED = 1e-6


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Refits of one law on resampled runs, and the intervals they give.

    Attributes
    ----------
    law : Law
        The fit to all runs.
    laws : Law
        The refits: a law whose constants are arrays, one entry a resample.
    residuals : array of shape (n,)
        Residuals of the fit to all runs on the law's scale; prediction bands
        draw from them.
    n_units : int
        Number of independent units that were resampled.
    seed : int
    converged : float
        Share of the refits that converged.
    params_kind, loss_unit : str
        What params count and what the loss is measured in.
    restarted : int
        Refits that the certificate improved: each was held against the optima of
        the others and started again where one of those was better.
    unidentified : float
        Share of the refits whose runs do not identify every constant, so that some
        may be any number there: intervals, standard errors and bands count them all
        the same, and say so.
    how : str
        How the refits were obtained; intervals say it.
    doubt : str
        Why intervals may be too narrow; they say it too. Empty if nothing is seen.
    reach : float
        Largest compute of the runs, in FLOP; NaN where it is not known.
    """

    law: Law
    laws: Law
    residuals: Array
    n_units: int
    seed: int
    converged: float
    params_kind: str
    loss_unit: str
    restarted: int = 0
    unidentified: float = 0.0
    how: str = "case bootstrap"
    doubt: str = ""
    reach: float = np.nan

    @property
    def n_resamples(self) -> int:
        """Number of resamples."""
        return len(self.laws.as_array())

    @property
    def caveats(self) -> str:
        """What every interval of these refits says after how it was obtained."""
        said = unverified(self.n_units)
        if self.unidentified:
            said += f", {self.unidentified:.1%} of them do not identify all constants"
        return said + (f", {self.doubt}" if self.doubt else "")

    def samples(self, quantity: Quantity) -> Array:
        """Return a quantity for every refit.

        Parameters
        ----------
        quantity : str or callable
            Name of a constant or derived quantity (``"alpha"``,
            ``"n_exponent"``), or a function of a law.
        """
        return np.asarray(evaluate(quantity, self.laws), float)

    def interval(
        self,
        quantity: Quantity,
        confidence_level: float = 0.95,
        method: Literal["percentile", "bias-corrected"] = "percentile",
    ) -> Interval:
        """Return the interval of a quantity.

        Parameters
        ----------
        quantity : str or callable
            Name of a constant or derived quantity, or a function that takes a
            law and returns a number (an array for a law of arrays).
        confidence_level : float
        method : {"percentile", "bias-corrected"}
            The second corrects for a median of the refits off the estimate; it
            is a check on the first, whose coverage is the one that is shown.

        Returns
        -------
        Interval
            An end is infinite where too many refits are, as those are that never
            reach what :meth:`~scaling_notes.laws.Law.inverse` was asked for; ``how``
            tells their number.

        Raises
        ------
        DataError
            If fewer than six independent units were resampled, the quantity or
            the method is unknown, or the quantity is not one number a refit.

        References
        ----------
        Efron 1987, doi:10.1080/01621459.1987.10478410, Sec. 2.
        """
        require_units(self.n_units)
        samples = self.samples(quantity)
        if samples.shape != (self.n_resamples,):
            raise DataError(
                "A quantity is one number a law, and an array of one dimension for a "
                f"law of arrays; this one is of shape {samples.shape} for "
                f"{self.n_resamples} refits. Ask for one number at a time."
            )
        require_everywhere(samples)
        value = float(np.asarray(evaluate(quantity, self.law)))
        if method == "percentile":
            low, high = map(float, percentile(samples, confidence_level))
        elif method == "bias-corrected":
            low, high = bias_corrected(samples, value, confidence_level)
        else:
            raise DataError(
                f"method is {method!r}; use 'percentile' or 'bias-corrected'."
            )
        how = f"{self.how}, {self.n_resamples} resamples"
        how += unreached(samples)
        how += ", bias-corrected" if method == "bias-corrected" else ""
        how += self.caveats
        unit = self.loss_unit if quantity == "E" else ""
        unit = "" if unit == UNKNOWN else unit
        return Interval(value, low, high, confidence_level, self.n_units, how, unit)

    def standard_error(self, quantity: Quantity) -> float:
        """Return half the distance of the refits' 15.9 and 84.1 percentiles.

        For normal refits that is their standard deviation. It stays one where a few
        refits have no answer, and is infinite where many have an infinite one: an
        input that they never reach.
        """
        require_units(self.n_units)
        low, high = percentile(self.samples(quantity), float(ndtr(1) - ndtr(-1)))
        return float(high - low) / 2 if np.isfinite(high) else np.inf

    def share_farther(self, law: Law) -> float:
        """Return the share of refits at least as far from the fit as another law.

        Estimates are correlated, so a law may differ in each constant by little
        and be far from the fit all the same. Distance is Mahalanobis distance in
        the constants (in the logarithm of those that are positive), with the
        covariance of the refits.

        Parameters
        ----------
        law : Law
            Constants of the same form, say printed ones.

        Returns
        -------
        float
            A joint p-value; 0 means farther than every refit.
        """
        if type(law) is not type(self.law):
            raise DataError(
                f"The refits are of {type(self.law).__name__}, the constants of "
                f"{type(law).__name__}: compare like with like."
            )
        values = self.laws.as_array()
        vanishes = values.min(axis=0) < _VANISHED * np.median(values, axis=0)
        logged = np.isin(self.law.constants(), self.law.positive) & ~vanishes
        logged &= (self.law.as_array() > 0) & (law.as_array() > 0)

        def coordinates(law: Law) -> Array:
            given = law.as_array()
            return np.where(logged, np.log(np.where(logged, given, 1.0)), given)

        refits, center = coordinates(self.laws), coordinates(self.law)
        # A constant that was fixed does not vary and says nothing.
        scale = np.maximum(np.abs(center), 1.0)
        free = refits.std(axis=0) > 1e-9 * scale
        inverse = np.linalg.inv(np.cov(refits[:, free].T).reshape(free.sum(), -1))

        def distance(x: Array) -> Array:
            away = (x - center)[..., free]
            return np.einsum("...i,ij,...j->...", away, inverse, away)

        return float(np.mean(distance(refits) >= distance(coordinates(law))))

    def table(self, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return every constant and derived quantity with its interval.

        Returns
        -------
        pandas.DataFrame
            Index ``quantity``; columns ``value``, ``low``, ``high``,
            ``standard_error``.
        """
        names = (*self.law.constants(), *self.law.derived)
        rows = {
            name: (i.value, i.low, i.high, self.standard_error(name))
            for name in names
            for i in [self.interval(name, confidence_level)]
        }
        columns = ["value", "low", "high", "standard_error"]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        return table.rename_axis("quantity")

    def band(
        self,
        confidence_level: float = 0.95,
        kind: Literal["confidence", "prediction"] = "confidence",
        **inputs: ArrayLike,
    ) -> pd.DataFrame:
        """Return the law along given inputs with a band.

        Parameters
        ----------
        confidence_level : float
        kind : {"confidence", "prediction"}
            Where the law lies, or where a new run would: the latter adds a
            residual drawn from the fit's own to each refit.
        **inputs : array of shape (g,)
            The law's inputs by name; they broadcast.

        Returns
        -------
        pandas.DataFrame
            The inputs, the response, ``low`` and ``high``.
        """
        require_units(self.n_units)
        names = self.law.inputs
        if kind not in ("confidence", "prediction"):
            raise DataError(f"kind is {kind!r}; use 'confidence' or 'prediction'.")
        arrays = read_inputs(self.law, inputs)
        values = self.laws.over().value(*arrays)
        if kind == "prediction":
            rng = np.random.default_rng([self.seed, 1])
            # One draw a refit: the ends are quantiles along a curve, and so smooth.
            noise = rng.choice(self.residuals, size=(len(values), 1))
            values = add_residual(self.law.scale, values, noise)
        low, high = percentile(values, confidence_level)
        columns = dict(zip(names, arrays, strict=True))
        columns[self.law.response] = self.law.value(*arrays)
        return pd.DataFrame(columns | {"low": low, "high": high})

    def __repr__(self) -> str:
        head = (
            f"Bootstrap of {type(self.law).__name__}: {self.n_resamples} resamples of "
            f"{self.n_units} units, seed {self.seed}, {self.converged:.1%} converged"
        )
        if self.restarted:
            head += f", {self.restarted} restarted"
        if self.unidentified:
            head += f", {self.unidentified:.1%} without every constant identified"
        head += f"; {self.doubt}" if self.doubt else ""
        if self.n_units < MIN_UNITS:
            return f"{head}; too few units for intervals"
        return f"{head}\n{_printed(self.table())}"

    def _repr_html_(self) -> str:
        if self.n_units < MIN_UNITS:
            return f"<p>{self!r}</p>"
        head = repr(self).split("\n", 1)[0]
        return f"<p>{head}</p>{_printed(self.table())._repr_html_()}"


def _printed(found: pd.DataFrame) -> Table:
    ends = {"low": "low (95 %)", "high": "high (95 %)"}
    return table(found.map(digits).rename(columns=ends))


def read_inputs(law: Law, inputs: Mapping[str, ArrayLike]) -> list[Array]:
    """Return the inputs as arrays of one length, at which the law has a meaning."""
    if set(inputs) != set(law.inputs):
        raise DataError(
            f"{type(law).__name__} needs the inputs {', '.join(law.inputs)}."
        )
    arrays = [np.atleast_1d(floats(inputs[n], n)) for n in law.inputs]
    try:
        arrays = list(np.broadcast_arrays(*arrays))
    except ValueError as error:
        raise DataError(f"The inputs do not broadcast ({error}).") from error
    if arrays[0].ndim > 1:
        raise DataError("Inputs of a band have one dimension; ravel a grid first.")
    for name, x in zip(law.inputs, arrays, strict=True):
        domain = law.domain.get(name, "positive")
        good = within(x, domain)
        if not good.all():
            raise DataError(
                f"{name} must be finite and {domain}; see place "
                f"{np.flatnonzero(~good)[0]}."
            )
    return arrays


def add_residual(scale: str, value: Array, residual: Array) -> Array:
    """Return the value moved by a residual on the law's scale."""
    if scale == "log":
        return value * np.exp(residual)
    if scale == "logit":
        return np.asarray(expit(logit(value) + residual))
    if scale == "loglog":
        return np.asarray(value ** np.exp(residual))
    return value + residual
