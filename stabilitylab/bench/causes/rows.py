"""The cause of a row of the lab: asked for rows that kept few digits, and for failures."""

from collections.abc import Sequence
from dataclasses import replace
from math import floor

from stabilitylab.bench.causes.found import Found
from stabilitylab.bench.causes.search import causes_of
from stabilitylab.bench.causes.suspect import Suspect
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.types import TRUTHS, UNDETERMINED, WORST, Measurement, Solution
from stabilitylab.data.equivalents import PUBLISHED, Variant
from stabilitylab.data.problem import Problem

FEW = 4.0  # digits below which a row is asked for its cause
IN_TABLES = False
"""Whether the rows of experiments are asked for their causes. Without, a row has the cause that its score shows, a rank
cut-off; the pages that are committed were written so."""


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
    digits = row.scores.get(WORST)
    scored = WORST in row.scores and (digits is None or digits < FEW)
    if problem.format.dtype.kind == "O":  # causes compute in formats of NumPy
        return row
    if row.cause or not scored or UNDETERMINED in row.facts or (row.answered and digits is None):
        return row
    (truth,) = (one for one in TRUTHS if one == row.truth)
    found = causes_of(Suspect(problem, solution, truth, entry, variant, weights), remove=remove)
    return replace(row, cause=_said(found[0], row.answered)) if found else row


def _said(found: Found, answered: bool) -> str:
    """A cause in the words of a row: whole digits, so that rows of one cause share a footnote."""
    if not answered or found.digits_after is None:
        return f"{found.code} {found.sentence}"
    return f"{found.code} {found.title}; without that, {floor(found.digits_after)} digits are kept"
