"""Which library keeps the digits of everyday data, and when they are gone, does anybody say so?

Incomes beside rates, years, time stamps, dummies beside an intercept, and random matrices of growing condition number,
with the eleven NIST regressions: every entry point of every library and program on the bench. An answer is called wrong
when some coefficient has not one correct digit although the data support four; problems that are exactly rank
deficient have several right answers, and each route is scored against the policy that it declares. A refusal, a NaN or
an NA, a warning, a lower rank in what is returned: these are ways of saying so. The worst is to say nothing.
"""

from stabilitylab.lab import (
    Cell,
    Experiment,
    Finding,
    HeatMap,
    Pivot,
    Reporting,
    Rows,
    Table,
    WorstAnswers,
    case,
    cases,
    how_reported,
    libraries,
    problems,
    run_file,
)

EVERYDAY = (
    case("real.income_and_rate"),
    case("real.years", degree=1),
    case("real.years", degree=2),
    case("real.years", degree=3),
    case("real.timestamps_s"),
    case("real.timestamps_ms"),
    case("real.timestamps_ns"),
    case("real.one_hot"),
)
RANDOM = cases("synthetic.randsvd", cond=(1e4, 1e8, 1e12), seed=0)
NIST = tuple(case(name) for name in problems.names() if name.startswith("nist."))
NAMES = tuple(recipe.build().name for recipe in (*EVERYDAY, *RANDOM))
DEFAULTS = libraries.defaults()


class Voices:
    """How often each route was wrong, and how that could be heard."""

    def table(self, rows: Rows) -> Table:
        """One line for each route, those that are silent most often first."""
        counts = {name: _counted(rows.where(solver=name)) for name in rows.distinct("solver")}
        order = sorted(counts, key=lambda name: [-counts[name][reporting] for reporting in reversed(Reporting)])
        header = ("solver", "problems", *(reporting.value for reporting in reversed(Reporting)))
        body = tuple(
            (
                Cell(name, name),
                Cell(str(len(rows.where(solver=name))), len(rows.where(solver=name))),
                *(Cell(str(counts[name][reporting]), counts[name][reporting]) for reporting in reversed(Reporting)),
            )
            for name in order
        )
        note = (
            "Wrong: not one correct digit in some coefficient, although the data support four, or no answer at all. "
            "Scored against the decimal truth."
        )
        return Table("Wrong answers, and what the caller heard", header, (False,) * len(header), body, (note,))


def _counted(rows: Rows) -> dict[Reporting, int]:
    reported = [how_reported(row) for row in rows]
    return {reporting: reported.count(reporting) for reporting in Reporting}


def silence(rows: Rows) -> dict[str, int]:
    """Wrong answers of library routes in all, and how many of them came without a word, or with a rank only."""
    counts = _counted(rows)
    return {
        "wrong": sum(counts.values()),
        "silent": counts[Reporting.SILENT],
        "rank": counts[Reporting.RANK_ONLY],
        "routes": len({row.solver for row in rows if how_reported(row) is Reporting.SILENT}),
        "all": len(rows.distinct("solver")),
    }


def digits(rows: Rows, solver: str, problem: str) -> float:
    """Correct digits of the worst coefficient; no answer is no digits."""
    (row,) = rows.where(solver=solver, problem=problem)
    return row["digits.min"] or 0.0


EXPERIMENT = Experiment(
    chapter=11,
    problems=(*EVERYDAY, *RANDOM, *NIST),
    quick=(*EVERYDAY, *RANDOM, case("nist.filip"), case("nist.pontius"), case("nist.longley")),
    solvers=libraries.names(),
    truths=("decimal",),
    metrics=("digits.min", "digits.supported", "digits.statistical"),
    tables=(
        Voices(),
        Pivot("Correct digits of everyday data", where={"problem": NAMES}, flag="silence"),
    ),
    figures=(
        HeatMap(
            "Everyday data, default calls: nearly every library loses some answer whole",
            where={"problem": NAMES, "solver": DEFAULTS},
            sort="leaderboard",
            flag="silence",
        ),
    ),
    sections=(WorstAnswers(),),
    findings=(
        Finding(
            "Of {wrong} wrong answers, {silent} came without a word and {rank} with nothing but a lower rank among "
            "what was returned. {routes} of {all} entry points were silent at least once.",
            lambda rows: silence(rows)["silent"] + silence(rows)["rank"] > silence(rows)["wrong"] / 10,
            silence,
        ),
        Finding(
            "scikit-learn's `LinearRegression` keeps {kept:.1f} digits of the coefficient of a rate beside an income, "
            "where `numpy.linalg.lstsq` keeps {numpy:.1f}.",
            lambda rows: (
                digits(rows, "sklearn.LinearRegression", NAMES[0]) < 1 and digits(rows, "numpy.lstsq", NAMES[0]) > 8
            ),
            lambda rows: {
                "kept": digits(rows, "sklearn.LinearRegression", NAMES[0]),
                "numpy": digits(rows, "numpy.lstsq", NAMES[0]),
            },
            needs=("sklearn.LinearRegression",),
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)
