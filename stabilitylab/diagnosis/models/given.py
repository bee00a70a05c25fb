"""X, y and weights as they were passed beside a model, as a table."""

from dataclasses import replace
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, ShapeError
from stabilitylab.data.frames import columns_of_table, distinct, names_of_columns
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import DataColumn
from stabilitylab.data.series import is_series, name_of
from stabilitylab.data.table import Table, table_of


def given_table(X: Any, y: Any) -> tuple[Table, tuple[str, ...], str]:
    """The table of X and y, the columns of X in their order, and the name of y.

    y: numbers (m,) or (m, 1), or the name of a column of X. Raises InputError where one of the two is missing, and the
    errors of `table_of`; ShapeError for several targets and for another number of rows.
    """
    if X is None or y is None:
        missing = "X and y" if X is None and y is None else "X" if X is None else "y"
        raise InputError(
            f"this model does not hold the data it was fitted on: pass {missing} as well, diagnose(model, X, y)"
        )
    table = table_of(X, needed=names_of_columns(X) or None)
    names = tuple(table.columns)
    if isinstance(y, str):
        if y not in names:
            raise InputError(f"y is {y!r}, which is no column of X: pass the numbers, or the name of a column")
        return table, tuple(name for name in names if name != y), y
    response = distinct([*names, name_of(y) or "y"])[-1]
    values = _column("y", y)
    if len(values) != table.rows:
        raise ShapeError(f"y has {len(values)} values, and X {table.rows} rows: give one value for each row")
    return replace(table, columns={**table.columns, response: values}), names, response


def given_weights(weights: Any, rows: int) -> ExactColumn | Array | None:
    """Weights (m,) as they were passed, None for none. Raises InputError for labels, ShapeError for another length."""
    if weights is None:
        return None
    column = _column("weights", weights)
    if isinstance(column, Labels):
        raise InputError("weights must be numbers; got texts: pass one number for each row")
    if len(column) != rows:
        raise ShapeError(f"weights has {len(column)} values, and X {rows} rows: give one weight for each row")
    return column


def refuse_given(X: Any, y: Any, weights: Any, rows: int, what: str) -> None:
    """Raise an error where what was passed beside a model that holds its data does not fit those data."""
    if weights is not None:
        raise InputError(f"{what} holds its own weights: leave weights out")
    for name, values in (("X", X), ("y", y)):
        if values is None or isinstance(values, str):
            continue
        came = np.shape(values)[0] if hasattr(values, "shape") else len(values)
        if came != rows:
            raise ShapeError(
                f"{what} holds the {rows} rows of its fit, and {name} has {came}: leave {name} out, or fit it again"
            )


def _column(what: str, values: Any) -> DataColumn:
    """One column of numbers, as a table of it has it."""
    if not is_series(values):
        found = columns_of_table(values)
        if found is not None:
            if len(found[0]) != 1:
                raise ShapeError(f"{what} has {len(found[0])} columns: pass one at a time, each with its own model")
            values = found[0][0]
        else:
            try:
                array = np.asarray(values)
            except Exception as error:
                raise InputError(f"{what} cannot be read as an array ({type(error).__name__}): pass numbers") from None
            if array.ndim == 2 and array.shape[1] != 1:
                raise ShapeError(f"{what} has {array.shape[1]} columns: pass one at a time, each with its own model")
            if array.ndim not in (1, 2):
                raise ShapeError(f"{what} must have the shape (m,); got {array.shape}: pass one number for each row")
            values = array.ravel() if array.ndim == 2 else values if isinstance(values, list) else array
    return table_of({what: values}, needed=[what]).columns[what]
