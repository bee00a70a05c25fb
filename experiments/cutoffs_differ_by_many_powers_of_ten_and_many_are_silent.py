"""Which routes drop a direction of a matrix that has full rank, from which size on, and how do they report it?

A rank cut-off removes directions whose singular value is below a share of the largest: columns that nearly depend on
each other, or a column of small numbers, count as not there. Documentation seldom says from which share on, so that
nothing here is read from it: every entry point is given systems of 8 rows with a direction at smaller and smaller
shares s, powers of two, until it is lost. Over orthogonal columns h1, h2, h3 of ones and minus ones let p = 4 h1 + h2
and q = h1 - 2 h2:

    nearly dependent: A = [p, q, p + q + s h3],  b = h1 + 4 h2 + 2 s h3,     x = (-4/3, -11/3, 2)
    a short column:   A = [p, q, s h3],          b = h1 + 4 h2 + 1024 s h3,  x = (2/3, -5/3, 1024)

Routes that take a line or a polynomial are given [1, 1.25 + s r] and [1, s r], where r = (-7, -5, ..., 7), with b = 1 +
2 s r and 1 + 1024 s r. A and b hold no rounding, A has full rank, and x is the one answer for every s. A direction is
lost in one of two ways. Either a rule loses it, whatever b and the order of the columns are: a cut-off, a tolerance, a
penalty, an early stop, a check that refuses. Or the answer changes when b and the order change, which is what round-off
does, and the direction is called lost to round-off. A cut-off here is where such a rule begins, whichever it is: the
smallest singular value, as a share of the largest, below which the direction is lost. It lies between those of two
systems: with the smallest s that was kept and with the next that was lost, both in the appendix. These are mostly
neighbours, and the cut-off printed is then at most 1.4 times too large or too small; where the answers in between
follow no rule, they are further apart. The first table shows the default call of each library; the appendix has every
entry point, and for each cut-off the answer below it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import log2, log10

from stabilitylab.lab import (
    NOTHING,
    Block,
    Code,
    Column,
    Experiment,
    Finding,
    Library,
    Listing,
    Measurement,
    Probe,
    Reporting,
    Rows,
    Size,
    TableBlock,
    Text,
    bench,
    finding,
    libraries,
    rank_policy,
    remedy,
    run_file,
    superscript,
)

Outcome = rank_policy.Outcome
NUMPY, SCIPY, LSQR, POLYFIT = "numpy.lstsq", "scipy.lstsq_gelsd", "scipy.lsqr", "numpy.polyfit"
SKLEARN, R = "sklearn.LinearRegression", "r.lm"
SCALED_SKLEARN = "sklearn.StandardScaler_LinearRegression"
DROPPED, NEVER_KEPT = "dropped", "never kept"

# --- what is measured


def routes(library: Library) -> tuple[str, ...]:
    """The routes of a library that can run here, but those with a penalty, which have no rank to decide."""
    labels = [entry.label for entry in libraries.catalog if entry.label.library == library]
    return tuple(label.name for label in labels if label.available and not label.penalised)


def rows(size: Size) -> Iterator[Probe]:
    """One probe for each library, whose routes share a process."""
    for library in libraries.each():
        if names := routes(library):
            yield Probe(library.name, names)


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The policy of each route."""
    return tuple(_measured(probe, name) for name in probe.solvers)


def _measured(probe: Probe, name: str) -> Measurement:
    """A policy as a row: its numbers are scores, its words facts."""
    policy = flat(rank_policy.probe(bench.route(name)))
    words = {key: value for key, value in policy.items() if isinstance(value, str)}
    return probe.row(name, {key: value for key, value in policy.items() if key not in words}, facts=words)


def flat(policy: rank_policy.RankPolicy) -> dict[str, float | str]:
    """A policy as numbers and words."""
    answer = {True: "yes", False: "no", None: "no cut-off"}
    return {
        "works in": "float32" if policy.bits == 24 else "float64",
        **described("near", policy.near),
        **described("short", policy.short),
        "scaled": answer[policy.scaled],
        "grows": answer[policy.grows],
        "centred": answer[policy.centred],
        "offset": 2.0**policy.offset if policy.offset else 0.0,
        "reporting": policy.reporting.value if policy.reporting else answer[None],
        "dependent": policy.dependent.outcome.value,
        "script": rank_policy.script(policy),
    }


