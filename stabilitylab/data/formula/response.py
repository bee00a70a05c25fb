"""What stands in front of ~: a column of numbers by its name, or a function of one, which becomes a column."""

from dataclasses import dataclass

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import FLOAT64, Array, format_named
from stabilitylab.core.errors import InputError, NotNumericError
from stabilitylab.data.formula.columns import Known
from stabilitylab.data.formula.functions import name_of, numbers_of
from stabilitylab.data.formula.syntax import Call, Name, Node
from stabilitylab.data.terms import Columns, Term


@dataclass(frozen=True, eq=False)
class Response:
    """The name of the response, the columns that `.` then leaves out, how it is written, and its values if formed.

    values: of a function, exact where all columns that it reads are, else floats as a program has them; None for a
    column as it is.
    """

    name: str
    reads: tuple[str, ...]
    text: str
    values: ExactColumn | Array | None = None


def response_of(node: Node, known: Known) -> Response:
    """The response that a formula names. Raises InputError for what gives not one number for each row, and the errors
    of the terms, such as of the logarithm of 0."""
    if isinstance(node, Name) or (isinstance(node, Call) and name_of(node) == "Q"):
        name = column_of_numbers(node, known, "the response")
        return Response(name, (name,), known.written(name))
    term, text = numbers_of(node, known)
    if not term.numbers:
        raise known.error(node, "the response must be a column, or a function of one: write y ~ x, or log(y) ~ x")
    if text in known.table.columns:
        says = f"the response {text!r} has the name of a column of the table: rename that, or name it in backticks"
        raise known.error(node, says)
    try:
        values = _formed(term, known)
    except InputError as error:
        raise known.error(node, str(error), type(error)) from None
    if isinstance(values, np.ndarray) and not np.isfinite(values).all():
        raise known.error(node, f"{text} overflows {values.dtype.name}: rescale the column")
    return Response(text, tuple(dict.fromkeys(term.numbers)), text, values)


def column_of_numbers(node: Node, known: Known, what: str) -> str:
    """The column of numbers that a name, or Q("name"), names."""
    if isinstance(node, Call) and name_of(node) == "Q" and len(node.arguments) == 1:
        node = node.arguments[0][1]
    if not isinstance(node, Name) or (node.value == "." and not node.quote):
        way = "make a column of it in the table and name that"
        raise known.error(node, f"{what} must be one column by its name: {way}")
    name = known.column(node)
    if known.is_category(name):
        says = f"{what}, column {name!r}, holds labels, not numbers: name a column of numbers"
        raise known.error(node, says, NotNumericError)
    return name


def _formed(term: Term, known: Known) -> ExactColumn | Array:
    """The one feature of a term: exact of exact columns; of stored floats as a program would form it of them."""
    columns, rows = known.table.numbers, known.table.rows
    read = {name: columns[name] for name in term.numbers}
    exact = {name: values for name, values in read.items() if isinstance(values, ExactColumn)}
    if len(exact) == len(read):
        (feature,) = term.exact(Columns(rows, exact, {}))
        return feature
    stored = [values.dtype for values in read.values() if not isinstance(values, ExactColumn)]
    format = format_named(np.result_type(*stored)) if not exact else FLOAT64
    floats = {
        name: values.rounded(format) if isinstance(values, ExactColumn) else format.rounded(values)
        for name, values in read.items()
    }
    with np.errstate(over="ignore", invalid="ignore"):
        return np.ascontiguousarray(term.rounded(Columns(rows, floats, {}), format)[:, 0])
