"""Condition numbers and error laws against their formulas in mpmath, extremal perturbations, and real solvers."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab import libraries, problems, reference, solvers
from stabilitylab.conformance.rational import exact_array, least_squares
from stabilitylab.scoring.theory.condition import conditioning
from stabilitylab.scoring.theory.laws import LAWS, predict

MP = mpmath.MPContext()
MP.dps = 100
U = 2.0**-53


def randsvd(**parameters):
    return problems.get("synthetic.randsvd")(**parameters)


def certified_conditioning(problem):
    ref = reference(problem)
    return conditioning(problem.A, problem.b, np.array([float(v) for v in ref.x]), float(ref.residual_norm)), ref


def sensitivities(problem):
    """S, C_QR, C_NE and the entry-by-entry worst case of every coefficient: the formulas, in 100 digits."""
    A, b = MP.matrix(problem.A.tolist()), MP.matrix(problem.b.tolist())
    C = (A.T * A) ** -1
    x = C * (A.T * b)
    r, pinv = b - A * x, C * A.T
    m, n = A.rows, A.cols
    norms = [MP.norm(A[:, k]) for k in range(n)]
    size, rho = MP.norm(b), MP.norm(r)
    terms = [[norms[k] * MP.hypot(rho * C[i, k], MP.sqrt(C[i, i]) * x[k]) for k in range(n)] for i in range(n)]
    last = [MP.sqrt(C[i, i]) * size for i in range(n)]
    weight = size**2 + sum((norms[k] * x[k]) ** 2 for k in range(n))
    entrywise = [
        sum(abs(A[j, k] * (r[j] * C[i, k] - pinv[i, j] * x[k])) for j in range(m) for k in range(n))
        + sum(abs(pinv[i, j] * b[j]) for j in range(m))
        for i in range(n)
    ]
    return {
        "worst_columnwise": [sum(terms[i]) + last[i] for i in range(n)],
        "columnwise": [MP.sqrt(sum(t**2 for t in terms[i]) + last[i] ** 2) for i in range(n)],
        "normal": [MP.sqrt(sum((C[i, k] * norms[k]) ** 2 for k in range(n)) * weight) for i in range(n)],
        "componentwise": entrywise,
    }


GRID = [
    {"cond": c, "residual": rho, "column_spread": spread}
    for c in (10.0, 1e6, 1e12)
    for rho, spread in ((0.0, 0.0), (1e-6, 4.0), (1.0, 0.0))
]


@pytest.mark.parametrize("parameters", GRID, ids=str)
def test_the_sensitivities_in_float64_are_the_formulas_to_a_hundredth(parameters):
    problem = randsvd(m=12, n=4, **parameters)
    found, _ = certified_conditioning(problem)
    for name, expected in sensitivities(problem).items():
        assert getattr(found, name) == pytest.approx([float(v) for v in expected], rel=0.01), name


def test_the_condition_numbers_are_those_of_the_singular_values():
    problem = randsvd(m=12, n=4, cond=1e5, column_spread=3.0)
    found, _ = certified_conditioning(problem)
    A = MP.matrix(problem.A.tolist())
    scaled = MP.matrix([[A[i, j] / MP.norm(A[:, j]) for j in range(4)] for i in range(12)])
    for matrix, cond in ((A, found.cond), (scaled, found.cond_scaled)):
        s = MP.eigsy(matrix.T * matrix, eigvals_only=True)
        assert cond == pytest.approx(float(MP.sqrt(max(s) / min(s))), rel=1e-6)
    x, r = np.linalg.norm(found.x), float(reference(problem).residual_norm)
    size = np.linalg.norm(problem.A, 2)
    expected = found.cond * (x + np.linalg.norm(problem.b) / size) + found.cond**2 * r / size
    assert found.normwise == pytest.approx(expected, rel=1e-6)


def test_the_bound_of_wedin_counts_a_large_residual_by_the_square_of_the_condition_number():
    problem = randsvd(m=12, n=4, cond=1e3, residual=1.0)
    found, ref = certified_conditioning(problem)
    s = np.linalg.svd(problem.A, compute_uv=False)
    x, r, beta = np.linalg.norm(found.x), float(ref.residual_norm), np.linalg.norm(problem.b)
    first, second = s[0] / s[-1] * (x + beta / s[0]), (s[0] / s[-1]) ** 2 * r / s[0]
    assert second > 10 * first
    assert found.normwise == pytest.approx(first + second, rel=1e-9)


@pytest.mark.parametrize("factor", [0.0, 2.0**-20, 3.0])
def test_a_residual_norm_that_is_given_takes_the_place_of_the_computed_one_everywhere(factor):
    """As if the residual were a multiple of itself: the formulas with that r, for b as it is."""
    problem = randsvd(m=12, n=4, cond=1e2, residual=0.5)
    A, b = problem.A, problem.b
    plain, ref = certified_conditioning(problem)
    rho = float(ref.residual_norm)
    found = conditioning(A, b, plain.x, factor * rho)
    C = np.linalg.inv(A.T @ A)
    pinv, r, norms = C @ A.T, factor * (b - A @ plain.x), np.linalg.norm(A, axis=0)
    root = np.sqrt(np.diag(C))
    terms = norms * np.hypot(factor * rho * C, np.outer(root, plain.x))
    assert found.worst_columnwise == pytest.approx(terms.sum(axis=1) + root * np.linalg.norm(b), rel=1e-6)
    entries = [[np.abs(A[:, k] * (r * C[i, k] - pinv[i] * plain.x[k])).sum() for k in range(4)] for i in range(4)]
    assert found.componentwise == pytest.approx(np.sum(entries, axis=1) + np.abs(pinv) @ np.abs(b), rel=1e-6)


def perturbed_solution(A, dA, b, db, eps):
    """The exact solution of the problem with A + eps dA, b + eps db, in fractions."""
    eps = exact_array([eps])[0]
    return least_squares(exact_array(A) + eps * exact_array(dA), exact_array(b) + eps * exact_array(db))


@pytest.mark.parametrize("cond", [10.0, 1e4])
def test_the_worst_columnwise_case_is_attained(cond):
    problem = randsvd(m=8, n=3, cond=cond, residual=0.7)
    A, b = problem.A, problem.b
    found, _ = certified_conditioning(problem)
    x = least_squares(exact_array(A), exact_array(b))
    C, r = np.linalg.inv(A.T @ A), b - A @ found.x
    pinv = C @ A.T
    eps = 2.0**-80
    for i in range(3):
        directions = np.array([C[i, k] * r - found.x[k] * pinv[i] for k in range(3)]).T
        dA = directions / np.linalg.norm(directions, axis=0) * np.linalg.norm(A, axis=0)
        db = pinv[i] / np.linalg.norm(pinv[i]) * np.linalg.norm(b)
        change = abs(float(perturbed_solution(A, dA, b, db, eps)[i] - x[i])) / eps
        assert change == pytest.approx(found.worst_columnwise[i], rel=1e-6)
        assert found.columnwise[i] <= found.worst_columnwise[i] <= 2 * found.columnwise[i]  # sqrt(n + 1)
        signs = np.sign(directions) * np.abs(A)
        entry = abs(float(perturbed_solution(A, signs, b, np.sign(pinv[i]) * np.abs(b), eps)[i] - x[i])) / eps
        assert entry == pytest.approx(found.componentwise[i], rel=1e-6)


@settings(max_examples=30)
@given(st.lists(st.integers(-60, 60), min_size=4, max_size=4), st.integers(-900, 800))
def test_units_move_through_every_columnwise_sensitivity(exponents, unit):
    problem = randsvd(m=12, n=4, cond=1e4, residual=0.1)
    found, ref = certified_conditioning(problem)
    x, r = found.x, float(ref.residual_norm)
    d = 2.0 ** np.array(exponents)
    moved = conditioning(problem.A * d, problem.b * 2.0**unit, np.ldexp(x / d, unit), float(np.ldexp(r, unit)))
    for name in ("columnwise", "worst_columnwise", "normal", "componentwise"):
        back = np.ldexp(getattr(moved, name), -unit) * d
        assert back == pytest.approx(getattr(found, name), rel=1e-9), name
    assert moved.cond_scaled == pytest.approx(found.cond_scaled, rel=1e-9)
    assert np.array_equal(np.ldexp(moved.x, -unit) * d, x)


def test_without_x_it_is_the_solution_of_householder_qr():
    problem = randsvd(m=12, n=4, cond=1e3, residual=0.5)
    given_x, _ = certified_conditioning(problem)
    own = conditioning(problem.A, problem.b)
    assert own.x == pytest.approx(given_x.x, rel=1e-9)
    assert own.columnwise == pytest.approx(given_x.columnwise, rel=1e-9)


@pytest.mark.parametrize("A", [np.zeros((3, 2)), np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 4.0]])])
def test_a_singular_matrix_has_infinite_sensitivities(A):
    found = conditioning(A, np.ones(3))
    assert np.isinf(found.cond)
    assert np.isinf(found.columnwise).all()
    assert np.isinf(found.normwise)


# --- laws against solvers


def errors_over(name, problem):
    """|x - ref| of a route, normwise with columns at norm 1, over its estimate and over its bound."""
    entry = (solvers if name in solvers.names() else libraries).entry(name)
    c, ref = certified_conditioning(problem)
    law = predict(entry.label, problem.A, c, U)
    x = np.asarray(entry.function(np.array(problem.A), np.array(problem.b)))
    d = np.linalg.norm(problem.A, axis=0)
    error = np.array([float(MP.mpf(float(xi)) - MP.mpf(r)) for xi, r in zip(x, ref.x, strict=True)])
    return np.linalg.norm(d * error) / np.linalg.norm(d * law.errors), (np.abs(error) / law.bound).max()


@pytest.mark.parametrize(("name", "conds"), [("qr.householder", (1e2, 1e5, 1e9)), ("normal.cholesky", (1e2, 1e4, 1e6))])
def test_the_law_holds_on_random_problems(name, conds):
    family = [
        randsvd(m=40, n=6, cond=c, residual=rho, column_spread=spread, seed=seed)
        for c in conds
        for rho in (0.0, 1e-6, 1.0)
        for spread in (0.0, 4.0)
        for seed in range(4)
    ]
    ratios = np.array([errors_over(name, p) for p in family])
    assert len(family) == 72
    assert ((ratios[:, 0] > 1 / 300) & (ratios[:, 0] < 10)).all(), (ratios[:, 0].min(), ratios[:, 0].max())
    assert (ratios[:, 1] < 1).all(), ratios[:, 1].max()


def rounded_inside(A, b):
    """The planted fault: a stable solver that passes its data through float32."""
    return solvers.get("qr.householder")(A.astype(np.float32).astype(float), b)


def test_a_solver_that_rounds_to_float32_inside_is_above_the_bound():
    for seed in range(5):
        problem = randsvd(m=40, n=6, cond=1e3, residual=0.1, seed=seed)
        c, _ = certified_conditioning(problem)
        law = predict(solvers.entry("qr.householder").label, problem.A, c, U)
        error = np.abs(rounded_inside(problem.A, problem.b) - c.x)
        assert (error > 100 * law.bound).all()


@pytest.mark.parametrize("cond", [1e15, 1e16])
def test_a_rank_cutoff_costs_the_part_of_x_along_the_dropped_directions(cond):
    problem = randsvd(m=60, n=6, cond=cond, profile="one-small")
    c, _ = certified_conditioning(problem)
    fit = libraries.get("numpy.lstsq")(np.array(problem.A), np.array(problem.b))
    assert fit.rank == 5
    v = np.linalg.svd(problem.A)[2][-1]
    lost = np.abs(v * (v @ c.x))
    law = predict(libraries.entry("numpy.lstsq").label, problem.A, c, U)
    error = np.abs(fit.x - c.x)
    assert error == pytest.approx(lost, rel=1e-3)
    plain = LAWS["normwise"](problem.A, c, U, libraries.entry("numpy.lstsq").label.constant)[0]
    assert law.errors - plain == pytest.approx(lost, rel=1e-6)
    assert (error <= law.bound).all()


def test_a_cutoff_that_drops_nothing_predicts_nothing_lost():
    problem = randsvd(m=60, n=6, cond=1e6)
    c, _ = certified_conditioning(problem)
    label = libraries.entry("numpy.lstsq").label
    assert np.array_equal(predict(label, problem.A, c, U).errors, LAWS["normwise"](problem.A, c, U, label.constant)[0])


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        *[("gauss.partial", problems.case("classic.wilkinson_growth", n=n)) for n in (10, 30, 45)],
        *[("gauss.no_pivot", problems.case("classic.small_pivot", eps=e)) for e in (1e-4, 1e-8, 1e-12)],
        *[("gauss.no_pivot", problems.case("classic.gaussian", n=30, seed=s)) for s in range(5)],
    ],
    ids=str,
)
def test_the_elimination_law_foresees_growth(name, problem):
    estimate, bound = errors_over(name, problem.build())
    # |A^-1| |L| |U| |x| adds up what mostly cancels: wider below than the laws of norms.
    assert 1 / 3000 < estimate < 10
    assert bound < 1


def test_without_pivoting_the_law_sees_the_growth_that_pivoting_avoids():
    problem = problems.get("classic.small_pivot")(eps=1e-10)
    c, _ = certified_conditioning(problem)
    naive, pivoted = (LAWS[k](problem.A, c, U, 1.0)[0].max() for k in ("elimination", "partial-pivoting"))
    assert naive > 1e9 * pivoted


def test_every_law_is_claimed_by_a_route_and_every_route_that_claims_none_gets_no_prediction():
    labels = [e.label for e in (*solvers.catalog, *libraries.catalog)]
    assert {label.law for label in labels} - {None} == set(LAWS)
    square = randsvd(m=4, n=4, cond=10.0)
    c, _ = certified_conditioning(square)
    assert all((predict(label, square.A, c, U) is None) == (label.law is None) for label in labels)


def test_a_route_that_works_in_double_on_float32_errs_by_the_rounding_of_its_answer():
    problem = problems.get("nist.longley")().rounded_to("float32")
    c, _ = certified_conditioning(problem)
    u32 = 2.0**-24
    for entry, digits in ((libraries.entry("numpy.lstsq"), 7.0), (solvers.entry("qr.householder"), 2.6)):
        law = predict(entry.label, problem.A, c, u32)
        error = np.abs(np.asarray(entry.function(np.array(problem.A), np.array(problem.b)), dtype=float) - c.x)
        assert (error <= law.bound).all()
        assert -np.log10((law.errors / np.abs(c.x)).max()) == pytest.approx(digits, abs=0.8)
