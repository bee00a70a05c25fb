"""Whatever a route does becomes a row, and changes nothing outside."""

import os
import warnings

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import misbehaving
import stabilitylab as sl
from paths import SUPPORT
from stabilitylab import bench, problems
from stabilitylab.bench import isolation
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.errors import Breakdown, InputError, NotNumericError, UnknownNameError
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit, Status
from stabilitylab.data.equivalents import Variant
from stabilitylab.data.problem import Design, Problem
from stabilitylab.libraries.numpy_routes import NUMPY
from stabilitylab.scoring import metrics
from stabilitylab.scoring.score import score_solution

LONGLEY = problems.get("nist.longley")()
FILIP = problems.get("nist.filip")()
NORRIS = problems.get("nist.norris")()
LINE = Problem("a line", {"y": np.array([1.0, 3.0, 5.0]), "t": np.array([0.0, 1.0, 2.0])}, Design.line(), "planted")
DEFICIENT = problems.get("real.one_hot")()


def lstsq(A, b):
    return np.linalg.lstsq(A, b)[0]


def route_of(function, **claims):
    label = {"name": "planted.route", "source": "planted", "scalars": ("float32", "float64"), **claims}
    return Entry(label=RouteLabel(**label), function=function)


def raising(error):
    def route(A, b):
        raise error

    return route


def warning(*messages):
    def route(A, b):
        for message in messages:
            warnings.warn(message, stacklevel=1)
        return lstsq(A, b)

    return route


def returning(value):
    return lambda A, b: value


def dividing_by_zero(A, b):
    return lstsq(A, b) + 0 * (np.ones(1) / np.zeros(1) > 0)


def with_nan(A, b):
    x = lstsq(A, b)
    x[-1] = np.nan
    return x


def truncated(A, b, rank):
    """The answer over the leading right singular vectors, with their number."""
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return Fit(Vt[:rank].T @ ((U[:, :rank].T @ b) / s[:rank]), rank=rank)


