"""The command `stabilitylab diagnose`: which digits of a regression on your own file are right, and the way to more."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from stabilitylab.cli import exits, progress
from stabilitylab.cli.options import AS_JSON, FILE, as_arguments, question_options, reading_options
from stabilitylab.cli.report_file import require_new, write_report
from stabilitylab.core.types import WEIGHTINGS
from stabilitylab.data.formula.rules import RulesName
from stabilitylab.data.tabular.columns import Missing

if TYPE_CHECKING:  # imported when the command runs, so that its help comes at once
    from stabilitylab.diagnosis.result import Diagnosis


@click.command()
@click.argument("file", type=FILE)
@question_options(get_args(RulesName), WEIGHTINGS)
@click.option("--route", metavar="ROUTE", help="The call that is judged; `stabilitylab list` names them. Default: "
              "numpy.lstsq, or with weights one that takes them.")  # fmt: skip
@click.option("--format", "number_format", type=click.Choice(["float64", "float32"]), default="float64",
              show_default=True, help="What the numbers are stored in before the call.")  # fmt: skip
@click.option("--libraries", is_flag=True, help="Also ask every library that is on this machine.")
@click.option("--forecast", is_flag=True, help="From condition numbers alone: for data too large for patience.")
@click.option("--by-blocks", is_flag=True, help="Read the file by blocks of rows, in bounded memory, as is done with "
              "one larger than memory: coefficients are certified, the digits of the call a forecast.")  # fmt: skip
@click.option("--include-data", is_flag=True, help="Show cells of rows that are worth a look: those left out, the "
              "smallest and largest numbers, groups.")  # fmt: skip
@click.option("--level", default=0.95, show_default=True, type=click.FloatRange(0, 1, min_open=True, max_open=True),
              help="Of intervals; 1 - level is the size of tests.")  # fmt: skip
@click.option("--ignore", multiple=True, metavar="CODE", help="A cause to leave out, such as SL203; may be repeated.")
@click.option("--require-digits", type=click.FloatRange(0, 16), metavar="DIGITS",
              help="Exit with 1 where fewer digits of some coefficient are right: a guard for a pipeline.")  # fmt: skip
@click.option("--full", is_flag=True, help="Show stages and near dependence of a healthy regression, too.")
@reading_options(get_args(Missing))
@AS_JSON
def diagnose(
    file: Path,
    route: str | None,
    number_format: str,
    libraries: bool,
    forecast: bool,
    by_blocks: bool,
    include_data: bool,
    level: float,
    ignore: tuple[str, ...],
    require_digits: float | None,
    output: Path | None,
    full: bool,
    as_json: bool,
    **of_table: Any,
) -> None:
    """Say which digits of a regression are right. Where the others were lost, and the change that brings them back.

    FILE has a line of names: text (.csv, .tsv, also .gz), .npy, .parquet or .xlsx. Separator, decimal mark and encoding
    are found out and said; what can be read in two ways is refused. A verdict comes first. Causes have codes (SL101),
    which `stabilitylab explain` explains.

    No cell of the file is in a report unless --include-data asks for it, with one exception: a coefficient of a group
    is named by the text that its rows hold, as in district[north], and so is the group that others are compared with.
    A message about a cell that cannot be read shows that cell.

    \b
    stabilitylab diagnose houses.csv --target price
    stabilitylab diagnose houses.csv --formula "price ~ poly(area, 2) + C(district)" --output report.html
    stabilitylab diagnose houses.csv --target price --route sklearn.LinearRegression --libraries
    stabilitylab diagnose houses.csv --target price --require-digits 6

    Exit codes: 0 done, 1 fewer digits than --require-digits, 2 bad use or bad input, 130 interrupted.
    """
    from stabilitylab.diagnosis.diagnose import diagnosed

    if output is not None:
        require_new(output, file)
    with progress.bars() as report:
        pages = diagnosed(
            file,
            route=route,
            format=number_format,
            libraries=libraries,
            forecast=forecast,
            by_blocks=by_blocks or None,
            include_data=include_data,
            level=level,
            ignore=ignore,
            progress=partial(report),
            announce=partial(click.echo, err=True),
            **as_arguments(of_table),
        )
        found, interrupted = _last(pages)
    if found is None:
        raise KeyboardInterrupt
    if output is not None:  # before anything is printed: whoever reads that may stop early
        exits.writes(output)
        write_report(output, found)
    _show(found, full=full, as_json=as_json)
    if interrupted:
        exits.keeps("what was found until then is shown")
        raise KeyboardInterrupt
    if require_digits is not None and (found.digits is None or found.digits < require_digits):
        click.echo(f"stabilitylab: fewer than {require_digits:g} digits are right in some coefficient", err=True)
        exits.fail()


def _last(pages: "Iterator[Diagnosis]") -> "tuple[Diagnosis | None, bool]":
    """The most complete of several diagnoses, and whether Ctrl-C ended them."""
    found = None
    try:
        for found in pages:  # noqa: B007 - the last one is what is asked for
            pass
    except KeyboardInterrupt:
        return found, True
    return found, False


def _show(found: "Diagnosis", *, full: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1, allow_nan=False))
        return
    from stabilitylab.cli.screen import screen
    from stabilitylab.diagnosis.page.blocks import blocks_of, is_short
    from stabilitylab.report.writers import terminal

    terminal.show(screen(), blocks_of(found, brief=not full, all_digits=False))
    if is_short(found) and not full:
        click.echo("stages and near dependence: --full, or --output report.html")
