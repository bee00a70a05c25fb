"""First slices leave room for exact sums of any number of products: shown by the operands, beyond 2048 columns."""

from dataclasses import replace
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest

from stabilitylab.exact.float64 import fine_gradient
from stabilitylab.exact.float64.preconditioner import ScaledProblem, alpha_from_sliced_product


class Recorded(np.ndarray):
    """An array that keeps the operands of every matrix product in which it is the left one."""

    kept: ClassVar[list[list[np.ndarray]]] = []

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = [np.asarray(v) for v in inputs]
        kwargs.pop("out", None)
        result = getattr(ufunc, method)(*plain, **kwargs)
        if ufunc is np.matmul:
            Recorded.kept.append(plain)
        return result.view(Recorded) if isinstance(result, np.ndarray) and result.ndim == 2 else result


def largest_sum(left, right):
    """The largest sum of |products| of a row and a column, in units of which every product is a whole multiple."""
    row_units = np.array([unit(column) for column in left.T])
    scaled_left, scaled_right = left / row_units, right * row_units[:, None]
    units = np.array([unit(column) for column in scaled_right.T])
    return float((np.abs(scaled_left) @ (np.abs(scaled_right) / units)).max())


def unit(values):
    """The largest power of two of which all values are whole multiples."""
    parts = [Fraction(v) for v in values.tolist() if v]
    return float(min((Fraction(v.numerator & -v.numerator, v.denominator) for v in parts), default=Fraction(1)))


@pytest.mark.parametrize("n", [2, 40, 2048, 2049])
def test_first_slices_of_A_and_X_have_exact_products(n):
    """Entries just below a power of two, and odd in the last place that a slice may have."""
    rng = np.random.default_rng(n)
    odd = 2.0**21 - 1 - 2 * rng.integers(0, 9, (3, n)) + 0.25  # and a quarter, which the slice drops
    powers = 2.0 ** rng.integers(-9, 9, n)
    A = odd[:2] * powers
    X = np.zeros((n, n))
    X[:, -1] = odd[2] / powers
    X[np.diag_indices(n)] = X[:, -1]
    data = ScaledProblem.of(A.copy(), np.ones(2))
    Recorded.kept = []
    alpha_from_sliced_product(replace(data, A=data.A.view(Recorded)), X)
    A1, X1 = Recorded.kept[0]
    assert np.abs(data.A - A1).max() > 0
    assert 2.0**40 < largest_sum(A1, X1[:, -1:]) <= 2.0**53
    # A bit for every doubling of the number of columns beyond 2048, and no more, is given up.
    lost = np.abs(X[:, -1] - X1[:, -1]) / np.abs(X[:, -1])
    assert lost.max() <= 2.0 ** (-21 if n <= 2048 else -20) * (1 + 2.0**-10)


@pytest.mark.parametrize("n", [1, 3, 2048, 2049, 5000])
def test_every_slice_of_x_leaves_room_for_exact_sums_and_no_slice_loses_anything(n):
    rng = np.random.default_rng(n)
    exponents = rng.integers(-20, 20, n)
    high = np.ldexp(np.nextafter(1.0, 0.0) - rng.random(n) / 2**14, -exponents)
    low = high * 2.0**-54
    L = 3
    parts, rests = fine_gradient._sliced_x((high, low), exponents, n, L)
    assert len(parts) == L == len(rests) - 1
    bits = 21 - max(0, int(n - 1).bit_length() - 11)
    left = [Fraction(h) + Fraction(v) for h, v in zip(high.tolist(), low.tolist(), strict=True)]
    for q, part in enumerate(parts):
        scaled = np.ldexp(part, exponents)
        grid = unit(scaled)
        # |A_p| is at most 2**21 of its units.
        assert float(np.abs(scaled / grid).sum()) * 2.0**21 <= 2.0**53
        assert grid >= 2.0 ** (-bits * (q + 1))
        assert np.abs(np.ldexp(rests[q], exponents)).max() <= 2.0 ** (-bits * q)
        left = [v - Fraction(w) for v, w in zip(left, part.tolist(), strict=True)]
        assert all(abs(Fraction(v) - w) <= abs(w) / 2**53 for v, w in zip(rests[q + 1].tolist(), left, strict=True))
