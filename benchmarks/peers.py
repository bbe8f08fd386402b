"""What is commonly run in place of the package, in our own code.

``replication_fit`` and ``replication_refit`` follow the notebook published by
Besiroglu et al. 2024 (epoch-research/analyzing-chinchilla, data_analysis.ipynb; its
cells that fit were read in a fork that keeps them). The 240 runs of lowest loss are
kept. The law is fitted once from 4500 starts: every combination of a and b in 0, 5
... 25, e in -1, -0.5 ... 1 and both exponents in 0, 0.5 ... 2, each by SciPy's
L-BFGS-B with default tolerances and differences for a gradient, on an objective in
autograd's numpy. Each of the 4000 bootstrap refits draws 240 runs with replacement
and starts once, at the constants of Hoffmann et al. 2022 before rounding; the
method is BFGS with default tolerances, and the gradient comes from autograd. The
default tolerance stops where no part of the gradient is above 1e-5, while the
objective is about 1e-3: that is early.

``ladder_fit`` follows the analysis of model ladders in OLMo-core (read): the
constants themselves, not logarithms, in bounds; four values of each to start from;
L-BFGS-B with differences for a gradient and up to 10,000 iterations.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from rows import installed
from scipy.optimize import least_squares, minimize

import scaling_notes as sn

DELTA = 1e-3
# a, b, e, alpha, beta of Hoffmann et al. 2022 as the notebook has them.
HOFFMANN = (6.0073404, 6.0179186, 0.5267228, 0.33917084, 0.2849083)


class Problem:
    """The Chinchilla objective of some points, for tools that want a function."""

    def __init__(self, runs: Any) -> None:
        self.runs = runs
        self.n = np.log(np.asarray(runs["params"]))
        self.d = np.log(np.asarray(runs["tokens"]))
        self.y = np.log(np.asarray(runs["loss"]))

    def residuals(self, x: np.ndarray) -> np.ndarray:
        """Return log L minus the law at (a, b, e, alpha, beta)."""
        terms = [x[0] - x[3] * self.n, x[1] - x[4] * self.d, x[2] + 0 * self.n]
        return self.y - np.logaddexp(np.logaddexp(terms[0], terms[1]), terms[2])

    def value(self, x: np.ndarray, w: np.ndarray | float = 1.0) -> float:
        """Return the sum of Huber losses."""
        r = self.residuals(x)
        psi = np.clip(r, -DELTA, DELTA)
        return float(np.sum(w * psi * (r - psi / 2)))

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Return the derivative of the residuals."""
        s = self.y - self.residuals(x)
        p = np.exp(x[0] - x[3] * self.n - s)
        q = np.exp(x[1] - x[4] * self.d - s)
        return -np.stack([p, q, np.exp(x[2] - s), -self.n * p, -self.d * q], axis=1)

    def gradient(self, x: np.ndarray, w: np.ndarray | float = 1.0) -> np.ndarray:
        """Return the derivative of the value."""
        psi = np.clip(self.residuals(x), -DELTA, DELTA)
        return (w * psi) @ self.jacobian(x)


def points() -> Any:
    """Return the 240 points of Besiroglu et al."""
    runs = sn.load("besiroglu2024_chinchilla_points")
    return runs[runs["dropped_in_refit"] == 0]


def to_logs(constants: np.ndarray) -> np.ndarray:
    """Return (a, b, e, alpha, beta) of rows of E, A, B, alpha, beta."""
    e, a, b, alpha, beta = np.moveaxis(np.asarray(constants), -1, 0)
    return np.stack([np.log(a), np.log(b), np.log(e), alpha, beta], axis=-1)


def grid(*axes: Any) -> np.ndarray:
    """Return every combination of starts."""
    return np.array(list(itertools.product(*axes)), float)


def replication_starts() -> np.ndarray:
    """Return the 4500 starts of the replication (and of Hoffmann et al.)."""
    a, e, power = np.arange(0, 26, 5), np.arange(-1, 1.1, 0.5), np.arange(0, 2.1, 0.5)
    return grid(a, a, e, power, power)


def ladder_starts(p: Problem) -> np.ndarray:
    """Return the 1024 starts of the model ladder: E, A, alpha, B, beta."""
    ends = (0, np.exp(p.y.min())), (1, 20), (0.2, 0.8), (1, 20), (0.2, 0.8)
    return grid(*(np.linspace(*pair, 4) for pair in ends))


