"""What does a proof cost, measured in calls of `numpy.linalg.lstsq`?

A certified solution comes with a proof that each coefficient is the float64 nearest to the exact one. The tables show
its CPU time on one BLAS thread as a multiple of what `numpy.linalg.lstsq` takes for the same data: every route in turn
in one process, medians of the ratios. `lstsq` is not the fastest there is in floating point: a QR factorisation in
blocks of rows and the normal equations, both in NumPy, stand beside it. For each shape of A a target was set before the
solver was written, and the first table says whether it is met or missed. The matrices of the first two tables have
singular values from 1 down to 1/cond in geometric progression, where cond is the condition number (explained on the
first page).
"""

import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import flint
import numpy as np
import scipy.linalg

from stabilitylab.lab import (
    Column,
    Experiment,
    Fit,
    GramAccumulator,
    Listing,
    Measurement,
    Pivot,
    Probe,
    Problem,
    Rows,
    Size,
    as_integers,
    bench,
    costs,
    enclose,
    finding,
    haar,
    interleaved,
    lstsq,
    plain,
    remedy,
    run_file,
    singular_values,
)

SLACK = 1.5  # how far beyond a target a finding may lie: timings move with the machine
SEED = 20240229
TARGETS: Mapping[tuple[int, int], Mapping[float, float]] = {
    (100, 10): {1e1: 4, 1e8: 5, 1e15: 5},
    (1000, 20): {1e1: 3, 1e8: 4, 1e15: 4},
    (10000, 50): {1e1: 1.2, 1e8: 1.8, 1e15: 2},
    (100000, 50): {1e1: 0.6, 1e8: 0.7, 1e15: 0.8},
    (100000, 200): {1e1: 0.5, 1e8: 1.2, 1e15: 1.3},
    (2000, 1000): {1e1: 0.8, 1e8: 1.7, 1e12: 5},
}
QUICK: Mapping[tuple[int, int], tuple[float, ...]] = {(100, 10): (1e1, 1e15), (10000, 50): (1e15,)}
LARGE = 100_000  # entries of A; what is measured lies far below or far above
STREAM_TARGET, MEMORY_TARGET = 1.5, 300.0  # of lstsq in memory; MB

# --- the routes


def certified(A, b) -> Fit:
    """x by the certified solver, and the way it was proven."""
    fit = lstsq(A, b)
    return Fit(fit.x, note=fit.certificate.route)


def tsqr(A, b):
    """x by Householder QR of [A b] in blocks of rows, each under the triangle of those before it."""
    Ab, n = np.column_stack([A, b]), A.shape[1]
    rows, R = max(1024, 4 * n), Ab[:0]
    for start in range(0, len(A), rows):
        R = np.linalg.qr(np.vstack([R, Ab[start : start + rows]]), "r")
    return scipy.linalg.solve_triangular(R[:n, :n], R[:n, n])


def float64_gram(A, b):
    """x by Cholesky on A'A in float64: the cheapest there is, and its digits go with cond squared."""
    return scipy.linalg.cho_solve(scipy.linalg.cho_factor(A.T @ A), A.T @ b)


def exact_integers(A, b):
    """x by FLINT's integers from end to end: exact without any analysis."""
    n = A.shape[1]
    columns, scales = zip(*(as_integers(a) for a in (*A.T, b)), strict=True)
    Nt = flint.fmpz_mat(n + 1, len(A), [int(v) for column in columns for v in column])
    G = (Nt * Nt.transpose()).table()
    y = flint.fmpz_mat([row[:n] for row in G[:n]]).solve(flint.fmpz_mat([row[n:] for row in G[:n]])).entries()
    units = [scales[n] / s for s in scales[:n]]
    return np.array([int(v.p) * u.numerator / (int(v.q) * u.denominator) for v, u in zip(y, units, strict=True)])


