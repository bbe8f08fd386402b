"""The robust objective of a law: value, gradient and curvature, many at once.

Arrays of problems put the problem on the last axis for the tiny matrices
(``(p,)`` gradients, ``(p, p)`` curvatures) and on the first axis for anything
that runs over points: both are the order in which numpy works fastest.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import ClassVar, NamedTuple, Self

import numpy as np

from ..laws import Law
from ..laws._law import Array
from ._prior import Prior

__all__ = ["Objective", "System", "transform"]


# A Huber loss has no curvature outside delta. A twentieth of the weight that makes
# reweighted least squares descend keeps systems regular and nearly as quick.
_OUTSIDE = 0.05
# Second derivatives along a step are differences over this part of it.
_PROBE = 0.1
# A bend as large as this is one of numbers that have run away.
_HUGE = 1e100


class System(NamedTuple):
    """Objective (m,), gradient (p, m) and curvature (p, p, m) of m problems."""

    value: Array
    gradient: Array
    curvature: Array


class Objective:
    r"""Sum of Huber losses of the residuals, for any law.

    .. math:: F(\theta) = \sum_i w_i \, a_i \, \mathrm{Huber}_\delta(
        (\phi(y_i) - \phi(f(x_i; \theta))) / s_i)
        + \frac{v}{2} \sum_j ((\theta_j - m_j) / t_j)^2

    where :math:`\phi` is the law's scale (log, linear, logit or loglog) and s the
    standard error of each point on it, 1 where none is known. Above the law a is
    twice the quantile, below it twice the rest, and 1 for the median. Priors of
    mean m and standard deviation t count against the variance v that the loss gives
    a residual. The curvature
    is Gauss-Newton: points inside delta count with their full weight, points
    outside with a little of the weight of iteratively reweighted least squares.

    Parameters
    ----------
    law : type of Law
    inputs : mapping of str to array of shape (n,)
    response : array of shape (n,)
    delta : float
        Huber threshold; ``inf`` is least squares.
    standard_error : array of shape (n,), optional
        Of the response; residuals are then counted in standard errors.
    quantile : float
        Order of the M-quantile (Breckling and Chambers 1988,
        doi:10.1093/biomet/75.4.761): a quantile for small delta, an expectile for
        an infinite one.
    prior : Prior, optional
        Bounds and priors of constants.
    """

    exact: ClassVar[bool] = False
    """Whether :meth:`system` returns the whole Hessian; then no step is accelerated."""
    weighted: ClassVar[bool] = True
    """Whether the objective is a sum of its terms by their weights."""

    def __init__(
        self,
        law: type[Law],
        inputs: Mapping[str, Array],
        response: Array,
        delta: float,
        standard_error: Array | None = None,
        quantile: float = 0.5,
        prior: Prior | None = None,
    ) -> None:
        self.law = law
        self.inputs = tuple(np.asarray(inputs[n], float) for n in law.inputs)
        response = np.asarray(response, float)
        self.target = transform(law.scale, response)
        self.per_error: Array | float = 1.0
        self.in_errors = standard_error is not None
        if standard_error is not None:
            self.per_error = 1.0 / (
                standard_error * np.abs(_slope(law.scale, response))
            )
        self.delta = delta
        self.quantile = quantile
        self.names = law.constants()
        self.logged = np.array([n in law.positive for n in self.names])
        self.prior = prior or Prior.of(self.names, {}, {})
        self.variance = 1.0
        self.box: tuple[Array, Array] | None = None
        if self.prior.bounded:
            low, high = self._ends()
            with np.errstate(divide="ignore"):
                self.box = (
                    np.where(self.logged, np.log(np.where(self.logged, low, 1)), low),
                    np.where(self.logged, np.log(np.where(self.logged, high, 1)), high),
                )

    def _ends(self) -> tuple[Array, Array]:
        """Return the bounds, where a positive constant has none below zero."""
        least = np.where(self.logged, np.maximum(self.prior.lower, 0), self.prior.lower)
        return least, self.prior.upper

    def with_free(self, free: np.ndarray) -> Objective:
        """Return the objective in coordinates in which the others can be held fixed.

        Parameters
        ----------
        free : array of int
            Positions of the constants that may move.
        """
        return self

    def with_delta(self, delta: float, variance: float | None = None) -> Self:
        """Return the objective of the same points with another Huber threshold.

        ``variance`` is what priors count against; by default it stays.
        """
        other = copy.copy(self)
        other.delta = delta
        other.variance = self.variance if variance is None else variance
        return other

    def plain(self) -> Objective:
        """Return the objective without exact curvature."""
        return self

    @property
    def n_terms(self) -> int:
        """Number of points, and of measurements that stand for priors."""
        return len(self.target) + self.prior.n_measurements

    def weigh(self, counts: Array, rng: np.random.Generator | None = None) -> Array:
        """Return weights of all terms from those of the points, shape ``(m, n)``.

        With a generator priors are drawn anew, as in a resample.
        """
        if not self.prior.n_measurements:
            return counts
        return np.hstack([counts, self.prior.weights(len(counts), rng)])

    def at_bound(self, theta: Array) -> np.ndarray:
        """Return which coordinates are at a bound that was given, shape ``(m, p)``."""
        if self.box is None:
            return np.zeros(theta.shape, bool)
        low, high = self.box
        at: np.ndarray = (theta <= low) | (theta >= high)
        return at & np.isfinite(theta)

    def _tilt(self, residuals: Array) -> Array | None:
        """Return what points above and below the law count for, None if the same."""
        if self.quantile == 0.5:
            return None
        above: Array = np.where(residuals > 0, self.quantile, 1 - self.quantile)
        return 2.0 * above

    def influence(self, residuals: Array) -> tuple[Array, Array]:
        """Return the slope of the loss at residuals, and its own slope."""
        psi = np.clip(residuals, -self.delta, self.delta)
        inside = (np.abs(residuals) <= self.delta).astype(float)
        tilt = self._tilt(residuals)
        return (psi, inside) if tilt is None else (psi * tilt, inside * tilt)

    def unconstrain(self, constants: Array) -> Array:
        """Return the coordinates the solver works in, shape ``(m, p)``."""
        theta = np.array(constants, float)
        with np.errstate(divide="ignore"):
            theta[:, self.logged] = np.log(theta[:, self.logged])
        return theta

    def constrain(self, theta: Array) -> Array:
        """Return the law's constants from the solver's coordinates."""
        constants = np.array(theta)
        # What is beyond the range of floats is told of by its infinity.
        with np.errstate(over="ignore"):
            constants[:, self.logged] = np.exp(constants[:, self.logged])
        if self.box is not None:
            # Exactly at its bound, not beside it by the rounding of a logarithm.
            for end, bound in zip(self.box, self._ends(), strict=True):
                constants = np.where(theta == end, bound, constants)
            constants = np.clip(constants, *self._ends())
        return constants

    def residuals(self, theta: Array) -> Array:
        """Return the residuals, shape ``(m, n)``: on the law's scale, or in errors."""
        law = self.law.from_array(self.constrain(theta)).over()
        with np.errstate(all="ignore"):
            return self._residuals(law.value(*self.inputs))

    def _residuals(self, value: Array) -> Array:
        away: Array = self.target - transform(self.law.scale, value)
        away *= self.per_error
        return away

    def _slopes(self, value: Array) -> Array:
        """Return the slopes of the residuals by the values, but for their sign."""
        return _slope(self.law.scale, value) * self.per_error

    def losses(self, theta: Array) -> Array:
        """Return the loss of each point, then of each measurement of a prior."""
        r = self.residuals(theta)
        psi = np.clip(r, -self.delta, self.delta)
        tilt = self._tilt(r)
        r -= 0.5 * psi
        r *= psi
        if tilt is not None:
            r *= tilt
        if not self.prior.n_measurements:
            return r
        constants = self.constrain(theta)
        return np.hstack([r, self.variance * self.prior.losses(constants)])

    def values(self, theta: Array, weights: Array | None) -> Array:
        """Return the objective of each problem, shape ``(m,)``."""
        loss = self.losses(theta)
        if weights is None:
            total = loss[:, : len(self.target)].sum(axis=1)
            if self.prior.n_measurements:
                constants = self.constrain(theta)
                total += self.variance * self.prior.terms(constants, None)[0]
        else:
            total = (loss * weights).sum(axis=1)
        return np.where(np.isfinite(total), total, np.inf)

    @np.errstate(all="ignore")
    def second_order_gradient(
        self, theta: Array, step: Array, weights: Array | None
    ) -> Array:
        """Return the gradient that geodesic acceleration starts from, shape ``(p, m)``.

        Its residuals are the second derivatives of the residuals along ``step``,
        shape ``(m, p)``, by finite differences.
        """
        constants = self.constrain(theta)
        law = self.law.from_array(constants).over()
        value, derivatives = law.differentiate(*self.inputs)
        r = self._residuals(value)
        ahead = self.residuals(theta + _PROBE * step)
        behind = self.residuals(theta - _PROBE * step)
        pull = (ahead - 2.0 * r + behind) / _PROBE**2 * self._slopes(value)
        outside = np.abs(r) > self.delta
        pull[outside] *= _OUTSIDE * self.delta / np.abs(r[outside])
        tilt = self._tilt(r)
        if tilt is not None:
            pull *= tilt
        if weights is not None:
            pull *= weights[:, : r.shape[1]]
        sums = np.stack(
            [np.vecdot(np.broadcast_to(d, r.shape), pull) for d in derivatives]
        )
        sums = -sums * np.where(self.logged, constants, 1.0).T
        # Of measured constants only those curve that are fitted by their logarithm.
        known = self.prior.known[self.logged[self.prior.known]]
        turn = (constants * step / self.prior.sd)[:, known].T
        sums[known] += self.variance * turn * turn
        return np.where((np.abs(sums) < _HUGE).all(axis=0), sums, 0.0)

    @np.errstate(all="ignore")
    def system(self, theta: Array, weights: Array | None) -> System:
        """Return objective, gradient and curvature at ``theta``."""
        constants = self.constrain(theta)
        law = self.law.from_array(constants).over()
        value, derivatives = law.differentiate(*self.inputs)
        r = self._residuals(value)
        psi = np.minimum(r, self.delta)
        np.maximum(psi, -self.delta, out=psi)
        # Slopes of the scale join the weights, which are p times fewer.
        slope = self._slopes(value)
        pull = psi * slope
        stiff = slope * slope
        outside = psi != r
        stiff[outside] *= _OUTSIDE * self.delta / np.abs(r[outside])
        tilt = self._tilt(r)
        r -= 0.5 * psi
        r *= psi
        if tilt is not None:
            for a in (r, pull, stiff):
                a *= tilt
        m, n = value.shape
        if weights is None:
            total = r.sum(axis=1)
        else:
            counts = weights[:, :n]
            total = np.vecdot(r, counts)
            pull *= counts
            stiff *= counts
        jacobian = np.empty((m, len(self.names), n))
        for j, derivative in enumerate(derivatives):
            jacobian[:, j] = derivative
        gradient = -(jacobian @ pull[:, :, None])[:, :, 0].T
        stiff = jacobian * stiff[:, None]
        curvature = (stiff @ jacobian.transpose(0, 2, 1)).transpose(1, 2, 0)
        # Derivatives by the logarithm of a constant are that many times larger.
        factor = np.where(self.logged, constants, 1.0).T
        gradient = gradient * factor
        curvature = curvature * (factor[:, None] * factor[None, :])
        if self.prior.n_measurements:
            own = None if weights is None else weights[:, n:]
            value, slope, bend = self.prior.terms(constants, own)
            known = self.prior.known
            total += self.variance * value
            gradient[known] += self.variance * factor[known] * slope.T
            curvature[known, known] += self.variance * factor[known] ** 2 * bend.T
        bad = ~(
            np.isfinite(total)
            & np.isfinite(gradient).all(axis=0)
            & np.isfinite(curvature).all(axis=(0, 1))
        )
        if bad.any():
            total[bad] = np.inf
            gradient[:, bad] = 0.0
            curvature[:, :, bad] = np.eye(len(factor))[:, :, None]
        return System(total, gradient, curvature)


def transform(scale: str, value: Array) -> Array:
    """Return a response on the scale of residuals."""
    if scale == "log":
        return np.log(value)
    if scale == "logit":
        return np.log(value) - np.log1p(-value)
    if scale == "loglog":
        return np.log(-np.log(value))
    return value


def _slope(scale: str, value: Array) -> Array:
    if scale == "log":
        return 1.0 / value
    if scale == "logit":
        return 1.0 / (value * (1.0 - value))
    if scale == "loglog":
        return 1.0 / (value * np.log(value))
    return np.ones_like(value)
