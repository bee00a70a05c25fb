"""The diagonal of (A'A)^-1: every route encloses it, as narrowly as asked for, and what is left out is noticed."""

import numpy as np
import pytest
from flint import fmpz_mat
from hypothesis import assume, given
from hypothesis import strategies as st
from test_enclosure import spread

from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.solve import balls
from stabilitylab.exact.solve import inverse_diagonal as diagonal
from stabilitylab.exact.solve.enclosed import to_digits
from stabilitylab.exact.solve.inverse_diagonal import inverse_diagonal
from stabilitylab.exact.solve.inverse_factor import SERIES, inverse_factor
from wild import FEWER, matrices

ACCURACIES = (20, 45, 80, 120, 160)
ROUTES = ("balls", "series", "rationals")


def normal_of(A):
    sums = GramSums(A.shape[1] + 1)
    sums.feed(np.ascontiguousarray(A), np.ones(len(A)))
    return sums.normal_equations()


def exact_diagonal(normal):
    """By FLINT's exact inverse: pairs p, q for p / q."""
    inverse = fmpz_mat(normal.C).inv()
    return [(int(inverse[j, j].p), int(inverse[j, j].q)) for j in range(normal.n)]


def take(route, patch):
    """Make `inverse_diagonal` take one route."""
    if route != "balls":
        patch.setattr(balls, "LARGEST", 0)
        patch.setattr(balls, "LARGEST_ILL", 0)
    if route == "rationals":
        patch.setattr(diagonal, "inverse_factor", lambda *_: None)


def wrong(found, exact, accuracy):
    """What is wrong with enclosures: "outside", "wide"."""
    out = set()
    for interval, (p, q) in zip(found, exact, strict=True):
        # In integers: gcds of numbers this long would take most of the time.
        if not interval.low * q <= p * interval.over <= interval.high * q:
            out.add("outside")
        width = (interval.high - interval.low) * q
        if width * 10**accuracy > p * interval.over if accuracy is not None else width:
            out.add("wide")
    return out


def hilbert(m, n):
    return 1.0 / (np.arange(m)[:, None] + np.arange(n) + 1)


MATRICES = {
    **{f"cond 1e{k}": spread(20, 6, 10.0**k, k) for k in (0, 3, 6, 9, 12, 15)},
    "graded columns": spread(20, 6, 1e4) * 10.0 ** np.linspace(-140, 140, 6),
    "columns far apart": spread(20, 6, 1e4) * np.array([1.0, 1e9, 1.0, 1e-200, 1e200, 1e-9]),
    "graded rows": spread(30, 5, 1e2) * 10.0 ** np.linspace(-20, 0, 30)[:, None],
    "Hilbert": hilbert(14, 9),
    "integers": np.rint(9 * np.random.default_rng(3).standard_normal((20, 5))),
    "one": np.array([[3.0]]),
    "one column": np.linspace(-1e-300, 1e300, 7)[:, None],
    "orthogonal": np.vstack([np.eye(5), np.zeros((2, 5))]) * 2.0 ** np.arange(-60, 65, 25),
    "square": spread(9, 9, 1e10),
    "nearly dependent": 1 + np.random.default_rng(1).integers(0, 9, (20, 4)) * 2.0**-52,
}
SMALL = ("cond 1e6", "graded columns", "one", "integers", "nearly dependent")


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("route", ROUTES)
def test_each_route_encloses_the_diagonal_as_narrowly_as_asked(route, name, monkeypatch):
    normal = normal_of(MATRICES[name])
    exact = exact_diagonal(normal)
    take(route, monkeypatch)
    if route == "series":
        factor = inverse_factor(normal, SERIES)
        assert factor is not None
        assert factor.alpha <= SERIES
    for accuracy in (*ACCURACIES, None):
        assert wrong(inverse_diagonal(normal, accuracy), exact, accuracy) == set()


@pytest.mark.parametrize("n", [1, 7, 40])
@pytest.mark.parametrize("cond", [1e0, 1e7, 1e15])
def test_one_elimination_encloses_the_solution_and_the_diagonal(n, cond):
    normal = normal_of(spread(n + 9, n, cond))
    solved, diagonal = balls.solve_and_invert(normal, to_digits(normal, 50), 50)
    assert not wrong(diagonal, exact_diagonal(normal), 50)
    exact = fmpz_mat(normal.C).solve(fmpz_mat(n, 1, normal.c))
    for j, (middle, radius) in enumerate(zip(solved.middle, solved.radius, strict=True)):
        p, q = int(exact[j, 0].p), int(exact[j, 0].q)
        assert abs(middle * q - p * solved.denominator) <= radius * q
        assert radius * 10**50 <= abs(middle)


def test_one_elimination_of_a_singular_matrix_gives_nothing():
    A = spread(9, 3, 1e2)
    normal = normal_of(np.column_stack([A, A[:, 1]]))
    assert balls.solve_and_invert(normal, to_digits(normal, 50), 50) is None


@pytest.mark.parametrize("cond", [1e0, 1e3, 1e6])
def test_the_condition_number_is_seen_while_float64_can(cond):
    found = normal_of(spread(60, 20, cond)).condition
    assert 0 <= found - 2 * np.log2(cond) < 10
    assert normal_of(spread(60, 20, 1e12)).condition is None


@FEWER
@given(matrices(rows=(3, 8)))
def test_products_with_a_vector_are_the_same_in_flint(problem):
    normal = normal_of(problem[0])
    y = [3, -(10**40), 0][: normal.n]
    assert balls.times(normal, y) == normal.times(y)


