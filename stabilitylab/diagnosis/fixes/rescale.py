"""Columns in other units: divided by powers of ten near their sizes."""

from collections.abc import Iterator
from math import floor, log10

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.problem import DataColumn
from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import language_of, number, program
from stabilitylab.exact.dependent import listed

ORDER = 3
APART = 3  # powers of ten between the sizes of columns from which units are worth a change


def changes(case: Case) -> Iterator[Change]:
    """Every column of another size than 1, divided by the power of ten below its largest number."""
    problem, language = case.problem, language_of(case.entry)
    powers = {}
    for name in case.positions:
        largest = float(np.abs(problem.column(name)).max())
        if 0 < largest < float("inf"):
            powers[name] = floor(log10(largest))
    sizes = [*powers.values(), *([0] if problem.design.intercept else [])]
    if not powers or max(sizes) - min(sizes) < APART:
        return
    by = {name: float(f"1e{power}") for name, power in powers.items() if power}
    # In the units of a power of ten that is subnormal, or in another format, nothing can be divided.
    if any(not np.isfinite(problem.format.rounded(np.array([v]))[0]) or v < 1e-300 for v in by.values()):
        return
    columns: dict[str, DataColumn] = {
        name: problem.format.rounded(problem.column(name) / problem.format.dtype.type(v)) for name, v in by.items()
    }
    lines = language.call(case, {name: f"{language.column(name)} / {number(v)}" for name, v in by.items()})
    lines += [language.divided(case.positions[name], number(v)) for name, v in by.items()]
    yield Change(
        "rescale",
        f"Change the units of {listed(list(by))}, by powers of ten, so that all columns are of one size",
        program(lines),
        lambda: _divided(case.solved(case.changed(columns)), {case.positions[name]: v for name, v in by.items()}),
        "one division for each number",
        "each coefficient is divided by its power of ten in the end; the intercept stays",
    )


def _divided(x: Array | None, by: dict[int, float]) -> Array | None:
    if x is None:
        return None
    back = np.array(x)
    for j, v in by.items():
        back[j] /= back.dtype.type(v)
    return back
