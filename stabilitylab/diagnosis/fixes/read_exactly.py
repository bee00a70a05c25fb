"""Numbers measured from the first row as decimals, before they become floats: what is stored then keeps its digits."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.problem import DataColumn
from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import Python, R, language_of, number, program
from stabilitylab.diagnosis.fixes.support.literals import literal
from stabilitylab.diagnosis.fixes.support.origin import led_back
from stabilitylab.diagnosis.fixes.support.polynomial import BACK, in_powers_of_x, mapping
from stabilitylab.diagnosis.fixes.support.reading import reading
from stabilitylab.exact.dependent import listed

ORDER = 5


def changes(case: Case) -> Iterator[Change]:
    """Every column of decimals, of a design with an intercept; the x of a polynomial is mapped to about [-1, 1]."""
    problem = case.problem
    if not problem.design.intercept or isinstance(language_of(case.entry), R) or not case.columns:
        return
    x = case.columns[0] if (case.degree or 0) > 1 else ""
    given = {name: values for name in dict.fromkeys([*case.columns, problem.response])
             if isinstance(values := problem.data[name], ExactColumn)}  # fmt: skip
    if not any(_is_rounded(case, name, values) for name, values in given.items()):
        return
    columns: dict[str, DataColumn] = {name: values.minus_first() for name, values in given.items()}
    found = mapping(np.asarray(problem.column(x), dtype=np.float64)) if x in given else None
    if x in given and found is None:
        return
    if found is not None:
        columns[x] = _mapped(given[x], *found)
    moved = {case.positions[name]: float(v[0]) for name, v in given.items() if name in case.positions and not x}
    shift = float(given[problem.response][0]) if problem.response in given else 0.0

    def answer() -> Array | None:
        a = led_back(case.solved(case.changed(columns)), moved)
        if a is None or not np.isfinite(a).all():
            return None
        a[0] += a.dtype.type(shift)
        return a if found is None else in_powers_of_x(a, *found)

    how = "measure from the first row" if found is None else "subtract the origin"
    yield Change(
        "read-exactly",
        f"Read {listed(list(given))} as decimals and {how} before storing floats",
        program(_lines(case, given, x, found)),
        answer,
        "reading takes longer, once",
        "the slopes stay as they are, and the intercept is led back"
        if found is None
        else "coefficients are led back in rationals and rounded once",
    )


def _is_rounded(case: Case, name: str, given: ExactColumn) -> bool:
    """Whether the format cannot hold some number of a column."""
    return any(Fraction(float(v)) != given[row] for row, v in enumerate(case.problem.column(name).tolist()))


def _mapped(given: ExactColumn, c: float, s: float) -> ExactColumn:
    return ExactColumn.of_fractions((given[row] - Fraction(c)) / Fraction(s) for row in range(len(given)))


def _lines(case: Case, given: dict[str, ExactColumn], x: str, found: tuple[float, float] | None) -> list[str]:
    problem, language = case.problem, Python()
    lines = [
        *language.imports(case),
        "from fractions import Fraction as F",
        *reading(case.question.table, [*problem.regressors, problem.response], text=True),
        f"exact = {{name: [F(str(v)) for v in df[name]] for name in [{', '.join(map(literal, given))}]}}  # from text",
    ]
    rest = [name for name in [*(case.columns or ()), problem.response, case.question.weights_name] if name not in given]
    if any(rest):
        names = ", ".join(literal(name) for name in rest if name)
        lines.append(f"d = {{name: np.asarray(df[name], dtype=float) for name in [{names}]}}")
    written = {}
    for name in given:
        by = f"v - exact[{literal(name)}][0]"
        if name == x and found is not None:
            by = f"(v - F({number(found[0])})) / F({number(found[1])})"
        written[name] = f"np.array([float({by}) for v in exact[{literal(name)}]])"
    lines += language.called(case, written, case.entry)
    for name, j in case.positions.items():
        if name in given and not x:
            lines.append(language.moved(j, f"float(exact[{literal(name)}][0])"))
    if problem.response in given:
        lines.append(f"x[0] += float(exact[{literal(problem.response)}][0])")
    if found is not None:
        lines += [f"c, s = {number(found[0])}, {number(found[1])}", *BACK]
    return lines
