"""Compare stored notebook outputs with fresh ones: words exactly, numbers as numbers.

A pytest plugin (``-p scaling_notes.book.nbval``) that replaces nbval's exact
comparison. The last digits of a float depend on the processor; the words, the
integers and the shape of an output do not.

The rule, the same for text and for JSON such as chart specs:

- integers and words are equal exactly;
- floats are equal within 1e-4 relative, or within one unit of the last digit
  where three significant digits or more are printed (the finer of the two, so that
  printing fewer digits hides nothing).

No cell is excepted: the models of the laboratory come out the same to the bit
(``lab/_reproducible.py``). In JSON a whole number of 100,000 or more counts as a float:
charts store floats in six digits, and a rounded 6.7956e9 is written without a point.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["differences", "pytest_configure"]

RELATIVE = 1e-4
_WHOLE = 100_000
_ALLOWED = f" (floats within {RELATIVE:g} relative)"
_SKIPPED = ("metadata", "execution_count", "traceback")

_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:[eE][-+]?\d+)?"
    r"|(?<![\w.])[-+]?\.\d+(?:[eE][-+]?\d+)?"
)


def differences(reference: Any, test: Any, *, path: str = "output") -> list[str]:
    """Return what differs between a stored and a fresh output, empty if nothing.

    Parameters
    ----------
    reference, test : JSON value or str
        Stored and fresh.
    path : str
        Where we are, for the message.
    """
    return list(_walk(reference, test, path))


def _walk(reference: Any, test: Any, path: str) -> Iterator[str]:
    if isinstance(reference, dict) and isinstance(test, dict):
        for key in sorted(reference.keys() | test.keys()):
            where = f"{path}.{key}"
            if key not in test:
                yield f"{where}: missing in the fresh output"
            elif key not in reference:
                yield f"{where}: not in the stored output"
            else:
                yield from _walk(reference[key], test[key], where)
    elif isinstance(reference, list) and isinstance(test, list):
        if len(reference) != len(test):
            yield f"{path}: {len(reference)} items stored, {len(test)} fresh"
            return
        for i, (a, b) in enumerate(zip(reference, test, strict=True)):
            yield from _walk(a, b, f"{path}[{i}]")
    elif isinstance(reference, str) and isinstance(test, str):
        yield from _text(reference, test, path)
    elif _is_number(reference) and _is_number(test):
        if not _same_number(reference, test):
            yield f"{path}: {reference!r} stored, {test!r} fresh{_ALLOWED}"
    elif type(reference) is not type(test) or reference != test:
        yield f"{path}: {reference!r} stored, {test!r} fresh"


def _is_number(item: Any) -> bool:
    return isinstance(item, int | float) and not isinstance(item, bool)


def _same_number(a: float, b: float) -> bool:
    if isinstance(a, int) and isinstance(b, int) and min(abs(a), abs(b)) < _WHOLE:
        return a == b
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return math.isclose(a, b, rel_tol=RELATIVE)


def _text(reference: str, test: str, path: str) -> Iterator[str]:
    """Compare text as a row of words and numbers; blanks between them are layout."""
    a_words, a_numbers = _parts(reference)
    b_words, b_numbers = _parts(test)
    if a_words != b_words:
        for a, b in zip(a_words, b_words, strict=False):
            if a != b:
                pairs = enumerate(zip(a, b, strict=False))
                apart = next((i for i, (x, y) in pairs if x != y), min(len(a), len(b)))
                start = max(0, apart - 30)
                a, b = a[start : start + 80], b[start : start + 80]
                yield f"{path}: {a!r} stored, {b!r} fresh"
                return
        yield f"{path}: {len(a_words)} pieces of text stored, {len(b_words)} fresh"
        return
    for a, b in zip(a_numbers, b_numbers, strict=True):
        if not _same_printed(a, b):
            yield f"{path}: {a} stored, {b} fresh{_ALLOWED}"


def _parts(text: str) -> tuple[list[str], list[str]]:
    words = [" ".join(w.split()) for w in _NUMBER.split(text)]
    # Rules of dashes in printed tables grow and shrink with the numbers above them.
    return [re.sub(r"-{3,}", "---", w) for w in words], _NUMBER.findall(text)


def _same_printed(a: str, b: str) -> bool:
    if a == b:
        return True
    units = [_last_unit(a), _last_unit(b)]
    # 999.9 may round up to 1000, but 2 is a count and 2.0 is not.
    if any(_is_whole(n) and not u for n, u in zip((a, b), units, strict=True)):
        return False
    if _is_whole(a) and _is_whole(b):
        return False
    x, y = (float(n.replace(",", "")) for n in (a, b))
    unit = min((u for u in units if u), default=0.0)
    tolerance = max(RELATIVE * max(abs(x), abs(y)), unit)
    # A hair more, for 0.1235 - 0.1234 is not exactly 0.0001.
    return abs(x - y) <= tolerance * (1 + 1e-9)


def _is_whole(number: str) -> bool:
    return not any(c in number for c in ".eE")


def _last_unit(number: str) -> float:
    """Return one unit of the last digit, or 0 if fewer than three are significant."""
    mantissa, _, exponent = number.lower().replace(",", "").partition("e")
    digits = mantissa.lstrip("+-").replace(".", "").lstrip("0")
    if len(digits) < 3:
        return 0.0
    decimals = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - decimals)


def _plain(output: Any) -> dict[str, Any]:
    """Return the part of an output that is compared."""
    kept = {k: v for k, v in output.items() if k not in _SKIPPED}
    if "data" in kept:
        kept["data"] = dict(kept["data"])
    return kept


def pytest_configure(config: Any) -> None:
    """Put our comparison in the place of nbval's."""
    from nbval.plugin import IPyNbCell

    def compare_outputs(
        self: Any, test: Any, ref: Any, skip_compare: Any = None
    ) -> bool:
        stored = [_plain(o) for o in ref]
        fresh = [_plain(o) for o in test]
        found = differences(stored, fresh)
        self.comparison_traceback = [*found[:10], *(["..."] if found[10:] else [])]
        return not found

    IPyNbCell.compare_outputs = compare_outputs
