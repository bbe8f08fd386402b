"""What is known of constants before a fit: given values, bounds and priors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

from .. import engine
from ..errors import DataError
from ..laws import Law
from ..laws._law import Array

__all__ = ["Bound", "Known", "read_known"]

Bound = tuple[float | None, float | None]
# Standard deviations to either side of its mean within which a prior is.
_WIDTH = 3.0


@dataclass(frozen=True)
class Known:
    """Constants by name: their values, bounds (lower, upper) and priors (mean, sd)."""

    fixed: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    priors: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def free(self, law: type[Law]) -> np.ndarray:
        """Return which constants are fitted, shape (p,)."""
        return np.array([name not in self.fixed for name in law.constants()])

    def prior(self, law: type[Law]) -> engine.Prior | None:
        """Return bounds and priors as the engine takes them, None if there are none."""
        if not (self.bounds or self.priors):
            return None
        return engine.Prior.of(law.constants(), self.bounds, self.priors)

    def require_reachable(self, law: type[Law], response: Array) -> None:
        """Refuse a floor above the least response."""
        least = float(response.min())
        told = {"fixed E is": self.fixed.get("E", -np.inf)}
        told["E is bounded below by"] = self.bounds.get("E", (-np.inf,))[0]
        mean, sd = self.priors.get("E", (-np.inf, 0.0))
        told["The prior of E begins at"] = mean - _WIDTH * sd
        for what, floor in told.items():
            if floor >= least:
                raise DataError(
                    f"{what} {floor:g} and the least {law.response} {least:g}: no run "
                    "can lie below the floor. Give a lower E."
                )

    def at_bound(self, law: Law) -> list[str]:
        """Return what to say of estimates at their bounds."""
        said = []
        for name, (low, high) in self.bounds.items():
            value = float(getattr(law, name))
            side = "less" if value <= low else "more" if value >= high else ""
            if side and value:
                said.append(
                    f"{name} is at its bound {value:g}: the points ask for {side}. Its "
                    "interval ends there, and the others take it for granted."
                )
        return said


def read_known(
    law: type[Law],
    fixed: Mapping[str, float] | None,
    bounds: Mapping[str, Bound] | None,
    priors: Mapping[str, tuple[float, float]] | None,
) -> Known:
    """Return what is known, refused where it names no constant or contradicts itself.

    Parameters
    ----------
    law : type of Law
    fixed : mapping of str to float, optional
    bounds : mapping of str to (lower, upper), optional
        None or infinity where there is none.
    priors : mapping of str to (mean, standard deviation), optional
    """
    fixed = _named(law, "fixed", fixed, '{"E": 1.9}')
    if fixed and len(fixed) == len(law.constants()):
        raise DataError("All constants are fixed: leave one at least to be fitted.")
    for name, value in fixed.items():
        if not isinstance(value, Real):
            raise DataError(f"fixed {name} is {value!r}; give a number.")
        if not np.isfinite(value) or (name in law.positive and value < 0):
            kind = "zero or positive" if name in law.positive else "finite"
            raise DataError(f"fixed {name} is {value}; give a {kind} number.")
    ends = _named(law, "bounds", bounds, '{"alpha": (0.0, 1.0)}')
    limits = {name: _bound(law, name, pair) for name, pair in ends.items()}
    given = _named(law, "priors", priors, '{"E": (1.7, 0.1)}')
    measured = {name: _prior(law, name, pair) for name, pair in given.items()}
    for what, names in (("bounds", limits), ("a prior", measured)):
        twice = [name for name in names if name in fixed]
        if twice:
            raise DataError(
                f"{', '.join(twice)} is fixed and has {what}: give one of the two."
            )
    for name, (mean, _) in measured.items():
        low, high = limits.get(name, (-np.inf, np.inf))
        if not low <= mean <= high:
            raise DataError(
                f"The prior of {name} has its mean, {mean:g}, outside its bounds, "
                f"{low:g} to {high:g}."
            )
    return Known(dict(fixed), limits, measured)


def _named(
    law: type[Law], what: str, given: Mapping[str, Any] | None, example: str
) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        values = "their values" if what == "fixed" else "pairs"
        raise DataError(f"{what} maps constants to {values}, such as {example}.")
    names = law.constants()
    unknown = sorted(set(given) - set(names), key=str)
    if unknown:
        raise DataError(
            f"{', '.join(map(str, unknown))} is not one of {', '.join(names)}."
        )
    return given


def _pair(name: str, what: str, pair: Sequence[float | None]) -> list[Any]:
    numbers = isinstance(pair, (tuple, list, np.ndarray)) and len(pair) == 2
    if not numbers or not all(v is None or isinstance(v, Real) for v in pair):
        raise DataError(f"{what} of {name} is {pair!r}; give a pair of numbers.")
    return list(pair)


def _bound(law: type[Law], name: str, pair: Bound) -> tuple[float, float]:
    low, high = _pair(name, "The bound", pair)
    low = -np.inf if low is None else float(low)
    high = np.inf if high is None else float(high)
    if not low < high:
        raise DataError(
            f"The bounds of {name} are {low:g} and {high:g}; give the lower one first."
            + (" To hold a constant at a value use fixed." if low == high else "")
        )
    if name in law.positive and high <= 0:
        raise DataError(
            f"The upper bound of {name} is {high:g}, and {name} is positive."
        )
    if low == np.inf or high == -np.inf:
        raise DataError(f"The bounds of {name} leave no number.")
    return low, high


def _prior(law: type[Law], name: str, pair: tuple[float, float]) -> tuple[float, float]:
    mean, sd = _pair(name, "The prior", pair)
    if mean is None or sd is None or not (np.isfinite(mean) and np.isfinite(sd)):
        raise DataError(f"The prior of {name} is {pair!r}; both numbers are finite.")
    if sd <= 0:
        raise DataError(
            f"The prior of {name} has the standard deviation {sd:g}; give a positive "
            "one, or use fixed."
        )
    if name in law.positive and mean <= 0:
        raise DataError(f"The prior of {name} has the mean {mean:g}; it is positive.")
    return float(mean), float(sd)
