"""Certificates of one small problem, by hand from exact solutions and from the engine, and ways to change them."""

import dataclasses
from fractions import Fraction
from math import isqrt, nextafter

import numpy as np
import pytest

from exact_fit import flint_solution, fractions
from stabilitylab.conformance.rational import least_squares
from stabilitylab.exact import least_squares as engine
from stabilitylab.exact.least_squares import lstsq
from stabilitylab.exact.proof.certificate import Certificate, Factor
from stabilitylab.exact.solve import balls

A = np.array([[1.0, 0.1, 7.0], [1.0, 0.2, -3.0], [1.0, 0.7, 2.0], [1.0, -1.5, 0.25], [1.0, 4.0, 0.125]])
B = np.array([1.0, 2.0, -0.3, 5.0, 0.7])
ROUNDED_TO = 2**100  # the middles of certificates by hand are multiples of 1 over this
HANDMADE = "by hand"


# --- certificates by hand, from exact solutions


def root(square):
    """An upper bound on the root of a fraction, tight to about 200 bits."""
    unit = 2**400
    return Fraction(isqrt(square.numerator * unit**2 // square.denominator) + 1, unit)


def defect(X, C):
    """|I - X'C X|_F squared."""
    return sum(v * v for v in (np.eye(len(C), dtype=int) - X.T @ C @ X).ravel())


def approximate_inverse_factor(A):
    """X (n, n) in float64 with X'(A'A) X nearly I: from R of a QR factorisation of A."""
    return np.linalg.inv(np.linalg.qr(A)[1])


def by_hand(A, b, X=None):
    """A certificate with a factor: x* rounded to multiples of 2**-100, radii as small as the factor proves."""
    E, f = fractions(A), fractions(b)
    C, n = E.T @ E, E.shape[1]
    X = approximate_inverse_factor(A) if X is None else X
    F = fractions(X)
    square = defect(F, C)
    assert square < Fraction(1, 4)
    alpha = nextafter(float(root(square)), 1)
    solution = least_squares(E, f)
    middle = tuple(round(v * ROUNDED_TO) for v in solution)
    g = F.T @ (E.T @ f - C @ np.array([Fraction(v, ROUNDED_TO) for v in middle], dtype=object))
    spread = Fraction(alpha) / (1 - Fraction(alpha))
    unit = 2**200
    radius = [abs(row @ g) + root((row @ row) * (g @ g)) * spread for row in F]
    return Certificate(
        HANDMADE,
        tuple(v * unit for v in middle),
        tuple(int(r * ROUNDED_TO * unit) + 1 for r in radius),
        ROUNDED_TO * unit,
        ((1, 1),) * n,
        tuple(float(v) for v in solution),
        n,
        Factor(X[None], np.zeros((1, n), dtype=np.int64), (Fraction(1),) * n, alpha),
    )


def in_rationals(x, rank=None):
    """A certificate without a factor, of an exact solution."""
    over = [v.as_integer_ratio() for v in x]
    numbers = (tuple(p for p, _ in over), (0,) * len(x), 1, tuple((1, q) for _, q in over))
    return Certificate(HANDMADE, *numbers, tuple(float(v) for v in x), len(x) if rank is None else rank)


def staged(A, b):
    """The engine's certificate with an inverse factor of the exact A'A."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(balls, "LARGEST", 0)
        patch.setattr(balls, "LARGEST_ILL", 0)
        patch.setattr(engine, "worth_a_try", lambda m, n: False)
        return lstsq(A, b).certificate


def least_norm(A, b):
    return lstsq(A, b, policy="minimum-norm").certificate


WITH_FACTOR = {"by hand": by_hand(A, B), "engine": staged(A, B)}
EXACT = {"by hand": in_rationals(flint_solution(A, B)), "engine": lstsq(A, B).certificate}
HAND = WITH_FACTOR["by hand"]
FULL = {f"{name}, {kind}": c for kind, many in (("factor", WITH_FACTOR), ("exact", EXACT)) for name, c in many.items()}
DEFICIENT = np.column_stack([A, A @ [1.0, 0.0, 2.0]])  # exact in float64
LEAST_NORM = least_norm(DEFICIENT, B)
# Decimals.
TEXT, TEXT_B = np.array([["1", "0.1"], ["1", "2e-3"], ["1", "-7.25"]]), np.array(["0.3", "1", "2"])
# A tie and a zero: x* = (1 + 2**-53, 0), nearest (1, 0).
TIED, TIED_B = (
    np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 1.0], [1.0, -1.0]]),
    np.array([1, 1, 1, 1]) + np.ldexp([0.0, 0.0, 1.0, 1.0], -52),
)


def replaced(certificate, **fields):
    """The certificate with other fields; those of its factor are named like them."""
    inside = {name: value for name, value in fields.items() if name in {f.name for f in dataclasses.fields(Factor)}}
    outside = {name: value for name, value in fields.items() if name not in inside}
    if inside:
        outside["factor"] = dataclasses.replace(certificate.factor, **inside)
    return dataclasses.replace(certificate, **outside)


def put(values, j, value):
    """A tuple with another entry j."""
    return (*values[:j], value, *values[j + 1 :])


def with_entry(array, place, change):
    array = array.copy()
    array[place] = change(array[place])
    return array
