"""The Chinchilla form's own objective: exact curvature from a few products.

With u = A N^-alpha, v = B D^-beta and s = E + u + v, the shares p = u/s,
q = v/s, t = E/s are a softmax of three terms that are linear in the solver's
coordinates. Gradient and exact Hessian are therefore moments of p and q against
1, log N, log D and their products: matrix products over all problems at once.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np

from ..laws import Chinchilla
from ..laws._law import Array
from ._objective import Objective, System

__all__ = ["ChinchillaObjective"]

# Positions of the coordinates log E, log A, log B, alpha, beta.
_E, _A, _B, _ALPHA, _BETA = range(5)


class ChinchillaObjective(Objective):
    """Huber objective of the Chinchilla form with its exact Hessian.

    Coordinates are log E, log A and log B at the mean log N and log D, alpha
    and beta: centering keeps the Hessian well conditioned.
    """

    def __init__(
        self, inputs: Mapping[str, Array], response: Array, delta: float
    ) -> None:
        super().__init__(Chinchilla, inputs, response, delta)
        log_n, log_d = (np.log(x) for x in self.inputs)
        self._center(float(log_n.mean()), float(log_d.mean()))

    def _center(self, *center: float) -> None:
        self.center = center
        log_n, log_d = (np.log(x) for x in self.inputs)
        n, d = log_n - self.center[0], log_d - self.center[1]
        one = np.ones_like(n)
        self.term_n = np.stack([one, -n])
        self.term_d = np.stack([one, -d])
        self.moments_n = np.stack([one, n, n * n], axis=1)
        self.moments_d = np.stack([one, d, d * d], axis=1)
        self.moments_nd = np.stack([one, n, d, n * d], axis=1)

    def holding(self, free: np.ndarray) -> ChinchillaObjective:
        """Return it uncentered on a side where coefficient or exponent is held.

        A centered coefficient mixes the two: holding one would move the other.
        """
        n, d = self.center
        split_n = (_A in free) != (_ALPHA in free)
        split_d = (_B in free) != (_BETA in free)
        if not (split_n or split_d):
            return self
        other = copy.copy(self)
        other._center(0.0 if split_n else n, 0.0 if split_d else d)
        return other

    def enter(self, constants: Array) -> Array:
        """Return centered coordinates, shape ``(m, 5)``."""
        theta = super().enter(constants)
        theta[:, _A] -= theta[:, _ALPHA] * self.center[0]
        theta[:, _B] -= theta[:, _BETA] * self.center[1]
        return theta

    def leave(self, theta: Array) -> Array:
        """Return E, A, B, alpha, beta from centered coordinates."""
        theta = np.array(theta)
        theta[:, _A] += theta[:, _ALPHA] * self.center[0]
        theta[:, _B] += theta[:, _BETA] * self.center[1]
        return super().leave(theta)

    def _terms(self, theta: Array) -> tuple[Array, Array, Array, Array]:
        u = theta[:, [_A, _ALPHA]] @ self.term_n
        v = theta[:, [_B, _BETA]] @ self.term_d
        np.exp(u, out=u)
        np.exp(v, out=v)
        s = u + v
        s += np.exp(theta[:, [_E]])
        r = np.log(s)
        np.subtract(self.target, r, out=r)
        return u, v, s, r

    def residuals(self, theta: Array) -> Array:
        """Return the residuals of log loss, shape ``(m, n)``."""
        with np.errstate(all="ignore"):
            return self._terms(theta)[3]

    @np.errstate(all="ignore")
    def system(self, theta: Array, weights: Array | None) -> System:
        """Return objective, gradient and exact Hessian at ``theta``."""
        u, v, s, r = self._terms(theta)
        np.reciprocal(s, out=s)
        p = np.multiply(u, s, out=u)
        q = np.multiply(v, s, out=v)
        psi = np.minimum(r, self.delta)
        np.maximum(psi, -self.delta, out=psi)
        w_psi = psi if weights is None else weights * psi
        # sum w psi (r - psi / 2)
        total = np.einsum("mn,mn->m", w_psi, r)
        total -= 0.5 * np.einsum("mn,mn->m", w_psi, psi)
        inside = (psi == r).astype(float)
        c = inside if weights is None else np.multiply(inside, weights, out=inside)
        c += w_psi
        c_p, c_q = c * p, c * q
        k_p, k_q = w_psi * p @ self.moments_n, w_psi * q @ self.moments_d
        k = w_psi.sum(axis=1)
        s_1 = c.sum(axis=1)
        s_p, s_q = c_p @ self.moments_n[:, :2], c_q @ self.moments_d[:, :2]
        s_pq = c_p * q @ self.moments_nd
        s_pp = np.multiply(c_p, p, out=c_p) @ self.moments_n
        s_qq = np.multiply(c_q, q, out=c_q) @ self.moments_d

        g = np.empty((5, len(theta)))
        g[_E] = k_p[:, 0] + k_q[:, 0] - k
        g[_A] = -k_p[:, 0]
        g[_B] = -k_q[:, 0]
        g[_ALPHA] = k_p[:, 1]
        g[_BETA] = k_q[:, 1]

        h = np.empty((5, 5, len(theta)))
        h[_A, _A] = s_pp[:, 0] - k_p[:, 0]
        h[_A, _ALPHA] = k_p[:, 1] - s_pp[:, 1]
        h[_ALPHA, _ALPHA] = s_pp[:, 2] - k_p[:, 2]
        h[_B, _B] = s_qq[:, 0] - k_q[:, 0]
        h[_B, _BETA] = k_q[:, 1] - s_qq[:, 1]
        h[_BETA, _BETA] = s_qq[:, 2] - k_q[:, 2]
        h[_A, _B] = s_pq[:, 0]
        h[_B, _ALPHA] = -s_pq[:, 1]
        h[_A, _BETA] = -s_pq[:, 2]
        h[_ALPHA, _BETA] = s_pq[:, 3]
        # E's share is t = 1 - p - q.
        h[_E, _A] = s_p[:, 0] - s_pp[:, 0] - s_pq[:, 0]
        h[_E, _B] = s_q[:, 0] - s_pq[:, 0] - s_qq[:, 0]
        h[_E, _ALPHA] = s_pp[:, 1] + s_pq[:, 1] - s_p[:, 1]
        h[_E, _BETA] = s_qq[:, 1] + s_pq[:, 2] - s_q[:, 1]
        t_t = s_1 - 2 * (s_p[:, 0] + s_q[:, 0])
        t_t += s_pp[:, 0] + s_qq[:, 0] + 2 * s_pq[:, 0]
        h[_E, _E] = t_t - (k - k_p[:, 0] - k_q[:, 0])
        for i in range(1, 5):
            h[i, :i] = h[:i, i]

        # A trial step may leave the range of floats; the solver takes a shorter one.
        bad = ~(np.isfinite(total) & np.isfinite(g).all(0) & np.isfinite(h).all((0, 1)))
        if bad.any():
            total[bad] = np.inf
            g[:, bad] = 0.0
            h[:, :, bad] = np.eye(5)[:, :, None]
        return System(total, g, h)
