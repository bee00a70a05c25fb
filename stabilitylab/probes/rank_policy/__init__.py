"""What a route does with a direction that hardly counts: its rank policy, measured by asking and never by reading.

`probe` asks for the direction at smaller and smaller shares (`systems` makes the matrices) until it is lost, tells a
decision of the route from round-off, and listens to what is said. `script` is the witness, to copy and paste.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf, log2, nan

import numpy as np

from stabilitylab.bench import Route, answered
from stabilitylab.bench.call import Answer
from stabilitylab.core.types import Status
from stabilitylab.data.call_form import CALL_FORMS
from stabilitylab.probes.rank_policy.outcomes import Bracket, Outcome, RankPolicy, Reply, outcome_of, said
from stabilitylab.probes.rank_policy.systems import (
    MANY_ROWS,
    NEAR_SPARE,
    SHIFT_SPARE,
    SHORT_SPARE,
    SLOPE,
    VARIANTS,
    System,
    dependent,
    nearly_dependent,
    shifted,
    short_column,
)
from stabilitylab.probes.rank_policy.witness import script
from stabilitylab.scoring.reporting import Reporting

__all__ = ["Bracket", "Outcome", "RankPolicy", "Reply", "probe", "script"]

Maker = Callable[..., System]

PATIENCE = 3  # calls that may take the process down, or not come back, before no more are made
LEFT_AT_SHIFT, CENTRED = 13, 2.0**-20  # uncentred columns leave 13 bits of a slope, centred ones nearly all


def probe(entry: Route) -> RankPolicy:
    """The policy of a route, measured in some thirty calls."""
    asked = _Asked(entry)
    bits = asked.bits()
    near = asked.bracket(nearly_dependent, bits - NEAR_SPARE)
    # Where lengths count, a short column is lost a little below the share at which a dependent one is.
    hints = () if near.kept is None else tuple(round(-log2(near.kept)) + k for k in (1, 3))
    return RankPolicy(
        route=entry.label.name,
        call_form=entry.label.call_form,
        bits=bits,
        near=near,
        short=asked.bracket(short_column, bits - SHORT_SPARE, hints),
        grows=asked.grows(near),
        offset=_last(lambda k: asked.slope_error(k) < 0.25, bits - SHIFT_SPARE) or None,
        centred=asked.slope_error(bits - LEFT_AT_SHIFT) < CENTRED,
        dependent=asked.of_dependent(),
    )


class _Asked:
    """What one route answered. Nothing is asked twice, and a route that keeps failing to come back is left alone."""

    def __init__(self, entry: Route) -> None:
        self.entry = entry
        self.call_form = entry.label.call_form
        self.answers: dict[tuple[bytes, bytes], Answer] = {}
        self.gone: list[Answer] = []

    def answer(self, system: System) -> Answer:
        """The answer to a system, put as the route takes it; an intercept stands for a column of ones, or is 0 here."""
        if len(self.gone) == PATIENCE:
            return self.gone[-1]
        key = system.A.tobytes(), system.b.tobytes()
        if key not in self.answers:
            A, form = system.A, CALL_FORMS[self.call_form]
            if self.call_form == "columns" and not (A[:, 0] == 1).all():
                A = np.column_stack([np.ones(len(A)), A])
            self.answers[key] = answer = answered(self.entry, form.of_matrix(A, system.b, intercept=True))
            if answer.failed in (Status.TIMED_OUT, Status.DIED):
                self.gone.append(answer)
        return self.answers[key]

    def outcome(self, system: System) -> Outcome:
        """What the route makes of it."""
        return outcome_of(self.answer(system), system)

    def bits(self) -> int:
        """24 where a slope that no single is comes back as one, else 53."""
        slope = self._slope(2)
        return 24 if float(np.float32(slope)) == slope else 53

    def slope_error(self, k: int) -> float:
        """The relative error of the slope over 2**k + 0, 1, ..., 7."""
        error = abs(self._slope(k) / SLOPE - 1)
        return error if error == error else inf

    def bracket(self, make: Maker, last: int, hints: tuple[int, ...] = ()) -> Bracket:
        """Where the direction of make(call_form, 2**-k) is lost, as k goes from 1 to `last`."""
        k = _last(lambda k: self.outcome(make(self.call_form, 2.0**-k)) is Outcome.KEPT, last, hints)
        kept = 2.0**-k if k else None
        per_share = make(self.call_form, 2.0**-10).ratio * 2.0**10
        if k == last:
            return Bracket(kept, None, per_share)
        below = [min(k + step, last) for step in (1, 2, 4, 8)] if self.decides(make, last, last) else []
        dropped = next((j for j in below if self.decides(make, j, last)), None)
        lost = 2.0 ** -(dropped or k + 1)
        return Bracket(kept, lost, per_share, self.reply(make(self.call_form, lost)), dropped is not None)

    def decides(self, make: Maker, k: int, last: int) -> bool:
        """Whether a policy and not round-off loses the direction of share 2**-k.

        A policy does the same to all variants, at a quarter of the share at the latest; round-off does as it likes.
        """
        outcome = self.outcome(make(self.call_form, 2.0**-k))
        others = (make(self.call_form, 2.0 ** -min(k + 2, last), v) for v in VARIANTS[1:])
        return outcome.decided and all(self.outcome(other) is outcome for other in others)

    def grows(self, near: Bracket) -> bool | None:
        """Whether twice the share that was kept in 8 rows is dropped in 64; None without a cut-off."""
        if near.cutoff is None or near.kept is None:
            return None
        return self.outcome(nearly_dependent(self.call_form, 2 * near.kept, m=MANY_ROWS)) is not Outcome.KEPT

    def of_dependent(self) -> Reply:
        """The reply to dependent columns; where variants differ, one that no policy explains, the quietest."""
        replies = [self.reply(dependent(self.call_form, v)) for v in VARIANTS]
        if len({reply.outcome for reply in replies}) == 1:
            return replies[0]
        undecided = [reply for reply in replies if not reply.outcome.decided]
        quietest = max(undecided or replies, key=lambda reply: list(Reporting).index(reply.reporting))
        return quietest if undecided else replace(quietest, outcome=Outcome.ARBITRARY)

    def reply(self, system: System) -> Reply:
        """The answer to a system, beside the one to a system with nothing amiss."""
        answer, usual = self.answer(system), self.answer(nearly_dependent(self.call_form, 0.5))
        x = () if answer.fit is None else tuple(map(float, np.asarray(answer.fit.x)[-len(system.base) :]))
        return Reply(outcome_of(answer, system), *said(answer, usual), x)

    def _slope(self, k: int) -> float:
        fit = self.answer(shifted(k)).fit
        return nan if fit is None else float(np.asarray(fit.x)[-1])


def _last(holds: Callable[[int], bool], last: int, hints: tuple[int, ...] = ()) -> int:
    """The largest k from 1 to `last` for which holds(k), when it holds up to some k and not beyond; 0 for none."""
    low, high = 0, last + 1
    for k in (last, *hints):
        if low < k < high:
            low, high = (k, high) if holds(k) else (low, k)
    while high - low > 1:
        k = (low + high) // 2
        low, high = (k, high) if holds(k) else (low, k)
    return low
