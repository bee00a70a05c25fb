"""Binary floating-point formats as objects: precision, range, correct rounding into them, exact values out of them."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.errors import InputError, OutOfRangeError

Array = npt.NDArray[Any]
DType = np.dtype[Any]


@dataclass(frozen=True)
class Format:
    """The numbers ± c 2**e with c of `precision` bits: a binary format with subnormal numbers, as in IEEE 754.

    name: how tables and messages name it. dtype: the NumPy type whose arrays carry its numbers; a format that NumPy
    lacks is carried in a wider one. precision: the bits of the significand c, the leading bit counted.
    minimum_exponent: the smallest normal number is 2**minimum_exponent. maximum_exponent: every finite number is below
    2**maximum_exponent.
    """

    name: str
    dtype: DType
    precision: int
    minimum_exponent: int
    maximum_exponent: int

    def __str__(self) -> str:
        return self.name

    @property
    def unit_roundoff(self) -> float:
        """u = 2**-precision, half the gap between 1 and the next number of the format (Higham 2002, section 2.1)."""
        return 2.0**-self.precision

    @property
    def largest(self) -> Any:
        """The largest finite number, (1 - 2**-precision) 2**maximum_exponent."""
        return self.nearest(
            Fraction((1 << self.precision) - 1) * Fraction(2) ** (self.maximum_exponent - self.precision)
        )

    @property
    def smallest_normal(self) -> Any:
        """2**minimum_exponent, below which numbers have fewer than `precision` bits."""
        return self.nearest(Fraction(2) ** self.minimum_exponent)

    @property
    def _last_place(self) -> int:
        """The exponent of two of the last place of a subnormal number."""
        return self.minimum_exponent - (self.precision - 1)

    def rounded(self, values: npt.ArrayLike) -> Array:
        """An array of floats or integers, each entry rounded to the nearest number; infinite beyond the range.

        An array that is of the format already is returned as it is.
        """
        with np.errstate(over="ignore"):
            return np.asarray(values).astype(self.dtype, copy=False)

    def nearest(self, value: Fraction) -> Any:
        """The number of the format nearest to value, ties to even; subnormals included.

        Rounded once, from integers: rounding to double first and to float32 afterwards would round twice.
        Raises OutOfRangeError when a finite value would overflow.
        """
        kind = self.dtype.type
        if kind is np.float64 and self.precision == 53:
            try:
                return np.float64(value.numerator / value.denominator)  # Python divides integers with one rounding
            except OverflowError:
                pass
        numerator, denominator = abs(value.numerator), value.denominator
        # 1. An exponent e with 2**e <= |value| / 2**(precision-1) < 2**(e+1), but not below the subnormal grid.
        exponent = numerator.bit_length() - denominator.bit_length() - self.precision
        if Fraction(numerator, denominator) >= Fraction(2) ** (exponent + self.precision):
            exponent += 1
        exponent = max(exponent, self._last_place)
        # 2. The integer nearest to |value| / 2**e, ties to even.
        if exponent >= 0:
            denominator <<= exponent
        else:
            numerator <<= -exponent
        quotient = rounded_quotient(numerator, denominator)
        if quotient.bit_length() + exponent > self.maximum_exponent:
            raise OutOfRangeError(
                f"a value near 2**{quotient.bit_length() + exponent} overflows {self.name}: "
                f"scale its column by a power of ten, or work in a wider format"
            )
        # 3. Assemble it from halves that every format holds exactly; the power of two is exact.
        high, low = divmod(quotient, 1 << 32)
        magnitude = np.ldexp(np.ldexp(kind(high), 32) + kind(low), exponent) if high else np.ldexp(kind(low), exponent)
        return kind(-magnitude if value < 0 else magnitude)

    def exact(self, number: Any) -> Fraction:
        """The exact value of one finite number of the format."""
        return Fraction(*number.as_integer_ratio())


def _native(name: str, kind: Any) -> Format:
    """The format of a floating-point type of NumPy."""
    info = np.finfo(kind)
    return Format(name, np.dtype(kind), int(info.nmant) + 1, int(info.minexp), int(info.maxexp))


FLOAT16 = _native("float16", np.float16)
FLOAT32 = _native("float32", np.float32)
FLOAT64 = _native("float64", np.float64)
LONGDOUBLE = _native("longdouble", np.longdouble)
FORMATS = (FLOAT16, FLOAT32, FLOAT64, LONGDOUBLE)

FormatLike: TypeAlias = Format | npt.DTypeLike


def format_named(name: FormatLike) -> Format:
    """The format of that name or NumPy type, in either byte order; a Format is returned as it is.

    Raises InputError, naming the formats there are, for anything else.
    """
    if isinstance(name, Format):
        return name
    matching = [known for known in FORMATS if isinstance(name, str) and name == known.name]
    if not matching and name is not None:
        try:
            dtype = np.dtype(name).newbyteorder("=")
        except TypeError:
            pass
        else:
            matching = [known for known in FORMATS if known.dtype == dtype]
    if not matching:
        raise InputError(f"format must be one of {', '.join(map(str, FORMATS))}; got {name!r}")
    return matching[0]


def unit_roundoff(format: FormatLike) -> float:
    """u of a format, half the gap between 1 and the next number (Higham 2002, section 2.1)."""
    return format_named(format).unit_roundoff


def nearest(value: Fraction, format: FormatLike) -> Any:
    """The number of a format nearest to value, by `Format.nearest`."""
    return format_named(format).nearest(value)


def rounded_quotient(numerator: int, denominator: int) -> int:
    """The integer nearest to numerator/denominator, both not negative; ties to even."""
    quotient, remainder = divmod(numerator, denominator)
    return quotient + (2 * remainder > denominator or (2 * remainder == denominator and quotient % 2 == 1))


def as_integers(values: Array) -> tuple[Array, Fraction]:
    """Integers N (object array) and a scale s = 2**e with values == N s exactly: one scale for the whole array.

    The integers have as many bits as the format plus the spread of exponents of the array.
    """
    ratios = [number.as_integer_ratio() for number in values.ravel()]
    # Every denominator is a power of two, so the largest is a common one.
    common = max((denominator for _, denominator in ratios), default=1)
    integers = [numerator * (common // denominator) for numerator, denominator in ratios]
    # Trailing zeros shared by all are moved into the scale: small integers keep later products short.
    shift = min(((n & -n).bit_length() - 1 for n in integers if n), default=0)
    out = np.empty(len(integers), dtype=object)
    out[:] = [int(n) >> shift for n in integers]
    return out.reshape(values.shape), Fraction(1 << shift, int(common))