BASE, OURS, STREAM, SLOW = "numpy.lstsq", "sl.lstsq", "sl.GramAccumulator", "exact integers"
ROUTES: Mapping[str, Callable[..., Any]] = {
    BASE: bench.route(BASE).function,
    OURS: certified,
    "sl.enclose": lambda A, b: enclose(A, b).x,
    "scipy.lstsq_gelsd": bench.route("scipy.lstsq_gelsd").function,
    "scipy.lstsq_gelsy": bench.route("scipy.lstsq_gelsy").function,
    "QR in blocks": tsqr,
    "Cholesky": float64_gram,
    SLOW: exact_integers,
}

# --- the data


@cache
def orthonormal(m: int, n: int):
    """(m, n) with orthonormal columns, the same for every condition number."""
    return haar(np.random.default_rng([SEED, m, n]), m, n)


def graded(m: int, n: int, cond: float):
    """A (m, n) with singular values from 1 to 1/cond, and b with a residual of a thousandth."""
    A = (orthonormal(m, n) * singular_values(n, cond, "geometric")) @ orthonormal(n, n).T
    rng = np.random.default_rng([SEED, 1])
    return A, with_noise(A @ rng.standard_normal(n), rng)


def with_noise(b, rng):
    """b with a residual of about a thousandth of its size."""
    return b + 1e-3 * np.linalg.norm(b) / np.sqrt(len(b)) * rng.standard_normal(len(b))


POWERS = "powers, as Filip's"
DATA: Mapping[str, Callable[..., Any]] = {
    "N(0, 1)": lambda rng, m, n: rng.standard_normal((m, n)),
    "N(0, 1) in float32": lambda rng, m, n: rng.standard_normal((m, n), dtype=np.float32).astype(float),
    "dummies, 0 or 1": lambda rng, m, n: rng.integers(0, 2, (m, n)).astype(float),
    "integers to 1000": lambda rng, m, n: rng.integers(-1000, 1001, (m, n)).astype(float),
    "Student t, 2 degrees": lambda rng, m, n: rng.standard_t(2, (m, n)),
    "lognormal(3)": lambda rng, m, n: rng.lognormal(0, 3, (m, n)),
    "Cauchy": lambda rng, m, n: rng.standard_cauchy((m, n)),
    POWERS: lambda rng, m, n: np.vander(rng.uniform(-9, -3, m), n),
}

# --- what is measured


def compared(probe: Probe, A, b, target: float | None = None) -> Iterator[Measurement]:
    """A row for each route of the probe: its CPU time over that of `numpy.linalg.lstsq`, or why it has none."""
    problem = Problem.from_matrix(probe.problem, A, b)
    solutions = {name: bench.solve(bench.as_route(ROUTES[name]), problem) for name in probe.solvers}
    answered = [name for name, solution in solutions.items() if solution.status.answered]
    timed = interleaved({name: (lambda route=ROUTES[name]: route(A, b)) for name in answered})
    for name, solution in solutions.items():
        scores = costs(timed.get(name), timed[BASE], target if name == OURS else None)
        yield probe.row(name, scores, status=solution.status, note=solution.note)


