"""The best settings of a training run, by size and data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ._law import Array, Law

__all__ = ["OptimalHyperparameter"]


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
