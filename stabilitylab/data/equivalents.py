"""Exactly equivalent copies of a problem: rows and columns permuted, columns scaled by powers of two.

A solver that gives another answer to a copy had luck, good or bad, with the original. Copies need no reference of their
own: the answer is carried back, exactly, to the problem as published.
"""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.types import Fit
from stabilitylab.data.problem import Problem

SCALE_EXPONENTS = 10  # columns are scaled by 2**k, |k| <= 10


@dataclass(frozen=True)
class Variant:
    """kind: "published", "permuted" or "scaled"; index tells one of a kind from the others and seeds it."""

    kind: str = "published"
    index: int = 0

    @property
    def name(self) -> str:
        """How rows name it."""
        return self.kind if self.kind == "published" else f"{self.kind} {self.index}"

    def apply(self, problem: Problem, design: str) -> "Call":
        """The arguments for a route that wants the data as `design`, with the way back."""
        rng = np.random.default_rng([zlib.crc32(problem.name.encode()), self.index])
        m, n = problem.shape
        rows, columns, exponents = np.arange(m), np.arange(n), np.zeros(n, dtype=int)
        as_matrix = design in ("matrix", "columns")
        # Where the intercept is asked for, its column of ones is the library's own, and first.
        fixed = int(design == "columns" and problem.design.intercept)
        if self.kind == "permuted":
            rows = rng.permutation(m)
            columns = np.concatenate([columns[:fixed], fixed + rng.permutation(n - fixed)]) if as_matrix else columns
        elif self.kind == "scaled":
            exponents = rng.integers(-SCALE_EXPONENTS, SCALE_EXPONENTS, n, endpoint=True)
            exponents[:fixed] = 0
            if not as_matrix:  # x times 2**k makes the powers of x larger by 2**(k j)
                exponents = exponents[0] * np.arange(n)
        b = problem.b[rows].copy()
        if as_matrix:
            A = np.ldexp(problem.A[np.ix_(rows, columns)], exponents[columns])
            arguments = (A, b) if design == "matrix" else (np.ascontiguousarray(A[:, fixed:]), b, bool(fixed))
            return Call(arguments, columns, exponents)
        x = np.ldexp(problem.column(problem.regressors[0])[rows], exponents[1] if n > 1 else 0)
        degree = () if design == "line" else (problem.design.degree,)
        return Call((x, b, *degree), columns, exponents)


PUBLISHED = Variant()


@dataclass(frozen=True, eq=False)
class Call:
    """What a route is called with, and the permutation and exponents that lead its answer back."""

    arguments: tuple[Any, ...]
    columns: Array
    exponents: Array

    def back(self, fit: Fit) -> Array:
        """x (n,) in the order and scale of the problem as published."""
        x = np.array(fit.x)
        x[self.columns] = fit.x
        return np.asarray(np.ldexp(x, self.exponents))
