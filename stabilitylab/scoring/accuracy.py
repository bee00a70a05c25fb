"""Correct digits of an answer against a reference, and the backward error of an answer, which needs no reference."""

from fractions import Fraction
from math import log10
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import (
    FLOAT64,
    Array,
    FormatLike,
    exact_value,
    format_of,
    has_format,
    is_finite,
    unit_roundoff,
)
from stabilitylab.core.arithmetic.norms import unit_exponent
from stabilitylab.core.arithmetic.rounded_array import RoundedArray
from stabilitylab.core.errors import ComplexError, InputError, NotNumericError, ShapeError
from stabilitylab.core.types import Reference
from stabilitylab.data.validation import as_array

# One private context at a fixed precision: only read, so it is safe in threads. Differences keep 250 bits.
mp = mpmath.MPContext()
mp.prec = 250

CERTIFIED_DIGITS = 50  # to which every reference is proven at least, and beyond which no digits are counted


def lre(x: npt.ArrayLike, ref: Reference) -> float:
    """The fewest correct digits over the coefficients x (n,): min of `correct_digits`.

    x is taken in its own format, which caps the digits: pass it in the one that it was computed in. Raises InputError
    for what is no Reference, ShapeError when x does not have as many coefficients as the reference, and the errors of
    `coefficients`.
    """
    if isinstance(x, Reference):
        raise InputError("the reference comes second: lre(x, ref)")
    if not isinstance(ref, Reference):
        way = "sl.reference(problem)" if hasattr(ref, "feature_names") else "sl.reference(A, b)"
        raise InputError(f"ref must be a Reference: {way}; got {type(ref).__name__}")
    array = coefficients(x)
    if array.shape != (len(ref.x),):
        way = ": pass x.ravel()" if array.size == len(ref.x) else ""
        raise ShapeError(f"x must have shape ({len(ref.x)},) to match the reference; got {array.shape}{way}")
    return min(correct_digits(array, ref.x, ref.scales))


def coefficients(x: Any) -> Array:
    """The coefficients of an answer as an array of numbers of their own format, or of integers.

    Raises ComplexError and NotNumericError for what are no real numbers, InputError for what holds them as .x only.
    """
    if hasattr(x, "x") and not hasattr(x, "__array__"):
        raise InputError(f"x is a {type(x).__name__}: pass its coefficients, which are its .x")
    if isinstance(x, RoundedArray) or (isinstance(x, np.ndarray) and x.dtype.kind == "O" and has_format(x)):
        return x
    array = as_array(x, "x")
    if array.dtype.kind == "c":
        raise ComplexError("x is complex; a real problem has real coefficients: pass x.real if that is what is meant")
    if array.dtype.kind not in "biuf":
        raise NotNumericError(f"x must hold real numbers; its dtype is {array.dtype}: pass an array of floats")
    return array


def correct_digits(x: Array, ref: tuple[Any, ...], scales: tuple[Any, ...]) -> tuple[float, ...]:
    """-log10(|x_i - ref_i| / |ref_i|), floored at 0 and capped at -log10 u of the format of x (15.95 for float64).

    Where ref_i is exactly 0: -log10(|x_i| / scale_i), scale_i = |b| / |a_i|; where b is 0 too, an x_i that is not 0 has
    no digit. A number that is not finite has 0 digits.
    Source: McCullough, Amer. Statist. 52 (1998) 358-366.
    """
    cap = digits_cap(FLOAT64 if x.dtype.kind in "biu" else format_of(x))
    return tuple(_digits(xi, ri, si, cap) for xi, ri, si in zip(x, ref, scales, strict=True))


def digits_cap(format: FormatLike) -> float:
    """-log10 u: more digits than that a format cannot hold; at most CERTIFIED_DIGITS."""
    u = unit_roundoff(format)
    return float(min(-log10(u), CERTIFIED_DIGITS) if u else CERTIFIED_DIGITS)


