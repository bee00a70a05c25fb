"""The certified solver, on the numbers as they are in memory, and on the decimals as they are written."""

from collections.abc import Iterator

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.types import Truth
from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import Python, program
from stabilitylab.diagnosis.fixes.support.literals import literal
from stabilitylab.diagnosis.fixes.support.reading import reading

ORDER = 8


def changes(case: Case) -> Iterator[Change]:
    """`sl.lstsq`, which rounds each coefficient once, of the matrix as stored; and of decimals where there are some."""
    if case.fit is None:
        return
    table, problem = case.question.table, case.problem
    language = Python()
    lines = language.called(case, {}, None)[:-1]
    if case.columns is None:
        lines = [f"y = {language.column(problem.response)}", "# x: A is the design matrix of the call"]
    weights = f", weights={language.column(case.question.weights_name)}" if case.question.weights is not None else ""
    yield Change(
        "certified",
        "Solve with the certified solver, which rounds each coefficient once",
        program(
            [
                *language.loaded(case, ["import numpy as np", "import stabilitylab as sl"]),
                *lines,
                f"x = sl.lstsq(A, y{weights}).x",
            ]
        ),
        lambda: _fitted(case, "matrix"),
        _cost(case),
    )
    names = [*(case.columns or ()), problem.response]
    if not any(isinstance(problem.data[name], ExactColumn) for name in names):
        return
    if case.columns is None or case.question.weights is not None:
        return  # a Problem holds no weights
    stored = [name for name in names if not isinstance(problem.data[name], ExactColumn)]
    columns = ", ".join(map(literal, names))
    data = f"data = {{name: sl.Decimals.parse([str(v) for v in df[name]]) for name in [{columns}]}}  # from text"
    if stored:
        entries = [
            f"    {literal(name)}: "
            + (
                f"np.asarray(df[{literal(name)}]),"
                if name in stored
                else f"sl.Decimals.parse([str(v) for v in df[{literal(name)}]]),"
            )
            for name in names
        ]
        data = program(["data = {", *entries, "}"])
    design = f"sl.Design.polynomial({case.degree})" if (case.degree or 0) > 1 else (
        f"sl.Design.columns(intercept={problem.design.intercept})"
    )  # fmt: skip
    yield Change(
        "decimals",
        "Solve with the certified solver on the decimals as they are written, which rounds nothing before the end",
        program(
            [
                *(["import numpy as np"] if stored else []),
                "import stabilitylab as sl",
                *reading(table, names, text=True),
                data,
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


def _cost(case: Case) -> str:
    assert case.fit is not None, "what is compared has a certified fit"
    return case.times(case.fit.certificate.seconds)
