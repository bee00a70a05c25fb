"""Result types of the rank-policy probe, and the classification of one answer to one of its systems.

The systems (see `systems`) have a solution x = base + weight direction, and all base + t direction are nearly
solutions. How an answer treats that direction, which the smallest singular value belongs to, tells the route's rank
policy.
"""

from dataclasses import dataclass
from enum import Enum
from itertools import product
from math import sqrt

import numpy as np

from stabilitylab.bench.call import Answer
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.types import Status
from stabilitylab.probes.rank_policy.systems import ProbeSystem
from stabilitylab.scoring.reporting import Reporting

KEPT_TO = 0.25  # relative error of the coefficient along the direction below which the direction counts as kept
ORTHOGONAL_ERROR = 0.5  # largest error orthogonal to the direction that round-off explains, where |base| is about 1
CLOSE = 0.01  # distance within which an answer is one of the solutions named in Outcome, which lie further apart
ZERO = 1e-6  # magnitude up to which a coefficient is that of a dropped column, 0 but for round-off


class Outcome(Enum):
    """How an answer treats the direction of the smallest singular value.

    KEPT: its coefficient is right to KEPT_TO. MINIMUM_NORM, SCALED_NORM, BASIC: the direction is dropped, and the
    answer is the shortest solution of what remains, in the given or in scaled columns, or has a coefficient of 0 (Golub
    and Van Loan (2013), section 5.5: basic solution). NOT_FINITE: a NaN or an infinity. REFUSED: an error instead of an
    answer. ARBITRARY: a solution of what remains, with any other coefficient. WRONG: off orthogonally to the direction
    too, or of the wrong shape. PROCESS_ENDED: the process died, or was stopped at its time limit. UNUSABLE: the library
    could not be started here.
    """

    KEPT = "kept"
    MINIMUM_NORM = "minimum norm"
    SCALED_NORM = "minimum norm of scaled columns"
    BASIC = "a column dropped"
    NOT_FINITE = "NaN"
    REFUSED = "refuses"
    ARBITRARY = "arbitrary along it"
    WRONG = "wrong elsewhere too"
    PROCESS_ENDED = "takes its process down"
    UNUSABLE = Status.UNUSABLE.value

    @property
    def decided(self) -> bool:
        """Whether the route decided about the rank: its answer is a dropped direction, NaN or an error.

        Not so for KEPT, for what round-off explains (ARBITRARY, WRONG), and for PROCESS_ENDED and UNUSABLE.
        """
        undecided = (Outcome.KEPT, Outcome.ARBITRARY, Outcome.WRONG, Outcome.PROCESS_ENDED, Outcome.UNUSABLE)
        return self not in undecided


@dataclass(frozen=True)
class Reply:
    """An answer, classified.

    outcome: how it treats the direction. reporting: how the caller can notice that. words: the new warnings, the error
    message, or the two ranks. x (n,): the coefficients; empty where there are none. dropped: those for which it gave no
    value, and x holds 0.
    """

    outcome: Outcome
    reporting: Reporting
    words: str
    x: tuple[float, ...]
    dropped: tuple[int, ...] = ()

    @property
    def coefficients(self) -> str:
        """The coefficients as the route gave them, to three digits: "0.667, NA"."""
        return ", ".join("NA" if j in self.dropped else f"{v:.3g}" for j, v in enumerate(self.x))


@dataclass(frozen=True)
class Bracket:
    """The largest share at which a direction is lost, and the smallest at which it is kept; both are powers of two.

    The share s is the size of the direction's part in the matrix (see `systems`). kept: None where it never was. lost:
    None where it never was. per_share: smallest over largest singular value, divided by the share. reply: the answer at
    `lost`. drops: whether the route drops the direction by a decision about the rank; if not, round-off hides it.
    """

    kept: float | None
    lost: float | None
    per_share: float
    reply: Reply | None = None
    drops: bool = False

    @property
    def fate(self) -> str:
        """What becomes of the direction: "never kept", "kept", "dropped" or "lost to round-off"."""
        if self.kept is None:
            return "never kept"
        return "kept" if self.lost is None else "dropped" if self.drops else "lost to round-off"

    @property
    def cutoff(self) -> float | None:
        """The relative singular value at which the route drops a direction, in units of the largest one.

        The geometric mean of `kept` and `lost`, which are mostly a factor 2 apart: right to a factor sqrt(2) then. None
        where the route drops none.
        """
        if not self.drops or self.kept is None or self.lost is None:
            return None
        return sqrt(self.kept * self.lost) * self.per_share


