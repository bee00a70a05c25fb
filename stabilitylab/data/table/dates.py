"""Dates and times as texts: ISO 8601, and other forms that can be read in one way only."""

import re
from collections.abc import Collection, Sequence
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Argument, NotNumericError
from stabilitylab.data.table.column import BadCell
from stabilitylab.data.table.moments import SECOND, Times
from stabilitylab.data.table.table import UNITS, DateOrder

_SECOND = r"(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,30}))?)?"
_CLOCK = rf"(?P<hour>\d{{1,2}}):(?P<minute>\d\d){_SECOND}(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
_TIME = rf"(?:(?:[Tt]| +){_CLOCK} ?(?P<zone>[Zz]|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?"
_WORD = r"(?P<word>[A-Za-z]{3,9})\.?"
_FORMS: tuple[tuple[str, str], ...] = (
    (r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})", ""),
    (r"(?P<year>\d{4})-(?P<month>\d{2})", "months, each by its first day"),
    (r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})", "day.month.year"),
    (rf"(?P<day>\d{{1,2}})[- ]{_WORD},?[- ](?P<year>\d{{4}})", ""),
    (rf"{_WORD} (?P<day>\d{{1,2}}),? (?P<year>\d{{4}})", ""),
)
_FORMS_READ = [(re.compile(form + _TIME, re.ASCII), how) for form, how in _FORMS]
_TWO_WAYS = re.compile(
    rf"(?P<one>\d{{1,2}})(?P<mark>[-/])(?P<two>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}){_TIME}", re.ASCII
)
_NO_WAY = re.compile(rf"\d{{1,2}}([-/.])\d{{1,2}}\1\d\d{_TIME}", re.ASCII)  # of the year two digits alone
_CLOCK_ALONE = re.compile(_CLOCK, re.ASCII)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ISO = "write dates as 2024-03-31 (ISO 8601)"


def dates_of(cells: Sequence[str], distinct: Collection[str], order: DateOrder | None = None) -> Times | None:
    """The moments that m texts are; None where most are no dates. distinct: the different ones among them.

    order: of day and month where both are numbers with the year behind and no points between them; None: found out.

    Moments with a time zone are taken to UTC. Raises BadCell for a text that is no date among others that are, for a
    day that the calendar has not, for moments with and without a time zone in one column, and for dates that can be
    read in two ways in every row.
    """
    for form, how in _FORMS_READ:
        if (times := _all_in(form, cells, distinct, how)) is not None:
            return times
    if _most(_TWO_WAYS, distinct):
        return _day_or_month_first(cells, order)
    if _most(_NO_WAY, distinct):
        raise BadCell(
            0, NotNumericError, f"{cells[0]!r} has two digits of the year only, and its order is open: {_ISO}"
        )
    if _most(_CLOCK_ALONE, distinct):
        return _of_clocks(cells)
    return None


def _most(form: re.Pattern[str], distinct: Collection[str]) -> bool:
    return 2 * sum(form.fullmatch(cell) is not None for cell in distinct) > len(distinct)


def _all_in(form: re.Pattern[str], cells: Sequence[str], distinct: Collection[str], how: str) -> Times | None:
    """The moments where most texts are in one form; None where they are not."""
    if not _most(form, distinct):
        return None
    return _times(_matches(form, cells), cells, how)


def _matches(form: re.Pattern[str], cells: Sequence[str]) -> list[re.Match[str]]:
    found = [form.fullmatch(cell) for cell in cells]
    matches = [match for match in found if match is not None]
    if len(matches) != len(cells):
        row = found.index(None)
        raise BadCell(
            row,
            NotNumericError,
            f"{_cell(cells[row])} is no date in the form of the others, such as {matches[0][0]!r}: correct it",
        )
    return matches


def _cell(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:37] + "...")


def _day_or_month_first(cells: Sequence[str], order: DateOrder | None = None) -> Times:
    """Dates such as 31/03/2024, where some row has a number beyond 12 that says which the day is, or `order` does."""
    matches = _matches(_TWO_WAYS, cells)
    day_first = next((i for i, match in enumerate(matches) if int(match["one"]) > 12), None)
    month_first = next((i for i, match in enumerate(matches) if int(match["two"]) > 12), None)
    mark = matches[0]["mark"]
    if day_first is not None and month_first is not None:
        row = max(day_first, month_first)
        other = cells[min(day_first, month_first)]
        raise BadCell(row, NotNumericError, f"{cells[row]!r} has day and month in another order than {other!r}: {_ISO}")
    found: DateOrder | None = "dmy" if day_first is not None else "mdy" if month_first is not None else None
    if found is None and order is None:
        raise BadCell(
            0,
            NotNumericError,
            f"{cells[0]!r} can be read in two ways, day or month first, as all cells here can: say which, ",
            Argument("dates", "dmy"),
            " or ",
            Argument("dates", "mdy"),
            f", or {_ISO}",
        )
    if found is not None and order not in (None, found):
        tells = day_first if day_first is not None else month_first
        assert tells is not None, "one of the two was found"
        says = f"{cells[tells]!r} is no date in that order: say "
        raise BadCell(tells, NotNumericError, says, Argument("dates", found))
    one, two = ("day", "month") if (found or order) == "dmy" else ("month", "day")
    how = f"{one}{mark}{two}{mark}year{', since a number there is beyond 12' if found else ', as was said'}"
    return _times(matches, cells, how, {one: "one", two: "two"})


