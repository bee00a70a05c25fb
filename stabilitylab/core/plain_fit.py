"""A Fit of plain data, made of whatever a route returned: checked, and copied into base-class arrays."""

from collections.abc import Callable
from operator import index
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.rounded_array import RoundedArray
from stabilitylab.core.errors import InputError
from stabilitylab.core.types import Fit

T = TypeVar("T")
NUMBER, WHOLE, NUMBERS, POSITIONS, TEXT = (
    "a real number",
    "a whole number",
    "real numbers",
    "positions of coefficients, counted from 0",
    "a text",
)


def plain_fit(returned: Any) -> Fit:
    """The Fit with the coefficients and reports of `returned`, a Fit or what NumPy takes for an array.

    Arrays become base-class ndarrays in native byte order, which share no memory with what was returned; masked numbers
    become NaN. Of x any shape and dtype is passed on, since the number of columns is unknown here. Raises InputError
    where a report is none: a rank that is no whole number between 0 and the length of x, a position in `dropped` that x
    does not have or that stands there twice, and text in place of numbers; and what NumPy raises when it converts x.
    """
    if not isinstance(returned, Fit):
        return Fit(plain_array(returned))
    x = plain_array(returned.x)
    fit = Fit(
        x,
        rank=_report("rank", returned.rank, index, WHOLE),
        iterations=_report("iterations", returned.iterations, index, WHOLE),
        standard_errors=_report("standard_errors", returned.standard_errors, _numbers, NUMBERS),
        r_squared=_report("r_squared", returned.r_squared, _number, NUMBER),
        Q=_report("Q", returned.Q, _numbers, NUMBERS),
        growth=_report("growth", returned.growth, _number, NUMBER),
        note=_report("note", returned.note, _text, TEXT) or "",
        dropped=_report("dropped", returned.dropped, _positions, POSITIONS) or (),
        reader_ulps=_report("reader_ulps", returned.reader_ulps, _number, NUMBER),
        stopped_early=bool(returned.stopped_early),
    )
    if x.ndim == 1:
        _require_within(fit, len(x))
    return fit


def plain_array(values: npt.ArrayLike) -> Array:
    """A copy as a base-class ndarray in native byte order; NaN for what is masked, and an object array stays one.

    A RoundedArray, whose format says what its numbers are, stays one too.
    """
    if isinstance(values, RoundedArray):
        return values.copy()
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind == "f":
        values = np.ma.filled(values, np.nan)
    array: Array = np.array(values, subok=False)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _require_within(fit: Fit, n: int) -> None:
    """Raise InputError where a rank or a dropped position lies outside of n coefficients."""
    if fit.rank is not None and not 0 <= fit.rank <= n:
        raise InputError(f"reported rank {fit.rank} of {n} coefficients: a rank lies between 0 and {n}")
    for j in fit.dropped:
        if not 0 <= j < n:
            raise InputError(f"reported coefficient {j} as dropped, of {n}: their positions are 0 to {n - 1}")
    if len(set(fit.dropped)) < len(fit.dropped):
        raise InputError(f"reported a coefficient twice as dropped: {fit.dropped}")


def _report(name: str, value: Any, plain: Callable[[Any], T], wanted: str) -> T | None:
    """A report as plain data; None stays None. Raises InputError where it is not `wanted`, in words."""
    if value is None:
        return None
    try:
        return plain(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"reported {name} of type {type(value).__name__}: expected {wanted}") from None


def _numbers(values: Any) -> Array:
    array = plain_array(values)
    if array.dtype.kind not in "fiubO":
        raise TypeError
    return array


def _number(value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError
    number: float = np.asarray(value, dtype=np.float64).item()  # of an array of one number, as some libraries return
    return number


def _positions(values: Any) -> tuple[int, ...]:
    return tuple(index(value) for value in values)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value)
