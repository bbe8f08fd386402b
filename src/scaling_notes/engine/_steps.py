"""One damped Newton step of many tiny problems, free or between bounds.

Gradients have shape (p, m) and curvatures (p, p, m) for m problems.
"""

from __future__ import annotations

import numpy as np

from ..laws._law import Array

__all__ = ["bounded_newton_step", "damped_newton_step"]

_PIVOT = 1e-9


def damped_newton_step(g: Array, h: Array, mu: Array) -> tuple[Array, Array]:
    """Return the damped step (p, m) and the decrease it predicts (m,)."""
    diagonal = np.einsum("iim->im", h)
    scale = 1.0 / np.sqrt(np.maximum(np.abs(diagonal), 1e-30))
    g_scaled = g * scale
    h_scaled = h * scale[:, None]
    h_scaled *= scale
    step, definite = _solve_definite(h_scaled, g_scaled, mu)
    # With (H + mu) s = -g the model's decrease is half of -g's + mu s's.
    predicted = np.multiply(mu, step)
    predicted -= g_scaled
    predicted *= step
    predicted = 0.5 * predicted.sum(axis=0)
    bad = np.flatnonzero(~definite)
    if len(bad):
        h_bad, g_bad = h_scaled[:, :, bad].transpose(2, 0, 1), g_scaled[:, bad]
        values, vectors = np.linalg.eigh(h_bad)
        values = np.maximum(np.abs(values), 1e-6) + mu[bad, None]
        along = np.einsum("mij,im->mj", vectors, g_bad) / values
        step[:, bad] = turned = -np.einsum("mij,mj->im", vectors, along)
        curved = np.einsum("mij,im,jm->m", h_bad, turned, turned)
        predicted[bad] = -(g_bad * turned).sum(axis=0) - 0.5 * np.abs(curved)
    step *= scale
    return step, np.maximum(predicted, 0.0)


def bounded_newton_step(
    g: Array, h: Array, mu: Array, low: Array, high: Array
) -> tuple[Array, Array]:
    """Return the damped step between bounds (p, m), and the decrease it predicts.

    The step goes towards the least of the damped model. Where it meets a bound that
    coordinate stays, and the others go on from there: the model falls all the way.
    """
    p = len(g)
    diagonal = np.einsum("iim->im", h)
    step = np.zeros_like(g)
    held = ((low >= 0) & (g > 0)) | ((high <= 0) & (g < 0))
    for _ in range(1 + p):
        slope = g + np.einsum("ijm,jm->im", h, step) + mu * np.abs(diagonal) * step
        moves = ~held
        rest = h * (moves[:, None] & moves[None])
        rest[np.arange(p), np.arange(p)] += held
        ahead, _ = damped_newton_step(slope * moves, rest, mu)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            room = np.where(ahead > 0, high - step, low - step) / ahead
        room = np.where(moves & (ahead != 0), np.maximum(room, 0.0), np.inf)
        share = np.minimum(room.min(axis=0), 1.0)
        step += share * np.where(moves, ahead, 0.0)
        held |= room <= share
        if (share == 1.0).all():
            break
    step = np.clip(step, low, high)
    curved = np.einsum("im,ijm,jm->m", step, h, step)
    return step, np.maximum(-(g * step).sum(axis=0) - 0.5 * curved, 0.0)


def _solve_definite(h: Array, g: Array, mu: Array) -> tuple[Array, np.ndarray]:
    """Solve (H + mu I) s = -g by elimination, all problems in each operation.

    All pivots are positive just where H + mu I is positive definite.
    """
    p, m = g.shape
    rows = np.empty((p, p + 1, m))
    rows[:, :p] = h
    rows[:, p] = -g
    pivots = np.empty((p, m))
    for j in range(p):
        rows[j, j] += mu
        pivots[j] = pivot = rows[j, j]
        rest = rows[j, j + 1 :]
        rest /= np.where(pivot > _PIVOT, pivot, 1.0)
        if j + 1 < p:
            rows[j + 1 :, j + 1 :] -= rows[j + 1 :, j, None] * rest
    step = rows[:, p]
    for i in reversed(range(1, p)):
        step[:i] -= rows[:i, i] * step[i]
    return step, np.all(pivots > _PIVOT, axis=0)
