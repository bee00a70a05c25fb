"""What probing finds of a route: outcomes, how a caller can tell, where a direction is lost, its policy."""

from dataclasses import dataclass
from enum import Enum
from itertools import product
from math import sqrt

import numpy as np

from stabilitylab.bench.call import Answer
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.types import Status
from stabilitylab.probes.rank_policy.systems import System
from stabilitylab.scoring.reporting import Reporting

QUARTER = 0.25  # of the weight of a direction: a coefficient along it that is right to this was kept
ELSEWHERE = 0.5  # what round-off may do to the other directions meanwhile, where base has size 1
CLOSE = 0.01  # solutions that have a name of their own are further apart
ZERO = 1e-6  # a coefficient that was dropped is 0, but for round-off


class Outcome(Enum):
    """What a route makes of a system with a small direction, or with none at all in its place."""

    KEPT = "kept"
    MINIMUM_NORM = "minimum norm"
    SCALED_NORM = "minimum norm of scaled columns"
    BASIC = "a column dropped"
    NOT_FINITE = "NaN"
    REFUSED = "refuses"
    ARBITRARY = "arbitrary along it"
    WRONG = "wrong elsewhere too"
    GONE = "takes its process down"

    @property
    def decided(self) -> bool:
        """Whether a decision about the rank explains it; round-off explains the others."""
        return self not in (Outcome.KEPT, Outcome.ARBITRARY, Outcome.WRONG, Outcome.GONE)


@dataclass(frozen=True)
class Reply:
    """An answer: what it is, how a caller can tell that something was amiss, in which words, and the numbers."""

    outcome: Outcome
    reporting: Reporting
    words: str
    x: tuple[float, ...]


@dataclass(frozen=True)
class Bracket:
    """The two shares, powers of two, between which a direction is lost.

    kept: the smallest at which it was kept; None where it never was. lost: the largest at which it was not, and the
    reply there; None where it always was. per_share: the smallest singular value is this times the share, with the
    largest as unit. drops: whether the route decides so; else round-off does.
    """

    kept: float | None
    lost: float | None
    per_share: float
    reply: Reply | None = None
    drops: bool = False

    @property
    def fate(self) -> str:
        """What became of the direction, in a word or three."""
        if self.kept is None:
            return "never kept"
        return "kept" if self.lost is None else "dropped" if self.drops else "lost to round-off"

    @property
    def cutoff(self) -> float | None:
        """Where the route drops a direction, as a share of the largest singular value, to a factor sqrt(2) or so.

        None where it drops none.
        """
        if not self.drops or self.kept is None or self.lost is None:
            return None
        return sqrt(self.kept * self.lost) * self.per_share


@dataclass(frozen=True)
class RankPolicy:
    """What `probe` found of a route.

    bits: of the significands it answers in. near, short: where it loses a nearly dependent column, and a short one.
    grows: whether eight times the rows raise the cut-off; None without one. offset: the largest k for which the slope
    over 2**k + 0, 1, ..., 7 is right to a quarter; None for none. centred: whether that slope has nearly all its digits
    where uncentred columns leave four. dependent: the reply to exactly dependent columns.
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
        """Whether the length of a column does not count, as where columns are scaled first; None without a cut-off."""
        return None if self.cutting is None else self.short.lost is None

    @property
    def cutting(self) -> Bracket | None:
        """Where the cut-off was seen to bite; None where there is none."""
        return next((one for one in (self.near, self.short) if one.cutoff is not None), None)

    @property
    def reporting(self) -> Reporting | None:
        """How a caller can tell that the cut-off bit; None without one."""
        return self.cutting.reply.reporting if self.cutting and self.cutting.reply else None


def outcome_of(answer: Answer, system: System) -> Outcome:
    """What an answer makes of a system: t tells, in x = base + t direction + what is elsewhere."""
    if answer.fit is None:
        return Outcome.GONE if answer.failed in (Status.TIMED_OUT, Status.DIED) else Outcome.REFUSED
    x, d = np.asarray(answer.fit.x, dtype=float)[-len(system.x) :], system.direction
    if x.shape != d.shape:
        return Outcome.WRONG
    if not np.isfinite(x).all():
        return Outcome.NOT_FINITE
    t = (x - system.base) @ d / (d @ d)
    elsewhere = np.abs(x - system.base - t * d).max()
    if abs(t - system.weight) < QUARTER * system.weight and elsewhere < ELSEWHERE:
        return Outcome.KEPT
    if elsewhere > CLOSE:
        return Outcome.WRONG
    if (np.abs(x[d != 0]) < ZERO).any():
        return Outcome.BASIC
    if abs(t - _shortest(system, np.ones_like(d))) < CLOSE * max(1.0, system.weight / 2):
        return Outcome.MINIMUM_NORM
    lengths = np.linalg.norm(system.A, axis=0)
    if abs(t - _shortest(system, lengths)) < CLOSE:
        return Outcome.SCALED_NORM
    # Some scale by powers of two, from this norm of the columns or that.
    powers = [2.0 ** np.floor(np.log2(length) + np.arange(-1, 2)) for length in lengths if length]
    if any(abs(t - _shortest(system, np.array(units))) < ZERO for units in product(*powers)):
        return Outcome.SCALED_NORM
    return Outcome.ARBITRARY


def _shortest(system: System, units: Array) -> float:
    """The t for which the vector of units (base + t direction) is shortest."""
    d, base = units * system.direction, units * system.base
    return float(-(d @ base) / (d @ d))


def said(answer: Answer, usual: Answer) -> tuple[Reporting, str]:
    """How loud an answer is and what it says, beside one where nothing was amiss."""
    if answer.fit is None:
        return Reporting.REFUSED, answer.note
    new = [text for text in answer.heard if text not in usual.heard]
    if answer.fit.dropped or not np.isfinite(np.asarray(answer.fit.x, dtype=float)).all():
        return Reporting.NOT_A_NUMBER, "; ".join(new)
    if new:
        return Reporting.WARNED, "; ".join(new)
    rank, full = answer.fit.rank, None if usual.fit is None else usual.fit.rank
    if rank is not None and full is not None and rank < full:
        return Reporting.RANK_ONLY, f"rank {rank} for {full}"
    return Reporting.SILENT, ""