def described(name: str, bracket: rank_policy.Bracket) -> dict[str, float | str]:
    """Where a direction is lost, and how; what there is not is left out."""
    told = {"fate": bracket.fate, "cutoff": bracket.cutoff, "kept": bracket.kept, "lost": bracket.lost}
    if bracket.reply is not None:
        told["x"] = bracket.reply.coefficients or bracket.reply.outcome.value
        wordless = {Reporting.SILENT: "nothing", Reporting.NOT_A_NUMBER: "NA"}
        reporting = bracket.reply.reporting
        told["said"] = " ".join(bracket.reply.words.split()) or wordless.get(reporting, reporting.value)
    return {f"{name}.{key}": value for key, value in told.items() if value is not None}


# --- what is said of it


def column(name: str, header: str) -> Column:
    """The cut-off that was seen on one kind of system, or what became of the direction instead."""
    return Column(lambda row: row.get(f"{name}.cutoff") or row[f"facts.{name}.fate"], header, "scientific")


def grows(row: Measurement) -> str:
    """Whether more rows raise the cut-off, which is asked where one was seen on nearly dependent columns."""
    asked = row.get("near.cutoff") or not row.get("short.cutoff")
    return row["facts.grows"] if asked else "not tried"


def share(name: str, header: str) -> Column:
    """A power of two as one."""
    return Column(lambda row: f"2{superscript(int(log2(size)))}" if (size := row.get(name)) else NOTHING.symbol, header)


def witnesses(title: str, name: str) -> Listing:
    """The shares between which routes drop a direction, with the answer below and its report."""
    return Listing(
        title,
        (
            "solver",
            share(f"{name}.kept", "smallest s kept"),
            share(f"{name}.lost", "largest s dropped"),
            Column(f"facts.{name}.x", "x there"),
            Column(f"facts.{name}.said", "its words"),
        ),
        where={f"facts.{name}.fate": DROPPED},
    )


class Witnesses:
    """What was found of each library's routes, and the system that shows the cut-off of the first that has one."""

    def sections(self, rows: Rows) -> Mapping[str, Sequence[Block]]:
        """See `stabilitylab.lab.library_page.Section`."""
        made: dict[str, list[Block]] = {}
        answered = Rows(tuple(row for row in rows if row.answered))
        for name in answered.distinct("problem"):
            own = answered.where(problem=name)
            made[name] = [TableBlock(POLICIES.table(own))]
            if seen := [said for row in own if row.solver in cutoffs(own) and (said := row.get("facts.script"))]:
                made[name] += [Text(("The first cut-off, seen:",)), Code(seen[0], "python")]
        return made


def cutoffs(rows: Rows) -> dict[str, float]:
    """The cut-off of every route that was seen to have one, on nearly dependent columns where it was seen there."""
    cutoff_of = {row.solver: row.get("near.cutoff") or row.get("short.cutoff") for row in rows}
    return {solver: cutoff for solver, cutoff in cutoff_of.items() if cutoff}


def extremes(rows: Rows) -> dict[str, float | str]:
    """The routes in float64 that drop the least and the most of nearly dependent columns, and how many keep none."""
    own = rows.where(**{"facts.works in": "float64"})
    cutoff_of = {row.solver: cutoff for row in own if (cutoff := row.get("near.cutoff"))}
    least, most = min(cutoff_of, key=cutoff_of.__getitem__), max(cutoff_of, key=cutoff_of.__getitem__)
    powers = int(log10(cutoff_of[most] / cutoff_of[least]))
    never = sum(row["facts.near.fate"] == NEVER_KEPT for row in own)
    ends = {"least": cutoff_of[least], "most": cutoff_of[most], "fine": least, "coarse": most}
    return {**ends, "powers": powers, "never": never}


def reportings(rows: Rows) -> dict[str, int]:
    """How the routes that lose a direction by a rule report it, and for how many of them a cut-off is declared."""
    found = cutoffs(rows)
    named = {solver for solver in found if bench.route(solver).label.cutoff_says}
    quiet = {row.solver for row in rows if row["facts.reporting"] == Reporting.SILENT.value} & set(found)
    declared = {"declared": len(named), "undeclared": len(found) - len(named)}
    declared |= {"silent declared": len(quiet & named), "silent undeclared": len(quiet - named)}
    reported = Counter(row["facts.reporting"] for row in rows if row.solver in found)
    names = {"silent": Reporting.SILENT, "rank": Reporting.RANK_ONLY, "warned": Reporting.WARNED}
    names |= {"na": Reporting.NOT_A_NUMBER, "refused": Reporting.REFUSED}
    return {name: reported[reporting.value] for name, reporting in names.items()} | {"all": len(found)} | declared


