"""Rows of a table to predict for, made exact: its columns matched with the coefficients of a fit."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import EmptyError, InputError, NotFiniteError, NotNumericError, ShapeError
from stabilitylab.data.validation import given, refuse_not_finite
from stabilitylab.exact.gram.exact_input import ExactInput, with_intercept
from stabilitylab.exact.gram.reading import exact_input

NAME = "A_new"


def new_rows(values: Any, names: Sequence[str], *, intercept: bool) -> ExactInput:
    """The rows of A_new (k, n) as exact numbers, of every kind that `lstsq` takes; b is 0, and means nothing.

    names (n,): of the coefficients; the first is that of the column of ones, put in front here, where `intercept` is
    set. A table whose columns have names (pandas, polars, pyarrow, a structured array) is taken by these, in any order.
    Raises InputError for a column that is missing, or one that the fit does not have, ShapeError for another number of
    columns and for a single row (n,), and the errors of `exact_input` for what is no numbers.
    """
    own = tuple(names)[intercept:]
    array = given(_by_name(values, own, intercept=intercept), NAME).whole
    _check_shape(array, own, intercept=intercept)
    k = len(array)
    if not own:
        return ExactInput(np.ones((k, 1)), np.zeros(k), True)
    if array.dtype.kind == "f":
        refuse_not_finite(array, NAME)
    try:
        data = exact_input(array, np.zeros(k), wide=True)
    except (NotFiniteError, NotNumericError) as error:
        raise type(error)(f"in {NAME}, {error}") from None
    return with_intercept([data])[0] if intercept else data


def _check_shape(array: Array, own: Sequence[str], *, intercept: bool) -> None:
    n = len(own)
    expected = (
        f"{NAME} must have {n} column{'s' * (n != 1)} ({_listed(own)})" if own else f"{NAME} must have no columns"
    )
    if array.ndim == 1:
        way = f"{NAME}.reshape(1, -1) for one row" if n != 1 else f"{NAME}.reshape(-1, 1) for one column"
        raise ShapeError(f"{expected} and one row for each prediction; got shape {array.shape}: pass {way}")
    if array.ndim != 2:
        raise ShapeError(f"{expected} and one row for each prediction; got shape {array.shape}: pass a table")
    if array.shape[1] != n:
        way = "give the columns that were fitted"
        if intercept:
            way += ", without the column of ones, which the fit puts in front"
        raise ShapeError(f"{expected}; got {array.shape[1]}: {way}")
    if len(array) == 0:
        raise EmptyError(f"{NAME} has no rows: give at least one")


def _by_name(values: Any, own: tuple[str, ...], *, intercept: bool) -> Any:
    """A table with the columns of the fit, in its order; anything else as it is."""
    labels = _labels(values)
    if labels is None:
        return values
    names = [str(label) for label in labels]
    if all(isinstance(label, int) for label in labels) and set(names) != set(own):
        return values  # columns that are only numbered have no names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{NAME} has two columns named {twice!r}: give each its own name")
    missing = [name for name in own if name not in names]
    unknown = [name for name in names if name not in own]
    if missing or unknown:
        parts = [f"it has no column {_listed(missing)}"] * bool(missing)
        if unknown:
            parts.append(f"{_listed(unknown)} {'is' if len(unknown) == 1 else 'are'} not in the fit")
        ones = intercept and unknown == ["intercept"] and not missing
        way = (
            "leave the intercept out, which the fit adds" if ones else f"give the columns {_listed(own)}, in any order"
        )
        if not ones and len(names) == len(own):
            way += f", or {NAME} without names for columns in the order of the fit"
        raise InputError(f"{NAME} does not have the columns of the fit: {' and '.join(parts)}; {way}")
    order = [names.index(name) for name in own]
    if hasattr(values, "iloc"):
        return values.iloc[:, order]
    if hasattr(values, "get_columns"):  # polars
        return values[:, order]
    if hasattr(values, "itercolumns"):  # pyarrow
        return values.select(order)
    table = np.empty((len(values), len(order)), dtype=object)
    for k, j in enumerate(order):
        table[:, k] = values[labels[j]].tolist()
    return table


def _labels(values: Any) -> list[Any] | None:
    """The names of the columns of a table; None where it has none."""
    if hasattr(values, "iloc") and getattr(values, "ndim", 0) == 2:  # pandas
        return list(values.columns)
    if hasattr(values, "get_columns"):  # polars
        return list(values.columns)
    if hasattr(values, "itercolumns"):  # pyarrow
        return list(values.column_names)
    if isinstance(values, np.ndarray) and values.dtype.names and values.ndim == 1:
        return list(values.dtype.names)
    return None


def _listed(names: Sequence[str]) -> str:
    """The first names of some, quoted."""
    return ", ".join(map(repr, names[:5])) + (f", ... ({len(names)} in all)" if len(names) > 5 else "")