def streamed(probe: Probe) -> Iterator[Measurement]:
    """Blocks of rows into an accumulator, beside `lstsq` on all of them; memory with blocks made on the way."""
    m, n, size = int(probe["m"]), int(probe["n"]), int(probe["block"])

    def block(start: int):
        rng = np.random.default_rng([SEED, 3, start])
        A = rng.standard_normal((min(size, m - start), n))
        return A, with_noise(A.sum(axis=1), rng)

    def solved(blocks: Iterable[Any]):
        total = GramAccumulator(n)
        for block in blocks:
            total.add(*block)
        return total.solve()

    starts = range(0, m, size)
    tracemalloc.start()
    solved(map(block, starts))
    memory = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    kept = [block(start) for start in starts]
    A, b = np.concatenate([k[0] for k in kept]), np.concatenate([k[1] for k in kept])
    timed = interleaved({BASE: lambda: ROUTES[BASE](A, b), STREAM: lambda: solved(kept)})
    yield probe.row(STREAM, {**costs(timed[STREAM], timed[BASE], STREAM_TARGET), "MB": memory})


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The rows of a probe, whose problem says which kind it is."""
    m, n = int(probe["m"]), int(probe["n"])
    if probe.problem == "graded":
        cond = float(probe["cond"])
        return tuple(compared(probe, *graded(m, n, cond), target=TARGETS[m, n][cond]))
    if probe.problem == "in blocks":
        return tuple(streamed(probe))
    rng = np.random.default_rng([SEED, 2])
    A = DATA[probe.problem](rng, m, n)
    return tuple(compared(probe, A, with_noise(A.sum(axis=1), rng)))


def rows(size: Size) -> Iterator[Probe]:
    """The probes; the small size keeps the small shapes."""
    full = size == "full"
    fast = tuple(name for name in ROUTES if name != SLOW)
    for (m, n), conds in (TARGETS if full else QUICK).items():
        for cond in conds:
            routes = tuple(ROUTES) if m * n <= 500_000 and full else fast
            yield Probe("graded", routes, (("m", m), ("n", n), ("cond", cond)))
    for kind in DATA if full else ("Cauchy",):
        yield Probe(kind, fast, (("m", 50_000 if full else 2000), ("n", 11 if kind == POWERS else 50)))
    for m in (250_000, 1_000_000) if full else (100_000,):
        yield Probe("in blocks", (STREAM,), (("m", m), ("n", 20)), (("block", 50_000),))


# --- what is said of it


def shape(row):
    """m x n and the condition number."""
    return f"{row['problem.m']} x {row['problem.n']}, cond {plain(row['problem.cond'])}"


def ratio(row):
    """CPU time over that of `numpy.linalg.lstsq`, to the two digits that a timing has."""
    return row["ratio"] and float(f"{row['ratio']:.2g}")


def verdict(row):
    """Whether the row's target is met or missed."""
    return None if row["ratio over target"] is None else "met" if row["ratio over target"] <= 1 else "missed"


def against_targets(chosen: list[Measurement]) -> dict[str, float]:
    """Entries of A, ratios and verdicts of rows of the certified solver. Raises NoRowsError where there are none."""
    ratios, beyond = Rows(tuple(chosen)).values("ratio"), Rows(tuple(chosen)).values("ratio over target")
    entries = [row["problem.m"] * row["problem.n"] for row in chosen]
    verdicts = [verdict(row) for row in chosen]
    return {
        "fewest": min(entries),
        "most": max(entries),
        "low": min(ratios),
        "high": max(ratios),
        "all": len(chosen),
        "met": verdicts.count("met"),
        "missed": verdicts.count("missed"),
        "furthest": max(beyond),
    }


def data_and_shape(row):
    """The distribution, and m x n."""
    return f"{row['problem']}, {row['problem.m']} x {row['problem.n']}"


def other_data(rows: Rows) -> dict[str, float | str]:
    """The certified solver on data of other distributions: on how many, how many rows, and where it takes most."""
    ours = rows.where(problem=tuple(DATA), solver=OURS)
    most = max(ours, key=lambda row: row["ratio"])
    return {
        "kinds": len(ours),
        "rows": min(row["problem.m"] for row in ours),
        "low": min(ours.values("ratio")),
        "high": most["ratio"],
        "where": data_and_shape(most),
    }


def graded_rows(rows: Rows, large: bool) -> list[Measurement]:
    """The certified solver on graded matrices with at least LARGE entries, or with fewer."""
    ours = rows.where(problem="graded", solver=OURS)
    return [row for row in ours if (row["problem.m"] * row["problem.n"] >= LARGE) == large]


def longest_stream(rows: Rows) -> dict[str, float | str]:
    """The one row of the longest data that came in blocks."""
    blocks = rows.where(solver=STREAM)
    (row,) = blocks.where(problem__m=max(blocks.distinct("problem.m")))
    return {
        "rows": row["problem.m"],
        "block": row["conditions.block"],
        "times": row["ratio"],
        "target": row["target"],
        "furthest": row["ratio over target"],
        "verdict": verdict(row),
        "MB": row["MB"],
    }


