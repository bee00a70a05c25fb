"""Rows, tables of them and strategies for both, shared by the tests of tables and of their writers."""

from hypothesis import strategies as st

from stabilitylab.core.types import Measurement, Status
from stabilitylab.report.rows import Rows
from stabilitylab.report.table import Pivot

STATUSES = [status.name for status in Status]


def measured(problem="p", solver="s", digits=10.0, status="SOLVED", **fields):
    """A row as `bench` writes it: a score or the reason why there is none."""
    answered = Status[status].answered
    score = digits if answered else None
    content = {
        "parameters": {"cond": 1e8},
        "format": "float64",
        "works_in": "float64",
        "truth": "decimal",
        "note": "",
        "warnings": (),
        "rank": None,
        "x": (1.5, -2.0) if answered else None,
        "scores": {"digits.min": score, "error.normwise": None if score is None else 10.0**-score},
        "reasons": {} if score is not None else {"digits.min": Status[status].value},
    }
    return Measurement(problem=problem, solver=solver, status=status, **{**content, **fields})


def table_of(*rows, **spec):
    return Pivot("A title", **spec).table(Rows(rows))


def printed(table):
    return [[table.printed(cell) for cell in row] for row in table.body]


def sentences(table):
    return {note.symbol: note.sentence for note in table.footnotes}


names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)
rows_strategy = st.lists(
    st.tuples(names, names, st.sampled_from(STATUSES), st.one_of(st.none(), st.floats(0, 15.95))),
    min_size=1,
    max_size=12,
)


def rows_from(drawn):
    made = []
    for problem, solver, status, digits in drawn:
        reasons = {"digits.min": "none | given"} if digits is None else {}
        made.append(measured(problem, solver, digits, status, reasons=reasons))
    return Rows(tuple(made))
