"""Iterative refinement in three formats: a short one for the factors, that of the data for x, a long one for residuals.

A combinator: `refinements(A, b, factor, residual)` gives iterates in the format of A, for any two formats beside it.
Each step solves the augmented system [I A; A' 0] [dr; dx] = [b - r - A x; -A'r] with the QR factors of A; its residual
is formed in the long format, in which r is kept too: stored in the format of x, r would end the progress at an error of
about (u cond(A))**2 |r|/(|A||x|).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stabilitylab.core.arithmetic.formats import (
    FLOAT16,
    FLOAT32,
    FLOAT64,
    Array,
    Format,
    FormatLike,
    as_floats,
    format_named,
    format_of,
)
from stabilitylab.core.arithmetic.norms import norm, times_powers_of_two
from stabilitylab.core.arithmetic.sums import product, transposed_product
from stabilitylab.core.arithmetic.wide_formats import DOUBLE_DOUBLE
from stabilitylab.core.errors import Breakdown
from stabilitylab.core.types import Fit
from stabilitylab.solvers import solver
from stabilitylab.solvers.householder import Reflections
from stabilitylab.solvers.scalars import finite_system, require_finite
from stabilitylab.solvers.triangular import back_substitution

MOST_STEPS = 60
SHRINKS = 0.9  # times the correction of two steps before, above which the corrections are said not to shrink
TAGS = ("scale-equivariant", "no-rank-test")
SOURCE = "Carson, Higham and Pranesh, SIAM J. Sci. Comput. 42 (2020) A4063-A4083; Björck, BIT 7 (1967) 257-278"


@dataclass(frozen=True, eq=False)
class Refined:
    """An iterate x (n,) in the format of A; moved: the 2-norm of the last step, and size that of x.

    Both with columns scaled by powers of two, so that their largest entries lie in [1/2, 1).
    """

    x: Array
    moved: float
    size: float


def refinements(A: Array, b: Array, factor: FormatLike, residual: FormatLike | None = None) -> Iterator[Refined]:
    """Iterates for min |b - A x|, A (m, n), factored once in `factor`, with residuals in `residual`; without an end.

    residual: by default float64 for A of float32 or less, double-double for float64. The error shrinks by a factor of
    about 0.5 cond(A) u_factor each step, cond that of the scaled columns, down to u of the format of A; where that
    factor is near 1 or above it does not shrink. The first iterate is Householder QR in the short format.
    Raises Breakdown when a column vanishes in the short format, or a number is not finite.
    Source: Carson, Higham and Pranesh, SIAM J. Sci. Comput. 42 (2020) A4063-A4083, algorithm 2.1; for square systems
    Carson and Higham, SIAM J. Sci. Comput. 40 (2018) A817-A847.
    """
    started = _Started.of(A, b, format_named(factor), None if residual is None else format_named(residual))
    x = started.work.rounded(np.zeros(started.wide.shape[1]))
    r = started.long.rounded(np.zeros(len(started.wide)))
    while True:
        x, r, moved, size = started.corrected(x, r)
        yield Refined(times_powers_of_two(x, -started.exponents), moved, size)


@dataclass(frozen=True, eq=False)
class _Started:
    """What all steps share: formats, the scaled A (m, n) and b (m,) in the long one, factors of A in the short one."""

    work: Format
    short: Format
    long: Format
    exponents: Array
    factors: Reflections
    wide: Array
    right: Array

    @classmethod
    @np.errstate(all="ignore")
    def of(cls, A: Array, b: Array, short: Format, long: Format | None) -> "_Started":
        system = finite_system(A, b)
        n = system.shape[1] - 1
        work = format_of(system)
        long = _twice(work) if long is None else long
        # Columns near 1, by powers of two: no entry over- or underflows in the short format for the unit of its column.
        exponents = np.frexp(np.max(np.abs(as_floats(system[:, :n])), axis=0))[1]
        scaled = times_powers_of_two(system[:, :n], -exponents)
        factors = Reflections.of(short.rounded(scaled))
        return cls(work, short, long, exponents, factors, long.rounded(scaled), long.rounded(system[:, n]))

    @np.errstate(all="ignore")
    def corrected(self, x: Array, r: Array) -> tuple[Array, Array, float, float]:
        """x (n,) and r (m,) after a step, the 2-norm of the step and that of x."""
        # 1. Residuals in the long format: exact enough that the correction has a digit at all.
        f = self.right - r - product(self.wide, self.long.rounded(x))
        g = -transposed_product(self.wide, r)
        # 2. The correction in the short format, of right-hand sides that are scaled into its range.
        size = max(float(np.max(np.abs(as_floats(v)))) for v in (f, g))
        power = int(np.frexp(size)[1])
        dx, dr = _correction(self.factors, *(self.short.rounded(times_powers_of_two(v, -power)) for v in (f, g)))
        # 3. The update in the format of A, and of r in the long one.
        step = times_powers_of_two(self.work.rounded(dx), power)
        x, r = x + step, r + times_powers_of_two(self.long.rounded(dr), power)
        require_finite(x, "x")
        moved, length = (float(norm(as_floats(v).astype(np.float64))) for v in (step, x))
        return x, r, moved, length


def _correction(factors: Reflections, f: Array, g: Array) -> tuple[Array, Array]:
    """dx (n,) and dr (m,) with dr + A dx = f and A'dr = g, in the format of the factors."""
    n = len(g)
    h = _forward_substitution(factors.R, g)
    d = factors.transposed_times(f)
    dx = back_substitution(factors.R, d[:n] - h)
    d[:n] = h
    return dx, factors.times(d)


