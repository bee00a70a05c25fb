"""Intervals around predictions: a x -/+ q sqrt(s² h) for the mean of b at a, and q sqrt(s² (1 + h)) for one more b."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.core.printable import one_line
from stabilitylab.core.types import IntervalKind
from stabilitylab.exact.distributions import MOST_BITS, exact_squared_quantile, squared_quantile
from stabilitylab.exact.fit.frame import frame
from stabilitylab.exact.solve.interval import Interval, exactly, nearest_of, offset_by_root
from stabilitylab.exact.statistics import Accuracy

ACCURACIES: tuple[Accuracy, ...] = (20, 40, 80, None)  # decimal digits, tried in turn; None is exact
BITS_OF_EXACT = (512, MOST_BITS)  # precisions tried in turn where the rationals are exact
SHOWN = 10  # rows of a text


@dataclass(frozen=True, eq=False)
class Prediction:
    """A x for new rows, and an interval around each: values, lower, upper (k,), each the nearest double.

    interval: "confidence", which covers the mean of b in a row with probability `level` where the errors of b are
    independent and normal, with one variance; or "prediction", which covers one more observation of b, of weight 1.
    index: that of the new rows where they were a table of pandas, else None. Converts to its values under
    numpy.asarray.
    """

    values: Array
    lower: Array
    upper: Array
    level: Fraction
    interval: IntervalKind
    index: Any = None

    def __array__(self, dtype: np.typing.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        m = len(self)
        rows = [
            (self._label(i), *(repr(float(v)) for v in (self.values[i], self.lower[i], self.upper[i])))
            for i in range(min(m, SHOWN))
        ]
        name = None if self.index is None else self.index.name
        table = [("row" if name is None else one_line(str(name)), "value", "lower", "upper"), *rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
        if m > SHOWN:
            lines.append(f"  ... {m - SHOWN} more")
        head = f"Prediction: {m} row{'s' * (m != 1)}, {self.interval} intervals at level {float(self.level)!r}"
        return "\n".join([head, *lines])

    def _label(self, i: int) -> str:
        return str(i) if self.index is None else one_line(str(self.index[i]))

    def to_frame(self) -> Any:
        """A pandas.DataFrame of value, lower and upper with the index of the new rows: each number in full.

        Raises MissingLibraryError where pandas is not installed.
        """
        columns = {"value": self.values, "lower": self.lower, "upper": self.upper}
        return frame(columns, self.index)


def bounds(
    rows: Array,
    values: Callable[[Array, Accuracy], Sequence[Interval]],
    variances: Callable[[Array, Accuracy], Sequence[Interval]],
    level: Fraction,
    df: int | None,
) -> tuple[Array, Array]:
    """v - q sqrt(s) and v + q sqrt(s) (k,), each the nearest double, P(|T| <= q) = level as for `squared_quantile`.

    rows (k,): how errors number them. values, variances: v and s of some of them, by their place, enclosed to about so
    many decimal digits, None for exactly. Raises OutOfRangeError, and NotCertifiedError where a bound is not told from
    a tie, or from 0, by 4000 bits, and is not known to be rational.
    """
    out = np.full((2, len(rows)), np.nan)
    for accuracy in ACCURACIES:
        left = np.flatnonzero(np.isnan(out).any(axis=0))
        if not left.size:
            break
        pairs = list(zip(left.tolist(), values(left, accuracy), variances(left, accuracy), strict=True))
        for bits in BITS_OF_EXACT if accuracy is None else (4 * accuracy,):
            _settle(out, rows, pairs, squared_quantile(level, df, bits), 2 * bits)
        if accuracy is None and np.isnan(out).any():
            # Rational where it is a tie or 0, and q² is rational then.
            q2 = exact_squared_quantile(level, df)
            if q2 is not None:
                _settle(out, rows, pairs, exactly(q2), MOST_BITS)
    undecided = np.flatnonzero(np.isnan(out).any(axis=0))
    if undecided.size:
        raise NotCertifiedError(
            f"a bound of row {rows[undecided[0]]} of A_new is not told from 0, or from the midpoint of two doubles, by "
            f"{MOST_BITS} bits: take another level"
        )
    return out[0], out[1]


def _settle(out: Array, rows: Array, pairs: Sequence[tuple[int, Interval, Interval]], q2: Interval, bits: int) -> None:
    """Write the bounds that are decided now and were not before, from the row, v and s of each."""
    for i, v, s in pairs:
        for side, sign in enumerate((-1, 1)):
            if np.isnan(out[side, i]):
                found = nearest_of(offset_by_root(v, q2 * s, sign, bits), f"a bound of row {rows[i]} of A_new")
                if found is not None:
                    out[side, i] = found
