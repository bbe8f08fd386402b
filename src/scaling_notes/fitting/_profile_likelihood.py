"""What the runs say of a constant, by the objective alone: a check on the bootstrap.

Hold a constant, let the others adapt, and see how far the least objective rises.
Against the scale of the residuals that rise has an F distribution, nearly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np
from scipy.special import fdtrc, fdtri

from .. import engine
from ..errors import DataError, FitError
from ..laws._law import Array
from ._interval import Interval, require_level, require_units

__all__ = ["Likelihood"]

# Points between the ends of a bracket in each round of the search for an end.
_SECTIONS = 15
_PRECISION = 1e-6
_DOUBLINGS = 40
# The logarithm of the largest float, nearly.
_RANGE = 700.0
# A held objective below the free one by more than this: the fit was not the best.
_ROUNDING = 1e-6
# Residuals within a narrow threshold for each constant, at least.
_WITHIN = 2


@dataclass(frozen=True, eq=False)
class Likelihood:
    """The profile of the objective around a fit.

    Attributes
    ----------
    problem : Objective
        Law, points and Huber threshold.
    estimates : array of shape (p,)
        Constants at the fit.
    free : array of bool, shape (p,)
        Which of them were fitted.
    others : array of shape (s, p)
        More constants to start from, on the other side of bounds.
    n_units : int
        Number of independent units: groups, or points where there are none.

    Notes
    -----
    With psi the slope of the loss, the clipped residual, the statistic of q held
    constants is

        (F_held - F_free) / (q s / 2),  s = n/(n - p) mean(psi^2) / mean(psi')

    compared with F(q, n - p). Where u units share the points, each stands for all
    of its points and counts once: the rise and n become u/n of themselves, and n - p
    becomes u - p. For least squares that is the classical F test;
    for the Huber loss it is Ronchetti's test, with the degrees of freedom of the
    classical one.
    """

    problem: engine.Objective
    estimates: Array
    free: np.ndarray
    others: Array
    n_units: int

    def p_value(self, held: Mapping[str, float]) -> float:
        """Return the p-value of constants at these values."""
        names = list(self.problem.names)
        for name, value in held.items():
            self._position(name)
            if not isinstance(value, Real):
                raise DataError(f"{name} is held at {value!r}; give a number.")
            if not np.isfinite(value) or (name in self._positive and value < 0):
                kind = "zero or positive" if name in self._positive else "finite"
                raise DataError(f"{name} is held at {value}; give a {kind} number.")
            low, high = self._bounds(names.index(name))
            if not low <= value <= high:
                raise DataError(
                    f"{name} is held at {value:g}, outside the bounds of the fit, "
                    f"{low:g} to {high:g}."
                )
        if not held:
            raise DataError("Name the constants to hold, for instance E=0.0.")
        if self._freedom < 1:
            raise DataError(
                f"{self.n_units} groups leave no degree of freedom beside "
                f"{int(self.free.sum())} free constants: nothing can be tested."
            )
        start = self.estimates.copy()[None]
        start[:, [names.index(n) for n in held]] = list(held.values())
        free = self.free & ~np.isin(names, list(held))
        statistic = self._statistic(start, free, len(held))[0][0]
        return float(fdtrc(len(held), self._freedom, statistic))

    def interval(self, name: str, confidence_level: float) -> Interval:
        """Return the values of a constant that the test does not reject."""
        require_level(confidence_level)
        n = len(self.problem.target)
        require_units(n)
        at = self._position(name)
        free = self.free.copy()
        free[at] = False
        threshold = float(fdtri(1, self._freedom, confidence_level))
        low, high = (self._end(at, free, threshold, side) for side in (-1, 1))
        how = "profile of the objective, as a check"
        value = float(self.estimates[at])
        return Interval(value, low, high, confidence_level, n, how)

    @property
    def _positive(self) -> tuple[str, ...]:
        return self.problem.law.positive

    def _bounds(self, at: int) -> tuple[float, float]:
        prior = self.problem.prior
        low, high = float(prior.lower[at]), float(prior.upper[at])
        return max(low, 0.0) if self.problem.logged[at] else low, high

    @property
    def _freedom(self) -> int:
        return self.n_units - int(self.free.sum())

    def _position(self, name: str) -> int:
        names = list(self.problem.names)
        if name not in names:
            raise DataError(
                f"{name!r} is not one of {', '.join(names)}: only a constant of the "
                "law can be held. Use the bootstrap for what is derived from them."
            )
        at = names.index(name)
        if not self.free[at]:
            raise DataError(f"{name} was given, not fitted: it has no interval.")
        return at

    def _statistic(
        self, starts: Array, free: np.ndarray, q: int
    ) -> tuple[Array, Array]:
        """Return the statistic of the constants not free, and the constants there."""
        here = self.problem.unconstrain(self.estimates[None])
        residual = self.problem.residuals(here)[0]
        psi, curved = self.problem.influence(residual)
        inside = float(np.mean(curved))
        count, narrow = int((curved > 0).sum()), engine.robust_scale(residual)
        few = self.problem.delta < narrow and count < _WITHIN * int(self.free.sum())
        if few or not inside:
            # A fit passes through as many points as it has constants: these do not
            # tell how dense residuals are.
            raise FitError(
                f"{count or 'None'} of {len(residual)} residuals are within delta "
                f"({self.problem.delta:.3g}): too few to tell the scale of a test. "
                "Fit with delta=None, or use bootstrap()."
            )
        n = len(residual)
        scale = n / self._freedom * float(np.mean(psi**2)) / inside
        least = self.problem.values(here, None)
        if free.any():
            value, constants = self._least(starts, free)
        else:
            value = self.problem.values(self.problem.unconstrain(starts), None)
            constants = starts
        if (value < least * (1 - _ROUNDING) - n * engine.NEGLIGIBLE).any():
            raise FitError(
                "With a constant held the objective is lower than the fit's: the fit "
                "is not at its least. Fit again with another delta, or more runs."
            )
        rise = np.maximum(value - least, 0.0) / max(0.5 * q * scale, 1e-300)
        return rise, constants

    def _least(self, starts: Array, free: np.ndarray) -> tuple[Array, Array]:
        """Return the least objectives, and where, from these and the other starts."""
        m = len(starts)
        tried = np.repeat(starts[None], 1 + len(self.others), axis=0)
        tried[1:] = np.where(free, self.others[:, None], tried[1:])
        found = engine.solve(self.problem, tried.reshape(-1, tried.shape[2]), free=free)
        values = found.objective.reshape(-1, m)
        best = values.argmin(axis=0), np.arange(m)
        return values[best], found.constants.reshape(tried.shape)[best]

    def _end(self, at: int, free: np.ndarray, threshold: float, side: int) -> float:
        """Return where the statistic crosses the threshold on one side."""
        name = self.problem.names[at]
        logged = name in self._positive
        center = self.estimates[at]
        bound = self._bounds(at)[0 if side < 0 else 1]
        if np.isfinite(bound):
            start = self.estimates.copy()[None]
            start[0, at] = bound
            if self._statistic(start, free, 1)[0][0] <= threshold:
                return bound
        inner = np.log(max(center, 1e-300)) if logged else center
        size = 1.0 if logged else max(abs(center), 0.05)
        step = side * 0.02 * size
        near = self.estimates
        for _ in range(_DOUBLINGS):
            outer = inner + step
            if logged and abs(outer) > _RANGE:
                return 0.0 if side < 0 else np.inf
            # The others start where they are, or where they would follow to.
            starts = np.stack([near, self._ahead(at, free, near, step)])
            rise, there = self._along(at, free, logged, starts, np.full(2, outer))
            best = int(rise.argmin())
            if rise[best] > threshold:
                break
            inner, near, step = outer, there[best], 2 * step
        else:
            return side * np.inf
        while abs(outer - inner) > _PRECISION * size:
            grid = np.linspace(inner, outer, _SECTIONS + 2)
            rise, there = self._along(at, free, logged, near, grid[1:-1])
            first = int(np.argmax(np.append(rise, np.inf) > threshold))
            inner, outer = grid[first], grid[first + 1]
            near = there[first - 1] if first else near
        middle = 0.5 * (inner + outer)
        return float(np.exp(middle) if logged else middle)

    def _ahead(self, at: int, free: np.ndarray, near: Array, step: float) -> Array:
        """Return where the others would follow a constant, by the curvature here."""
        problem = self.problem.with_free(np.flatnonzero(free))
        theta = problem.unconstrain(near[None])
        h = problem.system(theta, None).curvature[:, :, 0]
        scale = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(h)), 1e-300))
        h = h * scale[:, None] * scale
        follow = np.linalg.lstsq(h[np.ix_(free, free)], -h[free, at], rcond=1e-10)[0]
        theta[0, free] += follow * scale[free] * (step / scale[at])
        # Where the curvature hardly tells, they would follow out of range.
        with np.errstate(over="ignore", invalid="ignore"):
            ahead = problem.constrain(theta)[0]
        return ahead if np.isfinite(ahead).all() else near

    def _along(
        self, at: int, free: np.ndarray, logged: bool, near: Array, values: Array
    ) -> tuple[Array, Array]:
        starts = np.broadcast_to(near, (len(values), len(self.estimates))).copy()
        starts[:, at] = np.exp(values) if logged else values
        return self._statistic(starts, free, 1)
