"""What error laws predict for the series of a figure: laws that say the same as one, and where measurement is worse."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from stabilitylab.report.marks import plain, scientific
from stabilitylab.report.plot.traces import Trace

FACTOR = 5.0
"""About nine in ten errors lie within this factor of what a law of `scoring.theory.laws` estimates."""


@dataclass(frozen=True)
class Laws:
    """The laws of some series that differ by at most FACTOR at every x: at each x the lowest and the highest."""

    names: tuple[Any, ...]
    x: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def is_line(self) -> bool:
        """Whether all of them are one line."""
        return self.low == self.high


def laws(traces: Sequence[Trace], digits: bool) -> list[Laws]:
    """The laws of the traces in as few groups as come out when each joins the first that it agrees with.

    digits: the laws count digits, of which FACTOR is a difference; else they are errors, of which it is a quotient.
    """
    groups: list[list[Trace]] = []
    for trace in traces:
        if any(value is not None for value in trace.law):
            agreeing = next((g for g in groups if all(_agree(trace, other, digits) for other in g)), None)
            if agreeing is None:
                groups.append([trace])
            else:
                agreeing.append(trace)
    return [_together(group) for group in groups]


def _known(trace: Trace) -> dict[float, float]:
    return {x: value for x, value in zip(trace.x, trace.law, strict=True) if value is not None}


def _agree(one: Trace, other: Trace, digits: bool) -> bool:
    """Whether two laws differ by at most FACTOR wherever both are known, somewhere at least."""
    a, b = _known(one), _known(other)
    return bool(a.keys() & b.keys()) and all(abs(_gap(a[x], b[x], digits)) <= math.log10(FACTOR) for x in a.keys() & b)


def _gap(value: float, other: float, digits: bool) -> float:
    """By how many digits a value is better than the other; one error of 0 is infinitely better than any that is not."""
    if digits:
        return value - other
    if value <= 0 or other <= 0:
        return 0.0 if value == other else math.copysign(math.inf, other - value)
    return math.log10(other / value)


def _together(group: Sequence[Trace]) -> Laws:
    at: dict[float, list[float]] = {}
    for trace in group:
        for x, value in _known(trace).items():
            at.setdefault(x, []).append(value)
    xs = sorted(at)
    return Laws(
        tuple(trace.name for trace in group), tuple(xs), tuple(min(at[x]) for x in xs), tuple(max(at[x]) for x in xs)
    )


def remark(panels: Iterable[tuple[str, Sequence[Trace]]], digits: bool) -> str:
    """Where measured values are worse than their predictions, by how much, and what a prediction is; "" without laws.

    panels: (heading, its traces).
    """
    worse: dict[Any, list[tuple[float, str]]] = {}
    points: dict[Any, int] = {}
    for heading, shown in panels:
        for trace in shown:
            for at, y, law in zip(trace.x, trace.y, trace.law, strict=True):
                if y is None or law is None:
                    continue
                points[trace.name] = points.get(trace.name, 0) + 1
                short = _gap(law, y, digits)
                if short > 0:
                    place = f"at {plain(at)}{', ' if heading else ''}{heading}"
                    worse.setdefault(trace.name, []).append((short, place))
    if not points:
        return ""
    said = "Predicted: what the error law of the route estimates, which is no bound; "
    said += (
        f"about nine in ten errors lie within a factor {plain(FACTOR)} of it, and laws no further apart are a band. "
    )
    side = "below" if digits else "above"
    if not worse:
        return f"{said}No measured point is {side} its prediction."
    parts = []
    for name, found in sorted(worse.items(), key=lambda item: -max(item[1])[0]):
        most, place = max(found)
        much = f"{most:.1f} digits" if digits else f"{_factor(most)} times"
        parts.append(f"{plain(name)} at {len(found)} of {points[name]} points, up to {much} ({place})")
    return f"{said}Measured {side} its prediction: {'; '.join(parts)}."


def _factor(digits: float) -> str:
    if digits > 3:
        return scientific(10.0 ** min(digits, 300))
    return f"{10.0**digits:.1f}" if digits < 1 else f"{10.0**digits:.0f}"
