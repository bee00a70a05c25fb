"""Certified least squares: `lstsq` chooses between the routes, and every coefficient is rounded once, with proof."""

import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from time import process_time
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import InputError, NotCertifiedError, OutOfRangeError, UndeterminedWarning
from stabilitylab.core.types import POLICIES, TRUTHS, Policy, Truth
from stabilitylab.data.problem import Problem
from stabilitylab.exact.dependent import refused
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.fit.several import CertifiedFits
from stabilitylab.exact.fit.solved import WEIGHTINGS, Weighting
from stabilitylab.exact.float64.by_residual import solved_by_residual, worth_a_try
from stabilitylab.exact.gram.inputs import Prepared, prepare, summed, summed_together
from stabilitylab.exact.gram.limbs import WIDTH
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.proof.certificate import Certificate, Factor
from stabilitylab.exact.ridge import Ridge, penalised, penalties, refused_for_lack_of_penalty, require_one_policy
from stabilitylab.exact.rows import FittedRows
from stabilitylab.exact.solve.choose import solve, solve_every_way
from stabilitylab.exact.solve.dependence import independent_columns
from stabilitylab.exact.solve.enclosed import EnclosedSolution, rounded, to_nearest
from stabilitylab.exact.solve.least_norm import least_norm
from stabilitylab.exact.supported import Known, of_certificate, of_normal_equations

PACKAGE = f"{__name__.partition('.')[0]}."


