"""Does a program give the same digits when it runs over another BLAS?

R, GNU Octave, gretl and Scilab compute with the BLAS and LAPACK that the system gives them, and what that is depends on
the packages installed: the reference BLAS, OpenBLAS and others add the same products in different orders, which rounds
differently. Here every
route of these programs answers the NIST regressions and everyday data over each BLAS that is installed. The BLAS is
chosen for one process at a time, by preloading its files, and the memory map of the running program shows that it was
loaded; a row whose program had loaded another is no answer. The decimal truth is scored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stabilitylab.lab import (
    Cell,
    Experiment,
    Finding,
    HeatMap,
    Measurement,
    Pivot,
    Probe,
    Remedy,
    Rows,
    Size,
    Status,
    Table,
    answer,
    bench,
    installed_blas,
    libraries,
    one_decimal,
    preloading,
    problems,
    run_file,
)

PROGRAMS = ("gretl", "octave", "r", "scilab")
EVERYDAY = ("real.income_and_rate", "real.timestamps_s", "real.years")
QUICK = ("nist.norris", "nist.wampler1", "nist.filip", "real.income_and_rate")
NIST = tuple(name for name in problems.names() if name.startswith("nist."))
AS_INSTALLED = "as installed"  # where the system does not keep several BLAS beside each other
GMP = "gretl.mpols"
DIGIT = 1.0  # a smaller movement is no rank


def choices() -> Mapping[str, tuple[str, ...]]:
    """Each BLAS with its files; where none can be chosen, the one that is loaded anyway."""
    return installed_blas() or {AS_INSTALLED: ()}


def rows(size: Size) -> Iterator[Probe]:
    """A probe for each problem and BLAS: the routes of the programs here that take the problem."""
    entries = [entry for entry in libraries.catalog if entry.label.library.name in PROGRAMS and entry.label.available]
    for problem in QUICK if size == "quick" else (*NIST, *EVERYDAY):
        built = problems.get(problem)()
        solvers = tuple(entry.label.name for entry in entries if not bench.unsuited(entry.label, built))
        for blas in choices() if solvers else ():
            yield Probe(problem, solvers, conditions=(("blas", blas),))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The row of each route in a process that has the BLAS of the probe loaded."""
    blas, problem = str(probe["blas"]), problems.get(probe.problem)()
    environment = preloading(choices().get(blas, ()))
    made = []
    for solver in probe.solvers:
        row = answer(bench.route(solver), problem, "decimal", {"blas": blas}, environment=environment)
        if environment and row["facts.blas"] != blas:
            note = f"its process had loaded {row['facts.blas']}"
            row = probe.row(solver, {"digits.min": None}, status=Status.REFUSED, note=note, truth="decimal")
        made.append(row)
    return tuple(made)


# --- what is said of it


def short(row: Measurement) -> str:
    """The BLAS of a row with its version, without the build."""
    return row["conditions.blas"].partition(" (")[0]


def route_and_blas(row: Measurement) -> str:
    """The route of a row with the BLAS it ran over."""
    return f"{row.solver} ({short(row)})"


def by_cell(rows: Rows) -> dict[tuple[str, str], dict[str, Measurement]]:
    """(route, problem) -> BLAS -> the row, of those that more than one BLAS answered."""
    cells: dict[tuple[str, str], dict[str, Measurement]] = {}
    for row in rows:
        if row.answered and row["digits.min"] is not None:
            cells.setdefault((row.solver, row.problem), {})[short(row)] = row
    return {cell: of for cell, of in cells.items() if len(of) > 1}


def digits(rows_of: Mapping[str, Measurement]) -> dict[str, float]:
    """BLAS -> digits."""
    return {blas: row["digits.min"] for blas, row in rows_of.items()}


def moved(rows_of: Mapping[str, Measurement]) -> float:
    """Digits between the best and the worst BLAS."""
    kept = digits(rows_of).values()
    return max(kept) - min(kept)


def movers(rows: Rows) -> set[str]:
    """The routes whose digits move by more than one between two BLAS on some problem."""
    return {solver for (solver, _), of in by_cell(rows).items() if moved(of) > DIGIT}


def largest(rows: Rows) -> dict[str, Any]:
    """The largest movement: route, problem, and the digits over the better and the worse BLAS."""
    (solver, problem), of = max(by_cell(rows).items(), key=lambda item: moved(item[1]))
    kept = digits(of)
    better, worse = max(kept, key=kept.__getitem__), min(kept, key=kept.__getitem__)
    return {
        "route": solver,
        "problem": problem,
        "better": better,
        "worse": worse,
        "high": kept[better],
        "low": kept[worse],
        "most": moved(of),
    }


def counts(rows: Rows) -> dict[str, Any]:
    """How many answers change in some bit, and how many routes move by more than a digit, and where."""
    cells = by_cell(rows)
    wide = sorted({problem for (_, problem), of in cells.items() if moved(of) > DIGIT})
    return {
        "answers": len(cells),
        "changed": sum(len({row.x for row in of.values()}) > 1 for of in cells.values()),
        "routes": len({solver for solver, _ in cells}),
        "moving": len(movers(rows)),
        "where": ", ".join(f"`{name}`" for name in wide),
    }


