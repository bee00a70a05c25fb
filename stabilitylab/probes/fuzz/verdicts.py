"""Whether a solver that claims correct rounding rounds correctly: verdicts by an exact solution, and their counts."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import isfinite, nextafter
from typing import Any

import numpy as np

from stabilitylab.core.errors import InputError, NotCertifiedError, OutOfRangeError, RankDeficientError
from stabilitylab.probes.fuzz.oracle import ExactRegression, exact_regression
from stabilitylab.probes.fuzz.random_tasks import random_task
from stabilitylab.probes.fuzz.task import Answer, Task

INFINITE = Fraction(2**1024 - 2**970)  # from here on the nearest float64 is infinite
ZERO = Fraction(1, 2**1075)  # up to here it is 0


class RoundingVerdict(Enum):
    """How an answer compares with the exact solution."""

    SOLVED = "every coefficient, and every figure asked for, is the double nearest to the exact one, ties to even"
    SINGULAR = "A is exactly rank deficient, and that was said"
    OUT_OF_RANGE = "the double nearest to a coefficient is infinite, or 0 for one that is not 0, and that was said"
    REFUSED = "no answer, without a claim: the digits could not be proven"
    WRONG = "another number, an error that the problem does not have, or one that the solver does not declare"


@dataclass(frozen=True)
class Verdict:
    """The verdict on one task; reason: of a refusal, or what is wrong; figures: numbers compared besides x."""

    kind: RoundingVerdict
    reason: str = ""
    figures: int = 0


@dataclass(frozen=True)
class VerdictCounts:
    """For each verdict the seeds of the tasks of one kind that got it; the reasons by seed; figures compared."""

    seeds: dict[RoundingVerdict, tuple[int, ...]]
    reasons: dict[int, str]
    figures: int

    def count(self, verdict: RoundingVerdict) -> int:
        """The number of tasks that got this verdict."""
        return len(self.seeds.get(verdict, ()))


def verdict_on(solve: Callable[[Task], Answer], task: Task) -> Verdict:
    """The verdict on solve(task), which must give x (n,) of float64 and the figures asked for, or raise an error.

    RankDeficientError is right exactly when A is rank deficient; OutOfRangeError only when a coefficient rounds to an
    infinity, or to 0 and is not 0, and in place of a figure likewise; NotCertifiedError is REFUSED. After a change of
    the data an InputError is right in place of a figure, and so is the figure of the data that were fitted. Every other
    error is WRONG.
    """
    exact = exact_regression(task.columns, list(task.b), task.weights, inverse=len(task.figures) > 2)
    try:
        found = solve(task)
    except NotCertifiedError as error:
        return Verdict(RoundingVerdict.REFUSED, str(error).partition(":")[0])
    except RankDeficientError:
        return _said(RoundingVerdict.SINGULAR, exact is None, "called singular")
    except OutOfRangeError as error:
        right = exact is not None and any(map(_out_of_range, exact.x))
        return _said(RoundingVerdict.OUT_OF_RANGE, right, f"called out of range ({error})")
    except Exception as error:
        return Verdict(RoundingVerdict.WRONG, f"raised {type(error).__name__} ({error})")
    if exact is None:
        return Verdict(RoundingVerdict.WRONG, "an answer to a singular problem")
    for route, given in (("", found.x), *found.by_route.items()):
        x = np.asarray(given)
        if x.shape != (len(exact.x),) or x.dtype != np.float64 or not all(map(is_nearest, x.tolist(), exact.x)):
            return Verdict(RoundingVerdict.WRONG, f"a coefficient{route and ' by ' + route}")
    return _verdict_on_figures(found, task, exact)


def count_verdicts(solve: Callable[[Task], Answer], kind: str, seeds: Iterable[int]) -> VerdictCounts:
    """The verdicts on the random tasks of a kind with these seeds."""
    by_verdict: dict[RoundingVerdict, tuple[int, ...]] = {}
    reasons, figures = {}, 0
    for seed in seeds:
        verdict = verdict_on(solve, random_task(kind, seed))
        by_verdict[verdict.kind] = (*by_verdict.get(verdict.kind, ()), seed)
        figures += verdict.figures
        if verdict.reason:
            reasons[seed] = verdict.reason
    return VerdictCounts(by_verdict, reasons, figures)


def is_nearest(x: float, exact: Fraction) -> bool:
    """Whether x is the float64 nearest to a number, ties to even, and 0 only for 0."""
    return not _out_of_range(exact) and x == exact.numerator / exact.denominator  # which Python rounds once


def is_nearest_root(x: float, square: Fraction) -> bool:
    """Whether x >= 0 is the float64 nearest to the root of a number, and 0 only for 0: by the squares of midpoints."""
    if square == 0 or not (isfinite(x) and x > 0):
        return square == 0 == x
    own = Fraction(x)
    below, above = (own + Fraction(nextafter(x, 0.0))) / 2, (own + _next(x)) / 2
    return below**2 <= square <= above**2 if _is_even(x) else below**2 < square < above**2


def _next(x: float) -> Fraction:
    following = nextafter(x, float("inf"))
    return Fraction(following) if isfinite(following) else Fraction(2**1024)


def _is_even(x: float) -> bool:
    gap = Fraction(x) - Fraction(nextafter(x, 0.0))
    return (Fraction(x) / gap).numerator % 2 == 0  # below a power of two the gap is half, and the multiple even


def _out_of_range(exact: Fraction) -> bool:
    return exact != 0 and not ZERO < abs(exact) < INFINITE


def _root_out_of_range(square: Fraction) -> bool:
    return square != 0 and not ZERO**2 < square < INFINITE**2


def _said(kind: RoundingVerdict, right: bool, claim: str) -> Verdict:
    return Verdict(kind) if right else Verdict(RoundingVerdict.WRONG, f"falsely {claim}")


def _verdict_on_figures(found: Answer, task: Task, exact: ExactRegression) -> Verdict:
    compared: Counter[str] = Counter()
    for name in task.figures:
        value: Any = found.figures.get(name)
        wanted = _exact_figures(exact, name)
        if wanted is None:
            continue
        numbers, is_right, is_out = wanted
        if task.changed is not None and type(value) is InputError:
            compared[name] = 1
        elif isinstance(value, NotCertifiedError):
            return Verdict(RoundingVerdict.REFUSED, f"{name}: {str(value).partition(':')[0]}")
        elif isinstance(value, OutOfRangeError):
            if not any(map(is_out, numbers)):
                return Verdict(RoundingVerdict.WRONG, f"{name} falsely called out of range")
            compared[name] = 1
        else:
            given = np.atleast_1d(value)
            if given.dtype != np.float64 or given.shape != (len(numbers),):
                return Verdict(RoundingVerdict.WRONG, f"{name} is {value!r}")
            if not all(map(is_right, given.tolist(), numbers)):
                return Verdict(RoundingVerdict.WRONG, f"a number of {name}")
            compared[name] = len(numbers)
    routes = len(found.by_route) * len(exact.x)
    return Verdict(RoundingVerdict.SOLVED, figures=compared.total() + routes)


def _exact_figures(exact: ExactRegression, name: str) -> tuple[Sequence[Any], Any, Any] | None:
    """The exact numbers of a figure, how one is judged and when it is out of range; None where it has no number."""
    plain, root = (is_nearest, _out_of_range), (is_nearest_root, _root_out_of_range)
    one: Fraction | None
    if name in ("rss", "residual_norm"):
        return ((exact.rss,), *(plain if name == "rss" else root))
    if name in ("r_squared", "f_statistic"):
        one = exact.r_squared if name == "r_squared" else exact.f_statistic
        return None if one is None else ((one,), *plain)
    variances = exact.variances
    if variances is None:
        return None
    if name == "t_statistics":
        if exact.rss == 0:
            return None
        signed = [(x, x**2 / v) for x, v in zip(exact.x, variances, strict=True)]
        return signed, _is_signed_root, lambda pair: _root_out_of_range(pair[1])
    return (variances, *(plain if name == "covariance_diagonal" else root))


def _is_signed_root(t: float, pair: tuple[Fraction, Fraction]) -> bool:
    x, square = pair
    return is_nearest_root(abs(t), square) and (t < 0) == (x < 0)
