"""What was once refused though there is an answer, was the answer to another question, or an error of Python."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

import stabilitylab as sl
from stabilitylab.core.errors import InputError, OutOfRangeError, ShapeError, UnderdeterminedError
from stabilitylab.data.terms import Power

A, B = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0], [8.0, 8.0]]), np.array([1.0, 2.0, 4.0, 3.0])


@pytest.mark.parametrize("penalty", [1e-9, 1e-60, 1e-100, 1.0])
def test_a_penalty_makes_fewer_rows_than_columns_enough_however_small_it_is(penalty):
    fit = sl.lstsq([[1.0, 2.0]], [1.0], ridge=penalty)
    share = 1 / (5 + Fraction(penalty))  # x = a (a a' + lambda)^-1 b
    assert fit.x.tolist() == [float(share), float(2 * share)]
    assert fit.rows == 1
    wide = sl.lstsq(np.eye(70)[:60] + 1.0, np.ones(60), ridge=penalty)
    assert wide.certificate.rank == 70


def test_an_intercept_without_a_penalty_is_determined_by_the_rest():
    fit = sl.lstsq([[1.0, -2.0], [0.0, -3.0]], [-2.0, -3.0], intercept=True, ridge=1e-60)
    assert fit.x.tolist() == [-1.5, 0.5, 0.5]


def test_penalties_are_taken_by_their_names():
    pandas = pytest.importorskip("pandas")
    table, expected = pandas.DataFrame(A, columns=["x", "y"]), sl.lstsq(A, B, ridge=[1, 100]).x.tolist()
    for ridge in (pandas.Series({"y": 100.0, "x": 1.0}), {"y": 100, "x": 1}, pandas.Series([1, 100])):
        assert sl.lstsq(table, B, ridge=ridge).x.tolist() == expected
    with pytest.raises(InputError, match="ridge must name each of x and y, and no other; it names z"):
        sl.lstsq(table, B, ridge={"z": 1})


@pytest.mark.parametrize(("penalty", "shown"), [("1e-400", "1e-400"), (10, "10"), ("0.1", "0.1")])
def test_a_penalty_of_any_size_is_printed(penalty, shown):
    fit = sl.lstsq(A, B, ridge=penalty)
    assert f"{shown} x² for a0 and a1" in str(fit.summary())
    assert shown in repr(fit.ridge)
    huge = sl.lstsq(A * 1e200, B * 1e200, ridge="1e330")
    assert huge.to_dict()["penalties"] == [np.inf, np.inf]
    with pytest.raises(OutOfRangeError, match=r"the penalty is -1\.0*e\+330"):
        sl.lstsq(A, B, ridge="-1e330")


def test_columns_whose_names_are_numbers_are_taken_by_them():
    pandas = pytest.importorskip("pandas")
    fit = sl.lstsq(pandas.DataFrame(A, columns=[2019, 2020]), B)
    turned = pandas.DataFrame(A[:, ::-1], columns=[2020, 2019])
    assert fit.predict(turned).tolist() == fit.predict(A).tolist()
    with pytest.raises(InputError, match="no column '2019' and '2021' is not in the fit"):
        fit.predict(pandas.DataFrame(A, columns=[2020, 2021]))
    data = {"y": B, "u": A[:, 0], "u^2": A[:, 1]}
    twice = sl.lstsq(sl.Problem("two of one name", data, sl.Design.of("u^2", Power("u", 2)), "planted"))
    with pytest.raises(InputError, match=r"two coefficients of the fit are named 'u\^2'"):
        twice.predict(pandas.DataFrame({"u^2": [1.0]}))


def test_every_pair_of_arguments_with_an_index_is_compared():
    pandas = pytest.importorskip("pandas")
    table, turned = pandas.DataFrame(A, columns=["x", "y"]), pandas.Series(B, index=[3, 2, 1, 0])
    with pytest.raises(InputError, match="the rows of b are not those of A"):
        sl.lstsq({"x": table.x, "y": table.y}, turned)
    with pytest.raises(InputError, match="the rows of weights are not those of b"):
        sl.lstsq(A, pandas.Series(B), weights=turned)


@pytest.mark.parametrize("names", [{"area", "age"}, 5])
def test_names_have_an_order(names):
    with pytest.raises(InputError, match="names must be a list of names, in the order of the columns"):
        sl.lstsq(A, B, names=names)


def test_whole_numbers_of_any_size_are_summed_block_by_block(tmp_path):
    (tmp_path / "h.csv").write_text("x,y\n1e70,2\n3e70,4\n7e70,8\n")
    assert sl.fit_file(tmp_path / "h.csv", "y").x.tolist() == [1.0, 1e-70]
    left, right = [[10**70], [3 * 10**70]], [2.0, 4.0]
    assert sl.GramAccumulator(1).add(left, right).solve().x.tolist() == sl.lstsq(left, right).x.tolist()
    days = np.array(["2020-01-01", "2021-01-01"], dtype="M8[D]")[:, None]
    assert sl.GramAccumulator(1).add(days, right).solve().x.tolist() == sl.lstsq(days, right).x.tolist()
    with pytest.raises(InputError, match="a block must hold floats or integers"):
        sl.GramAccumulator(1).add([["0.5"], ["1"]], right)


@pytest.mark.parametrize("weight", [1e308, "1e310", 10**400], ids=["double", "text", "integer"])
def test_weights_may_add_up_to_more_than_a_double_holds(weight):
    plain = sl.lstsq(A, B)
    assert sl.lstsq(A, B, weights=[weight] * 4).x.tolist() == plain.x.tolist()
    if isinstance(weight, float):
        sums = sl.GramAccumulator(2).add(A, B, [weight] * 4)
        assert sums.solve().x.tolist() == plain.x.tolist()


def test_at_rank_0_leverages_are_0():
    fit = sl.lstsq([[0.0], [0.0]], [1.0, 2.0], policy="minimum-norm")
    assert fit.leverage.tolist() == [0.0, 0.0]
    assert np.isnan(fit.cooks_distance).all()


def test_an_accumulator_without_rows_has_no_solution_and_without_weights_no_absolute_ones():
    with pytest.raises(UnderdeterminedError, match="no row of weight above 0 was added"):
        sl.GramAccumulator(2).solve(policy="minimum-norm")
    with pytest.raises(InputError, match="add rows with weights"):
        sl.GramAccumulator(2).add(A, B).solve(weighting="absolute")


def test_numbers_out_of_every_format_end_the_check():
    with pytest.raises(OutOfRangeError, match="far outside every format"):
        sl.check(sl.lstsq(A, B).certificate, [["1e30000000", "1"], ["2", "3"]], ["1", "3"])


def test_a_sparse_matrix_whose_indices_lie_is_refused():
    matrix = sparse.csr_matrix(np.eye(3, 2))
    matrix.indices[0] = 7
    with pytest.raises(ShapeError, match="has 2 columns, and an entry in column 7"):
        sl.lstsq(matrix, [1.0, 2.0, 3.0])


def test_a_text_in_an_encoding_that_needs_a_mark_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n2,3\n4,4\n")
    with pytest.raises(InputError, match="this is no text in utf-16"):
        sl.fit_file(tmp_path / "a.csv", "y", encoding="utf-16")


def test_a_file_with_a_column_named_intercept_has_two_names_and_penalties_are_those_of_its_columns(tmp_path):
    (tmp_path / "a.csv").write_text("intercept,x,y\n1,2,1\n3,4,2\n5,7,4\n8,8,3\n")
    path = tmp_path / "a.csv"
    fit = sl.fit_file(path, "y", ridge={"intercept (2)": 1, "x": 100})
    assert fit.names == ("intercept", "intercept (2)", "x")
    assert fit.x.tolist() == sl.lstsq(A, B, intercept=True, ridge=[1, 100]).x.tolist()
    assert fit.x.tolist() == sl.fit_file(path, "y", ridge=[1, 100]).x.tolist()
    with pytest.raises(InputError, match="one for each of 2 coefficients, the intercept left out"):
        sl.fit_file(path, "y", ridge=[1, 2, 3])
    with pytest.raises(InputError, match="got True"):
        sl.fit_file(path, "y", ridge=True)