def _forward_substitution(R: Array, g: Array) -> Array:
    """h (n,) with R'h = g, R (n, n) upper triangular: back substitution in the reversed order."""
    return np.asanyarray(back_substitution(R[::-1, ::-1].T, g[::-1])[::-1])


def _twice(work: Format) -> Format:
    """A format with at least twice the bits."""
    return FLOAT64 if work.precision <= FLOAT32.precision else DOUBLE_DOUBLE


def refined(A: Array, b: Array, factor: FormatLike, residual: FormatLike | None = None) -> Fit:
    """The limit x (n,) of `refinements`, in the format of A; the Fit holds the number of steps.

    It is reached when a step moves x by at most 2 u of its size. Raises Breakdown where corrections do not shrink, as
    where cond(A) u_factor is not small, and as `refinements` does.
    """
    moved: list[float] = []
    for iterate in refinements(A, b, factor, residual):
        moved.append(iterate.moved)
        if iterate.moved <= 2 * format_of(iterate.x).unit_roundoff * iterate.size:
            return Fit(iterate.x, iterations=len(moved))
        stalls = len(moved) > 2 and moved[-1] > SHRINKS * moved[-3]
        if stalls or len(moved) == MOST_STEPS:
            break
    raise Breakdown(
        f"step {len(moved)} of the refinement moves x by {moved[-1]:.1e}, step {max(len(moved) - 2, 1)} by "
        f"{moved[max(len(moved) - 3, 0)]:.1e}: factors in {format_named(factor)} are too short for the condition of A"
    )


@solver("refinement.float32", source=SOURCE, tags=TAGS, scalars=("float64",), iterative=True)
def refinement_float32(A: Array, b: Array) -> Fit:
    """x (n,) minimising |b - A x|, A (m, n) float64, from QR factors in float32; the Fit holds the number of steps.

    Right to the last bit or two while the condition number of the scaled columns is below about 1e7, whatever the size
    of the residual: residuals are formed in double-double. Raises Breakdown beyond, where corrections do not shrink.
    Source: Carson, Higham and Pranesh, SIAM J. Sci. Comput. 42 (2020) A4063-A4083; Björck, BIT 7 (1967) 257-278."""
    return refined(A, b, FLOAT32)


@solver("refinement.float16", source=SOURCE, tags=TAGS, scalars=("float64",), iterative=True)
def refinement_float16(A: Array, b: Array) -> Fit:
    """x (n,) minimising |b - A x|, A (m, n) float64, from QR factors in float16; the Fit holds the number of steps.

    As `refinement_float32`, while the condition number of the scaled columns is below about 1e3.
    Source: Carson, Higham and Pranesh, SIAM J. Sci. Comput. 42 (2020) A4063-A4083; Björck, BIT 7 (1967) 257-278."""
    return refined(A, b, FLOAT16)
