"""The search for a violation of a metamorphic law: find one, shrink the problem, then shrink the power of two."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from stabilitylab.bench.run import Route
from stabilitylab.probes.metamorphic.comparison import (
    WELL_POSED,
    Instance,
    IntegerRows,
    LawComparison,
    compare,
    instance_sensitivity,
    widths,
)
from stabilitylab.probes.metamorphic.laws import Law

SMALLEST: dict[int, IntegerRows] = {
    1: ((0, 0), (0, 1), (1, 0)),
    2: ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)),
}
"""The smallest well-posed problem with 1 and with 2 columns: no entry of it can be smaller, and no row left out."""

USUAL: dict[int, IntegerRows] = {
    1: ((3, 4), (-2, -3), (1, 2), (4, 3), (-3, -1)),
    2: ((3, 1, 4), (-2, 4, -3), (1, -1, 2), (4, 2, 3), (-3, 0, -1)),
}
"""Problems without symmetry, exact fit or zeros in the first column, by which a wrong route could be right by chance.

y correlates above 0.8 with the first column, and below 0.5 with the second."""


@dataclass(frozen=True)
class Violation:
    """A law broken by a route.

    power: the exponent k nearest to 0 at which the first problem of `instances` that breaks the law still does so.
    witness: the smallest instance found that breaks the law, with its own exponent. apart: `LawComparison.apart` there.
    """

    power: int
    witness: Instance
    apart: float


@dataclass(frozen=True)
class SearchResult:
    """Whether a route obeys a law.

    furthest: the comparison with the largest `apart`; where the law holds but an answer is missing, the first without
    one. tried: the number of comparisons. violation: None where no comparison breaks the law.
    """

    furthest: LawComparison
    tried: int
    violation: Violation | None = None


def search(entry: Route, law: Law, *, thorough: bool = True) -> SearchResult:
    """Test the route for the law on `instances`, and shrink what breaks it.

    Not thorough: on one problem only, which is not shrunk. Raises ValueError where no problem of the law suits the
    route (see `widths`).
    """
    tried = [(compare(entry, law, instance), instance) for instance in instances(entry, law, thorough=thorough)]
    if not tried:
        raise ValueError(f"the law {law.name!r} cannot be put to {entry.label.name}")
    broken = [instance for comparison, instance in tried if comparison.broken]
    missing = [comparison for comparison, _ in tried if comparison.apart is None]
    if missing and not broken:
        return SearchResult(missing[0], len(tried))
    furthest = max((c for c, _ in tried if c.broken or not broken), key=lambda c: c.apart or 0.0)
    return SearchResult(furthest, len(tried), _violation(entry, law, broken, thorough) if broken else None)


def _violation(entry: Route, law: Law, broken: Sequence[Instance], thorough: bool) -> Violation:
    def breaks(instance: Instance) -> bool:
        suited = len(instance.rows[0]) - 1 in widths(entry, law)
        posed = suited and instance_sensitivity(law, instance) <= WELL_POSED
        return posed and compare(entry, law, instance).broken

    # 1. Positive and negative exponents may break a law for different reasons: the sign that breaks nearer to 0 counts.
    by_sign = ([case for case in broken if case.exponent > 0], [case for case in broken if case.exponent <= 0])
    chosen = min(filter(None, by_sign), key=lambda cases: abs(smallest_power(cases[0], breaks).exponent))
    witness = nearest = smallest_power(chosen[0], breaks)
    # 2. The problem is shrunk at the exponent at which the law was first seen broken, where more of its rows and
    #    entries can go; the exponent is shrunk after that.
    if thorough:
        fewest = min(chosen, key=lambda case: len(case.rows) * len(case.rows[0]))
        witness = smallest_power(smallest_problem(fewest, breaks), breaks)
    return Violation(nearest.exponent, witness, compare(entry, law, witness).apart or 0.0)


def instances(entry: Route, law: Law, *, thorough: bool = True) -> Iterator[Instance]:
    """The instances to test: USUAL, as wide as the route takes, at 4/4, 3/4, 2/4 and 1/4 of the largest exponents.

    Then SMALLEST of each width at the largest ones. Not thorough: USUAL at 4/4 and 3/4 alone.
    """
    exponents = [[end * quarters // 4 for end in reversed(law.exponents) if end] or [0] for quarters in (4, 3, 2, 1)]
    suited = widths(entry, law)
    for width in suited[-1:]:
        for exponent in dict.fromkeys(chain(*exponents[: None if thorough else 2])):
            yield Instance(exponent, USUAL[width])
    for width in suited if thorough else ():
        yield from (Instance(exponent, SMALLEST[width]) for exponent in exponents[0])


def smallest_problem(instance: Instance, breaks: Callable[[Instance], bool]) -> Instance:
    """The instance with rows and columns left out and entries replaced by 0 or 1 as long as the law stays broken."""
    for smaller in _smaller(instance):
        if breaks(smaller):
            return smallest_problem(smaller, breaks)
    return instance


def _smaller(instance: Instance) -> Iterator[Instance]:
    """Every instance with one column of X less, with one row less, or with one entry replaced by 0 or 1."""
    rows = instance.rows
    if len(rows[0]) > 2:
        for j in range(len(rows[0]) - 1):
            yield replace(instance, rows=tuple(row[:j] + row[j + 1 :] for row in rows))
    for i in range(len(rows)):
        yield replace(instance, rows=rows[:i] + rows[i + 1 :])
    for i, row in enumerate(rows):
        for j, number in enumerate(row):
            for least in {0: (), 1: (0,)}.get(number, (0, 1)):
                yield replace(instance, rows=(*rows[:i], (*row[:j], least, *row[j + 1 :]), *rows[i + 1 :]))


def smallest_power(instance: Instance, breaks: Callable[[Instance], bool]) -> Instance:
    """The instance with the exponent nearest to 0 at which the law is still broken, by bisection.

    Assumes that a law that is broken at an exponent is broken at all larger ones of the same sign.
    """
    if breaks(replace(instance, exponent=0)):
        return replace(instance, exponent=0)
    holds, broken = 0, instance.exponent
    while abs(broken - holds) > 1:
        middle = holds + (broken - holds) // 2
        holds, broken = (holds, middle) if breaks(replace(instance, exponent=middle)) else (middle, broken)
    return replace(instance, exponent=broken)
