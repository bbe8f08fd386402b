"""What goes wrong, by name: bad data, a fit that cannot be had, a fit to doubt."""

from __future__ import annotations

__all__ = ["DataError", "FitError", "FitWarning"]


class DataError(ValueError):
    """The data or an argument cannot be used; the message names it and the remedy."""


class FitError(RuntimeError):
    """The fit does not exist or is not unique; the message says what is missing."""


class FitWarning(UserWarning):
    """The fit exists but something about it deserves a look before it is used."""
