"""Orthogonal polynomials of a column as features, normalised as R's poly does."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.errors import InputError, OutOfRangeError
from stabilitylab.data.correct_rounding import square_root
from stabilitylab.data.labels import Labels
from stabilitylab.data.terms import Columns, OfTerm

Feature = TypeVar("Feature", Array, ExactColumn, str)


@dataclass(frozen=True)
class OrthogonalPolynomial(OfTerm):
    """p_1(x), ..., p_d(x) of degrees 1, ..., d: orthogonal over the rows to each other and to 1, with 2-norm 1.

    The polynomials of R's poly(x, d), leading coefficients positive: with the monic q_0 = 1, q_1 = x - a_0 and
    q_(k+1) = (x - a_k) q_k - b_k q_(k-1), a_k = (x q_k, q_k)/(q_k, q_k), b_k = (q_k, q_k)/(q_(k-1), q_(k-1)), is
    p_k = q_k / |q_k|. Rounded: this recurrence, each operation rounded to the format, sums by numpy.sum (formulaic's
    poly; R takes the polynomials from a QR factorisation of the powers of x - mean). Exactly: the features are exactly
    orthogonal, and each is divided by its norm correctly rounded to 256 bits.
    Raises InputError for a degree below 1, where x has no more than d different numbers, and for an inner term of
    several features. Source: Forsythe, J. SIAM 5 (1957) 74-88, section 3.
    """

    degree: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.degree, int) or isinstance(self.degree, bool) or self.degree < 1:
            raise InputError(f"a polynomial must have a degree of at least 1; got {self.degree!r}")

    def __str__(self) -> str:
        return f"poly({self.of}, {self.degree})"

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """The name "poly(x, d)[k]" for each degree k."""
        (name,) = self._one(self.inner.names(labels))
        return tuple(f"poly({name}, {self.degree})[{k}]" for k in range(1, self.degree + 1))

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """p_1(x), ..., p_d(x) by the recurrence in the format, (m, d)."""
        (x,) = self._one(tuple(self.inner.rounded(columns, format).T))
        with np.errstate(over="ignore", invalid="ignore"):
            return self._rounded(x, format)

    def _rounded(self, x: Array, format: Format) -> Array:
        x = np.ascontiguousarray(x)
        self._need(len(np.unique(x)))
        before, now = np.zeros_like(x), np.ones_like(x)
        square, features = format.rounded(np.sum(now * now)), []
        b = format.rounded(0.0)
        for _ in range(self.degree):
            squares = format.rounded(now * now)
            a = format.rounded(format.rounded(np.sum(format.rounded(x * squares))) / square)
            after = format.rounded(format.rounded(x - a) * now)
            before, now = now, format.rounded(after - format.rounded(b * before))
            new = format.rounded(np.sum(format.rounded(now * now)))
            b, square = format.rounded(new / square), new
            norm = format.rounded(np.sqrt(square))
            if not (np.isfinite(norm) and norm):
                raise OutOfRangeError(
                    f"{self} leaves the range of {format.name}, or what it can tell apart: use poly of a scaled column"
                )
            features.append(format.rounded(now / norm))
        return np.stack(features, axis=1)

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """p_1(x), ..., p_d(x), of multiples Q_k of q_k in integers without a common factor: p_k = Q_k / |Q_k|."""
        return tuple(Q.over(square_root(Q.sum_of_squares())) for Q, _ in self._recurrence(columns))

    def in_powers(self, columns: Columns[ExactColumn]) -> tuple[tuple[Fraction, ...], ...]:
        """The coefficients of 1, x, ..., x**d in each p_k, exactly those of the features of `exact`.

        A fit with coefficients c of p_1, ..., p_d has the coefficient sum_k c_k C[k][j] of x**j.
        """
        return tuple(
            tuple(c / square_root(Q.sum_of_squares()) for c in powers) for Q, powers in self._recurrence(columns)
        )

    def _recurrence(self, columns: Columns[ExactColumn]) -> list[tuple[ExactColumn, tuple[Fraction, ...]]]:
        """Positive multiples Q_k of q_k as integers, k = 1, ..., d, and their coefficients of 1, x, ..., x**d."""
        (x,) = self._one(self.inner.exact(columns))
        self._need(len(set(x.integers)))
        X, unit = x.integers, x.scale  # x = X unit, unit > 0
        before: tuple[int, ...] = (0,) * len(X)
        now: tuple[int, ...] = (1,) * len(X)
        zero = (Fraction(0),) * (self.degree + 1)
        powers_before, powers = zero, (Fraction(1), *zero[1:])
        found = []
        for _ in range(self.degree):
            squares = [q * q for q in now]
            N, T = sum(squares), sum(t * s for t, s in zip(X, squares, strict=True))
            # The Gram-Schmidt coefficients T/N on Q_k and S/M on Q_(k-1), brought over the denominator N M.
            M = sum(q * q for q in before) or 1
            S = sum(t * p * q for t, p, q in zip(X, before, now, strict=True))
            after = tuple(M * (N * t - T) * q - N * S * p for t, p, q in zip(X, before, now, strict=True))
            shifted = (Fraction(0), *powers[:-1])
            new = tuple(
                M * (N * s / unit - T * c) - N * S * e for s, c, e in zip(shifted, powers, powers_before, strict=True)
            )
            reduced = ExactColumn(after).coprime()
            before, now = now, reduced.integers
            powers_before, powers = powers, tuple(c / reduced.scale for c in new)
            found.append((ExactColumn(now), powers))
        return found

    def _one(self, features: tuple[Feature, ...]) -> tuple[Feature, ...]:
        if len(features) != 1:
            raise InputError(f"{self} needs one column of numbers; got {len(features)}: take poly of each by itself")
        return features

    def _need(self, different: int) -> None:
        if different <= self.degree:
            raise InputError(
                f"{self} needs more than {self.degree} different numbers; {self.of} has {different}: lower the degree"
            )