def lengths(rows: Rows) -> dict[str, int]:
    """How many of the routes with a cut-off drop a column because it is short, and how many never do."""
    counted = Counter(row["facts.scaled"] for row in rows)
    return {"raw": counted["no"], "scaled": counted["yes"]}


def replies(rows: Rows) -> dict[str, int]:
    """What becomes of a column that is the sum of others, where there is one: not so of a line or a polynomial."""
    whole = [row for row in rows if bench.route(row.solver).label.call_form in ("matrix", "columns")]
    counted = Counter(row["facts.dependent"] for row in whole)
    noise = counted[Outcome.ARBITRARY.value] + counted[Outcome.WRONG.value]
    norm, scaled = counted[Outcome.MINIMUM_NORM.value], counted[Outcome.SCALED_NORM.value]
    basic, refused = counted[Outcome.BASIC.value], counted[Outcome.REFUSED.value] + counted[Outcome.NOT_FINITE.value]
    told = {"norm": norm, "scaled": scaled, "basic": basic, "refused": refused, "noise": noise}
    return {**told, "all": len(whole), "counted": sum(told.values()), "lines": len(rows) - len(whole)}


def of(rows: Rows, solver: str, name: str):
    """What was found of one route. Raises NoRowsError."""
    (row,) = rows.where(solver=solver)
    return row.get(name)


def pair(one: str, other: str):
    """The cut-offs of two routes as the numbers of a finding."""
    return lambda rows: {"one": cutoffs(rows)[one], "other": cutoffs(rows)[other]}


def proportion(rows: Rows) -> dict[str, float | str]:
    """The cut-off of NumPy's `lstsq`: as measured with 8 rows, whether 64 raise it, and as declared for 8 and 1,000."""
    declared = bench.route(NUMPY).label.cutoff
    few, many = (declared(m, 3, 2.0**-52) for m in (8, 1000))
    return {"seen": cutoffs(rows)[NUMPY], "grows": of(rows, NUMPY, "facts.grows"), "few": few, "many": many}


def proportional(n: Mapping[str, float | str]) -> bool:
    """Whether what is declared is in proportion to the rows, and fits what was measured; n: of `proportion`."""
    return n["grows"] == "yes" and n["few"] / 2 < n["seen"] < 2 * n["few"] and n["many"] == 125 * n["few"]


def short_column(unscaled: str, scaled: str):
    """The cut-off of one route for a short column, and how short a one another kept, as shares of a singular value.

    The cut-offs of both on nearly dependent columns too.
    """
    return lambda rows: {
        "cutoff": of(rows, unscaled, "short.cutoff"),
        "kept": of(rows, scaled, "short.kept") * per_share(scaled),
        "lost": of(rows, scaled, "short.lost"),
        "near": of(rows, unscaled, "near.cutoff"),
        "near scaled": of(rows, scaled, "near.cutoff"),
    }


def per_share(solver: str) -> float:
    """The smallest singular value over the largest in the system of a short column, divided by the share s."""
    return rank_policy.short_column(bench.route(solver).label.call_form, 2.0**-10).ratio * 2.0**10


NORMS = """
import numpy as np

r = np.array([1.0, -1.0])
h1, h2, h3 = np.ones(8), np.tile(r, 4), np.repeat(np.tile(r, 2), 2)
s = 2.0**-50  # the third column is short: it is measured in large units
A = np.column_stack([4 * h1 + h2, h1 - 2 * h2, s * h3])
b = h1 + 4 * h2 + 2.0**40 * s * h3
right = np.array([2 / 3, -5 / 3, 2.0**40])


def digits(x):
    return max(0.0, min(15.95, -np.log10(max(abs(x / right - 1).max(), 1e-99))))


print(f"{digits(np.linalg.lstsq(A, b)[0]):.1f} digits with columns as they are")  # 0 digits
norms = np.linalg.norm(A, axis=0)
print(f"{digits(np.linalg.lstsq(A / norms, b)[0] / norms):.1f} digits with columns of norm 1")  # 13 digits
"""

