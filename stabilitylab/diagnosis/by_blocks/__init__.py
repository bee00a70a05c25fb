"""Diagnosis of a file that is larger than memory: certified coefficients from exact sums, and a forecast of digits.

The file is read twice, a block of rows at a time. Coefficients, standard errors, tests and R² are those of all rows,
certified as ever, since they follow from exact sums. The call that is judged is not run: which digits it would keep is
forecast, from the law of its label on a small problem with the same means and products of columns. No cause is named
that would have to be shown by running it.
"""

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stabilitylab.bench import route, routes
from stabilitylab.bench.causes import Found
from stabilitylab.bench.causes.cause import shown
from stabilitylab.core.arithmetic.formats import FormatLike, format_named
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.errors import InputError, RankDeficientError, UnderdeterminedError, UndeterminedWarning
from stabilitylab.core.types import Solution, Status, Weighting
from stabilitylab.data.formula import RulesName, columns_read
from stabilitylab.data.problem import Design, Problem
from stabilitylab.data.table import Table
from stabilitylab.data.table.by_blocks import LongFile, long_file
from stabilitylab.data.tabular.columns import Missing
from stabilitylab.data.terms import Column, Intercept
from stabilitylab.diagnosis.asked import asked
from stabilitylab.diagnosis.by_blocks.equivalent import equivalent_rows
from stabilitylab.diagnosis.by_blocks.exact_sums import Summed, require_simple, summed
from stabilitylab.diagnosis.by_blocks.first_question import Report, first_question
from stabilitylab.diagnosis.calls import NO_WEIGHTS, WEIGHTED, chosen, refuses
from stabilitylab.diagnosis.coefficients import coefficients, figure
from stabilitylab.diagnosis.compared import failures_first
from stabilitylab.diagnosis.dependence import dependence_by
from stabilitylab.diagnosis.digits import worst
from stabilitylab.diagnosis.forecast import forecast_of
from stabilitylab.diagnosis.many_solutions import DEPENDENT, why_many
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.diagnosis.result import Coefficient, Diagnosis, Figure, RouteRow, ShownRow
from stabilitylab.diagnosis.shown_rows import without_cells
from stabilitylab.diagnosis.verdict import verdict_of
from stabilitylab.exact import CertifiedFit

NOT_RUN = "The call was not run, since the file was read by blocks: its digits are a forecast."
"""What the verdict of a diagnosis by blocks says beside the digits."""
NO_LAW = "has no error law, by which digits are forecast"


def diagnosed_by_blocks(
    path: str | os.PathLike[str],
    *,
    target: str | None = None,
    formula: str | None = None,
    columns: Sequence[str] | None = None,
    intercept: bool = True,
    weights: str | None = None,
    weighting: Weighting = "relative",
    rules: RulesName = "R",
    route: str | None = None,
    format: FormatLike = "float64",
    libraries: bool = False,
    only: Sequence[str] | None = None,
    every: bool = True,
    level: float = 0.95,
    ignore: Sequence[str] = (),
    include_data: bool = False,
    progress: Report,
    missing: Missing = "refuse",
    rows: int | None = None,
    **reading: Any,
) -> Iterator[Diagnosis]:
    """The diagnosis of a file, by blocks of `rows` rows; the other arguments are those of `diagnosed`.

    libraries: also the forecast of every route that has an error law, those of libraries that are not here too, or only
    of these names; every: all of their calls, or of each the one that most of its users make. Raises the errors of
    `long_file`, `first_question` and `summed`, and InputError for a route without an error law.
    """
    used = columns_read(formula) if formula is not None else None if columns is None else (*columns, target)
    needed = None if used is None else [name for name in (*used, weights) if name is not None]
    file = long_file(path, needed=needed, **reading)

    def ask(table: Table) -> Question:
        question = asked(
            table, target=target, formula=formula, columns=columns, intercept=intercept, weights=weights,
            weighting=weighting, rules=rules, format=format,
        )  # fmt: skip
        require_simple(file, question.problem.design)
        _judged_route(*chosen_by_blocks(route, question))
        return question

    seen = first_question(file, ask, needed, missing=missing, rows=rows, progress=progress)
    question, name = chosen_by_blocks(route, seen.question)
    label = _judged_route(question, name).label
    found = summed(file, seen, question.weights_name or None, format=format_named(format), rows=rows, progress=progress)
    work = _Work(file, question, found, level, tuple(ignore), progress, include_data)
    yield from work.diagnoses(name, label, libraries=libraries, only=only, every=every)


