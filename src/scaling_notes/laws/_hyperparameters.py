"""The best settings of a training run, and what others cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import factorial
from typing import ClassVar

import numpy as np

from ._law import Array, Law

__all__ = ["LearningRateAndBatch", "OptimalHyperparameter"]

# Of the series of the cost of a learning rate, used where its closed form cancels.
_TERMS, _SMALL = 14, 0.5
# Keeps the exponential of an absurd start finite.
_LARGEST = 50.0


@dataclass(frozen=True)
class LearningRateAndBatch(Law):
    r"""Loss around the best learning rate and batch of one size and token count.

    .. math::

        L(\eta, B) = L_0 + a \, \frac{2 (e^{su} - su - 1)}{s^2} + b \, v^2,
        \quad u = \log_2 \frac{\eta}{\eta^*} - e v - c v^2,
        \; v = \log_2 \frac{B}{B^*}

    A bowl in the doublings v of the batch and u of the learning rate, counted from
    the best rate for that batch. At the best batch that rate grows as the batch to
    the power e; a negative bend c makes it grow faster below and slower above, as it
    does in the Step Law's sweeps. Close to the bottom the first term is
    :math:`a u^2`; farther off, a positive skew s makes a rate that is too high cost
    more than one that is too low.

    **A recipe for a sweep of your own.** Fit it to the runs of one size and token
    count whose loss is close to the least, say within 1.5 %, and ask the bootstrap
    for the best settings. Diverged runs are then left out by themselves. With few runs
    hold the shape: ``fixed={"skew": 0.0, "bend": 0.0}`` is a plain paraboloid.

    Parameters
    ----------
    loss_min : float or array
        The loss L_0 at the best settings.
    best_learning_rate, best_batch : float or array
        The bottom of the bowl; the batch in the unit of the runs.
    learning_rate_cost : float or array
        The cost a of a learning rate that is off by a factor of two, in the unit of
        the loss.
    batch_cost : float or array
        The cost b of such a batch, if the learning rate is the best for it.
    learning_rate_batch_exponent : float or array
        The power e of the batch by which the best learning rate for it grows, at the
        best batch.
    skew : float or array
        The skew s, per doubling of the learning rate.
    bend : float or array
        The bend c of the valley: doublings of the learning rate per squared doubling
        of the batch.

    References
    ----------
    The cost of the rate is the linex loss of Varian 1975, from another field.

    Examples
    --------
    >>> import numpy as np
    >>> import scaling_notes as sn
    >>> truth = sn.laws.LearningRateAndBatch(
    ...     2.3, 2e-3, 4e5, 0.008, 0.006, 0.3, 0.5, -0.1
    ... )
    >>> steps = 2.0 ** np.arange(-3, 4)
    >>> rate, batch = np.meshgrid(2e-3 * steps, 4e5 * steps[1:-1])
    >>> loss = truth(rate, batch) + 0.002 * np.random.default_rng(0).normal(size=(5, 7))
    >>> sweep = {"learning_rate": rate.ravel(), "batch": batch.ravel()}
    >>> fit = sn.fit_law(sn.laws.LearningRateAndBatch, sweep, loss.ravel())
    >>> best = fit.bootstrap(200, seed=0).interval("best_learning_rate")
    >>> bool(best.low < 2e-3 < best.high)
    True
    """

    loss_min: float | Array
    best_learning_rate: float | Array
    best_batch: float | Array
    learning_rate_cost: float | Array
    batch_cost: float | Array
    learning_rate_batch_exponent: float | Array
    skew: float | Array
    bend: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("learning_rate", "batch")
    positive: ClassVar[tuple[str, ...]] = (
        "loss_min",
        "best_learning_rate",
        "best_batch",
        "learning_rate_cost",
        "batch_cost",
    )

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``learning_rate, batch``."""
        u, v = self._doublings(*inputs)
        rate = self.learning_rate_cost * u**2 * _lean(self.skew * u)[0]
        return np.asarray(self.loss_min + rate + self.batch_cost * v**2)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by the eight constants."""
        u, v = self._doublings(*inputs)
        lean, slope = _lean(self.skew * u)
        by_u = self.learning_rate_cost * u * (2 * lean + self.skew * u * slope)
        along = self.learning_rate_batch_exponent + 2 * self.bend * v
        by_v = 2 * self.batch_cost * v - along * by_u
        return (
            np.ones_like(u),
            -by_u / (self.best_learning_rate * np.log(2)),
            -by_v / (self.best_batch * np.log(2)),
            u**2 * lean,
            v**2 + 0 * u,
            -by_u * v,
            self.learning_rate_cost * u**3 * slope,
            -by_u * v**2,
        )

    def doubts(self, *inputs: Array) -> list[str]:
        """Return whether the bottom of the bowl lies among the runs."""
        best = (self.best_learning_rate, self.best_batch)
        return [
            f"The best {name} lies outside the runs: the sweep does not reach its "
            "bottom. Add runs on that side."
            for name, x, at in zip(self.inputs, inputs, best, strict=True)
            if not np.min(x) <= at <= np.max(x)
        ]

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return the least-squares paraboloid, and bowls around the lowest run."""
        logs = [np.log2(inputs[name]) for name in cls.inputs]
        lowest = int(np.argmin(response))
        spread = max(float(np.ptp(response)), 1e-12)
        reach = [max(float(np.ptp(x)), 1e-6) / 2 for x in logs]
        bowls = [[0.0, 0.0, *(spread / np.square(reach)), 0.0]]
        u, v = (x - x[lowest] for x in logs)
        basis = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1)
        _, p, q, a, c, b = np.linalg.lstsq(basis, response, rcond=None)[0]
        if min(a, b) > 0 and c * c < 4 * a * b:
            x, y = np.linalg.solve([[2 * a, c], [c, 2 * b]], [-p, -q])
            # The bottom may lie far off the runs, and is sought among them.
            at = [np.clip(x, u.min(), u.max()), np.clip(y, v.min(), v.max())]
            bowls.insert(0, [*at, a, b - c * c / (4 * a), -c / (2 * a)])
        rate, batch = (inputs[name][lowest] for name in cls.inputs)
        return np.array(
            [
                [response.min(), rate * 2**x, batch * 2**y, *shape, skew, 0.0]
                for skew in (0.0, 0.5)
                for x, y, *shape in bowls
            ]
        )

    def _doublings(self, rate: Array, batch: Array) -> tuple[Array, Array]:
        """Return the doublings u of the learning rate and v of the batch."""
        v = np.log2(batch / self.best_batch)
        u = np.log2(rate / self.best_learning_rate)
        return u - self.learning_rate_batch_exponent * v - self.bend * v**2, v


