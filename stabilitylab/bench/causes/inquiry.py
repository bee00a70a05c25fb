"""What the tests of causes share: exact answers, correct digits, and our own solvers on the same numbers."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import mpmath
import numpy as np

from stabilitylab import solvers
from stabilitylab.bench.causes.suspect import Suspect
from stabilitylab.core.arithmetic.formats import FLOAT64, FORMATS, Array, format_named, is_finite, unit_roundoff
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.errors import Breakdown, NotCertifiedError, RankDeficientError, UndeterminedWarning
from stabilitylab.core.plain_fit import plain_fit
from stabilitylab.core.types import Status, Truth
from stabilitylab.data.call_form import Call, call_form
from stabilitylab.data.problem import Problem
from stabilitylab.exact import lstsq
from stabilitylab.scoring.accuracy import correct_digits, mp
from stabilitylab.scoring.reference import reference

GAIN = 2.0  # digits that a removal must bring back before it proves anything: differences under one are no rank
ENOUGH = 30  # digits of exact coefficients of weighted problems, to which answers are compared
GRAM = ("normal.cholesky", "normal.lu", "normal.inverse")
UNLABELLED = RouteLabel(name="answer", source="")
SHORT = tuple(known.name for known in FORMATS if known.precision < FLOAT64.precision)


@dataclass(frozen=True, eq=False)
class Known:
    """The exact coefficients x (n,) for one truth, and |b| / |a_j|, by which one that is 0 is measured."""

    x: tuple[Any, ...]
    scales: tuple[Any, ...]

    @cached_property
    def nearest(self) -> Array:
        """x rounded to float64 (n,)."""
        return np.array([float(v) for v in self.x])


@dataclass(frozen=True, eq=False)
class Inquiry:
    """A suspect, with all that its tests compute, each once. remove: whether its route may be called again."""

    suspect: Suspect
    remove: bool = True

    @property
    def problem(self) -> Problem:
        """The regression that was asked."""
        return self.suspect.problem

    @property
    def label(self) -> RouteLabel:
        """What the route claims; nothing where it is unknown."""
        return self.suspect.entry.label if self.suspect.entry is not None else UNLABELLED

    @cached_property
    def weights(self) -> tuple[float, ...] | None:
        """Of the squares, m of them; None where every row counts once."""
        return None if self.suspect.weights is None else tuple(map(float, self.suspect.weights))

    @property
    def refused(self) -> bool:
        """Whether no number came back because the route refused."""
        return self.suspect.solution.status is Status.REFUSED

    @cached_property
    def works_in(self) -> str:
        """The format that the route computes in, as far as its label and the data tell."""
        return self.problem.format.name if self.label.works_in == "input" else self.label.works_in

    @cached_property
    def x(self) -> Array | None:
        """The answer (n,); None where there is none of finite numbers."""
        x = self.suspect.solution.x
        return x if x is not None and self.suspect.solution.status.answered and is_finite(x).all() else None

    @cached_property
    def call(self) -> Call:
        """The least-squares problem that was really asked of the route: variant and weights applied."""
        form = call_form(self.label.call_form)
        return form.arguments(self.problem, self.suspect.variant, weights=self.suspect.weights)

    @cached_property
    def A(self) -> Array:
        """The matrix of `call`, float64 (m, n)."""
        return np.asarray(self.call.A, dtype=np.float64)

    @cached_property
    def b(self) -> Array:
        """The response of `call`, float64 (m,)."""
        return np.asarray(self.call.b, dtype=np.float64)

    @cached_property
    def solved(self) -> Array:
        """The answer (n,) in the order and scale of `A`, float64. Asked where there is one only."""
        assert self.x is not None
        return np.asarray(np.ldexp(np.asarray(self.x, dtype=np.float64), -self.call.exponents)[self.call.columns])

    # --- exact answers

    def known(self, truth: Truth) -> Known | None:
        """The exact answer for one truth; None where it is not unique or not certified."""
        return known(self.problem, truth, self.weights)

    @cached_property
    def true(self) -> Known | None:
        """The exact answer for the truth of the suspect."""
        return self.known(self.suspect.truth)

    @cached_property
    def stored(self) -> Known | None:
        """The exact answer for the matrix as stored."""
        return self.known("matrix")

    def digits(self, x: Array) -> float:
        """Correct digits of the worst coefficient of x (n,), in the problem's order, for the truth of the suspect."""
        assert self.true is not None
        return min(correct_digits(np.asanyarray(x), self.true.x, self.true.scales))

    @cached_property
    def before(self) -> float | None:
        """Correct digits of the answer; None where there is no answer."""
        return None if self.x is None or self.true is None else self.digits(self.x)

    @cached_property
    def attainable(self) -> float:
        """Correct digits of the exact answer to the matrix as stored; 0 where that has none."""
        return 0.0 if self.stored is None or self.true is None else self.digits(self.stored.nearest)

    @cached_property
    def is_lost_inside(self) -> bool:
        """Whether the answer lacks digits that the matrix as stored holds, and that Householder QR keeps.

        What QR in float64 loses too is owed to the condition of the data, and no fault of a route.
        """
        kept = [digits for digits in (self.qr, self.qr_alike) if digits is not None]
        return self.gains(self.attainable) and self.gains(max(kept, default=self.attainable))

    def gains(self, after: float | None) -> bool:
        """Whether so many digits are GAIN more than the answer has; of no answer, whether they are GAIN at all."""
        return after is not None and after - (self.before or 0.0) >= GAIN

    # --- our own arithmetic on the same numbers

    @cached_property
    def singular_values(self) -> tuple[Array, Array]:
        """The singular values of A, and those with columns of norm 1, each over its largest (n,)."""
        with np.errstate(all="ignore"), one_blas_thread():
            raw = np.linalg.svd(self.A, compute_uv=False)
            scaled = np.linalg.svd(self.A / column_norms(self.A), compute_uv=False)
        return raw / (raw[0] or 1.0), scaled / (scaled[0] or 1.0)

    def ours(self, name: str, format: str = "float64") -> float | None:
        """Correct digits of one of our solvers on the same A and b, computed in a format; None where it breaks down."""
        with np.errstate(all="ignore"), one_blas_thread():
            A, b = (format_named(format).rounded(values) for values in (self.call.A, self.call.b))
            if not (is_finite(A).all() and is_finite(b).all()):
                return None
            try:
                fit = plain_fit(solvers.get(name)(A, b))
            except (Breakdown, np.linalg.LinAlgError):
                return None
            x = self.call.back(fit)
        return self.digits(x) if is_finite(x).all() else None

    @cached_property
    def qr(self) -> float | None:
        """Correct digits of Householder QR in float64 on the same matrix."""
        return self.ours("qr.householder")

    @cached_property
    def qr_alike(self) -> float | None:
        """Correct digits of Householder QR in the format that the route computes in."""
        return self.qr if self.works_in == "float64" else self.ours("qr.householder", self.works_in)

    @cached_property
    def by_gram(self) -> tuple[float | None, ...]:
        """Correct digits of our solvers of A'A x = A'b, in the format that the route computes in: see GRAM."""
        return tuple(self.ours(name, self.works_in) for name in GRAM)

    @cached_property
    def square_beyond(self) -> str:
        """Which square of a norm leaves the normal range of the format worked in; "" for none."""
        format = format_named(self.works_in)
        with np.errstate(all="ignore"):
            norms = np.append(column_norms(self.A), column_norms(self.b[:, None]))
            exponents = 2 * np.frexp(norms)[1]
        if exponents.max() > format.maximum_exponent:
            return f"the square of {norms.max():.0e} overflows"
        return f"the square of {norms.min():.0e} underflows" if exponents.min() < format.minimum_exponent else ""

    @cached_property
    def gradient(self) -> float:
        """max_j |a_j'r| / (|a_j| (|b| + sum_k |a_k||x_k|)) of the answer, r = b - A x, in units of u of its format.

        Near 1 where x solves the normal equations as well as rounding A'A and A'b allows: then A'A + E and A'b + e with
        |E_jk| <= eta u |a_j||a_k| and |e_j| <= eta u |a_j||b| have the solution x (Rigal and Gaches, J. ACM 14 (1967)
        543-548, row by row in the units of the columns).
        """
        u = max(unit_roundoff(self.works_in), unit_roundoff("float64"))
        kind = np.longdouble if self.A.size <= 10**6 else np.float64
        with np.errstate(all="ignore"):
            norms = column_norms(self.A)
            S: Array = (self.A / norms).astype(kind)
            z: Array = (self.solved * norms).astype(kind)
            b: Array = self.b.astype(kind)
            size = np.linalg.norm(b) + np.abs(z).sum()
            residual = b - S @ z
            eta = float(np.abs(S.T @ residual).max() / size) if size else 0.0
        return eta / u if np.isfinite(eta) else float("inf")


@lru_cache(maxsize=256)
def known(problem: Problem, truth: Truth, weights: tuple[float, ...] | None = None) -> Known | None:
    """The exact answer to a problem for one truth; None where it is not unique or not certified."""
    try:
        if weights is None:
            ref = reference(problem, truth=truth)
            return Known(ref.x, ref.scales)
        return _weighted(problem, truth, weights)
    except (RankDeficientError, NotCertifiedError):
        return None


def _weighted(problem: Problem, truth: Truth, weights: Sequence[float]) -> Known:
    with warnings.catch_warnings(action="ignore", category=UndeterminedWarning):
        fit = lstsq(problem, truth=truth, weights=np.array(weights))
    middles = [interval.middle for interval in fit.evidence.coefficients(ENOUGH)]
    sizes = [mpmath.mp.make_mpf(mp.sqrt(_mpf(interval.middle))._mpf_) for interval in fit.evidence.sizes]
    return Known(tuple(map(_mpf, middles)), tuple(sizes))


def _mpf(value: Any) -> Any:
    return mp.mpf(value.numerator) / value.denominator
