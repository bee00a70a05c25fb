"""What writers print reads back: no name breaks a table, no value loses a bit, no text is taken for markup."""

import csv as csv_module
import io
import json
import re

from hypothesis import given, settings
from rich.console import Console

from made_tables import measured, rows_from, rows_strategy, table_of
from stabilitylab.report.table import Listing
from stabilitylab.report.writers import csv, jsonl, markdown, rich_table


def cells_of_markdown_line(line):
    """The cells of a line of a GitHub table: split at bars that no backslash escapes."""
    return [cell.strip() for cell in re.split(r"(?<!\\)(?:\\\\)*\|", line.strip())[1:-1]]


@settings(max_examples=60, deadline=None)
@given(rows_strategy)
def test_no_name_breaks_the_markdown_table(drawn):
    table = Listing("t", ("problem", "solver", "digits.min")).table(rows_from(drawn))
    lines = markdown(table).split("\n")
    start = lines.index("") + 1
    body = lines[start : start + 2 + len(table.body)]
    assert all(len(cells_of_markdown_line(line)) == 3 for line in body)
    assert "<" not in markdown(table).replace("<br>", "")
    assert markdown(table).endswith("\n")
    assert "\r" not in markdown(table)


def test_markdown_escapes_what_would_be_read_as_markup():
    table = table_of(measured("a|b*c<d>&\n[x](y) $1$ `z`", "1. x_y_"))
    text = markdown(table)
    assert r"a\|b\*c&lt;d&gt;&amp;<br>\[x\](y) \$1\$ \`z\`" in text
    assert r"| 1\. x\_y\_ | 10.0 |" in text


def test_the_markdown_check_notices_a_bar_that_is_not_escaped():
    assert len(cells_of_markdown_line("| a|b | 10.0 |")) == 3
    assert len(cells_of_markdown_line(r"| a\|b | 10.0 |")) == 2


@settings(max_examples=60, deadline=None)
@given(rows_strategy)
def test_csv_parses_back_to_the_same_values_and_states(drawn):
    rows = rows_from(drawn)
    table = Listing("t", ("problem", "solver", "digits.min")).table(rows)
    parsed = list(csv_module.reader(io.StringIO(csv(table), newline="")))
    header = "correct digits, worst coefficient"
    assert parsed[0] == ["problem", "solver", header, f"{header} status"]
    for row, line, (problem, solver, value, status) in zip(rows, table.body, parsed[1:], strict=True):
        assert (problem, solver) == (row.problem, row.solver)
        digits = row["digits.min"]
        assert (float(value) if value else None) == digits
        assert status == line[2].status
        assert bool(value) or status


def test_json_lines_hold_one_cell_each_with_every_bit():
    rows = [measured("p|q", digits=1 / 3), measured("p\n", status="TIMED_OUT")]
    lines = [json.loads(line) for line in jsonl(table_of(*rows)).splitlines()]
    assert len(lines) == 3
    assert [line["value"] for line in lines] == ["s", 1 / 3, None]
    assert lines[2]["status"] == "timed out"


def test_the_terminal_shows_brackets_as_they_are_and_no_escape_codes():
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(rich_table(table_of(measured("[bold]p[/bold]", "[x]\x1b[31m"))))
    text = console.export_text()
    assert "[bold]p[/bold]" in text
    assert "[x]\\x1b[31m" in text
    assert "\x1b" not in text


def test_a_narrow_terminal_folds_and_drops_nothing():
    console = Console(width=40, record=True, file=io.StringIO())
    console.print(rich_table(table_of(measured("q" * 50, "s" * 50))))
    text = console.export_text()
    assert (text.count("q") - text.count("require"), "…" in text) >= (50, False)


def test_equal_rows_give_equal_bytes():
    rows = [measured(p, s) for p in "abc" for s in "xyz"]
    for write in (markdown, csv, jsonl):
        assert write(table_of(*rows)) == write(table_of(*rows))
