"""Enclosures: the exact solution is inside, each bound holds against exact rationals, and none can be left out."""

from fractions import Fraction
from functools import cache, partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exact_fit import flint_solution
from stabilitylab.core import errors
from stabilitylab.exact.float64 import enclosure
from stabilitylab.exact.float64.enclosure import Enclosure, enclose

SETTINGS = settings(max_examples=80)


def holds(found, x):
    """Whether every exact coefficient, and found.x, lies within its interval."""
    return all(
        Fraction(low) <= v <= Fraction(high) and low <= mid <= high
        for low, mid, high, v in zip(found.lower.tolist(), found.x.tolist(), found.upper.tolist(), x, strict=True)
    )


def spread(m, n, cond, seed=0):
    """A (m, n) with singular values spread evenly, in logarithm, over [1/cond, 1]."""
    rng = np.random.default_rng(seed)
    U, V = (np.linalg.qr(rng.standard_normal(s))[0] for s in ((m, n), (n, n)))
    return U * np.logspace(0, -np.log10(cond), n) @ V.T


def with_residual(A, size, seed=1):
    """b = A x + r for some x and a residual of that size relative to A x."""
    rng = np.random.default_rng(seed)
    fitted = A @ rng.standard_normal(A.shape[1])
    r = rng.standard_normal(len(A))
    return fitted + r * (size * np.linalg.norm(fitted) / np.linalg.norm(r))


def graded(exponent):
    A = np.random.default_rng(2).standard_normal((30, 5)) * 10.0 ** np.array([-exponent, -exponent / 2, 0, 3, exponent])
    return A, np.random.default_rng(3).standard_normal(30)


def hilbert(m, n):
    return 1.0 / (np.arange(m)[:, None] + np.arange(n) + 1)


def integers(m, n, seed=4):
    rng = np.random.default_rng(seed)
    return rng.integers(-9, 10, (m, n)).astype(float)


def spread_with_residual(m, n, cond, size):
    A = spread(m, n, cond)
    return A, with_residual(A, size)


CASES = {
    **{
        f"cond 1e{k}, residual {size:.0e}": partial(spread_with_residual, 90, 6, 10.0**k, size)
        for k in (0, 2, 4, 5, 6, 7, 8, 10, 12)
        for size in (0.0, 1e-8, 1.0, 1e6)
    },
    "columns 10^+-140": lambda: graded(140),
    "columns 10^+-300": lambda: graded(300),
    "Hilbert": lambda: (hilbert(20, 7), np.ones(20)),
    "Vandermonde": lambda: (np.vander(np.linspace(0, 1, 50), 8), np.sin(np.arange(50.0))),
    "integers": lambda: (integers(40, 6), integers(40, 1)[:, 0]),
    "integers, exact fit": lambda: (integers(40, 6), integers(40, 6) @ np.arange(6.0)),
    "one column": lambda: (integers(40, 1), integers(40, 1, 5)[:, 0]),
    "one number": lambda: (np.array([[3.0]]), np.array([1.0])),
    "square": lambda: (integers(9, 9), np.arange(9.0)),
    "tall enough for blocks": partial(spread_with_residual, 5000, 4, 1e3, 1.0),
    "tall and hard": partial(spread_with_residual, 5000, 4, 1e9, 1e-3),
    "wider than a panel": partial(spread_with_residual, 150, 130, 1e2, 0.1),
    "b far away": lambda: (spread(20, 3, 10.0), with_residual(spread(20, 3, 10.0), 1.0) * 1e250),
    "b tiny": lambda: (spread(20, 3, 10.0), with_residual(spread(20, 3, 10.0), 1.0) * 1e-290),
    "column order": lambda: (np.asfortranarray(spread(700, 5, 1e8)), with_residual(spread(700, 5, 1e8), 1e-4)),
    "float32": lambda: (spread(60, 4, 1e3).astype(np.float32), np.arange(60, dtype=np.float32)),
}


@cache
def case(name):
    """A, b of a case, made when the first test asks for them; they are not to be written into."""
    A, b = CASES[name]()
    for array in (A, b):
        array.flags.writeable = False
    return A, b


@cache
def truth(name):
    return flint_solution(*case(name))


# --- what is promised


@pytest.mark.parametrize("name", CASES)
def test_the_exact_solution_is_inside_and_the_digits_are_there(name):
    found = enclose(*case(name))
    x = truth(name)
    assert holds(found, x)
    assert found.alpha < 0.5
    for mid, digits, v in zip(found.x.tolist(), found.digits.tolist(), x, strict=True):
        assert abs(Fraction(mid) - v) <= abs(v) * Fraction(10 ** (-digits)) or digits == 0


@pytest.mark.parametrize(("cond", "digits"), [(1e0, 15), (1e2, 15), (1e4, 14), (1e6, 13), (1e8, 10), (1e10, 7)])
def test_with_a_small_residual_a_digit_is_lost_for_each_power_of_ten_of_the_condition_number(cond, digits):
    A = spread(90, 6, cond)
    assert np.median(enclose(A, with_residual(A, 1e-8)).digits) > digits


