"""Certified least squares of a data file of any length, read in blocks of rows."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, get_args

import numpy as np

from stabilitylab.core.arguments import require_choice, require_flag, require_whole
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import (
    Argument,
    InputError,
    NotCertifiedError,
    OutOfRangeError,
    RankDeficientError,
    UnderdeterminedError,
    UnknownNameError,
)
from stabilitylab.core.printable import quoted
from stabilitylab.core.suggest import unknown_names
from stabilitylab.core.types import POLICIES, Policy, Weighting
from stabilitylab.data.tabular import FileTable, open_table, truth_of_file
from stabilitylab.data.tabular.columns import FileTruth, Missing, Progress, no_progress
from stabilitylab.exact.accumulator import GramAccumulator
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.fit.several import CertifiedFits
from stabilitylab.exact.gram.inputs import INTERCEPT, column_names
from stabilitylab.exact.ridge import penalties


@in_default_mode
def fit_file(
    path: str | os.PathLike[str],
    target: str | int | Sequence[str | int],
    *,
    columns: Sequence[str | int] | None = None,
    intercept: bool = True,
    weights: str | int | None = None,
    truth: FileTruth | None = None,
    policy: Policy = "full-rank",
    weighting: Weighting = "relative",
    ridge: Any = None,
    separator: str = ",",
    decimal: str = ".",
    thousands: str = "",
    encoding: str = "utf-8",
    missing: Missing = "refuse",
    rows: int | None = None,
    progress: Progress = no_progress,
) -> CertifiedFit | Any:
    """x minimising |y - [1 X] x| for the columns of a file: y the column `target`, X (m, n) `columns`, in their order.

    target: its name, or a list of names, each of which is fitted: then a CertifiedFits comes back.

    path: text whose first line names the columns, or a .npy file with an array (m, k), whose columns are a0, a1, ... or
    their numbers. columns: by default all but the target and the weights. intercept: a column of ones in front, named
    "intercept". weights: a column of weights w, which minimise sum w_i r_i²: x is that of w_i rows.
    truth: "decimal", the numbers exactly as written (the default for text), or "matrix", each rounded to float64 (the
    default for .npy, which holds nothing else). policy, weighting, ridge: as for `lstsq`, the intercept without a
    penalty. separator, decimal, thousands: as for `data.tabular.open_table`. encoding: of text, UTF-8 or another that
    Python knows by name. missing: whether a row in which a number of these columns is missing (an empty field, NA,
    null, NaN and the like) is refused, or is left out ("drop"), and counted as rows_left_out. rows: how many are in
    memory at a time. progress(done, total) is told the bytes of text, or the rows of an array, that have been read.

    The numbers are those of `lstsq` on the whole table, bit for bit: sums of integers do not depend on blocks. Memory
    does not grow with the file. Text is read twice for the decimal truth, else once.
    Raises, with file, line and column, the errors of `data.tabular` for what is no table of numbers; UnknownNameError
    for a column that is not there, InputError for a file that cannot be read and for columns that make no regression;
    and the errors of `lstsq`.
    """
    truth = truth or truth_of_file(path)
    require_choice("truth", truth, get_args(FileTruth))
    require_choice("policy", policy, POLICIES)
    require_choice("missing", missing, get_args(Missing))
    require_flag("intercept", intercept, INTERCEPT)
    if rows is not None:
        require_whole("rows", rows, at_least=1)
    if not callable(progress):
        raise InputError(f"progress must be a function of (done, total); got {progress!r}: leave it out")
    table = open_table(
        path, separator=separator, decimal=decimal, thousands=thousands, encoding=encoding, missing=missing
    )
    _require_names(table, [target, *(columns if isinstance(columns, list | tuple) else ()), weights])
    targets, weight_column = _targets(table, target), None if weights is None else _name(table, weights)
    if weight_column in targets:
        raise InputError(
            f"{path}: column {weight_column!r} is the target, and the weights too: name another for the weights"
        )
    if weighting == "absolute" and weight_column is None:
        raise InputError("absolute weights are 1/sigma**2 of each row: name the column that holds them, weights=...")
    taken = list(targets) if weight_column is None else [*targets, weight_column]
    features = _features(table, columns, targets, weight_column)
    if not features and not intercept:
        raise InputError(f"{path}: no column is left to fit {targets[0]!r} with: name columns, or keep the intercept")
    dropped: list[int] = []
    scales, blocks = table.read([*features, *taken], truth, rows, progress, weight_column, dropped.extend)
    n, k = len(features), len(targets)
    ones = [Fraction(1)] if intercept else []
    unit = Fraction(1) if weight_column is None else scales[n + k]
    accumulator = GramAccumulator(
        len(ones) + n, targets=k, target_names=targets, scales=[*ones, *scales[: n + k]], weight_unit=unit
    )
    for block in blocks:
        A = np.hstack([np.ones((len(block), 1), dtype=block.dtype), block[:, :n]]) if intercept else block[:, :n]
        w = None if weight_column is None else _weights(block[:, n + k], unit)
        accumulator.add(A, block[:, n] if k == 1 else block[:, n : n + k], weights=w)
    names, counted = column_names(None, features, n, intercept=intercept), accumulator.rows
    if ridge is not None:
        ridge = penalties(ridge, names, intercept=intercept, penalize_intercept=False)
    if policy == "full-rank" and ridge is None and counted < len(names):
        weighted = "" if weight_column is None else f" of weight above 0 in column {weight_column!r}"
        raise UnderdeterminedError(
            f"{path} has {counted} row{'s' * (counted != 1)}{weighted} for {len(names)} coefficients "
            f"({quoted(names)}): give at least {len(names)} rows, leave "
            f"columns out, or ask for ",
            Argument("policy", "minimum-norm"),
        )
    try:
        found: Any = accumulator.solve(names=names, policy=policy, weighting=weighting, ridge=ridge)
    except (RankDeficientError, OutOfRangeError, NotCertifiedError) as error:
        raise type(error)(f"{path}: ", *error.args) from None
    fits = [replace(fit, intercept=intercept, rows_left_out=len(dropped)) for fit in ([found] if k == 1 else found)]
    return fits[0] if isinstance(target, str | int) else CertifiedFits(tuple(fits))


def _targets(table: FileTable, target: str | int | Sequence[str | int]) -> tuple[str, ...]:
    """The names of the targets. Raises InputError for none, and for one that is named twice."""
    if isinstance(target, str | int):
        return (_name(table, target),)
    if not isinstance(target, Iterable):
        raise InputError(f"{table.path}: target must name a column, or several; got {target!r}: {_one_of(table)}")
    targets = tuple(_name(table, column) for column in target)
    if not targets:
        raise InputError(f"{table.path}: name a target, or several: {_one_of(table)}")
    twice = next((name for name in targets if targets.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{table.path}: column {twice!r} is named twice among the targets: once is enough")
    return targets


def _require_names(table: FileTable, asked: Sequence[Any]) -> None:
    """Raise UnknownNameError for all columns that are not there, where several are not; one is met where it is used."""
    names = [name for one in asked for name in (one if isinstance(one, list | tuple) else [one])]
    unknown = []
    for name in dict.fromkeys(str(name) for name in names if isinstance(name, str | int)):
        try:
            table.index(name)
        except UnknownNameError:
            unknown.append(name)
        except InputError:  # a name that two columns have
            continue
    if len(unknown) > 1:
        raise UnknownNameError(f"{table.path}: {unknown_names(unknown, table.names)}")


def _one_of(table: FileTable) -> str:
    return f"one of {quoted(table.names)}"


def _name(table: FileTable, column: str | int) -> str:
    """The column's name as the table has it."""
    return table.names[table.index(str(column))]


