"""How many digits the data support: held against changes of the data within their rounding, in exact rationals."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stabilitylab as sl
from exact_fit import flint_solution
from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.errors import UndeterminedWarning
from stabilitylab.data.design import Category, Design
from stabilitylab.data.terms import Intercept, Power
from stabilitylab.exact import supported
from stabilitylab.exact.gram.resolution_of_problem import resolutions_of_problem
from stabilitylab.exact.supported import MOST

RNG = np.random.default_rng(5)
ULP = 2.0**-52


def vandermonde(m, n, seed=0):
    t = np.random.default_rng(seed).uniform(1, 2, m)
    return np.exp(t / 50)[:, None] * t[:, None] ** np.arange(n), np.random.default_rng(seed + 1).standard_normal(m)


def half_ulps(values):
    return np.vectorize(lambda v: Fraction(float(np.spacing(abs(v)))) / 2, otypes=[object])(values)


def moved(A, b, signs_A, signs_b):
    """x for the data moved by half an ulp in every entry, in the directions of the signs, in rationals."""
    rational = np.vectorize(Fraction, otypes=[object])
    E = rational(A) + half_ulps(A) * signs_A.astype(int).astype(object)
    f = rational(b) + half_ulps(b) * signs_b.astype(int).astype(object)
    return flint_solution(E, f)


def worst_signs(A, b, j):
    """The directions in which x_j moves furthest to first order: dx_j = P_j (db - dA x) + H_j dA'r."""
    x, *_ = np.linalg.lstsq(A, b, rcond=None)
    H, r = np.linalg.inv(A.T @ A), b - A @ x
    P = H @ A.T
    return np.sign(np.outer(r, H[j]) - np.outer(P[j], x)), np.sign(P[j])


def changed(fit, A, b, signs_A, signs_b):
    x = flint_solution(A, b)
    return np.array([float(abs(p - q)) for p, q in zip(moved(A, b, signs_A, signs_b), x, strict=True)])


@pytest.mark.parametrize(("m", "n", "seed"), [(8, 3, 0), (12, 5, 1), (20, 7, 2), (9, 1, 3)])
def test_no_change_within_half_an_ulp_takes_more_digits_than_are_said_to_be_left(m, n, seed):
    """And the worst of them takes nearly as many: the bound is not far above."""
    A, b = vandermonde(m, n, seed)
    fit = sl.lstsq(A, b)
    allowed = np.abs(fit.x) * 10.0**-fit.supported_digits
    rng = np.random.default_rng(seed)
    for _ in range(3):
        assert (changed(fit, A, b, rng.choice([-1, 1], A.shape), rng.choice([-1, 1], m)) <= 1.01 * allowed).all()
    for j in range(n):
        change = changed(fit, A, b, *worst_signs(A, b, j))
        assert (change <= 1.01 * allowed).all()
        assert change[j] >= allowed[j] / 12


def signs(*rows):
    return np.array(rows, dtype=float).T * (1 + ULP)  # just above a power of two half an ulp is u |a|


def test_each_term_of_the_bound_is_reached():
    """Where every entry has one size the norms of columns lose nothing: a bound made smaller anywhere fails."""
    one, r = np.ones(8), np.array([1.0, -1, 1, -1, 1, -1, 1, -1])
    # x = 1, r = 0: both A and b move x.
    A, b = one[:, None] * (1 + ULP), one * (1 + ULP)
    fit = sl.lstsq(A, b)
    change = changed(fit, A, b, -one[:, None], one)
    assert change == pytest.approx(10.0**-fit.supported_digits, rel=0.01)
    # b is a residual of whole numbers, so that x is 0 and A alone moves it, through both columns: H_12 is not 0.
    A = signs([1, 1, 1, 1, -1, -1, -1, -1], [1, 1, 1, 1, 1, 1, -1, -1])
    fit = sl.lstsq(A, r)
    assert fit.x.tolist() == [0, 0]
    H = np.linalg.inv(A.T @ A)
    for j in range(2):
        change = changed(fit, A, r, np.outer(r, np.sign(H[j])), one)[j]
        assert change * np.linalg.norm(A[:, j]) / np.linalg.norm(r) == pytest.approx(fit._moved[j], rel=0.01)
        assert fit.supported_digits[j] == pytest.approx(min(MOST, -np.log10(fit._moved[j])))


