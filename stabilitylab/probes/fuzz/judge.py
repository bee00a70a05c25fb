"""Verdicts on an answer that claims correct rounding, and their tally."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np

from stabilitylab.core.errors import NotCertifiedError, OutOfRangeError, RankDeficientError
from stabilitylab.probes.fuzz.kinds import draw
from stabilitylab.probes.fuzz.oracle import exact_solution

SMALLEST = Fraction(2) ** -1022  # the smallest double of full precision


class Verdict(Enum):
    """What an answer is, held against the exact solution."""

    SOLVED = "every coefficient is the double nearest to the exact one, ties to even"
    SINGULAR = "A is exactly rank deficient, and that was said"
    OUT_OF_RANGE = "an exact coefficient leaves the range of float64, and that was said"
    REFUSED = "no answer, without a claim: the digits could not be proven"
    WRONG = "another coefficient, an error that the problem does not have, or one that the solver does not declare"


@dataclass(frozen=True)
class VerdictCounts:
    """Verdicts on problems of one kind, with the seeds of those that are no success."""

    seeds: dict[Verdict, tuple[int, ...]]

    def count(self, verdict: Verdict) -> int:
        """How many problems got this verdict."""
        return len(self.seeds.get(verdict, ()))


def judged(solve: Callable[[Any, Any], Any], A: Any, b: Any) -> Verdict:
    """The verdict on solve(A, b), for doubles A (m, n), b (m,): x (n,) of float64, or one of the errors declared.

    RankDeficientError is right exactly when A is deficient, OutOfRangeError only when an exact coefficient overflows,
    or is not zero and below 2**-1022; NotCertifiedError claims nothing. What else is raised is WRONG.
    """
    exact = exact_solution(A, b)
    try:
        x = solve(A, b)
    except NotCertifiedError:
        return Verdict.REFUSED
    except RankDeficientError:
        return Verdict.SINGULAR if exact is None else Verdict.WRONG
    except OutOfRangeError:
        return Verdict.OUT_OF_RANGE if exact is not None and any(map(_outside, exact)) else Verdict.WRONG
    except Exception:
        return Verdict.WRONG
    if exact is None or np.shape(x) != (len(exact),) or np.asarray(x).dtype != np.float64:
        return Verdict.WRONG
    return Verdict.SOLVED if all(map(_is_nearest, x, exact)) else Verdict.WRONG


def tally(solve: Callable[[Any, Any], Any], kind: str, seeds: Iterable[int]) -> VerdictCounts:
    """The verdicts on the problems of a kind with these seeds."""
    found: dict[Verdict, tuple[int, ...]] = {}
    for seed in seeds:
        verdict = judged(solve, *draw(kind, seed))
        found[verdict] = (*found.get(verdict, ()), seed)
    return VerdictCounts(found)


def _is_nearest(found: Any, exact: Fraction) -> bool:
    nearest = _rounded(exact)
    return nearest is not None and float(found) == nearest and bool(nearest) == bool(exact)


def _outside(exact: Fraction) -> bool:
    return exact != 0 and (abs(exact) < SMALLEST or _rounded(exact) is None)


def _rounded(exact: Fraction) -> float | None:
    """The nearest double, ties to even; None on overflow."""
    try:
        return exact.numerator / exact.denominator  # Python divides integers with one rounding
    except OverflowError:
        return None
