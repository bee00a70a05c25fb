"""Rows of a table to predict for, made exact: its columns matched with the coefficients of a fit."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from stabilitylab.core.errors import EmptyError, InputError, NotFiniteError, NotNumericError, ShapeError
from stabilitylab.core.printable import quoted
from stabilitylab.data.frames import distinct
from stabilitylab.data.kinds import is_sparse
from stabilitylab.data.validation import Given, given
from stabilitylab.exact.gram.exact_input import ExactInput, with_intercept
from stabilitylab.exact.gram.reading import features_of, read

NAME = "A_new"


def new_rows(values: Any, names: Sequence[str], *, intercept: bool) -> ExactInput:
    """The rows of A_new (k, n) as exact numbers, of every kind that `lstsq` takes; b is 0, and means nothing.

    names (n,): of the coefficients; the first is that of the column of ones, put in front here, where `intercept` is
    set. A table whose columns have names (pandas, polars, pyarrow, a structured array, a dict) is taken by these, in
    any order, moments and durations under the names that their coefficients have. A sparse matrix stays one.
    Raises InputError for a column that is missing, or one that the fit does not have, ShapeError for another number of
    columns and for a single row (n,), and the errors of `exact_input` for what is no numbers.
    """
    own = tuple(names)[intercept:]
    # A sparse table of pandas is taken by the names of its columns, made dense; a sparse matrix has none.
    table = values if is_sparse(values) else _by_name(given(values, NAME), own, intercept=intercept)
    _check_shape(table.shape, own, intercept=intercept)
    k = table.shape[0]
    if not own:
        return ExactInput(np.ones((k, 1)), np.zeros(k), True)
    try:
        data = read(table, np.zeros(k), wide=True, several=False, name=NAME).inputs[0]
        for _, block in data.blocks() if data.floats else ():
            block.refuse_not_finite()
    except (NotFiniteError, NotNumericError) as error:
        raise type(error)(f"in {NAME}, {error}") from None
    return with_intercept([data])[0] if intercept else data


def _check_shape(shape: tuple[int, ...], own: Sequence[str], *, intercept: bool) -> None:
    n = len(own)
    expected = f"{NAME} must have {n} column{'s' * (n != 1)} ({quoted(own)})" if own else f"{NAME} must have no columns"
    if len(shape) == 1:
        way = f"{NAME}.reshape(1, -1) for one row" if n != 1 else f"{NAME}.reshape(-1, 1) for one column"
        raise ShapeError(f"{expected} and one row for each prediction; got shape {shape}: pass {way}")
    if len(shape) != 2:
        raise ShapeError(f"{expected} and one row for each prediction; got shape {shape}: pass a table")
    if shape[1] != n:
        way = "give the columns that were fitted"
        if intercept:
            way += ", without the column of ones, which the fit puts in front"
        raise ShapeError(f"{expected}; got {shape[1]}: {way}")
    if shape[0] == 0:
        raise EmptyError(f"{NAME} has no rows: give at least one")


def _by_name(table: Given, own: tuple[str, ...], *, intercept: bool) -> Given:
    """A table with the columns of the fit, in its order; anything else as it is."""
    names = list(features_of(table)) if table.columns else []
    if not names or (names == [str(k) for k in range(len(names))] and set(names) != set(own)):
        return table  # columns that are only numbered have no names
    told_apart = distinct(["intercept", *names])[1:]
    if intercept and set(names) != set(own) == set(told_apart):
        names = list(told_apart)  # as the fit told a column named "intercept" from its own
    twice = [name for name in own if own.count(name) > 1]
    if twice:
        raise InputError(
            f"two coefficients of the fit are named {twice[0]!r}: give {NAME} as an array, in the order of the fit"
        )
    missing = [name for name in own if name not in names]
    unknown = [name for name in names if name not in own]
    if missing or unknown:
        parts = [f"it has no column {quoted(missing)}"] * bool(missing)
        if unknown:
            parts.append(f"{quoted(unknown)} {'is' if len(unknown) == 1 else 'are'} not in the fit")
        ones = intercept and unknown == ["intercept"] and not missing
        way = "leave the intercept out, which the fit adds" if ones else f"give the columns {quoted(own)}, in any order"
        if not ones and len(names) == len(own):
            way += f", or {NAME} without names for columns in the order of the fit"
        raise InputError(f"{NAME} does not have the columns of the fit: {' and '.join(parts)}; {way}")
    return table.picked([names.index(name) for name in own])
