"""Which library keeps the digits of everyday data, and how does a wrong answer report itself?

Incomes beside rates, years, time stamps, dummies (0/1 columns) beside an intercept, and random matrices of growing
condition number (explained on the first page), with the eleven NIST regressions: every entry point of every library and
program on the bench. An answer is called wrong when some coefficient has not one correct digit although the data
support four, or when there is no answer. Problems that are exactly rank deficient have several right answers, and each
route is scored against the one that it declares; another answer than that is marked, and is not among the wrong ones,
for it may be as good.

The first table counts for the default call of each library how its wrong answers were reported: refused or failed, NA
or NaN in place of a coefficient, with a warning, by nothing but a lower rank in what is returned, or silent and wrong,
with nothing that tells them from right ones. The second says what cost the digits, the third shows them.
"""

from dataclasses import dataclass

from stabilitylab.lab import (
    Cell,
    Experiment,
    HeatMap,
    Measurement,
    Pivot,
    Reporting,
    Rows,
    Table,
    WorstAnswers,
    case,
    cases,
    cause_named,
    finding,
    how_reported,
    libraries,
    problems,
    remedy,
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
SKLEARN, SCALED = "sklearn.LinearRegression", "sklearn.StandardScaler_LinearRegression"


@dataclass(frozen=True)
class Reportings:
    """How often each route was wrong, and how that was reported. solvers: None for all."""

    title: str
    solvers: tuple[str, ...] | None = None

    def table(self, rows: Rows) -> Table:
        """One line for each route, those that are silent most often first."""
        chosen = rows if self.solvers is None else rows.where(solver=self.solvers)
        counts = {name: _counted(chosen.where(solver=name)) for name in chosen.distinct("solver")}
        worst_first = tuple(reversed(Reporting))
        order = sorted(counts, key=lambda name: [-counts[name][reporting] for reporting in worst_first])
        header = ("solver", "problems", *(reporting.value for reporting in worst_first))
        body = tuple(
            (
                Cell(name, name),
                Cell(str(len(chosen.where(solver=name))), len(chosen.where(solver=name))),
                *(Cell(str(counts[name][reporting]), counts[name][reporting]) for reporting in worst_first),
            )
            for name in order
        )
        note = (
            "Wrong: not one correct digit in some coefficient, although the data support four, or no answer at all. "
            "Scored against the decimal truth."
        )
        others = undeclared(chosen)
        apart = (
            f"Not counted, for A is exactly rank deficient: {others} of the answers, without a correct digit of the "
            "solution that the route declares."
        )
        return Table(self.title, header, (False,) * len(header), body, (note, apart) if others else (note,))


@dataclass(frozen=True)
class Causes:
    """How many answers of few digits, or failures, have each cause first, of how many entry points and problems."""

    title: str

    def table(self, rows: Rows) -> Table:
        """One line for each cause, the most frequent first."""
        found = by_code(rows)
        header = ("first cause", "answers", "entry points", "problems", "silent and wrong")
        body = tuple(
            (
                Cell(f"{code} {cause_named(code).title}", code),
                *(
                    Cell(str(count), count)
                    for count in (
                        len(own),
                        len({row.solver for row in own}),
                        len({row.problem for row in own}),
                        sum(how_reported(row) is Reporting.SILENT for row in own),
                    )
                ),
            )
            for code, own in sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        )
        note = (
            "Of answers with fewer than 4 correct digits and of failures. A cause is proven by removing it on the same "
            "data, or by a witness in the data: `stabilitylab explain CODE`. Those of single answers are in "
            "`wrong_answers_can_be_silent-rows.csv.gz`, and `stabilitylab diagnose` looks for them in data of your own."
        )
        return Table(self.title, header, (False,) * len(header), body, (note,))


def by_code(rows: Rows) -> dict[str, list[Measurement]]:
    """The rows that were asked for their cause, by the code of the first one."""
    found: dict[str, list[Measurement]] = {}
    for row in rows:
        if "cause" in row.facts:
            found.setdefault(row.facts["cause"].partition(" ")[0], []).append(row)
    return found


def explained(rows: Rows) -> dict[str, float | int]:
    """How many answers of few digits have a cause, and how many of these none that is known."""
    found = {code: sum(row.answered for row in own) for code, own in by_code(rows).items()}
    few = sum(found.values())
    return {"few": few, "known": few - found.get("SL199", 0), "share": 1 - found.get("SL199", 0) / few}


def undeclared(rows: Rows) -> int:
    """How many answers to exactly rank deficient data have not one correct digit of the solution declared."""
    scored = [row for row in rows if row["digits.supported"] is None and row["digits.min"] is not None]
    return sum(row["digits.min"] < 1 for row in scored)


def _counted(rows: Rows) -> dict[Reporting, int]:
    reported = [how_reported(row) for row in rows]
    return {reporting: reported.count(reporting) for reporting in Reporting}


def reportings(rows: Rows) -> dict[str, int]:
    """Wrong answers of library routes, how they were reported, and how many routes were silent."""
    counts = _counted(rows)
    return {
        "wrong": sum(counts.values()),
        "silent": counts[Reporting.SILENT],
        "rank": counts[Reporting.RANK_ONLY],
        "warned": counts[Reporting.WARNED],
        "na": counts[Reporting.NOT_A_NUMBER],
        "refused": counts[Reporting.REFUSED],
        "routes": len({row.solver for row in rows if how_reported(row) is Reporting.SILENT}),
        "all": len(rows.distinct("solver")),
    }


def loses(rows: Rows) -> dict[str, int]:
    """How many default calls are wrong on some problem of the figure, or give it no answer."""
    drawn = rows.where(problem=NAMES, solver=DEFAULTS)
    lost = {row.solver for row in drawn if how_reported(row) is not None}
    return {"lost": len(lost), "all": len(drawn.distinct("solver"))}


def rank_tells(rows: Rows) -> dict[str, float]:
    """Of the wrong answers of numpy.linalg.lstsq, those whose rank is below the number of columns.

    "lost": the most digits that the data support and an answer of full rank does not have.
    """
    own = rows.where(solver="numpy.lstsq")
    wrong = [one for one in map(how_reported, own) if one is not None]
    full = [row["digits.supported"] - row["digits.min"] for row in own if row.status == "SOLVED"]
    return {"wrong": len(wrong), "told": wrong.count(Reporting.RANK_ONLY), "lost": max(full)}


def _short(row: Measurement) -> str:
    """The name of a problem, with the condition number that it was made to have where it was."""
    cond = row.parameters.get("cond")
    return row.problem if cond is None else f"{row.problem.partition('(')[0]}(cond={cond:.0e})".replace("e+0", "e")


def still_lost(rows: Rows) -> dict[str, float | str]:
    """The digits of a rate beside an income with and without a StandardScaler, and what it does not help."""
    numbers = side_by_side(("plain", SKLEARN, NAMES[0]), ("scaled", SCALED, NAMES[0]))(rows)
    judged = [row for row in rows.where(solver=SCALED) if (row["digits.supported"] or 0) >= 4]
    lost = [_short(row) for row in judged if (row["digits.min"] or 0) < 1]
    return {**numbers, "lost": " and ".join(lost)}


def side_by_side(*named: tuple[str, str, str]):
    """Numbers of a finding: (name, route, problem) each, the digits of that route on that problem."""
    return lambda rows: {name: digits(rows, solver, problem) for name, solver, problem in named}


RANK = """
import numpy as np

t = 1.7e9 + np.arange(1000.0)  # Unix seconds; the slope is 3
b = 5 + 3 * (t - t[0])


def digits(x):
    return max(0.0, min(15.95, -np.log10(max(abs(x[1] / 3 - 1), 1e-99))))


A = np.column_stack([np.ones_like(t), t])
x, _, rank, _ = np.linalg.lstsq(A, b)
print(f"{digits(x):.1f} digits of the slope, no warning, rank {rank} of {A.shape[1]}")  # 0 digits
if rank < A.shape[1]:  # a column was dropped: centre the columns, and ask again
    x, _, rank, _ = np.linalg.lstsq(np.column_stack([np.ones_like(t), t - t.mean()]), b)
print(f"{digits(x):.1f} digits of the slope with the regressor centred, rank {rank} of {A.shape[1]}")  # 16 digits
"""

LINE = """
import numpy as np
from scipy.stats import linregress

t = 1.7e9 + np.arange(1000.0)  # Unix seconds; the slope is 3
b = 5 + 3 * (t - t[0])


def digits(slope):
    return max(0.0, min(15.95, -np.log10(max(abs(slope / 3 - 1), 1e-99))))


x = np.linalg.lstsq(np.column_stack([np.ones_like(t), t]), b)[0]
print(f"{digits(x[1]):.1f} digits of the slope by numpy.linalg.lstsq")  # 0 digits
print(f"{digits(linregress(t, b).slope):.1f} digits of the slope by scipy.stats.linregress")  # 16 digits
"""

SCALER = """
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

k = np.arange(200.0)
X = np.column_stack([50_000 + 64 * (7 * k % 200), 0.05 + 2.0**-12 * (11 * k % 41)])  # an income and a rate
b = X @ [0.5, 4096.0]


def digits(x):
    return max(0.0, -np.log10(abs(x[1] / 4096 - 1)))


print(f"{digits(LinearRegression().fit(X, b).coef_):.1f} digits of the rate's coefficient by LinearRegression")  # 0
scaler, scaled = make_pipeline(StandardScaler(), LinearRegression()).fit(X, b).named_steps.values()
print(f"{digits(scaled.coef_ / scaler.scale_):.1f} digits of it with StandardScaler before it")  # 14 digits
"""


def digits(rows: Rows, solver: str, problem: str) -> float:
    """Correct digits of the worst coefficient; no answer is no digits."""
    (row,) = rows.where(solver=solver, problem=problem)
    return row["digits.min"] or 0.0


EXPERIMENT = Experiment(
    chapter=11,
    problems=(*EVERYDAY, *RANDOM, *NIST),
    quick=(*EVERYDAY, RANDOM[-1], case("nist.filip")),
    solvers=libraries.names(),
    truths=("decimal",),
    metrics=("digits.min", "digits.supported", "digits.statistical"),
    causes=True,
    tables=(
        Reportings("Wrong answers of the default calls, and how they were reported", DEFAULTS),
        Causes("What cost the digits of answers that kept fewer than four"),
        Pivot(
            "The default call of each library: correct digits of everyday data",
            where={"problem": NAMES, "solver": DEFAULTS},
        ),
    ),
    appendix=(
        Reportings("Wrong answers of every entry point, and how they were reported"),
        Pivot("Every entry point: correct digits of everyday data", where={"problem": NAMES}),
    ),
    figures=(
        HeatMap(
            "Everyday data, default calls: most libraries lose some answer whole",
            where={"problem": NAMES, "solver": DEFAULTS},
            sort="leaderboard",
        ),
    ),
    sections=(WorstAnswers(),),
    findings=(
        finding(
            "{lost} of {all} default calls are wrong on some of the everyday data, or give no answer to them.",
            loses,
            lambda n: n["lost"] > n["all"] / 2,
            needs=(SKLEARN,),
        ),
        finding(
            "Of {wrong} wrong answers {silent} are silent and wrong, and of {rank} only the rank tells; {warned} came "
            "with a warning, {na} hold NA or NaN, {refused} were refused or failed. {routes} of {all} entry points are "
            "silent and wrong at least once.",
            reportings,
            lambda n: n["silent"] + n["rank"] > n["wrong"] / 10,
        ),
        finding(
            "Of {few} answers with fewer than four correct digits {known} ({share:.1%}) have a cause that is known.",
            explained,
            lambda n: n["few"] > 0 and n["share"] >= 0.95,
        ),
        finding(
            "scikit-learn's `LinearRegression` keeps {sklearn:.1f} digits of the coefficient of a rate beside an "
            "income, where `numpy.linalg.lstsq` keeps {numpy:.1f}.",
            side_by_side(("sklearn", SKLEARN, NAMES[0]), ("numpy", "numpy.lstsq", NAMES[0])),
            lambda n: n["sklearn"] < 1 and n["numpy"] > 8,
            needs=(SKLEARN,),
        ),
    ),
    remedies=(
        remedy(
            "Look at the rank that comes back: `numpy.linalg.lstsq` was wrong {wrong} times here, and {told} times "
            "its rank was below the number of columns. Then scale, centre or leave out a column. A full rank is no "
            "all-clear: up to {lost:.1f} digits that the data support were lost at full rank.",
            rank_tells,
            lambda n: n["told"] == n["wrong"] > 0 and n["lost"] > 0,
            RANK,
            needs=("numpy.lstsq",),
        ),
        remedy(
            "For a line call `scipy.stats.linregress`, which centres x and y: {line:.1f} digits on Unix seconds, where "
            "`numpy.linalg.lstsq` keeps {numpy:.1f}. Of nanoseconds, which float64 rounds, it keeps {ns:.1f}: "
            "count from the first stamp, subtracted while they are integers.",
            side_by_side(
                ("line", "scipy.linregress", "real.timestamps_s"),
                ("numpy", "numpy.lstsq", "real.timestamps_s"),
                ("ns", "scipy.linregress", "real.timestamps_ns"),
            ),
            lambda n: n["line"] > n["numpy"] + 3 and n["ns"] < 1,
            LINE,
            needs=("scipy.linregress", "numpy.lstsq"),
        ),
        remedy(
            "Put a `StandardScaler` before scikit-learn's `LinearRegression`: {scaled:.1f} digits of the coefficient "
            "of a rate beside an income, where without it there are {plain:.1f}. It is no help where columns nearly "
            "depend on each other: of {lost} it keeps less than one digit.",
            still_lost,
            lambda n: n["scaled"] > n["plain"] + 3 and n["lost"] != "",
            SCALER,
            needs=(SKLEARN,),
        ),
    ),
    symptoms=(
        "a coefficient is 0 or tiny, and there is no warning",
        "NA in place of a coefficient",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
