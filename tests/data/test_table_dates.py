"""Dates and times become exact numbers of a unit; what can be read in two ways is not read."""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core.errors import InputError
from stabilitylab.data.labels import Labels
from stabilitylab.data.table import UNITS, dates, moments, table_of

DAY = 86_400


def elapsed(cells, unit="seconds"):
    """The numbers that texts become, and the moment counted from."""
    read = table_of({"when": list(cells)}, unit=unit)
    column = read.columns["when"]
    return [column[i] for i in range(len(column))], read.moments["when"].first


FORMS = {
    "ISO": ["2024-03-01", "2024-02-28"],
    "with slashes": ["2024/03/01", "2024/02/28"],
    "short": ["2024-3-1", "2024-2-28"],
    "with points, the day first": ["1.3.2024", "28.02.2024"],
    "a number beyond 12 in front": ["01/03/2024", "28/02/2024"],
    "a number beyond 12 behind": ["03/01/2024", "02/28/2024"],
    "hyphens, a number beyond 12": ["01-03-2024", "28-02-2024"],
    "names of months": ["1 March 2024", "28 Feb 2024"],
    "with hyphens": ["01-Mar-2024", "28-Feb-2024"],
    "the month first": ["March 1, 2024", "Feb 28, 2024"],
}


@pytest.mark.parametrize("form", FORMS)
def test_dates_of_a_form_that_can_be_read_in_one_way(form):
    assert elapsed(FORMS[form], "days") == ([2, 0], "2024-02-28")


@pytest.mark.parametrize(
    ("cells", "seconds", "first"),
    [
        (["2024-01-01T00:00:00.25", "2024-01-02 00:00"], [0, DAY - Fraction(1, 4)], "2024-01-01T00:00:00.25"),
        (["2024-01-01T00:00Z", "2024-01-01T00:00+01:30"], [5400, 0], "2023-12-31T22:30:00"),
        (["2024-01-01T00:00-0800", "2024-01-01T00:00+00"], [8 * 3600, 0], "2024-01-01T00:00:00"),
        (["2024-01-01 12:00 AM", "2024-01-01 12:05 pm"], [0, DAY // 2 + 300], "2024-01-01T00:00:00"),
        (["1/13/2024 1:05 PM", "1/2/2024 1:05 PM"], [11 * DAY, 0], "2024-01-02T13:05:00"),
        (["2024-02", "2024-01"], [31 * DAY, 0], "2024-01-01"),
        (["03:04:05", "15:04:05.5"], [0, 43_200 + Fraction(1, 2)], "03:04:05"),
        (["0001-01-01", "9999-12-31"], [0, 3_652_058 * DAY], "0001-01-01"),
        (["1969-12-31T23:59:59.999999999999", "1970-01-01T00:00:00"], [0, Fraction(1, 10**12)], None),
    ],
)
def test_times_are_exact(cells, seconds, first):
    assert elapsed(cells)[0] == seconds
    assert first in (None, elapsed(cells)[1])


MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.lists(MOMENTS, min_size=1, max_size=6), st.none() | ZONES, st.sampled_from(sorted(UNITS)))
def test_moments_written_in_iso_8601_come_back_exactly(when, zone, unit):
    """Against the arithmetic of `datetime`, which shares no code with ours."""
    when = [one.replace(tzinfo=zone) for one in when]
    found, first = elapsed([one.isoformat(sep=" " if unit == "days" else "T") for one in when], unit)
    since = [one - min(when) for one in when]
    nanoseconds = [((one.days * DAY + one.seconds) * 10**6 + one.microseconds) * 1000 for one in since]
    assert found == [Fraction(one, UNITS[unit]) for one in nanoseconds]
    began = min(when) if zone is None else min(when).astimezone(UTC).replace(tzinfo=None)
    assert datetime.fromisoformat(first) == began


@given(st.lists(st.integers(-(10**18), 10**18), min_size=1, max_size=6))
def test_arrays_of_nanoseconds_become_exact_days(ticks):
    stamps = np.array(ticks, dtype="datetime64[ns]")
    column = table_of({"when": stamps}).columns["when"]
    assert [column[i] for i in range(len(ticks))] == [Fraction(t - min(ticks), UNITS["days"]) for t in ticks]


def test_durations_are_counted_from_zero():
    read = table_of({"d": np.array([90, 30], dtype="timedelta64[m]"), "e": [timedelta(days=1), timedelta(hours=6)]})
    assert [read.columns["d"][i] for i in range(2)] == [Fraction(1, 16), Fraction(1, 48)]
    assert [read.columns["e"][i] for i in range(2)] == [1, Fraction(1, 4)]
    assert read.moments["d"].first == ""
    assert "column 'd' holds durations: read as days" in read.notes


@pytest.mark.parametrize(
    "cells",
    [["2024", "2025"], ["20240101", "20240102"], ["1.5", "2.5"], ["1.2", "3.4"]],
    ids=str,
)
def test_what_is_a_number_is_no_date(cells):
    assert table_of({"x": cells}).moments == {}


@pytest.mark.parametrize("cells", [["a1-2", "b2-3"], ["2024-01x", "y"], ["1.2.3", "1.2.4"], ["Q1 2024", "Q2 2024"]])
def test_other_texts_stay_labels(cells):
    assert table_of({"x": cells}).columns["x"] == Labels(tuple(cells))


TWO_WAYS = {"when": ["03/04/2024", "01/07/2024"], "x": [1.0, 2.0]}


def test_an_order_of_day_and_month_that_nothing_tells_is_said():
    with pytest.raises(InputError, match=r"say which, dates='dmy' or dates='mdy', or write dates as 2024-03-31"):
        table_of(TWO_WAYS)
    days = {order: table_of(TWO_WAYS, dates=order).columns["when"] for order in ("dmy", "mdy")}
    assert [days["dmy"][i] for i in range(2)] == [0, 89], "3 April and 1 July"
    assert [days["mdy"][i] for i in range(2)] == [57, 0], "4 March and 7 January"
    assert "day/month/year, as was said" in table_of(TWO_WAYS, dates="dmy").notes[0]
    told = {"when": ["31/03/2024", "05/06/2024"]}
    assert table_of(told, dates="dmy").columns["when"][1] == 66
    with pytest.raises(InputError, match=r"'31/03/2024' is no date in that order: say dates='dmy'"):
        table_of(told, dates="mdy")
    with pytest.raises(InputError, match="dates must be one of"):
        table_of(TWO_WAYS, dates="ymd")


def test_an_order_of_day_and_month_that_is_assumed_is_noticed(monkeypatch):
    """Were the day always taken to be in front, 03/04/2024 would be read although nothing tells what it is."""
    with pytest.raises(InputError, match="two ways"):
        elapsed(["03/04/2024", "05/06/2024"])
    day_first = {"day": "one", "month": "two"}
    matches = dates._matches
    monkeypatch.setattr(
        dates,
        "_day_or_month_first",
        lambda cells, _: dates._times(matches(dates._TWO_WAYS, cells), cells, "", day_first),
    )
    assert elapsed(["03/04/2024", "05/06/2024"], "days")[0] == [0, 63]


def test_counting_from_the_first_row_is_noticed(monkeypatch):
    cells = ["2024-03-01", "2024-02-28"]
    assert min(elapsed(cells)[0]) == 0
    monkeypatch.setattr(moments, "min", lambda ticks: ticks[0], raising=False)
    assert min(elapsed(cells)[0]) < 0