def chosen_by_blocks(name: str | None, question: Question) -> tuple[Question, str]:
    """`chosen`, by which a route need not be here, since it is not run."""
    question, found = chosen(name, question)
    return question, WEIGHTED[0] if name is None and refuses(found, question) == NO_WEIGHTS else found


def _judged_route(question: Question, name: str) -> Entry[RouteLabel]:
    """The route of that name, which need not be here. Raises InputError where it does not take such a question."""
    entry = route(name)
    reason = refuses(name, question)
    if reason:
        raise InputError(f"{name} {reason}: choose another route; `stabilitylab list` names them")
    if entry.label.law is None:
        raise InputError(
            f"no error law is known of {name}, so that its digits cannot be forecast, and by blocks no call is run: "
            f"name another route"
        )
    return entry


@dataclass(frozen=True, eq=False)
class _Work:
    """What is done once all rows are summed. first: the question that the first rows ask."""

    file: LongFile
    first: Question
    found: Summed
    level: float
    ignore: tuple[str, ...]
    progress: Report
    include_data: bool

    def diagnoses(
        self, name: str, label: RouteLabel, *, libraries: bool, only: Sequence[str] | None, every: bool
    ) -> Iterator[Diagnosis]:
        """That of the route, then that with the forecasts of others."""
        small, call = self._small(), Call(name, Solution(None, Status.SOLVED), None, route(name).summary)
        weighting = self.first.weighting
        try:
            fit = self._fit("full-rank", weighting)
        except (RankDeficientError, UnderdeterminedError) as error:
            fit = self._fit("minimum-norm", weighting)
            rows = tuple(Coefficient(one, None, None, None) for one in self.found.names)
            causes: tuple[Found, ...] = (shown(DEPENDENT, f"{why_many(small, error)}."),)
            yield self._judged(small, call, coefficients=rows, causes=causes, dependence=dependence_by(small, fit))
            return
        digits = forecast_of(replace(small, weights=None), label, self.found.stored)
        rows = tuple(
            replace(row, digits=float(expected))
            for row, expected in zip(coefficients(small, call, fit, self.level), digits, strict=True)
        )
        parts: dict[str, Any] = {
            "coefficients": rows,
            "figures": _figures(fit),
            "dependence": dependence_by(small, fit),
        }
        # Within the rounding of the numbers, by its root mean square: for a proof row by row the rows would be needed.
        noise = fit.undetermined if fit.near_relations else ""
        yield self._judged(small, call, noise, **parts, unfinished="the other routes" if libraries else "")
        if libraries:
            yield self._judged(small, call, noise, **parts, **self._routes(small, only, every=every))

    def _fit(self, policy: Any, weighting: Weighting) -> CertifiedFit:
        with warnings.catch_warnings(action="ignore", category=UndeterminedWarning):
            fit: CertifiedFit = self.found.sums.solve(names=self.found.names, policy=policy, weighting=weighting)
        return replace(fit, intercept=self._has_intercept, rows_left_out=self.found.scan.left_out)

    @property
    def _has_intercept(self) -> bool:
        return Intercept() in self.first.problem.design.terms

    def _small(self) -> Question:
        """The question of the small problem with the moments of all rows, under the names of these."""
        names, question = self.found.names, self.first
        response = question.problem.response
        rows = equivalent_rows(self.found, intercept=self._has_intercept)
        first = int(self._has_intercept)
        terms = [Intercept()] * first + [Column(name) for name in names[first:]]
        data = {name: rows[:, j] for j, name in enumerate(names) if j >= first}
        problem = Problem(
            self.file.path.name, {**data, response: rows[:, -1]}, Design(tuple(terms)), "moments of the rows",
            response=response, format=question.problem.format,
        )  # fmt: skip
        weights = None
        if question.weights is not None:
            weights = np.full(len(rows), float(self.found.weight / len(rows)))
        return replace(question, problem=problem, table=self._table(), weights=weights, stands_for=self.found.scan.rows)

    def _table(self) -> Table:
        """What is said of the file, without its rows."""
        scan, first = self.found.scan, self.first.table
        columns = self.found.columns.values()
        notes = [
            *first.notes,
            *(f"column {column.name!r} {column.note}" for column in columns if column.note),
            *filter(None, (scan.note,)),
            f"read twice by blocks, {scan.rows} rows, which were not held in memory",
        ]
        moments = {column.name: column.moments for column in columns if column.moments is not None}
        return replace(
            first, columns={}, places=range(scan.rows), notes=tuple(notes), rows_left_out=scan.left_out, moments=moments
        )

    def _shown(self) -> tuple[ShownRow, ...]:
        """Rows that were left out, and those of the smallest and largest numbers."""
        left_out = [("left out: a cell is missing", row) for row in self.found.scan.gaps]
        place = self.file.place
        return tuple(
            ShownRow(why, f"{place} {row.place}", row.cells) for why, row in (*left_out, *self.found.extremes.rows)
        )

    def _routes(self, small: Question, only: Sequence[str] | None, *, every: bool) -> dict[str, Any]:
        """The forecasts of the calls of libraries, the fewest digits first, and which have none: parts of a Diagnosis.

        As where calls are made: without those that penalise; every: all, or of each library the one that most make.
        """
        labels = [
            entry.label
            for entry in routes()
            if not entry.label.penalised
            and (entry.label.library is not None if only is None else getattr(entry.label.library, "name", "") in only)
        ]
        reasons = {label.name: refuses(label.name, self.first) or NO_LAW * (label.law is None) for label in labels}
        wanted = [label for label in labels if every or label.default]
        asked = [label for label in wanted if not reasons[label.name]]
        rows = []
        for done, label in enumerate(asked):
            self.progress("forecasts", done, len(asked))
            digits = forecast_of(replace(small, weights=None), label, self.found.stored).tolist()
            rows.append(RouteRow(label.name, "FORECAST", "forecast, not run", None, tuple(digits), worst(digits)))
        self.progress("forecasts", len(asked), len(asked))
        return {
            "routes": tuple(sorted(rows, key=failures_first)),
            "calls_not_made": {one.name: reasons[one.name] for one in wanted if reasons[one.name] and not every},
            "more_calls": sum(not reason for reason in reasons.values()) - len(asked),
        }

    def _judged(self, small: Question, call: Call, noise: str = "", unfinished: str = "", **parts: Any) -> Diagnosis:
        """With its verdict, without what is to be ignored. noise: which coefficients are rounding noise, and why."""
        table, question = small.table, self.first
        causes = tuple(one for one in parts.pop("causes", ()) if one.code not in self.ignore)
        sentence, severity = verdict_of(
            call, parts["coefficients"], causes, (), parts["dependence"], (), table.rows, expected=True
        )
        if noise:
            sentence, severity = f"{noise[:1].upper()}{noise[1:]}", "error"
        return Diagnosis(
            verdict=f"{sentence.rstrip('.')}. {NOT_RUN}",
            severity=severity,
            title=question.title,
            target=question.problem.response,
            rows=table.rows,
            rows_left_out=table.rows_left_out,
            call=call.name,
            code=call.code,
            mode="by blocks",
            level=self.level,
            causes=causes,
            notes=table.notes if self.include_data else without_cells(table),
            shown=self._shown() if self.include_data else (),
            unfinished=unfinished,
            ignored=self.ignore,
            **parts,
        )


def _figures(fit: CertifiedFit) -> tuple[Figure, ...]:
    """R² of both kinds, certified."""
    kinds = (("about the mean", "r_squared_about_mean"), ("about zero", "r_squared_about_zero"))
    return tuple(
        Figure(f"R² {kind}", None, value, None) for kind, name in kinds if (value := figure(fit, name)) is not None
    )
