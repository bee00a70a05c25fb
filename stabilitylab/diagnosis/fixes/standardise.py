"""(x - mean) / sd in place of x."""

from collections.abc import Iterator

import numpy as np

from stabilitylab.data.problem import DataColumn
from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import language_of, program
from stabilitylab.diagnosis.fixes.support.origin import led_back
from stabilitylab.exact.dependent import listed

ORDER = 4


def changes(case: Case) -> Iterator[Change]:
    """Every column centred, and divided by its standard deviation over m."""
    problem, language = case.problem, language_of(case.entry)
    if not problem.design.intercept:
        return
    columns: dict[str, DataColumn] = {}
    means, sds = {}, {}
    with np.errstate(all="ignore"):
        for name, j in case.positions.items():
            values = problem.column(name)
            mean, sd = (problem.format.dtype.type(v) for v in (np.mean(values), np.std(values)))
            changed = problem.format.rounded((values - mean) / sd) if sd > 0 else values
            if 0 < sd < np.inf and np.isfinite(changed).all():
                columns[name], means[j], sds[j] = changed, float(mean), float(sd)
    if not columns:
        return
    written = {name: f"({language.column(name)} - {language.mean(name)}) / {language.sd(name)}" for name in columns}
    lines = language.call(case, written)
    for name in columns:
        j = case.positions[name]
        lines += [language.divided(j, language.sd(name)), language.moved(j, language.mean(name))]

    def answer() -> np.ndarray | None:
        x = case.solved(case.changed(columns))
        if x is None:
            return None
        back = np.array(x)
        for j, sd in sds.items():
            back[j] /= back.dtype.type(sd)
        return led_back(back, means)

    yield Change(
        "standardise",
        f"Standardise {listed(list(columns))}, to mean 0 and standard deviation 1, before fitting",
        program(lines),
        answer,
        "a subtraction and a division for each number",
        "slopes are divided by the standard deviations, and the intercept is led back by the means",
    )
