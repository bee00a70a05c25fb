"""Do regressions that must have the same answer get the same answer?

Measure a column in another unit, put the rows in another order, count a regressor from another origin, give every row
twice: the coefficients of the new regression follow from those of the old one, exactly. Such a law needs no reference:
two answers that contradict each other cannot both be right. A power of two makes the new problem without a rounding.
Every problem here is a handful of small integers and well posed, so that two right answers agree in at least six digits
in float64; in float32, and for an origin far away, in as many as the conditioning leaves.

The first table shows, for the default call of each library, which laws hold. Where one does not, it has two numbers,
as a rule of different problems: the largest difference of two answers over all problems and powers of two tried, and
the power from which on the law is broken at all, perhaps by much less.

What breaks a law is then made smaller: rows and columns are left out and numbers replaced by 0 and 1 as long as the law
stays broken, and then the power of two is brought nearer to 1. The smallest problem found is in the appendix and, with
a script, on the page of its library. Its power and its difference are its own, not those of the first table.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stabilitylab.lab import (
    Block,
    Code,
    Column,
    Experiment,
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
    finding,
    libraries,
    metamorphic,
    plain,
    remedy,
    run_file,
    superscript,
)

TOLERANCE = metamorphic.TOLERANCE
BRIEFLY = ("gnumeric", "libreoffice", "lineax")  # a call opens a document, or compiles for every new shape
HOLDS, BROKEN, REFUSED = "holds", "broken", "refused"
NUMPY, SKLEARN = "numpy.lstsq", "sklearn.LinearRegression"
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


LAWS_OBEYED = (
    "holds (n): on n pairs of problems. Else the largest relative difference of two coefficients, or the largest fall "
    "of R², over all problems and powers of two tried; a mark beside it says how the route ended there. In brackets "
    "the power of two nearest to 1, above or below, at which the first problem that broke the law still does, found by "
    "bisection: the difference there is more than 1e-6 and what rounding explains, but may be far below the largest. "
    "Without brackets no power of two is needed. A mark alone: how the route ended on the first problem that it did "
    "not answer; it broke the law on no other. A route without weights gets its rows times the roots of the weights."
)

UNITS = """
import numpy as np

rng = np.random.default_rng(0)
A = rng.integers(-9, 10, (12, 3)).astype(float)
b = A @ [1.0, 2.0, 3.0] + rng.integers(-3, 4, 12)
unit = np.array([1.0, 1.0, 2.0**50])  # the third column in another unit


def digits(x, y):  # in which two answers to the same question agree
    return max(0.0, min(15.95, -np.log10(max(abs(x / y - 1).max(), 1e-99))))


def scaled(A, b):
    norms = np.linalg.norm(A, axis=0)
    return np.linalg.lstsq(A / norms, b)[0] / norms


x, y = np.linalg.lstsq(A, b)[0], np.linalg.lstsq(A * unit, b)[0] * unit
print(f"{digits(x, y):.1f} digits agree, columns as they are")  # 0 digits
print(f"{digits(scaled(A, b), scaled(A * unit, b) * unit):.1f} digits agree, columns of norm 1")  # 16 digits
"""

SCALER = """
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(0)
X = rng.integers(-9, 10, (12, 3)).astype(float)
b = X @ [1.0, 2.0, 3.0] + rng.integers(-3, 4, 12)
unit = np.array([1.0, 1.0, 2.0**24])  # the third column in another unit


def digits(x, y):  # in which two answers to the same question agree
    return max(0.0, min(15.95, -np.log10(max(abs(x / y - 1).max(), 1e-99))))


def plain(X):
    return LinearRegression().fit(X, b).coef_


def scaled(X):
    scaler, model = make_pipeline(StandardScaler(), LinearRegression()).fit(X, b).named_steps.values()
    return model.coef_ / scaler.scale_


print(f"{digits(plain(X), plain(X * unit) * unit):.1f} digits agree, columns as they are")  # 0 digits
print(f"{digits(scaled(X), scaled(X * unit) * unit):.1f} digits agree with StandardScaler")  # 16 digits
"""


def breaks(row: Measurement) -> bool:
    """Whether the route broke the law: then the row has a smallest power of two that does."""
    return "power" in row.scores


def verdict(row: Measurement) -> str:
    """Whether the law holds, and on how many pairs; or the largest difference, and from which power it breaks."""
    if row["facts.outcome"] == HOLDS:
        return f"holds ({row['pairs']:.0f})"
    power = f" (from 2{superscript(int(row.get('power')))})" if row.get("power") else ""
    return plain(float(f"{row['apart']:.0e}")) + power


def answered(row: Measurement) -> bool:
    """Whether the law was decided: the route answered every problem of it, or broke it on those that it answered."""
    return row["apart"] is not None


def counts(rows: Rows, law: str) -> Mapping[str, int | str]:
    """How many routes decide a law, how many of them break it, and how many leave a problem of it unanswered."""
    own = rows.where(problem=law)
    broken = [row for row in own if breaks(row)]
    names = ", ".join(f"`{row.solver}`" for row in broken)
    decided = sum(map(answered, own))
    return {"all": decided, "missing": len(own) - decided, "broken": len(broken), "names": names or "none"}


def unreported(rows: Rows, law: str) -> Mapping[str, int | str]:
    """The same, and how many of those that break it are silent at the largest difference, or tell by a rank only."""
    unwarned = [row.status for row in rows.where(problem=law) if breaks(row) and not row.warnings]
    return {
        **counts(rows, law),
        "silent": unwarned.count("SOLVED"),
        "rank": len(unwarned) - unwarned.count("SOLVED") - unwarned.count("DROPPED"),
    }


def above(rows: Rows, law: str) -> Mapping[str, int | str]:
    """`counts`, and how many routes' answers differ by more than the tolerance of every route, broken or not."""
    differences = [row["apart"] for row in rows.where(problem=law) if row["apart"] is not None]
    return {**counts(rows, law), "above": sum(apart > TOLERANCE for apart in differences)}