@pytest.mark.parametrize(("cond", "by_product", "by_qr"), [(1e1, 0, 0), (1e6, 1, 0), (1e10, 1, 1)])
def test_the_cheapest_factor_that_serves_is_taken(cond, by_product, by_qr, monkeypatch):
    calls = []
    for name in ("alpha_from_product", "triangle"):
        honest = getattr(enclosure, name)
        monkeypatch.setattr(enclosure, name, lambda *a, f=honest, n=name: calls.append(n) or f(*a))
    A = spread(200, 6, cond)
    enclose(A, with_residual(A, 0.1))
    assert (calls.count("alpha_from_product"), calls.count("triangle")) == (by_product, by_qr)


@st.composite
def systems(draw):
    n = draw(st.integers(1, 4))
    m = draw(st.integers(n, 8))
    spread_of = draw(st.sampled_from([0, 3, 30, 400]))
    number = st.builds(
        lambda k, e: float(np.ldexp(k, e)), st.integers(-(2**20), 2**20), st.integers(-spread_of, spread_of)
    )
    A = np.array(draw(st.lists(number, min_size=m * n, max_size=m * n))).reshape(m, n)
    scales = draw(st.lists(st.integers(-500, 500), min_size=n, max_size=n))
    return np.ldexp(A, scales), np.array(draw(st.lists(number, min_size=m, max_size=m)))


@SETTINGS
@given(systems())
def test_whatever_comes_the_solution_is_inside_or_it_is_refused(pair):
    A, b = pair
    try:
        found = enclose(A, b)
    except (errors.NotCertifiedError, errors.RankDeficientError, errors.OutOfRangeError):
        assume(False)
    assert holds(found, flint_solution(A, b))


@SETTINGS
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_nearly_dependent_columns_are_inside_or_refused(seed, bits):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((12, 4))
    A[:, 3] = A[:, :3] @ rng.integers(-2, 3, 3) + np.ldexp(rng.standard_normal(12), -8 * bits)
    b = rng.standard_normal(12)
    try:
        found = enclose(A, b)
    except (errors.NotCertifiedError, errors.RankDeficientError):
        assert bits >= 5
        return
    assert holds(found, flint_solution(A, b))


def test_entries_that_underflow_when_their_column_is_scaled_are_paid_for():
    A = np.array([[1e300, 1.0], [1e-300, 2.0], [3e300, 5e-324], [0.0, -1.0]])
    b = np.array([1.0, 2.0, 3.0, 5e-324])
    assert holds(enclose(A, b), flint_solution(A, b))


def test_nothing_to_explain_is_explained_by_nothing():
    found = enclose(integers(9, 3), np.zeros(9))
    assert found.x.tolist() == found.lower.tolist() == found.upper.tolist() == [0.0] * 3
    assert found.digits.tolist() == [enclosure.DIGITS_CAP] * 3


def test_an_interval_that_holds_zero_promises_no_digit():
    found = Enclosure(np.array([0.0, 1.0, -2.0]), np.array([-1e-9, 0.5, -2.0]), np.array([1.0, 1.25, -2.0]), 0.1)
    assert found.digits.tolist() == pytest.approx([0.0, 0.0, enclosure.DIGITS_CAP])
    assert Enclosure(np.array([1.0]), np.array([0.99]), np.array([1.001]), 0.1).digits[0] == pytest.approx(
        1.9956, abs=1e-4
    )


def test_the_result_cannot_be_written_to_and_the_input_is_left_alone():
    A, b = (v.copy() for v in case("Hilbert"))
    found = enclose(A, b)
    assert not any(v.flags.writeable for v in (found.x, found.lower, found.upper))
    assert np.array_equal(A, case("Hilbert")[0])
    assert np.array_equal(b, case("Hilbert")[1])


# --- what is refused


@pytest.mark.parametrize(
    ("A", "b", "error", "match"),
    [
        ([[1.0], [np.nan]], [1, 2], errors.NotFiniteError, r"A\[1, 0\]"),
        ([[1.0], [2.0]], [1, np.inf], errors.NotFiniteError, r"b\[1\]"),
        ([[1.0, 2.0]], [1], errors.UnderdeterminedError, "rows"),
        ([[1.0], [2.0]], [1, 2, 3], errors.ShapeError, "shape"),
        ([[1.0, 0.0], [2.0, 0.0]], [1, 2], errors.RankDeficientError, "column 1 .* drop it"),
        ([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], [1, 2, 3], errors.NotCertifiedError, "lstsq"),
        (spread(50, 6, 1e16), np.ones(50), errors.NotCertifiedError, r"alpha .* condition number of about .*lstsq"),
        ([[1e-300], [2e-300]], [1e20, 1], errors.OutOfRangeError, "coefficient 0"),
        (np.array([[np.longdouble(1) / 3]]), [1], errors.OutOfRangeError, "longdouble|float128"),
    ],
)
def test_what_cannot_be_proven_is_refused_with_the_way_out(A, b, error, match):
    if np.asarray(A).dtype == np.longdouble and np.finfo(np.longdouble).nmant == 52:
        pytest.skip("longdouble is float64 here")
    with pytest.raises(error, match=match):
        enclose(A, b)


def test_a_blas_that_is_not_trusted_is_refused(monkeypatch):
    def distrust():
        raise errors.UntrustedBLASError("planted")

    monkeypatch.setattr(enclosure, "require_true_float64_blas", distrust)
    with pytest.raises(errors.UntrustedBLASError, match="planted"):
        enclose([[1.0]], [1.0])
