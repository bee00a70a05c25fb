"""`diagnose`: from a table, a file or a model to a verdict, its causes and the change that brings the digits back."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import Any

from stabilitylab.bench.causes import Found, cause_named, causes_of
from stabilitylab.core.arithmetic.formats import FLOAT64, FormatLike, format_named
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import InputError, RankDeficientError, UnderdeterminedError
from stabilitylab.core.types import Weighting
from stabilitylab.data.formula import RulesName
from stabilitylab.diagnosis.as_printed import warning_as_printed
from stabilitylab.diagnosis.asked import asked
from stabilitylab.diagnosis.by_blocks import diagnosed_by_blocks
from stabilitylab.diagnosis.by_blocks.too_large import is_too_large
from stabilitylab.diagnosis.calls import called, chosen
from stabilitylab.diagnosis.coefficients import coefficients, figures, returned
from stabilitylab.diagnosis.compared import Clock, calls_of, failures_first, row_of, suspect_of
from stabilitylab.diagnosis.conclusions import conclusions
from stabilitylab.diagnosis.dependence import dependence_of
from stabilitylab.diagnosis.digits import digits_of, worst
from stabilitylab.diagnosis.fixes import fixes_of
from stabilitylab.diagnosis.forecast import forecast_of
from stabilitylab.diagnosis.many_solutions import many_solutions
from stabilitylab.diagnosis.models import asked_of_model, is_of_library
from stabilitylab.diagnosis.of_model import INSIDE, UNKNOWN, of_other_rows, proven_of_model, refuse_options_of_tables
from stabilitylab.diagnosis.pipeline import replay_of
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.diagnosis.result import Coefficient, Diagnosis, RouteRow, ShownRow
from stabilitylab.diagnosis.shown_rows import shown_rows, without_cells
from stabilitylab.diagnosis.verdict import UNDETERMINED, USABLE, verdict_of
from stabilitylab.exact.distributions import exact_level

CAUSED = 8.0  # digits below which the cause of a loss is looked for
UNEXPLAINED = (INSIDE, UNKNOWN)  # that something inside the call lost digits, with no cause shown

Report = Callable[[str, int, int], None]


def _silent(part: str, done: int, total: int) -> None:
    """Shows nothing."""


def _unsaid(sentence: str) -> None:
    """Says nothing."""


def diagnose(data: Any, X: Any = None, y: Any = None, **options: Any) -> Diagnosis:
    """Which digits of a regression are right, which stage lost the others, and the change that keeps them.

    data: a file (text with a header, gzip, .npy, Parquet, Excel), a frame of pandas, polars or pyarrow, an array, a
    dict of columns, or a fitted model of scikit-learn, statsmodels, linearmodels or pyfixest, with the X and y that it
    was fitted to where it does not hold them itself. options: those of `diagnosed`, by name: target or formula,
    columns, intercept, weights, route, format, libraries, level, ignore, forecast, by_blocks, include_data, and how it
    is read.

    Returns a Diagnosis: a verdict first, then coefficients with certified values, causes under stable codes, the stages
    in which digits were lost, near dependence, and remedies that were applied to these data and scored again.
    """
    *_, last = diagnosed(data, X, y, **options)
    return last


@in_default_mode
def diagnosed(
    data: Any,
    X: Any = None,
    y: Any = None,
    *,
    target: str | None = None,
    formula: str | None = None,
    columns: Sequence[str] | None = None,
    intercept: bool = True,
    weights: Any = None,
    weighting: Weighting = "relative",
    rules: RulesName = "R",
    route: str | None = None,
    format: FormatLike = "float64",
    libraries: bool = False,
    only: Sequence[str] | None = None,
    every: bool = True,
    level: float = 0.95,
    ignore: Sequence[str] = (),
    forecast: bool = False,
    by_blocks: bool | None = None,
    include_data: bool = False,
    progress: Report = _silent,
    announce: Callable[[str], None] = _unsaid,
    **reading: Any,
) -> Iterator[Diagnosis]:
    """Diagnoses of growing completeness, of which the last lacks nothing: an interruption leaves those before.

    route: the call that is judged, a name of the catalogue, by default that of `chosen`; of a model its own
    coefficients are. libraries: also ask every library that is here, or only those of these names; every: all of their
    calls, or of each the one that most of its users make. level: of intervals, and 1 - level the size of tests.
    ignore: codes to be left out, such as "SL203". forecast: from condition numbers alone, without an exact solution,
    for data too large for patience. by_blocks: read a file a block of rows at a time, which takes no more memory for a
    longer one: coefficients are certified, the digits of the call a forecast; None for files that memory would not
    hold (`is_too_large`). include_data: show cells of some rows, which else are in no report, but for names of groups.
    progress(part, done, total). announce(sentence): before the libraries are called, how many calls there are and how
    long they took. The other options are those of `asked`. Raises the errors of `asked`, of `called` and, for a code
    that there is none of, UnknownNameError.
    """
    exact_level(level)
    for code in ignore:
        cause_named(code)
    if by_blocks or (by_blocks is None and is_too_large(data)):
        if X is not None or y is not None or not isinstance(data, str | PathLike):
            raise InputError("by blocks goes with a file: give its path, or leave by_blocks out")
        yield from diagnosed_by_blocks(
            data, target=target, formula=formula, columns=columns, intercept=intercept, weights=weights,
            weighting=weighting, rules=rules, route=route, format=format, libraries=libraries, only=only, every=every,
            level=float(level), ignore=ignore, include_data=include_data, progress=progress, **reading,
        )  # fmt: skip
        return
    if is_of_library(data):
        refuse_options_of_tables(
            {
                "target": target is not None,
                "formula": formula is not None,
                "columns": columns is not None,
                "intercept": intercept is not True,
                "weighting": weighting != "relative",
                "rules": rules != "R",
                "route": route is not None,
                "format": format_named(format) != FLOAT64,
                **dict.fromkeys(reading, True),
            }
        )
        question, call, _ = asked_of_model(data, X, y, weights=weights)
    else:
        if X is not None or y is not None:
            raise InputError(
                "X and y go with a fitted model: diagnose(model, X, y); a table holds both: "
                "diagnose(X.assign(y=y), target='y')"
            )
        question = asked(
            data, target=target, formula=formula, columns=columns, intercept=intercept, weights=weights,
            weighting=weighting, rules=rules, format=format, **reading,
        )  # fmt: skip
        question, route = chosen(route, question)
        call = called(route, question)
    names = None if only is None else tuple(only)
    work = _Work(question, call, float(level), tuple(ignore), names, every, progress, announce, include_data)
    yield from work.forecast() if forecast else work.exact(libraries=libraries)


@dataclass(frozen=True, eq=False)
class _Work:
    """What is done for one call on one question, a part at a time."""

    question: Question
    call: Call
    level: float
    ignore: tuple[str, ...]
    only: tuple[str, ...] | None
    every: bool
    progress: Report
    announce: Callable[[str], None]
    include_data: bool

    def exact(self, *, libraries: bool) -> Iterator[Diagnosis]:
        """Against the certified truth."""
        question, call = self.question, self.call
        try:
            fit = question.fit("decimal")
        except (RankDeficientError, UnderdeterminedError) as error:
            yield from self._dependent(error, libraries=libraries)
            return
        rows = coefficients(question, call, fit, self.level)
        looks = warning_as_printed(question)
        found = self._base(
            notes=(*self._notes, *filter(None, (looks,))),
            shown=shown_rows(question, fit) if self.include_data else (),
            coefficients=rows,
            figures=figures(question, call, fit),
            conclusions=conclusions(call, rows, self.level),
        )
        yield self._judged(found, "causes, dependence, stages and remedies")
        found = replace(found, causes=self._causes(found), dependence=dependence_of(question))
        if self._is_of_other_rows(found):
            yield self._judged(replace(found, causes=()), "", of_other_rows(call, self._repeated))
            return
        yield self._judged(found, "stages and remedies")
        steps, checks = replay_of(question, call)
        found = replace(found, steps=steps, checks=checks)
        yield self._judged(found, "remedies")
        found = replace(found, fixes=fixes_of(question, call, found.causes))
        yield self._judged(found, "the other libraries" if libraries else "")
        if libraries:
            yield from self._compared(found)

    def forecast(self) -> Iterator[Diagnosis]:
        """From condition numbers alone: the digits that the route is expected to keep."""
        question, call = self.question, self.call
        if call.entry is None:
            raise InputError("a forecast is about a route of the catalogue: leave out forecast to judge a model")
        digits = forecast_of(question, call.entry.label)
        rows = tuple(
            Coefficient(name, value, None, float(expected))
            for name, value, expected in zip(question.names, returned(call, len(question.names)), digits, strict=True)
        )
        dependence = dependence_of(question, certified=False)
        yield self._judged(self._base(coefficients=rows, mode="forecast", dependence=dependence), "")

    def _dependent(self, error: RankDeficientError | UnderdeterminedError, *, libraries: bool) -> Iterator[Diagnosis]:
        """Of columns that depend on each other exactly: no coefficient is the right one."""
        found, rows = many_solutions(self.question, self.call, error)
        base = self._base(coefficients=rows, causes=(found,), dependence=dependence_of(self.question))
        yield self._judged(base, "remedies")
        base = replace(base, fixes=fixes_of(self.question, self.call, base.causes))
        yield self._judged(base, "the other libraries" if libraries else "")
        if libraries:
            yield from self._compared(base)

    def _causes(self, found: Diagnosis) -> tuple[Found, ...]:
        """What cost the digits; where the data determine no answer, that alone, and no route is blamed."""
        fit, digits = self.question.fit("decimal"), found.digits
        if any(one.is_strict for one in fit.near_relations):
            cause = cause_named(UNDETERMINED)
            text = fit.undetermined
            return (Found(cause.code, cause.title, cause.severity, f"{text[:1].upper()}{text[1:]}"),)
        if digits is not None and digits >= CAUSED and self.call.solution.status.answered:
            return ()
        suspect = suspect_of(self.question, self.call)
        return proven_of_model(causes_of(suspect), self.call, digits or 0.0, lambda: self._repeated)

    @cached_property
    def _repeated(self) -> float:
        """Digits of a model's own call made again on these data; 0 where it cannot be, or it gave no answer."""
        if not self.call.refit:
            return 0.0
        again = called(self.call.refit, self.question).solution
        if again.x is None or not again.status.answered:
            return 0.0
        return worst(digits_of(again.x, self.question.fit("decimal")))

    def _is_of_other_rows(self, found: Diagnosis) -> bool:
        """Whether a model's coefficients are not what its own call gives on these data, and no cause explains them."""
        unexplained = found.causes and all(one.code in UNEXPLAINED for one in found.causes)
        lost = self.call.solution.status.answered and (found.digits or 0.0) < USABLE
        return bool(unexplained and lost and self._repeated >= CAUSED)

    def _compared(self, found: Diagnosis) -> Iterator[Diagnosis]:
        """The calls of libraries on this question, one after the other; the failures come first in the end."""
        chosen = calls_of(self.question, self.only, every=self.every)
        names, clock, rows = chosen.names, Clock(self.question.table.rows), list[RouteRow]()
        self.announce(clock.says(chosen))
        found = replace(found, calls_not_made=chosen.refused, more_calls=chosen.more)
        yield self._judged(found, f"{len(names)} routes of libraries")
        try:
            for done, name in enumerate(names):
                self.progress("libraries", done, len(names))
                clock.start()
                rows.append(row_of(self.question, name))
                clock.stop(name)
                if pace := clock.pace(done + 1, len(names)):
                    self.announce(pace)
                yield self._judged(replace(found, routes=tuple(rows)), f"{len(names) - done - 1} routes of libraries")
        finally:
            clock.keep()
        self.progress("libraries", len(names), len(names))
        yield self._judged(replace(found, routes=tuple(sorted(rows, key=failures_first))), "")

    def _base(self, **parts: Any) -> Diagnosis:
        question, call = self.question, self.call
        return Diagnosis(
            verdict="",
            severity="note",
            title=question.title,
            target=question.problem.response,
            rows=question.table.rows,
            rows_left_out=question.table.rows_left_out,
            call=call.name,
            code=call.code,
            level=self.level,
            ignored=self.ignore,
            **{"mode": "exact", "notes": self._notes, "shown": self._shown, **parts},
        )

    @property
    def _notes(self) -> tuple[str, ...]:
        return self.question.table.notes if self.include_data else without_cells(self.question.table)

    @property
    def _shown(self) -> tuple[ShownRow, ...]:
        """Rows of the data without a certified fit."""
        return shown_rows(self.question, None) if self.include_data else ()

    def _judged(self, found: Diagnosis, unfinished: str, instead: str = "") -> Diagnosis:
        """With its verdict, or `instead` as one, without what is to be ignored."""
        causes = tuple(one for one in found.causes if one.code not in self.ignore)
        sentence, severity = verdict_of(
            self.call,
            found.coefficients,
            causes,
            found.fixes,
            found.dependence,
            found.conclusions,
            found.rows,
            expected=found.mode == "forecast",
        )
        if instead:
            sentence, severity = instead, "error"
        return replace(found, verdict=sentence, severity=severity, causes=causes, unfinished=unfinished)
