"""One of the columns that depend on each other left out: another question, which the data answer."""

from collections.abc import Iterator

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.data.problem import Design, Problem
from stabilitylab.data.terms import Column
from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import language_of, program
from stabilitylab.diagnosis.question import Question
from stabilitylab.exact import CertifiedFit
from stabilitylab.exact.dependent import listed
from stabilitylab.exact.solve.dependence import independent_columns

ORDER = 7


def changes(case: Case) -> Iterator[Change]:
    """The columns that depend on those before them exactly, or within the rounding of their numbers, left out."""
    out = _dependent(case)
    names = {j: name for name, j in case.positions.items()}
    if not out or any(j not in names for j in out):
        return
    dropped = [names[j] for j in out]
    problem, question = case.problem, case.question
    design = Design(tuple(term for term in problem.design.terms if term not in [Column(name) for name in dropped]))
    data = {name: values for name, values in problem.data.items() if name not in dropped}
    name = f"{problem.name}, changed"
    less = Problem(name, data, design, problem.source, response=problem.response, format=problem.format)
    asked = Question(less, question.table, question.weights, question.weights_name, question.weighting)
    fit = _fit(asked)
    if fit is None:
        return
    smaller = Case(asked, case.call, case.causes, fit, case.entry, 0.0)
    lines = program(language_of(case.entry).call(smaller, {}))
    yield Change(
        "drop-dependent",
        f"Leave out {listed(dropped)}, which the other columns say already",
        lines,
        lambda: _solved(smaller),
        "none",
        "the fitted values stay the same; the coefficients that are left take over what was dropped",
        fit,
    )


def _solved(case: Case) -> Array | None:
    return case.solved(case.problem)


def _dependent(case: Case) -> list[int]:
    if case.fit is not None:
        names = list(case.fit.names)
        return sorted({names.index(one.column) for one in case.fit.near_relations if one.is_strict})
    normal = case.question.fit("decimal", "minimum-norm").evidence.normal
    independent = independent_columns(normal)
    return [j for j in range(normal.n) if j not in independent]


def _fit(question: Question) -> CertifiedFit | None:
    try:
        return question.fit("decimal")
    except StabilityLabError:
        return None
