"""Coordinate descent: one coefficient after the other, each exactly, which is Gauss-Seidel on the normal equations."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from stabilitylab.core.arguments import require_choice, require_whole
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.sums import dot, product
from stabilitylab.solvers.descent import Iterate
from stabilitylab.solvers.iterative import method


@method(
    "iterative.coordinate_descent",
    source="Wright, Math. Program. 151 (2015), section 1.1; Björck (1996), section 7.3",
    steps=lambda n: 100,
    tags=("no-rank-test",),
    fails={
        "agrees_with_the_exact_solution": "steps below half a last place of x are rounded away, with some cond**2 u"
    },
)
def coordinate_descent(
    A: Array, b: Array, x: Array, *, order: Literal["cyclic", "shuffled"] = "cyclic", seed: int = 0
) -> Iterator[Iterate]:
    """x_j <- x_j + a_j'r / a_j'a_j for each column a_j of A in turn, r = b - A x: a sweep over all columns is a step.

    Converges for every A, in one sweep for orthogonal columns, and as slowly as gradient descent for nearly dependent
    ones; the units of columns do not matter. A column of zeros keeps its coefficient. r is updated within a sweep and
    computed anew before each, so that it does not drift away.
    Steps below half a last place of x_j are rounded away, which leaves an error of up to cond**2 u.
    order: "shuffled": each sweep in a new random order, by the seed. Raises InputError for another.
    Source: Wright, Coordinate descent algorithms, Math. Program. 151 (2015) 3-34, doi:10.1007/s10107-015-0892-3,
    section 1.1; Björck (1996), doi:10.1137/1.9781611971484, section 7.3."""
    require_choice("order", order, ("cyclic", "shuffled"))
    require_whole("seed", seed, at_least=0)
    return _sweeps(A, b, x, np.random.default_rng(seed) if order == "shuffled" else None)


def _sweeps(A: Array, b: Array, x: Array, generator: np.random.Generator | None) -> Iterator[Iterate]:
    n = A.shape[1]
    squares = [dot(A[:, j], A[:, j]) for j in range(n)]
    while True:
        x, r = x.copy(), b - product(A, x)
        for j in range(n) if generator is None else generator.permutation(n):
            if squares[j] > 0:
                step = dot(A[:, j], r) / squares[j]
                x[j] = x[j] + step
                r = r - step * A[:, j]
        yield Iterate(x, {"r": r})