def digits_of_error(relative: float, cap: float) -> float:
    """-log10 of a relative error, within [0, cap]."""
    if not relative < 1:
        return 0.0
    return cap if relative <= 0 else float(min(cap, -np.log10(relative)))


def _digits(x: Any, ref: Any, scale: Any, cap: float) -> float:
    if not is_finite(x):
        return 0.0
    error, size = abs(exact(x) - mp.mpf(ref)), abs(mp.mpf(ref or scale))
    if not error or not size:
        return 0.0 if error else cap
    return digits_of_error(float(error / size), cap)


def exact(x: Any) -> Any:
    """The value of one integer or floating-point number of any format, as a number of `mp`."""
    value = Fraction(int(x)) if isinstance(x, np.integer) else exact_value(np.asarray(x)[()])
    return mp.mpf(value.numerator) / value.denominator


def karlson_walden(A: Array, b: Array, x: Array) -> float:
    """|Q_1' r| / (|x| |A|_F), K = [A; w I] = Q R, w = |r|/|x|: eta / sqrt 2 to eta of `optimal_backward_error`.

    Sources: Karlson and Waldén, BIT 37 (1997) 862-869; Grcar, Saunders and Su (2007), whose QR form this is.
    """
    A, b, x = _unit_sized(A, b, x)
    r = b - A @ x
    size, rho = float(np.linalg.norm(x)), float(np.linalg.norm(r))
    if size == 0 or rho == 0:
        return _backward_error_at_zero(A, b) if size == 0 else 0.0
    Q = np.linalg.qr(np.vstack([A, (rho / size) * np.eye(A.shape[1])]))[0]
    return float(np.linalg.norm(Q[: len(b)].T @ r) / size / np.linalg.norm(A))


def optimal_backward_error(A: Array, b: Array, x: Array) -> float:
    """min |dA|_F / |A|_F such that x minimises |b - (A + dA) y|: eta = min(phi, sigma_min([B, phi (I - q q')])).

    phi = |r|/|x|; B = Q'A and q = Q'r/|r| from the economy QR of [A r], which makes the matrix (n+1, 2n+1): forming the
    (m, m) matrix of the theorem and its eigenvalues would have noise of sqrt(u). Noise here is below half a u, times
    |b| / (|A| |x|) where x is too small for b.
    Source: Waldén, Karlson and Sun, Numer. Linear Algebra Appl. 2 (1995) 271-286; Higham (2002), theorem 20.5.
    """
    A, b, x = _unit_sized(A, b, x)
    r = b - A @ x
    size, rho = float(np.linalg.norm(x)), float(np.linalg.norm(r))
    if size == 0 or rho == 0:
        return _backward_error_at_zero(A, b) if size == 0 else 0.0
    Q = np.linalg.qr(np.column_stack([A, r]))[0]
    q = Q.T @ r
    q /= np.linalg.norm(q)
    phi = rho / size
    s = np.linalg.svd(np.hstack([Q.T @ A, phi * (np.eye(len(q)) - np.outer(q, q))]), compute_uv=False)
    return float(min(phi, s[-1]) / np.linalg.norm(A))


def _unit_sized(A: Array, b: Array, x: Array) -> tuple[Array, Array, Array]:
    """A 2^-i, b 2^-j, x 2^(i-j), the same question, with the largest entries of A and b in [1/2, 1)."""
    i, j = unit_exponent(A), unit_exponent(b)
    return np.ldexp(A, -i), np.ldexp(b, -j), np.ldexp(x, i - j)


def _backward_error_at_zero(A: Array, b: Array) -> float:
    """At x = 0 the condition is (A + dA)'b = 0, whose smallest dA has norm |A'b|/|b|."""
    beta = float(np.linalg.norm(b))
    return float(np.linalg.norm(A.T @ b) / beta / np.linalg.norm(A)) if beta else 0.0