TIMES = "CPU time, where numpy.linalg.lstsq takes 1"
SIZES = (Column("problem.m", "m"), Column("problem.n", "n"))
CODE = """
import numpy as np
import stabilitylab as sl

year = np.arange(1900.0, 2021.0)
A = np.column_stack([year**0, year, year**2, year**3])
b = (year - 1960) ** 3  # integers, so that the exact coefficients are those of the expanded cube
right = np.array([-(1960.0**3), 3 * 1960.0**2, -3 * 1960.0, 1.0])


def digits(x):
    return min(15.95, -np.log10(np.max(np.abs(x / right - 1)) + 1e-300))


print(f"{max(0, digits(np.linalg.lstsq(A, b)[0])):.1f} digits by numpy.linalg.lstsq")  # 0 digits
total = sl.GramAccumulator(4)
for start in range(0, len(b), 50):  # rows in blocks, as they come from a file
    total.add(A[start : start + 50], b[start : start + 50])
print(f"{digits(total.solve().x):.1f} digits by the certified solver, rows in blocks")  # 16 digits
"""
ABSENT = "not run: exact integers from end to end take minutes there"

EXPERIMENT = Experiment(
    chapter=8,
    cost="bench",
    limit=600,
    rows=rows,
    measure=measure,
    tables=(
        Listing(
            "The certified solver and its targets: " + TIMES,
            (
                *SIZES,
                Column("problem.cond", "cond"),
                Column(ratio, "measured"),
                Column("target", "target", "short"),
                Column(verdict, "met or missed"),
                Column("note", "proven by"),
            ),
            where={"problem": "graded", "solver": OURS},
        ),
        Pivot(
            "Every route on graded matrices: " + TIMES,
            rows=shape,
            columns="solver",
            value=ratio,
            where={"problem": "graded"},
            absent=ABSENT,
        ),
        Pivot(
            "Every route on data of other distributions: " + TIMES,
            rows=data_and_shape,
            columns="solver",
            value=ratio,
            where={"problem": tuple(DATA)},
        ),
        Listing(
            "Rows given in blocks, beside lstsq on all of them in memory: " + TIMES,
            (
                *SIZES,
                Column("conditions.block", "rows in a block"),
                Column(ratio, "measured"),
                Column("target", "target", "short"),
                Column(verdict, "met or missed"),
                Column(lambda row: round(row["MB"]), "MB at most, with the blocks made on the way"),
            ),
            where={"solver": STREAM},
        ),
    ),
    findings=(
        finding(
            "On matrices of {fewest:,} to {most:,} entries a certified, correctly rounded solution takes {low:.2f} to "
            "{high:.1f} times the CPU time of `numpy.linalg.lstsq`: {met} of {all} targets are met, {missed} missed, "
            "the furthest at {furthest:.2f} times its target.",
            lambda rows: against_targets(graded_rows(rows, large=True)),
            lambda n: n["furthest"] <= SLACK,
        ),
        finding(
            "On matrices of {fewest:,} to {most:,} entries it takes {low:.0f} to {high:.0f} times: {met} of {all} "
            "targets are met, {missed} missed.",
            lambda rows: against_targets(graded_rows(rows, large=False)),
            lambda n: n["low"] > SLACK and n["missed"] > 0,
        ),
        finding(
            "Given {rows:,} rows in blocks of {block:,} it takes {times:.2f} times the CPU time of "
            "`numpy.linalg.lstsq` on all of them in memory, and {MB:.0f} MB: the target of {target:g} times is "
            "{verdict}.",
            longest_stream,
            lambda n: n["furthest"] <= SLACK and n["MB"] <= MEMORY_TARGET,
        ),
        finding(
            "On data of {kinds} other kinds, of {rows:,} rows each, it takes {low:.2f} to {high:.1f} times: the most "
            "on {where}.",
            other_data,
            lambda n: n["high"] < 5 if n["rows"] >= 10_000 else None,
        ),
    ),
    remedies=(
        remedy(
            "Where the answer must be right, ask for the proof: on the matrices of the first table with {fewest:,} "
            "entries and more it costs at most {high:.1f} times what `numpy.linalg.lstsq` does.",
            lambda rows: against_targets(graded_rows(rows, large=True)),
            lambda n: n["high"] < 5,
            CODE,
        ),
    ),
    symptoms=(
        "a correctly rounded regression sounds too slow for my data",
        "my data do not fit into memory",
        "the answer changes with the order of the rows or with the size of the blocks",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
