"""Columns measured from another origin: the slopes stay, and the intercept is led back."""

from collections.abc import Callable, Mapping

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.problem import DataColumn
from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import language_of, program
from stabilitylab.exact.dependent import listed

FAR = 3.0  # the largest number of a column over its spread, from which it is far from 0
BACK = "the slopes stay as they are, and the intercept is led back in the format of the call, one product at a time"


def far_columns(case: Case) -> list[str]:
    """The columns that are far from 0 for their spread, of a design with an intercept."""
    if not case.problem.design.intercept:
        return []
    return [name for name in case.positions if _is_far(case.problem.column(name))]


def measured_from(
    case: Case,
    origins: Mapping[str, str],
    origin: Callable[[str, Array], object],
    *,
    code: str,
    sentence: str,
) -> Change:
    """The change that measures columns from origins: origin(name, numbers in the format), written as in `origins`."""
    problem, language = case.problem, language_of(case.entry)
    columns: dict[str, DataColumn] = {}
    moved: dict[int, float] = {}
    for name in origins:
        values = problem.column(name)
        start = np.asarray(origin(name, values), dtype=problem.format.dtype)
        given = problem.data[name]
        if code == "elapsed" and language.keeps_integers and case.is_integral(name):
            assert isinstance(given, ExactColumn), "whole numbers are exact"
            columns[name] = given.minus_first()
        else:
            columns[name] = problem.format.rounded(values - start)
        moved[case.positions[name]] = float(start)
    written = {name: f"{language.column(name)} - {start}" for name, start in origins.items()}
    lines = language.call(case, written)
    lines += [language.moved(j, origins[name]) for name, j in case.positions.items() if name in origins]
    return Change(
        code,
        sentence.format(columns=listed(list(origins))),
        program(lines),
        lambda: led_back(case.solved(case.changed(columns)), moved),
        "one subtraction for each number",
        BACK,
    )


def led_back(x: Array | None, moved: Mapping[int, float]) -> Array | None:
    """x with an intercept, x[0], less origin times slope for each column, in the format of x."""
    if x is None:
        return None
    back = np.array(x)
    for j, start in moved.items():
        back[0] -= back.dtype.type(start) * back[j]
    return back


def _is_far(values: Array) -> bool:
    spread, largest = float(np.ptp(np.asarray(values))), float(np.abs(values).max())
    return 0 < FAR * spread <= largest
