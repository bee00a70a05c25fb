"""What a reader of the printed answer would get wrong: a sign, a significance, a column, a value beyond the noise."""

from collections.abc import Iterator
from math import isfinite

from stabilitylab.core.printable import one_decimal, one_line
from stabilitylab.diagnosis.question import Call
from stabilitylab.diagnosis.result import Coefficient
from stabilitylab.exact.dependent import listed

INTERCEPT = "intercept"
MOST = 3  # coefficients that are said to be far from the certified ones


def conclusions(call: Call, rows: tuple[Coefficient, ...], level: float) -> tuple[str, ...]:
    """Sentences about these coefficients, those that matter most first. None where every conclusion stands.

    level: of intervals; 1 - level is the size of the test that a coefficient is 0.
    """
    return tuple(_concluded(call, rows, level))


def _concluded(call: Call, rows: tuple[Coefficient, ...], level: float) -> Iterator[str]:
    gone = [row for row in rows if row.certified and (row.returned is None or row.returned == 0)]
    if gone and call.solution.x is not None:
        needed = [row.name for row in gone if row.p is not None and row.p < 1 - level]
        tested = f"; by the data {listed(needed)} cannot be left out (p < {1 - level:.2g})" if needed else ""
        yield f"{call.name} leaves out {listed([row.name for row in gone])}{tested}."
    # The sign of what cannot be told from 0 is no conclusion.
    told = [row for row in rows if row.p is None or row.p < 1 - level]
    signs = [row.name for row in told if row.returned and row.certified and row.returned * row.certified < 0]
    if set(signs) - {INTERCEPT}:
        yield f"The sign of {listed(signs)} is wrong."
    # An intercept is what people ask about last.
    far = sorted(
        ((_beyond(row), row) for row in rows if _beyond(row) >= 1), key=lambda p: (p[1].name == INTERCEPT, -p[0])
    )
    for distance, row in far[:MOST]:
        times = one_decimal(distance) if distance < 100 else f"{distance:.0f}" if distance < 1e6 else f"{distance:.1e}"
        yield f"{one_line(row.name)} as returned is {times} standard errors away from the certified value."
    if far[MOST:]:
        yield f"So are {len(far) - MOST} more, by a standard error at least."
    if signs == [INTERCEPT]:
        yield f"The sign of {INTERCEPT} is wrong."
    for row in rows:
        p = row.returned_p
        if p is not None and row.p is not None and (p < 1 - level) != (row.p < 1 - level):
            yield (
                f"{row.name} {'seems' if p < 1 - level else 'does not seem'} to differ from 0 by the standard error of "
                f"{call.name}, and {'does not' if p < 1 - level else 'does'} by the certified one, p = {row.p:.3g}."
            )


def _beyond(row: Coefficient) -> float:
    """How many standard errors lie between the returned coefficient and the certified one; 0 where that is unknown."""
    if not row.returned or row.certified is None or not row.standard_error or not isfinite(row.returned):
        return 0.0
    return abs(row.returned - row.certified) / row.standard_error
