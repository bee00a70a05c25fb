"""Progress: bars on a terminal after two seconds, not a byte anywhere else."""

import io
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


def test_a_pipe_sees_nothing_however_long_it_takes(monkeypatch, capsys):
    monkeypatch.setattr(progress, "QUIET_SECONDS", -1.0)
    with progress.bars() as report:
        report("numpy", 1, 10)
    assert capsys.readouterr() == ("", "")


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
