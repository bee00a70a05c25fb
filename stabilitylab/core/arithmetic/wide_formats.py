"""Formats wider than float64 whose numbers are Python objects: double-double, and mpmath at any number of bits."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
from mpmath.libmp import from_rational, mpf_pos, round_nearest

from stabilitylab.core.arithmetic.double_double import DoubleDouble
from stabilitylab.core.arithmetic.formats import Array, Format, exact_value
from stabilitylab.core.arithmetic.rounding import Rounding
from stabilitylab.core.errors import InputError, NotNumericError, OutOfRangeError

MOST_BITS = 100_000


@dataclass(frozen=True)
class ObjectFormat(Format):
    """A format whose arrays are NumPy's object arrays of its numbers, which round by themselves."""

    def rounded(self, values: npt.ArrayLike) -> Array:
        """An object array of numbers of the format, each entry rounded once. Raises NotNumericError."""
        entries = np.asarray(values)
        out = np.empty(entries.shape, dtype=object)
        flat = out.reshape(-1)
        for place, entry in enumerate(entries.ravel()):
            flat[place] = self._number(entry)
        return out

    def _number(self, entry: Any) -> Any:
        try:
            return self.nearest(entry if isinstance(entry, Fraction) else exact_value(entry))
        except (OverflowError, ValueError, OutOfRangeError):  # an infinity, a NaN, or what becomes infinite
            return self._special(float("nan") if entry != entry else float("inf") if entry > 0 else -float("inf"))
        except (AttributeError, TypeError):
            raise NotNumericError(f"{entry!r} cannot be rounded to {self}: pass real numbers") from None

    def _special(self, value: float) -> Any:
        raise NotImplementedError

    @property
    def rounding(self) -> Rounding:
        """Refused: its numbers are no float64 numbers of fewer bits."""
        raise InputError(f"float64 numbers are not rounded to {self} by formula: use rounded(values)")

    def stored(self, values: npt.ArrayLike) -> Array:
        """Refused: its numbers have no bytes of their own."""
        raise InputError(f"numbers of {self} are objects and have no bytes of their own: use rounded(values)")

    def _neighbour(self, values: npt.ArrayLike, direction: int) -> Array:
        raise InputError(f"numbers of {self} have no next number: their gaps vary, or they have any exponent")


@dataclass(frozen=True)
class DoubleDoubleFormat(ObjectFormat):
    """Pairs of float64 numbers. Not a binary format, since gaps vary: `precision` is what the least of them hold.

    The relative error of one operation is below `unit_roundoff` while results are above `smallest_normal`.
    """

    @property
    def unit_roundoff(self) -> float:
        """2**-102, which is above the proven bound of every operation (15 2**-106, a quotient's)."""
        return 2.0**-102

    @property
    def largest(self) -> DoubleDouble:
        """The largest float64 number and nearly half its last place."""
        most = float(np.finfo(np.float64).max)
        return DoubleDouble(most, most * 2.0**-54)

    def nearest(self, value: Fraction) -> DoubleDouble:
        """value rounded to float64, with what is left rounded to float64. Raises OutOfRangeError on overflow."""
        try:
            return DoubleDouble.nearest(value)
        except OverflowError:
            raise OutOfRangeError(f"a value overflows {self}: scale its column by a power of ten") from None

    def _special(self, value: float) -> DoubleDouble:
        return DoubleDouble(value)


@dataclass(frozen=True)
class MpmathFormat(ObjectFormat):
    """Numbers of mpmath with `precision` bits in a context of their own; exponents have no limit.

    + - * / and the square root round to nearest, ties to even.
    """

    @property
    def context(self) -> Any:
        """The context of its numbers, which nothing else sets the precision of."""
        return _context(self.precision)

    @property
    def largest(self) -> Any:
        """Infinity: there is no largest number."""
        return self.context.inf

    @property
    def smallest_normal(self) -> Any:
        """Zero: no number has fewer bits for being small."""
        return self.context.zero

    smallest_subnormal = smallest_normal

    def nearest(self, value: Fraction) -> Any:
        """The nearest number, ties to even."""
        parts = from_rational(value.numerator, value.denominator, self.precision, round_nearest)
        return self.context.make_mpf(parts)

    def _number(self, entry: Any) -> Any:
        if hasattr(entry, "_mpf_"):
            return self.context.make_mpf(mpf_pos(entry._mpf_, self.precision, round_nearest))
        return ObjectFormat._number(self, entry)

    def _special(self, value: float) -> Any:
        return self.context.mpf(value)


# Below 2**-968 the second half or the error of a product leaves the range of float64.
DOUBLE_DOUBLE = DoubleDoubleFormat("double_double", np.dtype(object), 106, -968, 1024)


def mpmath_format(bits: int) -> MpmathFormat:
    """The format of mpmath's numbers with that many bits, "mpmath_200" for 200. Raises InputError beyond MOST_BITS."""
    if not isinstance(bits, int) or not 2 <= bits <= MOST_BITS:
        raise InputError(f"mpmath works with 2 to {MOST_BITS} bits here; got {bits!r}: mpmath_200 has sixty digits")
    return MpmathFormat(f"mpmath_{bits}", np.dtype(object), bits, -(2**62), 2**62)


def wide_format_named(name: str) -> ObjectFormat:
    """double_double, or mpmath_BITS. Raises InputError for another name."""
    if name == DOUBLE_DOUBLE.name:
        return DOUBLE_DOUBLE
    kind, _, bits = name.partition("_")
    if kind != "mpmath" or not bits.isdecimal() or len(bits) > len(str(MOST_BITS)):
        raise InputError(f"format must be double_double, or mpmath_200 for 200 bits; got {name!r}")
    return mpmath_format(int(bits))


def format_of_object(number: Any) -> ObjectFormat | None:
    """The format of one number that is a Python object; None where it is of none."""
    if isinstance(number, DoubleDouble):
        return DOUBLE_DOUBLE
    context = getattr(number, "context", None)
    return mpmath_format(int(context.prec)) if hasattr(number, "_mpf_") and context is not None else None


@cache
def _context(bits: int) -> Any:
    context = mpmath.MPContext()
    context.prec = bits
    return context
