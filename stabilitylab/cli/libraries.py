"""The command `stabilitylab libraries`: the digits of all that are here, or of one of them in two versions."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from stabilitylab import problems
from stabilitylab.cli import exits, progress
from stabilitylab.cli.options import AS_JSON
from stabilitylab.cli.screen import screen, show
from stabilitylab.core.library import Library
from stabilitylab.core.types import Truth
from stabilitylab.lab import environments
from stabilitylab.lab.library_table import EVERYDAY, STRD, digits_table, select_libraries
from stabilitylab.lab.not_imported import not_imported
from stabilitylab.lab.version_watch import Bench, Step, measured, steps
from stabilitylab.report.cells import Table
from stabilitylab.report.rows import Rows
from stabilitylab.report.writers import terminal
from stabilitylab.scoring.reporting import how_reported

_NARROW = 5  # characters in a column that must be narrow, such as 15.95


@click.command("libraries")
@click.option("--library", "library_names", multiple=True, metavar="NAME", help="Only this library; may be repeated.")
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="Your own table in place of the problems; goes with --target or --formula.")  # fmt: skip
@click.option("--target", metavar="COL", help="Of --file: the column to explain, by all others.")
@click.option("--formula", metavar="FORMULA", help="Of --file, in place of --target: 'y ~ x + poly(z, 2)'.")
@click.option("--problem", "problem_names", multiple=True, metavar="NAME", help="Only this problem; may be repeated.")
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
@AS_JSON
def libraries(
    library_names: tuple[str, ...],
    file: Path | None,
    target: str | None,
    formula: str | None,
    problem_names: tuple[str, ...],
    truth: Truth,
    against: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show how many digits each library keeps. On the NIST regressions and on data as users bring them.

    One line for each route, called as its users call it, and whether it was silent where it was wrong. With --against,
    pip installs that version into an environment apart, which is kept for the next time; the exit code is 1 where the
    newer of the two lost digits or its answer.

    \b
    stabilitylab libraries                                 all that are here
    stabilitylab libraries --library sklearn               one, with the reasons in footnotes
    stabilitylab libraries --against scikit-learn==1.8.0   what changed since
    stabilitylab libraries --file houses.csv --target price    your own data
    """
    if file is not None:
        if against or problem_names:
            raise click.UsageError("--file takes the place of the problems: leave --problem and --against out")
        _show_own(file, target, formula, select_libraries(library_names), as_json)
        return
    if target is not None or formula is not None:
        raise click.UsageError("--target and --formula are about a file: name it, --file FILE")
    if library_names and against:
        raise click.UsageError("--against names the library itself: leave --library out")
    for name in problem_names:
        problems.entry(name)
    wanted, chosen = [environments.requirement(text) for text in against], select_libraries(library_names)
    bench = Bench(tuple(dict.fromkeys(problem_names)) or (*STRD, *EVERYDAY), truth)
    if wanted:
        compared = list(steps(wanted, bench, partial(click.echo, err=True)))
        _show_steps(compared, as_json)
        if any(step.comparison.worse for step in compared):
            exits.fail()
        return
    with progress.bars() as report:
        rows = measured(
            [one for one in chosen if not one.missing], bench, lambda _, done, total: report("libraries", done, total)
        )
    missing = {one.title: one.missing for one in chosen if one.missing} | not_imported()
    _show_rows(rows, missing, as_json, why=bool(library_names))


def _show_own(file: Path, target: str | None, formula: str | None, chosen: Sequence[Library], as_json: bool) -> None:
    """The table of the routes of these libraries on somebody's own file; Ctrl-C leaves those that were asked."""
    from stabilitylab.diagnosis.diagnose import diagnosed
    from stabilitylab.diagnosis.page.blocks import routes_table

    found = None
    with progress.bars() as report:
        try:
            for found in diagnosed(  # noqa: B007 - the last one is what is asked for
                file, target=target, formula=formula, libraries=True, only=[one.name for one in chosen], progress=report
            ):
                pass
        except KeyboardInterrupt:
            if found is None:
                raise
    if as_json:
        click.echo(json.dumps(found.to_dict()["routes"] if found else [], indent=1, allow_nan=False))
    elif found is not None:
        _print(routes_table(found))
    if found is not None and found.unfinished:
        exits.keeps(f"not asked were {found.unfinished}")
        raise KeyboardInterrupt


def _show_rows(rows: Rows, missing: dict[str, str], as_json: bool, *, why: bool) -> None:
    if as_json:
        listed = [{**row.to_dict(), "reporting": said.value if (said := how_reported(row)) else None} for row in rows]
        click.echo(json.dumps({"rows": listed, "missing": missing}, indent=1, allow_nan=False))
        return
    if len(rows):
        _print(digits_table(rows, why=why))
    for title, way in missing.items():
        click.echo(f"not here: {title}: {way}")


def _show_steps(compared: Sequence[Step], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([step.record for step in compared], indent=1, allow_nan=False))
        return
    for step in compared:
        if step.comparison.changed:
            _print(step.table)
        click.echo(step.summary)


def _print(table: Table) -> None:
    """The table in the terminal, closely set; where it is too wide, headers and names are broken before numbers."""
    console = screen()
    made = terminal.table(table)
    made.padding = 0
    columns = [[table.printed(cell) for cell in column] for column in zip(*table.body, strict=True)]
    natural = [max(map(_width, (head, *texts))) for head, texts in zip(table.header, columns, strict=True)]
    too_wide = sum(natural) + len(natural) >= console.width
    for column, scored, texts, width in zip(made.columns, table.scored, columns, natural, strict=True):
        column.vertical, column.max_width = "bottom", width
        if scored and too_wide:
            column.width = max(_NARROW, *map(_width, texts))
    show(console, made)


def _width(text: str) -> int:
    """Of the last line, or of a word above it where that is longer: what stands there may be broken between words."""
    return max(map(len, [text.split("\n")[-1], *text.split()]))