ENDINGS = {
    "solves": (lstsq, Status.SOLVED, ""),
    "breaks down": (raising(Breakdown("pivot 2 is -1e-9")), Status.REFUSED, "pivot 2 is -1e-9"),
    "refuses as LAPACK": (raising(np.linalg.LinAlgError("singular")), Status.REFUSED, "LinAlgError: singular"),
    "raises": (raising(KeyError("planted")), Status.RAISED, "KeyError: 'planted'"),
    "raises a package error": (raising(InputError("no")), Status.RAISED, "no"),
    "fails an assertion": (raising(AssertionError("no")), Status.RAISED, "AssertionError: no"),
    "exits": (raising(SystemExit(3)), Status.RAISED, "SystemExit: 3"),
    "runs out of memory": (raising(MemoryError()), Status.RAISED, "MemoryError: "),
    "raises what no encoding takes": (raising(ValueError("\ud800\u2028")), Status.RAISED, "ValueError: \ud800\u2028"),
    "warns": (warning("beware", "beware", "twice"), Status.WARNED, ""),
    "divides by zero": (dividing_by_zero, Status.WARNED, ""),
    "has a NaN": (with_nan, Status.NOT_FINITE, "x[1] is nan"),
    "has an infinity": (returning(np.array([np.inf, 1.0])), Status.NOT_FINITE, "x[0] is inf"),
    "is a column": (returning(np.ones((2, 1))), Status.RAISED, "returned float64 of shape (2, 1)"),
    "is too long": (returning(np.ones(3)), Status.RAISED, "returned float64 of shape (3,)"),
    "is whole": (returning(np.array([1, 2])), Status.RAISED, "returned int64 of shape (2,)"),
    "is complex": (returning(np.array([1j, 2])), Status.RAISED, "returned complex128 of shape (2,)"),
    "is nothing": (returning(None), Status.RAISED, "returned object of shape ()"),
    "is ragged": (returning([[1.0], [1.0, 2.0]]), Status.RAISED, None),
    "drops a direction": (lambda A, b: truncated(A, b, 1), Status.RANK_REDUCED, ""),
    "counts one less": (lambda A, b: Fit(lstsq(A, b), rank=1), Status.REPORTS_LOWER_RANK, ""),
    "gives NA": (lambda A, b: Fit(lstsq(A, b) * [1, 0], rank=1, dropped=(1,)), Status.DROPPED, "NA for x"),
    "has full rank": (lambda A, b: Fit(lstsq(A, b), rank=2, note="with a note"), Status.SOLVED, "with a note"),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_every_ending_is_a_row_with_each_score_or_the_reason_why_not(how):
    function, status, note = ENDINGS[how]
    row = sl.measure(function, NORRIS)
    assert row.status == status.name
    assert note is None or row.note == note
    assert set(metrics.names()) <= set(row.scores)
    for name in metrics.names():
        assert (row.scores[name] is None) == bool(row.reasons.get(name)), name
        assert row.scores[name] is None or np.isfinite(row.scores[name])
    assert (row.x is not None) == row.answered == status.answered
    if not status.answered:
        assert set(row.reasons.values()) == {status.value}


def test_a_rank_counted_afterwards_drops_no_direction_whatever_the_answer_resembles():
    def counted(A, b):
        return truncated(A, b, 1)

    afterwards = route_of(counted, tags=frozenset({"no-rank-test"}))
    row = score_solution(afterwards, NORRIS, bench.solve(afterwards, NORRIS), truth="matrix")
    assert (row.status, row.rank, row.cause) == ("REPORTS_LOWER_RANK", 1, "")
    declared = route_of(counted, tags=frozenset({"no-rank-test"}), cutoff_says="pivots below eps")
    row = score_solution(declared, NORRIS, bench.solve(declared, NORRIS), truth="matrix")
    assert (row.status, row.cause[:12]) == ("RANK_REDUCED", "rank cut-off")


def test_warnings_are_kept_once_each_with_their_category():
    assert sl.measure(warning("beware", "beware", "twice"), NORRIS).warnings == (
        "UserWarning: beware",
        "UserWarning: twice",
    )
    (said,) = sl.measure(dividing_by_zero, NORRIS).warnings
    assert said.startswith("RuntimeWarning: divide by zero")
    warned = bench.solve(bench.as_route(warning("then stops")), NORRIS)
    assert warned.warnings == ("UserWarning: then stops",)


def test_a_missing_library_is_unusable_and_says_how_to_install_it():
    absent = python_library("absent", title="Absent", modules=("a_library_that_is_nowhere",), distribution="absent")
    entry = route_of(lstsq, name="planted.absent", library=absent)
    with sl.libraries.catalog.temporarily(entry):
        row = sl.measure("planted.absent", NORRIS)
    assert row.status == "UNUSABLE"
    assert "pip install" in row.note


def without(*dropped, na=False):
    """Least squares over the other columns, 0 for those that are dropped."""

    def route(A, b):
        kept = [j for j in range(A.shape[1]) if j not in dropped]
        x = np.zeros(A.shape[1])
        x[kept] = lstsq(A[:, kept], b)
        return Fit(x, rank=len(kept), dropped=dropped if na else ())

    return route


@pytest.mark.parametrize(("dropped", "digits"), [((0,), 12), ((1,), 12), ((3,), 12), ((), None), ((1, 2), None)])
def test_a_basic_solution_is_scored_over_the_columns_that_were_kept(dropped, digits):
    entry = route_of(without(*dropped), deficient_answer="basic")
    row = score_solution(entry, DEFICIENT, bench.solve(entry, DEFICIENT), truth="matrix")
    if digits is None:
        assert row["digits.min"] is None
        assert "no basic solution" in row.reasons["digits.min"]
    else:
        assert row["digits.min"] > digits


def test_a_column_dropped_from_a_matrix_of_full_rank_is_no_digits():
    entry = route_of(without(1, na=True), deficient_answer="basic")
    row = score_solution(entry, NORRIS, bench.solve(entry, NORRIS), truth="decimal")
    assert (row.status, row["digits.min"]) == ("DROPPED", 0)
    assert "1 of 2 directions kept" in row.cause


def test_what_is_dropped_from_a_permuted_copy_is_named_as_published():
    entry = route_of(without(0, na=True), deficient_answer="basic", call_form="matrix")
    for k in range(1, 6):
        solution = bench.solve(entry, LONGLEY, Variant("permuted", k))
        (zero,) = np.flatnonzero(solution.x == 0)
        assert solution.note == f"NA for {LONGLEY.feature_names[zero]}"


def test_a_route_with_an_intercept_of_its_own_gets_the_columns_without_it():
    seen = []

    def route(X, y, intercept):
        seen.append((X.shape, intercept))
        return lstsq(np.column_stack([np.ones(len(y)), X]) if intercept else X, y)

    entry = route_of(route, call_form="columns")
    for problem in (LONGLEY, FILIP, problems.get("nist.noint1")(), problems.get("classic.hilbert")()):
        assert bench.unsuited(entry.label, problem) is None
        assert np.array_equal(bench.solve(entry, problem).x, lstsq(problem.A, problem.b))
    assert seen == [((16, 6), True), ((82, 10), True), ((11, 1), False), ((10, 10), False)]


def test_an_isolated_library_s_route_runs_in_another_process(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(SUPPORT))
    for library, isolated in ((NUMPY, False), (misbehaving.LIBRARY, True)):
        entry = route_of(misbehaving.process_id, library=library)
        assert (bench.answered(entry, (None, None)).fit.x[0] != os.getpid()) == isolated
    isolation.end_all()


def test_an_interrupt_is_not_an_answer():
    with pytest.raises(KeyboardInterrupt):
        sl.measure(raising(KeyboardInterrupt()), NORRIS)


def test_a_route_cannot_change_the_problem_and_gets_arrays_it_may_write():
    before = NORRIS.A.tobytes() + NORRIS.b.tobytes()

    def scribbles(A, b):
        x = lstsq(A, b)
        A[:], b[:] = 7.0, 7.0
        return x

    rows = [sl.measure(scribbles, NORRIS) for _ in range(2)]
    assert NORRIS.A.tobytes() + NORRIS.b.tobytes() == before
    assert rows[0] == rows[1]
    assert rows[0].status == "SOLVED"


@pytest.mark.parametrize("solver", [None, object(), ["numpy.lstsq"]])
def test_a_solver_is_a_name_or_a_function(solver):
    with pytest.raises(
        InputError, match=r"solver must be a catalogue name or a function of \(A, b\); got .*: measure\("
    ):
        sl.measure(solver, NORRIS)


class Estimator:
    """A model as scikit-learn has them; `tests/test_sklearn.py` takes one of its own."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return X


class Results:
    """A fitted model as statsmodels has them."""

    params = (1.0, 2.0)

    def predict(self, X):
        return X


@pytest.mark.parametrize(
    "model", [Estimator, Estimator(), Estimator().fit, Results()], ids=["class", "model", "method", "results"]
)
def test_a_model_is_a_mistake_and_no_row(model):
    with pytest.raises(InputError, match=r"solver is a model \((Estimator|Results)\), .*sl\.score"):
        sl.measure(model, NORRIS)
    with pytest.raises(NotNumericError, match=r"x is a model \(.*\), not numbers: pass its coefficients"):
        sl.score(model, NORRIS)


def test_one_metric_is_a_list_of_one():
    with pytest.raises(InputError, match=r"give a list: metrics=\['digits\.min'\]"):
        sl.measure(lstsq, NORRIS, metrics="digits.min")


def test_warning_filters_and_blas_threads_are_as_before():
    seen = []

    def looks(A, b):
        seen.extend(info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas")
        warnings.simplefilter("error")
        return lstsq(A, b)

    def outside():
        threads = [info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"]
        return threads, list(warnings.filters), np.geterr()

    before = outside()
    sl.measure(looks, NORRIS)
    assert set(seen) == {1}
    assert outside() == before


def test_a_route_asked_for_a_line_gets_x_and_y_and_others_the_matrix():
    seen = []

    def looks(*arguments):
        seen.append(arguments)
        return np.array([1.0, 2.0])

    for call_form in ("matrix", "line", "polynomial"):
        assert bench.solve(route_of(looks, call_form=call_form), LINE).status is Status.SOLVED
    (A, b), (x, y), (x3, y3, degree) = seen
    assert A.tolist() == [[1, 0], [1, 1], [1, 2]]
    assert x.tolist() == x3.tolist() == [0, 1, 2]
    assert y.tolist() == b.tolist() == y3.tolist() == [1, 3, 5]
    assert degree == 1


@pytest.mark.parametrize(
    ("solver", "problem", "says"),
    [
        ("scipy.linregress", FILIP, "takes a line only"),
        ("statistics.linear_regression", LONGLEY, "takes a line only"),
        ("gauss.partial", LONGLEY, "takes square systems only"),
        ("statistics.linear_regression", NORRIS.rounded_to("float32"), "works on float64"),
    ],
)
def test_a_route_that_does_not_take_the_problem_is_an_input_error(solver, problem, says):
    with pytest.raises(InputError, match=says):
        sl.measure(solver, problem)


def test_an_unknown_route_is_named_with_its_neighbours():
    with pytest.raises(UnknownNameError, match=r"qr\.householder"):
        sl.measure("qr.housholder", NORRIS)
