"""Self-tests of what all numbers here depend on: rounding, BLAS, and the exact engine against independent methods."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import joblib
import mpmath
import numpy as np
from threadpoolctl import threadpool_info

from stabilitylab import bench, libraries, problems
from stabilitylab.core.arithmetic.formats import nearest
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.data.problem import IntegerSystem
from stabilitylab.exact.gram.inputs import exact_input_of
from stabilitylab.exact.gram.selftest import blas_is_exact
from stabilitylab.exact.least_squares import by_every_route
from stabilitylab.exact.statistics import evidence_of
from stabilitylab.scoring.mpmath_reference import certified

DIGITS = 50


@dataclass(frozen=True)
class SelfTest:
    """The result of one self-test. name: the property tested. well: whether it holds. seen: what was computed."""

    name: str
    well: bool
    seen: str


def examine() -> tuple[SelfTest, ...]:
    """The results of all self-tests, in the order of CHECKS."""
    return tuple(check() for check in CHECKS)


@dataclass(frozen=True)
class LibraryHere:
    """A library that is installed: its version, and the BLAS that its process has loaded."""

    title: str
    version: str
    blas: str

    def __str__(self) -> str:
        return f"{self.title} {self.version}: {self.blas}"


def libraries_here() -> tuple[LibraryHere, ...]:
    """The libraries that are installed, sorted by name; each is started, as many at a time as there are cores."""
    here = [one for one in libraries.each() if not one.missing]
    with ThreadPoolExecutor(joblib.cpu_count()) as pool:
        return tuple(pool.map(lambda one: LibraryHere(one.title, one.version(), bench.loaded_blas(one)), here))


def rounding_is_to_nearest() -> SelfTest:
    """Additions and conversions round to nearest, ties to even, and subnormal numbers are not flushed to 0."""
    tie_down, tie_up = np.float64(2**53) + 1.0, np.float64(2**53 + 2) + 1.0
    tiny = np.float64(2.0**-1074)
    ties = tie_down == 2**53 and tie_up == 2**53 + 4 and tiny / 2 == 0 and tiny > 0
    tenth = Fraction(1, 10)
    converted = nearest(tenth, "float64") == 0.1 and nearest(tenth, "float32") == np.float32(0.1)
    return SelfTest("float64 rounds to nearest, ties to even", bool(ties and converted), f"2**53 + 1 = {tie_down:.0f}")


def blas_is_true_double() -> SelfTest:
    """Products of integer matrices whose entries stay below 2**53 are exact by BLAS, in small and in large shapes."""
    well = blas_is_exact() and blas_is_exact(columns=128)
    seen = f"sums of 22-bit products, small and large, come out {'exact' if well else 'wrong'}"
    return SelfTest("BLAS multiplies in true float64", well, seen)


def solvers_run_on_one_blas_thread() -> SelfTest:
    """Inside `one_blas_thread` every BLAS has one thread, however many it has outside."""
    outside = _blas_threads()
    with one_blas_thread():
        inside = _blas_threads()
    seen = f"{max(outside)} outside, {max(inside)} while a solver runs"
    return SelfTest("solvers run on one BLAS thread", max(inside) == 1, seen)


def _blas_threads() -> list[int]:
    return [info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"] or [1]


def engine_agrees_with_rationals() -> SelfTest:
    """Coefficients of Longley and Filip, decimal truth: the exact engine against Gaussian elimination in fractions."""
    return _agreement("the exact engine agrees with exact rational elimination", _rational)


def engine_agrees_with_mpmath_qr() -> SelfTest:
    """The same against mpmath's Householder QR, its precision doubled until two successive results agree."""
    return _agreement("the exact engine agrees with mpmath's QR", _mpmath_qr)


def engine_agrees_with_the_mpmath_reference() -> SelfTest:
    """The same against `scoring.mpmath_reference`, which works in mpmath and Python integers."""
    return _agreement("the exact engine agrees with the mpmath reference", _mpmath_reference)


def routes_agree() -> SelfTest:
    """Longley, matrix truth, by every route of the exact engine: all must give the same float64 coefficients."""
    problem = problems.get("nist.longley")()
    by_route = by_every_route(problem.A, problem.b)
    answers = len(set(by_route.values()))
    seen = f"{answers} answer{'s' * (answers != 1)} of {'; '.join(by_route)}"
    return SelfTest("the engine's routes give the same doubles", answers == 1, seen)


CHECKS: tuple[Callable[[], SelfTest], ...] = (
    rounding_is_to_nearest,
    blas_is_true_double,
    solvers_run_on_one_blas_thread,
    engine_agrees_with_rationals,
    engine_agrees_with_mpmath_qr,
    engine_agrees_with_the_mpmath_reference,
    routes_agree,
)


def _agreement(name: str, method: Callable[[IntegerSystem], list[Fraction]]) -> SelfTest:
    worst = Fraction(0)
    for problem in ("nist.longley", "nist.filip"):
        system = problems.get(problem)().exact("decimal")
        scales = [system.b_scale / scale for scale in system.column_scales]
        for x, y, scale in zip(engine(problem), method(system), scales, strict=True):
            worst = max(worst, abs(x - y * scale) / abs(x))
    return SelfTest(name, worst * 10**DIGITS < 2, f"largest relative difference {float(worst):.1e}")


def engine(problem: str) -> list[Fraction]:
    """The coefficients of the decimal truth by the exact engine, to DIGITS + 1 digits."""
    data = exact_input_of(problems.get(problem)(), "decimal")
    return [interval.middle for interval in evidence_of(data).coefficients(DIGITS + 1)]


def _mpmath_reference(system: IntegerSystem) -> list[Fraction]:
    solved = certified(system, DIGITS + 1)
    return [Fraction(0)] * len(system.column_scales) if solved is None else list(solved.x)


def _rational(system: IntegerSystem) -> list[Fraction]:
    columns = [[Fraction(int(v)) for v in column] for column in [*system.A.T, system.b]]
    n = len(columns) - 1
    rows = [[sum(map(Fraction.__mul__, columns[i], columns[j]), Fraction(0)) for j in range(n + 1)] for i in range(n)]
    for k in range(n):
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for i in range(n):
            if i != k:
                rows[i] = [v - rows[i][k] * w for v, w in zip(rows[i], rows[k], strict=True)]
    return [row[n] for row in rows]


def _mpmath_qr(system: IntegerSystem) -> list[Fraction]:
    mp = mpmath.MPContext()
    mp.prec = 400
    previous: list[Fraction] | None = None
    while True:
        x, _ = mp.qr_solve(mp.matrix(system.A.tolist()), mp.matrix(system.b.tolist()))
        current = [Fraction(int(v.man)) * (-1 if v < 0 else 1) * Fraction(2) ** int(v.exp) for v in map(abs, x)]
        current = [f if v >= 0 else -f for f, v in zip(current, x, strict=True)]
        if previous and all(abs(p - f) * 10 ** (DIGITS + 2) <= abs(f) for p, f in zip(previous, current, strict=True)):
            return current
        previous = current
        mp.prec *= 2
