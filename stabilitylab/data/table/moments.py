"""Moments and durations as exact numbers of a unit: whole ticks, counted from the earliest moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotNumericError
from stabilitylab.data.table.column import BadCell, Reading
from stabilitylab.data.table.table import UNITS, Dating, Moments

SECOND = UNITS["seconds"]
TICKS = {
    **{
        unit: Fraction(UNITS[name])
        for unit, name in zip("WDhms", ("weeks", "days", "hours", "minutes", "seconds"), strict=True)
    },
    **{unit: Fraction(SECOND, 1000**k) for k, unit in enumerate(("ms", "us", "ns", "ps", "fs", "as"), 1)},
}
"""The units in which NumPy counts time, each in nanoseconds."""


@dataclass(frozen=True, eq=False)
class Times:
    """m moments, `ticks` after 1970-01-01 each. tick: in nanoseconds. how: the end of a sentence about their form.

    clock: times of a day, without a date.
    """

    ticks: Sequence[int]
    tick: Fraction
    how: str = ""
    clock: bool = False


def elapsed(times: Times, dating: Dating) -> Reading:
    """The units that have elapsed since the earliest moment, exactly."""
    first = min(times.ticks)
    values = ExactColumn(tuple(t - first for t in times.ticks), times.tick / UNITS[dating.unit])
    began = _iso(first, times)
    kind = "times of day" if times.clock else "dates" if times.tick >= UNITS["days"] else "dates and times"
    how, unit = f" ({times.how})" if times.how else "", dating.unit
    return Reading(values, f"holds {kind}{how}: read as {unit} elapsed since {began}", Moments(unit, began))


def of_datetimes(values: Array, dating: Dating, how: str = "") -> Reading:
    """`elapsed` of an array (m,) datetime64 without NaT."""
    step, count = np.datetime_data(values.dtype)
    if step in ("Y", "M"):
        values, step, count = values.astype("datetime64[D]"), "D", 1
    if step not in TICKS:
        raise BadCell(0, NotNumericError, "these moments have no unit of time: give them one, .astype('datetime64[s]')")
    return elapsed(Times(values.astype(np.int64).tolist(), TICKS[step] * count, how), dating)


def of_durations(values: Array, dating: Dating) -> Reading:
    """The units that each of an array (m,) of timedelta64 lasts, exactly. Raises BadCell for months and years."""
    step, count = np.datetime_data(values.dtype)
    if step not in TICKS:
        raise BadCell(0, NotNumericError, "durations in months or years are of no one length: pass them in days")
    integers = tuple(values.astype(np.int64).tolist())
    return Reading(
        ExactColumn(integers, TICKS[step] * count / UNITS[dating.unit]),
        f"holds durations: read as {dating.unit}",
        Moments(dating.unit, ""),
    )


def _iso(ticks: int, times: Times) -> str:
    """A moment as ISO 8601 writes it, in the digits that its ticks have."""
    nanoseconds = ticks * times.tick
    seconds = nanoseconds // SECOND
    days, rest = divmod(seconds, 86_400)
    try:
        day = (date(1970, 1, 1) + timedelta(days=int(days))).isoformat()
    except OverflowError:
        return f"1970-01-01 {'+' if days >= 0 else '-'} {abs(days)} days"
    if times.tick >= UNITS["days"]:
        return day
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    below = (nanoseconds - seconds * SECOND) / SECOND
    if below:
        digits = next(k for k in range(1, 400) if (below * 10**k).denominator == 1)
        clock += f".{int(below * 10**digits):0{digits}}"
    return clock if times.clock else f"{day}T{clock}"
