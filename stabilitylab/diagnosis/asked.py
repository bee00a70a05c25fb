"""The question that a table, a target and a formula or columns ask."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.formats import FormatLike
from stabilitylab.core.errors import Argument, InputError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.core.types import WEIGHTINGS, Weighting
from stabilitylab.data.category import Category
from stabilitylab.data.design import Design
from stabilitylab.data.formula import RulesName, columns_read, formula_of
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import Problem
from stabilitylab.data.table import Table, table_of
from stabilitylab.data.terms import Column, Intercept, Term
from stabilitylab.diagnosis.question import Question

MOST_LEVELS = 50  # of a column of texts that is taken for groups unasked
FEW_ROWS = 3  # rows for each level, of such a column


def asked(
    data: Any,
    *,
    target: str | None = None,
    formula: str | None = None,
    columns: Sequence[str] | None = None,
    intercept: bool = True,
    weights: str | None = None,
    weighting: Weighting = "relative",
    rules: RulesName = "R",
    format: FormatLike = "float64",
    **reading: Any,
) -> Question:
    """The regression that is asked of a table: a file, a frame, an array, or a Table that has been read.

    target: the column to explain, and columns: those to explain it with, by default all others, with an intercept
    unless it is False; or formula: "y ~ x + poly(z, 2)" in their place. A column of texts becomes a category.
    weights: the column of weights. rules: whose rules for categories hold. format: of the person's arithmetic.
    reading: as for `table_of`. Raises the errors of `table_of` and `formula_of`, InputError for arguments that do not
    fit together, and UnknownNameError for a column that is not there.
    """
    require_choice("weighting", weighting, WEIGHTINGS)
    if formula is not None and (target is not None or columns is not None or not intercept):
        raise InputError(
            "a formula names the target, the columns and the intercept: leave out target, columns and intercept "
            "(without an intercept: y ~ x - 1)"
        )
    if formula is None and target is None:
        raise InputError("name the column to explain, ", Argument("target", "y"), ", or give a formula")
    if isinstance(columns, str):
        raise InputError(f"columns must be a list of names; got {columns!r}: write columns={columns.split(',')!r}")
    table = data if isinstance(data, Table) else _read(data, target, formula, columns, weights, reading)
    if weights is not None:
        _require(table, weights, "weights")
    if formula is not None:
        parsed = formula_of(formula, table, rules=rules)
        if parsed.vanished:
            alone = re.split(r"\^|\*\*", parsed.vanished)[0].strip()
            raise InputError(
                f"{parsed.vanished} means {alone} alone in a formula: write I({parsed.vanished}) for the power"
            )
        table = replace(table, columns={**table.columns, **parsed.formed})
        response, design, notes, formula = parsed.response, parsed.design, parsed.notes, parsed.text
        if parsed.weights and weights is not None and parsed.weights != weights:
            raise InputError(f"the formula names the weights {parsed.weights!r}, and weights {weights!r}: name one")
        weights = weights or parsed.weights or None
    else:
        assert target is not None, "one of the two was given"
        response = _require(table, target, "target")
        design, notes = _design(table, response, columns, weights, intercept=intercept)
    used = {response, *design.numbers, *design.labels}
    problem = Problem(
        table.name, {name: values for name, values in table.columns.items() if name in used}, design, "as given",
        response=response, format=format,
    )  # fmt: skip
    found = replace(table, notes=(*table.notes, *notes))
    values: Any = None if weights is None else table.columns[weights]
    return Question(problem, found, values, weights or "", weighting, formula or "")


def _read(
    data: Any,
    target: str | None,
    formula: str | None,
    columns: Sequence[str] | None,
    weights: str | None,
    reading: dict[str, Any],
) -> Table:
    """The table, in which only what is used has to be without a flaw, where it is known what that is."""
    used = columns_read(formula) if formula is not None else None if columns is None else (*columns, target)
    if used is None:
        return table_of(data, **reading)
    needed = [name for name in (*used, weights) if name is not None]
    try:
        return table_of(data, needed=needed, **reading)
    except UnknownNameError:
        if formula is None:
            raise
        return table_of(data, **reading)  # the grammar then names the place in the formula


def _design(
    table: Table, target: str, columns: Sequence[str] | None, weights: str | None, *, intercept: bool
) -> tuple[Design, tuple[str, ...]]:
    """Every other column, or those named: numbers as they are, texts as categories."""
    names = [name for name in table.columns if name not in (target, weights)] if columns is None else list(columns)
    terms: list[Term] = [Intercept()] if intercept else []
    notes = []
    for name in names:
        _require(table, name, "columns")
        if name == target:
            raise InputError(f"column {name!r} is the target, and among the columns too: leave it out there")
        values = table.columns[name]
        if not isinstance(values, Labels):
            terms.append(Column(name))
            continue
        levels = len(values.levels)
        if columns is None and (levels > MOST_LEVELS or levels * FEW_ROWS > table.rows):
            raise InputError(
                f"column {name!r} holds texts, {levels} different ones in {table.rows} rows, too many for groups: name "
                "the columns to use, ",
                Argument("columns", tuple(other for other in names if other != name)[:5] or ("x",)),
            )
        category = Category(name)
        reference = category.reference_level(values).level
        notes.append(f"{name} holds {levels} texts: a category, compared with {reference!r} (treatment coding)")
        terms.append(category)
    if not terms:
        raise InputError(f"no column is left to explain {target!r} with: name columns, or keep the intercept")
    return Design(tuple(terms)), tuple(notes)


def _require(table: Table, name: str, role: str) -> str:
    """The name of a column that is there, and holds numbers where it is the target or the weights."""
    if name not in table.columns:
        hint = did_you_mean(name, tuple(table.columns), plural="columns", show=repr, few=12)
        named = f"; {name!r} names the rows" if name and name == table.row_names else ""
        raise UnknownNameError(f"{table.name}: no column is named {name!r}{named}: {hint}")
    if role != "columns" and isinstance(table.columns[name], Labels):
        raise InputError(f"{table.name}: column {name!r} holds texts, and cannot be the {role}: name one of numbers")
    return name
