"""What do fifty certified digits cost, measured in calls of `numpy.linalg.lstsq` and of a high-precision library?

A double holds 16 digits; a reference against which others are scored needs more. The first table shows the CPU time of
fifty proven digits as a multiple of `numpy.linalg.lstsq` on the same data, the second that of `mpmath.qr_solve`, which
works with ten digits more than are asked for and proves nothing, as a multiple of the reference. Each line has a
target, which is met or missed. All on one BLAS thread, in turn in one process; every reference is of a right-hand side
never seen before, so that none comes from the cache. A reference has standard errors, R² and the scales of its
coefficients too, and is put into the cache; the coefficients alone stand beside it. The matrices have singular values
from 1 down to 1/cond in geometric progression, where cond is the condition number (explained on the first page).
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from unittest.mock import patch

import mpmath
import numpy as np

from stabilitylab.lab import (
    Column,
    Experiment,
    Listing,
    Measurement,
    Probe,
    Rows,
    Size,
    costs,
    evidence_of,
    exact_input,
    finding,
    haar,
    interleaved,
    reference,
    remedy,
    run_file,
    singular_values,
)

SLACK = 1.5  # how far beyond a target a finding may lie: timings move with the machine
DIGITS, GUARD = 50, 10
CONDS = (1e1, 1e8, 1e14)
BASE, OURS, MPMATH, ALONE = "numpy.lstsq", "sl.reference", "mpmath.qr_solve", "coefficients alone"
BESIDE = {
    OURS: (BASE, 4.0),
    ALONE: (BASE, 4.0),
    MPMATH: (OURS, 100.0),
}  # what each is measured in, and its target: at most for ours, at least for mpmath


def graded(probe: Probe):
    """A (m, n) with singular values from 1 to 1/cond, and b with a residual of about a thousandth."""
    m, n = int(probe["m"]), int(probe["n"])
    rng = np.random.default_rng([20240229, m, n])
    A = (haar(rng, m, n) * singular_values(n, float(probe["cond"]), "geometric")) @ haar(rng, n, n).T
    b = A @ rng.standard_normal(n)
    return A, b + 1e-3 * np.linalg.norm(b) / np.sqrt(m) * rng.standard_normal(m)


def fresh_reference(A, b) -> Callable[[], object]:
    """A call that never asks for the same reference twice."""
    calls = count(1)
    return lambda: reference(A, b * (1 + next(calls) * 2.0**-30), digits=DIGITS)


def fresh_coefficients(A, b) -> Callable[[], object]:
    """The same, of the coefficients alone."""
    calls = count(1)
    return lambda: evidence_of(exact_input(A, b * (1 + next(calls) * 2.0**-30))).coefficients(DIGITS)


def high_precision(A, b) -> Callable[[], object]:
    """A call of mpmath's Householder QR."""
    mp = mpmath.MPContext()
    mp.dps = DIGITS + GUARD
    return lambda: mp.qr_solve(mp.matrix(A.tolist()), mp.matrix(b.tolist()))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """References beside `lstsq`, or mpmath beside references."""
    A, b = graded(probe)
    calls = {
        BASE: lambda: np.linalg.lstsq(A, b, rcond=None),
        OURS: fresh_reference(A, b),
        ALONE: fresh_coefficients(A, b),
        MPMATH: high_precision(A, b),
    }
    (own,) = probe.solvers
    base, target = BESIDE[own]
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, STABILITYLAB_CACHE=folder):
        timed = interleaved({name: calls[name] for name in (base, own)})
    return (probe.row(own, costs(timed[own], timed[base], target)),)


def rows(size: Size) -> Iterator[Probe]:
    """The probes; the small size keeps the small shapes."""
    for m, n in ((5000, 50), (10000, 100)) if size == "full" else ((5000, 50),):
        for cond in CONDS if size == "full" else CONDS[:1]:
            for own in (ALONE, OURS):
                yield Probe("graded", (own,), (("m", m), ("n", n), ("cond", cond)))
    for m, n in ((100, 10), (200, 20), (400, 40)) if size == "full" else ((200, 20),):
        yield Probe("graded", (MPMATH,), (("m", m), ("n", n), ("cond", 1e8)))


def ratio(row):
    """A ratio of CPU times, to the two digits that a timing has."""
    return float(f"{row['ratio']:.2g}")


def verdict(row):
    """Whether the row's target is met or missed: at most so many times for a reference, at least for mpmath."""
    met = row["ratio"] >= row["target"] if row["solver"] == MPMATH else row["ratio"] <= row["target"]
    return "met" if met else "missed"


def against_targets(rows: Rows, solver: str) -> dict[str, float]:
    """Ratios and verdicts of all rows of one of the three."""
    chosen = rows.where(solver=solver)
    verdicts = [verdict(row) for row in chosen]
    return {
        "low": min(chosen.values("ratio")),
        "high": max(chosen.values("ratio")),
        "target": BESIDE[solver][1],
        "all": len(chosen),
        "met": verdicts.count("met"),
        "missed": verdicts.count("missed"),
    }


