"""Laws of pretraining: loss against parameters, tokens and compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ..accounting._checks import floats
from ..errors import DataError
from ._equal_loss import cheapest_size, tokens_at
from ._inverse import least_input
from ._law import Array, Law, no_gain, non_negative_least_squares, vanished

__all__ = ["Chinchilla", "OptimalParams", "Optimum"]

# What to fit where a term of size and data vanishes.
SIMPLER = {
    "E": "KaplanJoint, whose loss has no floor",
    "A": "PowerLaw of the tokens",
    "B": "PowerLaw of the params",
}


class Optimum(NamedTuple):
    """The best use of a training budget: params, tokens and the loss they reach."""

    params: float | Array
    tokens: float | Array
    loss: float | Array

    @classmethod
    def of(cls, *values: Array) -> Self:
        """Return plain numbers for one budget, arrays for several."""
        return cls(*(float(v) if np.ndim(v) == 0 else v for v in values))


class SizeAndData(Law):
    """A law of params and tokens with the best split of a sum of two powers."""

    inputs: ClassVar[tuple[str, ...]] = ("params", "tokens")
    has_optimum: ClassVar[bool] = True

    @property
    def chinchilla(self) -> Chinchilla:
        """Chinchilla's law with the same best split of every budget."""
        raise NotImplementedError

    def optimum(
        self, flops: ArrayLike, *, flops_per_param_token: float | None = None
    ) -> Optimum:
        """Return the params and tokens of least loss under ``C = 6 N D``.

        Parameters
        ----------
        flops : float or array
            Training compute C in FLOP; broadcasts with the constants.
        flops_per_param_token : float, optional
            The 6 of ``C = 6 N D``; by default the law's own.

        Returns
        -------
        Optimum
            ``params``, ``tokens`` and ``loss``.

        References
        ----------
        Hoffmann et al. 2022, arXiv:2203.15556, Eq. 4.
        """
        law = self.chinchilla
        for name, what in (("A", "size"), ("B", "data")):
            value = getattr(law, name)
            if np.ndim(value) == 0 and not value > 0:
                raise DataError(
                    f"The law has no optimum: {name} is {value:g}, so the loss does "
                    f"not fall with {what}."
                )
        nd = floats(flops, "flops") / (
            flops_per_param_token or self.flops_per_param_token
        )
        log_g = np.log(law.alpha * law.A / (law.beta * law.B)) / (law.alpha + law.beta)
        params = np.exp(log_g + law.n_exponent * np.log(nd))
        tokens = nd / params
        return Optimum.of(params, tokens, self.value(params, tokens))

    def flops_to_reach(
        self, loss: ArrayLike, *, flops_per_param_token: float | None = None
    ) -> Any:
        """Return the least training compute that reaches a loss.

        Params and tokens are split as :meth:`optimum` does. With one of them held,
        ask :meth:`~scaling_notes.laws.Law.inverse`.

        Parameters
        ----------
        loss : float or array
            The loss; broadcasts with the constants.
        flops_per_param_token : float, optional
            The 6 of ``C = 6 N D``; by default the law's own.

        Returns
        -------
        float or array
            Compute C in FLOP; infinite where no compute reaches the loss.

        Raises
        ------
        DataError
            If the loss is not finite.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> law = sn.laws.Chinchilla(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
        >>> f"{law.flops_to_reach(2.0):.2e}", law.flops_to_reach(1.6)
        ('1.11e+23', inf)
        """
        target = floats(loss, "loss")
        if not np.isfinite(target).all():
            raise DataError("The loss to reach must be finite.")
        form = type(self)

        def least_loss(flops: Array, *constants: Array) -> Array:
            best = form(*constants).optimum(
                flops, flops_per_param_token=flops_per_param_token
            )
            return np.asarray(best.loss)

        constants = tuple(np.moveaxis(self.as_array(), -1, 0))
        found = least_input(least_loss, target, constants, share=False, falls=True)
        return float(found) if found.ndim == 0 else found

    def equal_loss_tokens(self, size: ArrayLike) -> Any:
        """Return the training tokens with which another size reaches the same loss.

        Sizes and tokens are multiples of those of :meth:`optimum`. Only the exponents
        matter, so they are the same at every budget.

        Parameters
        ----------
        size : float or array
            Size over the compute-optimal one; broadcasts with the constants.

        Returns
        -------
        float or array
            Tokens over the compute-optimal ones; infinite where no number of them
            reaches the loss.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> law = sn.laws.Chinchilla(E=1.82, A=478.0, B=2143.0, alpha=0.347, beta=0.367)
        >>> round(law.equal_loss_tokens(0.5), 2), law.equal_loss_tokens(0.1)
        (2.52, inf)
        """
        law = self.chinchilla
        return tokens_at(law.alpha, law.beta, floats(size, "size"))

    def size_to_serve(self, served: ArrayLike) -> Any:
        """Return the size that is cheapest to train and to serve, at equal loss.

        The cost is 6 N D + 2 N T in FLOP. As for :meth:`equal_loss_tokens`, which gives
        this size's training tokens, only the exponents matter.

        Parameters
        ----------
        served : float or array
            Tokens T read or written in use, over the training tokens of the
            compute-optimal model; broadcasts with the constants. Where a FLOP of
            use is dearer than one of training, multiply by how much.

        Returns
        -------
        float or array
            Size over the compute-optimal one.

        References
        ----------
        Sardana et al. 2024, arXiv:2401.00448, Sec. 2.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> law = sn.laws.Chinchilla(E=1.82, A=478.0, B=2143.0, alpha=0.347, beta=0.367)
        >>> law.size_to_serve([0, 1, 10]).round(2)
        array([1.  , 0.75, 0.44])
        """
        law = self.chinchilla
        return cheapest_size(law.alpha, law.beta, floats(served, "served"))


