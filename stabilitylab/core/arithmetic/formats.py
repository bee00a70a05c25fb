"""Binary floating-point formats as objects: precision, range, correct rounding into them, exact values out of them."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.rounding import LONGEST, Rounding
from stabilitylab.core.errors import InputError, NotNumericError, OutOfRangeError

Array = npt.NDArray[Any]
DType = np.dtype[Any]


@dataclass(frozen=True)
class Format:
    """The numbers ± c 2**e with c of `precision` bits: a binary format with subnormal numbers, as in IEEE 754.

    name: how tables and messages name it. dtype: the NumPy type whose arrays hold its numbers. A format that NumPy
    lacks is carried in float64: its arrays are RoundedArrays, which round every operation to the format, and `storage`
    names the type of ml_dtypes or NumPy that stores it in its own bytes.
    precision: the bits of the significand c, the leading bit counted. minimum_exponent: the smallest normal number is
    2**minimum_exponent. maximum_exponent: every finite number is below 2**maximum_exponent.
    has_infinity: False for a format whose largest significand at the highest exponent means NaN, which is what
    overflow gives there; its largest number is one gap below that of the others.
    """

    name: str
    dtype: DType
    precision: int
    minimum_exponent: int
    maximum_exponent: int
    storage: str = ""
    has_infinity: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def carried(self) -> bool:
        """Whether NumPy lacks the format, so that its arrays are RoundedArrays over float64."""
        return bool(self.storage)

    @property
    def unit_roundoff(self) -> float:
        """u = 2**-precision, half the gap between 1 and the next number of the format (Higham 2002, section 2.1)."""
        return 2.0**-self.precision

    @cached_property
    def _largest(self) -> Fraction:
        significand = (1 << self.precision) - (1 if self.has_infinity else 2)
        return significand * Fraction(2) ** (self.maximum_exponent - self.precision)

    @property
    def largest(self) -> Any:
        """The largest finite number, (1 - 2**-precision) 2**maximum_exponent; 448 for float8_e4m3."""
        return self.nearest(self._largest)

    @property
    def smallest_normal(self) -> Any:
        """2**minimum_exponent, below which numbers have fewer than `precision` bits."""
        return self.nearest(Fraction(2) ** self.minimum_exponent)

    @property
    def smallest_subnormal(self) -> Any:
        """The smallest positive number, 2**(minimum_exponent - precision + 1)."""
        return self.nearest(Fraction(2) ** self._last_place)

    @property
    def _last_place(self) -> int:
        """The exponent of two of the last place of a subnormal number."""
        return self.minimum_exponent - (self.precision - 1)

    @cached_property
    def rounding(self) -> Rounding:
        """Rounding of float64 numbers to the format. Raises InputError for one of more than 51 bits."""
        if self.precision > LONGEST:
            raise InputError(f"float64 numbers are rounded to formats of up to {LONGEST} bits by formula; got {self}")
        beyond = math.inf if self.has_infinity else math.nan
        return Rounding(self.precision, self.minimum_exponent, self.maximum_exponent, float(self._largest), beyond)

    def rounded(self, values: npt.ArrayLike) -> Array:
        """An array of numbers, each entry rounded once to the nearest; infinite (or NaN) beyond the range.

        An array that is of the format already is returned as it is. values may be of another format.
        Raises NotNumericError for entries that are no real numbers.
        """
        if self.carried:
            from stabilitylab.core.arithmetic.rounded_array import rounded_array

            return rounded_array(values, self)
        with np.errstate(over="ignore"):
            array = np.asarray(values)
            # The float64 array beneath a RoundedArray is a copy, so that nothing can be written through it.
            return array.astype(self.dtype, copy=hasattr(values, "format"))

    def stored(self, values: npt.ArrayLike) -> Array:
        """The numbers in the bytes of the format: an array of ml_dtypes, or of NumPy where that has the format.

        values is rounded first. `rounded` takes such an array back, exactly.
        """
        rounded = self.rounded(values)
        if not self.carried:
            return rounded
        import ml_dtypes

        return np.asarray(rounded).astype(np.dtype(getattr(ml_dtypes, self.storage, self.storage)))

    def next_up(self, values: npt.ArrayLike) -> Array:
        """The least number of the format above each entry, as nextUp in IEEE 754 (2019, section 5.3.1).

        Above the largest it is infinity, or NaN where there is none; of NaN it is NaN.
        """
        return self._neighbour(values, +1)

    def next_down(self, values: npt.ArrayLike) -> Array:
        """The greatest number of the format below each entry; as `next_up` with the signs changed."""
        return self._neighbour(values, -1)

    def _neighbour(self, values: npt.ArrayLike, direction: int) -> Array:
        rounded = self.rounded(values)
        if not self.carried:
            with np.errstate(over="ignore", under="ignore"):
                return np.asarray(np.nextafter(rounded, self.dtype.type(direction * np.inf)))
        x = direction * np.asarray(rounded)
        # 1. The gap above |x|; below a power of two it is half of that, unless the numbers there are subnormal.
        mantissa, exponent = np.frexp(x)
        exponent = np.where(x == 0, self.minimum_exponent, exponent - 1)
        narrow = (mantissa == -0.5) & (exponent > self.minimum_exponent)
        gap = np.ldexp(1.0, np.maximum(exponent - narrow, self.minimum_exponent) - (self.precision - 1))
        # 2. Exact in float64; what leaves the range is rounded to infinity or NaN. From -infinity up is the largest.
        with np.errstate(invalid="ignore"):
            up = np.where(x == -np.inf, -float(self._largest), x + gap)
        return self.rounded(direction * up)

    def nearest(self, value: Fraction) -> Any:
        """The number of the format nearest to value, ties to even, as a scalar of `dtype`; subnormals included.

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
        if quotient * Fraction(2) ** exponent > self._largest:
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
        return exact_value(np.asarray(number)[()])