SCALER = """
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

r = np.array([1.0, -1.0])
h2, h3 = np.tile(r, 4), np.repeat(np.tile(r, 2), 2)
s = 2.0**-24  # the second column is short: it is measured in large units
X = np.column_stack([h2, s * h3])
b = 3 * h2 + 2.0**20 * s * h3


def digits(x):
    return max(0.0, min(15.95, -np.log10(max(abs(x / [3, 2.0**20] - 1).max(), 1e-99))))


print(f"{digits(LinearRegression().fit(X, b).coef_):.1f} digits with columns as they are")  # 0 digits
scaler, scaled = make_pipeline(StandardScaler(), LinearRegression()).fit(X, b).named_steps.values()
print(f"{digits(scaled.coef_ / scaler.scale_):.1f} digits with StandardScaler before it")  # 15 digits
"""


LEGEND = (
    "Cut-off: the share of the largest singular value below which a direction is lost, of 8 rows, by a cut-off, a "
    "tolerance, a penalty, an early stop or a check that refuses. Grows with the rows: yes where 64 rows lose a "
    "direction of twice the smallest share that 8 rows keep, so that the cut-off is one of 8 rows; one declared as "
    "max(m, n) eps is in proportion to m rows. Not tried: no cut-off was seen on nearly dependent columns, which this "
    "is tried on. Kept: down to the smallest share that floating-point numbers can put. Never kept: the direction is "
    "lost at the largest share already. Lost to round-off: something else for another b or another order of columns, "
    "so that no rule of the route decides. No cut-off: none that a matrix of full rank can meet here. As if scaled: "
    "no column tried, down to a share of 2⁻⁵⁶, is too short. As if centred: a slope keeps nearly all digits at an "
    "offset where it otherwise keeps four. How a drop is reported: of a column that nearly depends on others, where "
    "such a one is dropped, and else of a short one. Slope right over 0, 1, ..., 7 plus: the largest power of two by "
    "which these eight values of a regressor can be shifted before the slope is off by a quarter; nothing larger than "
    "2⁴⁸ is tried. Exactly dependent columns: minimum norm is the shortest of the many solutions; a column dropped "
    "has coefficient 0 or NA; arbitrary along it is a solution to which round-off adds any multiple of the "
    "dependence; wrong elsewhere too is no solution at all; minimum norm of scaled columns is the shortest once "
    "columns have norm 1; refuses is an error; NaN a coefficient that is no number; of three such problems the answer "
    "reported least. Keeps the bits of: the format whose roundings the answer shows. Routes that take a line or a "
    "polynomial are asked with a line, whose dependent column is a constant x: where they centre, one column is left, "
    "and a cut-off cannot show."
)


def policies(title: str, **where) -> Listing:
    """The measured rank policies of the routes chosen."""
    return Listing(
        title,
        (
            "solver",
            Column("facts.works in", "keeps the bits of"),
            column("near", "cut-off, nearly dependent"),
            column("short", "cut-off, a short column"),
            Column("facts.scaled", "as if columns were scaled?"),
            Column(grows, "grows with the rows?"),
            Column("facts.centred", "as if centred?"),
            share("offset", "slope right over 0, 1, ..., 7 plus"),
            Column("facts.reporting", "how a drop is reported"),
            Column("facts.dependent", "exactly dependent columns"),
        ),
        note=LEGEND,
        where=where,
    )


POLICIES = policies("The rank policy of every entry point, measured")

