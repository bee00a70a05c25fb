"""The names that the user's own table has: in the fit, in every message, and on the bench."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab.core.errors import (
    ComplexError,
    InputError,
    NotFiniteError,
    NotNumericError,
    RankDeficientError,
    ShapeError,
    UndeterminedWarning,
)
from stabilitylab.data.frames import distinct

SOUTH, NORTH, PRICE = [1.0, 2, 3, 4, 5], [1, 0, 2, 5, 3], [1.0, 2, 4, 3, 9]


def structured(columns):
    kinds = [(name, np.asarray(values).dtype) for name, values in columns.items()]
    out = np.zeros(len(next(iter(columns.values()))), dtype=kinds)
    for name, values in columns.items():
        out[name] = values
    return out


def table(kind, columns):
    if kind in ("dict", "structured array"):
        return dict(columns) if kind == "dict" else structured(columns)
    library = pytest.importorskip(kind)
    return (library.table if kind == "pyarrow" else library.DataFrame)(columns)


KINDS = ["dict", "structured array", "pandas", "polars", "pyarrow"]


@pytest.mark.parametrize("kind", KINDS)
def test_coefficients_have_the_names_of_columns_and_targets_theirs(kind):
    X = table(kind, {"south": SOUTH, "north": NORTH})
    plain = sl.lstsq(np.column_stack([SOUTH, NORTH]), PRICE)
    fit = sl.lstsq(X, PRICE)
    assert (fit.names, fit.target) == (("south", "north"), "b")
    assert fit.x.tobytes() == plain.x.tobytes()
    assert sl.lstsq(X, PRICE, intercept=True).names == ("intercept", "south", "north")
    assert sl.lstsq(X, PRICE, names=["s", "n"]).names == ("s", "n")
    one = sl.lstsq(X, table(kind, {"price": PRICE}))
    assert isinstance(one, sl.CertifiedFit)
    assert one.target == "price"
    fits = sl.lstsq(X, table(kind, {"price": PRICE, "rent": NORTH}), intercept=True)
    assert fits.targets == ("price", "rent")
    assert fits["price"].x.tobytes() == sl.lstsq(X, PRICE, intercept=True).x.tobytes()


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_column_gives_its_name_to_the_target(kind):
    library = pytest.importorskip(kind)
    X = library.DataFrame({"south": SOUTH})
    columns = library.DataFrame({"price": PRICE, "rent": NORTH})
    price, rent = columns["price"], columns["rent"]
    assert sl.lstsq(X, price).target == "price"
    assert sl.lstsq(X, [price, rent]).targets == ("price", "rent")
    assert sl.lstsq(X, [price, price]).targets == ("price", "price (2)")
    assert sl.lstsq(X, X["south"] * 2).target == "south"
    assert sl.lstsq(X, library.Series(PRICE)).target == "b"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("intercept", [False, True])
def test_a_nan_is_named_by_column_and_row(kind, intercept):
    south = [*SOUTH[:3], np.nan, 5.0]
    says = r"column 'south', row 3 is nan \(row 0 is the first\): remove that row or give the number"
    for X in ({"south": south, "north": [0.5] * 5}, {"south": south, "id": [2**60 + 1, 2, 3, 4, 5]}):
        with pytest.raises(NotFiniteError, match=says):
            sl.lstsq(table(kind, X), PRICE, intercept=intercept, weights=[1, 2, 3, 4, 5])
        with pytest.raises(NotFiniteError, match=says):
            sl.lstsq(table(kind, X), PRICE, intercept=intercept)
    with pytest.raises(NotFiniteError, match=says):
        sl.lstsq([[1.0], [0], [2], [1], [1]], table(kind, {"south": south}), intercept=intercept)
    with pytest.raises(NotFiniteError, match=says):
        sl.Problem.from_matrix("mine", table(kind, {"south": south}), PRICE)
    with pytest.raises(NotFiniteError, match=says):
        sl.enclose(table(kind, {"south": south}), PRICE)
    with pytest.raises(NotFiniteError, match=says):
        sl.GramAccumulator(1).add(table(kind, {"south": south}), PRICE)


def test_the_intercept_that_was_put_in_front_does_not_count():
    A = np.column_stack([SOUTH, NORTH]).astype(float)
    A[3, 1] = np.inf
    for intercept in (False, True):
        for weights in (None, [1, 2, 3, 4, 5]):
            with pytest.raises(NotFiniteError, match=r"^A\[3, 1\] is inf: remove that row"):
                sl.lstsq(A, PRICE, intercept=intercept, weights=weights)
    with pytest.raises(NotFiniteError, match=r"^b\[2\] is nan"):
        sl.lstsq(A[:, :1], np.array([1, 2, np.nan, 4, 5]), intercept=True)


@pytest.mark.parametrize("kind", KINDS)
def test_dependent_columns_and_relations_are_said_in_the_user_s_names(kind):
    X = table(kind, {"south": SOUTH, "north": NORTH, "both": [s + n for s, n in zip(SOUTH, NORTH, strict=True)]})
    for function in (sl.lstsq, sl.reference):
        with pytest.raises(RankDeficientError, match=r"the rank is 2 of 3, exactly: both = south \+ north"):
            function(X, PRICE)
    u, v = np.array(SOUTH) / 7, np.array(NORTH) / 3
    with pytest.warns(UndeterminedWarning, match="the data cannot tell south, north and both apart"):
        sl.lstsq(table(kind, {"south": u, "north": v, "both": u + 0.5 * v}), PRICE)


def test_wrong_types_are_said_in_the_user_s_names():
    with pytest.raises(ComplexError, match="column 'south' is complex"):
        sl.lstsq({"south": np.array(SOUTH) * 1j}, PRICE)
    with pytest.raises(NotNumericError, match=r"column 'south', row 2 is 'three'.*row 0 is the first.*get_dummies"):
        sl.lstsq({"south": ["1", "2", "three", "4", "5"]}, PRICE)
    with pytest.raises(NotNumericError, match="column 'south' must hold real numbers; its dtype is datetime64"):
        sl.enclose({"south": np.array(["2020-01-01"] * 5, dtype="M8[s]"), "x": SOUTH}, PRICE)


def test_a_name_where_numbers_are_meant_and_one_column_where_a_table_is_are_refused_with_the_way_out():
    with pytest.raises(InputError, match="got the name 'south' of a column of A: pass that column as b, and A without"):
        sl.lstsq({"south": SOUTH, "north": NORTH}, "south")
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ShapeError, match=r"A must be a table; got one column: pass A\.to_frame\(\)"):
        sl.lstsq(pandas.Series(SOUTH), PRICE)


def test_names_of_several_levels_of_other_types_and_none_are_made_texts():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(np.column_stack([SOUTH, NORTH]))
    assert sl.lstsq(X, PRICE).names == ("0", "1")
    for labels, names in (
        (pandas.MultiIndex.from_tuples([("x", "a"), ("x", 1)]), ("x.a", "x.1")),
        (["x", "x"], ("x", "x (2)")),
        ([None, ""], ("a0", "a1")),
        ([("u", 1), 2.5], ("u.1", "2.5")),
        (["intercept", "\x1b[31mred"], ("intercept", "\x1b[31mred")),
    ):
        assert sl.lstsq(X.set_axis(labels, axis=1), PRICE).names == names
    names = sl.lstsq(X.set_axis(["intercept", "x"], axis=1), PRICE, intercept=True).names
    assert names == ("intercept", "intercept (2)", "x")
    with pytest.raises(NotFiniteError, match=r"column '\\x1b\[31mred', row 0"):  # nothing that moves a cursor
        sl.lstsq(X.set_axis(["x", "\x1b[31mred"], axis=1).astype(float).replace(1.0, np.nan)[["\x1b[31mred"]], PRICE)


def test_names_that_are_given_are_each_its_own():
    A = np.column_stack([SOUTH, NORTH])
    with pytest.raises(InputError, match="names must be of each column its own; got 'x' twice, for columns 0 and 1"):
        sl.lstsq(A, PRICE, names=["x", "x"])
    with pytest.raises(InputError, match="got 'x' twice"):
        sl.GramAccumulator(2, names=["x", "x"])
    with pytest.raises(InputError, match="got 'x' twice"):
        sl.GramAccumulator(2).add(A, PRICE).solve(names=["x", "x"])
    old = sl.GramAccumulator(2).add(A, PRICE)
    old.names = ("x", "x")  # as one that an earlier version wrote may have them
    assert sl.GramAccumulator.from_bytes(old.to_bytes()).solve().names == ("x", "x")
    with pytest.raises(InputError, match="names hold 'intercept', the name of the column of ones"):
        sl.lstsq(A, PRICE, names=["x", "intercept"], intercept=True)
    assert sl.lstsq(A, PRICE, names=["x", "intercept"]).names == ("x", "intercept")


@given(st.lists(st.sampled_from(["", "x", "x (2)", "x (3)", "a0", "a1"]), max_size=7))
def test_distinct_names_are_distinct_and_keep_what_is_so_already(names):
    made = distinct(names)
    assert len(set(made)) == len(made) == len(names)
    for name, own in zip(names, made, strict=True):
        if name and names.count(name) == 1 and not name.startswith("a"):
            assert own == name


def test_moments_and_durations_have_their_unit_in_the_name():
    when = np.array(["2020-01-01", "2020-01-02", "1969-12-31", "2020-03-01", "2021-01-01"], dtype="M8[D]")
    X = {"when": when, "took": when - when[0], "south": SOUTH}
    fit = sl.lstsq(X, {"end": when, "wait": when - when[1]})
    assert fit.names == ("when [s since 1970]", "took [s]", "south")
    assert fit.targets == ("end [s since 1970]", "wait [s]")
    assert sl.lstsq(when[:, None], PRICE).names == ("a0 [s since 1970]",)
    assert sl.lstsq({"when": when}, when).x.tolist() == [1.0]
    assert sl.lstsq({"day": (when - when[0]).astype("m8[h]")}, when - when[0]).x.tolist() == [1.0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_problem_of_a_table_has_its_names(kind):
    problem = sl.Problem.from_matrix("mine", table(kind, {"south": SOUTH, "y": NORTH}), PRICE)
    assert problem.feature_names == ("south", "y")
    assert problem.response == "y (2)"
    assert problem.A.tolist() == [list(row) for row in zip(SOUTH, NORTH, strict=True)]
    assert problem.b.tolist() == PRICE
    row = sl.measure("numpy.lstsq", problem)
    assert row.x == pytest.approx(sl.lstsq(problem).x.tolist())
    assert sl.lstsq(problem).names == ("south", "y")


def test_a_problem_of_arrays_is_what_it_was():
    problem = sl.Problem.from_matrix("mine", np.column_stack([SOUTH, NORTH]), PRICE)
    assert problem.feature_names == ("a0", "a1")
    assert problem.response == sl.lstsq(problem).target == "y"


def test_a_problem_takes_the_name_of_its_response():
    pandas = pytest.importorskip("pandas")
    problem = sl.Problem.from_matrix("mine", pandas.DataFrame({"south": SOUTH}), pandas.Series(PRICE, name="price"))
    assert problem.response == sl.lstsq(problem).target == "price"