def _native(name: str, kind: Any) -> Format:
    """The format of a floating-point type of NumPy."""
    info = np.finfo(kind)
    return Format(name, np.dtype(kind), int(info.nmant) + 1, int(info.minexp), int(info.maxexp))


# Micikevicius et al., FP8 formats for deep learning, arXiv:2209.05433 (2022), table 1: E4M3 has no infinity.
FLOAT8_E4M3 = Format("float8_e4m3", np.dtype(np.float64), 4, -6, 9, storage="float8_e4m3fn", has_infinity=False)
FLOAT8_E5M2 = Format("float8_e5m2", np.dtype(np.float64), 3, -14, 16, storage="float8_e5m2")
# Intel, BFLOAT16: hardware numerics definition (2018); subnormal numbers are kept here, as in ml_dtypes.
BFLOAT16 = Format("bfloat16", np.dtype(np.float64), 8, -126, 128, storage="bfloat16")
# NVIDIA A100 Tensor Core GPU architecture (2020): the 10 stored bits of float16 with the exponents of float32.
TENSORFLOAT32 = Format("tensorfloat32", np.dtype(np.float64), 11, -126, 128, storage="float32")
FLOAT16 = _native("float16", np.float16)
FLOAT32 = _native("float32", np.float32)
FLOAT64 = _native("float64", np.float64)
LONGDOUBLE = _native("longdouble", np.longdouble)
FORMATS = (FLOAT8_E4M3, FLOAT8_E5M2, BFLOAT16, TENSORFLOAT32, FLOAT16, FLOAT32, FLOAT64, LONGDOUBLE)
NATIVE = tuple(known for known in FORMATS if not known.carried)

FormatLike: TypeAlias = Format | npt.DTypeLike


