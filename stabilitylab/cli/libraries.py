"""The command `stabilitylab libraries`: all that are here on one bench, or one of them in two versions."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from stabilitylab import libraries, problems
from stabilitylab.core.errors import UnknownNameError
from stabilitylab.core.library import Library
from stabilitylab.core.types import Measurement, Truth
from stabilitylab.lab import environments
from stabilitylab.lab.version_watch import Bench, Seen, Step, measured, steps
from stabilitylab.report.cells import Cell, Table
from stabilitylab.report.rows import Rows
from stabilitylab.report.table import Pivot
from stabilitylab.report.writers import terminal
from stabilitylab.scoring.reporting import DESERVED, Reporting, how_reported

FAILED, INTERRUPTED = 1, 130
STRD = tuple(
    f"nist.{name}"
    for name in ("norris", "pontius", "noint1", "noint2", "filip", "longley", *(f"wampler{k}" for k in range(1, 6)))
)
"""The linear data sets of StRD, in the order of its page."""

PAIN = ("real.income_and_rate", "real.timestamps_s", "real.years")
UNSAID = (Reporting.SILENT, Reporting.RANK_ONLY)
_PATIENCE = 2.0  # seconds without a word
_WIDE = 200  # characters in a line that no terminal breaks
_NARROW = 5  # characters in a column that must be narrow, such as 15.95


@click.command("libraries")
@click.option("--library", "named", multiple=True, metavar="NAME", help="Only this library; may be repeated.")
@click.option("--problem", "asked", multiple=True, metavar="NAME", help="Only this problem; may be repeated.")
@click.option(
    "--truth",
    type=click.Choice(["decimal", "matrix"]),
    default="decimal",
    show_default=True,
    help="decimal: the data as published. matrix: the design matrix as stored.",
)
@click.option(
    "--against",
    multiple=True,
    metavar="NAME==VERSION",
    help="Show what changed between that version and the one that is here; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else on standard output.")
@click.pass_context
def libraries_command(
    ctx: click.Context,
    named: tuple[str, ...],
    asked: tuple[str, ...],
    truth: Truth,
    against: tuple[str, ...],
    as_json: bool,
) -> None:
    """How many digits each library keeps on the NIST regressions and on data that users bring, and what it says.

    One line for each route, called as its users call it. With --against, pip installs that version into a throw-away
    environment, which is kept; the exit code is 1 where the newer of the two lost digits or its answer.

    \b
    stabilitylab libraries                                 all that are here
    stabilitylab libraries --library sklearn               one, with the reasons in footnotes
    stabilitylab libraries --against scikit-learn==1.8.0   what changed since
    """
    if named and against:
        raise click.UsageError("--against names the library itself: leave --library out")
    for name in asked:
        problems.entry(name)
    wanted, chosen = [environments.requirement(text) for text in against], _chosen(named)
    try:
        with _progress() as seen:
            on = Bench(tuple(dict.fromkeys(asked)) or (*STRD, *PAIN), truth)
            found = list(steps(wanted, on, partial(click.echo, err=True)))
            rows = Rows(()) if wanted else measured([one for one in chosen if not one.missing], on, seen)
    except KeyboardInterrupt:
        click.echo("stabilitylab: interrupted; nothing was written", err=True)
        ctx.exit(INTERRUPTED)
    if wanted:
        _show_steps(found, as_json)
        ctx.exit(FAILED if any(step.found.worse for step in found) else 0)
    _show_rows(rows, {one.title: one.missing for one in chosen if one.missing}, as_json, why=bool(named))


def _chosen(named: Sequence[str]) -> tuple[Library, ...]:
    """The libraries of these names, or of these names on the package index; all where there are none."""
    known = {environments.normalised(name): one for one in libraries.each() for name in (one.name, one.distribution)}
    wanted = [environments.normalised(name) for name in named]
    for name in wanted:
        if name not in known:
            raise UnknownNameError(f"no library is named {name!r}: they are {', '.join(sorted(filter(None, known)))}")
    return tuple(dict.fromkeys(known[name] for name in wanted)) or tuple(libraries.each())


# --- what is shown


def digits_table(rows: Rows, *, why: bool) -> Table:
    """A line for each route, a column for each problem, and the number of silent failures; why: with footnotes.

    Routes stand together by library, under its title and version.
    """
    made = Pivot("Correct digits of the worst coefficient", columns=_short, flag="silence").table(rows)
    unsaid = Counter(row.solver for row in rows if how_reported(row) in UNSAID)
    titles = {row.solver: f"{row['problem.library']} {row['problem.version']}" for row in rows}
    titled: set[str] = set()
    body = []
    for route, *cells in sorted(made.body, key=lambda line: (titles[line[0].text].lower(), line[0].text)):
        title = titles[route.text]
        name = f"  {route.text}" if title in titled else f"{title}\n  {route.text}"
        titled.add(title)
        shown = cells if why else [replace(cell, details=()) for cell in cells]
        body.append((Cell(name, route.text), *shown, Cell(str(unsaid[route.text]), unsaid[route.text])))
    explained = (
        "silent: on how many problems some coefficient has no correct digit, although the data support "
        f"{DESERVED:g}, and no more than a lower rank tells of it."
    )
    head = ("route", *made.header[1:], "silent")
    return Table(made.title, head, (*made.scored, True), tuple(body), (*made.notes, explained))


def _short(row: Measurement) -> str:
    return row.problem.removeprefix("nist.").removeprefix("real.")


def _show_rows(rows: Rows, missing: dict[str, str], as_json: bool, *, why: bool) -> None:
    if as_json:
        listed = [{**vars(row), "reporting": said.value if (said := how_reported(row)) else None} for row in rows]
        click.echo(json.dumps({"rows": listed, "missing": missing}, indent=1, allow_nan=False))
        return
    if len(rows):
        _print(digits_table(rows, why=why))
    for title, way in missing.items():
        click.echo(f"not here: {title}: {way}")


def _show_steps(found: Sequence[Step], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([step.record for step in found], indent=1, allow_nan=False))
        return
    for step in found:
        if step.found.changed:
            _print(step.table)
        click.echo(step.summary)


def _print(table: Table) -> None:
    """The table in the terminal, closely set; where it is too wide, headers and names are broken before numbers."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    made = terminal.table(table)
    made.padding = 0
    columns = [[table.printed(cell) for cell in column] for column in zip(*table.body, strict=True)]
    natural = [max(map(_width, (head, *texts))) for head, texts in zip(table.header, columns, strict=True)]
    too_wide = sum(natural) + len(natural) >= console.width
    for column, scored, texts, width in zip(made.columns, table.scored, columns, natural, strict=True):
        column.vertical, column.max_width = "bottom", width
        if scored and too_wide:
            column.width = max(_NARROW, *map(_width, texts))
    console.print(made)


def _width(text: str) -> int:
    """Of the last line: what stands above it may be broken."""
    return len(text.split("\n")[-1])


@contextmanager
def _progress() -> Iterator[Seen]:
    """A bar on standard error once two seconds have passed; nothing at all when it is no terminal."""
    console = Console(stderr=True)
    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*parts, console=console, transient=True, disable=not console.is_terminal)
    bar = progress.add_task("")
    started = time.monotonic()

    def seen(name: str, done: int, total: int) -> None:
        progress.update(bar, description=name, completed=done, total=total)
        if time.monotonic() - started > _PATIENCE:
            progress.start()

    try:
        yield seen
    finally:
        progress.stop()
