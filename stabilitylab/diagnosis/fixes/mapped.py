"""The powers of t = (x - c) / s, with x mapped to about [-1, 1], in place of those of x."""

from collections.abc import Iterator

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import R, language_of, number, program
from stabilitylab.diagnosis.fixes.support.polynomial import BACK, in_powers_of_x, mapping
from stabilitylab.exact.dependent import listed

ORDER = 1


def changes(case: Case) -> Iterator[Change]:
    """A polynomial of degree 2 or more in one column that is kept as it is."""
    if not case.columns or (case.degree or 0) < 2:
        return
    (name,) = case.columns
    x = np.asarray(case.problem.column(name), dtype=np.float64)
    found = mapping(x)
    if found is None:
        return
    c, s = found
    t = case.problem.format.rounded((x - c) / s)
    language = language_of(case.entry)
    lines = language.call(case, {name: f"({language.column(name)} - {number(c)}) / {number(s)}"})
    if isinstance(language, R):
        lines += ["# x are the coefficients in t; lead them back to powers of x in exact arithmetic, as with gmp"]
    else:
        lines += [f"c, s = {number(c)}, {number(s)}", *BACK]
    yield Change(
        "mapped",
        f"Fit the polynomial in t = ({listed([name])} - {c:g}) / {s:g}, which runs from -1 to 1, and lead its "
        "coefficients back to powers exactly",
        program(lines),
        lambda: led_back(case.solved(case.changed({name: t})), c, s),
        "a subtraction and a division for each number",
        "coefficients are led back in rationals and rounded once: done in floating point, that step would cancel",
    )


def led_back(a: Array | None, c: float, s: float) -> Array | None:
    """The coefficients in powers of x, in float64; None where there are none."""
    return None if a is None or not np.isfinite(a).all() else in_powers_of_x(a, c, s)