@pytest.mark.parametrize("n", [4, 40, 70])
def test_every_way_to_compute_it_agrees(n, monkeypatch):
    A, b = RNG.standard_normal((6 * n, n)) * 10.0 ** RNG.integers(-3, 3, n), RNG.standard_normal(6 * n)
    fit = sl.lstsq(A, b)
    summed = sl.GramAccumulator(n).add(A, b).solve()
    assert np.allclose(fit.supported_digits, summed.supported_digits, atol=0.02)
    kept = summed.solution
    if kept.factor is None:
        monkeypatch.setattr(supported, "RELIABLE", 0.0)
        by_qr = supported.of_normal_equations(summed.system, kept, A)
        by_balls = supported.of_normal_equations(summed.system, kept)
        assert by_balls.full is not None
        for one in (by_qr, by_balls):
            assert np.allclose(one.roots, summed.sensitivity.roots, rtol=1e-6)
            d = np.full(n + 1, 1e-16)
            assert np.allclose(one.moved(d, 0.5), summed.sensitivity.moved(d, 0.5), rtol=1e-6)


def test_the_quick_answer_is_never_more_than_the_digits_allow():
    for seed in range(30):
        rng = np.random.default_rng(seed)
        A = rng.standard_normal((12, 3)) @ np.diag([1, 1, 10.0 ** rng.uniform(-15, 0)]) @ rng.standard_normal((3, 3))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndeterminedWarning)
            fit = sl.lstsq(A, rng.standard_normal(12))
        if fit.sensitivity.surely_determined(fit._rounding):
            assert fit.supported_digits.min() >= 1


def test_whole_numbers_are_exact_however_they_are_stored_or_written():
    years, target = np.arange(1990.0, 2000.0), np.array([15.0, 22, 30, 20, 55, 40, 60, 75, 70, 92])
    A = np.column_stack([np.ones(10), years])
    text = [[f"{v:.1f}" for v in row] for row in A]
    for data, right in (
        (A, target),
        (A.astype(int), target),
        (text, target),
        (A.astype(np.float32), [*map(str, target)]),
    ):
        assert sl.lstsq(data, right).supported_digits.tolist() == [MOST, MOST]
    fractions = [[1, Fraction(1, 3)], [1, Fraction(2, 7)], [1, 4]]
    assert sl.lstsq(fractions, [1, 2, 4]).supported_digits.tolist() == [MOST, MOST]
    target[3] += 0.5
    assert (sl.lstsq(A, target).supported_digits < MOST).all()
    # Beyond 2**53 every float is whole.
    assert (sl.lstsq(A * [1, 2.0**60], target - 0.5 * (years == 1993)).supported_digits[1] < MOST).all()