def _lean(z: Array) -> tuple[Array, Array]:
    """Return 2 (exp(z) - z - 1) / z**2, which is 1 at zero, and its slope."""
    z = np.minimum(z, _LARGEST)
    small = np.abs(z) < _SMALL
    far = np.where(small, 1.0, z)
    grown = np.expm1(far)
    value = 2 * (grown - far) / far**2
    slope = 2 * (far * grown + 2 * far - 2 * grown) / far**3
    near = np.where(small, z, 0.0)
    series, rise = np.zeros_like(near), np.zeros_like(near)
    for k in range(_TERMS, -1, -1):
        rise = rise * near + series
        series = series * near + 2 / factorial(k + 2)
    return np.where(small, series, value), np.where(small, rise, slope)


@dataclass(frozen=True)
class OptimalHyperparameter(Law):
    r"""The best learning rate, batch or other setting, a power of size and of data.

    .. math:: h(N, D) = c \, N^a D^b

    Where size plays no part, as for the batch of the Step Law, hold a at 0:
    ``fixed={"params_exponent": 0.0}``. A setting against compute alone is a
    :class:`PurePowerLaw`.

    Parameters
    ----------
    coefficient : float or array
        The factor c, in the unit of the setting.
    params_exponent, tokens_exponent : float or array
        The exponents a of params and b of tokens.

    References
    ----------
    Li et al. 2025, arXiv:2503.04715, the Step Law; see the paper.
    DeepSeek-AI 2024, arXiv:2401.02954, has such laws in compute.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> rate = sn.laws.OptimalHyperparameter(1.79, -0.713, 0.307)
    >>> batch = sn.laws.OptimalHyperparameter(0.58, 0.0, 0.571)
    >>> f"{rate(params=1e9, tokens=1e11):.2g}", f"{batch(params=1e9, tokens=1e11):.2g}"
    ('0.0016', '1.1e+06')
    """

    coefficient: float | Array
    params_exponent: float | Array
    tokens_exponent: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("params", "tokens")
    response: ClassVar[str] = "setting"
    positive: ClassVar[tuple[str, ...]] = ("coefficient",)

    def value(self, *inputs: Array) -> Array:
        """Return the best setting at ``params, tokens``."""
        params, tokens = inputs
        power = params**self.params_exponent * tokens**self.tokens_exponent
        return np.asarray(self.coefficient * power)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by the coefficient and the exponents."""
        params, tokens = inputs
        power = params**self.params_exponent * tokens**self.tokens_exponent
        value = self.coefficient * power
        return power, value * np.log(params), value * np.log(tokens)

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return the least-squares plane of the logs."""
        return log_plane([inputs[name] for name in cls.inputs], response)


def log_plane(inputs: list[Array], response: Array) -> Array:
    """Return factor and exponents of the least-squares plane of the logs, one row."""
    logs = [np.log(x) for x in inputs]
    basis = np.stack([np.ones_like(logs[0]), *logs], axis=1)
    best = np.linalg.lstsq(basis, np.log(response), rcond=None)[0]
    return np.array([[np.exp(best[0]), *best[1:]]])
