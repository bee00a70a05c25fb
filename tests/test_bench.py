"""Whatever a route does ends as a row, and nothing it does is felt outside."""

import os
import warnings
from pathlib import Path

import misbehaving
import numpy as np
import pytest
from threadpoolctl import threadpool_info

import stabilitylab as sl
from stabilitylab import bench, isolation, metrics, problems
from stabilitylab.catalog import Entry, RouteLabel
from stabilitylab.copies import Copy
from stabilitylab.core import Fit, Status
from stabilitylab.errors import Breakdown, InputError, RankDeficientError, UnknownNameError
from stabilitylab.libraries.numpy_routes import NUMPY
from stabilitylab.library import python_library
from stabilitylab.regression import Decimals, Design, Problem
from stabilitylab.scoring import score

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
    "drops a direction": (lambda A, b: Fit(lstsq(A, b), rank=1), Status.RANK_REDUCED, ""),
    "gives NA": (lambda A, b: Fit(lstsq(A, b) * [1, 0], rank=1, dropped=(1,)), Status.DROPPED, "NA for x"),
    "has full rank": (lambda A, b: Fit(lstsq(A, b), rank=2, note="with a note"), Status.SOLVED, "with a note"),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_every_ending_is_a_row_with_each_score_or_the_reason_why_not(how):
    function, status, note = ENDINGS[how]
    row = sl.run(function, NORRIS)
    assert row.status == status.name
    assert note is None or row.note == note
    assert set(metrics.names()) <= set(row.scores)
    for name in metrics.names():
        assert (row.scores[name] is None) == bool(row.reasons.get(name)), name
        assert row.scores[name] is None or np.isfinite(row.scores[name])
    assert (row.x is not None) == row.answered == status.answered
    if not status.answered:
        assert set(row.reasons.values()) == {status.value}


def test_warnings_are_kept_once_each_with_their_category():
    assert sl.run(warning("beware", "beware", "twice"), NORRIS).warnings == (
        "UserWarning: beware",
        "UserWarning: twice",
    )
    (said,) = sl.run(dividing_by_zero, NORRIS).warnings
    assert said.startswith("RuntimeWarning: divide by zero")
    warned = bench.solve(bench.as_route(warning("then stops")), NORRIS)
    assert warned.warnings == ("UserWarning: then stops",)


def test_a_missing_library_is_a_refusal_that_says_how_to_install_it(monkeypatch):
    absent = python_library("absent", title="Absent", modules=("a_library_that_is_nowhere",), distribution="absent")
    entry = route_of(lstsq, name="planted.absent", library=absent)
    monkeypatch.setitem(sl.libraries.catalog._entries, "planted.absent", entry)
    row = sl.run("planted.absent", NORRIS)
    assert row.status == "REFUSED"
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
    entry = route_of(without(*dropped), policy="basic")
    row = score(entry, DEFICIENT, bench.solve(entry, DEFICIENT), truth="matrix")
    if digits is None:
        assert row["digits.min"] is None
        assert "no basic solution" in row.reasons["digits.min"]
    else:
        assert row["digits.min"] > digits


def test_a_column_dropped_from_a_matrix_of_full_rank_is_no_digits():
    entry = route_of(without(1, na=True), policy="basic")
    row = score(entry, NORRIS, bench.solve(entry, NORRIS), truth="decimal")
    assert (row.status, row["digits.min"]) == ("DROPPED", 0)
    assert "1 of 2 directions kept" in row.cause


def test_what_is_dropped_from_a_permuted_copy_is_named_as_published():
    entry = route_of(without(0, na=True), policy="basic", design="matrix")
    for k in range(1, 6):
        solution = bench.solve(entry, LONGLEY, Copy("permuted", k))
        (zero,) = np.flatnonzero(solution.x == 0)
        assert solution.note == f"NA for {LONGLEY.feature_names[zero]}"


