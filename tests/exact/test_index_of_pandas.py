"""Rows of pandas are those of the same label: a column whose index is in another order than the table's is noticed."""

import numpy as np
import pytest

import stabilitylab as sl
from stabilitylab.core.errors import InputError, NotFiniteError

ROWS = [[1.5, 2], [-3, 4.25], [0.1, -7], [8, 0], [1e-3, 5]]
B = [1.0, 2, 4, -1, 0.5]


@pytest.fixture
def table():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(ROWS, columns=["south", "north"], index=list("abcde"))
    return X, pandas.Series(B, index=list("abcde"), name="price")


def test_a_misaligned_index_is_noticed(table):
    X, y = table
    shuffled = y.iloc[[1, 0, 2, 4, 3]]
    for left, right in (
        (X, shuffled),
        (X, shuffled.to_frame()),
        (X.reset_index(drop=True), y.reset_index(drop=True)[::-1]),
    ):
        with pytest.raises(InputError, match=r"in row 0 \(row 0 is the first\) it is .*: pass y\.loc\[X\.index\]"):
            sl.lstsq(left, right)
    with pytest.raises(InputError, match=r"the rows of weights .*: pass weights\.loc\[X\.index\]"):
        sl.lstsq(X, y, weights=abs(shuffled))
    with pytest.raises(InputError, match="it is 'b', and 'a' in A"):
        sl.reference(X, shuffled)


def test_the_ways_out_of_a_misaligned_index_work(table):
    X, y = table
    shuffled = y.iloc[[1, 0, 2, 4, 3]]
    right = sl.lstsq(X, y).x.tolist()
    assert sl.lstsq(X, shuffled.loc[X.index]).x.tolist() == right
    assert sl.lstsq(X, shuffled.to_numpy()).x.tolist() != right


def test_an_index_with_the_same_labels_in_order_or_with_none_of_them_is_fine(table):
    X, y = table
    right = sl.lstsq(X, y).x.tolist()
    assert sl.lstsq(X, y.set_axis(np.array(list("abcde"), dtype=object))).x.tolist() == right
    assert sl.lstsq(X, y.reset_index(drop=True)).x.tolist() == right
    assert sl.lstsq(X.reset_index(drop=True), y.reset_index(drop=True)).x.tolist() == right
    assert sl.lstsq(X, y.tolist()).x.tolist() == right


def test_the_label_of_a_row_is_said_where_rows_have_labels(table):
    X, y = table
    X.loc["d", "north"] = np.nan
    with pytest.raises(
        NotFiniteError, match=r"column 'north', row 3 is nan \(row 0 is the first; its index is 'd'\): rem"
    ):
        sl.lstsq(X, y, intercept=True)
    with pytest.raises(NotFiniteError, match=r"row 3 is nan \(row 0 is the first; its index is 40\)"):
        sl.lstsq(X.set_axis(range(10, 60, 10)), y.to_numpy())


def test_columns_in_a_dict_or_a_list_are_those_of_the_same_rows(table):
    X, y = table
    shuffled = y.iloc[[1, 0, 2, 4, 3]]
    with pytest.raises(InputError, match="the rows of column 'v' are not those of column 'u', by their index"):
        sl.lstsq({"u": y, "v": shuffled}, B)
    for several in ({"u": y, "v": shuffled}, [y, shuffled], {"v": shuffled}):
        with pytest.raises(InputError, match="by their index"):
            sl.lstsq(X, several)
    assert sl.lstsq(X, [y, y + 1]).targets == ("price", "price (2)")


def test_rows_of_a_table_in_a_list_are_rows(table):
    X, y = table
    rows = [X.iloc[i] for i in range(5)]
    assert sl.lstsq(rows, y).x.tolist() == sl.lstsq(X, y).x.tolist()
    assert sl.lstsq(X, [X.iloc[i] * 2 for i in range(5)]).x.tolist() == [[2, 0], [0, 2]]
