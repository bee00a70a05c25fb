"""Whether an answer is that of a smaller space, as where a rank cut-off dropped directions, or that of all of R^n.

A rank below n that a route reports says what it counted, not what it solved with: some routes count and then solve with
every direction. The answer itself tells. The smaller spaces that are in use:

- the span of the r leading right singular vectors of A D: truncated SVD (Golub and Van Loan (2013), section 5.5);
- the row space of the first r rows of R in A D P = Q R, columns exchanged for the largest: a truncated complete
  orthogonal decomposition (the same, section 5.5.4), as LAPACK's gelsy; and the same in the order of columns given;
- r coordinates, x being 0 in all others: a basic solution.

D divides the columns by nothing, by their 2-norms, by their standard deviations, or by powers of two that leave 1-norms
in (1/2, 1]. Where A has a constant column, the others are taken as they are, and also centred at their means, with the
constant column kept whatever its size.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array, unit_roundoff
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.errors import StabilityLabError, UndeterminedWarning
from stabilitylab.exact import lstsq

LARGEST = 500_000  # entries of A up to which the answer is checked
WIDEST = 500  # columns up to which it is
CHOICES = 50  # sets of coordinates up to which all are tried, where x is 0 in more than the rank says
ROUNDINGS = 100.0  # the constant of the rounding errors that the fit of an answer may show
NEARER = 3.0  # times that x must be nearer to the smaller space than to the full answer
HELD = ("float16", "float32", "float64")  # formats that float64 holds


@dataclass(frozen=True, eq=False)
class _System:
    """A (m, n) and b (m,) as float64, equal to another of the same bits."""

    A: Array
    b: Array

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _System) and self._bits == other._bits

    def __hash__(self) -> int:
        return hash(self._bits)

    @property
    def _bits(self) -> tuple[tuple[int, ...], bytes, bytes]:
        return self.A.shape, self.A.tobytes(), self.b.tobytes()


@dataclass(frozen=True, eq=False)
class _Space:
    """A smaller space {x: F x = 0}, F (d, n), whose solution has Q'(b - A x) = 0, Q (m, r) orthonormal."""

    F: Array
    Q: Array


def is_of_smaller_space(A: Array, b: Array, x: Array, rank: int, *, works_in: str = "float64") -> bool:
    """Whether x (n,) solves min |b - A x|, A (m, n), b (m,), in one of the smaller spaces of dimension rank.

    It is where, for a space {x: F x = 0} whose solution has Q'(b - A x) = 0, Q (m, rank) orthonormal,

    1. |Q'(b - A x)| <= 100 (sqrt(u) |b| + u ||A| |x||), u of the format that the answer was computed in: it fits b as
       the smaller space can. sqrt(u), since a method that forms A'A errs by u cond(A)² and keeps cond(A) <= u**-1/2;
    2. |F x| <= |F (x - x*)| / 3, x* the full answer, correctly rounded, and the same for each row f of F unless
       |f x| <= 100 sqrt(u) |f||x|: in every direction that the space lacks, x has nothing of the full answer. Compared
       there and in no other direction, because rounding moves x in those that are nearly dropped, and F x* is what the
       cut-off takes away;
    3. |F (x - x*)| > 100 u |x*|, in the units of F: else both answers are one.

    Of an A without full rank there is no x*; then |f x| <= 100 sqrt(u) |f||x| for each row takes the place of 2 and 3.
    False where this cannot be told: for more than WIDEST columns or LARGEST entries, formats wider than float64, and
    answers between the two.
    Cost: some ten SVDs and QR factorisations of A and one certified solve, kept for other answers to the same A and b.
    """
    m, n = A.shape
    if not 0 <= rank < n or n > WIDEST or A.size > LARGEST or m < n or A.dtype.name not in HELD:
        return False
    x = np.asarray(x, dtype=np.float64)
    u = max(unit_roundoff(A.dtype.name), unit_roundoff(works_in) if works_in in HELD else 0.0)
    system = _System(np.array(A, dtype=np.float64), np.array(b, dtype=np.float64))
    try:
        return _is_of_one(system, x, rank, u)
    except (np.linalg.LinAlgError, ValueError):  # an SVD without convergence, columns whose means overflow
        return False


def cut_off_sentence(kept: int, n: int, cutoff_says: str) -> str:
    """That kept of n directions were kept, by which cut-off, as rows and findings say it."""
    cut = f" ({cutoff_says})" if cutoff_says else ""
    return f"rank cut-off{cut}: {kept} of {n} directions kept, A has full rank"


