"""Gaussian elimination with the pivot rule as an argument: the comparison between rules is one line each."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.solvers.scalars import require_pivot

PivotRule: TypeAlias = Callable[[Array], int]


def in_order(column: Array) -> int:
    """The first candidate: no pivoting, so that a factor l_ij has no bound."""
    return 0


def largest(column: Array) -> int:
    """The candidate of largest magnitude: partial pivoting, so that |l_ij| <= 1."""
    return int(np.argmax(np.abs(column)))


def eliminate(system: Array, rule: PivotRule, name: str) -> Array:
    """[U Z] (n, n+k), U upper triangular, row-equivalent to system = [C B], C (n, n); `name` is what messages call C.

    In the outer-product (kji) order: n u |L||U| bounds the backward error, which is u |C| only if U stays small.
    Raises Breakdown when the rule's pivot is 0 or not finite: "pivot 3 of A'A is 0", counted from 0.
    Source: Higham (2002), section 9.1 (rules), Theorem 9.3 (backward error)."""
    W = system.copy()
    for j in range(len(W)):
        chosen = j + rule(W[j:, j])
        if chosen != j:
            W[[j, chosen]] = W[[chosen, j]]
        require_pivot(W[j, j], f"pivot {j} of {name}")
        factors = W[j + 1 :, j] / W[j, j]
        W[j + 1 :, j + 1 :] -= np.multiply.outer(factors, W[j, j + 1 :])
        W[j + 1 :, j] = 0
    return W
