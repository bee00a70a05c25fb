"""Each cause on an answer planted to have it, and on a near miss that must not get it: no false accusation."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab import bench, problems
from stabilitylab.bench.causes import Suspect, cause_named, causes_of, registered
from stabilitylab.bench.causes.inquiry import GAIN, Inquiry
from stabilitylab.bench.causes.stopped_early import FAR
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.types import Fit, Solution, Status
from stabilitylab.data.problem import Decimals, Design, Problem

get = cache(lambda name: problems.get(name)())
FILIP, LONGLEY, NORRIS, PONTIUS, YEARS = map(
    get, ("nist.filip", "nist.longley", "nist.norris", "nist.pontius", "real.years")
)
QR = sl.solvers.get("qr.householder")


def exactly(problem):
    """The correctly rounded answer to the stored matrix."""
    return np.array([float(v) for v in sl.reference(problem).x])


def not_again(A, b):
    """Answers once only."""
    raise RuntimeError


def answer(x, problem, *, truth="matrix", status=Status.SOLVED, note="", **label):
    """What is found of an answer: from an unknown route, or from one of a label that claims this."""
    fit = label.pop("fit", None if x is None else Fit(np.asarray(x)))
    entry = Entry(label=RouteLabel(name="planted", source="", **label), function=not_again) if label else None
    solution = Solution(None if x is None else np.asarray(x), status, fit, note)
    return lost(causes_of(Suspect(problem, solution, truth, entry)))


def lost(found):
    """Without what is no loss."""
    return tuple(one for one in found if one.code != "SL206")


def of_route(name, problem, truth="matrix", **options):
    """What is found of a route of the catalogue."""
    entry = bench.route(name)
    return lost(causes_of(Suspect(problem, bench.solve(entry, problem), truth, entry), **options))


def codes(found):
    """The codes, most important first; each with the title of the registry, and a removal that brings digits back."""
    for one in found:
        assert one.title == cause_named(one.code).title
        assert one.sentence
        if one.removal:
            assert one.digits_after - (one.digits_before or 0.0) >= GAIN
    return [one.code for one in found]


# --- no cause


@given(seed=st.integers(0, 10**6), n=st.integers(1, 4), decades=st.integers(0, 3))
def test_a_correct_answer_has_no_cause(seed, n, decades):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n + 6, n)) * 10.0 ** rng.integers(0, decades + 1, n)
    problem = Problem.from_matrix("honest", A, rng.standard_normal(n + 6))
    assert answer(QR(problem.A, problem.b), problem) == ()
    assert answer(exactly(problem), problem) == ()


@given(seed=st.integers(0, 10**6), decades=st.integers(1, 7))
def test_an_answer_that_is_off_by_something_else_is_accused_of_nothing_in_particular(seed, decades):
    rng = np.random.default_rng(seed)
    problem = Problem.from_matrix("off", rng.standard_normal((12, 3)), rng.standard_normal(12))
    x = exactly(problem) * (1 + 10.0**-decades * rng.choice([-1, 1], 3) * rng.uniform(0.3, 1, 3))
    assert codes(answer(x, problem)) == ["SL120"]


def test_a_route_that_could_not_be_started_has_no_cause():
    assert answer(None, FILIP, status=Status.UNUSABLE) == ()


# --- SL101


@pytest.mark.parametrize("name", ["numpy.lstsq", "numpy.pinv", "svd.truncated"])
def test_a_cut_off_that_removed_a_direction(name):
    (found,) = of_route(name, FILIP)
    assert found.code == "SL101"
    assert found.sentence == sl.measure(name, FILIP).cause, "rows and findings say it alike"
    assert found.witness["kept"] == 10
    assert found.witness["first dropped"] < found.witness["cut-off"] < found.witness["last kept"]
    assert found.digits_after > 7


def test_a_cut_off_is_found_in_an_answer_from_anywhere():
    x = np.linalg.pinv(FILIP.A) @ FILIP.b
    (found,) = answer(x, FILIP)
    assert (found.code, found.witness["kept"]) == ("SL101", 10)
    assert "or an iteration" in found.sentence, "the numbers do not tell the two apart"


def test_na_and_a_refusal_that_names_the_rank_are_cut_offs():
    x = np.append(np.linalg.lstsq(FILIP.A[:, :-1], FILIP.b)[0], 0.0)
    (found,) = answer(x, FILIP, fit=Fit(x, rank=10, dropped=(10,)), status=Status.DROPPED, deficient_answer="basic")
    assert (found.code, found.columns) == ("SL101", ("x^10",))
    (found,) = answer(None, FILIP, status=Status.REFUSED, note="A does not have full column rank", works_in="input")
    assert (found.code, found.witness["of"]) == ("SL101", 11)
    assert codes(answer(None, FILIP, status=Status.REFUSED, note="out of memory")) == ["SL199"]


def test_a_column_that_was_left_out_is_no_rank_test():
    without = [np.append(np.linalg.lstsq(p.A[:, :-1], p.b)[0], 0.0) for p in (LONGLEY, FILIP)]
    assert codes(answer(without[0], LONGLEY)) == ["SL120"]
    assert codes(answer(without[1], FILIP)) == ["SL101"], "x^10 depends on the other powers to ten digits"


def test_full_answers_and_early_steps_of_an_iteration_are_no_cut_off():
    assert "SL101" not in codes(answer(sl.solvers.get("normal.lu")(FILIP.A, FILIP.b), FILIP))
    assert codes(of_route("scipy.lsqr", PONTIUS)) == ["SL105"]


# --- SL102


@pytest.mark.parametrize("name", ["normal.cholesky", "normal.lu", "normal.gauss"])
def test_a_gram_matrix_is_seen_by_label_and_by_the_answer_alone(name):
    (found,) = of_route(name, LONGLEY)
    assert found.code == "SL102"
    assert found.digits_after > 12 > 9 > found.digits_before
    x = sl.solvers.get(name)(LONGLEY.A, LONGLEY.b)
    (unlabelled,) = answer(x, LONGLEY)
    assert (unlabelled.code, unlabelled.digits_after) == ("SL102", found.digits_after)
    assert unlabelled.witness["gradient in u"] < 100
    assert unlabelled.sentence.startswith("solved as where A'A is formed"), "others leave the same numbers"


def test_a_refused_cholesky_is_the_gram_matrix():
    (found,) = of_route("normal.cholesky", FILIP)
    assert (found.code, found.digits_before, found.witness["digits of normal.cholesky"]) == ("SL102", None, None)
    refused = {"status": Status.REFUSED, "note": "pivot 10 of A'A is -1"}
    assert codes(answer(None, FILIP, **refused, law="columnwise")) == ["SL199"]


def test_other_losses_are_no_gram_matrix():
    by_svd = np.linalg.lstsq(LONGLEY.A, LONGLEY.b)[0]
    assert sl.lre(by_svd, sl.reference(LONGLEY)) < 11.5, "it loses digits to the units, and forms nothing"
    assert "SL102" not in codes(answer(by_svd, LONGLEY))
    assert "SL102" not in codes(answer(sl.solvers.get("svd.full")(FILIP.A, FILIP.b), FILIP))
    truncated = np.linalg.pinv(FILIP.A) @ FILIP.b  # its gradient is at rounding level too
    assert "SL102" not in codes(answer(truncated, FILIP))
    near = exactly(LONGLEY) * (1 + 1e-7 * np.array([1, -1, 1, -1, 1, -1, 1]))
    assert codes(answer(near, LONGLEY)) == ["SL120"], "as many digits as the Gram matrix leaves, lost otherwise"
    assert codes(answer(near, LONGLEY, law="columnwise")) == ["SL120"]


# --- SL103


def in_float32(problem, name="qr.householder"):
    x = sl.solvers.get(name)(problem.A.astype("f4"), problem.b.astype("f4"))
    return np.asarray(x, dtype=np.float32)


def test_a_shorter_format_is_seen_by_label_by_type_and_by_bits():
    x = in_float32(NORRIS)
    for found in (
        answer(x.astype(float), NORRIS, works_in="float32"),
        answer(x, NORRIS),
        answer(x.astype(float), NORRIS),
    ):
        assert codes(found) == ["SL103"]
        assert found[0].witness["format"] == "float32"
        assert found[0].digits_after > 11


def test_an_answer_that_was_returned_in_float32():
    x = exactly(LONGLEY).astype(np.float32)
    for returned in (x, x.astype(float)):
        (found,) = answer(returned, LONGLEY)
        assert (found.code, found.sentence[:19]) == ("SL103", "returned in float32")
        assert found.digits_after > 15
    assert "SL103" not in codes(answer(np.nextafter(x, 0).astype(float), LONGLEY))


def test_data_in_float32_are_worked_on_in_float32():
    entry = bench.route("qr.householder")
    problem = LONGLEY.rounded_to("float32")
    found = causes_of(Suspect(problem, bench.solve(entry, problem), "matrix", entry))
    assert "SL103" in codes(found)


def test_few_bits_by_cancellation_are_no_short_format():
    x = sl.solvers.get("normal.inverse")(FILIP.A, FILIP.b)
    assert (x.astype(np.float32) == x).all(), "what is left after cancellation has few bits"
    assert codes(of_route("normal.inverse", FILIP)) == ["SL102"]
    assert "SL103" not in codes(answer(x, FILIP))
    short = exactly(NORRIS) * (1 + 0.2)  # far from what float32 leaves
    assert "SL103" not in codes(answer(short.astype(np.float32), NORRIS))


# --- SL104


def test_an_answer_rounded_for_print():
    x = exactly(YEARS)
    (found,) = answer(x.round(2), YEARS)
    assert (found.code, found.witness["rounded to"]) == ("SL104", "2 decimals")
    (found,) = answer([float(f"{v:.3g}") for v in x], YEARS)
    assert (found.code, found.witness["rounded to"]) == ("SL104", "3 digits")


def test_fifteen_decimals_are_few_for_a_small_number():
    x = exactly(PONTIUS).round(15)
    (found,) = answer(x, PONTIUS)
    assert (found.code, found.witness["rounded to"]) == ("SL104", "15 decimals")
    x[2] *= 1.4
    assert "SL104" not in codes(answer(x, PONTIUS))


def test_a_coefficient_computed_from_rounded_others():
    slope = round(exactly(NORRIS)[1], 2)
    intercept = round(float(np.mean(NORRIS.b - slope * NORRIS.A[:, 1])), 2)
    (found,) = answer([intercept, slope], NORRIS)
    assert found.code == "SL104"
    assert "intercept was computed from the rounded others" in found.sentence
    assert "SL104" not in codes(answer([intercept + 0.02, slope], NORRIS))


def test_short_numbers_that_are_not_the_answer_rounded_are_no_print():
    x = exactly(YEARS).round(2)
    x[0] += 0.01
    assert "SL104" not in codes(answer(x, YEARS))
    assert "SL104" not in codes(answer(np.zeros(3), PONTIUS)), "zeros may be where an iteration started"


# --- SL105, SL106, SL107


def descent(problem, step, count):
    """Gradient descent from 0; step: in units of 1/|A|²."""
    A, b = problem.A, problem.b
    x, size = np.zeros(A.shape[1]), step / np.linalg.norm(A, 2) ** 2
    for _ in range(count):
        x = x + size * (A.T @ (b - A @ x))
    return Fit(x, iterations=count)


def test_an_iteration_that_stopped_early():
    for name in ("scipy.lsqr", "scipy.lsmr"):
        (found,) = of_route(name, LONGLEY)
        assert (found.code, found.witness["steps"] > 0) == ("SL105", True)
        assert found.digits_after > 9
    fit = descent(NORRIS, 1.0, 50)
    assert codes(answer(fit.x, NORRIS, fit=fit, iterative=True)) == ["SL105"]


def test_no_route_is_accused_of_stopping_that_does_not_iterate_or_has_arrived():
    fit = descent(NORRIS, 1.0, 50)
    assert "SL105" not in codes(answer(fit.x, NORRIS))
    x = sl.solvers.get("normal.cholesky")(LONGLEY.A, LONGLEY.b)
    assert codes(answer(x, LONGLEY, iterative=True)) == ["SL120"], "A'r is at rounding level: more steps change nothing"
    assert answer(exactly(LONGLEY), LONGLEY, iterative=True) == ()


def test_an_iteration_that_diverged():
    fit = descent(NORRIS, 3.0, 50)
    (found,) = answer(fit.x, NORRIS, fit=fit, iterative=True)
    assert found.code == "SL106"
    assert found.witness["residual"] > found.witness["residual at the start"]
    assert "SL106" not in codes(answer(fit.x, NORRIS))
    inf = np.full(2, np.inf)
    assert codes(answer(inf, NORRIS, status=Status.NOT_FINITE, iterative=True)) == ["SL106"]
    assert codes(answer(inf, NORRIS, status=Status.NOT_FINITE, works_in="float64")) == ["SL199"]


def test_an_iteration_that_started_at_the_answer():
    found = of_route("scipy.curve_fit", get("nist.wampler1"))
    assert [one.code for one in found] == ["SL107"]
    assert found[0].severity == "note"
    assert "SL107" not in codes(of_route("scipy.curve_fit", YEARS))


# --- SL108, SL109, SL110


def huge(exponent):
    rng = np.random.default_rng(1)
    A = np.ldexp(rng.standard_normal((9, 3)), exponent)
    return Problem.from_matrix("huge", A, rng.standard_normal(9))


@pytest.mark.parametrize("exponent", [520, -530])
def test_squares_beyond_the_range(exponent):
    (found,) = of_route("normal.cholesky", huge(exponent))
    assert found.code == "SL108"
    assert found.digits_after > 10
    assert of_route("qr.householder", huge(exponent)) == ()
    assert codes(of_route("normal.cholesky", FILIP)) == ["SL102"]


def test_columns_of_different_sizes():
    (found,) = of_route("svd.full", PONTIUS)
    assert (found.code, found.digits_after > 11, found.digits_before < 8) == ("SL109", True, True)
    assert found.witness["largest norm over smallest"] > 1e12
    assert codes(of_route("svd.full", PONTIUS, remove=False)) == ["SL120"], "without the route nothing is proven"
    assert lost(of_route("qr.householder", PONTIUS)) == ()


def test_a_route_that_now_answers_better_proves_no_column_scale():
    entry = bench.route("qr.householder")  # another version of it may have given this
    x = sl.solvers.get("svd.full")(PONTIUS.A, PONTIUS.b)
    assert codes(causes_of(Suspect(PONTIUS, Solution(x, Status.SOLVED, Fit(x)), "matrix", entry))) == ["SL120"]


@pytest.mark.parametrize(("where", "code"), [("equal sizes", "SL109"), ("norms below 1", "SL120")])
def test_what_hangs_on_where_powers_of_two_are_rounded_is_no_column_scale(where, code):
    """A route that is right on equal sizes is accused of their difference; one that is right by chance is not."""

    def planted(A, b):
        norms = np.linalg.norm(A, axis=0)
        is_right = norms.max() < 4 * norms.min() and (where == "equal sizes" or norms.max() < 1)
        return sl.solvers.get("qr.householder")(A, b) * (1 if is_right else 1.1)

    A = np.random.default_rng(1).standard_normal((9, 3)) * [1e4, 1, 1e-4]
    problem = Problem.from_matrix("sizes", A, A @ np.ones(3))
    entry = Entry(label=RouteLabel(name="planted", source=""), function=planted)
    found = lost(causes_of(Suspect(problem, bench.solve(entry, problem), "matrix", entry)))
    assert codes(found) == [code]


def grown(n=30, epsilon=1e-12):
    A = np.random.default_rng(0).standard_normal((n, n))
    A[0, 0] = epsilon
    return Problem.from_matrix("grown", A, A @ np.ones(n))


def test_elimination_without_pivoting_and_classical_gram_schmidt():
    (found,) = of_route("gauss.no_pivot", grown())
    assert found.code == "SL110"
    assert codes(of_route("qr.cgs", FILIP)) == ["SL110"]
    assert of_route("gauss.partial", grown()) == ()
    x = exactly(grown()) * (1 + 1e-3)
    assert codes(answer(x, grown(epsilon=1.0), law="elimination")) == ["SL120"], "its law expects no such loss here"


@pytest.mark.parametrize("name", ["normal.inverse", "numpy.inv"])
def test_an_inverse_that_loses_what_the_same_gram_matrix_keeps_is_no_gram_matrix(name):
    """On Wampler5, Cholesky of A'A keeps more digits than QR of A, and the inverse of A'A loses three."""
    problem = get("nist.wampler5")
    found = of_route(name, problem)
    assert codes(found)[0] == "SL110"
    assert "SL102" not in codes(found)
    assert found[0].digits_after - found[0].digits_before >= GAIN
    assert "A'A was inverted" in found[0].sentence
    # Where solving with A'A loses as much, the inverse is not what did it.
    assert codes(of_route(name, LONGLEY))[0] == "SL102"
    assert "SL110" not in codes(of_route(name, LONGLEY))
    # And an answer that our own inverse does not give is not accused of it.
    exact = exactly(problem)
    off = answer(exact * (1 + 1e-1), problem, law="normal", gram="inverse")
    assert "SL110" not in codes(off)


# --- SL308


def ridge(problem, strength, penalised):
    A = np.vstack([problem.A, np.sqrt(strength) * np.diag(np.asarray(penalised, dtype=float))])
    return QR(A, np.append(problem.b, np.zeros(A.shape[1])))


def test_a_penalty():
    (found,) = answer(ridge(LONGLEY, 1e5, [0, 1, 1, 1, 1, 1, 1]), LONGLEY)
    assert found.code == "SL308"
    assert found.witness["lambda"] == pytest.approx(1e5, rel=1e-2)


def test_one_slope_or_an_early_step_prove_no_penalty():
    assert "SL308" not in codes(answer(ridge(NORRIS, 1e3, [0, 1]), NORRIS))
    assert "SL308" not in codes(answer(descent(LONGLEY, 1.0, 30).x, LONGLEY))


# --- the data, and storing them


def test_undetermined_data_blame_no_route():
    u, v = np.array([0.1, 0.2, 0.3, 0.7, 0.9]), np.array([0.3, 0.1, 0.8, 0.2, 0.6])
    problem = Problem.from_matrix("undetermined", np.column_stack([u, v, u + v]), [1.0, 2.0, 3.0, 4.0, 5.5])
    for name in ("numpy.lstsq", "normal.lu", "qr.householder"):
        (found,) = of_route(name, problem)
        assert (found.code, "no route is to blame" in found.sentence) == ("SL201", True)


def test_exactly_dependent_columns():
    dummies = get("real.one_hot")
    (found,) = of_route("qr.householder", dummies)
    assert found.code == "SL204"
    assert found.witness["relation"] == "group_3 = intercept - group_0 - group_1 - group_2"


def line(offset_x=0, offset_y=0, m=40):
    """A line of slope 3 over whole numbers, with errors; both may lie far from 0."""
    x = Decimals(tuple(offset_x + i for i in range(m)))
    y = Decimals(tuple(offset_y + 3 * i + (1, -1, -1, 1)[i % 4] for i in range(m)))
    return Problem("line", {"y": y, "x": x}, Design.line(), "planted")


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (line(offset_y=10**18), "SL202"),
        (FILIP, "SL203"),
        (line(offset_x=17 * 10**17, m=1000), "SL205"),
    ],
    ids=["response", "features", "regressors"],
)
def test_what_storing_the_data_costs(problem, code):
    (found,) = answer(exactly(problem), problem, truth="decimal")
    assert found.code == code
    assert answer(exactly(problem), problem, truth="matrix") == (), "for the numbers as stored nothing is lost"


def test_storing_is_not_blamed_for_what_a_route_lost_behind_it():
    found = of_route("numpy.lstsq", FILIP, truth="decimal")
    assert codes(found) == ["SL101"]
    assert answer(exactly(line()), line(), truth="decimal") == ()


def test_weighted_answers_are_judged_by_the_weighted_problem():
    w = np.linspace(1, 4, 16)
    roots = np.sqrt(w)
    A, b = LONGLEY.A * roots[:, None], LONGLEY.b * roots
    x = sl.solvers.get("normal.cholesky")(A, b)
    solution = Solution(x, Status.SOLVED, Fit(x))
    assert codes(causes_of(Suspect(LONGLEY, solution, "matrix", weights=w))) == ["SL102"]
    good = Solution(QR(A, b), Status.SOLVED, Fit(x))
    assert causes_of(Suspect(LONGLEY, good, "matrix", weights=w)) == ()


def test_storing_and_column_scale_are_shown_of_weighted_answers_too():
    stamps = line(offset_x=17 * 10**17, m=1000)
    w = np.linspace(1, 4, 1000)
    roots = np.sqrt(w)
    x = QR(stamps.A * roots[:, None], stamps.b * roots)
    found = causes_of(Suspect(stamps, Solution(x, Status.SOLVED, Fit(x)), "decimal", weights=w))
    assert codes(found) == ["SL205"]

    def by_svd(A, b, weights=None):
        roots = np.sqrt(weights)
        return sl.solvers.get("svd.full")(A * roots[:, None], b * roots)

    entry = Entry(label=RouteLabel(name="weighted", source=""), function=by_svd)
    w = np.linspace(1, 4, len(PONTIUS.b))
    found = causes_of(Suspect(PONTIUS, bench.solve(entry, PONTIUS, weights=w), "matrix", entry, weights=w))
    assert codes(found) == ["SL109"]


# --- order and registry


def test_the_removal_that_brings_back_most_comes_first():
    found = of_route("normal.cholesky", FILIP, truth="decimal")
    after = [one.digits_after or 0.0 for one in found if one.severity != "note"]
    assert after == sorted(after, reverse=True)


def test_codes_are_unique_and_titles_are_short():
    codes_there = [one.code for one in registered()]
    assert len(set(codes_there)) == len(codes_there) >= 19
    assert all(one.code.startswith("SL") and len(one.title) < 40 for one in registered())


def test_labels_say_which_routes_iterate():
    """On Longley what iterates ends far above the rounding level of A'r, and what solves directly does not."""
    measured = {}
    for entry in bench.routes():
        if entry.label.name.startswith("scipy.") and not bench.unsuited(entry.label, LONGLEY):
            inquiry = Inquiry(Suspect(LONGLEY, bench.solve(entry, LONGLEY), "matrix", entry))
            measured[entry.label.name] = (entry.label.iterative, inquiry.gradient > FAR)
    assert len(measured) >= 8
    assert {name: pair for name, pair in measured.items() if pair[0] != pair[1]} == {}