def _is_of_one(system: _System, x: Array, rank: int, u: float) -> bool:
    full = _full_answer(system)
    with one_blas_thread(), np.errstate(all="ignore"):
        misfit = ROUNDINGS * (np.sqrt(u) * np.linalg.norm(system.b) + u * np.linalg.norm(np.abs(system.A) @ np.abs(x)))
        residual = system.b - system.A @ x
        for space in (*_spaces(system, rank), *_basic(system, x, rank)):
            if _lacks(space.F, x, full, u) and np.linalg.norm(space.Q.T @ residual) <= misfit:
                return True
    return False


def _lacks(F: Array, x: Array, full: Array | None, u: float) -> bool:
    """Whether x has nothing of the full answer along the rows of F (d, n): 2 and 3 of `is_of_smaller_space`."""
    has = np.abs(F @ x)
    nothing = has <= ROUNDINGS * np.sqrt(u) * (np.abs(F) @ np.abs(x))
    if full is None:
        return bool(nothing.all())
    taken = np.abs(F @ (x - full))
    visible = np.linalg.norm(taken) > ROUNDINGS * u * np.linalg.norm(np.linalg.norm(F, axis=0) * full)
    nearer = NEARER * np.linalg.norm(has) <= np.linalg.norm(taken)
    return bool(visible and nearer and (nothing | (NEARER * has <= taken)).all())


@lru_cache(maxsize=8)
def _full_answer(system: _System) -> Array | None:
    """The correctly rounded solution over all of R^n; None where A has no full rank or nothing is proven."""
    try:
        # That it may be noise is no matter where the space of an answer is asked for.
        with warnings.catch_warnings(action="ignore", category=UndeterminedWarning):
            return np.asarray(lstsq(system.A, system.b).x)
    except StabilityLabError:
        return None


@lru_cache(maxsize=8)
def _spaces(system: _System, rank: int) -> tuple[_Space, ...]:
    """The spaces of dimension rank that A and b alone determine."""
    A = system.A
    with one_blas_thread(), np.errstate(all="ignore"):
        made = [space for norms in _units(A) for space in _of_columns(A / norms, norms, rank)]
        constant = np.flatnonzero((A[0] == A).all(axis=0) & (A[0] != 0))
        if len(constant) and rank >= 1:
            made.extend(_centred(A, int(constant[0]), rank))
    return tuple(made)


def _units(A: Array) -> Iterator[Array]:
    """The numbers (n,) by which columns are divided, 1 for a column of zeros; see the top of this file."""
    yield np.ones(A.shape[1])
    yield column_norms(A)
    yield column_norms(A - A.mean(axis=0))
    sums = np.abs(A).sum(axis=0)
    yield np.exp2(np.ceil(np.log2(np.where(sums > 0, sums, 1.0))))


def _of_columns(A: Array, norms: Array, rank: int) -> Iterator[_Space]:
    """The leading singular vectors and the leading rows of R, of a matrix whose columns were divided by norms."""
    U, _, Vt = np.linalg.svd(A, full_matrices=False)
    yield _Space(Vt[rank:] * norms, U[:, :rank])
    for pivoting in (True, False):
        Q, R, *exchanged = lapack.qr(A, mode="economic", pivoting=pivoting)
        rows = np.zeros((rank, A.shape[1]))
        rows[:, exchanged[0] if exchanged else slice(None)] = R[:rank]
        complement = np.linalg.qr(rows.T, mode="complete")[0][:, rank:].T
        # In the directions in which A differs, and not in just any: each is compared by itself.
        *_, rotation = np.linalg.svd(A @ complement.T, full_matrices=False)
        yield _Space(rotation @ complement * norms, Q[:, :rank])


def _centred(A: Array, constant: int, rank: int) -> Iterator[_Space]:
    """As `_of_columns`, of the columns beside the constant one, which are centred at their means."""
    others = [j for j in range(A.shape[1]) if j != constant]
    X, ones = A[:, others] - A[:, others].mean(axis=0), np.full((len(A), 1), len(A) ** -0.5)
    for norms in _units(X):
        for space in _of_columns(X / norms, norms, rank - 1):
            F = np.zeros((len(space.F), A.shape[1]))
            F[:, others] = space.F
            yield _Space(F, np.hstack([ones, space.Q]))


def _basic(system: _System, x: Array, rank: int) -> Iterator[_Space]:
    """The coordinates in which x is not 0, with as many others as the rank has: a coefficient may be 0 and kept."""
    nonzero, zero = np.flatnonzero(x), np.flatnonzero(x == 0)
    others = rank - len(nonzero)
    if others < 0 or comb(len(zero), others) > CHOICES:
        return
    norms = column_norms(system.A)
    for chosen in combinations(zero.tolist(), others):
        kept = np.array([*nonzero, *chosen], dtype=int)
        U, s, _ = np.linalg.svd(system.A[:, kept] / norms[kept], full_matrices=False)
        full = s > np.finfo(np.float64).eps * max(system.A.shape) * s.max(initial=0.0)
        yield _Space(np.delete(np.diag(norms), kept, axis=0), U[:, full])
