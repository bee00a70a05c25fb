"""Whether a solver that claims correctly rounded coefficients gives them: verdicts by an exact solution, and counts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np

from stabilitylab.core.errors import NotCertifiedError, OutOfRangeError, RankDeficientError
from stabilitylab.probes.fuzz.oracle import exact_solution
from stabilitylab.probes.fuzz.random_problems import random_problem

SMALLEST = Fraction(2) ** -1022  # the smallest normal float64


class RoundingVerdict(Enum):
    """How an answer compares with the exact solution."""

    SOLVED = "every coefficient is the double nearest to the exact one, ties to even"
    SINGULAR = "A is exactly rank deficient, and that was said"
    OUT_OF_RANGE = "an exact coefficient leaves the range of float64, and that was said"
    REFUSED = "no answer, without a claim: the digits could not be proven"
    WRONG = "another coefficient, an error that the problem does not have, or one that the solver does not declare"


@dataclass(frozen=True)
class VerdictCounts:
    """For each verdict the seeds of the problems of one kind that got it."""

    seeds: dict[RoundingVerdict, tuple[int, ...]]

    def count(self, verdict: RoundingVerdict) -> int:
        """The number of problems that got this verdict."""
        return len(self.seeds.get(verdict, ()))


def verdict_on(solve: Callable[[Any, Any], Any], A: Any, b: Any) -> RoundingVerdict:
    """The verdict on solve(A, b) for float64 A (m, n), b (m,), which must return x (n,) of float64 or raise an error.

    RankDeficientError is right exactly when A is rank deficient; OutOfRangeError only when an exact coefficient
    overflows float64, or is not 0 and below 2**-1022; NotCertifiedError is REFUSED. Every other error is WRONG.
    """
    exact = exact_solution(A, b)
    try:
        x = solve(A, b)
    except NotCertifiedError:
        return RoundingVerdict.REFUSED
    except RankDeficientError:
        return RoundingVerdict.SINGULAR if exact is None else RoundingVerdict.WRONG
    except OutOfRangeError:
        return (
            RoundingVerdict.OUT_OF_RANGE
            if exact is not None and any(map(_out_of_range, exact))
            else RoundingVerdict.WRONG
        )
    except Exception:
        return RoundingVerdict.WRONG
    if exact is None or np.shape(x) != (len(exact),) or np.asarray(x).dtype != np.float64:
        return RoundingVerdict.WRONG
    return RoundingVerdict.SOLVED if all(map(_is_nearest, x, exact)) else RoundingVerdict.WRONG


def count_verdicts(solve: Callable[[Any, Any], Any], kind: str, seeds: Iterable[int]) -> VerdictCounts:
    """The verdicts on the random problems of a kind with these seeds."""
    by_verdict: dict[RoundingVerdict, tuple[int, ...]] = {}
    for seed in seeds:
        verdict = verdict_on(solve, *random_problem(kind, seed))
        by_verdict[verdict] = (*by_verdict.get(verdict, ()), seed)
    return VerdictCounts(by_verdict)


def _is_nearest(x: Any, exact: Fraction) -> bool:
    nearest = _rounded(exact)
    return nearest is not None and float(x) == nearest and bool(nearest) == bool(exact)


def _out_of_range(exact: Fraction) -> bool:
    return exact != 0 and (abs(exact) < SMALLEST or _rounded(exact) is None)


def _rounded(exact: Fraction) -> float | None:
    """The nearest float64, ties to even; None on overflow."""
    try:
        return exact.numerator / exact.denominator  # Python divides integers with one rounding
    except OverflowError:
        return None
