"""Exactly equivalent variants of a problem: rows and columns permuted, columns scaled by powers of two.

A solver that gives another answer to a variant had luck, good or bad, with the original. Variants need no reference of
their own: the answer is carried back, exactly, to the problem as published.
"""

import zlib
from dataclasses import dataclass

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.norms import times_powers_of_two
from stabilitylab.data.problem import Problem

SCALE_EXPONENTS = 10  # columns are scaled by 2**k, |k| <= 10


@dataclass(frozen=True, eq=False)
class Arrangement:
    """A (m, n) and b (m,) of a variant; rows (m,), columns (n,): which of the problem's they are, in order.

    exponents (n,): column j of the problem, wherever it is now, was multiplied by 2**exponents_j.
    """

    A: Array
    b: Array
    rows: Array
    columns: Array
    exponents: Array


@dataclass(frozen=True)
class Variant:
    """kind: "published", "permuted" or "scaled"; index tells one of a kind from the others and seeds it."""

    kind: str = "published"
    index: int = 0

    @property
    def name(self) -> str:
        """How rows name it."""
        return self.kind if self.kind == "published" else f"{self.kind} {self.index}"

    def arranged(
        self, problem: Problem, *, free_columns: bool = True, fixed: int = 0, alike: bool = False
    ) -> Arrangement:
        """The variant of a problem, in fresh arrays.

        free_columns: whether columns may be permuted and scaled one by one; else they are powers 0, 1, ... of one
        column, which stay in order, and of which column k is scaled by the k-th power of one factor. fixed: columns
        at the front that stay where they are, as they are. alike: whether the others are scaled by one factor.
        """
        rng = np.random.default_rng([zlib.crc32(problem.name.encode()), self.index])
        m, n = problem.shape
        rows, columns, exponents = np.arange(m), np.arange(n), np.zeros(n, dtype=int)
        if self.kind == "permuted":
            rows = rng.permutation(m)
            if free_columns:
                columns = np.concatenate([columns[:fixed], fixed + rng.permutation(n - fixed)])
        elif self.kind == "scaled":
            exponents = rng.integers(-SCALE_EXPONENTS, SCALE_EXPONENTS, n, endpoint=True)
            exponents[:fixed] = 0
            if alike:
                exponents[fixed:] = exponents[-1]
            if not free_columns:  # x times 2**k makes the powers of x larger by 2**(k j)
                exponents = exponents[0] * np.arange(n)
        A = times_powers_of_two(problem.A[np.ix_(rows, columns)], exponents[columns])
        return Arrangement(A, problem.b[rows].copy(), rows, columns, exponents)


PUBLISHED = Variant()
