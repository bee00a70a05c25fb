"""Is any digit of the certified solver wrong, on problems drawn to break it?

`stabilitylab.lstsq` is the certified solver: it promises that every coefficient is the double nearest to the exact one,
or says that it cannot. Each problem is solved by it and again by elimination in Python integers, which shares no code
with it. *Solved* means that the promise was kept, for every fourth problem of at most nine columns by residual sum of
squares, standard errors, t, R² and F too, as far as its kind has them. An exactly singular problem must be called
singular, and no other may be; a refusal promises nothing, and its reason is listed.

The first table counts problems that are drawn now; many kinds are as hard as float64 can hold. `stabilitylab run
fuzz_campaign --count 100000` draws more: the problem of a kind and a seed is always the same, so that a longer run
contains the shorter one. The second table adds up the parts of a long campaign, each of which was drawn once, by the
solver as it was then, and whose counts are kept beside this file. `python -m stabilitylab.probes.fuzz FILE --parts
FIRST BEYOND` counts another part.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stabilitylab.lab import Cell, Experiment, Probe, Rows, Size, Table, finding, fuzz, remedy, run_file

COUNT = {"quick": 130, "full": 650}
CHUNK = 50  # problems measured in one go: what an interruption can cost
VERDICTS = {verdict.name.lower().replace("_", " "): verdict for verdict in fuzz.RoundingVerdict}
UNSUCCESSFUL = ("refused", "wrong")
ROUTE = "by "
NOW, KEPT = "drawn now", "campaign"
FOLDER = Path(__file__).with_name("campaign")


def rows(size: Size, count: int | None = None) -> Iterable[Probe]:
    """Every kind in chunks, together at least `count` problems; then every kind in the parts of the campaign."""
    each = -(-(count or COUNT[size]) // len(fuzz.KINDS))
    for kind in fuzz.KINDS:
        for first in range(0, each, CHUNK):
            limits = ("first", first), ("beyond", min(first + CHUNK, each))
            yield Probe(kind, ("lstsq",), limits, (("drawn", NOW),))
    files = sorted(FOLDER.glob("*.csv"))
    contents = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    for kind in sorted({line.kind for line in fuzz.read_counts(files)}, key=list(fuzz.KINDS).index):
        yield Probe(kind, ("lstsq",), (("parts", contents[:12]),), (("drawn", KEPT),))


def measure(probe: Probe):
    """The verdicts on one chunk, and the routes of the certificates; or the sums over the parts of the campaign."""
    return (measured_now(probe) if probe["drawn"] == NOW else added_up(probe),)


def measured_now(probe: Probe):
    """The verdicts on one chunk, and the routes of the certificates."""
    routes: Counter[str] = Counter()

    def solve(task):
        found = fuzz.certified(task)
        routes[ROUTE + found.route] += 1
        return found

    verdicts = fuzz.count_verdicts(solve, probe.problem, range(probe["first"], probe["beyond"]))
    counts = {name: verdicts.count(verdict) for name, verdict in VERDICTS.items()}
    seeds = [seed for name in UNSUCCESSFUL for seed in verdicts.seeds.get(VERDICTS[name], ())]
    note = "; ".join(f"{probe.problem}, seed {seed}: {verdicts.reasons[seed]}" for seed in seeds)
    return probe.row("lstsq", {**counts, "figures": verdicts.figures, **routes}, note=note, truth="matrix")


def added_up(probe: Probe):
    """The sums over all parts that were counted."""
    lines = [line for line in fuzz.read_counts(sorted(FOLDER.glob("*.csv"))) if line.kind == probe.problem]
    names = {name: name.replace(" ", "_") for name in (*VERDICTS, "figures", "seconds")}
    counts = {name: sum(getattr(line, attribute) for line in lines) for name, attribute in names.items()}
    note = "; ".join(f"{probe.problem}, {line.reasons}" for line in lines if line.reasons)
    return probe.row("lstsq", counts, note=note, truth="matrix")


HOW = (
    "exact Gram matrix: A'A is formed in integers, without a rounding, and then solved by elimination in intervals "
    "(FLINT balls), in rationals, or from an inverse factor that is made better step by step (staged); float64 inverse "
    "factor: A itself is factored, and every rounding bounded. Each ends with a proof of every digit, or is not taken."
)


@dataclass(frozen=True)
class Totals:
    """The sum over the chunks or parts of every score that is wanted, for each kind."""

    title: str
    drawn: str = NOW
    routes: bool = False

    def table(self, rows: Rows) -> Table:
        """One line for each kind."""
        chosen = rows.where(conditions__drawn=self.drawn)
        scores = dict.fromkeys(name for row in chosen for name in row.scores if name.startswith(ROUTE))
        names = sorted(scores) if self.routes else [*VERDICTS, "figures"]
        body = []
        for kind in chosen.distinct("problem"):
            of_kind = chosen.where(problem=kind)
            body.append((Cell(kind, kind), *(self._cell(of_kind, name) for name in names)))
        notes = () if self.routes else tuple(f"{name}: {verdict.value}." for name, verdict in VERDICTS.items())
        if notes:
            notes = (*notes, "figures: numbers compared besides the coefficients, all of which are.")
            notes = (*notes, *(f"{kind}: {fuzz.described(kind)}" for kind in chosen.distinct("problem")))
        else:
            notes = (HOW,)
        return Table(self.title, ("problems", *names), (False, *(True for _ in names)), tuple(body), notes)

    def _cell(self, rows: Rows, name: str) -> Cell:
        count = total(rows, name)
        listed = tuple(row.note for row in rows if row.note) if count and name in UNSUCCESSFUL else ()
        return Cell(f"{count:,}", count, details=listed)


def total(rows: Rows, name: str) -> int:
    """The sum of a count over the rows."""
    return int(sum(row.scores.get(name) or 0 for row in rows))


def totals(rows: Rows) -> dict[str, int | str]:
    """The sum of every verdict over the problems drawn now, and of all; beyond: the kinds of those out of range."""
    return summed(rows.where(conditions__drawn=NOW))


def campaigned(rows: Rows) -> dict[str, float | str]:
    """The same over the parts of the campaign, with the figures compared and the hours of one processor core."""
    kept = rows.where(conditions__drawn=KEPT)
    hours = sum(row.scores["seconds"] or 0 for row in kept) / 3600
    return {**summed(kept), "figures": total(kept, "figures"), "hours": hours}


def summed(rows: Rows) -> dict[str, int | str]:
    """The sum of every verdict, and of all; beyond: how many of which kinds are out of range."""
    counts = {name.replace(" ", "_"): total(rows, name) for name in VERDICTS}
    of_kinds = {kind: total(rows.where(problem=kind), "out of range") for kind in rows.distinct("problem")}
    beyond = ", ".join(f"{kind} {count:,}" for kind, count in of_kinds.items() if count)
    return {**counts, "drawn": sum(counts.values()), "beyond": f" ({beyond})" if beyond else ""}


CODE = """
import numpy as np
import stabilitylab as sl