def _times(
    matches: Sequence[re.Match[str]], cells: Sequence[str], how: str, names: dict[str, str] | None = None
) -> Times:
    """The moments that matches of one form are, day and month by these names of groups."""
    names = {"day": "day", "month": "month"} | (names or {})
    groups = matches[0].re.groupindex
    year = _integers([m["year"] for m in matches])
    day = _integers([m[names["day"]] for m in matches]) if names["day"] in groups else np.ones_like(year)
    if "word" in groups:
        month = _integers([str(_month(m["word"])) for m in matches])
    else:
        month = _integers([m[names["month"]] for m in matches])
    months = (year - 1970) * 12 + month - 1
    first = months.astype("datetime64[M]")
    days = first.astype("datetime64[D]") + (day - 1)
    wrong = (month < 1) | (month > 12) | (day < 1) | (days.astype("datetime64[M]") != first)
    if wrong.any():
        row = int(wrong.argmax())
        raise BadCell(row, NotNumericError, f"{_cell(cells[row])} is no day of the calendar: correct it")
    counted: Array = days.astype(np.int64)
    if all(m["hour"] is None for m in matches):
        return Times(counted.tolist(), Fraction(UNITS["days"]), how)
    zones = [m["zone"] for m in matches]
    with_zone = zones[0] is not None
    row = next((i for i, zone in enumerate(zones) if (zone is not None) != with_zone), -1)
    if row >= 0:
        raise BadCell(
            row,
            NotNumericError,
            f"{_cell(cells[row])} has {'no' if with_zone else 'a'} time zone, unlike {cells[0]!r}: give all one, or "
            f"none",
        )
    how = ", ".join(filter(None, [how, "in UTC" if with_zone else ""]))
    seconds, places, parts = _clocks(matches, cells)
    shifts = np.array([_shift(zone) for zone in zones], dtype=np.int64) if with_zone else 0
    return _ticks(counted * 86_400 + seconds - shifts, places, parts, how)


def _of_clocks(cells: Sequence[str]) -> Times:
    matches = _matches(_CLOCK_ALONE, cells)
    row = next((i for i, m in enumerate(matches) if m["second"] is None and m["half"] is None), -1)
    if row >= 0:
        raise BadCell(
            row, NotNumericError, f"{cells[row]!r} can be hours and minutes, or minutes and seconds: write 12:30:00"
        )
    return _ticks(*_clocks(matches, cells), "", clock=True)


def _ticks(seconds: Array, places: int, parts: Sequence[int], how: str, clock: bool = False) -> Times:
    if not places:
        return Times(seconds.tolist(), Fraction(SECOND), how, clock)
    ticks = [s * 10**places + part for s, part in zip(seconds.tolist(), parts, strict=True)]
    return Times(ticks, Fraction(SECOND, 10**places), how, clock)


def _clocks(matches: Sequence[re.Match[str]], cells: Sequence[str]) -> tuple[Array, int, list[int]]:
    """Whole seconds of the day (m,), digits behind their point, and the numbers that these are."""
    hour, minute, second = (_integers([m[name] or "0" for m in matches]) for name in ("hour", "minute", "second"))
    half = np.array([(m["half"] or "").lower() for m in matches])
    wrong = (hour > 23) | (minute > 59) | (second > 59) | ((half != "") & ((hour < 1) | (hour > 12)))
    if wrong.any():
        row = int(wrong.argmax())
        raise BadCell(row, NotNumericError, f"{_cell(cells[row])} is no time of day: correct it")
    hour = np.where(half != "", hour % 12 + 12 * (half == "p"), hour)
    written = [m["part"] or "" for m in matches]
    places = max(map(len, written))
    return hour * 3600 + minute * 60 + second, places, [int(part.ljust(places, "0") or "0") for part in written]


def _shift(zone: str) -> int:
    """Seconds that a zone is ahead of UTC."""
    if zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def _month(word: str) -> int:
    """The number of a month by its English name, or the three letters that it begins with; 0 for none."""
    lower = word.lower()
    known = (k for k, name in enumerate(_MONTHS, 1) if lower in (name, name[:3]) or (lower == "sept" and k == 9))
    return next(known, 0)


def _integers(texts: Sequence[str]) -> Array:
    return np.array(list(map(int, texts)), dtype=np.int64)
