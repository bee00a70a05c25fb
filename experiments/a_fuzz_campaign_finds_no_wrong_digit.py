"""Is any digit of the certified solver wrong, on thousands of problems drawn to break it?

`stabilitylab.lstsq` is the certified solver: it promises that every coefficient is the double nearest to the exact one,
or says that it cannot. Each problem is solved by it and again by elimination in Python integers, which shares no code
with it. *Solved* means that the promise was kept. An exactly singular problem must be called singular, and no other may
be; a refusal promises nothing, and its seed is listed. The first table counts what became of each kind of problem, many
of them drawn to be as hard as float64 can hold. `--count 100000` draws more: the problem of a kind and a seed is always
the same, so that a longer campaign contains the shorter one.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from stabilitylab.lab import Cell, Experiment, Probe, Rows, Size, Table, finding, fuzz, lstsq, remedy, run_file

COUNT = {"quick": 130, "full": 650}
CHUNK = 50  # problems measured in one go: what an interruption can cost
VERDICTS = {verdict.name.lower().replace("_", " "): verdict for verdict in fuzz.RoundingVerdict}
UNSUCCESSFUL = ("refused", "wrong")
ROUTE = "by "


def rows(size: Size, count: int | None = None) -> Iterable[Probe]:
    """Every kind in chunks; together at least `count` problems."""
    each = -(-(count or COUNT[size]) // len(fuzz.KINDS))
    for kind in fuzz.KINDS:
        for first in range(0, each, CHUNK):
            yield Probe(kind, ("lstsq",), (("first", first), ("beyond", min(first + CHUNK, each))))


def measure(probe: Probe):
    """The verdicts on one chunk, and the routes of the certificates."""
    routes: Counter[str] = Counter()

    def solve(A, b):
        fit = lstsq(A, b)
        routes[ROUTE + fit.certificate.route] += 1
        return fit.x

    verdicts = fuzz.count_verdicts(solve, probe.problem, range(probe["first"], probe["beyond"]))
    counts = {name: verdicts.count(verdict) for name, verdict in VERDICTS.items()}
    seeds = {name: verdicts.seeds[VERDICTS[name]] for name in UNSUCCESSFUL if counts[name]}
    note = "; ".join(f"{name}, {probe.problem}: seed {', '.join(map(str, drawn))}" for name, drawn in seeds.items())
    return (probe.row("lstsq", {**counts, **routes}, note=note, truth="matrix"),)


@dataclass(frozen=True)
class Totals:
    """The sum over the chunks of every score that `wanted` names, for each kind."""

    title: str
    routes: bool = False

    def table(self, rows: Rows) -> Table:
        """One line for each kind."""
        scores = dict.fromkeys(name for row in rows for name in row.scores if name.startswith(ROUTE))
        names = sorted(scores) if self.routes else list(VERDICTS)
        body = []
        for kind in rows.distinct("problem"):
            of_kind = rows.where(problem=kind)
            body.append((Cell(kind, kind), *(self._cell(of_kind, name) for name in names)))
        notes = () if self.routes else tuple(f"{name}: {verdict.value}." for name, verdict in VERDICTS.items())
        return Table(self.title, ("problems", *names), (False, *(True for _ in names)), tuple(body), notes)

    def _cell(self, rows: Rows, name: str) -> Cell:
        count = total(rows, name)
        listed = tuple(row.note for row in rows if row.note) if count and name in UNSUCCESSFUL else ()
        return Cell(str(count), count, details=listed)


def total(rows: Rows, name: str) -> int:
    """The sum of a count over the rows."""
    return int(sum(row.scores.get(name) or 0 for row in rows))


def totals(rows: Rows) -> dict[str, int]:
    """The sum of every verdict, and of all."""
    counts = {name.replace(" ", "_"): total(rows, name) for name in VERDICTS}
    return {**counts, "drawn": sum(counts.values())}


CODE = """
import numpy as np
import stabilitylab as sl

A = np.array([[1.0, 1.0], [1.0, 1.0 + 2.0**-50], [1.0, 1.0 - 2.0**-50]])
b = np.array([3.0, 3.0 + 2.0**-49, 3.0 - 2.0**-49])  # A times (1, 2), without a rounding


def digits(x):
    return max(0.0, min(15.95, -np.log10(max(abs(x / [1, 2] - 1).max(), 1e-99))))


print(f"{digits(np.linalg.lstsq(A, b)[0]):.1f} digits by numpy.linalg.lstsq")  # 0 digits
print(f"{digits(sl.lstsq(A, b).x):.1f} digits by the certified solver")  # 16 digits
"""

EXPERIMENT = Experiment(
    chapter=7,
    rows=rows,
    measure=measure,
    limit=600,
    tables=(
        Totals("What became of the problems of each kind"),
        Totals("How the digits were proven", routes=True),
    ),
    findings=(
        finding(
            "Of {drawn} problems {solved} are solved, each coefficient the double nearest to the exact value; wrong "
            "answers of any sort: {wrong}.",
            totals,
            lambda n: n["wrong"] == 0 and 2 * n["solved"] > n["drawn"],
        ),
        finding(
            "Exactly singular problems are recognised: {singular} were called singular, and {wrong} answers of any "
            "sort were wrong.",
            totals,
            lambda n: n["singular"] > 0 and n["wrong"] == 0,
        ),
        finding(
            "Refusals are rarer than one in a hundred: {refused} of {drawn}.",
            totals,
            lambda n: 100 * n["refused"] < n["drawn"],
        ),
    ),
    remedies=(
        remedy(
            "Where a wrong digit is not to be risked, call `stabilitylab.lstsq`: of {drawn} hard problems it solved "
            "{solved} to the last bit, called {singular} singular and refused {refused}; {wrong} answers were wrong.",
            totals,
            lambda n: n["wrong"] == 0 and 2 * n["solved"] > n["drawn"],
            CODE,
        ),
    ),
    symptoms=(
        "is this coefficient right to the last digit?",
        "is my matrix singular, or only nearly so?",
        "coefficients of 1e15",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
