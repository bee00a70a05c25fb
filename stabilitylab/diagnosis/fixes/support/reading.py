"""The lines of Python that read a table again, as its numbers or as the text that is written in it."""

import re
from collections.abc import Sequence

from stabilitylab.data.table import Table
from stabilitylab.diagnosis.fixes.support.literals import literal

TEXT = ("pandas.read_csv(", "pandas.read_table(", "pandas.read_excel(")  # what takes dtype=str


def reading(table: Table, names: Sequence[str], *, text: bool = False) -> list[str]:
    """The table df, where it is known how it is read, without the rows that were left out since a number is missing.

    names: the columns that are needed. text: each number as it is written, with a point for the decimal mark.
    """
    code = table.code
    if not code:
        return []
    if text and code.startswith(TEXT):
        code = f"{code[:-1]}, dtype=str)"
    lines = ["import pandas", f"df = {code}"]
    if table.rows_left_out:
        lines.append(f"df = df.dropna(subset=[{', '.join(map(literal, names))}])")
    marks = {option: re.search(rf"{option}=(['\"])(.)\1", table.code) for option in ("thousands", "decimal")}
    replaced = "".join(
        f".replace({literal(found[2])}, {literal(by)})"
        for found, by in ((marks["thousands"], ""), (marks["decimal"], "."))
        if found
    )
    return [*lines, f"df = df.map(lambda v: str(v){replaced})"] if text and replaced else lines
