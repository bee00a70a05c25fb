"""The case that is to be mended: a question, the call whose digits were lost, and the route that stands for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabilitylab.bench import Route, lacks, routes, solve, unsuited
from stabilitylab.bench.causes import Found
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.types import Solution
from stabilitylab.data.call_form import takes_weights
from stabilitylab.data.problem import DataColumn, Problem
from stabilitylab.data.terms import Column, Intercept
from stabilitylab.diagnosis.digits import digits_of, worst
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.exact import CertifiedFit

INT64 = 2**63  # integers of a table below it are kept as such by NumPy and pandas
STABLE = frozenset({"columnwise-backward-stable", "normwise-backward-stable"})
SAME = 1.0  # digits by which a route may differ from an answer for which it stands


@dataclass(frozen=True, eq=False)
class Change:
    """A change of a call, and how it is made and scored.

    answer: the coefficients of the question in floating point, as a person who makes the change computes them; None
    where there are none. fit: what they are scored against where that is another question. effort: added to ORDER of
    its file, where it is less simple than the others of it. The other fields are those of a Fix.
    """

    code: str
    sentence: str
    line: str
    answer: Callable[[], Array | None]
    cost: str = ""
    says: str = ""
    fit: CertifiedFit | None = None
    effort: int = 0

    @property
    def same_coefficients(self) -> bool:
        """Whether the coefficients answer the same question."""
        return self.fit is None


@dataclass(frozen=True, eq=False)
class Case:
    """fit: the certified one of the numbers as given, None at a lower rank. entry: a route that stands for the call."""

    question: Question
    call: Call
    causes: Sequence[Found]
    fit: CertifiedFit | None
    entry: Route | None
    before: float

    @property
    def problem(self) -> Problem:
        """The data, the design, and the format of the call."""
        return self.question.problem

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """The coefficient of each column of numbers that stands in one term, and there as it is."""
        design, at, found = self.problem.design, 0, {}
        reads = [name for term in design.terms for name in term.numbers]
        for term in design.terms:
            if isinstance(term, Column) and reads.count(term.name) == 1:
                found[term.name] = at
            at += len(term.names(self.problem._labels))
        return found

    @property
    def columns(self) -> list[str] | None:
        """The columns of the design in order, or the one of a polynomial; None for a design of other terms."""
        terms = self.problem.design.terms
        if (self.degree or 0) > 1:
            terms = terms[:2]
        names = [term.name for term in terms if isinstance(term, Column)]
        return names if len(names) == sum(not isinstance(term, Intercept) for term in terms) else None

    @property
    def degree(self) -> int | None:
        """Of the polynomial in one column that the design is; None where it is none."""
        return self.problem.design.degree

    def is_integral(self, name: str) -> bool:
        """Whether a column holds whole numbers that NumPy and pandas keep exactly, and subtract so."""
        values = self.problem.data[name]
        if not isinstance(values, ExactColumn) or values.scale.denominator != 1:
            return False
        return all(abs(v * values.scale.numerator) < INT64 for v in values.integers)

    def changed(self, columns: Mapping[str, DataColumn | Array]) -> Problem:
        """The same problem with some columns changed."""
        return replaced(self.problem, columns)

    def solution(self, problem: Problem, entry: Route | None = None) -> Solution | None:
        """What a route answers to a problem of the same rows, by default the one that stands for the call."""
        entry = entry or self.entry
        if entry is None or unsuited(entry.label, problem):
            return None
        weights = self.question.float_weights
        return solve(entry, problem, weights=None if weights is None else weights.tolist())

    def solved(self, problem: Problem) -> Array | None:
        """The coefficients (n,) of the route that stands for the call; None where it gives none."""
        return found_in(self.solution(problem))

    def times(self, seconds: float) -> str:
        """How long that is beside the call, in words."""
        own = self.call.solution.seconds
        times = seconds / own if own > 0 else 0.0
        return f"about {times:.0f} times the time" if times >= 2 else "no more time"

    def score(self, change: Change) -> float | None:
        """Correct digits of the worst coefficient after a change; None where there is no answer."""
        fit = change.fit or self.fit
        if fit is None:
            return None
        with np.errstate(all="ignore"):
            x = change.answer()
        return None if x is None else worst(digits_of(x, fit))

    def others(self) -> Iterator[Route]:
        """The other routes of the same library that can be asked this question and are stable on every problem.

        Those that are backward stable, or centre or map x: what squares the condition number has digits by luck.
        """
        if self.entry is None or self.entry.label.library is None:
            return
        for one in routes():
            if one.label.library is self.entry.label.library and one.label.name != self.entry.label.name:
                if "agrees_with_the_exact_solution" in one.label.fails or not _is_stable(one):
                    continue
                weighted = self.question.weights is None or takes_weights(one.function)
                if weighted and not one.label.lacks and not unsuited(one.label, self.problem):
                    yield one


def _is_stable(entry: Route) -> bool:
    label = entry.label
    centred_line = label.call_form == "line" and bool(label.centred)
    return bool(label.tags & STABLE) or label.mapped or centred_line


def found_in(solution: Solution | None) -> Array | None:
    """The coefficients (n,) of a solution; None where there are none."""
    if solution is None or solution.x is None or not solution.status.answered:
        return None
    return np.asarray(solution.x)


def replaced(problem: Problem, columns: Mapping[str, DataColumn | Array]) -> Problem:
    """A problem with some columns in place of its own, of the same names."""
    data = {**problem.data, **columns}
    name = f"{problem.name}, changed"
    return Problem(name, data, problem.design, problem.source, response=problem.response, format=problem.format)


def entry_for(question: Question, call: Call, fit: CertifiedFit | None) -> Route | None:
    """The route that gave the answer, or the default one of its library where that gives the like; None for neither."""
    if call.entry is not None:
        return call.entry
    library, weights = call.name.partition(".")[0], question.float_weights
    for one in routes():
        if one.label.library is None or one.label.library.name != library or not one.label.default:
            continue
        if lacks(one.label.name) or unsuited(one.label, question.problem):
            continue
        if weights is not None and not takes_weights(one.function):
            continue
        x = solve(one, question.problem, weights=None if weights is None else weights.tolist()).x
        if x is not None and call.solution.x is not None and fit is not None:
            before, own = (worst(digits_of(np.asarray(v), fit)) for v in (call.solution.x, x))
            return one if abs(before - own) <= SAME else None
    return None
