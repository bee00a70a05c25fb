"""What the exam asks about: small exact systems for every format and for every way a route wants its data."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from stabilitylab.conformance.rational import CONTEXT, exact, exact_array, least_squares, norm
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.core.errors import InputError
from stabilitylab.data.call_form import CALL_FORMS


@dataclass(frozen=True, eq=False)
class ExactSystem:
    """A (m, n) and b (m,) as exact fractions that every format asked about can hold."""

    A: Array
    b: Array

    @classmethod
    def of(cls, A: Any, b: Any) -> "ExactSystem":
        """The system of numbers of any format."""
        return cls(exact_array(A), exact_array(b))

    @cached_property
    def x(self) -> list[Fraction]:
        """The least-squares solution; A of full rank."""
        return least_squares(self.A, self.b)

    @cached_property
    def cond(self) -> float:
        """The 2-norm condition number of A, to a few digits."""
        return float(np.linalg.cond(self._doubles[0]))

    @property
    def intercept(self) -> bool:
        """Whether the first column of A is ones, by which a system says that an intercept is wanted."""
        return bool((self.A[:, 0] == 1).all())

    def stored(self, dtype: str) -> tuple[Array, Array]:
        """A and b in a format, in fresh arrays; mpmath numbers for "object"."""
        if dtype == "object":
            return _numbers(self.A), _numbers(self.b)
        A, b = self._doubles
        return A.astype(dtype), b.astype(dtype)

    @cached_property
    def _doubles(self) -> tuple[Array, Array]:
        return self.A.astype(np.float64), self.b.astype(np.float64)


def _numbers(values: Array) -> Array:
    """mpmath numbers."""
    out = np.empty(values.shape, dtype=object)
    out.ravel()[:] = [CONTEXT.mpf(v.numerator) / v.denominator for v in values.ravel()]
    return out


def unit_roundoff(dtype: Any) -> float:
    """u of a format; of the context in which mpmath numbers are made, for "object"."""
    return float(2.0**-CONTEXT.prec) if dtype == "object" else float(np.finfo(dtype).eps) / 2


def relative_error(x: Array, truth: Sequence[Fraction]) -> float:
    """|x - truth| / |truth| in the 2-norm, formed exactly; x finite."""
    return norm([exact(v) - t for v, t in zip(x, truth, strict=True)]) / norm(truth)


def with_penalty(A: Any, b: Any, root: int | float | Fraction, *, intercept: bool = False) -> tuple[Array, Array]:
    """A (m, n) and b (m,) with the rows root I and zeros below, as in a ridge regression; none for an intercept."""
    A, b = np.asarray(A), np.asarray(b)
    rows = root * np.eye(A.shape[1], dtype=int)[int(intercept) :]
    return np.vstack([A, rows]), np.concatenate([b, np.zeros(len(rows), dtype=int)])


def powers(x: Any, degree: int) -> Array:
    """The exact Vandermonde matrix (m, degree+1) of 1, x, x**2, ..."""
    x = exact_array(x)
    return np.stack([np.array([v**k for v in x], dtype=object) for k in range(degree + 1)], axis=1)


def kind_of(label: RouteLabel) -> str:
    """The kind of system that a route takes: "square", or the name of its call form."""
    return "square" if "square" in label.tags else label.call_form


@lru_cache
def well_conditioned(kind: str) -> tuple[ExactSystem, ...]:
    """Six integer systems with cond <= 30. kind: "matrix", "columns", "square", "line", "polynomial" or "ridge".

    Half of those in columns, and of those with a penalty, begin with ones, which is how they say that an intercept is
    wanted. Of those with a penalty the data alone determine no solution: the last column is the one before."""
    if kind not in ("square", *CALL_FORMS):
        raise InputError(f"there are no systems of the kind {kind!r}: it is no call form")
    rng = np.random.default_rng(20240)
    made: list[ExactSystem] = []
    while len(made) < 6:
        n = 2 + len(made) % 3
        m = n + 4
        if kind == "square":
            # Diagonally dominant, so that elimination without interchanges is entitled to its answer.
            system = ExactSystem.of(rng.integers(-9, 10, (n, n)) + 25 * np.eye(n, dtype=int), rng.integers(-20, 21, n))
        elif kind in ("matrix", "columns"):
            A = rng.integers(-9, 10, (m, n))
            if kind == "matrix" or len(made) % 2 == 0:
                A[:, 0] = rng.integers(1, 4) if kind == "matrix" else 1
            system = ExactSystem.of(A, rng.integers(-20, 21, m))
        elif kind == "ridge":
            A, intercept = rng.integers(-9, 10, (m, n + 1)), len(made) % 2 == 0
            A[:, 0] = 1 if intercept else A[:, 0]
            A[:, -1] = A[:, -2]
            system = ExactSystem.of(*with_penalty(A, rng.integers(-20, 21, m), 2, intercept=intercept))
        else:
            degree = 1 if kind == "line" else n - 1
            system = ExactSystem.of(powers(rng.permutation(np.arange(m) - m // 2), degree), rng.integers(-20, 21, m))
        if len(set(map(tuple, system.A.T.tolist()))) == system.A.shape[1] and system.cond <= 30:
            made.append(system)
        elif kind == "polynomial":
            made.append(ExactSystem.of(powers([-1, 0, 1, -1, 1, 0], 2), rng.integers(-20, 21, 6)))
    return tuple(made)


@lru_cache
def singular(kind: str) -> dict[str, ExactSystem]:
    """Exactly rank-deficient systems by the way they come about; kind: as for `well_conditioned`."""
    rng = np.random.default_rng(7)
    if kind == "line":
        return {
            f"constant x = {c}, m = {m}": ExactSystem.of(powers([c] * m, 1), rng.integers(-9, 10, m))
            for c, m in ((3, 6), (0.1, 3), (0.1, 7), (1e8 + 0.1, 11))
        }
    if kind == "polynomial":
        return {
            "two distinct x, degree 2": ExactSystem.of(powers([1, 1, 2, 2, 2], 2), rng.integers(-9, 10, 5)),
            "three distinct x, degree 4": ExactSystem.of(powers([-1, 0, 1, 1, 0, -1, 1], 4), rng.integers(-9, 10, 7)),
        }
    zero, twin = rng.integers(-9, 10, (7, 3)), rng.integers(-9, 10, (7, 4))
    zero[:, 1] = 0
    twin[:, 3] = twin[:, 0]
    multiple = twin.copy()
    multiple[:, 3] = 2 * multiple[:, 1] - multiple[:, 0]
    onehot = np.hstack([np.ones((9, 1), dtype=int), np.eye(3, dtype=int)[np.arange(9) % 3]])
    kinds = {"zero column": zero, "duplicate column": twin, "combination": multiple, "one-hot and intercept": onehot}
    if kind == "square":
        kinds = {name: A[: A.shape[1]] for name, A in kinds.items()}
    return {name: ExactSystem.of(A, rng.integers(-9, 10, len(A))) for name, A in kinds.items()}


@lru_cache
def revealing(kind: str, dtype: str) -> tuple[ExactSystem, ...]:
    """Systems on which work in dtype shows: cond about 1e3 in float32, about 10 in float16.

    Entries are 1 + k 2**-p with few bits, exact in dtype, and A'A stays in its range.
    """
    rng = np.random.default_rng(99)
    m, n = (4, 4) if kind == "square" else (600, 3)
    spread, step = (512, 10) if dtype == "float16" else (64, 13)
    made = []
    for _ in range(8):
        b = [1 + Fraction(int(k), 1024) for k in rng.integers(0, 1024, m)]
        entries = rng.integers(0, spread, (m, n))
        A = np.array([[1 + Fraction(int(k), 2**step) for k in row] for row in entries], dtype=object)
        if kind in ("line", "polynomial"):
            # Near 1 with a small spread, so that 1, x and x**2 are nearly collinear.
            A = powers(1 + np.arange(m) / 2**13, 1 if kind == "line" else 2)
        right = np.array(b, dtype=object)
        if kind == "ridge":  # of a penalty too small to better the condition number by much
            A, right = with_penalty(A, right, Fraction(1, 64))
        made.append(ExactSystem(A, right))
    return tuple(made)


def hadamard() -> tuple[Array, Array, Array]:
    """Three orthogonal columns of ones and minus ones (8,), each with mean 0."""
    i = np.arange(8)
    h1, h2, h3 = (np.where((i >> k) & 1, -1.0, 1.0) for k in range(3))
    return h1, h2, h3
