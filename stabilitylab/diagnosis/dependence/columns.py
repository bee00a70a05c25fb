"""The columns of a question in norm 1, their condition indexes, variance proportions and inflation factors.

The intercept is one of the columns, and columns are scaled to norm 1 and not centred: a condition index is about digits
and intervals of the coefficients as they were asked for. What is left when columns are centred is said by the variance
inflation factors and by `Columns.centred_index`.
Sources: Belsley, Kuh and Welsch, Regression Diagnostics (1980), section 3.2; Belsley, Amer. Statist. 38 (1984) 73-77.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.diagnosis.question import Question
from stabilitylab.exact import CertifiedFit
from stabilitylab.exact.supported import LARGEST, Sensitivity, of_normal_equations

RELIABLE = 1e7  # condition index up to which R in float64 gives the inverse of R'R to two digits at least
RESOLVED = 1e-12  # singular values of columns of norm 1 down to which those of R in float64 have three digits
ABSENT = 1e-8  # a component of a null vector of columns of norm 1 that is 0 but for rounding
SINGULAR = 1e-20  # what stands for a singular value that is exactly 0 where its share is computed


@dataclass(frozen=True, eq=False)
class Columns:
    """A = Q R diag(norms), weighted rows counted: R (n, n) has columns of norm 1.

    names: one for each. sizes (n,): log2 of the norms, which may be beyond float64. R_centred (k, k): of the columns
    about their means where a column is constant, in norm 1 too, for those of `centred`, which are not constant; spread
    (k,): their norms about the mean over those about 0. constant: the first constant column, None for none. rank:
    exact. H (n, n): (R'R)^-1, from the exact normal equations of the numbers as given where float64 cannot resolve it;
    None at a lower rank, and where it is not known.
    """

    names: tuple[str, ...]
    sizes: Array
    R: Array
    R_centred: Array
    spread: Array
    centred: tuple[int, ...]
    constant: int | None
    rank: int
    H: Array | None

    @cached_property
    def _decomposed(self) -> tuple[Array, Array]:
        """Singular values (n,), descending, and right singular vectors in the rows of (n, n), of R."""
        _, s, Vt = np.linalg.svd(self.R)
        if self.H is not None and s[-1] < RESOLVED and self.H.max() < LARGEST:
            values, vectors = np.linalg.eigh(self.H)  # ascending: so are the singular values from behind
            small = s < RESOLVED
            s[small] = 1 / np.sqrt(values[small])
            Vt[small] = vectors.T[small]
        s[self.rank :] = 0.0
        return s, Vt

    @cached_property
    def indexes(self) -> Array:
        """The largest singular value over each (n,), ascending; infinite for one that is 0."""
        s, _ = self._decomposed
        return np.asarray(np.divide(s[0], s, out=np.full(len(s), np.inf), where=s > 0))

    @cached_property
    def vectors(self) -> Array:
        """The right singular vectors in norm 1 (n, n), in rows, in the order of the indexes."""
        return self._decomposed[1]

    @cached_property
    def proportions(self) -> Array:
        """(v_jk / s_k)² over its sum for column j (n, n): the share of index k, a row, in the variance of j, a column.

        At a lower rank that of the exact dependences is all, for the columns that take part in them.
        """
        s, Vt = self._decomposed
        parts = (Vt / np.maximum(s, SINGULAR)[:, None]) ** 2
        return np.asarray(parts / parts.sum(axis=0))

    @cached_property
    def inflation(self) -> tuple[float | None, ...]:
        """1 / (1 - R_j²) by column, R_j² of column j on the others; None for a constant column.

        R_j² is about the mean where a column is constant, and about 0 else. It is the square of the column's norm about
        that over that of its distance from the span of the others.
        """
        with np.errstate(over="ignore"):
            found = np.maximum(1.0, (self.roots[list(self.centred)] * self.spread) ** 2)
        by_column = dict(zip(self.centred, found.tolist(), strict=True))
        return tuple(by_column.get(j) for j in range(len(self.names)))

    @property
    def centred_index(self) -> float:
        """The condition number of the columns about their means, in norm 1, beside the constant."""
        return ratio(self.R_centred) if self.centred else 1.0

    @property
    def cond(self) -> float:
        """The 2-norm condition number of the columns as they are: |A| |A^+|, infinite at a lower rank."""
        if self.H is None:
            return float("inf") if self.rank < len(self.R) else ratio(self.R * np.exp2(self.sizes - self.sizes.max()))
        up, down = np.exp2(self.sizes - self.sizes.max()), np.exp2(self.sizes.min() - self.sizes)
        largest = np.linalg.svd(self.R * up, compute_uv=False)[0]
        inverse = np.sqrt(np.linalg.eigvalsh(down[:, None] * self.H * down)[-1])
        with np.errstate(over="ignore"):
            return float(largest * inverse * np.exp2(self.sizes.max() - self.sizes.min()))

    @cached_property
    def roots(self) -> Array:
        """One over the distance of each column from the span of the others (n,), in norm 1; infinite for one in it."""
        if self.H is not None:
            return np.asarray(np.sqrt(self.H.diagonal()))
        s, Vt = self._decomposed
        roots = np.sqrt(((Vt[: self.rank] / s[: self.rank, None]) ** 2).sum(axis=0))
        return np.where(np.abs(Vt[self.rank :]).max(axis=0, initial=0.0) > ABSENT, np.inf, roots)


def columns_of(question: Question, fit: CertifiedFit | None) -> Columns:
    """Those of the matrix as stored, or of the numbers as given where that resolves more; cost: two QR of (m, n)."""
    A, w = question.problem.A, question.float_weights
    constant = [j for j in range(A.shape[1]) if A[0, j] != 0 and (A[:, j] == A[0, j]).all()]
    if w is not None:
        A, w = A[w > 0], w[w > 0]
    norms, scaled = _in_norm_1(A, w)
    rank = A.shape[1] if fit is None else fit.certificate.rank
    centred = tuple(j for j in range(A.shape[1]) if not constant or j not in constant)
    about = scaled[:, list(centred)]
    if constant and centred:
        unit = np.ones(len(A)) if w is None else np.sqrt(w)
        unit = unit / np.linalg.norm(unit)
        about = about - np.outer(unit, unit @ about)
        about = about - np.outer(unit, unit @ about)  # again: what is left of a mean is not small beside it
    spread, about = _in_norm_1(about, None)
    R = triangle(scaled)
    H = None if rank < A.shape[1] else _inverse_as_float64_has_it(R) if fit is None else _inverse_gram(R, fit)
    sizes = np.asarray(np.log2(norms), dtype=np.float64)
    first = constant[0] if constant else None
    return Columns(question.names, sizes, R, triangle(about), np.minimum(spread, 1.0), centred, first, rank, H)


def index_of(A: Array, w: Array | None = None) -> float:
    """The largest condition index of A (m, n) in columns of norm 1, as float64 resolves it."""
    return ratio(triangle(_in_norm_1(A, w)[1]))


def triangle(A: Array) -> Array:
    """R (n, n) of A = Q R, with rows of zeros below where there are fewer rows than columns."""
    n = A.shape[1]
    R = np.zeros((n, n))
    if n:
        upper = np.linalg.qr(A, mode="r")
        R[: len(upper)] = upper
    return R


def ratio(R: Array) -> float:
    """The largest singular value over the smallest; infinite where that is 0."""
    s = np.linalg.svd(R, compute_uv=False)
    return float(s[0] / s[-1]) if s[-1] > 0 else float("inf")


def _in_norm_1(A: Array, w: Array | None) -> tuple[Array, Array]:
    """The norms of the columns, rows times sqrt(w), in a format that holds them, and the columns over them."""
    A = A if A.dtype == np.longdouble else A.astype(np.float64, copy=False)
    if w is not None:
        A = A * np.sqrt(w / w.max())[:, None].astype(A.dtype)
    norms = column_norms(A)
    scaled = np.asarray(np.ldexp(A, -np.frexp(norms)[1]) / np.frexp(norms)[0], dtype=np.float64)
    return norms, scaled


def _inverse(R: Array) -> Array | None:
    with np.errstate(all="ignore"):
        try:
            inverse = np.linalg.inv(R)
        except np.linalg.LinAlgError:
            return None
    return inverse if np.isfinite(inverse).all() else None


def _inverse_as_float64_has_it(R: Array) -> Array:
    """(R'R)^-1 (n, n), with singular values below its own rounding raised to it."""
    _, s, Vt = np.linalg.svd(R)
    s = np.maximum(s, max(s[0], 1.0) * float(np.finfo(float).eps) / 2)
    return np.asarray((Vt.T / s**2) @ Vt)


def _inverse_gram(R: Array, fit: CertifiedFit) -> Array | None:
    if ratio(R) < RELIABLE:
        inverse = _inverse(R)
        return None if inverse is None else inverse @ inverse.T
    sensitivity = sensitivity_of(fit)
    if sensitivity is None:
        return None
    if sensitivity.full is not None:
        return sensitivity.full
    assert sensitivity.upper is not None, "a sensitivity has H or its factor"
    return sensitivity.upper @ sensitivity.upper.T


def sensitivity_of(fit: CertifiedFit) -> Sensitivity | None:
    """That of a fit; formed from its exact normal equations where all its numbers are exact. None at a lower rank."""
    if fit.certificate.rank < len(fit.x):
        return None
    if fit.sensitivity is not None:
        return fit.sensitivity
    solution = fit.evidence.solution
    return None if solution is None else of_normal_equations(fit.evidence.normal, solution)
