"""Stochastic gradient descent at a constant rate: the covariance that its error keeps, batch by batch."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError


def stationary_covariance(A: Array, residual: Array, lr: float, batch: int = 1) -> Array | None:
    """E (x - x*)(x - x*)' (n, n) in the long run; None where it has no bound: lr is too large for the noise.

    A (m, n), residual (m,) = A x* - b at the minimiser. Each step draws `batch` rows independently of each other and
    of x, with replacement, and takes x - lr (mean of a r over the batch): the losses "half mean" (for "mean" give
    2 lr, for "half sum" lr times batch).

    Derivation: with G = mean a a' and w = mean a r* over the batch, e_(k+1) = (I - lr G) e_k - lr w. E w = A'r*/m = 0,
    so that the mean of e dies out, and the covariance C solves
        H C + C H - lr (M(C)/batch + (1 - 1/batch) H C H) = (lr/batch) S,
    H = mean over all rows of a a', S of r*² a a', M(C) of a a' (a'C a): a linear system in the n(n+1)/2 entries of C,
    exact for the finite rows. In one dimension, batch 1: C = lr S/(2 H - lr Q), Q the mean of a⁴.
    Source: the equation for constant rates, Dieuleveut, Durmus and Bach, Ann. Statist. 48 (2020) 1348-1382, section 3;
    there without the terms of fourth order in a.
    """
    A, residual = np.asarray(A, dtype=np.float64), np.asarray(residual, dtype=np.float64)
    if A.ndim != 2 or residual.shape != A.shape[:1] or batch < 1:
        raise InputError(f"A must have shape (m, n), residual (m,), batch be at least 1; got {A.shape}, {batch}")
    m, n = A.shape
    H, S = A.T @ A / m, (A * (residual**2)[:, None]).T @ A / m
    rows, columns = np.triu_indices(n)
    # The entries of C on and above the diagonal; one above counts for its mirror too.
    twice = np.where(rows == columns, 1.0, 2.0)
    products = A[:, rows] * A[:, columns]
    fourth = products.T @ (products * twice) / m
    mean = np.zeros((len(rows), len(rows)))
    squared = np.zeros_like(mean)
    for k, (i, j) in enumerate(zip(rows, columns, strict=True)):
        unit = np.zeros((n, n))
        unit[i, j] = unit[j, i] = 1.0
        mean[:, k] = (H @ unit + unit @ H)[rows, columns]
        squared[:, k] = (H @ unit @ H)[rows, columns]
    second = fourth / batch + (1 - 1 / batch) * squared
    # e e' -> E (I - lr G) e e' (I - lr G): its covariances are bounded iff every eigenvalue is below 1 in modulus.
    step = np.eye(len(rows)) - lr * mean + lr * lr * second
    if lr <= 0 or float(np.abs(np.linalg.eigvals(step)).max()) >= 1:
        return None
    found = np.linalg.solve(mean - lr * second, lr / batch * S[rows, columns])
    C = np.zeros((n, n))
    C[rows, columns] = C[columns, rows] = found
    return C


def stationary_loss_gap(A: Array, residual: Array, lr: float, batch: int = 1) -> float | None:
    """E f(x) - f(x*) in the long run, f the half mean of the squares: trace(H C)/2. None as `stationary_covariance`."""
    C = stationary_covariance(A, residual, lr, batch)
    if C is None:
        return None
    A = np.asarray(A, dtype=np.float64)
    return float(np.sum((A @ C) * A) / (2 * len(A)))
