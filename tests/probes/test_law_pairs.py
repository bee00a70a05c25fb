"""What each metamorphic law compares, by hand: which coefficients, with which factors, of which two problems."""

import numpy as np
import pytest

from stabilitylab.probes.metamorphic import LAWS
from stabilitylab.probes.metamorphic.laws import law as registered

X = np.array([[1.0, 2.0], [3.0, 5.0], [2.0, 9.0], [4.0, 4.0], [7.0, 1.0]])
Y = np.array([2.0, -1.0, 4.0, 3.0, 0.0])
ALL, ONES, SLOPES = (0, 1, 2), (1.0, 1.0, 1.0), (1, 2)
K = 3

# (of, to, factors) of every law that compares coefficients.
COMPARED = {
    "unit of a column": (ALL, ALL, (1.0, 1.0, 8.0)),
    "unit of y": (ALL, ALL, (0.125, 0.125, 0.125)),
    "origin of a column": (SLOPES, SLOPES, (1.0, 1.0)),
    "order of rows": (ALL, ALL, ONES),
    "order of columns": (ALL, (0, 2, 1), ONES),
    "every row twice": (ALL, ALL, ONES),
    "weight four": (ALL, ALL, ONES),
    "weight zero": (ALL, ALL, ONES),
    "sparse matrix": (ALL, ALL, ONES),
    "exact fit": (ALL, (), (1.0, 2.0, 3.0)),
    "float32": (ALL, ALL, ONES),
}
# The rows of X and y of the problem that is compared with (X, y), where it is another.
OTHER = {
    "unit of a column": (X * [1.0, 8.0], Y),
    "unit of y": (X, 8 * Y),
    "origin of a column": (X + np.array([0.0, 8.0]), Y),
    "order of rows": (X[::-1], Y[::-1]),
    "order of columns": (X[:, ::-1], Y),
    "every row twice": (np.vstack([X, X]), np.append(Y, Y)),
    "weight four": (X, Y),
    "weight zero": (np.vstack([X, [9.0, 9.0]]), np.append(Y, -9.0)),
    "sparse matrix": (X, Y),
    "added column": (X * [1.0, 8.0], Y),
    "float32": (X * [1.0, 8.0], Y),
}


def pair_of(name):
    return LAWS[name].pair(X, Y, K)


def test_every_law_is_looked_at_here():
    assert set(LAWS) == set(COMPARED) | {"added column"} == set(OTHER) | {"exact fit"}


@pytest.mark.parametrize("name", COMPARED)
def test_a_law_compares_every_coefficient_that_it_can(name):
    pair = pair_of(name)
    assert (pair.of, pair.to, pair.factors) == COMPARED[name]
    assert not pair.fit
    assert pair.harder == (8.0 if name == "origin of a column" else 1.0)


@pytest.mark.parametrize("name", OTHER)
def test_the_other_problem_is_the_one_that_the_law_speaks_of(name):
    other, (rows, right) = pair_of(name).other, OTHER[name]
    assert np.array_equal(other.X, rows)
    assert np.array_equal(other.y, right)
    assert other.weights == {"weight four": (4, 1, 1, 1, 1), "weight zero": (1, 1, 1, 1, 1, 0)}.get(name)
    assert other.sparse == (name == "sparse matrix")
    assert other.dtype == ("float32" if name == "float32" else "float64")


@pytest.mark.parametrize("name", LAWS)
def test_the_first_problem_is_the_given_one_but_for_three_laws(name):
    one = pair_of(name).one
    rows, right = {
        "weight four": (np.vstack([X[0], X[0], X[0], X]), [2.0, 2.0, 2.0, *Y]),
        "added column": (X[:, :1], Y),
        "exact fit": (X, 1 + 2 * X[:, 0] + 3 * X[:, 1]),
        "float32": (X * [1.0, 8.0], Y),
    }.get(name, (X, Y))
    assert np.array_equal(one.X, rows)
    assert np.array_equal(one.y, right)
    assert (one.weights, one.sparse, one.dtype) == (None, False, "float64")


def test_r_squared_is_compared_of_an_added_column_and_nothing_else():
    pair = pair_of("added column")
    assert pair.fit
    wide = np.column_stack([X, Y + 5])
    assert np.array_equal(LAWS["added column"].pair(wide, Y, K).one.X, X)
    assert LAWS["added column"].columns == LAWS["order of columns"].columns == 2
    assert {LAWS[name].columns for name in set(LAWS) - {"added column", "order of columns"}} == {1}


def test_exponents_reach_what_clocks_and_units_reach():
    """2**60 nanoseconds, 2**30 seconds; small integers times 2**30 are integers of float32."""
    reach = {name: one.exponents for name, one in LAWS.items() if one.exponents != (0, 0)}
    units = dict.fromkeys(("unit of a column", "unit of y", "added column"), (-60, 60))
    assert reach == {**units, "origin of a column": (0, 30), "float32": (0, 30)}


def test_a_law_is_registered_under_its_name_with_the_first_line_of_its_docstring():
    def a_new_law(X, y, k):
        """It says so.

        And more."""

    try:
        assert registered(exponents=(1, 2), columns=3)(a_new_law) is a_new_law
        found = LAWS["a new law"]
        assert (found.name, found.statement, found.pair) == ("a new law", "It says so.", a_new_law)
        assert (found.exponents, found.columns) == ((1, 2), 3)
        registered()(a_new_law)
        assert (LAWS["a new law"].exponents, LAWS["a new law"].columns) == ((0, 0), 1)
    finally:
        del LAWS["a new law"]