def format_named(name: FormatLike) -> Format:
    """The format of that name, or that of a type of NumPy or ml_dtypes, in either byte order; a Format as it is.

    "double_double" and "mpmath_200" (any number of bits) are formats of `wide_formats`.

    Raises InputError, naming the formats there are, for anything else.
    """
    if isinstance(name, Format):
        return name
    if isinstance(name, str) and name.startswith(("double_double", "mpmath_")):
        from stabilitylab.core.arithmetic.wide_formats import wide_format_named

        return wide_format_named(name)
    matching = [known for known in FORMATS if isinstance(name, str) and name == known.name]
    if not matching and isinstance(name, str):  # as ml_dtypes calls it
        matching = [known for known in FORMATS if known.carried and name == known.storage]
    if not matching and name is not None:
        try:
            dtype = np.dtype(name).newbyteorder("=")
        except TypeError:
            pass
        else:
            matching = [known for known in NATIVE if known.dtype == dtype]
            matching += [known for known in FORMATS if known.carried and known.storage == dtype.name]
    if not matching:
        known = ", ".join([*map(str, FORMATS), "double_double"])
        raise InputError(f"format must be one of {known}, or mpmath_200 for 200 bits; got {name!r}")
    return matching[0]


def format_of(array: Any) -> Format:
    """The format of an array: that of a RoundedArray, of the type of NumPy or ml_dtypes, or of the objects in it.

    Raises NotNumericError for an array of anything else.
    """
    format = getattr(array, "format", None)
    if isinstance(format, Format):
        return format
    entries = np.asarray(array)
    dtype = entries.dtype
    if dtype.kind == "O":
        from stabilitylab.core.arithmetic.wide_formats import format_of_object

        # Zeros that NumPy made are integers among them.
        found = next((known for number in entries.flat if (known := format_of_object(number)) is not None), None)
        if found is not None:
            return found
    try:
        return format_named(dtype)
    except InputError:
        raise NotNumericError(
            f"an array of {dtype} has no floating-point format: round it to one, such as FLOAT64.rounded(values)"
        ) from None


def has_format(array: Any) -> bool:
    """Whether `format_of` knows the format of an array."""
    try:
        format_of(array)
    except NotNumericError:
        return False
    return True


def exact_value(number: Any) -> Fraction:
    """The value of one finite number of any format: a scalar of NumPy, a DoubleDouble, or a number of mpmath.

    Raises OverflowError for an infinity and ValueError for NaN, as float.as_integer_ratio does.
    """
    parts = getattr(number, "_mpf_", None)
    if parts is None:
        return Fraction(*number.as_integer_ratio())
    sign, mantissa, exponent, _ = parts
    if not mantissa and exponent:  # mpmath's infinities and NaN
        return Fraction(*float(number).as_integer_ratio())
    return Fraction(-int(mantissa) if sign else int(mantissa)) * Fraction(2) ** int(exponent)


def as_floats(values: Any) -> Array:
    """The numbers of an array as plain floats of NumPy: those of a carried format as float64, objects rounded to it."""
    array = np.asarray(values)
    return array.astype(np.float64) if array.dtype.kind == "O" else array


def is_finite(values: Any) -> Array:
    """Whether each number of an array of any format is finite, objects included."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.asarray(values - values) == 0, dtype=bool)


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
    plain = np.asarray(values).ravel()
    if plain.dtype.kind == "O":
        ratios = [exact_value(number).as_integer_ratio() for number in plain]
    else:
        ratios = [number.as_integer_ratio() for number in plain]
    # Every denominator is a power of two, so the largest is a common one.
    common = max((denominator for _, denominator in ratios), default=1)
    integers = [numerator * (common // denominator) for numerator, denominator in ratios]
    # Trailing zeros shared by all are moved into the scale: small integers keep later products short.
    shift = min(((n & -n).bit_length() - 1 for n in integers if n), default=0)
    out = np.empty(len(integers), dtype=object)
    out[:] = [int(n) >> shift for n in integers]
    return out.reshape(values.shape), Fraction(1 << shift, int(common))
