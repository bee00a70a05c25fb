"""Are there ordinary data on which a certified solution takes minutes?

On large tables of random entries a proof costs about what `numpy.linalg.lstsq` does (small ones stand at the end of the
second table). Data of people are not random: columns that add up to another one, zeros and ones, decimals, weights,
large integers, numbers of very different size. Each line of the tables is such a kind of data, with a goal that was set
before the solver was made fast for it: seconds of CPU time of one call, or a multiple of what `numpy.linalg.lstsq`
takes for the same numbers in float64 (for decimals and fractions, reading them is not counted for NumPy). One BLAS
thread, but for the line with two other processes, where BLAS may take one for each core. Where the data have columns
that depend on each other the answer is a refusal that names them, or the solution of least norm, and NumPy answers by a
cut-off on singular values.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from stabilitylab.lab import (
    Column,
    Experiment,
    Listing,
    Measurement,
    Probe,
    RankDeficientError,
    Rows,
    Size,
    finding,
    haar,
    interleaved,
    lstsq,
    remedy,
    run_file,
    singular_values,
)

SEED = 20261130
LONG = 1.0  # seconds of a first call above which it is not repeated
OURS = "sl.lstsq"
TIMES, SECONDS = "times numpy.linalg.lstsq", "seconds"


@dataclass(frozen=True)
class Call:
    """One call of the certified solver: its arguments, and what is asked of the fit where that is more than x."""

    A: Any
    b: Any
    options: Mapping[str, Any] = field(default_factory=dict)
    then: Callable[[Any], object] | None = None  # where given, this is timed, of the fit, and not the fit


@dataclass(frozen=True)
class Kind:
    """A kind of data: how to make them, their shape at full and quick size, and the goal with its unit."""

    make: Callable[[Any, int, int], Call]
    m: int
    n: int
    goal: float
    unit: str
    disturbed: bool = False  # two other processes compute, and BLAS takes as many threads as there are cores


# --- the data


def normal(rng, m, n):
    """N(0, 1) entries, and b with a residual."""
    return Call(rng.standard_normal((m, n)), rng.standard_normal(m))


def graded(cond: float, then: Callable[[Any], object] | None = None):
    """Singular values from 1 down to 1/cond in geometric progression."""

    def make(rng, m, n):
        A = (haar(rng, m, n) * singular_values(n, cond, "geometric")) @ haar(rng, n, n).T
        return Call(A, A @ rng.standard_normal(n) + 1e-3 * rng.standard_normal(m), then=then)

    return make


def wide(rng, m, n):
    """Fewer rows than columns."""
    return Call(rng.standard_normal((m, n)), rng.standard_normal(m), {"policy": "minimum-norm"})


def two_factors(policy: str):
    """A column of zeros and ones for each level of two factors: those of a factor add up to ones, so rank n - 1."""

    def make(rng, m, n):
        levels = n // 2
        rows = np.arange(m)
        A = np.zeros((m, n))
        A[rows, np.where(rows < levels, rows, rng.integers(0, levels, m))] = 1  # every level occurs
        A[rows, levels + np.where(rows < levels, rows, rng.integers(0, levels, m))] = 1
        return Call(A, rng.standard_normal(m), {"policy": policy})

    return make


def total_and_parts(policy: str):
    """The last column is the sum of three others, which have three decimals in binary: the sum is exact."""

    def make(rng, m, n):
        A = np.round(rng.standard_normal((m, n)) * 1024) / 1024
        A[:, -1] = A[:, :3].sum(axis=1)
        return Call(A, rng.standard_normal(m), {"policy": policy})

    return make


def of_rank(rank: int, policy: str):
    """A product of small integers (m, rank) and (rank, n)."""

    def make(rng, m, n):
        A = rng.integers(-9, 10, (m, rank)) @ rng.integers(-9, 10, (rank, n))
        return Call(A.astype(float), rng.standard_normal(m), {"policy": policy})

    return make


def ties(rng, m, n):
    """Every exact coefficient is 2^53 + 1, half way between two doubles."""
    A = rng.integers(-1, 2, (m, n))
    return Call(A, A @ np.full(n, 2**53 + 1))


def tiny_row(rng, m, n):
    """One row is 2^-1000 of its size."""
    A = rng.standard_normal((m, n))
    A[0] *= 2.0**-1000
    return Call(A, rng.standard_normal(m))


def balanced(rng, m, n):
    """Pairs of rows that differ in the sign of the first column alone, and have one b: its coefficient is 0."""
    half = rng.standard_normal((m // 2, n))
    mirrored = half.copy()
    mirrored[:, 0] *= -1
    b = rng.standard_normal(m // 2)
    return Call(np.concatenate([half, mirrored]), np.concatenate([b, b]))


def decimals(digits: int, text: bool = False):
    """Decimals with so many digits behind the point."""

    def make(rng, m, n):
        drawn = rng.integers(0, 10, (m, n + 1, digits)).tolist()
        table = [["0." + "".join(map(str, entry)) for entry in row] for row in drawn]
        if not text:
            table = [list(map(Decimal, row)) for row in table]
        return Call([row[:n] for row in table], [row[n] for row in table])

    return make


def fractions(rng, m, n):
    """Quotients of integers of three digits."""
    tops, bottoms = rng.integers(-999, 1000, (m, n + 1)), rng.integers(1, 1000, (m, n + 1))
    table = [[Fraction(int(p), int(q)) for p, q in zip(*row, strict=True)] for row in zip(tops, bottoms, strict=True)]
    return Call([row[:n] for row in table], [row[n] for row in table])


def weighted(rng, m, n):
    """Weights between 0 and 1."""
    return Call(rng.standard_normal((m, n)), rng.standard_normal(m), {"weights": rng.uniform(0.1, 1, m)})


def extended(rng, m, n):
    """b in the processor's 80-bit format, with digits that a double lacks."""
    b = rng.standard_normal(m).astype(np.longdouble)
    return Call(rng.standard_normal((m, n)), b + b * np.longdouble(2) ** -60)


