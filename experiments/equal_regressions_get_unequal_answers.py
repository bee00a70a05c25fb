"""Do regressions that must have the same answer get the same answer?

Measure a column in another unit, put the rows in another order, count a regressor from another origin, give every row
twice: the coefficients of the new regression follow from those of the old one, exactly. No reference is needed to catch
a library that breaks such a law, and a power of two makes the new problem without a rounding. Every problem here is a
handful of small integers and well posed, so that two right answers agree in at least six digits in float64; in float32,
and for an origin far away, in as many as the conditioning leaves. What breaks a law is made as small as it can be: rows
and columns are left out and numbers replaced by 0 and 1 as long as the law stays broken, and then the power of two is
the smallest that still breaks it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stabilitylab.lab import (
    Block,
    Code,
    Column,
    Experiment,
    Finding,
    Listing,
    Measurement,
    Pivot,
    Probe,
    Rows,
    Size,
    Status,
    TableBlock,
    Text,
    bench,
    libraries,
    metamorphic,
    plain,
    run_file,
    superscript,
)

BRIEFLY = ("gnumeric", "libreoffice", "lineax")  # a call opens a document, or compiles for every new shape
HOLDS, BROKEN, REFUSED = "holds", "broken", "refused"
UNIT, ORIGIN, ROWS_ORDER, ADDED = "unit of a column", "origin of a column", "order of rows", "added column"


def rows(size: Size) -> Iterator[Probe]:
    """A probe for each library and law, with the routes to which the law can be put."""
    for library in libraries.each():
        routes = [entry for entry in libraries.catalog if entry.label.library == library and entry.label.available]
        thorough = int(size == "full" and library.name not in BRIEFLY)
        for name, law in metamorphic.LAWS.items():
            suited = tuple(r.label.name for r in routes if metamorphic.widths(r, law))
            if suited:
                yield Probe(name, suited, conditions=(("library", library.name), ("thorough", thorough)))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """What becomes of the law on each route."""
    return tuple(_measured(probe, solver) for solver in probe.solvers)


def _measured(probe: Probe, solver: str) -> Measurement:
    law = metamorphic.LAWS[probe.problem]
    tried = metamorphic.search(bench.route(solver), law, thorough=bool(probe["thorough"]))
    scores: dict[str, float | None] = {"apart": tried.furthest.apart, "pairs": tried.tried}
    said, broken = tried.furthest.solution, tried.violation
    if broken is None:
        outcome = HOLDS if tried.furthest.apart is not None else REFUSED
        status, note = (Status.SOLVED, "") if outcome == HOLDS else (said.status, said.note)
        return probe.row(solver, scores, status=status, note=note, facts={"outcome": outcome})
    witness = {
        "k": broken.witness.exponent,
        "difference": broken.apart,
        "script": metamorphic.script(solver, law, broken.witness),
    }
    return probe.row(
        solver,
        {**scores, "power": broken.power},
        status=said.status,
        note=said.note,
        warnings=said.warnings,
        facts={"outcome": BROKEN, **witness},
    )


# --- what is said of it


def verdict(row: Measurement) -> str:
    """Whether the law holds, and on how many pairs; or how far two answers are apart, and from which power on."""
    if row["facts.outcome"] == HOLDS:
        return f"holds ({row['pairs']:.0f})"
    power = f", 2{superscript(int(row.get('power')))}" if row.get("power") else ""
    return plain(float(f"{row['apart']:.0e}")) + power


def counts(rows: Rows, law: str) -> Mapping[str, float | str]:
    """How many routes a law was put to, how many break it, and how many of those say nothing but perhaps a rank."""
    asked = rows.where(problem=law)
    broken = [row for row in asked if row["facts.outcome"] == BROKEN]
    no_more_than_a_rank = ("SOLVED", "RANK_REDUCED", "REPORTS_LOWER_RANK")
    silent = [row for row in broken if row.status in no_more_than_a_rank and not row.warnings]
    names = ", ".join(f"`{row.solver}`" for row in broken)
    return {"asked": len(asked), "broken": len(broken), "silent": len(silent), "names": names or "none"}


def one(rows: Rows, solver: str, law: str) -> Measurement:
    """The row of a route and a law."""
    (row,) = rows.where(solver=solver, problem=law)
    return row


def times(rows: Rows, solver: str, law: str) -> dict[str, float]:
    """By how much a unit differs where the law breaks, and by how much the answers do."""
    row = one(rows, solver, law)
    return {"times": 2.0 ** abs(row["power"]), "apart": row["apart"]}


WITNESSES = Listing(
    "The smallest problem found that breaks each law, and the smallest power of two on it",
    (
        "solver",
        Column("problem", "law"),
        "facts.k",
        Column("facts.difference", format="scientific"),
    ),
    where={"facts__outcome": BROKEN},
    note="The page of each library holds a script for every law that it breaks.",
)


@dataclass(frozen=True)
class Witnesses:
    """The laws that a library's routes break, and for each law a script that shows it on the first of them."""

    def sections(self, rows: Rows) -> Mapping[str, Sequence[Block]]:
        """See `stabilitylab.lab.library_page.Section`."""
        made: dict[str, Sequence[Block]] = {}
        for name in rows.distinct("conditions.library"):
            own = Rows(tuple(row for row in rows if row["conditions.library"] == name))
            if own.any(facts__outcome=BROKEN):
                made[name] = [TableBlock(WITNESSES.table(own)), *_scripts(own.where(facts__outcome=BROKEN))]
        return made


