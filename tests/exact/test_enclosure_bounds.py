"""Each bound of the enclosure against exact rationals; without its terms each is violated."""

from fractions import Fraction

import numpy as np
import pytest
from test_enclosure import spread, with_residual

from exact_fit import flint_solution, fractions
from stabilitylab.exact.float64 import enclosure, gradient, rounding_bounds
from stabilitylab.exact.float64.enclosure import enclose


def sum_of_squares(v):
    return sum((x * x for x in v.ravel()), Fraction(0))


def below(v, bound):
    """Whether |v|_2 <= bound, exactly."""
    return sum_of_squares(v) <= Fraction(float(bound)) ** 2


def bounds_that_fail(A, b, monkeypatch):
    """Which bounds (alpha, eps, delta, norms, radius) the exact values of one enclosure exceed."""
    seen = {}
    honest, gradient = enclosure._interval, enclosure.gradient

    def interval(data, X, x, g, alpha, delta, eps):
        found = honest(data, X, x, g, alpha, delta, eps)
        seen.update(data=data, X=X, x0=x, g=g, alpha=alpha, delta=delta, eps=eps, found=found)
        return found

    def spied(*arguments):
        seen["gradient"] = gradient(*arguments)
        return seen["gradient"]

    with monkeypatch.context() as patch:
        patch.setattr(enclosure, "_interval", interval)
        patch.setattr(enclosure, "gradient", spied)
        enclose(A, b)
    data, X = seen["data"], fractions(seen["X"])
    A, b, r = fractions(data.A), fractions(data.b), sum(map(fractions, seen["gradient"].r))
    P = A @ X
    y, radius, _ = seen["found"]
    ok = {
        "alpha": below(P.T @ P - fractions(np.eye(len(X))), seen["alpha"]),
        "eps": below(r - (b - A @ fractions(seen["x0"])), seen["eps"]),
        "delta": below(P.T @ r - fractions(seen["g"]), seen["delta"]),
        "norms": all(below(a, size) for a, size in zip(A.T, data.norms, strict=True)),
        "radius": all(
            abs(Fraction(v) - w) <= Fraction(bound)
            for v, w, bound in zip(y.tolist(), flint_solution(A, b), radius.tolist(), strict=True)
        ),
    }
    return {name for name, well in ok.items() if not well}


CONDS = (3.0, 1e6, 1e11)
HARD = [(spread(300, 5, c), with_residual(spread(300, 5, c), size)) for c in CONDS for size in (1e-9, 10.0)]


def without_rounding_terms(monkeypatch):
    for module in (enclosure, rounding_bounds, gradient):
        monkeypatch.setattr(module, "gamma", lambda k: 0.0 * k)
        monkeypatch.setattr(module, "U", 0.0)


@pytest.mark.parametrize(("A", "b"), HARD)
def test_every_bound_holds(A, b, monkeypatch):
    assert bounds_that_fail(A, b, monkeypatch) == set()


@pytest.mark.parametrize(("A", "b"), HARD)
def test_without_the_rounding_terms_eps_and_delta_are_violated(A, b, monkeypatch):
    without_rounding_terms(monkeypatch)
    assert {"eps", "delta"} <= bounds_that_fail(A, b, monkeypatch)


@pytest.mark.parametrize("cond", CONDS)
def test_without_the_rounding_terms_alpha_is_violated_somewhere(cond, monkeypatch):
    """Rounding may also make |S - I| too large, by chance: some of ten matrices must show it."""
    without_rounding_terms(monkeypatch)
    made = [spread(60, 4, cond, seed) for seed in range(10)]
    assert any("alpha" in bounds_that_fail(A, with_residual(A, 1.0), monkeypatch) for A in made)


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("WIDTH", 30),  # products of 60 bits: they are rounded
        ("two_sum", lambda a, b: (a + b, np.zeros_like(a))),  # what the additions round off is forgotten
        ("fsum", lambda values: sum(values) * (1 + 2.0**-20)),
        ("ROUND", 2.0**30),  # slices of the wrong length
    ],
)
def test_a_slice_that_is_not_exact_violates_its_bounds(name, planted, monkeypatch):
    A, b = spread(300, 5, 3.0), with_residual(spread(300, 5, 3.0), 10.0)
    assert bounds_that_fail(A, b, monkeypatch) == set()
    monkeypatch.setattr(gradient, name, planted)
    assert {"eps", "delta"} & bounds_that_fail(A, b, monkeypatch)


def rough(dropped=None, **changed):
    """Whether the interval holds x*, with A the identity on top of zeros, X rough, and x0 = 0.

    b = (1, 2, 0), X = [[1, 1/4], [0, 1]]: everything is exact in binary, so that each error can be planted by itself.
    """
    A, b, X = np.eye(3)[:, :2].copy(), np.array([1.0, 2.0, 0.0]), np.array([[1.0, 0.25], [0.0, 1.0]])
    data = enclosure.ScaledProblem.of(A, b)
    g = X.T @ (A.T @ b)
    terms = {"alpha": float(np.sqrt(2 / 16 + 1 / 256)) * (1 + 1e-12), "delta": 0.0, "eps": 0.0}
    if "g" in changed:
        terms["delta"] = float(np.linalg.norm(changed["g"])) * (1 + 1e-12)
        g = g + changed["g"]
    if "r" in changed:
        terms["eps"] = float(np.linalg.norm(changed["r"])) * (1 + 1e-12)
        g = X.T @ (A.T @ (b + changed["r"]))
    if changed.get("X") == "exact":
        X, g, terms["alpha"] = np.eye(2), (b + changed.get("r", 0))[:2] + changed.get("g", 0), 0.0
    if dropped:
        terms[dropped] = 0.0
    x, radius, _ = enclosure._interval(data, X, np.zeros(2), g, **terms)
    return bool((np.abs(x - [1.0, 2.0]) <= radius).all())


@pytest.mark.parametrize(
    ("term", "changed"),
    [
        ("alpha", {}),
        ("delta", {"g": np.array([1e-3, -1e-3]), "X": "exact"}),
        ("eps", {"r": np.array([1e-3, 0.0, 0.0]), "X": "exact"}),
    ],
)
def test_each_term_of_the_radius_is_needed(term, changed):
    assert rough(**changed)
    assert not rough(dropped=term, **changed)


def test_the_last_rounding_of_x_is_needed(monkeypatch):
    """x0 = 1 and a correction of 2^-54 exactly: fl(x0 + X g) = 1 is wrong by that."""
    data = enclosure.ScaledProblem.of(np.array([[1.0]]), np.array([1.0]))
    arguments = data, np.array([[1.0]]), np.array([1.0]), np.array([2.0**-54]), 0.0, 0.0, 0.0
    x, radius, _ = enclosure._interval(*arguments)
    assert abs(Fraction(x[0]) - 1 - Fraction(1, 2**54)) <= Fraction(radius[0])
    monkeypatch.setattr(enclosure, "U", 0.0)
    x, radius, _ = enclosure._interval(*arguments)
    assert abs(Fraction(x[0]) - 1 - Fraction(1, 2**54)) > Fraction(radius[0])
