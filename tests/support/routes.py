"""The routes of the certified solver, one by one, and what each must give."""

import sys

import numpy as np

from exact_fit import flint_solution
from stabilitylab.conformance.rational import exact_array
from stabilitylab.conformance.rational import least_squares as eliminated
from stabilitylab.exact import least_squares
from stabilitylab.exact.float64 import by_residual
from stabilitylab.exact.solve import balls, choose
from wild import doubles

# What the certificate says of each; "cheapest" is whatever the engine chooses when balls are not for small problems.
ROUTES = {
    "cheapest": "",
    "balls": "FLINT balls",
    "factor": "staged inverse factor",
    "rationals": "exact rationals (FLINT)",
    "python": "Bareiss",
}


def take(route, patch):
    """Make `lstsq` take one route."""
    if route != "balls":
        patch.setattr(balls, "LARGEST", 0)
        patch.setattr(balls, "LARGEST_ILL", 0)
    if route == "cheapest":
        patch.setattr(by_residual, "SMALLEST", 1)
    else:
        patch.setattr(least_squares, "worth_a_try", lambda *_: False, raising=False)
    if route in ("rationals", "python"):
        patch.setattr(choose, "inverse_factor", lambda *_: None)
    if route == "python":
        without_flint(patch)


def without_flint(patch):
    for name, module in list(sys.modules.items()):
        if name.startswith("stabilitylab.exact.") and hasattr(module, "flint"):
            patch.setattr(module, "flint", None)


def oracle(A, b, route):
    """x in fractions: eliminated here for what FLINT serves, by FLINT for what Python serves."""
    return flint_solution(A, b) if route == "python" else eliminated(exact_array(A), exact_array(b))


def assert_certified(fit, x):
    """Every coefficient is the double nearest to x, and x is enclosed."""
    assert fit.x.tolist() == doubles(x)
    assert not np.signbit(fit.x[fit.x == 0]).any()
    pairs = zip(fit.certificate.x, fit.certificate.radius, x, strict=True)
    assert all(abs(middle - v) <= radius for middle, radius, v in pairs)
    assert fit.certificate.rank == len(x)