def test_formats_and_places_count():
    years = np.arange(1990, 2000)
    A = np.column_stack([np.ones(10, dtype=int), years])
    target = np.array([1.5, 2.25, 3.0, 2.0, 5.5, 4.0, 6.0, 7.5, 7.0, 9.25])
    digits = {kind: sl.lstsq(A, target.astype(kind)).supported_digits for kind in ("float16", "float32", "float64")}
    assert np.allclose(digits["float64"] - digits["float32"], 29 * np.log10(2), atol=0.01)
    assert np.allclose(digits["float32"] - digits["float16"], 13 * np.log10(2), atol=0.01)
    written = [sl.lstsq(A, [f"{v:.{k}f}" for v in 1 + target / 1000]).supported_digits for k in (4, 6, 8)]
    assert np.allclose(np.diff(written, axis=0), 2, atol=0.05)
    # Half a unit in the eighth place: |dx| <= sqrt(H) sqrt(10) 5e-9.
    root = np.sqrt(np.linalg.inv((A.T @ A).astype(float)).diagonal())
    x = np.abs(sl.lstsq(A, 1 + target / 1000).x)
    assert np.allclose(written[2], -np.log10(root * np.sqrt(10) * 5e-9 / x), atol=0.05)
    cents = sl.GramAccumulator(2, scales=[1, 1, Fraction(1, 10**6)])
    counts = np.rint((1 + target / 1000) * 1e6)
    for rows in (slice(0, 4), slice(4, 10)):
        cents.add(A[rows], counts[rows])
    assert np.allclose(cents.solve().supported_digits, written[1])
    # 16 or 17 digits are those of a double that was written.
    doubles = sl.lstsq(A, [repr(v) for v in (target / 3).tolist()]).supported_digits
    assert np.allclose(doubles, sl.lstsq(A, target / 3).supported_digits, atol=0.01)
    longer = sl.lstsq(A, [f"{v!r}12345" for v in (target / 7).tolist()]).supported_digits
    assert (longer == MOST).all()


def test_weights_count_rows_and_rows_of_weight_0_do_not():
    A, b = np.column_stack([np.ones(4), [0.25, 0.5, 1.25, 3.5]]), ["1.25", "2.5", "2.75", "9.25"]
    twice = sl.lstsq(np.repeat(A, 2, axis=0), np.repeat(b, 2))
    assert np.allclose(sl.lstsq(A, b, weights=[2] * 4).supported_digits, twice.supported_digits)
    A = np.rint(A + 1)
    with_zero = sl.lstsq(np.vstack([A, [[0.5, 0.1]]]), [*b, "1.33"], weights=[1, 1, 1, 1, 0])
    assert np.allclose(with_zero.supported_digits, sl.lstsq(A, b).supported_digits)


def test_extreme_numbers_have_a_figure_too():
    A, b = vandermonde(30, 4)
    digits = sl.lstsq(A, b).supported_digits
    for scale in (2.0**-1000, 2.0**900):
        assert np.allclose(sl.lstsq(A * [1, scale, 1, scale], b).supported_digits, digits, atol=0.01)
        assert np.allclose(sl.lstsq(A, b * scale).supported_digits, digits, atol=0.01)
    A, b = RNG.standard_normal((200, 40)), RNG.standard_normal(200)
    digits = sl.lstsq(A, b).supported_digits
    assert np.allclose(sl.lstsq(A * 2.0**-300, b * 2.0**300).supported_digits, digits, atol=0.01)


def test_it_is_none_where_there_is_nothing_to_say():
    assert sl.lstsq([[1.5, 3.0], [2.5, 5.0]], [1.0, 2.0], policy="minimum-norm").supported_digits is None
    zero = sl.lstsq([[1.5], [2.5]], [0.0, 0.0])
    assert (zero.supported_digits.tolist(), zero.undetermined) == ([MOST], "")


@given(st.lists(st.floats(-4, 4).filter(lambda v: abs(v) > 0.01), min_size=2, max_size=6, unique=True))
def test_a_line_through_any_points_has_digits_within_0_and_the_cap(t):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndeterminedWarning)
        digits = sl.lstsq(np.column_stack([np.ones(len(t)), t]), np.cos(t)).supported_digits
    assert ((digits >= 0) & (digits <= MOST)).all()


