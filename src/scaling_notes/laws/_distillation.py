"""The law of distillation: a student's loss by its teacher's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ._law import Array, Law, softplus, vanished

__all__ = ["DistilledLoss"]


@dataclass(frozen=True)
class DistilledLoss(Law):
    r"""Loss of a distilled student by its size, its tokens and its teacher.

    .. math:: L_S = L_T + L_T^{-c_0} \left(1 + \left(\frac{L_T}{L_{sup}
        d_1}\right)^{1 / f_1}\right)^{-c_1 f_1}
        \left(A' N^{-\alpha'} + B' D^{-\beta'}\right)^{\gamma'}

    :math:`L_T` is the teacher's loss and :math:`L_{sup}` that of the same
    student trained without one. A teacher can be too good for a student: the
    best one has a loss that depends on the student.

    On noisy points A', alpha' and gamma' trade off, and so do :math:`c_1`,
    :math:`d_1` and :math:`f_1`: hold gamma' and :math:`f_1` when fitting.

    Parameters
    ----------
    A_prime, alpha_prime : float or array
        Coefficient and exponent of the student's params N.
    B_prime, beta_prime : float or array
        Coefficient and exponent of the tokens D it is distilled on.
    gamma_prime : float or array
        The outer exponent.
    c_0, c_1 : float or array
        How the gap to the teacher moves with the teacher's loss, before and
        after the student is as able as the teacher.
    d_1, f_1 : float or array
        Where that change is, and how wide it is.

    References
    ----------
    Busbridge et al. 2025, arXiv:2502.08606, Eq. 8.

    Examples
    --------
    >>> import numpy as np
    >>> import scaling_notes as sn
    >>> alone = sn.published_law(sn.laws.OuterExponent, "busbridge2025", "supervised")
    >>> law = sn.published_law(sn.laws.DistilledLoss, "busbridge2025", "distillation")
    >>> teachers = np.linspace(1.3, 4, 2701)
    >>> student = {"params": 5.46e8, "tokens": 5.12e11}
    >>> losses = law(
    ...     teacher_loss=teachers, supervised_loss=alone(**student), **student)
    >>> round(float(teachers[losses.argmin()]), 2)
    2.07
    """

    A_prime: float | Array
    alpha_prime: float | Array
    B_prime: float | Array
    beta_prime: float | Array
    gamma_prime: float | Array
    c_0: float | Array
    c_1: float | Array
    d_1: float | Array
    f_1: float | Array

    inputs: ClassVar[tuple[str, ...]] = (
        "params",
        "tokens",
        "teacher_loss",
        "supervised_loss",
    )
    positive: ClassVar[tuple[str, ...]] = (
        "A_prime",
        "B_prime",
        "gamma_prime",
        "d_1",
        "f_1",
    )

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``params, tokens, teacher_loss, supervised_loss``."""
        return self.differentiate(*inputs)[0]

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by each constant, in order."""
        return self.differentiate(*inputs)[1]

    def differentiate(self, *inputs: Array) -> tuple[Array, tuple[Array, ...]]:
        """Return the loss and its partial derivatives by each constant, in order."""
        params, tokens, teacher, alone = inputs
        log_n, log_d, log_t = np.log(params), np.log(tokens), np.log(teacher)
        by_A = np.exp(-self.alpha_prime * log_n)
        by_B = np.exp(-self.beta_prime * log_d)
        both = self.A_prime * by_A + self.B_prime * by_B
        away = (log_t - np.log(alone) - np.log(self.d_1)) / self.f_1
        turned, past = softplus(away)
        log_factor = -self.c_0 * log_t - self.c_1 * self.f_1 * turned
        gap = np.exp(log_factor + self.gamma_prime * np.log(both))
        slope = self.gamma_prime * gap / both
        return teacher + gap, (
            slope * by_A,
            -slope * self.A_prime * by_A * log_n,
            slope * by_B,
            -slope * self.B_prime * by_B * log_d,
            gap * np.log(both),
            -gap * log_t,
            -gap * self.f_1 * turned,
            gap * past * (self.c_1 / self.d_1),
            -gap * self.c_1 * (turned - away * past),
        )

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which terms vanish beside the gap to the teacher."""
        params, tokens, *_ = inputs
        terms = {
            "A_prime": self.A_prime * params**-self.alpha_prime,
            "B_prime": self.B_prime * tokens**-self.beta_prime,
        }
        return list(vanished(terms, float(np.min(sum(terms.values())))).values())

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return a grid over the shape with the best A' and B'.

        To the power 1 / gamma', the gap to the teacher is linear in both.
        """
        params, tokens, teacher, alone = (inputs[name] for name in cls.inputs)
        exponents = np.geomspace(0.15, 0.8, 4)
        alpha, beta, gamma, c_0, c_1, d_1, f_1 = (
            g.ravel()
            for g in np.meshgrid(
                exponents,
                exponents,
                np.array([0.5, 0.8, 1.1]),
                np.array([0.0, 1.5, 3.0]),
                np.array([0.5, 4.0, 50.0]),
                np.array([0.8, 1.0, 1.3]),
                np.array([0.1, 0.3]),
            )
        )
        one = np.ones_like(alpha)
        nodes = np.stack([one, alpha, one, beta, gamma, c_0, c_1, d_1, f_1], axis=1)
        law = cls.from_array(nodes).over()
        log_n, log_d, log_t = np.log(params), np.log(tokens), np.log(teacher)
        away = (log_t - np.log(alone) - np.log(law.d_1)) / law.f_1
        log_factor = -law.c_0 * log_t - law.c_1 * law.f_1 * softplus(away)[0]
        # A student as good as its teacher has no gap; it begins with a small one.
        gap = np.maximum(response - teacher, 1e-3 * response)
        log_rest = (np.log(gap) - log_factor) / law.gamma_prime
        level = log_rest.mean(axis=1, keepdims=True)
        center_n, center_d = log_n.mean(), log_d.mean()
        basis = np.stack(
            [
                np.exp(-law.alpha_prime * (log_n - center_n) - log_rest + level),
                np.exp(-law.beta_prime * (log_d - center_d) - log_rest + level),
            ],
            axis=1,
        )
        unit = np.ones_like(response)
        weights, _ = cls.project(basis * response, unit * response)
        weights = np.log(np.maximum(weights, 1e-12)) + level
        nodes[:, 0] = np.exp(weights[:, 0] + alpha * center_n)
        nodes[:, 2] = np.exp(weights[:, 1] + beta * center_d)
        told = cls.from_array(nodes).over().value(params, tokens, teacher, alone)
        away = np.log(told / response)
        return nodes[np.argsort(np.sum(away * away, axis=1), kind="stable")]
