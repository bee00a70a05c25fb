"""The cause of a row of the lab: asked for rows that kept few digits, and for failures."""

from collections.abc import Sequence
from dataclasses import replace
from math import floor

from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.search import causes_of
from stabilitylab.bench.causes.suspect import Suspect
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.types import CAUSE, TRUTHS, UNDETERMINED, WORST, Measurement, Solution
from stabilitylab.data.equivalents import PUBLISHED, Variant
from stabilitylab.data.problem import Problem

FEW = 4.0  # digits below which a row is asked for its cause


def with_cause(
    row: Measurement,
    entry: Entry[RouteLabel],
    problem: Problem,
    solution: Solution,
    *,
    variant: Variant = PUBLISHED,
    weights: Sequence[float] | None = None,
    remove: bool = True,
) -> Measurement:
    """The row with the most important cause of its lost digits, as "SL102 Gram matrix formed; without that, ...".

    A row that has FEW digits or more, has a cause already, or belongs to undetermined data comes back as it is. remove:
    as for `causes_of`.
    """
    if row.cause:
        return row
    return replace(row, cause=_cause_of(row, entry, problem, solution, variant, weights, remove=remove))


def with_cause_noted(row: Measurement, entry: Entry[RouteLabel], problem: Problem, solution: Solution) -> Measurement:
    """The row with the same as the fact CAUSE, which tables count and do not put below themselves as they do a cause.

    A row that has a cause from its score, a rank cut-off, is asked too: for the code of it.
    """
    said = _cause_of(row, entry, problem, solution, PUBLISHED, None, remove=True)
    return replace(row, facts={**row.facts, CAUSE: said}) if said else row


def _cause_of(
    row: Measurement,
    entry: Entry[RouteLabel],
    problem: Problem,
    solution: Solution,
    variant: Variant,
    weights: Sequence[float] | None,
    *,
    remove: bool,
) -> str:
    """What a row of few digits is told of its cause; "" for another row, and where nothing is found."""
    digits = row.scores.get(WORST)
    scored = WORST in row.scores and (digits is None or digits < FEW)
    if problem.format.dtype.kind == "O":  # causes compute in formats of NumPy
        return ""
    if not scored or UNDETERMINED in row.facts or (row.answered and digits is None):
        return ""
    (truth,) = (one for one in TRUTHS if one == row.truth)
    found = causes_of(Suspect(problem, solution, truth, entry, variant, weights), remove=remove)
    return _said(found[0], row.answered) if found else ""


def _said(found: Found, answered: bool) -> str:
    """A cause in the words of a row: whole digits, so that rows of one cause share a footnote."""
    if not answered or found.digits_after is None:
        return f"{found.code} {found.sentence}"
    return f"{found.code} {found.title}; without that, {floor(found.digits_after)} digits are kept"