def large_integers(rng, m, n):
    """Integers up to 2^62, as of identifiers and of timestamps in nanoseconds."""
    return Call(rng.integers(-(2**62), 2**62, (m, n)), rng.standard_normal(m))


def of_every_size(rng, m, n):
    """Entries between 1e-300 and 1e300, evenly spread in their logarithm."""
    return Call(rng.standard_normal((m, n)) * 10.0 ** rng.uniform(-300, 300, (m, n)), rng.standard_normal(m))


def rows_of_every_size(rng, m, n):
    """Rows between 2^-500 and 2^500."""
    size = 2.0 ** rng.integers(-500, 501, m)
    return Call(rng.standard_normal((m, n)) * size[:, None], rng.standard_normal(m) * size)


def residuals(fit):
    """b - A x, computed anew: a fit keeps what it has computed once."""
    vars(fit).pop("residuals", None)
    return fit.residuals


def normal_residuals(rng, m, n):
    """N(0, 1) entries, of whose fit every residual is asked."""
    call = normal(rng, m, n)
    return Call(call.A, call.b, then=residuals)


KINDS: Mapping[str, Kind] = {
    "zeros and ones for two factors": Kind(two_factors("full-rank"), 2000, 120, 0.5, SECONDS),
    "zeros and ones for two factors, 200 levels": Kind(two_factors("full-rank"), 2000, 200, 1, SECONDS),
    "zeros and ones for two factors, 600 levels": Kind(two_factors("full-rank"), 5000, 600, 10, SECONDS),
    "zeros and ones for two factors, least norm": Kind(two_factors("minimum-norm"), 2000, 120, 0.5, SECONDS),
    "zeros and ones for two factors, 200 levels, least norm": Kind(two_factors("minimum-norm"), 2000, 200, 1, SECONDS),
    "zeros and ones for two factors, 600 levels, least norm": Kind(two_factors("minimum-norm"), 5000, 600, 10, SECONDS),
    "a total and its parts": Kind(total_and_parts("full-rank"), 400, 150, 2, SECONDS),
    "a total and its parts, 350 columns": Kind(total_and_parts("full-rank"), 800, 350, 2, SECONDS),
    "rank 190 of 200": Kind(of_rank(190, "full-rank"), 400, 200, 2, SECONDS),
    "rank 190 of 200, least norm": Kind(of_rank(190, "minimum-norm"), 400, 200, 2, SECONDS),
    "every coefficient half way between two doubles": Kind(ties, 400, 200, 5, SECONDS),
    "a row at 2^-1000": Kind(tiny_row, 400, 200, 5, SECONDS),
    "square, cond 1e16": Kind(graded(1e16), 1000, 1000, 60, SECONDS),
    "residuals of a square fit": Kind(graded(1e4, residuals), 500, 500, 1, SECONDS),
    "residuals of a tall fit": Kind(normal_residuals, 100_000, 20, 0.5, SECONDS),
    "Decimal, 3 digits": Kind(decimals(3), 20_000, 10, 15, TIMES),
    "text, 3 digits": Kind(decimals(3, text=True), 20_000, 10, 15, TIMES),
    "Decimal, 30 digits": Kind(decimals(30), 1000, 10, 50, TIMES),
    "Fraction": Kind(fractions, 300, 5, 200, TIMES),
    "weights": Kind(weighted, 10_000, 10, 10, TIMES),
    "b in long double": Kind(extended, 10_000, 10, 10, TIMES),
    "int64 to 2^62": Kind(large_integers, 10_000, 10, 10, TIMES),
    "one coefficient exactly zero": Kind(balanced, 1000, 100, 20, TIMES),
    "least norm of a wide matrix": Kind(wide, 20, 200, 50, TIMES),
    "entries from 1e-300 to 1e300": Kind(of_every_size, 2000, 10, 100, TIMES),
    "rows from 2^-500 to 2^500": Kind(rows_of_every_size, 5000, 10, 20, TIMES),
    "cond 1e15, 300 columns": Kind(graded(1e15), 1000, 300, 20, TIMES),
    "a million rows while two other processes compute": Kind(normal, 1_000_000, 5, 2, TIMES, disturbed=True),
    "small": Kind(normal, 100, 10, 6, TIMES),
    "larger": Kind(normal, 1000, 20, 4, TIMES),
}

