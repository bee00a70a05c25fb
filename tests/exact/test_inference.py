"""p-values, intervals, likelihood and both R² of a fit: the exact ones, rounded once, by an oracle in mpmath."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exact_fit import exact_fit, fractions
from normal_theory import MP, agreed, f_tail, is_end, log_likelihood, p_value
from stabilitylab import GramAccumulator, lstsq
from stabilitylab.core.errors import InputError, NotCertifiedError, RankDeficientError
from stabilitylab.exact.fit import inference
from stabilitylab.exact.solve.interval import Interval
from wild import FEWER, double, is_root, matrices

RNG = np.random.default_rng(29)
LEVEL = Fraction(19, 20)


def line(m, noise=1.0):
    t = np.arange(m) / 8
    return np.column_stack([np.ones(m), t]), 2 + 3 * t + noise * np.round(RNG.standard_normal(m), 3)


class Truth:
    """The weighted fit in fractions: rows times the roots of their weights, which are squares of floats here."""

    def __init__(self, A, b, roots=None, absolute=False):
        self.A, self.b = fractions(A), fractions(b)
        R = fractions(np.ones(len(b)) if roots is None else roots)
        kept = [i for i, r in enumerate(R) if r]
        A, b, R = self.A[kept], self.b[kept], R[kept]
        self.w, self.absolute = R * R, absolute
        fit = exact_fit(A * R[:, None], b * R, centred=False)
        (self.m, self.n), self.x, self.rss = A.shape, fit.x, fit.rss
        self.constant = any(a[0] and all(v == a[0] for v in a) for a in A.T)
        self.df = None if absolute else self.m - self.n
        self.variances = fit.variances
        if absolute:
            self.variances = [v / fit.rss * (self.m - self.n) for v in fit.variances]
        mean = sum(self.w * b) / sum(self.w)
        self.about_mean = sum(self.w * (b - mean) ** 2)
        self.about_zero = sum(self.w * b * b)
        self.total = self.about_mean if self.constant else self.about_zero


def assert_true(fit, truth, level=LEVEL):
    squares = [x * x / v for x, v in zip(truth.x, truth.variances, strict=True)]
    assert all(map(is_root, fit.standard_errors.tolist(), truth.variances))
    assert fit.p_values.tolist() == [p_value(square, truth.df) for square in squares]
    for x, v, row in zip(truth.x, truth.variances, fit.conf_int(level).tolist(), strict=True):
        assert all(is_end(end, x, v, sign, truth.df, level) for end, sign in zip(row, (-1, 1), strict=True))
    k = truth.m - truth.n
    for total, value in ((truth.about_mean, fit.r_squared_about_mean), (truth.about_zero, fit.r_squared_about_zero)):
        assert value == (double(1 - truth.rss / total) if total else None)
    assert fit.r_squared_kind == ("about the mean" if truth.constant else "about zero")
    share = Fraction(truth.m - truth.constant, k)
    assert fit.adjusted_r_squared == (double(1 - truth.rss * share / truth.total) if truth.total else None)
    regressors = truth.n - truth.constant
    if truth.absolute or not regressors or not truth.total:
        assert (fit.f_statistic, fit.f_p_value) == (None, None)
    else:
        f = (truth.total - truth.rss) / regressors / (truth.rss / k)
        assert fit.f_statistic == double(f)
        assert fit.f_p_value == (1.0 if not f else double(f_tail(f, regressors, k)))
    assert_likelihood(fit, truth)


def assert_likelihood(fit, truth):
    value = log_likelihood(truth.rss, truth.m, truth.w, known=truth.absolute)
    assert fit.log_likelihood == double(value)
    log_m = agreed(lambda: MP.log(truth.m)) if truth.m > 1 else Fraction(0)
    for with_sigma, aic, bic in ((True, fit.aic, fit.bic), (False, fit.aic_without_sigma, fit.bic_without_sigma)):
        k = truth.n + (with_sigma and not truth.absolute)
        assert aic == double(2 * k - 2 * value)
        assert bic == double(k * log_m - 2 * value)


CASES = {
    "a line": line(9),
    "no constant": (RNG.standard_normal((8, 3)), RNG.standard_normal(8)),
    "one degree of freedom": (RNG.standard_normal((5, 4)), RNG.standard_normal(5)),
    "two degrees of freedom": (RNG.standard_normal((5, 3)), RNG.standard_normal(5)),
    "the mean alone": (np.full((6, 1), 3.0), RNG.standard_normal(6)),
    "nearly exact": (line(7)[0], line(7, noise=0.0)[1] + [0, 0, 0, 0, 0, 0, 2.0**-44]),
    "far from 0": (np.column_stack([np.ones(9), 1e15 + np.arange(9.0)]), RNG.standard_normal(9)),
    "Hilbert": (np.array([[1 / (i + j + 1) for j in range(7)] for i in range(12)]), RNG.standard_normal(12)),
    "tiny effects": (line(30)[0], np.tile([1.0, -1.0, 0.5], 10) + np.arange(30) * 1e-9),
    "at right angles": (np.array([[1.0, 1], [1, -1], [1, 1], [1, -1]]), np.array([1.0, 1, 2, 2])),
}


@pytest.mark.parametrize("name", CASES)
def test_every_figure_is_the_exact_one_rounded_once(name):
    A, b = CASES[name]
    assert_true(lstsq(A, b), Truth(A, b))


ROOTS = np.array([0.5, 1.0, 2.0, 8.0, 0.25, 1.5, 3.0, 2.0**-30, 0.0])


@pytest.mark.parametrize("weighting", ["relative", "absolute"])
def test_every_figure_of_a_weighted_fit_is_the_exact_one(weighting):
    A, b = CASES["a line"]
    fit = lstsq(A, b, weights=ROOTS**2, weighting=weighting)
    assert fit.rows == 8
    assert_true(fit, Truth(A, b, ROOTS, weighting == "absolute"))


@FEWER
@given(matrices(rows=(3, 6), n=(1, 2), kinds=("small integers", "ordinary")), st.integers(1, 999))
def test_every_figure_of_random_numbers_is_the_exact_one(problem, level):
    A, b = problem
    assume(A.shape[0] > A.shape[1])
    try:
        fit = lstsq(A, b)
        truth = Truth(A, b)
    except (RankDeficientError, AssertionError):
        assume(False)
    assume(truth.rss and truth.about_zero > Fraction(1, 10**200))
    assert_true(fit, truth, Fraction(level, 1000))


@FEWER
@given(st.integers(0, 10**6), st.booleans())
def test_every_figure_of_random_weights_is_the_exact_one(seed, absolute):
    rng = np.random.default_rng(seed)
    A, b, roots = rng.standard_normal((6, 2)), rng.standard_normal(6), rng.integers(1, 9, 6) / 4
    weighting = "absolute" if absolute else "relative"
    assert_true(lstsq(A, b, weights=roots**2, weighting=weighting), Truth(A, b, roots, absolute))


def test_relative_weights_count_by_their_ratios_only_and_absolute_ones_as_they_are():
    A, b = CASES["a line"]
    roots = [*ROOTS[:8].tolist(), 1.0]
    one, other = (lstsq(A, b, weights=np.square(roots) * c) for c in (1.0, 64.0))
    assert one.p_values.tolist() == other.p_values.tolist()
    assert one.conf_int().tolist() == other.conf_int().tolist()
    assert (one.log_likelihood, one.bic, one.r_squared) == (other.log_likelihood, other.bic, other.r_squared)
    one, other = (lstsq(A, b, weights=np.square(roots) * c, weighting="absolute") for c in (1.0, 64.0))
    assert (one.standard_errors / 8).tolist() == other.standard_errors.tolist()
    assert one.f_statistic is None


def test_weights_in_decimals_have_their_exact_logarithms():
    A, b = CASES["a line"]
    texts = ["0.1", "0.2", "0.3", "1e-30", "7", "1", "1", "0", "3"]
    fit = lstsq(A, b, weights=texts)
    w = [Fraction(text) for text in texts]
    residuals = fractions(b) - fractions(A) @ np.array(fit_x(A, b, w))
    rss = sum(w * residuals**2)
    assert fit.log_likelihood == double(log_likelihood(rss, 8, w))


def fit_x(A, b, w):
    """x of a weighted line in fractions."""
    A, b = fractions(A), fractions(b)
    G, c = (A.T * w) @ A, (A.T * w) @ b
    d = G[0, 0] * G[1, 1] - G[0, 1] ** 2
    return [(G[1, 1] * c[0] - G[0, 1] * c[1]) / d, (G[0, 0] * c[1] - G[0, 1] * c[0]) / d]


# --- what has no figure, or an infinite one


def test_an_exact_fit_has_p_0_and_intervals_without_width():
    A, b = line(7, noise=0.0)
    fit = lstsq(np.column_stack([A, np.arange(7.0) ** 2]), b)
    assert np.array_equal(fit.p_values, [0.0, 0.0, math.nan], equal_nan=True)
    assert fit.conf_int().tolist() == [[2.0, 2.0], [3.0, 3.0], [0.0, 0.0]]
    assert fit.is_exactly_zero.tolist() == [False, False, True]
    assert (fit.f_p_value, fit.log_likelihood, fit.aic, fit.bic) == (0.0, math.inf, -math.inf, -math.inf)
    assert fit.adjusted_r_squared == fit.r_squared_about_zero == 1.0


def test_an_exact_fit_with_known_standard_deviations_has_all_figures():
    A, b = line(7, noise=0.0)
    fit = lstsq(A, b, weights=np.full(7, 4.0), weighting="absolute")
    C = fractions(A).T @ fractions(A) * 4
    d = C[0, 0] * C[1, 1] - C[0, 1] ** 2
    variances = [C[1, 1] / d, C[0, 0] / d]
    assert all(map(is_root, fit.standard_errors.tolist(), variances))
    assert fit.p_values.tolist() == [p_value(x * x / v, None) for x, v in zip((2, 3), variances, strict=True)]
    assert all(map(is_root, fit.t_statistics.tolist(), [4 / variances[0], 9 / variances[1]]))
    assert fit.log_likelihood == double(log_likelihood(Fraction(0), 7, [Fraction(4)] * 7, known=True))
    assert fit.aic == fit.aic_without_sigma


def test_as_many_rows_as_coefficients_need_known_standard_deviations():
    A, b = np.array([[1.0, 1], [1, 3]]), np.array([1.0, 2])
    fit = lstsq(A, b)
    assert (fit.standard_errors, fit.p_values, fit.conf_int(), fit.adjusted_r_squared) == (None,) * 4
    assert "2 rows for 2 coefficients leave no residuals" in fit.why_no_standard_errors
    assert 'weighting="absolute"' in fit.why_no_standard_errors
    known = lstsq(A, b, weights=[1, 1], weighting="absolute")
    assert known.why_no_standard_errors == ""
    assert all(map(is_root, known.standard_errors.tolist(), [Fraction(10, 4), Fraction(1, 2)]))
    assert "1 row for 1 coefficient leave" in lstsq([[2.0]], [1.0]).why_no_standard_errors


def test_a_lower_rank_has_no_standard_errors_and_says_why():
    A = np.array([[1.0, 2], [2, 4], [3, 6]])
    for weighting, weights in (("relative", None), ("absolute", [1, 2, 3])):
        fit = lstsq(A, [1.0, 2, 4], policy="minimum-norm", weights=weights, weighting=weighting)
        assert (fit.standard_errors, fit.t_statistics, fit.p_values, fit.conf_int("0.9")) == (None,) * 4
        assert "the 2 columns have rank 1" in fit.why_no_standard_errors
        assert fit.log_likelihood is not None
    assert lstsq(*line(9)).why_no_standard_errors == ""


def test_a_constant_target_has_no_r_squared_about_its_mean():
    for A in (line(9)[0], line(9)[0][:, 1:]):
        fit = lstsq(A, np.full(9, 3.0))
        assert fit.r_squared_about_mean is None
        assert "the target is constant" in fit.why_no_r_squared_about_mean
        assert fit.r_squared_about_zero is not None
    assert lstsq(line(9)[0], np.zeros(9)).r_squared_about_zero is None
    assert lstsq(*line(9)).why_no_r_squared_about_mean == ""


def test_r_squared_about_the_mean_may_be_negative_without_a_constant():
    A, b = np.arange(1.0, 5)[:, None], np.array([10.0, 9, 9, 10])
    fit = lstsq(A, b)
    assert fit.r_squared == fit.r_squared_about_zero > 0 > fit.r_squared_about_mean
    integers = lstsq(A.astype(int).astype(object) * 10**30, b.astype(int).astype(object) * 10**20)
    assert integers.r_squared_about_mean == fit.r_squared_about_mean
    decimals = lstsq(A, [f"{v / 10:.1f}" for v in b.tolist()])
    assert decimals.r_squared_about_mean == fit.r_squared_about_mean


def test_the_rows_of_long_doubles_have_their_mean():
    b = np.array([1, 2, 4, 7], dtype=np.int64) * (2**60 + 1)
    A = np.arange(1, 5)[:, None]
    fit = lstsq(A, b)
    assert fit.r_squared_about_mean == lstsq(A * 1.0, [1.0, 2, 4, 7]).r_squared_about_mean


# --- rows that were not kept


def test_an_accumulator_gives_the_same_figures_and_says_what_it_cannot_know(tmp_path):
    A, b = line(9)
    fit, sums = lstsq(A, b), GramAccumulator(2).add(A[:4], b[:4]).add(A[4:], b[4:])
    mine = sums.solve()
    assert mine.p_values.tolist() == fit.p_values.tolist()
    assert mine.conf_int(0.9).tolist() == fit.conf_int(0.9).tolist()
    assert (mine.log_likelihood, mine.bic, mine.r_squared_about_mean) == (
        fit.log_likelihood,
        fit.bic,
        fit.r_squared_about_mean,
    )
    weighted = GramAccumulator(2).add(A, b, weights=np.full(9, 2.0))
    sums.save(tmp_path / "sums.npz")
    assert GramAccumulator.load(tmp_path / "sums.npz").solve().log_likelihood == fit.log_likelihood
    unknown = [
        weighted.solve(),
        GramAccumulator(2).merge(weighted).solve(),
        GramAccumulator(2, weight_unit=2).add(A, b).solve(),
    ]
    for one in unknown:
        assert (one.log_likelihood, one.aic, one.bic_without_sigma) == (None,) * 3
        assert "were not kept: fit them by lstsq" in one.why_no_log_likelihood
    assert GramAccumulator.load(tmp_path / "sums.npz").solve().log_likelihood == fit.log_likelihood
    absolute = weighted.solve(weighting="absolute")
    kept = lstsq(A, b, weights=np.full(9, 2.0), weighting="absolute")
    assert absolute.standard_errors.tolist() == kept.standard_errors.tolist()
    bare = GramAccumulator(1).add(A[:, 1:], b).solve()
    assert bare.r_squared_about_mean is None
    assert "add a column of ones" in bare.why_no_r_squared_about_mean
    assert bare.r_squared == bare.r_squared_about_zero == lstsq(A[:, 1:], b).r_squared


def test_weights_that_have_changed_are_noticed():
    A, b = line(9)
    w = np.ones(9)
    fit = lstsq(A, b, weights=w)
    w[3] = 2.0
    with pytest.raises(InputError, match="have changed since the fit"):
        _ = fit.log_likelihood


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"weighting": "sigma", "weights": np.ones(9)}, "weighting must be one of relative, absolute; got 'sigma'"),
        ({"weighting": "absolute"}, "give weights=1/sigma"),
    ],
)
def test_a_meaning_of_weights_that_is_none_is_refused(arguments, says):
    with pytest.raises(InputError, match=says):
        lstsq(*line(9), **arguments)
    with pytest.raises(InputError, match="weighting must be one of"):
        GramAccumulator(2).add(*line(9)).solve(weighting="sigma")


def test_levels_are_checked_even_where_there_is_no_interval():
    fit = lstsq(np.eye(2), [1.0, 2.0])
    assert fit.conf_int(0.5) is None
    with pytest.raises(InputError, match=r"not percent: 0\.95"):
        fit.conf_int(95)


# --- ends that no number of digits decides


def test_an_end_that_is_exactly_0_is_0():
    """b = 7, 1, -5: mean 1, t² = 1/12 with 2 degrees of freedom, whose quantile at level 1/5 it is."""
    fit = lstsq(np.ones((3, 1)), [7.0, 1.0, -5.0])
    assert fit.conf_int("0.2").tolist() == [[0.0, 2.0]]
    assert fit.p_values.tolist() == [0.8]


def test_an_end_that_is_a_tie_goes_to_the_even_double():
    """As before, with the mean at an odd multiple of 2**-53 above 1/2: the ends are the mean -/+ 1/2."""
    for k in (1, 3):
        mean = Fraction(1, 2) + Fraction(k, 2**53)
        b = [mean + 3, mean, mean - 3]
        fit = lstsq(np.ones((3, 1)), b)
        assert fit.conf_int("0.2").tolist() == [[double(mean - Fraction(1, 2)), double(mean + Fraction(1, 2))]]
        assert Fraction(fit.conf_int("0.2")[0, 1]) != mean + Fraction(1, 2)


def test_an_end_that_is_neither_decided_nor_known_is_refused(monkeypatch):
    monkeypatch.setattr(inference, "exact_squared_quantile", lambda *_: None)
    with pytest.raises(NotCertifiedError, match="the lower end of the interval of mean is not told"):
        lstsq(np.ones((3, 1)), [7.0, 1.0, -5.0], names=["mean"]).conf_int("0.2")


def test_a_likelihood_that_is_not_decided_is_refused(monkeypatch):
    monkeypatch.setattr(inference, "log_likelihood", lambda *_, **__: Interval(0, 1))
    with pytest.raises(NotCertifiedError, match="the log-likelihood is not told"):
        _ = lstsq(*line(9)).log_likelihood


# --- planted faults


def test_a_quantile_that_is_off_by_one_ulp_is_noticed(monkeypatch):
    A, b = CASES["no constant"]
    true = inference.squared_quantile
    monkeypatch.setattr(inference, "squared_quantile", lambda *a: true(*a) * (1 + Fraction(1, 2**51)))
    with pytest.raises(AssertionError):
        assert_true(lstsq(A, b), Truth(A, b))


def test_t_instead_of_the_normal_distribution_is_noticed():
    A, b = CASES["no constant"]
    fit = lstsq(A, b, weights=np.ones(8), weighting="absolute")
    truth = Truth(A, b, absolute=True)
    assert_true(fit, truth)
    truth.df = 5
    with pytest.raises(AssertionError):
        assert_true(fit, truth)


def test_a_likelihood_that_forgets_weights_or_counts_rows_of_weight_0_is_noticed():
    A, b = CASES["a line"]
    fit, truth = lstsq(A, b, weights=ROOTS**2), Truth(A, b, ROOTS)
    truth.m += 1
    with pytest.raises(AssertionError):
        assert_likelihood(fit, truth)
    truth.m -= 1
    truth.w = None
    with pytest.raises(AssertionError):
        assert_likelihood(fit, truth)
