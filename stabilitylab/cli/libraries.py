"""The command `stabilitylab libraries`: the digits of all that are here, or of one of them in two versions."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

import click
from click.core import ParameterSource

from stabilitylab import problems
from stabilitylab.cli import exits, progress
from stabilitylab.cli.options import AS_JSON, FILE, as_arguments, question_options, reading_options
from stabilitylab.cli.report_file import require_new, write_report
from stabilitylab.cli.screen import screen, show
from stabilitylab.core.library import Library
from stabilitylab.core.types import WEIGHTINGS, Truth
from stabilitylab.data.formula.rules import RulesName
from stabilitylab.data.tabular.columns import Missing
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
@click.option("--file", type=FILE, metavar="FILE",
              help="Your own table in place of the problems; goes with --target or --formula.")  # fmt: skip
@click.option("--all", "every", is_flag=True, help="Of --file: all calls of each library, not its usual one alone.")
@question_options(get_args(RulesName), WEIGHTINGS)
@reading_options(get_args(Missing))
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
@click.pass_context
def libraries(
    context: click.Context,
    /,
    library_names: tuple[str, ...],
    file: Path | None,
    every: bool,
    output: Path | None,
    problem_names: tuple[str, ...],
    truth: Truth,
    against: tuple[str, ...],
    as_json: bool,
    **of_table: Any,
) -> None:
    """Show how many digits each library keeps. On the NIST regressions and on data as users bring them.

    One line for each route, called as its users call it, and whether it was silent where it was wrong. With --against,
    pip installs that version into an environment apart, which is kept for the next time; the exit code is 1 where the
    newer of the two lost digits or its answer. With --file, the usual call of each library on your own table, those
    that lose digits first; how the table is read and what is asked of it is said as to `stabilitylab diagnose`.

    \b
    stabilitylab libraries                                 all that are here
    stabilitylab libraries --library sklearn               one, with the reasons in footnotes
    stabilitylab libraries --against scikit-learn==1.8.0   what changed since
    stabilitylab libraries --file houses.csv --target price    your own data
    """
    if file is not None:
        if against or problem_names:
            raise click.UsageError("--file takes the place of the problems: leave --problem and --against out")
        if output is not None:
            require_new(output, file)
        arguments = {**as_arguments(of_table), "every": every}
        _show_own(file, arguments, select_libraries(library_names), output, as_json)
        return
    for option in context.command.params:
        if option.name in {*of_table, "every", "output"} and _is_given(context, option):
            raise click.UsageError(f"{option.opts[0]} is about a file: name it, --file FILE")
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


def _is_given(context: click.Context, option: click.Parameter) -> bool:
    return context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE


def _show_own(
    file: Path, arguments: dict[str, Any], chosen: Sequence[Library], output: Path | None, as_json: bool
) -> None:
    """The table of the calls of these libraries on somebody's own file; Ctrl-C leaves those that were made."""
    from stabilitylab.diagnosis.diagnose import diagnosed
    from stabilitylab.diagnosis.page.blocks import routes_table

    found, announce = None, partial(click.echo, err=True)
    with progress.bars() as report:
        try:
            for found in diagnosed(  # noqa: B007 - the last one is what is asked for
                file,
                libraries=True,
                only=[one.name for one in chosen],
                progress=report,
                announce=lambda sentence: announce(f"{sentence} (fewer: --library NAME)"),
                **arguments,
            ):
                pass
        except KeyboardInterrupt:
            if found is None:
                raise
    if output is not None and found is not None:
        exits.writes(output)
        write_report(output, found)
    if as_json:
        click.echo(json.dumps(found.to_dict()["routes"] if found else [], indent=1, allow_nan=False))
    elif found is not None:
        if found.routes:
            _print(routes_table(found))
        for why in dict.fromkeys(found.calls_not_made.values()):
            names = [name for name, one in found.calls_not_made.items() if one == why]
            click.echo(f"not called, since each {why}: {', '.join(names)}")
        if found.more_calls:
            click.echo(f"{found.more_calls} other calls of these libraries: --all")
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
