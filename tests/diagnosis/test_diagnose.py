"""What people asked about, rebuilt: the verdict, its cause, and what is said of data that many coefficients fit."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import stabilitylab as sl
from paths import ROOT
from stabilitylab.core.errors import InputError, UnknownNameError
from stabilitylab.diagnosis.diagnose import diagnosed
from stabilitylab.diagnosis.verdict import severity_of

CASES = ROOT / "tests" / "data" / "cases"
STAMPS = {"t": (1.7e9 + np.arange(60.0)), "y": 5 + 3 * np.arange(60.0)}


def codes(found):
    return [one.code for one in found.causes]


@pytest.mark.parametrize(
    ("name", "options", "says", "found"),
    [
        ("offset_r_lm_na", {}, "healthy", []),
        ("small_variance_dropped", {}, "healthy", []),
        ("iso_dates", {}, "healthy", []),
        ("large_x_statsmodels", {}, "rank cut-off removed a direction (SL101)", ["SL101"]),
        ("degree6_wavelength", {}, "gives no correct digit of any coefficient", ["SL101"]),
        ("parabola_constant_drowns", {}, "response stored without the digits (SL202)", ["SL202"]),
        ("sum_column", {}, "z = u + 3 v", ["SL204"]),
        ("team_ratings", {"target": "margin", "intercept": False}, "team4 = -team0 - team1 - team2 - team3", ["SL204"]),
        ("four_houses", {"target": "price"}, "returned the one of least norm among all solutions", ["SL204"]),
        ("wide_rank2", {"intercept": False}, "a2 = -a0 + 2 a1", ["SL204"]),
        ("degree5_four_points", {}, "The rank is 4 of 6, exactly", ["SL204"]),
    ],
)
def test_a_complaint_gets_the_word_that_was_missing(name, options, says, found):
    answer = sl.diagnose(CASES / f"{name}.csv", **{"target": "y", **options})
    assert says in answer.verdict
    assert codes(answer) == found
    assert (answer.severity == "healthy") == (not found)
    assert bool(answer.fixes) == bool(found) or name in ("four_houses",)


def test_digits_are_those_of_the_exact_line():
    found = sl.diagnose(STAMPS, target="y", route="qr.householder")
    slope = found.coefficients[1]
    assert slope.certified == 3.0
    error = abs(Fraction(slope.returned) - 3) / 3
    assert slope.digits == pytest.approx(-np.log10(float(error)) if error else 15.95, abs=1e-6)


def test_of_digits_that_are_all_right_it_is_said_why_they_are_no_16():
    verdict = sl.diagnose({"x": [0.0, 1.0, 3.0], "y": [1.0, 3.0, 7.0]}, target="y", route="exact.certified").verdict
    assert verdict.startswith("healthy: 15.95 digits, all that float64 holds, nothing to do")


def test_what_is_returned_is_certified_too_where_many_solutions_fit():
    table = {"u": [1.0, 2.0, 3.0, 5.0], "v": [2.0, 4.0, 6.0, 10.0], "y": [1.0, 2.0, 2.0, 4.0]}
    least = sl.diagnose(table, target="y")
    assert least.verdict.startswith("The rank is 2 of 3, exactly: v = 2 u")
    exact = sl.reference(np.c_[np.ones(4), table["u"], table["v"]], table["y"], policy="minimum-norm")
    assert [one.certified for one in least.coefficients] == [float(v) for v in exact.x]
    basic = sl.diagnose(table, target="y", route="scipy.lstsq_gelsy")
    assert "least norm" in basic.verdict


def test_a_column_left_out_is_named_and_its_solution_certified():
    table = {"u": [1.0, 2.0, 3.0, 5.0], "v": [2.0, 4.0, 6.0, 10.0], "y": [1.0, 2.0, 2.0, 4.0]}
    from stabilitylab.core.types import Fit, Solution, Status
    from stabilitylab.diagnosis.asked import asked
    from stabilitylab.diagnosis.many_solutions import many_solutions
    from stabilitylab.diagnosis.question import Call

    question = asked(table, target="y")
    with pytest.raises(sl.StabilityLabError) as refused:
        question.fit()
    line = sl.lstsq(np.c_[np.ones(4), table["u"]], table["y"]).x
    x = np.array([*line, 0.0])
    call = Call("mine", Solution(x, Status.DROPPED, Fit(x, dropped=(2,))))
    found, rows = many_solutions(question, call, refused.value)
    assert "mine left out v, and its other coefficients are right" in found.sentence
    assert [row.certified for row in rows[:2]] == line.tolist()
    wrong = Call("mine", Solution(x + np.array([0.0, 0.5, 0.0]), Status.DROPPED, Fit(x, dropped=(2,))))
    assert "neither" in many_solutions(question, wrong, refused.value)[0].sentence


def test_an_interruption_leaves_what_was_done():
    pages = diagnosed(STAMPS, target="y")
    first = next(pages)
    assert first.unfinished
    assert first.coefficients[1].certified == 3.0
    *_, last = pages
    assert not last.unfinished
    assert last.fixes


def test_a_forecast_is_said_to_be_one_and_certifies_nothing():
    found = sl.diagnose(STAMPS, target="y", forecast=True)
    assert found.mode == "forecast"
    assert "can be expected to keep" in found.verdict
    assert all(one.certified is None for one in found.coefficients)
    exact = sl.diagnose(STAMPS, target="y")
    assert abs(found.digits - exact.digits) <= 1


def test_the_libraries_are_asked_on_the_same_table_and_what_loses_digits_comes_first():
    found = sl.diagnose(STAMPS, target="y", libraries=True, only=["numpy"])
    worst = [row.worst for row in found.routes]
    assert {"numpy.lstsq", "numpy.polyfit"} <= {row.route for row in found.routes}
    assert worst == sorted(worst, key=lambda v: 4.0 if v is None else v)
    assert next(row for row in found.routes if row.route == "numpy.lstsq").causes == ("SL101",)


def test_a_code_can_be_ignored_and_an_unknown_one_is_refused():
    assert codes(sl.diagnose(STAMPS, target="y", ignore=["SL101"])) == []
    with pytest.raises(UnknownNameError, match="SL999"):
        sl.diagnose(STAMPS, target="y", ignore=["SL999"])


def test_a_healthy_table_hears_so_in_one_line():
    rng = np.random.default_rng(1)
    x = rng.normal(size=50)
    found = sl.diagnose({"x": x, "y": 2 * x + rng.normal(size=50)}, target="y")
    assert found.verdict.startswith("healthy: 1")
    assert found.fixes == ()
    # A conclusion that changes is no health, whatever the digits.
    assert severity_of(found.coefficients, ("The sign of x is wrong.",)) == "error"
    assert severity_of([replace(one, digits=3.0) for one in found.coefficients], ()) == "error"


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"route": "numpy.lstsqq"}, UnknownNameError, "numpy.lstsq"),
        ({"level": 95}, InputError, "level"),
        ({"X": STAMPS}, InputError, r"fitted model.*diagnose\(X.assign\(y=y\), target='y'\)"),
        ({"formats": "float32"}, TypeError, "formats"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, kind, says):
    with pytest.raises(kind, match=says):
        sl.diagnose(STAMPS, target="y", **options)


def test_floats_that_look_rounded_are_asked_as_the_decimals_that_they_print_as():
    rng = np.random.default_rng(0)
    first = np.round(rng.normal(20, 5, 60), 3)
    table = {"a": first, "b": np.round(first + rng.normal(0, 4e-4, 60), 3), "y": np.round(3 * first, 2)}
    said = [note for note in sl.diagnose(table, target="y").notes if "print with few decimals" in note]
    assert len(said) == 1
    assert "cannot tell a and b apart" in said[0]
    apart = {**table, "b": np.round(rng.normal(20, 5, 60), 3)}
    assert not [note for note in sl.diagnose(apart, target="y").notes if "print with few" in note]


def test_a_model_of_other_rows_is_told_so_and_no_library_is_blamed():
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(3)
    X = rng.normal(size=(80, 2))
    y = X @ [2.0, -1.0] + rng.normal(size=80)
    model = linear.LinearRegression().fit(X, y)
    found = sl.diagnose(model, X[:50], y[:50])
    assert found.verdict.startswith(
        "The coefficients of this model are not those of a fit to these X and y: fitted again on them, LinearRegression"
    )
    assert (found.severity, found.causes, found.fixes) == ("error", (), ())
    assert sl.diagnose(model, X, y).severity == "healthy"


def test_with_weights_a_route_that_takes_them_is_judged_and_said():
    pytest.importorskip("sklearn")
    table = {**STAMPS, "w": 1.0 + np.arange(60.0) % 3}
    found = sl.diagnose(table, target="y", weights="w")
    assert found.call in ("statsmodels.WLS", "sklearn.LinearRegression")
    assert f"numpy.lstsq takes no weights: {found.call} is judged in its place" in found.notes
    with pytest.raises(InputError, match=rf"takes no weights; here {found.call}, .*: route='{found.call}'"):
        sl.diagnose(table, target="y", weights="w", route="numpy.lstsq")


def test_the_consequence_comes_before_the_cause():
    rng = np.random.default_rng(5)
    noisy = {**STAMPS, "y": STAMPS["y"] + rng.normal(size=60)}
    found = sl.diagnose(noisy, target="y")
    said, _, cause = found.verdict.partition(": rank cut-off")
    assert cause
    assert found.conclusions
    assert "; " in said


def test_without_residuals_there_are_no_standard_errors_and_it_is_said():
    found = sl.diagnose({"x": [1.0, 2.0], "y": [1.0, 3.0]}, target="y")
    assert "2 rows and 2 coefficients leave no residuals, and so no standard errors" in found.verdict


def test_a_coefficient_that_the_noise_hides_is_not_said_to_lack_digits():
    found = sl.diagnose(ROOT / "docs" / "examples" / "longley.csv", target="y")
    hidden = [row.name for row in found.coefficients if abs(row.certified) < 2 * row.standard_error]
    assert "x1" in hidden
    assert "rounded" not in found.verdict


def test_the_coefficients_are_a_frame():
    pytest.importorskip("pandas")
    found = sl.diagnose(STAMPS, target="y", route="qr.householder")
    frame = found.to_frame()
    assert list(frame.index) == ["intercept", "t"]
    assert frame.loc["t", "certified"] == 3.0
    assert frame["digits"].min() == found.digits
