"""Tables are as wide as a terminal is, and unbroken where there is none."""

import pytest
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stabilitylab.cli import screen as room
from stabilitylab.cli.screen import rule, screen, show

LONG = "qr.a_route_" + "with_a_very_long_name_" * 20
NOTE = "A sentence under the table that is " + "much longer " * 30 + "than the table is wide."


def table():
    made = Table(title=Text(NOTE), caption=Text(NOTE))
    made.add_column("route", overflow="fold")
    made.add_row(Text(LONG))
    return made


def test_nothing_is_broken_where_output_is_redirected(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    console = screen()
    rule(console, NOTE)
    show(console, table())
    lines = capsys.readouterr().out.splitlines()
    assert sum(NOTE in line for line in lines) == 3
    assert sum(LONG in line for line in lines) == 1
    assert max(map(len, lines)) < 2 * len(LONG), "nothing is drawn across a page that has no width"


def test_a_terminal_is_as_wide_as_it_is(monkeypatch, capsys):
    monkeypatch.setattr(room, "Console", lambda **_: Console(width=40, force_terminal=True, no_color=True))
    console = screen()
    rule(console, "short")
    show(console, table())
    said = capsys.readouterr().out
    assert LONG not in said
    assert "─" * 10 in said


@pytest.mark.parametrize("quiet", [True, False])
def test_json_is_alone(capsys, quiet):
    show(screen(quiet=quiet), table())
    assert (capsys.readouterr().out == "") is quiet
