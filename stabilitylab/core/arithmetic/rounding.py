"""Rounding of float64 numbers to the nearest number of a shorter binary format, exactly and in a few passes."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

LONGEST = 51  # bits of a format for which the formula holds: two fewer than float64 has
BLOCK = 4096  # numbers rounded at a time: with two arrays of scratch they stay in the cache of a core (96 KiB)

_EXPONENT = np.array(0x7FF << 52)  # an array without dimensions: NumPy takes it faster than a Python number
_BIAS = 1023


@dataclass(frozen=True)
class Rounding:
    """x to the nearest number ± c 2**e with c of p bits, e >= e_min - p + 1; ties to even; the sign of 0 is kept.

    With E = max(floor(log2 |x|), e_min) and C = 1.5 2**(E + 53 - p), the last place of x + C in float64 is 2**(E+1-p),
    which is that of the format at x: fl(x + C) rounds x to it, ties to even, and subtracting C is exact. One formula
    for normal and subnormal numbers, and no second rounding. C is put together from the exponent bits of x.
    Needs p <= LONGEST. What rounds beyond `largest` becomes `beyond`: infinity, or NaN in a format that has none.
    Source: the constant C is Dekker's (Numer. Math. 18 (1971) 224-242, section 5); Muller et al., Handbook of
    Floating-Point Arithmetic (2018), section 5.1.
    """

    precision: int
    minimum_exponent: int
    maximum_exponent: int
    largest: float
    beyond: float

    @cached_property
    def _constants(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The least exponent bits of E, those from which a number can overflow, and what is added to make C of E."""
        low = (self.minimum_exponent + _BIAS) << 52
        high = (self.maximum_exponent - 1 + _BIAS) << 52
        return np.array(low), np.array(high), np.array((53 - self.precision) << 52 | 1 << 51)

    def in_place(self, values: Doubles) -> Doubles:
        """The float64 array itself, each entry rounded."""
        if values.flags.c_contiguous:
            flat = values.reshape(-1)
        elif values.flags.f_contiguous:
            flat = values.T.reshape(-1)
        else:
            values[...] = self.of(values)
            return values
        for start in range(0, len(flat), BLOCK):
            self._block(flat[start : start + BLOCK])
        return values

    def of(self, values: Doubles) -> Doubles:
        """A new array of the rounded numbers."""
        return self.in_place(np.array(values, dtype=np.float64, order="C"))

    def _block(self, x: Doubles) -> None:
        low, high, to_constant = self._constants
        exponents = x.view(np.int64) & _EXPONENT
        at_the_top = exponents[exponents.argmax()] >= high
        np.maximum(exponents, low, out=exponents)
        if at_the_top:  # C would overflow for numbers that are infinite in the format anyway
            np.minimum(exponents, high, out=exponents)
        exponents += to_constant
        C = exponents.view(np.float64)
        rounded = x + C
        rounded -= C
        np.copysign(rounded, x, out=x)  # a negative number that rounds to zero gives -0, where (x + C) - C is +0
        if at_the_top:
            over = np.abs(x) > self.largest
            x[over] = np.copysign(self.beyond, x[over])

    def scalar(self, x: float) -> float:
        """One number rounded, by the same formula in Python's floats."""
        if not math.isfinite(x):
            return math.nan if x != x else math.copysign(self.beyond, x)
        # Beyond 2**maximum_exponent it overflows whatever the last place is, and 1.5 2**(E+53-p) might itself.
        exponent = min(max(math.frexp(x)[1] - 1, self.minimum_exponent), self.maximum_exponent)
        C = math.ldexp(1.5, exponent + 53 - self.precision)
        rounded = math.copysign((x + C) - C, x)
        return rounded if abs(rounded) <= self.largest else math.copysign(self.beyond, x)
