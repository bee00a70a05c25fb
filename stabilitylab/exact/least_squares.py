"""Certified least squares: coefficients rounded once from the exact solution, for about the price of lstsq."""

from collections.abc import Sequence
from dataclasses import replace
from time import process_time
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, RankDeficientError
from stabilitylab.core.types import TRUTHS, Truth
from stabilitylab.data.problem import Problem
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.float64.by_residual import solved_by_residual, worth_a_try
from stabilitylab.exact.gram.inputs import (
    constant_column,
    exact_input,
    exact_input_of,
    exact_weights,
    summed,
    with_intercept,
)
from stabilitylab.exact.gram.limbs import WIDTH
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.proof.certificate import Certificate, Factor
from stabilitylab.exact.solve.choose import solve, solve_every_way
from stabilitylab.exact.solve.enclosed import Solved, rounded, to_nearest
from stabilitylab.exact.solve.least_norm import least_norm
from stabilitylab.exact.solve.rational import independent_columns

Policy: TypeAlias = Literal["full-rank", "minimum-norm"]
POLICIES = ("full-rank", "minimum-norm")


def lstsq(
    A: Problem | npt.ArrayLike,
    b: npt.ArrayLike | None = None,
    *,
    truth: Truth = "matrix",
    weights: npt.ArrayLike | None = None,
    intercept: bool = False,
    policy: Policy = "full-rank",
    names: Sequence[str] | None = None,
) -> CertifiedFit:
    """x (n,) minimising |b - A x| over A (m, n), b (m,): each x_j the double nearest to the exact solution, with proof.

    The numbers are taken as they are: floats bit for bit, or exact decimals (text, Decimal), integers and Fractions;
    or a Problem, for one of its truths. weights w (m,) minimise sum w_i (b - A x)_i²; intercept puts a column of ones
    in front. An exactly rank-deficient A is refused (RankDeficientError, naming the dependent columns) unless policy is
    "minimum-norm", which gives the solution of least norm, and takes m < n too.
    Cost: an error-free A'A, 9 m n² floating-point operations by BLAS for ordinary data (m n² for integers of few
    digits, 16 m n² and more for heavy tails), and an n x n solve; less where a float64 factor serves.
    Raises the errors of `validation.checked`, OutOfRangeError where a coefficient over- or underflows float64,
    NotCertifiedError rather than return a digit that is not proven.
    """
    started = process_time()
    if policy not in POLICIES:
        raise InputError(f"policy must be one of {', '.join(POLICIES)}; got {policy!r}")
    if truth not in TRUTHS:
        raise InputError(f"truth must be one of {', '.join(TRUTHS)}; got {truth!r}")
    if isinstance(A, Problem):
        if b is not None:
            raise InputError("a Problem brings its own b: call lstsq(problem, truth=...)")
        data = exact_input_of(A, truth)
    elif b is None:
        raise InputError("b is missing: call lstsq(A, b), or lstsq(problem, truth=...)")
    else:
        data = exact_input(A, b, wide=policy == "minimum-norm")
    if intercept:
        data = with_intercept(data)
    named = _names(names, A.feature_names if isinstance(A, Problem) else None, data.A.shape[1], intercept)
    given_weight = exact_weights(weights, len(data.b))
    constant = 0 if intercept else constant_column(data, given_weight)
    if data.floats and data.scales is None and given_weight is None and worth_a_try(*data.A.shape):
        certificate = solved_by_residual(data.A, data.b)
        if certificate is not None:
            certificate = replace(certificate, seconds=process_time() - started)
            x = np.array(certificate.nearest)
            return CertifiedFit(x, named, certificate, len(data.b), constant, None, (data, None))
    fit = fitted(summed(data, given_weight), named, policy, started, constant)
    return replace(fit, data=(data, given_weight))


def fitted(
    normal: NormalEquations, names: tuple[str, ...], policy: Policy, started: float, constant: int | None
) -> CertifiedFit:
    """The fit from exact normal equations; process_time() was `started` when the work began."""
    ratios = _ratios(normal)
    solved = solve(normal, to_nearest(normal, ratios)) if normal.rows >= normal.n else None
    rank = normal.n
    if solved is None:
        independent = independent_columns(normal)
        rank = len(independent)
        if policy == "full-rank":
            dependent = ", ".join(name for j, name in enumerate(names) if j not in independent)
            raise RankDeficientError(
                f"A has rank {rank} of {normal.n}, exactly; what depends on the columns before it: {dependent}. "
                f"Drop it, or ask for policy='minimum-norm'"
            )
        solved = least_norm(normal, independent)
        ratios = ((1, 1),) * normal.n
    x = rounded(solved, ratios, names)
    certificate = Certificate(
        route=solved.route,
        middle=solved.middle,
        spread=solved.radius,
        denominator=solved.denominator,
        ratios=ratios,
        nearest=tuple(x),
        rank=rank,
        factor=_factor(solved, normal),
        seconds=process_time() - started,
    )
    return CertifiedFit(np.array(x), names, certificate, normal.rows, constant, normal, None)


def by_every_route(A: Array, b: Array) -> dict[str, tuple[float, ...]]:
    """x of min |b - A x|, A of full rank, by each way of solving that serves it, whichever `lstsq` would choose."""
    sums = GramSums(A.shape[1] + 1)
    sums.feed(A, b)
    normal = sums.normal_equations()
    ratios, names = _ratios(normal), tuple(map(str, range(normal.n)))
    found = {
        one.route: tuple(rounded(one, ratios, names)) for one in solve_every_way(normal, to_nearest(normal, ratios))
    }
    certificate = solved_by_residual(A, b)
    return found if certificate is None else {**found, certificate.route: certificate.nearest}


def _ratios(normal: NormalEquations) -> tuple[tuple[int, int], ...]:
    """p/q for each column: x_j is p/q times the solution of the normal equations."""
    if normal.scales is not None:
        units = normal.units
        return tuple((units[-1] / unit).as_integer_ratio() for unit in units[:-1])
    *columns, right = normal.exponents.tolist()
    return tuple((1 << (right - e), 1) if right >= e else (1, 1 << (e - right)) for e in columns)


def _factor(solved: Solved, normal: NormalEquations) -> Factor | None:
    X = solved.factor
    if X is None:
        return None
    powers = WIDTH * (X.places - np.arange(len(X.planes))[:, None])
    return Factor(X.planes, powers, tuple(1 / unit for unit in normal.units[:-1]), X.alpha)


def _names(names: Sequence[str] | None, features: tuple[str, ...] | None, n: int, intercept: bool) -> tuple[str, ...]:
    own = n - intercept
    found = tuple(map(str, names)) if names is not None else features or tuple(f"a{j}" for j in range(own))
    if len(found) != own:
        raise InputError(f"names must have one entry for each of {own} columns; got {len(found)}")
    return ("intercept", *found) if intercept else found
