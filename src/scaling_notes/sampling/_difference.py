"""Two models on the same problems: the paired difference."""

from __future__ import annotations

import numpy as np

from ..errors import DataError
from ._checks import match
from ._coverage import PassCurve
from ._curve import ProblemCurve

__all__ = ["difference"]


def difference(
    first: PassCurve | ProblemCurve, second: PassCurve | ProblemCurve
) -> ProblemCurve:
    """Return the first score less the second, problem by problem.

    Both models tried the same problems, and a problem that is hard for one is hard
    for the other: the difference varies far less than either score, and its
    interval is shorter than that of two unrelated samples of problems.

    Parameters
    ----------
    first, second : PassCurve or ProblemCurve
        Curves of one quantity, with a k in common. Problems are paired by label
        where both curves carry labels (they were made from Series), otherwise by
        position.

    Returns
    -------
    ProblemCurve
        At the values of k that both have; its ``standard_error()`` and
        ``interval()`` are those of the mean difference.

    Raises
    ------
    DataError
        If the curves are of different quantities, their problems do not pair, or
        they have no k in common.

    Examples
    --------
    >>> import scaling_notes as sn
    >>> a = sn.pass_at_k(10, [0, 2, 3, 6, 9, 9, 10, 10], k=1)
    >>> b = sn.pass_at_k(10, [0, 1, 1, 5, 8, 9, 9, 10], k=1)
    >>> gain = sn.difference(a, b)
    >>> round(gain.standard_error(), 4)
    0.025
    >>> gain.interval()
    0.0750 [0.0159, 0.134]
    """
    for curve, which in ((first, "first"), (second, "second")):
        if not isinstance(curve, PassCurve | ProblemCurve):
            raise DataError(
                f"{which} is a {type(curve).__name__}; give what pass_at_k, "
                "pass_hat_k, g_pass_at_k or vote return."
            )
    names = [
        "pass_at_k" if isinstance(x, PassCurve) else x.quantity for x in (first, second)
    ]
    if names[0] != names[1]:
        raise DataError(
            f"first is {names[0]} and second {names[1]}; compare one quantity."
        )
    order = np.arange(second.n_problems)
    if first.problems is not None and second.problems is not None:
        order = match(first.problems, second.problems, ("first", "second"))
    elif first.n_problems != second.n_problems:
        raise DataError(
            f"first has {first.n_problems} problems and second {second.n_problems}; "
            "give both the same problems in one order, or counts as Series with the "
            "problems as index."
        )
    ks, one, two = np.intersect1d(first.k, second.k, return_indices=True)
    if not len(ks):
        raise DataError("The curves have no k in common; make both at the same k.")
    ks = ks.reshape(()) if first.k.ndim == second.k.ndim == 0 else ks
    labels = first.problems if first.problems is not None else second.problems
    scores = first.by_problem()[:, one] - second.by_problem()[order][:, two]
    known = ~np.isnan(scores).any(axis=0)
    messages = () if known.all() else tuple({*first.messages, *second.messages})
    return ProblemCurve(f"difference of {names[0]}", ks, scores, labels, True, messages)
