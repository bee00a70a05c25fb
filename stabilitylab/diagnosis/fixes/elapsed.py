"""x - x[0] in place of x, for columns far from 0: time since the first row, for one."""

from collections.abc import Iterator

from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import language_of
from stabilitylab.diagnosis.fixes.support.origin import far_columns, measured_from

ORDER = 1


def changes(case: Case) -> Iterator[Change]:
    """Every column that is far from 0 for its spread, measured from its first number."""
    language = language_of(case.entry)
    far = far_columns(case)
    if far:
        yield measured_from(
            case,
            {name: language.first(name) for name in far},
            lambda name, values: values[0],
            code="elapsed",
            sentence="Measure {columns} from the first row, x - x[0], before fitting",
        )