def largest(rows: Rows, solver: str) -> dict[str, float]:
    """The same of the rows of the largest shape alone, and that shape."""
    own = rows.where(solver=solver)
    widest = own.where(problem__n=max(own.distinct("problem.n")))
    (m,), (n,) = widest.distinct("problem.m"), widest.distinct("problem.n")
    return {**against_targets(widest, solver), "m": m, "n": n}


def high_precision_costs(rows: Rows) -> dict[str, float | str]:
    """What mpmath takes, and the shapes where it takes least and most."""
    own = sorted(rows.where(solver=MPMATH), key=lambda row: row["ratio"])
    least, most = (f"{row['problem.m']} rows, {row['problem.n']} columns" for row in (own[0], own[-1]))
    return {**against_targets(rows, MPMATH), "smallest": least, "largest": most}


def columns(times: str) -> tuple[Column, ...]:
    """Shape, condition number and the ratio."""
    return (
        *(Column(f"problem.{name}", name) for name in ("m", "n", "cond")),
        Column(ratio, times),
        Column("target", "target", "short"),
        Column(verdict, "met or missed"),
        Column("seconds", "seconds", "scientific"),
    )


CODE = """
import mpmath
import numpy as np
import stabilitylab as sl

x = -9 + np.arange(49.0) / 8  # multiples of 1/8, as in Filip's data
A, b = np.vander(x, 7, increasing=True), np.cos(x)
ref = sl.reference(A, b, digits=50)

mp = mpmath.MPContext()
mp.dps = 120  # slower still, and enough to count the digits of both by
exact, _ = mp.qr_solve(mp.matrix(A.tolist()), mp.matrix(b.tolist()))


def digits(found):
    return min(float(-mp.log10(abs(mp.mpf(v) / e - 1) + mp.mpf(10) ** -99)) for v, e in zip(found, exact))


print(f"{digits(np.linalg.lstsq(A, b)[0].tolist()):.1f} digits by numpy.linalg.lstsq")  # 10 digits
print(f"{digits(ref.x):.1f} digits by sl.reference")  # 55 digits
"""

EXPERIMENT = Experiment(
    chapter=9,
    cost="bench",
    limit=600,
    rows=rows,
    measure=measure,
    tables=(
        Listing(
            "Fifty certified digits",
            (*columns("CPU time, numpy.lstsq = 1"), Column("solver", "of")),
            where={"solver": (ALONE, OURS)},
        ),
        Listing(
            "mpmath.qr_solve at sixty digits",
            columns("CPU time, the certified reference = 1"),
            where={"solver": MPMATH},
        ),
    ),
    findings=(
        finding(
            "Fifty certified digits of the coefficients take {low:.1f} to {high:.1f} times the CPU time of "
            "`numpy.linalg.lstsq`: the target of {target:g} times is met in {met} of {all} cases and missed in "
            "{missed}.",
            lambda rows: against_targets(rows, ALONE),
            lambda n: n["high"] <= SLACK * n["target"],
        ),
        finding(
            "Fifty certified digits of coefficients, standard errors and R² take {low:.1f} to {high:.1f} times the "
            "CPU time of `numpy.linalg.lstsq`: the target of {target:g} times is met in {met} of {all} cases and "
            "missed in {missed}.",
            lambda rows: against_targets(rows, OURS),
            lambda n: n["high"] <= 2 * SLACK * n["target"],
        ),
        finding(
            "On {m:,} rows and {n} columns, the largest shape here, they take {low:.1f} to {high:.1f} times: met in "
            "{met} of {all} cases, missed in {missed}.",
            lambda rows: largest(rows, OURS),
            lambda n: n["high"] <= SLACK * n["target"],
        ),
        finding(
            "`mpmath.qr_solve` takes from {low:.0f} times the CPU time of the certified reference ({smallest}) to "
            "{high:.0f} times ({largest}): the target of at least {target:g} times is met in {met} of {all} cases and "
            "missed in {missed}.",
            high_precision_costs,
            lambda n: n["high"] >= n["target"] / SLACK,
        ),
    ),
    remedies=(
        remedy(
            "For more digits than a double holds, take a certified reference: on {m} rows and {n} columns it gives "
            "fifty proven digits where `mpmath.qr_solve` takes {high:.0f} times the CPU time and proves none.",
            lambda rows: largest(rows, MPMATH),
            lambda n: n["high"] >= n["target"] / SLACK,
            CODE,
        ),
    ),
    symptoms=(
        "mpmath takes minutes on my regression",
        "I need more digits than a double holds",
        "I need a reference to test my own solver against",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
