"""x - mean(x) in place of x."""

from collections.abc import Iterator

import numpy as np

from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import language_of
from stabilitylab.diagnosis.fixes.support.origin import measured_from

ORDER = 2


def changes(case: Case) -> Iterator[Change]:
    """Every column of numbers measured from its mean, as the format has it."""
    language = language_of(case.entry)
    columns = [name for name in case.positions if np.ptp(case.problem.column(name)) > 0]
    if columns and case.problem.design.intercept:
        yield measured_from(
            case,
            {name: language.mean(name) for name in columns},
            lambda name, values: np.mean(values),
            code="centre",
            sentence="Centre {columns} at their means before fitting",
        )
