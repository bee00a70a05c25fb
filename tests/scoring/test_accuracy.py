"""Correct digits and backward errors against mpmath: the theorem itself, in eigenvalues, to 120 digits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from stabilitylab import lre, lstsq, problems, reference, solvers
from stabilitylab.core.errors import ComplexError, InputError, NotNumericError, ShapeError
from stabilitylab.core.types import Solution, Status
from stabilitylab.scoring.accuracy import (
    correct_digits,
    digits_cap,
    digits_of_error,
    karlson_walden,
    optimal_backward_error,
)

MP = mpmath.MPContext()
MP.dps = 120
U = 2.0**-53
SETTINGS = settings(max_examples=100)


def one(x, ref, scale=1, dtype="float64"):
    return correct_digits(np.array([x], dtype=dtype), (MP.mpf(ref),), (MP.mpf(scale),))[0]


@SETTINGS
@given(st.floats(1e-100, 1e100), st.floats(1e-14, 0.5), st.sampled_from([-1, 1]))
def test_digits_are_minus_log10_of_the_relative_error(ref, relative, sign):
    x = ref * (1 + sign * relative)
    expected = -MP.log10(abs(MP.mpf(x) - MP.mpf(ref)) / MP.mpf(ref))
    assert one(x, ref) == pytest.approx(float(expected), abs=1e-12)
    assert one(-x, MP.mpf(-ref)) == one(x, ref)


@pytest.mark.parametrize(
    ("x", "digits"), [(2.0, 0.0), (0.0, 0.0), (-1.0, 0.0), (1e300, 0.0), (np.nan, 0.0), (np.inf, 0.0), (1.0, 15.9546)]
)
def test_digits_end_at_zero_and_at_the_cap(x, digits):
    assert one(x, 1) == pytest.approx(digits, abs=1e-4)


@pytest.mark.parametrize(
    ("dtype", "cap"), [("float16", 3.3113), ("float32", 7.2247), ("float64", 15.9546), ("int64", 15.9546)]
)
def test_the_cap_is_the_unit_roundoff_of_the_format(dtype, cap):
    most = digits_cap("float64" if dtype == "int64" else dtype)
    assert most == pytest.approx(cap, abs=1e-4)
    assert one(1, 1, dtype=dtype) == most
    assert one(1, MP.mpf(1) + MP.mpf(10) ** -40, dtype=dtype) == most


def test_a_wider_format_has_more_digits_where_it_is_wider():
    wider = np.finfo(np.longdouble).nmant > 52
    value = np.longdouble(1) / 3
    assert (one(value, MP.mpf(1) / 3, dtype="longdouble") > 16) == wider
    assert one(np.float64(value), MP.mpf(1) / 3) <= digits_cap("float64")


def test_digits_of_an_exact_zero_are_counted_from_its_scale():
    assert one(1e-8, 0, scale=100.0) == pytest.approx(10)
    assert one(1e-8, 0, scale=1e-8) == 0
    assert one(0.0, 0, scale=100.0) == digits_cap("float64")


def test_where_b_is_zero_only_zero_is_right():
    ref = reference(np.arange(12.0).reshape(6, 2), np.zeros(6))
    assert lre(np.zeros(2), ref) == digits_cap("float64")
    assert lre(np.array([0.0, 1e-300]), ref) == 0


def test_lre_is_the_fewest_digits_and_takes_lists_of_integers():
    ref = reference(np.eye(3)[:, :2], np.array([1.0, 3.0, 5.0]))
    assert lre([1, 3], ref) == digits_cap("float64")
    assert lre([1.0, 3.003], ref) == pytest.approx(3)
    assert lre((1.1, 3.003), ref) == pytest.approx(1)


@pytest.mark.parametrize(
    ("x", "says"),
    [
        (np.ones((2, 1)), r"x must have shape \(2,\) to match the reference; got \(2, 1\): pass x.ravel\(\)"),
        (np.ones(3), r"got \(3,\)$"),
        (1.0, r"got \(\)$"),
    ],
)
def test_an_x_of_the_wrong_shape_is_refused(x, says):
    with pytest.raises(ShapeError, match=says):
        lre(x, reference(np.eye(3)[:, :2], np.ones(3)))


def test_what_is_no_reference_and_swapped_arguments_are_refused():
    ref = reference(np.eye(3)[:, :2], np.ones(3))
    with pytest.raises(InputError, match=r"ref must be a Reference: sl.reference\(A, b\); got list"):
        lre([1, 1], [1, 1])
    with pytest.raises(InputError, match=r"the reference comes second: lre\(x, ref\)"):
        lre(ref, [1, 1])
    problem = problems.get("nist.norris")()
    with pytest.raises(InputError, match=r"ref must be a Reference: sl.reference\(problem\); got Problem"):
        lre([1, 1], problem)
    with pytest.raises(InputError, match=r"x is a Solution: pass its coefficients, which are its \.x"):
        lre(Solution(np.ones(2), Status.SOLVED), ref)


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        (csr_array(np.eye(2)), NotNumericError, r"x is sparse \(scipy.sparse.csr_array\): pass x.toarray\(\)"),
        (["1", "two"], NotNumericError, "x must hold real numbers; its dtype is <U3"),
        ([1.0, None], NotNumericError, "x must hold real numbers; its dtype is object"),
        ([1j, 1], ComplexError, "x is complex"),
        ({1.0, 2.0}, NotNumericError, "x is a set"),
        (None, NotNumericError, "its dtype is object"),
    ],
)
def test_an_x_that_is_no_vector_of_numbers_is_refused(x, error, says):
    with pytest.raises(error, match=says):
        lre(x, reference(np.eye(3)[:, :2], np.ones(3)))


def test_a_fit_is_an_x():
    A, b = np.arange(8.0).reshape(4, 2), [1.0, 2, 4, 8]
    assert lre(lstsq(A, b), reference(A, b)) == digits_cap("float64")


def test_no_error_is_the_cap_and_no_number_is_no_digit():
    assert [digits_of_error(e, 15.0) for e in (0.0, 1e-30, 1e-3, 1.0, np.inf, np.nan)] == [15, 15, 3, 0, 0, 0]


# --- backward error


def theorem(A, b, x):
    """eta_F / |A|_F by Higham (2002), theorem 20.5, theta infinite: eigenvalues of A A' - r r'/|x|², (m, m)."""
    M, v = MP.matrix(A.tolist()), MP.matrix(x.tolist())
    r = MP.matrix(b.tolist()) - M * v
    ratio = MP.fdot(r, r) / MP.fdot(v, v)
    if ratio == 0:
        return MP.mpf(0)
    smallest = min(MP.eigsy(M * M.T - r * r.T / MP.fdot(v, v), eigvals_only=True))
    return MP.sqrt(ratio + min(smallest, 0)) / frobenius(A)


def estimate(A, b, x):
    """|(|x|² A'A + |r|² I)^(-1/2) A'r| / |A|_F: Karlson and Waldén's in its first form."""
    M, v = MP.matrix(A.tolist()), MP.matrix(x.tolist())
    r = MP.matrix(b.tolist()) - M * v
    g = M.T * r
    K = MP.fdot(v, v) * (M.T * M) + MP.fdot(r, r) * MP.eye(len(x))
    return MP.sqrt(MP.fdot(g, MP.lu_solve(K, g))) / frobenius(A)


def frobenius(A):
    return MP.sqrt(MP.fsum(MP.mpf(v) ** 2 for v in np.ravel(A)))


def answers(m=9, n=4, cond=1e6, residual=1e-3, seed=0):
    """One problem with a good answer, a bad one, a perturbed one and one that is no answer at all."""
    p = problems.get("synthetic.randsvd")(m=m, n=n, cond=cond, residual=residual if m > n else 0.0, seed=seed)
    x = np.array([float(v) for v in reference(p).x])
    draw = np.random.default_rng(seed)
    yield p, solvers.get("qr.householder")(p.A, p.b)
    yield p, solvers.get("normal.lu")(p.A, p.b)
    yield p, x * (1 + 1e-5 * draw.standard_normal(n))
    yield p, draw.standard_normal(n)


SHAPES = [{}, {"residual": 1.0}, {"residual": 0.0}, {"cond": 1e12}, {"m": 4}, {"m": 5}, {"n": 2, "cond": 10.0}]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_backward_error_is_the_theorems_and_between_the_estimate_and_root_two_of_it(shape):
    for problem, x in answers(**shape):
        A, b = problem.A, problem.b
        exact, exact_kw = float(theorem(A, b, x)), float(estimate(A, b, x))
        # The noise of float64: half a u of |b| + |A| |x| in the residual, over |A| |x|.
        noise = 0.5 * U * (np.linalg.norm(b) / np.linalg.norm(x) / np.linalg.norm(A) + 1) + 1e-12 * exact
        found, kw = optimal_backward_error(A, b, x), karlson_walden(A, b, x)
        assert found == pytest.approx(exact, rel=0, abs=noise)
        assert exact_kw * (1 - 1e-12) <= exact <= np.sqrt(2) * exact_kw * (1 + 1e-12)
        assert kw == pytest.approx(exact_kw, rel=0, abs=noise)


def test_a_wrong_solver_has_a_backward_error_far_above_u_and_a_stable_one_below():
    (problem, good), (_, bad), *_ = answers(residual=0.0)
    assert optimal_backward_error(problem.A, problem.b, good) < 4 * U
    assert optimal_backward_error(problem.A, problem.b, bad) > 1e3 * U


def test_at_zero_the_smallest_change_makes_b_orthogonal_to_the_columns():
    A, b = np.array([[1.0, 0], [1, 2], [0, 1]]), np.array([1.0, 1.0, 1.0])
    dA = -np.outer(b, b @ A) / 3
    assert np.abs((A + dA).T @ b).max() < 1e-15
    expected = np.linalg.norm(dA) / np.linalg.norm(A)
    for measure in (optimal_backward_error, karlson_walden):
        assert measure(A, b, np.zeros(2)) == pytest.approx(expected, rel=1e-14)
        assert measure(A, np.zeros(3), np.zeros(2)) == 0
        # The limit of ever smaller x is the value at 0.
        assert measure(A, b, np.array([1e-7, 1e-7])) == pytest.approx(expected, rel=1e-6)


def test_without_a_residual_there_is_no_backward_error():
    A = np.array([[1.0, 2], [3, 4], [5, 6]])
    x = np.array([2.0, -1.0])
    assert optimal_backward_error(A, A @ x, x) == karlson_walden(A, A @ x, x) == 0


@SETTINGS
@given(st.integers(-500, 500), st.integers(-450, 450))
def test_units_of_a_and_b_do_not_change_the_backward_error_by_a_bit(i, j):
    problem, x = next(answers())
    for measure in (optimal_backward_error, karlson_walden):
        scaled = measure(np.ldexp(problem.A, i), np.ldexp(problem.b, j), np.ldexp(x, j - i))
        assert scaled == measure(problem.A, problem.b, x)