def test_a_problem_counts_in_what_its_columns_are_known_to():
    t, y = ["1.5", "2.25", "3.1", "4.7", "5.2", "7.9"], ["1.2", "2.5", "2.75", "9.2", "4", "8"]
    line = sl.Problem(
        "line", {"t": sl.Decimals.parse(t), "y": sl.Decimals.parse(y)}, sl.Design.polynomial(1), "made up"
    )
    columns = [["1", v] for v in t]
    assert np.allclose(sl.lstsq(line, truth="decimal").supported_digits, sl.lstsq(columns, y).supported_digits)
    matrix = sl.lstsq(np.array(columns, dtype=float), np.array(y, dtype=float)).supported_digits
    for truth in ("data", "matrix"):
        assert np.allclose(sl.lstsq(line, truth=truth).supported_digits, matrix, atol=0.35)
    # A power moves by its derivative: of t³ by 3 t² times half a hundredth.
    cubes = sl.Problem(
        "cubes", {"t": sl.Decimals.parse(t), "y": sl.Decimals.parse(y)}, sl.Design.polynomial(3), "made up"
    )
    known = sl.lstsq(cubes, truth="decimal").known.resolutions
    cubic = 3 * np.sqrt(np.mean(np.array(t, dtype=float) ** 4)) * 0.005
    assert float(known.absolute[3]) == pytest.approx(cubic, rel=0.01)
    assert known.absolute[0] == 0
    A, b = RNG.standard_normal((80, 40)), RNG.standard_normal(80)
    stored = sl.Problem.from_matrix("stored", A, b)
    for truth in ("data", "matrix"):
        assert sl.lstsq(stored, truth=truth).supported_digits.tolist() == sl.lstsq(A, b).supported_digits.tolist()


def test_columns_that_are_sums_of_floats_are_judged_by_their_sums():
    rng = np.random.default_rng(3)
    whole = [f"{v}123456789.00" for v in rng.integers(10**10, 10**11, 40)]  # 20 digits: two floats each
    measured = [f"{v}.123456789{k % 9 + 1}" for k, v in enumerate(rng.integers(10**10, 10**11, 40))]
    doubles = [repr(float(v)) for v in rng.uniform(0.1, 1, 40)]  # as a program writes them
    ones = ["1"] * 40
    rows = [list(row) for row in zip(ones, whole, measured, doubles, strict=True)]
    with warnings.catch_warnings(action="ignore", category=UndeterminedWarning):
        known = sl.lstsq(rows, ones).known.resolutions
    assert known.absolute[:3] == (0, 0, Fraction(1, 2 * 10**10))
    assert known.relative.tolist() == [0, 0, 0, 2.0**-53, 0]
    # One digit behind the point in the last row alone, and the column is exact no more.
    rows[-1][1] = rows[-1][1].replace(".00", ".01")
    with warnings.catch_warnings(action="ignore", category=UndeterminedWarning):
        assert sl.lstsq(rows, ones).known.resolutions.absolute[1] == Fraction(1, 200)


def test_features_that_are_columns_are_known_as_columns_are_by_either_way():
    rng = np.random.default_rng(8)
    data = {
        "floats": rng.normal(size=20),
        "short": rng.normal(size=20).astype(np.float32),
        "whole": np.arange(20.0),
        "decimals": Decimals.parse([f"{v:.3f}" for v in rng.normal(size=20)]),
        "thirds": ExactColumn(tuple(range(20)), Fraction(1, 3)),
        "group": list("abcd" * 5),
        "y": Decimals.parse([f"{v:.2f}" for v in rng.normal(size=20)]),
    }
    names = ("floats", "short", "whole", "decimals", "thirds")
    direct = sl.Problem("direct", data, Design.of(Intercept(), *names, Category("group")), "test")
    # The first power of a column is a feature that is formed.
    powers = [Power(name, 1) for name in names]
    formed = sl.Problem("formed", data, Design.of(Intercept(), *powers, Category("group")), "test")
    of_direct, of_formed = (resolutions_of_problem(problem, "decimal") for problem in (direct, formed))
    assert of_direct.absolute == of_formed.absolute
    assert of_direct.relative.tolist() == of_formed.relative.tolist()
    assert [bool(one) for one in of_direct.absolute] == [0, 1, 1, 0, 1, 1, 0, 0, 0, 1]
