"""The certificate in exact integers: what it proves, and that it notices planted faults."""

import dataclasses
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from exact_fit import exact_fit, fractions
from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.data.problem import Problem
from stabilitylab.scoring import mpmath_reference
from stabilitylab.scoring.mpmath_reference import certified, independent_columns

SETTINGS = settings(max_examples=60)
TOLERANCE = Fraction(1, 10**50)


def system_of(A, b):
    return Problem.from_matrix("p", np.asarray(A, dtype=float), np.asarray(b, dtype=float)).exact("matrix")


def true_to(found, value):
    """Whether a certified fraction has its 50 digits, and is 0 just when the value is."""
    return (found == 0) == (value == 0) and abs(found - value) <= TOLERANCE * abs(value)


def is_right(system, result):
    """Whether every field of the certified result agrees with exact elimination."""
    A, b = fractions(system.A), fractions(system.b)
    fit = exact_fit(A, b, system.centred)
    ok = all(true_to(f, x) for f, x in zip(result.x, fit.x, strict=True)) and true_to(result.rss, fit.rss)
    if fit.variances and fit.rss:
        df = len(b) - A.shape[1]
        ok &= all(true_to(f, v * df / fit.rss) for f, v in zip(result.inverse_diagonal, fit.variances, strict=True))
    return ok and (fit.r_squared is None) == (result.r_squared is None) and (
        fit.r_squared is None or true_to(result.r_squared, fit.r_squared)
    )  # fmt: skip


def small_integers(m, n, bound=3):
    return hnp.arrays(float, (m, n), elements=st.integers(-bound, bound).map(float))


@st.composite
def systems(draw):
    m = draw(st.integers(1, 6))
    n = draw(st.integers(1, min(m, 4)))
    return draw(small_integers(m, n)), draw(small_integers(m, 1))[:, 0]


@SETTINGS
@given(systems())
def test_small_integer_systems_are_solved_or_proven_singular(pair):
    system = system_of(*pair)
    result = certified(system, 50)
    rank = np.linalg.matrix_rank(pair[0])  # exact here: singular values of these are 0 or above 1e-4
    assert (result is None) == (rank < pair[0].shape[1])
    assert len(independent_columns(system)) == rank
    assert result is None or is_right(system, result)


@SETTINGS
@given(systems(), st.integers(0, 2**32 - 1))
def test_a_column_is_independent_when_it_raises_the_rank(pair, seed):
    A = pair[0]
    weights = np.random.default_rng(seed).integers(-2, 3, (A.shape[1], 3))
    wide = np.column_stack([A, A @ weights])
    ranks = [0, *(np.linalg.matrix_rank(wide[:, : k + 1]) for k in range(wide.shape[1]))]
    system = system_of(np.vstack([wide, np.zeros((wide.shape[1], wide.shape[1]))]), np.zeros(sum(wide.shape)))
    assert independent_columns(system) == tuple(k for k in range(wide.shape[1]) if ranks[k + 1] > ranks[k])


def test_one_ulp_from_dependent_is_independent_and_certified():
    A = np.array([[1.0, 3.0], [1.0, 3.0], [1.0, 3.0]])
    assert certified(system_of(A, [1, 2, 4]), 50) is None
    A[1, 1] = np.nextafter(3.0, 4.0)
    system = system_of(A, [1, 2, 4])
    assert independent_columns(system) == (0, 1)
    assert is_right(system, certified(system, 50))


def test_alpha_bounds_the_distance_of_the_factor_from_an_inverse():
    problem = mpmath_reference._IntegerProblem(system_of([[1, 2, 3], [1, 5, 7], [1, 1, 9], [1, 0, 2]], [1, 2, 3, 5]))
    for bits in (30, 60, 200):
        X, alpha = mpmath_reference._inverse_factor(problem, bits)
        n, scale = problem.n, Fraction(1, 2**bits)
        full = np.array(
            [[X[j][i] * scale if i <= j else Fraction(0) for j in range(n)] for i in range(n)], dtype=object
        )
        S = np.array(problem.S, dtype=object) * Fraction(1, 4**problem.top)
        squares = sum(v * v for v in (full.T @ S @ full - np.eye(n, dtype=int)).ravel())
        assert squares <= alpha**2 < Fraction(1, 2 ** (2 * bits - 40))


FAULTY = system_of([[1, 2, 3], [1, 5, 7], [1, 1, 9], [1, 0, 2], [1, 4, 4]], [1, 2, 3, 5, 8])