# --- rows


def test_a_row_of_few_digits_says_its_cause_and_no_other_row_does():
    assert sl.measure("normal.lu", FILIP).cause == "SL102 Gram matrix formed; without that, 8 digits are kept"
    assert sl.measure("normal.lu", FILIP, causes=False).cause == ""
    assert sl.measure("normal.lu", LONGLEY).cause == "", "seven digits are not few"
    refused = sl.measure("normal.cholesky", FILIP)
    assert refused.cause.startswith("SL102 A'A was formed, and rounded it is no longer positive definite")
    assert sl.measure("numpy.lstsq", FILIP).cause.startswith("rank cut-off ("), "in the words of the published tables"


def test_a_row_of_undetermined_data_has_no_cause():
    u, v = np.array([0.1, 0.2, 0.3, 0.7, 0.9]), np.array([0.3, 0.1, 0.8, 0.2, 0.6])
    problem = Problem.from_matrix("undetermined", np.column_stack([u, v, u + v]), [1.0, 2.0, 3.0, 4.0, 5.5])
    assert sl.measure("normal.lu", problem).cause == ""


def test_a_matrix_beyond_the_format_blames_no_route():
    t = 1.7e9 + np.arange(40.0)
    problem = Problem.from_matrix("stamps", np.column_stack([np.ones(40), t, t**2]), 5 + 3 * (t - t[0]))
    assert codes(answer(QR(problem.A, problem.b), problem)) == ["SL111"]
    assert answer(exactly(problem), problem) == ()
    # One that QR solves is not such a matrix, whatever was answered.
    near = Problem.from_matrix("near", np.column_stack([np.ones(40), np.arange(40.0)]), np.arange(40.0) ** 2)
    assert "SL111" not in codes(answer(exactly(near) * 1.001, near))


def test_a_penalty_is_asked_about_as_it_stands():
    line = Problem.from_matrix("line", np.column_stack([np.ones(8), 1e8 + np.arange(8.0)]), np.arange(8.0))
    row = bench.measure("numpy.ridge_inv", problems.penalised(line, 4.0**-20))
    assert row["digits.min"] < 4
    assert row.cause
