"""The model family: last three symbols in, one hidden layer, next symbol out.

:class:`Model` is what a reader holds. :class:`Network` and :class:`Batch` are the
same numbers laid out for the hot loops of training and reinforcement: flat arrays
for the optimizer, preallocated buffers, every operation in place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ._checks import require_kind, whole_number
from ._language import IntArray, Language
from ._reproducible import Exponential, exponential, to_grid

__all__ = ["Batch", "Mask", "Model", "Network", "frozen", "model"]

WEIGHT_BITS = 20  # a trained weight is a multiple of 2**-20

Array = npt.NDArray[np.float64]
Layers = tuple[Array, ...]
Mask = tuple[npt.NDArray[np.bool_], ...]


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A model of a language, trained or not. Made by :func:`model`; never changed.

    Attributes
    ----------
    language : Language
        What it reads.
    layers : tuple of ndarray
        The matrices, first to last; the last row of each holds its biases. An
        optional symbol embedding, without biases, comes before them.
    tokens : int
        Training tokens seen so far.
    mask : tuple of ndarray of bool, optional
        Where pruning left a weight; training keeps the others at zero.
    history : pandas.DataFrame
        What was recorded on the way, one row a checkpoint.
    """

    language: Language
    layers: Layers
    tokens: int = 0
    mask: Mask | None = None
    history: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __repr__(self) -> str:
        return (
            f"Model(width={self.width}, params={self.params:,}, "
            f"tokens={self.tokens:,}): loss = {self.loss:.4f} nats per token"
        )

    @property
    def width(self) -> int:
        """Number of hidden units."""
        return self.layers[-2].shape[1]

    @property
    def params(self) -> int:
        """Number of parameters, all matrices and biases."""
        return sum(layer.size for layer in self.layers)

    @property
    def params_non_embedding(self) -> int:
        """Parameters of the matrix between embedding and output, without biases.

        A model without an embedding has one matrix into its hidden units, which
        counts.
        """
        hidden = self.layers[-2]
        return hidden.size - hidden.shape[1]

    @property
    def flops(self) -> float:
        """Training compute by the usual count, 6 x params x tokens."""
        return 6.0 * self.params * self.tokens

    @cached_property
    def probabilities(self) -> Array:
        """Probability of every symbol after every context, shape (V**3, V)."""
        logits = Network(self.layers).logits()
        table = exponential(logits - logits.max(axis=1, keepdims=True))
        table /= table.sum(axis=1, keepdims=True)
        table.flags.writeable = False
        return table

    @cached_property
    def log_probabilities(self) -> Array:
        """Natural logarithm of :attr:`probabilities`, without their underflow."""
        table = Network(self.layers).logits()
        table -= table.max(axis=1, keepdims=True)
        table -= np.log(exponential(table).sum(axis=1, keepdims=True))
        table.flags.writeable = False
        return table

    @cached_property
    def loss(self) -> float:
        """Exact loss on the language, nats per token."""
        return self.language.loss(self.log_probabilities)


def model(
    language: Language, width: int, embedding: int | None = None, seed: int = 0
) -> Model:
    """Make an untrained model: three symbols in, ``width`` ReLU units, softmax.

    Parameters
    ----------
    language : Language
        What it will read.
    width : int
        Number h of hidden units, 1 or more. With V symbols and no embedding the
        model has (3 V + 1) h + (h + 1) V parameters: 129 h + 32 for V = 32.
    embedding : int, optional
        Give every symbol a learned vector of this length, shared by the three
        positions, as language models do; None feeds the symbols in directly.
    seed : int
        Of the initial weights.

    Returns
    -------
    Model
        Its loss is ln V: the output layer starts at zero.

    Raises
    ------
    DataError
        If a number is out of its range.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> lang = sn.lab.language()
    >>> small = sn.lab.model(lang, width=16)
    >>> small.params
    2096
    >>> round(small.loss / float(np.log(32)), 6)
    1.0
    """
    require_kind("language", language, Language)
    h = whole_number("width", width, 1)
    rng = np.random.default_rng([whole_number("seed", seed, 0), h])
    V = language.symbols
    layers = []
    size = V
    if embedding is not None:
        size = whole_number("embedding", embedding, 1)
        layers.append(rng.standard_normal((V, size)))
    hidden = rng.standard_normal((3 * size + 1, h))
    # Every unit starts with an input of variance one, and a small bias.
    hidden[:-1] /= np.sqrt(3.0 if embedding is None else 3.0 * size)
    hidden[-1] *= 0.1
    layers += [hidden, np.zeros((h + 1, V))]
    return Model(language, frozen([to_grid(layer, WEIGHT_BITS) for layer in layers]))


