"""The reference, digit for digit, against exact elimination in fractions and FLINT's exact rational solver."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exact_fit import (
    ExactFit,
    assert_certified,
    exact_fit,
    flint_solution,
    fractions,
    minimum_norm_solution,
    r_squared,
    relative_error,
)
from stabilitylab import Problem, problems, reference
from stabilitylab.conformance.rational import exact, least_squares
from stabilitylab.core.errors import InputError, RankDeficientError
from stabilitylab.problems.nist import certified

SETTINGS = settings(max_examples=40)
rng = np.random.default_rng(20240607)


def drawn(m=12, n=4):
    return rng.standard_normal((m, n)), rng.standard_normal(m)


def randsvd(cond, residual=0.5):
    problem = problems.get("synthetic.randsvd")(m=16, n=6, cond=cond, residual=residual)
    return problem.A, problem.b


def from_family(name, **parameters):
    problem = problems.get(name)(**parameters)
    return problem.A, problem.b


def last_is_the_rounded_sum():
    A, b = drawn(15, 4)
    return np.column_stack([A, A.sum(axis=1)]), b


def near_duplicate():
    A, b = drawn(10, 3)
    return np.column_stack([A, A[:, 0] * (1 + 2.0**-52 * rng.integers(0, 2, 10))]), b


def spread(exponents):
    A, b = drawn(9, len(exponents))
    return A * 10.0 ** np.array(exponents), b


def wild_elements():
    A, b = drawn(8, 3)
    return A * 10.0 ** rng.uniform(-30, 30, A.shape), b * 10.0 ** rng.uniform(-30, 30, 8)


def with_zeros_in_x():
    A = np.column_stack([np.ones(8), np.arange(8.0), np.arange(8.0) ** 2])
    return A, 3 - 0.0 * A[:, 1] + 5 * A[:, 2]


def orthogonal_to_a_column():
    A = np.array([[1.0, 1], [1, -1], [1, 1], [1, -1]])
    return A, np.array([3.0, 3, 5, 5])


MATRICES = {
    **{f"randsvd, cond {c:g}": lambda c=c: randsvd(c) for c in (1e2, 1e8, 1e12, 1e16)},
    "randsvd, no residual": lambda: randsvd(1e10, 0.0),
    "Hilbert 13": lambda: from_family("classic.hilbert", n=13),
    "Vandermonde 12": lambda: from_family("classic.vandermonde", m=30, n=12),
    "Vandermonde 20": lambda: from_family("classic.vandermonde", m=30, n=20),
    "the last column the rounded sum of the others": last_is_the_rounded_sum,
    "a column and nearly the same again": near_duplicate,
    "columns from 1e-140 to 1e140": lambda: spread([-140, 0, 140]),
    "columns from 1e-300 to 1e300": lambda: spread([-300, 10, 300]),
    "elements from 1e-30 to 1e30": wild_elements,
    "coefficients exactly 0": with_zeros_in_x,
    "coefficients exactly 0, residual not": orthogonal_to_a_column,
    "b = 0": lambda: (drawn()[0], np.zeros(12)),
    "a constant b and an intercept": lambda: (np.column_stack([np.ones(9), drawn(9, 1)[0]]), np.full(9, 0.1)),
    "nothing explained": lambda: (np.column_stack([np.ones(4), [1, -1, 1, -1]]), np.array([1.0, 1, -1, -1])),
    "a coefficient far below 1": lambda: (np.array([[2.0**45], [1.0]]), np.array([0.0, 1.0])),
    "square": lambda: drawn(5, 5),
    "one column": lambda: drawn(7, 1),
    "one number": lambda: (np.array([[3.0]]), np.array([0.1])),
    "float32": lambda: tuple(v.astype(np.float32) for v in drawn()),
}


@pytest.mark.parametrize("name", MATRICES)
def test_the_reference_is_the_exact_solution_of_the_stored_matrix(name):
    A, b = MATRICES[name]()
    ref, fit = reference(A, b), exact_fit(A, b)
    assert fit.x == flint_solution(A, b)
    assert (ref.rank, ref.policy, ref.truth, ref.digits) == (A.shape[1], "full-rank", "matrix", 50)
    assert_certified(ref, fit)


@SETTINGS
@given(st.integers(1, 6).flatmap(lambda m: st.tuples(*[st.lists(st.integers(-4, 4), min_size=m, max_size=m)] * 4)))
def test_the_reference_of_small_integers_is_exact_or_says_they_are_deficient(columns):
    data = np.array(columns, dtype=float).T
    A, b = data[:, : min(3, len(data))], data[:, 3]
    if np.linalg.matrix_rank(A) < A.shape[1]:
        with pytest.raises(RankDeficientError, match=rf"rank is {np.linalg.matrix_rank(A)} of {A.shape[1]}, exactly"):
            reference(A, b)
    else:
        assert_certified(reference(A, b), exact_fit(A, b))


@pytest.mark.parametrize("truth", ["decimal", "data", "matrix"])
def test_filip_has_three_truths_and_each_is_exact(truth):
    problem = problems.get("nist.filip")()
    x, y = problem.data["x"], problem.data["y"]
    if truth == "decimal":
        nodes, b = (fractions([n * c.scale for n in c.integers]) for c in (x, y))
    else:
        nodes, b = fractions(problem.column("x")), fractions(problem.b)
    A = fractions(problem.A) if truth == "matrix" else np.stack([nodes**k for k in range(11)], axis=1)
    ref = reference(problem, truth=truth)
    assert_certified(ref, exact_fit(A, b, centred=True))
    assert all(relative_error(v, x) <= Fraction(1, 10**50) for v, x in zip(ref.x, flint_solution(A, b), strict=True))


@pytest.mark.parametrize("name", [name for name in problems.names() if name.startswith("nist.")])
def test_the_decimal_truth_reproduces_every_certified_value_of_nist(name):
    ref, nist = reference(problems.get(name)(), truth="decimal"), certified(name)
    published = [*nist.estimates, *nist.standard_deviations, nist.r_squared]
    for found, text in zip([*ref.x, *ref.standard_errors, ref.r_squared], published, strict=True):
        digits = Decimal(text)
        # Half a unit of the last digit printed; sixteen-digit estimates hold fifteen.
        unit = Fraction(10) ** (digits.adjusted() - 14)
        assert abs(exact(found) - Fraction(digits)) <= unit / 2 if digits else found == 0


def test_a_hundred_digits_are_a_hundred_digits():
    A, b = randsvd(1e12)
    ref = reference(A, b, digits=100)
    assert ref.digits == 100
    assert_certified(ref, exact_fit(A, b), digits=100)


def test_fifty_digits_are_the_fewest():
    A, b = drawn()
    assert reference(A, b, digits=3).digits == 50


# --- exactly deficient


def dummies_and_intercept():
    group = np.arange(9) % 3
    return np.column_stack([np.ones(9), *(group == k for k in range(3))]), np.sqrt(np.arange(9.0))


DEFICIENT = {
    "dummies that sum to the intercept": (*dummies_and_intercept(), (0, 1, 2)),
    "intercept behind its dummies": (dummies_and_intercept()[0][:, ::-1], dummies_and_intercept()[1], (0, 1, 2)),
    "a column of zeros": (np.column_stack([np.zeros(5), np.arange(5.0)]), np.ones(5), (1,)),
    "a column in other units": (np.outer([1.0, 3, 7, 11], [1.0, 2.0**60]), np.array([1.0, 2, 3, 5]), (0,)),
    "an integer combination": (np.array([[1.0, 2, 5], [3, 4, 11], [5, 7, 19], [2, 2, 6]]), np.arange(4.0), (0, 1)),
    "all zeros": (np.zeros((3, 2)), np.ones(3), ()),
    "square and singular": (np.array([[1.0, 2], [2, 4]]), np.array([1.0, 3]), (0,)),
}


@pytest.mark.parametrize("name", DEFICIENT)
def test_an_exactly_deficient_matrix_is_refused_with_the_columns_that_depend(name):
    A, b, kept = DEFICIENT[name]
    dependent = "; ".join(rf"a{j} (= .*|is 0 in every row)" for j in range(A.shape[1]) if j not in kept)
    ways = r"Leave (it|them) out, or ask for policy='minimum-norm' or policy='basic'$"
    says = rf"rank is {len(kept)} of {A.shape[1]}, exactly: {dependent}\. {ways}"
    with pytest.raises(RankDeficientError, match=says):
        reference(A, b)


@pytest.mark.parametrize("policy", ["minimum-norm", "basic"])
@pytest.mark.parametrize("name", DEFICIENT)
def test_each_policy_gives_its_own_exact_solution_and_the_same_fit(name, policy):
    A, b, kept = DEFICIENT[name]
    ref = reference(A, b, policy=policy)
    E, f = fractions(A), fractions(b)
    basic = np.array([Fraction(0)] * A.shape[1], dtype=object)
    if kept:
        basic[list(kept)] = least_squares(E[:, list(kept)], f)
    rss = sum((v * v for v in f - E @ basic), Fraction(0))
    x = list(basic) if policy == "basic" or not kept else minimum_norm_solution(A, b)
    assert (ref.rank, ref.policy) == (len(kept), policy)
    assert_certified(ref, ExactFit(x, rss, None, r_squared(E, f, rss)))


def test_a_basic_solution_on_other_columns_has_the_same_residual_and_r_squared():
    A, b = dummies_and_intercept()
    default, other = (reference(A, b, policy="basic", kept=kept) for kept in (None, (3, 1, 2)))
    assert other.x[0] == default.x[3] == 0
    assert relative_error(other.r_squared, exact(default.r_squared)) < Fraction(1, 10**50)
    assert relative_error(other.residual_norm, exact(default.residual_norm)) < Fraction(1, 10**50)


@pytest.mark.parametrize("kept", [(0, 1), (0, 1, 2, 3), (0, 0, 1), (0, 1, 7), (0, 1, -1), ()])
def test_kept_columns_that_are_no_basis_are_refused(kept):
    A, b = dummies_and_intercept()
    with pytest.raises(InputError, match="kept"):
        reference(A, b, policy="basic", kept=kept)


def test_kept_columns_that_depend_on_each_other_are_refused():
    A = np.array([[1.0, 2, 0], [2, 4, 1], [3, 6, 5]])
    with pytest.raises(InputError, match="depend on each other"):
        reference(A, np.ones(3), policy="basic", kept=(0, 1))


def test_kept_columns_without_need_are_refused():
    A, b = drawn(6, 3)
    with pytest.raises(InputError, match="full rank, so that kept must name all 3"):
        reference(A, b, policy="basic", kept=(0, 1))
    with pytest.raises(InputError, match="ask for policy='basic'"):
        reference(A, b, policy="minimum-norm", kept=(0, 1, 2))


def test_of_full_rank_every_policy_is_the_one_solution():
    A, b = drawn()
    for policy in ("minimum-norm", "basic"):
        ref = reference(A, b, policy=policy)
        assert ref.policy == "full-rank"
        assert_certified(ref, exact_fit(A, b))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda A, b: reference(A), r"b is missing: call reference\(A, b\)"),
        (lambda A, b: reference(Problem.from_matrix("p", A, b), b), "a Problem brings its own b"),
        (lambda A, b: reference(A, b, policy="least"), "one of full-rank, minimum-norm, basic; got 'least'"),
        (lambda A, b: reference(A, b, truth="decimal"), "truth is a question about a Problem, .*; got 'decimal'"),
        (lambda A, b: reference(A, b, truth="exact"), "one of decimal, data, matrix; got 'exact'"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_with_the_way_out(call, says):
    with pytest.raises(InputError, match=says):
        call(*drawn())


# --- no global state


def bits(ref):
    numbers = [*ref.x, *(ref.standard_errors or ()), *ref.scales, ref.residual_norm, ref.r_squared]
    return [None if v is None else v._mpf_ for v in numbers]


def test_mpmaths_global_precision_is_neither_read_nor_changed(monkeypatch, tmp_path):
    A, b = randsvd(1e8)
    seen = []
    for dps in (15, 3, 200):
        monkeypatch.setenv("STABILITYLAB_CACHE", str(tmp_path / str(dps)))
        with mpmath.mp.workdps(dps):
            seen.append(bits(reference(A, b)))
            assert mpmath.mp.dps == dps
    assert seen[0] == seen[1] == seen[2]


def test_threads_get_the_same_bits(monkeypatch, tmp_path):
    pairs = [drawn() for _ in range(6)]
    alone = [bits(reference(*pair)) for pair in pairs]
    monkeypatch.setenv("STABILITYLAB_CACHE", str(tmp_path))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda pair: bits(reference(*pair)), pairs * 3)) == alone * 3


@SETTINGS
@given(st.integers(-200, 200), st.integers(-200, 200), st.integers(0, 2**32 - 1))
def test_powers_of_two_on_columns_and_b_move_through_the_reference_exactly(i, j, seed):
    draw = np.random.default_rng(seed)
    A, b = draw.standard_normal((5, 2)), draw.standard_normal(5)
    assume(np.linalg.cond(A) < 1e6)
    plain, scaled = reference(A, b), reference(A * [2.0**i, 1.0], b * 2.0**j)
    assert relative_error(scaled.x[0], exact(plain.x[0]) * Fraction(2) ** (j - i)) < Fraction(1, 10**50)
    assert scaled.residual_norm == mpmath.mp.ldexp(plain.residual_norm, j)


def test_digits_that_are_no_number_are_refused():
    with pytest.raises(InputError, match="digits must be a whole number, at least 1; got 'many'"):
        reference(np.eye(2), np.ones(2), digits="many")


@pytest.mark.parametrize("digits", [-3, 0, 1.5, 10**6])
def test_digits_that_cannot_be_asked_for_are_refused(digits):
    with pytest.raises(InputError, match="digits must be"):
        reference(np.eye(2), [1.0, 2.0], digits=digits)


def test_numbers_of_more_digits_than_python_writes_have_a_reference():
    (x,) = reference([["1e-5000"], ["2e-5000"]], [1, 2]).x
    with mpmath.workdps(60):
        assert abs(x / mpmath.mpf(10) ** 5000 - 1) < mpmath.mpf(10) ** -50
    assert reference([[10**5000], [2 * 10**5000]], [1, 2]).rank == 1
