"""The command `stabilitylab lstsq`: certified least squares of a data file."""

import json
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import click

from stabilitylab.cli import exits, progress
from stabilitylab.cli.options import AS_JSON, FILE, listed
from stabilitylab.core.errors import InputError, UndeterminedWarning
from stabilitylab.core.printable import one_line
from stabilitylab.core.types import INTERVAL_KINDS, POLICIES, WEIGHTINGS, IntervalKind, Policy, Weighting
from stabilitylab.data.tabular import truth_of_file
from stabilitylab.data.tabular.columns import FileTruth, Missing

if TYPE_CHECKING:  # the engine is imported when the command runs, so that its help comes at once
    from stabilitylab.exact.fit import CertifiedFit
    from stabilitylab.exact.fit.several import CertifiedFits
    from stabilitylab.exact.fit.summary import Summary


@click.command()
@click.argument("file", type=FILE)
@click.option("--target", required=True, metavar="COL", help="The column to explain, or several: y,z. In .npy: 0,1.")
@click.option("--columns", metavar="A,B,C", help="The columns to explain it with. Default: all others.")
@click.option("--no-intercept", is_flag=True, help="Fit no constant.")
@click.option("--weights", metavar="COL", help="Weights: a row of weight 3 moves the coefficients as three rows do.")
@click.option(
    "--weighting",
    type=click.Choice(WEIGHTINGS),
    default="relative",
    show_default=True,
    help="relative: only ratios of weights count. absolute: they are 1 over the known variances of the rows.",
)
@click.option(
    "--ridge", metavar="LAMBDA", help="Add the penalty LAMBDA |x|², in the units of the data; not of the constant."
)
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
@click.option("--level", default="0.95", show_default=True, help="Of all intervals: how often they cover.")
@click.option("--digits", type=click.IntRange(1, 17), metavar="N", help="Of each number on screen. Default: all.")
@click.option(
    "--predict",
    type=FILE,
    metavar="FILE",
    help="Predict for the rows of this file, which has columns of the same names.",
)
@click.option(
    "--interval",
    type=click.Choice(INTERVAL_KINDS),
    help="Around predictions: confidence, for the mean there; prediction, for one more observation.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write all figures and predictions: a table (.csv), a record (.json) or a page (.md).",
)
@click.option("--block", "rows", type=click.IntRange(1), metavar="ROWS", help="Rows in memory at a time.")
@AS_JSON
def lstsq(
    file: Path,
    target: str,
    columns: str | None,
    no_intercept: bool,
    weights: str | None,
    weighting: Weighting,
    ridge: str | None,
    truth: FileTruth | None,
    policy: Policy,
    separator: str,
    decimal: str,
    thousands: str,
    encoding: str,
    missing: Missing,
    level: str,
    digits: int | None,
    predict: Path | None,
    interval: IntervalKind | None,
    output: Path | None,
    rows: int | None,
    as_json: bool,
) -> None:
    """Certified least squares of a data file. Each number printed is the double nearest to the exact one.

    FILE is text whose first line names the columns, or a .npy array (m, n), whose columns are a0, a1, ...
    It may be larger than memory: it is read in blocks of rows.

    \b
    stabilitylab lstsq houses.csv --target price                     on all other columns
    stabilitylab lstsq houses.csv --target price --columns area,age  on two of them
    stabilitylab lstsq messwerte.csv --target y --separator ';' --decimal ',' --encoding cp1252
    stabilitylab lstsq houses.csv --target price --missing drop --output fit.csv
    stabilitylab lstsq houses.csv --target price --predict new.csv --interval prediction --level 0.9
    stabilitylab lstsq data.npy --target 0 --no-intercept --json
    """
    from stabilitylab.exact import written
    from stabilitylab.exact.distributions import exact_level
    from stabilitylab.exact.fit_file import fit_file
    from stabilitylab.exact.predict_file import predict_file

    start = time.perf_counter()
    fitted = truth or truth_of_file(file)
    exact_level(level)
    if interval is not None and predict is None:
        raise InputError("--interval is about predictions: name the file to predict for, --predict FILE")
    if output is not None:
        _require_new(output, written.require_format(output), file, predict)
    reading: dict[str, Any] = {
        "separator": separator,
        "decimal": decimal,
        "thousands": thousands,
        "encoding": encoding,
        "missing": missing,
        "rows": rows,
    }
    # What the warning says comes before the table.
    with progress.bars() as report, warnings.catch_warnings(action="ignore", category=UndeterminedWarning):
        found = fit_file(
            file,
            listed(target, "--target"),
            columns=None if columns is None else listed(columns, "--columns"),
            intercept=not no_intercept,
            weights=weights,
            truth=fitted,
            policy=policy,
            weighting=weighting,
            ridge=ridge,
            progress=partial(report, f"reading {file.name}"),
            **reading,
        )
    fits = cast("CertifiedFits", found)  # of a list of targets
    predictions = {}
    if predict is not None:
        of_file = None if predict.suffix.lower() == ".npy" else truth
        predictions = {
            fit.target: predict_file(fit, predict, interval=interval, level=level, truth=of_file, **reading)
            for fit in fits
        }
    if output is not None:
        exits.writes(output)
        written.write(output, fits, level=level, predictions=predictions)
    if as_json:
        click.echo(json.dumps(written.record(fits, level, predictions), indent=1, allow_nan=False))
        return
    for fit in fits:
        click.echo(f"{_summary(fit, level, digits)}\n")
    for one in predictions.values():
        click.echo(f"{one.page(digits)}\n")
    for line in _ending(fits, fitted, output, time.perf_counter() - start):
        click.echo(line)


def _summary(fit: "CertifiedFit", level: str, digits: int | None) -> "Summary":
    """The summary of a fit, in which the way to all digits is said in the syntax of this command."""
    from stabilitylab.exact.fit.summary import ALL_DIGITS

    found = fit.summary(level, digits=digits)
    head = tuple((name, text.replace(ALL_DIGITS, "all without --digits")) for name, text in found.head)
    return replace(found, head=head)


def _require_new(output: Path, suffix: str, *read: Path | None) -> None:
    """Refuse to write over a file that is read."""
    if any(one is not None and output.exists() and output.samefile(one) for one in read):
        raise InputError(f"{output} is read by this command: write to another file, such as --output fit{suffix}")


def _ending(fits: Sequence["CertifiedFit"], truth: FileTruth, output: Path | None, seconds: float) -> Iterator[str]:
    yield f"fitted: the numbers {'as written in the file' if truth == 'decimal' else 'as stored in float64'}"
    if output is not None:
        yield f"all figures: {one_line(str(output))}"
    yield f"{seconds:.2f} s in all, {sum(fit.certificate.seconds for fit in fits):.2f} s of it to solve and certify"