def frozen(arrays: Iterable[Any]) -> tuple[Any, ...]:
    """Return arrays that nobody can write to."""
    out = tuple(arrays)
    for array in out:
        array.flags.writeable = False
    return out


class Network:
    """The weights of a model and their gradient, each in one flat array.

    A last hidden unit is added that is always one: its input weights are zero and
    its bias is one, so the output biases are one more row of a matrix product, and
    every buffer stays contiguous. :meth:`Batch.backward` keeps its gradient zero.
    """

    def __init__(self, layers: Layers) -> None:
        self.symbols = layers[-1].shape[1]
        self.width = layers[-2].shape[1]
        self.shapes = [
            layers[-1].shape,
            (len(layers[-2]), self.width + 1),
            *(layer.shape for layer in layers[:-2]),
        ]
        self.theta = self.pack(layers)
        self.gradient = np.zeros_like(self.theta)
        self.output, self.hidden, *rest = self.views(self.theta)
        self.d_output, self.d_hidden, *d_rest = self.views(self.gradient)
        self.embedding = rest[0] if rest else None
        if self.embedding is None:
            self.table, self.d_table = self.hidden, self.d_hidden
        else:
            self.d_embedding = d_rest[0]
            shape = (3 * self.symbols + 1, self.width + 1)
            self.table = np.empty(shape)
            self.d_table = np.empty_like(self.table)
            self.refresh()

    def views(self, flat: Array) -> list[Array]:
        """Cut a flat array into output, hidden and embedding matrices."""
        ends = np.cumsum([rows * columns for rows, columns in self.shapes])
        parts = np.split(flat, ends[:-1])
        return [p.reshape(s) for p, s in zip(parts, self.shapes, strict=True)]

    def pack(self, layers: tuple[Any, ...]) -> Any:
        """Lay out weights, or a mask, as one flat array with the constant unit."""
        hidden = np.zeros(self.shapes[1], layers[-1].dtype)
        hidden[:, :-1] = layers[-2]
        hidden[-1, -1] = 1
        parts = [layers[-1], hidden, *layers[:-2]]
        return np.concatenate([part.ravel() for part in parts])

    def layers(self) -> Layers:
        """Copy the weights out, as a model keeps them."""
        embedding = [] if self.embedding is None else [self.embedding]
        parts = [*embedding, self.hidden[:, :-1], self.output]
        return frozen(np.array(part, order="C") for part in parts)

    def refresh(self) -> None:
        """Multiply an embedding into the table that the positions look up."""
        if self.embedding is None:
            return
        V, size = self.embedding.shape
        for k in range(3):
            rows = self.hidden[k * size : (k + 1) * size]
            np.dot(self.embedding, rows, out=self.table[k * V : (k + 1) * V])
        self.table[-1] = self.hidden[-1]
        to_grid(self.table, WEIGHT_BITS)

    def unfold_gradient(self) -> None:
        """Carry the gradient of the table back to an embedding's two factors."""
        if self.embedding is None:
            return
        V, size = self.embedding.shape
        to_grid(self.d_table, WEIGHT_BITS - 2)
        self.d_embedding[:] = 0
        for k in range(3):
            d_rows = self.d_table[k * V : (k + 1) * V]
            part = slice(k * size, (k + 1) * size)
            np.dot(self.embedding.T, d_rows, out=self.d_hidden[part])
            self.d_embedding += d_rows @ self.hidden[part].T
        self.d_hidden[-1] = self.d_table[-1]

    def logits(self) -> Array:
        """Logits after every context, shape (V**3, V)."""
        V = self.symbols
        first, second, third = self.table[:-1].reshape(3, V, -1)
        last_two = (second[:, None] + (third + self.table[-1])).reshape(V * V, -1)
        out = np.empty((V, V * V, V))
        units = np.empty_like(last_two)
        for a in range(V):
            np.add(last_two, first[a], out=units)
            np.maximum(units, 0, out=units)
            np.dot(units, self.output, out=out[a])
        return out.reshape(V**3, V)


