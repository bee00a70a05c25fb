"""Columns that depend on others exactly, with the relation that holds between them, in words."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from stabilitylab.core.errors import Argument, RankDeficientError
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve.dependence import dependent_columns

MOST = 5  # relations written out
TERMS = 6  # of a relation that is written with its coefficients
DIGITS = 6  # of a coefficient that is written


def refused(
    normal: NormalEquations, independent: Sequence[int], names: Sequence[str], policies: Sequence[str]
) -> RankDeficientError:
    """The error about columns of A that depend on those before them, exactly: each with those that it depends on.

    independent: the columns that do not. policies: those that answer all the same.
    """
    n, rank = normal.n, len(independent)
    dependent = sorted(set(range(n)).difference(independent))
    found = dependent_columns(normal, dependent[:MOST])
    said = [relation(names[j], {names[i]: c for i, c in others.items()}) for j, others in found.items()]
    others = [names[j] for j in dependent[MOST:]]
    more = f"; and {len(others)} more: {listed(others)}" if others else ""
    one = len(dependent) == 1
    ways: list[str | Argument] = []
    for policy in policies:
        ways += [", or ask for " if not ways else " or ", Argument("policy", policy)]
    return RankDeficientError(
        f"the rank is {rank} of {n}, exactly: {'; '.join(said)}{more}. Leave {'it' if one else 'them'} out",
        *ways,
    )


def relation(name: str, others: Mapping[str, Fraction]) -> str:
    """z = u + 0.7 v for a column z that is that combination of others; where that is long, what it depends on.

    A coefficient is written as a decimal or fraction of few digits, which is then its exact value.
    """
    if not others:
        return f"{_shown(name)} is 0 in every row"
    written = {other: _written(abs(c)) for other, c in others.items()}
    if len(others) > TERMS or None in written.values():
        return f"{_shown(name)} depends on {listed(list(others))}"
    text = ""
    for other, c in others.items():
        sign = ("-" if c < 0 else "") if not text else (" - " if c < 0 else " + ")
        text += f"{sign}{written[other]}{_shown(other)}"
    return f"{_shown(name)} = {text}"


def _written(c: Fraction) -> str | None:
    """A positive factor in front of a name, with the space between them; "" for 1; None where it is long."""
    if c == 1:
        return ""
    if c.numerator * c.denominator >= 2**20 and (c.numerator * c.denominator).bit_count() == 1:
        return f"2**{c.numerator.bit_length() - c.denominator.bit_length()} "
    twos_and_fives = c.denominator
    for prime in (2, 5):
        while twos_and_fives % prime == 0:
            twos_and_fives //= prime
    if twos_and_fives == 1 and c.denominator < 10**30 and c.numerator < 10**30:
        decimal = (Decimal(c.numerator) / Decimal(c.denominator)).normalize()
        if Fraction(decimal) == c and len(decimal.as_tuple().digits) <= DIGITS:
            return f"{decimal:f} " if -DIGITS <= decimal.adjusted() <= DIGITS else f"{decimal} "
    if max(c.numerator, c.denominator) < 10**3:
        return f"{c.numerator}/{c.denominator} "
    return None


def listed(names: Sequence[str]) -> str:
    """a, b and c; of many the first."""
    shown = [_shown(name) for name in names[: 2 * TERMS]]
    if len(names) > len(shown):
        return f"{', '.join(shown)} and {len(names) - len(shown)} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _shown(name: str) -> str:
    """A name as it is where it is one word, else in quotes: it may come from a file and hold anything."""
    return name if re.fullmatch(r"\w[\w.]*", name) else repr(name)
