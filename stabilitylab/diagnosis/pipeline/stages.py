"""The stages of a regression, from a table to printed coefficients, each in the user's arithmetic and exactly."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.printable import quoted
from stabilitylab.data.terms import Centred, Elapsed, Mapped, Product, Scaled, Term
from stabilitylab.diagnosis.pipeline.smaller import NEARER, bases, distance, solution_in
from stabilitylab.diagnosis.pipeline.system import System
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.replay import Stage, Vector

SOLVER, PRINTING = "solver", "printing"  # names of the stages at whose ends vectors are known


@dataclass(frozen=True, eq=False)
class Restricted:
    """A system of which only a smaller space is left: the columns of B (n, r), and the exact solution there."""

    system: System
    B: Array
    solution: Vector


def unchanged(state: Any) -> Any:
    """What a stage does exactly that only rounds."""
    return state


def storing(question: Question) -> list[Stage]:
    """The reading of numbers into the format: the regressors, the response, and what dates became."""
    problem, table = question.problem, question.table
    numbers = problem.design.numbers
    dates = sorted((numbers | {problem.response}) & set(table.moments))
    regressors = [name for name in problem.data if name in numbers and name not in dates]
    stages = []
    if regressors:
        stages.append(_storing("storing the regressors", regressors, problem.dtype))
    if problem.response not in dates:
        stages.append(_storing("storing the response", [problem.response], problem.dtype))
    elapsed = [term for term in problem.design.terms if "dates" in kinds(term)]
    if dates or elapsed:
        units = sorted({table.moments[name].unit for name in dates})
        counted = [f"{quoted(dates)} as {' and '.join(units)} elapsed, rounded to {problem.dtype}"] if dates else []
        formed = [f"{', '.join(map(str, elapsed))}: counted from the first row in {problem.dtype}"] if elapsed else []

        def counted_from_the_first(system: System) -> System:
            return system.storing(dates).forming(elapsed)

        stages.append(Stage("units and dates", "; ".join([*counted, *formed]), counted_from_the_first, unchanged))
    return stages


def forming(question: Question) -> list[Stage]:
    """The forming of features in the format: powers, products, functions; and what is centred or scaled."""
    design, dtype = question.problem.design, question.problem.dtype
    stages = []
    for name, kind in (("features", "functions"), ("centring and scaling", "moved")):
        terms = [term for term in design.terms if not term.stored and kind in kinds(term)]
        if terms:
            shown = ", ".join(map(str, terms[:5])) + ", ..." * (len(terms) > 5)
            stages.append(Stage(name, f"{shown}: formed in {dtype}", _former(terms), unchanged))
    return stages


def weighing(question: Question) -> list[Stage]:
    """The reading of the weights, which counts behind the matrix: it is certified for the weights as given."""
    weights = question.float_weights
    if weights is None:
        return []
    says = f"{quoted([question.weights_name or 'weights'])} rounded to float64"
    return [Stage("storing the weights", says, lambda system: system.weighing(weights), unchanged)]


def kinds(term: Term) -> frozenset[str]:
    """In which stage a term is formed: "dates" (elapsed), "moved" (centred or scaled), else "functions"."""
    if isinstance(term, Product):
        found = frozenset(kind for factor in term.factors for kind in kinds(factor))
    elif isinstance(term, Mapped):
        found = kinds(term.inner)
    else:
        return frozenset({"functions"})
    own = "dates" if isinstance(term, Elapsed) else "moved" if isinstance(term, Centred | Scaled) else "functions"
    found |= {own}
    # A term is formed once, in the last stage that has a part in it.
    return frozenset({next(kind for kind in ("moved", "dates", "functions") if kind in found)})


def cutting_off(question: Question, call: Call, full: System) -> list[Stage]:
    """The rank cut-off of the library: the exact solution of the problem without the directions that it dropped.

    A stage only where the answer shows that directions were dropped (`scoring.smaller_space`) and is nearer to the
    exact solution in one of the spaces in use than to that in all of R^n. full: with all columns stored and formed.
    """
    x, problem = call.solution.x, question.problem
    if x is None:
        return []
    norms = column_norms(np.asarray(problem.A, dtype=np.float64))
    found: list[tuple[float, int, Array, Vector]] = []
    for B in bases(problem.A, question.float_weights, call.solution, intercept=problem.design.intercept):
        solution = solution_in(full.evidence, B)
        if solution is not None:
            found.append((distance(solution, x, norms), len(found), B, solution))
    if not found or NEARER * min(found)[0] > distance(full.solution, x, norms):
        return []
    *_, B, solution = min(found)
    n, r = B.shape
    says = f"{n - r} of {n} directions dropped: the exact solution of what is left"
    return [Stage("rank cut-off", says, lambda system: Restricted(system, B, solution), unchanged)]


def solving(name: str, says: str, users: Callable[[Any], Array], *, is_model: bool = False) -> Stage:
    """The solver: exactly, the least-squares solution of the system, or of what is left of it."""
    return Stage(name, says, users, lambda state: state.solution, is_model)


def printing(call: Call) -> Stage:
    """The decimals that were printed, of coefficients that are known unrounded."""
    assert call.printed is not None, "a call that was printed"
    printed = fractions_of(call.printed)
    units = [_last_place(text) for text in call.printed]

    def users(x: Array) -> tuple[Fraction, ...]:
        return tuple(_printed(Fraction(float(v)), p, unit) for v, p, unit in zip(x, printed, units, strict=True))

    return Stage(PRINTING, f"the coefficients as they were printed, {_places(call.printed)}", users, unchanged)


def printing_alone(call: Call) -> Stage:
    """The decimals that were printed, where nothing else is known: a model, that the exact answer was so rounded."""
    assert call.printed is not None, "a call that was printed"
    printed = fractions_of(call.printed)
    units = [_last_place(text) for text in call.printed]

    def users(state: System) -> tuple[Fraction, ...]:
        return tuple(_printed(v.middle, p, unit) for v, p, unit in zip(state.solution, printed, units, strict=True))

    says = f"the exact coefficients rounded to what was printed, {_places(call.printed)}"
    return solving(PRINTING, says, users, is_model=True)  # type: ignore[arg-type]


def fractions_of(printed: Sequence[str]) -> tuple[Fraction, ...]:
    """Decimals as they were written, exactly. Raises the errors of `Decimals.parse`."""
    column = Decimals.parse(printed)
    return tuple(column[j] for j in range(len(column)))


def _storing(name: str, columns: Sequence[str], dtype: str) -> Stage:
    return Stage(name, f"{quoted(columns)} rounded to {dtype}", lambda system: system.storing(columns), unchanged)


def _former(terms: Collection[Term]) -> Callable[[System], System]:
    return lambda system: system.forming(terms)


def _last_place(text: str) -> Fraction:
    """One unit of the last decimal that is written."""
    return Decimals.parse([text]).scale


def _places(printed: Sequence[str]) -> str:
    places = [max(0, -Decimals.parse([text]).exponent) for text in printed]
    least, most = min(places), max(places)
    return f"{most} decimal{'s' * (most != 1)}" if least == most else f"{least} to {most} decimals"


def _printed(value: Fraction, printed: Fraction, unit: Fraction) -> Fraction:
    """The value rounded to the unit of what was printed: that itself where it is within half of one."""
    return printed if abs(value - printed) <= unit / 2 else round(value / unit) * unit
