"""Is any digit of the certified solver wrong, on thousands of problems drawn to break it?

Each problem is solved by `stabilitylab.lstsq` and again by elimination in Python integers, which shares no code with
it. *Solved* means that every coefficient is the double nearest to the exact one. An exactly singular problem must be
called singular, and no other may be; a refusal claims nothing, and its seed is listed. `--count 100000` draws more:
the problem of a kind and a seed is always the same, so that a longer campaign contains the shorter one.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from stabilitylab.lab import Cell, Experiment, Finding, Probe, Rows, Size, Table, fuzz, lstsq, run_file

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
        Finding(
            "Of {drawn} problems {solved} are solved, and not one coefficient is another than the double nearest to "
            "the exact value; the wrong answers of any sort are {wrong}.",
            lambda rows: totals(rows)["wrong"] == 0 and 2 * totals(rows)["solved"] > totals(rows)["drawn"],
            totals,
        ),
        Finding(
            "Exactly singular problems are recognised: all {singular} of them, and no others.",
            lambda rows: totals(rows)["singular"] > 0 and totals(rows)["wrong"] == 0,
            totals,
        ),
        Finding(
            "Refusals are rarer than one in a hundred: {refused}.",
            lambda rows: 100 * totals(rows)["refused"] < totals(rows)["drawn"],
            totals,
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)