@dataclass(frozen=True)
class RankPolicy:
    """The rank policy of a route, as `probe` measures it.

    bits: of the significand it computes in, 24 or 53. near, short: the shares at which it loses a nearly dependent
    column, and an orthogonal but short one. grows: whether eight times as many rows raise the cut-off; None without a
    cut-off. offset: the largest k for which the slope over x = 2**k + 0, 1, ..., 7 has a relative error below 1/4; None
    where there is none. centred: whether that slope keeps nearly all its digits where uncentred columns leave about
    four. dependent: the reply to exactly dependent columns.
    """

    route: str
    call_form: str
    bits: int
    near: Bracket
    short: Bracket
    grows: bool | None
    offset: int | None
    centred: bool
    dependent: Reply

    @property
    def scaled(self) -> bool | None:
        """Whether a short orthogonal column is kept, as by routes that scale columns first; None without a cut-off."""
        return None if self.cutting is None else self.short.lost is None

    @property
    def cutting(self) -> Bracket | None:
        """The bracket in which a cut-off was measured, `near` before `short`; None where neither has one."""
        return next((bracket for bracket in (self.near, self.short) if bracket.cutoff is not None), None)

    @property
    def reporting(self) -> Reporting | None:
        """How a caller can notice that the cut-off dropped a direction; None without a cut-off."""
        return self.cutting.reply.reporting if self.cutting and self.cutting.reply else None


def outcome_of(answer: Answer, system: ProbeSystem) -> Outcome:
    """The outcome of an answer x to a system, decomposed as x = base + t direction + a part orthogonal to it."""
    if answer.failed is Status.UNUSABLE:
        return Outcome.UNUSABLE
    if answer.fit is None:
        return Outcome.PROCESS_ENDED if answer.failed in (Status.TIMED_OUT, Status.DIED) else Outcome.REFUSED
    x, d = np.asarray(answer.fit.x, dtype=float)[-len(system.x) :], system.direction
    if x.shape != d.shape:
        return Outcome.WRONG
    if not np.isfinite(x).all():
        return Outcome.NOT_FINITE
    t = (x - system.base) @ d / (d @ d)
    orthogonal = np.abs(x - system.base - t * d).max()
    if abs(t - system.weight) < KEPT_TO * system.weight and orthogonal < ORTHOGONAL_ERROR:
        return Outcome.KEPT
    if orthogonal > CLOSE:
        return Outcome.WRONG
    if (np.abs(x[d != 0]) < ZERO).any():
        return Outcome.BASIC
    if abs(t - _shortest(system, np.ones_like(d))) < CLOSE * max(1.0, system.weight / 2):
        return Outcome.MINIMUM_NORM
    lengths = np.linalg.norm(system.A, axis=0)
    if abs(t - _shortest(system, lengths)) < CLOSE:
        return Outcome.SCALED_NORM
    # Some routes scale columns by powers of two near one norm or another: each such scaling is tried.
    powers = [2.0 ** np.floor(np.log2(length) + np.arange(-1, 2)) for length in lengths if length]
    if any(abs(t - _shortest(system, np.array(units))) < ZERO for units in product(*powers)):
        return Outcome.SCALED_NORM
    return Outcome.ARBITRARY


def _shortest(system: ProbeSystem, units: Array) -> float:
    """The t that minimises |D (base + t direction)|_2, D = diag(units), units (n,)."""
    d, base = units * system.direction, units * system.base
    return float(-(d @ base) / (d @ d))


def reporting_of(answer: Answer, usual: Answer) -> tuple[Reporting, str]:
    """How an answer reports a lost direction, and its words; `usual`: the answer to a well-conditioned system.

    Warnings and a rank that the usual answer has too report nothing.
    """
    if answer.fit is None:
        return Reporting.REFUSED, answer.note
    new = [text for text in answer.warnings if text not in usual.warnings]
    if answer.fit.dropped or not np.isfinite(np.asarray(answer.fit.x, dtype=float)).all():
        return Reporting.NOT_A_NUMBER, "; ".join(new)
    if new:
        return Reporting.WARNED, "; ".join(new)
    rank, full = answer.fit.rank, None if usual.fit is None else usual.fit.rank
    if rank is not None and full is not None and rank < full:
        return Reporting.RANK_ONLY, f"rank {rank} for {full}"
    return Reporting.SILENT, ""
