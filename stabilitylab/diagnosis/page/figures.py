"""The table of the figures of the whole fit: R² and predictions, with the digits that mean something."""

from collections.abc import Sequence
from functools import partial
from math import log10

from stabilitylab.diagnosis.result import Figure
from stabilitylab.report.cells import Table
from stabilitylab.report.plain_cells import cap_note, digits_cell, exact_cell, number_cell, table_of_cells, text_cell

SHOWN = 6  # digits of R² and predictions on a terminal
BEHIND_NINES = 4  # of R² near 1
ALL = 17  # digits that tell one float64 from another


def figures_table(figures: Sequence[Figure], *, all_digits: bool) -> Table:
    """R² and predictions with their digits. all_digits: of each number; else those that mean something."""
    body = []
    for one in figures:
        shown = exact_cell if all_digits else partial(number_cell, digits=_meant(one))
        body.append((text_cell(one.name), digits_cell(one.digits), shown(one.returned), shown(one.certified)))
    header = ("figure", "correct digits", "from the coefficients returned", "certified")
    return table_of_cells(
        "The whole fit", header, body, (False, True, True, True), cap_note(one.digits for one in figures)
    )


def _meant(one: Figure) -> int:
    """Digits of a figure that mean something: six, or of R² four behind its nines; two more than are right, if fewer.

    R² of 0.99999999 would else be 1, and a figure of which five digits are right would look like the certified one.
    """
    value = one.certified if one.certified is not None else one.returned
    digits = SHOWN
    if value is not None and one.name.startswith("R²") and 0.0 < 1.0 - value < 1.0:
        digits = max(digits, BEHIND_NINES + int(-log10(1.0 - value)))
    if one.digits is not None and one.digits < digits:
        digits = max(digits, int(one.digits) + 2)
    return min(ALL, digits)
