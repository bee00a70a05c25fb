"""The command `stabilitylab lstsq`: certified least squares of a data file, streamed in blocks of rows."""

import csv
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from math import inf, isfinite, log10
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table as RichTable

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError
from stabilitylab.data.tabular import Table, open_table
from stabilitylab.data.tabular.array_file import ArrayTable
from stabilitylab.data.tabular.columns import FileTruth, Seen, silent
from stabilitylab.exact.accumulator import GramAccumulator
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.least_squares import Policy
from stabilitylab.report.writers import visible

INTERRUPTED = 130
_PATIENCE = 2.0  # seconds without a word


def stream(
    table: Table,
    target: str,
    columns: Sequence[str] | None = None,
    *,
    intercept: bool = True,
    weights: str | None = None,
    truth: FileTruth = "decimal",
    policy: Policy = "full-rank",
    rows: int | None = None,
    seen: Seen = silent,
) -> CertifiedFit:
    """The fit of `target` on the columns (by default all others) of a file, read in blocks of rows in constant memory.

    The numbers are those of `sl.lstsq` on the whole table, bit for bit: sums of integers do not depend on blocks.
    Raises what reading (`tabular`) and `sl.lstsq` raise; InputError for columns that make no regression.
    """
    target = table.names[table.index(target)]
    weights = None if weights is None else table.names[table.index(weights)]
    taken = [target] if weights is None else [target, weights]
    if columns is None:
        features = table.others(taken)
    else:
        features = tuple(table.names[table.index(name)] for name in columns)
        twice = next((name for name in features if name in taken or features.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"{table.path}: column {twice!r} is named twice: once is what a regression can use")
    if not features and not intercept:
        raise InputError(f"{table.path}: no column is left to fit {target!r} with: name columns, or keep the intercept")
    scales, blocks = table.read([*features, *taken], truth, rows, seen)
    n = len(features)
    ones = [Fraction(1)] if intercept else []
    unit = scales[n + 1] if weights else Fraction(1)
    accumulator = GramAccumulator(len(ones) + n, scales=[*ones, *scales[: n + 1]], weight_unit=unit)
    for block in blocks:
        A = np.hstack([np.ones((len(block), 1), dtype=block.dtype), block[:, :n]]) if intercept else block[:, :n]
        accumulator.add(A, block[:, n], weights=_weights(block, n + 1, scales) if weights else None)
    return accumulator.solve(names=["intercept", *features] if intercept else list(features), policy=policy)


def _weights(block: Array, j: int, scales: Sequence[Fraction]) -> Array:
    """Column j as the weights it stands for; only where it is an integer column over a power of ten, as Fractions."""
    if scales[j] == 1:
        return block[:, j]
    exact = np.empty(len(block), dtype=object)
    exact[:] = [int(weight) * scales[j] for weight in block[:, j]]
    return exact


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", required=True, metavar="COL", help="The column to explain; for .npy files its number from 0.")
@click.option("--columns", metavar="A,B,C", help="The columns to explain it with. Default: all others.")
@click.option("--no-intercept", is_flag=True, help="Fit no constant.")
@click.option("--weights", metavar="COL", help="A column of weights; a whole weight counts as that many rows.")
@click.option(
    "--truth",
    type=click.Choice(["decimal", "matrix"]),
    help="decimal: the numbers exactly as written (default for text). matrix: each rounded to float64 (for .npy).",
)
@click.option(
    "--policy",
    type=click.Choice(["full-rank", "minimum-norm"]),
    default="full-rank",
    show_default=True,
    help="What to do when columns depend on each other exactly: refuse and name them, or the least of all solutions.",
)
@click.option("--separator", default=",", show_default=True, help="Between fields: one character, or tab.")
@click.option("--decimal", default=".", show_default=True, help="The decimal mark, '.' or ','.")
@click.option("--thousands", default="", help="The mark between thousands, as the comma in 1,234,567. Default: none.")
@click.option("--block", "rows", type=click.IntRange(1), metavar="ROWS", help="Rows in memory at a time.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else on standard output.")
@click.pass_context
def lstsq(
    ctx: click.Context,
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
    rows: int | None,
    as_json: bool,
) -> None:
    """Certified least squares of a data file: each number printed is the double nearest to the exact one.

    FILE is text in UTF-8 whose first line names the columns, or a .npy array (m, n), whose columns are a0, a1, ...
    It may be larger than memory: it is read in blocks of rows.

    \b
    stabilitylab lstsq houses.csv --target price                     on all other columns
    stabilitylab lstsq houses.csv --target price --columns area,age  on two of them
    stabilitylab lstsq messwerte.csv --target y --separator ';' --decimal ','
    stabilitylab lstsq data.npy --target 0 --no-intercept --json
    """
    start = time.perf_counter()
    try:
        table = open_table(file, separator=separator, decimal=decimal, thousands=thousands)
        truth = truth or ("matrix" if isinstance(table, ArrayTable) else "decimal")
        with _progress() as seen:
            fit = stream(
                table,
                target,
                _listed(columns),
                intercept=not no_intercept,
                weights=weights,
                truth=truth,
                policy=policy,
                rows=rows,
                seen=seen,
            )
        if as_json:
            click.echo(json.dumps(_finite(fit.to_dict()), indent=1, allow_nan=False))
        else:
            _show(fit, truth, time.perf_counter() - start)
    except KeyboardInterrupt:
        click.echo("stabilitylab: interrupted; nothing was written", err=True)
        ctx.exit(INTERRUPTED)


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


@contextmanager
def _progress() -> Iterator[Seen]:
    """A bar on standard error once two seconds have passed; nothing at all when it is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    parts = (TextColumn("reading"), BarColumn(), TimeElapsedColumn(), TextColumn("of"), TimeRemainingColumn())
    progress = Progress(*parts, console=console, transient=True)
    bar = progress.add_task("reading")
    started = time.monotonic()

    def seen(done: int, total: int) -> None:
        if time.monotonic() - started > _PATIENCE:
            progress.start()
            progress.update(bar, completed=done, total=total)

    try:
        yield seen
    finally:
        progress.stop()


def _finite(value: Any) -> Any:
    """The record with None for what JSON has no word for: the t statistic of an exact fit is infinite."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _show(fit: CertifiedFit, truth: str, seconds: float) -> None:
    certificate, errors, ts = fit.certificate, fit.standard_errors, fit.t_statistics
    table = RichTable("coefficient", box=SIMPLE_HEAD)
    for head in ("value", "standard error", "t"):
        table.add_column(head, justify="right", no_wrap=True)
    for j, name in enumerate(fit.names):
        measured = ["", ""] if errors is None or ts is None else [repr(float(errors[j])), f"{float(ts[j]):.4g}"]
        table.add_row(escape(visible(name)), repr(float(fit.x[j])), *measured)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 200
    console.print(table)
    squared = "undefined" if fit.r_squared is None else repr(float(fit.r_squared))
    kind = "as written in the file" if truth == "decimal" else "as stored in float64"
    proven = _digits(certificate)
    sure = "exact" if proven == inf else f"proven to {proven:.0f} digits"
    for line in (
        f"residual norm {float(fit.residual_norm)!r}, R² {squared}",
        f"{fit.rows} rows, rank {certificate.rank} of {len(fit.names)}; scored: the numbers {kind}",
        f"each number is the double nearest to the exact one; coefficients {sure} by {certificate.route}",
        f"{seconds:.2f} s in all, {certificate.seconds:.2f} s of it to solve and certify",
    ):
        console.print(escape(line), soft_wrap=True)


def _digits(certificate: Any) -> float:
    """Proven decimal digits of the worst coefficient: -log10 of its relative radius, rounded down."""
    known = [abs(x) / radius for x, radius in zip(certificate.x, certificate.radius, strict=True) if radius]
    return max(0, int(min(map(_log10, known)))) if known else inf


def _log10(value: Fraction) -> float:
    """log10 of a positive fraction too far from 1 for float, from below 1 upwards."""
    return log10(value.numerator) - log10(value.denominator) if value else 0.0
