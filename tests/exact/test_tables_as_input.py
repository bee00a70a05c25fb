"""A table is taken column by column, each in its own type: nothing is rounded before it is looked at."""

import numpy as np
import pytest

import stabilitylab as sl
from exact_sums import numbers
from stabilitylab.core.errors import NotFiniteError, OutOfRangeError
from stabilitylab.exact.gram.inputs import exact_input

BIG = 2**60
IDS = [BIG + 1, BIG + 2, BIG + 3]
TARGET = [1.0, 2.0, 4.0]


class Located:
    """The columns of a table by number, as pandas gives them."""

    def __init__(self, columns):
        self.columns = columns

    def __getitem__(self, place):
        return self.columns[place[1]]


class Table:
    """A table as pandas has it, with the interface that is used of it; all of it as floats for those that ask NumPy."""

    ndim = 2
    dtypes = ("int64", "float64")

    def __init__(self, *columns):
        self.iloc = Located(columns)
        self.shape = (len(columns[0]), len(columns))

    def items(self):
        return enumerate(self.iloc.columns)

    def __array__(self, dtype=None, copy=None):
        return np.stack([np.asarray(c, dtype=np.float64) for c in self.iloc.columns], axis=1).astype(dtype or float)


def table(kind, integers, floats):
    if kind == "stand-in":
        return Table(np.array(integers), np.array(floats))
    if kind == "rows":
        return list(map(list, zip(integers, floats, strict=True)))
    library = pytest.importorskip(kind)
    make = library.table if kind == "pyarrow" else library.DataFrame
    return make({"id": integers, "x": floats})


KINDS = ["stand-in", "rows", "pandas", "polars", "pyarrow"]


@pytest.mark.parametrize("kind", KINDS)
def test_integers_beyond_2_to_the_53_beside_floats_are_exact(kind):
    A = table(kind, [2**53 + 1, 1], [0.5, 1.0])
    assert [row[0] for row in numbers(exact_input(A, [1.0, 1.0]))] == [2**53 + 1, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_ids_beside_ones_have_rank_two(kind):
    A = table(kind, IDS, [1.0, 1.0, 1.0])
    fit = sl.lstsq(A, TARGET)
    # The slope of 1, 2, 4 over three successive integers is 3/2.
    assert fit.x[0] == 1.5
    assert sl.GramAccumulator(2).add(A, TARGET).solve().x.tolist() == fit.x.tolist()
    assert int(sl.reference(A, TARGET).x[0] * 2) == 3
    assert sl.check(fit.certificate, A, TARGET)


@pytest.mark.parametrize("kind", KINDS)
def test_the_checker_does_not_approve_what_is_right_for_rounded_ids_only(kind):
    rounded = [[float(i), x] for i, x in zip([BIG, BIG + 512, BIG + 1024], [1.0, 1.0, 1.0], strict=True)]
    fit = sl.lstsq(rounded, TARGET)
    assert not sl.check(fit.certificate, table(kind, [BIG + 1, BIG + 512, BIG + 1024], [1.0, 1.0, 1.0]), TARGET)


@pytest.mark.parametrize(
    "columns",
    [
        (np.array([2**63 + 1, 1, 2], dtype=np.uint64), np.array([1, -1, 1])),
        (np.array([2**60 + 1, 1, 2]), np.array([1, 2, 3], dtype=np.float32)),
    ],
    ids=["uint64 and int64", "int64 and float32"],
)
def test_no_pair_of_types_is_brought_to_a_type_that_rounds(columns):
    rows = numbers(exact_input(Table(*columns), TARGET))
    assert [row[:2] for row in rows] == [
        [int(v) for v in row] for row in zip(*map(np.ndarray.tolist, columns), strict=True)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_problem_of_a_table_that_float64_would_round_is_refused(kind):
    with pytest.raises(OutOfRangeError, match=r"2\*\*53"):
        sl.Problem.from_matrix("ids", table(kind, IDS, [1.0, 1.0, 1.0]), TARGET)


@pytest.mark.parametrize("place", ["A", "b"])
def test_masked_rows_in_a_list_are_refused(place):
    masked = [np.ma.masked_array([1.0, 2.0], mask=[False, True]), np.array([1.0, 3.0]), np.array([4.0, 2.0])]
    A, b = (masked, TARGET) if place == "A" else ([[1.0], [2.0]], [1.0, np.ma.masked])
    with pytest.raises(NotFiniteError, match="masked"):
        sl.lstsq(A, b)


def test_the_checker_refuses_masked_rows_in_a_list():
    A = [[1.0, 2.0], [1.0, 3.0], [4.0, 2.0]]
    fit = sl.lstsq(A, TARGET)
    with pytest.raises(NotFiniteError, match="masked"):
        sl.check(fit.certificate, [np.ma.masked_array(A[0], mask=[False, True]), *A[1:]], TARGET)
