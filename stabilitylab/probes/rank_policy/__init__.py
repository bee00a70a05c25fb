"""The rank policy of a route, measured: at which relative singular value it drops a direction, and how it reports that.

`probe` solves systems with one small singular value (made in `systems`), smaller and smaller until the direction is
lost; it tells a rank decision from round-off, and compares warnings and reported ranks with those on a well-conditioned
system. `script` reproduces the result.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf, log2, nan

import numpy as np

from stabilitylab.bench import Route, answered
from stabilitylab.bench.call import Answer
from stabilitylab.core.types import Status
from stabilitylab.data.call_form import call_form
from stabilitylab.probes.rank_policy.outcomes import Bracket, Outcome, RankPolicy, Reply, outcome_of, reporting_of
from stabilitylab.probes.rank_policy.systems import (
    MANY_ROWS,
    NEAR_SPARE,
    SHIFT_SPARE,
    SHORT_SPARE,
    SLOPE,
    VARIANTS,
    ProbeSystem,
    dependent,
    nearly_dependent,
    shifted,
    short_column,
)
from stabilitylab.probes.rank_policy.witness import script
from stabilitylab.scoring.reporting import Reporting

__all__ = ["Bracket", "Outcome", "RankPolicy", "Reply", "probe", "script"]

SystemMaker = Callable[..., ProbeSystem]

MAX_LOST_CALLS = 3  # calls that end their process or reach the time limit, after which the route is called no more
BITS_LEFT = 13  # bits that uncentred columns leave of the slope of `shifted` at the offset that tests for centring
CENTRED = 2.0**-20  # relative error of that slope below which the route centres its columns


def probe(entry: Route) -> RankPolicy:
    """The rank policy of a route, from some thirty calls."""
    calls = _Calls(entry)
    bits = calls.bits()
    near = calls.bracket(nearly_dependent, bits - NEAR_SPARE)
    # Where column norms count, a short column is mostly lost 1 to 3 powers of two below the share of a dependent one.
    hints = () if near.kept is None else tuple(round(-log2(near.kept)) + k for k in (1, 3))
    return RankPolicy(
        route=entry.label.name,
        call_form=entry.label.call_form,
        bits=bits,
        near=near,
        short=calls.bracket(short_column, bits - SHORT_SPARE, hints),
        grows=calls.grows(near),
        offset=_last(lambda k: calls.slope_error(k) < 0.25, bits - SHIFT_SPARE) or None,
        centred=calls.slope_error(bits - BITS_LEFT) < CENTRED,
        dependent=calls.reply_to_dependent(),
    )


class _Calls:
    """The answers of one route, cached by system; after MAX_LOST_CALLS lost calls the last of these is repeated."""

    def __init__(self, entry: Route) -> None:
        self.entry = entry
        self.call_form = entry.label.call_form
        self.answers: dict[tuple[bytes, bytes], Answer] = {}
        self.lost_calls: list[Answer] = []

    def answer(self, system: ProbeSystem) -> Answer:
        """The answer to a system, passed in the route's call form.

        A route that adds an intercept itself gets A without its column of ones; where A has none, the intercept is one
        coefficient more, which is 0 in the solution.
        """
        if len(self.lost_calls) == MAX_LOST_CALLS:
            return self.lost_calls[-1]
        key = system.A.tobytes(), system.b.tobytes()
        if key not in self.answers:
            A, form = system.A, call_form(self.call_form)
            if self.call_form == "columns" and not (A[:, 0] == 1).all():
                A = np.column_stack([np.ones(len(A)), A])
            self.answers[key] = answer = answered(self.entry, form.of_matrix(A, system.b, intercept=True))
            if answer.failed in (Status.TIMED_OUT, Status.DIED, Status.UNUSABLE):
                self.lost_calls.append(answer)
        return self.answers[key]

    def outcome(self, system: ProbeSystem) -> Outcome:
        """The outcome of the answer to a system."""
        return outcome_of(self.answer(system), system)

    def bits(self) -> int:
        """The bits of the significand computed in: 24 where the slope of `shifted` is exactly a float32, else 53."""
        slope = self._slope(2)
        return 24 if float(np.float32(slope)) == slope else 53

    def slope_error(self, k: int) -> float:
        """The relative error of the slope over 2**k + 0, 1, ..., 7; infinite where there is none."""
        error = abs(self._slope(k) / SLOPE - 1)
        return error if error == error else inf

    def bracket(self, make: SystemMaker, last: int, hints: tuple[int, ...] = ()) -> Bracket:
        """The shares 2**-k, k from 1 to `last`, between which the direction of make(call_form, 2**-k) is lost."""
        k = _last(lambda k: self.outcome(make(self.call_form, 2.0**-k)) is Outcome.KEPT, last, hints)
        kept = 2.0**-k if k else None
        per_share = make(self.call_form, 2.0**-10).ratio * 2.0**10
        if k == last:
            return Bracket(kept, None, per_share)
        below = [min(k + step, last) for step in (1, 2, 4, 8)] if self.decides(make, last, last) else []
        dropped = next((j for j in below if self.decides(make, j, last)), None)
        lost = 2.0 ** -(dropped or k + 1)
        return Bracket(kept, lost, per_share, self.reply(make(self.call_form, lost)), dropped is not None)

    def decides(self, make: SystemMaker, k: int, last: int) -> bool:
        """Whether a rank decision, and not round-off, loses the direction of share 2**-k.

        It does where the outcome is a decided one, and the same for the other variants at a share four times smaller;
        the effect of round-off differs between variants.
        """
        outcome = self.outcome(make(self.call_form, 2.0**-k))
        others = (make(self.call_form, 2.0 ** -min(k + 2, last), v) for v in VARIANTS[1:])
        return outcome.decided and all(self.outcome(other) is outcome for other in others)

    def grows(self, near: Bracket) -> bool | None:
        """Whether twice the share that was kept with 8 rows is dropped with 64; None without a cut-off."""
        if near.cutoff is None or near.kept is None:
            return None
        return self.outcome(nearly_dependent(self.call_form, 2 * near.kept, m=MANY_ROWS)) is not Outcome.KEPT

    def reply_to_dependent(self) -> Reply:
        """The reply to exactly dependent columns.

        Where the variants' outcomes differ and some are no rank decisions: of these the one that is reported least.
        Where they differ and all are decisions: the one reported least, as ARBITRARY.
        """
        replies = [self.reply(dependent(self.call_form, v)) for v in VARIANTS]
        if len({reply.outcome for reply in replies}) == 1:
            return replies[0]
        undecided = [reply for reply in replies if not reply.outcome.decided]
        least_reported = max(undecided or replies, key=lambda reply: list(Reporting).index(reply.reporting))
        return least_reported if undecided else replace(least_reported, outcome=Outcome.ARBITRARY)

    def reply(self, system: ProbeSystem) -> Reply:
        """The answer to a system, classified beside the answer to a well-conditioned one."""
        answer, usual = self.answer(system), self.answer(nearly_dependent(self.call_form, 0.5))
        if answer.fit is None:
            return Reply(outcome_of(answer, system), *reporting_of(answer, usual), ())
        values = np.asarray(answer.fit.x)
        front = max(len(values) - len(system.base), 0)  # the intercept that a route adds to a system without one
        dropped = tuple(j - front for j in answer.fit.dropped if j >= front)
        x = tuple(map(float, values[front:]))
        return Reply(outcome_of(answer, system), *reporting_of(answer, usual), x, dropped)

    def _slope(self, k: int) -> float:
        fit = self.answer(shifted(k)).fit
        return nan if fit is None else float(np.asarray(fit.x)[-1])


def _last(holds: Callable[[int], bool], last: int, hints: tuple[int, ...] = ()) -> int:
    """The largest k in 1, ..., `last` with holds(k), by bisection; 0 where there is none.

    holds must be true up to some k and false beyond it. hints: values of k to try first, near the expected result.
    """
    low, high = 0, last + 1
    for k in (last, *hints):
        if low < k < high:
            low, high = (k, high) if holds(k) else (low, k)
    while high - low > 1:
        k = (low + high) // 2
        low, high = (k, high) if holds(k) else (low, k)
    return low
