"""Prescribed singular values, and a residual orthogonal to the matrix that is stored."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from problem_judges import condition, gram, minors
from stabilitylab import problems
from stabilitylab.problems.synthetic import PROFILES

U = 2.0**-53


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("cond", [10.0, 1e8, 1e14])
def test_the_singular_values_follow_the_profile(profile, cond):
    n = 6
    problem = problems.get("synthetic.randsvd")(m=40, n=n, cond=cond, profile=profile, seed=2)
    system = problem.exact("matrix")
    s = [float(v) for v in condition(system.A, system.column_scales)[1]]
    # Weyl: the rounding of A moves each of them by at most |E|, a few u.
    assert s[0] == pytest.approx(1, abs=10 * U)
    assert s[-1] == pytest.approx(1 / cond, abs=10 * U)
    if profile == "geometric":
        assert [b / a for a, b in pairwise(s)] == pytest.approx([cond ** (-1 / (n - 1))] * (n - 1), rel=20 * U * cond)
    elif profile == "arithmetic":
        assert [a - b for a, b in pairwise(s)] == pytest.approx([(1 - 1 / cond) / (n - 1)] * (n - 1), abs=20 * U)
    elif profile == "one-small":
        assert s[:-1] == pytest.approx([1] * (n - 1), abs=10 * U)
    else:
        assert s[1:] == pytest.approx([1 / cond] * (n - 1), abs=10 * U)


def exact_residual(problem):
    """A x and b - A x in fractions, x the planted coefficients."""
    x = [Fraction(v) for v in problem.planted]
    fitted = [sum(Fraction(a) * v for a, v in zip(row, x, strict=True)) for row in problem.A.tolist()]
    return fitted, [Fraction(b) - f for b, f in zip(problem.b.tolist(), fitted, strict=True)]


def square(v):
    return sum(a * a for a in v)


def is_orthogonal_but_for_the_rounding_of_b(problem):
    """|P (b - A x)| <= u |b|, P the projector on range(A): what one rounding of each entry of b can do, and no more.

    A'(b - A x) alone would not tell: an error along the last singular vector is 1/cond of its size there.
    """
    A, (_, r) = problem.exact("matrix").A, exact_residual(problem)
    common = math.lcm(*(v.denominator for v in r))
    whole = np.array([int(v * common) for v in r], dtype=object)
    # With B = [A r], |P r|**2 = |r|**2 - det(B'B) / det(A'A): column scales of A do not matter.
    *_, gram_A, gram_B = minors(gram(np.column_stack([A, whole])))
    projected = (square(whole.tolist()) - Fraction(gram_B, gram_A)) / common**2
    return projected <= Fraction(U) ** 2 * square(Fraction(v) for v in problem.b.tolist())


@pytest.mark.parametrize("residual", [1e-6, 1.0, 100.0])
@pytest.mark.parametrize("cond", [1e2, 1e10, 1e15])
@pytest.mark.parametrize("column_spread", [0.0, 4.0])
def test_the_residual_has_its_size_and_is_orthogonal_to_what_is_stored(residual, cond, column_spread):
    p = problems.get("synthetic.randsvd")(m=40, n=5, cond=cond, residual=residual, column_spread=column_spread, seed=1)
    assert is_orthogonal_but_for_the_rounding_of_b(p)
    fitted, r = exact_residual(p)
    # The rounding of b adds at most u |b| to r, b being no longer than (1 + residual) |A x|.
    assert math.sqrt(square(r) / square(fitted)) == pytest.approx(residual, rel=4 * U * (2 + 1 / residual) + 20 * U)


def test_a_residual_made_in_float64_is_found_out():
    p = problems.get("synthetic.randsvd")(m=40, n=5, cond=1e10, residual=1.0)
    Q, _ = np.linalg.qr(p.A)
    g = np.random.default_rng(9).standard_normal(40)
    for _ in range(2):  # projected twice, as carefully as float64 can
        g -= Q @ (Q.T @ g)
    fitted = p.A @ np.array(p.planted)
    b = fitted + g * np.linalg.norm(fitted) / np.linalg.norm(g)
    assert not is_orthogonal_but_for_the_rounding_of_b(replace(p, data={**p.data, "y": b}))


def test_without_a_residual_b_is_the_product_correctly_rounded():
    p = problems.get("synthetic.randsvd")(m=40, n=5, cond=1e12)
    fitted, _ = exact_residual(p)
    for b, f in zip(p.b.tolist(), fitted, strict=True):
        assert b == f.numerator / f.denominator  # Python divides integers with one rounding


def test_a_column_spread_multiplies_columns_by_powers_of_two_and_nothing_else():
    make = problems.get("synthetic.randsvd")
    plain, spread = make(residual=0.5, seed=4), make(residual=0.5, seed=4, column_spread=4.0)
    units = spread.A[0] / plain.A[0]
    assert (np.frexp(units)[0] == 0.5).all()
    assert np.array_equal(spread.A, plain.A * units)
    assert (spread.b == plain.b).all()
    assert (np.array(spread.planted) * units == plain.planted).all()
    assert spread.cond is None
    assert 1e-4 / math.sqrt(2) <= units.min() < 1e-2 < 1e2 < units.max() <= 1e4 * math.sqrt(2)


def test_one_seed_gives_the_same_factors_at_every_condition_number():
    make = problems.get("synthetic.randsvd")
    x = {make(cond=cond, residual=residual).planted for cond in (1e2, 1e12) for residual in (0.0, 1.0)}
    assert len(x) == 1
    assert np.linalg.norm(next(iter(x))) == pytest.approx(1, abs=4 * U)