def perturbed(by):
    """_inverse_factor with X wrong by a relative amount, alpha computed of the wrong X as the code would."""
    honest = mpmath_reference._inverse_factor

    def factor(problem, bits):
        found = honest(problem, bits)
        if found is None:
            return None
        X = [list(column) for column in found[0]]
        X[-1][0] += int(by * 2**bits)
        n, one = problem.n, 1 << (2 * bits + 2 * problem.top)
        total = 0
        for i in range(n):
            for j in range(n):
                SX = [sum(problem.S[k][r] * X[j][r] for r in range(j + 1)) for k in range(n)]
                total += (sum(X[i][k] * SX[k] for k in range(i + 1)) - (one if i == j else 0)) ** 2
        alpha = Fraction(int(mpmath.libmp.isqrt(total)) + 1, one)
        return (X, alpha) if 4 * alpha < 1 else None

    return factor


@pytest.mark.parametrize("by", [Fraction(1, 2**150), Fraction(1, 10**6), Fraction(1, 3)])
def test_a_wrong_factor_costs_work_or_is_refused_and_never_gives_a_wrong_answer(by, monkeypatch):
    honest = certified(FAULTY, 50)
    assert is_right(FAULTY, honest)
    monkeypatch.setattr(mpmath_reference, "_inverse_factor", perturbed(by))
    problem = mpmath_reference._IntegerProblem(FAULTY)
    found = mpmath_reference._inverse_factor(problem, 200)
    if found is not None:
        # Any factor with alpha < 1 sharpens x; only (A'A)^-1 needs alpha itself below the digits.
        sharpened = mpmath_reference._sharpened(problem, *found, 200, 50)
        assert is_right(FAULTY, dataclasses.replace(sharpened, inverse_diagonal=honest.inverse_diagonal))
    # Working harder does not help a factor that is always wrong: it is refused in the end.
    with pytest.raises(NotCertifiedError, match="no factor"):
        certified(FAULTY, 50)


def rough_factor(problem):
    """X = 2 [[1, 1/8], [0, 1]] for the scaled identity I/4: alpha = sqrt(2/64 + 1/4096) = 0.178."""
    return [[2 << 60], [1 << 58, 2 << 60]], Fraction(1, 5), 60


def own_factor(problem):
    """The honest factor in few bits, so that there are several steps."""
    return (*mpmath_reference._inverse_factor(problem, 30), 30)


@pytest.mark.parametrize(
    ("system", "factor"),
    [
        (FAULTY, own_factor),
        (system_of([[1, 1], [1, -1], [1, 1], [1, -1]], [3, 3, 5, 5]), own_factor),
        (system_of([[2**45], [1]], [0, 1]), own_factor),
        # The first step, X X'b, leaves x_0 = -8 at 0 exactly.
        (system_of(np.eye(2), [-8, 65]), rough_factor),
    ],
)
def test_every_bound_holds_and_nothing_but_zero_is_declared_zero(system, factor, monkeypatch):
    fit, honest, calls = exact_fit(system.A, system.b, system.centred), mpmath_reference._resolved, []

    def spied(value, bound, tightness, unit, determinant):
        found = honest(value, bound, tightness, unit, determinant)
        calls.append((Fraction(value, 1 << unit), Fraction(bound, 1 << unit), found))
        return found

    monkeypatch.setattr(mpmath_reference, "_resolved", spied)
    problem = mpmath_reference._IntegerProblem(system)
    mpmath_reference._sharpened(problem, *factor(problem), 50)
    # In every step the coefficients, then |b - A x|² where m > n; in the last one the sum of squares explained.
    step = [*fit.x, fit.rss][: problem.n + (problem.m > problem.n)]
    expected = [*step * (len(calls) // len(step)), problem.total - problem.m * fit.rss]
    assert len(expected) == len(calls) > len(step) + 1
    for (value, bound, found), truth in zip(calls, expected, strict=True):
        assert abs(value - truth) <= bound
        assert found is None or (found == 0) == (truth == 0)


def test_the_oracle_sees_a_corrupt_alpha(monkeypatch):
    """With alpha declared 0, the wrong factor of a hard problem passes for (A'A)^-1: the test's oracle must see it."""
    faulty = perturbed(Fraction(1, 10**6))
    monkeypatch.setattr(mpmath_reference, "_inverse_factor", lambda p, bits: (faulty(p, bits)[0], Fraction(1, 10**60)))
    assert not is_right(FAULTY, certified(FAULTY, 50))


def test_the_oracle_sees_a_corrupt_step(monkeypatch):
    honest = mpmath_reference._resolved
    monkeypatch.setattr(mpmath_reference, "_resolved", lambda v, *rest: honest(v + abs(v) // 10**45, *rest))
    assert not is_right(FAULTY, certified(FAULTY, 50))


@pytest.mark.parametrize("field", ["x", "rss", "inverse_diagonal", "r_squared"])
def test_the_oracle_sees_the_fiftieth_digit(field):
    result = certified(FAULTY, 50)
    wrong = Fraction(10**49 + 1, 10**49)
    value = getattr(result, field)
    value = (value[0] * wrong, *value[1:]) if isinstance(value, tuple) else value * wrong
    assert not is_right(FAULTY, dataclasses.replace(result, **{field: value}))
