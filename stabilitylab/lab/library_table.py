"""The digits of every library on the NIST regressions and on everyday data: which, on what, and their table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name

from stabilitylab import libraries
from stabilitylab.core.errors import UnknownNameError
from stabilitylab.core.library import Library
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.core.types import Measurement
from stabilitylab.report.blas_used import blas_sentence, blas_used
from stabilitylab.report.cells import Cell, Table
from stabilitylab.report.rows import Rows
from stabilitylab.report.table import Pivot
from stabilitylab.scoring.reporting import DESERVED, Reporting, how_reported

STRD = tuple(
    f"nist.{name}"
    for name in ("norris", "pontius", "noint1", "noint2", "filip", "longley", *(f"wampler{k}" for k in range(1, 6)))
)
"""The linear data sets of StRD, in the order of its page."""

EVERYDAY = ("real.income_and_rate", "real.timestamps_s", "real.years")
"""Data as users bring them, on which default calls lose digits."""

UNREPORTED = (Reporting.SILENT, Reporting.RANK_ONLY)
"""Of a wrong answer there was no report, or no more than a lower rank."""


def select_libraries(names: Sequence[str]) -> tuple[Library, ...]:
    """The libraries of these names, or of these names on the package index; all where no name is given.

    Raises UnknownNameError, with similar names or all.
    """
    known = {
        str(canonicalize_name(name)): one for one in libraries.each() for name in (one.name, one.distribution) if name
    }
    wanted = [str(canonicalize_name(name)) for name in names]
    for name in wanted:
        if name not in known:
            hint = did_you_mean(name, sorted(known), plural="libraries")
            raise UnknownNameError(f"no library is named {name!r}: {hint}")
    return tuple(dict.fromkeys(known[name] for name in wanted)) or tuple(libraries.each())


def digits_table(rows: Rows, *, why: bool) -> Table:
    """A line for each route, a column for each problem, and the number of unreported failures; why: with footnotes.

    Routes stand together by library, under its title and version.
    """
    made = Pivot("Correct digits of the worst coefficient", columns=_short).table(rows)
    unreported = Counter(row.solver for row in rows if how_reported(row) in UNREPORTED)
    titles = {row.solver: f"{row['conditions.library']} {row['conditions.version']}" for row in rows}
    titled: set[str] = set()
    body = []
    for route, *cells in sorted(made.body, key=lambda line: (titles[line[0].text].lower(), line[0].text)):
        title = titles[route.text]
        name = f"  {route.text}" if title in titled else f"{title}\n  {route.text}"
        titled.add(title)
        shown = cells if why else [replace(cell, details=()) for cell in cells]
        body.append((Cell(name, route.text), *shown, Cell(str(unreported[route.text]), unreported[route.text])))
    explained = (
        "not reported: on how many problems some coefficient has less than one correct digit, although the data "
        f"support {DESERVED:g}, and the route is {Reporting.SILENT.value}, or {Reporting.RANK_ONLY.value}."
    )
    used = blas_used(replace(row, conditions={}) for row in rows)
    blas = blas_sentence(used, {str(row["conditions.library"]): str(row["conditions.version"]) for row in rows})
    head = ("route", *made.header[1:], "not reported")
    return Table(made.title, head, (*made.scored, True), tuple(body), (*made.notes, explained, *filter(None, [blas])))


def _short(row: Measurement) -> str:
    return row.problem.removeprefix("nist.").removeprefix("real.")
