"""What every law is: named constants, a value, partial derivatives, starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import combinations
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from ..accounting import TRAINING_FLOPS_PER_PARAM_TOKEN
from ..accounting._checks import floats
from ..errors import DataError
from ._inverse import least_input

__all__ = ["Array", "Domain", "Law", "within"]

Array = NDArray[np.float64]
Domain = Literal["positive", "zero or more", "a share from 0 to 1"]


def within(values: Array, domain: Domain) -> NDArray[np.bool_]:
    """Return which values are finite and in a domain."""
    finite = np.isfinite(values)
    if domain == "positive":
        return finite & (values > 0)
    if domain == "zero or more":
        return finite & (values >= 0)
    return finite & (values >= 0) & (values <= 1)


@dataclasses.dataclass(frozen=True)
class Law:
    """A functional form together with its constants.

    A concrete law is a frozen dataclass whose fields are its constants. The
    fields may be arrays of one shape: such an object stands for many laws at
    once, for instance one per bootstrap resample, and every method broadcasts.

    A law writes down its value and its partial derivatives in plain form. The
    class variables tell a fit the rest. A subclass that sets ``scale`` alone is
    the same form with residuals on another scale.
    """

    inputs: ClassVar[tuple[str, ...]]
    """Names of the inputs, in the order of the arguments of :meth:`value`."""
    response: ClassVar[str] = "loss"
    """Name of what the law predicts."""
    has_optimum: ClassVar[bool] = False
    """Whether one split of compute into params and tokens is best under the law."""
    flops_per_param_token: ClassVar[float] = TRAINING_FLOPS_PER_PARAM_TOKEN
    """Training compute of one param and one token, as the law counts params."""
    scale: ClassVar[Literal["log", "linear", "logit", "loglog"]] = "log"
    """Scale on which residuals are measured; loglog is log(-log y)."""
    domain: ClassVar[Mapping[str, Domain]] = {}
    """Where inputs may lie; those that are not named are positive.

    And where the response belongs, if it has a place: a fit asks about what is not.
    """
    positive: ClassVar[tuple[str, ...]] = ()
    """Constants that are fitted through their logarithm."""
    linear: ClassVar[tuple[str, ...]] = ()
    """Constants in which the value is linear; starts solve for them."""
    grid: ClassVar[Mapping[str, Array]] = {}
    """Values tried for each of the other constants when starts are sought."""
    derived: ClassVar[tuple[str, ...]] = ()
    """Names of properties computed from the constants."""

    @classmethod
    def constants(cls) -> tuple[str, ...]:
        """Return the names of the constants, in order."""
        return tuple(f.name for f in dataclasses.fields(cls))

    def as_array(self) -> Array:
        """Return the constants along a last axis, shape ``(..., p)``."""
        return np.stack(
            np.broadcast_arrays(
                *(np.asarray(getattr(self, n), float) for n in self.constants())
            ),
            axis=-1,
        )

    @classmethod
    def from_array(cls, values: ArrayLike) -> Self:
        """Build the law, or many laws, from constants along the last axis."""
        values = np.asarray(values, float)
        if values.ndim == 1:
            return cls(*(float(v) for v in values))
        return cls(*np.moveaxis(values, -1, 0))

    def over(self, points: int = 1) -> Self:
        """Return the same laws with trailing axes to broadcast over points."""
        values = self.as_array()
        shape = values.shape[:-1] + (1,) * points + values.shape[-1:]
        return type(self)(*np.moveaxis(values.reshape(shape), -1, 0))

    def value(self, *inputs: Array) -> Array:
        """Return the value of the law at inputs that broadcast with its constants."""
        raise NotImplementedError

    def jacobian(self, *inputs: Array) -> tuple[Array, ...]:
        """Return the partial derivatives by each constant, in order."""
        raise NotImplementedError

    def differentiate(self, *inputs: Array) -> tuple[Array, tuple[Array, ...]]:
        """Return :meth:`value` and :meth:`jacobian`, for laws that share their work."""
        return self.value(*inputs), self.jacobian(*inputs)

    def __call__(self, *args: ArrayLike, **inputs: ArrayLike) -> Any:
        """Evaluate the law.

        Inputs are named (``law(params=7e9, tokens=2e12)``) or in order. Where
        the constants are arrays, they broadcast against the inputs.
        """
        if len(args) > len(self.inputs):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self.inputs)}.")
        given = dict(zip(self.inputs, args, strict=False))
        twice = [name for name in given if name in inputs]
        if twice:
            raise TypeError(f"{', '.join(twice)} is given twice.")
        given |= inputs
        if set(given) != set(self.inputs):
            raise TypeError(
                f"{type(self).__name__} takes {', '.join(self.inputs)}; "
                f"got {', '.join(given) or 'nothing'}."
            )
        value = self.value(*(np.asarray(given[n], float) for n in self.inputs))
        return float(value) if np.ndim(value) == 0 else value

    def inverse(self, value: ArrayLike, **held: ArrayLike) -> Any:
        """Return the least input at which the law has a value.

        Parameters
        ----------
        value : float or array
            What is to be reached, in the unit of the response.
        **held : float or array
            The other inputs by name; the one that is left out is returned.

        Returns
        -------
        float or array
            The input, in its unit; ``value``, ``held`` and the constants broadcast.
            Infinite where no input up to 1e100 has the value, a loss below its
            floor for instance, and 0 where every input is past it.

        Raises
        ------
        DataError
            If not all inputs but one are held, a name is not that of an input, or
            a number is not finite or lies where the input has no meaning.

        Examples
        --------
        >>> import scaling_notes as sn
        >>> law = sn.laws.PowerLaw(E=1.0, A=8.0, alpha=0.5)
        >>> round(law.inverse(5.0), 6), law.inverse(0.9)
        (4.0, inf)
        >>> law = sn.laws.Chinchilla(E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
        >>> f"{law.inverse(1.95, params=70e9):.2e} tokens"
        '1.06e+12 tokens'
        """
        form, inputs = type(self), ", ".join(self.inputs)
        strange = [name for name in held if name not in self.inputs]
        if strange:
            raise DataError(
                f"{form.__name__} has no input {', '.join(strange)}; it has {inputs}."
            )
        sought = [name for name in self.inputs if name not in held]
        if len(sought) != 1:
            raise DataError(
                f"{form.__name__} has the inputs {inputs}: hold all but one of them, "
                f"by name, and the value decides that one; {len(sought)} are left."
            )
        target = floats(value, "The value to reach")
        if not np.isfinite(target).all():
            raise DataError("The value to reach must be finite.")
        known = {name: floats(x, name) for name, x in held.items()}
        for name, x in known.items():
            domain = self.domain.get(name, "positive")
            if not within(x, domain).all():
                raise DataError(f"{name} must be finite and {domain}.")
        constants = np.moveaxis(self.as_array(), -1, 0)
        try:
            np.broadcast(target, *known.values(), *constants)
        except ValueError as error:
            raise DataError(
                f"The value, {', '.join(known)} and the constants do not broadcast "
                f"({error}): give one of each, or as many of all."
            ) from error

        def value_at(x: Array, *args: Array) -> Array:
            given = dict(zip(known, args, strict=False)) | {sought[0]: x}
            law = form(*args[len(known) :])
            return law.value(*(given[name] for name in self.inputs))

        found = least_input(
            value_at,
            target,
            (*known.values(), *constants),
            share=self.domain.get(sought[0]) == "a share from 0 to 1",
            falls=self.response == "loss",
        )
        return float(found) if found.ndim == 0 else found

    def doubts(self, *inputs: Array) -> list[str]:
        """Return what in these constants is at the edge of the form, in words."""
        return []

    @classmethod
    def starts(cls, inputs: Mapping[str, Array], response: Array) -> Array:
        """Return starting values for a fit, best first, shape ``(s, p)``.

        Every node of the grid over the non-linear constants gets the
        non-negative least-squares solution for the linear ones (variable
        projection); nodes come back in the order of that objective.
        """
        names = cls.constants()
        mesh = np.meshgrid(
            *(cls.grid[n] for n in names if n not in cls.linear), indexing="ij"
        )
        nodes = np.ones((mesh[0].size, len(names)))
        for name, values in zip(
            (n for n in names if n not in cls.linear), mesh, strict=True
        ):
            nodes[:, names.index(name)] = values.ravel()
        where = [names.index(n) for n in cls.linear]
        if not where:
            return nodes
        jacobian = (
            cls.from_array(nodes).over().jacobian(*(inputs[n] for n in cls.inputs))
        )
        shape = (len(nodes), len(response))
        basis = np.stack([np.broadcast_to(jacobian[j], shape) for j in where], axis=1)
        nodes[:, where], cost = cls.project(basis, response)
        return nodes[np.argsort(cost, kind="stable")]

    @classmethod
    def project(cls, basis: Array, response: Array) -> tuple[Array, Array]:
        """Return the best non-negative weights of terms, and their sums of squares.

        Parameters
        ----------
        basis : array of shape (m, q, n)
            The terms of m nodes at n points.
        response : array of shape (n,)

        Returns
        -------
        weights : array of shape (m, q)
        cost : array of shape (m,)
        """
        # On the log scale a residual is relative, so points weigh 1 / y**2.
        weight = 1.0 / response if cls.scale == "log" else np.ones_like(response)
        basis = basis * weight
        target = response * weight
        return non_negative_least_squares(
            basis @ basis.transpose(0, 2, 1), basis @ target, float(target @ target)
        )


def softplus(x: Array) -> tuple[Array, Array]:
    """Return log(1 + exp(x)) and its slope, neither of which overflows."""
    return np.logaddexp(0.0, x), expit(x)


def vanished(
    terms: Mapping[str, Any], least: float, simpler: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return what to say of each term that is nothing beside the least value.

    Parameters
    ----------
    terms : mapping of str to array
        Each term by the constant that it vanishes with.
    least : float
        The least value at the points.
    simpler : mapping of str to str, optional
        The form without a term, in words.
    """
    known = simpler or {}
    return {
        name: f"{name} went to zero: the data do not call for that term. Fix it, or "
        f"use a simpler form{': ' + known[name] if name in known else ''}."
        for name, term in terms.items()
        if not np.max(np.abs(term)) > 1e-6 * abs(least)
    }


def no_gain(law: Law, exponents: Mapping[str, str]) -> list[str]:
    """Return what to say of each exponent that is not positive.

    Parameters
    ----------
    law : Law
    exponents : mapping of str to str
        What each exponent is of, by its name, such as ``{"alpha": "params"}``.
    """
    return [
        f"{name} is not positive: with it more {what} would raise the loss. The data "
        f"do not show a gain from {what}."
        for name, what in exponents.items()
        if getattr(law, name) <= 0
    ]


def non_negative_least_squares(
    gram: Array, moment: Array, total: float
) -> tuple[Array, Array]:
    """Solve many tiny non-negative least-squares problems by trying every support.

    Parameters
    ----------
    gram : array of shape (m, q, q)
        Products of the basis functions.
    moment : array of shape (m, q)
        Products of the basis functions with the target.
    total : float
        Product of the target with itself.

    Returns
    -------
    coefficients : array of shape (m, q)
    cost : array of shape (m,)
        Sum of squared residuals.
    """
    m, q = moment.shape
    best = np.zeros((m, q))
    cost = np.full(m, total)
    scale = np.sqrt(np.einsum("mii->mi", gram))
    scale[scale == 0] = 1.0
    for size in range(q, 0, -1):
        for support in map(list, combinations(range(q), size)):
            part = gram[:, support][:, :, support]
            part = part / (scale[:, support, None] * scale[:, None, support])
            part = part + 1e-12 * np.eye(size)
            right = moment[:, support] / scale[:, support]
            x = np.linalg.solve(part, right[..., None])[..., 0]
            value = total - (x * right).sum(axis=1)
            better = (x > 0).all(axis=1) & (value < cost)
            best[better] = 0.0
            rows = np.flatnonzero(better)
            where = np.ix_(rows, np.array(support))
            best[where] = x[better] / scale[where]
            cost[better] = value[better]
    return best, cost
