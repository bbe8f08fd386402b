"""Compressing a trained model: fewer bits a weight, fewer weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ._checks import real_number, require_kind, whole_number
from ._network import Array, Layers, Model, frozen

__all__ = ["prune", "quantize"]


def quantize(model: Model, bits: int) -> Model:
    """Round the weights of a model to a grid, without training.

    Every column of a matrix has a grid of its own, symmetric around zero, that
    reaches its largest weight: the plain round-to-nearest. Biases keep their
    precision.

    Parameters
    ----------
    model : Model
        Trained.
    bits : int
        A weight takes one of 2**bits - 1 values; 2 to 16.

    Returns
    -------
    Model

    Raises
    ------
    DataError
        If ``bits`` is no whole number from 2 to 16.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> lang = sn.lab.language()
    >>> full = sn.lab.train(sn.lab.model(lang, width=8), tokens=20_000)
    >>> sn.lab.quantize(full, bits=3).loss > sn.lab.quantize(full, bits=8).loss
    True
    """
    require_kind("model", model, Model)
    levels = 2 ** (whole_number("bits", bits, 2, 16) - 1) - 1
    layers = []
    for layer, weights in zip(model.layers, _weights(model.layers), strict=True):
        step = np.abs(weights).max(axis=0) / levels
        step[step == 0] = 1
        rounded = layer.copy()
        rounded[: len(weights)] = np.round(weights / step) * step
        layers.append(rounded)
    return replace(model, layers=frozen(layers))


def prune(model: Model, sparsity: float) -> Model:
    """Set the smallest weights of every matrix to zero, without training.

    Biases stay. :func:`train` keeps the zeros, so training the result is
    retraining under the mask.

    Parameters
    ----------
    model : Model
        Trained.
    sparsity : float
        Share of the weights that become zero, 0 to below 1.

    Returns
    -------
    Model
        With ``mask``. Its ``params`` still counts every weight.

    Raises
    ------
    DataError
        If ``sparsity`` is out of its range.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> lang = sn.lab.language()
    >>> full = sn.lab.train(sn.lab.model(lang, width=16), tokens=20_000)
    >>> half = sn.lab.prune(full, sparsity=0.5)
    >>> sn.lab.train(half, tokens=20_000, rate=0.3).loss < half.loss
    True
    """
    require_kind("model", model, Model)
    share = real_number("sparsity", sparsity, 0.0, 1.0 - 1e-9)
    layers, masks = [], []
    for layer, weights in zip(model.layers, _weights(model.layers), strict=True):
        mask = np.ones(layer.shape, np.bool_)
        order = np.argsort(np.abs(weights), axis=None, kind="stable")
        mask.reshape(-1)[order[: round(share * weights.size)]] = False
        layers.append(layer * mask)
        masks.append(mask)
    return replace(model, layers=frozen(layers), mask=frozen(masks))


def _weights(layers: Layers) -> list[Array]:
    # The last two matrices end with a row of biases; an embedding has none.
    return [*layers[:-2], *(layer[:-1] for layer in layers[-2:])]
