"""float64 in place of a shorter format."""

from collections.abc import Iterator

from stabilitylab.core.arithmetic.formats import FLOAT64
from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import Python, program

ORDER = 0


def changes(case: Case) -> Iterator[Change]:
    """The same call on the same numbers, where they were in a format of fewer bits."""
    if case.entry is None or case.problem.format.dtype.itemsize >= FLOAT64.dtype.itemsize:
        return
    if "float64" not in case.entry.label.scalars:
        return
    language, wide = Python(), case.problem.rounded_to(FLOAT64)
    lines = language.loaded(case, language.imports(case), "np.float64")
    same = ["# x: the coefficients of the same call as before, on d"]
    lines += same if case.columns is None else language.called(case, {}, case.entry)
    yield Change(
        "float64",
        f"Read, and work, in float64 in place of {case.problem.format.name}",
        program(lines),
        lambda: case.solved(wide),
        "twice the memory",
    )
