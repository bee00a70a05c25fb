"""Every metric against mpmath or by hand, every label complete, every reason reachable."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab import Fit, Problem, Solution, Status, problems, reference, solvers
from stabilitylab.conformance.rational import exact, exact_array, least_squares
from stabilitylab.scoring import metrics
from stabilitylab.scoring.accuracy import digits_cap
from stabilitylab.scoring.metrics import NoScore

MP = mpmath.MPContext()
MP.dps = 80
U = 2.0**-53
CAP = digits_cap("float64")
A = np.array([[1.0, 0.1], [1.0, 0.2], [1.0, 0.4], [1.0, 0.7]])
b = np.array([1.0, 0.5, 0.25, 3.0])


def problem_of(A, b):
    return Problem.from_matrix("p", A, b)


def solution(x, **fit):
    x = np.asarray(x)
    return Solution(x, Status.SOLVED, Fit(x, **fit))


def score(name, A, b, x, **fit):
    problem = problem_of(A, b)
    return metrics.get(name)(problem, solution(x, **fit), reference(problem, policy="minimum-norm"))


def exact_x(A, b):
    return least_squares(exact_array(A), exact_array(b))


def in_mp(value):
    return MP.mpf(value.numerator) / value.denominator


answers = st.lists(st.floats(-10, 10, allow_subnormal=False), min_size=2, max_size=2)
SETTINGS = settings(max_examples=40)


@SETTINGS
@given(answers)
def test_normwise_and_scaled_errors_are_the_norms_they_say(x):
    ref = [in_mp(v) for v in exact_x(A, b)]
    d = [MP.norm(list(map(MP.mpf, column))) for column in A.T]
    for name, weights in (("error.normwise", [1, 1]), ("error.scaled", d)):
        difference = MP.norm([w * (MP.mpf(xi) - r) for w, xi, r in zip(weights, x, ref, strict=True)])
        expected = difference / MP.norm([w * r for w, r in zip(weights, ref, strict=True)])
        assert score(name, A, b, x) == pytest.approx(float(expected), rel=1e-14)
    digits = float(-MP.log10(MP.norm([MP.mpf(xi) - r for xi, r in zip(x, ref, strict=True)]) / MP.norm(ref)))
    assert score("digits.normwise", A, b, x) == pytest.approx(min(max(digits, 0), CAP), abs=1e-12)


def test_the_scaled_error_does_not_see_units_and_the_plain_one_does():
    x = np.array([float(v) for v in exact_x(A, b)]) * [1.001, 1.0]
    d = np.array([2.0**20, 1.0])
    assert score("error.scaled", A * d, b, x / d) == score("error.scaled", A, b, x)
    assert score("error.normwise", A * d, b, x / d) < 1e-3 * score("error.normwise", A, b, x)


def test_the_fewest_and_the_median_digits():
    off = np.array([1.1, 1.001, 1 + 1e-6])
    eye = np.eye(5)[:, :3]
    target = np.array([1.0, 2.0, 3.0, 0.5, 0.0])
    x = target[:3] * off
    assert score("digits.min", eye, target, x) == pytest.approx(1)
    assert score("digits.median", eye, target, x) == pytest.approx(3)


@SETTINGS
@given(st.floats(1e-300, 1e300), st.integers(-3, 3), st.sampled_from(["float64", "float32", "longdouble"]))
def test_errors_in_ulps_count_the_numbers_between(value, steps, dtype):
    value = np.dtype(dtype).type(np.float32(min(max(value, 1e-30), 1e30)) * np.float32(1.37))
    x = value
    for _ in range(abs(steps)):
        x = np.nextafter(x, np.dtype(dtype).type(np.inf if steps > 0 else 0))
    mantissa = np.frexp(value)[0]
    if 0.6 < mantissa < 0.9:
        assert score("ulps.max", np.ones((1, 1)), np.array([value]), np.array([x])) == abs(steps)


def test_errors_in_ulps_of_subnormal_numbers_use_their_gap():
    smallest = 5e-324
    assert score("ulps.max", np.ones((1, 1)), [3 * smallest], np.array([5 * smallest])) == 2
    # The reference between two subnormal numbers: each is half a gap away.
    assert score("ulps.max", np.array([[2.0]]), [3 * smallest], np.array([2 * smallest])) == 0.5


def test_a_coefficient_that_is_exactly_0_has_no_ulp_unless_it_is_met():
    target = A[:, 1]  # of which the solution is (0, 1)
    above = float(np.nextafter(1.0, 2.0))
    assert score("ulps.max", A, target, np.array([0.0, above])) == 1.0
    assert score("ulps.max", A, np.zeros(4), np.zeros(2)) == 0.0
    for wrong in (-1.0, 5e-324, 1.0):
        assert isinstance(score("ulps.max", A, target, np.array([wrong, 1.0])), NoScore)


def test_the_nearest_double_is_within_half_an_ulp():
    x = np.array([float(v) for v in exact_x(A, b)])
    assert 0 < score("ulps.max", A, b, x) <= 0.5


def test_reported_statistics_are_scored_against_their_own_reference():
    ref = reference(problem_of(A, b))
    errors = np.array([float(v) for v in ref.standard_errors])
    x = np.array([float(v) for v in ref.x])
    assert score("digits.standard_errors", A, b, x, standard_errors=errors * [1, 1.0001]) == pytest.approx(4, abs=1e-4)
    assert score("digits.r_squared", A, b, x, r_squared=float(ref.r_squared) * (1 + 1e-7)) == pytest.approx(7, abs=1e-4)
    assert score("digits.residual_norm", A, b, x) > 15
    # |b - A x|² = |r|² + |A dx|²: an error of 1e-5 in x costs the norm only its square.
    dx = 1e-5 * x
    lost = -np.log10((np.linalg.norm(A @ dx) / float(ref.residual_norm)) ** 2 / 2)
    assert score("digits.residual_norm", A, b, x + dx) == pytest.approx(lost, abs=0.01)


# --- backward error


def test_the_backward_error_is_counted_in_u_of_the_problems_format():
    x = solvers.get("qr.householder")(A, b)
    problem, ref = problem_of(A, b), reference(A, b)
    single = problem.rounded_to("float32")
    for name in ("optimal", "estimate", "columnwise"):
        measure = metrics.get(f"backward_error.{name}")
        assert measure(problem, solution(x), ref) < 4
        # The same double answer for float32 data: off by rounding the data, in units 2**29 larger.
        assert measure(single, solution(x), ref) < 1
        assert measure(problem, solution(x + 1e-8), ref) > 1e6


@SETTINGS
@given(st.lists(st.integers(-400, 400), min_size=2, max_size=2))
def test_the_columnwise_backward_error_does_not_see_powers_of_two_on_the_columns(exponents):
    x = np.array([1.0, 2.0])
    d = 2.0 ** np.array(exponents)
    assert score("backward_error.columnwise", A * d, b, x / d) == score("backward_error.columnwise", A, b, x)


def test_a_change_that_only_one_small_column_would_notice_is_seen_columnwise():
    p = problems.get("synthetic.randsvd")(m=20, n=3, cond=10.0, residual=0.1)
    d = np.array([1.0, 1.0, 1e-10])
    x = np.array([float(v) for v in reference(p).x]) / d
    x[2] *= 1 + 1e-6
    assert (
        score("backward_error.optimal", p.A * d, p.b, x)
        < 1e2
        < 1e6
        < score("backward_error.columnwise", p.A * d, p.b, x)
    )


# --- what the data allow


def test_the_digits_the_data_support_are_those_of_the_worst_half_ulp_change():
    """The change of half an ulp in every entry that moves one coefficient most, made and solved in fractions."""
    problem = problems.get("synthetic.randsvd")(m=7, n=3, cond=1e5, residual=0.3)
    E, f = exact_array(problem.A), exact_array(problem.b)
    x = least_squares(E, f)
    C = np.linalg.inv(problem.A.T @ problem.A)
    pinv, r = C @ problem.A.T, problem.b - problem.A @ np.array([float(v) for v in x])
    u, worst = Fraction(U), Fraction(0)
    for i in range(3):
        direction = np.array(
            [[C[i, k] * rj - float(x[k]) * pij for k in range(3)] for rj, pij in zip(r, pinv[i], strict=True)]
        )
        dA = exact_array(np.sign(direction) * np.abs(problem.A)) * u
        db = exact_array(np.sign(pinv[i]) * np.abs(problem.b)) * u
        moved = least_squares(E + dA, f + db)
        worst = max(worst, abs(moved[i] / x[i] - 1))
    found = metrics.get("digits.supported")(problem, solution(np.ones(3)), reference(problem))
    assert found == pytest.approx(-np.log10(float(worst)), abs=0.001)


def test_statistical_digits_are_those_of_the_standard_errors():
    ref = reference(A, b)
    worst = max(float(se / abs(x)) for se, x in zip(ref.standard_errors, ref.x, strict=True))
    assert score("digits.statistical", A, b, [0.0, 0.0]) == pytest.approx(max(0.0, -np.log10(worst)))
    quiet = A @ [1.0, 2.0] + 1e-6 * np.array([1.0, -1, 1, -1])
    assert 4 < score("digits.statistical", A, quiet, [0.0, 0.0]) < 7
    # Coefficients of 1000: the digits are those of the ratio, and not of the standard error alone.
    large = A @ [1e3, 1e3] + np.array([1.0, -1, 1, -1])
    ref = reference(A, large)
    worst = max(float(se / abs(x)) for se, x in zip(ref.standard_errors, ref.x, strict=True))
    assert worst < 0.01
    assert score("digits.statistical", A, large, [0.0, 0.0]) == pytest.approx(-np.log10(worst))
    # A coefficient that is exactly 0 with noise around it has no digit that noise leaves.
    assert score("digits.statistical", [[1.0, 1], [1, -1], [1, 1], [1, -1]], [3.0, 3, 5, 5], [0.0, 0.0]) == 0


# --- inside


def test_the_loss_of_orthogonality_is_in_the_2_norm_and_growth_is_passed_on():
    Q = np.linalg.qr(A)[0]
    assert score("orthogonality", A, b, [0.0, 0.0], Q=Q) < 1e-15
    assert score("orthogonality", A, b, [0.0, 0.0], Q=Q @ np.diag([1.0, 1.5])) == pytest.approx(1.25)
    # Of this factor the 2-norm is 1.25 + 0.5, and the largest column sum another number.
    turned = np.array([[1.0, 0.0], [0.0, 1.5], [0.0, 0.0]]) @ (np.array([[3.0, 4.0], [-4.0, 3.0]]) / 5)
    assert np.linalg.norm(np.eye(2) - turned.T @ turned, 1) > 1.3
    assert score("orthogonality", A, b, [0.0, 0.0], Q=turned) == pytest.approx(1.25)
    assert score("growth", A, b, [0.0, 0.0], growth=12) == 12.0
    assert score("reader.ulps", A, b, [0.0, 0.0], reader_ulps=2.5) == 2.5


# --- labels and reasons


def test_every_label_says_what_the_number_is_and_which_way_is_better():
    assert len(metrics.names()) >= 15
    for entry in metrics.catalog:
        label = entry.label
        assert label.says
        assert label.unit in {"digits", "ulp", "u", ""}
        assert label.better in {"higher", "lower", ""}
        assert entry.summary.endswith((".", "?"))
        kind = label.name.partition(".")[0]
        assert (label.unit == "digits") == (kind == "digits")
        assert label.better in {"digits": ("higher", "")}.get(kind, ("lower",))
        assert not label.source or any(c.isdigit() for c in label.source)


eye = np.eye(3)[:, :2]
LONG = np.finfo(np.longdouble).nmant > 52
REASONS = [
    ("the route reports no standard errors", "digits.standard_errors", A, b, {}),
    ("m = n leaves none", "digits.standard_errors", A[:2], b[:2], {"standard_errors": np.ones(2)}),
    ("the fit is exact: every standard", "digits.standard_errors", A, A[:, 1], {"standard_errors": np.ones(2)}),
    ("the route reports no R²", "digits.r_squared", A, b, {}),
    ("R² is 0 or undefined", "digits.r_squared", A, np.ones(4), {"r_squared": 1.0}),
    ("the fit is exact: the residual norm is 0", "digits.residual_norm", A, A[:, 1], {}),
    ("the reference is exactly 0", "error.normwise", A, np.zeros(4), {}),
    ("a coefficient is exactly 0, which has no ulp", "ulps.max", A, A[:, 1], {}),
    ("the route gives no Q", "orthogonality", A, b, {}),
    ("the route is no elimination", "growth", A, b, {}),
    ("A is exactly rank deficient", "digits.supported", A[:, [0, 0]], b, {}),
    ("b is 0, which has no relative change", "digits.supported", A, np.zeros(4), {}),
    ("m = n leaves none", "digits.statistical", A[:2], b[:2], {}),
    ("every standard error is 0", "digits.statistical", A, A[:, 1], {}),
    ("A is exactly rank deficient", "digits.standard_errors", A[:, [0, 0]], b, {"standard_errors": np.ones(2)}),
    ("A is exactly rank deficient", "digits.statistical", A[:, [0, 0]], b, {}),
    *([("hides the round-off", "backward_error.optimal", A.astype("longdouble"), b, {})] if LONG else []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "name", "matrix", "right", "fit"), REASONS, ids=[f"{r[1]}: {r[0]}" for r in REASONS]
)
def test_a_metric_that_has_nothing_to_say_says_why(reason, name, matrix, right, fit):
    found = score(name, matrix, right, [1.0, 1.0], **fit)
    assert isinstance(found, NoScore)
    assert reason in found.reason


def test_a_solution_without_a_fit_is_no_error():
    problem, ref = problem_of(A, b), reference(A, b)
    bare = Solution(np.ones(2), Status.SOLVED)
    for entry in metrics.catalog:
        assert isinstance(entry.function(problem, bare, ref), float | NoScore), entry.label.name


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_every_metric_is_finite_in_extreme_units(scale):
    x = np.array([float(v) for v in exact_x(A, b)]) * (1 + 1e-9)
    problem = problem_of(A * scale, b * scale)
    ref = reference(problem)
    for entry in metrics.catalog:
        found = entry.function(problem, solution(x, standard_errors=np.ones(2), r_squared=0.5), ref)
        assert isinstance(found, NoScore) or np.isfinite(found), entry.label.name


def test_the_exactly_zero_coefficient_scored_by_its_scale_is_that_of_the_reference():
    ref = reference(A, A[:, 1] * 4)
    assert exact(ref.x[0]) == 0
    assert float(ref.scales[0]) == pytest.approx(np.linalg.norm(A[:, 1] * 4) / 2)
    assert score("digits.min", A, A[:, 1] * 4, [1e-9, 4.0]) == pytest.approx(9 + np.log10(float(ref.scales[0])))