QUICK = ("zeros and ones for two factors", "Fraction", "weights", "least norm of a wide matrix", "small")

# --- what is measured


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The CPU time of a call, in seconds and over that of `numpy.linalg.lstsq`; the note says how it ended."""
    kind = KINDS[probe.problem]
    call = kind.make(np.random.default_rng(SEED), int(probe["m"]), int(probe["n"]))
    A, b = np.array(call.A, dtype=float), np.array(call.b, dtype=float)
    own, fit = ended(call)
    refused = isinstance(fit, RankDeficientError)
    note = str(fit).partition(":")[0] if refused else fit.certificate.route
    repeated = (lambda: call.then(fit)) if call.then else (lambda: ended(call))
    with two_busy_processes() if kind.disturbed else nullcontext():
        ratio, seconds = compared(repeated, lambda: np.linalg.lstsq(A, b, rcond=None), first=own)
    measured = ratio if kind.unit == TIMES else seconds
    scores = {"ratio": ratio, "seconds": seconds, "measured": measured, "goal": kind.goal}
    facts = {"answer": "refused" if refused else "solved"}  # a refusal is the right answer there, not a failure
    return (probe.row(OURS, {**scores, "of goal": measured / kind.goal}, note=note, facts=facts),)


def ended(call: Call) -> tuple[float, Any]:
    """CPU seconds of the call, and the fit, or the refusal of a matrix of lower rank."""
    started = time.process_time()
    try:
        fit = lstsq(call.A, call.b, **call.options)
    except RankDeficientError as refusal:
        fit = refusal
    return time.process_time() - started, fit


def compared(own: Callable[[], object], base: Callable[[], object], first: float) -> tuple[float, float]:
    """The CPU time of own over that of base, and its seconds; a call whose first time was LONG is made once more."""
    if first < LONG:
        timed = interleaved({"own": own, "base": base})
        return timed["own"].over(timed["base"]), timed["own"].seconds
    started = time.process_time()
    own()
    seconds = time.process_time() - started
    return seconds / interleaved({"base": base})["base"].seconds, seconds


@contextmanager
def two_busy_processes() -> Iterator[None]:
    """Two other processes compute all the time, and BLAS may take a thread for every core."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        with threadpool_limits(limits=os.cpu_count(), user_api="blas"):
            yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def rows(size: Size) -> Iterator[Probe]:
    """A probe for each kind of data; the small size keeps a few."""
    for name in KINDS if size == "full" else QUICK:
        kind = KINDS[name]
        yield Probe(name, (OURS,), (("m", kind.m), ("n", kind.n)), (("unit", kind.unit),))


