"""Optimal backward error of a least-squares solution: an estimate in float64, and the same number from exact integers.

min |[dA, theta db]|_F over perturbed problems that x solves, theta = |A|_F / |b|, over |A|_F, up to a factor sqrt(2).
Source: Walden, Karlson and Sun (1995); Karlson and Walden (1997); Grcar, Saunders and Su (2007).
"""

from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

from stabilitylab.conformance.rational import exact_array, integers

Array = npt.NDArray[Any]


def column_scaled(A: Array, x: Array) -> tuple[Array, Array]:
    """A and x with every column of A brought to norm in [1, 2) by an exact power of two."""
    powers = 2.0 ** -np.floor(np.log2(np.linalg.norm(A, axis=0)))
    return A * powers, x / powers


def backward_error(A: Array, b: Array, x: Array) -> float:
    """In float64 by QR of [A; sqrt(t) I] (Grcar, Saunders and Su); noise below about u."""
    r = b - A @ x
    size = np.linalg.norm(A)
    theta = size / np.linalg.norm(b)
    damping = theta / np.sqrt(1 + (theta * np.linalg.norm(x)) ** 2)
    K = np.vstack([A, damping * np.linalg.norm(r) * np.eye(A.shape[1])])
    Q = np.linalg.qr(K)[0]
    return float(np.linalg.norm(Q[: len(b)].T @ r) * damping / size)


def exact_backward_error(A: Array, b: Array, x: Array) -> float:
    """The same number with the residual and A'A exact and the rest to 400 digits."""
    ctx: Any = mpmath.MPContext()
    ctx.dps = 400
    ai, scale = integers(exact_array(A))
    bi, b_scale = integers(exact_array(b))
    xs = exact_array(x)

    def number(f: Any) -> Any:
        return ctx.mpf(f.numerator) / f.denominator

    r = bi * b_scale - (ai @ xs) * scale
    g = ctx.matrix([number(v * scale) for v in ai.T @ r])
    C = ai.T @ ai
    n = A.shape[1]
    size = ctx.sqrt(number(scale**2 * sum(C[i, i] for i in range(n))))
    theta = size / ctx.sqrt(number(b_scale**2 * (bi @ bi)))
    damping = theta / ctx.sqrt(1 + theta**2 * number(xs @ xs))
    K = ctx.matrix([[number(scale**2 * C[i, j]) for j in range(n)] for i in range(n)])
    for i in range(n):
        K[i, i] += damping**2 * number(r @ r)
    square = (g.T * ctx.lu_solve(K, g))[0]
    return float(ctx.sqrt(abs(square)) * damping / size)
