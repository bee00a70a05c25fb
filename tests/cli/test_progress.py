"""Progress: bars on a terminal after two seconds, a line every ten seconds elsewhere."""

import io
import re
import sys

import pytest

from stabilitylab.cli import progress


@pytest.fixture
def terminal(monkeypatch):
    """Standard error counts as a terminal, and the clock says what it is told."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")

    def clock(*times):
        left = iter(times)
        monkeypatch.setattr(progress.time, "monotonic", lambda: next(left, times[-1]))

    return clock


def test_nothing_is_shown_in_the_first_two_seconds(terminal, capsys):
    terminal(0.0, 1.0, 1.9)
    with progress.bars() as report:
        report("numpy", 1, 10)
        report("numpy", 2, 10)
    assert capsys.readouterr() == ("", "")


def test_a_bar_for_each_name_is_shown_after_two_seconds(terminal, capsys):
    terminal(0.0, 1.0, 3.0)
    with progress.bars() as report:
        report("numpy", 1, 10)
        report("scipy", 5, 10)
        report("scipy", 10, 10)
    said = capsys.readouterr().err
    assert "numpy" in said
    assert "scipy" in said
    assert "100%" in said


CHAPTERS = [("a", 0, 10), ("b", 0, 20), ("c", 0, 30), ("a", 10, 10), ("b", 20, 20), ("c", 15, 30)]


def test_of_several_parts_the_whole_is_counted_and_those_that_wait_or_are_finished_have_no_bar(
    terminal, capsys, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "120")
    terminal(0.0, *[1.0] * (len(CHAPTERS) - 1), 3.0)
    with progress.bars("chapter", "trials") as report:
        for now in CHAPTERS:
            report(*now)
    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    assert re.search(r"chapter 3 of 3 .* 45 of 60 trials", said)
    assert re.search(r"^c .* 15 of 30 trials", said, re.MULTILINE)
    assert not re.search(r"^[ab] ", said, re.MULTILINE)


def test_a_long_name_leaves_room_for_counts_and_time(terminal, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    terminal(0.0, 3.0)
    with progress.bars("chapter", "trials") as report:
        report("normal_equations_square_the_condition_number", 1234, 5000)
    said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    assert re.search(r"normal_equations_s… .*1234 of 5000 trials \d+:\d\d:\d\d left", said)


def test_a_name_is_no_markup_and_one_line(terminal, capsys):
    terminal(0.0, 3.0)
    with progress.bars() as report:
        report("reading [bold]x\n.csv", 1, 10)
    assert "reading [bold]x\\n.csv" in capsys.readouterr().err


def test_a_pipe_gets_a_line_every_ten_seconds_at_most(monkeypatch, capsys):
    moments = iter([0.0, *range(1, 8), 12.0, 13.0, 21.9, 75.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(moments))
    with progress.bars("chapter", "trials") as report:
        for now in (*CHAPTERS, ("c", 16, 30), ("c", 17, 30), ("c", 18, 30), ("c", 19, 30), ("c", 30, 30)):
            report(*now)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "chapter 3 of 3, c: 17 of 30 trials, 0:12",
        "chapter 3 of 3, c: 30 of 30 trials, 1:15",
    ]


def test_one_part_in_a_pipe_is_a_share(monkeypatch, capsys):
    moments = iter([0.0, 10.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(moments))
    with progress.bars() as report:
        report("reading data.csv", 25, 100)
    assert capsys.readouterr().err == "reading data.csv: 25 %, 0:10\n"


def test_output_to_a_file_goes_there_while_bars_are_shown(terminal, monkeypatch, capsys):
    terminal(0.0, 3.0)
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", file)
    with progress.bars() as report:
        report("numpy", 1, 10)
        print("a table")
    assert file.getvalue() == "a table\n"
    assert "a table" not in capsys.readouterr().err


def test_bars_are_taken_away_by_an_error(terminal, capsys):
    terminal(0.0, 3.0)

    def interrupted():
        with progress.bars() as report:
            report("numpy", 1, 10)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert capsys.readouterr().err.endswith("\x1b[2K"), "the line is cleared"
