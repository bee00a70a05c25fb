"""The certified solver, on the numbers as they are in memory, and on the decimals as they are written."""

from collections.abc import Iterator

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.types import Truth
from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import Python, literal, program

ORDER = 8


def changes(case: Case) -> Iterator[Change]:
    """`sl.lstsq`, which rounds each coefficient once, of the matrix as stored; and of decimals where there are some."""
    if case.fit is None:
        return
    table, problem = case.question.table, case.problem
    names = [*problem.regressors, problem.response]
    language = Python()
    lines = language.called(case, {}, None)[:-1]
    weights = f", weights={language.column(case.question.weights_name)}" if case.question.weights is not None else ""
    yield Change(
        "certified",
        "Solve with the certified solver, which rounds each coefficient once",
        program([*language.loaded(case, "import stabilitylab as sl"), *lines, f"x = sl.lstsq(A, y{weights}).x"]),
        lambda: _fitted(case, "matrix"),
        _cost(case),
    )
    exact = any(isinstance(problem.data[name], ExactColumn) for name in names)
    if not exact or case.columns is None:
        return
    reading = ["import pandas", f"df = {_as_text(table.code)}"] if table.code else []
    columns = ", ".join(map(literal, names))
    if case.question.weights is not None:
        return  # a Problem holds no weights
    design = f"sl.Design.polynomial({case.degree})" if (case.degree or 0) > 1 else (
        f"sl.Design.columns(intercept={problem.design.intercept})"
    )  # fmt: skip
    yield Change(
        "decimals",
        "Solve with the certified solver on the decimals as they are written, which rounds nothing before the end",
        program(
            [
                "import stabilitylab as sl",
                *reading,
                f"data = {{name: sl.Decimals.parse(list(df[name])) for name in [{columns}]}}  # from columns of text",
                f'p = sl.Problem("mine", data, {design}, "as given", response={literal(problem.response)})',
                'x = sl.lstsq(p, truth="decimal").x',
            ]
        ),
        lambda: _fitted(case, "decimal"),
        _cost(case),
    )


def _fitted(case: Case, truth: Truth) -> Array | None:
    try:
        return np.asarray(case.question.fit(truth).x)
    except StabilityLabError:
        return None


def _as_text(code: str) -> str:
    return f"{code[:-1]}, dtype=str)" if code.endswith(")") else code


def _cost(case: Case) -> str:
    assert case.fit is not None, "what is compared has a certified fit"
    seconds, own = case.fit.certificate.seconds, case.call.solution.seconds
    times = seconds / own if own > 0 else 0.0
    return f"about {times:.0f} times the time" if times >= 2 else "no more time"