def ladder_fit(p: Problem, x: np.ndarray) -> np.ndarray:
    """Fit from one start as the code of a model ladder does."""
    params, tokens = np.exp(p.n), np.exp(p.d)

    def value(z: np.ndarray) -> float:
        size = np.exp(np.log(z[1]) - z[2] * np.log(params))
        data = np.exp(np.log(z[3]) - z[4] * np.log(tokens))
        r = p.y - np.log(np.maximum(z[0] + size + data, 1e-10))
        far = np.abs(r)
        return float(
            np.sum(np.where(far <= DELTA, r**2 / 2, DELTA * (far - DELTA / 2)))
        )

    scale, power = (1e-10, 1e20), (0.01, 2.0)
    bounds = [(0.0, np.exp(p.y.min())), scale, power, scale, power]
    how = {"maxiter": 10_000}
    z = minimize(value, x, method="L-BFGS-B", bounds=bounds, options=how).x
    with np.errstate(divide="ignore"):
        return to_logs(z[[0, 1, 3, 2, 4]])


def lbfgs(p: Problem, x: np.ndarray, w: Any = 1.0) -> Any:
    """L-BFGS-B with finite differences, as SciPy comes."""
    return minimize(p.value, x, (w,), method="L-BFGS-B").x


@cache
def _automatic() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the objective in autograd's numpy, and its gradient."""
    auto, grad = (
        importlib.import_module("autograd.numpy"),
        importlib.import_module("autograd"),
    )

    def value(x: Any, params: Any, tokens: Any, loss: Any) -> Any:
        size = auto.exp(x[0] - x[3] * auto.log(params))
        data = auto.exp(x[1] - x[4] * auto.log(tokens))
        r = auto.log(loss) - auto.log(size + data + auto.exp(x[2]))
        far = auto.abs(r)
        huber = auto.where(far <= DELTA, r**2 / 2, DELTA * (far - DELTA / 2))
        return auto.sum(huber)

    return value, grad.grad(value)


def replication_fit(p: Problem, x: np.ndarray) -> Any:
    """Fit from one start as the replication did, in autograd's numpy if it is here."""
    if not installed("autograd"):
        return lbfgs(p, x)
    data = tuple(np.asarray(p.runs[n]) for n in ("params", "tokens", "loss"))
    return minimize(_automatic()[0], x, data, method="L-BFGS-B").x


def replication_refit(p: Problem, x: np.ndarray, w: np.ndarray) -> Any:
    """Refit as the replication did; its start is Hoffmann's, not ``x``."""
    rows = np.repeat(np.arange(len(p.y)), w.astype(int))
    data = [np.asarray(p.runs[n])[rows] for n in ("params", "tokens", "loss")]
    value, gradient = _automatic()
    return minimize(value, HOFFMANN, tuple(data), method="BFGS", jac=gradient).x


def bfgs(p: Problem, x: np.ndarray, w: Any = 1.0) -> np.ndarray:
    """BFGS at its best: centered logs, unit scale, value and gradient in one pass."""
    n, d = p.n - p.n.mean(), p.d - p.d.mean()
    to = np.eye(5)
    to[0, 3], to[1, 4] = p.n.mean(), p.d.mean()  # a = a_centered + alpha n
    scale = 1 / (DELTA * len(p.y))
    w = w * np.ones(len(p.y))

    def both(z: np.ndarray) -> tuple[float, np.ndarray]:
        u, v, e = np.exp(z[0] - z[3] * n), np.exp(z[1] - z[4] * d), np.exp(z[2])
        s = u + v + e
        r = p.y - np.log(s)
        psi = np.clip(r, -DELTA, DELTA)
        wp = w * psi
        c = -wp / s
        cu, cv = c * u, c * v
        g = np.array([cu.sum(), cv.sum(), e * c.sum(), -(cu @ n), -(cv @ d)])
        return (wp @ (r - 0.5 * psi)) * scale, g * scale

    z = np.linalg.solve(to, x)
    return to @ minimize(both, z, method="BFGS", jac=True, options={"gtol": 1e-7}).x


def robust_least_squares(
    residuals: Callable[..., Any],
    jacobian: Callable[..., Any],
    x: np.ndarray,
    w: Any,
    n: int,
    delta: float,
) -> np.ndarray:
    """SciPy's robust least squares; a resample repeats its rows."""
    rows = np.repeat(np.arange(n), np.asarray(w * np.ones(n), int))
    return least_squares(
        lambda z: residuals(z)[rows],
        x,
        lambda z: jacobian(z)[rows],
        loss="huber",
        f_scale=delta,
        x_scale="jac",
        ftol=1e-15,
        xtol=1e-12,
        gtol=1e-15,
    ).x


