"""The calls of libraries on one question: which are made, how long they took here before, and the row of each."""

import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from stabilitylab.bench import routes
from stabilitylab.bench.causes import Suspect, causes_of
from stabilitylab.core.cache import cache_folder
from stabilitylab.core.errors import RankDeficientError, UnderdeterminedError
from stabilitylab.diagnosis.calls import called, refuses
from stabilitylab.diagnosis.digits import digits_of, worst
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.diagnosis.result import RouteRow
from stabilitylab.diagnosis.verdict import USABLE

SOON = 2.0  # seconds for a quarter of the calls, below which no word is needed
COMPARED = 6  # digits below which the cause of a library's loss is looked for


@dataclass(frozen=True)
class Chosen:
    """The calls that are made of a question. names: of their routes; libraries: how many they are of.

    refused: of a call that is not made, why. more: how many other calls the same libraries have for this question.
    """

    names: tuple[str, ...]
    libraries: int
    refused: Mapping[str, str]
    more: int


def calls_of(question: Question, only: Sequence[str] | None, *, every: bool) -> Chosen:
    """Of the libraries that are here, or of those of these names, the calls that take the question.

    every: all of their calls; else the one of each that most of its users make.
    """
    there = [
        one.label
        for one in routes()
        if one.label.library is not None
        and one.label.available
        and not one.label.penalised
        and (only is None or one.label.library.name in only)
    ]
    reasons = {label.name: refuses(label.name, question) for label in there}
    wanted = [label for label in there if every or label.default]
    asked = [label for label in wanted if not reasons[label.name]]
    return Chosen(
        tuple(label.name for label in asked),
        len({label.library for label in asked}),
        {label.name: reasons[label.name] for label in wanted if reasons[label.name] and not every},
        sum(not reason for reason in reasons.values()) - len(asked),
    )


def row_of(question: Question, name: str) -> RouteRow:
    """How the call of that name ends, its digits against the certified answer, and the causes where they are few."""
    call = called(name, question)
    solution = call.solution
    says = "; ".join(filter(None, (solution.status.value, solution.note)))
    x = digits = None
    if solution.x is not None and solution.status.answered:
        x = tuple(map(float, solution.x))
        with suppress(RankDeficientError, UnderdeterminedError):
            digits = tuple(digits_of(solution.x, question.fit("decimal")).tolist())
    least = None if digits is None else worst(digits)
    causes = causes_of(suspect_of(question, call)) if least is None or least < COMPARED else ()
    return RouteRow(call.name, solution.status.name, says, x, digits, least, tuple(one.code for one in causes))


def suspect_of(question: Question, call: Call) -> Suspect:
    """What the search for causes needs of a call."""
    weights = question.float_weights
    return Suspect(
        question.problem,
        call.solution,
        "decimal",
        call.entry,
        weights=None if weights is None else weights.tolist(),
    )


def failures_first(row: RouteRow) -> tuple[float, str]:
    """Order of rows: those that lost digits, the worst on top; those that gave no answer; those that kept them."""
    return USABLE if row.worst is None else row.worst, row.route


class Clock:
    """Seconds that each call took here the last time, with the rows of its table, kept in the cache folder."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._path = Path(cache_folder()) / "seconds_of_calls.json"
        self._known = _read(self._path)
        self._any_known = True  # until it is asked what is known of the calls
        self._began = self._started = time.monotonic()

    def start(self) -> None:
        """A call begins."""
        self._started = time.monotonic()

    def stop(self, name: str) -> None:
        """The call of that name has ended."""
        self._known[name] = (time.monotonic() - self._started, self.rows)

    def keep(self) -> None:
        """Write what was measured; where nothing can be written the next run knows no more than this one."""
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, suffix=".json")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(self._known, file)
            Path(name).replace(self._path)

    def pace(self, done: int, total: int) -> str:
        """After a quarter of the calls, where none was known before: how long the others take at this pace; else ""."""
        if self._any_known or not 0 < done < total or done != max(1, total // 4):
            return ""
        seconds = time.monotonic() - self._began
        if seconds < SOON:
            return ""
        more = _duration(seconds / done * (total - done))
        return f"{done} of {total} calls took {_duration(seconds)}: at this pace the others take {more}"

    def says(self, chosen: Chosen) -> str:
        """How many calls there are, and how long they took here the last time, where they were measured."""
        if not chosen.names:
            return "no call is made: none of these libraries takes this question in its usual call"
        calls = _counted(len(chosen.names), "call")
        head = f"{calls} of {chosen.libraries} {'library' if chosen.libraries == 1 else 'libraries'}, one after another"
        before = [self._known[name] for name in chosen.names if name in self._known]
        self._any_known = bool(before)
        if not before:
            return f"{head}: how long they take here was not measured before, and is told after a quarter of them"
        seconds, sizes = sum(one for one, _ in before), sorted({rows for _, rows in before})
        of = "they" if len(before) == len(chosen.names) else f"{len(before)} of them"
        span = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
        alike = "" if sizes == [self.rows] else f", on tables of {span} rows"
        new = len(chosen.names) - len(before)
        unknown = f"; {new} {'is' if new == 1 else 'are'} called for the first time" if new else ""
        return f"{head}: {of} took {_duration(seconds)} the last time{alike}{unknown}"


def _read(path: Path) -> dict[str, tuple[float, int]]:
    """What a cache file holds of (seconds, rows) by name; what is not of that form is left out."""
    try:
        held = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    known = {}
    for name, pair in held.items() if isinstance(held, dict) else ():
        if isinstance(pair, list) and len(pair) == 2 and all(type(one) in (int, float) for one in pair):
            seconds, rows = pair
            if isfinite(seconds) and seconds >= 0 and isinstance(rows, int):
                known[str(name)] = (float(seconds), rows)
    return known


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    """In words: "0.4 s", "12 s", "3 minutes"."""
    if seconds < 100:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes"