@dataclass(frozen=True)
class Chinchilla(SizeAndData):
    r"""Loss as an irreducible part and two power laws, in size and in data.

    .. math:: L(N, D) = E + A N^{-\alpha} + B D^{-\beta}

    Parameters
    ----------
    E : float or array
        Irreducible loss, in the unit of the loss.
    A, B : float or array
        Coefficients of the model-size and data terms.
    alpha, beta : float or array
        Exponents of params :math:`N` and tokens :math:`D`.

    References
    ----------
    Hoffmann et al. 2022, arXiv:2203.15556, Eq. 2 and Eq. 10.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.Chinchilla(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    >>> round(law(params=70e9, tokens=1.4e12), 3)
    1.937
    >>> best = law.optimum(flops=5.76e23)
    >>> f"{best.params:.2e} params, {best.tokens:.2e} tokens"
    '3.22e+10 params, 2.98e+12 tokens'
    """

    E: float | Array
    A: float | Array
    B: float | Array
    alpha: float | Array
    beta: float | Array

    positive: ClassVar[tuple[str, ...]] = ("E", "A", "B")
    linear: ClassVar[tuple[str, ...]] = ("E", "A", "B")
    grid: ClassVar[Mapping[str, Array]] = {
        "alpha": np.linspace(0.05, 1.0, 32),
        "beta": np.linspace(0.05, 1.0, 32),
    }
    derived: ClassVar[tuple[str, ...]] = ("n_exponent", "d_exponent")

    def value(self, *inputs: Array) -> Array:
        """Return the loss at ``params, tokens``."""
        params, tokens = inputs
        return np.asarray(
            self.E + self.A * params**-self.alpha + self.B * tokens**-self.beta
        )

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by E, A, B, alpha, beta."""
        params, tokens = inputs
        by_A = params**-self.alpha
        by_B = tokens**-self.beta
        by_E = np.ones(np.broadcast_shapes(np.shape(by_A), np.shape(by_B)))
        return (
            by_E,
            by_A,
            by_B,
            -self.A * by_A * np.log(params),
            -self.B * by_B * np.log(tokens),
        )

    @property
    def n_exponent(self) -> float | Array:
        """Exponent a of the optimal size, N* ~ C^a (Hoffmann et al. 2022, Eq. 4)."""
        return self.beta / (self.alpha + self.beta)

    @property
    def d_exponent(self) -> float | Array:
        """Exponent b of the optimal data, D* ~ C^b (Hoffmann et al. 2022, Eq. 4)."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def chinchilla(self) -> Chinchilla:
        """The law itself."""
        return self

    def doubts(self, *inputs: Array) -> list[str]:
        """Return which terms vanish and which exponents have the wrong sign."""
        # Both terms rise or fall all along: their ends tell.
        params, tokens = (np.array([x.min(), x.max()]) for x in inputs)
        size, data = self.A * params**-self.alpha, self.B * tokens**-self.beta
        least = float(self.E + size.min() + data.min())
        gone = vanished({"E": self.E, "A": size, "B": data}, least, SIMPLER)
        shown = {
            name: what
            for name, of, what in (("alpha", "A", "params"), ("beta", "B", "tokens"))
            if of not in gone
        }
        return [*gone.values(), *no_gain(self, shown)]

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return starts from the grid over (alpha, beta), local minima first.

        The value separates into functions of params and of tokens, so the
        normal equations of all nodes are a few matrix products.
        """
        alpha, beta = cls.grid["alpha"], cls.grid["beta"]
        log_n, log_d = np.log(inputs["params"]), np.log(inputs["tokens"])
        shift_n, shift_d = log_n.mean(), log_d.mean()
        u = np.exp(-alpha[:, None] * (log_n - shift_n)) / response
        v = np.exp(-beta[:, None] * (log_d - shift_d)) / response
        w = 1.0 / response
        shape = (len(alpha), len(beta))
        gram = np.empty((*shape, 3, 3))
        gram[..., 0, 0] = w @ w
        gram[..., 1, 1] = (u * u).sum(axis=1)[:, None]
        gram[..., 2, 2] = (v * v).sum(axis=1)
        gram[..., 0, 1] = gram[..., 1, 0] = (u @ w)[:, None]
        gram[..., 0, 2] = gram[..., 2, 0] = v @ w
        gram[..., 1, 2] = gram[..., 2, 1] = u @ v.T
        moment = np.empty((*shape, 3))
        moment[..., 0] = w.sum()
        moment[..., 1] = u.sum(axis=1)[:, None]
        moment[..., 2] = v.sum(axis=1)
        coefficients, cost = non_negative_least_squares(
            gram.reshape(-1, 3, 3), moment.reshape(-1, 3), float(len(response))
        )
        nodes = np.empty((cost.size, 5))
        nodes[:, :3] = coefficients
        nodes[:, 3] = np.repeat(alpha, len(beta))
        nodes[:, 4] = np.tile(beta, len(alpha))
        nodes[:, 1] *= np.exp(nodes[:, 3] * shift_n)
        nodes[:, 2] *= np.exp(nodes[:, 4] * shift_d)
        # Local minima of the grid come first: each may lead to an optimum of its own.
        table = cost.reshape(shape)
        padded = np.pad(table, 1, constant_values=np.inf)
        around = np.min(
            [padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]],
            axis=0,
        )
        is_minimum = (table <= around).ravel()
        return nodes[np.lexsort((cost, ~is_minimum))]


@dataclass(frozen=True)
class OptimalParams(Law):
    r"""Compute-optimal size as a power of compute.

    .. math:: N^*(C) = G \, C^a

    Parameters
    ----------
    coefficient : float or array
        The factor G, params per FLOP to the power a.
    n_exponent : float or array
        The exponent a.

    References
    ----------
    Hoffmann et al. 2022, arXiv:2203.15556, Sec. 3.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> law = sn.laws.OptimalParams(coefficient=0.1, n_exponent=0.5)
    >>> f"{law(flops=1e22):.2e}"
    '1.00e+10'
    """

    coefficient: float | Array
    n_exponent: float | Array

    inputs: ClassVar[tuple[str, ...]] = ("flops",)
    response: ClassVar[str] = "params"
    positive: ClassVar[tuple[str, ...]] = ("coefficient",)
    linear: ClassVar[tuple[str, ...]] = ("coefficient",)
    grid: ClassVar[Mapping[str, Array]] = {"n_exponent": np.linspace(0.05, 1.5, 30)}
    derived: ClassVar[tuple[str, ...]] = ("d_exponent",)
    has_optimum: ClassVar[bool] = True

    def value(self, *inputs: Array) -> Array:
        """Return the optimal params at ``flops``."""
        (flops,) = inputs
        return np.asarray(self.coefficient * flops**self.n_exponent)

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by coefficient and n_exponent."""
        (flops,) = inputs
        power = flops**self.n_exponent
        return power, self.coefficient * power * np.log(flops)

    @property
    def d_exponent(self) -> float | Array:
        """Exponent b of the optimal tokens; a + b = 1 because C = 6 N D."""
        return 1.0 - self.n_exponent

    def optimum(
        self, flops: ArrayLike, *, flops_per_param_token: float | None = None
    ) -> Optimum:
        """Return optimal params and tokens at ``flops``; the loss is NaN."""
        budget = floats(flops, "flops")
        params = self.value(budget)
        factor = flops_per_param_token or self.flops_per_param_token
        tokens = budget / factor / params
        return Optimum.of(params, tokens, np.full_like(params, np.nan))