def huber_least_squares(p: Problem, x: np.ndarray, w: Any = 1.0) -> np.ndarray:
    """SciPy's robust least squares with the analytic Jacobian."""
    return robust_least_squares(p.residuals, p.jacobian, x, w, len(p.y), DELTA)


def iminuit(p: Problem, x: np.ndarray, w: Any = 1.0) -> np.ndarray:
    """Migrad with the analytic gradient."""
    module = importlib.import_module("iminuit")
    m = module.Minuit(
        lambda z: p.value(z, w) * 1e6, x, grad=lambda z: p.gradient(z, w) * 1e6
    )
    m.errordef = 0.5
    m.migrad()
    return np.array(m.values)


def lmfit(p: Problem, x: np.ndarray, w: Any = 1.0) -> np.ndarray:
    """Levenberg-Marquardt on the root of each Huber loss, the usual way."""
    module = importlib.import_module("lmfit")
    names = ["a", "b", "e", "alpha", "beta"]
    start = module.Parameters()
    for name, number in zip(names, x, strict=True):
        start.add(name, value=number)

    def root(q: Any) -> np.ndarray:
        r = p.residuals(np.array([q[name].value for name in names]))
        psi = np.clip(r, -DELTA, DELTA)
        return np.sign(r) * np.sqrt(w * 2 * psi * (r - psi / 2))

    found = module.minimize(root, start)
    return np.array([found.params[name].value for name in names])


def warm_refits() -> dict[str, Callable[..., Any]]:
    """Return the ways to refit one resample that this environment has."""
    ways: dict[str, Callable[..., Any]] = {}
    if installed("autograd"):
        ways["replication's recipe: BFGS, autograd"] = replication_refit
    ways["L-BFGS-B, finite differences, warm"] = lbfgs
    ways["BFGS, analytic gradient, warm"] = bfgs
    ways["least_squares(loss='huber'), warm"] = huber_least_squares
    extra = {"iminuit": iminuit, "lmfit": lmfit}
    return ways | {f"{t}, warm": extra[t] for t in installed(*extra)}


class Form:
    """The objective of a fit of any law, for SciPy's least squares.

    Constants that are positive are logarithms, as in our own solver. The law's
    value and derivatives at a place are worked out once.
    """

    def __init__(self, fit: Any) -> None:
        self.law, self.delta = type(fit.law), fit.delta
        self.inputs = [np.asarray(fit.data[n], float) for n in self.law.inputs]
        self.y = np.asarray(fit.data[self.law.response], float)
        names = self.law.constants()
        self.logged = np.array([n in self.law.positive for n in names])
        self.at = np.full(len(names), np.nan)
        self.now: tuple[Any, Any] = (None, None)

    def unconstrain(self, constants: np.ndarray) -> np.ndarray:
        """Return coordinates of constants."""
        x = np.array(constants, float)
        x[..., self.logged] = np.log(x[..., self.logged])
        return x

    def _look(self, x: np.ndarray) -> tuple[Any, Any]:
        if not np.array_equal(x, self.at):
            z = np.where(self.logged, np.exp(np.where(self.logged, x, 0)), x)
            value, slopes = self.law(*z).differentiate(*self.inputs)
            factor = np.where(self.logged, z, 1.0)
            jacobian = np.stack(np.broadcast_arrays(*slopes), axis=1) * factor
            if self.law.scale == "log":
                jacobian /= value[:, None]
                value = np.log(value)
            self.at, self.now = x.copy(), (value, -jacobian)
        return self.now

    def residuals(self, x: np.ndarray) -> np.ndarray:
        """Return the residuals on the law's scale."""
        y = np.log(self.y) if self.law.scale == "log" else self.y
        return y - self._look(x)[0]

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Return the derivative of the residuals."""
        return self._look(x)[1]

    def value(self, x: np.ndarray, w: np.ndarray) -> float:
        """Return the weighted sum of Huber losses."""
        r = self.residuals(x)
        psi = np.clip(r, -self.delta, self.delta)
        return float(np.sum(w * psi * (r - psi / 2)))

    def refit(self, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Refit a resample from x."""
        return robust_least_squares(
            self.residuals, self.jacobian, x, w, len(self.y), self.delta
        )