# --- what is said of it


def rounded(name: str) -> Callable[[Measurement], float | None]:
    """A score to the two digits that a timing has."""
    return lambda row: row[name] and float(f"{row[name]:.2g}")


def verdict(row: Measurement) -> str | None:
    """Whether the goal of the row is met or missed."""
    return None if row["of goal"] is None else "met" if row["of goal"] <= 1 else "missed"


def against_goals(rows: Rows) -> dict[str, Any]:
    """How many goals are met, which is missed by most, and the longest call. Raises NoRowsError without rows."""
    measured = [row for row in rows if row["of goal"] is not None]
    lost = len(rows) - len(measured)
    furthest = max(measured, key=lambda row: row["of goal"])
    longest = max(measured, key=lambda row: row["seconds"])
    verdicts = list(map(verdict, measured))
    return {
        "all": len(measured),
        "lost": lost,
        "met": verdicts.count("met"),
        "missed": verdicts.count("missed"),
        "furthest": furthest["of goal"],
        "which": furthest["problem"],
        "seconds": longest["seconds"],
        "longest": longest["problem"],
    }


def refusals(rows: Rows) -> dict[str, Any]:
    """The lines whose columns depend on each other."""
    refused = rows.where(facts__answer="refused")
    return {"count": len(refused), "seconds": max(refused.values("seconds"))}


def least_norms(rows: Rows) -> dict[str, Any]:
    """The lines of which the solution of least norm was asked for."""
    names = tuple(name for name in KINDS if "least norm" in name)
    return {"seconds": max(rows.where(problem=names).values("seconds"))}


COLUMNS = (
    Column("problem", "data"),
    Column("problem.m", "m"),
    Column("problem.n", "n"),
    Column(rounded("measured"), "measured"),
    Column("goal", "goal", "short"),
)
ENDED = (Column(verdict, "met or missed"), Column("note", "how it ended"))
CODE = """
import numpy as np
import stabilitylab as sl

group, site = np.arange(90) % 3, np.arange(90) % 5
A = np.column_stack([group == k for k in range(3)] + [site == k for k in range(5)]).astype(float)
b = group + 2.0 * site
fit = sl.lstsq(A, b, policy="minimum-norm")  # the columns of each factor add up to ones: rank 7 of 8
print(fit.x[1] - fit.x[0])  # 1.0000
print(fit.x[4] - fit.x[3])  # 2.0000
"""

EXPERIMENT = Experiment(
    chapter=18,
    cost="bench",
    limit=900,
    rows=rows,
    measure=measure,
    tables=(
        Listing("Goals in seconds of CPU time", (*COLUMNS, *ENDED), where={"conditions.unit": SECONDS}),
        Listing(
            "Goals in multiples of the CPU time of numpy.linalg.lstsq",
            (*COLUMNS, *ENDED),
            where={"conditions.unit": TIMES},
        ),
    ),
    findings=(
        finding(
            "Of {all} kinds of data {met} meet their goal and {missed} miss it, the furthest with {furthest:.2g} times "
            "its goal ({which}).",
            against_goals,
            lambda n: n["lost"] == 0 and n["met"] > n["missed"],
        ),
        finding(
            "No call takes more than a minute: the longest takes {seconds:.2g} seconds of CPU time ({longest}).",
            against_goals,
            lambda n: n["lost"] == 0 and n["seconds"] <= 60,
        ),
        finding(
            "Columns that depend on each other exactly are named in at most {seconds:.2g} seconds, in all {count} "
            "lines that are refused.",
            refusals,
            lambda n: n["seconds"] <= 60,
        ),
    ),
    remedies=(
        remedy(
            "Where columns add up to one another on purpose, as zeros and ones for every level of two factors do, ask "
            "for the solution of least norm: where the rank is one less than the number of columns, differences "
            "between levels of a factor do not depend on which solution is taken (where factors are nested, those "
            "across groups do). The longest such call takes {seconds:.2g} seconds.",
            least_norms,
            lambda n: n["seconds"] <= 60,
            CODE,
        ),
    ),
    symptoms=(
        "the exact solver takes minutes on my dummy variables",
        "a certified regression is slow on decimals, fractions or weights",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
