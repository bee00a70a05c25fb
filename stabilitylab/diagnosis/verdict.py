"""The one sentence that comes first, and how serious it is."""

from collections.abc import Sequence
from math import log10

from stabilitylab.bench.causes import Found, Severity
from stabilitylab.core.printable import one_decimal
from stabilitylab.diagnosis.question import Call
from stabilitylab.diagnosis.result import Coefficient, Dependence, Fix
from stabilitylab.exact.dependent import listed
from stabilitylab.exact.undetermined import digits_in_words

WELL = 8.0  # digits from which nobody need ask further
USABLE = 4.0  # digits below which an answer has lost digits, whatever the noise
BEYOND_NOISE = 2.0  # digits by which an error must be below the noise of the data, to make no difference
NO_DIGIT = 1.0
ALL = "15.95"  # the most that float64 holds, as it is printed
TOLD_FROM_ZERO = log10(2)  # digits that the noise leaves of an estimate of 2 standard errors
UNDETERMINED, DEPENDENT = "SL201", "SL204"


def verdict_of(
    call: Call,
    rows: Sequence[Coefficient],
    causes: Sequence[Found],
    fixes: Sequence[Fix],
    dependence: Dependence | None,
    conclusions: Sequence[str],
    m: int,
    *,
    expected: bool = False,
) -> tuple[str, Severity]:
    """(sentence, severity): what a person does next, in one or two sentences. m: rows. expected: in a forecast."""
    by_code = {one.code: one for one in causes}
    for code in (DEPENDENT, UNDETERMINED):
        if code in by_code:
            return by_code[code].sentence, "error"
    way = _way(fixes)
    if not call.solution.status.answered:
        note = f": {call.solution.note}" if call.solution.note else ""
        why = f": {_why(causes)}" if causes else "."
        return f"{call.name} gave no answer ({call.solution.status.value}{note}){why}{way}", "error"
    scored = [row for row in rows if row.digits is not None]
    if not scored:
        return f"The coefficients of {call.name} could not be scored.", "warning"
    worst = min(scored, key=lambda row: row.digits or 0.0)
    digits = worst.digits or 0.0
    severity = severity_of(rows, conclusions)
    if severity == "healthy":
        kept = one_decimal(digits)
        most = ", all that float64 holds" if kept == ALL else ""
        said = f"healthy: {kept} digits{' expected' * expected}{most}, nothing to do"
        return f"{said}{_wide(dependence)}{_unsupported(scored, m)}{_without_residuals(len(rows), m)}", severity
    bad = [row.name for row in scored if (row.digits or 0.0) < max(digits + 1, NO_DIGIT)]
    of = "any coefficient" if len(bad) == len(rows) > 1 else listed(bad)
    gives = "can be expected to keep" if expected else "gives"
    kept = f"{call.name} {gives} {'no' if digits < NO_DIGIT else one_decimal(digits)} correct digit"
    kept += f"{'' if digits < NO_DIGIT else 's'} of {of}"
    kept += _consequence(call, conclusions)
    return f"{kept}{': ' + _why(causes) if causes else '.'}{way}", severity


def severity_of(rows: Sequence[Coefficient], conclusions: Sequence[str]) -> Severity:
    """How serious the loss is: "error" where less than USABLE digits are right, or a conclusion changes.

    "healthy" from WELL digits, and from USABLE where every error is BEYOND_NOISE digits below the noise of the data.
    """
    digits = [row.digits for row in rows if row.digits is not None]
    if conclusions or not digits or min(digits) < USABLE:
        return "error"
    if min(digits) >= WELL:
        return "healthy"
    below_noise = all(
        row.statistical is not None and row.digits is not None and row.digits >= row.statistical + BEYOND_NOISE
        for row in rows
    )
    return "healthy" if below_noise else "warning"


def _why(causes: Sequence[Found]) -> str:
    first = causes[0]
    return f"{first.title} ({first.code})."


def _consequence(call: Call, conclusions: Sequence[str]) -> str:
    """The first conclusion that changes, behind a semicolon."""
    if not conclusions:
        return ""
    first = conclusions[0].rstrip(".")
    if first.startswith(f"{call.name} "):
        first = f"it{first.removeprefix(call.name)}"
    return f"; {first.replace('The sign', 'the sign', 1) if first.startswith('The sign') else first}"


def _without_residuals(n: int, m: int) -> str:
    """That no standard errors exist, where there are as many coefficients n as rows m."""
    return f"; {m} rows and {n} coefficients leave no residuals, and so no standard errors" if m == n else ""


def _way(fixes: Sequence[Fix]) -> str:
    if not fixes:
        return ""
    best = fixes[0]
    return f" {best.sentence.rstrip('.')}: {one_decimal(best.digits_after)} digits."


def _unsupported(rows: Sequence[Coefficient], m: int) -> str:
    """That the data support fewer digits than are right, where that is few and not known from the noise."""
    typical = 0.5 * log10(max(m, 1))  # digits by which rounding errors of either sign do less than all of one sign
    few = [
        row
        for row in rows
        if row.supported is not None
        and row.supported + typical < min(USABLE, row.statistical or USABLE)
        and (row.statistical is None or row.statistical > TOLD_FROM_ZERO)
    ]
    if not few:
        return ""
    least = min(row.supported for row in few if row.supported is not None)
    return (
        f"; right for the numbers as they are written, but these are rounded, and leave at worst "
        f"{digits_in_words(least)} of {listed([row.name for row in few])}"
    )


def _wide(dependence: Dependence | None) -> str:
    """That intervals are wide for what the columns say alike, where they are."""
    if dependence is None:
        return ""
    wide = [name for name, harm in dependence.harm.items() if harm == "statistical"]
    if not wide:
        return ""
    return f" in the arithmetic; the intervals of {listed(wide)} are wide, since columns say nearly the same"
