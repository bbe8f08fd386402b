"""The Chinchilla form's own objective: exact curvature from a few products.

With u = A N^-alpha, v = B D^-beta and s = E + u + v, the shares p = u/s,
q = v/s, t = E/s are a softmax of three terms that are linear in the solver's
coordinates. Gradient and exact Hessian are therefore moments of p and q against
1, log N, log D and their products: matrix products over all problems at once.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..laws import Chinchilla
from ..laws._law import Array
from ._objective import Objective, System

__all__ = ["ChinchillaObjective"]

# Positions of the coordinates log E, log A, log B, alpha, beta.
_E, _A, _B, _ALPHA, _BETA = range(5)
# Problems x points handled in one go: few enough for the processor's cache.
_BLOCK = 49152
# Rows of the sums over points that make value, gradient and Hessian.
_N_SUMS = 23
# Scratch arrays a multiple of 4096 bytes apart would compete for the same cache lines.
_APART = 72


class ChinchillaObjective(Objective):
    """Huber objective of the Chinchilla form with its exact Hessian.

    Coordinates are log E, log A and log B at the mean log N and log D, alpha
    and beta: centering keeps the Hessian well conditioned.
    """

    exact = True

    def __init__(
        self, inputs: Mapping[str, Array], response: Array, delta: float
    ) -> None:
        super().__init__(Chinchilla, inputs, response, delta)
        self.logs = tuple(np.log(x) for x in self.inputs)
        self._center(float(self.logs[0].mean()), float(self.logs[1].mean()))

    def _center(self, *center: float) -> None:
        self.center = center
        # In this order all that the sums need are neighbors: memory is slower
        # than arithmetic for very many points.
        self.powers = np.empty((6, len(self.target)))
        nn, n, one, d, dd, nd = self.powers
        np.subtract(self.logs[0], center[0], out=n)
        np.subtract(self.logs[1], center[1], out=d)
        np.multiply(n, n, out=nn)
        np.multiply(d, d, out=dd)
        np.multiply(n, d, out=nd)
        one[:] = 1.0
        self._scratch = np.empty((7, 0))

    def with_free(self, free: np.ndarray) -> ChinchillaObjective:
        """Return a copy, uncentered on a side where coefficient or exponent is held.

        A centered coefficient mixes the two: holding one would move the other.
        The copy has its own scratch arrays, so that solves may run side by side.
        """
        n, d = self.center
        split_n = (_A in free) != (_ALPHA in free)
        split_d = (_B in free) != (_BETA in free)
        other = copy.copy(self)
        other._scratch = np.empty((7, 0))
        if split_n or split_d:
            other._center(0.0 if split_n else n, 0.0 if split_d else d)
        return other

    def plain(self) -> Objective:
        """Return the objective in plain coordinates, without exact curvature."""
        inputs = dict(zip(Chinchilla.inputs, self.inputs, strict=True))
        other = Objective(Chinchilla, inputs, np.ones_like(self.target), self.delta)
        other.target = self.target
        return other

    def unconstrain(self, constants: Array) -> Array:
        """Return centered coordinates, shape ``(m, 5)``."""
        theta = super().unconstrain(constants)
        theta[:, _A] -= theta[:, _ALPHA] * self.center[0]
        theta[:, _B] -= theta[:, _BETA] * self.center[1]
        return theta

    def constrain(self, theta: Array) -> Array:
        """Return E, A, B, alpha, beta from centered coordinates."""
        theta = np.array(theta)
        theta[:, _A] += theta[:, _ALPHA] * self.center[0]
        theta[:, _B] += theta[:, _BETA] * self.center[1]
        return super().constrain(theta)

    def residuals(self, theta: Array) -> Array:
        """Return the residuals of log loss, shape ``(m, n)``."""
        with np.errstate(all="ignore"):
            s, v = _term_n(theta) @ self.powers[1:3], _term_d(theta) @ self.powers[2:4]
            np.exp(s, out=s)
            s += np.exp(v, out=v)
            s += np.exp(theta[:, [_E]])
            return np.subtract(self.target, np.log(s, out=s), out=s)

    @np.errstate(all="ignore")
    def system(self, theta: Array, weights: Array | None) -> System:
        """Return objective, gradient and exact Hessian at ``theta``."""
        m, n = len(theta), len(self.target)
        size = min(n, max(1, _BLOCK // m))
        if self._scratch.shape[1] < m * size:
            self._scratch = np.empty((7, m * size + _APART))
        blocks = (slice(first, first + size) for first in range(0, n, size))
        return _assemble(
            functools.reduce(np.add, (self._sums(theta, weights, b) for b in blocks))
        )

    def _sums(self, theta: Array, weights: Array | None, block: slice) -> Array:
        """Return what a block of points adds to the sums, shape (_N_SUMS, m)."""
        powers = self.powers[:, block]
        n, d, both, nd, one = powers[:3], powers[2:5], powers[1:4], powers[5], powers[2]
        shape = (len(theta), powers.shape[1])
        scratch = self._scratch[:, : shape[0] * shape[1]].reshape(7, *shape)
        u, v, s, r, w_psi, c, x = scratch
        np.matmul(_term_n(theta), powers[1:3], out=u)
        np.matmul(_term_d(theta), powers[2:4], out=v)
        np.exp(u, out=u)
        np.exp(v, out=v)
        # A column is copied into a table faster than added to one.
        s[:] = np.exp(theta[:, [_E]])
        s += u
        s += v
        np.log(s, out=r)
        np.subtract(self.target[block], r, out=r)
        p, q = np.divide(u, s, out=u), np.divide(v, s, out=v)
        psi = np.clip(r, -self.delta, self.delta, out=s)
        np.equal(psi, r, out=c)
        c += psi
        if weights is None:
            w_psi = psi
        else:
            np.multiply(psi, weights[:, block], out=w_psi)
            c *= weights[:, block]
        sums = np.empty((_N_SUMS, len(theta)))
        to = _Sums.of(sums)
        np.subtract(np.vecdot(w_psi, r), 0.5 * np.vecdot(w_psi, psi), out=to.value)
        np.matmul(w_psi, one, out=to.psi)
        np.matmul(c, one, out=to.c)
        np.matmul(n, np.multiply(w_psi, p, out=x).T, out=to.psi_p)
        np.matmul(d, np.multiply(w_psi, q, out=x).T, out=to.psi_q)
        c_p = np.multiply(c, p, out=x)
        np.matmul(n[1:], c_p.T, out=to.c_p)
        c_pq = np.multiply(c_p, q, out=r)
        np.matmul(both, c_pq.T, out=to.c_pq)
        np.matmul(c_pq, nd, out=to.c_pq_nd)
        np.matmul(n, np.multiply(c_p, p, out=x).T, out=to.c_pp)
        c_q = np.multiply(c, q, out=x)
        np.matmul(d[:2], c_q.T, out=to.c_q)
        np.matmul(d, np.multiply(c_q, q, out=x).T, out=to.c_qq)
        return sums


class _Sums(NamedTuple):
    """Sums over points, (m,) or a row for each power of n = log N and d = log D.

    psi is the weighted clipped residual, and c that plus the weight inside delta.
    """

    value: Array
    """Huber losses."""
    psi: Array
    c: Array
    psi_p: Array
    """Of psi p by n^2, n, 1."""
    psi_q: Array
    """Of psi q by 1, d, d^2."""
    c_p: Array
    """Of c p by n, 1."""
    c_pq: Array
    """Of c p q by n, 1, d."""
    c_pq_nd: Array
    """Of c p q by n d."""
    c_pp: Array
    """Of c p^2 by n^2, n, 1."""
    c_q: Array
    """Of c q by 1, d."""
    c_qq: Array
    """Of c q^2 by 1, d, d^2."""

    @classmethod
    def of(cls, sums: Array) -> _Sums:
        """Return views of the rows of one array, shape (_N_SUMS, m)."""
        return cls(
            sums[0],
            sums[1],
            sums[2],
            sums[3:6],
            sums[6:9],
            sums[9:11],
            sums[11:14],
            sums[14],
            sums[15:18],
            sums[18:20],
            sums[20:],
        )


def _term_n(theta: Array) -> Array:
    """Return the factors of log N and 1 in log A N^-alpha."""
    return np.stack([-theta[:, _ALPHA], theta[:, _A]], axis=1)


def _term_d(theta: Array) -> Array:
    """Return the factors of 1 and log D in log B D^-beta."""
    return np.stack([theta[:, _B], -theta[:, _BETA]], axis=1)


def _assemble(sums: Array) -> System:
    """Return the systems from the sums of all blocks, shape (_N_SUMS, m)."""
    total, k, s_1, k_p, k_q, s_p, s_pq, s_pqnd, s_pp, s_q, s_qq = _Sums.of(sums)
    m = len(total)

    g = np.empty((5, m))
    g[_E] = k_p[2] + k_q[0] - k
    g[_A] = -k_p[2]
    g[_B] = -k_q[0]
    g[_ALPHA] = k_p[1]
    g[_BETA] = k_q[1]

    h = np.empty((5, 5, m))
    h[_A, _A] = s_pp[2] - k_p[2]
    h[_A, _ALPHA] = k_p[1] - s_pp[1]
    h[_ALPHA, _ALPHA] = s_pp[0] - k_p[0]
    h[_B, _B] = s_qq[0] - k_q[0]
    h[_B, _BETA] = k_q[1] - s_qq[1]
    h[_BETA, _BETA] = s_qq[2] - k_q[2]
    h[_A, _B] = s_pq[1]
    h[_B, _ALPHA] = -s_pq[0]
    h[_A, _BETA] = -s_pq[2]
    h[_ALPHA, _BETA] = s_pqnd
    # E's share is t = 1 - p - q.
    h[_E, _A] = s_p[1] - s_pp[2] - s_pq[1]
    h[_E, _B] = s_q[0] - s_pq[1] - s_qq[0]
    h[_E, _ALPHA] = s_pp[1] + s_pq[0] - s_p[0]
    h[_E, _BETA] = s_qq[1] + s_pq[2] - s_q[1]
    t_t = s_1 - 2 * (s_p[1] + s_q[0]) + s_pp[2] + s_qq[0] + 2 * s_pq[1]
    h[_E, _E] = t_t - (k - k_p[2] - k_q[0])
    for i in range(1, 5):
        h[i, :i] = h[:i, i]

    # A trial step may leave the range of floats; the solver takes a shorter one.
    bad = ~(np.isfinite(total) & np.isfinite(g).all(0) & np.isfinite(h).all((0, 1)))
    if bad.any():
        total[bad] = np.inf
        g[:, bad] = 0.0
        h[:, :, bad] = np.eye(5)[:, :, None]
    return System(total, g, h)