def ahead(rows: Rows) -> dict[str, int]:
    """For each BLAS how often it alone is ahead of all others by more than a quarter of a digit."""
    won = dict.fromkeys(map(short, rows), 0)
    for of in by_cell(rows).values():
        (best, first), (_, second) = sorted(digits(of).items(), key=lambda item: -item[1])[:2]
        won[best] += first - second > DIGIT / 4
    return won


def compared(rows: Rows) -> bool:
    """Whether there is more than one BLAS to compare."""
    return bool(by_cell(rows))


def saved(rows: Rows) -> float:
    """The most digits over one BLAS where over another there is less than one."""
    return max((max(digits(of).values()) for of in by_cell(rows).values() if min(digits(of).values()) < 1), default=0.0)


def gmp(rows: Rows) -> dict[str, Any]:
    """Of gretl's mpols the fewest digits on a problem where another route moves, and whether any bit changes."""
    cells = by_cell(rows)
    wide = {problem for (_, problem), of in cells.items() if moved(of) > DIGIT}
    own = {problem: of for (solver, problem), of in cells.items() if solver == GMP}
    kept = [min(digits(own[problem]).values()) for problem in wide & set(own)]
    return {"fewest": min(kept, default=0.0), "bits": max(len({row.x for row in of.values()}) for of in own.values())}


@dataclass(frozen=True)
class Leaderboard:
    """All routes; one that moves by more than a digit stands once for each BLAS, the others with their worst."""

    title: str

    def table(self, rows: Rows) -> Table:
        """See `Tabulation`."""
        apart = movers(rows)

        def route(row: Measurement) -> str:
            return route_and_blas(row) if row.solver in apart else row.solver

        return Pivot(self.title, rows=route, reduce="min", sort="leaderboard").table(rows)


@dataclass(frozen=True)
class Movements:
    """The answers whose digits move most, with the digits over each BLAS."""

    title: str
    count: int = 15

    def table(self, rows: Rows) -> Table:
        """See `Tabulation`."""
        names = sorted(set(map(short, rows)))
        most = sorted(by_cell(rows).items(), key=lambda item: (-moved(item[1]), item[0]))[: self.count]
        body = []
        for (solver, problem), of in most:
            kept = digits(of)
            cells = [Cell(one_decimal(kept[name]), kept[name]) if name in kept else Cell("—") for name in names]
            body.append((Cell(solver), Cell(problem), *cells, Cell(one_decimal(moved(of)), moved(of))))
        header = ("route", "problem", *names, "between them")
        scored = (False, False, *(True for _ in names), True)
        notes = (
            "Scored against the decimal truth; data in float64.",
            "Differences are taken before the digits are rounded to one decimal.",
        )
        return Table(self.title, header, scored, tuple(body), notes)


EXPERIMENT = Experiment(
    chapter=17,
    solvers=tuple(f"{name}.*" for name in PROGRAMS),
    rows=rows,
    measure=measure,
    tables=(
        Leaderboard("Correct digits; a route that the BLAS moves by more than a digit stands once for each"),
        Movements("The answers that another BLAS moves most"),
    ),
    figures=(
        HeatMap(
            "The default call of each program over each BLAS",
            rows=route_and_blas,
            where={"solver": tuple(name for name in libraries.defaults() if name.partition(".")[0] in PROGRAMS)},
        ),
    ),
    symptoms=(
        "my script gives other digits on another computer, in the same version of R, Octave, gretl or Scilab",
        "the digits changed after an upgrade of the system",
    ),
    findings=(
        Finding(
            "The same call of the same program moves by {most:.1f} digits when only the BLAS is another: `{route}` "
            "keeps {high:.1f} digits of `{problem}` over {better} and {low:.1f} over {worse}.",
            lambda rows: largest(rows)["most"] > DIGIT if compared(rows) else None,
            largest,
        ),
        Finding(
            "{changed} of {answers} answers differ in some bit, and {moving} of {routes} routes move by more than a "
            "digit, on {where}.",
            lambda rows: counts(rows)["changed"] > counts(rows)["answers"] / 4 if compared(rows) else None,
            counts,
        ),
        Finding(
            "No BLAS is the better one: each is ahead of the other by more than a quarter of a digit {fewest} times or "
            "more.",
            lambda rows: min(ahead(rows).values()) >= 3 if compared(rows) else None,
            lambda rows: {"fewest": min(ahead(rows).values())},
        ),
        Finding(
            "No answer that is lost over one BLAS is saved by another: where less than one digit is right over one, at "
            "most {saved:.1f} digits are right over the other.",
            lambda rows: saved(rows) < 2 if compared(rows) else None,
            lambda rows: {"saved": saved(rows)},
        ),
    ),
    remedies=(
        Remedy(
            "Arithmetic that does not go through the BLAS gives the same bits over each: gretl's `mpols`, in numbers "
            "of 256 bits, and at least {fewest:.1f} digits where other routes move.",
            lambda rows: gmp(rows)["bits"] == 1 and gmp(rows)["fewest"] > 12 if compared(rows) else None,
            gmp,
            needs=(GMP,),
            code=(
                "import stabilitylab as sl\n\n"
                'problem = sl.problems.get("nist.norris")()\n'
                'print(sl.measure("gretl.mpols", problem, truth="decimal"))\n'
                'print(sl.lstsq(problem, truth="decimal").x)  # likewise: the exact solution, rounded once'
            ),
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)
