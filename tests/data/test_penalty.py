"""A penalty as rows: the same minimiser, exactly, found again in the rows, and nothing else taken for one."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab.conformance.rational import reduced
from stabilitylab.core.errors import InputError
from stabilitylab.data.call_form import CALL_FORMS
from stabilitylab.data.penalty import Penalty, penalised, penalty_in
from stabilitylab.data.problem import Design, Problem
from wild import FEWER

LINE = Problem("a line", {"y": [1.0, 2.0, 4.0, 3.0], "x": [0.0, 1.0, 2.0, 4.0]}, Design.line(), "planted")


def minimiser(X, y, penalties):
    """The fractions x with (X'X + diag(penalties)) x = X'y."""
    n = X.shape[1]
    A, b = [[Fraction(v) for v in row] for row in X.tolist()], [Fraction(v) for v in y.tolist()]
    system = [
        [sum(row[i] * row[j] for row in A) + (Fraction(penalties[i]) if i == j else 0) for j in range(n)]
        + [sum(row[i] * v for row, v in zip(A, b, strict=True))]
        for i in range(n)
    ]
    return [row[n] for row in reduced(system)[0]]


@FEWER
@given(
    numbers=st.lists(st.integers(-50, 50), min_size=15, max_size=15),
    root=st.sampled_from([2.0**-30, 0.125, 1.0, 3.0, 1.5, 2.0**200]),
    intercept=st.booleans(),
    spared=st.booleans(),
)
def test_the_rows_have_the_minimiser_of_the_penalty_exactly(numbers, root, intercept, spared):
    table = np.array(numbers, dtype=float).reshape(5, 3)
    data = {"y": table[:, 0], "p": table[:, 1], "q": table[:, 2]}
    problem = Problem("small", data, Design.columns(intercept=intercept), "planted")
    made = penalised(problem, root**2, penalize_intercept=not spared)
    assert made.feature_names == problem.feature_names
    X = np.array(problem.A)
    penalties = [root**2 * (not (intercept and spared and j == 0)) for j in range(X.shape[1])]
    exact = minimiser(X, problem.b, penalties)
    system = made.exact("matrix")
    A = [[int(v) * s for v, s in zip(row, system.column_scales, strict=True)] for row in system.A]
    b = [int(v) * system.b_scale for v in system.b]
    rest = [v - sum(a * x for a, x in zip(row, exact, strict=True)) for row, v in zip(A, b, strict=True)]
    assert [sum(row[j] * r for row, r in zip(A, rest, strict=True)) for j in range(len(exact))] == [0] * len(exact)
    assert (
        sl.lstsq(made.A, made.b).x.tolist()
        == sl.lstsq(
            table[:, 1:], table[:, 0], intercept=intercept, ridge=root**2, penalize_intercept=intercept and not spared
        ).x.tolist()
    )


@given(root=st.sampled_from([0.5, 1.0, 3.0]), dtype=st.sampled_from(["float32", "float64", "longdouble"]))
def test_what_was_put_below_is_found_in_any_order_of_its_rows(root, dtype):
    for design, intercept in ((Design.line(), True), (Design.columns(intercept=False), False)):
        problem = penalised(Problem("small", LINE.data, design, "planted", format=dtype), root**2)
        order = [0, 1, 2, 3, *reversed(range(4, len(problem.b)))]
        assert penalty_in(problem.A[order], problem.b[order]) == Penalty(root, 4, intercept)
        for form in CALL_FORMS.values():
            assert form.accepts(problem) == (form.name in ("matrix", "columns", "ridge"))


def below(rows, b=(0, 0)):
    return np.vstack([[[2.0, 1.0], [1.0, 5.0], [1.0, 1.0]], rows]), np.array([1.0, 2.0, 3.0, *b])


@pytest.mark.parametrize(
    ("A", "b"),
    [
        below([[1, 0], [0, 2]]),
        below([[1, 0], [0, -1]]),
        below([[-1, 0], [0, -1]]),
        below([[1, 0], [1, 0]]),
        below([[1, 0], [0, 0]]),
        below([[1, 1], [0, 1]]),
        below([[1, 0], [0, 1]], b=(0, 1)),
        below([[0.1, 0], [0, 0.1]]),
        below([[1e-200, 0], [0, 1e-200]]),
        below([[1e200, 0], [0, 1e200]]),
        (2 * np.eye(2), np.zeros(2)),
        below([[0, 1]], b=(0,)),
    ],
)
def test_other_rows_are_no_penalty(A, b):
    assert penalty_in(*below([[1, 0], [0, 1]])) == Penalty(1.0, 3, False)
    assert penalty_in(A, b) is None
    assert not CALL_FORMS["ridge"].accepts(Problem.from_matrix("none", A, b))


def test_rows_below_ones_spare_the_intercept_and_below_others_are_none():
    A, b = np.array([[1.0, 2.0], [1.0, 5.0], [0.0, 3.0]]), np.array([1.0, 2.0, 0.0])
    assert penalty_in(A, b) == Penalty(3.0, 2, True)
    for i in range(3):
        changed = A.copy()
        changed[i, 0] += 1
        assert penalty_in(changed, b) is None


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("nan"), float("inf"), True, "1", None])
def test_what_is_no_penalty_is_refused(penalty):
    with pytest.raises(InputError, match="must be a finite number above 0; got"):
        penalised(LINE, penalty)


@pytest.mark.parametrize(("penalty", "near"), [(0.1, "0.0625"), (2, "1"), (1e-320, "e-321"), (1 + 2.0**-52, "1")])
def test_a_penalty_without_a_square_root_is_refused_with_one_that_has_it(penalty, near):
    with pytest.raises(InputError, match=rf"must be the square .*{near}, the nearest power of four"):
        penalised(LINE, penalty)


def test_a_format_that_does_not_hold_the_square_is_told():
    assert penalised(LINE, (1 + 2.0**-20) ** 2).shape == (5, 2)
    with pytest.raises(InputError, match="and float32 must hold both"):
        penalised(LINE.rounded_to("float32"), (1 + 2.0**-20) ** 2)


def test_a_ridge_route_is_measured_and_says_what_it_does_not_take():
    problem = sl.problems.penalised(sl.problems.get("nist.longley")(), 4.0**10)
    row = sl.measure("numpy.ridge_svd", problem)
    assert row.status == "SOLVED"
    assert row["digits.min"] > 12
    assert sl.measure("numpy.lstsq", problem)["digits.min"] > 9
    with pytest.raises(InputError, match=r"takes problems with a penalty \(problems.penalised\) only; nist.longley is"):
        sl.measure("numpy.ridge_svd", sl.problems.get("nist.longley")())
    with pytest.raises(InputError, match="takes no weights"):
        CALL_FORMS["ridge"].arguments(problem, weights=[1.0] * 22)
    with pytest.raises(InputError, match="the last rows are no penalty"):
        CALL_FORMS["ridge"].arguments(LINE)


def test_a_sparse_matrix_goes_without_the_rows_of_the_penalty():
    X, y, intercept, penalty = CALL_FORMS["ridge"].arguments(penalised(LINE, 4.0), sparse=True).arguments
    assert X.format == "csr"
    assert X.toarray().tolist() == [[0], [1], [2], [4]]
    assert (y.tolist(), intercept, penalty) == ([1, 2, 4, 3], True, 4.0)
