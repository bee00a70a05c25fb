"""The units of columns: small enough that float64 sums products of their digits exactly, and no smaller than that."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.exact.gram.columns import UNSEEN, unit_exponents
from wild import PROPERTY, matrices


@PROPERTY
@given(matrices(rows=(1, 12)), st.integers(1, 6))
def test_no_run_of_a_column_is_longer_in_its_unit_than_allowed_and_some_run_is_nearly(problem, rows):
    A, b = problem
    runs = [slice(k, k + rows) for k in range(0, len(b), rows)]
    for column, e in zip([*A.T, b], unit_exponents(A, b, runs, rows), strict=True):
        squares = [sum(Fraction(v) ** 2 for v in column[run].tolist()) for run in runs]
        if e == UNSEEN:
            assert not any(squares)
            continue
        unit = Fraction(2) ** int(e)
        assert all(s < rows * unit**2 for s in squares)
        # A unit is a power of two of the norm, or, where squares over- or underflow, of the largest entry.
        largest = max(abs(Fraction(v)) for v in column.tolist())
        assert max(squares) * 5 > rows * unit**2 or (2 * largest >= unit and not 1e-130 < largest < 1e130)


def test_many_rows_have_finer_units_than_their_largest_entry_asks_for():
    A = np.random.default_rng(1).standard_normal((2048, 1))
    A[0] = 30.0
    (e, _) = unit_exponents(A, A[:, 0], [slice(0, 2048)], 2048)
    assert 2.0**e < 4 < np.abs(A).max()
