"""p-values, intervals and standard errors of NIST's sets and of small inputs that programs stumble over."""

import csv
import json
import math
from fractions import Fraction

import numpy as np
import pytest

from exact_fit import exact_fit, fractions
from nist_judge import SETS, printed, rows_of
from normal_theory import f_tail, is_end, log_likelihood, p_value
from paths import ROOT
from stabilitylab import lstsq, problems
from stabilitylab.problems.nist import certified
from wild import double, is_root

LEVELS = (Fraction(19, 20), Fraction(999, 1000))
CASES = ROOT / "tests" / "data" / "cases"
TRUTH = json.loads((CASES / "truth.json").read_text("utf-8"))


def assert_inference(fit, x, variances, df):
    """Standard errors, p-values and intervals are those of the exact coefficients and variances, rounded once."""
    assert all(map(is_root, fit.standard_errors.tolist(), variances))
    assert fit.p_values.tolist() == [
        p_value(v * v / s, df) if s else 0.0 if v else np.nan for v, s in zip(x, variances, strict=True)
    ]
    for level in LEVELS:
        rows = zip(x, variances, fit.conf_int(level).tolist(), strict=True)
        for v, s, (low, high) in rows:
            assert is_end(low, v, s, -1, df, level)
            assert is_end(high, v, s, 1, df, level)


@pytest.mark.parametrize("name", SETS)
def test_inference_of_nists_sets_is_exact_and_follows_what_nist_certifies(name):
    problem = problems.get(name)()
    A, y = rows_of(problem)
    exact, m, n = exact_fit(A, y), len(A), len(A[0])
    fit = lstsq(problem, truth="decimal")
    assert_inference(fit, exact.x, exact.variances, m - n)
    if not exact.rss:
        return
    # The digits that NIST prints give the same p-values to as many digits.
    values = printed(certified(name))
    for j, (x, variance) in enumerate(zip(exact.x, exact.variances, strict=True)):
        b, s = Fraction(values[f"estimate {j}"]), Fraction(values[f"standard deviation {j}"])
        assert abs((b / s) ** 2 - x * x / variance) <= Fraction(1, 10**11) * (x * x / variance)
        assert p_value((b / s) ** 2, m - n) == pytest.approx(fit.p_values[j], rel=1e-9)
    df, f = int(values["regression df"]), (exact_f(exact, y, n, m, problem.design.intercept))
    assert fit.f_p_value == double(f_tail(f, df, m - n))
    assert fit.log_likelihood == double(log_likelihood(exact.rss, m))


def exact_f(exact, y, n, m, intercept):
    mean = sum(y) / m if intercept else 0
    explained = sum((v - mean) ** 2 for v in y) - exact.rss
    return explained / (n - intercept) / (exact.rss / (m - n))


def read(name):
    """The columns of a case by name, as text."""
    with (CASES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {key: [row[key] for row in rows] for key in rows[0]}


def fitted(name, **how):
    """The fit of a case with an intercept, and its A, b and weights as fractions."""
    columns = read(name)
    b, weights = columns.pop("y"), columns.pop("w", None)
    sigma = columns.pop("sigma", None)
    if sigma is not None:
        weights = [1 / Fraction(text) ** 2 for text in sigma]
    fit = lstsq(list(zip(*columns.values(), strict=True)), b, intercept=True, weights=weights, **how)
    A = [[Fraction(1), *map(Fraction, row)] for row in zip(*columns.values(), strict=True)]
    w = [Fraction(1)] * len(b) if weights is None else list(map(Fraction, weights))
    return fit, fractions(A), fractions(list(map(Fraction, b))), fractions(w)


def weighted(A, b, w):
    """x, rss and diag((A'WA)^-1) in fractions, by the oracle on the weighted normal equations."""
    G, c = ((A.T * w) @ A).tolist(), (A.T * w) @ b
    n = len(G)
    # G x = c and G^-1 by the oracle, whose least squares of a square system are its solution.
    x = exact_fit(G, c).x
    inverse = [exact_fit(G, [Fraction(i == j) for i in range(n)]).x[j] for j in range(n)]
    residuals = b - A @ np.array(x, dtype=object)
    return x, (w * residuals**2).sum(), inverse


@pytest.mark.parametrize("name", TRUTH)
def test_small_inputs_that_programs_stumble_over_have_their_exact_figures(name):
    truth = TRUTH[name]
    fit, A, b, w = fitted(name)
    assert fit.x.tolist() == [float.fromhex(text) for text in truth["x"]]
    assert fit.rss == float.fromhex(truth["rss"])
    assert fit.r_squared == float.fromhex(truth["r2"])
    assert fit.r_squared_kind == "about the mean"
    if truth["se"] is None:
        assert (fit.standard_errors, fit.p_values, fit.conf_int()) == (None,) * 3
        assert "10 rows for 10 coefficients" in fit.why_no_standard_errors
        return
    assert_within_an_ulp(fit.standard_errors, truth["se"])
    x, rss, inverse = weighted(A, b, w)
    df = len(b) - len(x)
    assert_inference(fit, x, [rss / df * v for v in inverse], df)
    if rss:
        assert fit.log_likelihood == double(log_likelihood(rss, len(b), w))
        total = (w * (b - (w * b).sum() / w.sum()) ** 2).sum()
        assert fit.adjusted_r_squared == double(1 - rss / total * Fraction(len(b) - 1, df))


def test_known_standard_deviations_of_rows_are_another_meaning_of_weights():
    truth = TRUTH["weighted_sigma"]
    fit, A, b, w = fitted("weighted_sigma", weighting="absolute")
    assert_within_an_ulp(fit.standard_errors, truth["se_absolute_sigma"])
    x, rss, inverse = weighted(A, b, w)
    assert_inference(fit, x, inverse, None)
    assert fit.log_likelihood == double(log_likelihood(rss, len(b), w, known=True))


def assert_within_an_ulp(values, texts):
    """The figures in the file, which were computed in floating point from exact variances."""
    for value, text in zip(values.tolist(), texts, strict=True):
        assert abs(value - float(text)) <= math.ulp(value)