def _scripts(broken: Rows) -> Iterator[Block]:
    """For each law, in the order of the rows, the script of the first route that breaks it."""
    for law in broken.distinct("problem"):
        row = next(iter(broken.where(problem=law)))
        if row.get("facts.script"):
            yield Text((f"The law of the {law}, broken by {row.solver}:",))
            yield Code(row["facts.script"], "python")


EXPERIMENT = Experiment(
    chapter=13,
    solvers=libraries.names(),
    rows=rows,
    measure=measure,
    limit=600,
    tables=(
        Pivot(
            "Which route obeys which law",
            value=verdict,
            note="holds (n): on n pairs of problems. Else the largest relative difference of two coefficients, or the "
            "largest fall of R²; and from which power of two on. A route that takes no weights gets its rows times the "
            "roots of the weights.",
        ),
        WITNESSES,
    ),
    sections=(Witnesses(),),
    findings=(
        Finding(
            "{broken} of {asked} routes change an answer when a column is measured in another unit, {silent} of them "
            "without a word, or with nothing but a lower rank among what is returned.",
            lambda rows: 5 * counts(rows, UNIT)["broken"] > counts(rows, UNIT)["asked"],
            lambda rows: counts(rows, UNIT),
        ),
        Finding(
            "scikit-learn's `LinearRegression` does so when the unit of one column is {times:,.0f} times as large; the "
            "difference is then {apart:.0%} of a coefficient.",
            lambda rows: 14 <= abs(one(rows, "sklearn.LinearRegression", UNIT)["power"]) <= 26,
            lambda rows: times(rows, "sklearn.LinearRegression", UNIT),
            needs=("sklearn.LinearRegression",),
        ),
        Finding(
            "{broken} of {asked} routes change a slope when its regressor is counted from another origin, by more than "
            "the conditioning of the new matrix excuses.",
            lambda rows: 5 * counts(rows, ORIGIN)["broken"] > counts(rows, ORIGIN)["asked"],
            lambda rows: counts(rows, ORIGIN),
        ),
        Finding(
            "R² falls when a column is added, for {broken} of {asked} routes: for `numpy.linalg.lstsq` by {fall:.1f}.",
            lambda rows: one(rows, "numpy.lstsq", ADDED)["apart"] > 0.1,
            lambda rows: {**counts(rows, ADDED), "fall": one(rows, "numpy.lstsq", ADDED)["apart"]},
        ),
        Finding(
            "Rows in another order change the answers of {broken} of {asked} routes: {names}.",
            lambda rows: 10 * counts(rows, ROWS_ORDER)["broken"] < counts(rows, ROWS_ORDER)["asked"],
            lambda rows: counts(rows, ROWS_ORDER),
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)
