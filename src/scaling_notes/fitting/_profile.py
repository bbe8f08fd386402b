"""Compute-optimal sizes and the power law through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import DataError
from ..laws import OptimalParams
from ..laws._law import Array
from ._bootstrap import Bootstrap
from ._interval import Interval, Quantity

__all__ = ["Profile", "power_law", "profile_of"]


@dataclass(frozen=True, eq=False)
class Profile:
    """Compute-optimal sizes read off the runs, and the power law through them.

    Attributes
    ----------
    method : str
        ``"envelope"`` or ``"isoflop"``.
    optima : pandas.DataFrame
        One row a budget: ``flops``, ``params``, ``tokens``, ``loss``, ``n_runs``.
        For IsoFLOP, flops are the measured compute of its runs (their geometric
        mean), ``n_runs`` those the parabola is fitted to, and ``budget`` is the
        name of the budget.
    curves : pandas.DataFrame
        For IsoFLOP, the parabolas: ``budget``, ``params``, ``loss``. Else empty.
    runs : pandas.DataFrame
        The runs with the ``budget`` each was assigned to. For IsoFLOP, ``near``
        says whether the parabola is fitted to it.
    boot : Bootstrap
        Of the power law :class:`~scaling_notes.laws.OptimalParams`.
    messages : tuple of str
        What was left out or needs a look.
    no_interval : str
        Why there is no interval; empty if there is one.
    """

    method: str
    optima: pd.DataFrame
    curves: pd.DataFrame
    runs: pd.DataFrame
    boot: Bootstrap
    messages: tuple[str, ...] = ()
    no_interval: str = ""

    @property
    def law(self) -> OptimalParams:
        """The power law through the optima."""
        law = self.boot.law
        assert isinstance(law, OptimalParams)
        return law

    def interval(self, quantity: Quantity, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``"n_exponent"``, ``"d_exponent"`` or a function.

        Raises
        ------
        DataError
            If the runs support no interval; see ``no_interval``.
        """
        if self.no_interval:
            raise DataError(f"No interval: {self.no_interval}.")
        return self.boot.interval(quantity, confidence_level)

    def __repr__(self) -> str:
        used = len(self.runs)
        if "near" in self.runs:
            used = int(self.runs["near"].sum())
        head = f"{self.method}: {len(self.optima)} budgets, {used} runs, n_exponent "
        if self.no_interval:
            head += f"{self.law.n_exponent:.3g} (no interval: {self.no_interval})"
        else:
            head += repr(self.interval("n_exponent"))
        return "\n".join([head, *self.messages])


def profile_of(
    method: str,
    optima: pd.DataFrame,
    curves: pd.DataFrame,
    runs: pd.DataFrame,
    laws: Array,
    seed: int,
    kinds: tuple[str, str],
) -> Profile:
    """Return the profile of a case bootstrap: one row of laws a resample."""
    compute, size = optima["flops"].to_numpy(), optima["params"].to_numpy()
    law = OptimalParams.from_array(power_law(compute, size))
    boot = Bootstrap(
        law=law,
        laws=OptimalParams.from_array(laws),
        residuals=np.log(size) - np.log(law.value(compute)),
        n_units=len(runs),
        seed=seed,
        converged=1.0,
        params_kind=kinds[0],
        loss_unit=kinds[1],
        reach=float(compute.max()),
    )
    return Profile(method, optima, curves, runs, boot)


def power_law(compute: Array, size: Array, exponent: float | None = None) -> Array:
    """Return coefficient and exponent of the power law through the points.

    Parameters
    ----------
    compute, size : array of shape (k,)
    exponent : float, optional
        Holds the exponent at this value.
    """
    if exponent is not None:
        level = np.mean(np.log(size) - exponent * np.log(compute))
        return np.array([np.exp(level), exponent])
    slope, level = np.polyfit(np.log(compute), np.log(size), 1)
    return np.array([np.exp(level), slope])