def obeyed(one: str, other: str):
    """Numbers of a remedy: how many laws both routes decide, and how many of these the one and the other break."""

    def numbers(rows: Rows) -> dict[str, int]:
        decided = [{row.problem: breaks(row) for row in rows.where(solver=s) if answered(row)} for s in (one, other)]
        both = decided[0].keys() & decided[1].keys()
        return {
            "both": len(both),
            **{f"broken {place}": sum(of[law] for law in both) for place, of in enumerate(decided)},
        }

    return numbers


def one(rows: Rows, solver: str, law: str) -> Measurement:
    """The row of a route and a law."""
    (row,) = rows.where(solver=solver, problem=law)
    return row


def times(rows: Rows, solver: str, law: str) -> dict[str, float]:
    """From how large a unit on the law is broken, and the largest difference of answers in all units tried."""
    row = one(rows, solver, law)
    return {"times": 2.0 ** -row["power"], "apart": row["apart"]}


WITNESSES = Listing(
    "The smallest problem found that breaks each law: the smallest power of two on it, and the difference there",
    (
        "solver",
        Column("problem", "law"),
        "facts.k",
        Column("facts.difference", format="scientific"),
    ),
    where={"facts__outcome": BROKEN},
    note="Difference: of two coefficients, relative; for an added column the fall of R². k and it belong to "
    "this problem, at 2ᵏ. Those in the chapter's tables of laws belong to the problems before they were made "
    "smaller, and may be smaller or larger. Of Gnumeric, LibreOffice and Lineax, whose calls are slow, no problem is "
    "made smaller. The page of each library holds a script for every law that it breaks.",
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
            yield Text((f'The law "{law}", broken by {row.solver}:',))
            yield Code(row["facts.script"], "python")


EXPERIMENT = Experiment(
    chapter=13,
    solvers=libraries.names(),
    rows=rows,
    measure=measure,
    limit=600,
    tables=(
        Pivot(
            "Which default call obeys which law",
            value=verdict,
            where={"solver": libraries.defaults()},
            note=LAWS_OBEYED,
        ),
    ),
    appendix=(Pivot("Which route obeys which law", value=verdict, note=LAWS_OBEYED), WITNESSES),
    sections=(Witnesses(),),
    findings=(
        finding(
            "{broken} of {all} routes change an answer when a column is measured in another unit: {silent} of them are "
            "silent where the difference is largest, and of {rank} only the rank tells. {missing} others do not answer "
            "every problem.",
            lambda rows: unreported(rows, UNIT),
            lambda n: 5 * n["broken"] > n["all"],
        ),
        finding(
            "scikit-learn's `LinearRegression` does so from a unit of one column on that is {times:,.0f} times as "
            "large; the largest difference, over all units tried, is {apart:.0%} of a coefficient.",
            lambda rows: times(rows, SKLEARN, UNIT),
            lambda n: 2.0**14 <= n["times"] <= 2.0**26 and n["apart"] > 0.1,
            needs=(SKLEARN,),
        ),
        finding(
            "{broken} of {all} routes change a slope when its regressor is counted from another origin, by more than "
            "the conditioning of the new matrix excuses. {missing} others do not answer every problem.",
            lambda rows: counts(rows, ORIGIN),
            lambda n: 5 * n["broken"] > n["all"],
        ),
        finding(
            "R² falls when a column is added, for {broken} of {all} routes: for `numpy.linalg.lstsq` by up to "
            "{fall:.1f}, before any problem is made smaller. {missing} others do not answer every problem.",
            lambda rows: {**counts(rows, ADDED), "fall": one(rows, NUMPY, ADDED)["apart"]},
            lambda n: n["fall"] > 0.1 and n["broken"] > 0,
        ),
        finding(
            "On these problems of a few rows, none of them ill-conditioned, rows in another order change the answers "
            "of {broken} of {all} routes by more than 1e-6: {names}.",
            lambda rows: above(rows, ROWS_ORDER),
            lambda n: n["above"] == n["broken"] and 10 * n["broken"] < n["all"],
        ),
    ),
    remedies=(
        remedy(
            "Divide each column by its norm before the call, and each coefficient after it, as `numpy.polyfit` does: "
            "of the {both} laws that both were put to and answered, it breaks {broken 0} (on straight lines only) and "
            "`numpy.linalg.lstsq` {broken 1}.",
            obeyed("numpy.polyfit", NUMPY),
            lambda n: n["broken 0"] == 0 < n["broken 1"] <= n["both"],
            UNITS,
            needs=(NUMPY,),
        ),
        remedy(
            "Put a `StandardScaler` before scikit-learn's `LinearRegression`: of the {both} laws that it answers with "
            "and without one, it breaks {broken 0} with it and {broken 1} without.",
            obeyed("sklearn.StandardScaler_LinearRegression", SKLEARN),
            lambda n: n["broken 0"] == 0 < n["broken 1"] <= n["both"],
            SCALER,
            needs=(SKLEARN,),
        ),
    ),
    symptoms=(
        "coefficients change when a column is measured in another unit",
        "the answer depends on the order of rows or columns",
        "R² falls when a column is added",
        "the slope changes when time is counted from another day",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
