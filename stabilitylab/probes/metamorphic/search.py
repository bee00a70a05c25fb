"""The search for a violation of a law: a ladder of problems, then the smallest problem, then the smallest power."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from stabilitylab.bench.run import Route
from stabilitylab.probes.metamorphic.compared import (
    WELL_POSED,
    Instance,
    LawComparison,
    Rows,
    compare,
    sensitivity,
    widths,
)
from stabilitylab.probes.metamorphic.laws import Law

SMALLEST: dict[int, Rows] = {
    1: ((0, 0), (0, 1), (1, 0)),
    2: ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)),
}
"""The smallest well-posed problem with so many columns: no number in it can be smaller, and no row left out."""

USUAL: dict[int, Rows] = {
    1: ((3, 4), (-2, -3), (1, 2), (4, 3), (-3, -1)),
    2: ((3, 1, 4), (-2, 4, -3), (1, -1, 2), (4, 2, 3), (-3, 0, -1)),
}
"""Problems without zeros, symmetries or exact fits to be lucky with; y goes with the first column above all."""


@dataclass(frozen=True)
class Violation:
    """A law broken by a route, and the smallest witness of that.

    power: from which on, the one nearest to 0, on the first problem of the ladder that shows it. apart: how far apart
    the two answers to the witness are, which has a power of its own.
    """

    power: int
    witness: Instance
    apart: float


@dataclass(frozen=True)
class Search:
    """What became of a law on a route; tried: how many pairs of problems it was put to.

    furthest: of the comparisons made, the one that is furthest apart; where nothing is broken and an answer is missing,
    one without an answer. violation: None where nothing is broken.
    """

    furthest: LawComparison
    tried: int
    violation: Violation | None = None


def search(entry: Route, law: Law, *, thorough: bool = True) -> Search:
    """Put the law to the route. Not thorough: on one problem only, which is not made smaller.

    Raises ValueError where the law cannot be put to the route.
    """
    tried = [(compare(entry, law, case), case) for case in ladder(entry, law, thorough=thorough)]
    if not tried:
        raise ValueError(f"the law {law.name!r} cannot be put to {entry.label.name}")
    broken = [case for comparison, case in tried if comparison.broken]
    missing = [comparison for comparison, _ in tried if comparison.apart is None]
    if missing and not broken:
        return Search(missing[0], len(tried))
    furthest = max((c for c, _ in tried if c.broken or not broken), key=lambda c: c.apart or 0.0)
    return Search(furthest, len(tried), _violation(entry, law, broken, thorough) if broken else None)


def _violation(entry: Route, law: Law, broken: Sequence[Instance], thorough: bool) -> Violation:
    def breaks(case: Instance) -> bool:
        posed = len(case.rows[0]) - 1 in widths(entry, law) and sensitivity(case.rows) <= WELL_POSED
        return posed and compare(entry, law, case).broken

    # 1. Powers up and down may break for different reasons: the side that breaks nearer to 0 is followed.
    sides = ([case for case in broken if case.exponent > 0], [case for case in broken if case.exponent <= 0])
    side = min(filter(None, sides), key=lambda side: abs(smallest_power(side[0], breaks).exponent))
    witness = nearest = smallest_power(side[0], breaks)
    # 2. Numbers are taken away at the power where the law was seen broken, which leaves room to; then the power goes.
    if thorough:
        fewest = min(side, key=lambda case: len(case.rows) * len(case.rows[0]))
        witness = smallest_power(smallest_problem(fewest, breaks), breaks)
    return Violation(nearest.exponent, witness, compare(entry, law, witness).apart or 0.0)


def ladder(entry: Route, law: Law, *, thorough: bool = True) -> Iterator[Instance]:
    """The usual problem, as wide as can be, under powers from the outermost inwards; then the smallest problems.

    Not thorough: the usual problem under the two outermost powers on either side.
    """
    powers = [[end * quarters // 4 for end in reversed(law.exponents) if end] or [0] for quarters in (4, 3, 2, 1)]
    suited = widths(entry, law)
    for width in suited[-1:]:
        for power in dict.fromkeys(chain(*powers[: None if thorough else 2])):
            yield Instance(power, USUAL[width])
    for width in suited if thorough else ():
        yield from (Instance(power, SMALLEST[width]) for power in powers[0])


def smallest_problem(case: Instance, breaks: Callable[[Instance], bool]) -> Instance:
    """The case with rows and columns left out and numbers replaced by 0 or 1, as long as any of that still breaks."""
    for smaller in _smaller(case):
        if breaks(smaller):
            return smallest_problem(smaller, breaks)
    return case


def _smaller(case: Instance) -> Iterator[Instance]:
    rows = case.rows
    if len(rows[0]) > 2:
        for j in range(len(rows[0]) - 1):
            yield replace(case, rows=tuple(row[:j] + row[j + 1 :] for row in rows))
    for i in range(len(rows)):
        yield replace(case, rows=rows[:i] + rows[i + 1 :])
    for i, row in enumerate(rows):
        for j, number in enumerate(row):
            for least in {0: (), 1: (0,)}.get(number, (0, 1)):
                yield replace(case, rows=(*rows[:i], (*row[:j], least, *row[j + 1 :]), *rows[i + 1 :]))


def smallest_power(case: Instance, breaks: Callable[[Instance], bool]) -> Instance:
    """The case with the power nearest to 0 that still breaks, by bisection: laws break from some power on."""
    if breaks(replace(case, exponent=0)):
        return replace(case, exponent=0)
    holds, broken = 0, case.exponent
    while abs(broken - holds) > 1:
        middle = holds + (broken - holds) // 2
        holds, broken = (holds, middle) if breaks(replace(case, exponent=middle)) else (middle, broken)
    return replace(case, exponent=broken)