class Batch:
    """Buffers for ``rows`` contexts: forward and backward write into them."""

    def __init__(self, network: Network, rows: int) -> None:
        h1, V = network.width + 1, network.symbols
        self.network = network
        self.gathered = np.empty((3, rows, h1))
        self.units = np.empty((rows, h1))
        self.d_units = np.empty((rows, h1))
        self.active = np.empty((rows, h1), np.bool_)
        self.probabilities = np.empty((rows, V))
        self.exponential = Exponential((rows, V))
        self.flat = self.probabilities.reshape(-1)
        self.sums = np.empty(rows)
        # Sums over more rows leave fewer bits for each.
        self.gradient_bits = 31 - max(9, rows.bit_length())
        columns = 3 * V + 1
        # One-hot contexts with a last column of ones for the biases.
        self.one_hot = np.zeros((rows, columns))
        self.one_hot[:, -1] = 1
        self.one_hot_flat = self.one_hot.reshape(-1)
        self.row_starts = np.arange(rows, dtype=np.intp) * columns
        self.hot = np.empty((3, rows), np.intp)
        self.target_starts = np.arange(rows, dtype=np.intp) * V

    def forward(self, index: IntArray) -> Array:
        """Fill and return ``probabilities``.

        ``index`` has shape (3, rows): the table rows a, V + b and 2 V + c of the
        contexts (a, b, c).
        """
        network = self.network
        self.index = index
        np.take(network.table, index, axis=0, out=self.gathered, mode="clip")
        units = self.units
        np.add(self.gathered[0], self.gathered[1], out=units)
        np.add(units, self.gathered[2], out=units)
        np.add(units, network.table[-1], out=units)
        np.maximum(units, 0, out=units)
        p = self.probabilities
        np.dot(units, network.output, out=p)
        # No maximum is taken out: logits that overflow are a diverged run.
        self.exponential(p)
        # numpy adds the few terms of a row in one order, whatever the processor.
        np.add.reduce(p, axis=1, out=self.sums)
        np.divide(p, self.sums[:, None], out=p)
        return p

    def backward(self) -> None:
        """Fill the network's gradient.

        ``probabilities`` must by now hold the gradient of the loss with respect to
        the logits, of the size of probabilities: a factor 1 / rows comes later, for
        here it is rounded.
        """
        network = self.network
        d_logits = to_grid(self.probabilities, self.gradient_bits)
        np.dot(self.units.T, d_logits, out=network.d_output)
        np.dot(d_logits, network.output.T, out=self.d_units)
        np.greater(self.units, 0, out=self.active)
        self.active[:, -1] = False  # the constant unit does not learn
        np.multiply(self.d_units, self.active, out=self.d_units)
        np.add(self.index, self.row_starts, out=self.hot)
        self.one_hot_flat[self.hot] = 1
        np.dot(self.one_hot.T, self.d_units, out=network.d_table)
        self.one_hot_flat[self.hot] = 0
        network.unfold_gradient()