A = np.array([[1.0, 1.0], [1.0, 1.0 + 2.0**-50], [1.0, 1.0 - 2.0**-50]])
b = np.array([3.0, 3.0 + 2.0**-49, 3.0 - 2.0**-49])  # A times (1, 2), without a rounding


def digits(x):
    return max(0.0, min(15.95, -np.log10(max(abs(x / [1, 2] - 1).max(), 1e-99))))


print(f"{digits(np.linalg.lstsq(A, b)[0]):.1f} digits by numpy.linalg.lstsq")  # 0 digits
# It warns: a change of these numbers within their rounding changes every digit. As they are, it is right.
print(f"{digits(sl.lstsq(A, b).x):.1f} digits by the certified solver")  # 16 digits
"""

EXPERIMENT = Experiment(
    chapter=7,
    rows=rows,
    measure=measure,
    limit=600,
    tables=(
        Totals("What became of the problems of each kind"),
        Totals("What became of the problems of each kind in the campaign", KEPT),
        Totals("How the digits were proven", routes=True),
    ),
    findings=(
        finding(
            "Of {drawn} problems {solved} are solved, each coefficient the double nearest to the exact value, "
            "{singular} are exactly singular, and {out_of_range} have a coefficient beyond the range of a "
            "double{beyond}; refused: {refused}; wrong answers of any sort: {wrong}.",
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
        finding(
            "The parts of the campaign hold {drawn:,} problems: {solved:,} solved, {singular:,} exactly singular, "
            "{out_of_range:,} out of range{beyond}, {refused:,} refused and {wrong:,} wrong. {figures:,} figures were "
            "compared besides the coefficients, in {hours:.1f} hours of one processor core, oracle included.",
            campaigned,
            lambda n: n["wrong"] == 0 and 100 * n["refused"] < n["drawn"],
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
    ),
)

if __name__ == "__main__":
    run_file(__file__)
