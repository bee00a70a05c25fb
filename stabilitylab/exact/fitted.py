"""From exact normal equations to fits: each target solved, with its certificate, and the warning that is due."""

import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import process_time
from typing import Any, TypeVar

import numpy as np

from stabilitylab.core.errors import NotCertifiedError, OutOfRangeError, UndeterminedWarning
from stabilitylab.core.types import Policy, Weighting
from stabilitylab.exact.dependent import refused
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.fit.several import CertifiedFits
from stabilitylab.exact.gram.limbs import WIDTH
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.proof.certificate import Certificate, Factor
from stabilitylab.exact.ridge import Ridge, penalised, refused_for_lack_of_penalty
from stabilitylab.exact.rows import FittedRows
from stabilitylab.exact.solve.choose import solve
from stabilitylab.exact.solve.dependence import independent_columns
from stabilitylab.exact.solve.enclosed import EnclosedSolution, rounded, to_nearest
from stabilitylab.exact.solve.least_norm import least_norm
from stabilitylab.exact.supported import Known, of_normal_equations

PACKAGE = f"{__name__.partition('.')[0]}."


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked of sums, the same for every target, as `CertifiedFit` has it.

    names (n,): of the coefficients. constant: the column about whose mean R² is. penalties (n,): those of a ridge
    regression, None for none. started: process_time() when the work began. rows_left_out: of those given, how many.
    """

    names: tuple[str, ...]
    policy: Policy
    constant: int | None
    weighting: Weighting
    intercept: bool
    unweighted: bool
    penalties: tuple[Fraction, ...] | None
    started: float
    rows_left_out: int = 0


def fits_of(
    normal: NormalEquations,
    asked: Asked,
    targets: Sequence[str],
    data: Sequence[FittedRows | None],
    known: Sequence[Known | None],
) -> CertifiedFit | Any:
    """The fit of a target, or CertifiedFits of several, from the exact sums of [A b_0 b_1 ...].

    The last of them is on the right side of `normal`. data: the rows of each, for residuals; None where they are not
    kept. known: how exactly the numbers of each are known; None where that is not known. One rank is found and one
    refusal made for all of them. The errors are those of `lstsq`, of several targets with the name of the one.
    """
    n, alone = len(asked.names), len(targets) == 1
    shared = (process_time() - asked.started) / len(targets)
    independent: Sequence[int] | None = None
    fits: list[CertifiedFit] = []
    for k, target in enumerate(targets):
        started = process_time() - shared
        own = normal if alone else normal.restricted([*range(n), n + k])
        if fits and fits[0].certificate.rank < n and independent is None:
            independent = independent_columns(own)
        try:
            fits.append(_fitted(own, asked, target, data[k], known[k], independent, started))
        except (OutOfRangeError, NotCertifiedError) as error:
            if alone:
                raise
            raise type(error)(f"target {target!r}: ", *error.args) from None
    return warned(fits[0]) if alone else warned(CertifiedFits(tuple(fits)))


def _fitted(
    normal: NormalEquations,
    asked: Asked,
    target: str,
    data: FittedRows | None,
    known: Known | None,
    independent: Sequence[int] | None,
    started: float,
) -> CertifiedFit:
    """One target; independent: columns of A that span those of it, where it is known to be of lower rank."""
    ridge = None if asked.penalties is None else Ridge(asked.penalties, normal)
    if ridge is not None:
        normal, known = penalised(normal, ridge.penalties), None
    ratios = normal.ratios
    solved = None
    if ridge is not None or (independent is None and normal.rows >= normal.n):
        solved = solve(normal, to_nearest(normal, ratios))
    rank = normal.n
    if solved is None and ridge is not None:
        raise refused_for_lack_of_penalty(normal, ridge.penalties, asked.names)
    if solved is None:
        independent = independent_columns(normal) if independent is None else independent
        rank = len(independent)
        if asked.policy == "full-rank":
            raise refused(normal, independent, asked.names, ["minimum-norm"])
        solved = least_norm(normal, independent, lambda bound: to_nearest(normal, ratios, bound))
    x = rounded(solved, ratios, asked.names)
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
        asked.names,
        certificate,
        normal.rows if ridge is None else ridge.sums.rows,
        asked.constant,
        normal,
        data,
        solved,
        known,
        sensitivity,
        weighting=asked.weighting,
        unweighted=asked.unweighted,
        target=target,
        intercept=asked.intercept,
        ridge=ridge,
        rows_left_out=asked.rows_left_out,
    )


def _factor(solved: EnclosedSolution, normal: NormalEquations) -> Factor | None:
    X = solved.factor
    if X is None:
        return None
    powers = WIDTH * (X.places - np.arange(len(X.planes))[:, None])
    return Factor(X.planes, powers, tuple(1 / unit for unit in normal.units[:-1]), X.alpha)


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
