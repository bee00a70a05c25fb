"""The command `stabilitylab lstsq`: certified least squares of a data file."""

import csv
import json
import time
import warnings
from functools import partial
from math import inf, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from stabilitylab.cli import progress
from stabilitylab.cli.options import AS_JSON
from stabilitylab.cli.screen import screen, show
from stabilitylab.core.errors import InputError, UndeterminedWarning
from stabilitylab.core.printable import one_decimal, one_line
from stabilitylab.core.types import POLICIES, Policy
from stabilitylab.data.tabular import truth_of_file
from stabilitylab.data.tabular.columns import FileTruth, Missing

if TYPE_CHECKING:  # imported when the command runs, so that its help comes at once
    from stabilitylab.exact.fit import CertifiedFit


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", required=True, metavar="COL", help="The column to explain; for .npy files its number from 0.")
@click.option("--columns", metavar="A,B,C", help="The columns to explain it with. Default: all others.")
@click.option("--no-intercept", is_flag=True, help="Fit no constant.")
@click.option("--weights", metavar="COL", help="A column of weights; a whole weight counts as that many rows.")
@click.option(
    "--truth",
    type=click.Choice(get_args(FileTruth)),
    help="decimal: the numbers exactly as written (default for text). matrix: each rounded to float64 (for .npy).",
)
@click.option(
    "--policy",
    type=click.Choice(POLICIES),
    default="full-rank",
    show_default=True,
    help="What to do when columns depend on each other exactly: refuse and name them, or the least of all solutions.",
)
@click.option("--separator", default=",", show_default=True, help="Between fields: one character, or tab.")
@click.option("--decimal", default=".", show_default=True, help="The decimal mark, '.' or ','.")
@click.option("--thousands", default="", help="The mark between thousands, as the comma in 1,234,567. Default: none.")
@click.option("--encoding", default="utf-8", show_default=True, help="Of the text, such as cp1252 or utf-16.")
@click.option(
    "--missing",
    type=click.Choice(get_args(Missing)),
    default="refuse",
    show_default=True,
    help="A row without a number (empty, NA, null, NaN) in a column that is used: refuse the file, or leave it out.",
)
@click.option("--block", "rows", type=click.IntRange(1), metavar="ROWS", help="Rows in memory at a time.")
@AS_JSON
def lstsq(
    file: Path,
    target: str,
    columns: str | None,
    no_intercept: bool,
    weights: str | None,
    truth: FileTruth | None,
    policy: Policy,
    separator: str,
    decimal: str,
    thousands: str,
    encoding: str,
    missing: Missing,
    rows: int | None,
    as_json: bool,
) -> None:
    """Certified least squares of a data file. Each number printed is the double nearest to the exact one.

    FILE is text whose first line names the columns, or a .npy array (m, n), whose columns are a0, a1, ...
    It may be larger than memory: it is read in blocks of rows.

    \b
    stabilitylab lstsq houses.csv --target price                     on all other columns
    stabilitylab lstsq houses.csv --target price --columns area,age  on two of them
    stabilitylab lstsq messwerte.csv --target y --separator ';' --decimal ','
    stabilitylab lstsq data.npy --target 0 --no-intercept --json
    """
    from stabilitylab.exact.fit_file import fit_file

    start = time.perf_counter()
    scored = truth or truth_of_file(file)
    # What the warning says comes before the table.
    with progress.bars() as report, warnings.catch_warnings(action="ignore", category=UndeterminedWarning):
        fit = fit_file(
            file,
            target,
            columns=_listed(columns),
            intercept=not no_intercept,
            weights=weights,
            truth=scored,
            policy=policy,
            separator=separator,
            decimal=decimal,
            thousands=thousands,
            encoding=encoding,
            missing=missing,
            rows=rows,
            progress=partial(report, f"reading {file.name}"),
        )
    if as_json:
        click.echo(json.dumps(_finite(fit.to_dict()), indent=1, allow_nan=False))
    else:
        _show(fit, scored, time.perf_counter() - start)


def _listed(columns: str | None) -> list[str] | None:
    """a,b,c as a list; a name that holds a comma stands in double quotes."""
    if columns is None:
        return None
    try:
        names = [name.strip() for row in csv.reader([columns], skipinitialspace=True, strict=True) for name in row]
    except csv.Error:
        names = []
    if not all(names) or not names:
        raise InputError(f"--columns must be names between commas, such as a,b,c; got {columns!r}")
    return names


def _finite(value: Any) -> Any:
    """The record with None for what JSON has no word for: the t statistic of an exact fit is infinite."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _show(fit: "CertifiedFit", truth: FileTruth, seconds: float) -> None:
    certificate, errors, ts = fit.certificate, fit.standard_errors, fit.t_statistics
    table = Table("coefficient", box=SIMPLE_HEAD)
    for head in ("value", "standard error", "t", "digits the data support"):
        table.add_column(head, justify="right", no_wrap=True)
    for j, name in enumerate(fit.names):
        measured = ["", ""] if errors is None or ts is None else [repr(float(errors[j])), f"{float(ts[j]):.4g}"]
        digits = "" if fit.supported_digits is None else one_decimal(fit.supported_digits[j])
        table.add_row(escape(one_line(name)), repr(float(fit.x[j])), *measured, digits)
    console = screen()
    if fit.undetermined:
        console.print(escape(one_line(f"Warning: {fit.undetermined}")), soft_wrap=True)
    show(console, table)
    squared = "undefined" if fit.r_squared is None else repr(float(fit.r_squared))
    kind = "as written in the file" if truth == "decimal" else "as stored in float64"
    proven = certificate.digits
    sure = "exact" if proven == inf else f"proven to {proven:.0f} digits"
    for line in (
        f"residual norm {float(fit.residual_norm)!r}, R² {squared}",
        f"{fit.rows} rows, rank {certificate.rank} of {len(fit.names)}; scored: the numbers {kind}",
        f"each number is the double nearest to the exact one; coefficients {sure} by {certificate.route}",
        f"{seconds:.2f} s in all, {certificate.seconds:.2f} s of it to solve and certify",
    ):
        console.print(escape(line), soft_wrap=True)
