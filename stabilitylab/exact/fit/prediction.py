"""Intervals around predictions: a x -/+ q sqrt(s² h) for the mean of b at a, and q sqrt(s² (1 + h)) for one more b."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Literal, TypeAlias, get_args

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.exact.solve.interval import Interval, nearest_of

Kind: TypeAlias = Literal["confidence", "prediction"]
KINDS: tuple[str, ...] = get_args(Kind)
ACCURACIES = (20, 40, 80)  # decimal digits, tried in turn
SHOWN = 10  # rows of a text


@dataclass(frozen=True, eq=False)
class Prediction:
    """A x for new rows, and an interval around each: values, lower, upper (k,), each the nearest double.

    interval: "confidence", which covers the mean of b in a row with probability `level` where the errors of b are
    independent and normal, with one variance; or "prediction", which covers one more observation of b, of weight 1.
    Converts to its values under numpy.asarray.
    """

    values: Array
    lower: Array
    upper: Array
    level: Fraction
    interval: Kind

    def __array__(self, dtype: np.typing.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        m = len(self)
        rows = [
            (str(i), *(repr(float(v)) for v in (self.values[i], self.lower[i], self.upper[i])))
            for i in range(min(m, SHOWN))
        ]
        table = [("row", "value", "lower", "upper"), *rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
        if m > SHOWN:
            lines.append(f"  ... {m - SHOWN} more")
        head = f"Prediction: {m} row{'s' * (m != 1)}, {self.interval} intervals at level {float(self.level)!r}"
        return "\n".join([head, *lines])


def bounds(
    rows: int,
    values: Callable[[Array, int], Sequence[Interval]],
    variances: Callable[[Array, int], Sequence[Interval]],
    square: Callable[[int], Interval],
) -> tuple[Array, Array]:
    """v - q sqrt(s) and v + q sqrt(s) (rows,), each the nearest double.

    values, variances: v and s of some rows, enclosed to about so many decimal digits. square: q² to so many bits.
    Raises OutOfRangeError, and NotCertifiedError where a bound is not settled: no bits show that a number which is
    not known to be rational is a tie, or 0.
    """
    out = np.full((2, rows), np.nan)
    for accuracy in ACCURACIES:
        left = np.flatnonzero(np.isnan(out).any(axis=0))
        if not left.size:
            break
        q2, bits = square(4 * accuracy), 8 * accuracy
        for i, v, s in zip(left.tolist(), values(left, accuracy), variances(left, accuracy), strict=True):
            half = _root(s * q2, bits)
            for side, (low, high) in enumerate([(-half.high, -half.low), (half.low, half.high)]):
                found = nearest_of(_sum(v, low, high, half.over), f"a bound of row {i} of A_new")
                if found is not None:
                    out[side, i] = found
    undecided = np.flatnonzero(np.isnan(out).any(axis=0))
    if undecided.size:
        raise NotCertifiedError(
            f"a bound of row {undecided[0]} of A_new is within 10**-{ACCURACIES[-1]} of 0, or of the midpoint of two "
            f"doubles: take another level"
        )
    return out[0], out[1]


def _root(square: Interval, bits: int) -> Interval:
    """The square roots of the numbers of an interval with low >= 0: of about so many bits."""
    if square.high == 0:
        return square
    shift = max(0, 2 * bits - (square.high.bit_length() - square.over.bit_length()))
    shift += shift % 2
    low = isqrt((square.low << shift) // square.over)
    high = isqrt(-(-(square.high << shift) // square.over) - 1) + 1
    return Interval(low, high, 1 << shift // 2)


def _sum(v: Interval, low: int, high: int, over: int) -> Interval:
    return Interval(v.low * over + low * v.over, v.high * over + high * v.over, v.over * over)
