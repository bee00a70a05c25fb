"""What do fifty certified digits cost, measured in calls of `numpy.linalg.lstsq` and of a high-precision library?

CPU time on one BLAS thread, in turn in one process; every reference is of a right-hand side never seen before, so that
none comes from the cache. A reference has standard errors, R² and the scales of its coefficients too, and is put into
the cache; the coefficients alone stand beside it. `mpmath.qr_solve` works with ten digits more than are asked for, and
proves nothing. The matrices have singular values from 1 down to 1/cond in geometric progression.
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
    Finding,
    Listing,
    Measurement,
    Probe,
    Rows,
    Size,
    costs,
    evidence_of,
    exact_input,
    haar,
    interleaved,
    reference,
    run_file,
    singular_values,
)

SLACK = 1.5  # a target is missed beyond this: timings move with the machine
DIGITS, GUARD = 50, 10
CONDS = (1e1, 1e8, 1e14)
BASE, OURS, MPMATH, ALONE = "numpy.lstsq", "sl.reference", "mpmath.qr_solve", "coefficients alone"
BESIDE = {
    OURS: (BASE, 4.0),
    ALONE: (BASE, 4.0),
    MPMATH: (OURS, 100.0),
}  # what each is measured in, and the most, or the least, aimed at


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


def extremes(rows: Rows) -> dict[str, float]:
    """The ratios that the findings speak of."""
    ours, theirs, alone = (rows.where(solver=name) for name in (OURS, MPMATH, ALONE))
    largest = theirs.where(problem__n=max(theirs.distinct("problem.n")))
    return {
        "least alone": min(alone.values("ratio")),
        "most alone": max(alone.values("ratio")),
        "aim": BESIDE[ALONE][1],
        "least": min(ours.values("ratio")),
        "most": max(ours.values("ratio")),
        "most of the largest": max(ours.where(problem__n=max(ours.distinct("problem.n"))).values("ratio")),
        "faster": min(largest.values("ratio")),
        "n": largest.all[0]["problem.n"],
    }


def columns(times: str) -> tuple[Column, ...]:
    """Shape, condition number and the ratio."""
    return (
        *(Column(f"problem.{name}", name) for name in ("m", "n", "cond")),
        Column(ratio, times),
        Column("target", "aimed at", "short"),
        Column("seconds", "seconds", "scientific"),
    )


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
        Finding(
            "Fifty certified digits of the coefficients take {least alone:.1f} to {most alone:.1f} times the CPU time "
            "of `numpy.linalg.lstsq`, less than the {aim:g} aimed at.",
            lambda rows: extremes(rows)["most alone"] <= BESIDE[ALONE][1],
            extremes,
        ),
        Finding(
            "Fifty certified digits of coefficients, standard errors and R² take {least:.1f} to {most:.1f} times the "
            "CPU time of `numpy.linalg.lstsq`; on the largest shape {most of the largest:.1f} at most, which is within "
            "half as much again of the aim.",
            lambda rows: extremes(rows)["most of the largest"] <= SLACK * BESIDE[OURS][1],
            extremes,
        ),
        Finding(
            "On {n} columns `mpmath.qr_solve` takes {faster:.0f} times the CPU time of the certified reference.",
            lambda rows: extremes(rows)["faster"] >= BESIDE[MPMATH][1] / SLACK,
            extremes,
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)