def test_a_route_with_an_intercept_of_its_own_gets_the_columns_without_it():
    seen = []

    def route(X, y, intercept):
        seen.append((X.shape, intercept))
        return lstsq(np.column_stack([np.ones(len(y)), X]) if intercept else X, y)

    entry = route_of(route, design="columns")
    for problem in (LONGLEY, FILIP, problems.get("nist.noint1")(), problems.get("classic.hilbert")()):
        assert bench.unsuited(entry.label, problem) is None
        assert np.array_equal(bench.solve(entry, problem).x, lstsq(problem.A, problem.b))
    assert seen == [((16, 6), True), ((82, 10), True), ((11, 1), False), ((10, 10), False)]


def test_an_isolated_library_s_route_runs_in_another_process(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    for library, isolated in ((NUMPY, False), (misbehaving.LIBRARY, True)):
        entry = route_of(misbehaving.process_id, library=library)
        assert (bench.answered(entry, (None, None)).fit.x[0] != os.getpid()) == isolated
    isolation.end_all()


def test_an_interrupt_is_not_an_answer():
    with pytest.raises(KeyboardInterrupt):
        sl.run(raising(KeyboardInterrupt()), NORRIS)


def test_a_route_cannot_change_the_problem_and_gets_arrays_it_may_write():
    before = NORRIS.A.tobytes() + NORRIS.b.tobytes()

    def scribbles(A, b):
        x = lstsq(A, b)
        A[:], b[:] = 7.0, 7.0
        return x

    rows = [sl.run(scribbles, NORRIS) for _ in range(2)]
    assert NORRIS.A.tobytes() + NORRIS.b.tobytes() == before
    assert rows[0] == rows[1]
    assert rows[0].status == "SOLVED"


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
    sl.run(looks, NORRIS)
    assert set(seen) == {1}
    assert outside() == before


def test_a_route_asked_for_a_line_gets_x_and_y_and_others_the_matrix():
    seen = []

    def looks(*arguments):
        seen.append(arguments)
        return np.array([1.0, 2.0])

    for design in ("matrix", "line", "polynomial"):
        assert bench.solve(route_of(looks, design=design), LINE).status is Status.SOLVED
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
        sl.run(solver, problem)


def test_an_unknown_route_is_named_with_its_neighbours():
    with pytest.raises(UnknownNameError, match=r"qr\.householder"):
        sl.run("qr.housholder", NORRIS)


# --- what costs digits


def test_the_cause_on_filip_names_the_cut_off():
    row = sl.run("numpy.lstsq", FILIP)
    assert row.status == "RANK_REDUCED"
    assert row.rank == 10
    assert row.cause.startswith("rank cut-off")
    assert sl.bench.route("numpy.lstsq").label.cutoff_says in row.cause
    assert "10 of 11 directions kept, A has full rank" in row.cause
    assert sl.run("qr.householder", FILIP).cause == ""
    unreported = sl.run("numpy.pinv", FILIP)
    assert unreported.rank is None
    assert unreported.cause.startswith("rank cut-off")


def off_by(digits):
    return lambda A, b: bench.route("qr.householder").function(A, b) * (1 + 10.0**-digits)


def test_a_route_below_its_law_is_worse_than_theory():
    law = {"law": "columnwise", "constant": 0.12}
    honest, liar = route_of(off_by(16), **law), route_of(off_by(4), **law)
    for problem in (NORRIS, LONGLEY):
        rows = [score(r, problem, bench.solve(r, problem), truth="matrix") for r in (honest, liar)]
        assert [row.verdict for row in rows] == ["as predicted", "worse than theory"]
        assert rows[0]["digits.min"] - rows[1]["digits.min"] > 4


@pytest.mark.parametrize("truth", ["matrix", "data", "decimal"])
def test_householder_qr_is_as_predicted(truth):
    names = ["nist.longley", "nist.filip", "nist.wampler4", "real.years", "classic.hilbert", "synthetic.randsvd"]
    rows = [sl.run("qr.householder", problems.get(name)(), truth=truth) for name in names]
    assert {row.verdict for row in rows} == {"as predicted"}
    assert all(row["predicted.digits"] is not None for row in rows)


def test_a_route_without_a_law_has_no_verdict():
    assert sl.run(lstsq, NORRIS).verdict == ""


def test_the_three_truths_of_filip_are_digits_apart():
    digits = {t: sl.run("qr.householder", FILIP, truth=t)["digits.min"] for t in ("decimal", "data", "matrix")}
    exact = {t: sl.reference(FILIP, truth=t).rounded() for t in digits}
    agreement = {(s, t): sl.run(returning(x), FILIP, truth=t)["digits.min"] for s, x in exact.items() for t in exact}
    assert min(agreement[t, t] for t in exact) > 15.6
    assert max(agreement["matrix", t] for t in ("decimal", "data")) < 10
    assert 10 < agreement["decimal", "data"] < 15
    assert digits["matrix"] > digits["decimal"] + 0.2


def test_deficient_data_are_scored_against_the_answer_the_route_declares():
    scored = sl.run("numpy.lstsq", DEFICIENT)
    assert scored.status == "RANK_REDUCED"
    assert scored["digits.min"] > 12
    assert scored.cause == scored.verdict == ""
    other = sl.run("qr.householder", DEFICIENT)
    assert other["digits.min"] is None
    assert "declares no choice" in other.reasons["digits.min"]
    with pytest.raises(RankDeficientError):
        sl.reference(DEFICIENT)


def test_columns_that_rounding_made_one_are_no_cut_offs_fault():
    """1.7e18 + i is one number in float64: the decimals have a slope, the stored matrix has none."""
    x = Decimals(tuple(17 * 10**17 + i for i in range(100)))
    y = Decimals(tuple(3 * i + i % 2 for i in range(100)))
    collapsed = Problem("collapsed", {"x": x, "y": y}, Design.line(), "planted")
    row = sl.run("numpy.lstsq", collapsed, truth="decimal")
    assert row.status == "RANK_REDUCED"
    assert row["digits.min"] == 0
    assert row.cause == row.verdict == ""
    assert sl.run("qr.householder", collapsed, truth="decimal").status == "REFUSED"


@pytest.mark.parametrize(
    "fit",
    [
        Fit(np.full(2, 1e308)),
        Fit(np.ones(2), Q=np.full((3, 2), np.nan)),
        Fit(np.ones(2), standard_errors=np.ones(5)),
        Fit(np.zeros(2), r_squared=np.nan, growth=np.inf),
    ],
)
def test_a_score_that_cannot_be_computed_is_a_reason(fit):
    row = sl.run(returning(fit), NORRIS)
    assert row.status == "SOLVED"
    assert row["digits.min"] is not None
    assert all((row.scores[name] is None) == (name in row.reasons) for name in metrics.names())


@pytest.mark.parametrize("copy", [Copy("permuted", 3), Copy("scaled", 3)], ids=lambda copy: copy.name)
def test_the_answer_to_a_copy_is_carried_back_before_it_is_scored(copy):
    row = sl.run("qr.householder", LONGLEY, copy=copy, truth="decimal")
    assert row["digits.min"] > 9
    assert row.x == pytest.approx(sl.reference(LONGLEY, truth="decimal").rounded(), rel=1e-9)


def test_copies_and_formats_are_named_in_the_row():
    row = sl.run("qr.householder", LONGLEY.rounded_to("float32"), copy=Copy("permuted", 3), metrics=["digits.min"])
    assert (row.copy, row.dtype, row.works_in, row.truth) == ("permuted 3", "float32", "float32", "matrix")
    assert set(row.scores) == {"digits.min", "predicted.digits", "predicted.error"}
    assert row.problem_hash == LONGLEY.rounded_to("float32").digest[:16]
    assert sl.run("numpy.lstsq", LONGLEY.rounded_to("float32")).works_in == "float64"


def test_a_function_without_a_label_takes_every_format():
    def doubled(A, b):
        return np.linalg.lstsq(A.astype(float), b.astype(float))[0].astype(A.dtype)

    for kind in (np.float32, np.float64, np.longdouble):
        assert sl.run(doubled, NORRIS.rounded_to(kind)).status == "SOLVED"