@in_default_mode
def lstsq(
    A: Problem | npt.ArrayLike,
    b: npt.ArrayLike | None = None,
    *,
    truth: Truth = "matrix",
    weights: npt.ArrayLike | None = None,
    intercept: bool = False,
    policy: Policy = "full-rank",
    names: Sequence[str] | None = None,
    weighting: Weighting = "relative",
    ridge: Any = None,
    penalize_intercept: bool = False,
) -> CertifiedFit | Any:
    """x (n,) minimising |b - A x| over A (m, n), b (m,): each x_j the double nearest to the exact solution, with proof.

    The numbers are taken as they are: floats bit for bit, or exact decimals (text, Decimal), integers and Fractions;
    or a Problem, for one of its truths. weights w (m,) minimise sum w_i (b - A x)_i²; intercept puts a column of ones
    in front. The columns of a table (pandas, polars, pyarrow, a structured array, a dict) give the coefficients their
    names; A may be sparse (scipy.sparse). Moments are taken in seconds since 1970, durations in seconds. b (m, k) with
    k > 1 is k targets: a CertifiedFits then comes back, x (n, k), from one A'A; each of its fits has the bits of a fit
    by itself. An exactly rank-deficient A is refused (RankDeficientError, naming the dependent columns) unless policy
    is "minimum-norm", which gives the solution of least norm, and takes m < n too. weighting: what the weights say
    beyond x, for standard errors and what follows: "relative", only their ratios count, and the variance of the
    residuals is estimated; "absolute", w_i = 1/sigma_i² for known standard deviations sigma_i of b. ridge: lambda >= 0,
    one number or one for each column of A, exactly (a float as stored, decimals as text): minimises sum w_i (b - A
    x)_i² + sum lambda_j x_j², in the units of the data, for any m where all lambda are above 0; the intercept has none
    unless penalize_intercept is set. Such a fit has no standard errors, and does not say how many digits the data
    support.
    Cost: an error-free A'A, 9 m n² floating-point operations by BLAS for ordinary data (m n² for integers of few
    digits, 16 m n² and more for heavy tails, 36 m n² with weights), and an n x n solve; less where a float64 factor
    serves. A sparse A is made dense in blocks of rows, and costs as much.
    Raises InputError for arguments that do not fit together; ComplexError, EmptyError, NotFiniteError, NotNumericError,
    ShapeError and UnderdeterminedError for numbers that are no regression; OutOfRangeError where a coefficient over- or
    underflows float64; NotCertifiedError rather than return a digit that is not proven; UntrustedBLASError.
    """
    started = process_time()
    require_choice("policy", policy, POLICIES)
    require_choice("truth", truth, TRUTHS)
    require_choice("weighting", weighting, WEIGHTINGS)
    if not isinstance(intercept, bool | np.bool_):
        raise InputError(f"intercept must be True or False; got {intercept!r}: True puts a column of ones in front")
    if weighting == "absolute" and weights is None:
        raise InputError('weighting="absolute" is about weights: give weights=1/sigma**2, sigma one for each row')
    wide = policy == "minimum-norm"
    if ridge is not None:
        require_one_policy(policy)
    elif penalize_intercept:
        raise InputError("penalize_intercept is about a penalty: give one, such as ridge=1.0")
    wide |= ridge is not None
    regression = prepare(A, b, truth=truth, weights=weights, intercept=intercept, names=names, wide=wide)
    if ridge is not None:
        found = penalties(ridge, regression.names, intercept=intercept, penalize_intercept=penalize_intercept)
        if not any(found):
            return lstsq(A, b, truth=truth, weights=weights, intercept=intercept, names=names, weighting=weighting)
        if len(regression.inputs) > 1:
            return fitted_together(regression, policy, started, weighting, intercept, found)
        (target,) = regression.targets
        data = regression.data
        kept, sums = FittedRows.of(data, regression.weights), summed(data, regression.weights)
        fit = fitted(sums, regression.names, policy, started, regression.constant, kept, target=target, penalties=found)
        return replace(fit, weighting=weighting, intercept=intercept)
    if len(regression.inputs) > 1:
        return fitted_together(regression, policy, started, weighting, intercept)
    data, (target,) = regression.data, regression.targets
    kept, known = FittedRows.of(data, regression.weights), Known.of(data, regression.weights)
    if regression.is_plain and worth_a_try(*data.A.shape):
        certificate = solved_by_residual(data.A, data.b)
        if certificate is not None:
            sensitivity = None if known.resolutions.are_exact else of_certificate(certificate, data.A, data.b)
            certificate = replace(certificate, seconds=process_time() - started)
            x, names, constant = np.array(certificate.nearest), regression.names, regression.constant
            return warned(
                CertifiedFit(
                    x,
                    names,
                    certificate,
                    len(data.b),
                    constant,
                    None,
                    kept,
                    None,
                    known,
                    sensitivity,
                    target=target,
                    intercept=intercept,
                )
            )
    normal = summed(data, regression.weights)
    fit = fitted(normal, regression.names, policy, started, regression.constant, kept, known, target)
    return warned(replace(fit, weighting=weighting, intercept=intercept))


def fitted_together(
    regression: Prepared,
    policy: Policy,
    started: float,
    weighting: Weighting,
    intercept: bool,
    penalties: tuple[Fraction, ...] | None = None,
) -> CertifiedFits:
    """The fits of several targets b_0, ..., b_(k-1), from the exact Gram matrix of [A b_0 ... b_(k-1)].

    One rank is found and one refusal made for all of them. The errors are those of `lstsq`, with the target's name.
    """
    inputs, weights, n = regression.inputs, regression.weights, len(regression.names)
    kept, known = FittedRows.of_each(inputs, weights), Known.of_each(inputs, weights)
    normal = summed_together(inputs, weights)
    shared = (process_time() - started) / len(inputs)
    independent: Sequence[int] | None = None
    fits: list[CertifiedFit] = []
    for k, target in enumerate(regression.targets):
        own = normal.restricted([*range(n), n + k])
        if fits and fits[0].certificate.rank < n and independent is None:
            independent = independent_columns(own)
        before = process_time() - shared
        try:
            fit = fitted(
                own,
                regression.names,
                policy,
                before,
                regression.constant,
                kept[k],
                known[k],
                target,
                independent,
                penalties,
            )
        except (OutOfRangeError, NotCertifiedError) as error:
            raise type(error)(f"target {target!r}: ", *error.args) from None
        fits.append(replace(fit, weighting=weighting, intercept=intercept))
    return warned(CertifiedFits(tuple(fits)))


