"""Binary floating-point formats: unit roundoff, correct rounding into them, and exact integers out of them."""

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.errors import OutOfRangeError

Array = npt.NDArray[Any]
DType = np.dtype[Any]


def unit_roundoff(dtype: npt.DTypeLike) -> float:
    """u = eps/2, half the gap between 1 and the next number of the format (Higham 2002, section 2.1)."""
    return float(np.finfo(np.dtype(dtype)).eps) / 2


def nearest(value: Fraction, dtype: npt.DTypeLike) -> Any:
    """The number of the format nearest to value, ties to even; subnormals included.

    Rounded once, from integers: rounding to double first and to float32 afterwards would round twice.
    Raises OutOfRangeError when a finite value would overflow.
    """
    kind = np.dtype(dtype).type
    if kind is np.float64:
        try:
            return np.float64(value.numerator / value.denominator)  # Python divides integers with one rounding
        except OverflowError:
            pass
    info = np.finfo(kind)
    precision = int(info.nmant) + 1
    numerator, denominator = abs(value.numerator), value.denominator
    # 1. An exponent e with 2**e <= |value| / 2**(precision-1) < 2**(e+1), but not below the subnormal grid.
    exponent = numerator.bit_length() - denominator.bit_length() - precision
    if Fraction(numerator, denominator) >= Fraction(2) ** (exponent + precision):
        exponent += 1
    exponent = max(exponent, int(info.minexp) - int(info.nmant))
    # 2. The integer nearest to |value| / 2**e, ties to even.
    if exponent >= 0:
        denominator <<= exponent
    else:
        numerator <<= -exponent
    quotient, remainder = divmod(numerator, denominator)
    quotient += 2 * remainder > denominator or (2 * remainder == denominator and quotient % 2)
    if quotient.bit_length() + exponent > int(info.maxexp):
        raise OutOfRangeError(
            f"a value near 2**{quotient.bit_length() + exponent} overflows {np.dtype(kind).name}: "
            f"scale its column by a power of ten, or work in a wider format"
        )
    # 3. Assemble it from halves that every format holds exactly; the power of two is exact.
    high, low = divmod(quotient, 1 << 32)
    magnitude = np.ldexp(np.ldexp(kind(high), 32) + kind(low), exponent) if high else np.ldexp(kind(low), exponent)
    return kind(-magnitude if value < 0 else magnitude)


def as_fraction(number: Any) -> Fraction:
    """The exact value of one finite floating-point number of any NumPy format."""
    return Fraction(*number.as_integer_ratio())


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
