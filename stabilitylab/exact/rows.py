"""The rows of a fit: whether they are still those that were fitted, and A x and b - A x in intervals of integers."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm, nan
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.float64.pairs import DoubleDouble, rows_in_pairs
from stabilitylab.exact.gram.blas_threads import blas_threads
from stabilitylab.exact.gram.columns import integer_columns
from stabilitylab.exact.gram.inputs import ExactInput, Weights
from stabilitylab.exact.proof.certificate import Certificate
from stabilitylab.exact.solve.interval import Interval, exactly, nearest_of

BLOCK = 1024  # rows whose bits are in a cache at a time
MIXED = 0x9E3779B97F4A7C15  # odd, with bits at all places: 2**64 over the golden ratio


@dataclass(frozen=True, eq=False)
class ExactRows:
    """A (m, n) and b (m,) as Python integers: column j of A counts units[j], and b counts units[n]."""

    A: Array
    b: Array
    units: tuple[Fraction, ...]

    @classmethod
    def of(cls, data: ExactInput) -> "ExactRows":
        """The rows of the data. Cost: a Python integer for each entry."""
        n = data.A.shape[1]
        scales = data.scales or (Fraction(1),) * (n + 1)
        if not data.floats:
            return cls(data.A, data.b, scales)
        E, of = data.parts
        columns, exponents = integer_columns(E, data.b, of)
        units = tuple(scale * Fraction(2) ** e for scale, e in zip(scales, exponents.tolist(), strict=True))
        return cls(columns[:n].T, columns[n], units)

    def fitted(self, x: Sequence[Interval], rows: Array) -> list[Interval]:
        """Intervals that hold row i of A x for each i of rows, given those of x (n,); all over one denominator."""
        scaled = [entry * unit for entry, unit in zip(x, self.units, strict=False)]
        over = lcm(self.units[-1].denominator, *(interval.over for interval in scaled))
        low, high = (
            np.array([*(v * (over // interval.over) for v, interval in zip(ends, scaled, strict=True))], dtype=object)
            for ends in ([interval.low for interval in scaled], [interval.high for interval in scaled])
        )
        # Each product takes the end of x that its sign asks for.
        positive = np.where(self.A[rows] > 0, self.A[rows], 0)
        negative = self.A[rows] - positive
        lows, highs = positive @ low + negative @ high, positive @ high + negative @ low
        return [Interval(least, most, over) for least, most in zip(lows.tolist(), highs.tolist(), strict=True)]

    def residuals(self, fitted: Sequence[Interval], rows: Array) -> list[Interval]:
        """Intervals that hold row i of b - A x for each i of rows, from those of A x that `fitted` gives."""
        over = fitted[0].over
        factor = int(self.units[-1] * over)
        entries = zip((self.b[rows] * factor).tolist(), fitted, strict=True)
        return [Interval(value - interval.high, value - interval.low, over) for value, interval in entries]


def nearest_of_rows(
    data: ExactInput, coefficients: Iterable[tuple[Callable[[], Sequence[Interval]], bool]], *, residual: bool
) -> Array:
    """A x (m,), or b - A x, each the double nearest to its exact value.

    coefficients: ways to intervals of x (n,), from wide ones that are at hand to the exact numbers, each with whether
    what float64 pairs (`float64.pairs`) do not decide then is to be decided in integers.
    A sparse A is taken in blocks of rows. Raises OutOfRangeError.
    """
    if data.is_sparse:
        ways = list(coefficients)
        return np.concatenate([nearest_of_rows(block, ways, residual=residual) for _, block in data.blocks()])
    out = np.full(len(data.b), nan)
    for enclosed, in_integers in coefficients:
        left = np.flatnonzero(np.isnan(out))
        if not left.size:
            break
        x = enclosed()
        if data.floats:
            out[left] = in_pairs(data.rows(left) if left.size < len(out) else data, x, residual=residual).nearest
            left = left[np.isnan(out[left])]
        if left.size and in_integers:
            values = _in_integers(data.rows(left), x, residual=residual)
            numbers = (data.called.start + left).tolist()
            nearest = [nearest_of(value, f"the value of row {i}") for i, value in zip(numbers, values, strict=True)]
            out[left] = [nan if value is None else value for value in nearest]
    return out


def enclosed_by(certificate: Certificate) -> list[Interval]:
    """The intervals that a certificate proves for x (n,)."""
    over = certificate.denominator
    parts = zip(certificate.middle, certificate.spread, certificate.ratios, strict=True)
    return [Interval(v - r, v + r, over) * Fraction(*ratio) for v, r, ratio in parts]


def enclosed_rows(
    data: ExactInput, x: Sequence[Interval], *, residual: bool, in_pairs_first: bool = False
) -> list[Interval]:
    """A x (m,), or b - A x, enclosed, given intervals of x (n,).

    in_pairs_first: to 30 digits or so where numbers of about the size of their sum are added up, for less time.
    """
    if not in_pairs_first or not data.floats:
        return _in_integers(data, x, residual=residual)
    pairs = in_pairs(data, x, residual=residual)
    known = np.isfinite(pairs.high) & np.isfinite(pairs.low) & np.isfinite(pairs.radius)
    if known.all():
        return pairs.intervals
    return _in_integers(data, x, residual=residual)


def _in_integers(data: ExactInput, x: Sequence[Interval], *, residual: bool) -> list[Interval]:
    rows, everywhere = ExactRows.of(data), np.arange(len(data.b))
    fitted = rows.fitted(x, everywhere)
    return rows.residuals(fitted, everywhere) if residual else fitted


def in_pairs(data: ExactInput, x: Sequence[Interval], *, residual: bool) -> DoubleDouble:
    """A x (m,), or b - A x, for data in floats, enclosed by pairs of float64 numbers: see `rows_in_pairs`."""
    E, of = data.parts
    scales = data.scales or (Fraction(1),) * (len(x) + 1)
    factors = [entry * scale for entry, scale in zip(x, scales, strict=False)]
    if residual:
        factors = [*(Interval(-v.high, -v.low, v.over) for v in factors), exactly(scales[-1])]
    columns = [*E.T, data.b] if residual else E.T
    taken = [(column, j) for column, j in zip(columns, of, strict=False) if j < len(factors)]
    with blas_threads(0.0, E.size):
        return rows_in_pairs([column for column, _ in taken], DoubleDouble.of([factors[j] for _, j in taken]))


@dataclass(frozen=True, eq=False)
class FittedRows:
    """What was fitted, and a fingerprint of it: the arrays belong to the caller, who may change them later."""

    data: ExactInput
    weights: Weights | None
    fingerprint: int

    @classmethod
    def of(cls, data: ExactInput, weights: Weights | None) -> "FittedRows":
        """The rows as they are now. Cost: one pass over A."""
        return cls.of_each([data], weights)[0]

    @classmethod
    def of_each(cls, inputs: Sequence[ExactInput], weights: Weights | None) -> tuple["FittedRows", ...]:
        """The rows of several regressions on one A. Cost: one pass over A for all of them."""
        matrix = of_matrix(inputs[0])
        return tuple(cls(data, weights, fingerprint(data, weights, matrix)) for data in inputs)

    @property
    def unchanged(self) -> bool:
        """Whether the numbers are the same as then, as far as `fingerprint` tells."""
        return fingerprint(self.data, self.weights) == self.fingerprint


def fingerprint(data: ExactInput, weights: Weights | None, matrix: int | None = None) -> int:
    """A number of 64 bits that a change of any one entry changes, and of several nearly always.

    For floats sum_ij v_ij p_i q_j modulo 2**64, p and q odd, so that a single difference is not lost. v are the bits of
    [A b] as integers, their upper half added to the lower without carries: otherwise two changes of sign, 2**63 times
    an odd number each, would cancel. For other numbers, and a sparse A, a hash. matrix: `of_matrix`, if known.
    """
    matrix = of_matrix(data) if matrix is None else matrix
    counted = 0
    if weights is not None:
        values = weights.values
        counted = hash((tuple(values.tolist()) if values.dtype == object else values.tobytes(), weights.unit))
    if data.rest is not None:
        columns = data.rest.columns
        counted = hash((counted, _of_sparse(columns) if data.is_sparse else columns.tobytes()))
    if not data.floats:
        return hash((matrix, tuple(data.b.tolist()), counted))
    m, n = data.A.shape
    p = _odd_numbers(m + n + 1)
    total = int((_spread(data.b) * p[m + n]) @ p[:m])
    return hash(((total + matrix) % 2**64, counted))


def of_matrix(data: ExactInput) -> int:
    """What A adds to the fingerprint."""
    if data.is_sparse:
        return _of_sparse(data.A)
    if not data.floats:
        return hash(tuple(data.A.ravel().tolist()))
    m, n = data.A.shape
    p = _odd_numbers(m + n + 1)
    sums = np.empty(m, dtype=np.uint64)
    for start in range(0, m, BLOCK):
        sums[start : start + BLOCK] = _spread(data.A[start : start + BLOCK]) @ p[m : m + n]
    return int(sums @ p[:m])


def _of_sparse(csr: Any) -> int:
    """64 bits of a hash of the arrays of a matrix in CSR."""
    digest = hashlib.blake2b(digest_size=8)
    for values in (csr.data, csr.indices, csr.indptr):
        digest.update(np.ascontiguousarray(values).data)
    return int.from_bytes(digest.digest(), "little")


@lru_cache(maxsize=4)
def _odd_numbers(count: int) -> npt.NDArray[np.uint64]:
    """Odd numbers of 64 bits that follow no arithmetic progression, in which 1 - 3 - 5 + 7 is 0; always the same."""
    mixed = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(MIXED)
    return np.asarray((mixed ^ (mixed >> np.uint64(29))) * np.uint64(MIXED) | np.uint64(1))


def _spread(values: Array) -> npt.NDArray[np.uint64]:
    bits = values.view(np.uint64)
    return np.asarray(bits ^ (bits >> np.uint64(31)))
