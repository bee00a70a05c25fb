"""Certified least squares of columns by name, from anything that gives rows in batches: more than memory holds.

    from stabilitylab.distributed.batches import lstsq

    fit = lstsq("rows/*.parquet", target="price", columns=["age", "income"])
    fit = lstsq(polars.scan_parquet("rows/*.parquet").filter(...), target="price")
    fit = lstsq(duckdb.sql("select age, income, price from rows"), target="price")

A source is a path or paths of Parquet files, a Polars LazyFrame, or whatever gives an Arrow stream: DuckDB relations,
Polars and pandas DataFrames, pyarrow tables, datasets and readers. Needs pyarrow.
"""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stabilitylab.core.arguments import require_whole
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, NotFiniteError, NotNumericError, UnknownNameError
from stabilitylab.core.types import Policy
from stabilitylab.data.frames import exact_in_float64, side_by_side
from stabilitylab.distributed.tasks import engine
from stabilitylab.exact import CertifiedFit, GramAccumulator

ROWS = 50_000  # of a batch
CACHED = 4096  # rows that are brought side by side together, so that they stay in a cache
EXTRA = "pyarrow"


def accumulate(
    source: Any,
    target: str | Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    weights: str | None = None,
    intercept: bool = True,
    rows: int = ROWS,
) -> GramAccumulator:
    """The exact sums of the columns of a source, with their names.

    target: the name of b's column, or a list of names for several. columns: those of A, by default all others.
    weights: the name of a column of weights. intercept: a column of ones in front. rows: of a batch at most; memory is
    about that of a batch, and of a row group of Parquet. Raises InputError for a source that gives no batches or no
    rows, UnknownNameError for a column that is not there, NotFiniteError and NotNumericError, with column and row, for
    missing and other values, MissingLibraryError, and the errors of `GramAccumulator.add`.
    """
    targets = [target] if isinstance(target, str) else list(target)
    others = [*targets, *([weights] if weights else [])]
    found, start = None, 0
    require_whole("rows", rows, at_least=1)
    doubled = [name for name in others if others.count(name) > 1 or name in (columns or ())]
    if doubled:
        raise InputError(f"column {doubled[0]!r} is a target or the weights, and named once more: leave it out there")
    for batch in _batches(source, None if columns is None else [*columns, *others], rows):
        names = [name for name in batch.schema.names if name not in others] if columns is None else list(columns)
        for name in [*names, *others]:
            if batch.schema.names.count(name) != 1:
                raise UnknownNameError(f"{name!r} is no column: there are {', '.join(map(repr, batch.schema.names))}")
        if found is None:
            found = GramAccumulator(len(names), len(targets), intercept=intercept, names=names, target_names=targets)
        if not batch.num_rows:
            continue
        A, B = (_table([_column(batch, name, start) for name in part]) for part in (names, targets))
        w = None if weights is None else _column(batch, weights, start)
        try:
            found.add(A, B if len(targets) > 1 else B[:, 0], w)
        except NotFiniteError:
            raise _not_finite(batch, [*names, *others], start) from None
        start += batch.num_rows
    if found is None:
        raise InputError("the source gives no rows: check its path or its filter")
    return found


def lstsq(
    source: Any,
    target: str | Sequence[str],
    *,
    columns: Sequence[str] | None = None,
    weights: str | None = None,
    intercept: bool = True,
    policy: Policy = "full-rank",
    rows: int = ROWS,
) -> CertifiedFit | Any:
    """x minimising |b - A x| over the rows of a source, each coefficient the double nearest to the exact one.

    The arguments are those of `accumulate`; policy as for `sl.lstsq`. Raises the errors of `accumulate` and of
    `GramAccumulator.solve`.
    """
    sums = accumulate(source, target, columns=columns, weights=weights, intercept=intercept, rows=rows)
    return sums.solve(policy=policy)


def _batches(source: Any, columns: Sequence[str] | None, rows: int) -> Iterator[Any]:
    """The record batches of a source, of these columns where it can leave others out."""
    arrow = engine("pyarrow", EXTRA)
    paths = [source] if isinstance(source, str | os.PathLike) else source
    if isinstance(paths, list | tuple) and all(isinstance(path, str | os.PathLike) for path in paths):
        parquet = engine("pyarrow.parquet", EXTRA)
        for path in [file for given in paths for file in _files(given)]:
            try:
                with parquet.ParquetFile(path) as file:
                    names = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
                    # A row group after the other: otherwise all that have been read stay in memory.
                    for group in range(file.num_row_groups):
                        yield from file.iter_batches(rows, columns=names, row_groups=[group], use_threads=False)
            except (OSError, arrow.ArrowInvalid) as error:
                raise InputError(f"{path} cannot be read as Parquet: {error}") from None
        return
    if hasattr(source, "collect_batches"):  # a Polars LazyFrame
        chosen = source if columns is None else source.select(list(dict.fromkeys(columns)))
        for frame in chosen.collect_batches(chunk_size=rows):
            yield from frame.to_arrow().to_batches(max_chunksize=rows)
        return
    if hasattr(source, "to_arrow_reader"):  # a DuckDB relation
        yield from source.to_arrow_reader(rows)
    elif hasattr(source, "__arrow_c_stream__"):
        for batch in arrow.RecordBatchReader.from_stream(source):
            yield from (batch.slice(k, rows) for k in range(0, batch.num_rows, rows))
    elif hasattr(source, "to_batches"):  # a pyarrow dataset
        yield from source.to_batches(columns=columns and list(dict.fromkeys(columns)), batch_size=rows)
    else:
        raise InputError(
            f"a source must be a path, a Polars LazyFrame, or give an Arrow stream; got {type(source).__name__}"
        )


def _files(path: str | os.PathLike[str]) -> list[Path]:
    """The files that a path or a pattern such as rows/*.parquet names, sorted."""
    text = os.fspath(path)
    found = sorted(glob.glob(text)) if any(mark in text for mark in "*?[") and not Path(text).exists() else [text]
    return list(map(Path, found))


def _column(batch: Any, name: str, start: int) -> Array:
    """A column of a batch as numbers of its own type. Raises NotFiniteError and NotNumericError."""
    values = batch.column(name)
    if values.null_count:
        row = start + int(np.flatnonzero(np.asarray(values.is_null()))[0])
        raise NotFiniteError(f"column {name!r} has no value in row {row}: leave such rows out, or give the number")
    array = np.asarray(values.to_numpy(zero_copy_only=False))
    if array.dtype.kind not in "fiub":
        raise NotNumericError(f"column {name!r} holds {values.type}, not numbers: cast it, or leave it out")
    return array


def _table(columns: Sequence[Array]) -> Array:
    """Columns (k,) side by side, without rounding: in float64 where that holds them."""
    types = {column.dtype for column in columns}
    if types != {np.dtype(np.float64)} and (len(types) == 1 or not all(map(exact_in_float64, columns))):
        return side_by_side(columns)
    table = np.empty((len(columns[0]), len(columns)))
    for start in range(0, len(table), CACHED):
        part = table[start : start + CACHED]
        for j, column in enumerate(columns):
            part[:, j] = column[start : start + CACHED]
    return table


def _not_finite(batch: Any, names: Sequence[str], start: int) -> NotFiniteError:
    """The error that names the first column and row without a finite number."""
    for name in names:
        values = _column(batch, name, start)
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            row = int(bad[0])
            return NotFiniteError(
                f"column {name!r} is {values[row]} in row {start + row}: leave such rows out, or give the number"
            )
    return NotFiniteError("a number is not finite: leave such rows out")