EXPERIMENT = Experiment(
    chapter=12,
    solvers=libraries.names(),
    rows=rows,
    measure=measure,
    limit=300,
    tables=(policies("The rank policy of each library's default call, measured", solver=libraries.defaults()),),
    appendix=(
        POLICIES,
        witnesses("Witnesses: the third column nearly the sum of the others", "near"),
        witnesses("Witnesses: a short column", "short"),
    ),
    sections=(Witnesses(),),
    findings=(
        finding(
            "Of nearly dependent columns, what an entry point that works in float64 drops begins anywhere between "
            "{least:.1e} of the largest singular value (`{fine}`) and {most:.1e} (`{coarse}`), more than "
            "{powers} powers of ten apart; by {never} more it is lost at every share tried.",
            extremes,
            lambda n: n["powers"] > 6,
        ),
        finding(
            "Within SciPy, `lstsq` keeps what is above {one:.1e}, and `lsqr` with its default tolerances loses what is "
            "below {other:.1e}.",
            pair(SCIPY, LSQR),
            lambda n: n["other"] > 1e6 * n["one"],
        ),
        finding(
            "scikit-learn's `LinearRegression` drops a direction below {one:.1e} of the largest, where NumPy's `lstsq` "
            "keeps it down to {other:.1e} in systems of 8 rows, as these are, and, as NumPy documents it, to "
            "{many:.1e} in those of 1,000: its cut-off is in proportion to their number.",
            lambda rows: {**pair(SKLEARN, NUMPY)(rows), **proportion(rows)},
            lambda n: n["one"] > 1e6 * n["other"] and proportional(n),
            needs=(SKLEARN,),
        ),
        finding(
            "{all} entry points lose a direction that a matrix of full rank has, by a cut-off, a tolerance, a penalty, "
            "an early stop or a check that refuses: for {declared} of them a cut-off is declared on their library's "
            "page, for {undeclared} none. Where the direction is lost, {silent} are silent and wrong ({silent "
            "declared} with a declared cut-off, {silent undeclared} without), of {rank} only the rank tells, {warned} "
            "warned, {na} gave NA or NaN, and {refused} refused or failed.",
            reportings,
            lambda n: (
                4 * (n["silent"] + n["rank"]) > n["all"] > 0
                and n["silent"] + n["rank"] + n["warned"] + n["na"] + n["refused"] == n["all"]
            ),
        ),
        finding(
            "{raw} of them lose a column that is only short, as one in large units is; {scaled} lose none for its "
            "length, down to the shortest tried, `numpy.polyfit` among them.",
            lambda rows: {**lengths(rows), "polyfit": of(rows, POLYFIT, "facts.scaled")},
            lambda n: n["raw"] > n["scaled"] > 0 and n["polyfit"] == "yes",
        ),
        Finding(
            "Eight times the rows raise the cut-off of NumPy's `lstsq`, and not that of SciPy's.",
            lambda rows: of(rows, NUMPY, "facts.grows") == "yes" and of(rows, SCIPY, "facts.grows") == "no",
        ),
        finding(
            "R's `lm` answers NA for a direction below {one:.1e}, where NumPy's `lstsq`, given 8 rows, keeps one down "
            "to {other:.1e}; and no column tried is too short for R's `lm`.",
            lambda rows: {
                **pair(R, NUMPY)(rows),
                "scaled": of(rows, R, "facts.scaled"),
                "reporting": of(rows, R, "facts.reporting"),
            },
            lambda n: (
                n["one"] > 1e6 * n["other"] and (n["scaled"], n["reporting"]) == ("yes", Reporting.NOT_A_NUMBER.value)
            ),
            needs=(R,),
        ),
        finding(
            "Given a column that is the sum of two others, {norm} of {all} return the solution of least norm, {scaled} "
            "that of least norm in scaled columns, {basic} drop a column, {refused} refuse or return NaN, and {noise} "
            "return numbers that are none of these. The other {lines} take a line or a polynomial, which has no such "
            "column.",
            replies,
            lambda n: 10 * min(n["norm"], n["noise"]) > n["all"] == n["counted"],
        ),
    ),
    remedies=(
        remedy(
            "Divide each column by its norm before the call, and each coefficient after it: of 8 rows, "
            "`numpy.linalg.lstsq` drops a short column whose direction is below {cutoff:.0e} of the largest singular "
            "value, and of more rows in proportion to their number; `numpy.polyfit`, which scales columns and then "
            "makes the same call, keeps one at {kept:.0e}, the shortest tried.",
            lambda rows: {**short_column(NUMPY, POLYFIT)(rows), **proportion(rows)},
            lambda n: n["lost"] is None and 10 * n["kept"] < n["cutoff"] and proportional(n),
            NORMS,
            needs=(NUMPY,),
        ),
        remedy(
            "Put a `StandardScaler` before scikit-learn's `LinearRegression`: without it a short column is dropped "
            "whose direction is below {cutoff:.0e} of the largest singular value, with it one is kept at {kept:.0e}, "
            "the shortest tried. It is no help where columns nearly depend on each other: the cut-off is {near "
            "scaled:.1e} there with it, and {near:.1e} without.",
            short_column(SKLEARN, SCALED_SKLEARN),
            lambda n: n["lost"] is None and 10 * n["kept"] < n["cutoff"] and n["near"] < 4 * n["near scaled"],
            SCALER,
            needs=(SKLEARN,),
        ),
    ),
    symptoms=(
        "NA in place of a coefficient",
        "a coefficient becomes 0 when its column is measured in other units",
        "R drops a column that Python keeps",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
