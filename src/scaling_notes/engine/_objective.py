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

__all__ = ["Objective", "System"]


# A Huber loss has no curvature outside delta. A twentieth of the weight that makes
# reweighted least squares descend keeps systems regular and nearly as quick.
_OUTSIDE = 0.05
# Second derivatives along a step are differences over this part of it.
_PROBE = 0.1


class System(NamedTuple):
    """Objective (m,), gradient (p, m) and curvature (p, p, m) of m problems."""

    value: Array
    gradient: Array
    curvature: Array


class Objective:
    r"""Sum of Huber losses of the residuals, for any law.

    .. math:: F(\theta) = \sum_i w_i \, \mathrm{Huber}_\delta(
        (\phi(y_i) - \phi(f(x_i; \theta))) / s_i)

    where :math:`\phi` is the law's scale (log, linear, logit or loglog) and s the
    standard error of each point on it, 1 where none is known. The curvature
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
    """

    exact: ClassVar[bool] = False
    """Whether :meth:`system` returns the whole Hessian; then no step is accelerated."""

    def __init__(
        self,
        law: type[Law],
        inputs: Mapping[str, Array],
        response: Array,
        delta: float,
        standard_error: Array | None = None,
    ) -> None:
        self.law = law
        self.inputs = tuple(np.asarray(inputs[n], float) for n in law.inputs)
        response = np.asarray(response, float)
        self.target = _transform(law.scale, response)
        self.per_error: Array | float = 1.0
        if standard_error is not None:
            self.per_error = 1.0 / (
                standard_error * np.abs(_slope(law.scale, response))
            )
        self.delta = delta
        self.names = law.constants()
        self.logged = np.array([n in law.positive for n in self.names])

    def with_free(self, free: np.ndarray) -> Objective:
        """Return the objective in coordinates in which the others can be held fixed.

        Parameters
        ----------
        free : array of int
            Positions of the constants that may move.
        """
        return self

    def with_delta(self, delta: float) -> Self:
        """Return the objective of the same points with another Huber threshold."""
        other = copy.copy(self)
        other.delta = delta
        return other

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
        return constants

    def residuals(self, theta: Array) -> Array:
        """Return the residuals, shape ``(m, n)``: on the law's scale, or in errors."""
        law = self.law.from_array(self.constrain(theta)).over()
        with np.errstate(all="ignore"):
            return self._residuals(law.value(*self.inputs))

    def _residuals(self, value: Array) -> Array:
        away: Array = self.target - _transform(self.law.scale, value)
        away *= self.per_error
        return away

    def _slopes(self, value: Array) -> Array:
        """Return the slopes of the residuals by the values, but for their sign."""
        return _slope(self.law.scale, value) * self.per_error

    def losses(self, theta: Array) -> Array:
        """Return the Huber loss of each point, shape ``(m, n)``."""
        r = self.residuals(theta)
        psi = np.clip(r, -self.delta, self.delta)
        r -= 0.5 * psi
        r *= psi
        return r

    def values(self, theta: Array, weights: Array | None) -> Array:
        """Return the objective of each problem, shape ``(m,)``."""
        loss = self.losses(theta)
        total = loss.sum(axis=1) if weights is None else (loss * weights).sum(axis=1)
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
        if weights is not None:
            pull *= weights
        sums = np.stack(
            [np.vecdot(np.broadcast_to(d, r.shape), pull) for d in derivatives]
        )
        sums = -sums * np.where(self.logged, constants, 1.0).T
        return np.where(np.isfinite(sums).all(axis=0), sums, 0.0)

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
        r -= 0.5 * psi
        r *= psi
        if weights is None:
            total = r.sum(axis=1)
        else:
            total = np.vecdot(r, weights)
            pull *= weights
            stiff *= weights
        m, n = value.shape
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


def _transform(scale: str, value: Array) -> Array:
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