def test_more_unknowns_than_balls_are_for_go_by_series(monkeypatch):
    monkeypatch.setattr(balls, "LARGEST", 30)
    normal = normal_of(spread(36, balls.LARGEST + 1, 1e6))
    exact = exact_diagonal(normal)
    calls = []
    honest = diagonal._by_series
    monkeypatch.setattr(diagonal, "_by_series", lambda *a: calls.append(a) or honest(*a))
    for accuracy in (20, 60, 160):
        assert wrong(inverse_diagonal(normal, accuracy), exact, accuracy) == set()
    assert len(calls) == 3


@pytest.mark.parametrize("good", [2.0**-10, 2.0**-36, 2.0**-60, 2.0**-150])
def test_a_factor_that_is_known_is_used_when_it_is_good_enough(good, monkeypatch):
    normal = normal_of(MATRICES["cond 1e9"])
    known = inverse_factor(normal, good)
    monkeypatch.setattr(balls, "LARGEST", 0)
    monkeypatch.setattr(balls, "LARGEST_ILL", 0)
    used = []
    honest = diagonal._by_series
    monkeypatch.setattr(diagonal, "_by_series", lambda n, f, a: used.append(f) or honest(n, f, a))
    for accuracy in ACCURACIES:
        assert wrong(inverse_diagonal(normal, accuracy, known), exact_diagonal(normal), accuracy) == set()
    assert all((factor is known) == (known.alpha <= SERIES) and factor.alpha <= SERIES for factor in used)


def test_a_factor_that_is_not_good_enough_is_not_used(monkeypatch):
    normal = normal_of(MATRICES["cond 1e9"])
    poor = inverse_factor(normal, 2.0**-10)
    assert poor.alpha > SERIES
    take("series", monkeypatch)
    monkeypatch.setattr(diagonal, "inverse_factor", lambda *_: poor)
    monkeypatch.setattr(diagonal, "_by_series", None)
    assert wrong(inverse_diagonal(normal, 20), exact_diagonal(normal), None) == set()


@pytest.mark.parametrize("size", [2**21, 2**40, 2**52])
def test_products_of_rows_are_exact_wherever_carries_go(size):
    rng = np.random.default_rng(1)
    Y = [rng.integers(-size, size + 1, (3, 4)) for _ in range(3)]
    X = rng.integers(-(2**21), 2**21 + 1, (5, 3, 4)).astype(float)
    whole = [sum(level.astype(object) * 2 ** (22 * (4 - k)) for k, level in enumerate(Z)) for Z in (Y, X.astype(int))]
    for found, v in zip(diagonal._row_products(Y, X), (whole[0] * whole[1]).sum(axis=1), strict=True):
        assert found.low == found.high
        assert found.low * 2**176 == v * found.over


@FEWER
@given(matrices(rows=(2, 7), n=(1, 3)), st.sampled_from(ACCURACIES))
def test_whatever_comes_is_enclosed_by_every_route(pair, accuracy):
    normal = normal_of(pair[0])
    assume(normal.determinant_bound.bit_length() < 20_000 and fmpz_mat(normal.C).det() != 0)
    exact = exact_diagonal(normal)
    for route in ROUTES[:3]:
        with pytest.MonkeyPatch.context() as patch:
            take(route, patch)
            assert wrong(inverse_diagonal(normal, accuracy), exact, accuracy) == set()


# --- planted faults in the series


def found_out(accuracies=(20, 60, 160)):
    """What is wrong with the enclosures of some problems by series."""
    found = set()
    with pytest.MonkeyPatch.context() as patch:
        take("series", patch)
        for name in ("cond 1e6", "cond 1e12", "graded columns", "columns far apart", "Hilbert"):
            normal = normal_of(MATRICES[name])
            exact = exact_diagonal(normal)
            for accuracy in accuracies:
                found |= wrong(inverse_diagonal(normal, accuracy), exact, accuracy)
    return found


def test_nothing_is_wrong_unless_it_is_planted():
    assert found_out() == set()


def test_a_term_of_the_series_that_is_missing_is_noticed(monkeypatch):
    honest = diagonal.products
    seen = []

    def products(P, Q, count=None):
        """Nothing at the first of the steps that add a term: only those cut products at a plane."""
        levels = honest(P, Q, count)
        first = count is not None and P is Q
        seen.append(first)
        return [0 * level for level in levels] if first else levels

    monkeypatch.setattr(diagonal, "products", products)
    assert "outside" in found_out()
    assert any(seen)


def test_an_error_that_is_200_bits_too_small_is_noticed(monkeypatch):
    honest = diagonal.Interval

    def narrow(low, high, over):
        middle = (low + high) // 2
        by = (high - low) >> 200
        return honest(middle - by, middle + by, over)

    monkeypatch.setattr(diagonal, "Interval", narrow)
    assert "outside" in found_out()


@pytest.mark.parametrize("by", [1, -1])
@pytest.mark.parametrize("name", ["_aligned", "_aligned_factor"])
def test_limbs_off_by_a_place_are_noticed(name, by, monkeypatch):
    honest = getattr(diagonal, name)

    def shifted(*arguments):
        planes = np.roll(honest(*arguments), by, axis=0)
        planes[0 if by > 0 else -1] = 0.0
        return planes

    monkeypatch.setattr(diagonal, name, shifted)
    assert "outside" in found_out()


def test_fewer_terms_than_asked_for_are_noticed(monkeypatch):
    monkeypatch.setattr(diagonal, "log10", lambda alpha: -1000.0)
    assert found_out() == {"wide"}


def test_limbs_of_the_error_that_are_cut_off_too_early_are_noticed(monkeypatch):
    honest = diagonal._aligned

    def cut(factor, count):
        planes = honest(factor, count)
        planes[-(count // 2) :] = 0.0
        return planes

    monkeypatch.setattr(diagonal, "_aligned", cut)
    assert "outside" in found_out()
