"""A column of a frame or an array, in its own type: floats bit for bit, integers and decimals exactly, labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Argument, ComplexError, InputError, NotFiniteError, NotNumericError
from stabilitylab.data.frames import EXACT_IN_FLOAT
from stabilitylab.data.labels import Labels
from stabilitylab.data.table.column import BadCell, GivenColumn, Reading
from stabilitylab.data.table.moments import Times, elapsed, of_datetimes, of_durations
from stabilitylab.data.table.table import Dating
from stabilitylab.data.table.texts import PLAIN, all_differ, read_texts, shown
from stabilitylab.data.validation import read_only


@dataclass(frozen=True)
class Unusable:
    """A cell that holds something, and no value: `says` why, and the way out."""

    says: str


@dataclass(frozen=True, eq=False)
class ValueColumn(GivenColumn):
    """values (m,) in an array of their own type, of Python's objects where NumPy has none; gaps (m,): what is absent.

    labels: they are the names of groups, whatever they look like. zone: of moments, where they had one, for the note.
    """

    values: Array
    gaps: Array
    labels: bool = False
    zone: bool = False

    @property
    def absent(self) -> Array:
        """Missing, masked, None, NaN, NaT."""
        return self.gaps

    def reading(self, rows: Array | None, dating: Dating) -> Reading:
        """Floats as an array, whole numbers and decimals exactly, moments as units elapsed, texts as `read_texts` does.

        Raises BadCell for an infinite number, for a complex one, and for what is no number, moment or text.
        """
        values = self.values if rows is None else self.values[rows]
        if self.labels:
            return Reading(_labels(values))
        return _of_type(values, dating, self.zone)

    def shown(self, row: int) -> str:
        """The cell as text."""
        return "" if self.gaps[row] else str(self.values[row])

    @property
    def counts_rows(self) -> bool:
        """As in every column of its kind."""
        m = len(self.values)
        if (
            self.gaps.any()
            or not m
            or not all(type(v) is int for v in (self.values[:1].tolist() + self.values[-1:].tolist()))
        ):
            return False
        first = self.values.tolist()[0]
        return first in (0, 1) and self.values.tolist() == list(range(first, first + m))

    def differ(self, at_least: int) -> bool:
        """As in every column of its kind."""
        if self.values.dtype.kind not in "OU" or self.gaps.any():
            return False
        entries = self.values.tolist()
        return all(isinstance(entry, str) for entry in entries) and all_differ(entries, at_least)


def _labels(values: Array) -> Labels:
    """Categories as labels: of numbers, and of whole ones, to be sorted by size."""
    entries = values.tolist()
    if all(isinstance(entry, str) for entry in entries):
        return Labels(tuple(entries))
    if all(isinstance(entry, int) and not isinstance(entry, bool) for entry in entries):
        return Labels.of_numbers(ExactColumn(tuple(entries)))
    if values.dtype.kind == "f" or all(isinstance(entry, float) for entry in entries):
        return Labels.of_numbers(np.asarray(values, dtype=values.dtype if values.dtype.kind == "f" else np.float64))
    return Labels(tuple(map(str, entries)))


def _of_type(values: Array, dating: Dating, zone: bool = False) -> Reading:
    kind = values.dtype.kind
    if kind == "f":
        finite = np.isfinite(values)
        if not finite.all():
            row = int(np.argmin(finite))
            raise BadCell(row, NotFiniteError, f"{values[row]} is no finite number: remove the row or give the number")
        return Reading(read_only(values))
    if kind in "iu":
        return Reading(Decimals(tuple(values.tolist())))
    if kind == "b":
        return Reading(Decimals(tuple(values.astype(np.int64).tolist())))
    if kind == "M":
        return of_datetimes(values, dating, "in UTC" if zone else "")
    if kind == "m":
        return of_durations(values, dating)
    if kind == "c":
        raise BadCell(0, ComplexError, "complex numbers: give real and imaginary parts as two columns")
    if kind in "SU":
        return _of_texts([_text(i, entry) for i, entry in enumerate(values.tolist())], dating)
    if kind != "O":
        raise BadCell(0, NotNumericError, f"expected numbers; the type is {values.dtype}: convert it, .astype(float)")
    return _of_objects(values.tolist(), dating)


def _text(row: int, entry: str | bytes) -> str:
    if isinstance(entry, str):
        return entry
    try:
        return entry.decode("utf-8")
    except UnicodeDecodeError:
        raise BadCell(row, NotNumericError, f"{entry!r} is no text in UTF-8: decode it first") from None


def _of_texts(cells: Sequence[str], dating: Dating) -> Reading:
    try:
        reading = read_texts(list(map(str.strip, cells)), PLAIN, dating)
    except BadCell as bad:
        raise BadCell(bad.row, bad.kind, *map(_in_memory, bad.says)) from None
    if isinstance(reading.values, Labels):
        return Reading(Labels(tuple(cells)))  # with the blanks that they have
    return reading if reading.note else reading._replace(note="holds texts, read as the decimals that they are")


def _in_memory(said: str | Argument) -> str | Argument:
    """A part of a message, with a change of the column itself in place of an argument that is for files of text."""
    if isinstance(said, str) or said.name not in ("decimal", "thousands"):
        return said
    return f"in pandas df[column].str.replace({said.value!r}, {'.' if said.name == 'decimal' else ''!r})"


_Kind = tuple[type, ...]


def _of_objects(entries: list[Any], dating: Dating) -> Reading:
    """What m objects of Python are, all of one kind."""
    entries = [
        entry.item() if isinstance(entry, np.generic) and entry.dtype.kind not in "Mm" else entry for entry in entries
    ]
    kinds = set(map(type, entries))
    if Unusable in kinds:
        row = next(i for i, entry in enumerate(entries) if isinstance(entry, Unusable))
        raise BadCell(row, NotNumericError, entries[row].says)
    for types, read in _READERS:
        if all(issubclass(kind, types) for kind in kinds):
            return read(entries, dating)
    named = [next((name for types, name in _NAMES if isinstance(entry, types)), "") for entry in entries]
    if "" in named:
        row = named.index("")
        what = type(entries[row]).__name__
        says = f"{shown(repr(entries[row]))} is a {what}, no number, text or date: convert it, or leave the column out"
        raise BadCell(row, ComplexError if isinstance(entries[row], complex) else NotNumericError, says)
    # Of the kind that is rarer: of 20 numbers and a total row, the text is what is wrong.
    usual = max(set(named), key=lambda name: (named.count(name), name == named[0]))
    row = next(i for i, name in enumerate(named) if name != usual)
    entry = entries[row] if isinstance(entries[row], str) else str(entries[row])
    count = f"{named.count(usual)} of {len(named)}"
    says = f"{shown(entry)} is a {named[row]}, and {count} cells are {usual}s: give all one type, or leave the row out"
    raise BadCell(row, NotNumericError, says)


def _integers(entries: list[Any], dating: Dating) -> Reading:
    return Reading(Decimals(tuple(map(int, entries))))


def _decimals(entries: list[Any], dating: Dating) -> Reading:
    for row, entry in enumerate(entries):
        try:
            Decimals.parse([entry])
        except InputError as error:
            says = str(error).removeprefix("entry 0 is ")
            raise BadCell(row, type(error), says) from None
    return Reading(Decimals.parse(entries))


def _floats(entries: list[Any], dating: Dating) -> Reading:
    return _of_type(np.array(entries, dtype=np.float64), dating)


def _fractions(entries: list[Any], dating: Dating) -> Reading:
    """Numbers of several types, each exactly: as float64 where that holds them, since floats have its resolution."""
    if all(isinstance(entry, int | float) for entry in entries) and not any(map(_is_rounded, entries)):
        return _floats(entries, dating)
    for row, entry in enumerate(entries):
        if not isinstance(entry, Fraction) and entry in (float("inf"), -float("inf")):
            raise BadCell(row, NotFiniteError, f"{entry} is no finite number: remove the row or give the number")
    return Reading(ExactColumn.of_fractions(map(Fraction, entries)))


def _is_rounded(entry: int | float) -> bool:
    """Whether float64 would round an integer."""
    return isinstance(entry, int) and abs(entry) > EXACT_IN_FLOAT


def _texts(entries: list[Any], dating: Dating) -> Reading:
    return _of_texts([_text(i, entry) for i, entry in enumerate(entries)], dating)


def _datetimes(entries: list[Any], dating: Dating) -> Reading:
    """datetime and date of Python and Timestamp of pandas, which has nanoseconds besides."""
    zones = [isinstance(e, datetime) and e.tzinfo is not None for e in entries]
    if len(set(zones)) > 1:
        row = zones.index(not zones[0])
        raise BadCell(
            row,
            NotNumericError,
            f"{entries[row]} {'has a' if zones[row] else 'has no'} time zone, unlike the cells above: give all one, or "
            f"none",
        )
    if not any(isinstance(e, datetime) for e in entries):
        return of_datetimes(np.array(entries, dtype="datetime64[D]"), dating)
    ticks = []
    for entry in entries:
        moment = entry if isinstance(entry, datetime) else datetime(entry.year, entry.month, entry.day)
        moment = moment.astimezone(UTC).replace(tzinfo=None) if zones[0] else moment
        since = moment - datetime(1970, 1, 1)
        microseconds = (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds
        ticks.append(1000 * microseconds + getattr(entry, "nanosecond", 0))
    tick = 1
    while tick < 10**9 and all(t % (tick * 1000) == 0 for t in ticks):
        tick *= 1000
    return elapsed(Times([t // tick for t in ticks], Fraction(tick), "in UTC" if zones[0] else ""), dating)


def _numpy_times(entries: list[Any], dating: Dating) -> Reading:
    return _of_type(np.array(entries), dating)


def _durations(entries: list[Any], dating: Dating) -> Reading:
    nanoseconds = [
        (e.days * 86_400 + e.seconds) * 10**9 + e.microseconds * 1000 + getattr(e, "nanoseconds", 0) for e in entries
    ]
    return of_durations(np.array(nanoseconds, dtype="timedelta64[ns]"), dating)


def _clocks(entries: list[Any], dating: Dating) -> Reading:
    ticks = [((e.hour * 60 + e.minute) * 60 + e.second) * 10**6 + e.microsecond for e in entries]
    return elapsed(Times(ticks, Fraction(1000), clock=True), dating)


_READERS: tuple[tuple[_Kind, Callable[[list[Any], Dating], Reading]], ...] = (
    ((bool, int), _integers),
    ((float,), _floats),
    ((int, Decimal), _decimals),
    ((bool, int, float, Decimal, Fraction), _fractions),
    ((str, bytes), _texts),
    ((date,), _datetimes),
    ((timedelta,), _durations),
    ((np.datetime64,), _numpy_times),
    ((np.timedelta64,), _numpy_times),
    ((time,), _clocks),
)

_NAMES: tuple[tuple[_Kind, str], ...] = (
    ((bool, int, float, Decimal, Fraction), "number"),
    ((str, bytes), "text"),
    ((date, np.datetime64), "date"),
    ((timedelta, np.timedelta64), "duration"),
    ((time,), "time of day"),
)
"""What they are for a person."""