def fitted(
    normal: NormalEquations,
    names: tuple[str, ...],
    policy: Policy,
    started: float,
    constant: int | None,
    data: FittedRows | None = None,
    known: Known | None = None,
    target: str = "b",
    independent: Sequence[int] | None = None,
    penalties: tuple[Fraction, ...] | None = None,
) -> CertifiedFit:
    """The fit from exact normal equations, whose columns have these names.

    started: process_time() when the work began. constant: the column about whose mean R² is. data: the rows, for
    residuals; None where they are not kept. known: how exactly the numbers are known; None where that is not
    known. target: the name of b. independent: columns of A that span those of it, where it is known to be of lower
    rank. penalties: those of a ridge regression (n,). The errors are those of `lstsq`.
    """
    ridge = None if penalties is None else Ridge(penalties, normal)
    if ridge is not None:
        normal, known = penalised(normal, ridge.penalties), None
    ratios = normal.ratios
    solved = None
    if ridge is not None or (independent is None and normal.rows >= normal.n):
        solved = solve(normal, to_nearest(normal, ratios))
    rank = normal.n
    if solved is None and ridge is not None:
        raise refused_for_lack_of_penalty(normal, ridge.penalties, names)
    if solved is None:
        independent = independent_columns(normal) if independent is None else independent
        rank = len(independent)
        if policy == "full-rank":
            raise refused(normal, independent, names, ["minimum-norm"])
        solved = least_norm(normal, independent, lambda bound: to_nearest(normal, ratios, bound))
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
    sensitivity = None
    if rank == normal.n and known is not None and not known.resolutions.are_exact:
        rows = None if data is None or data.weights is not None or data.data.scales is not None else data.data
        plain = rows is not None and rows.floats and rows.rest is None and not rows.is_sparse
        sensitivity = of_normal_equations(normal, solved, rows.A if rows is not None and plain else None)
    return CertifiedFit(
        np.array(x),
        names,
        certificate,
        normal.rows if ridge is None else ridge.sums.rows,
        constant,
        normal,
        data,
        solved,
        known,
        sensitivity,
        target=target,
        ridge=ridge,
    )


Warned = TypeVar("Warned", CertifiedFit, CertifiedFits)


def warned(fit: Warned) -> Warned:
    """The fit, or fits, after an UndeterminedWarning where the data support less than one digit of some coefficient.

    It is shown at the line from which this package was called.
    """
    if not fit.is_determined:
        level, frame = 2, sys._getframe(1)
        while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(PACKAGE):
            level, frame = level + 1, frame.f_back
        warnings.warn(fit.undetermined, UndeterminedWarning, stacklevel=level)
    return fit


def by_every_route(A: Array, b: Array) -> dict[str, tuple[float, ...]]:
    """x of min |b - A x|, A (m, n) float64 of full rank, by every route that can solve it: the route's name to x."""
    sums = GramSums(A.shape[1] + 1)
    sums.feed(A, b)
    normal = sums.normal_equations()
    ratios, names = normal.ratios, tuple(map(str, range(normal.n)))
    by_route = {
        one.route: tuple(rounded(one, ratios, names)) for one in solve_every_way(normal, to_nearest(normal, ratios))
    }
    certificate = solved_by_residual(A, b)
    return by_route if certificate is None else {**by_route, certificate.route: certificate.nearest}


def _factor(solved: EnclosedSolution, normal: NormalEquations) -> Factor | None:
    X = solved.factor
    if X is None:
        return None
    powers = WIDTH * (X.places - np.arange(len(X.planes))[:, None])
    return Factor(X.planes, powers, tuple(1 / unit for unit in normal.units[:-1]), X.alpha)
