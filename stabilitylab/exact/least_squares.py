"""Certified least squares: `lstsq` chooses between the routes, and every coefficient is rounded once, with proof."""

from collections.abc import Sequence
from dataclasses import replace
from time import process_time
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arguments import require_choice, require_flag
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import InputError, NotFiniteError, NotNumericError
from stabilitylab.core.types import POLICIES, TRUTHS, WEIGHTINGS, Policy, Truth, Weighting
from stabilitylab.data.missing import way_out_of_missing, without_missing
from stabilitylab.data.problem import Problem
from stabilitylab.data.tabular.columns import Missing
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.fitted import Asked, fits_of, warned
from stabilitylab.exact.float64.by_residual import solved_by_residual, worth_a_try
from stabilitylab.exact.gram.exact_input import ExactInput
from stabilitylab.exact.gram.inputs import INTERCEPT, prepare, summed_together
from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.ridge import penalties, require_one_policy
from stabilitylab.exact.rows import FittedRows
from stabilitylab.exact.solve.choose import solve_every_way
from stabilitylab.exact.solve.enclosed import rounded, to_nearest
from stabilitylab.exact.supported import Known, of_certificate


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
    missing: Missing = "refuse",
) -> CertifiedFit | Any:
    """x (n,) minimising |b - A x| over A (m, n), b (m,): each x_j the double nearest to the exact solution, with proof.

    The numbers are taken as they are: floats bit for bit, or exact decimals (text, Decimal), integers and Fractions; or
    a Problem, for one of its truths. weights w (m,) minimise sum w_i (b - A x)_i²; intercept puts a column of ones in
    front. The columns of a table (pandas, polars, pyarrow, a structured array, a dict) give the coefficients their
    names; A may be sparse (scipy.sparse). Moments are taken in seconds since 1970, durations in seconds. b (m, k) with
    k > 1 is k targets: a CertifiedFits then comes back, x (n, k), from one A'A; each of its fits has the bits of a fit
    by itself. An exactly rank-deficient A is refused (RankDeficientError, naming the dependent columns) unless policy
    is "minimum-norm", which gives the solution of least norm, and takes m < n too. weighting: what the weights say
    beyond x, for standard errors and what follows: "relative", only their ratios count, and the variance of the
    residuals is estimated; "absolute", w_i = 1/sigma_i² for known standard deviations sigma_i of b. ridge: lambda >= 0,
    one number, one for each column of A, or a dict of them by name, exactly (a float as stored, decimals as text):
    minimises sum w_i (b - A x)_i² + sum lambda_j x_j², in the units of the data, for any m where all lambda are above
    0; the intercept has none unless penalize_intercept is set. Such a fit has no standard errors, and does not say how
    many digits the data support. missing: whether a row in which a number is missing (None, NaN, NaT, NA, a masked
    entry) is refused, or is left out ("drop") and counted as rows_left_out: what the fit says row by row is then of the
    others, in their order. Cost: an error-free A'A, 9 m n² floating-point operations by BLAS for ordinary data (m n²
    for integers of few digits, 16 m n² and more for heavy tails, 36 m n² with weights), and an n x n solve; less where
    a float64 factor serves. A sparse A is made dense in blocks of rows, and costs as much. Raises InputError for
    arguments that do not fit together; ComplexError, EmptyError, NotFiniteError, NotNumericError, ShapeError and
    UnderdeterminedError for numbers that are no regression; OutOfRangeError where a coefficient over- or underflows
    float64; NotCertifiedError rather than return a digit that is not proven; UntrustedBLASError.
    """
    started = process_time()
    require_choice("policy", policy, POLICIES)
    require_choice("truth", truth, TRUTHS)
    require_choice("weighting", weighting, WEIGHTINGS)
    require_choice("missing", missing, get_args(Missing))
    require_flag("intercept", intercept, INTERCEPT)
    require_flag("penalize_intercept", penalize_intercept, "gives the intercept the penalty too")
    if weighting == "absolute" and weights is None:
        raise InputError('weighting="absolute" is about weights: give weights=1/sigma**2, sigma one for each row')
    if ridge is not None:
        require_one_policy(policy)
    elif penalize_intercept:
        raise InputError("penalize_intercept is about a penalty: give one, such as ridge=1.0")
    wide = policy == "minimum-norm" or ridge is not None
    options: dict[str, Any] = {"truth": truth, "intercept": intercept, "names": names}
    left_out = 0
    if missing == "drop" and not isinstance(A, Problem):
        A, b, weights, left_out = without_missing(A, b, weights)
    try:
        regression = prepare(A, b, weights=weights, wide=wide, **options)
        penalty = None
        if ridge is not None:
            penalty = penalties(ridge, regression.names, intercept=intercept, penalize_intercept=penalize_intercept)
            if not any(penalty):
                regression, penalty = prepare(A, b, weights=weights, **options), None
        inputs, targets, unweighted = regression.inputs, regression.targets, weights is None
        asked = Asked(
            regression.names,
            policy,
            regression.constant,
            weighting,
            bool(intercept),
            unweighted,
            penalty,
            started,
            left_out,
        )
        kept, known = FittedRows.of_each(inputs, regression.weights), Known.of_each(inputs, regression.weights)
        if penalty is None and regression.is_plain and worth_a_try(*inputs[0].A.shape):
            fit = _by_residual(inputs[0], asked, targets[0], kept[0], known[0])
            if fit is not None:
                return warned(fit)
        return fits_of(summed_together(inputs, regression.weights), asked, targets, kept, known)
    except (NotFiniteError, NotNumericError) as error:
        way = way_out_of_missing(A, b, weights, left_out)
        if not way:
            raise
        raise type(error)(*error.args, *way) from None


def _by_residual(data: ExactInput, asked: Asked, target: str, kept: FittedRows, known: Known) -> CertifiedFit | None:
    """The fit of plain data by a float64 factor; None where that does not prove every coefficient."""
    certificate = solved_by_residual(data.A, data.b)
    if certificate is None:
        return None
    sensitivity = None if known.resolutions.are_exact else of_certificate(certificate, data.A, data.b)
    return CertifiedFit(
        np.array(certificate.nearest),
        asked.names,
        replace(certificate, seconds=process_time() - asked.started),
        len(data.b),
        asked.constant,
        None,
        kept,
        None,
        known,
        sensitivity,
        unweighted=True,
        target=target,
        intercept=asked.intercept,
        rows_left_out=asked.rows_left_out,
    )


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
