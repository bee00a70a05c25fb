"""An exactly dependent column is named with those that it depends on, and the relation is the exact one."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab.core.errors import RankDeficientError
from stabilitylab.exact.dependent import MOST, TERMS, relation
from stabilitylab.exact.gram.inputs import exact_input, summed
from stabilitylab.exact.solve.dependence import dependent_columns, independent_columns

FACTORS = st.fractions(-50, 50, max_denominator=16)


@given(st.lists(FACTORS, min_size=3, max_size=3), st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_the_factors_are_those_of_the_columns_exactly(factors, seed, place):
    columns = np.random.default_rng(seed).integers(-9, 10, (8, 3))
    columns[:3] += 100 * np.eye(3, dtype=np.int64)  # independent
    combined = [sum(f * int(v) for f, v in zip(factors, row, strict=True)) for row in columns]
    A = np.empty((8, 4), dtype=object)
    A[:, :3], A[:, 3] = columns, combined
    order = [k for k in range(3) if k < place] + [3] + [k for k in range(3) if k >= place]
    A = A[:, order]
    normal = summed(exact_input(A, list(range(8))))
    (last,) = set(range(4)) - set(independent_columns(normal))
    others = dependent_columns(normal, [last])[last]
    for row in A:
        assert row[last] == sum(factor * row[j] for j, factor in others.items())
    assert all(j < last and factor for j, factor in others.items())
    if place == 3:
        assert [others.get(j, 0) for j in range(3)] == factors


@pytest.mark.parametrize(
    ("others", "says"),
    [
        ({"u": 1, "v": Fraction(7, 10)}, "z = u + 0.7 v"),
        ({"u": -1, "v": Fraction(-1, 3)}, "z = -u - 1/3 v"),
        ({"net income": 2, "x\ny": 1}, "z = 2 'net income' + 'x\\ny'"),
        ({"u": Fraction(2) ** -80}, "z = 2**-80 u"),
        ({"u": 10**12}, "z = 1E+12 u"),
        ({"u": 1, "v": Fraction(10**9 + 7, 998244353)}, "z depends on u and v"),
        ({f"c{k}": 1 for k in range(TERMS + 1)}, "z depends on c0, c1, c2, c3, c4, c5 and c6"),
        ({f"c{k}": 1 for k in range(20)}, "z depends on c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 and 8 more"),
        ({}, "z is 0 in every row"),
    ],
)
def test_a_relation_is_written_where_it_is_short(others, says):
    assert relation("z", {name: Fraction(factor) for name, factor in others.items()}) == says


def test_of_many_dependent_columns_the_first_are_explained_and_the_others_named():
    x = np.arange(12.0)
    with pytest.raises(RankDeficientError, match=rf"a{MOST} = {2**MOST} a0; and 2 more: a6 and a7\. Leave them out"):
        sl.lstsq(np.outer(x, 2.0 ** np.arange(MOST + 3)), x)
