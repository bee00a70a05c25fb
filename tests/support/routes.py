"""The routes of the certified solver, one by one, and what each must give."""

import numpy as np

from stabilitylab.conformance.rational import exact_array
from stabilitylab.conformance.rational import least_squares as eliminated
from stabilitylab.exact import least_squares
from stabilitylab.exact.float64 import by_residual
from stabilitylab.exact.solve import balls, choose
from wild import doubles

# What the certificate says of each; "cheapest" is what the engine chooses when it may not choose balls.
ROUTES = {
    "cheapest": "",
    "balls": "FLINT balls",
    "factor": "staged inverse factor",
    "rationals": "exact rationals (FLINT)",
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
    if route == "rationals":
        patch.setattr(choose, "inverse_factor", lambda *_: None)


def oracle(A, b):
    """x in fractions, by the tests' own elimination: the engine's is FLINT's."""
    return eliminated(exact_array(A), exact_array(b))


def assert_certified(fit, x):
    """Every coefficient is the double nearest to x, and x is enclosed."""
    assert fit.x.tolist() == doubles(x)
    assert not np.signbit(fit.x[fit.x == 0]).any()
    pairs = zip(fit.certificate.x, fit.certificate.radius, x, strict=True)
    assert all(abs(middle - v) <= radius for middle, radius, v in pairs)
    assert fit.certificate.rank == len(x)