def _features(
    table: FileTable, columns: Sequence[str | int] | None, targets: Sequence[str], weights: str | None
) -> tuple[str, ...]:
    """The names of the columns to fit with. Raises InputError for one that is named twice, or is taken otherwise."""
    if columns is None:
        return table.others([*targets, *([] if weights is None else [weights])])
    if isinstance(columns, str):
        raise InputError(f"columns must be a list of names; got {columns!r}: write columns={columns.split(',')!r}")
    if not isinstance(columns, Iterable):
        raise InputError(f"columns must be a list of names; got {columns!r}: write columns={list(table.names[:1])!r}")
    features = tuple(_name(table, column) for column in columns)
    for name in features:
        if name in targets or name == weights:
            what = "the weights" if name == weights else "a target" if len(targets) > 1 else "the target"
            raise InputError(f"{table.path}: column {name!r} is {what}, and among the columns too: leave it out there")
        if features.count(name) > 1:
            raise InputError(f"{table.path}: column {name!r} is named twice among the columns: once is enough")
    return features


def _weights(values: Array, unit: Fraction) -> Array:
    """The weights that a column of whole multiples of `unit` stands for: as they are for 1, else Fractions."""
    if unit == 1:
        return values
    exact = np.empty(len(values), dtype=object)
    exact[:] = [int(weight) * unit for weight in values]
    return exact
